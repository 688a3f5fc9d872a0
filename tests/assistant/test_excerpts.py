"""Spans of a document in their context."""

import pytest

from assistant.evaluation.excerpts import excerpts

WORDS = " ".join(f"word{n:03}" for n in range(200))  # 8 characters each, with the space


def at(number: int) -> tuple[int, int]:
    return 8 * number, 8 * number + 7


def test_a_span_is_shown_between_whole_words() -> None:
    [piece] = excerpts("a.md", WORDS, [(at(100), "[1]")])
    before, marked, after = piece.parts
    assert marked == ("word100", "[1]")
    assert before[0].split()[0] == after[0].split()[-1] == "…"
    assert before[0].split()[1:] == [f"word{n:03}" for n in range(76, 100)]
    assert after[0].split()[:-1] == [f"word{n:03}" for n in range(101, 125)]


@pytest.mark.parametrize("text", ["word", "One word.", "Öl 🛢 word 🛢"])
def test_a_short_text_is_shown_whole(text: str) -> None:
    start = text.index("word")
    [piece] = excerpts("a.md", text, [((start, start + 4), "x")])
    assert "".join(part for part, _ in piece.parts) == text
    assert ("word", "x") in piece.parts


def test_near_spans_share_a_piece_and_far_ones_do_not() -> None:
    near, far = excerpts("a.md", WORDS, [(at(150), "[3]"), (at(10), "[2]"), (at(5), "[1]")])
    assert [part for part in near.parts if part[1]] == [("word005", "[1]"), ("word010", "[2]")]
    assert [part for part in far.parts if part[1]] == [("word150", "[3]")]


def test_no_text_is_shown_twice_if_spans_overlap() -> None:
    [piece] = excerpts(
        "a.md", "one two three four", [((0, 7), "a"), ((4, 13), "b"), ((8, 10), "c")]
    )
    assert [part for part in piece.parts if part[0]] == [
        ("one two", "a"), (" three", "b"), (" four", "")
    ]  # fmt: skip


def test_a_long_word_is_no_context() -> None:
    [piece] = excerpts("a.md", "x" * 999 + " y " + "z" * 999, [((1000, 1001), "y")])
    assert piece.parts == (("… ", ""), ("y", "y"), (" …", ""))
