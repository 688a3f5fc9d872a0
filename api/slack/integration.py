"""The Slack door as a whole, put together and kept open."""

import asyncio
import logging
from contextlib import AsyncExitStack

from starlette.requests import Request
from starlette.responses import Response

from api.errors import SlackUnavailable
from api.service.chat import ChatService
from api.service.metrics import Metrics
from api.service.rate_limits import ConcurrencyLimit
from api.settings import Settings
from api.slack import blocks
from api.slack.answering import OWNER, Answering, kept_as
from api.slack.bolt import Reception
from api.slack.channels import Channels
from api.slack.inbox import Inbox, Incoming
from api.slack.incoming import Question, conversation_of
from api.slack.web_api import RequestRejected, RetryLater, WebApi, missing_scopes
from api.slack.worker import Worker
from api.store.database import Database
from api.store.records import Records

_log = logging.getLogger(__name__)
_AGAIN = 30.0  # seconds until Slack is asked again who we are
_EXAMPLES = 5


class SlackIntegration:
    """Takes questions from Slack and answers them there. Belongs to one event loop."""

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
        """`page` is where the web page is, "" where that is not known, unless a setting says so."""
        secret = settings.slack_signing_secret.get_secret_value()
        # Whether what Slack sends over HTTP can be told from what others send.
        self.receives_http = bool(secret)
        self.inbox = Inbox(database)
        self._web = WebApi(settings.slack_bot_token.get_secret_value(), settings.slack_api_url)
        self._channels = channels
        self._records = records
        self._chat = chat
        self._page = settings.page_url or page
        self._answering = Answering(
            self._web,
            self.inbox,
            chat,
            records,
            concurrency,
            metrics,
            channels,
            settings.timeout,
            self._page,
        )
        self._worker = Worker(self.inbox, metrics, self._answering.do)
        self._reception = Reception(self._web, secret, self._take, self._wants, self._opened_home)
        self._loop: asyncio.AbstractEventLoop | None = None

    async def run(self, app_token: str = "") -> None:
        """Works off what was taken, and with an app token also receives by Socket Mode, until it
        is cancelled. Raises SlackUnavailable where that cannot be opened."""
        self._loop = asyncio.get_running_loop()
        async with AsyncExitStack() as held:
            await held.enter_async_context(self._web.opened())
            if app_token:
                try:
                    await held.enter_async_context(self._reception.connected(app_token))
                except (RetryLater, RequestRejected) as error:
                    raise SlackUnavailable(f"Socket Mode cannot be opened: {error}") from error
            async with asyncio.TaskGroup() as group:
                group.create_task(self._identify())
                group.create_task(self._worker.run())

    async def handle(self, request: Request) -> Response:
        """A request of Slack's, over HTTP."""
        return await self._reception.handle(request)

    def _take(self, incoming: Incoming) -> bool:
        is_new = self.inbox.add(incoming)
        if is_new and self._loop:
            self._loop.call_soon_threadsafe(self._worker.wake)
        return is_new

    def _wants(self, question: Question) -> bool:
        """Whether a question is answered that was not put to the bot: in a thread that it is in,
        and where the channel's policy says so."""
        policy = self._channels.of(question.channel)
        if policy.answer == "questions" and "?" in question.text:
            return True
        if question.asked != "thread" or not policy.threads:
            return False
        # What was asked is not forgotten before it is answered, and the answer is kept longer.
        thread = conversation_of(question)
        return self.inbox.has_conversation(thread) or bool(
            self._records.turns(OWNER, kept_as(thread), 1)
        )

    async def _identify(self) -> None:
        """Asks Slack who we are, until it says so."""
        while True:
            try:
                me = await self._web.identity()
            except (RetryLater, RequestRejected) as error:
                _log.error("Slack is not answered yet: %s", error)
                await asyncio.sleep(_AGAIN)
                continue
            self._reception.identity = me
            _log.info("Slack is answered in the workspace %s", me.name)
            for told in missing_scopes(me.scopes) if me.scopes else []:
                _log.warning("The app lacks the scope %s: add it, and install the app again", told)
            return

    async def _opened_home(self, user: str, channel: str, tab: str) -> None:
        """Shows the home view, or questions to begin with in the app's messages."""
        caller = self._answering.caller(user)
        documents = await asyncio.to_thread(self._chat.documents, caller, _EXAMPLES)
        if tab == "home":
            await self._web.publish(user, blocks.home(documents, self._page))
        elif documents.examples:
            await self._web.suggest(channel, blocks.prompts(documents.examples))
