"""Parses the reply of a language model. Whatever it wrote, the result is ids that exist, and text
without markup.

A reply is lines: ids, or sentences with ids behind them. One that is JSON, as providers with
structured output give it, is read as the lines that it stands for.
"""

import json
import re
import unicodedata
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import Any

from assistant.language_model.exhibits import Exhibit

Part = tuple[int, int]
"""An exhibit and one of its parts, both counted from 0."""

_ID = re.compile(r"(?<![\w.])(\d{1,2})(?:\.(\d{1,3}))?(?![\w.]|\.\d)")
_NONE = re.compile(r"\W*NONE\b|\{\s*\"\w{1,20}\"\s*:\s*\[\s*\]\s*\}", re.IGNORECASE)
_IDS = re.compile(r"\[([\d\s.,;]{1,200})\]")
_MARKS = re.compile(r"^\s*(?:[-*+•]|\d{1,2}[.)])\s+|[*_`#<>]+")
_SPACE = re.compile(r"\s+")
_DECODER = json.JSONDecoder()
_SENTENCE = re.compile(r'\{\s*"(?:text|ids)"\s*:')
_MAX_LINES = 12
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


def as_lines(pieces: Generator[str, None, None]) -> Generator[str | None, None, None]:
    """The lines of a reply as they are completed, at most 12; None for each other piece. A sentence
    in JSON is a line."""
    rest = ""
    count = 0
    for piece in pieces:
        complete, rest = _completed(rest + piece)
        yield from complete
        yield None
        count += len(complete)
        if count >= _MAX_LINES:
            return
    yield rest


def _completed(text: str) -> tuple[list[str], str]:
    """The lines that are complete, and the rest."""
    if not text.lstrip().startswith("{"):
        *complete, rest = text.split("\n")
        return complete, rest
    complete, end = [], 0
    while start := _SENTENCE.search(text, end):
        try:
            value, end = _DECODER.raw_decode(text, start.start())
        except ValueError:  # not complete yet
            break
        complete.append(_line(value))
    return complete, text if not complete else "{" + text[end:]


def _line(value: Any) -> str:
    """A sentence of a JSON reply as a line."""
    ids = value.get("ids")
    numbers = " ".join(map(str, ids)) if isinstance(ids, list) else ""
    return f"{' '.join(str(value.get('text', '')).split())} [{numbers}]"


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
