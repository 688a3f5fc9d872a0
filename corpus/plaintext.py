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
from itertools import pairwise

from corpus.boilerplate import boilerplate_reason, fingerprint, is_breadcrumb
from corpus.code import is_code, is_comment
from corpus.document import Block, Kind, Span
from corpus.lines import Line, split_lines, trim_span
from corpus.questions import END_OF_ANSWER, mark_questions, starts_with_label, without_label
from corpus.sentences import sentence_spans

Group = list[Line]  # lines without a blank line between them

_BULLET = re.compile(r"^\s*(?:[-*•‣▪◦]|[–—])\s+(?=\S)")
_NUMBER = re.compile(r"^\s*\(?(\d{1,3})[.)]\s+(?=\S)")
_TITLED_ITEM = re.compile(r"^[A-Z][^.!?:]{1,50}(?:\s[–—-]\s|:\s)\S")
_GLUED_CELLS = re.compile(r"^(\S.{1,58}?[a-z)\]])([A-Z][a-z(& ].*|[A-Z][a-z]+)$")
_WIKI_HEADING = re.compile(r"^\s*(=(?:\s?=)*)\s*([^=\s].*?)\s*=(?:\s?=)*\s*$")
# A line of one repeated character under a heading; the first stands for the higher level.
_UNDERLINE = re.compile(r"^\s*(=|-|~|\^|\*)\1{2,}\s*$")
# Cells set apart by two or more spaces.
_SPACED_CELL = re.compile(r"\S+(?: \S+)*+")
_VERSION = re.compile(r"^v?\d+(?:\.\d+)+$")
_ASKS = re.compile(
    r"^(?:(?:to|in|on|at|by|for|from|with|of|under) )?(?:who|whom|what|when|where|which|whose|why|"
    r"how|is|are|was|were|do|does|did|can|could|should|would|will|has|have|may|must)\b",
    re.IGNORECASE,
)
# A line of a table of contents: "Chapter one ..... 12".
_CONTENTS = re.compile(r"^\s*\S.{0,100}?(?:\s?[.·…_]){3,}+\s*\d{1,4}\s*$")
_MAX_CONTENTS_LINE = 200
_WORDS = re.compile(r"[a-z]{3,} [a-z]{3,} [a-z]{3,}")
_SENTENCE_ENDS = frozenset('.!?:;"”)')
# Shares of the width at which lines are broken: a full line, and one that ends a paragraph.
_FULL, _SHORT = 0.75, 0.8
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


@dataclass(frozen=True, slots=True)
class _Layout:
    """What the whole text says about its lines: the fingerprints of all, and the width at which
    they are broken, 0 if each line is a paragraph."""

    text: str
    fingerprints: frozenset[str]
    width: int


def plain_blocks(text: str, start: int = 0) -> list[Block]:
    """Returns the blocks of a text without markup from the line at `start` on, in order.

    Text that matches no rule is a paragraph.
    """
    groups = _line_groups([line for line in split_lines(text) if line.start >= start])
    fingerprints = frozenset(fingerprint(line.text) for group in groups for line in group)
    layout = _Layout(text, fingerprints, _line_width(groups))
    paired = _question_answer_groups(groups)
    drafts: list[_Draft] = []
    for number, group in enumerate(groups):
        following = groups[number + 1] if number + 1 < len(groups) else []
        for draft in _classify(layout, group, following):
            drafts.append(replace(draft, short_answer=number in paired))
    for revise in _PASSES:
        drafts = revise(text, drafts)
    blocks = mark_questions(text, [draft.block for draft in drafts], headings=False)
    return [block for block in blocks if block.start < block.end]


def _line_groups(lines: Sequence[Line]) -> list[Group]:
    groups: list[Group] = [[]]
    for line in lines:
        if line.text.replace("\ufeff", "").strip():
            groups[-1].append(line)
        elif groups[-1]:
            groups.append([])
    return [group for group in groups if group]


def _line_width(groups: Sequence[Group]) -> int:
    """Returns the width at which lines are broken, so that a paragraph spans several of them;
    0 if each line is a paragraph."""
    pairs = [pair for group in groups for pair in pairwise(group)]
    if len(pairs) < 4:
        return 0
    lengths = sorted(len(line.text.rstrip()) for line, _ in pairs)
    width = lengths[len(lengths) * 9 // 10]
    if not 30 <= width <= 130:
        return 0
    full = sum(length >= _FULL * width for length in lengths)
    broken = sum(
        line.text.rstrip()[-1] not in _SENTENCE_ENDS and below.text.lstrip()[0].islower()
        for line, below in pairs
    )
    is_wrapped = full >= 0.7 * len(pairs) and broken >= 0.1 * len(pairs)
    return width if is_wrapped or broken >= 0.4 * len(pairs) else 0


def _question_answer_groups(groups: Sequence[Group]) -> set[int]:
    """Returns the numbers of adjacent groups that each consist of a question and its answer."""
    pairs = [len(group) > 1 and _asks(group[0].text) for group in groups]
    adjacent: set[int] = set()
    for number, (this, following) in enumerate(pairwise(pairs)):
        if this and following:
            adjacent |= {number, number + 1}
    return adjacent


def _classify(layout: _Layout, group: Group, following: Group) -> Iterator[_Draft]:
    """Yields the drafts of one group."""
    if _is_caption(group):
        for line in group:
            yield _Draft(_line_block(line, Kind.BOILERPLATE, reason="caption"), alone=True)
        return
    table = _find_table(group)
    at = 0
    while at < len(group):
        if table and at == table[0]:
            yield from _table_drafts(group[table[0] : table[1]])
            at = table[1]
            continue
        count, drafts = _structure(layout, group, at)
        if not count:
            count, drafts = _prose(layout, group, at, following)
        yield from drafts
        at += count


def _structure(layout: _Layout, group: Group, at: int) -> tuple[int, list[_Draft]]:
    """Returns how many lines from `at` on are boilerplate, items, a marked heading or code, and
    their drafts; 0 if they are none of these."""
    line = group[at]
    contents = _count_contents(group, at)
    reason = "contents" if contents > 1 else _reason(layout, line)
    if reason:
        lines = group[at : at + max(contents, 1)]
        return len(lines), [
            _Draft(_line_block(each, Kind.BOILERPLATE, reason=reason)) for each in lines
        ]
    if items := _items(group, at, layout.width):
        return items[-1][1] - at, [
            _Draft(_item_block(layout.text, group, *item, first=at)) for item in items
        ]
    if marked := _marked_heading(group, at):
        return marked
    if run := _count_code_lines(group, at):
        code = _span_block(layout.text, Kind.CODE, line.start, group[at + run - 1].end)
        return run, [_Draft(code)]
    return 0, []


def _reason(layout: _Layout, line: Line) -> str:
    if reason := boilerplate_reason(line.text):
        return reason
    return "navigation" if is_breadcrumb(line.text, layout.fingerprints) else ""


def _prose(layout: _Layout, group: Group, at: int, following: Group) -> tuple[int, list[_Draft]]:
    """Returns how many lines from `at` on are a question, a heading or a paragraph, and their
    drafts. A line without a letter or digit is a rule, and no text."""
    line = group[at]
    is_last = at + 1 == len(group)
    below = following[0] if is_last and following else None if is_last else group[at + 1]
    if not _has_words(line):
        return 1, []
    if below and _is_question(line, below):
        block = _line_block(line, Kind.QUESTION, 2 if is_last else 3)
        start = line.end - len(without_label(line.text))
        return 1, [_Draft(replace(block, start=max(block.start, start)), is_last)]
    if below and (level := _heading_level(line, below, len(group), is_last=is_last)):
        return 1, [_Draft(_line_block(line, Kind.HEADING, level), alone=len(group) == 1)]
    count = _paragraph_length(group, at, layout.width)
    return count, list(_paragraph_drafts(layout.text, line.start, group[at + count - 1].end))


def _paragraph_length(group: Group, at: int, width: int) -> int:
    """Returns how many lines from `at` on form one paragraph."""
    end = at + 1
    while width and end < len(group) and not _starts_paragraph(group, end, width):
        end += 1
    return end - at


def _starts_paragraph(group: Group, at: int, width: int) -> bool:
    """Whether a line of a wrapped text does not go on with the paragraph above it."""
    line, above = group[at].text, group[at - 1].text.rstrip()
    if _BULLET.match(line) or starts_with_label(line) or _count_contents(group, at):
        return True
    if above[-1] not in _SENTENCE_ENDS:
        return False
    words = line.strip()
    is_heading = (
        len(words) < 0.6 * width
        and words[-1] not in ".,;:"
        and at + 1 < len(group)
        and group[at + 1].text.lstrip()[0].isupper()
    )
    is_indented = line[0] in " \t" and group[at - 1].text[0] not in " \t"
    can_start = words[0].isupper() or not words[0].isalpha()
    is_item = bool(_NUMBER.match(line))
    return can_start and (len(above) < _SHORT * width or is_indented or is_heading or is_item)


def _count_contents(group: Group, at: int) -> int:
    """Returns how many lines from `at` on are of a table of contents."""
    end = at
    while (
        end < len(group)
        and len(group[end].text) <= _MAX_CONTENTS_LINE
        and _CONTENTS.match(group[end].text)
    ):
        end += 1
    return end - at


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
    if any(is_code(line.text) or is_comment(line.text) for line in group):
        return False
    if len(group) == 1:
        words = group[0].text.split()
        return len(words) <= 5 and all(word[0].islower() for word in words)
    return len({fingerprint(line.text) for line in group}) == 1


# --- tables ------------------------------------------------------------------------------------


def _find_table(group: Group) -> Span | None:
    """Returns the first and the end line of a table whose cells are separated by tabs or run
    together, or None."""
    for cells_of, min_rows in ((_tabbed_cells, 2), (_spaced_cells, 3), (_glued_cells, 3)):
        start = 0
        while start < len(group):
            end = start
            first = cells_of(group[start])
            while end < len(group) and len(first) > 1 and len(cells_of(group[end])) == len(first):
                if cells_of is _spaced_cells and not _aligned(group[start], group[end]):
                    break
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


def _spaced_cells(line: Line) -> tuple[Span, ...]:
    found = _SPACED_CELL.finditer(line.text)
    return tuple((line.start + each.start(), line.start + each.end()) for each in found)


def _aligned(line: Line, other: Line) -> bool:
    """Whether the cells of two lines start in the same columns."""
    cells, others = _spaced_cells(line), _spaced_cells(other)
    pairs = zip(cells, others, strict=True)
    return all(a - line.start == b - other.start for (a, _), (b, _) in pairs)


def _glued_cells(line: Line) -> tuple[Span, ...]:
    found = _GLUED_CELLS.match(line.text)
    if not found or re.search(r"[.!?;]\s", found.group(1)) or len(found.group(1).split()) > 8:
        return ()
    border = line.start + found.end(1)
    return (line.start, border), (border, line.start + len(line.text.rstrip()))


def _table_drafts(rows: Group) -> Iterator[_Draft]:
    kinds = (_tabbed_cells, _spaced_cells, _glued_cells)
    cells_of = next(each for each in kinds if len(each(rows[0])) > 1)
    for number, line in enumerate(rows):
        kind = Kind.ROW if number else Kind.HEADER
        yield _Draft(replace(_line_block(line, kind), cells=cells_of(line)))


# --- lists -------------------------------------------------------------------------------------


def _items(group: Group, at: int, width: int) -> list[Span]:
    """Returns the first and the end line of each item of the list that starts at `at`, [] if none
    does."""
    for pattern, min_items in ((_BULLET, 1), (_NUMBER, 2), (_TITLED_ITEM, 3)):
        items: list[Span] = []
        end = at
        while end < len(group) and pattern.match(group[end].text) and _has_words(group[end]):
            if pattern is _TITLED_ITEM and starts_with_label(group[end].text):
                break
            first, end = end, end + 1
            while pattern is not _TITLED_ITEM and _continues_item(group, first, end, width):
                end += 1
            items.append((first, end))
        if items:
            return items if len(items) >= min_items else []
    return []


def _has_words(line: Line) -> bool:
    """Whether the line is no rule such as "* * *"."""
    return any(map(str.isalnum, line.text))


def _continues_item(group: Group, first: int, at: int, width: int) -> bool:
    """Whether the line `at` goes on with the item that starts in the line `first`."""
    if at == len(group) or _BULLET.match(group[at].text) or _NUMBER.match(group[at].text):
        return False
    if starts_with_label(group[at].text):
        return False
    if _indent(group[at]) > _indent(group[first]):
        return True
    return bool(width) and not _starts_paragraph(group, at, width)


def _indent(line: Line) -> int:
    return len(line.text) - len(line.text.lstrip())


def _item_block(text: str, group: Group, start: int, end: int, *, first: int) -> Block:
    """An item without its mark. It is nested if it is indented more than the first of its list."""
    line = group[start]
    number = _NUMBER.match(line.text)
    mark = _BULLET.match(line.text) or number
    span = trim_span(text, line.start + (mark.end() if mark else 0), group[end - 1].end)
    level = 2 if _indent(line) > _indent(group[first]) + 1 else 1
    return Block(Kind.ITEM, *span, level, number=int(number.group(1)) if number else 0)


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
            in_list = _opens_list(text, drafts, number)
        else:
            in_list = False
        result.append(draft)
    return result


def _opens_list(text: str, drafts: Sequence[_Draft], number: int) -> bool:
    """Whether two or more paragraphs stand below a draft, up to a blank line, and none of them ends
    with a colon."""
    at = number + 1
    while at < len(drafts) and drafts[at].block.kind is Kind.PARAGRAPH:
        if text[drafts[at].block.end - 1] == ":":
            return False
        if not _next_is_adjacent(text, drafts, at):
            return at > number + 1
        at += 1
    return at > number + 2


def _next_is_adjacent(text: str, drafts: Sequence[_Draft], number: int) -> bool:
    if number + 1 >= len(drafts):
        return False
    between = text[drafts[number].block.end : drafts[number + 1].block.start]
    return between.replace("\r\n", "\n").count("\n") == 1


# --- code --------------------------------------------------------------------------------------


def _count_code_lines(group: Group, at: int) -> int:
    """Returns how many lines from `at` on are code. A single line may be prose: it counts only if
    it is an import or a decorator."""
    end = at
    while end < len(group) and (
        _is_code(group[end].text) or (end > at and _continues_code(group[end].text))
    ):
        end += 1
    is_import = group[at].text.strip().startswith(("import ", "from ", "@", "$ "))
    return end - at if end - at > 1 or (end > at and is_import) else 0


def _is_code(line: str) -> bool:
    """Whether the line is code, a comment, or indented like code."""
    is_indented = _indented(line) and not _WORDS.search(line)
    return is_code(line) or is_comment(line) or is_indented


def _indented(line: str) -> bool:
    return line.expandtabs(4).startswith("    ")


def _continues_code(line: str) -> bool:
    return line.rstrip()[-1:] in "([{,)]}" and not _WORDS.search(line)


# --- headings and questions ----------------------------------------------------------------------


def _asks(line: str) -> bool:
    words = line.strip()
    if not words.endswith("?") or words.count("?") > 1 or len(words.split()) > 25:
        return False
    words = without_label(words)
    sentences = sum(1 for _ in sentence_spans(words))
    return sentences == 1 and bool(_ASKS.match(words) or _title_case(words) >= 0.6)


def _is_question(line: Line, below: Line) -> bool:
    if starts_with_label(line.text):
        return False  # a pair with labels, which corpus.questions finds
    return _asks(line.text) and not below.text.strip().endswith("?")


def _heading_level(line: Line, below: Line, size: int, *, is_last: bool) -> int:
    """Returns the level of a heading, 0 if the line is none. `below` is the line below it, in the
    next group if the line is the last of its group of `size` lines.

    A line in a group of its own has level 2; a numbered one, or one directly above its text, 3.
    """
    words = line.text.strip()
    count = len(words.split())
    if _VERSION.match(words):
        return 2
    if count > 14 or len(words) > 100 or words[-1] in ".!;:,—…" or starts_with_label(words):
        return 0
    if not (words[0].isupper() or words[0].isdigit()):
        return 0
    titled = _title_case(words) >= 0.6
    if size == 1:
        return (3 if _NUMBER.match(words) else 2) if count <= 6 or titled else 0
    if is_last or not (count <= 4 or (titled and count <= 9) or words.isupper()):
        return 0
    next_words = below.text.strip()
    return 3 if len(next_words.split()) >= max(6, count + 3) or next_words[-1] in ".:" else 0


def _title_case(words: str) -> float:
    """Returns the share of the words of more than three letters that are capitalised."""
    longer = [word for word in re.findall(r"[^\W\d_]\w+", words) if len(word) > 3]
    return sum(word[0].isupper() for word in longer) / len(longer) if longer else 1.0


def _marked_heading(group: Group, at: int) -> tuple[int, list[_Draft]] | None:
    """The lines and the draft of a heading with a mark: == Title ==, or underlined."""
    line = group[at]
    if wiki := _WIKI_HEADING.match(line.text):
        return 1, [_Draft(_wiki_block(line, wiki))]
    mark = _UNDERLINE.match(group[at + 1].text) if at + 1 < len(group) else None
    words = line.text.strip()
    if not mark or len(words) > 100 or not any(map(str.isalnum, words)):
        return None
    kind = Kind.QUESTION if _asks(words) else Kind.HEADING
    return 2, [_Draft(_line_block(line, kind, 2 if mark.group(1) == "=" else 3))]


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
            last = words.rstrip("*_\\ ")[-1:]
            if len(words.split()) <= 14 and "\n" not in words and last not in tuple(".:;,?…"):
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
        elif kind is Kind.HEADING:
            question = None
        elif question and question.short_answer and answered:
            # Text after the last pair of a run answers no question.
            question = None
            at = draft.block.start
            result.append(_Draft(Block(Kind.BOILERPLATE, at, at, reason=END_OF_ANSWER)))
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
