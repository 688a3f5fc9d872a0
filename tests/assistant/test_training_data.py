"""What the reader is trained on: rows and claims as they are, and near misses made from them."""

import json
from pathlib import Path
from random import Random

import pytest

from assistant.training.near_misses import WordPool, collect_words, near_miss
from assistant.training.rows import load_claims

ASKED = (
    "Where did the settlers gather for the winter market?",
    "Who painted the largest mural in Lisbon?",
    "How was the harbour rebuilt before the storm?",
)


@pytest.fixture
def pool() -> WordPool:
    return collect_words(ASKED)


def claims(tmp_path: Path, *lines: dict[str, object]) -> Path:
    path = tmp_path / "claims.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    return path


def test_a_claim_is_answered_by_all_of_the_evidence_that_supports_it(tmp_path: Path) -> None:
    claim = {"set": "fm2", "claim": "It rains.", "evidence": ["Wet.", "Very."]}
    supported, refuted = load_claims(
        claims(tmp_path, {**claim, "label": "supported"}, {**claim, "label": "refuted"})
    )
    assert (supported.question, supported.answering) == ("It rains.", {0, 1})
    assert not refuted.answerable
    assert refuted.sentences == ("Wet.", "Very.")


def test_partial_support_and_conversations_are_left_out(tmp_path: Path) -> None:
    claim = {"claim": "It rains.", "evidence": ["Wet."]}
    path = claims(
        tmp_path,
        {**claim, "set": "fm2", "label": "partial"},
        {**claim, "set": "begin-wow", "label": "supported"},
    )
    assert load_claims(path) == []


def test_a_near_miss_is_another_question(pool: WordPool) -> None:
    for seed in range(60):
        for question in ASKED:
            altered = near_miss(question, "It stood by the river.", pool, Random(seed))
            assert altered is None or altered != question


def test_a_word_swapped_in_is_not_one_that_the_context_holds(pool: WordPool) -> None:
    context = "The settlers gather, painted the mural, rebuilt the harbour before the storm."
    made = [near_miss(ASKED[0], context, pool, Random(seed)) for seed in range(80)]
    swapped = [
        word
        for question in made
        if question and question.startswith("Where did")
        for word in question.split()
        if word not in ASKED[0].split()
    ]
    assert swapped
    assert all(word.strip("?") not in context for word in swapped)


def test_the_time_is_asked_for_only_where_the_context_tells_of_none(pool: WordPool) -> None:
    times = ("When did", "In which year did", "How long ago did")

    def asks_time(context: str) -> bool:
        made = [near_miss(ASKED[0], context, pool, Random(seed)) for seed in range(80)]
        return any(question.startswith(times) for question in made if question)

    assert asks_time("They met by the river.")
    assert not asks_time("They met by the river in 1820.")
