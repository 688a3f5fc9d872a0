"""What a passage and its parts look like to a model: plain text, without marks.

Knows passages. Knows nothing of who reads the text: the encoder, the reader, or both.
"""

from corpus.document import Kind, Passage, Unit
from corpus.markup import strip_markup


def passage_text(passage: Passage) -> str:
    """What is encoded for a passage: the headings above it and its text, without marks."""
    return f"{passage.context}\n{strip_markup(passage.text)}"


def heading_text(passage: Passage) -> str:
    """What is encoded for what stands right above a passage: its question, or its heading."""
    return passage.question or (passage.headings[-1] if passage.headings else passage.title)


def unit_text(passage: Passage, unit: Unit) -> str:
    """What is encoded for a unit: itself, cells of a row under the names of their columns."""
    if unit.kind is Kind.ROW and unit.cells:
        return ": ".join(
            filter(None, (strip_markup(passage.at(start, end)) for start, end in unit.cells))
        )
    if unit.lead and unit.kind is Kind.ITEM and unit.lead[0] >= passage.start:
        return f"{strip_markup(passage.at(*unit.lead))} {strip_markup(passage.source(unit))}"
    return strip_markup(passage.source(unit))
