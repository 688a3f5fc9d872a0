"""Writes the tree that docutils makes of a text as canonical Markdown."""

import re
from collections.abc import Callable, Iterator
from typing import Any

from docutils import nodes

from corpus.formats.dates import iso_date
from corpus.formats.writer import MarkdownWriter, fold
from corpus.metadata import Metadata

# The attribute of an inline node that names a target whose title is shown.
LABEL = "label"
_TERM_LEVEL = 6
_MAX_TITLE = 200  # characters; a title may be shown at each of many references
_HIDDEN = (
    nodes.comment, nodes.substitution_definition, nodes.target, nodes.system_message, nodes.raw,
    nodes.pending, nodes.image, nodes.footnote_reference, nodes.citation_reference, nodes.meta,
    nodes.decoration, nodes.docinfo, nodes.transition, nodes.label, nodes.title, nodes.subtitle,
    nodes.generated,
)  # fmt: skip
# A reference whose target another file has: `Python 3`_, OpenSSL_.
_REFERENCE = re.compile(r"(?:`([^`<>]+)(?:<[^`<>]*>)?`|([\w.-]+))_{1,2}")
_LISTS = (nodes.bullet_list, nodes.enumerated_list)


def show_titles(tree: nodes.document) -> None:
    """Replaces the text of each inline node with a LABEL by the title of the section, figure or
    table with this label, if the tree has it."""
    titles = {
        name: title
        for name, identifier in tree.nameids.items()
        if (title := _title_of(tree, tree.ids.get(identifier)))
    }
    for node in tree.findall(nodes.inline):
        label = nodes.fully_normalize_name(node.get(LABEL, ""))
        if label in titles:
            node.children = [nodes.Text(titles[label])]


def _title_of(tree: nodes.document, node: Any) -> str:
    """The title of a node, or of that to which a target leads, "" if it has none."""
    if isinstance(node, nodes.target):
        node = tree.ids.get(node.get("refid"))
    captions = (nodes.title, nodes.caption)
    children = node.children if isinstance(node, nodes.Element) else []
    title = next((child for child in children if isinstance(child, captions)), None)
    return words_of(title)[:_MAX_TITLE] if title else ""


class DoctreeWriter:
    """Writes one tree."""

    def __init__(self, tree: nodes.document) -> None:
        self._tree = tree
        self._writer = MarkdownWriter(_metadata(tree))
        self._writers: dict[type[nodes.Element], Callable[..., None]] = {
            nodes.paragraph: self._text,
            nodes.line_block: self._text,
            nodes.attribution: self._text,
            nodes.caption: self._text,
            nodes.math_block: self._code,
            nodes.literal_block: self._code,
            nodes.doctest_block: self._code,
            nodes.rubric: self._rubric,
            nodes.bullet_list: self._list,
            nodes.enumerated_list: self._list,
            nodes.definition_list_item: self._definition,
            nodes.field: self._pair,
            nodes.option_list_item: self._pair,
            nodes.table: self._table,
        }

    def text(self) -> str:
        """Returns the canonical text, "" if the tree has none."""
        has_title = bool(self._tree.get("title")) and any(
            isinstance(child, nodes.title) for child in self._tree.children
        )
        for child in self._tree.children:
            if isinstance(child, nodes.title):
                self._writer.heading(1, words_of(child))
            elif isinstance(child, nodes.subtitle):
                self._writer.heading(2, words_of(child))
            else:
                self._node(child, 2 if has_title else 1)
        return self._writer.text()

    def _node(self, node: nodes.Node, level: int) -> None:
        """Writes a node; `level` is that of a section in it."""
        if isinstance(node, _HIDDEN) or not isinstance(node, nodes.Element):
            return
        if isinstance(node, nodes.section):
            title = next((each for each in node.children if isinstance(each, nodes.title)), None)
            self._writer.heading(level, words_of(title) if title else "")
            self._children(node, level + 1)
        elif isinstance(node, nodes.topic) and "contents" in node.get("classes", []):
            return
        elif write := self._writers.get(type(node)):
            write(node)
        else:
            title = next((each for each in node.children if isinstance(each, nodes.title)), None)
            self._titled(words_of(title) if title else "", node, level)

    def _titled(self, title: str, node: nodes.Element, level: int) -> None:
        """Writes the content of something that is no section, below its title."""
        if title.endswith("?"):
            self._writer.begin_details(title)
        elif title:
            self._writer.label(title)
        self._children(node, level)
        if title.endswith("?"):
            self._writer.end_details()

    def _children(self, node: nodes.Element, level: int) -> None:
        for child in node.children:
            self._node(child, level)

    def _text(self, node: nodes.Element) -> None:
        self._writer.paragraph(words_of(node))

    def _code(self, node: nodes.Element) -> None:
        self._writer.code(node.astext())

    def _rubric(self, node: nodes.Element) -> None:
        self._writer.label(words_of(node))

    def _list(self, node: nodes.Element, depth: int = 1) -> None:
        number = int(node.get("start", 1)) if isinstance(node, nodes.enumerated_list) else None
        for item in node.children:
            if isinstance(item, nodes.Element):
                self._item(item, depth, number)
                number = None if number is None else number + 1

    def _item(self, item: nodes.Element, depth: int, number: int | None) -> None:
        """Writes an item, and what belongs to it."""
        is_fresh = True
        quotes = (each.children if _is_quote(each) else [each] for each in item.children)
        for child in (inner for each in quotes for inner in each):
            if isinstance(child, _LISTS):
                self._list(child, depth + (not is_fresh))
            elif isinstance(child, nodes.paragraph) and is_fresh:
                self._writer.item(words_of(child), depth, number)
                is_fresh = False
            elif isinstance(child, nodes.paragraph):
                self._writer.paragraph(words_of(child), depth)
            elif isinstance(child, (nodes.literal_block, nodes.doctest_block)):
                self._writer.code(child.astext(), depth)
            else:
                self._node(child, _TERM_LEVEL)

    def _definition(self, node: nodes.Element) -> None:
        terms = [words_of(each) for each in node.children if isinstance(each, nodes.term)]
        body = [each for each in node.children if isinstance(each, nodes.definition)]
        first, *rest = [block for each in body for block in each.children] or [nodes.paragraph()]
        is_text = isinstance(first, nodes.paragraph)
        self._writer.definition(", ".join(terms), words_of(first) if is_text else "")
        for block in rest if is_text else [first, *rest]:
            self._node(block, _TERM_LEVEL)

    def _pair(self, node: nodes.Element) -> None:
        """Writes a field or an option with what it means."""
        name, *body = (each for each in node.children if isinstance(each, nodes.Element))
        texts = [words_of(block) for each in body for block in each.children]
        said = " ".join(filter(None, texts))
        self._writer.item(f"{words_of(name)}: {said}" if said else words_of(name))

    def _table(self, node: nodes.Element) -> None:
        title = next((each for each in node.children if isinstance(each, nodes.title)), None)
        rows = list(_rows(node))
        has_header = any(isinstance(each, nodes.thead) for each in node.findall(nodes.thead))
        if rows and len(rows[0]) == 1:
            for row in rows:
                self._writer.paragraph(row[0])
        else:
            caption = words_of(title) if title else ""
            self._writer.table(rows, caption, has_header=has_header or len(rows) < 2)


def _is_quote(node: nodes.Node) -> bool:
    return isinstance(node, nodes.block_quote)


def words_of(node: nodes.Node) -> str:
    """Returns the words of a node in one line, without images and marks of footnotes."""
    return fold(" ".join(_pieces(node)))


def _pieces(node: nodes.Node) -> Iterator[str]:
    """The texts of the blocks in a node."""
    inline = ""
    for child in node.children:
        if isinstance(child, nodes.Text):
            inline += child.astext()
        elif isinstance(child, _HIDDEN):
            continue
        elif isinstance(child, nodes.problematic):
            text = child.astext()
            found = _REFERENCE.fullmatch(text)
            inline += (found[1] or found[2]).strip() if found else text
        elif isinstance(child, (nodes.Inline, nodes.TextElement)) and not isinstance(
            child, (nodes.paragraph, nodes.line, nodes.literal_block, nodes.term)
        ):
            inline += "".join(_pieces(child))
        else:
            yield from filter(None, [inline])
            inline = ""
            yield from _pieces(child)
    yield from filter(None, [inline])


def _rows(table: nodes.Element) -> Iterator[list[str]]:
    """The rows of a table; a cell that spans several is repeated in each."""
    taken: dict[int, tuple[str, int]] = {}  # by column: the text from above, and the rows left
    for row in table.findall(nodes.row):
        cells: list[str] = []
        for entry in row.children:
            if not isinstance(entry, nodes.Element):
                continue
            _take(taken, cells)
            words = words_of(entry)
            for _ in range(int(entry.get("morecols", 0)) + 1):
                if rows := int(entry.get("morerows", 0)):
                    taken[len(cells)] = (words, rows)
                cells.append(words)
        _take(taken, cells)
        yield cells


def _take(taken: dict[int, tuple[str, int]], cells: list[str]) -> None:
    while found := taken.pop(len(cells), None):
        words, rows = found
        if rows > 1:
            taken[len(cells)] = (words, rows - 1)
        cells.append(words)


def _metadata(tree: nodes.document) -> Metadata:
    """What the fields at the top and the `meta` directive say."""
    facts: dict[str, str] = {}
    for info in tree.findall(nodes.docinfo):
        for child in info.children:
            name = getattr(child, "tagname", "")
            if isinstance(child, nodes.field) and len(child.children) > 1:
                name = words_of(child.children[0]).lower()
                facts.setdefault(name, words_of(child.children[1]))
            names = [words_of(each) for each in child.findall(nodes.author)]
            facts.setdefault(name, ", ".join(names) or words_of(child))
    for meta in tree.findall(nodes.meta):
        facts.setdefault(str(meta.get("name", "")).lower(), str(meta.get("content", "")))
    return Metadata(
        date=iso_date(facts.get("date", "")),
        author=facts.get("author") or facts.get("authors", ""),
        url=facts.get("canonical", ""),
        language=facts.get("language", ""),
    )
