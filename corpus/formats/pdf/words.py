"""Joins lines of text: a word that is divided at the end of a line becomes whole again.

Whether the hyphen stays ("self-service") is decided by how the document writes the word elsewhere.
"""

import re
from collections.abc import Callable, Iterable

Join = Callable[[Iterable[str]], str]
_HYPHENATED = re.compile(r"[^\W\d_]+(?:[-‐][^\W\d_]+)+")
_DIVIDED = re.compile(r"([^\W\d_]+)([-‐\u00ad])$")
_WORD = re.compile(r"[^\W\d_]+")
# Addresses and ranges are divided behind one of these.
_OPEN = re.compile(r"[\w/]/$|\w[@–_]$|\d-$")
# Scripts that are written without spaces.
_UNSPACED = re.compile(r"[\u3000-\u30ff\u3400-\u9fff\uac00\uf900-\ufaff\uff00-\uff60]")
# The end of a sentence, and words that end none.
END = re.compile(r"[.!?:;。！？…][\"'”’)\]]*$")
OPEN_END = re.compile(r"\s(?:an?|and|at|by|for|from|in|of|on|or|the|to|which|with)$")
_MAX_WORDS = 200_000


class Vocabulary:
    """The words of a document."""

    def __init__(self) -> None:
        self._words: set[str] = set()
        self._hyphenated: set[str] = set()

    def add(self, text: str) -> None:
        """Learns the words of one line, but for its first and last, which may be parts."""
        if len(self._words) < _MAX_WORDS:
            inner = text.casefold().split()[1:-1]
            self._words.update(_WORD.findall(" ".join(inner)))
            self._hyphenated.update(_HYPHENATED.findall(text.casefold()))

    def join(self, lines: Iterable[str]) -> str:
        """Returns the lines in one, without soft hyphens."""
        joined = ""
        for line in lines:
            if not line:
                continue
            if not joined:
                joined = line
            elif found := _DIVIDED.search(joined):
                joined = self._repaired(joined, found, line)
            elif _OPEN.search(joined) or (_UNSPACED.match(joined[-1]) and _UNSPACED.match(line[0])):
                joined += line
            else:
                joined += f" {line}"
        return joined.replace("\u00ad", "")

    def _repaired(self, joined: str, divided: re.Match[str], line: str) -> str:
        head, hyphen = divided.groups()
        found = _WORD.match(line)
        tail = found.group() if found else ""
        if not tail:
            return f"{joined} {line}"
        whole = f"{head}{tail}".casefold()
        stays = tail[0].isupper() or (
            whole not in self._words
            and (
                f"{head}-{tail}".casefold() in self._hyphenated
                or (len(tail) > 2 and self._knows(head) and self._knows(tail))
            )
        )
        if hyphen != "\u00ad" and stays:
            return joined + line
        return joined[:-1] + line

    def _knows(self, part: str) -> bool:
        return len(part) > 2 and part.casefold() in self._words
