"""One reply in Slack: started, streamed or posted whole, and never posted twice.

A failed call may have posted the message, so every retry looks for it first, by the item's id in
the message's metadata.
"""

import asyncio
import logging
import math
import time

from api.slack import blocks
from api.slack.blocks import MAX_STREAMED, Layout, Message
from api.slack.inbox import Inbox, Item
from api.slack.payloads import Job, Question
from api.slack.web_api import AppMisconfigured, RequestRejected, RetryLater, Stream, WebApi
from assistant.answer import Answer, ProvedSentence

_log = logging.getLogger(__name__)
_DISABLED_FOR = 3600.0  # seconds until a feature that a workspace lacks is tried again
_CLOCK_SKEW = 300.0  # seconds that Slack's clock may be behind ours
_STATUS = "is searching the documents…"
# Slack rejects the blocks; the text alone may pass.
_BLOCKS_REJECTED = frozenset(
    {"invalid_blocks", "invalid_blocks_format", "msg_too_long", "msg_blocks_too_long"}
)


class Features:
    """Optional features of a workspace; one that Slack rejects is disabled for an hour."""

    def __init__(self) -> None:
        self._disabled_until: dict[str, float] = {}

    def is_enabled(self, feature: str) -> bool:
        """Whether to try the feature."""
        return self._disabled_until.get(feature, -math.inf) < time.monotonic()

    def report_failure(self, feature: str, error: RequestRejected | RetryLater) -> None:
        """Disables the feature, unless the failure may pass by itself."""
        _log.info("Going on without %s: %s", feature, error)
        if isinstance(error, (RequestRejected, AppMisconfigured)):
            self._disabled_until[feature] = time.monotonic() + _DISABLED_FOR


class Reply:
    """The reply to one item. All methods may raise RetryLater, RequestRejected and LeaseLost."""

    def __init__(
        self, web: WebApi, inbox: Inbox, features: Features, item: Item, job: Job, *, private: bool
    ) -> None:
        """If `private`, only the user of the item sees it."""
        self.private = private
        self._web = web
        self._inbox = inbox
        self._features = features
        self._item = item
        self._job = job
        self._thread: str = getattr(job, "thread", "")
        self._ts = item.reply
        self._stream: Stream | None = None
        self._lock = asyncio.Lock()

    async def show_status(self) -> None:
        """Shows that the question is being worked on, if Slack can without a message."""
        job = self._job
        if self._is_direct and isinstance(job, Question) and self._features.is_enabled("status"):
            try:
                await self._web.set_status(job.channel, job.thread, _STATUS)
            except (RequestRejected, RetryLater) as error:
                self._features.report_failure("status", error)

    async def post_placeholder(self) -> None:
        """Posts a message that the answer will replace, unless something is visible already."""
        if self.private:
            return
        async with self._lock:
            if not self._ts and not self._stream:
                await self._post(blocks.placeholder())

    async def stream(self, sentence: ProvedSentence) -> bool:
        """Streams one more sentence; returns False if sentences cannot be streamed here."""
        if not self._is_direct or len(sentence.text) > MAX_STREAMED:
            return False
        if not self._features.is_enabled("stream") or self._item.attempts > 1:
            return False
        async with self._lock:
            if self._ts and not self._stream:
                return False
            if self._stream is None:
                job = self._job
                await self._renew()
                self._stream = await self._web.stream(job.channel, self._thread, job.user)
            try:
                await self._stream.append(blocks.streamed_sentence(sentence))
            except (RequestRejected, AppMisconfigured) as error:
                if self._stream.ts:
                    # The next attempt stops the stream and posts the whole answer.
                    raise RetryLater(str(error)) from error
                self._features.report_failure("stream", error)
                self._stream = None
                return False
            await self._record(self._stream.ts)
            return True

    async def answer(self, answer: Answer, layout: Layout, streamed: int) -> None:
        """Posts an answer whose first `streamed` sentences were streamed."""
        if self._stream is None or not streamed:
            await self.put(blocks.answer_message(answer, layout))
            return
        await self._renew()
        try:
            await self._stream.stop(blocks.below_answer(answer, layout, streamed), self._item.id)
        except (RequestRejected, AppMisconfigured) as error:
            if self._stream.ts:
                raise RetryLater(str(error)) from error
            # Short sentences were only buffered until now.
            self._features.report_failure("stream", error)
            await self.put(blocks.answer_message(answer, layout))
        finally:
            await self._record(self._stream.ts)

    async def put(self, message: Message) -> None:
        """Posts a message where the item came from, or replaces the reply that is there."""
        try:
            await self._put(message)
        except RequestRejected as error:
            if error.code not in _BLOCKS_REJECTED:
                raise
            _log.error("Slack rejected the blocks, sending text only: %s", error)
            await self._put(Message(message.text))

    async def _put(self, message: Message) -> None:
        if self.private:
            await self._post_private(message)
            return
        async with self._lock:
            await self._find()
            if not self._ts:
                await self._post(message)
                return
            place = (await self._channel(), self._ts)
            if self._is_direct and self._item.attempts > 1:
                await self._web.stop_stream(*place, message, self._item.id)
            await self._web.update(*place, message, self._item.id)

    async def _post(self, message: Message) -> None:
        await self._find()
        if self._ts:
            return
        channel = await self._channel()
        await self._renew()
        await self._record(await self._web.post(channel, self._thread, message, self._item.id))

    async def _find(self) -> None:
        """Looks for the message of an earlier attempt."""
        if self._item.attempts == 1 or self._ts:
            return
        since = getattr(self._job, "message", "") or f"{self._item.added - _CLOCK_SKEW:.6f}"
        channel = await self._channel()
        try:
            found = await self._web.find(channel, self._thread, since, self._item.id)
        except (RequestRejected, AppMisconfigured) as error:
            # A second answer is better than none.
            _log.error("Cannot look for an earlier reply: %s", error)
            return
        await self._record(found)

    async def _renew(self) -> None:
        """Renews the lease right before something is posted: another worker may have taken over."""
        await asyncio.to_thread(self._inbox.renew, self._item)

    async def _record(self, ts: str) -> None:
        if ts and ts != self._ts:
            self._ts = ts
            await asyncio.to_thread(self._inbox.record_reply, self._item, ts)

    async def _post_private(self, message: Message) -> None:
        """Posts to the user only: through the response URL, or else where they asked."""
        job = self._job
        await self._renew()
        if job.response_url:
            try:
                await self._web.respond(job.response_url, message)
                return
            except RequestRejected as error:
                if error.code in _BLOCKS_REJECTED:
                    raise
                _log.info("The response URL does not work: %s", error)
        thread = "" if self._thread == getattr(job, "message", "") else self._thread
        await self._web.post_ephemeral(job.channel, job.user, thread, message)

    async def _channel(self) -> str:
        """Returns the channel to post to; for the app's home that is the user's direct messages."""
        job = self._job
        if job.channel == job.user:
            return await self._web.open_direct_message(job.user)
        return job.channel

    @property
    def _is_direct(self) -> bool:
        return self._job.channel.startswith("D") and bool(self._thread) and not self.private
