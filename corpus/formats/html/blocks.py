"""Writes the content of an HTML page as elements of the canonical text."""

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from selectolax.lexbor import LexborNode

from corpus.code import is_code
from corpus.formats.html.code import code_text, code_with_breaks, is_numbering
from corpus.formats.html.tables import cells_of, is_layout
from corpus.formats.html.tree import (
    BLOCKS,
    attribute,
    children,
    descendants,
    heading_text,
    is_hidden,
    is_never_read,
    text_of,
)
from corpus.formats.writer import MarkdownWriter, fold

_HANDLED = frozenset(
    "h1 h2 h3 h4 h5 h6 ul ol menu li dl table pre details hr summary dt dd".split()
)
_PARAGRAPHS = re.compile(r"\n[ \t\r\f]*\n[\s]*")
_LABELS = frozenset(["b", "strong", "button"])
_CODE = frozenset(["code", "tt", "kbd", "samp"])
# An item of a list that was typed with line breaks: "- one", "2) two".
_TYPED_ITEM = re.compile(r"\s*(?:[-*•▪◦·–]|(\d{1,3})[.)])\s+(?=\S)")
_MIN_TYPED = 2
_MAX_LABEL = 80  # characters
# Lists and tables inside each other; what is deeper is text.
_MAX_NESTING = 24


@dataclass(frozen=True, slots=True)
class _Run:
    """Text between two block elements: its nodes, in order."""

    nodes: list[LexborNode]


class BlockWriter:
    """Writes elements in the order of the source. `shown` are the ids of hidden parts that a
    button shows, `titles` the paragraphs that are headings, with their level."""

    def __init__(
        self,
        writer: MarkdownWriter,
        shown: Collection[str] = (),
        titles: Mapping[str, int] | None = None,
    ) -> None:
        self._writer = writer
        self._shown = shown
        self._titles = titles or {}
        self._with_blocks: set[int] = set()
        self._written: set[str] = set()

    def write(self, root: LexborNode) -> None:
        """Writes what is in the element."""
        self._with_blocks = set()  # ids are unique among nodes that exist at the same time
        self._find_blocks(root)
        self._write_all(root, 0, 0)

    def write_question(self, question: str, answer: LexborNode | None) -> None:
        """Writes a question with its answer."""
        self._written.add(_key(question))
        self._writer.begin_details(question)
        if answer is not None:
            self.write(answer)
        self._writer.end_details()

    def has_written(self, question: str) -> bool:
        """Whether a heading, label or paragraph was written that says the same."""
        return _key(question) in self._written

    def _skip(self, node: LexborNode) -> bool:
        if is_never_read(node):
            return True
        return is_hidden(node) and attribute(node, "id") not in self._shown

    def _find_blocks(self, root: LexborNode) -> None:
        """Notes the elements that contain block elements: these are not inline, whatever they
        are."""
        for node in descendants(root, self._skip):
            if node.tag in BLOCKS:
                above = node.parent
                while above is not None and above.mem_id not in self._with_blocks:
                    self._with_blocks.add(above.mem_id)
                    above = above.parent

    def _parts(self, root: LexborNode) -> Iterator[_Run | LexborNode]:
        """The runs of text and the elements that have a method of their own, in order. Elements
        that only group others are entered."""
        run: list[LexborNode] = []
        stack = [children(root)]
        while stack:
            node = next(stack[-1], None)
            if node is None:
                stack.pop()
                is_block = True  # the end of an element that groups others
            elif self._skip(node):
                continue
            else:
                is_block = node.tag in BLOCKS or node.mem_id in self._with_blocks
            if node is not None and not is_block:
                run.append(node)
                continue
            if run:
                yield _Run(run)
                run = []
            if node is None:
                continue
            if node.tag in _HANDLED or _is_question(node):
                yield node
            else:
                stack.append(children(node))
        if run:
            yield _Run(run)

    def _write_all(self, root: LexborNode, depth: int, nesting: int) -> None:
        """Writes what is in an element that belongs to an item of this depth, 0 for none."""
        for part in self._parts(root):
            if isinstance(part, _Run):
                self._paragraphs(part, depth)
            else:
                self._element(part, depth, nesting + 1)

    def _element(self, node: LexborNode, depth: int, nesting: int) -> None:
        tag = node.tag or ""
        if nesting > _MAX_NESTING:
            self._writer.paragraph(self._text(node), depth)
        elif _is_question(node):
            self._question(node, nesting)
        elif tag in ("ul", "ol", "menu"):
            self._list(node, depth + 1, nesting)
        elif tag == "li":
            self._item(node, max(depth, 1), None, nesting)
        elif tag == "table":
            self._table(node, depth, nesting)
        elif tag == "pre":
            self._code(node, code_text(node, self._skip), depth)
        elif tag == "dl":
            self._definitions(node, depth, nesting)
        elif tag == "details" and not depth:
            self._details(node, nesting)
        elif tag.startswith("h") and tag != "hr" and not depth:
            self._heading(node)
        elif tag != "hr":
            self._write_all(node, depth, nesting)

    def _heading(self, node: LexborNode) -> None:
        words = heading_text(node, self._skip)
        if words:
            self._note(words)
            self._writer.heading(int((node.tag or "h6")[1]), words)

    def _paragraphs(self, run: _Run, depth: int) -> None:
        text = "".join(text_of(node, self._skip) for node in run.nodes)
        full = [node for node in run.nodes if fold(text_of(node, self._skip))]
        if len(full) == 1 and full[0].tag in _CODE and full[0].css_first("br") is not None:
            self._code(full[0], code_with_breaks(full[0], self._skip), depth)
            return
        is_bold = bool(full) and all(node.tag in _LABELS for node in full)
        for paragraph in _PARAGRAPHS.split(text):
            words = fold(paragraph)
            if not words:
                continue
            if self._typed_list(paragraph.split("\n"), depth):
                continue
            self._note(words)
            if level := 0 if depth else self._titles.get(words, 0):
                self._writer.heading(level, words)
            elif is_bold and not depth and is_code(words):
                self._writer.code(words)
            elif is_bold and not depth and len(words) <= _MAX_LABEL:
                self._writer.label(words)
            else:
                self._writer.paragraph(words, depth)

    def _typed_list(self, lines: list[str], depth: int) -> bool:
        """Writes lines that <br> divides if some of them start with the mark of an item."""
        marks = [_TYPED_ITEM.match(line) for line in lines]
        if sum(mark is not None for mark in marks) < _MIN_TYPED:
            return False
        for line, mark in zip(lines, marks, strict=True):
            if mark:
                number = int(mark[1]) if mark[1] else None
                self._writer.item(line[mark.end() :], depth + 1, number)
            else:
                self._writer.paragraph(line, depth)
        return True

    def _code(self, node: LexborNode, text: str, depth: int) -> None:
        """Lines of code, unless they are the numbers of the lines beside them."""
        if not is_numbering(node, text):
            self._writer.code(text, depth)

    def _list(self, node: LexborNode, depth: int, nesting: int) -> None:
        start = attribute(node, "start")
        number = int(start) if start.isascii() and start.isdigit() and len(start) < 8 else 1
        for child in children(node):
            if self._skip(child):
                continue
            if child.tag == "li":
                self._item(child, depth, number if node.tag == "ol" else None, nesting)
                number += 1
            elif child.tag in BLOCKS:  # a list right inside a list belongs to the item above
                self._element(child, depth, nesting + 1)

    def _item(self, node: LexborNode, depth: int, number: int | None, nesting: int) -> None:
        """The first text of the item, then everything else as what belongs to it."""
        is_open = False
        for part in self._parts(node):
            if isinstance(part, _Run):
                text = "".join(text_of(each, self._skip) for each in part.nodes)
                for paragraph in filter(None, map(fold, _PARAGRAPHS.split(text))):
                    if is_open:
                        self._writer.paragraph(paragraph, depth)
                    else:
                        self._writer.item(paragraph, depth, number)
                    is_open = True
            elif (part.tag or "")[0] == "h" and part.tag != "hr":
                words = heading_text(part, self._skip)
                if words in self._titles:
                    self._writer.heading(self._titles[words], words)
                elif is_open:
                    self._element(part, depth, nesting + 1)
                else:
                    self._writer.item(words, depth, number)
                is_open = True
            else:
                self._element(part, depth if is_open else depth - 1, nesting + 1)

    def _definitions(self, node: LexborNode, depth: int, nesting: int) -> None:
        term = ""
        has_text = False
        for each in self._terms(node):
            if each.tag == "dt":
                term = f"{term} / {self._text(each)}" if term and not has_text else self._text(each)
                has_text = False
                continue
            if term.endswith("?") and not has_text:
                self._note(term)
                self._writer.begin_details(term)
                self._write_all(each, 0, nesting)
                self._writer.end_details()
            elif each.mem_id in self._with_blocks:
                if not has_text:
                    self._writer.label(term)
                self._write_all(each, depth, nesting)
            elif has_text:
                self._writer.paragraph(self._text(each))
            else:
                self._writer.definition(term, self._text(each))
            has_text = True

    def _terms(self, node: LexborNode) -> Iterator[LexborNode]:
        """The terms and definitions, which may be grouped by <div>."""
        for child in children(node):
            if self._skip(child):
                continue
            if child.tag in ("dt", "dd"):
                yield child
            elif child.tag == "div":
                yield from (each for each in children(child) if each.tag in ("dt", "dd"))

    def _details(self, node: LexborNode, nesting: int) -> None:
        summary = next((each for each in children(node) if each.tag == "summary"), None)
        words = self._text(summary) if summary else ""
        if not words:
            self._write_all(node, 0, nesting)
            return
        if summary is not None:
            summary.decompose()
        self._note(words)
        self._writer.begin_details(words)
        self._write_all(node, 0, nesting)
        self._writer.end_details()

    def _question(self, node: LexborNode, nesting: int) -> None:
        """A question in microdata: its name, and the text of its answer."""
        name = node.css_first("[itemprop=name]")
        answer = node.css_first(
            "[itemprop=acceptedAnswer] [itemprop=text], [itemprop=suggestedAnswer] [itemprop=text]"
        )
        if name is None or answer is None:
            for child in children(node):
                if not self._skip(child):
                    self._write_all(child, 0, nesting)
            return
        words = attribute(name, "content") or self._text(name)
        self._note(words)
        self._writer.begin_details(words)
        self._write_all(answer, 0, nesting)
        self._writer.end_details()

    def _table(self, node: LexborNode, depth: int, nesting: int) -> None:
        if is_layout(node):
            for each in descendants(node, self._skip_inner_cells):
                if each.tag in ("td", "th", "caption"):
                    self._write_all(each, depth, nesting)
            return
        caption = node.css_first("caption")
        cells = cells_of(node, self._cell)
        title = self._text(caption) if caption else cells.title
        self._writer.table(cells.rows, title, has_header=cells.has_header)

    def _cell(self, node: LexborNode) -> str:
        """The text of a cell; of one with pictures only, what they say: "yes"."""
        return self._text(node) or fold(
            " ".join(attribute(picture, "alt") for picture in node.css("img[alt]"))
        )

    def _skip_inner_cells(self, node: LexborNode) -> bool:
        """Skips what stands inside a cell, which is written as a whole."""
        above = node.parent
        return self._skip(node) or (above is not None and above.tag in ("td", "th"))

    def _text(self, node: LexborNode) -> str:
        return fold(text_of(node, self._skip))

    def _note(self, words: str) -> None:
        if words.endswith("?"):
            self._written.add(_key(words))


def _is_question(node: LexborNode) -> bool:
    return attribute(node, "itemtype").rstrip("/").endswith("schema.org/Question")


def _key(question: str) -> str:
    """What two wordings of a question have in common: the letters and digits."""
    return "".join(filter(str.isalnum, question.lower()))
