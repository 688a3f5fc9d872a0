"""The shipped documents and the gold questions about them fit together."""

import json
from collections import Counter
from itertools import pairwise
from pathlib import Path
from typing import Any

CORPUS = Path(__file__).resolve().parents[2] / "corpus"
DOCUMENTS = CORPUS / "documents"
GOLD = CORPUS / "gold" / "faq.jsonl"

KEYS = {"id", "question", "answers", "document", "span", "spans", "answerable", "kind"}
UNANSWERABLE_KINDS = {"near_miss", "off_topic"}
KINDS = UNANSWERABLE_KINDS | {
    "faq",
    "paraphrase",
    "fact",
    "table",
    "list",
    "comparison",
    "example",
    "yes_no",
    "typo",
    "follow_up",
}

Row = dict[str, Any]


def gold_rows() -> list[Row]:
    lines = GOLD.read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


def answerable_rows() -> list[Row]:
    return [row for row in gold_rows() if row["answerable"]]


def unanswerable_rows() -> list[Row]:
    return [row for row in gold_rows() if not row["answerable"]]


def text_of(document: str) -> str:
    return (DOCUMENTS / document).read_text(encoding="utf-8")


def splits_a_word(text: str, at: int) -> bool:
    return 0 < at < len(text) and text[at - 1].isalnum() and text[at].isalnum()


def test_every_gold_row_has_exactly_the_known_keys() -> None:
    for row in gold_rows():
        assert set(row) - {"history"} == KEYS, row["id"]


def test_every_gold_row_has_a_known_kind_that_agrees_with_answerable() -> None:
    for row in gold_rows():
        assert row["kind"] in KINDS, row["id"]
        assert row["answerable"] is (row["kind"] not in UNANSWERABLE_KINDS), row["id"]


def test_gold_ids_are_unique() -> None:
    counts = Counter(row["id"] for row in gold_rows())
    assert [key for key, count in counts.items() if count > 1] == []


def test_no_question_occurs_twice_with_the_same_history() -> None:
    counts = Counter(
        (row["question"].casefold(), json.dumps(row.get("history", []))) for row in gold_rows()
    )
    assert [key for key, count in counts.items() if count > 1] == []


def test_every_span_marks_whole_words_inside_its_document() -> None:
    for row in answerable_rows():
        text = text_of(row["document"])
        for start, end in row["spans"]:
            assert 0 <= start < end <= len(text), row["id"]
            assert text[start:end] == text[start:end].strip(), row["id"]
            assert not splits_a_word(text, start), row["id"]
            assert not splits_a_word(text, end), row["id"]


def test_no_row_names_the_same_span_twice() -> None:
    for row in answerable_rows():
        assert len({tuple(span) for span in row["spans"]}) == len(row["spans"]), row["id"]


def test_every_answerable_row_has_answers_and_spans() -> None:
    for row in answerable_rows():
        assert row["answers"], row["id"]
        assert all(answer.strip() for answer in row["answers"]), row["id"]
        assert row["spans"], row["id"]
        assert row["span"] == row["spans"][0], row["id"]


def test_every_unanswerable_row_has_no_answer_and_no_proof() -> None:
    for row in unanswerable_rows():
        assert row["answers"] == [], row["id"]
        assert row["document"] is None, row["id"]
        assert row["span"] is None, row["id"]
        assert row["spans"] == [], row["id"]


def test_follow_ups_and_only_they_have_a_history_that_ends_with_the_assistant() -> None:
    for row in gold_rows():
        assert ("history" in row) is (row["kind"] == "follow_up"), row["id"]
        for number, turn in enumerate(row.get("history", [])):
            assert set(turn) == {"role", "text"}, row["id"]
            assert turn["role"] == ("user", "assistant")[number % 2], row["id"]
            assert turn["text"].strip(), row["id"]
        assert len(row.get("history", [])) % 2 == 0, row["id"]


def test_there_are_enough_questions_and_most_unanswerable_ones_are_near_misses() -> None:
    unanswerable = unanswerable_rows()
    near_misses = [row for row in unanswerable if row["kind"] == "near_miss"]
    assert len(gold_rows()) >= 120
    assert len(unanswerable) >= 40
    assert len(near_misses) * 2 > len(unanswerable)


def test_every_document_starts_with_a_title_and_is_asked_about() -> None:
    asked = {row["document"] for row in answerable_rows()}
    documents = sorted(path.name for path in DOCUMENTS.glob("*.md"))
    assert documents
    for name in documents:
        assert text_of(name).startswith("# "), name
        assert name in asked, name


def test_the_faq_holds_at_least_twenty_five_answered_questions() -> None:
    blocks = [block.strip() for block in text_of("faq.md").split("\n\n")]
    questions = [
        (block, answer)
        for block, answer in pairwise(blocks)
        if block.startswith("##") and block.endswith("?")
    ]
    assert len(questions) >= 25
    for question, answer in questions:
        assert answer and not answer.startswith("#"), question
