"""A synchronous client of the stand-in, for tests."""

import asyncio
import copy
import threading
import time
from collections.abc import Callable, Coroutine, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any, TypeVar

import uvicorn

from slack_stand_in.delivery import Delivery, signed
from slack_stand_in.faults import Fault
from slack_stand_in.options import Options
from slack_stand_in.server import StandIn
from slack_stand_in.workspace import BOT_USER, Channel, Json, Workspace, is_reply

_TIMEOUT = 20.0  # seconds
_CALL_TIMEOUT = 60.0
Result = TypeVar("Result")


class Slack:
    """Acts for the users of a running stand-in, and reads its state.

    Channels and users are given by id or name; "dm" is a direct message with the bot. All work is
    done in the stand-in's thread, and results are copies.
    """

    bot_user = BOT_USER

    def __init__(self, stand_in: StandIn, loop: asyncio.AbstractEventLoop) -> None:
        self._stand_in = stand_in
        self._loop = loop
        self._users = stand_in.users
        self._workspace = stand_in.workspace
        self._sender = stand_in.sender
        self.options = stand_in.options
        self.bot_token = self.options.bot_token
        self.app_token = self.options.app_token
        self.signing_secret = self.options.signing_secret
        self.address = stand_in.address
        self.api_url = f"{stand_in.address}api/"
        self.environment = stand_in.environment

    @property
    def service(self) -> str:
        """The base URL of the service that receives events; may be set at any time."""
        return self.options.service

    @service.setter
    def service(self, url: str) -> None:
        self.options.service = url

    # --- what users do -------------------------------------------------------------------------

    def write(
        self,
        text: str,
        *,
        channel: str = "general",
        user: str = "ada",
        thread: str = "",
        files: tuple[str, ...] = (),
    ) -> str:
        """Posts a message and returns its ts."""
        return self._do(lambda: self._users.write(text, channel, user, thread, files))

    def mention(self, text: str, **where: Any) -> str:
        """Posts a message that mentions the bot, and returns its ts."""
        return self.write(f"<@{self.bot_user}> {text}", **where)

    def edit(self, ts: str, text: str, *, channel: str = "general") -> None:
        """Edits a message."""
        self._do(lambda: self._users.edit(self._channel(channel).id, ts, text))

    def delete(self, ts: str, *, channel: str = "general") -> None:
        """Deletes a message."""
        self._do(lambda: self._users.delete(self._channel(channel).id, ts))

    def command(
        self, text: str, *, command: str = "/ask", channel: str = "general", user: str = "ada"
    ) -> Delivery:
        """Runs a slash command; returns after the service has responded or the timeout."""
        return self._await(self._users.command(command, text, channel, user))

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
        """Presses a button of a message, or, without a ts, of the user's home view."""
        return self._await(self._users.press(action_id, ts, channel, user, block_id, value))

    def open_home(self, user: str = "ada", tab: str = "home") -> None:
        """Opens the app at its "home" or "messages" tab."""
        self._do(lambda: self._users.open_home(user, tab))

    # --- faults --------------------------------------------------------------------------------

    def fault(self, method: str, kind: str, **more: Any) -> None:
        """Makes the next call of a method fail; see `slack_stand_in.faults.Fault`."""
        fault = Fault(method, kind, **more)
        self._do(lambda: self._stand_in.web_api.faults.add(fault))

    def clear_faults(self) -> None:
        """Removes all pending faults."""
        self._do(self._stand_in.web_api.faults.clear)

    def refresh_sockets(self) -> None:
        """Asks the service to open new connections, as Slack does every few hours."""
        self._await(self._stand_in.sockets.close("refresh_requested"))

    @property
    def sockets(self) -> int:
        """How many connections of Socket Mode are open."""
        return len(self._stand_in.sockets)

    # --- single requests to the service --------------------------------------------------------

    def event(self, event: Mapping[str, Any]) -> Delivery:
        """Sends any event."""
        return self._do(lambda: self._sender.event(dict(event)))

    def callback(self, payload: Mapping[str, Any]) -> Delivery:
        """Sends an event with its envelope, for example a previous one again."""
        return self._do(lambda: self._sender.callback(dict(payload)))

    def verify(self, challenge: str = "a challenge") -> Delivery:
        """Verifies the request URL."""
        return self._await(self._sender.verification(challenge))

    def deliver_raw(self, body: bytes, headers: Mapping[str, str]) -> tuple[int, str]:
        """Sends these bytes with these headers. Returns status and text."""
        response = self._await(self._sender.raw(body, headers))
        return response.status_code, response.text

    def headers(
        self, body: bytes, content_type: str = "application/json", at: float | None = None
    ) -> dict[str, str]:
        """The headers that sign a body, now or at another time."""
        return signed(body, self.options, content_type, at)

    def take_prepared(self) -> list[Delivery]:
        """Returns and clears the requests that were prepared with the option deliver=False."""

        def take() -> list[Delivery]:
            prepared = list(self._sender.prepared)
            self._sender.prepared.clear()
            return prepared

        return self._do(take)

    def send(self, delivery: Delivery) -> tuple[int, str]:
        """Sends a prepared request, signed now. Returns status and text."""
        headers = self.headers(delivery.body, delivery.content_type)
        return self.deliver_raw(delivery.body, headers)

    # --- state ---------------------------------------------------------------------------------

    def messages(self, channel: str = "general") -> list[Json]:
        """All messages of a channel, replies included."""
        return self._copy(lambda: list(self._channel(channel).messages.values()))

    def message(self, ts: str, channel: str = "general") -> Json:
        """One message."""
        return self._copy(lambda: self._channel(channel).messages[ts])

    def thread(self, ts: str, channel: str = "general") -> list[Json]:
        """The messages of a thread after its first one."""
        return [one for one in self.messages(channel) if is_reply(one) and one["thread_ts"] == ts]

    def ephemerals(self, channel: str = "general", user: str = "U0ADA") -> list[Json]:
        """The messages in a channel that only one user sees, the oldest first."""
        place = (self._channel(channel).id, user)
        found = self._copy(lambda: self._workspace.ephemerals)
        return [one.message for one in found if (one.channel, one.user) == place]

    def status(self, ts: str, channel: str = "general") -> str:
        """The status of a thread, "" if it has none."""
        place = (self._channel(channel).id, ts)
        return self._do(lambda: self._workspace.statuses.get(place, ""))

    def prompts(self, channel: str = "dm", ts: str = "") -> list[Json]:
        """The suggested prompts of a channel or a thread."""
        place = (self._channel(channel).id, ts)
        return self._copy(lambda: self._workspace.prompts.get(place, []))

    @property
    def views(self) -> dict[str, Json]:
        """The home view of each user."""
        return self._copy(lambda: self._workspace.views)

    @property
    def calls(self) -> list[Json]:
        """All calls of the Web API and of response URLs: arguments, answer, status, seconds."""
        return self._do(lambda: [asdict(call) for call in self._stand_in.web_api.calls])

    def calls_of(self, method: str) -> list[Json]:
        """The calls of one method."""
        return [call for call in self.calls if call["method"] == method]

    @property
    def deliveries(self) -> list[Delivery]:
        """All requests to the service, sent or prepared."""
        return self._copy(lambda: list(self._sender.deliveries))

    @property
    def is_idle(self) -> bool:
        """Whether every event was accepted or given up."""
        return self._do(lambda: self._sender.is_idle)

    def wait_for(self, predicate: Callable[[], Result], seconds: float = _TIMEOUT) -> Result:
        """Waits until a predicate is true, and returns its value."""
        until = time.monotonic() + seconds
        while True:
            value = predicate()
            if value:
                return value
            assert time.monotonic() < until, f"not true within {seconds} seconds"
            time.sleep(0.02)

    # --- in the stand-in's thread --------------------------------------------------------------

    def _channel(self, name: str) -> Channel:
        workspace = self._workspace
        channel = workspace.direct("U0ADA") if name == "dm" else workspace.channel(name)
        assert channel, f"no channel {name}"
        return channel

    def _await(self, work: Coroutine[Any, Any, Result]) -> Result:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(_CALL_TIMEOUT)

    def _do(self, work: Callable[[], Result]) -> Result:
        async def done() -> Result:
            return work()

        return self._await(done())

    def _copy(self, work: Callable[[], Result]) -> Result:
        return self._do(lambda: copy.deepcopy(work()))


@contextmanager
def run_stand_in(
    service: str = "http://127.0.0.1:9", workspace: Workspace | None = None, **options: Any
) -> Iterator[Slack]:
    """Runs the stand-in over HTTP on a free port, and yields a client.

    Events go to `service`, which may be set later. Slack's minute is 0.05 s, unless `minute` says
    otherwise.
    """
    stand_in = StandIn(Options(service=service, **{"minute": 0.05, **options}), workspace)
    listener = stand_in.listen()
    server = uvicorn.Server(uvicorn.Config(stand_in.app, log_config=None, access_log=False))
    loop = asyncio.new_event_loop()

    def serve() -> None:
        asyncio.set_event_loop(loop)
        loop.run_until_complete(server.serve([listener]))
        loop.close()

    thread = threading.Thread(target=serve)
    thread.start()
    while not server.started:
        assert thread.is_alive()
        time.sleep(0.01)
    slack = Slack(stand_in, loop)
    try:
        yield slack
    finally:
        slack._await(stand_in.close())
        server.should_exit = True
        thread.join()
