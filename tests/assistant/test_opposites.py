"""Opposites and numbers."""

import pytest

from assistant.english.numbers import numbers
from assistant.english.opposites import contrasts
from index.terms import stems


@pytest.mark.parametrize(
    ("question", "text", "expected"),
    [
        ("Who are internal customers?", "External customers buy.", True),
        ("Who are internal customers?", "Internal customers are not external ones.", False),
        ("Who are internal customers?", "Customers buy.", False),
        ("How do internal and external customers differ?", "External customers buy.", False),
        ("Who may reduce the time?", "The chair may increase the time.", True),
        ("Which rules are irrelevant?", "The relevant rules are few.", True),
        ("Which rules are relevant?", "The irrelevant rules are many.", True),
        ("How long is paternity leave?", "Maternity leave is four weeks.", True),
        ("Does it run on a Mac?", "It runs on Windows.", True),
        ("What is important?", "The port is open.", False),
    ],
)
def test_text_contrasts_if_it_names_the_opposite_and_not_the_word(
    question: str, text: str, expected: bool
) -> None:
    assert contrasts(stems(question), stems(text)) is expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("in 1911 and 2,000.5 times", {"1911", "2,000.5"}),
        ("the fifth and the 5th", {"5th"}),
        ("three of twelve", {"3", "12"}),
        ("Queen Elizabeth II opened", {"II"}),
        ("I opened it", set()),
        ("no number", set()),
    ],
)
def test_numbers_are_found_in_any_spelling(text: str, expected: set[str]) -> None:
    assert numbers(text) == expected


def test_number_words_can_be_left_out() -> None:
    assert numbers("Which three of 5 are red?", spelled=False) == {"5"}
