"""The state of a workspace: users, channels, messages, and what Slack shows next to them."""

import copy
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]

TEAM = "T0STANDIN"
TEAM_NAME = "Garden club"
TEAM_DOMAIN = "garden-club"
APP = "A0STANDIN"
BOT_USER = "U0ASSISTANT"
BOT = "B0ASSISTANT"
SLACK_BOT = "USLACKBOT"  # the author of Slack's own messages


@dataclass(frozen=True)
class User:
    """A member of the workspace, the bot included."""

    id: str
    name: str
    real_name: str
    is_bot: bool = False


@dataclass
class Channel:
    """A public channel, or a direct message with the bot (kind "im")."""

    id: str
    name: str
    kind: str = "channel"
    members: set[str] = field(default_factory=set)
    messages: dict[str, Json] = field(default_factory=dict)  # by ts, in the order of time

    @property
    def has_bot(self) -> bool:
        """Whether the bot is a member."""
        return BOT_USER in self.members


@dataclass
class Ephemeral:
    """A message that only one user sees, and that no method returns."""

    channel: str
    user: str
    message: Json


class Workspace:
    """Two users, three channels, and a direct message with the bot for each user.

    Belongs to one event loop: nothing is locked, and nothing waits.
    """

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._last_ts = 0  # microseconds
        self.version = 0  # grows with every change
        users = (
            User("U0ADA", "ada", "Ada"),
            User("U0GRACE", "grace", "Grace"),
            User(BOT_USER, "assistant", "Assistant", is_bot=True),
        )
        self.users = {user.id: user for user in users}
        everyone = set(self.users)
        channels = (
            Channel("C0GENERAL", "general", members=everyone),
            Channel("C0HELP", "help", members=everyone),
            Channel("C0RANDOM", "random", members=everyone - {BOT_USER}),
            Channel("D0ADA", "ada", "im", {"U0ADA", BOT_USER}),
            Channel("D0GRACE", "grace", "im", {"U0GRACE", BOT_USER}),
        )
        self.channels = {channel.id: channel for channel in channels}
        self.ephemerals: list[Ephemeral] = []
        self.statuses: dict[tuple[str, str], str] = {}  # by channel and thread
        self.prompts: dict[tuple[str, str], list[Json]] = {}  # by channel and thread ("": none)
        self.views: dict[str, Json] = {}  # the home view of each user

    def now(self) -> float:
        """The time in seconds since 1970."""
        return self._clock()

    def next_ts(self) -> str:
        """The time as Slack writes it; unique and increasing."""
        self._last_ts = max(int(self._clock() * 1_000_000), self._last_ts + 1)
        return f"{self._last_ts // 1_000_000}.{self._last_ts % 1_000_000:06d}"

    def changed(self) -> None:
        """Marks the state as changed, so that the page shows it."""
        self.version += 1

    def channel(self, name: str) -> Channel | None:
        """The channel with this id or name; `#` in front is ignored."""
        found = self.channels.get(name)
        public = (channel for channel in self.channels.values() if channel.kind != "im")
        return found or next((c for c in public if c.name == name.removeprefix("#")), None)

    def user(self, name: str) -> User | None:
        """The user with this id or name."""
        return next((user for user in self.users.values() if name in (user.id, user.name)), None)

    def direct(self, user: str) -> Channel | None:
        """The direct message of a user with the bot."""
        channels = self.channels.values()
        return next((c for c in channels if c.kind == "im" and user in c.members), None)

    def replies(self, channel: Channel, root: str) -> list[Json]:
        """The messages of a thread after its first one."""
        messages = channel.messages.values()
        return [one for one in messages if is_reply(one) and one["thread_ts"] == root]

    def ephemeral(self, ts: str) -> Ephemeral | None:
        """The ephemeral message with this ts."""
        return next((one for one in self.ephemerals if one.message["ts"] == ts), None)

    def new_message(
        self, author: str, text: str, blocks: Sequence[Json], root: Json | None
    ) -> Json:
        """Builds a message that is in no channel yet; `root` is the first one of its thread."""
        ts = self.next_ts()
        message: Json = {"type": "message", "user": author, "ts": ts, "team": TEAM, "text": text}
        if author == BOT_USER:
            message |= {"bot_id": BOT, "app_id": APP}
        if blocks:
            message["blocks"] = with_defaults(blocks, ts)
        if root is not None:
            message |= {"thread_ts": root["ts"], "parent_user_id": root["user"]}
        return message

    def add(self, channel: Channel, message: Json) -> None:
        """Adds a message to a channel."""
        channel.messages[message["ts"]] = message
        if message["user"] == BOT_USER and is_reply(message):
            # Slack clears the status of a thread when the bot posts in it.
            self.statuses.pop((channel.id, message["thread_ts"]), None)
        self.changed()

    def edit(self, channel: Channel, ts: str, changes: Json) -> Json:
        """Changes the content of a message and marks it as edited; returns the previous message."""
        message = channel.messages[ts]
        previous = copy.deepcopy(message)
        message.update(changes)
        if "blocks" in changes:
            message["blocks"] = with_defaults(changes["blocks"], self.next_ts())
        message["edited"] = {"user": message["user"], "ts": self.next_ts()}
        self.changed()
        return previous

    def remove(self, channel: Channel, ts: str) -> tuple[Json, Json | None]:
        """Deletes a message; returns it, and the tombstone that replaces it if it had replies."""
        message = channel.messages[ts]
        tombstone: Json | None = None
        if self.replies(channel, ts):
            tombstone = {"type": "message", "subtype": "tombstone", "hidden": True, "ts": ts}
            tombstone |= {"user": SLACK_BOT, "text": "This message was deleted.", "thread_ts": ts}
            channel.messages[ts] = tombstone
        else:
            del channel.messages[ts]
        self.changed()
        return message, tombstone

    def publish(self, user: str, view: Json, view_id: str) -> Json:
        """Replaces the home view of a user, which keeps its id."""
        previous = self.views.get(user)
        self.views[user] = {
            "id": previous["id"] if previous else view_id,
            "team_id": TEAM,
            "type": "home",
            "blocks": with_defaults(view["blocks"], self.next_ts()),
            "state": {"values": {}},
            "hash": self.next_ts(),
            "app_id": APP,
            "bot_id": BOT,
        }
        self.changed()
        return copy.deepcopy(self.views[user])

    def add_ephemeral(self, channel: Channel, user: str, message: Json) -> None:
        """Shows a message to one user only."""
        self.ephemerals.append(Ephemeral(channel.id, user, message))
        self.changed()


def is_reply(message: Json) -> bool:
    """Whether a message is in a thread, and not its first one."""
    return bool(message.get("thread_ts", message["ts"]) != message["ts"])


def with_defaults(blocks: Sequence[Json], salt: str) -> list[Json]:
    """Returns blocks as Slack stores them: with their ids."""
    stored = [copy.deepcopy(block) for block in blocks]
    for number, block in enumerate(stored):
        block.setdefault("block_id", f"b{salt}-{number}")
        for place, element in enumerate(elements_of(block)):
            element.setdefault("action_id", f"a{salt}-{number}-{place}")
    return stored


def elements_of(block: Json) -> list[Json]:
    """The interactive elements of a block."""
    is_interactive = block["type"] in ("actions", "context_actions")
    elements: list[Json] = block["elements"] if is_interactive else []
    return elements
