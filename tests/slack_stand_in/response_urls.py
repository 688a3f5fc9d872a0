"""Response URLs: a few answers to a command or a press, for half an hour, and into channels that
the bot is no member of."""

import secrets
from dataclasses import dataclass
from typing import Any

from slack_stand_in import limits
from slack_stand_in.limits import Refused
from slack_stand_in.messages import Chat
from slack_stand_in.options import Options
from slack_stand_in.workspace import BOT_USER, Channel, Ephemeral, Json, Workspace, with_defaults


@dataclass
class _Ticket:
    """What a response URL answers to; `ts` is of the message that was pressed, "" of a command."""

    channel: Channel
    user: str
    ts: str
    made: float
    uses: int = 0


class Gone(Exception):
    """The URL answers no more."""


class ResponseUrls:
    """The URLs that were given out."""

    def __init__(self, workspace: Workspace, options: Options, chat: Chat) -> None:
        self._workspace = workspace
        self._options = options
        self._chat = chat
        self._tickets: dict[str, _Ticket] = {}

    def secret(self, channel: Channel, user: str, ts: str = "") -> str:
        """What a new URL ends with."""
        secret = secrets.token_urlsafe(18)
        self._tickets[secret] = _Ticket(channel, user, ts, self._workspace.now())
        return secret

    def respond(self, secret: str, told: Any) -> None:
        """Does what was posted to the URL of this secret."""
        ticket = self._tickets.get(secret)
        if ticket is None:
            raise Gone("expired_url")
        if self._workspace.now() - ticket.made > self._options.response_seconds:
            raise Gone("expired_url")
        if ticket.uses >= self._options.response_uses:
            raise Gone("used_url")
        if not isinstance(told, dict):
            raise Refused("invalid_payload")
        self.show(ticket.channel, ticket.user, told, ticket.ts)
        ticket.uses += 1

    def show(self, channel: Channel, user: str, told: Json, ts: str = "") -> None:
        """Shows an answer: to the user alone, to all in the channel, or in place of the message
        that was pressed."""
        original = self._workspace.ephemeral(ts)
        if told.get("delete_original"):
            self._delete(channel, ts, original)
            return
        text, blocks = str(told.get("text") or ""), told.get("blocks")
        kept = limits.check_message_blocks(blocks) if blocks else []
        if not text.strip() and not kept:
            raise Refused("no_text")
        text = text[: limits.LONGEST_TEXT]
        if told.get("replace_original") and ts:
            self._replace(channel, ts, original, text, kept)
            return
        root = self._root(channel, str(told.get("thread_ts") or ""))
        if told.get("response_type") == "in_channel":
            self._chat.put(channel, text, kept, root)
        else:
            message = self._workspace.new_message(BOT_USER, text, kept, root)
            self._workspace.whisper(channel, user, message)

    def _root(self, channel: Channel, ts: str) -> Json | None:
        if ts and ts not in channel.messages:
            raise Refused("thread_not_found")
        return channel.messages.get(ts)

    def _delete(self, channel: Channel, ts: str, original: Ephemeral | None) -> None:
        if original:
            self._workspace.ephemerals.remove(original)
            self._workspace.changed()
        elif ts in channel.messages:
            self._chat.remove(channel, ts)
        else:
            raise Refused("message_not_found")

    def _replace(
        self, channel: Channel, ts: str, original: Ephemeral | None, text: str, blocks: list[Json]
    ) -> None:
        if original:
            original.message["text"] = text
            original.message["blocks"] = with_defaults(blocks, self._workspace.next_ts())
            self._workspace.changed()
        elif ts in channel.messages:
            self._chat.change(channel, ts, {"text": text, "blocks": blocks})
        else:
            raise Refused("message_not_found")
