"""Blocks of a text without markup, from its shape: headings, questions with answers, tables
whose cells have run together, lists, code, captions and other boilerplate.

Every rule is about shape that raw scrapes share; none knows a particular document.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from corpus.boilerplate import boilerplate_reason, fingerprint, is_breadcrumb
from corpus.document import Block, Kind, Span
from corpus.lines import Line, split_lines, trim_span
from corpus.sentences import sentence_spans

Chunk = list[Line]  # lines with no blank line between them

_BULLET = re.compile(r"^\s*(?:[-*•‣▪◦]|[–—])\s+(?=\S)")
_NUMBER = re.compile(r"^\s*\(?(\d{1,3})[.)]\s+(?=\S)")
_TITLED = re.compile(r"^[A-Z][^.!?:]{1,50}(?:\s[–—-]\s|:\s)\S")
_GLUED = re.compile(r"^(\S.{1,58}?[a-z)\]])([A-Z][a-z(& ].*|[A-Z][a-z]+)$")
_WIKI = re.compile(r"^\s*(=(?:\s?=)*)\s*([^=\s].*?)\s*=(?:\s?=)*\s*$")
_VERSION = re.compile(r"^v?\d+(?:\.\d+)+$")
_ASKS = re.compile(
    r"^(?:(?:to|in|on|at|by|for|from|with|of|under) )?(?:who|whom|what|when|where|which|whose|why|"
    r"how|is|are|was|were|do|does|did|can|could|should|would|will|has|have|may|must)\b",
    re.IGNORECASE,
)
_CODE = re.compile(
    r"^(?:\s{4,}\S|\s*(?:import \w|from \S+ import |def \w+\(|class \w+[(:]|return\b|#\s|@\w"
    r"|[)\]}]+,?$|(?:if|for|while|with|elif|try|else)\b.*:$"
    r"|[\w.]+(?:, \w+)* = \S|[\w.]+\(.*\)$|[\w.]+\($))"
)
_ANNOUNCES = re.compile(r"\b(?:below|following|here are|as follows)\b", re.IGNORECASE)
# Title-case words run into the sentence below them: "Valuing Customers Without customers, …".
_RUN_IN = re.compile(
    r"^(?P<head>[A-Z]\w+(?:\s+(?:[A-Z]\w+|of|and|the|in|for|to|vs\.?|a))*\s+[A-Z]\w+)\s+"
    r"(?=(?:A|An|As|At|By|Even|For|From|How|If|In|It|Its|On|Our|That|The|Their|There|These|They|"
    r"This|To|We|What|When|While|With|Without|You|Your)\s+[a-z])"
)


@dataclass(frozen=True, slots=True)
class _Shape:
    """A block in the making: `alone` where its chunk holds nothing else."""

    block: Block
    alone: bool = False
    tight: bool = False  # a question whose answer ends with its chunk


def plain_blocks(text: str) -> list[Block]:
    """The blocks of a text without markup, in order. Nothing is lost: what fits no rule is a
    paragraph."""
    chunks = _chunks(split_lines(text))
    wrapped = _is_wrapped(chunks)
    known = frozenset(fingerprint(line.text) for chunk in chunks for line in chunk)
    tight = _tight_questions(chunks)
    shapes: list[_Shape] = []
    for number, chunk in enumerate(chunks):
        following = chunks[number + 1] if number + 1 < len(chunks) else []
        shapes.extend(_chunk_shapes(text, chunk, following, known, number in tight, wrapped))
    shapes = _without_repeats(text, _listed(text, _titled(text, shapes)))
    return _answered(_nested(text, shapes))


def _chunks(lines: Sequence[Line]) -> list[Chunk]:
    chunks: list[Chunk] = [[]]
    for line in lines:
        if line.text.replace("\ufeff", "").strip():
            chunks[-1].append(line)
        elif chunks[-1]:
            chunks.append([])
    return [chunk for chunk in chunks if chunk]


def _is_wrapped(chunks: Sequence[Chunk]) -> bool:
    """Whether the text breaks its lines at a fixed width, so that a line is no paragraph."""
    lengths = [len(line.text) for chunk in chunks for line in chunk[:-1]]
    if len(lengths) < 4:
        return False
    full = sum(55 <= length <= 100 for length in lengths)
    return full >= 0.7 * len(lengths)


def _tight_questions(chunks: Sequence[Chunk]) -> set[int]:
    """Chunks of a question line and its answer that stand next to another of the kind."""
    pairs = [len(chunk) > 1 and _asks(chunk[0].text) for chunk in chunks]
    near: set[int] = set()
    for number, (this, following) in enumerate(pairwise(pairs)):
        if this and following:
            near |= {number, number + 1}
    return near


def _chunk_shapes(
    text: str,
    chunk: Chunk,
    following: Chunk,
    known: frozenset[str],
    tight: bool,
    wrapped: bool,
) -> Iterator[_Shape]:
    if _is_caption(chunk):
        for line in chunk:
            yield _Shape(_line_block(line, Kind.BOILERPLATE, reason="caption"), alone=True)
        return
    table = _table_run(chunk)
    at = 0
    while at < len(chunk):
        line = chunk[at]
        rest = chunk[at + 1 :]
        reason = boilerplate_reason(line.text) or (
            "navigation" if is_breadcrumb(line.text, known) else ""
        )
        if reason:
            yield _Shape(_line_block(line, Kind.BOILERPLATE, reason=reason))
            at += 1
        elif table and at == table[0]:
            yield from _table_shapes(chunk[table[0] : table[1]])
            at = table[1]
        elif items := _item_run(chunk[at:]):
            for item in chunk[at : at + items]:
                yield _Shape(_item_block(item))
            at += items
        elif wiki := _WIKI.match(line.text):
            yield _Shape(_wiki_block(line, wiki))
            at += 1
        elif _CODE.match(line.text) and (run := _code_run(chunk[at:])) > 0:
            yield _Shape(_span_block(text, Kind.CODE, line.start, chunk[at + run - 1].end))
            at += run
        elif _is_question(line, rest, following):
            level = 3 if rest else 2
            yield _Shape(_line_block(line, Kind.QUESTION, level), not rest, tight)
            at += 1
        elif level := _heading_level(line, rest, following, len(chunk)):
            yield _Shape(_line_block(line, Kind.HEADING, level), alone=len(chunk) == 1)
            at += 1
        else:
            run = len(chunk) - at if wrapped else 1
            yield from _paragraph_shapes(text, line.start, chunk[at + run - 1].end)
            at += run


def _line_block(line: Line, kind: Kind, level: int = 0, reason: str = "") -> Block:
    left = len(line.text) - len(line.text.lstrip())
    right = len(line.text) - len(line.text.rstrip())
    return Block(kind, line.start + left, line.end - right, level, reason=reason)


def _span_block(text: str, kind: Kind, start: int, end: int) -> Block:
    return Block(kind, *trim_span(text, start, end))


def _is_caption(chunk: Chunk) -> bool:
    """The line under a picture: short, no sentence, lower case or said twice."""
    if any(len(line.text.split()) > 9 or line.text.rstrip()[-1] in ".!:;" for line in chunk):
        return False
    if any(_CODE.match(line.text) for line in chunk):
        return False
    if len(chunk) == 1:
        words = chunk[0].text.split()
        return len(words) <= 5 and all(word[0].islower() for word in words)
    return len({fingerprint(line.text) for line in chunk}) == 1


# --- tables ------------------------------------------------------------------------------------


def _table_run(chunk: Chunk) -> Span | None:
    """First and end line of a table in the chunk: tabbed, or with cells run together."""
    for cells, least in ((_tabbed, 2), (_glued, 3)):
        start = 0
        while start < len(chunk):
            end = start
            width = len(cells(chunk[start]))
            while end < len(chunk) and width > 1 and len(cells(chunk[end])) == width:
                end += 1
            header = chunk[start].text.strip()
            if end - start >= least and len(header) <= 60 and header[-1] not in ".!?":
                return start, end
            start = max(end, start + 1)
    return None


def _tabbed(line: Line) -> tuple[Span, ...]:
    if "\t" not in line.text.strip():
        return ()
    cells = []
    at = line.start
    for cell in line.text.split("\t"):
        left = len(cell) - len(cell.lstrip())
        cells.append((at + left, at + len(cell.rstrip())))
        at += len(cell) + 1
    return tuple(cells)


def _glued(line: Line) -> tuple[Span, ...]:
    found = _GLUED.match(line.text)
    if not found or re.search(r"[.!?;]\s", found.group(1)) or len(found.group(1).split()) > 8:
        return ()
    border = line.start + found.end(1)
    return (line.start, border), (border, line.start + len(line.text.rstrip()))


def _table_shapes(rows: Chunk) -> Iterator[_Shape]:
    cells = _tabbed if _tabbed(rows[0]) else _glued
    for number, line in enumerate(rows):
        kind = Kind.ROW if number else Kind.HEADER
        yield _Shape(replace(_line_block(line, kind), cells=cells(line)))


# --- lists -------------------------------------------------------------------------------------


def _item_run(lines: Chunk) -> int:
    """How many lines from the first one on are items of one list; 0 where it opens none."""
    if _BULLET.match(lines[0].text):
        return _run(lines, _BULLET)
    if _NUMBER.match(lines[0].text):
        run = _run(lines, _NUMBER)
        return run if run > 1 else 0
    run = _run(lines, _TITLED)
    return run if run > 2 else 0


def _run(lines: Chunk, pattern: re.Pattern[str]) -> int:
    run = 0
    while run < len(lines) and pattern.match(lines[run].text):
        run += 1
    return run


def _item_block(line: Line) -> Block:
    mark = _BULLET.match(line.text) or _NUMBER.match(line.text)
    block = _line_block(line, Kind.ITEM, 1)
    return replace(block, start=line.start + mark.end()) if mark else block


def _listed(text: str, shapes: Sequence[_Shape]) -> list[_Shape]:
    """Lines below a line that ends with a colon are its items, where there are two or more."""
    result: list[_Shape] = []
    leading = False
    for number, shape in enumerate(shapes):
        block = shape.block
        if leading and block.kind is Kind.PARAGRAPH and block.end - block.start <= 400:
            result.append(replace(shape, block=replace(block, kind=Kind.ITEM, level=1)))
            leading = _same_chunk(text, shapes, number)
            continue
        if block.kind is Kind.PARAGRAPH and text[block.end - 1] == ":":
            below = list(_below(text, shapes, number))
            leading = len(below) > 1 and all(text[b.end - 1] != ":" for b in below)
        else:
            leading = False
        result.append(shape)
    return result


def _below(text: str, shapes: Sequence[_Shape], number: int) -> Iterator[Block]:
    """The paragraphs that stand line under line below a shape, in one chunk."""
    at = number + 1
    while at < len(shapes) and shapes[at].block.kind is Kind.PARAGRAPH:
        yield shapes[at].block
        if not _same_chunk(text, shapes, at):
            return
        at += 1


def _same_chunk(text: str, shapes: Sequence[_Shape], number: int) -> bool:
    if number + 1 >= len(shapes):
        return False
    between = text[shapes[number].block.end : shapes[number + 1].block.start]
    return between.replace("\r\n", "\n").count("\n") == 1


# --- code --------------------------------------------------------------------------------------


def _code_run(lines: Chunk) -> int:
    """How many lines of code stand here; one that looks like code among prose is none."""
    run = 0
    while run < len(lines) and (
        _CODE.match(lines[run].text) or (run and _continues_code(lines[run].text))
    ):
        run += 1
    return run if run > 1 or lines[0].text.strip().startswith(("import ", "from ", "@")) else 0


def _continues_code(line: str) -> bool:
    return line.rstrip()[-1:] in "([{,)]}" and not re.search(r"[a-z]{3,} [a-z]{3,} [a-z]{3,}", line)


# --- headings and questions ----------------------------------------------------------------------


def _asks(line: str) -> bool:
    words = line.strip()
    if not words.endswith("?") or words.count("?") > 1 or len(words.split()) > 25:
        return False
    sentences = sum(1 for _ in sentence_spans(words))
    return sentences == 1 and bool(_ASKS.match(words) or _title_case(words) >= 0.6)


def _is_question(line: Line, rest: Chunk, following: Chunk) -> bool:
    below = rest or following
    return _asks(line.text) and bool(below) and not below[0].text.strip().endswith("?")


def _heading_level(line: Line, rest: Chunk, following: Chunk, size: int) -> int:
    """2 or 3 for a line that heads what follows it, 0 for one that does not.

    A line on its own is level 2, one right above its text or with a number 3.
    """
    words = line.text.strip()
    count = len(words.split())
    if _VERSION.match(words):
        return 2 if rest or following else 0
    if count > 14 or len(words) > 100 or words[-1] in ".!;:,—…" or not (rest or following):
        return 0
    if not (words[0].isupper() or words[0].isdigit()):
        return 0
    titled = _title_case(words) >= 0.6
    if size == 1:
        return (3 if _NUMBER.match(words) else 2) if count <= 6 or titled else 0
    if not rest or not (count <= 4 or (titled and count <= 9) or words.isupper()):
        return 0
    below = rest[0].text.strip()
    return 3 if len(below.split()) >= max(6, count + 3) or below[-1] in ".:" else 0


def _title_case(words: str) -> float:
    """The share of the longer words that open with a capital."""
    longer = [word for word in re.findall(r"[^\W\d_]\w+", words) if len(word) > 3]
    return sum(word[0].isupper() for word in longer) / len(longer) if longer else 1.0


def _wiki_block(line: Line, wiki: re.Match[str]) -> Block:
    level = min(wiki.group(1).count("="), 6)
    return Block(Kind.HEADING, line.start + wiki.start(2), line.start + wiki.end(2), level)


def _paragraph_shapes(text: str, start: int, end: int) -> Iterator[_Shape]:
    """A paragraph; a heading that has run into one of its sentences is taken apart again."""
    begin, end = trim_span(text, start, end)
    for first, last in list(sentence_spans(text, begin, end)):
        run_in = _RUN_IN.match(text[first:last])
        if run_in and len(run_in["head"].split()) <= 9 and last - first > len(run_in.group()) + 20:
            if begin < first:
                yield _Shape(_span_block(text, Kind.PARAGRAPH, begin, first))
            heading = _span_block(text, Kind.HEADING, first, first + len(run_in["head"]))
            yield _Shape(replace(heading, level=4))
            begin = first + run_in.end()
    yield _Shape(_span_block(text, Kind.PARAGRAPH, begin, end))


def _titled(text: str, shapes: Sequence[_Shape]) -> list[_Shape]:
    """The first line that is not boilerplate is the title (level 1), unless it reads as text:
    long, a question, or closed by a full stop."""
    result = list(shapes)
    for number, shape in enumerate(shapes):
        block = shape.block
        if block.kind in (Kind.HEADING, Kind.PARAGRAPH):
            words = text[block.start : block.end]
            if len(words.split()) <= 14 and "\n" not in words and words[-1] not in ".:;,?…":
                title = replace(block, kind=Kind.HEADING, level=1)
                result[number] = replace(shape, block=title)
        if block.kind is not Kind.BOILERPLATE:
            break
    return result


def _nested(text: str, shapes: Sequence[_Shape]) -> list[_Shape]:
    """Headings of mere lists and tables below a paragraph that announces them belong to its
    section: they go one level down."""
    result = list(shapes)
    announced = False
    level = 0
    for number, shape in enumerate(shapes):
        block = shape.block
        if block.kind is Kind.HEADING:
            below = shapes[number + 1].block.kind if number + 1 < len(shapes) else None
            if announced and below in (Kind.ITEM, Kind.HEADER) and block.level == level:
                result[number] = replace(shape, block=replace(block, level=level + 1))
            else:
                announced, level = False, block.level
        elif block.kind is Kind.PARAGRAPH:
            announced = bool(_ANNOUNCES.search(text, block.start, block.end))
    return result


def _without_repeats(text: str, shapes: Sequence[_Shape]) -> list[_Shape]:
    """A line on its own that says the title or the current heading again is a caption or the
    site's name; so is a longer line that stands on its own three times."""

    def words(block: Block) -> str:
        return re.sub(r"^\d+ ", "", fingerprint(text[block.start : block.end]))

    counts = Counter(words(shape.block) for shape in shapes if shape.alone)
    seen: Counter[str] = Counter()
    title = current = ""
    result: list[_Shape] = []
    for shape in shapes:
        block = shape.block
        if block.kind in (Kind.HEADING, Kind.QUESTION):
            own = words(block)
            often = counts[own] > 2 and len(own.split()) > 2 and seen[own] > 0
            if shape.alone and own and (own in (title, current) or often):
                repeat = replace(block, kind=Kind.BOILERPLATE, level=0, reason="repeated line")
                result.append(_Shape(repeat))
                continue
            seen[own] += 1
            title = title or own
            current = own
        result.append(shape)
    return result


def _answered(shapes: Sequence[_Shape]) -> list[Block]:
    """The paragraphs below a question are its answer, to the next heading, or to the end of
    the chunk where question and answer stand line under line in a row of their kind."""
    result: list[Block] = []
    open_question: _Shape | None = None
    answered = False
    for shape in shapes:
        block = shape.block
        if block.kind is Kind.QUESTION:
            open_question, answered = shape, False
        elif block.kind is Kind.HEADING:
            open_question = None
        elif block.kind is Kind.PARAGRAPH and open_question:
            if open_question.tight and answered:
                # What follows the last pair belongs to none: close it as an unnamed section.
                open_question = None
            else:
                block = replace(block, kind=Kind.ANSWER)
                answered = True
        result.append(block)
    return [
        replace(block, kind=Kind.HEADING)
        if block.kind is Kind.QUESTION
        and (number + 1 == len(result) or result[number + 1].kind in (Kind.HEADING, Kind.QUESTION))
        else block
        for number, block in enumerate(result)
    ]
