"""Repairs: words taken back are removed, their replacement stays, and so does all else."""

import pytest

from assistant.english.repair import repair


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("What, no wait, who keeps the bees?", "who keeps the bees?"),
        ("When or uh what did the queen eat?", "what did the queen eat?"),
        ("How many bees no sorry I want to know who fed them?", "who fed them?"),
        ("Where did who built the first hive?", "who built the first hive?"),
        ("Who lives in Leeds no no in Hull today?", "Who lives in Hull today?"),
        ("What says rule 106 sorry 102 of the guide?", "What says rule 102 of the guide?"),
        ("What happened in 1977 or no make that in 1979?", "What happened in 1979?"),
        ("Who founded New York or rather New Rochelle?", "Who founded New Rochelle?"),
        ("What umm was the hive made of?", "What was the hive made of?"),
        ("Um, what was the hive made of?", "what was the hive made of?"),
        ("I mean the bees of the north", "the bees of the north"),
        ("What did bees eat, I mean, what did wasps, no wait, who fed them?", "who fed them?"),
    ],
)
def test_replacement_takes_the_place_of_words_taken_back(said: str, meant: str) -> None:
    assert repair(said) == meant


@pytest.mark.parametrize(
    "said",
    [
        "Which bees have no sting?",
        "How do I say sorry to a customer?",
        "What do bees make that people eat?",
        "Should I wait or leave?",
        "Who is Herman Um?",
        "Is it actually true that bees sleep?",
        "What should I do instead of feeding them?",
        "No refund",
        "Who would rather stay?",
        "no, sorry",
    ],
)
def test_words_that_only_look_like_a_repair_are_kept(said: str) -> None:
    assert repair(said) == said
