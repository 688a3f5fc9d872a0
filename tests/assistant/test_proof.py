"""Proof: a quote is verbatim, and supports every word of its sentence."""

from dataclasses import replace

import pytest
from builders import make_citation
from hypothesis import given
from hypothesis import strategies as st

from assistant.answer import Citation
from assistant.proof import is_verbatim, supports, supports_together

TEXT = "Crows are black. Ravens are larger."


def cited(start: int, end: int, quote: str) -> Citation:
    return replace(make_citation(quote=quote), start=start, end=end)


@pytest.mark.parametrize(
    ("sentence", "quote"),
    [
        ("Crows are black.", "Crows are black."),
        ("Crows are black.", "Crows are **black**."),
        ("Crows are black.", "[Crows](https://example.org/a_b) are `black`."),
        ("Crows are black.", "Crows\n are  black."),
        ("Crow: black; loud", "| Crow | black | loud |"),
        ("Crow: black; loud", "| Crow | black | often loud |"),
        ("Internal: Own staff; Wages", "InternalOwn staffWages"),  # cells that have run together
        ("Crow (black): Loud", "Crow (black)Loud"),
    ],
)
def test_sentence_made_of_its_quote_is_supported(sentence: str, quote: str) -> None:
    assert supports(sentence, [quote])


@pytest.mark.parametrize(
    ("sentence", "quotes"),
    [
        ("Crows are very black.", ["Crows are black."]),
        ("Crows are not black.", ["Crows are black."]),
        ("Crow are black.", ["Crows are black."]),
        ("It has 10 eggs.", ["It has 100 eggs."]),
        ("Crows are black, black.", ["Crows are black."]),
        ("A corner stone.", ["A cornerstone."]),
        ("Dogs bite men.", ["Men bite dogs."]),
        ("Crows are black.", []),
        ("Crows are black.", [""]),
        *((empty, ["Crows are black.", empty]) for empty in ("", "  ", "…", "- ")),
    ],
)
def test_invented_missing_or_reordered_words_are_not_supported(
    sentence: str, quotes: list[str]
) -> None:
    assert not supports(sentence, quotes)


@pytest.mark.parametrize("name", ["JavaScript", "eBay", "McDonald", "iPhone15", "LaTeX", "TCP/IP"])
def test_name_with_inner_capitals_supports_only_itself(name: str) -> None:
    assert supports(f"They use {name}.", [f"They use {name}."])
    assert not supports(f"They use {name}.", ["They use Python."])


def test_several_quotes_support_a_sentence_in_their_order() -> None:
    quotes = ["Crows are black.", "Ravens are larger."]
    assert supports("Crows are black, ravens larger.", quotes)
    assert not supports("Crows are black, ravens larger.", quotes[::-1])


def test_quotes_support_a_sentence_together_if_each_keeps_its_order() -> None:
    quotes = ["Crow | black | 47 cm", "Colour", "Size"]
    assert supports_together("Crow, Colour: black; Size: 47 cm", quotes)
    assert not supports_together("Crow, Colour: 47 cm; Size: black", quotes)
    assert not supports_together("Crow, Colour: black; Weight: 47 cm", quotes)
    assert not supports_together("Crow, Colour: black; Size: 47 cm", quotes[:2])
    assert supports_together("a b a c", ["a c", "a b"])
    assert not supports_together("", quotes)


@given(st.text())
def test_any_plain_text_with_words_supports_itself(text: str) -> None:
    sentence = "".join(c if c.isalnum() else " " for c in text)
    assert supports(f"Crow {sentence}", [f"Crow {sentence}"])


@pytest.mark.parametrize(
    ("start", "end", "quote"),
    [
        (0, 16, "Crows are black!"),
        (0, 16, "crows are black."),
        (1, 17, "Crows are black."),
        (0, 15, "Crows are black."),
        (17, len(TEXT) + 1, "Ravens are larger."),
        (-7, len(TEXT), "larger."),
        (5, 5, ""),
        (9, 3, ""),
        (99, 100, ""),
    ],
)
def test_quote_elsewhere_or_altered_is_not_verbatim(start: int, end: int, quote: str) -> None:
    assert not is_verbatim(TEXT, cited(start, end, quote))


def test_quote_at_its_offsets_in_characters_is_verbatim() -> None:
    assert is_verbatim(TEXT, cited(0, 16, "Crows are black."))
    assert is_verbatim(TEXT, cited(17, len(TEXT), "Ravens are larger."))
    assert is_verbatim("Žluťoučký 🐎 pěl.", cited(10, 11, "🐎"))
