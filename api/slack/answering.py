"""What an item from Slack asks for, done: a question, a verdict, an answer to be shown to all."""

import asyncio
import hashlib
import logging
import time
from functools import partial

import anyio.to_thread

from api.errors import ApiError, DatabaseUnavailable, NotFound, Overloaded
from api.service.access import Caller
from api.service.chat import AnswerSteps, ChatService
from api.service.metrics import Metrics
from api.service.rate_limits import ConcurrencyLimit
from api.slack import blocks
from api.slack.blocks import Form, Message, Room
from api.slack.channels import Channels, Policy
from api.slack.inbox import Inbox, Item, LeaseLost
from api.slack.incoming import Question, Sharing, Verdict, Work, conversation_of, read_work
from api.slack.reply import Features, Reply
from api.slack.web_api import RequestRejected, RetryLater, WebApi
from api.store.keys import Scope
from api.store.records import Records
from api.wire import AnswerBody, ChatRequest, SentenceEvent
from assistant.errors import AnsweringError
from index.errors import IndexingError

_log = logging.getLogger(__name__)
OWNER = "slack"  # under which conversations are kept; no API key has such an id
# Seconds that an answer may take before something is said meanwhile.
_PATIENCE = 0.6
# How often it is tried while the service has too much to do, or for a defect.
_MOST_TRIES = 5

_NO_TEXT = "I read text only, not files: write your question, and I look through the documents."
_EMPTY = "Write a question behind it, and I look through the documents for the answer."
_GONE = "That answer is not kept any more: ask again."
_THANKS = "Noted, thank you."
_SORRY = "Something went wrong here, and this was not answered. Ask again later"


def kept_as(conversation: str) -> str:
    """The id that a thread is kept under in the records."""
    return f"slack:{conversation}"


class Answering:
    """Does the items of the inbox."""

    def __init__(
        self,
        web: WebApi,
        inbox: Inbox,
        chat: ChatService,
        records: Records,
        concurrency: ConcurrencyLimit,
        metrics: Metrics,
        channels: Channels,
        timeout: float,
        page: str,
    ) -> None:
        """`timeout` is the seconds a question may take; `page` the web page's address, or ""."""
        self._web = web
        self._inbox = inbox
        self._chat = chat
        self._records = records
        self._concurrency = concurrency
        self._metrics = metrics
        self._channels = channels
        self._timeout = timeout
        self._page = page
        self._features = Features()

    async def do(self, item: Item) -> None:
        """Does one item. Raises RetryLater where it is to be tried again, DatabaseUnavailable, and
        LeaseLost."""
        work = read_work(item.body)
        try:
            await self._done_or_told(item, work)
        except RequestRejected as error:
            await self._last_resort(item, work, error)

    async def _done_or_told(self, item: Item, work: Work) -> None:
        """What nobody foresaw is told too, when it has not passed by itself."""
        try:
            await self._done(item, work)
        except (RequestRejected, RetryLater, LeaseLost, DatabaseUnavailable):
            raise
        except Exception as error:
            _log.exception("Something from Slack could not be done")
            if item.tries < _MOST_TRIES:
                raise RetryLater("a defect: see the log") from error
            await self._reply(item, work, private=True).put(_sorry(item))

    async def _done(self, item: Item, work: Work) -> None:
        if isinstance(work, Question):
            await self._question(item, work)
        elif isinstance(work, Sharing):
            await self._share(item, work)
        else:
            await self._judge(item, work)

    def caller(self, channel: str) -> Caller:
        """Who asks in a channel, and what may be read there."""
        folders = frozenset(self._channels.of(channel).folders) or None
        return Caller(OWNER, OWNER, frozenset({Scope.ASK}), folders)

    def _reply(self, item: Item, work: Work, *, private: bool) -> Reply:
        return Reply(self._web, self._inbox, self._features, item, work, private=private)

    async def _question(self, item: Item, work: Question) -> None:
        policy = self._channels.of(work.channel)
        if work.channel.startswith("D") or work.channel == work.user:
            # Nobody else is there to be spared anything.
            policy = policy.model_copy(update={"ephemeral": False, "only_sure": False})
        reply = self._reply(item, work, private=work.private or policy.ephemeral)
        if not work.text.strip():
            await reply.put(blocks.notice(_NO_TEXT if work.has_files else _EMPTY))
            return
        # Nobody asked: nothing is said before it is known that there is an answer.
        quiet = policy.only_sure and work.asked in ("thread", "unasked")
        # A button's question is told with its answer, which is put whole then.
        into = None if quiet or work.asked == "button" else reply
        asking = asyncio.create_task(self._asked(item, work, into))
        try:
            if not quiet:
                await reply.begin()
                # Where a refusal is not for the channel, nothing may stand there in its place.
                is_done, _ = await asyncio.wait([asking], timeout=_PATIENCE)
                if not is_done and not policy.only_sure:
                    await reply.wait_visibly()
            answer, shown = await asking
        except (AnsweringError, IndexingError, ApiError) as error:
            await reply.put(_failure(item, error))
            return
        finally:
            asking.cancel()
        if answer.status == "refused" and policy.only_sure:
            if quiet:
                return
            reply = self._reply(item, work, private=True)
        await reply.answer(answer, self._form(answer, work, policy, reply), shown)

    def _form(self, answer: AnswerBody, work: Question, policy: Policy, reply: Reply) -> Form:
        unseen = work.asked in ("button", "command")
        return Form(
            page=self._page,
            asked=answer.question if unseen else "",
            shareable=reply.private and answer.status == "answered",
        )

    async def _asked(
        self, item: Item, work: Question, reply: Reply | None
    ) -> tuple[AnswerBody, int]:
        """The answer, the same however often it is asked for; and how many of its sentences were
        streamed into the reply meanwhile."""
        until = time.monotonic() + self._timeout
        thread = conversation_of(work)
        conversation = kept_as(thread) if thread else None
        request = ChatRequest(message=work.text, conversation_id=conversation)
        name = hashlib.sha256(item.id.encode()).hexdigest()[:32]
        with self._concurrency.slot():
            steps = self._chat.answer_steps(
                self.caller(work.channel), request, until=until, answer_id=name
            )
            try:
                return await self._followed(steps, reply, until)
            finally:
                await anyio.to_thread.run_sync(steps.close)

    async def _followed(
        self, steps: AnswerSteps, reply: Reply | None, until: float
    ) -> tuple[AnswerBody, int]:
        room, shown, goes_on = Room(self._page), 0, reply is not None
        upcoming = partial(next, steps, None)
        while (step := await self._concurrency.run(upcoming, until)) is not None:
            if isinstance(step, SentenceEvent) and reply and goes_on:
                goes_on = room.takes(step) and await reply.stream(step)
                shown += goes_on
        return steps.result(), shown

    async def _share(self, item: Item, work: Sharing) -> None:
        answer = await self._kept(item, work)
        if answer is None:
            return
        form = Form(page=self._page, asked=answer.question)
        await self._reply(item, work, private=False).put(blocks.answered(answer, form))
        try:
            await self._web.respond(work.respond, None)
        except (RequestRejected, RetryLater) as error:  # that it also stays where it was is no harm
            _log.info("The private answer was not taken away: %s", error)

    async def _kept(self, item: Item, work: Sharing) -> AnswerBody | None:
        """The answer that is to be shown; None, the user having been told, where it is gone."""
        kept = partial(self._chat.saved_answer, self.caller(work.channel), work.answer)
        try:
            return await asyncio.to_thread(kept)
        except NotFound:
            await self._reply(item, work, private=True).put(blocks.notice(_GONE))
            return None

    async def _judge(self, item: Item, work: Verdict) -> None:
        judge = partial(self._records.save_feedback, OWNER, work.answer, work.verdict, "")
        try:
            await asyncio.to_thread(judge)
            self._metrics.count_feedback(work.verdict)
            told = _THANKS
        except NotFound:
            told = _GONE
        await self._reply(item, work, private=True).put(blocks.notice(told))

    async def _last_resort(self, item: Item, work: Work, error: RequestRejected) -> None:
        """Tells the user where the place itself takes no message: there, to them only, or else in
        their direct messages."""
        _log.error("Slack takes no message there: %s", error)
        told = blocks.notice(f"The answer cannot be shown there ({error.code})", item.request)
        try:
            await self._reply(item, work, private=True).put(told)
        except RequestRejected:
            home = work.model_copy(update={"channel": work.user, "thread": ""})
            try:
                await self._reply(item, home, private=False).put(told)
            except RequestRejected as refused:
                _log.error("Nor does it reach the user: %s", refused)


def _failure(item: Item, error: Exception) -> Message:
    """What is said of a question that has no answer. Raises RetryLater for what passes soon."""
    if isinstance(error, AnsweringError):
        return blocks.notice(f"{str(error)[:1].upper()}{str(error)[1:]}.", item.request)
    if isinstance(error, Overloaded) and item.tries < _MOST_TRIES:
        raise RetryLater(str(error), error.wait)
    _log.warning("A question from Slack was not answered: %s", error)
    return _sorry(item)


def _sorry(item: Item) -> Message:
    return blocks.notice(_SORRY, item.request)
