"""Counts the numbers that Word shows before paragraphs, which its files do not contain."""

import re
from dataclasses import dataclass

from corpus.formats.docx.styles import number
from corpus.formats.office import Element, child, value

_MAX_LEVEL = 8
_NOT_COUNTED = frozenset({"bullet", "none"})
_ROMAN = ((1000, "m"), (900, "cm"), (500, "d"), (400, "cd"), (100, "c"), (90, "xc"), (50, "l"),
          (40, "xl"), (10, "x"), (9, "ix"), (5, "v"), (4, "iv"), (1, "i"))  # fmt: skip


@dataclass(frozen=True, slots=True)
class ListMark:
    """The mark before a paragraph. `depth` is 1 for the outermost list; `number` counts the steps,
    None for a bullet; `label` is the mark as it is shown, "2.1"."""

    depth: int
    number: int | None = None
    label: str = ""


@dataclass(frozen=True, slots=True)
class _Level:
    format: str = "decimal"
    text: str = ""
    start: int = 1


class Numbering:
    """The lists of a document, and how far each has counted."""

    def __init__(self, tree: Element | None) -> None:
        self._levels: dict[str, dict[int, _Level]] = {}  # of abstract lists, by id
        self._abstract: dict[str, str] = {}  # by the id of the list
        self._starts: dict[str, dict[int, int]] = {}  # of lists that start again
        self._counts: dict[str, list[int]] = {}  # by abstract list
        self._begun: set[str] = set()
        links: dict[str, str] = {}
        linked: dict[str, str] = {}
        for each in tree if tree is not None else ():
            if each.tag == "w:abstractNum":
                name = each.get("w:abstractNumId", "")
                self._levels[name] = dict(_levels(each))
                links[value(each, "w:styleLink")] = name
                linked[name] = value(each, "w:numStyleLink")
        for name, style in linked.items():
            if style and style in links:
                self._levels[name] = self._levels[links[style]]
        for each in tree if tree is not None else ():
            if each.tag == "w:num":
                self._add(each)

    def _add(self, element: Element) -> None:
        name = element.get("w:numId", "")
        abstract = self._abstract[name] = value(element, "w:abstractNumId")
        overrides = [each for each in element if each.tag == "w:lvlOverride"]
        for each in overrides:
            level = number(each.get("w:ilvl", ""))
            start = child(each, "w:startOverride")
            if start is not None:
                self._starts.setdefault(name, {})[level] = number(start.get("w:val", ""))
        changed = {level: found for each in overrides for level, found in _levels(each)}
        if changed:
            self._abstract[name] = own = f"{abstract} {name}"
            self._levels[own] = {**self._levels.get(abstract, {}), **changed}

    def next(self, list_id: str, level: int) -> ListMark | None:
        """Counts one paragraph of a list, and returns its mark; None if it has none."""
        abstract = self._abstract.get(list_id)
        if abstract is None:
            return None
        level = min(max(level, 0), _MAX_LEVEL)
        levels = self._levels.get(abstract, {})
        counts = self._counts.setdefault(abstract, [0] * (_MAX_LEVEL + 1))
        if list_id not in self._begun:
            self._begun.add(list_id)
            for at, start in self._starts.get(list_id, {}).items():
                if 0 <= at <= _MAX_LEVEL:
                    counts[at] = start - 1
        this = levels.get(level, _Level())
        if not counts[level] and level not in self._starts.get(list_id, {}):
            counts[level] = this.start - 1
        counts[level] += 1
        counts[level + 1 :] = [0] * (_MAX_LEVEL - level)
        if this.format in _NOT_COUNTED:
            return ListMark(level + 1) if this.format == "bullet" else None
        return ListMark(level + 1, counts[level], _label(this, levels, counts))


def _levels(element: Element) -> list[tuple[int, _Level]]:
    found = []
    for each in element:
        if each.tag == "w:lvl":
            level = _Level(
                value(each, "w:numFmt") or "decimal",
                value(each, "w:lvlText"),
                number(value(each, "w:start") or "1"),
            )
            found.append((number(each.get("w:ilvl", "")), level))
    return found


def _label(level: _Level, levels: dict[int, _Level], counts: list[int]) -> str:
    def shown(match: re.Match[str]) -> str:
        at = int(match.group(1)) - 1
        other = levels.get(at, _Level())
        return _counted(max(counts[at], other.start), other.format)

    return re.sub(r"%([1-9])", shown, level.text).strip()


def _counted(count: int, form: str) -> str:
    if form.endswith("Letter"):
        text = chr(ord("a") + (count - 1) % 26) * ((count - 1) // 26 % 9 + 1)
    elif form.endswith("Roman"):
        text = _roman(count)
    else:
        return str(count).zfill(2) if form == "decimalZero" else str(count)
    return text.upper() if form.startswith("upper") else text


def _roman(count: int) -> str:
    text = ""
    for worth, letters in _ROMAN:
        while count >= worth and len(text) < 20:
            text += letters
            count -= worth
    return text
