"""Passages and their parts as plain text for models, without Markdown marks."""

from collections.abc import Iterator

from corpus.document import Kind, Passage, Span, Unit
from corpus.markup import strip_markup
from corpus.releases import RELEASED, is_release

# Characters of what is repeated with each unit that it belongs to: an introduction, the item
# around, a column heading, the label of several rows. The encoder reads about 1,000.
_MAX_CONTEXT_CHARS = 600


def passage_text(passage: Passage) -> str:
    """Returns the headings above a passage and its text."""
    return f"{passage.context}\n{strip_markup(passage.text)}"


def heading_text(passage: Passage) -> str:
    """Returns the FAQ question of a passage, or else its nearest heading, or else the title."""
    return passage.question or (passage.headings[-1] if passage.headings else passage.title)


def unit_text(passage: Passage, unit: Unit) -> str:
    """Returns the text of a unit with what it needs to be understood: a row as `row_text`, an item
    and a code block behind the sentence that introduces them, each behind the headings that date
    it. The heading of a release is said to be released."""
    is_row = unit.kind is Kind.ROW and unit.cells
    spans = list(unit.above)
    if not is_row:
        spans += [unit.lead] if unit.lead and unit.kind in (Kind.ITEM, Kind.CODE) else []
        spans += unit.parents[-1:]
    parts = [strip_markup(passage.at(*_shortened(span))) for span in spans]
    parts += [row_text(passage, unit) if is_row else strip_markup(passage.source(unit))]
    parts += [RELEASED] if unit.kind is Kind.HEADING and is_release(parts[-1]) else []
    return " ".join(part for part in parts if part)


def path_text(passage: Passage) -> str:
    """Returns title, headings and the FAQ question in one line, outermost first."""
    question = passage.question
    if question and question not in (passage.title, *passage.headings):
        return f"{passage.context} › {question}"
    return passage.context


def unit_in_context(passage: Passage, unit: Unit) -> str:
    """Returns the text of a unit behind the title, headings and FAQ question above it."""
    return f"{path_text(passage)}: {unit_text(passage, unit)}"


def row_text(passage: Passage, unit: Unit) -> str:
    """Returns a row as "Label, Column: cell; Column: cell", empty cells left out."""
    parts = list(row_parts(passage, unit))
    labels = ", ".join(text for _, text, is_label in parts if is_label)
    cells = [
        f"{heading}: {text}" if heading else text
        for heading, text, is_label in parts
        if not is_label
    ]
    if not cells:
        return labels
    has_headings = any(heading for heading, _, is_label in parts if not is_label)
    joint = ", " if has_headings else ": "
    return f"{labels}{joint}{'; '.join(cells)}" if labels else "; ".join(cells)


def row_parts(passage: Passage, unit: Unit) -> Iterator[tuple[str, str, bool]]:
    """Yields the column heading, the text and whether it is a label, for each cell with text."""
    for number, cell in enumerate(unit.cells):
        text = _text(passage, cell if cell[0] >= unit.start else _shortened(cell))
        column = unit.columns[number] if number < len(unit.columns) else (0, 0)
        heading = _text(passage, _shortened(column))
        if text:
            yield heading, text, number < unit.labels


def _shortened(span: Span) -> Span:
    return span[0], min(span[1], span[0] + _MAX_CONTEXT_CHARS)


def _text(passage: Passage, span: Span) -> str:
    inside = passage.start <= span[0] < span[1] <= passage.end
    return strip_markup(passage.at(*span)) if inside else ""
