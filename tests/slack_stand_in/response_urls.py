"""Response URLs: they accept a few answers to a command or a button, in any channel."""

import secrets
from dataclasses import dataclass
from typing import Any

from slack_stand_in import limits
from slack_stand_in.limits import SlackError
from slack_stand_in.messages import Messages
from slack_stand_in.options import Options
from slack_stand_in.workspace import BOT_USER, Channel, Json, Workspace

_MAX_USES = 5  # documented


@dataclass
class _Ticket:
    channel: Channel
    user: str
    ts: str  # of the message with the button, "" for a command
    created: float
    uses: int = 0


class ResponseUrls:
    """The response URLs that were issued. Only ephemeral answers are supported."""

    def __init__(self, workspace: Workspace, options: Options, messages: Messages) -> None:
        self._workspace = workspace
        self._options = options
        self._messages = messages
        self._tickets: dict[str, _Ticket] = {}

    def issue(self, channel: Channel, user: str, ts: str = "") -> str:
        """Returns the last segment of a new URL."""
        secret = secrets.token_urlsafe(18)
        self._tickets[secret] = _Ticket(channel, user, ts, self._workspace.now())
        return secret

    def respond(self, secret: str, answer: Any) -> None:
        """Handles a post to a URL. Raises SlackError if the URL or the answer is not accepted."""
        ticket = self._tickets.get(secret)
        lifetime = self._options.response_url_lifetime
        if ticket is None or self._workspace.now() - ticket.created > lifetime:
            raise SlackError("expired_url")
        if ticket.uses >= _MAX_USES:
            raise SlackError("used_url")
        if not isinstance(answer, dict):
            raise SlackError("invalid_payload")
        if answer.get("delete_original"):
            self._delete(ticket.channel, ticket.ts)
        else:
            self.show(ticket.channel, ticket.user, answer)
        ticket.uses += 1

    def show(self, channel: Channel, user: str, answer: Json) -> None:
        """Shows an answer to the user alone."""
        text, blocks = str(answer.get("text") or ""), answer.get("blocks")
        checked = limits.check_message_blocks(blocks) if blocks else []
        if not text.strip() and not checked:
            raise SlackError("no_text")
        message = self._workspace.new_message(BOT_USER, text[: limits.MAX_TEXT], checked, None)
        self._workspace.add_ephemeral(channel, user, message)

    def _delete(self, channel: Channel, ts: str) -> None:
        ephemeral = self._workspace.ephemeral(ts)
        if ephemeral:
            self._workspace.ephemerals.remove(ephemeral)
            self._workspace.changed()
        elif ts in channel.messages:
            self._messages.remove(channel, ts)
        else:
            raise SlackError("message_not_found")
