"""The paragraphs of a shape, and which of them are items of a list: the paragraph says it, or the
shape, the layout of the slide or its master."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from corpus.formats.office import Element, child

_BULLETS = {"a:buNone": "", "a:buChar": "bullet", "a:buBlip": "bullet", "a:buAutoNum": "number"}
# A bullet that was typed before a paragraph.
_TYPED_MARK = re.compile(r"([•◦▪●○■·–-])\s+(?=\S)")
_MAX_LEVEL = 9
_DEFAULT_SIZE = 1800
_TEXTS = frozenset({"a:r", "a:fld"})


@dataclass(frozen=True, slots=True)
class SlideParagraph:
    """A paragraph. `depth` is 0 if it is no item; `number` is that of a step."""

    text: str
    depth: int = 0
    number: int | None = None


def paragraphs(body: Element, styles: Sequence[Element]) -> Iterator[SlideParagraph]:
    """Yields the paragraphs of a text body. `styles` are the lists of properties by level that it
    inherits, the nearest first."""
    own = child(body, "a:lstStyle")
    inherited = [each for each in (own, *styles) if each is not None]
    counts: dict[int, int] = {}
    marks: list[str] = []  # that were typed before the last items
    for each in body:
        if each.tag != "a:p":
            continue
        text = " ".join(_text(each).split())
        if not text:
            continue
        properties = child(each, "a:pPr")
        level = _level(properties)
        kind, start = _bullet(properties, level, inherited)
        for deeper in [at for at in counts if at > level or (at == level and kind != "number")]:
            del counts[deeper]
        if not kind and (typed := _TYPED_MARK.match(text)):
            mark = typed.group(1)
            marks = [*(marks[: marks.index(mark)] if mark in marks else marks), mark]
            yield SlideParagraph(text[typed.end() :], len(marks))
            continue
        marks = []
        if kind == "number":
            counts[level] = counts.get(level, start - 1) + 1
        yield SlideParagraph(text, level + 1 if kind else 0, counts.get(level))


def look(body: Element, styles: Sequence[Element]) -> tuple[int, bool]:
    """Returns the size, in hundredths of a point, and whether it is bold, of the letters that a
    text body starts with."""
    own = child(body, "a:lstStyle")
    for paragraph in (each for each in body if each.tag == "a:p" and _text(each).strip()):
        level = f"a:lvl{_level(child(paragraph, 'a:pPr')) + 1}pPr"
        inherited = (child(style, level, "a:defRPr") for style in (own, *styles))
        typical = child(paragraph, "a:pPr", "a:defRPr")
        sources = (child(paragraph, "a:r", "a:rPr"), typical, *inherited)
        found = [each for each in sources if each is not None]
        size = next((size for each in found if (size := each.get("sz", "")).isdigit()), "")
        bold = next((bold for each in found if (bold := each.get("b"))), "0")
        return int(size or _DEFAULT_SIZE), bold in ("1", "true")
    return 0, False


def _text(paragraph: Element) -> str:
    pieces = []
    for each in paragraph:
        if each.tag in _TEXTS:
            found = child(each, "a:t")
            pieces.append((found.text or "") if found is not None else "")
        elif each.tag == "a:br":
            pieces.append(" ")
        elif each.tag not in ("a:pPr", "a:endParaRPr"):  # a formula
            pieces.extend(part.text or "" for part in each.iter() if part.tag == "m:t")
    return "".join(pieces)


def _level(properties: Element | None) -> int:
    level = properties.get("lvl", "0") if properties is not None else "0"
    return min(int(level), _MAX_LEVEL - 1) if level.isdigit() else 0


def _bullet(properties: Element | None, level: int, styles: Sequence[Element]) -> tuple[str, int]:
    """ "bullet", "number" or "", and the number of the first item."""
    inherited = [child(style, f"a:lvl{level + 1}pPr") for style in styles]
    for each in (properties, *inherited):
        for part in each if each is not None else ():
            if part.tag in _BULLETS:
                start = part.get("startAt", "1")
                return _BULLETS[part.tag], int(start) if start.isdigit() else 1
    return "", 1
