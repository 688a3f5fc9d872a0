"""The passages of a generation and their words, in one SQLite file. The only user of sqlite3."""

import json
import sqlite3
import threading
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

from corpus.document import Kind, Passage, Span, Unit
from corpus.formats.registry import has_text_suffix
from corpus.markup import join_divided_words
from corpus.places import without_places
from corpus.synonyms import Groups
from index.bm25 import FIELD_WEIGHTS, Counts, Ordinals, length_norms, merge, rank
from index.errors import IndexDamaged
from index.identifiers import identifier_terms
from index.spelling import nearest_word
from index.synonyms import (
    SYNONYM_WEIGHT,
    Alternatives,
    Synonyms,
    abbreviations,
    english_groups,
)
from index.terms import compounds, stem, words

_SCHEMA = """
CREATE TABLE passages (
    ordinal INTEGER PRIMARY KEY, document TEXT NOT NULL, sha256 TEXT NOT NULL,
    title TEXT NOT NULL, headings TEXT NOT NULL, start INTEGER NOT NULL, end INTEGER NOT NULL,
    text TEXT NOT NULL, kind TEXT NOT NULL, question TEXT, units TEXT NOT NULL,
    outside TEXT NOT NULL, row INTEGER NOT NULL, heading_row INTEGER NOT NULL,
    unit_rows TEXT NOT NULL
);
CREATE TABLE vectors (row INTEGER PRIMARY KEY, digest BLOB NOT NULL);
CREATE TABLE vocabulary (word TEXT PRIMARY KEY, ordinals BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE postings (stem TEXT PRIMARY KEY, ordinals BLOB NOT NULL, counts BLOB NOT NULL)
    WITHOUT ROWID;
CREATE TABLE synonyms (phrases TEXT NOT NULL, ordinals BLOB);
CREATE TABLE lengths (lengths BLOB NOT NULL);
"""
# Loading a passage takes longer than scoring it.
_MAX_CACHED = 4000
_NO_ALTERNATIVES: Alternatives = MappingProxyType({})


@dataclass(frozen=True)
class IndexedPassage:
    """A passage and its place in the generation: `row`, `heading_row` and `unit_rows` are the rows
    of its text, its question or nearest heading, and its units among the vectors."""

    ordinal: int
    passage: Passage
    row: int
    heading_row: int
    unit_rows: tuple[int, ...]


def write_passages(
    path: Path,
    entries: Iterable[IndexedPassage],
    digests: Sequence[bytes],
    synonyms: Groups = (),
) -> None:
    """Writes passages, words, vocabulary, synonyms and the digests of the encoded texts to a new
    file."""
    explained: dict[tuple[str, str], list[int]] = defaultdict(list)
    vocabulary: dict[str, list[int]] = defaultdict(list)
    postings: dict[str, tuple[list[int], list[float]]] = defaultdict(lambda: ([], []))
    lengths: list[int] = []
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA journal_mode = OFF")
        connection.executescript(_SCHEMA)
        connection.execute("BEGIN")
        for entry in entries:
            marks = ", ".join("?" * 15)
            connection.execute(f"INSERT INTO passages VALUES ({marks})", _to_row(entry))
            texts = _fields(entry.passage)
            fields = [[*words(text), *compounds(text)] for text in texts]
            for term, count in _weighted_counts(texts, fields).items():
                postings[term][0].append(entry.ordinal)
                postings[term][1].append(count)
            lengths.append(sum(map(len, fields)))
            for pair in set(abbreviations("\n".join(texts))):
                explained[pair].append(entry.ordinal)
            for word in {word for field in fields for word in field}:
                vocabulary[word].append(entry.ordinal)
        connection.executemany("INSERT INTO vectors VALUES (?, ?)", enumerate(digests))
        connection.executemany(
            "INSERT INTO vocabulary VALUES (?, ?)",
            ((word, _blob(ordinals, "<u4")) for word, ordinals in sorted(vocabulary.items())),
        )
        connection.executemany(
            "INSERT INTO postings VALUES (?, ?, ?)",
            (
                (stemmed, _blob(ordinals, "<u4"), _blob(counts, "<f4"))
                for stemmed, (ordinals, counts) in sorted(postings.items())
            ),
        )
        connection.executemany(
            "INSERT INTO synonyms VALUES (?, ?)",
            [
                *((json.dumps(group), None) for group in synonyms),
                *((json.dumps(pair), _blob(at, "<u4")) for pair, at in sorted(explained.items())),
            ],
        )
        connection.execute("INSERT INTO lengths VALUES (?)", (_blob(lengths, "<f4"),))
    connection.close()


def _blob(values: Sequence[float], kind: str) -> bytes:
    return np.array(values, kind).tobytes()


def _fields(passage: Passage) -> tuple[str, str, str]:
    """Question, headings and body. Cells are kept apart even if a scrape ran them together."""
    is_canonical = not has_text_suffix(passage.document)
    body = join_divided_words(without_places(passage.text) if is_canonical else passage.text)
    if passage.kind is Kind.ROW:
        body = "\n".join(
            " ".join(passage.at(start, end) for start, end in unit.cells) or passage.source(unit)
            for unit in passage.units
        )
    return passage.question or "", passage.context, body


def _weighted_counts(texts: Iterable[str], fields: Iterable[Sequence[str]]) -> dict[str, float]:
    """The counts of the stems and the identifiers of the fields of a passage."""
    counts: dict[str, float] = defaultdict(float)
    for weight, text, field in zip(FIELD_WEIGHTS, texts, fields, strict=True):
        for word in field:
            counts[stem(word)] += weight
        for term in identifier_terms(text):
            counts[term] += weight
    return counts


class _Database:
    """A read-only SQLite file, with one connection for each thread."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._local = threading.local()

    def rows(self, sql: str, values: Sequence[object] = ()) -> list[Any]:
        """Returns all rows of a query. Raises IndexDamaged."""
        try:
            if not hasattr(self._local, "connection"):
                address = f"{self.path.absolute().as_uri()}?mode=ro&immutable=1"
                self._local.connection = sqlite3.connect(address, uri=True)
            rows: list[Any] = self._local.connection.execute(sql, values).fetchall()
            return rows
        except sqlite3.Error as error:
            raise IndexDamaged(f"{self.path} cannot be read ({error})") from error

    def close(self) -> None:
        """Closes this thread's connection."""
        connection = getattr(self._local, "connection", None)
        if connection is not None:
            connection.close()
            del self._local.connection


class PassageStore:
    """The passages of a generation, or a view of some of them. Safe to share between threads. In a
    view no score, frequency or correction depends on the other passages."""

    def __init__(
        self,
        database: _Database,
        documents: frozenset[str] | None = None,
        *,
        has_faq: bool = True,
    ) -> None:
        """Raises IndexDamaged if the file is missing or was not made by write_passages."""
        self._database = database
        self._documents = documents
        self._has_faq = has_faq
        self._is_view = documents is not None or not has_faq
        lengths = np.frombuffer(database.rows("SELECT lengths FROM lengths")[0][0], "<f4")
        self._visible = np.ones(len(lengths), dtype=np.bool_)
        if self._is_view:
            sql = "SELECT document, question IS NULL FROM passages ORDER BY ordinal"
            self._visible[:] = [
                (documents is None or document in documents) and (has_faq or is_no_answer)
                for document, is_no_answer in database.rows(sql)
            ]
        self.ordinals: Ordinals = np.flatnonzero(self._visible).astype(np.uint32)
        self.count = len(self.ordinals)
        self._norms = length_norms(lengths, self.ordinals)
        self._vocabulary = self._load_vocabulary()
        self.synonyms = self._load_synonyms()
        self._cache: dict[int, IndexedPassage] = {}

    @classmethod
    def open(cls, path: Path) -> "PassageStore":
        """Opens a file. Raises IndexDamaged."""
        return cls(_Database(path))

    def within(self, documents: Collection[str]) -> "PassageStore":
        """Returns a view of the documents with these paths. Passages keep their ordinals."""
        wanted = frozenset(documents)
        if self._documents is not None:
            wanted &= self._documents
        return PassageStore(self._database, wanted, has_faq=self._has_faq)

    def without_faq(self) -> "PassageStore":
        """Returns a view without the passages that answer a question of the documents. Passages
        keep their ordinals."""
        return PassageStore(self._database, self._documents, has_faq=False)

    def search(
        self,
        words: Sequence[str],
        k: int,
        identifiers: Sequence[str] = (),
        alternatives: Alternatives = _NO_ALTERNATIVES,
    ) -> list[tuple[int, float]]:
        """Returns passages that contain any of the words, an alternative of it, or the terms of any
        of the identifiers, by BM25, best first: (ordinal, score above 0 up to 1)."""
        terms = dict.fromkeys([*map(stem, words), *identifiers])
        postings = (self._posting_with(term, alternatives.get(term, ())) for term in terms)
        return rank(postings, self._norms, self.count, k)

    def _posting_with(
        self, term: str, alternatives: Sequence[frozenset[str]]
    ) -> tuple[Ordinals, Counts]:
        """The passages that contain a term or one of its alternatives, all stems of it."""
        synonyms = (
            np.min([self._counts(each) for each in sorted(stems)], axis=0) for stems in alternatives
        )
        return merge(self._posting(term), synonyms, SYNONYM_WEIGHT)

    def _counts(self, term: str) -> Counts:
        """The count of a term in every passage."""
        ordinals, own = self._posting(term)
        counts: Counts = np.zeros(len(self._norms), dtype=np.float32)
        counts[ordinals] = own
        return counts

    def get(self, ordinals: Sequence[int]) -> list[IndexedPassage]:
        """Returns the passages with these ordinals, in this order. Raises KeyError."""
        found = {each: entry for each in ordinals if (entry := self._cache.get(each))}
        missing = [ordinal for ordinal in ordinals if ordinal not in found]
        if missing:
            marks = ", ".join("?" * len(missing))
            entries = self._load(f"WHERE ordinal IN ({marks})", missing)
            loaded = {entry.ordinal: entry for entry in entries}
            found.update(loaded)
            if len(self._cache) + len(loaded) > _MAX_CACHED:
                self._cache = {}
            self._cache.update(loaded)
        return [found[ordinal] for ordinal in ordinals]

    def faq_passages(self) -> list[IndexedPassage]:
        """Returns all passages that answer a question of the documents, in document order."""
        return self._load("WHERE question IS NOT NULL ORDER BY ordinal")

    def document_frequency(self, word: str) -> int:
        """The number of passages that contain the word, in any form with the same stem."""
        return len(self._posting(stem(word))[0])

    def has_word(self, word: str) -> bool:
        """Whether the word occurs in a passage, in this form."""
        return word in self._vocabulary

    def correction(self, word: str) -> str | None:
        """Returns the word of the documents that this one is most likely a misspelling of; None if
        it occurs itself, or if no word is near enough."""
        return None if word in self._vocabulary else nearest_word(word, self._vocabulary)

    def _load_synonyms(self) -> Synonyms:
        """Everyday English, the file beside the documents, and the abbreviations that the visible
        passages explain."""
        groups = english_groups()
        for phrases, ordinals in self._database.rows("SELECT phrases, ordinals FROM synonyms"):
            if ordinals is None or self._visible[np.frombuffer(ordinals, "<u4")].any():
                groups.append(json.loads(phrases))
        return Synonyms(groups)

    def rows_by_digest(self) -> dict[bytes, int]:
        """Returns the row among the vectors of each encoded text, by the text's digest."""
        rows = {digest: row for row, digest in self._database.rows("SELECT * FROM vectors")}
        if not self._is_view:
            return rows
        own = {row for e in self._load("") for row in (e.row, e.heading_row, *e.unit_rows)}
        return {digest: row for digest, row in rows.items() if row in own}

    def check_integrity(self) -> None:
        """Reads the whole file. Raises IndexDamaged if a page was changed."""
        faults = [fault for (fault,) in self._database.rows("PRAGMA integrity_check")]
        if faults != ["ok"]:
            raise IndexDamaged(f"{self._database.path} is damaged ({faults[0]})")

    def close(self) -> None:
        """Closes this thread's connection; those of other threads are closed with their threads.
        Does nothing for a view."""
        if not self._is_view:
            self._database.close()

    def _load(self, condition: str, values: Sequence[object] = ()) -> list[IndexedPassage]:
        rows = self._database.rows(f"SELECT * FROM passages {condition}", values)
        return [_from_row(row) for row in rows if self._visible[row[0]]]

    def _load_vocabulary(self) -> dict[str, int]:
        """The words of the visible passages, with the number of passages that contain each."""
        if not self._is_view:
            sql = "SELECT word, length(ordinals) / 4 FROM vocabulary"
            return dict(self._database.rows(sql))
        rows = self._database.rows("SELECT word, ordinals FROM vocabulary")
        if not rows:
            return {}
        visible = self._visible[np.frombuffer(b"".join(blob for _, blob in rows), "<u4")]
        lengths = [len(blob) // 4 for _, blob in rows]
        starts = np.cumsum([0, *lengths[:-1]])  # every word occurs in a passage
        counts = np.add.reduceat(visible, starts, dtype=np.int64).tolist()
        return {word: count for (word, _), count in zip(rows, counts, strict=True) if count}

    def _posting(self, stemmed: str) -> tuple[Ordinals, Counts]:
        """The passages that contain a stem, and its weighted count in each."""
        sql = "SELECT ordinals, counts FROM postings WHERE stem = ?"
        rows = self._database.rows(sql, (stemmed,)) or [(b"", b"")]
        ordinals, counts = np.frombuffer(rows[0][0], "<u4"), np.frombuffer(rows[0][1], "<f4")
        visible = self._visible[ordinals]
        return ordinals[visible], counts[visible]


def _to_row(entry: IndexedPassage) -> tuple[object, ...]:
    p = entry.passage
    units = [
        [u.kind, u.start, u.end, u.cells, u.lead, u.number, u.labels, u.columns, u.parents, u.above]
        for u in p.units
    ]
    return (
        entry.ordinal, p.document, p.sha256, p.title, json.dumps(p.headings), p.start, p.end,
        p.text, p.kind, p.question, json.dumps(units), json.dumps(p.outside), entry.row,
        entry.heading_row, json.dumps(entry.unit_rows),
    )  # fmt: skip


def _from_row(row: Sequence[Any]) -> IndexedPassage:
    (ordinal, document, sha256, title, headings, start, end, text, kind, question, units, outside,
     vector, heading_row, unit_rows) = row  # fmt: skip
    passage = Passage(
        document=document,
        sha256=sha256,
        title=title,
        headings=tuple(json.loads(headings)),
        start=start,
        end=end,
        text=text,
        kind=Kind(kind),
        question=question,
        units=tuple(_unit(*fields) for fields in json.loads(units)),
        outside=tuple((at, words) for at, words in json.loads(outside)),
    )
    return IndexedPassage(ordinal, passage, vector, heading_row, tuple(json.loads(unit_rows)))


def _unit(
    kind: str,
    start: int,
    end: int,
    cells: list[list[int]],
    lead: list[int] | None,
    number: int,
    labels: int,
    columns: list[list[int]],
    parents: list[list[int]],
    above: list[list[int]],
) -> Unit:
    introduction = (lead[0], lead[1]) if lead else None
    return Unit(
        Kind(kind), start, end, _spans(cells), introduction, number, labels, _spans(columns),
        _spans(parents), _spans(above),
    )  # fmt: skip


def _spans(pairs: list[list[int]]) -> tuple[Span, ...]:
    return tuple((first, last) for first, last in pairs)
