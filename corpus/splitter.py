"""Splits a Document into Passages: by structure first, by size second.

A passage is one question with its whole answer, one list with the sentence that introduces it, one
table with its caption, code with the sentence that announces it, a short release with all its
parts, or adjacent paragraphs of one section. Only prose is divided, between sentences. The headings
right above belong to the passage.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import takewhile

from corpus.document import MAX_HEADING_CHARS, Block, Document, Kind, Passage, Span, Unit
from corpus.joins import HEADINGS, MAX_LEAD_CHARS, MAX_PASSAGE_CHARS, PROSE, run_length
from corpus.markup import strip_markup
from corpus.outlines import announces_parts, numbered_parts
from corpus.releases import dates_its_section
from corpus.sentences import sentence_spans

# Part of every manifest: an index made with another version is rebuilt.
SPLITTER_VERSION = 7
# A heading with a date, a version or another number states a fact, such as when a release came out.
_FACT = re.compile(r"\d[\d.:/-]*\d|\b(?:19|20)\d\d\b")
_NO_SPAN: Span = (0, 0)


@dataclass(frozen=True, slots=True)
class _Heading:
    """A heading above the current block, and the spans of the headings down to it from the first
    one on that dates its section, if one does."""

    block: Block
    words: str
    dated: tuple[Span, ...]


@dataclass
class _Section:
    """The headings above the current block; `question` is the last one, if it is a question.
    `pending` are the headings that no passage contains yet."""

    path: list[_Heading] = field(default_factory=list)
    question: Block | None = None
    pending: list[Block] = field(default_factory=list)

    def enter(self, block: Block, words: str) -> None:
        while self.path and self.path[-1].block.level >= block.level:
            self.path.pop()
        dated = self.dated
        if dated or dates_its_section(words):
            dated = (*dated, (block.start, block.end))
        self.path.append(_Heading(block, words, dated))
        self.question = block if block.kind is Kind.QUESTION else None
        self.pending.append(block)

    def leave_question(self) -> None:
        self.path.pop()
        self.question = None
        self.pending = []

    @property
    def dated(self) -> tuple[Span, ...]:
        """The spans of the headings from the first one on that dates its section."""
        return self.path[-1].dated if self.path else ()


def split(document: Document) -> list[Passage]:
    """Returns the passages of a document, in order.

    Their spans do not overlap. Their units contain no boilerplate, and of the headings only those
    that state a fact or are parts of a release or an answer. Only headings that are items of a list
    lie outside their passage.
    """
    passages: list[Passage] = []
    section = _Section()
    blocks = document.blocks
    at = 0
    while at < len(blocks):
        block = blocks[at]
        if block.kind is Kind.BOILERPLATE:
            if block.start < block.end:
                passages.extend(_headings_before_boilerplate(document, section, at))
            at += 1
            continue
        if block.kind in HEADINGS and not block.answers:
            if section.pending and block.level <= section.pending[-1].level:
                passages.extend(_headings_alone(document, section))
            _add_outline(document, passages, section, at)
            section.enter(block, _words(document, block))
            at += 1
            if section.dated and (end := _short_release(document, at, section)):
                passages.append(_release(document, section, at, end))
                at = end
            continue
        if section.question and not block.answers:
            section.leave_question()
        run = run_length(document, blocks, at)
        units = list(_units(document, blocks[at : at + run], section.dated))
        for piece in _pieces(units, blocks[at : at + run]) if units else ():
            passages.append(_passage(document, section, piece))
            section.pending = []
        at += run
    passages.extend(_headings_alone(document, section))
    return passages


def _add_outline(document: Document, passages: list[Passage], section: _Section, at: int) -> None:
    """If the heading `at` is the first of a numbered list that the text above announces, adds the
    headings to the passage above as its items."""
    first = document.blocks[at]
    parts = numbered_parts(document.text, document.blocks, at)
    opening = next((h for h in reversed(section.path) if h.block.level < first.level), None)
    if not parts or opening is None or not (passages or section.pending):
        return
    has_text = not section.pending and passages[-1].end > opening.block.start
    above = passages[-1].text[-MAX_LEAD_CHARS:] if has_text else ""
    said = f"{document.title} {opening.words} {above}"
    if not announces_parts(said, len(parts)):
        return
    passages.extend(_headings_alone(document, section))
    passage = passages[-1]
    last = passage.units[-1]
    lead = (last.start, last.end) if last.kind in (*PROSE, Kind.HEADING) else None
    items = (Unit(Kind.ITEM, *part.span, lead=lead, number=part.number) for part in parts)
    outside = ((part.span[0], document.text[slice(*part.span)]) for part in parts)
    passages[-1] = replace(
        passage, units=(*passage.units, *items), outside=(*passage.outside, *outside)
    )


def _words(document: Document, block: Block) -> str:
    return strip_markup(document.text[block.start : block.end])[:MAX_HEADING_CHARS]


def _short_release(document: Document, at: int, section: _Section) -> int:
    """The end of the blocks from `at` on if they make up one release or day, which the heading
    before them dates, with all its parts, and fit into one passage; else 0."""
    opening = document.blocks[at - 1]
    if opening.kind is not Kind.HEADING or not dates_its_section(section.path[-1].words):
        return 0
    limit = opening.start + MAX_PASSAGE_CHARS
    following = _from(document.blocks, at)
    inside = list(takewhile(lambda b: b.end <= limit and not _ends_section(opening, b), following))
    end = at + len(inside)
    is_whole = end == len(document.blocks) or _ends_section(opening, document.blocks[end])
    kinds = {block.kind for block in inside}
    has_parts = Kind.HEADING in kinds and kinds - {Kind.HEADING}
    plain = Kind.QUESTION not in kinds and Kind.BOILERPLATE not in kinds
    nested = any(b.kind is Kind.HEADING and dates_its_section(_words(document, b)) for b in inside)
    return end if is_whole and has_parts and plain and not nested else 0


def _from(blocks: Sequence[Block], at: int) -> Iterator[Block]:
    """The blocks from `at` on. (`islice` would walk over those before it.)"""
    return (blocks[number] for number in range(at, len(blocks)))


def _ends_section(opening: Block, block: Block) -> bool:
    return block.kind in HEADINGS and block.level <= opening.level


def _release(document: Document, section: _Section, at: int, end: int) -> Passage:
    """The passage of a release, whose parts have headings of their own."""
    inner = _Section(list(section.path))
    blocks = document.blocks
    units = [_heading_unit(section.pending[-1], section.dated)]
    while at < end:
        if blocks[at].kind is Kind.HEADING:
            inner.enter(blocks[at], _words(document, blocks[at]))
            units.append(_heading_unit(blocks[at], inner.dated))
            at += 1
            continue
        run = run_length(document, blocks, at)
        units.extend(_units(document, blocks[at : at + run], inner.dated))
        at += run
    passage = _passage(document, section, units)
    section.pending = []
    return passage


def _heading_unit(block: Block, dated: tuple[Span, ...]) -> Unit:
    """The heading, with those of `dated` that stand above it."""
    above = tuple(takewhile(lambda span: span[0] < block.start, dated))
    return Unit(Kind.HEADING, block.start, block.end, above=above)


def _headings_before_boilerplate(
    document: Document, section: _Section, at: int
) -> Iterator[Passage]:
    """The headings, if nothing else of their section follows the boilerplate at `at`. They are no
    part of what follows: a passage holds no boilerplate."""
    if section.pending:
        rest = (b.kind for b in _from(document.blocks, at))
        following = next((kind for kind in rest if kind is not Kind.BOILERPLATE), Kind.HEADING)
        if following in HEADINGS:
            yield from _headings_alone(document, section)
    section.pending = []


def _headings_alone(document: Document, section: _Section) -> Iterator[Passage]:
    """The headings below which nothing stands, as a passage: they may be all that is said."""
    if section.pending:
        units = [_heading_unit(b, section.dated) for b in section.pending]
        outer = _Section(section.path[: -len(units)])
        yield _passage(document, outer, units)
    section.pending = []


def _units(document: Document, blocks: Sequence[Block], above: tuple[Span, ...]) -> Iterator[Unit]:
    """The units of adjacent blocks, with the headings to quote with them."""
    return (
        replace(unit, above=above) if above else unit
        for unit in _units_of(document, blocks)
        if unit.cells
        or unit.kind is Kind.CODE
        or _says_something(document.text[unit.start : unit.end])
    )


def _says_something(source: str) -> bool:
    """Whether a text has letters or digits that a user sees: not an image or a template tag."""
    may_be_tag = source[0] in "<{![" or not any(map(str.isalnum, source))
    return not may_be_tag or any(map(str.isalnum, strip_markup(source)))


def _units_of(document: Document, blocks: Sequence[Block]) -> Iterator[Unit]:
    lead: Span | None = None
    columns: tuple[Span, ...] = ()
    open_items: list[tuple[int, Span]] = []  # level and span of the items around the block
    for block, following in zip(blocks, [*blocks[1:], None], strict=True):
        span = (block.start, block.end)
        while open_items and (block.level < open_items[-1][0] or block.kind is Kind.ROW):
            open_items.pop()
        if block.kind is Kind.ITEM and open_items and open_items[-1][0] == block.level:
            open_items.pop()
        parents = tuple(span for _, span in open_items)
        if block.kind is Kind.HEADER:
            columns = block.cells
            lead = span
            yield Unit(block.kind, *span, block.cells)
        elif block.kind is Kind.ROW:
            heads = tuple(
                columns[n] if n < len(columns) else _NO_SPAN for n in range(len(block.cells))
            )
            yield Unit(
                block.kind, *span, block.cells, lead, labels=block.labels,
                columns=heads if columns else (),
            )  # fmt: skip
        elif block.kind is Kind.ITEM:
            yield Unit(block.kind, *span, lead=lead, number=block.number, parents=parents)
            open_items.append((block.level, span))
        elif block.kind is Kind.CODE:
            yield Unit(block.kind, *span, lead=lead, parents=parents)
        elif block.kind is Kind.HEADING:
            lead = None
            yield Unit(block.kind, *span)
        else:
            columns = ()
            for start, end in sentence_spans(document.text, block.start, block.end):
                yield Unit(block.kind, start, end)
                lead = (start, end)
            is_announced = following is not None and following.kind is Kind.CODE
            if lead and document.text[lead[1] - 1] != ":" and not is_announced:
                lead = None


def _pieces(units: list[Unit], blocks: Sequence[Block]) -> Iterator[list[Unit]]:
    """Yields the units in runs: prose up to the maximum size, everything else whole."""
    if blocks[0].answers or any(b.kind not in PROSE for b in blocks):
        yield units
        return
    piece: list[Unit] = []
    for unit in units:
        if piece and unit.end - piece[0].start > MAX_PASSAGE_CHARS:
            yield piece
            piece = []
        piece.append(unit)
    if piece:
        yield piece


def _passage(document: Document, section: _Section, units: list[Unit]) -> Passage:
    headings = [heading.words for heading in section.path]
    dated = section.dated
    question = headings.pop() if section.question else None
    if headings and headings[0] == document.title:
        headings = headings[1:]
    facts = [
        _heading_unit(b, dated)
        for b in section.pending
        if b.kind is Kind.HEADING and _FACT.search(document.text, b.start, b.end)
    ]
    kind = _kind(units, section)
    units = [*facts, *units] if units[0].kind is not Kind.HEADING else units
    start = min([units[0].start, *(b.start for b in section.pending)])
    end = max(unit.end for unit in units)
    outside = tuple((a, document.text[a:b]) for a, b in dated if not start <= a < end)
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
        outside=outside,
    )


def _kind(units: Sequence[Unit], section: _Section) -> Kind:
    kinds = {unit.kind for unit in units}
    if section.question:
        return Kind.ANSWER
    for kind in (Kind.ROW, Kind.ITEM):
        if kind in kinds:
            return kind
    return units[0].kind if units[0].kind is not Kind.HEADER else Kind.ROW
