"""Documents, uploads and searches."""

from typing import Self

from api.wire.base import Reply
from corpus.document import Document
from index.hits import Hit


class UploadBody(Reply):
    """The document is in the folder, and will be in the next generation of the index. `sha256` and
    `characters` are those of its text; of a file that is not Markdown or plain text, `sha256` is
    that of the file, and `characters` 0."""

    path: str
    sha256: str
    characters: int


class UploadsBody(Reply):
    """The documents are in the folder, in the order of the form."""

    documents: tuple[UploadBody, ...]


class RemovalBody(Reply):
    """The document is deleted, and will not be in the next generation of the index."""

    path: str


class HitBody(Reply):
    """A passage that was found; `score` is 0 to 1."""

    document: str
    title: str
    headings: tuple[str, ...]
    start: int
    end: int
    text: str
    score: float

    @classmethod
    def of(cls, value: Hit) -> Self:
        """Converts it from the domain type."""
        passage = value.passage
        return cls(
            document=passage.document,
            title=passage.title,
            headings=passage.headings,
            start=passage.start,
            end=passage.end,
            text=passage.text,
            score=round(value.score, 4),
        )


class SearchBody(Reply):
    """The passages that a search found, best first."""

    hits: tuple[HitBody, ...]

    @classmethod
    def of(cls, value: tuple[Hit, ...]) -> Self:
        """Converts it from the domain type."""
        return cls(hits=tuple(HitBody.of(hit) for hit in value))


class ListedBody(Reply):
    """A document of the index; `characters` and `boilerplate` are lengths in characters. `date`,
    `author`, `url` and `language` are what it says of itself, "" if it does not."""

    path: str
    title: str
    sha256: str
    characters: int
    passages: int
    boilerplate: int
    date: str
    author: str
    url: str
    language: str


class DocumentsBody(Reply):
    """The documents of the index, and some questions that they answer."""

    generation: str
    documents: tuple[ListedBody, ...]
    examples: tuple[str, ...]


class BlockBody(Reply):
    """A block of a document's structure, at `[start, end)` of its text."""

    kind: str
    start: int
    end: int
    level: int
    cells: tuple[tuple[int, int], ...]
    reason: str


class DocumentBody(Reply):
    """A version of a document; `current` tells whether it is the indexed one."""

    path: str
    title: str
    sha256: str
    current: bool
    text: str
    blocks: tuple[BlockBody, ...]

    @classmethod
    def from_document(cls, document: Document, current: bool) -> Self:
        """Converts it from the domain type."""
        return cls(
            path=document.path,
            title=document.title,
            sha256=document.sha256,
            current=current,
            text=document.text,
            blocks=tuple(BlockBody.of(block) for block in document.blocks),
        )
