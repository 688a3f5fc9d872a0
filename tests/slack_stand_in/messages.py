"""The methods that write messages: chat.postMessage and its like, and the streams."""

from collections.abc import Callable
from dataclasses import dataclass

from slack_stand_in import arguments as given
from slack_stand_in import limits, payloads
from slack_stand_in.faults import Pace
from slack_stand_in.limits import Refused
from slack_stand_in.options import Options
from slack_stand_in.workspace import BOT_USER, Channel, Json, Workspace, is_reply

Announce = Callable[[Json], None]
STREAMING = "in_progress"
_STREAMED = "completed"


@dataclass(frozen=True)
class _Content:
    """What a message is to say."""

    text: str
    blocks: list[Json] | None

    @property
    def is_empty(self) -> bool:
        return not self.text.strip() and not self.blocks


class Chat:
    """Writes as the bot. `announce` tells the bot of what has changed, its own messages too."""

    def __init__(self, workspace: Workspace, options: Options, announce: Announce) -> None:
        self._workspace = workspace
        self._options = options
        self._announce = announce
        self._pace = Pace()
        self._begun: dict[tuple[str, str], float] = {}  # when each stream did

    # --- messages ------------------------------------------------------------------------------

    def post(self, arguments: Json) -> Json:
        """chat.postMessage"""
        channel = self.channel(arguments)
        root = self._root(channel, arguments)
        content = self._content(arguments)
        if content.is_empty and not arguments.get("attachments"):
            raise Refused("no_text")
        metadata = _metadata(arguments)
        if self._options.paced:
            wait = self._pace.wait(channel.id, self._workspace.now())
            if wait:
                raise Refused("ratelimited", retry_after=wait)
        message = self.put(channel, content.text, content.blocks, root, metadata)
        shown = self._workspace.presented(channel, message)
        answer = {"ok": True, "channel": channel.id, "ts": message["ts"], "message": shown}
        if len(given.text(arguments, "text")) > limits.LONGEST_TEXT:
            warnings = {"warnings": ["message_truncated"]}
            answer |= {"warning": "message_truncated", "response_metadata": warnings}
        return answer

    def put(
        self,
        channel: Channel,
        text: str,
        blocks: list[Json] | None,
        root: Json | None = None,
        metadata: Json | None = None,
    ) -> Json:
        """Puts a message of the bot into a channel."""
        message = self._workspace.new_message(BOT_USER, text, blocks or [], root)
        if metadata is not None:
            message["metadata"] = metadata
        self._workspace.add(channel, message)
        self._announce(payloads.message_event(channel, message))
        return message

    def update(self, arguments: Json) -> Json:
        """chat.update"""
        channel = self.channel(arguments)
        message = self._own(channel, arguments, "cant_update_message")
        self._expire(channel, message)
        if message.get("streaming_state") == STREAMING:
            # Observed: in no document.
            raise Refused("streaming_state_conflict")
        limits.check_update_text(given.text(arguments, "text"))
        content = self._content(arguments)
        if content.is_empty and not arguments.get("attachments"):
            raise Refused("no_text")
        metadata = _metadata(arguments)
        changes: Json = {}
        if "text" in arguments or "markdown_text" in arguments:
            changes["text"] = content.text
        if content.blocks is not None:  # documented: what is left out stays, [] takes it away
            changes["blocks"] = content.blocks
        if metadata is not None:
            changes["metadata"] = metadata
        self.change(channel, message["ts"], changes)
        shown = self._workspace.presented(channel, channel.messages[message["ts"]])
        answer = {"ok": True, "channel": channel.id, "ts": message["ts"], "text": shown["text"]}
        return {**answer, "message": shown}

    def change(self, channel: Channel, ts: str, changes: Json) -> None:
        """Gives a message another content."""
        previous = self._workspace.edit(channel, ts, changes)
        message, now = channel.messages[ts], self._workspace.next_ts()
        self._announce(payloads.changed_event(channel, message, previous, now))

    def delete(self, arguments: Json) -> Json:
        """chat.delete"""
        channel = self.channel(arguments)
        message = self._own(channel, arguments, "cant_delete_message")
        self.remove(channel, message["ts"])
        return {"ok": True, "channel": channel.id, "ts": message["ts"]}

    def remove(self, channel: Channel, ts: str) -> None:
        """Takes a message away, whoever wrote it."""
        message, tombstone = self._workspace.remove(channel, ts)
        now = self._workspace.next_ts()
        if tombstone is None:
            self._announce(payloads.deleted_event(channel, message, now))
        else:
            self._announce(payloads.changed_event(channel, tombstone, message, now))

    def whisper(self, arguments: Json) -> Json:
        """chat.postEphemeral"""
        channel = self.channel(arguments)
        [user] = given.needed(arguments, "user")
        if user not in channel.members:
            raise Refused("user_not_in_channel")
        content = self._content(arguments)
        if content.is_empty and not arguments.get("attachments"):
            raise Refused("no_text")
        root = self._root(channel, arguments)
        message = self._workspace.new_message(BOT_USER, content.text, content.blocks or [], root)
        self._workspace.whisper(channel, user, message)
        return {"ok": True, "message_ts": message["ts"]}

    # --- streams -------------------------------------------------------------------------------

    def start(self, arguments: Json) -> Json:
        """chat.startStream"""
        channel = self.channel(arguments)
        given.needed(arguments, "thread_ts")
        root = self._root(channel, arguments)
        if channel.kind != "im":  # documented: needed where others read too
            for name in ("recipient_user_id", "recipient_team_id"):
                if not given.text(arguments, name):
                    raise Refused(f"missing_{name}")
        text = _streamed(arguments)
        message = self._workspace.new_message(BOT_USER, text, [], root)
        message["streaming_state"] = STREAMING
        self._begun[channel.id, message["ts"]] = self._workspace.now()
        self._workspace.add(channel, message)
        self._announce(payloads.message_event(channel, message))
        return {"ok": True, "channel": channel.id, "ts": message["ts"]}

    def append(self, arguments: Json) -> Json:
        """chat.appendStream"""
        channel, message = self._stream(arguments)
        text = _streamed(arguments)
        if not text and not arguments.get("chunks"):
            raise Refused("no_text")
        message["text"] += text
        self._workspace.changed()
        return {"ok": True, "channel": channel.id, "ts": message["ts"]}

    def stop(self, arguments: Json) -> Json:
        """chat.stopStream"""
        channel, message = self._stream(arguments)
        text = _streamed(arguments)
        blocks = arguments.get("blocks")
        closing = limits.check_message_blocks(blocks) if blocks else []
        metadata = _metadata(arguments)
        told = message["text"] + text
        if not told.strip() and not closing:
            raise Refused("no_text")
        if metadata is not None:
            message["metadata"] = metadata
        previous = dict(message)
        # Slack makes blocks of the text as it came, and puts those of the call below it.
        message |= {"text": told, "streaming_state": _STREAMED}
        message["blocks"] = self._workspace.finished(told, closing)
        self._workspace.changed()
        now = self._workspace.next_ts()
        self._announce(payloads.changed_event(channel, message, previous, now))
        shown = self._workspace.presented(channel, message)
        return {"ok": True, "channel": channel.id, "ts": message["ts"], "message": shown}

    def _stream(self, arguments: Json) -> tuple[Channel, Json]:
        channel = self.channel(arguments)
        message = self._own(channel, arguments, "message_not_owned_by_app")
        self._expire(channel, message)
        if message.get("streaming_state") != STREAMING:
            raise Refused("message_not_in_streaming_state")
        return channel, message

    def _expire(self, channel: Channel, message: Json) -> None:
        """Ends a stream that has gone on for longer than Slack lets it."""
        if message.get("streaming_state") != STREAMING:
            return
        begun = self._begun[channel.id, message["ts"]]
        if self._workspace.now() - begun > self._options.longest_stream:
            message["streaming_state"] = _STREAMED
            message["blocks"] = self._workspace.finished(message["text"], [])
            self._workspace.changed()

    # --- what they have in common --------------------------------------------------------------

    def channel(self, arguments: Json, name: str = "channel") -> Channel:
        """The channel of the call, in which the bot must be. A person's id stands for the direct
        message with them."""
        named = given.text(arguments, name)
        direct = self._workspace.direct(named) if named != BOT_USER else None
        channel = self._workspace.channel(named) or direct
        if channel is None:
            raise Refused("channel_not_found")
        if not channel.has_bot:
            raise Refused("not_in_channel")
        return channel

    def _root(self, channel: Channel, arguments: Json) -> Json | None:
        """The message whose thread is written to."""
        ts = given.text(arguments, "thread_ts")
        if not ts:
            return None
        root = channel.messages.get(ts)
        if root is None:
            raise Refused("thread_not_found")
        if is_reply(root):  # documented: "use its parent instead"
            raise Refused("cannot_reply_to_message")
        return root

    def _own(self, channel: Channel, arguments: Json, otherwise: str) -> Json:
        """The message of the call, which must be the bot's."""
        message = channel.messages.get(given.text(arguments, "ts"))
        if message is None:
            raise Refused("message_not_found")
        if message["user"] != BOT_USER:
            raise Refused(otherwise)
        return message

    def _content(self, arguments: Json) -> _Content:
        text = given.text(arguments, "text")
        blocks = arguments.get("blocks")
        markdown = given.text(arguments, "markdown_text")
        if markdown:
            if text or blocks:
                raise Refused("markdown_text_conflict")
            limits.check_markdown(markdown)
            return _Content(markdown, [{"type": "markdown", "text": markdown}])
        kept = None if blocks is None else limits.check_message_blocks(blocks)
        return _Content(text[: limits.LONGEST_TEXT], kept)


def _metadata(arguments: Json) -> Json | None:
    metadata = arguments.get("metadata")
    return None if metadata is None else limits.expect_metadata(metadata)


def _streamed(arguments: Json) -> str:
    """What a call adds to a stream."""
    chunks = arguments.get("chunks")
    told = limits.expect_chunks(chunks) if chunks else ""
    return limits.check_markdown(given.text(arguments, "markdown_text") + told)
