"""Sends signed requests to the service, over HTTP or Socket Mode, and retries as Slack does."""

import asyncio
import hashlib
import hmac
import json
import random
import time
from collections import deque
from collections.abc import Coroutine, Mapping
from dataclasses import dataclass, field
from urllib.parse import urlencode

import httpx2

from slack_stand_in import payloads
from slack_stand_in.options import Options
from slack_stand_in.socket_mode import Sockets
from slack_stand_in.workspace import Json

_PATH = "/slack/events"
_JSON = "application/json"
_FORM = "application/x-www-form-urlencoded"
_USER_AGENT = "Slackbot 1.0 (+https://api.slack.com/robots)"
_RETRY_AFTER = (0, 1, 5)  # minutes; documented for the Events API
_MAX_DELIVERIES = 10_000
_ENVELOPES = {"event": "events_api", "command": "slash_commands", "action": "interactive"}


@dataclass
class Delivery:
    """A request to the service, and the attempts to deliver it."""

    kind: str  # event, command, action or verification
    name: str  # the type of the event, the command, or the action id
    payload: Json
    body: bytes
    content_type: str
    event_id: str = ""
    # Each with: accepted, status, over ("http" or "socket"), reason, retry, no_retry.
    attempts: list[Json] = field(default_factory=list)
    reply: Json | None = None  # the response of the service, if it accepted

    @property
    def was_accepted(self) -> bool:
        """Whether the service acknowledged the request."""
        return any(attempt["accepted"] for attempt in self.attempts)


def signed(
    body: bytes, options: Options, content_type: str = _JSON, at: float | None = None
) -> dict[str, str]:
    """The headers of a request, with Slack's signature (version 0) of the body at a time."""
    timestamp = str(int(time.time() if at is None else at))
    signed_text = b":".join((b"v0", timestamp.encode(), body))
    signature = hmac.new(options.signing_secret.encode(), signed_text, hashlib.sha256).hexdigest()
    return {
        "content-type": content_type,
        "user-agent": _USER_AGENT,
        "x-slack-request-timestamp": timestamp,
        "x-slack-signature": f"v0={signature}",
    }


class Sender:
    """Sends to the service that the options name. Belongs to one event loop."""

    def __init__(self, options: Options, sockets: Sockets) -> None:
        self._options = options
        self._sockets = sockets
        self._client: httpx2.AsyncClient | None = None
        self._is_closed = False
        self._tasks: set[asyncio.Task[None]] = set()
        self._random = random.Random(20)
        self.deliveries: deque[Delivery] = deque(maxlen=_MAX_DELIVERIES)
        self.prepared: list[Delivery] = []  # not sent, because the option `deliver` is off

    async def close(self) -> None:
        """Cancels deliveries and retries."""
        self._is_closed = True
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._client:
            await self._client.aclose()

    @property
    def is_idle(self) -> bool:
        """Whether every event was accepted or given up."""
        return not self._tasks

    def event(self, event: Json) -> Delivery:
        """Sends an event in the background, as often as the options say."""
        return self.callback(payloads.callback(event, self._options, time.time()))

    def callback(self, payload: Json) -> Delivery:
        """Sends an event with its envelope in the background."""
        name = str(payload.get("event", {}).get("type", payload.get("type", "")))
        body, event_id = json.dumps(payload).encode(), str(payload.get("event_id", ""))
        delivery = Delivery("event", name, payload, body, _JSON, event_id)
        self.deliveries.append(delivery)
        if self._options.deliver:
            for _ in range(max(1, self._options.duplicates)):
                self._spawn(self._deliver(delivery))
        else:
            self.prepared.append(delivery)
        return delivery

    async def verification(self, challenge: str) -> Delivery:
        """Sends the verification of the request URL."""
        payload = payloads.verification(self._options, challenge)
        body = json.dumps(payload).encode()
        return await self._once(Delivery("verification", "url_verification", payload, body, _JSON))

    async def command(self, fields: Mapping[str, str]) -> Delivery:
        """Sends a slash command, without retries."""
        payload = {"token": self._options.verification_token, **fields}
        body = urlencode(payload).encode()
        return await self._once(Delivery("command", fields["command"], payload, body, _FORM))

    async def action(self, fields: Json) -> Delivery:
        """Sends an interaction, without retries."""
        payload = {**fields, "token": self._options.verification_token}
        body = urlencode({"payload": json.dumps(payload)}).encode()
        name = str(fields["actions"][0]["action_id"])
        return await self._once(Delivery("action", name, payload, body, _FORM))

    async def raw(self, body: bytes, headers: Mapping[str, str]) -> httpx2.Response:
        """Sends these bytes with these headers."""
        if self._client is None:
            limits = httpx2.Limits(max_connections=None)
            # trust_env: a proxy from the environment must not be used for this machine.
            self._client = httpx2.AsyncClient(trust_env=False, timeout=60.0, limits=limits)
        address = self._options.service.rstrip("/") + _PATH
        return await self._client.post(address, content=body, headers=dict(headers))

    async def _once(self, delivery: Delivery) -> Delivery:
        self.deliveries.append(delivery)
        if self._options.deliver:
            await self._attempt(delivery)
        else:
            self.prepared.append(delivery)
        return delivery

    async def _deliver(self, delivery: Delivery) -> None:
        """Sends an event until it is accepted, four times at most."""
        options = self._options
        await asyncio.sleep(options.delay + self._random.random() * options.jitter)
        attempt = await self._attempt(delivery)
        for number, minutes in enumerate(_RETRY_AFTER, start=1):
            if attempt["accepted"] or attempt["no_retry"]:
                return
            await asyncio.sleep(minutes * options.minute)
            attempt = await self._attempt(delivery, number, attempt["reason"])

    async def _attempt(self, delivery: Delivery, retry: int = 0, reason: str = "") -> Json:
        over_socket = len(self._sockets) and delivery.kind in _ENVELOPES
        send = self._over_socket if over_socket else self._over_http
        attempt = {"retry": retry, "no_retry": False, **await send(delivery, retry, reason)}
        delivery.attempts.append(attempt)
        return attempt

    async def _over_socket(self, delivery: Delivery, retry: int, reason: str) -> Json:
        kind = _ENVELOPES[delivery.kind]
        fields = {"retry_attempt": retry, "retry_reason": reason} if kind == "events_api" else {}
        reply = await self._sockets.send(kind, delivery.payload, fields, self._options.timeout)
        if reply is None:
            return {"accepted": False, "status": None, "over": "socket", "reason": "timeout"}
        delivery.reply = reply
        return {"accepted": True, "status": 200, "over": "socket", "reason": ""}

    async def _over_http(self, delivery: Delivery, retry: int, reason: str) -> Json:
        headers = signed(delivery.body, self._options, delivery.content_type)
        if retry:
            headers |= {"x-slack-retry-num": str(retry), "x-slack-retry-reason": reason}
        failed = {"accepted": False, "status": None, "over": "http"}
        try:
            async with asyncio.timeout(self._options.timeout):
                response = await self.raw(delivery.body, headers)
        except (TimeoutError, httpx2.TimeoutException):
            return {**failed, "reason": "http_timeout"}
        except (httpx2.TransportError, httpx2.InvalidURL):
            return {**failed, "reason": "connection_failed"}
        accepted = response.is_success
        if accepted:
            delivery.reply = _reply(response)
        return {
            "accepted": accepted,
            "status": response.status_code,
            "over": "http",
            "reason": "" if accepted else "http_error",
            "no_retry": response.headers.get("x-slack-no-retry") == "1",
        }

    def _spawn(self, work: Coroutine[None, None, None]) -> None:
        if self._is_closed:
            work.close()
            return
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _reply(response: httpx2.Response) -> Json:
    """The response of the service: a JSON object, or text as the text of a message."""
    if not response.content:
        return {}
    if _JSON in response.headers.get("content-type", ""):
        reply = response.json()
        return reply if isinstance(reply, dict) else {}
    return {"text": response.text}
