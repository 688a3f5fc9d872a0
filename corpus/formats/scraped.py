"""Plain text that was taken from a web page: its sentences are broken where the page has links or
bold words, and the headings are known only from the list of contents at its start."""

import re
from collections.abc import Container, Sequence

# How a line starts and ends that was broken at an element inside a sentence.
_GOES_ON = re.compile(r"[a-z.,;:)]")
_OPEN_END = re.compile(
    r"\b(?:an?|the|of|to|in|on|at|for|from|by|with|and|or|as|is|are|your|this|select|click|see)$",
    re.IGNORECASE,
)
_MIN_BROKEN = 0.1  # share of the lines
_MIN_LINES = 10
_CONTENTS = re.compile(
    r"(?:(?:in|on) this (?:article|page|section)|(?:table of )?contents):?", re.I
)
_MAX_START = 5  # lines of which one announces the contents
_MIN_TITLES = 2
_MIN_FOUND = 0.8  # share of the contents that are lines below it


def outline(text: str) -> tuple[list[str], frozenset[str]]:
    """Returns the lines without the list of contents at their start, and the headings that it
    names; all lines and none if there is no such list."""
    lines = [line.strip() for line in text.splitlines()]
    filled = [line for line in lines if line]
    at = next((n for n, line in enumerate(filled[:_MAX_START]) if _CONTENTS.fullmatch(line)), -1)
    below = filled[at + 1 :]
    if at < 0 or not below or below[0] not in below[1:]:
        return lines, frozenset()
    end = below.index(below[0], 1)
    body = below[end:]
    titles = frozenset(below[:end]).intersection(body)
    if len(titles) < _MIN_TITLES or len(titles) < _MIN_FOUND * end:
        return lines, frozenset()
    return [*filled[:at], *body], titles


def repaired(lines: Sequence[str], titles: Container[str] = ()) -> list[str]:
    """Returns the lines with broken sentences joined, if there are some."""
    filled = [line for line in lines if line]
    broken = sum(bool(_GOES_ON.match(line)) for line in filled)
    if len(filled) < _MIN_LINES or broken < _MIN_BROKEN * len(filled):
        return list(lines)
    joined: list[list[str]] = []  # the pieces of each line
    last = ""
    for line in lines:
        is_part = bool(last and line) and last not in titles and line not in titles
        if is_part and (_GOES_ON.match(line) or _OPEN_END.search(last)):
            joined[-1].append(line if line[0] in ".,;:)" else f" {line}")
        else:
            joined.append([line])
        last = line
    return ["".join(pieces) for pieces in joined]
