"""Parses text without markup into blocks, by its shape.

A first pass classifies the lines of each group (lines without a blank line between them): headings,
questions, tables whose cells have run together, lists, code, boilerplate. Further passes, in the
order of `_PASSES`, revise that with what only a look at the neighbouring blocks reveals.
The rules are about shapes that raw web scrapes share, not about particular documents.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise, takewhile

from corpus.boilerplate import boilerplate_reason, fingerprint, is_breadcrumb
from corpus.document import Block, Kind, Span
from corpus.lines import Line, split_lines, trim_span
from corpus.sentences import sentence_spans

Group = list[Line]  # lines without a blank line between them

_BULLET = re.compile(r"^\s*(?:[-*•‣▪◦]|[–—])\s+(?=\S)")
_NUMBER = re.compile(r"^\s*\(?(\d{1,3})[.)]\s+(?=\S)")
_TITLED_ITEM = re.compile(r"^[A-Z][^.!?:]{1,50}(?:\s[–—-]\s|:\s)\S")
_GLUED_CELLS = re.compile(r"^(\S.{1,58}?[a-z)\]])([A-Z][a-z(& ].*|[A-Z][a-z]+)$")
_WIKI_HEADING = re.compile(r"^\s*(=(?:\s?=)*)\s*([^=\s].*?)\s*=(?:\s?=)*\s*$")
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
# A title-case heading joined to its first sentence: "Valuing Customers Without customers, …".
_RUN_IN_HEADING = re.compile(
    r"^(?P<head>[A-Z]\w+(?:\s+(?:[A-Z]\w+|of|and|the|in|for|to|vs\.?|a))*\s+[A-Z]\w+)\s+"
    r"(?=(?:A|An|As|At|By|Even|For|From|How|If|In|It|Its|On|Our|That|The|Their|There|These|They|"
    r"This|To|We|What|When|While|With|Without|You|Your)\s+[a-z])"
)


@dataclass(frozen=True, slots=True)
class _Draft:
    """A block that later passes may revise.

    `alone` if it is the only block of its group. `short_answer` if it is a question whose answer
    is one paragraph.
    """

    block: Block
    alone: bool = False
    short_answer: bool = False


def plain_blocks(text: str) -> list[Block]:
    """Returns the blocks of a text without markup, in order.

    Text that matches no rule is a paragraph.
    """
    groups = _line_groups(split_lines(text))
    wrapped = _is_wrapped(groups)
    fingerprints = frozenset(fingerprint(line.text) for group in groups for line in group)
    paired = _question_answer_groups(groups)
    drafts: list[_Draft] = []
    for number, group in enumerate(groups):
        following = groups[number + 1] if number + 1 < len(groups) else []
        drafts.extend(_classify(text, group, following, fingerprints, number in paired, wrapped))
    for revise in _PASSES:
        drafts = revise(text, drafts)
    return [draft.block for draft in drafts]


def _line_groups(lines: Sequence[Line]) -> list[Group]:
    groups: list[Group] = [[]]
    for line in lines:
        if line.text.replace("\ufeff", "").strip():
            groups[-1].append(line)
        elif groups[-1]:
            groups.append([])
    return [group for group in groups if group]


def _is_wrapped(groups: Sequence[Group]) -> bool:
    """Whether lines are broken at a fixed width, so that a paragraph spans several of them."""
    lengths = [len(line.text) for group in groups for line in group[:-1]]
    if len(lengths) < 4:
        return False
    full = sum(55 <= length <= 100 for length in lengths)
    return full >= 0.7 * len(lengths)


def _question_answer_groups(groups: Sequence[Group]) -> set[int]:
    """Returns the numbers of adjacent groups that each consist of a question and its answer."""
    pairs = [len(group) > 1 and _asks(group[0].text) for group in groups]
    adjacent: set[int] = set()
    for number, (this, following) in enumerate(pairwise(pairs)):
        if this and following:
            adjacent |= {number, number + 1}
    return adjacent


def _classify(
    text: str,
    group: Group,
    following: Group,
    fingerprints: frozenset[str],
    short_answer: bool,
    wrapped: bool,
) -> Iterator[_Draft]:
    """Yields the drafts of one group. `fingerprints` are those of all lines of the text."""
    if _is_caption(group):
        for line in group:
            yield _Draft(_line_block(line, Kind.BOILERPLATE, reason="caption"), alone=True)
        return
    table = _find_table(group)
    at = 0
    while at < len(group):
        line = group[at]
        rest = group[at + 1 :]
        reason = boilerplate_reason(line.text) or (
            "navigation" if is_breadcrumb(line.text, fingerprints) else ""
        )
        if reason:
            yield _Draft(_line_block(line, Kind.BOILERPLATE, reason=reason))
            at += 1
        elif table and at == table[0]:
            yield from _table_drafts(group[table[0] : table[1]])
            at = table[1]
        elif items := _count_items(group[at:]):
            for item in group[at : at + items]:
                yield _Draft(_item_block(item))
            at += items
        elif wiki := _WIKI_HEADING.match(line.text):
            yield _Draft(_wiki_block(line, wiki))
            at += 1
        elif _CODE.match(line.text) and (run := _count_code_lines(group[at:])) > 0:
            yield _Draft(_span_block(text, Kind.CODE, line.start, group[at + run - 1].end))
            at += run
        elif _is_question(line, rest, following):
            level = 3 if rest else 2
            yield _Draft(_line_block(line, Kind.QUESTION, level), not rest, short_answer)
            at += 1
        elif level := _heading_level(line, rest, following, len(group)):
            yield _Draft(_line_block(line, Kind.HEADING, level), alone=len(group) == 1)
            at += 1
        else:
            run = len(group) - at if wrapped else 1
            yield from _paragraph_drafts(text, line.start, group[at + run - 1].end)
            at += run


def _line_block(line: Line, kind: Kind, level: int = 0, reason: str = "") -> Block:
    left = len(line.text) - len(line.text.lstrip())
    right = len(line.text) - len(line.text.rstrip())
    return Block(kind, line.start + left, line.end - right, level, reason=reason)


def _span_block(text: str, kind: Kind, start: int, end: int) -> Block:
    return Block(kind, *trim_span(text, start, end))


def _is_caption(group: Group) -> bool:
    """Whether the group captions a picture: short, no sentence, in lower case or repeated."""
    if any(len(line.text.split()) > 9 or line.text.rstrip()[-1] in ".!:;" for line in group):
        return False
    if any(_CODE.match(line.text) for line in group):
        return False
    if len(group) == 1:
        words = group[0].text.split()
        return len(words) <= 5 and all(word[0].islower() for word in words)
    return len({fingerprint(line.text) for line in group}) == 1


# --- tables ------------------------------------------------------------------------------------


def _find_table(group: Group) -> Span | None:
    """Returns the first and the end line of a table whose cells are separated by tabs or run
    together, or None."""
    for cells_of, min_rows in ((_tabbed_cells, 2), (_glued_cells, 3)):
        start = 0
        while start < len(group):
            end = start
            width = len(cells_of(group[start]))
            while end < len(group) and width > 1 and len(cells_of(group[end])) == width:
                end += 1
            header = group[start].text.strip()
            if end - start >= min_rows and len(header) <= 60 and header[-1] not in ".!?":
                return start, end
            start = max(end, start + 1)
    return None


def _tabbed_cells(line: Line) -> tuple[Span, ...]:
    if "\t" not in line.text.strip():
        return ()
    cells = []
    at = line.start
    for cell in line.text.split("\t"):
        left = len(cell) - len(cell.lstrip())
        cells.append((at + left, at + len(cell.rstrip())))
        at += len(cell) + 1
    return tuple(cells)


def _glued_cells(line: Line) -> tuple[Span, ...]:
    found = _GLUED_CELLS.match(line.text)
    if not found or re.search(r"[.!?;]\s", found.group(1)) or len(found.group(1).split()) > 8:
        return ()
    border = line.start + found.end(1)
    return (line.start, border), (border, line.start + len(line.text.rstrip()))


def _table_drafts(rows: Group) -> Iterator[_Draft]:
    cells_of = _tabbed_cells if _tabbed_cells(rows[0]) else _glued_cells
    for number, line in enumerate(rows):
        kind = Kind.ROW if number else Kind.HEADER
        yield _Draft(replace(_line_block(line, kind), cells=cells_of(line)))


# --- lists -------------------------------------------------------------------------------------


def _count_items(lines: Group) -> int:
    """Returns how many lines from the first on are items of one list, 0 if they form no list."""
    for pattern, min_items in ((_BULLET, 1), (_NUMBER, 2), (_TITLED_ITEM, 3)):
        count = _count_matches(lines, pattern)
        if count:
            return count if count >= min_items else 0
    return 0


def _count_matches(lines: Group, pattern: re.Pattern[str]) -> int:
    return sum(1 for _ in takewhile(lambda line: pattern.match(line.text), lines))


def _item_block(line: Line) -> Block:
    mark = _BULLET.match(line.text) or _NUMBER.match(line.text)
    block = _line_block(line, Kind.ITEM, 1)
    return replace(block, start=line.start + mark.end()) if mark else block


def _mark_colon_lists(text: str, drafts: Sequence[_Draft]) -> list[_Draft]:
    """Two or more lines below a line that ends with a colon become items."""
    result: list[_Draft] = []
    in_list = False
    for number, draft in enumerate(drafts):
        block = draft.block
        if in_list and block.kind is Kind.PARAGRAPH and block.end - block.start <= 400:
            result.append(replace(draft, block=replace(block, kind=Kind.ITEM, level=1)))
            in_list = _next_is_adjacent(text, drafts, number)
            continue
        if block.kind is Kind.PARAGRAPH and text[block.end - 1] == ":":
            below = list(_paragraphs_below(text, drafts, number))
            in_list = len(below) > 1 and all(text[b.end - 1] != ":" for b in below)
        else:
            in_list = False
        result.append(draft)
    return result


def _paragraphs_below(text: str, drafts: Sequence[_Draft], number: int) -> Iterator[Block]:
    """Yields the paragraphs below a draft, up to a blank line."""
    at = number + 1
    while at < len(drafts) and drafts[at].block.kind is Kind.PARAGRAPH:
        yield drafts[at].block
        if not _next_is_adjacent(text, drafts, at):
            return
        at += 1


def _next_is_adjacent(text: str, drafts: Sequence[_Draft], number: int) -> bool:
    if number + 1 >= len(drafts):
        return False
    between = text[drafts[number].block.end : drafts[number + 1].block.start]
    return between.replace("\r\n", "\n").count("\n") == 1


# --- code --------------------------------------------------------------------------------------


def _count_code_lines(lines: Group) -> int:
    """Returns how many lines from the first on are code. A single line may be prose: it counts
    only if it is an import or a decorator."""
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


def _is_question(line: Line, rest: Group, following: Group) -> bool:
    below = rest or following
    return _asks(line.text) and bool(below) and not below[0].text.strip().endswith("?")


def _heading_level(line: Line, rest: Group, following: Group, size: int) -> int:
    """Returns the level of a heading, 0 if the line is none.

    A line in a group of its own has level 2; a numbered one, or one directly above its text, 3.
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
    """Returns the share of the words of more than three letters that are capitalised."""
    longer = [word for word in re.findall(r"[^\W\d_]\w+", words) if len(word) > 3]
    return sum(word[0].isupper() for word in longer) / len(longer) if longer else 1.0


def _wiki_block(line: Line, wiki: re.Match[str]) -> Block:
    level = min(wiki.group(1).count("="), 6)
    return Block(Kind.HEADING, line.start + wiki.start(2), line.start + wiki.end(2), level)


def _paragraph_drafts(text: str, start: int, end: int) -> Iterator[_Draft]:
    """Yields a paragraph, split at headings that have run into one of its sentences."""
    begin, end = trim_span(text, start, end)
    for first, last in list(sentence_spans(text, begin, end)):
        run_in = _RUN_IN_HEADING.match(text[first:last])
        if run_in and len(run_in["head"].split()) <= 9 and last - first > len(run_in.group()) + 20:
            if begin < first:
                yield _Draft(_span_block(text, Kind.PARAGRAPH, begin, first))
            heading = _span_block(text, Kind.HEADING, first, first + len(run_in["head"]))
            yield _Draft(replace(heading, level=4))
            begin = first + run_in.end()
    yield _Draft(_span_block(text, Kind.PARAGRAPH, begin, end))


def _mark_title(text: str, drafts: Sequence[_Draft]) -> list[_Draft]:
    """The first line that is not boilerplate becomes the title (level 1), unless it is long or
    ends like a sentence."""
    result = list(drafts)
    for number, draft in enumerate(drafts):
        block = draft.block
        if block.kind in (Kind.HEADING, Kind.PARAGRAPH):
            words = text[block.start : block.end]
            if len(words.split()) <= 14 and "\n" not in words and words[-1] not in ".:;,?…":
                title = replace(block, kind=Kind.HEADING, level=1)
                result[number] = replace(draft, block=title)
        if block.kind is not Kind.BOILERPLATE:
            break
    return result


def _nest_announced_headings(text: str, drafts: Sequence[_Draft]) -> list[_Draft]:
    """Headings of lists and tables move one level down if a paragraph of the section above
    announces them ("Below are …")."""
    result = list(drafts)
    announced = False
    level = 0
    for number, draft in enumerate(drafts):
        block = draft.block
        if block.kind is Kind.HEADING:
            below = drafts[number + 1].block.kind if number + 1 < len(drafts) else None
            if announced and below in (Kind.ITEM, Kind.HEADER) and block.level == level:
                result[number] = replace(draft, block=replace(block, level=level + 1))
            else:
                announced, level = False, block.level
        elif block.kind is Kind.PARAGRAPH:
            announced = bool(_ANNOUNCES.search(text, block.start, block.end))
    return result


def _mark_repeats(text: str, drafts: Sequence[_Draft]) -> list[_Draft]:
    """A heading alone in its group becomes boilerplate (a caption, the name of the site) if it
    repeats the title or the heading above, or if it is longer and occurs three times."""

    def words_of(block: Block) -> str:
        return re.sub(r"^\d+ ", "", fingerprint(text[block.start : block.end]))

    counts = Counter(words_of(draft.block) for draft in drafts if draft.alone)
    seen: set[str] = set()
    title = current = ""
    result: list[_Draft] = []
    for draft in drafts:
        block = draft.block
        if block.kind in (Kind.HEADING, Kind.QUESTION):
            words = words_of(block)
            frequent = counts[words] > 2 and len(words.split()) > 2 and words in seen
            if draft.alone and words and (words in (title, current) or frequent):
                repeat = replace(block, kind=Kind.BOILERPLATE, level=0, reason="repeated line")
                result.append(_Draft(repeat))
                continue
            seen.add(words)
            title = title or words
            current = words
        result.append(draft)
    return result


def _mark_answers(_: str, drafts: Sequence[_Draft]) -> list[_Draft]:
    """The paragraphs below a question become its answer, up to the next heading. In a run of
    groups that each consist of a question and its answer, an answer is one paragraph."""
    result: list[_Draft] = []
    question: _Draft | None = None
    answered = False
    for draft in drafts:
        kind = draft.block.kind
        if kind is Kind.QUESTION:
            question, answered = draft, False
        elif kind is Kind.HEADING or (question and question.short_answer and answered):
            # Text after the last pair of a run answers no question.
            question = None
        elif question and kind is not Kind.BOILERPLATE:
            kind = Kind.ANSWER if kind is Kind.PARAGRAPH else kind
            result.append(replace(draft, block=replace(draft.block, kind=kind, answers=True)))
            answered = True
            continue
        result.append(draft)
    return result


def _demote_unanswered_questions(_: str, drafts: Sequence[_Draft]) -> list[_Draft]:
    """A question directly followed by a heading, a question or the end becomes a heading."""
    result = list(drafts)
    following = [*(draft.block.kind for draft in drafts[1:]), Kind.HEADING]
    for number, draft in enumerate(drafts):
        unanswered = following[number] in (Kind.HEADING, Kind.QUESTION)
        if draft.block.kind is Kind.QUESTION and unanswered:
            result[number] = replace(draft, block=replace(draft.block, kind=Kind.HEADING))
    return result


_PASSES: tuple[Callable[[str, Sequence[_Draft]], list[_Draft]], ...] = (
    _mark_title,
    _mark_colon_lists,
    _mark_repeats,
    _nest_announced_headings,
    _mark_answers,
    _demote_unanswered_questions,
)
