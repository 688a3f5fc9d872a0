"""Parses what Slack sends into jobs: a question, a request to share an answer, or feedback.

One occurrence gets one id, however it is delivered: a mention also arrives as a message, and Slack
repeats deliveries. A payload in another form than Slack documents is ignored.
"""

from collections.abc import Mapping
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from api.slack.blocks import ASK, DOWN, SHARE, UP, VERDICT
from api.slack.inbox import NewItem
from api.slack.text import plain_text

# The subtypes of messages that a person wrote.
_WRITTEN = ("", "file_share", "thread_broadcast")

Id = Annotated[str, Field(pattern=r"^[A-Z0-9]{2,40}$")]
Timestamp = Annotated[str, Field(pattern=r"^[0-9]{1,15}\.[0-9]{1,9}$")]
Source: TypeAlias = Literal["mention", "direct", "thread", "channel", "command", "button"]


class _Model(BaseModel):
    # With a maximum length pydantic also rejects lone surrogates, which cannot be stored.
    model_config = ConfigDict(frozen=True, extra="ignore", str_max_length=1_000_000)


class Question(_Model):
    """A question from `user`.

    `source` says how it was asked; "thread" and "channel" messages do not address the bot.
    `message` is the timestamp of the message and `thread` that of the first one in its thread, ""
    if there is none. If `private`, only the user may see the answer.
    """

    kind: Literal["question"] = "question"
    channel: Id
    user: Id
    text: str
    source: Source
    message: str = ""
    thread: str = ""
    private: bool = False
    response_url: str = ""
    has_files: bool = False


class Share(_Model):
    """A request to show an answer, which only `user` sees, to the whole channel."""

    kind: Literal["share"] = "share"
    channel: Id
    user: Id
    answer: str
    thread: str = ""
    response_url: str = ""


class Feedback(_Model):
    """A user's verdict on an answer."""

    kind: Literal["feedback"] = "feedback"
    channel: Id
    user: Id
    answer: str
    verdict: Literal["up", "down"]
    response_url: str = ""


Job: TypeAlias = Question | Share | Feedback
_JOB: TypeAdapter[Job] = TypeAdapter(Annotated[Job, Field(discriminator="kind")])


class _Event(_Model):
    type: Literal["message", "app_mention"]
    channel: Id
    user: Id
    ts: Timestamp
    text: str = ""
    thread_ts: Timestamp | None = None
    channel_type: str = ""
    subtype: str = ""
    bot_id: str = ""
    files: list[Any] = []


class _Command(_Model):
    channel_id: Id
    user_id: Id
    trigger_id: str = Field(min_length=1, max_length=255)
    text: str = ""
    response_url: str = ""


class _Button(_Model):
    action_id: str
    action_ts: str = ""
    value: str = ""


class _Place(_Model):
    """Where a button was pressed. The app's home has neither channel nor message."""

    id: Id | None = None
    ts: Timestamp | None = None
    message_ts: Timestamp | None = None
    thread_ts: Timestamp | None = None
    is_ephemeral: bool = False


class _Action(_Model):
    user: _Place
    channel: _Place = _Place()
    container: _Place = _Place()
    message: _Place = _Place()
    response_url: str = ""
    actions: list[_Button] = Field(min_length=1)


def load_job(body: str) -> Job:
    """Loads the job from the body of an item. Raises ValueError if it is not one."""
    return _JOB.validate_json(body)


def parse_event(body: Mapping[str, Any], bot: str, request: str) -> tuple[NewItem, Question] | None:
    """Parses a message or a mention; `bot` is the bot's user id, "" if it is not known yet.

    Returns None for edits, deletions, messages of bots, and messages that begin with a mention of
    somebody else.
    """
    try:
        event = _Event.model_validate(body.get("event"))
    except ValidationError:
        return None
    if event.subtype not in _WRITTEN or event.bot_id or event.user == bot:
        return None
    source: Source = "channel"
    if event.channel_type == "im" or event.channel.startswith("D"):
        source = "direct"
    elif event.type == "app_mention" or (bot and _mentions(event.text, bot)):
        source = "mention"
    elif event.text.lstrip().startswith("<@"):
        return None
    elif event.thread_ts:
        source = "thread"
    question = Question(
        channel=event.channel,
        user=event.user,
        text=plain_text(event.text, bot),
        source=source,
        message=event.ts,
        thread=event.thread_ts or event.ts,
        has_files=bool(event.files),
    )
    name = f"message:{event.channel}:{event.ts}"
    return _item(name, question, request, event=str(body.get("event_id", ""))), question


def parse_command(body: Mapping[str, Any], request: str) -> NewItem | None:
    """Parses a slash command with a question."""
    try:
        command = _Command.model_validate(body)
    except ValidationError:
        return None
    question = Question(
        channel=command.channel_id,
        user=command.user_id,
        text=plain_text(command.text),
        source="command",
        private=True,
        response_url=command.response_url,
    )
    return _item(f"command:{command.trigger_id}", question, request)


def parse_action(body: Mapping[str, Any], request: str) -> NewItem | None:
    """Parses the press of a button in one of our messages or in the app's home."""
    try:
        action = _Action.model_validate(body)
    except ValidationError:
        return None
    button, user = action.actions[0], action.user.id
    if not user:
        return None
    where = {
        # In the app's home there is no channel: the user's id stands for their direct messages.
        "channel": action.channel.id or user,
        "user": user,
        "response_url": action.response_url,
    }
    message = action.container.message_ts or action.message.ts or ""
    thread = action.container.thread_ts or action.message.thread_ts or ""
    name = button.action_id.partition(".")[0]
    job: Job
    if name == ASK and button.value:
        private = action.container.is_ephemeral
        # An ephemeral message cannot begin a thread.
        thread = thread or ("" if private else message)
        job = Question(**where, text=button.value, source="button", thread=thread, private=private)
    elif name == SHARE and button.value:
        job = Share(**where, answer=button.value, thread=thread)
    elif name == VERDICT and button.value.partition(":")[0] in (UP, DOWN):
        verdict, _, answer = button.value.partition(":")
        job = Feedback.model_validate({**where, "answer": answer, "verdict": verdict})
    else:
        return None
    return _item(f"action:{user}:{button.action_ts}:{button.action_id}:{message}", job, request)


def conversation_of(job: Job) -> str:
    """Returns the id of the thread that a job belongs to, or "". Jobs of one thread run in turn."""
    thread = getattr(job, "thread", "")
    return f"{job.channel}:{thread}" if thread else ""


def _mentions(text: str, user: str) -> bool:
    return f"<@{user}>" in text or f"<@{user}|" in text


def _item(name: str, job: Job, request: str, event: str = "") -> NewItem:
    return NewItem(
        id=name,
        event=event or name,
        request=request,
        conversation=conversation_of(job) or name,
        body=job.model_dump_json(),
    )
