"""Assembles the Slack integration and runs it."""

import asyncio
import logging
from contextlib import AsyncExitStack

from starlette.requests import Request
from starlette.responses import Response

from api.errors import SlackUnavailable
from api.service.chat import ChatService
from api.service.metrics import Metrics
from api.service.rate_limits import ConcurrencyLimit, RateLimiter, parse_rate_limits
from api.settings import Settings
from api.slack import blocks
from api.slack.bolt import Receiver
from api.slack.channels import Channels
from api.slack.inbox import Inbox, NewItem
from api.slack.payloads import Question, conversation_of
from api.slack.responder import OWNER, Responder, conversation_id
from api.slack.web_api import RequestRejected, RetryLater, WebApi, missing_scopes
from api.slack.worker import Worker
from api.store.database import Database
from api.store.records import Records

_log = logging.getLogger(__name__)
_IDENTITY_RETRY = 30.0  # seconds
_MAX_EXAMPLES = 5


class SlackIntegration:
    """Receives questions from Slack and answers them there. Belongs to one event loop.

    `receives_http` says whether there is a signing secret to verify requests over HTTP with.
    """

    def __init__(
        self,
        settings: Settings,
        channels: Channels,
        database: Database,
        records: Records,
        chat: ChatService,
        concurrency: ConcurrencyLimit,
        metrics: Metrics,
        page: str,
    ) -> None:
        """`page` is the address of the web page, or "", unless the settings name one."""
        secret = settings.slack_signing_secret.get_secret_value()
        self.receives_http = bool(secret)
        self.inbox = Inbox(database)
        self._web = WebApi(settings.slack_bot_token.get_secret_value(), settings.slack_api_url)
        self._responder = Responder(
            web=self._web,
            inbox=self.inbox,
            chat=chat,
            records=records,
            concurrency=concurrency,
            channels=channels,
            timeout=settings.timeout,
            page=settings.page_url or page,
        )
        self._worker = Worker(self.inbox, metrics, self._responder.handle)
        self._receiver = Receiver(
            self._web,
            secret,
            self._add,
            self._should_answer,
            self._show_home,
            RateLimiter(parse_rate_limits(settings.rate_with_keys)),
        )
        self._loop: asyncio.AbstractEventLoop | None = None

    async def run(self, app_token: str = "") -> None:
        """Answers until cancelled, and with an app token also receives over Socket Mode. Raises
        SlackUnavailable if that cannot be opened."""
        self._loop = asyncio.get_running_loop()
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(self._web.session())
            if app_token:
                try:
                    await stack.enter_async_context(self._receiver.socket_mode(app_token))
                except (RetryLater, RequestRejected) as error:
                    raise SlackUnavailable(f"Socket Mode cannot be opened: {error}") from error
            async with asyncio.TaskGroup() as group:
                group.create_task(self._identify())
                group.create_task(self._worker.run())

    async def handle(self, request: Request) -> Response:
        """Handles a request that Slack sends over HTTP."""
        return await self._receiver.handle(request)

    def _add(self, item: NewItem) -> bool:
        is_new = self.inbox.add(item)
        if is_new and self._loop:
            self._loop.call_soon_threadsafe(self._worker.wake)
        return is_new

    def _should_answer(self, question: Question) -> bool:
        """Decides about a message that does not address the bot, by the channel's policy."""
        policy = self._responder.channels.policy_for(question.channel)
        if policy.answer == "questions" and "?" in question.text:
            return True
        if question.source != "thread" or not policy.threads:
            return False
        # The bot takes part in a thread if a question there waits or was answered.
        thread = conversation_of(question)
        if self.inbox.has_conversation(thread):
            return True
        return bool(self._responder.records.turns(OWNER, conversation_id(thread), 1))

    async def _identify(self) -> None:
        """Asks Slack whose token it is, until it answers."""
        while True:
            try:
                me = await self._web.identity()
            except (RetryLater, RequestRejected) as error:
                _log.error("Slack cannot be used yet: %s", error)
                await asyncio.sleep(_IDENTITY_RETRY)
                continue
            self._receiver.identity = me
            _log.info("Answering in the Slack workspace %s", me.name)
            for scope in missing_scopes(me.scopes) if me.scopes else []:
                _log.warning("The app lacks the scope %s: add it and install the app again", scope)
            return

    async def _show_home(self, user: str, channel: str, tab: str) -> None:
        """Publishes the home view, or suggests questions in the messages tab."""
        responder = self._responder
        documents = await asyncio.to_thread(
            responder.chat.documents, responder.caller(user), _MAX_EXAMPLES
        )
        if tab == "home":
            await self._web.publish_home(user, blocks.home_view(documents, responder.page))
        elif documents.examples:
            await self._web.suggest_prompts(channel, blocks.prompts(documents.examples))
