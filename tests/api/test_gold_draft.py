"""`assistant gold draft`: in a terminal, without one, and started again."""

import json
import os
import pty
import select
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from conftest import ROOT
from serving import BEANS, ROSES

from api.cli.main import main
from api.settings import Settings
from corpus.gold import read_gold


class Terminal:
    """The command in a terminal of its own."""

    def __init__(self, command: list[str], folder: Path) -> None:
        self._master, slave = pty.openpty()
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "TERM": "dumb"}
        self._process = subprocess.Popen(
            command, stdin=slave, stdout=slave, stderr=slave, cwd=folder, env=environment
        )
        os.close(slave)
        self.shown = ""

    def wait_for(self, text: str) -> None:
        """Reads what is shown until a text appears."""
        deadline = time.monotonic() + 90
        while text not in self.shown:
            assert time.monotonic() < deadline, self.shown
            if select.select([self._master], [], [], 1)[0]:
                self.shown += os.read(self._master, 65_536).decode(errors="replace")

    def press(self, keys: str) -> None:
        """Sends keys, and forgets what was shown before."""
        self.shown = ""
        os.write(self._master, keys.encode())

    def end(self) -> int:
        """Waits for the command to end; returns its exit code."""
        return self._process.wait(timeout=60)

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()
        os.close(self._master)


@pytest.fixture
def folders(settings: Settings) -> list[str]:
    return ["--corpus", str(settings.corpus), "--data", str(settings.data_folder)]


@contextmanager
def drafting(folders: list[str], out: Path) -> Iterator[Terminal]:
    command = [sys.executable, "-m", "api.cli", "gold", "draft", "--out", str(out), *folders]
    terminal = Terminal(command, out.parent)
    try:
        yield terminal
        assert terminal.end() == 0
    finally:
        terminal.kill()


def test_keys_accept_edit_drop_and_quit_and_a_second_start_goes_on(
    folders: list[str], tmp_path: Path
) -> None:
    out = tmp_path / "gold.jsonl"
    with drafting(folders, out) as terminal:
        terminal.wait_for("q quit")
        assert "1 of 2, faq, " in terminal.shown
        first = BEANS if BEANS in terminal.shown else ROSES
        second = ROSES if first == BEANS else BEANS
        terminal.press("y")
        terminal.wait_for("q quit")
        assert [gold.question for gold in read_gold(out)] == [first]  # written at once
        terminal.press("q")
        terminal.wait_for("1 questions added")
    with drafting(folders, out) as terminal:
        terminal.wait_for("q quit")
        assert second in terminal.shown
        assert first not in terminal.shown
        terminal.press("e")
        terminal.wait_for("question: ")
        terminal.press("\x15Another question?\r")
        terminal.wait_for("1 questions added")
    assert [gold.question for gold in read_gold(out)] == [first, "Another question?"]
    assert [gold.id for gold in read_gold(out)] == ["draft-001", "draft-002"]
    with drafting(folders, out) as terminal:
        terminal.wait_for("0 questions added")


def test_dropped_question_is_not_proposed_again(folders: list[str], tmp_path: Path) -> None:
    out = tmp_path / "gold.jsonl"
    for left in (2, 1):
        with drafting(folders, out) as terminal:
            terminal.wait_for("q quit")
            assert f"1 of {left}, " in terminal.shown
            terminal.press("nq")
            terminal.wait_for("0 questions added")
    assert not out.exists()


def test_without_a_terminal_the_drafts_are_printed(
    folders: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["gold", "draft", "--count", "1", *folders]) == 0
    [line] = capsys.readouterr().out.splitlines()
    assert json.loads(line)["question"] in (BEANS, ROSES)


def test_accept_all_appends_to_a_file_whose_last_line_has_no_end(
    folders: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "gold.jsonl"
    out.write_text('{"id": "draft-001", "question": "Why?"}', encoding="utf-8")
    assert main(["gold", "draft", "--accept-all", "--out", str(out), *folders]) == 0
    assert "2 questions added" in capsys.readouterr().out
    assert [gold.id for gold in read_gold(out)] == ["draft-001", "draft-002", "draft-003"]


@pytest.mark.parametrize("count", ["0", "-1", "ten"])
def test_count_that_is_none_is_bad_usage(count: str) -> None:
    with pytest.raises(SystemExit) as raised:
        main(["gold", "draft", "--count", count])
    assert raised.value.code == 2


def test_file_that_cannot_be_written_is_named(
    folders: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").touch()
    out = tmp_path / "file" / "gold.jsonl"
    assert main(["gold", "draft", "--yes", "--out", str(out), *folders]) == 2
    assert "cannot write" in capsys.readouterr().err
