"""Misspellings: timid correction to words of the documents."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.spelling import edit_distance, is_form_of, is_known, nearest_word

KNOWN = {"customer": 9, "customers": 7, "internal": 5, "external": 5, "apple": 2, "manager": 1}


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("cusotmer", "customer"),
        ("intrenal", "internal"),
        ("aple", "apple"),
        ("mnager", "manager"),
        ("waht", "what"),
        ("hwo", "how"),
        *((word, None) for word in ("extrnl", "zebra", "it", "x", "b2b", "the", "quantum", "")),
    ],
)
def test_nearest_word_of_a_misspelling(typed: str, meant: str | None) -> None:
    assert nearest_word(typed, KNOWN) == meant


def test_more_frequent_of_equally_near_words_is_chosen() -> None:
    assert nearest_word("platn", {"plant": 9, "plate": 1}) == "plant"
    assert nearest_word("plent", {"plant": 1, "pleat": 2}) == "pleat"


@given(st.text("abc", max_size=5), st.text("abc", max_size=5), st.integers(0, 9))
def test_distance_is_the_optimal_string_alignment_up_to_a_limit(a: str, b: str, limit: int) -> None:
    def distance(a: str, b: str) -> int:
        """By its definition, slowly."""
        if not a or not b:
            return len(a) + len(b)
        steps = [
            distance(a[1:], b) + 1,
            distance(a, b[1:]) + 1,
            distance(a[1:], b[1:]) + (a[0] != b[0]),
        ]
        if a[:2] == b[1::-1] and len(a) > 1 and len(b) > 1:
            steps.append(distance(a[2:], b[2:]) + 1)
        return min(steps)

    assert min(edit_distance(a, b, limit), limit + 1) == min(distance(a, b), limit + 1)


@pytest.mark.parametrize(
    ("word", "other"),
    [("barista", "baristas"), ("compile", "compiled"), ("desegregation", "segregation")],
)
def test_forms_of_a_word_are_no_misspellings_of_it(word: str, other: str) -> None:
    assert is_form_of(word, other)
    assert is_form_of(other, word)
    assert nearest_word(word, {other: 3}) is None
    assert not is_form_of("custmer", "customer")


@pytest.mark.parametrize("word", ["wifi", "wlan", "lyft", "bake"])
def test_short_words_that_differ_in_one_letter_are_left_alone(word: str) -> None:
    assert nearest_word(word, {"wiki": 9, "plan": 9, "left": 9, "base": 9}) is None


@pytest.mark.parametrize(
    ("word", "known"),
    [
        ("house", True),
        ("houses", True),
        ("rehoused", False),
        ("carries", True),
        ("unkind", True),
        ("stopping", True),
        ("logbook", True),
        ("helpcenter", True),
        ("hause", False),
        ("centerx", False),
    ],
)
def test_word_is_known_in_any_form(word: str, known: bool) -> None:
    documents, language = {"help", "center", "logbook"}, {"house", "carry", "kind", "stop"}
    assert is_known(word, documents.__contains__, language.__contains__) is known
