"""Gold files: what is read, and what is refused with the number of its line."""

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


def test_a_question_is_read_with_all_that_is_known_of_it(tmp_path: Path) -> None:
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


def test_a_bare_question_has_no_answer_and_the_number_of_its_line_as_id(tmp_path: Path) -> None:
    (question,) = gold(tmp_path, "", {"question": "Why?"})
    assert question == GoldQuestion("2", "Why?", (), None, (), answerable=False)


def test_one_answer_and_one_span_may_stand_alone(tmp_path: Path) -> None:
    (question,) = gold(tmp_path, {"question": "Why?", "answers": "So.", "span": [3, 6]})
    assert (question.answers, question.spans, question.answerable) == (("So.",), ((3, 6),), True)


def test_column_names_of_ragas_are_read_as_ours(tmp_path: Path) -> None:
    row = {"user_input": "Why?", "reference": "So.", "reference_contexts": ["It is so."]}
    (question,) = gold(tmp_path, row)
    assert question.question == "Why?"
    assert question.answers == ("So.",)
    assert question.contexts == ("It is so.",)
    assert question.answerable


def test_a_line_separator_inside_a_text_ends_no_line(tmp_path: Path) -> None:
    (question,) = gold(tmp_path, {"question": "Why\u2028not\x85?"})
    assert question.question == "Why\u2028not\x85?"


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("{", "Expecting property name"),
        ("[]", "expected a JSON object, found list"),
        ("{}", 'expected a "question" with text'),
        ('{"question": "  "}', 'expected a "question" with text'),
        ('{"question": 5}', 'expected a "question" with text'),
        ('{"question": "Why?", "answers": [5]}', 'expected "answers" to be a list of texts'),
        ('{"question": "Why?", "spans": [[5, 3]]}', r"\[5, 3\] is not a span"),
        ('{"question": "Why?", "spans": [[-1, 3]]}', r"\[-1, 3\] is not a span"),
        ('{"question": "Why?", "spans": [[1, 2, 3]]}', r"\[1, 2, 3\] is not a span"),
        ('{"question": "Why?", "span": ["a", "b"]}', "is not a span"),
        ('{"question": "Why?", "spans": 7}', "not iterable"),
        ('{"question": "Why?", "history": [{"role": "user"}]}', 'a turn of "history"'),
        ('{"question": "Why?", "history": ["So."]}', 'a turn of "history"'),
    ],
)
def test_a_bad_line_is_refused_with_its_number(tmp_path: Path, line: str, expected: str) -> None:
    with pytest.raises(GoldInvalid, match=rf"gold\.jsonl, line 3: .*{expected}"):
        gold(tmp_path, {"question": "Good?"}, "", line)


def test_a_file_without_questions_is_refused(tmp_path: Path) -> None:
    with pytest.raises(GoldInvalid, match="holds no question"):
        gold(tmp_path, "", "  ")


def test_a_file_that_cannot_be_read_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(GoldInvalid, match=r"gone\.jsonl cannot be read"):
        read_gold(tmp_path / "gone.jsonl")
    (tmp_path / "latin.jsonl").write_bytes('{"question": "Gärten?"}'.encode("latin-1"))
    with pytest.raises(GoldInvalid, match=r"latin\.jsonl cannot be read"):
        read_gold(tmp_path / "latin.jsonl")
