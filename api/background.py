"""Background work of a running service: the index is built and updated, old records are deleted."""

import asyncio
import logging
import time

from api.assembly.service import Service
from api.errors import DatabaseUnavailable, describe
from api.service.clock import ClockWatch
from api.settings import Settings
from index.errors import IndexingError, IndexMissing

_log = logging.getLogger(__name__)
_HOUR = 3600.0
_DAY = 24 * _HOUR
_EXPIRE_INTERVAL = _HOUR


async def prepare_index(service: Service) -> int:
    """Opens the published generation, or builds the first one. Returns the number of its documents;
    0 if there is none, after the reason was printed."""
    if not await _can_open(service) and not (
        await service.index_updater.build_first() and await _can_open(service)
    ):
        return 0
    with service.generations.borrow() as assistant:
        return len(assistant.generation.manifest.documents)


async def run_maintenance(settings: Settings, service: Service) -> None:
    """Updates the index when documents change, and deletes old records, until cancelled."""
    async with asyncio.TaskGroup() as group:
        group.create_task(service.index_updater.run())
        group.create_task(_expire_records(service, settings.retention_days, settings.gap_days))


async def _can_open(service: Service) -> bool:
    def open_published() -> None:
        with service.generations.borrow():
            pass

    try:
        await asyncio.to_thread(open_published)
    except IndexMissing:
        _log.info("There is no index yet: building it.")
        return False
    except IndexingError as error:
        _log.warning("The index cannot be opened (%s): building it again.", error)
        return False
    return True


async def _expire_records(service: Service, days: int, gap_days: int) -> None:
    """Deletes conversations and gaps after so many days (0: never), and old idempotency keys."""
    clock = ClockWatch(tolerance=_HOUR)
    while True:
        if clock.jumped():
            _log.error("The clock was set: old records are not deleted until the service restarts.")
        else:
            now = time.time()
            before = now - days * _DAY if days else 0.0
            gaps_before = now - gap_days * _DAY if gap_days else 0.0
            try:
                count = await asyncio.to_thread(service.records.expire, before)
                await asyncio.to_thread(service.gaps.expire, gaps_before)
            except DatabaseUnavailable as error:
                _log.warning("Old records cannot be deleted now: %s", describe(error))
            else:
                if count:
                    _log.info("Deleted %s conversations older than %s days.", count, days)
        await asyncio.sleep(_EXPIRE_INTERVAL)
