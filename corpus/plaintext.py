"""Parses text without markup into blocks, by its shape.

A first pass classifies the lines of each group (lines without a blank line between them): headings,
questions, tables whose cells have run together, lists, code, boilerplate. Further passes, in the
order of `REVISIONS`, revise that with what only a look at the neighbouring blocks reveals.
The rules are about shapes that raw web scrapes share, not about particular documents.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from corpus.boilerplate import boilerplate_reason, fingerprint, is_breadcrumb
from corpus.code import is_code, is_comment
from corpus.document import Block, Kind
from corpus.lines import Line, split_lines
from corpus.plain_lists import list_blocks
from corpus.plain_paragraphs import (
    line_block,
    line_width,
    paragraph_blocks,
    paragraph_length,
    span_block,
)
from corpus.plain_revisions import REVISIONS, Draft
from corpus.plain_tables import find_table, table_blocks
from corpus.questions import mark_questions, without_label
from corpus.shapes import (
    Group,
    asks,
    count_code_lines,
    count_contents,
    has_words,
    heading_level,
    is_question,
    names_list,
)

_WIKI_HEADING = re.compile(r"^\s*(=(?:\s?=)*)\s*([^=\s].*?)\s*=(?:\s?=)*\s*$")
# A line of one repeated character under a heading; the first stands for the higher level.
_UNDERLINE = re.compile(r"^\s*(=|-|~|\^|\*)\1{2,}\s*$")
# A longer paragraph is no question, even if it ends with a question mark.
_MAX_QUESTION_LINES = 3


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
    layout = _Layout(text, fingerprints, line_width(groups))
    paired = _question_answer_groups(groups)
    drafts: list[Draft] = []
    for number, group in enumerate(groups):
        following = groups[number + 1] if number + 1 < len(groups) else []
        for draft in _classify(layout, group, following):
            drafts.append(replace(draft, short_answer=number in paired))
    for revise in REVISIONS:
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


def _question_answer_groups(groups: Sequence[Group]) -> set[int]:
    """Returns the numbers of adjacent groups that each consist of a question and its answer."""
    pairs = [len(group) > 1 and asks(group[0].text) for group in groups]
    adjacent: set[int] = set()
    for number, (this, following) in enumerate(pairwise(pairs)):
        if this and following:
            adjacent |= {number, number + 1}
    return adjacent


def _classify(layout: _Layout, group: Group, following: Group) -> Iterator[Draft]:
    """Yields the drafts of one group."""
    if _is_caption(group):
        for line in group:
            yield Draft(line_block(line, Kind.BOILERPLATE, reason="caption"), alone=True)
        return
    table = find_table(group)
    at = 0
    while at < len(group):
        if table and at == table[0]:
            yield from map(Draft, table_blocks(group[table[0] : table[1]]))
            at = table[1]
            continue
        count, drafts = _structure(layout, group, at)
        if not count:
            count, drafts = _prose(layout, group, at, following)
        yield from drafts
        at += count


def _structure(layout: _Layout, group: Group, at: int) -> tuple[int, list[Draft]]:
    """Returns how many lines from `at` on are boilerplate, items, a marked heading or code, and
    their drafts; 0 if they are none of these."""
    line = group[at]
    contents = count_contents(group, at)
    reason = "contents" if contents > 1 else _reason(layout, line)
    if reason:
        lines = group[at : at + max(contents, 1)]
        return len(lines), [
            Draft(line_block(each, Kind.BOILERPLATE, reason=reason)) for each in lines
        ]
    count, items = list_blocks(layout.text, group, at, layout.width)
    if count:
        return count, [Draft(item) for item in items]
    if marked := _marked_heading(group, at):
        return marked
    if run := count_code_lines(group, at):
        code = span_block(layout.text, Kind.CODE, line.start, group[at + run - 1].end)
        return run, [Draft(code)]
    return 0, []


def _reason(layout: _Layout, line: Line) -> str:
    if reason := boilerplate_reason(line.text):
        return reason
    return "navigation" if is_breadcrumb(line.text, layout.fingerprints) else ""


def _prose(layout: _Layout, group: Group, at: int, following: Group) -> tuple[int, list[Draft]]:
    """Returns how many lines from `at` on are a question, a heading or a paragraph, and their
    drafts. A line without a letter or digit is a rule, and no text."""
    line = group[at]
    is_last = at + 1 == len(group)
    below = following[0] if is_last and following else None if is_last else group[at + 1]
    if not has_words(line):
        return 1, []
    if below and is_question(line.text, below):
        block = line_block(line, Kind.QUESTION, 2 if is_last else 3)
        start = line.end - len(without_label(line.text))
        return 1, [Draft(replace(block, start=max(block.start, start)), is_last)]
    count = paragraph_length(group, at, layout.width)
    if count > 1 and (question := _broken_question(layout.text, group[at:], count, following)):
        return count, [Draft(question, count == len(group))]
    level = heading_level(line, below, len(group), is_last=is_last) if below else 0
    if (
        not level
        and names_list(line)
        and list_blocks(layout.text, group, at + 1, layout.width)[0] > 1
    ):
        level = 3
    if level:
        return 1, [Draft(line_block(line, Kind.HEADING, level), alone=len(group) == 1)]
    blocks = paragraph_blocks(layout.text, line.start, group[at + count - 1].end)
    return count, [Draft(block) for block in blocks]


def _broken_question(text: str, group: Group, count: int, following: Group) -> Block | None:
    """The question that the first `count` lines of a group are together; None if they ask nothing
    or nothing follows them."""
    below = [*group[count : count + 1], *following[:1]]
    words = " ".join(line.text.strip() for line in group[:count])
    if count > _MAX_QUESTION_LINES or not below or not is_question(words, below[0]):
        return None
    level = 2 if count == len(group) else 3
    return replace(
        span_block(text, Kind.QUESTION, group[0].start, group[count - 1].end), level=level
    )


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


def _marked_heading(group: Group, at: int) -> tuple[int, list[Draft]] | None:
    """The lines and the draft of a heading with a mark: == Title ==, or underlined."""
    line = group[at]
    if wiki := _WIKI_HEADING.match(line.text):
        return 1, [Draft(_wiki_block(line, wiki))]
    mark = _UNDERLINE.match(group[at + 1].text) if at + 1 < len(group) else None
    words = line.text.strip()
    if not mark or len(words) > 100 or not any(map(str.isalnum, words)):
        return None
    kind = Kind.QUESTION if asks(words) else Kind.HEADING
    return 2, [Draft(line_block(line, kind, 2 if mark.group(1) == "=" else 3))]


def _wiki_block(line: Line, wiki: re.Match[str]) -> Block:
    level = min(wiki.group(1).count("="), 6)
    return Block(Kind.HEADING, line.start + wiki.start(2), line.start + wiki.end(2), level)
