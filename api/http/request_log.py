"""What is seen of every request: its id, a line in the log, its time in the metrics."""

import logging
import time

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.http.problems import ProblemResponse
from api.service.logs import name_request, request_id
from api.service.metrics import Metrics

_log = logging.getLogger(__name__)
_HEADER = "x-request-id"
# The methods that are counted by name: anybody can send any word.
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS"})
# Asked for every few seconds by machines; they are counted and not logged.
_QUIET = frozenset({"/healthz", "/readyz", "/metrics"})


class RequestLog:
    """Names each request, and says afterwards how it went."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        named = name_request(Headers(scope=scope).get(_HEADER))
        token = request_id.set(named)
        began = time.perf_counter()
        status = 0

        async def send_named(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)[_HEADER] = named
            await send(message)

        try:
            await self._app(scope, receive, send_named)
        except Exception:
            # The last place that can: what went wrong is for the log, not for whoever asked.
            _log.exception("%s %s failed", scope["method"], scope["path"])
            if status:  # half a response cannot be taken back
                raise
            detail = "something went wrong here: see the log of the service for this request"
            await ProblemResponse(500, detail)(scope, receive, send_named)
        finally:
            seconds = time.perf_counter() - began
            method = scope["method"] if scope["method"] in _METHODS else "other"
            self._metrics.count_request(method, _route(scope), status, seconds)
            if scope["path"] not in _QUIET:
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
    """The pattern of the address; all that is none are one."""
    route = scope.get("route")
    return str(getattr(route, "path", "") or "other")
