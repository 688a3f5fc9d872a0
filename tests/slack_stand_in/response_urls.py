"""Response URLs: they accept a few answers to a command or a button, in any channel."""

import secrets
from dataclasses import dataclass, field
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


@dataclass
class ResponseUrls:
    """The response URLs that were issued. Only ephemeral answers are supported."""

    workspace: Workspace
    options: Options
    messages: Messages
    _tickets: dict[str, _Ticket] = field(default_factory=dict)

    def issue(self, channel: Channel, user: str, ts: str = "") -> str:
        """Returns the last segment of a new URL."""
        secret = secrets.token_urlsafe(18)
        self._tickets[secret] = _Ticket(channel, user, ts, self.workspace.now())
        return secret

    def respond(self, secret: str, answer: Any) -> None:
        """Handles a post to a URL. Raises SlackError if the URL or the answer is not accepted."""
        ticket = self._tickets.get(secret)
        lifetime = self.options.response_url_lifetime
        if ticket is None or self.workspace.now() - ticket.created > lifetime:
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
        message = self.workspace.new_message(BOT_USER, text[: limits.MAX_TEXT], checked, None)
        self.workspace.add_ephemeral(channel, user, message)

    def _delete(self, channel: Channel, ts: str) -> None:
        ephemeral = self.workspace.ephemeral(ts)
        if ephemeral:
            self.workspace.ephemerals.remove(ephemeral)
            self.workspace.changed()
        elif ts in channel.messages:
            self.messages.remove(channel, ts)
        else:
            raise SlackError("message_not_found")
