"""Works off the inbox: gives each item to whoever answers it, again and again until it is done.

Knows nothing of what an item asks for.
"""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

from api.errors import DatabaseUnavailable
from api.service.logs import request_id
from api.service.metrics import Metrics
from api.slack.inbox import LEASE, Inbox, Item, LeaseLost
from api.slack.web_api import AppMisconfigured, RetryLater

_log = logging.getLogger(__name__)
_AT_ONCE = 16  # items worked on at a time; most of that is waiting for Slack
_POLL = 1.0  # seconds until it is looked again whether something is due
_BACKOFF = (1.0, 2.0, 5.0, 15.0, 60.0, 300.0)  # seconds to wait after each failure
_GIVEN_UP = 24 * 3600.0  # seconds after which what cannot be done is given up
_HOUR = 3600.0


class Worker:
    """Does what is in the inbox with `do`. Belongs to one event loop."""

    def __init__(
        self, inbox: Inbox, metrics: Metrics, do: Callable[[Item], Awaitable[None]]
    ) -> None:
        """`do` raises RetryLater for what is to be tried again."""
        self._inbox = inbox
        self._metrics = metrics
        self._do = do
        self._taken = asyncio.Event()
        self._told: set[str] = set()

    def wake(self) -> None:
        """Says that something was taken."""
        self._taken.set()

    async def run(self) -> None:
        """Works until it is cancelled; what was begun is then left for the next start."""
        room = asyncio.Semaphore(_AT_ONCE)
        async with asyncio.TaskGroup() as group:
            group.create_task(self._expire())
            while True:
                await room.acquire()
                item = await self._next()
                task = group.create_task(self._work(item))
                task.add_done_callback(lambda _: room.release())

    async def _next(self) -> Item:
        """Waits for the next item."""
        while True:
            self._taken.clear()
            try:
                item = await asyncio.to_thread(self._inbox.claim)
            except DatabaseUnavailable as error:
                _log.warning("Slack's inbox cannot be read: %s", error)
                item = None
            if item:
                return item
            with suppress(TimeoutError):
                await asyncio.wait_for(self._taken.wait(), _POLL)

    async def _expire(self) -> None:
        while True:
            with suppress(DatabaseUnavailable):  # _next() says so
                await asyncio.to_thread(self._inbox.expire)
            await asyncio.sleep(_HOUR)

    async def _work(self, item: Item) -> None:
        """Does one item, or leaves it for later; whatever becomes of it, the others go on."""
        request_id.set(item.request)
        try:
            async with self._held(item):
                await self._do(item)
                await asyncio.to_thread(self._inbox.complete, item)
            self._metrics.count_slack_item("done")
            self.wake()  # another item of the conversation may have waited for it
        except LeaseLost:
            _log.info("Another worker has taken an item from Slack over")
        except RetryLater as error:
            await self._leave(item, error)
        except DatabaseUnavailable as error:
            # It is given out again when nobody has held it for a while.
            _log.warning("An item from Slack is left for later: %s", error)
        except Exception:  # noqa: BLE001 - one that nobody foresaw must not stop the others
            _log.exception("An item from Slack failed")
            await self._leave(item, RetryLater("a defect: see the log"))

    @asynccontextmanager
    async def _held(self, item: Item) -> AsyncIterator[None]:
        """Keeps hold of the item for as long as it takes."""

        async def hold() -> None:
            while True:
                await asyncio.sleep(LEASE / 3)
                with suppress(DatabaseUnavailable, LeaseLost):  # whoever writes next is told
                    await asyncio.to_thread(self._inbox.renew, item)

        holding = asyncio.create_task(hold())
        try:
            yield
        finally:
            holding.cancel()

    async def _leave(self, item: Item, error: RetryLater) -> None:
        """Puts an item off, or gives it up when it is too old; says why."""
        told = str(error)
        wait = max(error.wait, _BACKOFF[min(item.tries, len(_BACKOFF)) - 1])
        given_up = time.time() - item.taken > _GIVEN_UP
        if given_up:
            _log.error("What could not be done in Slack for a day is given up: %s", told)
        elif isinstance(error, AppMisconfigured) and told not in self._told:
            self._told.add(told)
            _log.error("Slack is not answered until this is mended: %s", told)
        else:
            _log.warning("Put off by %.0f s: %s", wait, told)
        self._metrics.count_slack_item("given up" if given_up else "put off")
        try:
            if given_up:
                await asyncio.to_thread(self._inbox.complete, item)
            else:
                await asyncio.to_thread(self._inbox.postpone, item, wait, told)
        except (LeaseLost, DatabaseUnavailable) as trouble:
            _log.warning("An item from Slack is left as it is: %s", trouble)
