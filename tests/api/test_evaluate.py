"""`assistant evaluate`: rows that cannot be used, the files, and the comparison with an earlier run."""

import json
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import pytest
from conftest import Writer
from serving import BEANS, GARDEN, ROSES

from api.cli.main import main
from api.settings import Settings

Evaluate = Callable[..., int]

GOLD = [
    {"id": "beans", "question": BEANS, "answers": ["in the second week of May"], "kind": "plain"},
    {"id": "roses", "question": ROSES, "answers": ["by the caretaker"], "kind": "plain"},
    {"id": "norway", "question": "Who is the king of Norway?", "answerable": False},
]


@pytest.fixture
def evaluate(settings: Settings, tmp_path: Path) -> Evaluate:
    """Evaluates gold rows over the indexed garden, and returns the exit code."""

    def run(rows: list[object], *options: str) -> int:
        gold = tmp_path / "gold.jsonl"
        lines = (row if isinstance(row, str) else json.dumps(row) for row in rows)
        gold.write_text("\n".join(lines), encoding="utf-8")
        folders = ["--corpus", str(settings.corpus), "--data", str(settings.data_folder)]
        return main(["evaluate", str(gold), *options, *folders])

    return run


def test_rows_that_cannot_be_used_are_named_and_the_others_are_evaluated(
    evaluate: Evaluate, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bad = [
        "{",
        {"answers": ["a"]},
        {"question": "Why?", "answerable": "no"},
        {**GOLD[0], "question": "Again?"},
        {"question": "Where?", "answers": ["a"], "document": "barn.md", "span": [0, 3]},
        {"question": "Where?", "answers": ["a"], "document": "garden.md", "span": [0, 999]},
    ]
    assert evaluate([*GOLD, *bad], "--out", str(tmp_path)) == 1
    left_out = capsys.readouterr().err.splitlines()
    for line, field in enumerate(["", "question", "answerable", "id", "document", "spans"], 4):
        where = f'line {line}, field "{field}": ' if field else f"line {line}: "
        assert where in left_out[line - 4]
    figures = json.loads((tmp_path / "figures.json").read_text(encoding="utf-8"))
    assert (figures["questions"], figures["left_out"]) == (3, 6)
    assert figures["figures"]["right"]["value"] == 1


def test_many_bad_rows_are_counted(evaluate: Evaluate, capsys: pytest.CaptureFixture[str]) -> None:
    assert evaluate([GOLD[0], *["[]"] * 30]) == 1
    left_out = capsys.readouterr().err.splitlines()
    assert len(left_out) == 21
    assert "left out: 10 more rows of" in left_out[-1]


def test_a_file_without_a_row_that_can_be_used_is_bad_input(
    evaluate: Evaluate, capsys: pytest.CaptureFixture[str]
) -> None:
    assert evaluate([{**GOLD[0], "document": "barn.md"}]) == 2
    assert 'line 1, field "document"' in capsys.readouterr().err


def test_junit_has_a_failure_for_each_wrong_answer(evaluate: Evaluate, tmp_path: Path) -> None:
    wrong = {"id": "\x07oak", "question": ROSES, "answers": ["<nobody>"], "kind": "plain"}
    foreign = {"id": "bees", "question": "Who sells bees?", "answers": ["the baker"]}
    assert evaluate([*GOLD, wrong, foreign], "--out", str(tmp_path)) == 0
    suites = ElementTree.parse(tmp_path / "junit.xml").getroot()
    [suite] = suites
    assert (suite.get("name"), suite.get("tests"), suite.get("failures")) == (
        "gold.jsonl",
        "5",
        "2",
    )
    names = [str(case.get("name")) for case in suite]
    assert names == [f"beans: {BEANS}", f"roses: {ROSES}", "norway: Who is the king of Norway?",
                     f"\ufffdoak: {ROSES}", "bees: Who sells bees?"]  # fmt: skip
    messages = [failure.get("message") for failure in suite.iter("failure")]
    assert messages == [
        "expected: <nobody>; got: The roses are watered by the caretaker every evening.",
        "expected: the baker; got: a refusal",
    ]


def test_two_equal_runs_have_no_difference(
    evaluate: Evaluate, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert evaluate(GOLD, "--out", str(tmp_path)) == 0
    assert evaluate(GOLD, "--out", str(tmp_path), "--against", f"{tmp_path}/figures.json") == 0
    assert "There is no difference in 3 questions." in capsys.readouterr().out
    figures = json.loads((tmp_path / "figures.json").read_text(encoding="utf-8"))
    assert figures["comparison"]["changes"] == []


def test_a_planted_regression_is_caught(
    evaluate: Evaluate,
    folder_of: Writer,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    rows = [GOLD[2], *({**GOLD[0], "id": f"beans {n}"} for n in range(8)), GOLD[1]]
    assert evaluate(rows, "--out", str(tmp_path)) == 0
    folder_of({"garden.md": "# The garden\n\nNo longer said.\n", "roses.txt": GARDEN["roses.txt"]})
    capsys.readouterr()
    assert evaluate(rows, "--against", str(tmp_path)) == 1
    printed = capsys.readouterr().out
    assert "worse: 8" in printed
    assert "beans 7" in printed
    assert "right → wrongly refused" in printed
    assert "0 became better and 8 worse" in printed
    assert "this run is worse" in printed
    # The same loss of one question is noise.
    assert evaluate([GOLD[2], rows[1], GOLD[1]], "--against", str(tmp_path)) == 0
    printed = capsys.readouterr().out
    assert "the difference is noise" in printed
    assert "only before: 7 (beans 1, " in printed


def test_an_earlier_run_that_is_missing_is_bad_input(
    evaluate: Evaluate, capsys: pytest.CaptureFixture[str]
) -> None:
    assert evaluate(GOLD, "--against", "nowhere/figures.json") == 2
    assert "name the figures.json of an earlier run" in capsys.readouterr().err
