"""Levels of numbered headings: "3.1.6" is below "3.1", and "4" beside "3", whatever their fonts and
the outline of the file say."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

_NUMBER = re.compile(r"(?:[A-Za-z]+\s)?(\d{1,2}(?:\.\d{1,2})*)\.?\s+\S")

Number = tuple[int, ...]


def depth_of_number(text: str) -> int:
    """Returns how many parts the number of a heading has, 0 if it has none."""
    found = _NUMBER.match(text)
    return found[1].count(".") + 1 if found else 0


@dataclass
class _Group:
    """Headings of one parent whose numbers follow each other. `parent` is the position of the
    heading above them, None if their numbers have one part."""

    parent: int | None
    members: list[int] = field(default_factory=list)  # positions
    last: int = 0  # the number of the last member


def consistent_levels(texts: Sequence[str], levels: Sequence[int]) -> list[int]:
    """The levels of the headings of a document, in order. Headings whose numbers follow each other
    have the level of most of them, below that of the heading with the first parts of their number.
    Headings without a number move with the numbered one that they are below."""
    numbers = [_number(text) for text in texts]
    found = list(levels)
    for group in _groups(numbers, levels):
        usual = Counter(sorted(levels[at] for at in group.members)).most_common(1)[0][0]
        level = usual if group.parent is None else max(usual, found[group.parent] + 1)
        for at in group.members:
            found[at] = level
    numbered: int | None = None
    for at, number in enumerate(numbers):
        if number:
            numbered = at
        elif numbered is not None and levels[at] > levels[numbered]:
            found[at] += found[numbered] - levels[numbered]
        else:
            numbered = None
    return found


def _number(text: str) -> Number:
    """The number of a heading; "3.0" is "3"."""
    match = _NUMBER.match(text)
    parts = [int(part) for part in match[1].split(".")] if match else []
    while len(parts) > 1 and parts[-1] == 0:
        parts.pop()
    return tuple(parts)


def _groups(numbers: Sequence[Number], levels: Sequence[int]) -> list[_Group]:
    """The groups, each behind that of its parent. A chapter does not continue the numbers of steps
    in the chapter before, which are more than a level deeper."""
    groups: list[_Group] = []
    chapters: list[_Group] = []
    latest: dict[Number, int] = {}  # position of the last heading with a number
    below: dict[int, _Group] = {}  # the group below a heading
    for at, number in enumerate(numbers):
        if not number:
            continue
        parent = latest.get(number[:-1])
        if len(number) == 1:
            group = _open_group(chapters, number[0], levels[at], levels)
        elif parent is not None:
            group = below.setdefault(parent, _Group(parent))
        else:
            continue
        if not group.members:
            groups.append(group)
            if group.parent is None:
                chapters.append(group)
        group.members.append(at)
        group.last = number[-1]
        latest[number] = at
    return groups


def _open_group(
    chapters: Sequence[_Group], number: int, level: int, levels: Sequence[int]
) -> _Group:
    """The last group that a heading with this number continues, or a new one."""
    for group in reversed(chapters):
        if group.last == number - 1 and abs(levels[group.members[-1]] - level) <= 1:
            return group
    return _Group(None)
