"""Stores conversations, answers, feedback and idempotency keys.

Every record belongs to an owner: the id of an API key, or "" in a service without keys. Records of
other owners are treated as missing. Times are seconds since 1970 UTC.
"""

import secrets
from contextlib import suppress
from dataclasses import dataclass
from typing import Literal, TypeAlias, cast

from sqlalchemy import ColumnElement, Connection, case, delete, func, select, tuple_, update

from api.errors import DatabaseUnavailable, IdempotencyKeyInUse, IdempotencyKeyReused, NotFound
from api.store.answers import FormatUnknown, parse, serialize
from api.store.database import Database
from api.store.gaps import delete_gaps, gap_id
from api.store.leases import Clock, new_lease, shorten, time_left
from api.store.tables import answers, claims, conversations, feedback
from assistant.answer import Answer, Turn

LEASE = 60.0  # seconds that a claim holds; after that another request may take it over
IDEMPOTENCY_KEY_RETENTION = 24 * 3600.0  # seconds
_BATCH = 500  # conversations deleted in one transaction, so that other writers get a turn

Verdict: TypeAlias = Literal["up", "down"]


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to do the work of an idempotency key. `token` differs for every acquisition."""

    owner: str
    key: str
    token: str


@dataclass(frozen=True, slots=True)
class Conversation:
    """A conversation with its answers, oldest first. `touched` is the time of the newest."""

    id: str
    created: float
    touched: float
    answers: tuple[Answer, ...]


@dataclass(frozen=True, slots=True)
class Feedback:
    """A user's verdict on an answer. `created` is the time of its last change."""

    id: str
    answer_id: str
    verdict: Verdict
    comment: str
    created: float


class Records:
    """The records in a database. Thread-safe.

    Every method may raise DatabaseUnavailable. A method returns after its transaction is committed.
    """

    def __init__(self, database: Database, clock: Clock | None = None) -> None:
        """Without a `clock`, the database tells the time."""
        self._database = database
        self._clock = clock or database.now

    def save_answer(self, owner: str, answer: Answer, claim: Claim | None = None) -> None:
        """Stores an answer in its conversation and completes the claim, in one transaction. An
        answer whose id is stored already is not changed.

        Raises IdempotencyKeyInUse if the claim was taken over.
        """
        with self._database.write() as connection:
            now = self._clock(connection)
            # The conversation comes first: its row lock puts its answers in order.
            self._touch(connection, owner, answer.conversation_id, now)
            row = {
                "owner": owner,
                "id": answer.id,
                "conversation": answer.conversation_id,
                "question": answer.question,
                "text": answer.text,
                "status": answer.status,
                "confidence": answer.confidence,
                "generation": answer.generation,
                "created": now,
                "body": serialize(answer),
            }
            connection.execute(self._database.insert(answers).values(row).on_conflict_do_nothing())
            if claim:
                _complete(connection, claim, answer.id)

    def turns(self, owner: str, conversation_id: str, limit: int) -> list[Turn]:
        """Returns the last turns of a conversation, oldest first; none if it is not stored."""
        if limit < 1:
            return []
        query = (
            select(answers.c.question, answers.c.text)
            .where(answers.c.owner == owner, answers.c.conversation == conversation_id)
            .order_by(answers.c.number.desc())
            .limit((limit + 1) // 2)
        )
        with self._database.read() as connection:
            rows = connection.execute(query).all()
        turns = [
            turn
            for question, text in reversed(rows)
            for turn in (Turn("user", question), Turn("assistant", text))
        ]
        return turns[-limit:]

    def recent_questions(self, limit: int) -> list[str]:
        """Returns the latest standalone questions of all owners, newest first, each once. Of the
        newest answers `5 * limit` are looked at; replies to small talk do not count."""
        query = select(answers.c.body).order_by(answers.c.number.desc()).limit(5 * limit)
        with self._database.read() as connection:
            bodies = connection.execute(query).scalars().all()
        questions: dict[str, str] = {}
        for body in bodies:
            with suppress(FormatUnknown):
                answer = parse(body)
                if not answer.is_small_talk:
                    questions.setdefault(
                        answer.standalone_question.casefold(), answer.standalone_question
                    )
        return list(questions.values())[:limit]

    def answer(self, owner: str, answer_id: str) -> Answer:
        """Returns a stored answer. Raises NotFound."""
        with self._database.read() as connection:
            return _load_answer(connection, owner, answer_id)

    def conversation(self, owner: str, conversation_id: str) -> Conversation:
        """Returns a stored conversation. Raises NotFound."""
        query = (
            select(conversations.c.created, conversations.c.touched, answers.c.id, answers.c.body)
            .join_from(conversations, answers)
            .where(conversations.c.owner == owner, conversations.c.id == conversation_id)
            .order_by(answers.c.number)
        )
        with self._database.read() as connection:
            rows = connection.execute(query).all()
        if not rows:
            raise _no_conversation(conversation_id)
        return Conversation(
            conversation_id,
            rows[0].created,
            rows[0].touched,
            tuple(_parse(row.id, row.body) for row in rows),
        )

    def delete_conversation(self, owner: str, conversation_id: str) -> None:
        """Deletes a conversation with its answers, their feedback, gaps and idempotency keys.
        Raises NotFound."""
        this = (conversations.c.owner == owner, conversations.c.id == conversation_id)
        own = (answers.c.owner == owner, answers.c.conversation == conversation_id)
        with self._database.write() as connection:
            ids = connection.scalars(select(answers.c.id).where(*own)).all()
            delete_gaps(connection, [gap_id(owner, each) for each in ids])
            if not connection.execute(delete(conversations).where(*this)).rowcount:
                raise _no_conversation(conversation_id)

    def save_feedback(self, owner: str, answer_id: str, verdict: Verdict, comment: str) -> str:
        """Stores a verdict, replacing an earlier one; returns the id of the feedback, which stays
        the same. Raises NotFound."""
        this = {"id": secrets.token_hex(16), "owner": owner, "answer": answer_id}
        with self._database.write() as connection:
            _lock_answer(connection, owner, answer_id)
            values = {"verdict": verdict, "comment": comment, "created": self._clock(connection)}
            connection.execute(
                self._database.insert(feedback)
                .values(this | values)
                .on_conflict_do_update(index_elements=["owner", "answer"], set_=values)
            )
            return str(connection.scalar(select(feedback.c.id).where(*_about(owner, answer_id))))

    def feedback(self, owner: str, answer_id: str) -> Feedback | None:
        """Returns the feedback on an answer, if there is any."""
        with self._database.read() as connection:
            row = connection.execute(select(feedback).where(*_about(owner, answer_id))).first()
        if row is None:
            return None
        verdict = cast("Verdict", row.verdict)
        return Feedback(row.id, row.answer, verdict, row.comment, row.created)

    def claim(self, owner: str, key: str, fingerprint: str) -> Claim | Answer:
        """Claims an idempotency key, or returns the answer that it was completed with.

        The key has at most 255 characters; `fingerprint` is a digest of the request. Follows the
        IETF draft "The Idempotency-Key HTTP Header Field". Raises IdempotencyKeyReused if the key
        came with another request, and IdempotencyKeyInUse while another request holds the claim,
        for LEASE seconds.
        """
        with self._database.write() as connection:
            lease = new_lease(self._clock(connection))
            claim = Claim(owner, key, str(lease["token"]))
            new = {"owner": owner, "key": key, "fingerprint": fingerprint} | lease
            connection.execute(self._database.insert(claims).values(new).on_conflict_do_nothing())
            stored = select(claims).where(*_key_of(claim)).with_for_update()
            row = connection.execute(stored).first()
            if row is None:  # released between the two statements
                raise _in_use(key, 1.0)
            if row.token == claim.token:
                return claim
            if row.fingerprint != fingerprint:
                raise IdempotencyKeyReused(
                    f"the idempotency key {key!r} was sent before with a different request"
                )
            if row.answer is not None:
                return _load_answer(connection, owner, row.answer)
            now = self._clock(connection)  # the row may have been locked for long
            wait = time_left(row.leased, LEASE, now)
            if wait:
                connection.execute(shorten(claims, now).where(*_key_of(claim)))
            else:
                lease["leased"] = now
                connection.execute(update(claims).where(*_key_of(claim)).values(lease))
        if wait:
            raise _in_use(key, wait)
        return claim

    def release(self, claim: Claim) -> None:
        """Releases a claim, so that the request can be sent again. A claim that is completed or was
        taken over does not change."""
        held = (*_key_of(claim), claims.c.token == claim.token, claims.c.answer.is_(None))
        with self._database.write() as connection:
            connection.execute(delete(claims).where(*held))

    def expire(self, before: float) -> int:
        """Deletes the conversations that were last touched before that time, and idempotency keys
        after a day. Returns the number of deleted conversations."""
        # Rows that another process deletes are skipped: the two would wait for each other.
        with self._database.write() as connection:
            old = claims.c.leased < self._clock(connection) - IDEMPOTENCY_KEY_RETENTION
            found = select(claims.c.owner, claims.c.key).where(old)
            old_claims = found.with_for_update(skip_locked=True)
            connection.execute(
                delete(claims).where(tuple_(claims.c.owner, claims.c.key).in_(old_claims))
            )
        old_conversations = tuple_(conversations.c.owner, conversations.c.id).in_(
            select(conversations.c.owner, conversations.c.id)
            .where(conversations.c.touched < before)
            .limit(_BATCH)
            .with_for_update(skip_locked=True)
        )
        deleted = 0
        while True:
            with self._database.write() as connection:
                count = connection.execute(delete(conversations).where(old_conversations)).rowcount
            deleted += count
            if count < _BATCH:
                return deleted

    def latest_time(self) -> float | None:
        """Returns the time of the newest record, if there is one. If it is ahead of the clock, the
        clock is wrong now or was wrong then."""
        latest = (
            func.max(conversations.c.touched),
            func.max(feedback.c.created),
            func.max(claims.c.leased),
        )
        with self._database.read() as connection:
            times = [connection.scalar(select(each)) for each in latest]
        return max((each for each in times if each is not None), default=None)

    def _touch(self, connection: Connection, owner: str, conversation_id: str, now: float) -> None:
        """Creates a conversation or moves its time forward; never back, because retention would
        delete it early if the clock is slow."""
        touched = conversations.c.touched
        connection.execute(
            self._database.insert(conversations)
            .values(owner=owner, id=conversation_id, created=now, touched=now)
            .on_conflict_do_update(
                index_elements=["owner", "id"],
                set_={"touched": case((touched > now, touched), else_=now)},
            )
        )


def _key_of(claim: Claim) -> tuple[ColumnElement[bool], ...]:
    return claims.c.owner == claim.owner, claims.c.key == claim.key


def _about(owner: str, answer_id: str) -> tuple[ColumnElement[bool], ...]:
    return feedback.c.owner == owner, feedback.c.answer == answer_id


def _complete(connection: Connection, claim: Claim, answer_id: str) -> None:
    held = (*_key_of(claim), claims.c.token == claim.token)
    if not connection.execute(update(claims).where(*held).values(answer=answer_id)).rowcount:
        raise _in_use(claim.key, 1.0)


def _lock_answer(connection: Connection, owner: str, answer_id: str) -> None:
    """Prevents that the answer is deleted in the meantime. Raises NotFound."""
    this = (answers.c.owner == owner, answers.c.id == answer_id)
    query = select(answers.c.number).where(*this).with_for_update(key_share=True, read=True)
    if connection.scalar(query) is None:
        raise _no_answer(answer_id)


def _load_answer(connection: Connection, owner: str, answer_id: str) -> Answer:
    this = (answers.c.owner == owner, answers.c.id == answer_id)
    body = connection.scalar(select(answers.c.body).where(*this))
    if body is None:
        raise _no_answer(answer_id)
    return _parse(answer_id, body)


def _parse(answer_id: str, body: str) -> Answer:
    try:
        return parse(body)
    except FormatUnknown as error:
        raise DatabaseUnavailable(
            f"the stored answer {answer_id} cannot be read ({error}): restore the database from a "
            "backup, or delete the conversation"
        ) from error


def _no_answer(answer_id: str) -> NotFound:
    return NotFound(f"there is no answer {answer_id!r}")


def _no_conversation(conversation_id: str) -> NotFound:
    return NotFound(f"there is no conversation {conversation_id!r}")


def _in_use(key: str, wait: float) -> IdempotencyKeyInUse:
    return IdempotencyKeyInUse(
        f"another request holds the idempotency key {key!r}: retry in {wait:.0f} s to get its "
        "answer",
        wait,
    )
