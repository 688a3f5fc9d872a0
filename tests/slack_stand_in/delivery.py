"""Sends what Slack sends: signed, over HTTP or over a web socket, again where nobody took it, and
as often and as late as it is told to."""

import asyncio
import hashlib
import hmac
import json
import random
import time
from collections import deque
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import httpx2

from slack_stand_in import payloads
from slack_stand_in.options import Options
from slack_stand_in.socket_mode import Sockets
from slack_stand_in.workspace import Json

_JSON = "application/json"
_FORM = "application/x-www-form-urlencoded"
_AGENT = "Slackbot 1.0 (+https://api.slack.com/robots)"
_RETRIES_AFTER = (0, 1, 5)  # minutes; documented for the Events API
_MOST_KEPT = 10_000
_ENVELOPES = {"event": "events_api", "command": "slash_commands", "action": "interactive"}


@dataclass
class Delivery:
    """Something that is sent, and what became of it."""

    kind: str  # event, command, action, verification
    name: str  # the type of the event, the command, the action
    payload: Json
    body: bytes
    content_type: str
    event_id: str = ""
    attempts: list[Json] = field(default_factory=list)
    reply: Json | None = None  # what came back with a 2xx or an acknowledgement

    @property
    def was_accepted(self) -> bool:
        return any(attempt["taken"] for attempt in self.attempts)

    def told(self) -> Json:
        return {
            "kind": self.kind,
            "name": self.name,
            "event_id": self.event_id,
            "taken": self.was_accepted,
            "attempts": [dict(attempt) for attempt in self.attempts],
        }


def signed(
    body: bytes, options: Options, content_type: str = _JSON, at: float | None = None
) -> dict[str, str]:
    """The headers that prove a request to be Slack's: version 0 of its signatures."""
    timestamp = str(int(time.time() if at is None else at))
    told = b":".join((b"v0", timestamp.encode(), body))
    signature = hmac.new(options.signing_secret.encode(), told, hashlib.sha256).hexdigest()
    return {
        "content-type": content_type,
        "user-agent": _AGENT,
        "x-slack-request-timestamp": timestamp,
        "x-slack-signature": f"v0={signature}",
    }


class Sender:
    """Sends to the service that the options name at that moment. Belongs to one event loop."""

    def __init__(self, options: Options, sockets: Sockets, tell: Callable[[], None]) -> None:
        self._options = options
        self._sockets = sockets
        self._tell = tell
        self._client: httpx2.AsyncClient | None = None
        self._is_closed = False
        self._tasks: set[asyncio.Task[None]] = set()
        self._random = random.Random(20)
        self.deliveries: deque[Delivery] = deque(maxlen=_MOST_KEPT)
        # What was not sent, because it is to be taken and sent by somebody else.
        self.prepared: list[Delivery] = []

    async def close(self) -> None:
        self._is_closed = True
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._client:
            await self._client.aclose()

    @property
    def is_idle(self) -> bool:
        return not self._tasks

    def event(self, event: Json) -> Delivery:
        """Sends an event, as often as the options say; nobody waits for it."""
        return self.callback(payloads.callback(event, self._options, time.time()))

    def callback(self, payload: Json) -> Delivery:
        """Sends a whole callback."""
        name = str(payload.get("event", {}).get("type", payload.get("type", "")))
        event_id = str(payload.get("event_id", ""))
        body = json.dumps(payload).encode()
        delivery = self._kept(Delivery("event", name, payload, body, _JSON, event_id))
        if self._options.deliver:
            for _ in range(max(1, self._options.duplicates)):
                self._spawn(self._persist(delivery))
        else:
            self.prepared.append(delivery)
        return delivery

    async def verification(self, challenge: str) -> Delivery:
        payload = payloads.verification(self._options, challenge)
        body = json.dumps(payload).encode()
        delivery = self._kept(Delivery("verification", "url_verification", payload, body, _JSON))
        await self._attempt(delivery)
        return delivery

    async def command(self, fields: Mapping[str, str]) -> Delivery:
        """Sends a slash command, once: whoever gave it sees whether it was taken."""
        payload = {"token": self._options.verification_token, **fields}
        body = urlencode(payload).encode()
        return await self._once(Delivery("command", fields["command"], payload, body, _FORM))

    async def action(self, told: Json) -> Delivery:
        """Sends what somebody has pressed, once."""
        payload = {**told, "token": self._options.verification_token}
        body = urlencode({"payload": json.dumps(payload)}).encode()
        name = str(told["actions"][0]["action_id"])
        return await self._once(Delivery("action", name, payload, body, _FORM))

    async def raw(self, body: bytes, headers: Mapping[str, str]) -> httpx2.Response:
        """Sends these bytes with these headers, whatever they are."""
        return await self._http().post(self._address(), content=body, headers=dict(headers))

    # --- sending -------------------------------------------------------------------------------

    def _kept(self, delivery: Delivery) -> Delivery:
        self.deliveries.append(delivery)
        self._tell()
        return delivery

    async def _once(self, delivery: Delivery) -> Delivery:
        self._kept(delivery)
        if self._options.deliver:
            await self._attempt(delivery)
        else:
            self.prepared.append(delivery)
        return delivery

    async def _persist(self, delivery: Delivery) -> None:
        """Sends an event until it is taken, four times at most."""
        options = self._options
        await asyncio.sleep(options.delay + self._random.random() * options.jitter)
        attempt = await self._attempt(delivery)
        for number, minutes in enumerate(_RETRIES_AFTER, start=1):
            if attempt["taken"] or attempt["no_retry"]:
                return
            await asyncio.sleep(minutes * options.minute)
            attempt = await self._attempt(delivery, number, attempt["reason"])

    async def _attempt(self, delivery: Delivery, retry: int = 0, reason: str = "") -> Json:
        at, started = time.time(), time.monotonic()
        if len(self._sockets) and delivery.kind in _ENVELOPES:
            attempt = await self._over_socket(delivery, retry, reason)
        else:
            attempt = await self._over_http(delivery, retry, reason)
        attempt = {"at": at, "no_retry": False, "retry": retry, **attempt}
        attempt["seconds"] = time.monotonic() - started
        delivery.attempts.append(attempt)
        self._tell()
        return attempt

    async def _over_socket(self, delivery: Delivery, retry: int, reason: str) -> Json:
        again = {"retry_attempt": retry, "retry_reason": reason if retry else ""}
        told = again if delivery.kind == "event" else {}
        kind, patience = _ENVELOPES[delivery.kind], self._options.patience
        reply = await self._sockets.send(kind, delivery.payload, told, patience)
        if reply is None:
            return {"taken": False, "status": None, "over": "socket", "reason": "timeout"}
        delivery.reply = reply
        return {"taken": True, "status": 200, "over": "socket", "reason": ""}

    async def _over_http(self, delivery: Delivery, retry: int, reason: str) -> Json:
        headers = signed(delivery.body, self._options, delivery.content_type)
        if retry:
            headers |= {"x-slack-retry-num": str(retry), "x-slack-retry-reason": reason}
        failed = {"taken": False, "status": None, "over": "http"}
        try:
            async with asyncio.timeout(self._options.patience):
                response = await self.raw(delivery.body, headers)
        except (TimeoutError, httpx2.TimeoutException):
            return {**failed, "reason": "http_timeout"}
        except (httpx2.TransportError, httpx2.InvalidURL):
            return {**failed, "reason": "connection_failed"}
        taken = response.is_success
        if taken:
            delivery.reply = _reply(response)
        return {
            "taken": taken,
            "status": response.status_code,
            "over": "http",
            "reason": "" if taken else "http_error",
            "no_retry": response.headers.get("x-slack-no-retry") == "1",
        }

    def _address(self) -> str:
        return self._options.service.rstrip("/") + self._options.path

    def _http(self) -> httpx2.AsyncClient:
        if self._client is None:
            limits = httpx2.Limits(max_connections=None)
            # The environment may name a proxy, which is not for this machine.
            self._client = httpx2.AsyncClient(trust_env=False, timeout=60.0, limits=limits)
        return self._client

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        if self._is_closed:
            work.close()
            return
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _reply(response: httpx2.Response) -> Json:
    """What the service answered: an object as it is, text as the text of a message."""
    if not response.content:
        return {}
    if _JSON in response.headers.get("content-type", ""):
        try:
            told = response.json()
        except ValueError:
            return {}
        return told if isinstance(told, dict) else {}
    return {"text": response.text}
