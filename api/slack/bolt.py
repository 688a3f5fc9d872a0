"""Receives what Slack sends, with Bolt: verifies, parses and stores it, then acknowledges it.

The only module that uses Bolt. If storing fails, nothing is acknowledged and Slack sends it again.
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
from slack_sdk.signature import SignatureVerifier
from starlette.requests import Request
from starlette.responses import Response

from api.errors import ApiError, DatabaseUnavailable, InvalidKey
from api.service.logs import name_request, request_id
from api.service.rate_limits import RateLimiter
from api.slack import blocks
from api.slack.inbox import NewItem
from api.slack.payloads import Question, parse_action, parse_command, parse_event
from api.slack.web_api import AppMisconfigured, Identity, RequestRejected, RetryLater, WebApi
from index.errors import IndexingError

_log = logging.getLogger(__name__)
# Bolt warns about environment variables that it does not use.
_bolt_log = logging.getLogger(f"{__name__}.app")
_bolt_log.setLevel(logging.ERROR)
_ANY = re.compile("")
_LAST_RETRY = "3"
# The verifier raises ValueError for other timestamps, and TypeError for other signatures.
_TIMESTAMP = re.compile(r"[0-9]{1,15}")
_SIGNATURE = re.compile(r"v0=[0-9a-f]{64}")
_USAGE = "Write a question after the command, and I will search the documents."
_NOT_STORED = "Your question could not be stored. Try again in a minute"


class Receiver:
    """Receives Slack's requests. `identity` is None until it is known whose token it is."""

    def __init__(
        self,
        web: WebApi,
        signing_secret: str,
        add: Callable[[NewItem], bool],
        should_answer: Callable[[Question], bool],
        show_home: Callable[[str, str, str], Coroutine[Any, Any, None]],
        rate_limiter: RateLimiter,
    ) -> None:
        """`add` stores an item; `should_answer` decides about a question that does not address the
        bot; both run in a thread. `show_home` gets user, channel and tab. `rate_limiter`
        counts the requests of an address that are not signed."""
        self.identity: Identity | None = None
        self._web = web
        self._add = add
        self._should_answer = should_answer
        self._show_home = show_home
        self._rate_limiter = rate_limiter
        self._verifier = SignatureVerifier(signing_secret) if signing_secret else None
        self._background: set[asyncio.Task[None]] = set()

        async def authorize(context: AsyncBoltContext) -> AuthorizeResult:
            """Says who we are, as far as it is known, without a call to Slack."""
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
            signing_secret=signing_secret or "none: not received over HTTP",
            authorize=authorize,
            logger=_bolt_log,
            process_before_response=True,  # acknowledges after a listener has returned
            ignoring_self_events_enabled=False,  # parse_event() does it, without a call to Slack
        )
        self._app.event("app_mention")(self._on_event)
        self._app.event("message")(self._on_event)
        self._app.event("app_home_opened")(self._on_home)
        self._app.event(_ANY)(self._on_other)
        self._app.command(_ANY)(self._on_command)
        self._app.action(_ANY)(self._on_action)

    async def handle(self, request: Request) -> Response:
        """Handles a request over HTTP. Raises InvalidKey if it is not signed, or was signed more
        than five minutes ago, and RateLimited if an address sends many of them."""
        body = await request.body()
        # Bolt parses the body before it checks the signature.
        if not self._is_signed(request, body):
            self._rate_limiter.hit(f"address {request.client.host if request.client else ''}")
            raise InvalidKey(
                "the request is not signed by Slack, or was signed more than five minutes ago: "
                "check SLACK_SIGNING_SECRET and the clock of this machine"
            )
        try:
            bolt_request = to_async_bolt_request(request, body)
        except (ValueError, TypeError, AttributeError, RecursionError):
            return Response(status_code=400)
        return to_starlette_response(await self._app.async_dispatch(bolt_request))

    def _is_signed(self, request: Request, body: bytes) -> bool:
        timestamp = request.headers.get("x-slack-request-timestamp", "")
        signature = request.headers.get("x-slack-signature", "")
        if not (_TIMESTAMP.fullmatch(timestamp) and _SIGNATURE.fullmatch(signature)):
            return False
        try:
            return bool(self._verifier and self._verifier.is_valid(body, timestamp, signature))
        except UnicodeDecodeError:  # Slack sends UTF-8
            return False

    @asynccontextmanager
    async def socket_mode(self, app_token: str) -> AsyncIterator[None]:
        """Receives over Socket Mode while the context is open. If Slack cannot be reached, it keeps
        retrying. Raises RequestRejected and AppMisconfigured."""
        try:
            await self._web.check_app_token(app_token)
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

    async def _on_event(self, body: Mapping[str, Any], request: AsyncBoltRequest) -> None:
        if not self._is_our_team(body):
            return
        parsed = parse_event(body, self._bot(body), _request_id())
        if parsed is None:
            return
        item, question = parsed
        try:
            addressed = question.source in ("mention", "direct")
            if addressed or await asyncio.to_thread(self._should_answer, question):
                await asyncio.to_thread(self._add, item)
        except DatabaseUnavailable as error:
            if request.headers.get("x-slack-retry-num", [""])[0] != _LAST_RETRY:
                raise  # Slack sends it again
            _log.error("A question from Slack was not stored: %s", error)
            notice = blocks.notice(f"{_NOT_STORED}.", item.request)
            self._start(self._post(question, notice, item))

    async def _on_command(self, body: Mapping[str, Any], ack: AsyncAck) -> None:
        item = parse_command(body, _request_id()) if self._is_our_team(body) else None
        if item is None or not str(body.get("text", "")).strip():
            await ack(_USAGE)
            return
        try:
            await asyncio.to_thread(self._add, item)
        except DatabaseUnavailable as error:  # Slack does not send commands again
            _log.error("A command from Slack was not stored: %s", error)
            await ack(f"{_NOT_STORED} (request {item.request}).")
        else:
            await ack()

    async def _on_action(self, body: Mapping[str, Any], ack: AsyncAck) -> None:
        item = parse_action(body, _request_id()) if self._is_our_team(body) else None
        if item:
            await asyncio.to_thread(self._add, item)
        await ack()

    async def _on_home(self, body: Mapping[str, Any]) -> None:
        event = body.get("event", {})
        user, channel, tab = (str(event.get(name, "")) for name in ("user", "channel", "tab"))
        if self._is_our_team(body) and user:
            self._start(self._show_home(user, channel, tab))

    async def _on_other(self) -> None:
        """Acknowledges other events, which Slack would otherwise send again."""

    async def _post(self, question: Question, message: blocks.Message, item: NewItem) -> None:
        await self._web.post(question.channel, question.thread, message, item.id)

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        """Runs something in the background, so that Slack's request is acknowledged meanwhile."""

        async def run() -> None:
            try:
                await work
            except (ApiError, IndexingError, RequestRejected, RetryLater) as error:
                _log.error("Slack was not updated: %s", error)

        task = asyncio.create_task(run())
        self._background.add(task)
        task.add_done_callback(self._background.discard)

    def _is_our_team(self, body: Mapping[str, Any]) -> bool:
        """Whether a payload comes from the workspace of our token. Others are acknowledged, so that
        Slack does not repeat them, and ignored."""
        place = body.get("team")
        team = body.get("team_id") or (place.get("id") if isinstance(place, dict) else None)
        known = {team, *(each.get("team_id") for each in body.get("authorizations") or [])}
        if self.identity is None or self.identity.team in known:
            return True
        _log.warning("Ignoring a payload from an unknown team (%s)", team)
        return False

    def _bot(self, body: Mapping[str, Any]) -> str:
        """Returns the bot's user id; before `identity` is known, as the payload says."""
        if self.identity:
            return self.identity.user
        users = (each.get("user_id") for each in body.get("authorizations") or [])
        return next(filter(None, users), "")


def _request_id() -> str:
    """Returns the id of the HTTP request, or a new one over Socket Mode."""
    return request_id.get() or name_request(None)
