"""Socket Mode: envelopes over web sockets that the service opens and acknowledges."""

import asyncio
import json
import secrets
from collections.abc import Mapping
from typing import Any

from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from slack_stand_in.workspace import APP, Json

_INVALID_TICKET = 4001  # a close code of this application


class Sockets:
    """The open connections, and the envelopes that wait for an acknowledgement."""

    def __init__(self) -> None:
        self._tickets: set[str] = set()
        self._open: list[WebSocket] = []
        self._turn = 0
        self._waiting: dict[str, asyncio.Future[Json]] = {}

    def __len__(self) -> int:
        return len(self._open)

    def new_ticket(self) -> str:
        """Returns a ticket that opens one connection."""
        ticket = secrets.token_urlsafe(16)
        self._tickets.add(ticket)
        return ticket

    async def serve(self, socket: WebSocket) -> None:
        """Holds a connection until one side closes it."""
        await socket.accept()
        ticket = socket.query_params.get("ticket", "")
        if ticket not in self._tickets:
            await socket.close(_INVALID_TICKET)
            return
        self._tickets.discard(ticket)
        self._open.append(socket)
        hello = {
            "type": "hello",
            "num_connections": len(self._open),
            "connection_info": {"app_id": APP},
        }
        try:
            await socket.send_json(hello)
            while True:
                self._acknowledge(await socket.receive_text())
        except (WebSocketDisconnect, RuntimeError):
            pass  # the connection was closed, by either side
        finally:
            self._forget(socket)

    async def send(
        self, kind: str, payload: Json, fields: Mapping[str, object], seconds: float
    ) -> Json | None:
        """Sends an envelope over one of the connections, in turn.

        Returns the payload of the acknowledgement, or None after `seconds` without one.
        """
        self._turn += 1
        socket = self._open[self._turn % len(self._open)]
        envelope: Json = {
            "envelope_id": secrets.token_hex(16),
            "type": kind,
            "payload": payload,
            "accepts_response_payload": kind != "events_api",
            **fields,
        }
        waiting: asyncio.Future[Json] = asyncio.get_running_loop().create_future()
        self._waiting[envelope["envelope_id"]] = waiting
        try:
            await socket.send_json(envelope)
            return await asyncio.wait_for(waiting, seconds)
        except (TimeoutError, WebSocketDisconnect, RuntimeError):
            return None
        finally:
            del self._waiting[envelope["envelope_id"]]

    async def close(self, reason: str = "") -> None:
        """Closes every connection; with a reason, announces it first, as Slack does."""
        for socket in tuple(self._open):
            if reason:
                await socket.send_json({"type": "disconnect", "reason": reason, "debug_info": {}})
            self._forget(socket)
            if socket.application_state is WebSocketState.CONNECTED:
                await socket.close()

    def _forget(self, socket: WebSocket) -> None:
        if socket in self._open:
            self._open.remove(socket)

    def _acknowledge(self, text: str) -> None:
        """Handles a message of the service; Slack ignores all but acknowledgements."""
        try:
            message: Any = json.loads(text)
        except ValueError:
            return
        if not isinstance(message, dict):
            return
        waiting = self._waiting.get(str(message.get("envelope_id")))
        if waiting and not waiting.done():
            payload = message.get("payload")
            waiting.set_result(payload if isinstance(payload, dict) else {})
