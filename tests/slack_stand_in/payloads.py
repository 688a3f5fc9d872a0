"""What Slack sends: events, slash commands and actions, in the shape that it gives them."""

import html
import itertools
import re
import secrets
from typing import Any

from slack_stand_in.options import Options
from slack_stand_in.workspace import (
    APP,
    BOT,
    BOT_USER,
    TEAM,
    TEAM_DOMAIN,
    Channel,
    Json,
    Workspace,
    elements_of,
)

_CHANNEL_TYPES = {"channel": "channel", "group": "group", "im": "im"}
_SUBSCRIPTIONS = {"channel": "message.channels", "group": "message.groups", "im": "message.im"}
_REFERENCE = re.compile(r"<([^<>\n]+)>")
_numbers = itertools.count(1)


def subscription(event: Json) -> str:
    """The name under which an app subscribes to an event."""
    kind = str(event.get("type", ""))
    return _SUBSCRIPTIONS[event["channel_type"]] if kind == "message" else kind


def identified(prefix: str) -> str:
    """An id such as Slack makes up, unlike all others."""
    return f"{prefix}0{next(_numbers):07d}"


# --- events --------------------------------------------------------------------------------------


def message_event(channel: Channel, message: Json) -> Json:
    """Somebody has written something."""
    return {
        **_without_metadata(message),
        "channel": channel.id,
        "event_ts": message["ts"],
        "channel_type": _CHANNEL_TYPES[channel.kind],
    }


def mention_event(channel: Channel, message: Json) -> Json:
    """Somebody has named the bot in a channel; it comes beside the event of the message."""
    told = {name: value for name, value in message.items() if name not in ("subtype", "metadata")}
    return {**told, "type": "app_mention", "channel": channel.id, "event_ts": message["ts"]}


def changed_event(channel: Channel, message: Json, previous: Json, ts: str) -> Json:
    return {
        "type": "message",
        "subtype": "message_changed",
        "message": _without_metadata(message),
        "previous_message": _without_metadata(previous),
        "channel": channel.id,
        "hidden": True,
        "ts": ts,
        "event_ts": ts,
        "channel_type": _CHANNEL_TYPES[channel.kind],
    }


def deleted_event(channel: Channel, previous: Json, ts: str) -> Json:
    return {
        "type": "message",
        "subtype": "message_deleted",
        "previous_message": _without_metadata(previous),
        "channel": channel.id,
        "hidden": True,
        "deleted_ts": previous["ts"],
        "ts": ts,
        "event_ts": ts,
        "channel_type": _CHANNEL_TYPES[channel.kind],
    }


def home_event(user: str, channel: Channel, tab: str, view: Json | None, ts: str) -> Json:
    shown = {"view": view} if view and tab == "home" else {}
    return {
        "type": "app_home_opened",
        "user": user,
        "channel": channel.id,
        "tab": tab,
        **shown,
        "event_ts": ts,
    }


def thread_started_event(user: str, channel: Channel, root: str, ts: str) -> Json:
    thread = {"user_id": user, "context": {}, "channel_id": channel.id, "thread_ts": root}
    return {"type": "assistant_thread_started", "assistant_thread": thread, "event_ts": ts}


def callback(event: Json, options: Options, now: float) -> Json:
    """The envelope of an event."""
    return {
        "token": options.verification_token,
        "team_id": TEAM,
        "context_team_id": TEAM,
        "context_enterprise_id": None,
        "api_app_id": APP,
        "event": event,
        "type": "event_callback",
        "event_id": identified("Ev"),
        "event_time": int(now),
        "authorizations": [
            {
                "enterprise_id": None,
                "team_id": TEAM,
                "user_id": BOT_USER,
                "is_bot": True,
                "is_enterprise_install": False,
            }
        ],
        "is_ext_shared_channel": False,
        "event_context": f"4-{secrets.token_urlsafe(24)}",
    }


def verification(options: Options, challenge: str) -> Json:
    """What Slack asks when the address is first named to it."""
    token = options.verification_token
    return {"token": token, "challenge": challenge, "type": "url_verification"}


# --- commands and actions ------------------------------------------------------------------------


def command(
    workspace: Workspace, channel: Channel, user: str, name: str, text: str, response_url: str
) -> dict[str, str]:
    """The form of a slash command, the verification token left out."""
    return {
        "team_id": TEAM,
        "team_domain": TEAM_DOMAIN,
        "channel_id": channel.id,
        "channel_name": "directmessage" if channel.kind == "im" else channel.name,
        "user_id": user,
        "user_name": workspace.people[user].name,
        "command": name,
        "text": text,
        "api_app_id": APP,
        "is_enterprise_install": "false",
        "response_url": response_url,
        "trigger_id": _trigger(),
    }


def message_actions(
    workspace: Workspace,
    channel: Channel,
    user: str,
    shown: Json,
    action: Json,
    response_url: str,
    *,
    is_ephemeral: bool,
) -> Json:
    """Somebody has pressed a button of a message."""
    container = {
        "type": "message",
        "message_ts": shown["ts"],
        "channel_id": channel.id,
        "is_ephemeral": is_ephemeral,
    }
    if "thread_ts" in shown:
        container["thread_ts"] = shown["thread_ts"]
    # An ephemeral message is not told with what was pressed in it.
    message = {} if is_ephemeral else {"message": workspace.presented(channel, shown)}
    name = "directmessage" if channel.kind == "im" else channel.name
    return {
        **_actions(workspace, user, container, action),
        "channel": {"id": channel.id, "name": name},
        **message,
        "state": {"values": {}},
        "response_url": response_url,
    }


def view_actions(workspace: Workspace, user: str, view: Json, action: Json) -> Json:
    """Somebody has pressed a button of the home view."""
    container = {"type": "view", "view_id": view["id"]}
    return {**_actions(workspace, user, container, action), "view": view}


def _actions(workspace: Workspace, user: str, container: Json, action: Json) -> Json:
    person = workspace.people[user]
    return {
        "type": "block_actions",
        "user": {"id": user, "username": person.name, "name": person.name, "team_id": TEAM},
        "api_app_id": APP,
        "container": container,
        "trigger_id": _trigger(),
        "team": {"id": TEAM, "domain": TEAM_DOMAIN},
        "enterprise": None,
        "is_enterprise_install": False,
        "actions": [action],
    }


def action_of(
    blocks: list[Json], block_id: str | None, action_id: str, value: str | None, ts: str
) -> Json | None:
    """What is told of a button that somebody presses; None where there is no such button."""
    for block in blocks:
        if block_id not in (None, block["block_id"]):
            continue
        for element in elements_of(block):
            if element.get("action_id") == action_id:
                return _pressed(block, element, value, ts)
    return None


def _pressed(block: Json, element: Json, value: str | None, ts: str) -> Json | None:
    """One of the two buttons of feedback is told by its value."""
    told: Json = {
        "type": element["type"],
        "action_id": element["action_id"],
        "block_id": block["block_id"],
        "action_ts": ts,
    }
    button = element
    if element["type"] == "feedback_buttons":
        pair = [element["positive_button"], element["negative_button"]]
        buttons = [each for each in pair if value in (None, each["value"])]
        if not buttons:
            return None
        button = buttons[0]
    told |= {name: button[name] for name in ("text", "value", "icon") if name in button}
    if value is not None and element["type"] != "feedback_buttons":
        told["value"] = value
    return told


def rich_text_of(text: str) -> Json:
    """What somebody has written, as the block that Slack makes of it."""
    parts: list[Json] = []
    for number, piece in enumerate(_REFERENCE.split(text)):
        if piece:
            parts.append(_referred(piece) if number % 2 else _plain(piece))
    section = {"type": "rich_text_section", "elements": parts}
    return {"type": "rich_text", "elements": [section]}


def _plain(piece: str) -> Json:
    return {"type": "text", "text": html.unescape(piece)}


def _referred(piece: str) -> Json:
    target, _, label = piece.partition("|")
    if target.startswith("@"):
        return {"type": "user", "user_id": target[1:]}
    if target.startswith("#"):
        return {"type": "channel", "channel_id": target[1:]}
    if target.startswith("!"):
        return {"type": "broadcast", "range": target[1:]}
    named = {"text": html.unescape(label)} if label else {}
    return {"type": "link", "url": html.unescape(target), **named}


def _without_metadata(message: Json) -> Json:
    return {name: value for name, value in message.items() if name != "metadata"}


def _trigger() -> str:
    return f"{next(_numbers)}.{secrets.randbelow(10**9)}.{secrets.token_hex(16)}"


def mentions_bot(text: str) -> bool:
    return bool(re.search(rf"<@{BOT_USER}(\|[^>]*)?>", text))


def posted_by_bot(event: Any) -> bool:
    """Whether an event tells of what the bot itself has done."""
    message = event.get("message", event.get("previous_message", event))
    return bool(message.get("bot_id") == BOT)
