"""Parses the reply of a language model. Whatever it wrote, the result is ids that exist, and text
without markup."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from assistant.language_model.exhibits import Exhibit

Part = tuple[int, int]
"""An exhibit and one of its parts, both counted from 0."""

_ID = re.compile(r"(?<![\w.])(\d{1,2})(?:\.(\d{1,3}))?(?![\w.]|\.\d)")
_NONE = re.compile(r"\W*NONE\b", re.IGNORECASE)
_IDS = re.compile(r"\[([\d\s.,;]{1,200})\]")
_MARKS = re.compile(r"^\s*(?:[-*+•]|\d{1,2}[.)])\s+|[*_`#<>]+")
_SPACE = re.compile(r"\s+")
# A reply that chooses is ids only; in a longer text numbers are no ids.
_MAX_CHOICE_CHARS = 400
_MAX_PARTS = 12


@dataclass(frozen=True, slots=True)
class Written:
    """A sentence of a reply and the parts that it cites."""

    text: str
    parts: tuple[Part, ...]


def says_none(reply: str) -> bool:
    """Whether the reply is that nothing answers."""
    return bool(_NONE.match(reply.strip()))


def chosen_parts(reply: str, exhibits: Sequence[Exhibit]) -> list[Part]:
    """The parts that a reply names, each once, best first. Empty if it names none that exist, or
    is a text instead of ids."""
    if says_none(reply) or len(reply) > _MAX_CHOICE_CHARS:
        return []
    return _parts(reply, exhibits)


def written_sentence(line: str, exhibits: Sequence[Exhibit]) -> Written | None:
    """The sentence in one line of a reply; None if it is none, or cites nothing that exists."""
    ids = " ".join(match.group(1) for match in _IDS.finditer(line))
    parts = _parts(ids.replace(",", " ").replace(";", " "), exhibits)
    text = plain(_IDS.sub("", line))
    return Written(text, tuple(parts)) if text and parts and not says_none(text) else None


def plain(text: str) -> str:
    """The text in one line without marks of Markdown and HTML, control and format characters."""
    visible = "".join(
        " " if unicodedata.category(c) in ("Cc", "Zl", "Zp") else c
        for c in text
        if unicodedata.category(c) != "Cf"
    )
    return re.sub(r"\s+([.,;:!?])", r"\1", _SPACE.sub(" ", _MARKS.sub("", visible))).strip()


def _parts(ids: str, exhibits: Sequence[Exhibit]) -> list[Part]:
    found: list[Part] = []
    for match in _ID.finditer(ids):
        number = int(match.group(1)) - 1
        if not 0 <= number < len(exhibits):
            continue
        count = len(exhibits[number].parts)
        if match.group(2) is None:
            found += [(number, n) for n in range(count)]
        elif 1 <= int(match.group(2)) <= count:
            found.append((number, int(match.group(2)) - 1))
    return list(dict.fromkeys(found))[:_MAX_PARTS]
