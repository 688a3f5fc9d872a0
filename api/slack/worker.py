"""Works through the inbox: runs each item until it is completed."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

from api.errors import DatabaseUnavailable
from api.service.clock import ClockWatch
from api.service.logs import request_id
from api.service.metrics import Metrics
from api.slack.inbox import LEASE, Inbox, Item, LeaseLost
from api.slack.web_api import AppMisconfigured, RetryLater

_log = logging.getLogger(__name__)
_MAX_CONCURRENT = 16  # items at a time; most of their time is spent waiting for Slack
_POLL_INTERVAL = 1.0  # seconds
_BACKOFF = (1.0, 2.0, 5.0, 15.0, 60.0, 300.0)  # seconds to wait after each failed attempt
_GIVE_UP_AFTER = 24 * 3600.0  # seconds
_EXPIRY_INTERVAL = 3600.0  # seconds
INTERNAL_ERROR = "internal error: see the log"  # why an item was postponed


class Worker:
    """Runs the items of the inbox. Belongs to one event loop."""

    def __init__(
        self, inbox: Inbox, metrics: Metrics, handle: Callable[[Item], Awaitable[None]]
    ) -> None:
        """`handle` raises RetryLater to postpone an item."""
        self._inbox = inbox
        self._metrics = metrics
        self._handle = handle
        self._added = asyncio.Event()
        self._reported: set[str] = set()

    def wake(self) -> None:
        """Makes the worker look into the inbox now rather than at the next poll."""
        self._added.set()

    async def run(self) -> None:
        """Works until cancelled; items under way are then left to the next start."""
        slots = asyncio.Semaphore(_MAX_CONCURRENT)
        async with asyncio.TaskGroup() as group:
            group.create_task(self._expire())
            while True:
                await slots.acquire()
                item = await self._next()
                task = group.create_task(self._work(item))
                task.add_done_callback(lambda _: slots.release())

    async def _next(self) -> Item:
        """Waits for an item and claims it."""
        while True:
            self._added.clear()
            try:
                item = await asyncio.to_thread(self._inbox.claim)
            except DatabaseUnavailable as error:
                _log.warning("Slack's inbox cannot be read: %s", error)
                item = None
            if item:
                return item
            # In Python 3.11, asyncio.wait_for loses a cancellation that comes as the event is set.
            with suppress(TimeoutError):
                async with asyncio.timeout(_POLL_INTERVAL):
                    await self._added.wait()

    async def _expire(self) -> None:
        """Deletes old items, unless the clock was set: a deleted item could be answered again."""
        clock = ClockWatch(tolerance=_EXPIRY_INTERVAL)
        while True:
            if not clock.jumped():
                with suppress(DatabaseUnavailable):  # logged by _next()
                    await asyncio.to_thread(self._inbox.expire)
            await asyncio.sleep(_EXPIRY_INTERVAL)

    async def _work(self, item: Item) -> None:
        request_id.set(item.request)
        try:
            async with self._renewed(item):
                await self._handle(item)
                await asyncio.to_thread(self._inbox.complete, item)
            self._metrics.count_slack_item("done")
            self.wake()  # the next item of the conversation may have waited for this one
        except LeaseLost:
            _log.info("Another worker has taken over an item from Slack")
        except RetryLater as error:
            await self._postpone(item, error)
        except DatabaseUnavailable as error:
            # The item is handed out again when its lease expires.
            _log.warning("An item from Slack is retried later: %s", error)
        except Exception:  # noqa: BLE001 - a bug that one item hits must not stop the others
            _log.exception("An item from Slack failed")
            await self._postpone(item, RetryLater(INTERNAL_ERROR))

    @asynccontextmanager
    async def _renewed(self, item: Item) -> AsyncIterator[None]:
        """Renews the lease for as long as the context is open."""

        async def renew() -> None:
            while True:
                await asyncio.sleep(LEASE / 3)
                with suppress(DatabaseUnavailable, LeaseLost):  # the next write raises it
                    await asyncio.to_thread(self._inbox.renew, item)

        renewing = asyncio.create_task(renew())
        try:
            yield
        finally:
            renewing.cancel()

    async def _postpone(self, item: Item, error: RetryLater) -> None:
        """Postpones an item, or gives it up if it is too old."""
        reason = str(error)
        wait = max(error.wait, _BACKOFF[min(item.attempts, len(_BACKOFF)) - 1])
        give_up = time.time() - item.added > _GIVE_UP_AFTER
        if give_up:
            _log.error("Giving up an item from Slack after a day: %s", reason)
        elif isinstance(error, AppMisconfigured) and reason not in self._reported:
            self._reported.add(reason)
            _log.error("Slack gets no answers until this is fixed: %s", reason)
        else:
            _log.warning("Retrying in %.0f s: %s", wait, reason)
        self._metrics.count_slack_item("given up" if give_up else "put off")
        try:
            if give_up:
                await asyncio.to_thread(self._inbox.complete, item)
            else:
                await asyncio.to_thread(self._inbox.postpone, item, wait, reason)
        except (LeaseLost, DatabaseUnavailable) as failure:
            _log.warning("An item from Slack was not postponed: %s", failure)
