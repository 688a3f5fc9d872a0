"""Stores gaps: questions that were refused, or whose answer was voted down.

A gap has no user, no owner, no conversation and no history. Its id is a digest of that of the
answer, so that it is stored once, and deleted with the conversation. Times are seconds since 1970
UTC.
"""

import hashlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
from sqlalchemy import Connection, Row, delete, select, update

from api.store.database import Database
from api.store.leases import Clock
from api.store.tables import gaps
from index.encoder import Vectors

MAX_GAPS = 10_000  # rows; the oldest are deleted
_BATCH = 500  # ids in one statement


class GapReason(StrEnum):
    """Why a question is a gap."""

    REFUSED = "refused"
    DOWN_VOTED = "down_voted"


@dataclass(frozen=True, slots=True)
class GapPassage:
    """A passage near the question: the stored text `sha256` at `[start, end)`."""

    document: str
    sha256: str
    start: int
    end: int


@dataclass(frozen=True, eq=False)
class Gap:
    """A question without a good answer. `folders` are those that the asking key could read; empty:
    all. `vector` is that of the question, by the encoder with this fingerprint."""

    id: str
    question: str
    reason: GapReason
    evidence: tuple[GapPassage, ...]
    folders: tuple[str, ...]
    encoder: str
    vector: Vectors
    created: float = 0.0
    dismissed: bool = False


class Gaps:
    """The gaps in a database. Every method may raise DatabaseUnavailable. Thread-safe."""

    def __init__(self, database: Database, clock: Clock | None = None) -> None:
        """Without a `clock`, the database tells the time."""
        self._database = database
        self._clock = clock or database.now

    def add(self, gap: Gap) -> None:
        """Stores a gap now, unless one with its id is stored. Deletes the oldest if there are too
        many."""
        row = {
            "id": gap.id,
            "question": gap.question,
            "reason": gap.reason,
            "evidence": [[p.document, p.sha256, p.start, p.end] for p in gap.evidence],
            "folders": list(gap.folders),
            "encoder": gap.encoder,
            "vector": gap.vector.astype(np.float32).tobytes(),
            "dismissed": False,
        }
        with self._database.write() as connection:
            row["created"] = self._clock(connection)
            statement = self._database.insert(gaps).values(row).on_conflict_do_nothing()
            number = connection.execute(statement.returning(gaps.c.number)).scalar()
            if number is not None:
                connection.execute(delete(gaps).where(gaps.c.number <= number - MAX_GAPS))

    def all(self, since: float = 0.0) -> list[Gap]:
        """Returns the gaps since that time, in the order in which they were stored."""
        query = select(gaps).where(gaps.c.created >= since).order_by(gaps.c.number)
        with self._database.read() as connection:
            return [_gap_of(row) for row in connection.execute(query)]

    def set_vectors(self, encoder: str, vectors: Mapping[str, Vectors]) -> None:
        """Replaces the vectors of gaps, by id, with those of this encoder."""
        with self._database.write() as connection:
            for name, vector in vectors.items():
                values = {"encoder": encoder, "vector": vector.astype(np.float32).tobytes()}
                connection.execute(update(gaps).where(gaps.c.id == name).values(values))

    def dismiss(self, ids: Sequence[str]) -> None:
        """Marks gaps as dismissed."""
        with self._database.write() as connection:
            for batch in _batches(ids):
                connection.execute(update(gaps).where(gaps.c.id.in_(batch)).values(dismissed=True))

    def delete(self, ids: Sequence[str]) -> None:
        """Deletes gaps."""
        with self._database.write() as connection:
            delete_gaps(connection, ids)

    def withdraw_vote(self, gap_id: str) -> None:
        """Deletes a gap that is one only because of a vote."""
        is_vote = gaps.c.reason == GapReason.DOWN_VOTED
        with self._database.write() as connection:
            connection.execute(delete(gaps).where(gaps.c.id == gap_id, is_vote))

    def expire(self, before: float) -> int:
        """Deletes the gaps from before that time; returns how many."""
        with self._database.write() as connection:
            return connection.execute(delete(gaps).where(gaps.c.created < before)).rowcount


def gap_id(owner: str, answer_id: str) -> str:
    """Returns the id of the gap of an answer, which says nothing about the answer."""
    return hashlib.sha256(f"gap\n{owner}\n{answer_id}".encode(errors="replace")).hexdigest()[:32]


def delete_gaps(connection: Connection, ids: Collection[str]) -> None:
    """Deletes gaps in a transaction."""
    for batch in _batches(list(ids)):
        connection.execute(delete(gaps).where(gaps.c.id.in_(batch)))


def _batches(ids: Sequence[str]) -> Iterable[Sequence[str]]:
    return (ids[at : at + _BATCH] for at in range(0, len(ids), _BATCH))


def _gap_of(row: Row[Any]) -> Gap:
    return Gap(
        id=row.id,
        question=row.question,
        reason=GapReason(row.reason),
        evidence=tuple(GapPassage(*passage) for passage in row.evidence),
        folders=tuple(row.folders),
        encoder=row.encoder,
        vector=np.frombuffer(row.vector, dtype=np.float32),
        created=row.created,
        dismissed=row.dismissed,
    )
