"""Rows from documentation: rendered as serving does, with what answers marked."""

import json
from pathlib import Path
from random import Random
from typing import Any

import pytest

from assistant.training.rows import Row
from assistant.training.sections import as_question, is_validation_repository, load_sections


def block(kind: str, text: str, **more: Any) -> dict[str, Any]:
    return {"type": kind, "text": text, "answer": False, **more}


LINE = {
    "question": "What does each plan cost?",
    "title": "Plans",
    "repo": "owner/docs",
    "kind": "faq",
    "sentences": [[3, 0, 17, 1], [3, 18, 41, 0]],
    "blocks": [
        block("heading", "What does each plan cost?", own=True),
        block("table_row", "Plan: Basic; Price: $9", raw=["Basic", "$9"], answer=True),
        block("table_row", "Plan: Team; Price: $20", raw=["Team", "$20"], answer=True),
        block("paragraph", "Prices are plain. They never have lied."),
        block("heading", "Change the plan"),
        block("paragraph", "To change it, run:"),
        block("code", "plan set team"),
    ],
}


@pytest.fixture
def rows(tmp_path: Path) -> list[Row]:
    path = tmp_path / "faqs.jsonl"
    path.write_text(json.dumps(LINE) + "\n", encoding="utf-8")
    return load_sections(path)


def test_table_rows_have_their_column_names_as_in_serving(rows: list[Row]) -> None:
    answering = [row.sentences[number] for row in rows for number in row.answering]
    assert {"Basic, Price: $9", "Team, Price: $20"} <= set(answering)


def test_of_a_paragraph_only_the_marked_sentences_answer(rows: list[Row]) -> None:
    answering = [row.sentences[number] for row in rows for number in row.answering]
    assert "Prices are plain." in answering
    assert "They never have lied." not in answering


def test_code_stands_behind_its_announcement_and_under_its_heading(rows: list[Row]) -> None:
    (other,) = (row for row in rows if not row.answerable)
    assert other.heading == "Change the plan"
    assert "To change it, run: plan set team" in other.sentences


def test_the_heading_that_is_the_question_is_known(rows: list[Row]) -> None:
    assert {row.is_own_heading for row in rows if row.answerable} == {True}
    assert {row.document for row in rows} == {"owner/docs"}


def test_a_repository_is_on_one_side_of_the_split() -> None:
    kept = [is_validation_repository(f"owner/{number}") for number in range(100)]
    assert 10 < sum(kept) < 35
    assert is_validation_repository("owner/0") is kept[0]


@pytest.mark.parametrize(
    ("heading", "expected"),
    [("How to Reset a key", "Reset a key"), ("Adding users", "adding users"), ("Limits", "imits")],
)
def test_a_heading_becomes_a_question_with_its_words(heading: str, expected: str) -> None:
    assert all(expected in as_question(heading, Random(seed)) for seed in range(10))
