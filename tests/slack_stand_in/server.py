"""Serves the stand-in: the Web API, the response URLs, the web socket, the page, and the interface
by which the page and the tests act for people."""

import asyncio
import ipaddress
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from starlette.applications import Starlette
from starlette.datastructures import Headers
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import (
    FileResponse,
    JSONResponse,
    PlainTextResponse,
    Response,
    StreamingResponse,
)
from starlette.routing import Mount, Route, WebSocketRoute
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Receive, Scope, Send

from api.http.middleware import SecurityHeaders
from slack_stand_in import payloads
from slack_stand_in.delivery import Sender
from slack_stand_in.faults import fault_of
from slack_stand_in.limits import Refused
from slack_stand_in.options import Options
from slack_stand_in.response_urls import Gone, ResponseUrls
from slack_stand_in.socket_mode import Sockets
from slack_stand_in.users import People
from slack_stand_in.web_api import Call, WebApi
from slack_stand_in.workspace import BOT_USER, TEAM, TEAM_NAME, Json, Workspace

PAGE = Path(__file__).resolve().parent / "page"
_HEARTBEAT = 15.0  # seconds
_TOGETHER = 0.03  # seconds in which changes are told as one
_MOST_SHOWN = 40  # of the newest calls and deliveries
# What the page may switch, and what each must be.
_SWITCHES: dict[str, tuple[type, ...]] = {
    "deliver": (bool,),
    "duplicates": (int,),
    "delay": (int, float),
    "jitter": (int, float),
    "paced": (bool,),
    "echoes": (bool,),
}


class StandIn:
    """All of the stand-in. Belongs to the event loop that serves `app`."""

    def __init__(self, options: Options | None = None, workspace: Workspace | None = None) -> None:
        self.options = options or Options()
        self.workspace = workspace or Workspace()
        self.address = ""  # where it is served, with a slash at the end
        self.closing = asyncio.Event()
        self._listeners: set[asyncio.Event] = set()
        self.workspace.on_change = self._tell
        self.sockets = Sockets(self.workspace.changed)
        self.sender = Sender(self.options, self.sockets, self.workspace.changed)
        self.web_api = WebApi(
            self.workspace, self.options, self.announce, self._socket_url, self.closing
        )
        self.responses = ResponseUrls(self.workspace, self.options, self.web_api.chat)
        self.people = People(
            self.workspace,
            self.web_api.chat,
            self.sender,
            self.responses,
            self.announce,
            lambda: self.address,
        )
        self.app = _app(self)

    @property
    def environment(self) -> dict[str, str]:
        """The variables that connect a service over HTTP; Socket Mode takes SLACK_APP_TOKEN too."""
        return {
            "SLACK_BOT_TOKEN": self.options.bot_token,
            "SLACK_SIGNING_SECRET": self.options.signing_secret,
            "ASSISTANT_SLACK_API_URL": f"{self.address}api/",
        }

    def announce(self, event: Json) -> None:
        """Sends an event, where the app has subscribed to it and sees what it tells of."""
        channel = self.workspace.channels.get(event.get("channel", ""))
        if channel is not None and not channel.has_bot:
            return
        if not self.options.echoes and payloads.posted_by_bot(event):
            return
        if payloads.subscription(event) in self.options.events:
            self.sender.event(event)

    def _socket_url(self, request: Request) -> str:
        return f"ws://{request.headers['host']}/link/?ticket={self.sockets.ticket()}"

    def end(self) -> None:
        """Ends what waits for something to happen."""
        self.closing.set()
        self._tell()

    async def close(self) -> None:
        """Ends what is under way, too."""
        self.end()
        await self.sockets.drop()
        await self.sender.close()

    # --- what there is to see ------------------------------------------------------------------

    def state(self) -> Json:
        """All that the page shows."""
        workspace, options = self.workspace, self.options
        deliveries = list(self.sender.deliveries)[-_MOST_SHOWN:]
        calls = list(self.web_api.calls)[-_MOST_SHOWN:]
        return {
            "version": workspace.version,
            "team": {"id": TEAM, "name": TEAM_NAME},
            "bot": BOT_USER,
            "people": [vars(person) for person in workspace.people.values()],
            "channels": [
                {
                    "id": channel.id,
                    "name": channel.name,
                    "kind": channel.kind,
                    "members": sorted(channel.members),
                    "has_bot": channel.has_bot,
                    "messages": list(channel.messages.values()),
                }
                for channel in workspace.channels.values()
            ],
            "ephemerals": [vars(ephemeral) for ephemeral in workspace.ephemerals],
            "statuses": _placed(workspace.statuses),
            "prompts": _placed(workspace.prompts),
            "titles": _placed({place: {"title": t} for place, t in workspace.titles.items()}),
            "views": workspace.views,
            "switches": {name: getattr(options, name) for name in _SWITCHES},
            "service": options.service,
            "sockets": len(self.sockets),
            "faults": self.web_api.faults.told(),
            "deliveries": [delivery.told() for delivery in deliveries],
            "calls": [_called(call) for call in calls],
        }

    async def changes(self) -> AsyncIterator[str]:
        """The number of each change, as server-sent events."""
        listener = asyncio.Event()
        self._listeners.add(listener)
        try:
            while not self.closing.is_set():
                yield f"data: {self.workspace.version}\n\n"
                try:
                    await asyncio.wait_for(listener.wait(), _HEARTBEAT)
                except TimeoutError:
                    yield ": still here\n\n"
                await asyncio.sleep(_TOGETHER)
                listener.clear()
        finally:
            self._listeners.discard(listener)

    def _tell(self) -> None:
        for listener in self._listeners:
            listener.set()

    # --- what is switched ----------------------------------------------------------------------

    def switch(self, told: Json) -> None:
        """Changes what may be changed while it runs."""
        for name, value in told.items():
            kinds = _SWITCHES.get(name, ())
            is_right = isinstance(value, kinds) and (bool in kinds or not isinstance(value, bool))
            if not is_right or not 0 <= value <= 60:
                raise Refused("invalid_arguments", [f"{name} cannot be {value!r}"])
        for name, value in told.items():
            setattr(self.options, name, value)
        self.workspace.changed()

    def fault(self, described: Any) -> None:
        """Lets something go wrong with the next calls."""
        self.web_api.faults.add(fault_of(described))
        self.workspace.changed()

    def clear_faults(self) -> None:
        self.web_api.faults.clear()
        self.workspace.changed()


def create_stand_in(options: Options | None = None) -> Starlette:
    """The stand-in as an application; it is also at `app.state.simulator`."""
    return StandIn(options).app


def _placed(things: dict[tuple[str, str], Json]) -> list[Json]:
    return [{"channel": place[0], "thread_ts": place[1], **told} for place, told in things.items()]


def _called(call: Call) -> Json:
    """A call in short, and how it went."""
    return {
        "method": call.method,
        "at": call.at,
        "status": call.status,
        "ok": bool(call.answer.get("ok", False)) and call.status == 200,
        "error": call.answer.get("error", ""),
    }


# --- the routes ----------------------------------------------------------------------------------


def _app(simulator: StandIn) -> Starlette:
    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        yield
        await simulator.close()

    def page(_: Request) -> Response:
        return FileResponse(PAGE / "index.html", media_type="text/html; charset=utf-8")

    async def state(_: Request) -> Response:
        return JSONResponse(simulator.state())

    async def changes(_: Request) -> Response:
        return StreamingResponse(simulator.changes(), media_type="text/event-stream")

    async def respond(request: Request) -> Response:
        return await _responded(simulator, request)

    app = Starlette(
        routes=[
            Route("/", page),
            Mount("/page", StaticFiles(directory=PAGE, check_dir=False)),
            Route("/api/{method}", simulator.web_api.answer, methods=["GET", "POST"]),
            Route("/response/{secret}", respond, methods=["POST"]),
            WebSocketRoute("/link/", simulator.sockets.serve),
            Route("/simulator/state", state),
            Route("/simulator/changes", changes),
            *_controls(simulator),
        ],
        lifespan=lifespan,
        # Around all of it: headers that let a page load nothing from elsewhere, and no other names
        # than this machine's, lest a page from elsewhere act here.
        middleware=[
            Middleware(SecurityHeaders),
            Middleware(_LocalOnly),
            Middleware(_Addressed, simulator=simulator),
        ],
    )
    app.state.simulator = simulator
    return app


def _controls(simulator: StandIn) -> list[Route]:
    people = simulator.people

    async def write(told: Json) -> Json:
        return {"ts": people.write(**told)}

    async def edit(told: Json) -> Json:
        people.edit(**told)
        return {}

    async def delete(told: Json) -> Json:
        people.delete(**told)
        return {}

    async def command(told: Json) -> Json:
        return {"delivery": (await people.command(**told)).told()}

    async def press(told: Json) -> Json:
        return {"delivery": (await people.press(**told)).told()}

    async def home(told: Json) -> Json:
        people.open_home(**told)
        return {}

    async def thread(told: Json) -> Json:
        return {"ts": people.open_thread(**told)}

    async def fault(told: Json) -> Json:
        simulator.fault(told)
        return {}

    async def clear_faults(_: Json) -> Json:
        simulator.clear_faults()
        return {}

    async def switch(told: Json) -> Json:
        simulator.switch(told)
        return {}

    return [
        _control("messages", write),
        _control("messages", edit, "PUT"),
        _control("messages", delete, "DELETE"),
        _control("commands", command),
        _control("actions", press),
        _control("home", home),
        _control("threads", thread),
        _control("faults", fault),
        _control("faults", clear_faults, "DELETE"),
        _control("switches", switch),
    ]


def _control(name: str, work: Callable[[Json], Awaitable[Json]], method: str = "POST") -> Route:
    """A route that takes a JSON object as the arguments of what is done."""

    async def answer(request: Request) -> Response:
        # No form of another page can send this type without asking first.
        if request.headers.get("content-type", "").partition(";")[0] != "application/json":
            return JSONResponse({"ok": False, "error": "send JSON"}, 415)
        try:
            told = await request.json()
            if not isinstance(told, dict):
                raise Refused("invalid_arguments")
            done = await work(told)
        except (AttributeError, TypeError, ValueError) as error:  # not what its names say
            return JSONResponse(
                {"ok": False, "error": "invalid_arguments", "told": str(error)}, 400
            )
        except Refused as refused:
            return JSONResponse(refused.answer(), 400)
        return JSONResponse({"ok": True, **done})

    return Route(f"/simulator/{name}", answer, methods=[method])


async def _responded(simulator: StandIn, request: Request) -> Response:
    """An answer to a response URL."""
    call = Call("response_url", {}, simulator.workspace.now())

    async def work() -> Response:
        try:
            told = json.loads(await request.body())
            call.arguments = told if isinstance(told, dict) else {}
            simulator.responses.respond(request.path_params["secret"], told)
        except ValueError:
            return PlainTextResponse("invalid_payload", 400)
        except Refused as refused:
            call.answer = refused.answer()
            return PlainTextResponse(refused.error, 400)
        except Gone as gone:
            call.answer = {"ok": False, "error": str(gone)}
            return JSONResponse(call.answer, 404)
        call.answer = {"ok": True}
        return PlainTextResponse("ok")

    return await simulator.web_api.disturbed(request, call, work)


class _LocalOnly:
    """Answers this machine under its own names only."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] in ("http", "websocket") and not _is_local(Headers(scope=scope)):
            response = PlainTextResponse("this answers its own machine only", 421)
            await response(scope, receive, send)
            return
        await self._app(scope, receive, send)


class _Addressed:
    """Learns from the first request where the stand-in is served, unless it was told."""

    def __init__(self, app: ASGIApp, simulator: StandIn) -> None:
        self._app = app
        self._simulator = simulator

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and not self._simulator.address:
            self._simulator.address = str(Request(scope).base_url)
        await self._app(scope, receive, send)


def _is_local(headers: Headers) -> bool:
    try:
        name = urlsplit(f"//{headers.get('host', '')}").hostname or ""
        return name == "localhost" or ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False
