"""Numbered headings that a text announces are a list."""

import pytest

from corpus.document import Kind
from corpus.loader import parse_document
from corpus.splitter import split

PARTS = "## 1. Sleep\n\nCats sleep more.\n\n## 2. Food\n\nCats eat fish.\n\n## Links\n\nNone.\n"


def listed(text: str) -> list[tuple[int, str]]:
    """The items of the first passage with their numbers."""
    first = split(parse_document("pets.md", text))[0]
    return [(u.number, first.source(u)) for u in first.units if u.kind is Kind.ITEM]


@pytest.mark.parametrize(
    "above",
    ["# Two differences\n\n", "# Pets\n\nCats and dogs differ in the following:\n\n", "# 2 facts\n\nRead on.\n\n"],
)  # fmt: skip
def test_numbered_headings_are_items_of_the_passage_that_announces_them(above: str) -> None:
    assert listed(above + PARTS) == [(1, "Sleep"), (2, "Food")]


def test_numbered_headings_that_nothing_announces_are_no_list() -> None:
    assert listed("# Pets\n\nThis is about pets.\n\n" + PARTS) == []
