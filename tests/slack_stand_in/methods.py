"""The methods that read, and those for what is shown beside messages: conversations, users, the
home view, and the assistant's threads."""

import base64
import binascii
import copy
from collections.abc import Callable
from typing import Any

from slack_stand_in import arguments as given
from slack_stand_in import limits
from slack_stand_in.limits import Refused, missing
from slack_stand_in.messages import Chat
from slack_stand_in.options import Options
from slack_stand_in.payloads import identified
from slack_stand_in.workspace import (
    APP,
    BOT,
    BOT_USER,
    TEAM,
    TEAM_DOMAIN,
    TEAM_NAME,
    Channel,
    Json,
    Person,
    Workspace,
    is_reply,
)

_MOST_ITEMS = 1000  # documented: of a page of messages
_USUAL_ITEMS = 100
_READS = {"channel": "channels", "group": "groups", "im": "im"}
Need = Callable[..., None]


class Methods:
    """Answers as the bot is answered. `need` refuses what its scopes do not allow."""

    def __init__(self, workspace: Workspace, options: Options, chat: Chat, need: Need) -> None:
        self._workspace = workspace
        self._options = options
        self._chat = chat
        self._need = need

    def who(self, _: Json) -> Json:
        """auth.test"""
        return {
            "ok": True,
            "url": f"https://{TEAM_DOMAIN}.slack.com/",
            "team": TEAM_NAME,
            "user": self._workspace.people[BOT_USER].name,
            "team_id": TEAM,
            "user_id": BOT_USER,
            "bot_id": BOT,
            "is_enterprise_install": False,
        }

    # --- conversations -------------------------------------------------------------------------

    def replies(self, arguments: Json) -> Json:
        """conversations.replies"""
        channel = self._readable(arguments)
        [ts] = given.needed(arguments, "ts")
        named = channel.messages.get(ts)
        if named is None:
            raise Refused("thread_not_found")
        root = channel.messages.get(named["thread_ts"]) if is_reply(named) else named
        if root is None:
            raise Refused("thread_not_found")
        within = self._within(self._workspace.replies(channel, root["ts"]), arguments)
        limit = given.number(arguments, "limit", _MOST_ITEMS, _MOST_ITEMS)
        start = _after(arguments, within)
        # Observed: the first message of the thread stands on every page.
        page = within[start : start + max(1, limit - 1)]
        following = within[start + len(page) :]
        return self._page(channel, [root, *page], following, arguments)

    def history(self, arguments: Json) -> Json:
        """conversations.history"""
        channel = self._readable(arguments)
        within = self._within(self._workspace.roots(channel), arguments)[::-1]
        limit = given.number(arguments, "limit", _USUAL_ITEMS, _MOST_ITEMS)
        start = _after(arguments, within)
        page = within[start : start + limit]
        answer = self._page(channel, page, within[start + len(page) :], arguments)
        return {**answer, "pin_count": 0}

    def _page(
        self, channel: Channel, page: list[Json], following: list[Json], arguments: Json
    ) -> Json:
        with_metadata = given.flag(arguments, "include_all_metadata")
        messages = []
        for message in page:
            shown = self._workspace.presented(channel, message)
            if with_metadata and "metadata" in message:
                shown["metadata"] = copy.deepcopy(message["metadata"])
            messages.append(shown)
        answer: Json = {"ok": True, "messages": messages, "has_more": bool(following)}
        if following:
            answer["response_metadata"] = {"next_cursor": _cursor(following[0]["ts"])}
        return answer

    def _within(self, messages: list[Json], arguments: Json) -> list[Json]:
        """Those between `oldest` and `latest`; these two themselves only where it is said so."""
        oldest = given.text(arguments, "oldest") or "0"
        latest = given.text(arguments, "latest")
        inclusive = given.flag(arguments, "inclusive")
        low, high = _time(oldest), _time(latest) if latest else None
        kept = []
        for message in messages:
            at = _time(message["ts"])
            after = at > low or (inclusive and at == low)
            before = high is None or at < high or (inclusive and at == high)
            if after and before:
                kept.append(message)
        return kept

    def _readable(self, arguments: Json) -> Channel:
        channel = self._chat.channel(arguments)
        self._need(f"{_READS[channel.kind]}:history")
        return channel

    def info(self, arguments: Json) -> Json:
        """conversations.info"""
        channel = self._workspace.channel(given.text(arguments, "channel"))
        if channel is None:
            raise Refused("channel_not_found")
        self._need(f"{_READS[channel.kind]}:read")
        told = self._told(channel)
        if given.flag(arguments, "include_num_members"):
            told["num_members"] = len(channel.members)
        return {"ok": True, "channel": told}

    def open(self, arguments: Json) -> Json:
        """conversations.open"""
        named = given.text(arguments, "channel")
        users = [user for user in given.text(arguments, "users").split(",") if user]
        if not named and not users:
            raise Refused("users_list_not_supplied")
        if len(users) > 1:
            raise Refused("not_enough_users")  # a conversation of several is not simulated
        channel = self._workspace.channel(named) if named else self._workspace.direct(users[0])
        if channel is None or channel.kind != "im":
            raise Refused("channel_not_found" if named else "user_not_found")
        whole = given.flag(arguments, "return_im")
        told = self._told(channel) if whole else {"id": channel.id}
        return {"ok": True, "no_op": True, "already_open": True, "channel": told}

    def _told(self, channel: Channel) -> Json:
        """A conversation as Slack describes it."""
        if channel.kind == "im":
            [user] = channel.members - {BOT_USER}
            return {
                "id": channel.id,
                "created": 1700000000,
                "is_im": True,
                "is_org_shared": False,
                "is_archived": False,
                "user": user,
                "is_open": True,
                "context_team_id": TEAM,
            }
        return {
            "id": channel.id,
            "name": channel.name,
            "name_normalized": channel.name,
            "is_channel": channel.kind == "channel",
            "is_group": channel.kind == "group",
            "is_im": False,
            "is_mpim": False,
            "is_private": channel.kind == "group",
            "is_member": channel.has_bot,
            "is_archived": False,
            "is_general": channel.name == "general",
            "is_shared": False,
            "is_ext_shared": False,
            "is_org_shared": False,
            "created": 1700000000,
            "creator": "U0ADA",
            "context_team_id": TEAM,
            "topic": {"value": "", "creator": "", "last_set": 0},
            "purpose": {"value": "", "creator": "", "last_set": 0},
        }

    # --- people and views ----------------------------------------------------------------------

    def user(self, arguments: Json) -> Json:
        """users.info"""
        person = self._workspace.people.get(given.text(arguments, "user"))
        if person is None:
            raise Refused("user_not_found")
        told = _described(person)
        if given.flag(arguments, "include_locale"):
            told["locale"] = person.locale
        return {"ok": True, "user": told}

    def publish(self, arguments: Json) -> Json:
        """views.publish"""
        [user] = given.needed(arguments, "user_id")
        person = self._workspace.people.get(user)
        if person is None or person.is_bot:
            raise Refused("user_not_found")
        view = limits.check_view(arguments.get("view"))
        previous = self._workspace.views.get(user)
        stated = given.text(arguments, "hash")
        if stated and previous and stated != previous["hash"]:
            raise Refused("hash_conflict")
        return {"ok": True, "view": self._workspace.publish(user, view, identified("V"))}

    # --- the assistant's threads ---------------------------------------------------------------

    def status(self, arguments: Json) -> Json:
        """assistant.threads.setStatus"""
        channel, root = self._thread(arguments)
        if "status" not in arguments:
            raise missing("status")
        place = (channel.id, root["ts"])
        status = given.text(arguments, "status")
        if status:
            loading = limits.expect_loading_messages(arguments.get("loading_messages", []))
            self._workspace.statuses[place] = {"status": status, "loading_messages": loading}
        else:
            self._workspace.statuses.pop(place, None)
        self._workspace.changed()
        return {"ok": True}

    def suggest(self, arguments: Json) -> Json:
        """assistant.threads.setSuggestedPrompts"""
        channel = self._chat.channel(arguments, "channel_id")
        ts = given.text(arguments, "thread_ts")
        if ts and ts not in channel.messages:
            raise Refused("thread_not_found")
        prompts = limits.check_prompts(arguments.get("prompts"))
        told: Json = {"title": given.text(arguments, "title"), "prompts": prompts}
        self._workspace.prompts[channel.id, ts] = told
        self._workspace.changed()
        return {"ok": True}

    def title(self, arguments: Json) -> Json:
        """assistant.threads.setTitle"""
        channel, root = self._thread(arguments)
        [title] = given.needed(arguments, "title")
        self._workspace.titles[channel.id, root["ts"]] = title
        self._workspace.changed()
        return {"ok": True}

    def _thread(self, arguments: Json) -> tuple[Channel, Json]:
        channel = self._chat.channel(arguments, "channel_id")
        [ts] = given.needed(arguments, "thread_ts")
        root = channel.messages.get(ts)
        if root is None:
            raise Refused("thread_not_found")
        return channel, root


def _described(person: Person) -> Json:
    return {
        "id": person.id,
        "team_id": TEAM,
        "name": person.name,
        "deleted": False,
        "color": person.color,
        "real_name": person.real_name,
        "tz": person.time_zone,
        "tz_label": "Greenwich Mean Time",
        "tz_offset": 0,
        "profile": {
            "real_name": person.real_name,
            "display_name": person.name,
            "real_name_normalized": person.real_name,
            "display_name_normalized": person.name,
            "team": TEAM,
            **({"api_app_id": APP, "bot_id": BOT} if person.is_bot else {}),
        },
        "is_admin": False,
        "is_owner": False,
        "is_restricted": False,
        "is_ultra_restricted": False,
        "is_bot": person.is_bot,
        "is_app_user": False,
        "updated": 1700000000,
    }


def _time(ts: str) -> tuple[int, int]:
    """A ts, or a plain number of seconds, as something that can be compared exactly."""
    seconds, _, micro = ts.partition(".")
    try:
        return int(seconds), int(micro[:6].ljust(6, "0"))
    except ValueError as error:
        raise Refused("invalid_ts_oldest") from error


def _cursor(ts: str) -> str:
    return base64.b64encode(f"next_ts:{ts}".encode()).decode()


def _after(arguments: Json, messages: list[Any]) -> int:
    """Where the page begins that a cursor stands for."""
    cursor = given.text(arguments, "cursor")
    if not cursor:
        return 0
    try:
        name, _, ts = base64.b64decode(cursor, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError) as error:
        raise Refused("invalid_cursor") from error
    places = [number for number, message in enumerate(messages) if message["ts"] == ts]
    if name != "next_ts" or not places:
        raise Refused("invalid_cursor")
    return places[0]
