import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.terms import content_words, edit_distance, nearest_word, stem, words


def test_words_are_folded_and_keep_their_apostrophes_inside() -> None:
    assert words("The Café’s “24/7” e-mail, isn't it?") == [
        "the",
        "cafe's",
        "24",
        "7",
        "e",
        "mail",
        "isn't",
        "it",
    ]


def test_content_words_exclude_stop_words() -> None:
    assert content_words("What is the role of a manager?") == ["role", "manager"]


def test_text_of_stop_words_keeps_them_all() -> None:
    assert content_words("Who is it?") == ["who", "is", "it"]
    assert content_words("?!") == []


def test_forms_of_a_word_have_one_stem() -> None:
    assert stem("customers") == stem("customer") == stem("customer's")
    assert stem("customer") != stem("consumer")


KNOWN = {"customer": 9, "customers": 7, "internal": 5, "external": 5, "apple": 2, "manager": 1}


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("cusotmer", "customer"),
        ("intrenal", "internal"),
        ("aple", "apple"),
        ("mnager", "manager"),
        ("extrnl", None),
        ("waht", "what"),
        ("hwo", "how"),
    ],
)
def test_misspelling_has_a_nearest_word(typed: str, meant: str | None) -> None:
    assert nearest_word(typed, KNOWN) == meant


@pytest.mark.parametrize("word", ["zebra", "it", "x", "b2b", "the", "quantum", ""])
def test_unrelated_word_has_no_nearest_word(word: str) -> None:
    assert nearest_word(word, KNOWN) is None


def test_more_frequent_of_equally_near_words_is_chosen() -> None:
    assert nearest_word("platn", {"plant": 9, "plate": 1}) == "plant"
    assert nearest_word("plent", {"plant": 1, "pleat": 2}) == "pleat"


LETTERS = st.text(alphabet="abc", max_size=7)


def alignment(a: str, b: str) -> int:
    """Optimal string alignment distance by its definition, slowly."""
    if not a or not b:
        return len(a) + len(b)
    steps = [
        alignment(a[1:], b) + 1,
        alignment(a, b[1:]) + 1,
        alignment(a[1:], b[1:]) + (a[0] != b[0]),
    ]
    if a[:2] == b[1::-1] and len(a) > 1 and len(b) > 1:
        steps.append(alignment(a[2:], b[2:]) + 1)
    return min(steps)


@given(LETTERS.filter(lambda a: len(a) < 6), LETTERS.filter(lambda b: len(b) < 6))
def test_distance_is_the_optimal_string_alignment(a: str, b: str) -> None:
    assert edit_distance(a, b, 10) == alignment(a, b)


@given(LETTERS, LETTERS, st.integers(0, 3))
def test_distance_above_the_limit_is_limit_plus_one(a: str, b: str, most: int) -> None:
    full = edit_distance(a, b, 10)
    assert min(edit_distance(a, b, most), most + 1) == min(full, most + 1)
