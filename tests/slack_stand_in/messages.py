"""The methods that write messages: chat.postMessage and its relatives, and streams."""

from collections.abc import Callable
from dataclasses import dataclass

from slack_stand_in import limits, payloads
from slack_stand_in.limits import SlackError, missing
from slack_stand_in.workspace import BOT_USER, Channel, Json, Workspace, is_reply, with_defaults

_STREAMING = "in_progress"
_COMPLETED = "completed"


def text_of(arguments: Json, name: str) -> str:
    """A text argument, "" if it is absent."""
    value = arguments.get(name)
    return "" if value is None else str(value)


def required(arguments: Json, name: str) -> str:
    """A text argument. Raises SlackError if it is absent or empty."""
    if not text_of(arguments, name):
        raise missing(name)
    return text_of(arguments, name)


@dataclass
class Messages:
    """Writes as the bot; `announce` sends the events that follow, for its own messages too."""

    workspace: Workspace
    announce: Callable[[Json], None]

    def post(self, arguments: Json) -> Json:
        """chat.postMessage"""
        channel = self.channel(arguments)
        message = self._new(channel, arguments)
        if arguments.get("metadata") is not None:
            message["metadata"] = limits.check_metadata(arguments["metadata"])
        self.workspace.add(channel, message)
        self.announce(payloads.message_event(channel, message))
        return {"ok": True, "channel": channel.id, "ts": message["ts"], "message": message}

    def post_ephemeral(self, arguments: Json) -> Json:
        """chat.postEphemeral"""
        channel = self.channel(arguments)
        user = required(arguments, "user")
        if user not in channel.members:
            raise SlackError("user_not_in_channel")
        message = self._new(channel, arguments)
        self.workspace.add_ephemeral(channel, user, message)
        return {"ok": True, "message_ts": message["ts"]}

    def update(self, arguments: Json) -> Json:
        """chat.update"""
        channel = self.channel(arguments)
        message = self._own_message(channel, arguments, "cant_update_message")
        if message.get("streaming_state") == _STREAMING:
            raise SlackError("streaming_state_conflict")  # observed
        limits.check_update_text(text_of(arguments, "text"))
        text, blocks = _content(arguments)
        changes: Json = {"text": text} if text else {}
        if blocks is not None:  # documented: [] removes the blocks, without any they stay
            changes["blocks"] = blocks
        if arguments.get("metadata") is not None:
            changes["metadata"] = limits.check_metadata(arguments["metadata"])
        self.change(channel, message["ts"], changes)
        return {"ok": True, "channel": channel.id, "ts": message["ts"], "text": message["text"]}

    def change(self, channel: Channel, ts: str, changes: Json) -> None:
        """Changes the content of any message."""
        previous = self.workspace.edit(channel, ts, changes)
        message, now = channel.messages[ts], self.workspace.next_ts()
        self.announce(payloads.changed_event(channel, message, previous, now))

    def remove(self, channel: Channel, ts: str) -> None:
        """Deletes any message."""
        message, tombstone = self.workspace.remove(channel, ts)
        now = self.workspace.next_ts()
        if tombstone is None:
            self.announce(payloads.deleted_event(channel, message, now))
        else:
            self.announce(payloads.changed_event(channel, tombstone, message, now))

    def start_stream(self, arguments: Json) -> Json:
        """chat.startStream"""
        channel = self.channel(arguments)
        required(arguments, "thread_ts")
        root = self._root(channel, arguments)
        if channel.kind != "im":  # documented: required in channels
            for name in ("recipient_user_id", "recipient_team_id"):
                if not text_of(arguments, name):
                    raise SlackError(f"missing_{name}")
        message = self.workspace.new_message(BOT_USER, _streamed(arguments), [], root)
        message["streaming_state"] = _STREAMING
        self.workspace.add(channel, message)
        self.announce(payloads.message_event(channel, message))
        return {"ok": True, "channel": channel.id, "ts": message["ts"]}

    def append_stream(self, arguments: Json) -> Json:
        """chat.appendStream"""
        channel, message = self._stream(arguments)
        text = _streamed(arguments)
        if not text:
            raise SlackError("no_text")
        message["text"] += text
        self.workspace.changed()
        return {"ok": True, "channel": channel.id, "ts": message["ts"]}

    def stop_stream(self, arguments: Json) -> Json:
        """chat.stopStream"""
        channel, message = self._stream(arguments)
        text = message["text"] + _streamed(arguments)
        blocks = arguments.get("blocks")
        closing = limits.check_message_blocks(blocks) if blocks else []
        if not text.strip() and not closing:
            raise SlackError("no_text")
        previous = dict(message)
        if arguments.get("metadata") is not None:
            message["metadata"] = limits.check_metadata(arguments["metadata"])
        # Slack turns the text into a block, with the blocks of the call below it.
        own = [{"type": "markdown", "text": text}] if text.strip() else []
        blocks = with_defaults([*own, *closing], self.workspace.next_ts())
        message |= {"text": text, "streaming_state": _COMPLETED, "blocks": blocks}
        self.workspace.changed()
        now = self.workspace.next_ts()
        self.announce(payloads.changed_event(channel, message, previous, now))
        return {"ok": True, "channel": channel.id, "ts": message["ts"], "message": message}

    def _stream(self, arguments: Json) -> tuple[Channel, Json]:
        channel = self.channel(arguments)
        message = self._own_message(channel, arguments, "message_not_owned_by_app")
        if message.get("streaming_state") != _STREAMING:
            raise SlackError("message_not_in_streaming_state")
        return channel, message

    def channel(self, arguments: Json, name: str = "channel") -> Channel:
        """The channel of a call, in which the bot must be. The id of a user is accepted too."""
        value = text_of(arguments, name)
        direct = self.workspace.direct(value) if value != BOT_USER else None
        channel = self.workspace.channel(value) or direct
        if channel is None:
            raise SlackError("channel_not_found")
        if not channel.has_bot:
            raise SlackError("not_in_channel")
        return channel

    def _new(self, channel: Channel, arguments: Json) -> Json:
        """The message that a call posts."""
        root = self._root(channel, arguments)
        text, blocks = _content(arguments)
        return self.workspace.new_message(BOT_USER, text, blocks or [], root)

    def _root(self, channel: Channel, arguments: Json) -> Json | None:
        """The first message of the thread of a call, None outside of threads."""
        ts = text_of(arguments, "thread_ts")
        if not ts:
            return None
        root = channel.messages.get(ts)
        if root is None:
            raise SlackError("thread_not_found")
        if is_reply(root):
            raise SlackError("cannot_reply_to_message")
        return root

    def _own_message(self, channel: Channel, arguments: Json, otherwise: str) -> Json:
        """The message of a call. Raises the error `otherwise` if it is not the bot's."""
        message = channel.messages.get(text_of(arguments, "ts"))
        if message is None:
            raise SlackError("message_not_found")
        if message["user"] != BOT_USER:
            raise SlackError(otherwise)
        return message


def _content(arguments: Json) -> tuple[str, list[Json] | None]:
    """The text and the blocks of a call; None if it has no blocks."""
    text = text_of(arguments, "text")
    blocks = arguments.get("blocks")
    markdown = text_of(arguments, "markdown_text")
    if markdown:
        if text or blocks:
            raise SlackError("markdown_text_conflict")
        limits.check_markdown(markdown)
        return markdown, [{"type": "markdown", "text": markdown}]
    if not text.strip() and not blocks:
        raise SlackError("no_text")
    checked = None if blocks is None else limits.check_message_blocks(blocks)
    return text[: limits.MAX_TEXT], checked


def _streamed(arguments: Json) -> str:
    """The text that a call adds to a stream."""
    chunks = arguments.get("chunks")
    text = limits.check_chunks(chunks) if chunks else ""
    return limits.check_markdown(text_of(arguments, "markdown_text") + text)
