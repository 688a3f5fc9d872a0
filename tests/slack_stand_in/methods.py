"""The methods that read, and the ones for what Slack shows next to messages."""

import base64
import binascii
import copy
from collections.abc import Callable
from dataclasses import dataclass

from slack_stand_in import limits
from slack_stand_in.limits import SlackError, missing
from slack_stand_in.messages import Messages, required, text_of
from slack_stand_in.payloads import new_id
from slack_stand_in.workspace import (
    BOT,
    BOT_USER,
    TEAM,
    TEAM_DOMAIN,
    TEAM_NAME,
    Channel,
    Json,
    Workspace,
    is_reply,
)

_MAX_PAGE = 1000  # documented
_DEFAULT_PAGE = 100
_TRUE = (True, 1, "1", "true", "True")


@dataclass
class Methods:
    """Answers calls of the bot; `need_scope` raises SlackError if the app lacks a scope."""

    workspace: Workspace
    messages: Messages
    need_scope: Callable[[str], None]

    def identity(self, _: Json) -> Json:
        """auth.test"""
        return {
            "ok": True,
            "url": f"https://{TEAM_DOMAIN}.slack.com/",
            "team": TEAM_NAME,
            "user": self.workspace.users[BOT_USER].name,
            "team_id": TEAM,
            "user_id": BOT_USER,
            "bot_id": BOT,
            "is_enterprise_install": False,
        }

    def replies(self, arguments: Json) -> Json:
        """conversations.replies"""
        channel = self._readable(arguments)
        message = channel.messages.get(required(arguments, "ts"))
        if message is None:
            raise SlackError("thread_not_found")
        root = channel.messages[message["thread_ts"]] if is_reply(message) else message
        found = _between(self.workspace.replies(channel, root["ts"]), arguments)
        # Observed: the first message of the thread is on every page.
        return _page(found, arguments, _MAX_PAGE, first=[root])

    def history(self, arguments: Json) -> Json:
        """conversations.history"""
        channel = self._readable(arguments)
        roots = [one for one in channel.messages.values() if not is_reply(one)]
        return _page(_between(roots, arguments)[::-1], arguments, _DEFAULT_PAGE)

    def _readable(self, arguments: Json) -> Channel:
        channel = self.messages.channel(arguments)
        self.need_scope("im:history" if channel.kind == "im" else "channels:history")
        return channel

    def open(self, arguments: Json) -> Json:
        """conversations.open, with one user"""
        users = text_of(arguments, "users")
        if not users:
            raise SlackError("users_list_not_supplied")
        channel = self.workspace.direct(users)
        if channel is None:
            raise SlackError("user_not_found")
        return {"ok": True, "already_open": True, "channel": {"id": channel.id}}

    def publish(self, arguments: Json) -> Json:
        """views.publish"""
        user = self.workspace.users.get(required(arguments, "user_id"))
        if user is None or user.is_bot:
            raise SlackError("user_not_found")
        view = limits.check_view(arguments.get("view"))
        return {"ok": True, "view": self.workspace.publish(user.id, view, new_id("V"))}

    def set_status(self, arguments: Json) -> Json:
        """assistant.threads.setStatus"""
        channel = self.messages.channel(arguments, "channel_id")
        ts = required(arguments, "thread_ts")
        if ts not in channel.messages:
            raise SlackError("thread_not_found")
        if "status" not in arguments:
            raise missing("status")
        self.workspace.statuses[channel.id, ts] = text_of(arguments, "status")
        self.workspace.changed()
        return {"ok": True}

    def set_prompts(self, arguments: Json) -> Json:
        """assistant.threads.setSuggestedPrompts"""
        channel = self.messages.channel(arguments, "channel_id")
        ts = text_of(arguments, "thread_ts")
        if ts and ts not in channel.messages:
            raise SlackError("thread_not_found")
        prompts = limits.check_prompts(arguments.get("prompts"))
        self.workspace.prompts[channel.id, ts] = prompts
        self.workspace.changed()
        return {"ok": True}


def _between(messages: list[Json], arguments: Json) -> list[Json]:
    """The messages between `oldest` and `latest`; including these two only if `inclusive`."""
    oldest, latest = text_of(arguments, "oldest"), text_of(arguments, "latest")
    low = _time(oldest) if oldest else (0, 0)
    high = _time(latest) if latest else (2**63, 0)
    ends = (low, high) if arguments.get("inclusive") in _TRUE else ()
    times = [(message, _time(message["ts"])) for message in messages]
    return [message for message, time in times if low < time < high or time in ends]


def _page(
    messages: list[Json], arguments: Json, default: int, first: list[Json] | None = None
) -> Json:
    limit = text_of(arguments, "limit") or str(default)
    if not limit.isdigit() or not 1 <= int(limit) <= _MAX_PAGE:
        raise SlackError("invalid_limit")
    size = max(1, int(limit) - len(first or []))
    start = _start(messages, text_of(arguments, "cursor"))
    page = copy.deepcopy([*(first or []), *messages[start : start + size]])
    if arguments.get("include_all_metadata") not in _TRUE:
        for message in page:
            message.pop("metadata", None)
    following = messages[start + size :]
    answer: Json = {"ok": True, "messages": page, "has_more": bool(following)}
    if following:
        cursor = base64.b64encode(f"next_ts:{following[0]['ts']}".encode()).decode()
        answer["response_metadata"] = {"next_cursor": cursor}
    return answer


def _start(messages: list[Json], cursor: str) -> int:
    """The index of the message that a cursor names."""
    if not cursor:
        return 0
    try:
        ts = base64.b64decode(cursor, validate=True).decode().removeprefix("next_ts:")
        return [message["ts"] for message in messages].index(ts)
    except (binascii.Error, ValueError) as error:
        raise SlackError("invalid_cursor") from error


def _time(ts: str) -> tuple[int, int]:
    """A ts, or a number of seconds, in a form that compares exactly."""
    seconds, _, micro = ts.partition(".")
    try:
        return int(seconds), int(micro[:6].ljust(6, "0"))
    except ValueError as error:
        raise SlackError("invalid_ts_oldest") from error
