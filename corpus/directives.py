"""Lines of Markdown that are no text: the marks of admonitions, tabs, alerts and template tags,
the directives of MyST, and fences that never close.

`neutralize` returns the lines for the Markdown parser, one for one: a mark becomes an empty line,
what is indented under an admonition loses its indentation. Only the parser sees these lines; blocks
are spans of the source.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

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
    r"^[ \t]*(?:(?:\{%[^{}%]*%\}|\{\{[^{}]*\}\}|<!--[^<>]*-->)[ \t]*)+$"
    r"|^(?:import|export)\b[^;]*\bfrom[ \t]+['\"].*$"
    r"|^[ \t]*\{:[^{}]*\}[ \t]*$|^[ \t]*\([\w:./ -]+\)=[ \t]*$|^\+\+\+|^%[ \t].*$"
)
# ```{note}: a directive of MyST whose content is text, and those that have no text.
_DIRECTIVE = re.compile(r"\{([a-z][a-z:_-]*)\}[ \t]*(.*?)[ \t]*$")
_OF_TEXT = frozenset(
    "note tip hint important warning caution danger error attention seealso admonition todo topic "
    "dropdown card tab-set tab-item tab grid grid-item grid-item-card margin sidebar aside "
    "epigraph versionadded versionchanged deprecated versionremoved figure glossary list-table "
    "table div container button-link button-ref only ifconfig".split()
)
_WITHOUT_TEXT = frozenset(
    "toctree contents image include literalinclude bibliography raw tableofcontents index".split()
)
# ":name: value" behind the opening of a directive.
_OPTION = re.compile(r"^[ \t]*:[\w-]+:(?:[ \t].*)?$")
# The first line of a tag over several lines, or of a snippet of MkDocs.
_OPEN_TAG = re.compile(r"^[ \t]*\{(?:%(?![^{}]*%\})|\{[<%](?![^{}]*[>%]\}\}))[^{}]*$")
_CLOSED_TAG = re.compile(r"[>%]\}\}?[ \t]*$")
_MAX_TAG_LINES = 20
_MAX_HIDDEN_LINES = 200
_SNIPPET = re.compile(r"^[ \t]*-{2,}8<-{2,}")
# A component of MDX alone in its line: <Map />, <Note>, </Note>.
_COMPONENT = re.compile(r"^[ \t]*<(?:/?[A-Z][\w.]*|/?[A-Z][\w.]*\s[^<>]*)/?>[ \t]*$")
# What a line with a directive starts with, to pass over the others quickly.
_FIRST = frozenset("!?=:>{<ie-(+%")
_FENCE = re.compile(
    r"^([ \t]*(?:>[ \t]?)*[ \t]*(?:(?:[-*+]|\d{1,9}[.)])[ \t]+)*)(`{3,}|~{3,})(.*)$"
)


@dataclass(frozen=True)
class Neutralized:
    """`lines` for the parser; `marks` are the numbers of the lines that held nothing but a mark;
    `titles` are the spans of their titles, by line number, and `ends` the lines behind what a
    title stands above; `fenced` are the lines inside fences."""

    lines: list[str]
    marks: frozenset[int]
    titles: dict[int, Span]
    ends: dict[int, int]
    fenced: frozenset[int]


def neutralize(lines: Sequence[Line]) -> Neutralized:
    """Returns the lines without directives. Takes time linear in the length of the lines."""
    result = [line.text for line in lines]
    fences = _find_fences(lines, result)
    inside, marks = fences.inside, fences.marks
    titles = fences.titles
    indents: list[int] = []
    openings: list[int] = []  # the lines that opened the directives of `indents`
    colons: list[int] = []  # and those between colons
    ends: dict[int, int] = {}
    tag_end = 0
    for number, line in enumerate(lines):
        if number < tag_end or number in marks:
            marks.add(number)
            result[number] = ""
            continue
        words = line.text
        width = len(words) - len(words.lstrip(" \t"))
        if words.strip():
            while indents and width < indents[-1] + 4:
                indents.pop()
                ends[openings.pop()] = number
        if number in inside or words.lstrip(" \t")[:1] not in _FIRST:
            result[number] = _dedented(result[number], 4 * len(indents))
            continue
        if (found := _INDENTED.match(words)) and _has_content(lines, number, width):
            indents.append(width)
            openings.append(number)
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
        if colons and not words.strip(": \t"):
            ends[colons.pop()] = number
        elif words.lstrip().startswith(":"):
            colons.append(number)
        marks.add(number)
        marks.update(_options(lines, number))
        marks.update(_hidden(lines, number))
        group = found.lastindex
        if group and any(map(str.isalpha, found.group(group))):
            titles[number] = (line.start + found.start(group), line.start + found.end(group))
        result[number] = words[: len(words) - len(words.lstrip("> \t"))].rstrip()
    return Neutralized(result, frozenset(marks), titles, ends, frozenset(inside))


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


def _options(lines: Sequence[Line], number: int) -> range:
    """The numbers of the lines with options behind the opening of a directive: lines such as
    ":class: tip", or YAML between two lines of dashes."""
    first = end = number + 1
    if first < len(lines) and lines[first].text.strip() == "---":
        for last in range(first + 1, min(first + _MAX_TAG_LINES, len(lines))):
            if lines[last].text.strip() == "---":
                return range(first, last + 1)
    while end < len(lines) and _OPTION.match(lines[end].text):
        end += 1
    return range(first, end)


def _hidden(lines: Sequence[Line], number: int) -> range:
    """The lines of a directive between colons that has no text, such as a table of contents."""
    directive = _DIRECTIVE.match(lines[number].text.lstrip(": \t"))
    if not directive or directive.group(1) not in _WITHOUT_TEXT:
        return range(0)
    for last in range(number + 1, min(number + _MAX_HIDDEN_LINES, len(lines))):
        if not lines[last].text.strip(": \t") and ":::" in lines[last].text:
            return range(number, last)
    return range(0)


@dataclass
class _Fences:
    """The lines inside code fences; the lines of directives of MyST that are no text, and the spans
    of their titles."""

    inside: set[int] = field(default_factory=set)
    marks: set[int] = field(default_factory=set)
    titles: dict[int, Span] = field(default_factory=dict)


def _find_fences(lines: Sequence[Line], result: list[str]) -> _Fences:
    """The fences of the lines. The mark of one that never closes is text and hidden from the
    parser; code that is indented less than its fence, which would end the item that both are in,
    is indented as much."""
    fences = _Fences()
    opened = -1
    mark = ""
    unclosed: set[str] = set()
    directives: list[str] = []  # the marks of the open directives
    number = 0
    while number < len(lines):
        words = lines[number].text
        found = _FENCE.match(words) if "```" in words or "~~~" in words else None
        if opened < 0 and found:
            is_info = found.group(2)[0] == "~" or "`" not in found.group(3)
            if directives and found.group(2) == directives[-1] and not found.group(3).strip():
                directives.pop()
                fences.marks.add(number)
            elif _opens_text(fences, lines, number, found):
                directives.append(found.group(2))
            elif is_info and found.group(2) not in unclosed:
                opened, mark = number, found.group(2)
        elif (
            opened >= 0 and found and found.group(2).startswith(mark) and not found.group(3).strip()
        ):
            _close(fences, lines, opened, number, result)
            opened = -1
        number += 1
        if number == len(lines) and opened >= 0:
            # No fence of this length closes below here either: each mark is tried once.
            unclosed.add(mark)
            number = opened + 1
            opened = -1
    for at, line in enumerate(lines):
        if at in fences.inside or not ("```" in line.text or "~~~" in line.text):
            continue
        if found := _FENCE.match(line.text):
            result[at] = found.group(1) + found.group(3).strip("`~ ")
    return fences


def _opens_text(fences: _Fences, lines: Sequence[Line], number: int, found: re.Match[str]) -> bool:
    """Whether a fence opens a directive whose content is text. Notes its marks and its title."""
    directive = _DIRECTIVE.match(found.group(3))
    if not directive or directive.group(1) not in _OF_TEXT:
        return False
    fences.marks.add(number)
    fences.marks.update(_options(lines, number))
    start = lines[number].start + found.start(3) + directive.start(2)
    title = directive.group(2)
    if any(map(str.isalpha, title)) and "://" not in title and directive.group(1) != "figure":
        fences.titles[number] = (start, start + len(title))
    return True


def _close(
    fences: _Fences, lines: Sequence[Line], first: int, last: int, result: list[str]
) -> None:
    """Notes the fence of the lines from `first` to `last`."""
    opening = lines[first].text
    directive = _DIRECTIVE.match(opening.lstrip("`~ \t>"))
    if directive and directive.group(1) in _WITHOUT_TEXT:
        fences.marks.update(range(first, last + 1))
        return
    fences.inside.update(range(first, last + 1))
    width = len(opening) - len(opening.lstrip(" "))
    for number in range(first + 1, last + 1):
        own = len(result[number]) - len(result[number].lstrip(" "))
        if own < width and result[number].strip():
            result[number] = " " * (width - own) + result[number]
