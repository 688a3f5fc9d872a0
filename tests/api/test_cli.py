"""The command line: what is printed, which exit code it ends with, and how it treats bad input."""

import io
import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import ROOT, Writer
from serving import BEANS, CHANGED, GARDEN, ROSES

from api.cli import ask as ask_command
from api.cli import remedies
from api.cli.evaluate import Requirement
from api.cli.main import main
from api.cli.parser import parse_arguments
from api.settings import Settings
from api.store.database import Database
from api.store.keys import Keys
from api.wire.chat import AnswerBody
from assistant.evaluation import Metric
from index.generation import DataFolder

SENTENCE = "Beans are sown in the second week of May."
GOLD = '{"question": "Why?", "answerable": false}\n'
NOWHERE = ["--corpus", "nowhere", "--data", "."]

Run = Callable[..., int]


def run_python(code: str, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """Runs Python code in a new process, without any setting of this one."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("ASSISTANT_")}
    environment["PYTHONPATH"] = str(ROOT)
    command = [sys.executable, "-c", code, *arguments]
    return subprocess.run(
        command, capture_output=True, text=True, env=environment, timeout=120, check=False
    )


def test_ask_takes_words_and_prints_the_answer_with_the_line_of_each_quote(
    run: Run, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("ask", *BEANS.split()) == 0
    answer, _, source, quote = capsys.readouterr().out.splitlines()
    assert answer == f"{SENTENCE} [1]"
    assert source == f"[1] The garden › {BEANS}  ({settings.corpus}/garden.md:5)"
    assert quote.strip() == SENTENCE


@pytest.mark.parametrize(
    ("old", "new", "printed"),
    [
        ("second week of May", "first week of June", "first week of June"),
        ("second week", "second\nweek", "garden.md:5-6)"),  # a quote over several lines
        ("second week", "\x1b[31msecond\x9b week", "week of May"),
    ],
)
def test_ask_prints_the_changed_document_without_its_control_characters(
    run: Run,
    folder_of: Writer,
    capsys: pytest.CaptureFixture[str],
    old: str,
    new: str,
    printed: str,
) -> None:
    folder_of({"garden.md": GARDEN["garden.md"].replace(old, new)})
    assert run("ask", BEANS) == 0
    output = capsys.readouterr().out
    assert printed in output
    assert not {"\x1b", "\x9b"} & set(output)


def test_ask_reads_the_question_from_standard_input(
    run: Run, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(f"{BEANS}\n".encode())))
    assert run("ask", "-") == 0
    assert SENTENCE in capsys.readouterr().out


def test_a_refusal_exits_with_0_and_the_help_says_so(
    run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("ask", "What is the boiling point of tungsten?") == 0
    printed = capsys.readouterr().out
    assert "do not answer" in printed
    assert "[1]" not in printed
    with pytest.raises(SystemExit):
        main(["ask", "--help"])
    assert "A refusal is an answer: it exits with 0" in capsys.readouterr().out


def test_json_has_all_fields_of_an_answer_and_character_offsets(
    run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("ask", BEANS, "--json") == 0
    answer = json.loads(capsys.readouterr().out)
    assert set(answer) == set(AnswerBody.model_fields)
    [citation] = answer["citations"]
    assert GARDEN["garden.md"][citation["start"] : citation["end"]] == citation["quote"]


def test_ask_builds_nothing_if_the_index_is_up_to_date(run: Run, settings: Settings) -> None:
    data = DataFolder(settings.data_folder)
    published = data.current()
    with data.lock():  # not even a lock is needed
        assert run("ask", BEANS) == 0
    assert data.current() == published


def test_an_index_of_an_older_format_is_rebuilt(run: Run, settings: Settings) -> None:
    manifest = DataFolder(settings.data_folder).current() / "manifest.json"
    fields = json.loads(manifest.read_text(encoding="utf-8"))
    manifest.write_text(json.dumps({**fields, "format": 0}), encoding="utf-8")
    assert run("ask", BEANS) == 0


def test_history_completes_a_question(
    run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    history = tmp_path / "history.json"
    turns = [
        {"role": "user", "text": ROSES},
        {"role": "assistant", "text": "The roses are watered by the caretaker every evening."},
    ]
    history.write_text(json.dumps(turns), encoding="utf-8")
    assert run("ask", "And the beans?", "--json", "--history", str(history)) == 0
    assert json.loads(capsys.readouterr().out)["standalone_question"] != "And the beans?"


@pytest.mark.parametrize("message", ["", " ?! ", "hello", "Was kostet eine Rose?"])
def test_ask_replies_to_a_message_that_is_no_english_question(
    run: Run, capsys: pytest.CaptureFixture[str], message: str
) -> None:
    assert run("ask", message) == 0
    printed = capsys.readouterr().out
    assert "Questions that the documents answer:\n  - " in printed
    assert "Related" not in printed


@pytest.mark.parametrize(
    ("arguments", "content", "message"),
    [
        (["ask", "why " * 25_000], "", "at most 2,000"),
        (["ask", "\udcff?a"], "", "UTF-8"),
        (["ask", BEANS, "--history", "input"], "{", "expected a JSON list"),
        (["ask", BEANS, "--history", "input"], '{"role": "user"}', "expected a JSON list"),
        (["ask", BEANS, "--history", "input"], '[{"role": "x", "text": ""}]', "a JSON list"),
        (["evaluate", "input"], "", "no questions"),
        (["evaluate", "input"], "{", "line 1"),
        (["evaluate", "input"], "[]", "line 1"),
        (["evaluate", "input"], '{"answers": ["x"]}', "line 1"),
        (["evaluate", "input", "--require", "beauty=1"], GOLD, "refusal_recall"),
        (["evaluate", "input", "--require", "right=high"], GOLD, "right=0.9"),
        (["evaluate", "input", "--require", "right"], GOLD, "right=0.9"),
        (["index", "--corpus", ".", "--data", "input"], "", "name another folder with --data"),
        (["ask", BEANS, *NOWHERE], "", "does not exist: name another folder with --corpus"),
        (["index", *NOWHERE], "", "does not exist: name another folder with --corpus"),
        (["serve", "--port", "0", *NOWHERE], "", "does not exist: name another folder"),
        (["evaluate", "input", *NOWHERE], GOLD, "does not exist: name another folder"),
    ],
)
def test_bad_input_exits_with_2_and_a_message_of_one_line(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    content: str,
    message: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("garden.md").write_text(GARDEN["garden.md"], "utf-8")
    Path("input").write_text(content, "utf-8")
    assert main(arguments) == 2
    error = capsys.readouterr().err
    assert error.startswith("assistant: ")
    assert message in error
    assert error.count("\n") == 1


def test_standard_input_that_is_not_utf_8_is_bad_input(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"B\xe4ume?")))
    assert main(["ask", "-"]) == 2
    assert "UTF-8" in capsys.readouterr().err


def test_a_corpus_that_becomes_empty_is_bad_input_and_its_index_stays(
    run: Run, folder_of: Writer, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    published = DataFolder(settings.data_folder).current()
    folder_of({})
    assert run("index") == 2
    assert "put documents there" in capsys.readouterr().err
    assert DataFolder(settings.data_folder).current() == published


def test_a_data_folder_that_another_process_writes_is_bad_input(
    run: Run, folder_of: Writer, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    folder_of(CHANGED)
    with DataFolder(settings.data_folder).lock():
        assert run("index") == 2
    assert "another process is writing" in capsys.readouterr().err


def test_an_unknown_setting_is_bad_input(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("ASSISTANT_COLOUR", "green")
    assert main(["index"]) == 2
    assert "ASSISTANT_COLOUR" in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments", [[], ["ask"], ["dance"], ["index", "--colour"], ["serve", "--port", "70000"]]
)
def test_bad_usage_exits_with_2(arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as exited:
        main(arguments)
    assert exited.value.code == 2


def test_ctrl_c_exits_with_130_and_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupt(_: object) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(ask_command, "run", interrupt)
    assert main(["ask", BEANS]) == 130
    assert capsys.readouterr().err == "assistant: stopped\n"


@pytest.mark.parametrize(
    "command",
    [
        "ask",
        "serve",
        "index",
        "rollback",
        "evaluate",
        "audit",
        "gold",
        "gaps",
        "keys",
        "doctor",
        "slack",
    ],
)
def test_help_names_the_exit_codes_and_shows_examples_that_work(
    command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as exited:
        main([command, "--help"])
    assert exited.value.code == 0
    printed = capsys.readouterr().out
    assert "exit codes: 0 done" in printed
    examples = re.findall(r"^  assistant (.*)", printed, re.MULTILINE)
    assert examples
    for example in examples:
        assert parse_arguments(shlex.split(example.split(" <")[0])).command == command


def test_every_command_that_a_remedy_names_can_be_typed() -> None:
    arguments = parse_arguments(["index", "--corpus", "my documents", "--data", "/tmp/data"])
    texts = [remedies.explain(kind(), arguments) for kind in remedies.REMEDIES]
    commands = re.findall("`assistant (.*?)`", " ".join(texts))
    assert len(commands) >= 5
    for command in commands:
        typed = parse_arguments(shlex.split(command))
        assert (typed.corpus, typed.data) == (Path("my documents"), Path("/tmp/data"))


def test_index_names_the_files_that_it_skips(
    run: Run, folder_of: Writer, capsys: pytest.CaptureFixture[str]
) -> None:
    corpus = folder_of({"garden.md": GARDEN["garden.md"]})
    (corpus / "old.txt").write_bytes("Bäume".encode("latin-1"))
    for number in range(12):
        (corpus / f"scan-{number:02}.png").touch()
    assert run("index") == 1
    printed = capsys.readouterr()
    assert "1 document, " in printed.out
    assert "skipped: old.txt: not UTF-8" in printed.err
    assert "skipped 12 files of other formats: scan-00.png, " in printed.err
    assert "scan-09.png, and 2 more\n" in printed.err
    assert re.search(r"old.txt +text +– +not UTF-8 text", printed.out)
    assert re.search(r"garden.md +Markdown +\d+ +\n", printed.out)
    (corpus / "old.txt").unlink()
    assert run("index", "--json") == 0
    report = json.loads(capsys.readouterr().out)
    [garden] = [each for each in report["files"] if each["path"] == "garden.md"]
    assert (garden["outcome"], garden["passages"]) == ("read", report["passages"])
    assert {each["outcome"] for each in report["files"]} == {"read", "skipped"}


def test_keys_are_created_listed_and_revoked(
    run: Run, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    (settings.corpus / "hr" / "leave").mkdir(parents=True)
    options = ["--scope", "ask", "--scope", "write", "--folder", "hr/leave"]
    assert run("keys", "add", "web site", *options) == 0
    created = capsys.readouterr()
    assert created.out.startswith("pa_")
    assert "hr/leave" in created.err
    assert run("keys", "list") == 0
    listed = capsys.readouterr().out
    assert "web site" in listed
    assert "ask write" in listed
    assert created.out.strip() not in listed
    assert run("keys", "add", "web site") == 2
    assert "in use" in capsys.readouterr().err
    assert run("keys", "revoke", "web site") == 0
    assert 'Key "web site" revoked.' in capsys.readouterr().out
    assert run("keys", "revoke", "web site") == 2
    assert "assistant keys list" in capsys.readouterr().err


def test_listing_and_revoking_keys_create_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folders = ["--data", str(tmp_path / "data")]
    assert main(["keys", "list", *folders]) == 0
    assert "no keys" in capsys.readouterr().out
    assert main(["keys", "revoke", "website", *folders]) == 2
    assert list(tmp_path.iterdir()) == []


def test_a_key_for_a_folder_that_does_not_exist_is_bad_input(
    run: Run, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("keys", "add", "website", "--folder", "pubic") == 2
    assert f"there is no folder 'pubic' in {settings.corpus}" in capsys.readouterr().err
    assert run("keys", "list") == 0
    assert "no keys" in capsys.readouterr().out


def test_serve_without_keys_names_the_command_that_lets_it_listen_to_others(
    run: Run, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("serve", "--host", "0.0.0.0", "--port", "0") == 2
    [command] = re.findall("`assistant (.*)`", capsys.readouterr().err)
    assert main(shlex.split(command)) == 0
    database = Database.open(settings.database_url)
    assert Keys(database).any()
    database.close()


def test_evaluate_writes_the_figures_and_fails_if_a_requirement_is_not_met(
    run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    gold, out = tmp_path / "gold.jsonl", tmp_path / "out"
    rows = [
        {"question": BEANS, "answers": ["in the second week of May"], "answerable": True},
        {"question": "Who is the king of Norway?", "answers": [], "answerable": False},
    ]
    gold.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    assert run("evaluate", str(gold), "--out", str(out), "--require", "right=1") == 0
    assert "refusal_recall" in capsys.readouterr().out
    figures = json.loads((out / "figures.json").read_text(encoding="utf-8"))["figures"]
    assert figures["right"]["value"] == figures["refusal_recall"]["value"] == 1.0
    outcomes = (out / "outcomes.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line)["status"] for line in outcomes] == ["answered", "refused"]
    assert run("evaluate", str(gold), "--require", "right=1.1") == 1
    assert "right is 1, required is at least 1.1" in capsys.readouterr().err


def test_audit_shows_verdicts_with_sources_and_fails_on_a_contradiction(
    run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    faq = tmp_path / "faq.csv"
    asked = "In which week are beans sown?"
    faq.write_text(f"Question,Answer\n{asked},{SENTENCE}\nWhere is the pond?,\n", encoding="utf-8")
    assert run("audit", str(faq)) == 0
    shown = capsys.readouterr()
    assert re.search(r"row 2 +supported .* garden\.md:5", shown.out)
    assert "1 pairs in" in shown.out
    assert "1 question without an answer" in shown.err
    wrong = SENTENCE.replace("May", "June")
    faq.write_text(f"Question,Answer\n{asked},{wrong}\n", encoding="utf-8")
    assert run("audit", str(faq), "--json") == 1
    audit = json.loads(capsys.readouterr().out)
    [sentence] = audit["pairs"][0]["sentences"]
    assert audit["counts"]["contradicted"] == 1
    assert (sentence["verdict"], sentence["quote"]) == ("contradicted", SENTENCE)
    assert sentence["difference"] == {"kind": "date", "said": "June", "instead": "May"}


def test_audit_of_the_corpus_own_faq_takes_no_pair_as_its_source(
    run: Run, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("audit", str(settings.corpus / "garden.md"), "--json") == 0
    assert json.loads(capsys.readouterr().out)["counts"]["no source"] == 1


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("faq.md", "# Only a title\n\nNo question.\n", "has no question with an answer"),
        ("faq.csv", "", "contains no text"),
        ("faq.json", '{"question": ', "cannot be read as JSON"),
        ("faq.exe", "?", "format that cannot be read"),
        ("missing.csv", None, "cannot be read"),
    ],
)
def test_audit_names_what_is_wrong_with_the_file(
    run: Run, capsys: pytest.CaptureFixture[str], name: str, content: str | None, message: str
) -> None:
    if content is not None:
        Path(name).write_text(content, encoding="utf-8")
    assert run("audit", name) == 2
    assert message in capsys.readouterr().err


def test_evaluate_without_faq_answers_from_the_other_text_alone(
    run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    gold = tmp_path / "gold.jsonl"
    row = {"question": BEANS, "answers": ["in the second week of May"]}
    gold.write_text(json.dumps(row), encoding="utf-8")
    assert run("evaluate", str(gold), "--require", "right=1") == 0
    assert run("evaluate", str(gold), "--require", "right=1", "--without-faq") == 1
    assert "right is 0, " in capsys.readouterr().err


@pytest.mark.parametrize(
    ("metric", "value", "met"),
    [
        ("right", 0.5, True),
        ("right", 0.6, False),
        ("wrongly_refused", 0.5, True),  # lower is better
        ("wrongly_refused", 0.4, False),
        ("near_misses_refused", 0.0, False),  # not measured, so nothing shows that it holds
    ],
)
def test_a_requirement_is_a_minimum_or_a_maximum(metric: str, value: float, met: bool) -> None:
    half = Metric(0.5, 0.4, 0.6, 10)
    results = {"right": half, "wrongly_refused": half}
    assert Requirement(metric, value).is_met(results) is met


HEAVY = (
    "chromadb langchain_core onnxruntime tokenizers fastapi starlette uvicorn torch "
    "sentence_transformers transformers slack_bolt aiohttp"
)
IMPORTS = f"""
import sys
from api.cli.main import main
try:
    main()
finally:
    print("heavy:", sorted(set({HEAVY.split()}) & set(sys.modules)), len(sys.modules))
"""


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["keys", "list"], ["dance"]])
def test_light_commands_import_no_heavy_library(arguments: list[str], tmp_path: Path) -> None:
    folders = ["--data", str(tmp_path)] if arguments == ["keys", "list"] else []
    done = run_python(IMPORTS, *arguments, *folders)
    assert "heavy: [] " in done.stdout, done.stderr
    if not folders:  # these need little more than argparse
        assert int(done.stdout.split()[-1]) < 200


def test_asking_imports_neither_torch_nor_a_web_server(settings: Settings) -> None:
    folders = ["--corpus", str(settings.corpus), "--data", str(settings.data_folder)]
    done = run_python(IMPORTS, "ask", BEANS, *folders)
    assert done.stdout.startswith(SENTENCE), done.stderr
    assert not re.search("torch|transformers|fastapi|uvicorn|slack", done.stdout.splitlines()[-1])


def test_a_process_prints_one_line_of_error_and_exits_with_2(tmp_path: Path) -> None:
    code = "import sys; from api.cli.main import main; sys.exit(main())"
    done = run_python(code, "ask", BEANS, "--corpus", str(tmp_path / "nowhere"))
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
