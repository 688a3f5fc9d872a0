"""Server-sent events: an answer while it is written.

The framing is FastAPI's. FastAPI's own streaming is for endpoints that always stream; this endpoint
streams only if the request asks for it.
"""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack

import anyio
from fastapi.sse import KEEPALIVE_COMMENT, EventSourceResponse, format_sse_event
from pydantic import BaseModel
from starlette.types import Receive, Scope, Send

from api.http.problems import result_or_problem
from api.service.chat import AnswerSteps
from api.service.rate_limits import ConcurrencyLimit
from api.wire.chat import AnswerBody, SentenceEvent
from api.wire.documents import SearchBody
from api.wire.problems import ProblemBody
from assistant.answer import Answer, ProvedSentence
from assistant.pipeline import Step
from index.hits import SearchResult

# Seconds without an event until a comment keeps the connection open; proxies commonly close an idle
# one after a minute or more.
KEEP_ALIVE_INTERVAL = 15.0


class EventStream(EventSourceResponse):
    """Sends the steps of an answer as events. The last event is `answer`, or `error` with a problem
    document. Each step runs in a thread when it is due.

    If the client disconnects, the work stops at the next step. `resources` are closed at the end.
    """

    def __init__(
        self,
        first: Step | None,
        rest: AnswerSteps,
        concurrency: ConcurrencyLimit,
        resources: AsyncExitStack,
    ) -> None:
        self._events = _events(first, rest, concurrency)
        self._resources = resources
        # Without this header nginx buffers the events.
        super().__init__(self._events, headers={"x-accel-buffering": "no"})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Sends the response."""
        try:
            await super().__call__(scope, receive, send)
        finally:
            # A cancelled task can await only inside a shield.
            with anyio.CancelScope(shield=True):
                await self._events.aclose()
                await self._resources.aclose()


async def _events(
    first: Step | None, rest: AnswerSteps, concurrency: ConcurrencyLimit
) -> AsyncGenerator[bytes, None]:
    disconnected = False

    def next_step() -> Step | None:
        return None if disconnected else next(rest, None)

    step: Step | ProblemBody | None = first
    while step is not None:
        if event := _event(step):
            yield event
        if isinstance(step, ProblemBody):
            return
        running = asyncio.ensure_future(result_or_problem(concurrency.run(next_step)))
        try:
            while not (await asyncio.wait([running], timeout=KEEP_ALIVE_INTERVAL))[0]:
                yield KEEPALIVE_COMMENT
        finally:
            disconnected = not running.done()
            with anyio.CancelScope(shield=True):
                await asyncio.wait([running])  # a thread cannot be interrupted
        step = running.result()
    yield _event(rest.result())


def _event(step: Step | Answer | ProblemBody) -> bytes:
    """Formats a step as an event; b"" if clients do not get it."""
    body: BaseModel
    match step:
        case SearchResult():
            name, body = "retrieved", SearchBody.of(step.hits)
        case ProvedSentence():
            name, body = "sentence", SentenceEvent.of(step)
        case Answer():
            name, body = "answer", AnswerBody.of(step)
        case ProblemBody():
            name, body = "error", step
        case _:
            return b""
    return format_sse_event(event=name, data_str=body.model_dump_json())
