"""The payloads that Slack sends: events, slash commands and interactions."""

import html
import itertools
import re
import secrets

from slack_stand_in.options import Options
from slack_stand_in.workspace import (
    APP,
    BOT_USER,
    TEAM,
    TEAM_DOMAIN,
    Channel,
    Json,
    Workspace,
    elements_of,
)

_MENTION_OF_BOT = re.compile(rf"<@{BOT_USER}(\|[^>]*)?>")
_numbers = itertools.count(1)


def new_id(prefix: str) -> str:
    """A unique id."""
    return f"{prefix}0{next(_numbers):07d}"


def mentions_bot(text: str) -> bool:
    """Whether a text mentions the bot."""
    return bool(_MENTION_OF_BOT.search(text))


# --- events --------------------------------------------------------------------------------------


def message_event(channel: Channel, message: Json) -> Json:
    """A message was posted."""
    return {
        **_without_metadata(message),
        "channel": channel.id,
        "event_ts": message["ts"],
        "channel_type": channel.kind,
    }


def mention_event(channel: Channel, message: Json) -> Json:
    """The bot was mentioned in a channel; sent in addition to the event of the message."""
    fields = {name: value for name, value in message.items() if name not in ("subtype", "metadata")}
    return {**fields, "type": "app_mention", "channel": channel.id, "event_ts": message["ts"]}


def changed_event(channel: Channel, message: Json, previous: Json, ts: str) -> Json:
    """A message was edited."""
    changed = {"subtype": "message_changed", "message": _without_metadata(message)}
    return {**_hidden_event(channel, previous, ts), **changed}


def deleted_event(channel: Channel, previous: Json, ts: str) -> Json:
    """A message was deleted."""
    deleted = {"subtype": "message_deleted", "deleted_ts": previous["ts"]}
    return {**_hidden_event(channel, previous, ts), **deleted}


def _hidden_event(channel: Channel, previous: Json, ts: str) -> Json:
    return {
        "type": "message",
        "previous_message": _without_metadata(previous),
        "channel": channel.id,
        "hidden": True,
        "ts": ts,
        "event_ts": ts,
        "channel_type": channel.kind,
    }


def _without_metadata(message: Json) -> Json:
    return {name: value for name, value in message.items() if name != "metadata"}


def home_event(user: str, channel: Channel, tab: str, view: Json | None, ts: str) -> Json:
    """A user opened the app, at its "home" or "messages" tab."""
    event: Json = {"type": "app_home_opened", "user": user, "channel": channel.id, "tab": tab}
    if view and tab == "home":
        event["view"] = view
    return {**event, "event_ts": ts}


def callback(event: Json, options: Options, now: float) -> Json:
    """The envelope of an event."""
    bot = {"enterprise_id": None, "team_id": TEAM, "user_id": BOT_USER, "is_bot": True}
    return {
        "token": options.verification_token,
        "team_id": TEAM,
        "api_app_id": APP,
        "event": event,
        "type": "event_callback",
        "event_id": new_id("Ev"),
        "event_time": int(now),
        "authorizations": [{**bot, "is_enterprise_install": False}],
        "event_context": f"4-{secrets.token_urlsafe(24)}",
    }


def verification(options: Options, challenge: str) -> Json:
    """The request with which Slack verifies a new request URL."""
    token = options.verification_token
    return {"token": token, "challenge": challenge, "type": "url_verification"}


# --- commands and interactions -------------------------------------------------------------------


def command(
    workspace: Workspace, channel: Channel, user: str, name: str, text: str, response_url: str
) -> dict[str, str]:
    """The form of a slash command, without the verification token."""
    return {
        "team_id": TEAM,
        "channel_id": channel.id,
        "channel_name": _name_of(channel),
        "user_id": user,
        "user_name": workspace.users[user].name,
        "command": name,
        "text": text,
        "api_app_id": APP,
        "response_url": response_url,
        "trigger_id": _trigger_id(),
    }


def message_actions(
    workspace: Workspace,
    channel: Channel,
    user: str,
    message: Json,
    action: Json,
    response_url: str,
    *,
    is_ephemeral: bool,
) -> Json:
    """A user pressed a button of a message."""
    container = {
        "type": "message",
        "message_ts": message["ts"],
        "channel_id": channel.id,
        "is_ephemeral": is_ephemeral,
    }
    if "thread_ts" in message:
        container["thread_ts"] = message["thread_ts"]
    # Slack leaves the content of an ephemeral message out.
    content = {} if is_ephemeral else {"message": _without_metadata(message)}
    return {
        **_actions(workspace, user, container, action),
        "channel": {"id": channel.id, "name": _name_of(channel)},
        **content,
        "state": {"values": {}},
        "response_url": response_url,
    }


def view_actions(workspace: Workspace, user: str, view: Json, action: Json) -> Json:
    """A user pressed a button of the home view."""
    container = {"type": "view", "view_id": view["id"]}
    return {**_actions(workspace, user, container, action), "view": view}


def _actions(workspace: Workspace, user: str, container: Json, action: Json) -> Json:
    name = workspace.users[user].name
    return {
        "type": "block_actions",
        "user": {"id": user, "username": name, "name": name, "team_id": TEAM},
        "api_app_id": APP,
        "container": container,
        "trigger_id": _trigger_id(),
        "team": {"id": TEAM, "domain": TEAM_DOMAIN},
        "actions": [action],
    }


def action_of(
    blocks: list[Json], block_id: str | None, action_id: str, value: str | None, ts: str
) -> Json | None:
    """The description of a pressed button; None if the blocks have no such button."""
    for block in blocks:
        if block_id not in (None, block["block_id"]):
            continue
        for element in elements_of(block):
            if element.get("action_id") == action_id:
                return _pressed(block, element, value, ts)
    return None


def _pressed(block: Json, element: Json, value: str | None, ts: str) -> Json | None:
    button = element
    if element["type"] == "feedback_buttons":  # two buttons that differ in their values
        pair = (element["positive_button"], element["negative_button"])
        found = [button for button in pair if value in (None, button["value"])]
        if not found:
            return None
        button = found[0]
    action = {
        "type": element["type"],
        "action_id": element["action_id"],
        "block_id": block["block_id"],
        "action_ts": ts,
    }
    return action | {name: button[name] for name in ("text", "value", "icon") if name in button}


def rich_text_of(text: str) -> Json:
    """The block that Slack makes of a user's text; here without its references and styles."""
    part = {"type": "text", "text": html.unescape(text)}
    section = {"type": "rich_text_section", "elements": [part]}
    return {"type": "rich_text", "elements": [section]}


def _name_of(channel: Channel) -> str:
    return "directmessage" if channel.kind == "im" else channel.name


def _trigger_id() -> str:
    return f"{next(_numbers)}.{secrets.randbelow(10**9)}.{secrets.token_hex(16)}"
