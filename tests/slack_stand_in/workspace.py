"""What a workspace holds: people, channels, messages, and what is shown beside them. It belongs to
one event loop: nothing in it is locked, and nothing in it waits."""

import copy
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]

TEAM = "T0STANDIN"
TEAM_NAME = "Garden club"
TEAM_DOMAIN = "garden-club"
APP = "A0STANDIN"
BOT_USER = "U0ASSISTANT"
BOT = "B0ASSISTANT"
SLACK_BOT = "USLACKBOT"  # who speaks where a message with replies was deleted
_PALETTE = ("0b5c6b", "8a4b12", "5b4a94")


@dataclass(frozen=True)
class Person:
    """A member of the workspace, the bot included."""

    id: str
    name: str
    real_name: str
    is_bot: bool = False
    time_zone: str = "Europe/London"
    locale: str = "en-GB"
    color: str = _PALETTE[0]


@dataclass
class Channel:
    """A public channel, a private one (group), or a direct message with the bot (im)."""

    id: str
    name: str
    kind: str = "channel"
    members: set[str] = field(default_factory=set)
    # By ts, and so by time: no ts is ever smaller than the one before.
    messages: dict[str, Json] = field(default_factory=dict)

    @property
    def has_bot(self) -> bool:
        return BOT_USER in self.members


@dataclass
class Ephemeral:
    """A message that one member sees, and that no method reads back."""

    channel: str
    user: str
    message: Json


class Workspace:
    """The workspace as the bot finds it: two people, three channels, and a direct message each."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._last = 0  # microseconds of the newest ts
        self.version = 0
        self.on_change: Callable[[], None] = lambda: None
        ada = Person("U0ADA", "ada", "Ada", color=_PALETTE[1])
        grace = Person("U0GRACE", "grace", "Grace", color=_PALETTE[2])
        bot = Person(BOT_USER, "assistant", "Assistant", is_bot=True)
        self.people = {person.id: person for person in (ada, grace, bot)}
        everybody = {ada.id, grace.id}
        channels = [
            Channel("C0GENERAL", "general", members=everybody | {BOT_USER}),
            Channel("C0HELP", "help", members=everybody | {BOT_USER}),
            Channel("C0RANDOM", "random", members=set(everybody)),
            Channel("D0ADA", "ada", "im", {ada.id, BOT_USER}),
            Channel("D0GRACE", "grace", "im", {grace.id, BOT_USER}),
        ]
        self.channels = {channel.id: channel for channel in channels}
        self.ephemerals: list[Ephemeral] = []
        self.statuses: dict[tuple[str, str], Json] = {}  # by channel and thread
        self.prompts: dict[tuple[str, str], Json] = {}  # by channel and thread, "" outside of any
        self.titles: dict[tuple[str, str], str] = {}
        self.views: dict[str, Json] = {}  # the home view of each user

    # --- time ----------------------------------------------------------------------------------

    def now(self) -> float:
        return self._clock()

    def next_ts(self) -> str:
        """The time as Slack writes it, never the same twice and never going back."""
        self._last = max(int(self._clock() * 1_000_000), self._last + 1)
        return f"{self._last // 1_000_000}.{self._last % 1_000_000:06d}"

    def changed(self) -> None:
        """Says that something is other than it was."""
        self.version += 1
        self.on_change()

    # --- finding -------------------------------------------------------------------------------

    def channel(self, named: str) -> Channel | None:
        """The channel of this id, or of this name, with or without its sign."""
        if named in self.channels:
            return self.channels[named]
        name = named.removeprefix("#")
        public = (channel for channel in self.channels.values() if channel.kind != "im")
        return next((channel for channel in public if channel.name == name), None)

    def person(self, named: str) -> Person | None:
        """The person of this id or name."""
        if named in self.people:
            return self.people[named]
        everybody = self.people.values()
        return next((one for one in everybody if named in (one.name, one.real_name)), None)

    def direct(self, user: str) -> Channel | None:
        """The direct message of a person with the bot."""
        everywhere = self.channels.values()
        return next((one for one in everywhere if one.kind == "im" and user in one.members), None)

    def replies(self, channel: Channel, root: str) -> list[Json]:
        """The messages of a thread after its first one."""
        return [
            one for one in channel.messages.values() if is_reply(one) and one["thread_ts"] == root
        ]

    def roots(self, channel: Channel) -> list[Json]:
        """The messages that stand in the channel itself."""
        shown = (one for one in channel.messages.values() if not is_reply(one))
        return list(shown)

    def presented(self, channel: Channel, message: Json) -> Json:
        """A message as Slack gives it out: with what is known of its thread, and no metadata."""
        given = copy.deepcopy(message)
        given.pop("metadata", None)
        replies = [] if is_reply(message) else self.replies(channel, message["ts"])
        if replies:
            users = list(dict.fromkeys(reply["user"] for reply in replies))
            given |= {
                "thread_ts": message["ts"],
                "reply_count": len(replies),
                "reply_users_count": len(users),
                "latest_reply": replies[-1]["ts"],
                "reply_users": users,
                "is_locked": False,
                "subscribed": any(reply["user"] == BOT_USER for reply in replies),
            }
        return given

    # --- messages ------------------------------------------------------------------------------

    def new_message(
        self, author: str, text: str, blocks: Sequence[Json], root: Json | None
    ) -> Json:
        """A new message, which is nowhere yet."""
        message: Json = {
            "type": "message",
            "user": author,
            "ts": self.next_ts(),
            "team": TEAM,
            "text": text,
        }
        if author == BOT_USER:
            message |= {"bot_id": BOT, "app_id": APP, "bot_profile": self._profile()}
        if blocks:
            message["blocks"] = with_defaults(blocks, message["ts"])
        if root is not None:
            message |= {"thread_ts": root["ts"], "parent_user_id": root["user"]}
        return message

    def _profile(self) -> Json:
        bot = self.people[BOT_USER]
        return {
            "id": BOT,
            "app_id": APP,
            "user_id": BOT_USER,
            "name": bot.real_name,
            "team_id": TEAM,
            "deleted": False,
        }

    def add(self, channel: Channel, message: Json) -> None:
        channel.messages[message["ts"]] = message
        if message["user"] == BOT_USER and is_reply(message):
            # Slack takes a status away as soon as the bot has said something in the thread.
            self.statuses.pop((channel.id, message["thread_ts"]), None)
        self.changed()

    def edit(self, channel: Channel, ts: str, changes: Json) -> Json:
        """Gives a message another content, marked as edited. Returns it as it was."""
        message = channel.messages[ts]
        previous = copy.deepcopy(message)
        message.update(changes)
        if "blocks" in changes:
            message["blocks"] = with_defaults(changes["blocks"], self.next_ts())
        message["edited"] = {"user": message["user"], "ts": self.next_ts()}
        self.changed()
        return previous

    def finished(self, text: str, closing: Sequence[Json]) -> list[Json]:
        """The blocks of a stream that has ended."""
        told = [{"type": "markdown", "text": text}] if text.strip() else []
        return with_defaults([*told, *closing], self.next_ts())

    def remove(self, channel: Channel, ts: str) -> tuple[Json, Json | None]:
        """Takes a message away. Returns it, and what stands in its place where it had replies."""
        message = channel.messages[ts]
        tombstone = None
        if not is_reply(message) and self.replies(channel, ts):
            tombstone = {
                "type": "message",
                "subtype": "tombstone",
                "user": SLACK_BOT,
                "text": "This message was deleted.",
                "hidden": True,
                "ts": ts,
                "thread_ts": ts,
            }
            channel.messages[ts] = tombstone
        else:
            del channel.messages[ts]
        self.changed()
        return message, tombstone

    def publish(self, user: str, view: Json, view_id: str) -> Json:
        """Makes a view somebody's home, under the id that their home always has."""
        previous = self.views.get(user)
        kept: Json = {
            "id": previous["id"] if previous else view_id,
            "team_id": TEAM,
            "type": "home",
            "blocks": with_defaults(view["blocks"], self.next_ts()),
            "private_metadata": view.get("private_metadata", ""),
            "callback_id": view.get("callback_id", ""),
            "external_id": view.get("external_id", ""),
            "state": {"values": {}},
            "hash": self.next_ts(),
            "app_id": APP,
            "bot_id": BOT,
            "app_installed_team_id": TEAM,
        }
        self.views[user] = kept
        self.changed()
        return copy.deepcopy(kept)

    def whisper(self, channel: Channel, user: str, message: Json) -> None:
        """Shows a message to one member only."""
        self.ephemerals.append(Ephemeral(channel.id, user, message))
        self.changed()

    def ephemeral(self, ts: str) -> Ephemeral | None:
        return next((one for one in self.ephemerals if one.message["ts"] == ts), None)


def is_reply(message: Json) -> bool:
    return bool(message.get("thread_ts", message["ts"]) != message["ts"])


def with_defaults(blocks: Sequence[Json], salt: str) -> list[Json]:
    """Blocks as Slack keeps them: what may be left out and what has a default is filled in."""
    kept = [copy.deepcopy(block) for block in blocks]
    for number, block in enumerate(kept):
        block.setdefault("block_id", _made(f"{salt}/{number}"))
        for place, element in enumerate(elements_of(block)):
            if element.get("type") in ("button", "icon_button", "feedback_buttons"):
                element.setdefault("action_id", _made(f"{salt}/{number}/{place}"))
        _fill_texts(block)
    return kept


def elements_of(block: Json) -> Iterator[Json]:
    """The elements of a block that can be acted on."""
    if block["type"] in ("actions", "context_actions"):
        yield from block["elements"]
    if isinstance(block.get("accessory"), dict):
        yield block["accessory"]


def _fill_texts(node: Any) -> None:
    if isinstance(node, list):
        for item in node:
            _fill_texts(item)
    elif isinstance(node, dict):
        if node.get("type") == "mrkdwn":
            node.setdefault("verbatim", False)
        if node.get("type") == "plain_text":
            node.setdefault("emoji", True)
        for value in node.values():
            _fill_texts(value)


def _made(salt: str) -> str:
    """A short name like those that Slack makes up."""
    number = 0
    for character in salt:
        number = (number * 131 + ord(character)) % 36**5
    digits = "0123456789abcdefghijklmnopqrstuvwxyz"
    name = ""
    for _ in range(5):
        number, digit = divmod(number, 36)
        name += digits[digit]
    return name
