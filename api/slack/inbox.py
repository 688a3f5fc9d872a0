"""What came from Slack and is not lost: taken once, given out in order, done once.

An item is kept before it is acknowledged. Whoever works on it holds it for LEASE seconds at a time;
when they are gone it is given out again. Items of one conversation are given out one after the
other, in the order in which they came. Knows nothing of what stands in an item.
"""

import secrets
import time
from dataclasses import dataclass

from sqlalchemy import ColumnElement, delete, exists, func, or_, select, update

from api.store.database import Database
from api.store.database import slack_inbox as inbox
from api.store.records import Clock

LEASE = 15.0  # seconds that an item is held without a word from whoever holds it
MAX_WAIT = 300.0  # seconds until an item that could not be done is tried again
# Seconds that what is done is remembered. Slack delivers delayed events for up to a day.
RETENTION = 3 * 24 * 3600.0


@dataclass(frozen=True, slots=True)
class Incoming:
    """Something that happened in Slack. `id` is its own, whatever it is told in; `event` the id
    of the telling; `request` the id in the log; `body` what the worker needs to know."""

    id: str
    event: str
    request: str
    conversation: str
    body: str


@dataclass(frozen=True, slots=True)
class Item:
    """Something to be worked on by whoever has its `token`. `tries` counts from 1; `reply` is the
    message that was begun for it, "" where none is known of."""

    number: int
    id: str
    request: str
    body: str
    taken: float
    token: str
    tries: int
    reply: str


class LeaseLost(Exception):
    """Another worker has taken the item over: whatever is left to do is theirs."""


class Inbox:
    """The items, in a database. Every method may raise DatabaseUnavailable, and what it has
    returned from is committed. Safe to share between threads and processes."""

    def __init__(self, database: Database, clock: Clock = time.time) -> None:
        self._database = database
        self._clock = clock

    def add(self, incoming: Incoming) -> bool:
        """Keeps it; False where it is here already, be it done or not."""
        now = self._clock()
        row = {
            "id": incoming.id,
            "event": incoming.event,
            "request": incoming.request,
            "conversation": incoming.conversation,
            "body": incoming.body,
            "taken": now,
            "due": now,
            "token": "",
            "held": 0.0,
            "tries": 0,
            "trouble": "",
            "reply": "",
        }
        with self._database.write() as connection:
            statement = self._database.insert(inbox).values(row).on_conflict_do_nothing()
            # Of such an INSERT the number of rows is told for SQLite only.
            return connection.scalar(statement.returning(inbox.c.number)) is not None

    def has_conversation(self, conversation: str) -> bool:
        """Whether anything of this conversation was taken."""
        query = select(exists().where(inbox.c.conversation == conversation))
        with self._database.read() as connection:
            return bool(connection.scalar(query))

    def claim(self) -> Item | None:
        """The oldest item whose turn it is, held from now on; None where there is none."""
        now = self._clock()
        other = inbox.alias()
        # A time further ahead than anything is put says that the clock was put back since.
        is_due = or_(inbox.c.due <= now, inbox.c.due > now + MAX_WAIT)
        is_free, other_is_free = (
            or_(table.c.held <= now, table.c.held > now + LEASE) for table in (inbox, other)
        )
        waits_for_another = exists().where(
            other.c.conversation == inbox.c.conversation,
            other.c.done.is_(None),
            or_(
                other.c.number < inbox.c.number,
                # Of two that are taken at the same time the later may be committed first.
                (other.c.number > inbox.c.number) & ~other_is_free,
            ),
        )
        query = (
            select(inbox)
            .where(inbox.c.done.is_(None), is_due, is_free, ~waits_for_another)
            .order_by(inbox.c.number)
            .limit(1)
        )
        with self._database.read() as connection:
            if connection.execute(query).first() is None:
                return None  # the usual case, which keeps no writer waiting
        with self._database.write() as connection:
            row = connection.execute(query.with_for_update(skip_locked=True)).first()
            if row is None:
                return None
            token = secrets.token_hex(16)
            held = {"token": token, "held": now + LEASE, "tries": row.tries + 1}
            connection.execute(update(inbox).where(inbox.c.number == row.number).values(held))
        return Item(
            row.number, row.id, row.request, row.body, row.taken, token, row.tries + 1, row.reply
        )

    def renew(self, item: Item) -> None:
        """Holds it for LEASE seconds more. Raises LeaseLost."""
        self._change(item, held=self._clock() + LEASE)

    def record_reply(self, item: Item, reply: str) -> None:
        """Notes the message that was begun for it. Raises LeaseLost."""
        self._change(item, reply=reply, held=self._clock() + LEASE)

    def postpone(self, item: Item, wait: float, trouble: str) -> None:
        """Gives it back, to be tried again after so many seconds. Raises LeaseLost."""
        due = self._clock() + min(wait, MAX_WAIT)
        self._change(item, token="", held=0.0, due=due, trouble=trouble)

    def complete(self, item: Item) -> None:
        """Done for good: what was asked is forgotten, that it was asked is remembered. Raises
        LeaseLost."""
        self._change(item, done=self._clock(), body="", trouble="")

    def backlog(self, older: float = 0.0) -> tuple[int, str]:
        """How many items are not done that were taken more than so many seconds ago, and what the
        last trouble with one of them was."""
        unfinished = (inbox.c.done.is_(None), inbox.c.taken <= self._clock() - older)
        told = select(inbox.c.trouble).where(*unfinished, inbox.c.trouble != "")
        with self._database.read() as connection:
            count = connection.scalar(select(func.count()).select_from(inbox).where(*unfinished))
            trouble = connection.scalar(told.order_by(inbox.c.number.desc()).limit(1))
        return count or 0, trouble or ""

    def expire(self) -> None:
        """Forgets what was done long enough ago."""
        old = inbox.c.done < self._clock() - RETENTION
        with self._database.write() as connection:
            connection.execute(delete(inbox).where(old))

    def _change(self, item: Item, **values: object) -> None:
        mine: tuple[ColumnElement[bool], ...] = (
            inbox.c.number == item.number,
            inbox.c.token == item.token,
            inbox.c.done.is_(None),
        )
        with self._database.write() as connection:
            if not connection.execute(update(inbox).where(*mine).values(values)).rowcount:
                raise LeaseLost(item.id)
