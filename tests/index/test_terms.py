import random
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from index.terms import compounds, content_words, stem, stems, words


def test_words_are_folded_and_keep_their_apostrophes_inside() -> None:
    folded = ["the", "cafe's", "24", "7", "e", "mail", "isn't", "it"]
    assert words("The Café’s “24/7” e-mail, isn't it?") == folded


@pytest.mark.parametrize(
    ("text", "content"),
    [
        ("What is the role of a manager?", ["role", "manager"]),
        ("Who is it?", ["who", "is", "it"]),
        ("?!", []),
    ],
)
def test_content_words_exclude_stop_words_unless_there_are_no_others(
    text: str, content: list[str]
) -> None:
    assert content_words(text) == content


def test_forms_of_a_word_have_one_stem() -> None:
    assert stem("customers") == stem("customer") == stem("customer's")
    assert stem("customer") != stem("consumer")


def test_hyphenated_words_are_words_when_joined_too() -> None:
    assert list(compounds("Wi-Fi, an e-mail, log-in; FN-44, 10-day and - no")) == [
        "wifi",
        "email",
        "login",
        "fn44",
    ]
    assert "onsit" in stems("They work on-site.")


@pytest.fixture
def hasty_threads() -> Iterator[None]:
    """Threads that take turns as often as possible."""
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(interval)


def test_threads_get_the_same_stems(hasty_threads: None) -> None:
    chance = random.Random(0)
    endings = ("ations", "ness", "ively", "ers", "ing", "ies", "ful", "ousli")
    made = ["".join(chance.choices("bcdlmnrstaeiou", k=6)) + e for e in endings for _ in range(250)]
    expected = [stem(word) for word in made]
    stem.cache_clear()
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(stem, made)) == expected
