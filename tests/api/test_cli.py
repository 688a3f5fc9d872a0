"""The command line: what is printed, the exit codes, and what becomes of bad input."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from api.cli import ask as command_ask
from api.cli.main import main
from api.wire import AnswerBody
from index.generation import (
    DataFolder,
)

ROOT = Path(__file__).resolve().parents[2]
QUESTION = "When do the beans have to be sown?"
GARDEN = {
    "garden.md": "# The garden\n\n"
    "## When do the beans have to be sown?\n\nBeans are sown in the second week of May.\n\n"
    "## Who waters the roses?\n\nThe roses are watered by the caretaker every evening.\n"
}
OTHER = {"garden.md": GARDEN["garden.md"].replace("second week of May", "first week of June")}

Writer = Callable[[Mapping[str, str]], Path]
Run = Callable[..., int]


@pytest.fixture
def run(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs a command in this process, over a data folder of its own; its exit code."""
    monkeypatch.chdir(tmp_path)

    def command(name: str, *arguments: str, corpus: Path) -> int:
        return main([name, *arguments, "--corpus", str(corpus), "--data", str(data)])

    return command


def started(
    *arguments: str, code: str = "import sys; from api.cli.main import main; sys.exit(main())"
):
    """Runs the command line in a process of its own."""
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("ASSISTANT_")},
        "PYTHONPATH": str(ROOT),
    }
    return subprocess.run(
        [sys.executable, "-c", code, *arguments],
        capture_output=True,
        text=True,
        env=environment,
        timeout=120,
        check=False,
    )


# --- asking ------------------------------------------------------------------------------------


def test_ask_indexes_first_and_prints_the_answer_with_its_sources(
    run: Run, folder_of: Writer, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("ask", QUESTION, corpus=folder_of(GARDEN)) == 0
    printed = capsys.readouterr().out
    sentence = "Beans are sown in the second week of May."
    start = GARDEN["garden.md"].index(sentence)
    assert printed.startswith(f"{sentence} [1]\n")
    assert f"[1] The garden › {QUESTION}  (garden.md:{start}-{start + len(sentence)})" in printed


def test_a_refusal_is_an_answer_with_exit_code_0(
    run: Run, folder_of: Writer, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("ask", "What is the boiling point of tungsten?", corpus=folder_of(GARDEN)) == 0
    printed = capsys.readouterr().out
    assert "do not answer" in printed
    assert "[1]" not in printed


def test_ask_can_print_the_whole_answer_as_json(
    run: Run, folder_of: Writer, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("ask", QUESTION, "--json", corpus=folder_of(GARDEN)) == 0
    answer = json.loads(capsys.readouterr().out)
    assert set(answer) == set(AnswerBody.model_fields)
    [citation] = answer["citations"]
    assert GARDEN["garden.md"][citation["start"] : citation["end"]] == citation["quote"]


def test_a_second_question_builds_nothing(run: Run, folder_of: Writer, data: Path) -> None:
    corpus = folder_of(GARDEN)
    run("ask", QUESTION, corpus=corpus)
    first = DataFolder(data).current()
    with DataFolder(data).lock():  # nor does it have to write
        assert run("ask", QUESTION, corpus=corpus) == 0
    assert DataFolder(data).current() == first


def test_a_changed_document_changes_the_next_answer(
    run: Run, folder_of: Writer, capsys: pytest.CaptureFixture[str]
) -> None:
    run("ask", QUESTION, corpus=folder_of(GARDEN))
    capsys.readouterr()
    run("ask", QUESTION, corpus=folder_of(OTHER))
    assert "first week of June" in capsys.readouterr().out


def test_history_makes_a_question_complete(
    run: Run, folder_of: Writer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    history = tmp_path / "history.json"
    turns = [
        {"role": "user", "text": "Who waters the roses?"},
        {"role": "assistant", "text": "The roses are watered by the caretaker every evening."},
    ]
    history.write_text(json.dumps(turns), encoding="utf-8")
    arguments = ("ask", "And the beans?", "--json", "--history", str(history))
    assert run(*arguments, corpus=folder_of(GARDEN)) == 0
    assert json.loads(capsys.readouterr().out)["standalone_question"] != "And the beans?"


@pytest.mark.parametrize("content", ["{", '{"role": "user"}', '[{"role": "chef", "text": "x"}]'])
def test_a_broken_history_is_bad_input(
    run: Run, folder_of: Writer, tmp_path: Path, content: str, capsys: pytest.CaptureFixture[str]
) -> None:
    history = tmp_path / "history.json"
    history.write_text(content, encoding="utf-8")
    code = run("ask", QUESTION, "--history", str(history), corpus=folder_of(GARDEN))
    assert code == 2
    assert "expected a JSON list" in capsys.readouterr().err


def test_control_characters_of_a_document_do_not_reach_the_terminal(
    run: Run, folder_of: Writer, capsys: pytest.CaptureFixture[str]
) -> None:
    bad = {"garden.md": GARDEN["garden.md"].replace("second week", "\x1b[31msecond\x9b week")}
    assert run("ask", QUESTION, corpus=folder_of(bad)) == 0
    printed = capsys.readouterr().out
    assert "week of May" in printed
    assert "\x1b" not in printed
    assert "\x9b" not in printed


# --- bad input ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("question", "told"),
    [("", "empty"), (" ?! ", "empty"), ("why " * 25_000, "at most 2,000"), ("\udcff?a", "UTF-8")],
)
def test_what_is_no_question_is_bad_input(
    run: Run, folder_of: Writer, question: str, told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("ask", question, corpus=folder_of(GARDEN)) == 2
    error = capsys.readouterr().err
    assert error.startswith("assistant: ")
    assert told in error
    assert error.count("\n") == 1


@pytest.mark.parametrize("command", ["ask", "index", "serve", "evaluate"])
def test_a_missing_corpus_is_bad_input_to_every_command(
    run: Run, tmp_path: Path, command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    gold = tmp_path / "gold.jsonl"
    gold.write_text('{"question": "Why?", "answerable": false}\n', encoding="utf-8")
    arguments = {"ask": [QUESTION], "evaluate": [str(gold)], "serve": ["--port", "0"]}
    assert run(command, *arguments.get(command, []), corpus=tmp_path / "nowhere") == 2
    assert "does not exist: name one that does with --corpus" in capsys.readouterr().err


def test_an_empty_corpus_is_bad_input(
    run: Run, folder_of: Writer, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("index", corpus=folder_of({})) == 2
    assert "put documents there" in capsys.readouterr().err


def test_a_file_that_is_not_utf_8_is_named_and_the_others_are_indexed(
    run: Run, folder_of: Writer, capsys: pytest.CaptureFixture[str]
) -> None:
    corpus = folder_of(GARDEN)
    (corpus / "old.txt").write_bytes("Bäume".encode("latin-1"))
    assert run("index", corpus=corpus) == 1
    printed = capsys.readouterr()
    assert "1 documents" in printed.out
    assert "left out: old.txt: not UTF-8" in printed.err


def test_a_corpus_that_becomes_empty_leaves_the_published_index_alone(
    run: Run, folder_of: Writer, data: Path
) -> None:
    run("index", corpus=folder_of(GARDEN))
    published = DataFolder(data).current()
    assert run("index", corpus=folder_of({})) == 2
    assert DataFolder(data).current() == published


def test_an_index_of_another_format_is_built_anew(
    run: Run, folder_of: Writer, data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    corpus = folder_of(GARDEN)
    run("index", corpus=corpus)
    manifest = DataFolder(data).current() / "manifest.json"
    fields = json.loads(manifest.read_text(encoding="utf-8"))
    manifest.write_text(json.dumps({**fields, "format": 0}), encoding="utf-8")
    assert run("ask", QUESTION, corpus=corpus) == 0
    assert "second week of May" in capsys.readouterr().out


def test_a_data_folder_that_another_process_writes_is_bad_input(
    run: Run, folder_of: Writer, data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run("index", corpus=folder_of(GARDEN))
    published = DataFolder(data).current()
    with DataFolder(data).lock():
        assert run("index", corpus=folder_of(OTHER)) == 2
    assert "another process is writing" in capsys.readouterr().err
    assert DataFolder(data).current() == published


def test_a_data_folder_that_cannot_be_made_is_bad_input(
    folder_of: Writer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "file"
    file.write_text("I am no folder", encoding="utf-8")
    corpus = folder_of(GARDEN)
    assert main(["index", "--corpus", str(corpus), "--data", str(file)]) == 2
    assert "name another folder with --data" in capsys.readouterr().err


def test_an_unknown_setting_is_bad_input(
    run: Run,
    folder_of: Writer,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("ASSISTANT_COLOUR", "green")
    assert run("index", corpus=folder_of(GARDEN)) == 2
    assert "ASSISTANT_COLOUR" in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments", [[], ["ask"], ["dance"], ["index", "--colour"], ["serve", "--port", "70000"]]
)
def test_bad_usage_exits_with_2(arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as exit_:
        main(arguments)
    assert exit_.value.code == 2


@pytest.mark.parametrize("command", ["serve", "index", "ask", "evaluate"])
def test_every_command_explains_itself_with_an_example(
    command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as exit_:
        main([command, "--help"])
    assert exit_.value.code == 0
    assert f"Example: assistant {command}" in capsys.readouterr().out


def test_ctrl_c_ends_with_130_and_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(_: object) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(command_ask, "run", interrupted)
    assert main(["ask", QUESTION]) == 130
    assert capsys.readouterr().err == "assistant: stopped\n"


# --- evaluating --------------------------------------------------------------------------------


@pytest.fixture
def gold(tmp_path: Path) -> Path:
    path = tmp_path / "gold.jsonl"
    rows = [
        {"question": QUESTION, "answers": ["in the second week of May"], "answerable": True},
        {"question": "Who is the king of Norway?", "answers": [], "answerable": False},
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def test_evaluate_prints_and_writes_the_figures(
    run: Run, folder_of: Writer, gold: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    assert run("evaluate", str(gold), "--out", str(out), corpus=folder_of(GARDEN)) == 0
    assert "refusal_recall" in capsys.readouterr().out
    figures = json.loads((out / "figures.json").read_text(encoding="utf-8"))["figures"]
    assert figures["right"]["value"] == figures["refusal_recall"]["value"] == 1.0
    outcomes = (out / "outcomes.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line)["status"] for line in outcomes] == ["answered", "refused"]


@pytest.mark.parametrize(
    ("requirement", "code"),
    [
        ("right=1", 0),
        ("right=1.1", 1),
        ("wrongly_refused=0", 0),
        ("wrongly_refused=-0.1", 1),
        ("near_misses_refused=0", 1),  # the file has none, so nothing shows that it holds
        ("beauty=1", 2),
        ("right=high", 2),
        ("right", 2),
    ],
)
def test_a_requirement_decides_the_exit_code(
    run: Run, folder_of: Writer, gold: Path, requirement: str, code: int
) -> None:
    corpus = folder_of(GARDEN)
    assert run("evaluate", str(gold), "--require", requirement, corpus=corpus) == code


def test_an_unmet_requirement_is_told(
    run: Run, folder_of: Writer, gold: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run("evaluate", str(gold), "--require", "right=1.1", corpus=folder_of(GARDEN))
    assert "right is 1, required is at least 1.1" in capsys.readouterr().err


def test_an_unknown_metric_is_answered_with_the_known_ones(
    run: Run, folder_of: Writer, gold: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run("evaluate", str(gold), "--require", "beauty=1", corpus=folder_of(GARDEN))
    assert "refusal_recall" in capsys.readouterr().err


@pytest.mark.parametrize("content", ["", "{", "[]", '{"answers": ["x"]}'])
def test_a_broken_gold_file_is_bad_input(
    run: Run, folder_of: Writer, tmp_path: Path, content: str
) -> None:
    path = tmp_path / "gold.jsonl"
    path.write_text(content, encoding="utf-8")
    assert run("evaluate", str(path), corpus=folder_of(GARDEN)) == 2


# --- as a process ------------------------------------------------------------------------------


def test_asking_imports_no_torch_and_no_web_server(data: Path, folder_of: Writer) -> None:
    heavy = ["torch", "sentence_transformers", "transformers", "fastapi", "uvicorn"]
    code = (
        "import sys\nfrom api.cli.main import main\nmain()\n"
        f"print('heavy:', [name for name in {heavy} if name in sys.modules])"
    )
    arguments = ["ask", QUESTION, "--corpus", str(folder_of(GARDEN)), "--data", str(data)]
    done = started(*arguments, code=code)
    assert done.stdout.startswith("Beans are sown"), done.stderr
    assert done.stdout.endswith("heavy: []\n")


def test_a_process_says_what_is_wrong_in_one_line_and_exits_with_2(tmp_path: Path) -> None:
    done = started("ask", QUESTION, "--corpus", str(tmp_path / "nowhere"))
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.startswith("assistant: ")
    assert done.stderr.count("\n") == 1
