"""Gold files: what a line may contain, and errors that name the line."""

import json
from pathlib import Path
from typing import Any

import pytest

from corpus.errors import GoldInvalid
from corpus.gold import GoldQuestion, read_gold, read_gold_rows


def gold(folder: Path, *rows: Any) -> list[GoldQuestion]:
    path = folder / "gold.jsonl"
    lines = [row if isinstance(row, str) else json.dumps(row, ensure_ascii=False) for row in rows]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return read_gold(path)


def test_all_fields_of_a_question_are_read(tmp_path: Path) -> None:
    row = {
        "id": "q1",
        "question": "And a rake?",
        "answers": ["A tool.", "It combs."],
        "document": "guide.md",
        "spans": [[0, 7], [8, 17]],
        "span": [0, 7],
        "answerable": True,
        "kind": "follow_up",
        "history": [{"role": "user", "text": "What is a spade?"}],
    }
    assert gold(tmp_path, row) == [
        GoldQuestion(
            id="q1",
            question="And a rake?",
            answers=("A tool.", "It combs."),
            document="guide.md",
            spans=((0, 7), (8, 17)),
            answerable=True,
            kind="follow_up",
            history=(("user", "What is a spade?"),),
        )
    ]


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ({"question": "Why?"}, GoldQuestion("2", "Why?", (), None, (), answerable=False)),
        (
            {"question": "Why?", "answers": "So.", "span": [3, 6]},
            GoldQuestion("2", "Why?", ("So.",), None, ((3, 6),), answerable=True),
        ),
        (
            {"user_input": "Why?", "reference": "So.", "reference_contexts": ["It is so."]},
            GoldQuestion("2", "Why?", ("So.",), None, (), True, contexts=("It is so.",)),
        ),
        (
            {"question": "Why\u2028not\x85?"},
            GoldQuestion("2", "Why\u2028not\x85?", (), None, (), answerable=False),
        ),
    ],
    ids=["only a question", "single answer and span", "names of Ragas", "line separators"],
)
def test_shorter_forms_and_aliases_are_accepted(
    tmp_path: Path, row: dict[str, Any], expected: GoldQuestion
) -> None:
    assert gold(tmp_path, "", row) == [expected]


@pytest.mark.parametrize(
    ("line", "field", "reason"),
    [
        ("{", "", "not JSON (Expecting property name"),
        ("[" * 100_000, "", "not JSON (maximum recursion depth"),
        ("[]", "", "expected a JSON object, found list"),
        ("{}", "question", "expected the text of a question"),
        ('{"question": "  "}', "question", "expected the text of a question"),
        ('{"question": 5}', "question", "expected text, found 5"),
        ('{"user_input": 5}', "user_input", "expected text, found 5"),
        ('{"question": "Why\\ud800?"}', "question", "lone surrogate"),
        ('{"question": "Why?", "id": [1]}', "id", "expected text, found [1]"),
        ('{"question": "Why?", "answers": [5]}', "answers", "expected text, found 5"),
        ('{"question": "Why?", "reference": 5}', "reference", "expected a list, found 5"),
        ('{"question": "Why?", "document": 5}', "document", "expected text, found 5"),
        ('{"question": "Why?", "answerable": "no"}', "answerable", 'true or false, found "no"'),
        ('{"question": "Why?", "spans": [[5, 3]]}', "spans", "[5, 3] is not a span"),
        ('{"question": "Why?", "spans": [[-1, 3]]}', "spans", "[-1, 3] is not a span"),
        ('{"question": "Why?", "spans": [[1, 2, 3]]}', "spans", "[1, 2, 3] is not a span"),
        ('{"question": "Why?", "span": ["a", "b"]}', "span", "is not a span"),
        ('{"question": "Why?", "spans": 7}', "spans", "expected a list, found 7"),
        ('{"question": "Why?", "history": [{"role": "user"}]}', "history", "is not a turn"),
        ('{"question": "Why?", "history": ["So."]}', "history", "is not a turn"),
        ('{"question": "Why?", "keywords": ["red", 9]}', "keywords", "expected a list, found 9"),
        ('{"question": "Why?", "also": [{"spans": []}]}', "also", "is not a place"),
    ],
)
def test_an_invalid_line_is_named_by_its_number_and_field(
    tmp_path: Path, line: str, field: str, reason: str
) -> None:
    with pytest.raises(GoldInvalid) as raised:
        gold(tmp_path, {"question": "Good?"}, "", line)
    where = f'line 3, field "{field}": ' if field else "line 3: "
    assert f"gold.jsonl, {where}" in str(raised.value)
    assert reason in str(raised.value)


def test_the_other_lines_of_a_file_with_invalid_ones_are_read(tmp_path: Path) -> None:
    path = tmp_path / "gold.jsonl"
    path.write_text('{"question": "Why?"}\n{\n{"question": 5}\n\n{"question": "How?"}', "utf-8")
    questions, problems = read_gold_rows(path)
    assert {line: each.question for line, each in questions.items()} == {1: "Why?", 5: "How?"}
    assert [(each.line, each.field) for each in problems] == [(2, ""), (3, "question")]


def test_a_file_without_questions_or_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(GoldInvalid, match=r"gold\.jsonl, it contains no questions"):
        gold(tmp_path, "", "  ")
    with pytest.raises(GoldInvalid, match=r"gone\.jsonl cannot be read"):
        read_gold(tmp_path / "gone.jsonl")
    (tmp_path / "latin.jsonl").write_bytes('{"question": "Gärten?"}'.encode("latin-1"))
    with pytest.raises(GoldInvalid, match=r"latin\.jsonl cannot be read"):
        read_gold(tmp_path / "latin.jsonl")
