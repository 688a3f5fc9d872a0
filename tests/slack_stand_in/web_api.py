"""The Web API: who calls, whether they may, what goes wrong on request, and what was called."""

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.types import Receive, Scope, Send

from slack_stand_in.arguments import arguments_of, token_of
from slack_stand_in.faults import Fault, Faults
from slack_stand_in.limits import Refused
from slack_stand_in.messages import Announce, Chat
from slack_stand_in.methods import Methods
from slack_stand_in.options import Options
from slack_stand_in.workspace import Json, Workspace

_MOST_KEPT = 10_000
_TOO_MANY = 429
_APP_SCOPE = "connections:write"


@dataclass
class Call:
    """A call of the Web API, or of a response URL, as it came and as it was answered."""

    method: str
    arguments: Json
    at: float
    seconds: float = 0.0
    status: int = 0  # 0 where it was never answered
    answer: Json = field(default_factory=dict)

    def told(self) -> Json:
        return {**vars(self), "arguments": dict(self.arguments), "answer": dict(self.answer)}


@dataclass(frozen=True)
class _Method:
    work: Callable[[Json], Json]
    scopes: tuple[str, ...] = ()  # one of them is needed
    is_for_app: bool = False  # called with the app's token instead of the bot's


class BrokenOff(Response):
    """An answer that ends before it is whole, with its connection."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = [(b"content-type", b"application/json"), (b"content-length", b"1000")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b'{"ok": ', "more_body": True})


class WebApi:
    """Answers calls. Belongs to one event loop; `closing` ends calls that are never answered."""

    def __init__(
        self,
        workspace: Workspace,
        options: Options,
        announce: Announce,
        socket_url: Callable[[Request], str],
        closing: asyncio.Event,
    ) -> None:
        self._options = options
        self._workspace = workspace
        self._closing = closing
        self._socket_url = socket_url
        self.chat = Chat(workspace, options, announce)
        self.faults = Faults()
        self.calls: deque[Call] = deque(maxlen=_MOST_KEPT)
        self._methods = self._named(Methods(workspace, options, self.chat, self._need))

    def _named(self, methods: Methods) -> dict[str, _Method]:
        chat, writes, assists = self.chat, ("chat:write",), ("assistant:write",)
        return {
            "auth.test": _Method(methods.who),
            "chat.postMessage": _Method(chat.post, writes),
            "chat.update": _Method(chat.update, writes),
            "chat.delete": _Method(chat.delete, writes),
            "chat.postEphemeral": _Method(chat.whisper, writes),
            "chat.startStream": _Method(chat.start, writes),
            "chat.appendStream": _Method(chat.append, writes),
            "chat.stopStream": _Method(chat.stop, writes),
            "conversations.replies": _Method(methods.replies),
            "conversations.history": _Method(methods.history),
            "conversations.info": _Method(methods.info),
            "conversations.open": _Method(methods.open, ("im:write",)),
            "users.info": _Method(methods.user, ("users:read",)),
            "views.publish": _Method(methods.publish),
            # Documented: either of the two is enough.
            "assistant.threads.setStatus": _Method(methods.status, assists + writes),
            "assistant.threads.setSuggestedPrompts": _Method(methods.suggest, assists),
            "assistant.threads.setTitle": _Method(methods.title, assists),
            # Its answer names this very server, and is made where the request is known.
            "apps.connections.open": _Method(lambda _: {"ok": True}, is_for_app=True),
        }

    async def answer(self, request: Request) -> Response:
        """A call of a method."""
        name = str(request.path_params["method"])
        call = Call(name, {}, self._workspace.now())

        async def work() -> Response:
            return await self._answer(request, name, call)

        return await self.disturbed(request, call, work)

    async def disturbed(
        self, request: Request, call: Call, work: Callable[[], Awaitable[Response]]
    ) -> Response:
        """Does the work of a call, unless something is to go wrong with it; keeps account."""
        self.calls.append(call)
        started = time.monotonic()
        fault = self.faults.take(call.method)
        try:
            response = await (work() if fault is None else self._fail(fault, call, request, work))
        finally:
            call.seconds = time.monotonic() - started
            self._workspace.changed()
        if fault is None or fault.kind != "silent":
            call.status = response.status_code
        return response

    async def _fail(
        self,
        fault: Fault,
        call: Call,
        request: Request,
        work: Callable[[], Awaitable[Response]],
    ) -> Response:
        response: Response = PlainTextResponse("upstream error", fault.status or 500)
        match fault.kind:
            case "rate":
                call.answer = {"ok": False, "error": "ratelimited"}
                return _limited(int(fault.seconds))
            case "status":
                return response
            case "error":
                call.answer = Refused(fault.error).answer()
                return self._answered(call.answer)
            case "slow":
                await asyncio.sleep(fault.seconds)
                return await work()
            case "lost":
                await work()
                return response if fault.status else BrokenOff()
            case _:  # silent
                if fault.done:
                    await work()
                else:
                    await request.body()
                await self._given_up(request)
                return response

    async def _given_up(self, request: Request) -> None:
        """Until the client goes away, or the stand-in ends."""

        async def gone() -> None:
            while (await request.receive())["type"] != "http.disconnect":
                pass

        waits = {asyncio.create_task(gone()), asyncio.create_task(self._closing.wait())}
        _, pending = await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        for task in pending:
            task.cancel()

    async def _answer(self, request: Request, name: str, call: Call) -> Response:
        try:
            arguments = await arguments_of(request)
            token = token_of(request, arguments)
            call.arguments = arguments
            method = self._methods.get(name)
            if method is None:
                raise Refused("unknown_method", req_method=name)
            self._expect_token(token, method)
            if method.scopes:
                self._need(*method.scopes)
            answer = method.work(arguments)
            if name == "apps.connections.open":
                answer["url"] = self._socket_url(request)
        except Refused as refused:
            answer = refused.answer()
        call.answer = answer
        wait = answer.pop("retry_after", None)
        return _limited(wait) if wait else self._answered(answer, name)

    def _expect_token(self, token: str, method: _Method) -> None:
        if not token:
            raise Refused("not_authed")
        options = self._options
        if token not in (options.bot_token, options.app_token):
            raise Refused("invalid_auth")
        if method.is_for_app != (token == options.app_token):
            raise Refused("not_allowed_token_type")

    def _need(self, *one_of: str) -> None:
        """Refuses where the app was granted none of these scopes."""
        granted = self._options.scopes
        if not set(one_of) & set(granted):
            raise Refused("missing_scope", needed=one_of[0], provided=",".join(granted))

    def _answered(self, answer: Json, name: str = "") -> Response:
        method = self._methods.get(name)
        scopes = (_APP_SCOPE,) if method and method.is_for_app else self._options.scopes
        headers = {"x-oauth-scopes": ",".join(scopes)}
        if method and method.scopes:
            headers["x-accepted-oauth-scopes"] = ",".join(method.scopes)
        return JSONResponse(answer, headers=headers)


def _limited(seconds: int) -> Response:
    headers = {"retry-after": str(seconds)}
    return JSONResponse({"ok": False, "error": "ratelimited"}, _TOO_MANY, headers)
