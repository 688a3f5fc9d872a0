"""What the service remembers: conversations, their answers, what people think of those, and which
requests were answered already.

Everything belongs to an owner, the id of an API key, or "" where there are no keys; nobody is told
even that something of another owner's is there. Times are seconds since 1970 UTC.
"""

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TypeAlias, cast

from pydantic import ValidationError
from sqlalchemy import ColumnElement, Connection, case, delete, func, select, tuple_, update

from api.errors import DatabaseUnavailable, IdempotencyKeyInUse, IdempotencyKeyReused, NotFound
from api.store.database import Database, answers, claims, conversations, feedback
from api.wire import AnswerBody
from assistant.answer import Turn

LEASE = 60.0  # seconds that a claim holds; whoever takes longer may find it taken over
REMEMBERED = 24 * 3600.0  # seconds that an idempotency key is remembered
_AT_ONCE = 500  # conversations deleted in one transaction, so that other writers get their turn

Clock = Callable[[], float]
Verdict: TypeAlias = Literal["up", "down"]


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to do the work of an idempotency key. `token` differs with every taking."""

    owner: str
    key: str
    token: str


@dataclass(frozen=True, slots=True)
class Conversation:
    """A conversation, its answers oldest first; `touched` is when the newest was kept."""

    id: str
    created: float
    touched: float
    answers: tuple[AnswerBody, ...]


@dataclass(frozen=True, slots=True)
class Feedback:
    """What somebody thinks of an answer; `created` is when they last said so."""

    id: str
    answer_id: str
    verdict: Verdict
    comment: str
    created: float


class Records:
    """The memory in a database. Every method may raise DatabaseUnavailable, and what it has
    returned from is committed. Safe to share between threads."""

    def __init__(self, database: Database, clock: Clock = time.time) -> None:
        self._database = database
        self._clock = clock

    def save_answer(self, owner: str, answer: AnswerBody, claim: Claim | None = None) -> None:
        """Keeps an answer in its conversation, and completes the claim with it, or does neither.
        An answer that is kept already stays as it is.

        Raises IdempotencyKeyInUse where the claim has been taken over.
        """
        now = self._clock()
        with self._database.write() as connection:
            # First the conversation: that makes its answers wait for each other.
            self._touch(connection, owner, answer.conversation_id, now)
            kept = {
                "owner": owner,
                "id": answer.id,
                "conversation": answer.conversation_id,
                "question": answer.question,
                "text": answer.text,
                "status": answer.status,
                "confidence": answer.confidence,
                "generation": answer.generation,
                "created": now,
                "body": answer.model_dump_json(),
            }
            connection.execute(self._database.insert(answers).values(kept).on_conflict_do_nothing())
            if claim:
                _complete(connection, claim, answer.id)

    def turns(self, owner: str, conversation_id: str, most: int) -> list[Turn]:
        """The last turns of a conversation, at most so many, oldest first; none where nothing of
        it is kept."""
        if most < 1:
            return []
        query = (
            select(answers.c.question, answers.c.text)
            .where(answers.c.owner == owner, answers.c.conversation == conversation_id)
            .order_by(answers.c.number.desc())
            .limit((most + 1) // 2)
        )
        with self._database.read() as connection:
            rows = connection.execute(query).all()
        turns = [
            turn
            for question, text in reversed(rows)
            for turn in (Turn("user", question), Turn("assistant", text))
        ]
        return turns[-most:]

    def answer(self, owner: str, answer_id: str) -> AnswerBody:
        """A kept answer. Raises NotFound."""
        with self._database.read() as connection:
            return _answer(connection, owner, answer_id)

    def conversation(self, owner: str, conversation_id: str) -> Conversation:
        """A kept conversation. Raises NotFound."""
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
            tuple(_body(row.id, row.body) for row in rows),
        )

    def delete_conversation(self, owner: str, conversation_id: str) -> None:
        """Deletes a conversation with its answers, their feedback and their idempotency keys.
        Raises NotFound."""
        this = (conversations.c.owner == owner, conversations.c.id == conversation_id)
        with self._database.write() as connection:
            if not connection.execute(delete(conversations).where(*this)).rowcount:
                raise _no_conversation(conversation_id)

    def save_feedback(self, owner: str, answer_id: str, verdict: Verdict, comment: str) -> str:
        """Keeps a verdict in the place of any before it; the feedback's id, which stays the same.
        Raises NotFound."""
        said = {"verdict": verdict, "comment": comment, "created": self._clock()}
        this = {"id": secrets.token_hex(16), "owner": owner, "answer": answer_id}
        with self._database.write() as connection:
            _expect_answer(connection, owner, answer_id)
            connection.execute(
                self._database.insert(feedback)
                .values(this | said)
                .on_conflict_do_update(index_elements=["owner", "answer"], set_=said)
            )
            return str(connection.scalar(select(feedback.c.id).where(*_on(owner, answer_id))))

    def feedback(self, owner: str, answer_id: str) -> Feedback | None:
        """What is thought of an answer; None where nobody has said."""
        with self._database.read() as connection:
            row = connection.execute(select(feedback).where(*_on(owner, answer_id))).first()
        if row is None:
            return None
        verdict = cast("Verdict", row.verdict)
        return Feedback(row.id, row.answer, verdict, row.comment, row.created)

    def claim(self, owner: str, key: str, fingerprint: str) -> Claim | AnswerBody:
        """The claim of an idempotency key of at most 255 characters, or the answer that it was
        completed with. `fingerprint` is a digest of the request.

        As the IETF draft "The Idempotency-Key HTTP Header Field" has it. Raises
        IdempotencyKeyReused where the key came with another request, and IdempotencyKeyInUse while
        another holds it: for LEASE seconds, after which whoever held it is taken for dead.
        """
        mine = Claim(owner, key, secrets.token_hex(16))
        now = self._clock()
        taken = {"token": mine.token, "claimed": now}
        this = {"owner": owner, "key": key, "fingerprint": fingerprint}
        with self._database.write() as connection:
            connection.execute(
                self._database.insert(claims).values(this | taken).on_conflict_do_nothing()
            )
            row = connection.execute(select(claims).where(*_of(mine)).with_for_update()).first()
            if row is None:  # given back between the two statements
                raise _in_use(key, 1.0)
            if row.token == mine.token:
                return mine
            if row.fingerprint != fingerprint:
                raise IdempotencyKeyReused(
                    f"the idempotency key {key!r} was sent before with another request: send a new "
                    "key with a new request"
                )
            if row.answer is not None:
                return _answer(connection, owner, row.answer)
            # Either way: were the clock put back, the lease would hold for as long as it was.
            wait = LEASE - abs(now - row.claimed)
            if wait > 0:
                raise _in_use(key, wait)
            connection.execute(update(claims).where(*_of(mine)).values(taken))
            return mine

    def release(self, claim: Claim) -> None:
        """Gives a claim back, so that the same request may be sent again; one that is complete or
        taken over stays as it is."""
        held = (*_of(claim), claims.c.token == claim.token, claims.c.answer.is_(None))
        with self._database.write() as connection:
            connection.execute(delete(claims).where(*held))

    def expire(self, before: float) -> int:
        """Deletes the conversations last touched before that time with all that is theirs, and
        forgets idempotency keys after a day. How many conversations were deleted."""
        # What another one is at is passed over: two that delete the same would wait for each other.
        forgotten = tuple_(claims.c.owner, claims.c.key).in_(
            select(claims.c.owner, claims.c.key)
            .where(claims.c.claimed < self._clock() - REMEMBERED)
            .with_for_update(skip_locked=True)
        )
        with self._database.write() as connection:
            connection.execute(delete(claims).where(forgotten))
        some = tuple_(conversations.c.owner, conversations.c.id).in_(
            select(conversations.c.owner, conversations.c.id)
            .where(conversations.c.touched < before)
            .limit(_AT_ONCE)
            .with_for_update(skip_locked=True)
        )
        deleted = 0
        while True:
            with self._database.write() as connection:
                count = connection.execute(delete(conversations).where(some)).rowcount
            deleted += count
            if count < _AT_ONCE:
                return deleted

    def latest_time(self) -> float | None:
        """The time of the newest record; None where there is none. A clock that is behind it was
        put back, or was ahead before."""
        newest = (
            func.max(conversations.c.touched),
            func.max(feedback.c.created),
            func.max(claims.c.claimed),
        )
        with self._database.read() as connection:
            times = [connection.scalar(select(time)) for time in newest]
        return max((time for time in times if time is not None), default=None)

    def _touch(self, connection: Connection, owner: str, conversation_id: str, now: float) -> None:
        """Makes a conversation, or notes that it goes on: never earlier than before, since a
        clock that is behind must not make it look old."""
        touched = conversations.c.touched
        connection.execute(
            self._database.insert(conversations)
            .values(owner=owner, id=conversation_id, created=now, touched=now)
            .on_conflict_do_update(
                index_elements=["owner", "id"],
                set_={"touched": case((touched > now, touched), else_=now)},
            )
        )


def _of(claim: Claim) -> tuple[ColumnElement[bool], ...]:
    return claims.c.owner == claim.owner, claims.c.key == claim.key


def _on(owner: str, answer_id: str) -> tuple[ColumnElement[bool], ...]:
    return feedback.c.owner == owner, feedback.c.answer == answer_id


def _complete(connection: Connection, claim: Claim, answer_id: str) -> None:
    held = (*_of(claim), claims.c.token == claim.token)
    if not connection.execute(update(claims).where(*held).values(answer=answer_id)).rowcount:
        raise _in_use(claim.key, 1.0)


def _expect_answer(connection: Connection, owner: str, answer_id: str) -> None:
    """Also keeps it from being deleted meanwhile."""
    this = (answers.c.owner == owner, answers.c.id == answer_id)
    query = select(answers.c.number).where(*this).with_for_update(key_share=True, read=True)
    if connection.scalar(query) is None:
        raise _no_answer(answer_id)


def _answer(connection: Connection, owner: str, answer_id: str) -> AnswerBody:
    this = (answers.c.owner == owner, answers.c.id == answer_id)
    body = connection.scalar(select(answers.c.body).where(*this))
    if body is None:
        raise _no_answer(answer_id)
    return _body(answer_id, body)


def _body(answer_id: str, body: str) -> AnswerBody:
    try:
        return AnswerBody.model_validate_json(body)
    except ValidationError as error:
        raise DatabaseUnavailable(
            f"the answer {answer_id} is kept in a form that this program does not read: restore "
            "the database from a backup, or delete the conversation"
        ) from error


def _no_answer(answer_id: str) -> NotFound:
    return NotFound(f"no answer {answer_id!r} is kept: give the id of one that is")


def _no_conversation(conversation_id: str) -> NotFound:
    return NotFound(f"no conversation {conversation_id!r} is kept: give the id of one that is")


def _in_use(key: str, wait: float) -> IdempotencyKeyInUse:
    return IdempotencyKeyInUse(
        f"another request holds the idempotency key {key!r}: send this one again in "
        f"{wait:.0f} s, for its answer",
        wait,
    )
