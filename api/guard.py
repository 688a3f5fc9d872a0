"""What holds for every request and every response: a body's largest size, and the headers that
tell a browser to run nothing and fetch nothing that is not the page's own."""

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.problems import ProblemResponse

LARGEST_BODY = 64 * 1024  # bytes
HEADERS = {
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
        "img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    # A page or a document that changed must not be shown from a cache.
    "cache-control": "no-cache",
}


class BodyLimit:
    """Refuses a body above the limit with 413, before anything is parsed."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        messages = await _read(Headers(scope=scope), receive)
        if messages is None:
            detail = f"the body has more than {LARGEST_BODY // 1024} kB: send a shorter one"
            await ProblemResponse(413, detail, {"connection": "close"})(scope, receive, send)
            return
        waiting = iter(messages)

        async def replay() -> Message:
            message = next(waiting, None)
            return message if message is not None else await receive()

        await self._app(scope, replay, send)


async def _read(headers: Headers, receive: Receive) -> list[Message] | None:
    """The messages of the whole body; None where it is too large, or says that it will be."""
    announced = headers.get("content-length", "0")
    if announced.isdigit() and int(announced) > LARGEST_BODY:
        return None
    messages: list[Message] = []
    size = 0
    while not messages or messages[-1].get("more_body", False):
        message = await receive()
        messages.append(message)
        size += len(message.get("body", b""))
        if size > LARGEST_BODY:
            return None
    return messages


class SafeHeaders:
    """Adds the headers to every response that does not bring its own."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_safely(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        await self._app(scope, receive, send_safely)
