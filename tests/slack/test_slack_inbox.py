"""What was taken from Slack is given out in order, to one at a time, until it is done, and once."""

import random
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import pytest
from conftest import Clock
from sqlalchemy import func, select, update

from api.slack.inbox import LEASE, MAX_WAIT, RETENTION, Inbox, Incoming, Item, LeaseLost
from api.store.database import Database, slack_inbox

DAY = 24 * 3600.0


@pytest.fixture
def inbox(database: Database, clock: Clock) -> Inbox:
    return Inbox(database, clock)


@pytest.fixture
def file_inbox(sqlite_database: Database, clock: Clock) -> Inbox:
    """Where the database has no say in it, one of the two is enough."""
    return Inbox(sqlite_database, clock)


Opened = Callable[[], Inbox]


@pytest.fixture
def another(database_url: str, clock: Clock) -> Iterator[Opened]:
    """Opens the same database once more, as another process would."""
    with ExitStack() as held:

        def opened() -> Inbox:
            database = Database.open(database_url)
            held.callback(database.close)
            return Inbox(database, clock)

        yield opened


def incoming(name: str, conversation: str = "") -> Incoming:
    return Incoming(
        id=name,
        event=f"event of {name}",
        request=f"request of {name}",
        conversation=conversation or f"conversation of {name}",
        body=f"body of {name}",
    )


def take(inbox: Inbox, *names: str, conversation: str = "") -> None:
    for name in names:
        assert inbox.add(incoming(name, conversation))


def given(inbox: Inbox) -> Item:
    """The next item, which there must be."""
    item = inbox.claim()
    assert item
    return item


def names(inbox: Inbox) -> list[str]:
    """All that is given out now, in order; it stays held."""
    return [item.id for item in iter(inbox.claim, None)]


def count(database: Database) -> int:
    with database.read() as connection:
        return connection.scalar(select(func.count()).select_from(slack_inbox)) or 0


# --- taking ---------------------------------------------------------------------------------------


def test_what_is_taken_is_given_out_as_it_came(inbox: Inbox, clock: Clock) -> None:
    take(inbox, "a")
    clock.now += 5
    item = given(inbox)
    assert item == Item(
        number=item.number,
        id="a",
        request="request of a",
        body="body of a",
        taken=1_000_000.0,
        token=item.token,
        tries=1,
        reply="",
    )
    assert len(item.token) == 32
    assert inbox.claim() is None


def test_nothing_is_given_out_where_nothing_was_taken(inbox: Inbox) -> None:
    assert inbox.claim() is None
    assert inbox.backlog() == (0, "")
    assert not inbox.has_conversation("conversation of a")


def test_a_thing_is_taken_once_however_it_is_told(inbox: Inbox) -> None:
    first = incoming("a", "talk")
    again = Incoming("a", "another event", "another request", "elsewhere", "another body")
    assert inbox.add(first)
    assert not inbox.add(again)
    item = given(inbox)
    assert (item.body, item.request) == ("body of a", "request of a")
    assert not inbox.add(again)
    inbox.complete(item)
    assert not inbox.add(again)
    assert inbox.claim() is None


def test_of_many_that_take_a_thing_at_once_one_does(inbox: Inbox, another: Opened) -> None:
    inboxes = [inbox, another(), another(), another()]

    def take_one(at: int) -> bool:
        return inboxes[at % 4].add(incoming(f"thing {at // 16}"))

    with ThreadPoolExecutor(16) as threads:
        taken = list(threads.map(take_one, range(16 * 12)))
    assert [sum(taken[at * 16 : at * 16 + 16]) for at in range(12)] == [1] * 12
    assert sorted(names(inbox)) == sorted(f"thing {number}" for number in range(12))


@pytest.mark.parametrize("said", ["a\0b", "half \ud83d", "👍🏽 \u202e Ω", "'; DROP TABLE keys; --"])
def test_any_text_can_be_taken(inbox: Inbox, said: str) -> None:
    whole = said.replace("\0", "\ufffd").replace("\ud83d", "\ufffd")
    assert inbox.add(Incoming(said, said, said, said, said))
    assert not inbox.add(Incoming(said, "", "", "", ""))
    assert inbox.has_conversation(said)
    item = given(inbox)
    assert (item.id, item.request, item.body) == (whole, whole, whole)
    inbox.record_reply(item, said)
    inbox.postpone(item, 0, said)
    assert inbox.backlog() == (1, whole)
    assert given(inbox).reply == whole


def test_a_conversation_is_known_from_its_first_thing_on(inbox: Inbox, clock: Clock) -> None:
    take(inbox, "a", conversation="talk")
    assert inbox.has_conversation("talk")
    assert not inbox.has_conversation("tal")
    assert not inbox.has_conversation("TALK")
    inbox.complete(given(inbox))
    clock.now += RETENTION - 1
    inbox.expire()
    assert inbox.has_conversation("talk")


# --- giving out -----------------------------------------------------------------------------------


def test_a_conversation_goes_in_order_and_others_beside_it(inbox: Inbox) -> None:
    take(inbox, "a1", "a2", conversation="a")
    take(inbox, "b1", conversation="b")
    take(inbox, "a3", conversation="a")
    take(inbox, "b2", conversation="b")
    a1, b1 = given(inbox), given(inbox)
    assert (a1.id, b1.id) == ("a1", "b1")
    assert inbox.claim() is None
    inbox.complete(b1)
    b2 = given(inbox)
    assert b2.id == "b2"
    assert inbox.claim() is None
    inbox.complete(a1)
    a2 = given(inbox)
    assert a2.id == "a2"
    inbox.complete(a2)
    assert names(inbox) == ["a3"]


def test_the_oldest_goes_first_whatever_the_clock_did_meanwhile(inbox: Inbox, clock: Clock) -> None:
    for name, step in (("a", 0), ("b", -50), ("c", 20), ("d", -10)):
        clock.now += step
        take(inbox, name)
    clock.now = 1_000_000.0
    assert names(inbox) == ["a", "b", "c", "d"]


def test_what_is_put_off_keeps_those_after_it_waiting_and_nobody_else(
    inbox: Inbox, clock: Clock
) -> None:
    take(inbox, "a1", "a2", conversation="a")
    take(inbox, "b1", conversation="b")
    inbox.postpone(given(inbox), 60.0, "no network")
    assert names(inbox) == ["b1"]
    clock.now += 59.9
    assert "a1" not in names(inbox)
    clock.now += 0.2
    item = given(inbox)
    assert (item.id, item.tries) == ("a1", 2)
    inbox.complete(item)
    assert given(inbox).id == "a2"


def test_nothing_is_put_off_for_longer_than_the_longest_wait(inbox: Inbox, clock: Clock) -> None:
    take(inbox, "a")
    inbox.postpone(given(inbox), 1e9, "")
    clock.now += MAX_WAIT - 0.1
    assert inbox.claim() is None
    clock.now += 0.2
    assert given(inbox).id == "a"


def test_what_is_put_off_for_no_time_is_given_out_at_once(inbox: Inbox) -> None:
    take(inbox, "a")
    for tries in range(1, 6):
        item = given(inbox)
        assert item.tries == tries
        inbox.postpone(item, 0.0, "")


def test_several_workers_never_hold_the_same_and_keep_each_conversation_in_order(
    inbox: Inbox, another: Opened
) -> None:
    expected = [(f"talk {number % 7}", f"{number}") for number in range(70)]
    for conversation, name in expected[:35]:
        take(inbox, name, conversation=conversation)
    guard = threading.Lock()
    held: set[str] = set()
    told: list[tuple[str, str]] = []
    most = 0

    def work(own: Inbox) -> None:
        nonlocal most
        while len(told) < len(expected):
            item = own.claim()
            if item is None:
                continue
            conversation = f"talk {int(item.id) % 7}"
            with guard:
                assert item.tries == 1
                assert conversation not in held
                held.add(conversation)
                most = max(most, len(held))
            own.renew(item)
            with guard:
                held.remove(conversation)
                told.append((conversation, item.id))
            own.complete(item)

    def add(own: Inbox) -> None:
        for conversation, name in expected[35:]:
            take(own, name, conversation=conversation)

    with ThreadPoolExecutor(6) as threads:
        adding = threads.submit(add, another())
        working = [threads.submit(work, another()) for _ in range(5)]
        for each in (adding, *working):
            each.result(60)
    assert sorted(told) == sorted(expected)
    for number in range(7):
        mine = [name for conversation, name in told if conversation == f"talk {number}"]
        assert mine == sorted(mine, key=int)
    assert most > 1
    assert inbox.backlog() == (0, "")


def test_of_many_that_ask_at_once_each_gets_something_else(inbox: Inbox, another: Opened) -> None:
    take(inbox, *map(str, range(12)))
    take(inbox, *(f"late {number}" for number in range(12)), conversation="one")
    inboxes = [inbox, another(), another()]
    with ThreadPoolExecutor(12) as threads:
        # A row that another is at is passed over, so that somebody may come away with nothing.
        found = list(threads.map(lambda at: inboxes[at % 3].claim(), range(48)))
    mine = [item.id for item in found if item]
    mine += names(inbox)
    assert sorted(mine) == sorted([*map(str, range(12)), "late 0"])


def test_of_two_taken_at_once_the_later_may_be_first_but_not_both_at_a_time(
    postgresql_url: str, clock: Clock
) -> None:
    """PostgreSQL numbers a row when it is written, and shows it when it is committed."""
    database = Database.open(postgresql_url)
    inbox = Inbox(database, clock)
    blank = {"event": "", "request": "", "body": "", "token": "", "trouble": "", "reply": ""}
    row = {"id": "first", "conversation": "talk", "taken": clock.now, "due": clock.now, **blank}
    with database.write() as connection:
        connection.execute(database.insert(slack_inbox).values(**row, held=0.0, tries=0))
        take(inbox, "second", conversation="talk")
        second = given(inbox)
        assert second.id == "second"
    assert inbox.claim() is None
    inbox.postpone(second, 0.0, "")
    first = given(inbox)
    assert first.id == "first"
    assert inbox.claim() is None
    inbox.complete(first)
    assert names(inbox) == ["second"]
    # Whoever was at it is gone: nobody waits for them.
    database.close()


def test_an_earlier_one_waits_for_a_later_only_while_that_is_held(
    inbox: Inbox, clock: Clock, database: Database
) -> None:
    take(inbox, "second", conversation="talk")
    held = given(inbox)
    take(inbox, "first", conversation="talk")
    with database.write() as connection:
        earlier = update(slack_inbox).where(slack_inbox.c.id == "first").values(number=-1)
        connection.execute(earlier)
    assert inbox.claim() is None
    clock.now += LEASE + 0.1
    first = given(inbox)
    assert first.id == "first"
    assert inbox.claim() is None
    inbox.complete(first)
    assert given(inbox).number == held.number


# --- holding and losing ---------------------------------------------------------------------------


def test_what_nobody_holds_any_more_is_given_to_another(
    inbox: Inbox, another: Opened, clock: Clock
) -> None:
    take(inbox, "a")
    stale = given(inbox)
    other = another()
    clock.now += LEASE - 0.1
    assert other.claim() is None
    clock.now += 0.2
    fresh = given(other)
    assert (fresh.id, fresh.tries, fresh.taken) == ("a", 2, 1_000_000.0)
    assert fresh.token != stale.token
    for change in (
        inbox.renew,
        inbox.complete,
        lambda item: inbox.record_reply(item, "1.1"),
        lambda item: inbox.postpone(item, 1.0, "mine"),
    ):
        with pytest.raises(LeaseLost, match="a"):
            change(stale)
    assert inbox.backlog() == (1, "")
    other.renew(fresh)
    other.complete(fresh)
    with pytest.raises(LeaseLost):
        inbox.complete(stale)


def test_what_is_held_on_to_is_given_to_nobody_else(inbox: Inbox, clock: Clock) -> None:
    take(inbox, "a")
    item = given(inbox)
    for _ in range(10):
        clock.now += LEASE - 1
        inbox.renew(item)
        assert inbox.claim() is None
    clock.now += LEASE - 1
    inbox.record_reply(item, "1.1")
    clock.now += LEASE - 1
    assert inbox.claim() is None
    clock.now += 2
    assert given(inbox).tries == 2


def test_who_was_late_goes_on_where_nobody_took_over(inbox: Inbox, clock: Clock) -> None:
    take(inbox, "a")
    item = given(inbox)
    clock.now += 10 * LEASE
    inbox.renew(item)
    assert inbox.claim() is None
    clock.now += 10 * LEASE
    inbox.complete(item)
    assert inbox.claim() is None


@pytest.mark.parametrize("end", ["done", "later"])
def test_what_was_given_back_or_done_is_nobodys(inbox: Inbox, end: str) -> None:
    take(inbox, "a")
    item = given(inbox)
    if end == "done":
        inbox.complete(item)
    else:
        inbox.postpone(item, 60.0, "")
    for change in (inbox.renew, inbox.complete, lambda each: inbox.record_reply(each, "1.1")):
        with pytest.raises(LeaseLost):
            change(item)
    assert inbox.claim() is None


def test_of_many_that_take_over_at_once_one_does(
    inbox: Inbox, another: Opened, clock: Clock
) -> None:
    take(inbox, *map(str, range(8)))
    stale = [given(inbox) for _ in range(8)]
    clock.now += LEASE + 1
    inboxes = [inbox, another(), another()]
    with ThreadPoolExecutor(12) as threads:
        found = list(threads.map(lambda at: inboxes[at % 3].claim(), range(36)))
    items = [item for item in found if item]
    items += list(iter(inbox.claim, None))
    assert sorted(item.id for item in items) == sorted(map(str, range(8)))
    assert {item.tries for item in items} == {2}
    for item in stale:
        with pytest.raises(LeaseLost):
            inbox.renew(item)


def test_a_reply_that_was_begun_is_given_out_again_with_its_item(
    inbox: Inbox, another: Opened, clock: Clock
) -> None:
    take(inbox, "a", "b")
    item, other = given(inbox), given(inbox)
    inbox.record_reply(item, "1700000000.000100")
    clock.now += LEASE + 1
    again = given(another())
    assert (again.id, again.reply, again.tries) == ("a", "1700000000.000100", 2)
    inbox.record_reply(again, "1700000000.000200")
    inbox.postpone(again, 0.0, "")
    last = given(inbox)
    assert (last.reply, last.tries) == ("1700000000.000200", 3)
    assert given(inbox).reply == other.reply == ""


# --- done -----------------------------------------------------------------------------------------


def test_what_is_done_is_never_given_out_again_and_what_was_asked_is_forgotten(
    inbox: Inbox, clock: Clock, database: Database
) -> None:
    take(inbox, "a")
    inbox.postpone(given(inbox), 0.0, "a trouble")
    inbox.complete(given(inbox))
    with database.read() as connection:
        row = connection.execute(select(slack_inbox)).one()
    assert (row.id, row.body, row.trouble) == ("a", "", "")
    for step in (0.0, LEASE + 1, MAX_WAIT + 1, -10 * DAY, 30 * DAY):
        clock.now += step
        assert inbox.claim() is None
        assert not inbox.add(incoming("a"))


def test_what_waits_is_counted_by_its_age_with_the_last_trouble(inbox: Inbox, clock: Clock) -> None:
    take(inbox, "a", "b")
    clock.now += 100
    take(inbox, "c")
    assert inbox.backlog() == (3, "")
    assert inbox.backlog(99.0) == (2, "")
    assert inbox.backlog(101.0) == (0, "")
    a, b, c = (given(inbox) for _ in range(3))
    assert inbox.backlog() == (3, "")  # what is held is not done
    inbox.postpone(c, 60.0, "of c")
    inbox.postpone(a, 60.0, "of a")
    assert inbox.backlog() == (3, "of c")
    assert inbox.backlog(99.0) == (2, "of a")
    inbox.complete(b)
    assert inbox.backlog(99.0) == (1, "of a")
    clock.now += 61
    inbox.complete(given(inbox))
    inbox.complete(given(inbox))
    assert inbox.backlog() == (0, "")


def test_what_was_done_is_remembered_for_three_days_and_what_was_not_for_ever(
    inbox: Inbox, clock: Clock, database: Database
) -> None:
    take(inbox, "done", "left")
    inbox.complete(given(inbox))
    clock.now += RETENTION - 1
    inbox.expire()
    assert not inbox.add(incoming("done"))
    clock.now += 2
    inbox.expire()
    assert count(database) == 1
    assert inbox.add(incoming("done"))
    clock.now += 100 * DAY
    inbox.expire()
    assert names(inbox) == ["left", "done"]


# --- clocks ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("jump", [-100 * DAY, -3600.0, -299.0, -1.0, 1.0, 3600.0, 100 * DAY])
@pytest.mark.parametrize("state", ["taken", "held", "put off"])
def test_a_clock_that_is_put_back_or_forward_strands_nothing(
    file_inbox: Inbox, clock: Clock, jump: float, state: str
) -> None:
    take(file_inbox, "a1", "a2", conversation="a")
    if state != "taken":
        item = given(file_inbox)
        if state == "put off":
            file_inbox.postpone(item, MAX_WAIT, "")
    clock.now += jump
    waited = 0.0
    for name in ("a1", "a2"):
        while (item := file_inbox.claim()) is None:
            clock.now += 5
            waited += 5
            assert waited <= MAX_WAIT + LEASE
        assert item.id == name
        file_inbox.complete(item)


def test_a_clock_that_was_put_back_does_not_keep_what_was_held_for_ever(
    inbox: Inbox, clock: Clock
) -> None:
    take(inbox, "a")
    stale = given(inbox)
    clock.now -= DAY
    fresh = given(inbox)
    assert fresh.tries == 2
    with pytest.raises(LeaseLost):
        inbox.complete(stale)
    assert inbox.claim() is None
    inbox.complete(fresh)


def test_whatever_workers_and_clocks_do_each_thing_is_done_once_and_in_order(
    inbox: Inbox, another: Opened, clock: Clock
) -> None:
    seed = random.randrange(2**32)
    draw = random.Random(seed)
    print(f"random.Random({seed})")
    inboxes = [inbox, another()]
    left = {f"talk {number}": [] for number in range(4)}
    done: set[str] = set()
    tokens: dict[str, str] = {}
    held: list[Item] = []
    for number in range(200):
        own = draw.choice(inboxes)
        if number < 40:
            conversation = draw.choice(list(left))
            take(own, str(number), conversation=conversation)
            left[conversation].append(str(number))
        if item := own.claim():
            assert item.id not in done
            assert item.id in {waiting[0] for waiting in left.values() if waiting}
            tokens[item.id] = item.token
            held.append(item)
        if held and draw.random() < 0.6:
            item = held.pop(draw.randrange(len(held)))
            end = draw.choice(["done", "later", "gone", "hold"])
            is_mine = item.id not in done and tokens[item.id] == item.token
            try:
                if end == "done":
                    own.complete(item)
                    done.add(item.id)
                    next(each for each in left.values() if item.id in each).remove(item.id)
                elif end == "later":
                    own.postpone(item, draw.uniform(0, 400), "")
                    tokens[item.id] = ""
                elif end == "hold":
                    own.renew(item)
                    held.append(item)
            except LeaseLost:
                assert not is_mine
            else:
                assert is_mine or end == "gone"
        clock.now += draw.choice([0, 0, 1, 10, 100, -100, DAY, -DAY])
    for _ in range(100):
        if item := inbox.claim():
            assert item.id in {waiting[0] for waiting in left.values() if waiting}
            inbox.complete(item)
            done.add(item.id)
            next(each for each in left.values() if item.id in each).remove(item.id)
        else:
            clock.now += 30
    assert done == set(map(str, range(40)))
    assert inbox.backlog() == (0, "")
