"""Slash commands and outgoing webhooks, as Mattermost and others send them: tokens and forms."""

import hashlib
import hmac
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

from api.errors import ApiError, InvalidKey
from api.service.access import Caller
from api.service.rate_limits import RateLimiter
from api.store.keys import Scope

MAX_FIELDS = 200  # a slash command has two for each user and each channel that it mentions
CALLER = Caller(owner="mattermost", name="mattermost", scopes=frozenset({Scope.ASK}))

_JSON, _FORM = "application/json", "application/x-www-form-urlencoded"
_ID = re.compile(r"[A-Za-z0-9_-]{1,40}")
_FALSE = ("", "0", "false")
_AFTER_TRIGGER = " \t\r\n:,"  # may stand between a trigger word and the question


class FormInvalid(ApiError):
    """The request is neither a slash command nor a webhook."""


@dataclass(frozen=True)
class MattermostIntegration:
    """Authenticates slash commands and webhooks by their tokens. `page` is the address of the web
    page, or "". Safe to share between threads."""

    tokens: tuple[bytes, ...] = field(repr=False)
    rate_limiter: RateLimiter
    page: str

    @classmethod
    def from_setting(
        cls, tokens: str, rate_limiter: RateLimiter, page: str
    ) -> "MattermostIntegration | None":
        """Creates the integration from comma-separated tokens; returns None if there are none."""
        known = tuple(token.strip().encode() for token in tokens.split(",") if token.strip())
        return cls(known, rate_limiter, page) if known else None

    def authenticate(self, shown: Iterable[str], address: str) -> Caller:
        """Returns the caller if one of the tokens is valid. Raises InvalidKey, or RateLimited if
        the address has sent too many invalid ones."""
        compared = [
            hmac.compare_digest(token, each.encode()) for each in shown for token in self.tokens
        ]
        if not any(compared):
            self.count_rejected(address)
            raise InvalidKey(
                "missing or invalid token: add the token that Mattermost shows for the slash "
                "command or the webhook to ASSISTANT_MATTERMOST_TOKENS"
            )
        return CALLER

    def count_rejected(self, address: str) -> None:
        """Counts a rejected request of an address. Raises RateLimited."""
        self.rate_limiter.hit(f"address {address}")


@dataclass(frozen=True, slots=True)
class Message:
    """A slash command, or a message that triggered a webhook.

    `trigger` is the command or the trigger word, or "". `answer_id` is the same if the message is
    sent again, and "" if it has no id.
    """

    token: str
    question: str
    trigger: str
    is_command: bool
    is_from_bot: bool
    conversation_id: str | None
    answer_id: str

    @property
    def response_type(self) -> str:
        """Who sees the answer: the author of a command, or everyone in the channel."""
        return "ephemeral" if self.is_command else "comment"


def parse_message(body: bytes, content_type: str) -> Message:
    """Parses a request body. Raises FormInvalid."""
    fields = _fields(body, content_type.partition(";")[0].strip().lower())
    text = {
        # A lone surrogate could not be sent back.
        name: value.encode(errors="replace").decode()
        for name, value in fields.items()
        if isinstance(value, str)
    }
    is_command = "command" in text
    trigger = text.get("command" if is_command else "trigger_word", "").strip()
    question = text.get("text", "").strip()
    if not is_command and trigger and question.lower().startswith(trigger.lower()):
        question = question[len(trigger) :].lstrip(_AFTER_TRIGGER)
    return Message(
        token=text.get("token", ""),
        question=question,
        trigger=trigger,
        is_command=is_command,
        # Not sent by Mattermost, but by others that use its format.
        is_from_bot=any(_is_true(fields.get(name)) for name in ("bot", "bot_id")),
        conversation_id=_conversation_id(text),
        answer_id=_answer_id(text, is_command),
    )


def _fields(body: bytes, content_type: str) -> Mapping[str, Any]:
    try:
        text = body.decode()
        if content_type == _JSON:
            fields = json.loads(text)
        elif content_type == _FORM:
            parsed = parse_qs(
                text, keep_blank_values=True, errors="strict", max_num_fields=MAX_FIELDS
            )
            fields = {name: values[0] for name, values in parsed.items()}
        else:
            raise FormInvalid(f"unknown content type: send {_FORM} or {_JSON}")
    except (ValueError, RecursionError) as error:
        raise FormInvalid(
            f"the body cannot be parsed: send at most {MAX_FIELDS} fields in UTF-8"
        ) from error
    if not isinstance(fields, dict) or len(fields) > MAX_FIELDS:
        raise FormInvalid(f"send a JSON object of at most {MAX_FIELDS} fields")
    return fields


def _is_true(value: object) -> bool:
    return bool(value) and str(value).strip().lower() not in _FALSE


def _conversation_id(fields: Mapping[str, str]) -> str | None:
    channel, root = fields.get("channel_id", ""), fields.get("root_id", "")
    if _ID.fullmatch(channel) and _ID.fullmatch(root):
        return f"mattermost:{channel}:{root}"
    return None


def _answer_id(fields: Mapping[str, str], is_command: bool) -> str:
    """Returns a digest of the message's id and text: an edited message is a new question."""
    names = ("trigger_id",) if is_command else ("post_id", "message_id")
    message_id = next((fields[name] for name in names if fields.get(name)), "")
    if not message_id:
        return ""
    parts = [str(is_command), fields.get("team_id", ""), message_id, fields.get("text", "")]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:32]
