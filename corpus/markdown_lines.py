"""Finds lines that the Markdown parser would take for something else: elements of HTML with empty
lines in them, code without a fence, and tables without a header.
"""

import re
from collections.abc import Iterator, Sequence

from corpus.code import is_code, is_comment

# An element that may hold empty lines, where Markdown would take its rest for code.
_ELEMENT = re.compile(r"^[ \t]*<(table|ul|ol|dl|figure)\b", re.IGNORECASE)
# A row of a table without a header, and the line that would set one off.
_ROW = re.compile(r"^[ \t]*\|.*\|[ \t]*$")
_DELIMITER = re.compile(r"^[ \t]*\|?[ \t]*:?-[-| :\t]*$")


def elements(lines: Sequence[str]) -> Iterator[tuple[int, int]]:
    """The first and end line of each element of HTML that may hold empty lines."""
    number = 0
    unclosed: set[str] = set()
    while number < len(lines):
        found = _ELEMENT.match(lines[number])
        name = found.group(1).lower() if found else ""
        last = _closing_line(lines, number, name) if name and name not in unclosed else 0
        if name and not last:
            unclosed.add(name)
        if last:
            yield number, last
        number = last or number + 1


def code_runs(lines: Sequence[str], fenced: frozenset[int]) -> Iterator[tuple[int, int]]:
    """The first and end line of each run of code without a fence that holds a comment: "# build"
    below a command is no heading."""
    number = 0
    while number < len(lines):
        last = number
        comments = 0
        while last < len(lines) and last not in fenced and lines[last].strip():
            if is_comment(lines[last]):
                comments += 1
            elif not is_code(lines[last]):
                break
            last += 1
        if comments and last - number > comments and not _is_title(lines[number]):
            yield number, last
        number = max(last, number + 1)


def bare_tables(lines: Sequence[str], fenced: frozenset[int]) -> Iterator[tuple[int, int]]:
    """The first and end line of each run of rows between bars that no header opens."""
    number = 0
    while number < len(lines):
        last = number
        while last < len(lines) and last not in fenced and _ROW.match(lines[last]):
            last += 1
        if last > number + 1 and not any(map(_DELIMITER.match, lines[number:last])):
            yield number, last
        number = max(last, number + 1)


def _is_title(line: str) -> bool:
    """Whether the line is rather a heading than a comment: it starts with a capital letter."""
    return is_comment(line) and line.lstrip("# \t")[:1].isupper()


def _closing_line(lines: Sequence[str], first: int, name: str) -> int:
    """The line after the one that closes the element; 0 if none does."""
    depth = 0
    tag = re.compile(rf"<(/?){name}\b", re.IGNORECASE)
    for number in range(first, len(lines)):
        for found in tag.finditer(lines[number]):
            depth += -1 if found.group(1) else 1
            if not depth:
                return number + 1
    return 0
