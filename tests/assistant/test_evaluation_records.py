"""Outcomes as rows of JSON: what other programs read, and what a later run compares with."""

import json
from pathlib import Path

import pytest
from builders import AssistantOpener

from assistant.errors import EarlierRunInvalid
from assistant.evaluation import Outcome, compute_metrics, evaluate, outcome_record
from assistant.evaluation.records import Result, read_results
from assistant.scorer import Scorer
from corpus.gold import GoldQuestion, read_gold
from index.texts import TextStore

PUMP = "Where does the pump stand?"
PLACE = "behind the old mill"
YARD = f"# Yard\n\n## {PUMP}\n\nThe pump stands {PLACE}.\n"
START = YARD.index(PLACE)
SPAN = (START, START + len(PLACE))
GOLD = [
    GoldQuestion("p", PUMP, ("Behind the mill", PLACE), "yard.md", (SPAN,), True, kind="plain"),
    GoldQuestion("m", "Who won the match in Madrid?", (), None, (), answerable=False),
]
# The columns of a single-turn sample in Ragas, version 0.2 and later.
RAGAS = {
    "user_input": str,
    "response": str,
    "retrieved_contexts": list,
    "reference": (str, type(None)),
    "reference_contexts": list,
}


@pytest.fixture
def outcomes(open_assistant: AssistantOpener, texts: TextStore) -> list[Outcome]:
    weights = {"similarity": 10.0, "question": 10.0}
    scorer = Scorer(weights, 0.0, -5.0, weights, threshold=0.4)
    return evaluate(open_assistant({"yard.md": YARD}, scorer), GOLD, texts)


@pytest.fixture
def written(outcomes: list[Outcome], tmp_path: Path) -> Path:
    path = tmp_path / "outcomes.jsonl"
    lines = [json.dumps(outcome_record(outcome)) for outcome in outcomes]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_a_row_has_the_answer_beside_its_gold_and_both_in_their_places(
    outcomes: list[Outcome],
) -> None:
    row, refused = map(outcome_record, outcomes)
    assert (row["verdict"], row["status"], row["loss"]) == ("right", "answered", None)
    assert (row["gold"], row["document"], row["spans"]) == (
        ["Behind the mill", PLACE], "yard.md", [list(SPAN)]
    )  # fmt: skip
    for pieces, label in ((row["gold_in"], "gold"), (row["cited_in"], "[1]")):
        [piece] = pieces
        assert "".join(text for text, _ in piece["parts"]) == YARD
        [marked] = [text for text, each in piece["parts"] if each == label]
        assert PLACE in marked
    [cited] = row["citations"]
    assert YARD[cited["start"] : cited["end"]] == cited["quote"]
    assert row["citations"][0]["on_span"] is True
    assert (refused["verdict"], refused["citations"]) == ("rightly refused", [])


def test_the_mean_of_a_column_is_the_figure(outcomes: list[Outcome]) -> None:
    rows = [outcome_record(outcome) for outcome in outcomes]
    for name, figure in compute_metrics(outcomes).items():
        if name != "auroc":
            column = [row[name] for row in rows if row[name] is not None]
            assert sum(column) / len(column) == figure.value
            assert len(column) == figure.count


def test_a_row_has_the_columns_of_ragas(outcomes: list[Outcome]) -> None:
    rows = [outcome_record(outcome) for outcome in outcomes]
    for row in rows:
        assert all(isinstance(row[name], kind) for name, kind in RAGAS.items())
    assert rows[0]["reference_contexts"] == [PLACE]
    assert any(PLACE in text for text in rows[0]["retrieved_contexts"])


def test_rows_are_read_as_gold_questions_again(written: Path) -> None:
    first, second = read_gold(written)
    assert (first.id, first.question, first.answers) == ("p", PUMP, ("Behind the mill",))
    assert (first.document, first.spans) == ("yard.md", (SPAN,))
    assert (second.answerable, second.answers) == (False, ())


def test_what_is_read_back_is_what_was_measured(written: Path, outcomes: list[Outcome]) -> None:
    expected = [Result.of(outcome) for outcome in outcomes]
    for path in (written, written.parent, written.parent / "figures.json"):
        assert read_results(path) == expected


@pytest.mark.parametrize(
    ("line", "message"),
    [("{", "line 2"), ("[]", "line 2"), ('{"id": "1"}', "line 2: not an outcome")],
)
def test_a_file_of_something_else_is_named(written: Path, line: str, message: str) -> None:
    first = written.read_text(encoding="utf-8").splitlines()[0]
    written.write_text(f"{first}\n{line}\n", encoding="utf-8")
    with pytest.raises(EarlierRunInvalid, match=message):
        read_results(written)
    written.write_text("\n", encoding="utf-8")
    with pytest.raises(EarlierRunInvalid, match="contains no outcomes"):
        read_results(written)
    with pytest.raises(EarlierRunInvalid, match="cannot be read"):
        read_results(written.parent / "elsewhere" / "figures.json")
