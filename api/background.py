"""What runs beside the doors: the index is made ready and kept current, old records are deleted."""

import asyncio
import logging
import time

from api.assembly.service import Service
from api.errors import DatabaseUnavailable
from api.settings import Settings
from index.errors import IndexingError, IndexMissing

_log = logging.getLogger(__name__)
_HOUR = 3600.0
_DAY = 24 * _HOUR


async def prepare_index(service: Service) -> int:
    """Opens the published generation, or builds the first. How many documents it has; 0 where
    there is none, the reason having been said."""
    if not await _opens(service) and not (
        await service.index_updater.build_first() and await _opens(service)
    ):
        return 0
    with service.generations.borrow() as assistant:
        return len(assistant.generation.manifest.documents)


async def run_maintenance(settings: Settings, service: Service) -> None:
    """Builds the next generation when documents change, and forgets what is old, until it is
    cancelled."""
    async with asyncio.TaskGroup() as group:
        group.create_task(service.index_updater.run())
        group.create_task(_expire(service, settings.retention_days))


async def _opens(service: Service) -> bool:
    """Whether the published generation, if any, can be opened; says why where it is damaged."""

    def open_published() -> None:
        with service.generations.borrow():
            pass

    try:
        await asyncio.to_thread(open_published)
    except IndexMissing:
        _log.info("There is no index yet: it is built first.")
        return False
    except IndexingError as error:
        _log.warning("The index cannot be opened, and is built anew: %s", error)
        return False
    return True


async def _expire(service: Service, days: int) -> None:
    """Forgets what has been kept long enough, now and every hour."""
    apart = time.time() - time.monotonic()
    while True:
        jumped = abs(time.time() - time.monotonic() - apart) > _HOUR
        if jumped:
            _log.error("The clock has jumped; nothing is deleted by age until a new start.")
        else:
            before = time.time() - days * _DAY if days else 0.0
            try:
                count = await asyncio.to_thread(service.records.expire, before)
            except DatabaseUnavailable as error:
                _log.warning("Nothing is deleted by age this time: %s", error)
            else:
                if count:
                    _log.info("%s conversations were older than %s days: deleted", count, days)
        await asyncio.sleep(_HOUR)
