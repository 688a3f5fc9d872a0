"""What the styles of a Word document say about the paragraphs that have them."""

import re
from dataclasses import dataclass, replace

from corpus.formats.office import Element, child, is_on, value

# The names of heading styles: Word stores the English ones in any language; other programs, and
# documents that were converted, have their own.
_HEADING = re.compile(
    r"(?:heading|überschrift|titre|título|titulo|titolo|rubrik|overskrift|kop|nagłówek|otsikko"
    r"|заголовок|标题|標題|見出し|제목|başlık|nadpis|címsor)\s*([1-9])",
    re.IGNORECASE,
)
_TITLE = re.compile(r"title|titel|título del? documento", re.IGNORECASE)
_CONTENTS = re.compile(
    r"(?:toc|contents|table of (?:figures|authorities)|verzeichnis|inhaltsverzeichnis)"
    r"(?:\s*(?:heading|\d))?",
    re.IGNORECASE,
)
_CODE = re.compile(r"(?:source|verbatim|html preformatted|code|macro)\b.*", re.IGNORECASE)
_MAX_CHAIN = 20  # styles that are based on each other
_MAX_LEVEL = 9


@dataclass(frozen=True, slots=True)
class Style:
    """`level` is that of a heading, 0 for other text. `list_id` and `list_level` are those of a
    numbering that the style brings along; `size` is in half points, 0 if not said."""

    name: str = ""
    level: int = 0
    is_title: bool = False
    is_contents: bool = False
    is_code: bool = False
    is_bold: bool = False
    is_hidden: bool = False
    size: int = 0
    list_id: str = ""
    list_level: int = 0


class Styles:
    """The styles of a document, by their ids."""

    def __init__(self, tree: Element | None) -> None:
        self._elements: dict[str, Element] = {}
        self._known: dict[str, Style] = {}
        self.default = ""
        defaults = child(tree, "w:docDefaults", "w:rPrDefault", "w:rPr")
        self._base = Style(size=number(value(defaults, "w:sz")))
        for each in tree if tree is not None else ():
            if each.tag == "w:style":
                name = each.get("w:styleId", "")
                self._elements[name] = each
                is_default = each.get("w:default") in ("1", "true", "on")
                if each.get("w:type") == "paragraph" and is_default:
                    self.default = name

    def __getitem__(self, name: str) -> Style:
        """Returns the style with this id; what it does not say is that of the style it is based
        on."""
        name = name or self.default
        if name not in self._known:
            chain: list[Element] = []
            at = name
            while at in self._elements and len(chain) < _MAX_CHAIN:
                chain.append(self._elements[at])
                at = value(self._elements[at], "w:basedOn")
            style = self._base
            for element in reversed(chain):
                style = _refined(style, element)
            if not chain and (found := _HEADING.fullmatch(name)):
                style = replace(style, level=int(found.group(1)))  # the styles are missing
            self._known[name] = style
        return self._known[name]


def number(text: str) -> int:
    """Returns a number of the file, 0 if it is none."""
    return int(text) if re.fullmatch(r"-?\d{1,9}", text) else 0


def heading_level(properties: Element | None, style: Style) -> int:
    """Returns the level of a paragraph that is a heading, 0 for other text."""
    outline = value(properties, "w:outlineLvl")
    if outline:
        level = number(outline) + 1
        return level if level <= _MAX_LEVEL else 0
    return style.level


def _refined(base: Style, element: Element) -> Style:
    name = value(element, "w:name") or element.get("w:styleId", "")
    paragraph, run = child(element, "w:pPr"), child(element, "w:rPr")
    found = _HEADING.fullmatch(name)
    level = int(found.group(1)) if found else base.level
    list_ = child(paragraph, "w:numPr")
    return Style(
        name=name,
        level=heading_level(paragraph, replace(base, level=level)),
        is_title=bool(_TITLE.fullmatch(name)) or (base.is_title and not found),
        is_contents=bool(_CONTENTS.fullmatch(name)) or base.is_contents,
        is_code=bool(_CODE.fullmatch(name)) or base.is_code,
        is_bold=is_on(run, "w:b") if child(run, "w:b") is not None else base.is_bold,
        is_hidden=is_on(run, "w:vanish") or base.is_hidden,
        size=number(value(run, "w:sz")) or base.size,
        list_id=value(list_, "w:numId") or base.list_id,
        list_level=number(value(list_, "w:ilvl")) if list_ is not None else base.list_level,
    )
