"""Gold files: what a line may contain, and errors that name the line."""

import json
from pathlib import Path
from typing import Any

import pytest

from corpus.errors import GoldInvalid
from corpus.gold import GoldQuestion, read_gold


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
    ("line", "expected"),
    [
        ("{", "Expecting property name"),
        ("[]", "expected a JSON object, found list"),
        ("{}", 'expected a "question" with text'),
        ('{"question": "  "}', 'expected a "question" with text'),
        ('{"question": 5}', 'expected a "question" with text'),
        ('{"question": "Why?", "answers": [5]}', 'expected "answers" to be a list of strings'),
        ('{"question": "Why?", "spans": [[5, 3]]}', r"\[5, 3\] is not a span"),
        ('{"question": "Why?", "spans": [[-1, 3]]}', r"\[-1, 3\] is not a span"),
        ('{"question": "Why?", "spans": [[1, 2, 3]]}', r"\[1, 2, 3\] is not a span"),
        ('{"question": "Why?", "span": ["a", "b"]}', "is not a span"),
        ('{"question": "Why?", "spans": 7}', "not iterable"),
        ('{"question": "Why?", "history": [{"role": "user"}]}', 'a turn of "history"'),
        ('{"question": "Why?", "also": [{"spans": []}]}', 'a place of "also"'),
        ('{"question": "Why?", "history": ["So."]}', 'a turn of "history"'),
    ],
)
def test_an_invalid_line_is_named_by_its_number(tmp_path: Path, line: str, expected: str) -> None:
    with pytest.raises(GoldInvalid, match=rf"gold\.jsonl, line 3: .*{expected}"):
        gold(tmp_path, {"question": "Good?"}, "", line)


def test_a_file_without_questions_or_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(GoldInvalid, match=r"gold\.jsonl contains no questions"):
        gold(tmp_path, "", "  ")
    with pytest.raises(GoldInvalid, match=r"gone\.jsonl cannot be read"):
        read_gold(tmp_path / "gone.jsonl")
    (tmp_path / "latin.jsonl").write_bytes('{"question": "Gärten?"}'.encode("latin-1"))
    with pytest.raises(GoldInvalid, match=r"latin\.jsonl cannot be read"):
        read_gold(tmp_path / "latin.jsonl")
