"""The assistant over whatever generation is published at the moment.

Knows when a generation takes another's place and when its files can be let go; knows nothing of
how one is opened.
"""

import logging
import math
import threading
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from datetime import datetime

from api.errors import IndexBuilding
from assistant.pipeline import Assistant
from index.errors import IndexDamaged, IndexingError, IndexMissing
from index.generation import (
    DataFolder,
)
from index.texts import TextStore

_log = logging.getLogger(__name__)
# Sets of folders whose view of a generation is kept ready.
_MOST_VIEWS = 32
# Seconds until what was published and could not be opened is tried again: its disk may have been
# full.
_AGAIN = 10.0


class GenerationPool:
    """Lends out the assistant. Safe to share between threads.

    Another process may publish at any time: every call compares the pointer, which takes some
    microseconds, and the new generation takes the old one's place when it has been opened. The
    old one stays open for those who still use it.
    """

    def __init__(
        self,
        data: DataFolder,
        open_published: Callable[[], Assistant],
        is_building: Callable[[], bool] = lambda: False,
    ) -> None:
        """`is_building` returns whether this process builds an index."""
        self.texts = TextStore(data.texts)
        self._data = data
        self._open_published = open_published
        self._is_building = is_building
        self._opening = threading.Lock()
        self._lock = threading.Lock()
        self._current: _Open | None = None
        self._refused, self._again = "", -math.inf

    @contextmanager
    def borrow(self, folders: Collection[str] | None = None) -> Iterator[Assistant]:
        """The assistant to answer with, as somebody sees it who may read these folders only
        (None: all). Its generation stays open until it is given back.

        Raises IndexBuilding while this process builds the first index, and IndexingError while no
        generation can be opened. A published generation that cannot be opened does not replace the
        open one.
        """
        self.refresh()
        with self._lock:
            held = self._current
            if held is not None:
                held.users += 1
        if held is None:
            with self._opening:
                if self._current is None:
                    if self._is_building():
                        raise IndexBuilding("the index is being built")
                    self._swap()
            with self.borrow(folders) as assistant:
                yield assistant
            return
        try:
            yield held.seen_within(folders)
        finally:
            with self._lock:
                held.users -= 1
                held.close_unless_used()

    def refresh(self) -> None:
        """Opens what has been published since; whoever comes meanwhile is answered from what is
        open."""
        held = self._current
        published = self._published()
        if held is None or published == held.assistant.generation.id:
            return
        if published == self._refused and time.monotonic() < self._again:
            return
        if not self._opening.acquire(blocking=False):
            return
        try:
            self._swap()
        except IndexingError as error:
            self._refused, self._again = self._published(), time.monotonic() + _AGAIN
            _log.warning("The published index is passed over: %s", error)
        finally:
            self._opening.release()

    @property
    def age(self) -> float:
        """Seconds since the open generation was built; NaN where none is open."""
        held = self._current
        if held is None:
            return math.nan
        created = datetime.fromisoformat(held.assistant.generation.manifest.created)
        return time.time() - created.timestamp()

    def close(self) -> None:
        """Lets go of the models, and of the generation's files as soon as nobody uses them."""
        self._open_published = _closed
        with self._lock:
            held, self._current = self._current, None
            if held:
                held.retired = True
                held.close_unless_used()

    def _published(self) -> str:
        """The id of the published generation; empty where the pointer is gone or broken."""
        try:
            return self._data.current().name
        except (IndexMissing, IndexDamaged):
            return ""

    def _swap(self) -> None:
        fresh = _Open(self._open_published())
        with self._lock:
            old, self._current = self._current, fresh
            if old:
                old.retired = True
                old.close_unless_used()


def _closed() -> Assistant:
    raise IndexMissing("the service is closed: start it again")


class _Open:
    """An open generation, and who still uses it."""

    def __init__(self, assistant: Assistant) -> None:
        self.assistant = assistant
        self.users = 0
        self.retired = False
        self._lock = threading.Lock()
        self._views: dict[frozenset[str], Assistant] = {}

    def seen_within(self, folders: Collection[str] | None) -> Assistant:
        if folders is None:
            return self.assistant
        key = frozenset(folders)
        with self._lock:
            if key not in self._views:
                if len(self._views) >= _MOST_VIEWS:
                    self._views.pop(next(iter(self._views)))
                self._views[key] = self.assistant.within(key)
            return self._views[key]

    def close_unless_used(self) -> None:
        if self.retired and not self.users:
            self.assistant.generation.close()
