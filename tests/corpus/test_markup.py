"""Inline Markdown marks are removed; all other text stays."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus.markup import strip_markup


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("a **strong** word", "a strong word"),
        ("a __strong__ word", "a strong word"),
        ("an *emphatic* word", "an emphatic word"),
        ("an _emphatic_ word", "an emphatic word"),
        ("***both*** at once", "both at once"),
        ("run `make test` now", "run make test now"),
        ("see [the guide](guide.md) first", "see the guide first"),
        ('see [the guide](guide.md "Guide") first', "see the guide first"),
        ("see [it](https://example.com/a_(b)) first", "see it first"),
        ("![a chart](chart.png) of sales", "of sales"),
        ("[**strong** link](x)", "strong link"),
        ("one\n  two\r\nthree", "one two three"),
        (r"\*not emphatic\*", "*not emphatic*"),
        (r"\_not emphatic\_", "_not emphatic_"),
        (r"\*\*not strong\*\*", "**not strong**"),
        (r"a \| b", "a | b"),
        ("**Half a mark.", "Half a mark."),
        ("half a mark.**", "half a mark."),
        ("[1.2.0] - 2024-05-02", "1.2.0 - 2024-05-02"),
        ("see {ref}`the rules <rules>` and {doc}`start`", "see the rules and start"),
        ("the infor-\nmation of well-\nknown people", "the information of well-known people"),
        ("<Note>Take care.", "Take care."),
        (r"1\. not a list", "1. not a list"),
    ],
)
def test_inline_marks_and_escapes_are_removed(source: str, expected: str) -> None:
    assert strip_markup(source) == expected


@pytest.mark.parametrize(
    "text",
    [
        "snake_case_names stay",
        "2 * 3 * 4 is 24",
        "5*6 and 7*8",
        "a footnote [1] and (an aside)",
        "C:\\folder stays",
        "a lone * and a lone _ and a lone `",
        "5 < 6 & 7 > 2",
    ],
)
def test_text_without_marks_is_unchanged(text: str) -> None:
    assert strip_markup(text) == text


@given(st.text(alphabet=st.characters(codec="utf-8", exclude_characters="\\*_`[]<>&{~")))
def test_only_white_space_changes_in_text_without_any_mark(text: str) -> None:
    assert strip_markup(text) == " ".join(text.split())
