"""The inbox hands out every item in order, to one worker at a time, until it is completed once."""

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing

import pytest
from conftest import Clock, Scale
from sqlalchemy import func, select, update

from api.slack.inbox import LEASE, MAX_WAIT, RETENTION, Inbox, Item, LeaseLost, NewItem
from api.store.database import Database
from api.store.tables import slack_inbox

NOW = 1_000_000.0
DAY = 24 * 3600.0

# Every method of a worker that no longer holds the item.
CHANGES: list[Callable[[Inbox, Item], None]] = [
    Inbox.renew,
    Inbox.complete,
    lambda inbox, item: inbox.record_reply(item, "1.1"),
    lambda inbox, item: inbox.postpone(item, 1.0, "too late"),
]


@pytest.fixture
def inbox(database: Database, clock: Clock) -> Inbox:
    return Inbox(database, clock)


@pytest.fixture
def open_again(database_url: str, clock: Clock) -> Iterator[Callable[[], Inbox]]:
    """Opens the same database once more, as another process would."""
    with ExitStack() as stack:

        def open_inbox() -> Inbox:
            database = Database.open(database_url)
            stack.callback(database.close)
            return Inbox(database, clock)

        yield open_inbox


def new_item(name: str, conversation: str = "") -> NewItem:
    return NewItem(name, f"event {name}", f"request {name}", conversation or name, f"body {name}")


def add(inbox: Inbox, *names: str, conversation: str = "") -> None:
    for name in names:
        assert inbox.add(new_item(name, conversation))


def claim(inbox: Inbox) -> Item:
    item = inbox.claim()
    assert item
    return item


def claim_all(inbox: Inbox) -> list[str]:
    return [item.id for item in iter(inbox.claim, None)]


def in_parallel(work: Callable[[int], object], count: int) -> list[object]:
    with ThreadPoolExecutor(12) as threads:
        return list(threads.map(work, range(count)))


def test_item_is_claimed_as_it_was_added(inbox: Inbox, clock: Clock) -> None:
    add(inbox, "a")
    clock.now += 5
    item = claim(inbox)
    assert item == Item(item.number, "a", "request a", "body a", NOW, item.token, 1, "", "")
    assert len(item.token) == 32
    assert inbox.claim() is None


def test_empty_inbox_has_nothing(inbox: Inbox) -> None:
    assert inbox.claim() is None
    assert inbox.backlog() == (0, "")
    assert not inbox.has_conversation("a")


def test_item_is_added_once_in_whatever_form_it_is_delivered(inbox: Inbox) -> None:
    again = NewItem("a", "another event", "another request", "elsewhere", "another body")
    assert inbox.add(new_item("a", "talk"))
    assert not inbox.add(again)
    item = claim(inbox)
    assert (item.body, item.request) == ("body a", "request a")
    inbox.complete(item)
    assert not inbox.add(again)
    assert inbox.claim() is None


def test_concurrent_deliveries_add_an_item_once(
    inbox: Inbox, open_again: Callable[[], Inbox]
) -> None:
    inboxes = [inbox, open_again()]
    added = in_parallel(lambda at: inboxes[at % 2].add(new_item(f"item {at // 8}")), 48)
    assert [sum(added[at : at + 8]) for at in range(0, 48, 8)] == [1] * 6
    assert sorted(claim_all(inbox)) == [f"item {number}" for number in range(6)]


@pytest.mark.parametrize("text", ["a\0b", "lone \ud83d", "👍🏽 \u202e Ω", "'; DROP TABLE keys; --"])
def test_any_text_can_be_stored(inbox: Inbox, text: str) -> None:
    stored = text.replace("\0", "\ufffd").replace("\ud83d", "\ufffd")
    assert inbox.add(NewItem(text, text, text, text, text))
    assert not inbox.add(NewItem(text, "", "", "", ""))
    assert inbox.has_conversation(text)
    item = claim(inbox)
    assert (item.id, item.request, item.body) == (stored, stored, stored)
    inbox.record_reply(item, text)
    inbox.postpone(item, 0, text)
    assert inbox.backlog() == (1, stored)
    again = claim(inbox)
    assert (again.reply, again.reason) == (stored, stored)


def test_each_conversation_is_handed_out_in_order(inbox: Inbox) -> None:
    add(inbox, "a1", "a2", conversation="a")
    add(inbox, "b1", conversation="b")
    add(inbox, "a3", conversation="a")
    a1, b1 = claim(inbox), claim(inbox)
    assert (a1.id, b1.id) == ("a1", "b1")
    assert inbox.claim() is None
    inbox.complete(b1)
    assert inbox.claim() is None
    inbox.complete(a1)
    a2 = claim(inbox)
    inbox.complete(a2)
    assert [a2.id, *claim_all(inbox)] == ["a2", "a3"]


def test_oldest_item_comes_first_even_if_the_clock_is_set_back(inbox: Inbox, clock: Clock) -> None:
    for name, step in (("a", 0), ("b", -50), ("c", 20), ("d", -10)):
        clock.now += step
        add(inbox, name)
    clock.now = NOW
    assert claim_all(inbox) == ["a", "b", "c", "d"]


def test_postponed_item_delays_only_its_conversation(inbox: Inbox, clock: Clock) -> None:
    add(inbox, "a1", "a2", conversation="a")
    add(inbox, "b1", conversation="b")
    inbox.postpone(claim(inbox), 60.0, "no network")
    assert claim_all(inbox) == ["b1"]
    clock.now += 59.9
    assert "a1" not in claim_all(inbox)
    clock.now += 0.2
    item = claim(inbox)
    assert (item.id, item.attempts, item.reason) == ("a1", 2, "no network")
    inbox.complete(item)
    assert claim(inbox).id == "a2"


def test_item_is_postponed_no_longer_than_the_maximum(inbox: Inbox, clock: Clock) -> None:
    add(inbox, "a")
    inbox.postpone(claim(inbox), 1e9, "")
    clock.now += MAX_WAIT - 0.1
    assert inbox.claim() is None
    clock.now += 0.2
    assert claim(inbox).id == "a"


def test_concurrent_workers_keep_each_conversation_in_order(
    inbox: Inbox, open_again: Callable[[], Inbox], scale: Scale
) -> None:
    count, talks = scale(28, soak=140), 7
    names = list(map(str, range(count)))
    for name in names[: count // 2]:
        add(inbox, name, conversation=f"talk {int(name) % talks}")
    lock, busy, done = threading.Lock(), set[int](), list[str]()

    def work(_: int) -> None:
        own = open_again()
        while len(done) < count:
            item = own.claim()
            if item is None:
                continue
            talk = int(item.id) % talks
            with lock:
                assert item.attempts == 1
                assert talk not in busy
                busy.add(talk)
            own.renew(item)
            with lock:
                busy.remove(talk)
                done.append(item.id)
            own.complete(item)

    with ThreadPoolExecutor(4) as threads:
        working = [threads.submit(work, number) for number in range(4)]
        for name in names[count // 2 :]:
            add(inbox, name, conversation=f"talk {int(name) % talks}")
        for each in working:
            each.result(60)
    for talk in range(talks):
        assert [each for each in done if int(each) % talks == talk] == names[talk::talks]
    assert inbox.backlog() == (0, "")


@pytest.mark.parametrize("attempts", [1, 2])
def test_concurrent_claims_never_share_an_item(
    inbox: Inbox, open_again: Callable[[], Inbox], clock: Clock, attempts: int
) -> None:
    add(inbox, *map(str, range(12)))
    add(inbox, *(f"late {number}" for number in range(5)), conversation="one")
    if attempts == 2:
        claim_all(inbox)
        clock.now += LEASE + 1
    inboxes = [inbox, open_again()]
    claimed = [item.id for item in in_parallel(lambda at: inboxes[at % 2].claim(), 30) if item]
    claimed += claim_all(inbox)  # a claim returns None if another worker has locked the row
    assert sorted(claimed) == sorted([*map(str, range(12)), "late 0"])


def test_earlier_item_that_is_committed_later_waits_its_turn(
    postgresql_url: str, clock: Clock
) -> None:
    """PostgreSQL numbers a row when it is written and shows it when it is committed."""
    database = Database.open(postgresql_url)
    inbox = Inbox(database, clock)
    blank = {"event": "", "request": "", "body": "", "token": "", "reason": "", "reply": ""}
    row = {"id": "first", "conversation": "talk", "added": NOW, "due": NOW, **blank}
    with database.write() as connection:
        connection.execute(database.insert(slack_inbox).values(**row, leased=0.0, attempts=0))
        add(inbox, "second", conversation="talk")
        second = claim(inbox)
    assert inbox.claim() is None
    inbox.postpone(second, 0.0, "")
    first = claim(inbox)
    assert (second.id, first.id) == ("second", "first")
    assert inbox.claim() is None
    inbox.complete(first)
    assert claim_all(inbox) == ["second"]
    database.close()


def test_earlier_item_waits_for_a_later_one_only_while_that_is_leased(
    inbox: Inbox, clock: Clock, database: Database
) -> None:
    add(inbox, "second", conversation="talk")
    second = claim(inbox)
    add(inbox, "first", conversation="talk")
    with database.write() as connection:
        earlier = update(slack_inbox).where(slack_inbox.c.id == "first").values(number=-1)
        connection.execute(earlier)
    assert inbox.claim() is None
    clock.now += LEASE + 0.1
    first = claim(inbox)
    assert first.id == "first"
    assert inbox.claim() is None
    inbox.complete(first)
    assert claim(inbox).number == second.number


def test_expired_lease_is_taken_over(
    inbox: Inbox, open_again: Callable[[], Inbox], clock: Clock
) -> None:
    add(inbox, "a")
    stale = claim(inbox)
    inbox.record_reply(stale, "1700000000.000100")
    other = open_again()
    clock.now += LEASE - 0.1
    assert other.claim() is None
    clock.now += 0.2
    fresh = claim(other)
    assert (fresh.id, fresh.attempts, fresh.added) == ("a", 2, NOW)
    assert fresh.reply == "1700000000.000100"
    assert fresh.token != stale.token
    for change in CHANGES:
        with pytest.raises(LeaseLost, match="a"):
            change(inbox, stale)
    other.complete(fresh)


def test_renewed_lease_is_not_taken_over(inbox: Inbox, clock: Clock) -> None:
    add(inbox, "a")
    item = claim(inbox)
    for renew in (Inbox.renew, CHANGES[2]):
        clock.now += LEASE - 1
        renew(inbox, item)
        clock.now += LEASE - 1
        assert inbox.claim() is None
    clock.now += 10 * LEASE
    inbox.renew(item)  # late, but nobody has taken it over
    assert inbox.claim() is None
    clock.now += LEASE + 1
    assert claim(inbox).attempts == 2


@pytest.mark.parametrize("step", [0.1, 60.0, 100 * DAY])
def test_renewed_lease_is_not_taken_over_if_the_clock_is_put_back(
    inbox: Inbox, clock: Clock, step: float
) -> None:
    add(inbox, "a")
    item = claim(inbox)
    clock.now -= step
    for _ in range(5):
        assert inbox.claim() is None
        clock.now += LEASE - 1
        assert inbox.claim() is None
        inbox.renew(item)
    clock.now -= step
    assert inbox.claim() is None
    clock.now += LEASE
    assert claim(inbox).attempts == 2


def test_time_is_taken_while_the_inbox_is_locked(sqlite_database: Database, clock: Clock) -> None:
    inbox = Inbox(sqlite_database, clock)
    add(inbox, "a", "b", "c")
    a, b = claim(inbox), claim(inbox)
    work = [
        inbox.claim,
        lambda: inbox.add(new_item("d")),
        lambda: inbox.postpone(a, 10.0, ""),
        lambda: inbox.complete(b),
    ]
    with ThreadPoolExecutor(len(work)) as threads, sqlite_database.write():
        waiting = [threads.submit(each) for each in work]
        time.sleep(0.2)
        clock.now += 5
    for each in waiting:
        each.result()
    with sqlite_database.read() as connection:
        rows = {row.id: row for row in connection.execute(select(slack_inbox))}
    times = (rows["a"].due, rows["b"].completed, rows["c"].leased, rows["d"].added)
    assert [each - NOW for each in times] == [15, 5, 5, 5]


def test_postgresql_tells_the_time(postgresql_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The clock of a worker's machine may be wrong."""
    with closing(Database.open(postgresql_url)) as database:
        inbox = Inbox(database)
        now = time.time()
        monkeypatch.setattr(time, "time", lambda: now - DAY)
        add(inbox, "a")
        assert claim(inbox).added == pytest.approx(now, abs=60)
        monkeypatch.setattr(time, "time", lambda: now + DAY)
        assert inbox.claim() is None


@pytest.mark.parametrize("end", [CHANGES[1], CHANGES[3]], ids=["completed", "postponed"])
def test_released_item_cannot_be_changed(inbox: Inbox, end: Callable[[Inbox, Item], None]) -> None:
    add(inbox, "a")
    item = claim(inbox)
    end(inbox, item)
    for change in CHANGES:
        with pytest.raises(LeaseLost):
            change(inbox, item)
    assert inbox.claim() is None


def test_completed_item_is_never_handed_out_again_and_its_body_is_deleted(
    inbox: Inbox, clock: Clock, database: Database
) -> None:
    add(inbox, "a")
    inbox.postpone(claim(inbox), 0.0, "a reason")
    inbox.complete(claim(inbox))
    with database.read() as connection:
        row = connection.execute(select(slack_inbox)).one()
    assert (row.id, row.body, row.reason) == ("a", "", "")
    for step in (0.0, LEASE + 1, MAX_WAIT + 1, -10 * DAY, 30 * DAY):
        clock.now += step
        assert inbox.claim() is None
        assert not inbox.add(new_item("a"))


def test_backlog_counts_open_items_by_age_with_the_latest_reason(
    inbox: Inbox, clock: Clock
) -> None:
    add(inbox, "a", "b")
    clock.now += 100
    add(inbox, "c")
    assert inbox.backlog() == (3, "")
    assert [inbox.backlog(age) for age in (99.0, 101.0)] == [(2, ""), (0, "")]
    a, b, c = (claim(inbox) for _ in range(3))
    inbox.postpone(c, 60.0, "of c")
    inbox.postpone(a, 60.0, "of a")
    assert inbox.backlog() == (3, "of c")
    assert inbox.backlog(99.0) == (2, "of a")
    inbox.complete(b)
    assert inbox.backlog(99.0) == (1, "of a")
    clock.now += 61
    inbox.complete(claim(inbox))
    inbox.complete(claim(inbox))
    assert inbox.backlog() == (0, "")


def test_completed_items_are_remembered_for_three_days_and_open_ones_forever(
    inbox: Inbox, clock: Clock, database: Database
) -> None:
    add(inbox, "completed", "open", conversation="talk")
    inbox.complete(claim(inbox))
    clock.now += RETENTION - 1
    inbox.expire()
    assert not inbox.add(new_item("completed"))
    assert inbox.has_conversation("talk")
    clock.now += 2
    inbox.expire()
    with database.read() as connection:
        assert connection.scalar(select(func.count()).select_from(slack_inbox)) == 1
    assert inbox.add(new_item("completed"))
    clock.now += 100 * DAY
    inbox.expire()
    assert claim_all(inbox) == ["open", "completed"]


@pytest.mark.parametrize("jump", [-100 * DAY, -299.0, -1.0, 1.0, 3600.0, 100 * DAY])
@pytest.mark.parametrize("state", ["added", "claimed", "postponed"])
def test_clock_change_strands_no_item(
    sqlite_database: Database, clock: Clock, jump: float, state: str
) -> None:
    inbox = Inbox(sqlite_database, clock)
    add(inbox, "a1", "a2", conversation="a")
    if state != "added":
        item = claim(inbox)
        if state == "postponed":
            inbox.postpone(item, MAX_WAIT, "")
    clock.now += jump
    waited = 0.0
    for name in ("a1", "a2"):
        while (item := inbox.claim()) is None:
            clock.now += 5
            waited += 5
            assert waited <= MAX_WAIT + LEASE
        assert item.id == name
        inbox.complete(item)
