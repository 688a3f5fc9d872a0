import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.terms import content_words, edit_distance, nearest_word, stem, words

KNOWN = {"customer": 9, "customers": 7, "internal": 5, "external": 5, "apple": 2, "manager": 1}


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
