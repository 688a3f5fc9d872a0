"""Slack for the tests: the stand-in, served on this machine, and what a test does with it."""

import asyncio
import copy
import threading
import time
from collections.abc import Callable, Coroutine, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TypeVar

import uvicorn

from slack_stand_in.delivery import Delivery, signed
from slack_stand_in.options import Options
from slack_stand_in.server import StandIn
from slack_stand_in.workspace import Json, Workspace, is_reply

PATIENCE = 20.0  # seconds
Result = TypeVar("Result")


class Slack:
    """A synchronous client of a served stand-in: it acts for people, and looks at what there is.

    Everything runs in the stand-in's own thread; what is handed out is a copy.
    """

    def __init__(self, simulator: StandIn, loop: asyncio.AbstractEventLoop) -> None:
        self.simulator = simulator
        self._loop = loop

    # --- what a service is told -------------------------------------------------------------------

    @property
    def address(self) -> str:
        return self.simulator.address

    @property
    def api_url(self) -> str:
        return f"{self.address}api/"

    @property
    def bot_token(self) -> str:
        return self.simulator.options.bot_token

    @property
    def app_token(self) -> str:
        return self.simulator.options.app_token

    @property
    def signing_secret(self) -> str:
        return self.simulator.options.signing_secret

    @property
    def environment(self) -> dict[str, str]:
        return self.simulator.environment

    @property
    def service(self) -> str:
        """Where events are sent to; may be set at any time."""
        return self.simulator.options.service

    @service.setter
    def service(self, url: str) -> None:
        self.simulator.options.service = url

    @property
    def options(self) -> Options:
        """May be changed at any time; each option counts from then on."""
        return self.simulator.options

    # --- what people do ---------------------------------------------------------------------------

    def write(
        self,
        text: str,
        *,
        channel: str = "general",
        user: str = "ada",
        thread: str = "",
        files: tuple[str, ...] = (),
    ) -> str:
        """Somebody writes; channel "dm" is their direct message with the bot. Returns the ts."""
        people = self.simulator.people
        return self._do(lambda: people.write(text, channel, user, thread, files))

    def mention(self, text: str, **where: Any) -> str:
        """Somebody writes to the bot in a channel."""
        return self.write(f"<@{self.bot_user}> {text}", **where)

    @property
    def bot_user(self) -> str:
        return "U0ASSISTANT"

    def edit(self, ts: str, text: str, *, channel: str = "general") -> None:
        self._do(lambda: self.simulator.people.edit(self._id(channel), ts, text))

    def delete(self, ts: str, *, channel: str = "general") -> None:
        self._do(lambda: self.simulator.people.delete(self._id(channel), ts))

    def command(
        self,
        text: str,
        *,
        command: str = "/ask",
        channel: str = "general",
        user: str = "ada",
    ) -> Delivery:
        """Somebody gives a command; returns when the service has answered, or has not in time."""
        return self._await(self.simulator.people.command(command, text, channel, user))

    def press(
        self,
        action_id: str,
        ts: str = "",
        *,
        channel: str = "general",
        user: str = "ada",
        block_id: str | None = None,
        value: str | None = None,
    ) -> Delivery:
        """Somebody presses a button of a message, or of their home view where there is no ts."""
        people = self.simulator.people
        return self._await(people.press(action_id, ts, channel, user, block_id, value))

    def open_home(self, user: str = "ada", tab: str = "home") -> None:
        self._do(lambda: self.simulator.people.open_home(user, tab))

    def open_thread(self, user: str = "ada") -> str:
        """Somebody opens the assistant; returns the ts of the thread."""
        return self._do(lambda: self.simulator.people.open_thread(user))

    # --- what goes wrong --------------------------------------------------------------------------

    def fault(self, method: str, kind: str, **more: Any) -> None:
        """Lets the next call of a method go wrong: see api.simulator.faults.Fault."""
        self._do(lambda: self.simulator.fault({"method": method, "kind": kind, **more}))

    def clear_faults(self) -> None:
        self._do(self.simulator.clear_faults)

    def refresh_sockets(self) -> None:
        """Slack asks for new connections, as it does every few hours."""
        self._await(self.simulator.sockets.refresh())

    def drop_sockets(self) -> None:
        self._await(self.simulator.sockets.drop())

    @property
    def sockets(self) -> int:
        return len(self.simulator.sockets)

    # --- odd requests -----------------------------------------------------------------------------

    def event(self, event: Mapping[str, Any]) -> Delivery:
        """Sends an event that nobody's doing stands behind, as the others are sent."""
        return self._do(lambda: self.simulator.sender.event(dict(event)))

    def callback(self, payload: Mapping[str, Any]) -> Delivery:
        """Sends a whole callback, for example one of before once more."""
        return self._do(lambda: self.simulator.sender.callback(dict(payload)))

    def verify(self, challenge: str = "a challenge") -> Delivery:
        """Slack asks for the challenge back."""
        return self._await(self.simulator.sender.verification(challenge))

    def deliver_raw(self, body: bytes, headers: Mapping[str, str]) -> tuple[int, str]:
        """Sends exactly this. Returns status and text."""
        response = self._await(self.simulator.sender.raw(body, headers))
        return response.status_code, response.text

    def headers(
        self, body: bytes, content_type: str = "application/json", at: float | None = None
    ) -> dict[str, str]:
        """The headers that sign a body, now or at another time."""
        return signed(body, self.options, content_type, at)

    def take_prepared(self) -> list[Delivery]:
        """What would have been sent since the last time, with the option deliver=False."""

        def take() -> list[Delivery]:
            taken = list(self.simulator.sender.prepared)
            self.simulator.sender.prepared.clear()
            return taken

        return self._do(take)

    def send(self, delivery: Delivery) -> tuple[int, str]:
        """Sends something prepared, signed now. Returns status and text."""
        headers = self.headers(delivery.body, delivery.content_type)
        return self.deliver_raw(delivery.body, headers)

    # --- what there is to see ---------------------------------------------------------------------

    def messages(self, channel: str = "general") -> list[Json]:
        """Everything in a channel, replies too, as it is stored."""
        return self._copied(lambda: list(self._channel(channel).messages.values()))

    def message(self, ts: str, channel: str = "general") -> Json:
        return self._copied(lambda: self._channel(channel).messages[ts])

    def thread(self, ts: str, channel: str = "general") -> list[Json]:
        """The messages of a thread after its first one."""
        return [one for one in self.messages(channel) if is_reply(one) and one["thread_ts"] == ts]

    def ephemerals(self, channel: str = "general", user: str = "U0ADA") -> list[Json]:
        """What one person alone sees in a channel, the oldest first."""

        def shown() -> list[Json]:
            place, everybody = self._channel(channel).id, self.simulator.workspace.ephemerals
            return [one.message for one in everybody if (one.channel, one.user) == (place, user)]

        return self._copied(shown)

    def status(self, ts: str, channel: str = "general") -> str:
        """The status that a thread shows, "" where it shows none."""
        place = (self._id(channel), ts)
        told = self._do(lambda: self.simulator.workspace.statuses.get(place, {}))
        return str(told.get("status", ""))

    def prompts(self, channel: str = "dm", ts: str = "") -> list[Json]:
        place = (self._id(channel), ts)
        told = self._copied(lambda: self.simulator.workspace.prompts.get(place, {}))
        prompts: list[Json] = told.get("prompts", [])
        return prompts

    @property
    def views(self) -> dict[str, Json]:
        """The home view of each user."""
        return self._copied(lambda: self.simulator.workspace.views)

    @property
    def calls(self) -> list[Json]:
        """Every call of the Web API and of a response URL, with arguments, answer and seconds."""
        return self._copied(lambda: [call.told() for call in self.simulator.web_api.calls])

    def calls_of(self, method: str) -> list[Json]:
        return [call for call in self.calls if call["method"] == method]

    @property
    def deliveries(self) -> list[Delivery]:
        """All that was sent, or would have been."""
        return self._copied(lambda: list(self.simulator.sender.deliveries))

    @property
    def is_idle(self) -> bool:
        """Whether every event was taken, or given up."""
        return self._do(lambda: self.simulator.sender.is_idle)

    def wait_for(self, predicate: Callable[[], Result], seconds: float = PATIENCE) -> Result:
        """Waits until something holds; returns what it is then."""
        until = time.monotonic() + seconds
        while True:
            value = predicate()
            if value:
                return value
            assert time.monotonic() < until, f"did not come to be within {seconds} seconds"
            time.sleep(0.02)

    # --- in the stand-in's thread -----------------------------------------------------------------

    def _channel(self, named: str) -> Any:
        workspace = self.simulator.workspace
        channel = workspace.direct("U0ADA") if named == "dm" else workspace.channel(named)
        assert channel, f"there is no channel {named}"
        return channel

    def _id(self, named: str) -> str:
        return str(self._channel(named).id)

    def _await(self, work: Coroutine[Any, Any, Result]) -> Result:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(60)

    def _do(self, work: Callable[[], Result]) -> Result:
        async def done() -> Result:
            return work()

        return self._await(done())

    def _copied(self, work: Callable[[], Result]) -> Result:
        return self._do(lambda: copy.deepcopy(work()))


@contextmanager
def run_stand_in(
    service: str = "http://127.0.0.1:9", workspace: Workspace | None = None, **options: Any
) -> Iterator[Slack]:
    """The stand-in over real HTTP on a free port. Events go to `service`, which may be named
    later; a minute of Slack's is a twentieth of a second here unless `minute` says otherwise."""
    simulator = StandIn(Options(service=service, **{"minute": 0.05, **options}), workspace)
    config = uvicorn.Config(
        simulator.app, port=0, log_config=None, access_log=False, timeout_graceful_shutdown=2
    )
    server = uvicorn.Server(config)
    loop = asyncio.new_event_loop()

    def serve() -> None:
        asyncio.set_event_loop(loop)
        loop.run_until_complete(server.serve())
        loop.close()

    thread = threading.Thread(target=serve)
    thread.start()
    while not server.started:
        assert thread.is_alive()
        time.sleep(0.01)
    host, port = server.servers[0].sockets[0].getsockname()[:2]
    simulator.address = f"http://{host}:{port}/"
    slack = Slack(simulator, loop)
    try:
        yield slack
    finally:
        slack._await(simulator.close())
        server.should_exit = True
        thread.join()
