"""A file to its documents: extraction, parsing and splitting, as far as they need limits.

`load_in_child` runs in a process of its own, see `corpus.bounded`. `parse_document` also runs
without limits, for a text that kept them before.
"""

import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from corpus.document import Block, Document, Kind
from corpus.formats.extracted import NotExtracted
from corpus.formats.members import member_path
from corpus.formats.registry import extract, has_text_suffix
from corpus.markdown import front_matter, has_block_marks, has_strong_marks, markdown_blocks
from corpus.markup import strip_markup
from corpus.plaintext import plain_blocks
from corpus.splitter import split

# Of all canonical texts of a file: as much as a text file may have.
MAX_TEXT_CHARS = 32 * 2**20
_MAX_DOCUMENTS = 10_000  # in a file
_MAX_NOTES = 50
_SURROGATE = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Loaded:
    """The documents of a file, what they lack of it, or the reason why there are none.
    `has_changed` if the file is no longer what was to be loaded."""

    documents: tuple[Document, ...] = ()
    notes: tuple[str, ...] = ()
    reason: str = ""
    has_changed: bool = False


def parse_document(name: str, text: str) -> Document:
    """Parses a text as Markdown if it is canonical or has block marks, else by its shape. A .txt
    file counts as Markdown only if its marks cannot mean anything else."""
    is_text = name.lower().endswith(".txt")
    has_marks = has_strong_marks if is_text else has_block_marks
    if not has_text_suffix(name) or has_marks(text):
        return Document(name, text, tuple(markdown_blocks(text)))
    above, body = front_matter(text)
    blocks = [block for block in above if block.start < block.end]
    return Document(name, text, (*blocks, *plain_blocks(text, body)))


def load_in_child(arguments: Sequence[str]) -> dict[str, Any]:
    """Loads a document, given as its name and text, or a file, given as its name, path and digest.
    Returns JSON for `from_child`. Also does what a build does later, which must keep the limits
    too."""
    name, *rest = arguments
    if len(rest) == 1:
        return {"documents": [_parsed(name, *rest, with_text=False)]}
    path, digest = rest
    raw = Path(path).read_bytes()
    if hashlib.sha256(raw).hexdigest() != digest:
        return {"has_changed": True}
    notes: list[str] = []
    try:
        documents = [_parsed(*each, with_text=True) for each in _texts(name, raw, notes)]
    except NotExtracted as error:
        return {"reason": str(error)}
    if len(notes) > _MAX_NOTES:
        notes[_MAX_NOTES:] = [f"{len(notes) - _MAX_NOTES:,} more"]
    return {"documents": documents, "notes": notes}


def from_child(result: dict[str, Any], text: str) -> Loaded:
    """Converts what `load_in_child` returned. `text` is that of a document without its own."""
    documents = (
        Document(path, text if own is None else own, tuple(_block(*fields) for fields in blocks))
        for path, own, blocks in result.pop("documents", ())
    )
    notes = tuple(result.pop("notes", ()))
    return Loaded(documents=tuple(documents), notes=notes, **result)


def _texts(name: str, raw: bytes, notes: list[str]) -> Iterator[tuple[str, str]]:
    """The path and the text of each document in a file. Raises NotExtracted if there is none."""
    paths: set[str] = set()
    characters = 0
    for each in extract(name, raw):
        text = _SURROGATE.sub("\ufffd", each.text)
        characters += len(text)
        if characters > MAX_TEXT_CHARS or len(paths) == _MAX_DOCUMENTS:
            raise NotExtracted(
                f"contains more than {MAX_TEXT_CHARS:,} characters of text, or {_MAX_DOCUMENTS:,} "
                "documents"
            )
        inside = f"{each.member}: " if each.member else ""
        notes.extend(f"{inside}{note}" for note in each.left_out)
        if text.strip():
            path = member_path(name, each.member, paths)
            paths.add(path)
            yield path, text
        elif each.member:
            notes.append(f"{inside}contains no text")
    if not paths:
        raise NotExtracted("; ".join(["contains no text", *notes[:_MAX_NOTES]]))


def _parsed(path: str, text: str, *, with_text: bool) -> list[Any]:
    document = parse_document(path, text)
    for passage in split(document):
        strip_markup(passage.text)
    blocks = [
        [b.kind, b.start, b.end, b.level, b.cells, b.reason, b.number, b.labels, b.answers]
        for b in document.blocks
    ]
    return [path, text if with_text else None, blocks]


def _block(
    kind: str, start: int, end: int, level: int, cells: list[list[int]], *rest: Any
) -> Block:
    return Block(Kind(kind), start, end, level, tuple((a, b) for a, b in cells), *rest)
