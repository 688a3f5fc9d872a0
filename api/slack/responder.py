"""Handles an item from Slack: answers a question, shares an answer, or stores feedback."""

import asyncio
import hashlib
import logging
import time
from dataclasses import dataclass, field
from functools import partial

import anyio.to_thread

from api.errors import ApiError, NotFound, Overloaded
from api.service.access import Caller
from api.service.chat import AnswerSteps, ChatMessage, ChatService
from api.service.rate_limits import ConcurrencyLimit
from api.slack import blocks
from api.slack.blocks import Layout, Message, Room
from api.slack.channels import Channels
from api.slack.inbox import Inbox, Item
from api.slack.payloads import Feedback, Job, Question, Share, conversation_of, load_job
from api.slack.reply import Features, Reply
from api.slack.web_api import RequestRejected, RetryLater, WebApi
from api.slack.worker import INTERNAL_ERROR
from api.store.keys import Scope
from api.store.records import Records
from assistant.answer import Answer, ProvedSentence
from assistant.errors import AnsweringError
from assistant.replies import asks_nothing
from index.errors import IndexingError

_log = logging.getLogger(__name__)
OWNER = "slack"  # owns the stored conversations; no API key has this id
_PLACEHOLDER_AFTER = 0.6  # seconds
_MAX_ATTEMPTS = 5  # while the service is overloaded, or after an internal error

_NO_TEXT = "I can read text but not files. Write your question, and I will search the documents."
_NO_QUESTION = "Add a question, and I will search the documents for the answer."
_NOT_STORED = "That answer is no longer stored. Ask again."
_OVERHEARD = ("thread", "channel")  # sources of messages that do not name the bot
_THANKS = "Thank you, noted."
_APOLOGY = "Something went wrong, and your question was not answered. Ask again later"


def conversation_id(thread: str) -> str:
    """Returns the id under which a thread is stored in the records."""
    return f"slack:{thread}"


@dataclass(frozen=True)
class Responder:
    """Handles the items of the inbox. `timeout` is the seconds that a question may take; `page` is
    the address of the web page, or ""."""

    web: WebApi
    inbox: Inbox
    chat: ChatService
    records: Records
    concurrency: ConcurrencyLimit
    channels: Channels
    timeout: float
    page: str
    _features: Features = field(default_factory=Features)

    async def handle(self, item: Item) -> None:
        """Handles one item. Raises RetryLater, DatabaseUnavailable, and LeaseLost."""
        job = load_job(item.body)
        try:
            if item.reason == INTERNAL_ERROR and item.attempts >= _MAX_ATTEMPTS:
                await self._reply(item, job, private=True).put(_apology(item))
            elif isinstance(job, Question):
                await self._answer(item, job)
            elif isinstance(job, Share):
                await self._share(item, job)
            else:
                await self._save_feedback(item, job)
        except RequestRejected as error:
            await self._report_rejection(item, job, error)

    def caller(self, channel: str) -> Caller:
        """Returns the caller for a channel, with the folders that may be read there."""
        folders = frozenset(self.channels.policy_for(channel).folders) or None
        return Caller(OWNER, OWNER, frozenset({Scope.ASK}), folders)

    def _reply(self, item: Item, job: Job, *, private: bool) -> Reply:
        return Reply(self.web, self.inbox, self._features, item, job, private=private)

    async def _answer(self, item: Item, job: Question) -> None:
        policy = self.channels.policy_for(job.channel)
        reply = self._reply(item, job, private=job.private or policy.ephemeral)
        if not job.text.strip():
            await reply.put(blocks.notice(_NO_TEXT if job.has_files else _NO_QUESTION))
            return
        is_addressed = job.source not in _OVERHEARD
        if not is_addressed and asks_nothing(job.text):
            return  # people talk to each other
        # The bot was not addressed: nothing may appear before it is certain that it has an answer.
        silent = policy.only_sure and not is_addressed
        # The question of a button is shown above its answer, which a stream cannot do.
        into = None if silent or job.source == "button" else reply
        answering = asyncio.create_task(self._run_question(item, job, into))
        try:
            if not silent:
                await reply.show_status()
                done, _ = await asyncio.wait([answering], timeout=_PLACEHOLDER_AFTER)
                # With only_sure, a placeholder would stay if the answer is a refusal.
                if not done and not policy.only_sure:
                    await reply.post_placeholder()
            answer, streamed = await answering
        except (AnsweringError, IndexingError, ApiError) as error:
            await reply.put(_failure(item, error))
            return
        finally:
            answering.cancel()
        if answer.status == "refused" and policy.only_sure:
            if silent:
                return
            reply = self._reply(item, job, private=True)
        layout = Layout(
            page=self.page,
            question=answer.question if job.source in ("button", "command") else "",
            shareable=reply.private and answer.status == "answered",
            has_files=job.has_files,
        )
        await reply.answer(answer, layout, streamed)

    async def _run_question(
        self, item: Item, job: Question, reply: Reply | None
    ) -> tuple[Answer, int]:
        """Returns the answer, and how many of its sentences were streamed into `reply`. Every
        attempt at an item returns the same answer."""
        until = time.monotonic() + self.timeout
        thread = conversation_of(job)
        request = ChatMessage(
            text=job.text,
            conversation_id=conversation_id(thread) if thread else None,
            overheard=job.source in _OVERHEARD,
        )
        answer_id = hashlib.sha256(item.id.encode()).hexdigest()[:32]
        with self.concurrency.slot():
            steps = self.chat.answer_steps(
                self.caller(job.channel), request, until=until, answer_id=answer_id
            )
            try:
                return await self._follow(steps, reply, until)
            finally:
                await anyio.to_thread.run_sync(steps.close)

    async def _follow(
        self, steps: AnswerSteps, reply: Reply | None, until: float
    ) -> tuple[Answer, int]:
        room, streamed, streaming = Room(self.page), 0, reply is not None
        while (step := await self.concurrency.run(partial(next, steps, None), until)) is not None:
            if isinstance(step, ProvedSentence) and reply and streaming:
                streaming = room.takes(step) and await reply.stream(step)
                streamed += streaming
        return steps.result(), streamed

    async def _share(self, item: Item, job: Share) -> None:
        try:
            answer = await asyncio.to_thread(
                self.chat.saved_answer, self.caller(job.channel), job.answer
            )
        except NotFound:
            await self._reply(item, job, private=True).put(blocks.notice(_NOT_STORED))
            return
        message = blocks.answer_message(answer, Layout(self.page, question=answer.question))
        await self._reply(item, job, private=False).put(message)
        try:
            await self.web.delete_original(job.response_url)
        except (RequestRejected, RetryLater) as error:  # harmless: the user sees it twice
            _log.info("The private answer was not deleted: %s", error)

    async def _save_feedback(self, item: Item, job: Feedback) -> None:
        try:
            await asyncio.to_thread(
                self.chat.save_feedback, self.caller(job.channel), job.answer, job.verdict
            )
        except NotFound:
            text = _NOT_STORED
        else:
            text = _THANKS
        await self._reply(item, job, private=True).put(blocks.notice(text))

    async def _report_rejection(self, item: Item, job: Job, error: RequestRejected) -> None:
        """Tells the user that Slack takes no message there: privately in the same place, or else in
        their direct messages."""
        _log.error("Slack rejected a message: %s", error)
        notice = blocks.notice(f"The answer cannot be shown there ({error.code})", item.request)
        try:
            await self._reply(item, job, private=True).put(notice)
        except RequestRejected:
            direct = job.model_copy(update={"channel": job.user, "thread": ""})
            try:
                await self._reply(item, direct, private=False).put(notice)
            except RequestRejected as rejected:
                _log.error("The error message could not be sent either: %s", rejected)


def _failure(item: Item, error: Exception) -> Message:
    """Says why there is no answer. Raises RetryLater if it may be answered soon."""
    if isinstance(error, AnsweringError):
        return blocks.notice(f"{str(error)[:1].upper()}{str(error)[1:]}.", item.request)
    if isinstance(error, Overloaded) and item.attempts < _MAX_ATTEMPTS:
        raise RetryLater(str(error), error.wait)
    _log.warning("A question from Slack was not answered: %s", error)
    return _apology(item)


def _apology(item: Item) -> Message:
    return blocks.notice(_APOLOGY, item.request)
