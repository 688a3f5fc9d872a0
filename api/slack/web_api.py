"""The Web API, as far as the bot speaks to it: what it sends, and what may come of that.

Every failure is one of three: refused (and why), not done (and when to try again), or unknown,
where it may have been done. The one door to Slack's client.
"""

import logging
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import aiohttp
from slack_bolt.context.say_stream.async_say_stream import AsyncSayStream
from slack_bolt.context.set_status.async_set_status import AsyncSetStatus
from slack_sdk.errors import SlackApiError, SlackRequestError
from slack_sdk.web.async_chat_stream import AsyncChatStream
from slack_sdk.web.async_client import AsyncWebClient

from api.slack.blocks import Block, Message

_log = logging.getLogger(__name__)
# Seconds for one call: less than an item is held for.
_PATIENCE = 8.0
_HOOKS = "hooks.slack.com"
_MARK = "assistant_answer"  # the type of our messages' metadata
_PAGE = 100  # messages of a thread that are read at a time
# What each scope is for; without one of these something that is asked for is not done.
SCOPES = {
    "app_mentions:read": "to be asked with a mention",
    "assistant:write": "to say that it is at work, and to suggest questions",
    "channels:history": "to read the replies in its threads, and find what it has answered",
    "chat:write": "to answer",
    "commands": "to be asked with /ask",
    "groups:history": "the same in private channels",
    "im:history": "to be asked in direct messages",
    "im:write": "to answer from the app's home",
}
# Slack's own trouble, which passes.
_PASSING = frozenset(
    {"internal_error", "fatal_error", "service_unavailable", "request_timeout", "ratelimited",
     "rate_limited", "message_limit_exceeded", "team_added_to_org"}
)  # fmt: skip
# What somebody has to mend in Slack or in the settings; the answers wait for that.
_MENDABLE = {
    "invalid_auth": "{token} does not count: copy it anew",
    "not_authed": "no token is sent: set {token}",
    "token_expired": "{token} has expired: install the app again and copy it anew",
    "token_revoked": "{token} was revoked: install the app again and copy it anew",
    "account_inactive": "the app was removed from the workspace: install it again",
    "access_denied": "Slack denies the app access: see its settings in the workspace",
    "missing_scope": "{token} lacks a scope: add it, and install the app again",
    "no_permission": "{token} lacks a permission: see its scopes, and install the app again",
    "not_allowed_token_type": "{token} is of another kind: a bot's begins with xoxb-, an app's "
    "with xapp-",
}
_OPEN_SOCKET = "apps.connections.open"  # the one method that takes the app's token


class RetryLater(Exception):
    """Slack has not done it. `wait` is the seconds after which it may be tried again."""

    def __init__(self, message: str, wait: float = 1.0) -> None:
        super().__init__(message)
        self.wait = wait


class OutcomeUnknown(RetryLater):
    """Whether Slack has done it is not known: it gave no answer, or none that says so."""


class AppMisconfigured(RetryLater):
    """Slack will not do it before somebody has mended what the message says."""


class RequestRejected(Exception):
    """Slack does not do this. `code` is its word for why."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True)
class Identity:
    """Who the token is: the team, the bot as a user and as a bot, and its scopes."""

    team: str
    name: str
    user: str
    bot: str
    scopes: frozenset[str]


class WebApi:
    """Calls Slack, or what stands in for it. Belongs to one event loop, and calls nothing before
    it is `opened`."""

    def __init__(self, token: str, api_url: str) -> None:
        self.client = AsyncWebClient(
            token=token,
            base_url=api_url,
            timeout=int(_PATIENCE),
            # A call that went wrong may have been done: to try again is not the client's to say.
            retry_handlers=[],
        )
        self._api = urlsplit(api_url)

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[None]:
        """Keeps connections for many calls."""
        patience = aiohttp.ClientTimeout(total=_PATIENCE)
        async with aiohttp.ClientSession(timeout=patience) as session:
            self.client.session = session
            try:
                yield
            finally:
                self.client.session = None

    async def identity(self) -> Identity:
        """Who we are."""
        async with told("auth.test"):
            reply = await self.client.auth_test()
            scopes = reply.headers.get("x-oauth-scopes") or reply.headers.get("X-OAuth-Scopes", "")
            return Identity(
                team=str(reply.get("team_id", "")),
                name=str(reply.get("team", "")),
                user=str(reply.get("user_id", "")),
                bot=str(reply.get("bot_id", "")),
                scopes=frozenset(filter(None, (each.strip() for each in scopes.split(",")))),
            )

    async def expect_socket(self, app_token: str) -> None:
        """Sees whether Socket Mode may be opened with this token."""
        async with told(_OPEN_SOCKET):
            await self.client.apps_connections_open(app_token=app_token)

    async def post(self, channel: str, thread: str, message: Message, mark: str) -> str:
        """Posts a message that is marked, so that find() finds it; its timestamp."""
        async with told("chat.postMessage"):
            reply = await self.client.chat_postMessage(
                channel=channel,
                thread_ts=thread or None,
                metadata=_metadata(mark),
                mrkdwn=False,
                unfurl_links=False,
                unfurl_media=False,
                **_content(message),
            )
            return str(reply["ts"])

    async def update(self, channel: str, stamp: str, message: Message, mark: str) -> None:
        """Puts another content in place of a message's. May be done more than once."""
        async with told("chat.update"):
            await self.client.chat_update(
                channel=channel, ts=stamp, metadata=_metadata(mark), **_content(message)
            )

    async def whisper(self, channel: str, user: str, thread: str, message: Message) -> None:
        """Posts what only this user sees, and only for a while."""
        async with told("chat.postEphemeral"):
            await self.client.chat_postEphemeral(
                channel=channel, user=user, thread_ts=thread or None, **_content(message)
            )

    async def respond(self, url: str, message: Message | None) -> None:
        """Answers a command or a button so that only the user sees it; None takes away what the
        button was on. Raises RequestRejected for an address that is not Slack's."""
        if not self._is_slacks(url):
            raise RequestRejected("foreign_url", f"{url!r} is no address of Slack's")
        body: dict[str, Any] = {"delete_original": True}
        if message:
            body = {"response_type": "ephemeral", "replace_original": False, **_content(message)}
        assert self.client.session
        async with (
            told("response_url"),
            self.client.session.post(url, json=body, allow_redirects=False) as reply,
        ):
            if reply.status == 429:
                raise RetryLater("response_url: too many", _wait(reply.headers))
            if reply.status >= 500:
                raise OutcomeUnknown(f"response_url: status {reply.status}")
            if reply.status != 200:
                raise RequestRejected("expired_url", f"response_url: status {reply.status}")

    async def find(self, channel: str, thread: str, since: str, mark: str) -> str:
        """The timestamp of a message of ours that is marked so, or that has no mark because it
        was begun as a stream and not ended; "" where there is none.

        Looks at the thread, or the channel where there is none, from `since` on.
        """
        me = await self.identity()
        unmarked = cursor = ""
        while True:
            asked: dict[str, Any] = {
                "channel": channel,
                "oldest": since,
                "inclusive": True,
                "include_all_metadata": True,
                "limit": _PAGE,
                "cursor": cursor or None,
            }
            if thread:
                async with told("conversations.replies"):
                    reply = await self.client.conversations_replies(ts=thread, **asked)
            else:
                async with told("conversations.history"):
                    reply = await self.client.conversations_history(**asked)
            messages: list[dict[str, Any]] = reply.get("messages", [])
            for message in messages:
                ours = message.get("bot_id") == me.bot or message.get("user") == me.user
                metadata = message.get("metadata") or {}
                if ours and (metadata.get("event_payload") or {}).get("item") == mark:
                    return str(message["ts"])
                if ours and thread and not metadata and message["ts"] != thread:
                    unmarked = str(message["ts"])
            cursor = (reply.get("response_metadata") or {}).get("next_cursor", "")
            if not cursor:
                return unmarked

    async def conversation_with(self, user: str) -> str:
        """The channel of the direct messages with a user."""
        async with told("conversations.open"):
            reply = await self.client.conversations_open(users=user)
            return str(reply["channel"]["id"])

    async def status(self, channel: str, thread: str, text: str) -> None:
        """Says what the assistant is doing, until it posts something."""
        async with told("assistant.threads.setStatus"):
            await AsyncSetStatus(self.client, channel, thread)(text)

    async def suggest(self, channel: str, prompts: Sequence[Mapping[str, str]]) -> None:
        """Offers questions to begin with."""
        async with told("assistant.threads.setSuggestedPrompts"):
            await self.client.assistant_threads_setSuggestedPrompts(
                channel_id=channel, prompts=[dict(prompt) for prompt in prompts]
            )

    async def publish(self, user: str, view: Block) -> None:
        """Puts the home view in place of the one before."""
        async with told("views.publish"):
            await self.client.views_publish(user_id=user, view=view)

    async def stream(self, channel: str, thread: str, user: str) -> "Stream":
        """A message that grows. Nothing is sent before there is something to show."""
        say = AsyncSayStream(
            client=self.client,
            channel=channel,
            thread_ts=thread,
            recipient_user_id=user,
        )
        return Stream(await say())

    async def end_stream(self, channel: str, stamp: str, message: Message, mark: str) -> None:
        """Ends a message that may still be growing, so that it can be updated. One that has not
        grown yet would not be ended without something to show."""
        with suppress(RequestRejected):  # it has ended already
            async with told("chat.stopStream"):
                await self.client.chat_stopStream(
                    channel=channel,
                    ts=stamp,
                    markdown_text=None if message.blocks else message.text,
                    blocks=list(message.blocks) or None,
                    metadata=_metadata(mark),
                )

    def _is_slacks(self, url: str) -> bool:
        """Whether an answer may be sent there: to Slack's own host, or to that of the stand-in."""
        address = urlsplit(url)
        if self._api.hostname != "slack.com":
            return address.hostname == self._api.hostname
        return address.scheme == "https" and address.hostname == _HOOKS


class Stream:
    """A message that grows until it is ended."""

    def __init__(self, stream: AsyncChatStream) -> None:
        self._stream = stream

    @property
    def stamp(self) -> str:
        """Its timestamp, "" while nothing was sent."""
        return self._stream.ts or ""

    async def add(self, text: str) -> None:
        """Adds Markdown; short pieces are collected."""
        async with told("chat.appendStream"):
            await self._stream.append(markdown_text=text)

    async def end(self, blocks: Sequence[Block], mark: str) -> None:
        """Sends what was collected, and these blocks below it."""
        async with told("chat.stopStream"):
            await self._stream.stop(blocks=list(blocks), metadata=_metadata(mark))


def missing_scopes(scopes: frozenset[str]) -> list[str]:
    """What cannot be done with these scopes, one line for each that is missing."""
    return [f"{name} ({why})" for name, why in SCOPES.items() if name not in scopes]


@asynccontextmanager
async def told(method: str) -> AsyncIterator[None]:
    """Turns what Slack's client raises into RequestRejected, RetryLater or OutcomeUnknown."""
    try:
        yield
    except SlackApiError as error:
        raise _failure(method, error) from error
    except aiohttp.ClientConnectorError as error:
        raise RetryLater(f"{method}: Slack cannot be reached ({error})") from error
    except (aiohttp.ClientError, SlackRequestError, TimeoutError) as error:
        raise OutcomeUnknown(f"{method}: no answer ({type(error).__name__}: {error})") from error


def _failure(method: str, error: SlackApiError) -> Exception:
    reply = error.response
    status: int = getattr(reply, "status_code", 0) or getattr(reply, "status", 0)
    data = getattr(reply, "data", None)
    data = data if isinstance(data, dict) else {}
    code = str(data.get("error", ""))
    if status == 429 or code in ("ratelimited", "rate_limited"):
        return RetryLater(f"{method}: Slack asks to slow down", _wait(reply.headers))
    if status >= 500 or not code:
        return OutcomeUnknown(f"{method}: status {status}")
    if code in _MENDABLE:
        needed = f" ({data['needed']})" if data.get("needed") else ""
        token = "SLACK_APP_TOKEN" if method == _OPEN_SOCKET else "SLACK_BOT_TOKEN"
        return AppMisconfigured(
            f"{method}: {code}{needed}: {_MENDABLE[code].format(token=token)}", 60.0
        )
    if code in _PASSING:
        return OutcomeUnknown(f"{method}: {code}")
    details = data.get("response_metadata", {})
    why = "; ".join(map(str, details.get("messages", []))) if isinstance(details, dict) else ""
    return RequestRejected(code, f"{method}: {code}" + (f" ({why})" if why else ""))


def _wait(headers: Mapping[str, Any]) -> float:
    """Seconds that Slack asks to wait."""
    named = {name.lower(): value for name, value in headers.items()}
    after = named.get("retry-after", 1)
    try:
        return max(1.0, float(after[0] if isinstance(after, list) else after))
    except ValueError:
        return 1.0


def _metadata(mark: str) -> dict[str, Any]:
    return {"event_type": _MARK, "event_payload": {"item": mark}}


def _content(message: Message) -> dict[str, Any]:
    # Without blocks those of the message before would stay.
    return {"text": message.text, "blocks": list(message.blocks)}
