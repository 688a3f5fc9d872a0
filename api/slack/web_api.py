"""Slack's Web API: the methods that the bot calls, and what a failed call means.

The only module that uses Slack's client. Every failure becomes one of the exceptions below.
"""

from collections.abc import AsyncIterator, Awaitable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import urlsplit

import aiohttp
from slack_sdk.errors import SlackApiError, SlackRequestError
from slack_sdk.web.async_chat_stream import AsyncChatStream
from slack_sdk.web.async_client import AsyncWebClient

from api.slack.blocks import Block, Message

Result = TypeVar("Result")

_TIMEOUT = 8.0  # seconds for one call; less than the lease of an item
_RESPONSE_URL_HOST = "hooks.slack.com"
_METADATA_TYPE = "assistant_answer"
_PAGE_SIZE = 100  # messages of a thread that are read at a time
SCOPES = {
    "app_mentions:read": "receive mentions",
    "assistant:write": "show a status and suggest questions",
    "channels:history": "read replies in its threads and find its own answers",
    "chat:write": "post answers",
    "commands": "receive /ask",
    "groups:history": "the same in private channels",
    "im:history": "receive direct messages",
    "im:write": "answer questions from the app's home",
}
# Errors on Slack's side that pass by themselves.
_TRANSIENT = frozenset(
    {"internal_error", "fatal_error", "service_unavailable", "request_timeout", "ratelimited",
     "rate_limited", "message_limit_exceeded", "team_added_to_org"}
)  # fmt: skip
# Errors that an administrator has to fix in Slack or in the settings; answers wait until then.
_REMEDIES = {
    "invalid_auth": "{token} is invalid: copy it again",
    "not_authed": "no token was sent: set {token}",
    "token_expired": "{token} has expired: install the app again and copy the new token",
    "token_revoked": "{token} was revoked: install the app again",
    "account_inactive": "the app was removed from the workspace: install it again",
    "access_denied": "Slack denies the app access: check its settings in the workspace",
    "missing_scope": "{token} lacks a scope: add it and install the app again",
    "no_permission": "{token} lacks a permission: check its scopes and install the app again",
    "not_allowed_token_type": "{token} is of the wrong type: bot tokens begin with xoxb-, app "
    "tokens with xapp-",
}
_OPEN_SOCKET = "apps.connections.open"  # the only method that takes the app token


class RequestRejected(Exception):
    """Slack rejects this call; retrying does not help. `code` is Slack's error code."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class RetryLater(Exception):
    """Slack did not do it. It can be retried, after at least `wait` seconds."""

    def __init__(self, message: str, wait: float = 0.0) -> None:
        super().__init__(message)
        self.wait = wait


class OutcomeUnknown(RetryLater):
    """Slack may have done it: there was no answer, or one that does not say."""


class AppMisconfigured(RetryLater):
    """Slack will do it once an administrator has fixed what the message says."""


@dataclass(frozen=True)
class Identity:
    """Whose token it is: the workspace's id and name, the bot's user and bot id, its scopes."""

    team: str
    name: str
    user: str
    bot: str
    scopes: frozenset[str]


class WebApi:
    """Calls the Web API at `api_url`. Belongs to one event loop; calls need an open `session`."""

    def __init__(self, token: str, api_url: str) -> None:
        # The client must not retry: a call that failed may have been carried out.
        self.client = AsyncWebClient(
            token=token, base_url=api_url, timeout=int(_TIMEOUT), retry_handlers=[]
        )
        self._host = urlsplit(api_url).hostname

    @asynccontextmanager
    async def session(self) -> AsyncIterator[None]:
        """Keeps one HTTP session open for many calls."""
        timeout = aiohttp.ClientTimeout(total=_TIMEOUT)
        async with aiohttp.ClientSession(timeout=timeout) as session:
            self.client.session = session
            try:
                yield
            finally:
                self.client.session = None

    async def identity(self) -> Identity:
        """Returns whose token it is."""
        response = await _call("auth.test", self.client.auth_test())
        headers = {name.lower(): value for name, value in response.headers.items()}
        scopes = headers.get("x-oauth-scopes", "").split(",")
        return Identity(
            team=str(response.get("team_id", "")),
            name=str(response.get("team", "")),
            user=str(response.get("user_id", "")),
            bot=str(response.get("bot_id", "")),
            scopes=frozenset(scope.strip() for scope in scopes if scope.strip()),
        )

    async def check_app_token(self, app_token: str) -> None:
        """Checks whether Socket Mode can be opened with this token."""
        await _call(_OPEN_SOCKET, self.client.apps_connections_open(app_token=app_token))

    async def post(self, channel: str, thread: str, message: Message, item: str) -> str:
        """Posts a message marked with the item's id, which find() looks for; returns its ts."""
        call = self.client.chat_postMessage(
            channel=channel,
            thread_ts=thread or None,
            metadata=_metadata(item),
            mrkdwn=False,
            unfurl_links=False,
            unfurl_media=False,
            **_content(message),
        )
        return str((await _call("chat.postMessage", call))["ts"])

    async def update(self, channel: str, ts: str, message: Message, item: str) -> None:
        """Replaces the content of a message. Safe to repeat."""
        call = self.client.chat_update(
            channel=channel, ts=ts, metadata=_metadata(item), **_content(message)
        )
        await _call("chat.update", call)

    async def post_ephemeral(self, channel: str, user: str, thread: str, message: Message) -> None:
        """Posts a message that only this user sees, and only until they reload Slack."""
        call = self.client.chat_postEphemeral(
            channel=channel, user=user, thread_ts=thread or None, **_content(message)
        )
        await _call("chat.postEphemeral", call)

    async def respond(self, url: str, message: Message) -> None:
        """Answers a command or a button through its response URL, visible to its user only."""
        body = {"response_type": "ephemeral", "replace_original": False, **_content(message)}
        await _call("response_url", self._respond(url, body))

    async def delete_original(self, url: str) -> None:
        """Deletes the ephemeral message whose button has this response URL."""
        await _call("response_url", self._respond(url, {"delete_original": True}))

    async def find(self, channel: str, thread: str, since: str, item: str) -> str:
        """Finds the message that was posted for an item; returns its ts, or "".

        Searches the thread, or the channel if there is no thread, from the timestamp `since` on. A
        stream that was started and not stopped carries no mark yet, and is found as well.
        """
        bot = await self.identity()
        page: dict[str, Any] = {
            "channel": channel,
            "oldest": since,
            "inclusive": True,
            "include_all_metadata": True,
            "limit": _PAGE_SIZE,
            "cursor": None,
        }
        unmarked = ""
        while True:
            if thread:
                replies = self.client.conversations_replies(ts=thread, **page)
                response = await _call("conversations.replies", replies)
            else:
                history = self.client.conversations_history(**page)
                response = await _call("conversations.history", history)
            messages: list[dict[str, Any]] = response.get("messages", [])
            for message in messages:
                if message.get("bot_id") != bot.bot and message.get("user") != bot.user:
                    continue
                metadata = message.get("metadata") or {}
                if (metadata.get("event_payload") or {}).get("item") == item:
                    return str(message["ts"])
                if thread and not metadata and message["ts"] != thread:
                    unmarked = str(message["ts"])
            page["cursor"] = (response.get("response_metadata") or {}).get("next_cursor", "")
            if not page["cursor"]:
                return unmarked

    async def open_direct_message(self, user: str) -> str:
        """Returns the channel of the direct messages with a user."""
        call = self.client.conversations_open(users=user)
        return str((await _call("conversations.open", call))["channel"]["id"])

    async def set_status(self, channel: str, thread: str, text: str) -> None:
        """Shows what the assistant is doing, until it posts something."""
        call = self.client.assistant_threads_setStatus(
            channel_id=channel, thread_ts=thread, status=text
        )
        await _call("assistant.threads.setStatus", call)

    async def suggest_prompts(self, channel: str, prompts: list[dict[str, str]]) -> None:
        """Suggests questions to start with."""
        call = self.client.assistant_threads_setSuggestedPrompts(
            channel_id=channel, prompts=prompts
        )
        await _call("assistant.threads.setSuggestedPrompts", call)

    async def publish_home(self, user: str, view: Block) -> None:
        """Replaces the home view of a user."""
        await _call("views.publish", self.client.views_publish(user_id=user, view=view))

    async def stream(self, channel: str, thread: str, user: str) -> "Stream":
        """Prepares a streamed message. Nothing is sent before it has text."""
        stream = await self.client.chat_stream(
            channel=channel, thread_ts=thread, recipient_user_id=user
        )
        return Stream(stream)

    async def stop_stream(self, channel: str, ts: str, message: Message, item: str) -> None:
        """Stops a stream that another process started, so that the message can be updated.

        Slack stops an empty stream only if it gets content, so the message is sent here already.
        """
        call = self.client.chat_stopStream(
            channel=channel,
            ts=ts,
            markdown_text=None if message.blocks else message.text,
            blocks=list(message.blocks) or None,
            metadata=_metadata(item),
        )
        with suppress(RequestRejected):  # it has been stopped already
            await _call("chat.stopStream", call)

    async def _respond(self, url: str, body: Mapping[str, Any]) -> None:
        """Posts to a response URL. Raises RequestRejected also if the URL is not Slack's."""
        if not self._is_response_url(url):
            raise RequestRejected("foreign_url", f"{url!r} is not a response URL of Slack")
        assert self.client.session
        async with self.client.session.post(url, json=body, allow_redirects=False) as response:
            if response.status == 429:
                raise RetryLater("response_url: rate limited", _retry_after(response.headers))
            if response.status >= 500:
                raise OutcomeUnknown(f"response_url: status {response.status}")
            if response.status != 200:
                raise RequestRejected("expired_url", f"response_url: status {response.status}")

    def _is_response_url(self, url: str) -> bool:
        address = urlsplit(url)
        if self._host != "slack.com":  # a stand-in
            return address.hostname == self._host
        return address.scheme == "https" and address.hostname == _RESPONSE_URL_HOST


class Stream:
    """A message that grows until it is stopped."""

    def __init__(self, stream: AsyncChatStream) -> None:
        self._stream = stream

    @property
    def ts(self) -> str:
        """Its timestamp, or "" while nothing was sent."""
        return self._stream.ts or ""

    async def append(self, text: str) -> None:
        """Appends Markdown; short pieces are buffered."""
        await _call("chat.appendStream", self._stream.append(markdown_text=text))

    async def stop(self, blocks: Sequence[Block], item: str) -> None:
        """Sends what is buffered, then these blocks below it, and stops the stream."""
        call = self._stream.stop(blocks=list(blocks), metadata=_metadata(item))
        await _call("chat.stopStream", call)


def missing_scopes(scopes: frozenset[str]) -> list[str]:
    """Lists the missing scopes, each with what it is for."""
    return [f"{name} ({purpose})" for name, purpose in SCOPES.items() if name not in scopes]


async def _call(method: str, call: Awaitable[Result]) -> Result:
    """Awaits a call and translates the errors of Slack's client."""
    try:
        return await call
    except SlackApiError as error:
        raise _failure(method, error) from error
    except aiohttp.ClientConnectorError as error:
        raise RetryLater(f"{method}: Slack cannot be reached ({error})") from error
    except (aiohttp.ClientError, SlackRequestError, TimeoutError) as error:
        raise OutcomeUnknown(f"{method}: no answer ({type(error).__name__}: {error})") from error


def _failure(method: str, error: SlackApiError) -> RequestRejected | RetryLater:
    response = error.response
    status: int = getattr(response, "status_code", 0) or getattr(response, "status", 0)
    data = getattr(response, "data", None)
    data = data if isinstance(data, dict) else {}
    code = str(data.get("error", ""))
    if status == 429 or code in ("ratelimited", "rate_limited"):
        return RetryLater(f"{method}: rate limited", _retry_after(response.headers))
    if status >= 500 or not code:
        return OutcomeUnknown(f"{method}: status {status}")
    if code in _REMEDIES:
        needed = f" ({data['needed']})" if data.get("needed") else ""
        token = "SLACK_APP_TOKEN" if method == _OPEN_SOCKET else "SLACK_BOT_TOKEN"
        remedy = _REMEDIES[code].format(token=token)
        return AppMisconfigured(f"{method}: {code}{needed}: {remedy}", 60.0)
    if code in _TRANSIENT:
        return OutcomeUnknown(f"{method}: {code}")
    details = data.get("response_metadata", {})
    why = "; ".join(map(str, details.get("messages", []))) if isinstance(details, dict) else ""
    return RequestRejected(code, f"{method}: {code}" + (f" ({why})" if why else ""))


def _retry_after(headers: Mapping[str, Any]) -> float:
    """Seconds that Slack asks to wait."""
    value = {name.lower(): value for name, value in headers.items()}.get("retry-after", 1)
    try:
        return max(1.0, float(value[0] if isinstance(value, list) else value))
    except ValueError:
        return 1.0


def _metadata(item: str) -> dict[str, Any]:
    return {"event_type": _METADATA_TYPE, "event_payload": {"item": item}}


def _content(message: Message) -> dict[str, Any]:
    # An update without `blocks` would keep the old ones.
    return {"text": message.text, "blocks": list(message.blocks)}
