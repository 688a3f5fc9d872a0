"""The text of Word paragraphs as the document shows it: insertions are read, deletions are not, and
of fields only the results."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from corpus.formats.docx.styles import Style, Styles, number
from corpus.formats.office import Element, child, is_on, value

# Elements whose text is not that of the document.
_SKIPPED = frozenset(
    "w:del w:moveFrom w:pPr w:rPr w:instrText w:delText w:delInstrText w:rt w:sdtPr w:sdtEndPr "
    "w:fldData w:annotationRef w:object w:tbl mc:Fallback".split()
)
_BREAKS = {"w:br", "w:cr"}
_TEXTS = {"w:t", "m:t"}
# Characters that elements stand for.
_CHARACTERS = {"w:tab": " ", "w:ptab": " ", "w:noBreakHyphen": "-", "w:softHyphen": ""}
_REFERENCES = {"w:footnoteReference": "footnotes", "w:endnoteReference": "endnotes"}


@dataclass(slots=True)
class ParagraphText:
    """The lines of a paragraph, as breaks divide them. `is_bold` holds if all its text is; `size`
    is that of most of it in half points. `notes` are the kinds and ids of the notes that it refers
    to, `boxes` the contents of text boxes that are anchored in it."""

    lines: list[str] = field(default_factory=list)
    is_bold: bool = False
    size: int = 0
    notes: list[tuple[str, str]] = field(default_factory=list)
    boxes: list[Element] = field(default_factory=list)

    @property
    def text(self) -> str:
        """The text in one line."""
        return " ".join(" ".join(self.lines).split())


def paragraph_text(paragraph: Element, styles: Styles, style: Style) -> ParagraphText:
    """Returns the text of a paragraph with this style."""
    reader = _Reader(styles, style)
    reader.read(paragraph)
    return reader.result()


class _Reader:
    def __init__(self, styles: Styles, style: Style) -> None:
        self._styles = styles
        self._style = style
        self._pieces: list[str] = []
        self._bold = self._plain = 0  # characters
        self._sizes = Counter[int]()
        self._found = ParagraphText()

    def result(self) -> ParagraphText:
        found = self._found
        found.lines = [line.strip() for line in "".join(self._pieces).split("\n")]
        found.lines = [line for line in found.lines if line]
        found.is_bold = self._bold > 0 and not self._plain
        found.size = max(self._sizes, key=lambda size: (self._sizes[size], size), default=0)
        return found

    def read(self, element: Element) -> None:
        for each in element:
            tag = each.tag
            if tag == "w:r":
                self._run(each)
            elif tag in _TEXTS:  # of a formula
                self._pieces.append(each.text or "")
            elif tag == "w:txbxContent":
                self._found.boxes.append(each)
            elif tag not in _SKIPPED:
                self.read(each)

    def _run(self, run: Element) -> None:
        properties = child(run, "w:rPr")
        style = self._styles[name] if (name := value(properties, "w:rStyle")) else self._style
        shows = child(properties, "w:vanish")
        if is_on(properties, "w:vanish") or (shows is None and style.is_hidden):
            return
        text = "".join(self._run_pieces(run))
        self._pieces.append(text)
        if length := sum(map(str.isalnum, text)):
            is_bold = is_on(properties, "w:b") or (
                child(properties, "w:b") is None and (style.is_bold or self._style.is_bold)
            )
            self._bold += length if is_bold else 0
            self._plain += 0 if is_bold else length
            self._sizes[number(value(properties, "w:sz")) or self._style.size] += length

    def _run_pieces(self, run: Element) -> Iterator[str]:
        for each in run:
            tag = each.tag
            if tag in _TEXTS:
                yield each.text or ""
            elif tag in _CHARACTERS:
                yield _CHARACTERS[tag]
            elif tag in _BREAKS:
                yield "\n"
            elif tag == "w:sym":
                yield _symbol(each)
            elif tag in _REFERENCES:
                self._found.notes.append((_REFERENCES[tag], each.get("w:id", "")))
            elif tag == "w:ruby":
                self.read(each)
            elif tag in ("w:drawing", "w:pict", "mc:AlternateContent"):
                self.read(each)  # finds text boxes


def _symbol(element: Element) -> str:
    """The character of a symbol font, "" if it has no meaning outside it."""
    code = element.get("w:char", "")
    try:
        found = chr(int(code, 16))
    except (ValueError, OverflowError):
        return ""
    return "" if "\ue000" <= found <= "\uf8ff" or "\ud800" <= found <= "\udfff" else found
