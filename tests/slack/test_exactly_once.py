"""Five hundred questions, each delivered three times and in no order, to a service that is killed
five times meanwhile: five hundred answers."""

import random
import threading
import time
from collections import Counter
from typing import Any

import httpx2
from serving import BEANS, ROSES, served
from slack_stand_in.client import Slack, run_stand_in
from slack_stand_in.delivery import Delivery

from api.settings import Settings

QUESTIONS = 500
DELIVERIES = 3
KILLS = 5
A_SECOND = 10  # questions; in channels each is told as two events, and every event three times
AGAIN = 0.5  # seconds until Slack sends again what was not taken; it is minutes there
LONGEST_HELD = 20  # seconds; longer than an item is held by one who is gone
PLACES = ("general", "help", "dm")
ANSWERS = {
    BEANS: "Beans are sown in the second week of May. [1]",
    ROSES: "The roses are watered by the caretaker every evening. [1]",
}


class Crowd:
    """Asks, and delivers what was asked as Slack does at its worst."""

    def __init__(self, slack: Slack) -> None:
        self._slack = slack
        self._draw = random.Random(5)
        self._deliveries: list[threading.Thread] = []
        self._asking = threading.Thread(target=self._ask)
        self.asked: dict[str, str] = {}
        self.taken: Counter[str] = Counter()

    def start(self) -> None:
        self._asking.start()

    def join(self) -> None:
        """Waits until all was asked, and all deliveries were taken."""
        self._asking.join()
        for thread in self._deliveries:
            thread.join()

    def _ask(self) -> None:
        for number in range(QUESTIONS):
            question = self._draw.choice(list(ANSWERS))
            place = PLACES[number % len(PLACES)]
            mention = "" if place == "dm" else f"<@{self._slack.bot_user}> "
            ts = self._slack.write(f"{mention}{question}", channel=place)
            self.asked[ts] = question
            for delivery in self._slack.take_prepared():
                for wait in (0.0, *(self._draw.uniform(0, 2) for _ in range(DELIVERIES - 1))):
                    thread = threading.Thread(target=self._deliver, args=(delivery, wait))
                    thread.start()
                    self._deliveries.append(thread)
            time.sleep(1 / A_SECOND)

    def _deliver(self, delivery: Delivery, wait: float) -> None:
        while True:
            time.sleep(wait)
            try:
                status, _ = self._slack.send(delivery)
            except httpx2.TransportError:  # the service is down
                status = 0
            if status == 200:
                self.taken[delivery.event_id] += 1
                return
            wait = AGAIN


def test_each_question_is_answered_once(settings: Settings) -> None:
    draw = random.Random(7)
    with run_stand_in(deliver=False) as slack:
        crowd = Crowd(slack)
        for number in range(KILLS):
            with served(settings, environment=slack.environment) as (address, process):
                slack.service = address.rstrip("/")
                if number == 0:
                    crowd.start()
                time.sleep(draw.uniform(0.6, 1.0) * QUESTIONS / A_SECOND / (KILLS + 2))
                # Slack takes its time, so that there is something under way to be killed.
                slack.fault("*", "slow", seconds=0.2, times=0)
                time.sleep(draw.uniform(0.4, 0.8))
                process.kill()
                process.wait()
                slack.clear_faults()
        with served(settings, environment=slack.environment) as (address, _):
            slack.service = address.rstrip("/")
            crowd.join()
            slack.wait_for(lambda: len(answers(slack)) >= QUESTIONS, 120)
            time.sleep(LONGEST_HELD)
            found = answers(slack)
        assert set(crowd.taken.values()) == {DELIVERIES}
        assert Counter(each["thread_ts"] for each in found) == Counter(list(crowd.asked))
        for each in found:
            assert ANSWERS[crowd.asked[each["thread_ts"]]] in each["text"] + str(each["blocks"])
            assert each.get("streaming_state") in (None, "completed")
        looked_for = len(slack.calls_of("conversations.replies"))
        print(f"{looked_for} answers had been under way when the service was killed")
        assert looked_for  # or the kills would have proved nothing


def answers(slack: Slack) -> list[dict[str, Any]]:
    """The bot's messages in all channels."""
    return [each for place in PLACES for each in slack.messages(place) if each.get("bot_id")]
