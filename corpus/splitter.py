"""From a Document to its Passages: structure first, size second.

A passage is one FAQ pair, one list with the line that opens it, one table, or neighbouring
paragraphs of one section; only what is longer than the encoder reads well is cut, and then
between sentences, items or rows.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from corpus.document import Block, Document, Kind, Passage, Span, Unit
from corpus.markup import strip_markup
from corpus.sentences import sentence_spans

# Part of every manifest: an index cut by other rules is built anew.
SPLITTER_VERSION = 1
# Characters. The encoder reads 256 tokens, in English about 1,000 characters with the headings.
MAX_PASSAGE_CHARS = 900
# Lists and tables are worth keeping whole; longer than this they are cut all the same.
MAX_LIST_CHARS = 1600
# Neighbouring paragraphs of a section are joined up to this: one short line finds nothing.
MAX_JOINED_CHARS = 600

_ASKING = frozenset({Kind.HEADING, Kind.QUESTION})
_TABLE = frozenset({Kind.HEADER, Kind.ROW})
_PROSE = frozenset({Kind.PARAGRAPH, Kind.ANSWER, Kind.CODE})


@dataclass
class _Section:
    """The headings above the block at hand; `question` where the last one asks."""

    path: list[tuple[int, str]] = field(default_factory=list)
    question: Block | None = None

    def enter(self, block: Block, words: str) -> None:
        while self.path and self.path[-1][0] >= block.level:
            self.path.pop()
        self.path.append((block.level, words))
        self.question = block if block.kind is Kind.QUESTION else None

    def leave_question(self, words: str) -> None:
        if self.path and self.path[-1][1] == words:
            self.path.pop()
        self.question = None


def split(document: Document) -> list[Passage]:
    """The passages of a document, in order. Their spans do not overlap, and no passage holds
    boilerplate or a heading other than the question it answers."""
    passages: list[Passage] = []
    section = _Section()
    blocks = document.blocks
    at = 0
    while at < len(blocks):
        block = blocks[at]
        if block.kind is Kind.BOILERPLATE:
            at += 1
            continue
        if block.kind in _ASKING:
            section.enter(block, strip_markup(document.text[block.start : block.end]))
            at += 1
            continue
        if block.kind is Kind.PARAGRAPH and section.question:
            asked = section.question
            section.leave_question(strip_markup(document.text[asked.start : asked.end]))
        run = _run(document, blocks, at)
        pieces = _pieces(list(_units(document, blocks[at : at + run])))
        passages.extend(_passage(document, section, piece, blocks[at].kind) for piece in pieces)
        at += run
    return passages


def _run(document: Document, blocks: Sequence[Block], at: int) -> int:
    """How many blocks from `at` on belong together."""
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
            opens = _opens_list(document, before)
            fits = in_list or opens or first.kind is Kind.ANSWER
            in_list = True
        elif in_list or block.kind not in _PROSE:
            fits = False
        elif first.kind is Kind.ANSWER:
            fits = block.kind is Kind.ANSWER and joined <= MAX_PASSAGE_CHARS
        else:
            lead = _opens_list(document, block) and _lists(blocks, at + count + 1)
            code = Kind.CODE in (block.kind, before.kind)
            fits = not lead and joined <= (MAX_PASSAGE_CHARS if code else MAX_JOINED_CHARS)
        if not fits:
            break
        count += 1
    return count


def _opens_list(document: Document, block: Block) -> bool:
    return block.kind in _PROSE and document.text[block.end - 1] == ":"


def _lists(blocks: Sequence[Block], at: int) -> bool:
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
    """The units in runs of at most the largest size; a single longer unit stays whole."""
    listed = any(unit.kind in (Kind.ITEM, Kind.ROW) for unit in units)
    largest = MAX_LIST_CHARS if listed else MAX_PASSAGE_CHARS
    piece: list[Unit] = []
    for unit in units:
        if piece and unit.end - piece[0].start > largest:
            yield piece
            piece = []
        piece.append(unit)
    if piece:
        yield piece


def _passage(document: Document, section: _Section, units: list[Unit], kind: Kind) -> Passage:
    asked = section.question
    start, end = units[0].start, units[-1].end
    headings = [words for _, words in section.path]
    question = None
    if asked:
        question = headings.pop() if headings else None
        between = document.text[asked.end : start]
        if asked.end <= start and len(between) <= 8 and not between.strip("#=- \t\r\n"):
            start = asked.start
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
