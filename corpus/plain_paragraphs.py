"""Paragraphs of text without markup: which lines belong together, and headings that have run into
their first sentence."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise

from corpus.document import Block, Kind
from corpus.lines import Line, trim_span
from corpus.questions import starts_with_label
from corpus.sentences import sentence_spans
from corpus.shapes import BULLET, NUMBER, SENTENCE_ENDS, Group, count_contents

# Shares of the width at which lines are broken: a full line, and one that ends a paragraph.
_FULL, _SHORT = 0.75, 0.8
# Characters. A line that is broken though the text has no width is at least this long.
_MIN_BROKEN = 30
# A title-case heading joined to its first sentence: "Valuing Customers Without customers, …".
_RUN_IN_HEADING = re.compile(
    r"^(?P<head>[A-Z]\w+(?:\s+(?:[A-Z]\w+|of|and|the|in|for|to|vs\.?|a))*\s+[A-Z]\w+)\s+"
    r"(?=(?:A|An|As|At|By|Even|For|From|How|If|In|It|Its|On|Our|That|The|Their|There|These|They|"
    r"This|To|We|What|When|While|With|Without|You|Your)\s+[a-z])"
)


def line_width(groups: Sequence[Group]) -> int:
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
        line.text.rstrip()[-1] not in SENTENCE_ENDS and below.text.lstrip()[0].islower()
        for line, below in pairs
    )
    is_wrapped = full >= 0.7 * len(pairs) and broken >= 0.1 * len(pairs)
    return width if is_wrapped or broken >= 0.4 * len(pairs) else 0


def paragraph_length(group: Group, at: int, width: int) -> int:
    """Returns how many lines from `at` on form one paragraph. In a text without a width, only a
    line that starts with a small letter goes on with the one above it."""
    end = at + 1
    is_sentence = group[at].text.lstrip()[0].isupper()
    while end < len(group) and not starts_paragraph(group, end, width):
        if not width and not (is_sentence and _goes_on(group[end - 1], group[end])):
            break
        end += 1
    return end - at


def _goes_on(above: Line, line: Line) -> bool:
    """Whether a line goes on with the sentence of the long line above it."""
    is_open = above.text.rstrip()[-1] not in {*SENTENCE_ENDS, "…"} and line.text.rstrip()[-1] != ";"
    return is_open and len(above.text) >= _MIN_BROKEN and line.text.lstrip()[0].islower()


def starts_paragraph(group: Group, at: int, width: int) -> bool:
    """Whether a line of a wrapped text does not go on with the paragraph above it."""
    line, above = group[at].text, group[at - 1].text.rstrip()
    if BULLET.match(line) or starts_with_label(line) or count_contents(group, at):
        return True
    if above[-1] not in SENTENCE_ENDS:
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
    is_item = bool(NUMBER.match(line))
    return can_start and (len(above) < _SHORT * width or is_indented or is_heading or is_item)


def line_block(line: Line, kind: Kind, level: int = 0, reason: str = "") -> Block:
    """Returns the line as a block."""
    left = len(line.text) - len(line.text.lstrip())
    right = len(line.text) - len(line.text.rstrip())
    return Block(kind, line.start + left, line.end - right, level, reason=reason)


def span_block(text: str, kind: Kind, start: int, end: int) -> Block:
    """Returns `text[start:end]` as a block."""
    return Block(kind, *trim_span(text, start, end))


def paragraph_blocks(text: str, start: int, end: int) -> Iterator[Block]:
    """Yields a paragraph, split at headings that have run into one of its sentences."""
    begin, end = trim_span(text, start, end)
    for first, last in list(sentence_spans(text, begin, end)):
        run_in = _RUN_IN_HEADING.match(text[first:last])
        if run_in and len(run_in["head"].split()) <= 9 and last - first > len(run_in.group()) + 20:
            if begin < first:
                yield span_block(text, Kind.PARAGRAPH, begin, first)
            heading = span_block(text, Kind.HEADING, first, first + len(run_in["head"]))
            yield replace(heading, level=4)
            begin = first + run_in.end()
    yield span_block(text, Kind.PARAGRAPH, begin, end)
