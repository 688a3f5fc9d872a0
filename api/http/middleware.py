"""Limits on headers and body of a request, security headers on every response, the root path."""

import asyncio

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.http.problems import ProblemResponse
from corpus.formats.registry import has_text_suffix
from corpus.loader import MAX_DOCUMENT_BYTES, MAX_FILE_BYTES

MAX_BODY_BYTES = 64 * 1024  # of any body but a document or an event; of the form around a document
MAX_HEADER_BYTES = 32 * 1024  # of the request line and all headers
# An event of Slack contains a message of up to 40,000 characters twice.
MAX_EVENT_BYTES = 1024 * 1024
BODY_TIMEOUT = 30.0  # seconds until a body must have arrived
MIN_BODY_RATE = 128 * 1024  # bytes that extend the timeout by a second: a slow client is no attack
_CLOSE = {"connection": "close"}
SECURITY_HEADERS = {
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
        "img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
        "frame-src blob:"  # the originals of documents, which only a request with the key loads
    ),
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "x-frame-options": "DENY",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
    # A changed page or document must not come from a cache.
    "cache-control": "no-cache",
}


class BodyLimit:
    """Rejects a body that is too large with 413 and one that arrives too slowly with 408.

    The limits apply while the body is read, whatever size its headers declare.
    """

    def __init__(self, app: ASGIApp, timeout: float = BODY_TIMEOUT) -> None:
        self._app = app
        self._timeout = timeout

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handles a request with the limits in place."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        limit = _max_bytes(scope)
        declared = Headers(scope=scope).get("content-length", "0")
        size = int(declared) if declared.isdigit() else 0
        deadline = 0.0
        complete = False
        received = 0

        async def receive_within_limits() -> Message:
            nonlocal complete, received, deadline
            if complete:  # the only message left is the disconnect, which may come at any time
                return await receive()
            if size > limit:
                raise _too_large(limit)
            # From the first read on: an upload may have to wait for its turn.
            deadline = deadline or asyncio.get_running_loop().time() + self._timeout
            try:
                async with asyncio.timeout_at(deadline + received / MIN_BODY_RATE):
                    message = await receive()
            except TimeoutError as error:
                detail = "the body arrives too slowly: send it again over a faster connection"
                raise HTTPException(408, detail, _CLOSE) from error
            received += len(message.get("body", b""))
            if received > limit:
                raise _too_large(limit)
            complete = not message.get("more_body", False)
            return message

        await self._app(scope, receive_within_limits, send)


def _max_bytes(scope: Scope) -> int:
    if scope["path"].startswith("/v1/documents") and scope["method"] in ("PUT", "POST"):
        is_text = scope["method"] == "PUT" and has_text_suffix(scope["path"])
        limit = MAX_DOCUMENT_BYTES if is_text else MAX_FILE_BYTES  # also of all files in a form
        return limit + MAX_BODY_BYTES
    return MAX_EVENT_BYTES if scope["path"] == "/slack/events" else MAX_BODY_BYTES


def _too_large(limit: int) -> HTTPException:
    size = f"{limit // 2**20} MB" if limit >= 2**20 else f"{limit // 1024} kB"
    return HTTPException(413, f"the body is larger than {size}: send a smaller one", _CLOSE)


class HeaderLimit:
    """Rejects a request line and headers that are too large with 431. The server checks a header
    that arrives in pieces, and closes the connection; this class checks one that came whole."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handles a request with the limit in place."""
        if scope["type"] == "http" and _header_bytes(scope) > MAX_HEADER_BYTES:
            size = f"{MAX_HEADER_BYTES // 1024} kB"
            detail = f"the address and the headers are larger than {size}: send less"
            await ProblemResponse(431, detail, _CLOSE)(scope, receive, send)
            return
        await self._app(scope, receive, send)


def _header_bytes(scope: Scope) -> int:
    fields = sum(len(name) + len(value) for name, value in scope["headers"])
    return fields + len(scope.get("raw_path") or b"") + len(scope["query_string"])


class RootPath:
    """Removes the path below which a proxy shows the service, unless the proxy has removed it."""

    def __init__(self, app: ASGIApp, root_path: str) -> None:
        """`root_path` is "" or begins with a slash and does not end with one."""
        self._app = app
        self._root_path = root_path

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handles a request."""
        path = scope.get("path", "")
        if self._root_path and f"{path}/".startswith(f"{self._root_path}/"):
            scope["path"] = path.removeprefix(self._root_path) or "/"
        await self._app(scope, receive, send)


class SecurityHeaders:
    """Adds the security headers to every response. A response may set its own values."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handles a request and adds the headers to its response."""

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in SECURITY_HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        await self._app(scope, receive, send_with_headers)
