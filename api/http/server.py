"""The HTTP server: uvicorn, with limits on what a client can hold open.

A connection that waits for its client costs a file descriptor and some kilobytes. If there are too
many, the one that has waited longest is closed, so that a new client is served at once.
"""

import asyncio
import resource
import socket
from collections import OrderedDict
from functools import partial
from typing import Any

import h11
import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol

from api.http.middleware import MAX_HEADER_BYTES

# Seconds from the connection to the first byte of a request, and from there to the whole header.
_HEADER_TIMEOUT = 10.0
_MAX_CONNECTIONS = 1000  # open at the same time, or half of the file descriptors if they are fewer
_BACKLOG = 2048  # connections that the system holds until they are accepted; uvicorn's default
# Connections that asyncio accepts before it serves one of them. All of them have a file descriptor.
_ACCEPTED_AT_ONCE = 10
_UNREAD = object()  # the state of a client that does not read what was sent
_SHUTDOWN_TIMEOUT = 10  # seconds for the requests in progress


class Server(uvicorn.Server):
    """Serves an application on sockets that are bound."""

    def __init__(self, app: ASGIApp) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                # h11 checks more than httptools, which has no limit on the header.
                http=partial(_LimitedProtocol, _Waiting()),  # type: ignore[arg-type]
                h11_max_incomplete_event_size=MAX_HEADER_BYTES,
                ws="none",
                log_config=None,
                access_log=False,  # the application logs its requests itself
                backlog=_ACCEPTED_AT_ONCE,
                timeout_graceful_shutdown=_SHUTDOWN_TIMEOUT,
                server_header=False,
                proxy_headers=False,  # the application knows which proxies it trusts
            )
        )

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Starts to accept connections."""
        await super().startup(sockets)
        for listener in sockets or ():
            listener.listen(_BACKLOG)  # asyncio has one number for both


class _Waiting:
    """The connections that wait for their clients, those that have waited longest first."""

    def __init__(self) -> None:
        # Ordered: a connection of thousands is found and removed at once.
        self._for_header: OrderedDict[_LimitedProtocol, None] = OrderedDict()
        self._for_body: OrderedDict[_LimitedProtocol, None] = OrderedDict()
        self._for_reading: OrderedDict[_LimitedProtocol, None] = OrderedDict()

    def update(self, connection: "_LimitedProtocol", state: object) -> None:
        """Adds or removes the connection, by the state of its client."""
        for queue, waits in (
            (self._for_header, h11.IDLE),
            (self._for_body, h11.SEND_BODY),
            (self._for_reading, _UNREAD),
        ):
            if state is not waits:
                queue.pop(connection, None)
            elif connection not in queue:
                queue[connection] = None

    def pop(self) -> "_LimitedProtocol":
        """Removes and returns the connection that has waited longest for a header, else for a body,
        else until its client reads. The latest that waits for a header comes last, because its
        client has had no time yet."""
        header = self._for_header
        queue = header if len(header) > 1 else self._for_body or self._for_reading or header
        return queue.popitem(last=False)[0]


class _LimitedProtocol(H11Protocol):
    """A connection. It is closed if its header takes too long, or if it is one of too many."""

    def __init__(self, waiting: _Waiting, **arguments: Any) -> None:
        super().__init__(**arguments)
        self._waiting = waiting
        self._header_timer: asyncio.TimerHandle | None = None
        self._is_unread = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Closes another connection if there are too many."""
        super().connection_made(transport)
        transport.set_write_buffer_limits(0)  # pause_writing() as soon as the client does not read
        self._note_state()
        if len(self.connections) > _max_connections():
            self._waiting.pop().abort()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forgets the connection."""
        super().connection_lost(exc)
        self._waiting.update(self, h11.CLOSED)
        self._cancel_timer()

    def data_received(self, data: bytes) -> None:
        """Handles what the client sent."""
        if self.conn.their_state is h11.IDLE and not self.conn.trailing_data[0]:
            self._cancel_timer()  # a request begins
        super().data_received(data)
        self._note_state()

    def on_response_complete(self) -> None:
        """Waits for the next request."""
        super().on_response_complete()
        self._note_state()

    def pause_writing(self) -> None:
        """Waits until the client reads."""
        super().pause_writing()
        self._is_unread = True
        self._note_state()

    def resume_writing(self) -> None:
        """Continues when the client has read."""
        super().resume_writing()
        self._is_unread = False
        self._note_state()

    def abort(self) -> None:
        """Closes it at once."""
        self.transport.abort()

    def _note_state(self) -> None:
        state: object = h11.CLOSED if self.transport.is_closing() else self.conn.their_state
        if self._is_unread:  # also if it is closing: it is open until all is sent
            state = _UNREAD
        self._waiting.update(self, state)
        if state is not h11.IDLE:
            self._cancel_timer()
        elif self._header_timer is None:
            self._header_timer = self.loop.call_later(_HEADER_TIMEOUT, self.abort)

    def _cancel_timer(self) -> None:
        if self._header_timer is not None:
            self._header_timer.cancel()
            self._header_timer = None


def _max_connections() -> int:
    """The other half of the file descriptors is for documents, the index and the database."""
    files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return min(_MAX_CONNECTIONS, files // 2)
