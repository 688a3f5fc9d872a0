"""Finds numbered headings that together are a list: "Three differences", and below it the headings
"1. Sleep", "2. Food" and "3. Noise", each with text of its own."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from corpus.document import Block, Kind, Span

_NUMBER = re.compile(
    r"\W{0,3}(\d{1,2})\s?[.):]\s+(?=\S)|(?:Step|Tip|No\.?|#)\s?(\d{1,2})\W\s*(?=\S)"
)
_COUNTS = re.compile(
    r"\b(?:(\d{1,2})|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve)\b", re.IGNORECASE
)
_WORDS = "two three four five six seven eight nine ten eleven twelve".split()
_ANNOUNCES = re.compile(r"\b(?:following|below|as follows)\b|:\W*$", re.IGNORECASE)


@dataclass(frozen=True)
class Part:
    """A numbered heading: its number, and its span without it."""

    number: int
    span: Span


def numbered_parts(text: str, blocks: Sequence[Block], at: int) -> list[Part]:
    """Returns the headings numbered 1, 2, … of which the block `at` is the first; an empty list if
    it is not, or if it is the only one."""
    first = _part(text, blocks[at])
    if not first or first.number != 1:
        return []
    parts = [first]
    for number in range(at + 1, len(blocks)):
        block = blocks[number]
        if block.kind not in (Kind.HEADING, Kind.QUESTION) or block.level > blocks[at].level:
            continue
        part = _part(text, block)
        if block.level < blocks[at].level or not part or part.number != len(parts) + 1:
            break
        parts.append(part)
    return parts if len(parts) > 1 else []


def announces_parts(above: str, count: int) -> bool:
    """Whether a text says that so many parts follow, or that a list does."""
    numbers = (
        int(found.group(1) or _WORDS.index(found.group().lower()) + 2)
        for found in _COUNTS.finditer(above)
    )
    return count in numbers or bool(_ANNOUNCES.search(above))


def _part(text: str, block: Block) -> Part | None:
    found = _NUMBER.match(text, block.start, block.end)
    if block.kind is not Kind.HEADING or not found:
        return None
    return Part(int(found.group(1) or found.group(2)), (found.end(), block.end))
