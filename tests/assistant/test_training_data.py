"""Training data: claims as rows, and near misses made from questions."""

import json
from pathlib import Path
from random import Random

import pytest

from assistant.training.near_misses import WordPool, collect_words, near_miss
from assistant.training.rows import load_claims

QUESTIONS = (
    "Where did the settlers gather for the winter market?",
    "Who painted the largest mural in Lisbon?",
    "How was the harbour rebuilt before the storm?",
)


@pytest.fixture
def pool() -> WordPool:
    return collect_words(QUESTIONS)


def near_misses(question: str, context: str, pool: WordPool) -> list[str]:
    made = (near_miss(question, context, pool, Random(seed)) for seed in range(80))
    return [each for each in made if each]


def test_supporting_evidence_answers_a_claim_and_partial_support_is_left_out(
    tmp_path: Path,
) -> None:
    claim = {"set": "fm2", "claim": "It rains.", "evidence": ["Wet.", "Very."]}
    lines = [
        {**claim, "label": "supported"},
        {**claim, "label": "refuted"},
        {**claim, "label": "partial"},
        {**claim, "label": "supported", "set": "begin-wow"},
    ]
    path = tmp_path / "claims.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    supported, refuted = load_claims(path)
    assert (supported.question, supported.answering) == ("It rains.", {0, 1})
    assert not refuted.answerable
    assert refuted.sentences == ("Wet.", "Very.")


@pytest.mark.parametrize("question", QUESTIONS)
def test_a_near_miss_is_another_question(pool: WordPool, question: str) -> None:
    made = near_misses(question, "It stood by the river.", pool)
    assert made and question not in made


def test_a_word_is_not_swapped_for_a_word_of_the_context(pool: WordPool) -> None:
    context = "The settlers gather, painted the mural, rebuilt the harbour before the storm."
    made = [each for each in near_misses(QUESTIONS[0], context, pool) if each[:9] == "Where did"]
    words = {word.strip("?") for each in made for word in each.split()}
    swapped = words - set(QUESTIONS[0].strip("?").split())
    assert swapped
    assert not any(word in context for word in swapped)


@pytest.mark.parametrize(
    ("context", "expected"),
    [("They met by the river.", True), ("They met by the river in 1820.", False)],
)
def test_a_near_miss_asks_for_the_time_only_if_the_context_has_none(
    pool: WordPool, context: str, expected: bool
) -> None:
    times = ("When did", "In which year did", "How long ago did")
    made = near_misses(QUESTIONS[0], context, pool)
    assert any(each.startswith(times) for each in made) is expected
