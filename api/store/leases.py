"""Leases: a worker holds a row of a table for a limited time; then another one may take it over.

Such a table has the columns `token`, which is different for every acquisition, and `leased`, the
time of the acquisition or of its last renewal (seconds since 1970 UTC).

Read the clock inside the transaction that writes: the wait for a lock can take longer than another
worker's renewal, which would then seem to come from the future.
"""

import secrets
from collections.abc import Callable

from sqlalchemy import ColumnElement, FromClause, or_

Clock = Callable[[], float]

# Seconds that the clocks of two workers may differ. A lease from further ahead was taken before the
# clock was put back, and would hold for as long as it was.
CLOCK_SKEW = 10.0


def new_lease(now: float) -> dict[str, object]:
    """Returns the values of the two columns for a row that is acquired now."""
    return {"token": secrets.token_hex(16), "leased": now}


def is_free(table: FromClause, duration: float, now: float) -> ColumnElement[bool]:
    """The SQL condition that nobody holds a row of the table; `duration` is in seconds."""
    leased = table.c.leased
    return or_(leased <= now - duration, leased > now + CLOCK_SKEW)


def time_left(leased: float, duration: float, now: float) -> float:
    """Returns the seconds until a lease ends, 0 if it has ended; as is_free() counts them."""
    return 0.0 if leased > now + CLOCK_SKEW else max(0.0, leased + duration - now)
