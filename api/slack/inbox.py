"""A durable queue of what Slack sent: added once, handed out in order, completed once.

An item is stored before Slack's request is acknowledged. A worker that claims an item holds a lease
on it; if the lease expires, the item is handed out again. Items of one conversation are handed out
one at a time, in the order in which they arrived. Does not know what an item contains.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import Any

from sqlalchemy import Select, delete, exists, func, or_, select, update

from api.store.database import Database
from api.store.leases import Clock, is_free, is_from_future, new_lease, shorten
from api.store.tables import slack_inbox as inbox

LEASE = 15.0  # seconds after which an item that is not renewed is handed out again
MAX_WAIT = 300.0  # seconds, the longest that an item can be postponed
# Seconds that completed items are remembered. Slack delivers delayed events for up to a day.
RETENTION = 3 * 24 * 3600.0
_NEVER = 0.0  # long ago: when an item was leased that nobody holds, or due that was never postponed


@dataclass(frozen=True, slots=True)
class NewItem:
    """Something to add. `id` names what happened in Slack, however often and in whatever form it is
    delivered; `event` names the delivery; `request` is the request id in the log; `body` is what
    the worker reads."""

    id: str
    event: str
    request: str
    conversation: str
    body: str


@dataclass(frozen=True, slots=True)
class Item:
    """A claimed item. `token` proves the claim; `attempts` counts from 1; `added` is in seconds
    since 1970; `reply` is the timestamp of the reply that was begun, or ""; `reason` says why it
    was postponed last."""

    number: int
    id: str
    request: str
    body: str
    added: float
    token: str
    attempts: int
    reply: str
    reason: str


class LeaseLost(Exception):
    """Another worker has claimed the item since."""


class Inbox:
    """The queue, in a database. Every method may raise DatabaseUnavailable; what it has returned
    from is committed. Safe to share between threads and processes."""

    def __init__(self, database: Database, clock: Clock | None = None) -> None:
        """Without a `clock`, the database tells the time."""
        self._database = database
        self._clock = clock or database.now

    def add(self, item: NewItem) -> bool:
        """Stores an item; returns False if it was added before, completed or not."""
        row = {
            "id": item.id,
            "event": item.event,
            "request": item.request,
            "conversation": item.conversation,
            "body": item.body,
            "due": _NEVER,
            "token": "",
            "leased": _NEVER,
            "attempts": 0,
            "reason": "",
            "reply": "",
        }
        with self._database.write() as connection:
            row["added"] = self._clock(connection)
            statement = self._database.insert(inbox).values(row).on_conflict_do_nothing()
            # Only SQLite reports the row count of such an INSERT.
            return connection.scalar(statement.returning(inbox.c.number)) is not None

    def has_conversation(self, conversation: str) -> bool:
        """Whether any item of this conversation was added."""
        query = select(exists().where(inbox.c.conversation == conversation))
        with self._database.read() as connection:
            return bool(connection.scalar(query))

    def claim(self) -> Item | None:
        """Claims the oldest item that is due, for LEASE seconds; returns None if there is none."""
        with self._database.read() as connection:
            now = self._clock(connection)
            if not connection.scalar(
                select(or_(_claimable(now).exists(), _from_future(now).exists()))
            ):
                return None  # the usual case, which takes no write lock
        with self._database.write() as connection:
            now = self._clock(connection)
            # Without skip_locked, two workers that shorten the same leases could wait for each
            # other.
            ahead = _from_future(now).with_for_update(skip_locked=True)
            connection.execute(shorten(inbox, now).where(inbox.c.number.in_(ahead)))
            query = _claimable(now).with_for_update(skip_locked=True)
            row = connection.execute(query).mappings().first()
            if row is None:
                return None
            claimed = {**new_lease(now), "attempts": row["attempts"] + 1}
            this = inbox.c.number == row["number"]
            connection.execute(update(inbox).where(this).values(claimed))
        values = {**row, **claimed}
        return Item(**{name.name: values[name.name] for name in fields(Item)})

    def renew(self, item: Item) -> None:
        """Extends the lease to LEASE seconds from now. Raises LeaseLost."""
        self._change(item, lambda _: {})

    def record_reply(self, item: Item, reply: str) -> None:
        """Stores the timestamp of the reply that was begun, and renews. Raises LeaseLost."""
        self._change(item, lambda _: {"reply": reply})

    def postpone(self, item: Item, wait: float, reason: str) -> None:
        """Releases an item, to be retried after `wait` seconds. Raises LeaseLost."""
        released = {"token": "", "leased": _NEVER, "reason": reason}
        self._change(item, lambda now: {**released, "due": now + min(wait, MAX_WAIT)})

    def complete(self, item: Item) -> None:
        """Completes an item and deletes its body; its id is kept. Raises LeaseLost."""
        self._change(item, lambda now: {"completed": now, "body": "", "reason": ""})

    def backlog(self, older_than: float = 0.0) -> tuple[int, str]:
        """Counts the open items that were added more than `older_than` seconds ago; also returns
        why the newest postponed one of them was postponed, or ""."""
        with self._database.read() as connection:
            before = self._clock(connection) - older_than
            is_open = (inbox.c.completed.is_(None), inbox.c.added <= before)
            reasons = select(inbox.c.reason).where(*is_open, inbox.c.reason != "")
            count = connection.scalar(select(func.count()).select_from(inbox).where(*is_open))
            reason = connection.scalar(reasons.order_by(inbox.c.number.desc()).limit(1))
        return count or 0, reason or ""

    def expire(self) -> None:
        """Deletes items that were completed more than RETENTION seconds ago."""
        with self._database.write() as connection:
            old = inbox.c.completed < self._clock(connection) - RETENTION
            connection.execute(delete(inbox).where(old))

    def _change(self, item: Item, changes: Callable[[float], Mapping[str, object]]) -> None:
        """Writes the changes, which depend on the time, if the lease is still held."""
        claimed = (
            inbox.c.number == item.number,
            inbox.c.token == item.token,
            inbox.c.completed.is_(None),
        )
        with self._database.write() as connection:
            now = self._clock(connection)
            values = {"leased": now, **changes(now)}
            if not connection.execute(update(inbox).where(*claimed).values(values)).rowcount:
                raise LeaseLost(item.id)


def _claimable(now: float) -> Select[Any]:
    """Selects the oldest item that is open, due, not leased, and next in its conversation."""
    other = inbox.alias()
    # A time further ahead than any that is ever stored means that the clock was set back.
    is_due = or_(inbox.c.due <= now, inbox.c.due > now + MAX_WAIT)
    must_wait = exists().where(
        other.c.conversation == inbox.c.conversation,
        other.c.completed.is_(None),
        or_(
            other.c.number < inbox.c.number,
            # Of two items that are added at the same time the later may be committed first.
            (other.c.number > inbox.c.number) & ~is_free(other, LEASE, now),
        ),
    )
    open_items = select(inbox).where(
        inbox.c.completed.is_(None), is_due, is_free(inbox, LEASE, now), ~must_wait
    )
    return open_items.order_by(inbox.c.number).limit(1)


def _from_future(now: float) -> Select[tuple[int]]:
    """Selects the open items that were leased before the clock was put back."""
    return select(inbox.c.number).where(inbox.c.completed.is_(None), is_from_future(inbox, now))
