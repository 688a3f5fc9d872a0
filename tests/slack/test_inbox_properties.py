"""Whatever workers and clocks do, in whatever order: each item is held by one worker at a time and
completed once, in the order of its conversation."""

from collections.abc import Callable
from contextlib import closing

import pytest
from conftest import Clock, Scale
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule, run_state_machine_as_test
from sqlalchemy import delete

from api.slack.inbox import LEASE, MAX_WAIT, Inbox, Item, LeaseLost, NewItem
from api.store.database import Database
from api.store.tables import slack_inbox

WORKERS = st.sampled_from((0, 1))
SECONDS = st.sampled_from((0.1, 4.9, LEASE - 0.1, LEASE, 100.0, MAX_WAIT + 1))
PICK = st.integers(0, 1000)


class Workers(RuleBasedStateMachine):
    """Two workers with connections of their own, and what they may expect of the inbox."""

    def __init__(self, databases: list[Database], clock: Clock) -> None:
        super().__init__()
        with databases[0].write() as connection:
            connection.execute(delete(slack_inbox))
        self.inboxes = [Inbox(database, clock) for database in databases]
        self.clock = clock
        self.elapsed = 0.0  # seconds since the start, whatever the clock says
        self.waiting: dict[str, list[str]] = {"x": [], "y": []}  # open items by conversation
        self.claims: list[Item] = []  # every claim, also those that are over
        self.holders: dict[str, str] = {}  # tokens by item
        self.renewed: dict[str, float] = {}  # by item
        self.attempts: dict[str, int] = {}
        self.replies: dict[str, str] = {}

    @rule(worker=WORKERS, talk=st.sampled_from(("x", "y")))
    def add(self, worker: int, talk: str) -> None:
        name = f"{talk}{len(self.attempts)}"
        item = NewItem(name, "", "", talk, "")
        assert self.inboxes[worker].add(item)
        assert not self.inboxes[1 - worker].add(item)
        self.waiting[talk].append(name)
        self.attempts[name] = 0

    @rule(worker=WORKERS)
    def claim(self, worker: int) -> None:
        item = self.inboxes[worker].claim()
        if item:
            assert self.waiting[item.id[0]][0] == item.id
            if item.id in self.holders:
                assert self.elapsed - self.renewed[item.id] >= LEASE - 1e-6
            self.attempts[item.id] += 1
            assert (item.attempts, item.reply) == (
                self.attempts[item.id],
                self.replies.get(item.id, ""),
            )
            self.claims.append(item)
            self.holders[item.id] = item.token
            self.renewed[item.id] = self.elapsed

    @precondition(lambda self: self.claims)
    @rule(worker=WORKERS, pick=PICK)
    def renew(self, worker: int, pick: int) -> None:
        self.change(pick, self.inboxes[worker].renew)

    @precondition(lambda self: self.claims)
    @rule(worker=WORKERS, pick=PICK, reply=st.sampled_from(("1.1", "2.2")))
    def record_reply(self, worker: int, pick: int, reply: str) -> None:
        if item := self.change(pick, lambda item: self.inboxes[worker].record_reply(item, reply)):
            self.replies[item.id] = reply

    @precondition(lambda self: self.claims)
    @rule(worker=WORKERS, pick=PICK, wait=SECONDS)
    def postpone(self, worker: int, pick: int, wait: float) -> None:
        if item := self.change(pick, lambda item: self.inboxes[worker].postpone(item, wait, "")):
            del self.holders[item.id]

    @precondition(lambda self: self.claims)
    @rule(worker=WORKERS, pick=PICK)
    def complete(self, worker: int, pick: int) -> None:
        if item := self.change(pick, self.inboxes[worker].complete):
            assert self.waiting[item.id[0]].pop(0) == item.id
            del self.holders[item.id]

    @rule(seconds=SECONDS)
    def wait(self, seconds: float) -> None:
        self.clock.now += seconds
        self.elapsed += seconds

    @rule(seconds=st.sampled_from((0.1, 11.0, 1000.0)))
    def put_clock_back(self, seconds: float) -> None:
        self.clock.now -= seconds

    def change(self, pick: int, work: Callable[[Item], None]) -> Item | None:
        """One of the last claims changes its item; returns it, or None if the claim is over."""
        item = self.claims[-1 - pick % min(4, len(self.claims))]
        is_held = self.holders.get(item.id) == item.token
        try:
            work(item)
        except LeaseLost:
            assert not is_held
            return None
        assert is_held
        self.renewed[item.id] = self.elapsed
        return item

    def teardown(self) -> None:
        """Every item is handed out again and can be completed."""
        waited = 0.0
        while any(self.waiting.values()):
            claimed = len(self.claims)
            self.claim(0)
            if len(self.claims) > claimed:
                self.complete(0, 0)
                waited = 0.0
            else:
                self.wait(5.0)
                waited += 5.0
                assert waited <= MAX_WAIT + LEASE
        assert self.inboxes[0].backlog() == (0, "")


@pytest.mark.soak
def test_each_item_is_completed_once_and_in_order(
    database: Database, database_url: str, clock: Clock, scale: Scale
) -> None:
    count = scale(20, soak=300)
    with closing(Database.open(database_url)) as other:
        run_state_machine_as_test(
            lambda: Workers([database, other], clock),
            settings=settings(max_examples=count, stateful_step_count=40, deadline=None),
        )
