"""Reads the YAML front matter of a Markdown file: its title, its description, and the texts, lists
and questions with answers that some sites keep there.

PyYAML gives the position of each value, so that every block is a span of the source.
"""

import re
from collections.abc import Iterable, Iterator

import yaml

from corpus.document import Block, Kind, Span
from corpus.lines import trim_span
from corpus.metadata import Metadata, date_in, is_language, is_web_address
from corpus.questions import END_OF_ANSWER, QUESTION_LEVEL

# A longer front matter is data, not text, and is not parsed. Characters.
_MAX_LENGTH = 100_000
# PyYAML takes time quadratic in the depth of brackets.
_MAX_BRACKETS = 500
_TITLES = ("title", "name", "heading", "question", "q", "label", "summary")
_ANSWERS = ("answer", "a", "content", "text", "body", "description", "response")
# The fields of metadata by their names, the better ones first.
_DATES = (
    "updated", "last_updated", "lastmod", "last_modified_at", "last_modified", "modified",
    "last_update", "date_modified", "last_reviewed", "date", "published", "publish_date",
    "published_at", "pubdate", "created",
)  # fmt: skip
_AUTHORS = ("author", "authors", "creator", "byline", "owner")
_ADDRESSES = ("url", "canonical_url", "canonicalurl", "canonical", "html_url", "link", "source_url")
_LANGUAGES = ("language", "lang", "locale")
# Words for a search engine, not sentences: never quoted.
_KEYWORDS = frozenset(["tags", "keywords", "categories", "aliases"])
# A value is shown if it is a sentence or a phrase; keys such as `layout` hold single words.
_MIN_WORDS = 4
_MAX_VALUE = 2_000  # characters of a value of metadata
_ALIAS = re.compile(r"(?m)(?:^|[\s,\[{:-])\*[\w-]+[ \t]*(?=[,\]}\r\n]|$)")
_ITEM = re.compile(r"^([ \t]*)(?:[-*+]|\d{1,3}[.)])[ \t]+(?=\S)", re.MULTILINE)
_BLOCK_SCALAR = re.compile(r"[|>][+-]?\d?[ \t]*\r?\n")


def front_matter_blocks(text: str, start: int, end: int) -> list[Block]:
    """Returns the blocks of the YAML in `text[start:end]`, in order. The title is a heading of
    level 1, a question with its answer is a pair. Returns an empty list if it is no valid YAML."""
    root = _root(text, start, end)
    blocks = _mapping(text, start, root, top=True) if root else ()
    return sorted(blocks, key=lambda block: block.start)


def front_matter_metadata(text: str, start: int, end: int) -> Metadata:
    """Returns what the YAML in `text[start:end]` says of the document."""
    root = _root(text, start, end)
    values = {str(key.value).lower(): value for key, value in root.value} if root else {}

    def said(names: Iterable[str]) -> Iterator[str]:
        return (_scalar(values[name]) for name in names if name in values)

    return Metadata(
        title=next(filter(None, said(("title",))), ""),
        date=next(filter(None, map(date_in, said(_DATES))), ""),
        author=next(filter(None, said(_AUTHORS)), ""),
        url=next(filter(is_web_address, said(_ADDRESSES)), ""),
        language=next(filter(is_language, said(_LANGUAGES)), ""),
    )


def _root(text: str, start: int, end: int) -> yaml.MappingNode | None:
    """The YAML; None if it is no valid mapping, or too costly."""
    if end - start > _MAX_LENGTH:
        return None
    brackets = text.count("[", start, end) + text.count("{", start, end)
    if brackets > _MAX_BRACKETS or _ALIAS.search(text, start, end):
        return None  # aliases in aliases multiply what they stand for
    try:
        root = yaml.compose(text[start:end], Loader=yaml.SafeLoader)
    except (yaml.YAMLError, RecursionError, ValueError):
        return None
    return root if isinstance(root, yaml.MappingNode) else None


def _scalar(node: yaml.Node) -> str:
    """The text of a value: of the first of a list, and of the date or the name of a mapping."""
    if isinstance(node, yaml.SequenceNode) and node.value:
        node = node.value[0]
    if isinstance(node, yaml.MappingNode):
        inner = {str(key.value).lower(): value for key, value in node.value}
        node = inner.get("date", inner.get("name", node))
    value = str(node.value).strip() if isinstance(node, yaml.ScalarNode) else ""
    return " ".join(value.split())[:_MAX_VALUE]


def _mapping(text: str, base: int, node: yaml.MappingNode, *, top: bool) -> Iterator[Block]:
    values = {str(key.value).lower(): value for key, value in node.value}
    title = next((values[name] for name in _TITLES if name in values), None)
    answer = next((values[name] for name in _ANSWERS if name in values), None)
    done = []
    if isinstance(title, yaml.ScalarNode) and (span := _span(text, base, title)):
        done.append(title)
        if top:
            yield Block(Kind.HEADING, *span, level=1)
        elif isinstance(answer, yaml.ScalarNode) and (body := _span(text, base, answer)):
            done.append(answer)
            yield Block(Kind.QUESTION, *span, level=QUESTION_LEVEL)
            yield from _paragraphs(text, body, answers=True)
            yield Block(Kind.BOILERPLATE, body[1], body[1], reason=END_OF_ANSWER)
        else:
            yield Block(Kind.HEADING, *span, level=6)
    for key, value in node.value:
        is_keywords = str(key.value).lower() in _KEYWORDS
        if not is_keywords and not any(value is each for each in done):
            yield from _value(text, base, value, key)


def _value(text: str, base: int, node: yaml.Node, key: yaml.Node | None) -> Iterator[Block]:
    if isinstance(node, yaml.MappingNode):
        yield from _mapping(text, base, node, top=False)
    elif isinstance(node, yaml.SequenceNode):
        yield from _sequence(text, base, node, key)
    elif isinstance(node, yaml.ScalarNode) and (span := _span(text, base, node)):
        words = text[span[0] : span[1]]
        if len(words.split()) >= _MIN_WORDS and not words.lstrip().startswith("#"):
            yield from _paragraphs(text, span, answers=False)


def _sequence(
    text: str, base: int, node: yaml.SequenceNode, key: yaml.Node | None
) -> Iterator[Block]:
    texts = [n for n in node.value if isinstance(n, yaml.ScalarNode)]
    spans = [span for each in texts if (span := _span(text, base, each))]
    if len(spans) == len(node.value) and any(" " in text[a:b] for a, b in spans):
        if key is not None:
            yield Block(Kind.HEADING, base + key.start_mark.index, base + key.end_mark.index, 6)
        yield from (Block(Kind.ITEM, a, b, level=1) for a, b in spans)
        return
    for each in node.value:
        if not isinstance(each, yaml.ScalarNode):
            yield from _value(text, base, each, None)


def _span(text: str, base: int, node: yaml.ScalarNode) -> Span | None:
    """The span of a value without its quotation marks or block indicator; None if it is empty."""
    start, end = base + node.start_mark.index, base + node.end_mark.index
    if node.style in ("'", '"'):
        start, end = start + 1, end - 1
    elif node.style in ("|", ">") and (indicator := _BLOCK_SCALAR.match(text, start, end)):
        start = indicator.end()
    start, end = trim_span(text, start, end)
    return (start, end) if start < end else None


def _paragraphs(text: str, span: Span, *, answers: bool) -> Iterator[Block]:
    """The value, divided at its empty lines."""
    at = span[0]
    for gap in re.finditer(r"\n[ \t]*\n\s*", text[span[0] : span[1]]):
        yield from _paragraph(text, at, span[0] + gap.start(), answers)
        at = span[0] + gap.end()
    yield from _paragraph(text, at, span[1], answers)


def _paragraph(text: str, start: int, end: int, answers: bool) -> Iterator[Block]:
    """The paragraph, or the items of a list in it with what stands above them."""
    line = text.rfind("\n", 0, start) + 1
    start = start if text[line:start].strip() else line  # with the indentation of its first item
    marks = list(_ITEM.finditer(text, start, end))
    kind = Kind.ANSWER if answers else Kind.PARAGRAPH
    above = trim_span(text, start, marks[0].start() if marks else end)
    if above[0] < above[1]:
        yield Block(kind, *above, answers=answers)
    ends = [*(mark.start() for mark in marks[1:]), end]
    for mark, following in zip(marks, ends, strict=False):
        level = 2 if len(mark.group(1)) > len(marks[0].group(1)) + 1 else 1
        yield Block(Kind.ITEM, *trim_span(text, mark.end(), following), level, answers=answers)
