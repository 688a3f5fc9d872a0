"""The application: the Web API, response URLs, Socket Mode, the page and its control interface."""

import asyncio
import json
import socket
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import Mount, Route, WebSocketRoute
from starlette.staticfiles import StaticFiles

from api.http.middleware import SecurityHeaders
from slack_stand_in.delivery import Delivery, Sender
from slack_stand_in.faults import Fault
from slack_stand_in.limits import SlackError
from slack_stand_in.messages import Messages
from slack_stand_in.options import Options
from slack_stand_in.response_urls import ResponseUrls
from slack_stand_in.socket_mode import Sockets
from slack_stand_in.users import Users
from slack_stand_in.web_api import Call, WebApi
from slack_stand_in.workspace import BOT_USER, TEAM_NAME, Json, Workspace

PAGE = Path(__file__).resolve().parent / "page"
_HOST = "127.0.0.1"  # every caller may act as any user, so only this machine may call


class StandIn:
    """The whole stand-in. Belongs to the event loop that serves `app`."""

    def __init__(self, options: Options | None = None, workspace: Workspace | None = None) -> None:
        self.options = options or Options()
        self.workspace = workspace or Workspace()
        self.address = ""  # base URL, ends with a slash
        self._closing = asyncio.Event()
        self.sockets = Sockets()
        self.sender = Sender(self.options, self.sockets)
        messages = Messages(self.workspace, self._announce)
        self.web_api = WebApi(
            self.workspace, self.options, messages, self._socket_url, self._closing
        )
        self.response_urls = ResponseUrls(self.workspace, self.options, messages)
        self.users = Users(
            self.workspace, messages, self.sender, self.response_urls, self._announce
        )
        self.app = _app(self)

    def listen(self, port: int = 0) -> socket.socket:
        """Binds a port of this machine (0: a free one) and sets the address."""
        listener = socket.create_server((_HOST, port))
        self.address = f"http://{_HOST}:{listener.getsockname()[1]}/"
        self.users.address = self.address
        return listener

    @property
    def environment(self) -> dict[str, str]:
        """The variables that connect a service over HTTP; Socket Mode takes SLACK_APP_TOKEN too."""
        return {
            "SLACK_BOT_TOKEN": self.options.bot_token,
            "SLACK_SIGNING_SECRET": self.options.signing_secret,
            "ASSISTANT_SLACK_API_URL": f"{self.address}api/",
        }

    async def close(self) -> None:
        """Ends connections and cancels what is still to be sent."""
        self._closing.set()
        await self.sockets.close()
        await self.sender.close()

    def _announce(self, event: Json) -> None:
        """Sends an event, unless it is from a channel without the bot."""
        channel = self.workspace.channels.get(event.get("channel", ""))
        if channel is None or channel.has_bot:
            self.sender.event(event)

    def _socket_url(self) -> str:
        address = self.address.replace("http", "ws", 1)
        return f"{address}link/?ticket={self.sockets.new_ticket()}"

    def state(self) -> Json:
        """What the page shows."""
        workspace = self.workspace
        last = self.sender.deliveries[-1] if self.sender.deliveries else None
        return {
            "version": self._version(),
            "team": TEAM_NAME,
            "bot": BOT_USER,
            "users": [asdict(user) for user in workspace.users.values()],
            "channels": [
                vars(channel)
                | {"members": list(channel.members), "messages": list(channel.messages.values())}
                for channel in workspace.channels.values()
            ],
            "ephemerals": [asdict(ephemeral) for ephemeral in workspace.ephemerals],
            "statuses": {"/".join(place): text for place, text in workspace.statuses.items()},
            "prompts": {"/".join(place): found for place, found in workspace.prompts.items()},
            "views": workspace.views,
            "service": self.options.service,
            "failure": last.attempts[-1]["reason"] if last and last.attempts else "",
        }

    def _version(self) -> str:
        """Differs after every change of the state."""
        attempts = sum(len(delivery.attempts) for delivery in self.sender.deliveries)
        return f"{self.workspace.version}-{attempts}"


# --- routes --------------------------------------------------------------------------------------


def _app(stand_in: StandIn) -> Starlette:
    async def page(_: Request) -> Response:
        return FileResponse(PAGE / "index.html")

    async def state(request: Request) -> Response:
        state = stand_in.state()
        is_known = request.query_params.get("known") == state["version"]
        return Response(status_code=204) if is_known else JSONResponse(state)

    async def respond(request: Request) -> Response:
        call = Call("response_url", {}, stand_in.workspace.now())
        work = partial(_respond, stand_in, request, call)
        return await stand_in.web_api.run(request, call, work)

    async def clear_faults(_: Request) -> Response:
        stand_in.web_api.faults.clear()
        return JSONResponse({"ok": True})

    return Starlette(
        routes=[
            Route("/", page),
            Mount("/page", StaticFiles(directory=PAGE)),
            Route("/api/{method}", stand_in.web_api.answer, methods=["GET", "POST"]),
            Route("/response/{secret}", respond, methods=["POST"]),
            WebSocketRoute("/link/", stand_in.sockets.serve),
            Route("/control/state", state),
            Route("/control/faults", clear_faults, methods=["DELETE"]),
            Route("/control/{action}", partial(_control, stand_in), methods=["POST"]),
        ],
        middleware=[
            Middleware(SecurityHeaders),
            # Other names of this machine would let a page from elsewhere act here.
            Middleware(TrustedHostMiddleware, allowed_hosts=[_HOST, "localhost"]),
        ],
    )


async def _control(stand_in: StandIn, request: Request) -> Response:
    """Does what a user does, or adds a fault; the JSON object in the body has the arguments."""
    users, faults = stand_in.users, stand_in.web_api.faults
    actions: dict[str, Callable[..., Any]] = {
        "messages": users.write,
        "commands": users.command,
        "actions": users.press,
        "home": users.open_home,
        "faults": lambda **fault: faults.add(Fault(**fault)),
    }
    # A form of another page cannot send this type without a preflight request.
    if request.headers.get("content-type", "").partition(";")[0] != "application/json":
        return JSONResponse({"ok": False, "error": "send JSON"}, 415)
    try:
        result = actions[request.path_params["action"]](**await request.json())
        if isinstance(result, Awaitable):
            result = await result
    except (KeyError, TypeError, ValueError) as error:  # wrong names or types
        return JSONResponse({"ok": False, "error": f"invalid_arguments: {error}"}, 400)
    except SlackError as error:
        return JSONResponse(error.answer(), 400)
    failure = ""
    if isinstance(result, Delivery) and result.attempts and not result.was_accepted:
        failure = result.attempts[-1]["reason"]
    ts = {"ts": result} if isinstance(result, str) else {}
    return JSONResponse({"ok": True, "failure": failure, **ts})


async def _respond(stand_in: StandIn, request: Request, call: Call) -> Response:
    """Handles a post to a response URL."""
    try:
        answer: Any = json.loads(await request.body())
        call.arguments = answer if isinstance(answer, dict) else {}
        stand_in.response_urls.respond(request.path_params["secret"], answer)
    except ValueError:
        return PlainTextResponse("invalid_payload", 400)
    except SlackError as error:
        call.answer = error.answer()
        gone = error.code in ("expired_url", "used_url")
        return JSONResponse(call.answer, 404) if gone else PlainTextResponse(error.code, 400)
    call.answer = {"ok": True}
    return PlainTextResponse("ok")
