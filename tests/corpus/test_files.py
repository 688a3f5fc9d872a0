"""Files are complete or absent, and what a killed process was writing can be removed."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from conftest import ROOT

from corpus import files
from corpus.files import TEMPORARY_PREFIX, open_temporary, remove_unfinished, write_atomically

WRITER = """
import os, sys
from corpus.files import open_temporary
name, file = open_temporary(os.open(sys.argv[1], os.O_RDONLY))
print(name, flush=True)
sys.stdin.read()
"""


@contextmanager
def writing(folder: Path) -> Iterator[tuple[Path, "subprocess.Popen[str]"]]:
    """A file that another process is writing, and the process."""
    process = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    with process:
        assert process.stdout
        yield folder / process.stdout.readline().strip(), process
        process.kill()


def unfinished(folder: Path) -> list[Path]:
    return list(folder.rglob(f"{TEMPORARY_PREFIX}*"))


def test_file_is_replaced_and_nothing_else_stays(tmp_path: Path) -> None:
    path = tmp_path / "a.md"
    for content in (b"one", b"two"):
        write_atomically(path, content, 0o644)
        assert (path.read_bytes(), path.stat().st_mode & 0o777) == (content, 0o644)
    assert [path.name for path in tmp_path.iterdir()] == ["a.md"]
    (tmp_path / "folder").mkdir()
    with pytest.raises(OSError, match="directory"):
        write_atomically(tmp_path / "folder", b"three")
    assert unfinished(tmp_path) == []


def test_files_of_killed_processes_are_removed_and_those_of_living_ones_are_not(
    tmp_path: Path,
) -> None:
    with writing(tmp_path) as (path, process):
        assert unfinished(tmp_path) == [path]
        assert remove_unfinished(unfinished(tmp_path)) == 0
        process.kill()
        process.wait()
        assert remove_unfinished(unfinished(tmp_path)) == 1
        assert unfinished(tmp_path) == []


def test_links_are_not_followed(tmp_path: Path) -> None:
    (tmp_path / "own.md").touch()
    (tmp_path / f"{TEMPORARY_PREFIX}link").symlink_to(tmp_path / "own.md")
    assert remove_unfinished(unfinished(tmp_path)) == 0
    assert (tmp_path / "own.md").exists()


def test_file_that_is_removed_before_it_is_locked_is_created_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hold, removed = files.hold, []

    def removed_once(handle: int) -> bool:
        if not removed:
            removed.append(remove_unfinished(unfinished(tmp_path)))
        return hold(handle)

    monkeypatch.setattr(files, "hold", removed_once)
    name, file = open_temporary(os.open(tmp_path, os.O_RDONLY))
    with file:
        assert removed == [1]
        assert unfinished(tmp_path) == [tmp_path / name]
