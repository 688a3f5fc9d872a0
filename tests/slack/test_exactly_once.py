"""Every question gets one answer, although each event is delivered several times, out of order: by a
service that is killed meanwhile, and in a Slack that cannot tell what was answered already."""

import random
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, closing

import httpx2
import pytest
from conftest import Scale
from serving import BEANS, ROSES, served
from slack_messages import from_bot
from slack_stand_in.client import Slack
from slack_stand_in.delivery import Delivery
from sqlalchemy import select, update

from api.assembly.service import Service
from api.settings import Settings
from api.slack.inbox import Inbox
from api.store.database import Database
from api.store.tables import slack_inbox

Serve = Callable[..., AbstractContextManager[Service]]
CHANNELS = ("general", "help", "dm")
RATE = 10  # questions per second; in channels each is delivered as two events
ANSWERS = {
    BEANS: "Beans are sown in the second week of May. [1]",
    ROSES: "The roses are watered by the caretaker every evening. [1]",
}


def deliver(slack: Slack, delivery: Delivery, wait: float) -> None:
    """Delivers an event until the service acknowledges it, as Slack does."""
    while True:
        time.sleep(wait)
        try:
            if slack.send(delivery)[0] == 200:
                return
        except httpx2.TransportError:  # the service is down
            pass
        wait = 0.5  # in reality Slack delivers an event again after minutes


def is_answering(database: Database) -> bool:
    """Whether the service has claimed an item and not completed it."""
    claimed = (slack_inbox.c.leased > 0) & slack_inbox.c.completed.is_(None)
    with database.read() as connection:
        return connection.execute(select(slack_inbox).where(claimed)).first() is not None


@pytest.mark.soak
def test_each_question_is_answered_once(
    slack: Slack, serve: Serve, settings: Settings, scale: Scale
) -> None:
    questions, kills = scale(12, soak=500), scale(1, soak=5)
    asked: dict[str, str] = {}
    deliveries: list[Future[None]] = []
    slack.options.deliver = False
    with (
        closing(Database.open(settings.database_url)) as database,
        ThreadPoolExecutor(200) as threads,
    ):

        def ask_all() -> None:
            for number in range(questions):
                question, channel = random.choice(list(ANSWERS)), CHANNELS[number % 3]
                mention = "" if channel == "dm" else f"<@{slack.bot_user}> "
                asked[slack.write(f"{mention}{question}", channel=channel)] = question
                for delivery in slack.take_prepared():
                    for wait in (0.0, random.random(), random.random()):
                        deliveries.append(threads.submit(deliver, slack, delivery, wait))
                time.sleep(1 / RATE)

        asking: Future[None] | None = None
        for _ in range(kills):
            with served(settings, environment=slack.environment) as (address, _):
                slack.service = address.rstrip("/")
                asking = asking or threads.submit(ask_all)
                time.sleep(questions / RATE / (kills + 1))
                # A slow Slack makes it certain that answers are under way.
                slack.fault("*", "slow", seconds=0.2, times=0)
                slack.wait_for(lambda: is_answering(database))
                time.sleep(random.uniform(0, 0.1))
            slack.clear_faults()
            with database.write() as connection:  # rather than wait until the leases expire
                connection.execute(update(slack_inbox).values(leased=0.0))
        with serve(corpus=settings.corpus, data=settings.data, database=settings.database_url):
            assert asking
            asking.result()
            for each in deliveries:
                each.result(120)
            slack.wait_for(lambda: Inbox(database).backlog()[0] == 0, 120)
        found = [each for place in CHANNELS for each in from_bot(slack.messages(place))]
        assert Counter(each["thread_ts"] for each in found) == Counter(asked.keys())
        for each in found:
            assert ANSWERS[asked[each["thread_ts"]]] in each["text"] + str(each["blocks"])
            assert each.get("streaming_state") in (None, "completed")
        # Otherwise no answer was under way, and the kills prove nothing.
        assert slack.calls_of("conversations.replies")


@pytest.mark.soak
def test_each_question_is_answered_once_without_looking_for_earlier_answers(
    slack: Slack, serve: Serve, settings: Settings, database_url: str, scale: Scale
) -> None:
    questions = scale(40, soak=500)
    slack.options.deliver = False
    for method in ("conversations.replies", "conversations.history"):
        slack.fault(method, "forget", times=0)
    with serve(corpus=settings.corpus, data=settings.data, database=database_url) as service:
        asked = [slack.mention(BEANS, channel=CHANNELS[number % 2]) for number in range(questions)]
        deliveries = slack.take_prepared() * 3
        random.shuffle(deliveries)
        with ThreadPoolExecutor(60) as threads:
            list(threads.map(lambda each: deliver(slack, each, 0.0), deliveries))
        assert service.slack
        inbox = service.slack.inbox
        slack.wait_for(lambda: inbox.backlog()[0] == 0, 300)
    found = [each for place in CHANNELS for each in from_bot(slack.messages(place))]
    assert Counter(each["thread_ts"] for each in found) == Counter(asked)
