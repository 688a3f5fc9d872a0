"""Leases: a worker holds a row of a table for a limited time; then another one may take it over.

Such a table has the columns `token`, which is different for every acquisition, and `leased`, the
time of the acquisition or of its last renewal (seconds since 1970 UTC).

Read the clock inside the transaction that writes, and after the row is locked: the wait for a lock
can take longer than a lease. Then a lease from the future can only mean that the clock was put
back. Its holder may well be alive, so it is not taken over: it is shortened to end one duration
from now, and a living holder renews it before that.
"""

import secrets
from collections.abc import Callable

from sqlalchemy import ColumnElement, Connection, FromClause, Table, Update, update

# Returns the time in a transaction, in seconds since 1970 UTC.
Clock = Callable[[Connection], float]


def new_lease(now: float) -> dict[str, object]:
    """Returns the values of the two columns for a row that is acquired now."""
    return {"token": secrets.token_hex(16), "leased": now}


def is_free(table: FromClause, duration: float, now: float) -> ColumnElement[bool]:
    """The SQL condition that nobody holds a row of the table; `duration` is in seconds."""
    return table.c.leased <= now - duration


def time_left(leased: float, duration: float, now: float) -> float:
    """Returns the seconds until a lease ends, 0 if it has ended. A lease from the future must be
    shortened, or it would not end for as long as the clock was put back."""
    return min(duration, max(0.0, leased + duration - now))


def is_from_future(table: FromClause, now: float) -> ColumnElement[bool]:
    """The SQL condition that a row was leased before the clock was put back."""
    return table.c.leased > now


def shorten(table: Table, now: float) -> Update:
    """The SQL statement that shortens the leases from the future."""
    return update(table).where(is_from_future(table, now)).values(leased=now)
