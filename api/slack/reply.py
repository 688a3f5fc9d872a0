"""One reply in Slack: begun, waited for visibly, streamed or put at once, and never put twice.

A message cannot be posted again without harm, so when it is not known whether one was, it is looked
for first, by the mark that each of ours carries. Knows nothing of how an answer comes about.
"""

import asyncio
import logging
import math
import time

from api.slack import blocks
from api.slack.blocks import LONGEST_STREAMED, Form, Message
from api.slack.inbox import Inbox, Item
from api.slack.incoming import Question, Work
from api.slack.web_api import AppMisconfigured, RequestRejected, RetryLater, Stream, WebApi
from api.wire import AnswerBody, SentenceEvent

_log = logging.getLogger(__name__)
_OFF = 3600.0  # seconds until what a workspace has not is tried again
_SLACK_BEHIND = 300.0  # seconds that Slack's clock may be behind ours
_STATUS = "is looking through the documents …"
# What says that these blocks are not taken, so that the text alone may be.
_UNSHOWN = frozenset(
    {"invalid_blocks", "invalid_blocks_format", "msg_too_long", "msg_blocks_too_long"}
)


class Features:
    """What a workspace may not have: once refused, it is done without for a while."""

    def __init__(self) -> None:
        self._off: dict[str, float] = {}

    def has(self, feature: str) -> bool:
        """Whether it is to be tried."""
        return self._off.get(feature, -math.inf) < time.monotonic()

    def failed(self, feature: str, error: Exception) -> None:
        """It was tried in vain; where it was refused, it is not tried again for a while."""
        _log.info("Done without: %s", error)
        if isinstance(error, (RequestRejected, AppMisconfigured)):
            self._off[feature] = time.monotonic() + _OFF


class Reply:
    """The reply to one item. All methods may raise RetryLater, RequestRejected and LeaseLost."""

    def __init__(
        self,
        web: WebApi,
        inbox: Inbox,
        features: Features,
        item: Item,
        work: Work,
        *,
        private: bool,
    ) -> None:
        """`private` shows it to the user of the item only."""
        self.private = private
        self._web = web
        self._inbox = inbox
        self._features = features
        self._item = item
        self._work = work
        self._stamp = item.reply
        self._stream: Stream | None = None
        self._turn = asyncio.Lock()

    async def begin(self) -> None:
        """Says that it is being worked on, where that costs no message."""
        work = self._work
        if self._is_direct and isinstance(work, Question) and self._features.has("status"):
            try:
                await self._web.status(work.channel, work.thread, _STATUS)
            except (RequestRejected, RetryLater) as error:
                self._features.failed("status", error)

    async def wait_visibly(self) -> None:
        """Stands in for an answer that takes long, unless there is something to see already."""
        if self.private:
            return
        async with self._turn:
            if not self._stamp and not self._stream:
                await self._post(blocks.working())

    async def stream(self, told: SentenceEvent) -> bool:
        """Shows one more sentence; False where sentences are not shown one by one."""
        if not self._is_direct or len(told.text) > LONGEST_STREAMED:
            return False
        if not self._features.has("stream") or self._item.tries > 1:
            return False
        async with self._turn:
            if self._stamp and not self._stream:
                return False
            if self._stream is None:
                work = self._work
                self._stream = await self._web.stream(work.channel, self._thread, work.user)
            try:
                await self._stream.add(blocks.streamed(told))
            except (RequestRejected, AppMisconfigured) as error:
                if self._stream.stamp:
                    raise RetryLater(str(error)) from error  # it is ended, and put whole, next time
                self._features.failed("stream", error)
                self._stream = None
                return False
            await self._note(self._stream.stamp)
            return True

    async def answer(self, answer: AnswerBody, form: Form, streamed: int) -> None:
        """Puts an answer, of which so many sentences were streamed."""
        if self._stream is None or not streamed:
            await self.put(blocks.answered(answer, form))
            return
        try:
            await self._stream.end(blocks.proof(answer, form, streamed), self._item.id)
        except (RequestRejected, AppMisconfigured) as error:
            if self._stream.stamp:
                raise RetryLater(str(error)) from error
            # Short sentences were only collected until now.
            self._features.failed("stream", error)
            await self.put(blocks.answered(answer, form))
        finally:
            await self._note(self._stream.stamp)

    async def put(self, message: Message) -> None:
        """Puts a message where the item came from; in place of what stands there for it."""
        try:
            await self._put(message)
        except RequestRejected as error:
            if error.code in _UNSHOWN:
                _log.error("Slack does not show these blocks, so the text alone is sent: %s", error)
                await self._put(blocks.without_blocks(message))
                return
            raise

    async def _put(self, message: Message) -> None:
        if self.private:
            await self._whisper(message)
            return
        async with self._turn:
            await self._find()
            if self._stamp:
                place = (await self._channel(), self._stamp)
                if self._is_direct and self._item.tries > 1:
                    await self._web.end_stream(*place, message, self._item.id)
                await self._web.update(*place, message, self._item.id)
            else:
                await self._post(message)

    async def _post(self, message: Message) -> None:
        await self._find()
        if self._stamp:
            return
        await asyncio.to_thread(self._inbox.renew, self._item)
        channel = await self._channel()
        await self._note(await self._web.post(channel, self._thread, message, self._item.id))

    async def _find(self) -> None:
        """Looks for what was posted for it before, where anything may have been."""
        if self._item.tries == 1:
            return
        channel = await self._channel()
        if not self._stamp:
            since = getattr(self._work, "message", "") or f"{self._item.taken - _SLACK_BEHIND:.6f}"
            try:
                found = await self._web.find(channel, self._thread, since, self._item.id)
            except (RequestRejected, AppMisconfigured) as error:
                # Better answered twice than never.
                _log.error("It cannot be seen what was answered before: %s", error)
                found = ""
            if found:
                await self._note(found)

    async def _note(self, stamp: str) -> None:
        if stamp and stamp != self._stamp:
            self._stamp = stamp
            await asyncio.to_thread(self._inbox.record_reply, self._item, stamp)

    async def _whisper(self, message: Message) -> None:
        """To the user only: in answer to a command or a button, else where they asked."""
        work = self._work
        if work.respond:
            try:
                await self._web.respond(work.respond, message)
                return
            except RequestRejected as error:
                if error.code in _UNSHOWN:
                    raise
                _log.info("Answered another way: %s", error)
        thread = "" if self._thread == getattr(work, "message", "") else self._thread
        await self._web.whisper(work.channel, work.user, thread, message)

    async def _channel(self) -> str:
        """Where it is posted: for what came from the app's home, the messages with its user."""
        work = self._work
        if work.channel == work.user:
            return await self._web.conversation_with(work.user)
        return work.channel

    @property
    def _thread(self) -> str:
        return getattr(self._work, "thread", "")

    @property
    def _is_direct(self) -> bool:
        return self._work.channel.startswith("D") and bool(self._thread) and not self.private
