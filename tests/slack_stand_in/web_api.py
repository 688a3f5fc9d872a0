"""The Web API: authentication, arguments, faults, and a log of all calls."""

import asyncio
import copy
import json
import time
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.types import Receive, Scope, Send

from slack_stand_in.faults import Fault, Faults
from slack_stand_in.limits import SlackError
from slack_stand_in.messages import Messages
from slack_stand_in.methods import Methods
from slack_stand_in.options import Options
from slack_stand_in.workspace import Json, Workspace

_MAX_CALLS = 10_000
_NESTED = ("blocks", "chunks", "metadata", "prompts", "view")  # JSON in forms and queries
_OPEN_SOCKET = "apps.connections.open"  # the only method that takes the app token


@dataclass
class Call:
    """A call of the Web API or of a response URL, with its answer."""

    method: str
    arguments: Json
    at: float
    seconds: float = 0.0
    status: int = 0  # 0 if it was never answered
    answer: Json = field(default_factory=dict)


class _BrokenOff(Response):
    """A response that ends before it is complete."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = [(b"content-type", b"application/json"), (b"content-length", b"1000")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b'{"ok": ', "more_body": True})


class WebApi:
    """Answers calls. Belongs to one event loop; `closing` ends the calls that are never answered."""

    def __init__(
        self,
        workspace: Workspace,
        options: Options,
        messages: Messages,
        socket_url: Callable[[], str],
        closing: asyncio.Event,
    ) -> None:
        self._workspace = workspace
        self._options = options
        self._socket_url = socket_url
        self._closing = closing
        self.faults = Faults()
        self.calls: deque[Call] = deque(maxlen=_MAX_CALLS)
        methods = Methods(workspace, messages, self._need_scope)
        # Each with the scope that it needs, if any.
        self._methods: dict[str, tuple[Callable[[Json], Json], str]] = {
            "auth.test": (methods.identity, ""),
            "chat.postMessage": (messages.post, "chat:write"),
            "chat.update": (messages.update, "chat:write"),
            "chat.postEphemeral": (messages.post_ephemeral, "chat:write"),
            "chat.startStream": (messages.start_stream, "chat:write"),
            "chat.appendStream": (messages.append_stream, "chat:write"),
            "chat.stopStream": (messages.stop_stream, "chat:write"),
            "conversations.replies": (methods.replies, ""),
            "conversations.history": (methods.history, ""),
            "conversations.open": (methods.open, "im:write"),
            "views.publish": (methods.publish, ""),
            "assistant.threads.setStatus": (methods.set_status, "chat:write"),
            "assistant.threads.setSuggestedPrompts": (methods.set_prompts, "assistant:write"),
            _OPEN_SOCKET: (lambda _: {"ok": True, "url": self._socket_url()}, ""),
        }

    async def answer(self, request: Request) -> Response:
        """Answers a call of a method."""
        call = Call(request.path_params["method"], {}, self._workspace.now())
        return await self.run(request, call, partial(self._work, request, call))

    async def run(
        self, request: Request, call: Call, work: Callable[[], Awaitable[Response]]
    ) -> Response:
        """Logs a call and does its work, unless a fault is pending."""
        self.calls.append(call)
        started = time.monotonic()
        fault = self.faults.take(call.method)
        try:
            response = await (work() if fault is None else self._fail(fault, call, request, work))
        finally:
            call.seconds = time.monotonic() - started
        if fault is None or fault.kind != "silent":
            call.status = response.status_code
        return response

    async def _fail(
        self, fault: Fault, call: Call, request: Request, work: Callable[[], Awaitable[Response]]
    ) -> Response:
        if fault.kind == "slow":
            await asyncio.sleep(fault.seconds)
            return await work()
        if fault.kind == "lost" or fault.done:
            await work()
        await request.body()
        refusal = SlackError(fault.error).answer()
        match fault.kind:
            case "rate":
                headers = {"retry-after": str(int(fault.seconds))}
                return JSONResponse({"ok": False, "error": "ratelimited"}, 429, headers)
            case "error":
                call.answer = refusal
            case "lie":
                invented = {"ok": True, "ts": self._workspace.next_ts(), "message": {}}
                call.answer = refusal if fault.done else invented
            case "forget":
                call.answer = {"ok": True, "messages": [], "has_more": False}
            case "silent":
                await self._closing.wait()
                return Response(status_code=500)
            case _:  # status, lost
                failed = PlainTextResponse("upstream failure", fault.status or 500)
                return failed if fault.status else _BrokenOff()
        return self._respond(call.answer)

    async def _work(self, request: Request, call: Call) -> Response:
        try:
            call.arguments = await _arguments(request)
            if call.method not in self._methods:
                raise SlackError("unknown_method", req_method=call.method)
            self._check_token(_token(request, call.arguments), call.method)
            method, scope = self._methods[call.method]
            if scope:
                self._need_scope(scope)
            answer = method(call.arguments)
        except SlackError as error:
            answer = error.answer()
        call.answer = copy.deepcopy(answer)
        return self._respond(answer)

    def _check_token(self, token: str, method: str) -> None:
        options = self._options
        if not token:
            raise SlackError("not_authed")
        if token not in (options.bot_token, options.app_token):
            raise SlackError("invalid_auth")
        if (method == _OPEN_SOCKET) != (token == options.app_token):
            raise SlackError("not_allowed_token_type")

    def _need_scope(self, scope: str) -> None:
        granted = self._options.scopes
        if scope not in granted:
            raise SlackError("missing_scope", needed=scope, provided=",".join(granted))

    def _respond(self, answer: Json) -> Response:
        return JSONResponse(answer, headers={"x-oauth-scopes": ",".join(self._options.scopes)})


def _token(request: Request, arguments: Json) -> str:
    kind, _, token = request.headers.get("authorization", "").partition(" ")
    argument = str(arguments.pop("token", ""))
    return token.strip() if kind.lower() == "bearer" else argument


async def _arguments(request: Request) -> Json:
    """The arguments of a call, from its query and its body (JSON or a form)."""
    arguments: Json = dict(request.query_params)
    body = await request.body()
    if request.headers.get("content-type", "").startswith("application/json"):
        parsed = _json(body or b"{}", "invalid_json")
        if not isinstance(parsed, dict):
            raise SlackError("json_not_object")
        arguments |= {name: value for name, value in parsed.items() if value is not None}
    else:
        arguments |= dict(parse_qsl(body.decode(errors="replace"), keep_blank_values=True))
    for name in _NESTED:
        if isinstance(arguments.get(name), str):
            arguments[name] = _json(arguments[name], "invalid_arguments")
    return arguments


def _json(text: str | bytes, code: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        raise SlackError(code) from error
