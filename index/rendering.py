"""Passages and their parts as plain text for models, without Markdown marks."""

from corpus.document import Kind, Passage, Unit
from corpus.markup import strip_markup


def passage_text(passage: Passage) -> str:
    """Returns the headings above a passage and its text."""
    return f"{passage.context}\n{strip_markup(passage.text)}"


def heading_text(passage: Passage) -> str:
    """Returns the FAQ question of a passage, or else its nearest heading, or else the title."""
    return passage.question or (passage.headings[-1] if passage.headings else passage.title)


def unit_text(passage: Passage, unit: Unit) -> str:
    """Returns the text of a unit; an item with its lead, the cells of a row joined by colons."""
    if unit.kind is Kind.ROW and unit.cells:
        return ": ".join(
            filter(None, (strip_markup(passage.at(start, end)) for start, end in unit.cells))
        )
    if unit.lead and unit.kind is Kind.ITEM and unit.lead[0] >= passage.start:
        return f"{strip_markup(passage.at(*unit.lead))} {strip_markup(passage.source(unit))}"
    return strip_markup(passage.source(unit))
