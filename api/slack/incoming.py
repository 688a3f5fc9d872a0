"""What Slack sends, read: a question, a verdict, an answer to be shown to all, or nothing for us.

The same thing told twice, as a mention and as a message, in a retry or in a replay, gets the same
id. Whatever has another shape than Slack documents is nothing for us.
"""

from collections.abc import Mapping
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from api.slack.blocks import ASK, DOWN, SHARE, UP, VERDICT
from api.slack.inbox import Incoming
from api.slack.text import written

# What a message may be and still be something that somebody wrote for others to read.
_WRITTEN = ("", "file_share", "thread_broadcast")

Id = Annotated[str, Field(pattern=r"^[A-Z0-9]{2,40}$")]
Stamp = Annotated[str, Field(pattern=r"^[0-9]{1,15}\.[0-9]{1,9}$")]


class _Read(BaseModel):
    # With a length to check, half characters (surrogates), which cannot be kept, are refused too.
    model_config = ConfigDict(frozen=True, extra="ignore", str_max_length=1_000_000)


class Question(_Read):
    """A question of `user`. `message` is the message that it stands in and `thread` the one that
    its thread begins with, both "" where it stands in none; `asked` is how: with a mention, in a
    direct message, in a thread that the bot is in, unasked for, by command or by button.
    `private` says that only the user is to see the answer, and `respond` is the address for
    that."""

    kind: Literal["question"] = "question"
    channel: Id
    user: Id
    text: str
    asked: Literal["mention", "direct", "thread", "unasked", "command", "button"]
    message: str = ""
    thread: str = ""
    private: bool = False
    respond: str = ""
    has_files: bool = False


class Sharing(_Read):
    """An answer that only one person sees is to be shown to all in the channel."""

    kind: Literal["sharing"] = "sharing"
    channel: Id
    user: Id
    answer: str
    thread: str = ""
    respond: str = ""


class Verdict(_Read):
    """What somebody thinks of an answer."""

    kind: Literal["verdict"] = "verdict"
    channel: Id
    user: Id
    answer: str
    verdict: Literal["up", "down"]
    respond: str = ""


Work: TypeAlias = Question | Sharing | Verdict
_WORK: TypeAdapter[Work] = TypeAdapter(Annotated[Work, Field(discriminator="kind")])


class _Event(_Read):
    type: Literal["message", "app_mention"]
    channel: Id
    user: Id
    ts: Stamp
    text: str = ""
    thread_ts: Stamp | None = None
    channel_type: str = ""
    subtype: str = ""
    bot_id: str = ""
    files: list[Any] = []


class _Command(_Read):
    channel_id: Id
    user_id: Id
    trigger_id: str = Field(min_length=1, max_length=255)
    text: str = ""
    response_url: str = ""


class _Button(_Read):
    action_id: str
    action_ts: str = ""
    value: str = ""


class _Place(_Read):
    """Where a button was pressed; in the app's home there is neither channel nor message."""

    id: Id | None = None
    ts: Stamp | None = None
    message_ts: Stamp | None = None
    thread_ts: Stamp | None = None
    is_ephemeral: bool = False


class _Action(_Read):
    user: _Place
    channel: _Place = _Place()
    container: _Place = _Place()
    message: _Place = _Place()
    response_url: str = ""
    actions: list[_Button] = Field(min_length=1)


def read_work(body: str) -> Work:
    """What was kept of something incoming. Raises ValueError where it is something else."""
    return _WORK.validate_json(body)


def of_event(body: Mapping[str, Any], bot: str, request: str) -> tuple[Incoming, Question] | None:
    """A message or a mention of the bot (a user's id, "" where it is not known yet). One that was
    edited, deleted, or written by a bot is nothing for us, nor is one in a thread that is written
    to somebody else. Whether an unasked question is one is for the channel's policy to say."""
    try:
        event = _Event.model_validate(body.get("event"))
    except ValidationError:
        return None
    if event.subtype not in _WRITTEN or event.bot_id or event.user == bot:
        return None
    asked: Literal["mention", "direct", "thread", "unasked"] = "unasked"
    if event.channel_type == "im" or event.channel.startswith("D"):
        asked = "direct"
    elif event.type == "app_mention" or (bot and _mentions(event.text, bot)):
        asked = "mention"
    elif event.text.lstrip().startswith("<@"):
        return None
    elif event.thread_ts:
        asked = "thread"
    work = Question(
        channel=event.channel,
        user=event.user,
        text=written(event.text, bot),
        asked=asked,
        message=event.ts,
        thread=event.thread_ts or event.ts,
        has_files=bool(event.files),
    )
    incoming = Incoming(
        id=f"message:{event.channel}:{event.ts}",
        event=str(body.get("event_id", "")),
        request=request,
        conversation=conversation_of(work),
        body=work.model_dump_json(),
    )
    return incoming, work


def of_command(body: Mapping[str, Any], request: str) -> Incoming | None:
    """A slash command with a question behind it."""
    try:
        command = _Command.model_validate(body)
    except ValidationError:
        return None
    work = Question(
        channel=command.channel_id,
        user=command.user_id,
        text=written(command.text),
        asked="command",
        private=True,
        respond=command.response_url,
    )
    return _of(f"command:{command.trigger_id}", work, request)


def of_action(body: Mapping[str, Any], request: str) -> Incoming | None:
    """A button of one of our own messages, or of the app's home."""
    try:
        action = _Action.model_validate(body)
    except ValidationError:
        return None
    button = action.actions[0]
    user = action.user.id
    if not user:
        return None
    where = {
        # In the app's home there is no channel; the user's id stands for their direct message.
        "channel": action.channel.id or user,
        "user": user,
        "respond": action.response_url,
    }
    message = action.container.message_ts or action.message.ts or ""
    thread = action.container.thread_ts or action.message.thread_ts or ""
    work: Work
    name = button.action_id.partition(".")[0]
    if name == ASK and button.value:
        private = action.container.is_ephemeral  # and what it stands in is no message for others
        thread = thread or ("" if private else message)
        work = Question(**where, text=button.value, asked="button", thread=thread, private=private)
    elif name == SHARE and button.value:
        work = Sharing(**where, answer=button.value, thread=thread)
    elif name == VERDICT and button.value.partition(":")[0] in (UP, DOWN):
        verdict, _, answer = button.value.partition(":")
        work = Verdict.model_validate({**where, "answer": answer, "verdict": verdict})
    else:
        return None
    return _of(f"action:{user}:{button.action_ts}:{button.action_id}:{message}", work, request)


def conversation_of(work: Work) -> str:
    """The thread that something belongs to: what is said in one is kept together, and what is
    asked in one is answered in turn. "" where it belongs to none."""
    thread = getattr(work, "thread", "")
    return f"{work.channel}:{thread}" if thread else ""


def _mentions(text: str, user: str) -> bool:
    """Whether somebody is named, with or without the name that they are shown under."""
    return f"<@{user}>" in text or f"<@{user}|" in text


def _of(name: str, work: Work, request: str) -> Incoming:
    return Incoming(
        id=name,
        event=name,
        request=request,
        # What belongs to no thread waits for nothing.
        conversation=conversation_of(work) or name,
        body=work.model_dump_json(),
    )
