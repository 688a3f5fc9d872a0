"""What Slack sends, received with Bolt: verified, read, kept, and then acknowledged.

Nothing is answered here. An error before something is kept is not acknowledged, so that Slack
sends it again. The one door to Bolt.
"""

import asyncio
import logging
import re
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from contextlib import asynccontextmanager
from typing import Any

from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.adapter.starlette.async_handler import (
    to_async_bolt_request,
    to_starlette_response,
)
from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.context.async_context import AsyncBoltContext
from slack_bolt.request.async_request import AsyncBoltRequest
from starlette.requests import Request
from starlette.responses import Response

from api.errors import DatabaseUnavailable
from api.service.logs import name_request, request_id
from api.slack import blocks
from api.slack import incoming as read
from api.slack.inbox import Incoming
from api.slack.incoming import Question
from api.slack.web_api import AppMisconfigured, Identity, RetryLater, WebApi

_log = logging.getLogger(__name__)
# Bolt also looks into the environment, and warns of what it finds there and does not use.
_bolts_log = logging.getLogger(f"{__name__}.app")
_bolts_log.setLevel(logging.ERROR)
_ANY = re.compile("")
_LAST_RETRY = "3"
_USAGE = "Write a question behind the command, and the documents are looked through."
_NOT_TAKEN = "This could not be taken in. Try again in a minute"


class Reception:
    """Where things from Slack come in."""

    def __init__(
        self,
        web: WebApi,
        signing_secret: str,
        take: Callable[[Incoming], bool],
        wants: Callable[[Question], bool],
        opened_home: Callable[[str, str, str], Coroutine[Any, Any, None]],
    ) -> None:
        """`take` keeps something, and says whether it is new; `wants` says whether a question that
        was not put to the bot is answered; `opened_home` gets user, channel and tab. The first two
        run in a thread."""
        self.identity: Identity | None = None
        self._web = web
        self._take = take
        self._wants = wants
        self._opened_home = opened_home
        self._beside: set[asyncio.Task[None]] = set()

        async def authorize(context: AsyncBoltContext) -> AuthorizeResult:
            """Who we are, as far as it is known: to take something in, Slack is not asked."""
            me = self.identity
            return AuthorizeResult(
                enterprise_id=None,
                team_id=me.team if me else context.team_id,
                bot_user_id=me.user if me else None,
                bot_id=me.bot if me else None,
                bot_token=web.client.token,
            )

        self._app = AsyncApp(
            client=web.client,
            signing_secret=signing_secret or "none: not sent over HTTP",
            authorize=authorize,
            logger=_bolts_log,
            # Acknowledges when a listener has returned, not before it begins.
            process_before_response=True,
            ignoring_self_events_enabled=False,  # incoming.py does, without asking who we are
        )
        self._app.event("app_mention")(self._event)
        self._app.event("message")(self._event)
        self._app.event("app_home_opened")(self._home)
        self._app.event(_ANY)(self._nothing)
        self._app.command(_ANY)(self._command)
        self._app.action(_ANY)(self._action)

    async def handle(self, request: Request) -> Response:
        """A request that Slack sends over HTTP. 401 where its signature is not Slack's, or older
        than five minutes."""
        body = await request.body()
        try:
            read_by_bolt = to_async_bolt_request(request, body)
        except (ValueError, TypeError, AttributeError):
            # Bolt reads it before it looks at the signature, and is surprised by other shapes.
            return Response(status_code=400)
        return to_starlette_response(await self._app.async_dispatch(read_by_bolt))

    @asynccontextmanager
    async def connected(self, app_token: str) -> AsyncIterator[None]:
        """Receives the same over Socket Mode while the context is open. If Slack cannot be reached,
        it keeps retrying. Raises RequestRejected and AppMisconfigured."""
        try:
            await self._web.expect_socket(app_token)
        except AppMisconfigured:
            raise
        except RetryLater as error:
            _log.warning("Socket Mode is not open yet: %s", error)
        handler = AsyncSocketModeHandler(self._app, app_token)
        await handler.connect_async()  # type: ignore[no-untyped-call]
        try:
            yield
        finally:
            await handler.close_async()  # type: ignore[no-untyped-call]

    async def _event(self, body: Mapping[str, Any], request: AsyncBoltRequest) -> None:
        if not self._is_ours(body):
            return
        found = read.of_event(body, self._bot(body), _request())
        if found is None:
            return
        incoming, question = found
        try:
            wanted = question.asked in ("mention", "direct")
            if wanted or await asyncio.to_thread(self._wants, question):
                await asyncio.to_thread(self._take, incoming)
        except DatabaseUnavailable as error:
            if _is_last(request):
                self._beside_that(self._told_in_vain(incoming, question, error))
                return
            raise  # Slack sends it again

    async def _command(self, body: Mapping[str, Any], ack: AsyncAck) -> None:
        incoming = read.of_command(body, _request()) if self._is_ours(body) else None
        if incoming is None or not str(body.get("text", "")).strip():
            await ack(_USAGE)
            return
        await self._taken_or_told(incoming, ack)

    async def _action(self, body: Mapping[str, Any], ack: AsyncAck) -> None:
        incoming = read.of_action(body, _request()) if self._is_ours(body) else None
        if incoming is None:
            await ack()
            return
        await asyncio.to_thread(self._take, incoming)
        await ack()

    async def _taken_or_told(self, incoming: Incoming, ack: AsyncAck) -> None:
        """Slack does not send a command again, so what failed is told at once."""
        try:
            await asyncio.to_thread(self._take, incoming)
        except Exception as error:  # noqa: BLE001 - whatever it is, somebody waits for a word
            _log.error("A command from Slack was not taken in: %s", error)
            await ack(f"{_NOT_TAKEN} (request {incoming.request}).")
        else:
            await ack()

    async def _home(self, body: Mapping[str, Any]) -> None:
        """Shows the home view; nobody waits for that, and it may be done twice."""
        event = body.get("event", {})
        user, channel, tab = (str(event.get(name, "")) for name in ("user", "channel", "tab"))
        if self._is_ours(body) and user:
            self._beside_that(self._opened_home(user, channel, tab))

    async def _told_in_vain(self, incoming: Incoming, question: Question, error: Exception) -> None:
        """Slack will not send it again, and it cannot be kept: so it is told."""
        _log.error("A question from Slack was not taken in: %s", error)
        told = blocks.notice(f"{_NOT_TAKEN}.", incoming.request)
        await self._web.post(question.channel, question.thread, told, incoming.id)

    def _beside_that(self, work: Coroutine[Any, Any, None]) -> None:
        """Does something for which Slack is not kept waiting."""

        async def done() -> None:
            try:
                await work
            except Exception as error:  # noqa: BLE001 - there is nobody left to raise it to
                _log.error("Slack was not told: %s", error)

        task = asyncio.create_task(done())
        self._beside.add(task)
        task.add_done_callback(self._beside.discard)

    async def _nothing(self) -> None:
        """For what the app was told of and has no use for: without a listener it would be sent
        again and again."""

    def _is_ours(self, body: Mapping[str, Any]) -> bool:
        """Whether it comes from the workspace of our token. Another one's is acknowledged, since
        it would only be sent again, and not answered: the token is not for it."""
        place = body.get("team")
        team = body.get("team_id") or (place.get("id") if isinstance(place, dict) else None)
        known = {team, *(each.get("team_id") for each in body.get("authorizations") or [])}
        if self.identity is None or self.identity.team in known:
            return True
        _log.warning("Something from an unknown team (%s) is not answered", team)
        return False

    def _bot(self, body: Mapping[str, Any]) -> str:
        """The bot's own user, from Slack's word where it has not been asked yet."""
        if self.identity:
            return self.identity.user
        users = (each.get("user_id") for each in body.get("authorizations") or [])
        return next(filter(None, users), "")


def _is_last(request: AsyncBoltRequest) -> bool:
    """Whether Slack will not send it again."""
    return request.headers.get("x-slack-retry-num", [""])[0] == _LAST_RETRY


def _request() -> str:
    """The id of the request that brings it; over Socket Mode there is none yet."""
    return request_id.get() or name_request(None)
