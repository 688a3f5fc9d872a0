"""What holds for every request and every response: a body's largest size and longest time, and the
headers that tell a browser to run nothing and fetch nothing that is not the page's own."""

import asyncio

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from corpus.loader import MAX_DOCUMENT_BYTES

MAX_BODY_BYTES = 64 * 1024  # bytes, of anything but a document
# Slack tells of a message's 40,000 characters twice, and of a button with all of its message.
MAX_EVENT_BYTES = 1024 * 1024
BODY_TIMEOUT = 30.0  # seconds for a whole body
_CLOSE = {"connection": "close"}
SECURITY_HEADERS = {
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
        "img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "x-frame-options": "DENY",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
    # A page or a document that changed must not be shown from a cache.
    "cache-control": "no-cache",
}


class BodyLimit:
    """Refuses a body that is too large with 413 and one that does not come in time with 408, as
    it is read."""

    def __init__(self, app: ASGIApp, seconds: float = BODY_TIMEOUT) -> None:
        self._app = app
        self._seconds = seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        most = _most(scope)
        announced = Headers(scope=scope).get("content-length", "0")
        size = int(announced) if announced.isdigit() else 0
        until = asyncio.get_running_loop().time() + self._seconds
        is_whole = False
        received = 0

        async def receive_within() -> Message:
            nonlocal is_whole, received
            if is_whole:  # what is waited for now is the client's going away
                return await receive()
            if size > most:
                raise _too_large(most)
            try:
                async with asyncio.timeout_at(until):
                    message = await receive()
            except TimeoutError as error:
                detail = f"the body was not here after {self._seconds:g} seconds: send it again"
                raise HTTPException(408, detail, _CLOSE) from error
            received += len(message.get("body", b""))
            if received > most:
                raise _too_large(most)
            is_whole = not message.get("more_body", False)
            return message

        await self._app(scope, receive_within, send)


def _most(scope: Scope) -> int:
    """The bytes that a body may have."""
    if scope["method"] == "PUT" and scope["path"].startswith("/v1/documents/"):
        return MAX_DOCUMENT_BYTES
    return MAX_EVENT_BYTES if scope["path"] == "/slack/events" else MAX_BODY_BYTES


def _too_large(most: int) -> HTTPException:
    size = f"{most // 2**20} MB" if most >= 2**20 else f"{most // 1024} kB"
    return HTTPException(413, f"the body has more than {size}: send a shorter one", _CLOSE)


class SecurityHeaders:
    """Adds the headers to every response that does not bring its own."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_safely(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in SECURITY_HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        await self._app(scope, receive, send_safely)
