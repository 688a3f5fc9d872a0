"""Splits a Document into Passages: by structure first, by size second.

A passage is one FAQ pair, one list with the line that introduces it, one table, or adjacent
paragraphs of one section. A longer passage is divided between sentences, items or rows.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from corpus.document import Block, Document, Kind, Passage, Span, Unit
from corpus.markup import strip_markup
from corpus.sentences import sentence_spans

# Part of every manifest: an index made with another version is rebuilt.
SPLITTER_VERSION = 1
# Characters. The encoder reads 256 tokens, in English about 1,000 characters with the headings.
MAX_PASSAGE_CHARS = 900
# Lists and tables lose more by being divided.
MAX_LIST_CHARS = 1600
# Adjacent paragraphs of a section are joined up to this size: a short line alone is rarely found.
MAX_JOINED_CHARS = 600

_HEADINGS = frozenset({Kind.HEADING, Kind.QUESTION})
_TABLE = frozenset({Kind.HEADER, Kind.ROW})
_PROSE = frozenset({Kind.PARAGRAPH, Kind.ANSWER, Kind.CODE})


@dataclass
class _Section:
    """The headings above the current block; `question` is the last one, if it is a question."""

    path: list[tuple[int, str]] = field(default_factory=list)
    question: Block | None = None

    def enter(self, block: Block, heading: str) -> None:
        while self.path and self.path[-1][0] >= block.level:
            self.path.pop()
        self.path.append((block.level, heading))
        self.question = block if block.kind is Kind.QUESTION else None

    def leave_question(self) -> None:
        self.path.pop()
        self.question = None


def split(document: Document) -> list[Passage]:
    """Returns the passages of a document, in order.

    Their spans do not overlap. Their units contain neither boilerplate nor headings.
    """
    passages: list[Passage] = []
    section = _Section()
    blocks = document.blocks
    at = 0
    while at < len(blocks):
        block = blocks[at]
        if block.kind is Kind.BOILERPLATE:
            at += 1
            continue
        if block.kind in _HEADINGS:
            section.enter(block, strip_markup(document.text[block.start : block.end]))
            at += 1
            continue
        if block.kind is Kind.PARAGRAPH and section.question:
            section.leave_question()
        run = _run_length(document, blocks, at)
        pieces = _pieces(list(_units(document, blocks[at : at + run])))
        passages.extend(_passage(document, section, piece, blocks[at].kind) for piece in pieces)
        at += run
    return passages


def _run_length(document: Document, blocks: Sequence[Block], at: int) -> int:
    """Returns how many blocks from `at` on belong together."""
    first = blocks[at]
    count = 1
    in_list = first.kind is Kind.ITEM
    while at + count < len(blocks):
        block = blocks[at + count]
        before = blocks[at + count - 1]
        joined = block.end - first.start
        if first.kind in _TABLE:
            fits = block.kind in _TABLE
        elif block.kind is Kind.ITEM:
            introduced = _introduces_list(document, before)
            fits = in_list or introduced or first.kind is Kind.ANSWER
            in_list = True
        elif in_list or block.kind not in _PROSE:
            fits = False
        elif first.kind is Kind.ANSWER:
            fits = block.kind is Kind.ANSWER and joined <= MAX_PASSAGE_CHARS
        else:
            lead = _introduces_list(document, block) and _is_item(blocks, at + count + 1)
            code = Kind.CODE in (block.kind, before.kind)
            fits = not lead and joined <= (MAX_PASSAGE_CHARS if code else MAX_JOINED_CHARS)
        if not fits:
            break
        count += 1
    return count


def _introduces_list(document: Document, block: Block) -> bool:
    return block.kind in _PROSE and document.text[block.end - 1] == ":"


def _is_item(blocks: Sequence[Block], at: int) -> bool:
    return at < len(blocks) and blocks[at].kind is Kind.ITEM


def _units(document: Document, blocks: Sequence[Block]) -> Iterator[Unit]:
    lead: Span | None = None
    for block in blocks:
        if block.kind is Kind.HEADER:
            lead = (block.start, block.end)
            yield Unit(block.kind, block.start, block.end, block.cells)
        elif block.kind is Kind.ROW:
            yield Unit(block.kind, block.start, block.end, block.cells, lead)
        elif block.kind is Kind.ITEM:
            yield Unit(block.kind, block.start, block.end, lead=lead)
        elif block.kind is Kind.CODE:
            yield Unit(block.kind, block.start, block.end)
        else:
            for start, end in sentence_spans(document.text, block.start, block.end):
                yield Unit(block.kind, start, end)
                lead = (start, end) if document.text[end - 1] == ":" else None


def _pieces(units: list[Unit]) -> Iterator[list[Unit]]:
    """Yields the units in runs up to the maximum size; a single longer unit stays whole."""
    listed = any(unit.kind in (Kind.ITEM, Kind.ROW) for unit in units)
    max_chars = MAX_LIST_CHARS if listed else MAX_PASSAGE_CHARS
    piece: list[Unit] = []
    for unit in units:
        if piece and unit.end - piece[0].start > max_chars:
            yield piece
            piece = []
        piece.append(unit)
    if piece:
        yield piece


def _passage(document: Document, section: _Section, units: list[Unit], kind: Kind) -> Passage:
    start, end = units[0].start, units[-1].end
    headings = [heading for _, heading in section.path]
    question = None
    if section.question:
        question = headings.pop()
        between = document.text[section.question.end : start]
        # Not for later pieces of a long answer, nor if there is boilerplate in between.
        if len(between) <= 8 and not between.strip("#=- \t\r\n"):
            start = section.question.start
    if headings and headings[0] == document.title:
        headings = headings[1:]
    kinds = {unit.kind for unit in units}
    if Kind.ITEM in kinds and kind is not Kind.ANSWER:
        kind = Kind.ITEM
    elif kind is Kind.HEADER:
        kind = Kind.ROW
    return Passage(
        document=document.path,
        sha256=document.sha256,
        title=document.title,
        headings=tuple(headings),
        start=start,
        end=end,
        text=document.text[start:end],
        kind=kind,
        question=question,
        units=tuple(units),
    )
