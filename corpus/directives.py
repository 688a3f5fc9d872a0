"""Lines of Markdown that are no text: the marks of admonitions, tabs, alerts and template tags,
and fences that never close.

`neutralize` returns the lines for the Markdown parser, one for one: a mark becomes an empty line,
what is indented under an admonition loses its indentation. Only the parser sees these lines; blocks
are spans of the source.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from corpus.document import Span
from corpus.lines import Line

# !!! note "Title", ??? tip, === "Tab": MkDocs. The text below is indented by four spaces.
_INDENTED = re.compile(
    r'^([ \t]*)(?:!!!|\?\?\?\+?|===)[ \t]+(?:[\w-]++[ \t]*+)*+(?:"([^"]*)")?[ \t]*$'
)
# :::tip Title … :::: Docusaurus, VitePress, Pandoc.
_FENCED = re.compile(
    r"^[ \t]*:{3,}[ \t]*(?:\{[^{}]*\}|[\w-]*)(?:[ \t]*\[([^\[\]]*)\]|[ \t]+(\S.*?))?[ \t]*:*$"
)
_ALERT = re.compile(r"^[ \t]*>[ \t]*\[!\w+\][-+]?[ \t]*(.*)$")
# {% include … %}, {{< shortcode >}}, <!-- comment -->, import of MDX.
_TEMPLATE = re.compile(
    r"^[ \t]*(?:(?:\{%[^{}%]*%\}|\{\{[<%][^{}]*[>%]\}\}|<!--[^<>]*-->)[ \t]*)+$"
    r"|^(?:import|export)\b[^;]*\bfrom[ \t]+['\"].*$"
    r"|^[ \t]*\{:[^{}]*\}[ \t]*$"
)
# The first line of a tag over several lines, or of a snippet of MkDocs.
_OPEN_TAG = re.compile(r"^[ \t]*\{(?:%(?![^{}]*%\})|\{[<%](?![^{}]*[>%]\}\}))[^{}]*$")
_CLOSED_TAG = re.compile(r"[>%]\}\}?[ \t]*$")
_MAX_TAG_LINES = 20
_SNIPPET = re.compile(r"^[ \t]*-{2,}8<-{2,}")
# A component of MDX alone in its line: <Map />, <Note>, </Note>.
_COMPONENT = re.compile(r"^[ \t]*<(?:/?[A-Z][\w.]*|/?[A-Z][\w.]*\s[^<>]*)/?>[ \t]*$")
# What a line with a directive starts with, to pass over the others quickly.
_FIRST = frozenset("!?=:>{<ie-")
_FENCE = re.compile(
    r"^([ \t]*(?:>[ \t]?)*[ \t]*(?:(?:[-*+]|\d{1,9}[.)])[ \t]+)*)(`{3,}|~{3,})(.*)$"
)


@dataclass(frozen=True)
class Neutralized:
    """`lines` for the parser; `marks` are the numbers of the lines that held nothing but a mark;
    `titles` are the spans of their titles, by line number; `fenced` are the lines inside fences."""

    lines: list[str]
    marks: frozenset[int]
    titles: dict[int, Span]
    fenced: frozenset[int]


def neutralize(lines: Sequence[Line]) -> Neutralized:
    """Returns the lines without directives. Takes time linear in the length of the lines."""
    result = [line.text for line in lines]
    inside = _fenced_lines(lines, result)
    marks: set[int] = set()
    titles: dict[int, Span] = {}
    indents: list[int] = []
    tag_end = 0
    for number, line in enumerate(lines):
        if number < tag_end:
            marks.add(number)
            result[number] = ""
            continue
        words = line.text
        width = len(words) - len(words.lstrip(" \t"))
        if words.strip():
            while indents and width < indents[-1] + 4:
                indents.pop()
        if number in inside:
            result[number] = _dedented(result[number], 4 * len(indents))
            continue
        if words.lstrip(" \t")[:1] not in _FIRST:
            result[number] = _dedented(result[number], 4 * len(indents))
            continue
        if (found := _INDENTED.match(words)) and _has_content(lines, number, width):
            indents.append(width)
        elif not (found := _FENCED.match(words) or _ALERT.match(words)):
            tag_end = _tag_end(lines, number)
            if (
                tag_end
                or _TEMPLATE.match(words)
                or _SNIPPET.match(words)
                or _COMPONENT.match(words)
            ):
                marks.add(number)
                result[number] = ""
            else:
                result[number] = _dedented(result[number], 4 * len(indents))
            continue
        marks.add(number)
        group = found.lastindex
        if group and found.group(group).strip():
            titles[number] = (line.start + found.start(group), line.start + found.end(group))
        result[number] = words[: len(words) - len(words.lstrip("> \t"))].rstrip()
    return Neutralized(result, frozenset(marks), titles, frozenset(inside))


def _tag_end(lines: Sequence[Line], number: int) -> int:
    """The line behind a template tag that opens in a line and closes in a later one; 0 if none."""
    if not _OPEN_TAG.match(lines[number].text):
        return 0
    for last in range(number + 1, min(number + _MAX_TAG_LINES, len(lines))):
        if _CLOSED_TAG.search(lines[last].text):
            return last + 1
    return 0


def _has_content(lines: Sequence[Line], number: int, width: int) -> bool:
    """Whether the next line that is not empty is indented below the mark."""
    for line in lines[number + 1 : number + 4]:
        if line.text.strip():
            return len(line.text) - len(line.text.lstrip(" \t")) >= width + 2
    return False


def _dedented(text: str, count: int) -> str:
    at = 0
    while at < min(count, len(text)) and text[at] in " \t":
        at += 1
    return text[at:]


def _fenced_lines(lines: Sequence[Line], result: list[str]) -> set[int]:
    """The numbers of the lines inside code fences. A fence that never closes is text: its mark
    is hidden from the parser."""
    inside: set[int] = set()
    opened = -1
    mark = ""
    unclosed: set[str] = set()
    number = 0
    while number < len(lines):
        words = lines[number].text
        found = _FENCE.match(words) if "```" in words or "~~~" in words else None
        if opened < 0 and found:
            is_info = found.group(2)[0] == "~" or "`" not in found.group(3)
            if is_info and found.group(2) not in unclosed:
                opened, mark = number, found.group(2)
        elif (
            opened >= 0 and found and found.group(2).startswith(mark) and not found.group(3).strip()
        ):
            inside.update(range(opened, number + 1))
            opened = -1
        number += 1
        if number == len(lines) and opened >= 0:
            # No fence of this length closes below here either: each mark is tried once.
            unclosed.add(mark)
            number = opened + 1
            opened = -1
    for at, line in enumerate(lines):
        if at in inside or not ("```" in line.text or "~~~" in line.text):
            continue
        if found := _FENCE.match(line.text):
            result[at] = found.group(1) + found.group(3).strip("`~ ")
    return inside
