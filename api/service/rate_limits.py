"""Limits the requests of a caller, and the questions that are answered at the same time.

The only module that uses `limits`. Knows nothing of HTTP.
"""

import asyncio
import math
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TypeAlias, TypeVar

import anyio
import anyio.to_thread
from limits import RateLimitItem, parse_many
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

from api.errors import Overloaded, RateLimited
from api.service.clock import ClockWatch

Rate: TypeAlias = RateLimitItem
T = TypeVar("T")
_CLOCK_TOLERANCE = 2.0  # seconds
_RETRY_FULL, _RETRY_TIMEOUT = 1.0, 5.0  # seconds


def parse_rate_limits(text: str) -> tuple[Rate, ...]:
    """Parses a text such as "100/minute, 1000/hour"; "" means no limit."""
    return tuple(parse_many(text)) if text else ()


class RateLimiter:
    """Counts requests in moving windows, in the memory of this process. Thread-safe."""

    def __init__(self, rates: Sequence[Rate]) -> None:
        self._rates = rates
        self._storage = MemoryStorage()
        self._limiter = MovingWindowRateLimiter(self._storage)
        self._lock = threading.Lock()
        self._clock = ClockWatch(_CLOCK_TOLERANCE)

    def hit(self, caller: str) -> None:
        """Counts a request of the caller. Raises RateLimited."""
        with self._lock:
            # The windows use the wall clock: if it is put back, they would stay full.
            if self._clock.jumped():
                self._storage.reset()
                self._clock.reset()
        for rate in self._rates:
            if not self._limiter.hit(rate, caller):
                left = self._limiter.get_window_stats(rate, caller).reset_time - time.time()
                raise RateLimited(f"the rate limit of {rate} is exceeded", max(1.0, left))


class ConcurrencyLimit:
    """Admits a number of questions, and works on some of them at a time. If it is full, a question
    fails at once instead of waiting. Belongs to one event loop."""

    def __init__(self, max_admitted: int, max_running: int) -> None:
        self._max_admitted = max_admitted
        self._running = anyio.CapacityLimiter(max_running)
        # A limiter of its own: the default one could be used up by other threads.
        self._threads = anyio.CapacityLimiter(max_running)
        self.admitted = 0

    @property
    def waiting(self) -> int:
        """The number of admitted questions that wait for their turn."""
        return self._running.statistics().tasks_waiting

    @contextmanager
    def slot(self) -> Iterator[None]:
        """Admits a question. Raises Overloaded if there is no room."""
        if self.admitted >= self._max_admitted:
            raise Overloaded(
                f"{self._max_admitted} questions are being answered: try again soon", _RETRY_FULL
            )
        self.admitted += 1
        try:
            yield
        finally:
            self.admitted -= 1

    async def run(self, work: Callable[[], T], until: float = math.inf) -> T:
        """Runs the work in a thread when it is its turn. Work that has begun is not interrupted.

        Raises Overloaded if it is not its turn by `until` (seconds of the event loop's clock).
        """
        turn = object()
        try:
            async with asyncio.timeout_at(None if until == math.inf else until):
                await self._running.acquire_on_behalf_of(turn)
        except TimeoutError as error:
            message = "there are too many questions: try again later"
            raise Overloaded(message, _RETRY_TIMEOUT) from error
        try:
            return await anyio.to_thread.run_sync(work, limiter=self._threads)
        finally:
            self._running.release_on_behalf_of(turn)
