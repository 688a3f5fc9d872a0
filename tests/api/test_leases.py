"""Leases end after their time, also if the clock is put back."""

import pytest
from sqlalchemy import insert, select

from api.store.database import Database
from api.store.leases import is_free, new_lease, shorten, time_left
from api.store.tables import claims

NOW = 1_000_000.0


@pytest.mark.parametrize(
    ("age", "left"), [(0.0, 60.0), (59.0, 1.0), (60.0, 0.0), (1e6, 0.0), (-0.1, 60.0), (-1e6, 60.0)]
)
def test_lease_is_free_when_no_time_is_left(
    sqlite_database: Database, age: float, left: float
) -> None:
    row = {"owner": "", "key": "key", "fingerprint": "f", **new_lease(NOW - age)}
    with sqlite_database.write() as connection:
        connection.execute(insert(claims).values(row))
        connection.execute(shorten(claims, NOW))
        free = [
            bool(connection.execute(select(claims).where(is_free(claims, 60.0, at))).all())
            for at in (NOW, NOW + left * 0.99, NOW + left)
        ]
    assert time_left(NOW - age, 60.0, NOW) == left
    assert free == [left == 0, left == 0, True]


def test_tokens_of_two_leases_differ() -> None:
    assert new_lease(NOW)["token"] != new_lease(NOW)["token"]
