"""Socket Mode: envelopes over web sockets that the bot opens, each to be acknowledged."""

import asyncio
import json
import secrets
from collections.abc import Callable
from typing import Any

from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from slack_stand_in.workspace import APP, Json

_BAD_TICKET = 4001  # a close code of an application's own


class Sockets:
    """The open connections, and the acknowledgements that are waited for."""

    def __init__(self, tell: Callable[[], None]) -> None:
        self._tell = tell
        self._tickets: set[str] = set()
        self._open: list[WebSocket] = []
        self._turn = 0
        self._waiting: dict[str, asyncio.Future[Json]] = {}

    def __len__(self) -> int:
        return len(self._open)

    def ticket(self) -> str:
        """What opens one connection."""
        ticket = secrets.token_urlsafe(16)
        self._tickets.add(ticket)
        return ticket

    async def serve(self, socket: WebSocket) -> None:
        """Holds a connection until the other side ends it."""
        await socket.accept()
        ticket = socket.query_params.get("ticket", "")
        if ticket not in self._tickets:
            await socket.close(_BAD_TICKET)
            return
        self._tickets.discard(ticket)
        self._open.append(socket)
        self._tell()
        try:
            await socket.send_json(self._hello())
            while True:
                self._read(await socket.receive_text())
        except (WebSocketDisconnect, RuntimeError):
            pass  # how a connection ends here, whoever ends it
        finally:
            self._forget(socket)

    async def send(self, kind: str, payload: Json, retry: Json, patience: float) -> Json | None:
        """Sends an envelope over one of the connections. Returns what came back with its
        acknowledgement, None where none came in time."""
        self._turn += 1
        socket = self._open[self._turn % len(self._open)]
        envelope = {
            "envelope_id": secrets.token_hex(16),
            "type": kind,
            "payload": payload,
            "accepts_response_payload": kind != "events_api",
            **retry,
        }
        waiting: asyncio.Future[Json] = asyncio.get_running_loop().create_future()
        self._waiting[envelope["envelope_id"]] = waiting
        try:
            await socket.send_json(envelope)
            return await asyncio.wait_for(waiting, patience)
        except (TimeoutError, WebSocketDisconnect, RuntimeError):
            return None
        finally:
            del self._waiting[envelope["envelope_id"]]

    async def refresh(self, reason: str = "refresh_requested") -> None:
        """Says to every connection that it ends, and ends it, as Slack does every few hours."""
        for socket in tuple(self._open):
            await socket.send_json({"type": "disconnect", "reason": reason, "debug_info": {}})
            await self._end(socket)

    async def drop(self) -> None:
        """Ends every connection without a word."""
        for socket in tuple(self._open):
            await self._end(socket)

    async def _end(self, socket: WebSocket) -> None:
        self._forget(socket)
        if socket.application_state is WebSocketState.CONNECTED:
            await socket.close()

    def _forget(self, socket: WebSocket) -> None:
        if socket in self._open:
            self._open.remove(socket)
            self._tell()

    def _hello(self) -> Json:
        return {
            "type": "hello",
            "num_connections": len(self._open),
            "debug_info": {"host": "simulator", "approximate_connection_time": 18060},
            "connection_info": {"app_id": APP},
        }

    def _read(self, text: str) -> None:
        """Takes an acknowledgement. What is none is passed over, as Slack does."""
        try:
            told: Any = json.loads(text)
        except ValueError:
            return
        if not isinstance(told, dict):
            return
        waiting = self._waiting.get(str(told.get("envelope_id")))
        if waiting and not waiting.done():
            payload = told.get("payload")
            waiting.set_result(payload if isinstance(payload, dict) else {})
