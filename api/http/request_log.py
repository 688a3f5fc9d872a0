"""The id of each request, its line in the log and its time in the metrics."""

import logging
import time

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.http.problems import INTERNAL_ERROR, ProblemResponse
from api.service.logs import name_request, request_id
from api.service.metrics import Metrics

_log = logging.getLogger(__name__)
_HEADER = "x-request-id"
# A client can send any word as a method; all other words are counted as "other".
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS"})
# Monitoring requests these every few seconds: counted, but not logged.
_NOT_LOGGED = frozenset({"/healthz", "/readyz", "/metrics"})


class RequestLog:
    """Gives each request an id, logs it and counts it. Turns an unexpected error into a 500."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handles a request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        current_id = name_request(Headers(scope=scope).get(_HEADER))
        token = request_id.set(current_id)
        start = time.perf_counter()
        status = 0

        async def send_with_id(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)[_HEADER] = current_id
            await send(message)

        try:
            await self._app(scope, receive, send_with_id)
        except Exception:  # the outermost handler of requests
            # The log gets the traceback, the client only the request id.
            _log.exception("%s %s failed", scope["method"], scope["path"])
            if status:  # the response has started
                raise
            await ProblemResponse(500, INTERNAL_ERROR)(scope, receive, send_with_id)
        finally:
            seconds = time.perf_counter() - start
            method = scope["method"] if scope["method"] in _METHODS else "other"
            self._metrics.count_request(method, _route(scope), status, seconds)
            if scope["path"] not in _NOT_LOGGED:
                caller = scope.get("state", {}).get("caller")
                _log.info(
                    "%s %s",
                    scope["method"],
                    scope["path"],
                    extra={
                        "status": status,
                        "ms": round(seconds * 1000, 1),
                        "key": caller.name if caller else "",
                    },
                )
            request_id.reset(token)


def _route(scope: Scope) -> str:
    """The route pattern, or "other" if no route matched."""
    route = scope.get("route")
    return str(getattr(route, "path", "") or "other")
