"""The shipped documents and their gold questions fit together."""

import json
from collections import Counter
from pathlib import Path

CORPUS = Path(__file__).resolve().parents[2] / "corpus"
GOLD = [
    json.loads(line) for line in (CORPUS / "gold" / "faq.jsonl").read_text("utf-8").splitlines()
]
TEXTS = {path.name: path.read_text("utf-8") for path in (CORPUS / "documents").glob("*.md")}
ANSWERABLE = [row for row in GOLD if row["answerable"]]
UNANSWERABLE = [row for row in GOLD if not row["answerable"]]


def splits_a_word(text: str, at: int) -> bool:
    return 0 < at < len(text) and text[at - 1].isalnum() and text[at].isalnum()


def test_every_row_has_the_known_keys_and_a_known_kind() -> None:
    keys = {"id", "question", "answers", "document", "span", "spans", "answerable", "kind"}
    answerable = set(
        "faq paraphrase fact table list comparison example yes_no typo follow_up".split()
    )
    for row in GOLD:
        assert set(row) - {"history"} == keys, row["id"]
        assert row["kind"] in (answerable if row["answerable"] else {"near_miss", "off_topic"})


def test_ids_and_questions_with_their_history_are_unique() -> None:
    ids = Counter(row["id"] for row in GOLD)
    questions = Counter(
        (row["question"].casefold(), json.dumps(row.get("history", []))) for row in GOLD
    )
    assert max(ids.values()) == max(questions.values()) == 1


def test_answerable_rows_have_answers_and_distinct_spans_of_whole_words() -> None:
    for row in ANSWERABLE:
        assert row["answers"] and all(answer.strip() for answer in row["answers"]), row["id"]
        assert row["span"] == row["spans"][0], row["id"]
        assert len({tuple(span) for span in row["spans"]}) == len(row["spans"]), row["id"]
        text = TEXTS[row["document"]]
        for start, end in row["spans"]:
            assert 0 <= start < end <= len(text), row["id"]
            assert text[start:end] == text[start:end].strip(), row["id"]
            assert not splits_a_word(text, start) and not splits_a_word(text, end), row["id"]


def test_unanswerable_rows_have_neither_answer_nor_span() -> None:
    for row in UNANSWERABLE:
        found = (row["answers"], row["document"], row["span"], row["spans"])
        assert found == ([], None, None, []), row["id"]


def test_only_follow_ups_have_a_history_and_it_ends_with_the_assistant() -> None:
    for row in GOLD:
        history = row.get("history", [])
        assert bool(history) is ("history" in row) is (row["kind"] == "follow_up"), row["id"]
        roles = [turn["role"] for turn in history]
        assert roles == ["user", "assistant"] * (len(history) // 2), row["id"]
        assert all(set(turn) == {"role", "text"} and turn["text"].strip() for turn in history)


def test_there_are_enough_questions_and_most_unanswerable_ones_are_near_misses() -> None:
    near_misses = [row for row in UNANSWERABLE if row["kind"] == "near_miss"]
    assert len(GOLD) >= 120
    assert len(UNANSWERABLE) >= 40
    assert len(near_misses) * 2 > len(UNANSWERABLE)


def test_every_document_has_a_title_and_a_gold_question() -> None:
    assert {row["document"] for row in ANSWERABLE} == set(TEXTS)
    assert all(text.startswith("# ") for text in TEXTS.values())


def test_the_faq_has_at_least_twenty_five_answered_questions() -> None:
    blocks = [block.strip() for block in TEXTS["faq.md"].split("\n\n")]
    asked = [at for at, block in enumerate(blocks) if block[:2] == "##" and block[-1] == "?"]
    assert len(asked) >= 25
    assert all(blocks[at + 1] and not blocks[at + 1].startswith("#") for at in asked)
