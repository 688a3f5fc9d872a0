"""The word half of the search and the passages themselves: one SQLite file in a generation.

The one door to sqlite3 in this package. BM25 is computed here and not by SQLite's FTS5, which
counts a word for nothing that stands in more than half of the passages: over documents on one
subject those are the words that every question is made of.
"""

import json
import sqlite3
import threading
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from corpus.document import Kind, Passage, Unit
from index.bm25 import inverse_document_frequency
from index.errors import IndexDamaged
from index.terms import nearest, stem, words

_SCHEMA = """
CREATE TABLE passages (
    ordinal INTEGER PRIMARY KEY, document TEXT NOT NULL, sha256 TEXT NOT NULL,
    title TEXT NOT NULL, headings TEXT NOT NULL, start INTEGER NOT NULL, end INTEGER NOT NULL,
    text TEXT NOT NULL, kind TEXT NOT NULL, question TEXT, units TEXT NOT NULL,
    row INTEGER NOT NULL, heading_row INTEGER NOT NULL, unit_rows TEXT NOT NULL
);
CREATE INDEX passages_by_document ON passages (document, start);
CREATE TABLE vectors (row INTEGER PRIMARY KEY, digest BLOB NOT NULL);
CREATE TABLE vocabulary (word TEXT PRIMARY KEY, ordinals BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE postings (stem TEXT PRIMARY KEY, ordinals BLOB NOT NULL, counts BLOB NOT NULL)
    WITHOUT ROWID;
CREATE TABLE lengths (lengths BLOB NOT NULL);
"""
# What a word counts in question, headings and body: a question says in few words what follows.
_WEIGHTS = (1.5, 1.0, 1.0)
# BM25's saturation and length normalisation, as Lucene's users set them for passages (Yang, Fang
# and Lin, "Anserini", 2017).
_K1, _B = 0.9, 0.4
# A passage with this share of the highest BM25 there could be is a full hit: where even the best
# has less, the question's telling words stand nowhere, and the rest say little.
_FULL = 0.4
# Passages that are kept as they were read: reading one takes longer than scoring it.
_MOST_PARSED = 4000

Ordinals = NDArray[np.uint32]
Counts = NDArray[np.float32]


@dataclass(frozen=True)
class IndexedPassage:
    """A passage in its place: `row`, `heading_row` and `unit_rows` are the rows of its text, its
    question or nearest heading, and its units among the generation's vectors."""

    ordinal: int
    passage: Passage
    row: int
    heading_row: int
    unit_rows: tuple[int, ...]


def write_passages(path: Path, entries: Iterable[IndexedPassage], digests: Sequence[bytes]) -> None:
    """Writes passages, words, vocabulary and the vectors' digests into a new file."""
    seen_in: dict[str, list[int]] = {}
    postings: dict[str, tuple[list[int], list[float]]] = {}
    lengths: list[int] = []
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA journal_mode = OFF")
        connection.executescript(_SCHEMA)
        connection.execute("BEGIN")
        for entry in entries:
            passage = entry.passage
            connection.execute(
                f"INSERT INTO passages VALUES ({', '.join('?' * 14)})", _to_row(entry)
            )
            fields = [
                words(text) for text in (passage.question or "", passage.context, _body(passage))
            ]
            counts: dict[str, float] = {}
            for weight, field in zip(_WEIGHTS, fields, strict=True):
                for word in field:
                    counts[stem(word)] = counts.get(stem(word), 0.0) + weight
            for stemmed, count in counts.items():
                ordinals, weighted = postings.setdefault(stemmed, ([], []))
                ordinals.append(entry.ordinal)
                weighted.append(count)
            lengths.append(sum(map(len, fields)))
            for word in {word for field in fields for word in field}:
                seen_in.setdefault(word, []).append(entry.ordinal)
        connection.executemany("INSERT INTO vectors VALUES (?, ?)", enumerate(digests))
        connection.executemany(
            "INSERT INTO vocabulary VALUES (?, ?)",
            (
                (word, np.array(ordinals, "<u4").tobytes())
                for word, ordinals in sorted(seen_in.items())
            ),
        )
        connection.executemany(
            "INSERT INTO postings VALUES (?, ?, ?)",
            (
                (stemmed, np.array(ordinals, "<u4").tobytes(), np.array(counts, "<f4").tobytes())
                for stemmed, (ordinals, counts) in sorted(postings.items())
            ),
        )
        lengths_blob = np.array(lengths, "<f4").tobytes()
        connection.execute("INSERT INTO lengths VALUES (?)", (lengths_blob,))
    connection.close()


def _body(passage: Passage) -> str:
    """The passage's words without its question, cells kept apart where a scrape ran them
    together."""
    if passage.kind is not Kind.ROW:
        return passage.text
    return "\n".join(
        " ".join(passage.at(start, end) for start, end in unit.cells) or passage.source(unit)
        for unit in passage.units
    )


class PassageStore:
    """A generation's SQLite file, read only. Safe to share between threads."""

    def __init__(self, path: Path) -> None:
        """Raises IndexDamaged where the file is missing or not what write_passages made."""
        self._path = path
        self._local = threading.local()
        self._vocabulary: dict[str, int] = dict(
            self._all("SELECT word, length(ordinals) / 4 FROM vocabulary", ())
        )
        self._lengths = np.frombuffer(self._all("SELECT lengths FROM lengths", ())[0][0], "<f4")
        self.ordinals: Ordinals = np.arange(len(self._lengths), dtype=np.uint32)
        self._fit()

    def _fit(self) -> None:
        """What BM25 needs of the passages together: how many they are, and how long."""
        self._parsed: dict[int, IndexedPassage] = {}
        self.count = len(self.ordinals)
        # k1 · (1 - b + b · length / average length), for each passage
        average = float(self._lengths[self.ordinals].mean()) if self.count else 1.0
        self._norms = _K1 * (1 - _B + _B * self._lengths / max(1.0, average))

    def within(self, documents: Collection[str]) -> "PassageStore":
        """As if the file held only the passages of the documents with these paths; they keep
        their ordinals. Reads through this one's connections, and closes none of them."""
        return _Within(self, documents)

    def search(self, terms: Sequence[str], k: int) -> list[tuple[int, float]]:
        """Passages by BM25 with any of the terms, best first: (ordinal, score above 0 up to 1).

        The score is over the best passage's, or over a full hit's where the best is none.
        """
        scores = np.zeros(len(self._norms))
        highest = 0.0
        for stemmed in dict.fromkeys(stem(term) for term in terms):
            ordinals, counts = self._posting(stemmed)
            rarity = inverse_document_frequency(len(ordinals), self.count)
            highest += rarity * (_K1 + 1)
            scores[ordinals] += rarity * counts * (_K1 + 1) / (counts + self._norms[ordinals])
        found = np.flatnonzero(scores)
        best = found[np.lexsort((found, -scores[found]))][:k]
        full = max(float(scores.max(initial=0.0)), _FULL * highest)
        return [(int(ordinal), float(scores[ordinal] / full)) for ordinal in best]

    def entries(self, ordinals: Sequence[int]) -> list[IndexedPassage]:
        """The passages of these ordinals, in the order asked for."""
        found = {each: entry for each in ordinals if (entry := self._parsed.get(each))}
        missing = [ordinal for ordinal in ordinals if ordinal not in found]
        if missing:
            marks = ", ".join("?" * len(missing))
            rows = self._passages(f"WHERE ordinal IN ({marks})", missing)
            fresh = {row[0]: _from_row(row) for row in rows}
            found.update(fresh)
            if len(self._parsed) + len(fresh) > _MOST_PARSED:
                self._parsed = {}
            self._parsed.update(fresh)
        return [found[ordinal] for ordinal in ordinals]

    def document(self, path: str) -> list[IndexedPassage]:
        """All passages of one document, in its order."""
        rows = self._passages("WHERE document = ? ORDER BY start", (path,))
        return [_from_row(row) for row in rows]

    def faq_passages(self) -> list[IndexedPassage]:
        """All passages that answer a question of the material, in document order."""
        rows = self._passages("WHERE question IS NOT NULL ORDER BY ordinal", ())
        return [_from_row(row) for row in rows]

    def document_frequency(self, word: str) -> int:
        """In how many passages the word occurs, in any form of the same stem."""
        return len(self._posting(stem(word))[0])

    def correction(self, word: str) -> str | None:
        """The material's word that this one is most likely a misspelling of; None where it is
        known, or like none."""
        return None if word in self._vocabulary else nearest(word, self._vocabulary)

    def digests(self) -> dict[bytes, int]:
        """Which row of the vectors belongs to which text digest."""
        return {digest: row for row, digest in self._all("SELECT row, digest FROM vectors", ())}

    def check_integrity(self) -> None:
        """Reads the whole file. Raises IndexDamaged where a page of it is not what was written."""
        faults = [fault for (fault,) in self._all("PRAGMA integrity_check", ())]
        if faults != ["ok"]:
            raise IndexDamaged(f"{self._path} is damaged ({faults[0]})")

    def close(self) -> None:
        """Closes this thread's connection; those of other threads go with their threads."""
        connection = getattr(self._local, "connection", None)
        if connection is not None:
            connection.close()
            del self._local.connection

    def _passages(self, condition: str, values: Sequence[object]) -> list[Any]:
        """The rows of the passages that a condition in SQL selects."""
        return self._all(f"SELECT * FROM passages {condition}", values)

    def _posting(self, stemmed: str) -> tuple[Ordinals, Counts]:
        """The passages that hold a stem, and how often, weighted."""
        rows = self._all("SELECT ordinals, counts FROM postings WHERE stem = ?", (stemmed,))
        ordinals, counts = rows[0] if rows else (b"", b"")
        return np.frombuffer(ordinals, "<u4"), np.frombuffer(counts, "<f4")

    def _all(self, sql: str, values: Sequence[object]) -> list[Any]:
        try:
            if not hasattr(self._local, "connection"):
                address = f"{self._path.absolute().as_uri()}?mode=ro&immutable=1"
                self._local.connection = sqlite3.connect(address, uri=True)
            rows: list[Any] = self._local.connection.execute(sql, values).fetchall()
            return rows
        except sqlite3.Error as error:
            raise IndexDamaged(f"{self._path} cannot be read ({error})") from error


class _Within(PassageStore):
    """Some documents of other words, counted as if there were no more: what the rest says shows
    in no score, no frequency and no correction."""

    def __init__(self, whole: PassageStore, documents: Collection[str]) -> None:
        self._path, self._local = whole._path, whole._local
        self._lengths = whole._lengths
        wanted = frozenset(documents)
        places = dict(self._all("SELECT ordinal, document FROM passages", ()))
        own = [ordinal for ordinal in whole.ordinals.tolist() if places[ordinal] in wanted]
        self.ordinals = np.array(own, dtype=np.uint32)
        self._visible = np.zeros(len(self._lengths), dtype=np.bool_)
        self._visible[self.ordinals] = True
        self._fit()
        self._vocabulary = self._counted()

    def digests(self) -> dict[bytes, int]:
        entries = [_from_row(row) for row in self._passages("", ())]
        own = {row for e in entries for row in (e.row, e.heading_row, *e.unit_rows)}
        return {digest: row for digest, row in super().digests().items() if row in own}

    def close(self) -> None:
        """Nothing to close: the connections belong to the whole."""

    def _counted(self) -> dict[str, int]:
        """The words of the visible passages, and in how many of these each occurs."""
        rows = self._all("SELECT word, ordinals FROM vocabulary", ())
        if not rows:
            return {}
        seen = self._visible[np.frombuffer(b"".join(blob for _, blob in rows), "<u4")]
        lengths = [len(blob) // 4 for _, blob in rows]
        starts = np.cumsum([0, *lengths[:-1]])  # no word is without a passage
        counts = np.add.reduceat(seen, starts, dtype=np.int64).tolist()
        return {word: count for (word, _), count in zip(rows, counts, strict=True) if count}

    def _passages(self, condition: str, values: Sequence[object]) -> list[Any]:
        return [row for row in super()._passages(condition, values) if self._visible[row[0]]]

    def _posting(self, stemmed: str) -> tuple[Ordinals, Counts]:
        ordinals, counts = super()._posting(stemmed)
        seen = self._visible[ordinals]
        return ordinals[seen], counts[seen]


def _to_row(entry: IndexedPassage) -> tuple[object, ...]:
    p = entry.passage
    units = [[u.kind, u.start, u.end, u.cells, u.lead] for u in p.units]
    return (
        entry.ordinal, p.document, p.sha256, p.title, json.dumps(p.headings), p.start, p.end,
        p.text, p.kind, p.question, json.dumps(units), entry.row, entry.heading_row,
        json.dumps(entry.unit_rows),
    )  # fmt: skip


def _from_row(row: Sequence[Any]) -> IndexedPassage:
    (ordinal, document, sha256, title, headings, start, end, text, kind, question, units, vector,
     heading_row, unit_rows) = row  # fmt: skip
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
    )
    return IndexedPassage(ordinal, passage, vector, heading_row, tuple(json.loads(unit_rows)))


def _unit(kind: str, start: int, end: int, cells: list[list[int]], lead: list[int] | None) -> Unit:
    spans = tuple((first, last) for first, last in cells)
    return Unit(Kind(kind), start, end, spans, (lead[0], lead[1]) if lead else None)
