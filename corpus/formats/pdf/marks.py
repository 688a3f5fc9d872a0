"""Recognises the marks of items at the start of lines: bullets, numbers and letters.

A number or a letter that does not follow the last one is text: "12. March".
"""

import re
import string
from dataclasses import dataclass

from corpus.formats.pdf.pieces import Piece

_BULLET = re.compile(
    r"([•◦▪▫●○■□▶►‣⁃➢➤✓✔❖\ue000-\uf8ff])\s*(?=\S)|([∙·–—*-])\s+(?=\S)|(o)\s+(?=\S)"
)
_NUMBER = re.compile(r"\(?(\d{1,3})[.)]\s+(?=\S)")
_LETTER = re.compile(r"(\(?)([a-z]|[ivx]{2,5})([.)])\s+(?=\S)")
_ROMAN = tuple("i ii iii iv v vi vii viii ix x xi xii xiii xiv xv xvi xvii xviii xix xx".split())
_NAMES = (tuple(string.ascii_lowercase), _ROMAN)

_Kind = tuple[str, str, bool]  # what stands before and behind a letter, whether it is Roman


@dataclass(frozen=True, slots=True)
class Mark:
    """The mark of an item. `number` is that of a step, `letters` what its letter may be: the
    positions in the alphabet and among the Roman numbers."""

    text: str
    number: int | None = None
    letters: tuple[tuple[_Kind, int], ...] = ()

    @property
    def counts(self) -> bool:
        """Whether it is a number or a letter."""
        return self.number is not None or bool(self.letters)

    @property
    def left_out(self) -> str:
        """What of it is no text of the item: others refer to its letter."""
        return "" if self.letters else self.text


class MarkReader:
    """Reads the marks of a document in reading order."""

    def __init__(self) -> None:
        self._number = 0  # of the last step
        self._letters: dict[_Kind, int] = {}  # the last ones

    def read(self, piece: Piece, *, after_item: bool) -> Mark | None:
        """Returns the mark at the start of a line, None if it has none. An "o" is a bullet only
        behind another item."""
        if found := _BULLET.match(piece.text):
            return Mark(found.group()) if not found.group(3) or after_item else None
        if found := _NUMBER.match(piece.text):
            number = int(found.group(1))
            inner = self._next_letters(piece.text[found.end() :])  # "6. (a) All employees"
            is_next = number in (1, self._number + 1)
            self._letters.update(inner)
            return Mark(found.group(), number) if is_next else None
        letters = () if piece.is_bold else self._next_letters(piece.text)
        found = _LETTER.match(piece.text)
        return Mark(found.group(), letters=letters) if found and letters else None

    def count(self, mark: Mark) -> None:
        """Notes that the mark starts an item."""
        self._number = mark.number or self._number
        self._letters.update(mark.letters)

    def _next_letters(self, text: str) -> tuple[tuple[_Kind, int], ...]:
        """What the letter at the start of a line may be: the first of a list or the next."""
        found = _LETTER.match(text)
        if not found:
            return ()
        opening, letter, closing = found.groups()
        kinds = {(opening, closing, names is _ROMAN): names for names in _NAMES if letter in names}
        positions = ((kind, names.index(letter)) for kind, names in kinds.items())
        return tuple(
            each for each in positions if each[1] in (0, self._letters.get(each[0], -1) + 1)
        )
