"""How much at a time: rates for each who asks, and a gate for all questions together.

The one door to `limits`. Knows nothing of HTTP.
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

Rate: TypeAlias = RateLimitItem
T = TypeVar("T")
# Seconds between the wall clock and the monotonic one that are more than their running apart.
_JUMP = 2.0


def parse_rate_limits(text: str) -> tuple[Rate, ...]:
    """The rates of a text like "100/minute, 1000/hour"; none for an empty one."""
    return tuple(parse_many(text)) if text else ()


class RateLimiter:
    """Counts what each does in a moving window. In this process's memory, and so gone with it.

    Safe to share between threads.
    """

    def __init__(self, rates: Sequence[Rate]) -> None:
        self._rates = rates
        self._storage = MemoryStorage()
        self._limiter = MovingWindowRateLimiter(self._storage)
        self._lock = threading.Lock()
        self._apart = _apart()

    def hit(self, who: str) -> None:
        """Counts one more of somebody. Raises RateLimited, with the seconds to wait."""
        self._forget_after_a_jump()
        for rate in self._rates:
            if not self._limiter.hit(rate, who):
                left = self._limiter.get_window_stats(rate, who).reset_time - time.time()
                raise RateLimited(f"more than {rate} from one: wait, then go on", max(1.0, left))

    def _forget_after_a_jump(self) -> None:
        """The windows lie on the wall clock. When that is put back they would stay closed until
        it has come again, so they begin anew."""
        with self._lock:
            apart = _apart()
            if abs(apart - self._apart) > _JUMP:
                self._storage.reset()
                self._apart = apart


def _apart() -> float:
    return time.time() - time.monotonic()


class ConcurrencyLimit:
    """Lets so many questions in, and of those so many work at once; who finds it full is told to
    come back rather than queued. Belongs to one event loop."""

    def __init__(self, most: int, at_once: int) -> None:
        self._most = most
        self._working = anyio.CapacityLimiter(at_once)
        self._threads = anyio.CapacityLimiter(at_once)  # has room for whoever's turn it is
        self.admitted = 0

    @property
    def waiting(self) -> int:
        """How many are inside and not at work."""
        return self._working.statistics().tasks_waiting

    @contextmanager
    def slot(self) -> Iterator[None]:
        """A place inside. Raises Overloaded at once where there is none."""
        if self.admitted >= self._most:
            raise Overloaded(f"{self._most} questions are being answered: try again soon", 1.0)
        self.admitted += 1
        try:
            yield
        finally:
            self.admitted -= 1

    async def run(self, work: Callable[[], T], until: float = math.inf) -> T:
        """Runs the work in a thread when its turn comes. What has begun is finished.

        Raises Overloaded where its turn has not come `until` then (seconds of the loop's clock).
        """
        turn = object()
        try:
            async with asyncio.timeout_at(None if until == math.inf else until):
                await self._working.acquire_on_behalf_of(turn)
        except TimeoutError as error:
            raise Overloaded("too much is asked at the moment: try again later", 5.0) from error
        try:
            return await anyio.to_thread.run_sync(work, limiter=self._threads)
        finally:
            self._working.release_on_behalf_of(turn)
