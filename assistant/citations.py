"""Checks the citations of an answer against the stored texts, and says where they stand."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from assistant.answer import Citation
from assistant.proof import is_verbatim, supports
from assistant.writer import Statement
from corpus.places import place_at
from index.manifest import IndexedDocument
from index.texts import TextStore


class CitationCheck:
    """Checks the statements of one answer; keeps the texts that it has read."""

    def __init__(self, texts: TextStore, documents: Mapping[str, IndexedDocument]) -> None:
        """`documents` are those of the generation, by path."""
        self._store = texts
        self._documents = documents
        self._texts: dict[str, str] = {}

    def proved(self, statements: Sequence[Statement]) -> Iterator[Statement]:
        """Yields the statements whose citations are verbatim in the stored text and support
        them."""
        for statement in statements:
            verbatim = self.verbatim(statement)
            if verbatim and supports(statement.text, statement.quotes()):
                yield verbatim

    def verbatim(self, statement: Statement) -> Statement | None:
        """The statement with its citations located; None unless the stored texts have each quote
        to the character."""
        if not all(is_verbatim(self._text(c.sha256), c) for c in statement.citations):
            return None
        return replace(statement, citations=tuple(map(self._located, statement.citations)))

    def _text(self, sha256: str) -> str:
        if sha256 not in self._texts:
            self._texts[sha256] = self._store.read(sha256)
        return self._texts[sha256]

    def _located(self, citation: Citation) -> Citation:
        """The citation with its place in the file, and what the document says of itself."""
        about = self._documents.get(citation.document)
        return replace(
            citation,
            place=place_at(citation.document, self._text(citation.sha256), citation.start),
            date=about.date if about else "",
            source=about.url if about else "",
        )
