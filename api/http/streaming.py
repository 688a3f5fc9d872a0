"""Server-sent events: an answer as it comes about.

The framing is FastAPI's. Its own streaming is for endpoints that always stream; this one also
answers whole.
"""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack
from typing import TypeAlias

import anyio
from fastapi.sse import KEEPALIVE_COMMENT, EventSourceResponse, format_sse_event
from starlette.types import Receive, Scope, Send

from api.http.problems import problem_for
from api.service.chat import AnswerSteps, Step, Working
from api.service.rate_limits import ConcurrencyLimit
from api.wire import AnswerBody, ProblemBody, SearchBody, SentenceEvent

# Seconds without an event after which a comment says that the connection is still meant; below
# what proxies usually close after.
KEEP_ALIVE_INTERVAL = 15.0
Told: TypeAlias = SearchBody | SentenceEvent | AnswerBody | ProblemBody
_NAMES: dict[type[Told], str] = {
    SearchBody: "retrieved",
    SentenceEvent: "sentence",
    AnswerBody: "answer",
    ProblemBody: "error",
}


class EventStream(EventSourceResponse):
    """The steps towards an answer as events, each worked out in a thread when it is its turn.
    `answer`, or `error` with a problem document, is the last.

    A client that goes away stops the work at the next step. What is `held` for the work is let go
    at the end.
    """

    def __init__(
        self,
        first: Step | None,
        rest: AnswerSteps,
        concurrency: ConcurrencyLimit,
        held: AsyncExitStack,
    ) -> None:
        self._events = _events(first, rest, concurrency)
        self._held = held
        # nginx would collect the events before it hands them on.
        super().__init__(self._events, headers={"x-accel-buffering": "no"})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            # Whoever was cancelled may wait no more, except behind a shield.
            with anyio.CancelScope(shield=True):
                await self._events.aclose()
                await self._held.aclose()


async def _events(
    first: Step | None, rest: AnswerSteps, concurrency: ConcurrencyLimit
) -> AsyncGenerator[bytes, None]:
    gone = False

    def upcoming() -> Step | None:
        return None if gone else next(rest, None)

    step = first
    while step is not None:
        if not isinstance(step, Working):
            yield _event(step)
        working = asyncio.ensure_future(concurrency.run(upcoming))
        try:
            while not (await asyncio.wait([working], timeout=KEEP_ALIVE_INTERVAL))[0]:
                yield KEEPALIVE_COMMENT
            step = working.result()
        except Exception as error:  # noqa: BLE001 - the status is sent: it can only be told
            yield _event(problem_for(error))
            return
        finally:
            gone = not working.done()
            with anyio.CancelScope(shield=True):
                await asyncio.wait([working])  # a step that has begun is finished
    yield _event(rest.result())


def _event(told: Told) -> bytes:
    return format_sse_event(event=_NAMES[type(told)], data_str=told.model_dump_json())
