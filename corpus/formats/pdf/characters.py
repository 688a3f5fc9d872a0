"""Reads the words of a page with their positions and fonts, and the straight lines drawn on it.

Knows nothing of lines of text, columns or paragraphs. Coordinates are points (1/72 inch), from the
upper left corner of the page as it is read: a page whose text runs upwards is turned first.
"""

import ctypes
import math
import re
from collections import Counter
from dataclasses import dataclass

import pypdfium2
import pypdfium2.raw as pdfium

from corpus.formats.pdf.rules import Rule, straight_lines

# More characters are not read; a page of dense print has 6,000.
_MAX_PAGE_CHARS = 40_000
# Lines and rectangles of a page; drawings have more, tables do not.
_MAX_RULES = 4000
_MAX_FORM_DEPTH = 3
_BOLD_WEIGHT = 600
_BOLD = re.compile(r"bold|black|heavy|semibold|demi|cmbx|[-,]bd\b|cmb10", re.IGNORECASE)
_NOT_BOLD = re.compile(r"regular|roman|light|book|italic|oblique|cmr|cmti", re.IGNORECASE)
_MONO = re.compile(r"courier|mono|consol|cmtt|typewriter|menlo|fixed|lucidacons", re.IGNORECASE)
# PDFium's marks of a hyphen at the end of a line; it gives no line break behind them.
_HYPHENS = frozenset({0x02, 0xFFFE})
# Fonts of signs, whose letters are bullets, but for those of a check mark and a cross.
_CHECKS = {0xFC: "✓", 0xFB: "✗"}
_SIGNS = re.compile(r"wingdings|webdings|dingbats", re.IGNORECASE)
_MAX_SIGN = 2  # codes of one sign
_RIGHT_TO_LEFT = range(0x590, 0x900)


@dataclass(frozen=True, slots=True)
class Word:
    """Characters without a space between them. `angle` is that of its line in degrees, 0 if it
    runs to the right; `starts_line` is whether the file starts a line with it."""

    text: str
    x0: float
    top: float
    x1: float
    bottom: float
    size: float
    is_bold: bool
    is_mono: bool
    angle: int
    starts_line: bool


@dataclass(frozen=True, slots=True)
class Page:
    """What stands on one page. `number` counts from 1; `has_pictures` is whether there is
    something that is not text; `slanted` counts the words that run neither along nor across."""

    number: int
    width: float
    height: float
    words: tuple[Word, ...]
    rules: tuple[Rule, ...]
    has_pictures: bool
    slanted: int = 0


def read_page(number: int, page: pypdfium2.PdfPage, text: pypdfium2.PdfTextPage) -> Page:
    """Returns what stands on a page."""
    left, bottom, right, top = page.get_bbox()
    words, has_more = _Reader(text.raw).words()
    turn = _main_angle(words)
    rules: list[Rule] = []
    has_pictures = has_more
    if words:
        for each in page.get_objects(
            filter=[pdfium.FPDF_PAGEOBJ_PATH], max_depth=_MAX_FORM_DEPTH, textpage=text
        ):
            rules.extend(straight_lines(each.raw))
            if len(rules) > _MAX_RULES:
                rules = []  # a drawing
                break
    else:
        has_pictures = any(True for _ in page.get_objects(max_depth=1))
    frame = _Frame(left, bottom, right, top, turn)
    return Page(
        number,
        *frame.size,
        tuple(frame.word(word) for word in words if word.angle % 90 == 0),
        tuple(frame.rule(rule) for rule in rules),
        has_pictures,
        sum(word.angle % 90 != 0 for word in words),
    )


def _main_angle(words: list[Word]) -> int:
    """The direction in which most of the text runs: 0, 90, 180 or 270."""
    counts = Counter[int]()
    for word in words:
        if word.angle % 90 == 0:
            counts[word.angle] += len(word.text)
    return max(counts, key=lambda angle: (counts[angle], angle == 0), default=0)


@dataclass(frozen=True, slots=True)
class _Frame:
    """Turns the coordinates of a file, from the lower left corner, into those of a page as it is
    read. `turn` is the angle of its text."""

    left: float
    bottom: float
    right: float
    top: float
    turn: int

    @property
    def size(self) -> tuple[float, float]:
        wide, high = self.right - self.left, self.top - self.bottom
        return (wide, high) if self.turn % 180 == 0 else (high, wide)

    def box(self, x0: float, y0: float, x1: float, y1: float) -> tuple[float, float, float, float]:
        """Returns left, top, right and bottom of a box between two corners of the file."""
        match self.turn:
            case 90:
                found = (y0 - self.bottom, x0 - self.left, y1 - self.bottom, x1 - self.left)
            case 180:
                found = (self.right - x1, y0 - self.bottom, self.right - x0, y1 - self.bottom)
            case 270:
                found = (self.top - y1, self.right - x1, self.top - y0, self.right - x0)
            case _:
                found = (x0 - self.left, self.top - y1, x1 - self.left, self.top - y0)
        return tuple(round(value, 2) for value in found)  # type: ignore[return-value]

    def word(self, word: Word) -> Word:
        x0, top, x1, bottom = self.box(word.x0, word.bottom, word.x1, word.top)
        angle = (word.angle - self.turn) % 360
        return Word(
            word.text, x0, top, x1, bottom, word.size, word.is_bold, word.is_mono, angle,
            word.starts_line,
        )  # fmt: skip

    def rule(self, rule: Rule) -> Rule:
        shape = None
        if rule.shape:
            left, top, right, bottom = rule.shape
            shape = self.box(left, bottom, right, top)
        return Rule(*self.box(rule.x0, rule.bottom, rule.x1, rule.top), shape)


@dataclass(frozen=True, slots=True)
class _Font:
    size: float
    is_bold: bool
    is_mono: bool
    angle: int
    has_signs: bool


class _Reader:
    """Reads the words of one text page. Asks PDFium for the character codes, and for boxes and
    fonts only where words start and end: a call for each character would take longer."""

    def __init__(self, page: pdfium.FPDF_TEXTPAGE) -> None:
        self._page = page
        self._box = pdfium.FS_RECTF()
        self._fonts: dict[int, _Font] = {}  # by the address of the text object

    def words(self) -> tuple[list[Word], bool]:
        """Returns the words in the order of the file, and whether the page has more characters
        than are read."""
        count = pdfium.FPDFText_CountChars(self._page)
        words: list[Word] = []
        codes: list[int] = []
        start = 0
        starts_line = True
        for at in range(min(count, _MAX_PAGE_CHARS)):
            code = pdfium.FPDFText_GetUnicode(self._page, at)
            if code > 0x20 and code not in (0xA0, 0xFFFE):
                if not codes:
                    start = at
                codes.append(code)
                continue
            if codes:
                end = at
                if code in _HYPHENS:
                    codes.append(0x2D)
                    end = at + 1
                words.append(self._word(codes, start, end, starts_line))
                codes = []
                starts_line = False
            starts_line = starts_line or code in (0x0A, 0x0D) or code in _HYPHENS
        if codes:
            words.append(self._word(codes, start, min(count, _MAX_PAGE_CHARS), starts_line))
        return words, count > _MAX_PAGE_CHARS

    def _word(self, codes: list[int], start: int, end: int, starts_line: bool) -> Word:
        font = self._font(start)
        x0, y0, x1, y1 = self._char_box(start)
        is_mixed = max(codes) >= _RIGHT_TO_LEFT.start and any(c in _RIGHT_TO_LEFT for c in codes)
        for at in range(start + 1, end) if is_mixed else (end - 1,) if end - start > 1 else ():
            other = self._char_box(at)
            x0, x1 = min(x0, other[0]), max(x1, other[2])
            if font.angle:
                y0, y1 = min(y0, other[1]), max(y1, other[3])
        is_sign = font.has_signs and len(codes) <= _MAX_SIGN and all(map(_is_letter, codes))
        text = _CHECKS.get(codes[0] & 0xFF, "•") if is_sign else _decode(codes)
        return Word(
            text, x0, y1, x1, y0, font.size, font.is_bold, font.is_mono, font.angle,
            starts_line,
        )  # fmt: skip

    def _char_box(self, at: int) -> tuple[float, float, float, float]:
        box = self._box
        pdfium.FPDFText_GetLooseCharBox(self._page, at, box)
        return box.left, box.bottom, box.right, box.top

    def _font(self, at: int) -> _Font:
        text_object = pdfium.FPDFText_GetTextObject(self._page, at)
        address = ctypes.cast(text_object, ctypes.c_void_p).value or 0
        if address not in self._fonts:
            self._fonts[address] = self._look_up_font(at, text_object)
        return self._fonts[address]

    def _look_up_font(self, at: int, text_object: pdfium.FPDF_PAGEOBJECT) -> _Font:
        matrix = pdfium.FS_MATRIX()
        pdfium.FPDFText_GetMatrix(self._page, at, matrix)
        scale = math.hypot(matrix.c, matrix.d) or 1.0
        size = pdfium.FPDFText_GetFontSize(self._page, at) * scale
        angle = round(math.degrees(math.atan2(matrix.b, matrix.a))) % 360
        angle = next((each for each in (0, 90, 180, 270, 360) if abs(angle - each) < 3), angle)
        font = pdfium.FPDFTextObj_GetFont(text_object) if text_object else None
        name = _font_name(font) if font else ""
        weight = pdfium.FPDFFont_GetWeight(font) if font else 0
        is_bold = bool(_BOLD.search(name)) or (weight > _BOLD_WEIGHT and not _NOT_BOLD.search(name))
        is_mono, has_signs = bool(_MONO.search(name)), bool(_SIGNS.search(name))
        return _Font(round(size, 1), is_bold, is_mono, angle % 360, has_signs)


def _is_letter(code: int) -> bool:
    """Whether a code is that of a letter, or of the place of one in a font of signs."""
    return code < 0x100 or 0xF000 <= code < 0xF100


def _font_name(font: pdfium.FPDF_FONT) -> str:
    buffer = ctypes.create_string_buffer(200)
    pdfium.FPDFFont_GetBaseFontName(font, buffer, len(buffer))
    return buffer.value.decode("utf-8", "replace")


def _decode(codes: list[int]) -> str:
    """The characters, without lone surrogates; PDFium gives some as two halves."""
    if max(codes) < 0xD800:
        return "".join(map(chr, codes))
    raw = b"".join(
        chr(code).encode("utf-16-le", "surrogatepass") for code in codes if code < 0x110000
    )
    return raw.decode("utf-16-le", "replace")
