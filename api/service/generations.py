"""Lends the assistant of the published generation, and replaces it when another is published.

Does not know how a generation is opened.
"""

import logging
import math
import threading
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from datetime import datetime

from api.errors import IndexBuilding, describe
from assistant.pipeline import Assistant
from index.errors import IndexDamaged, IndexingError, IndexMissing
from index.generation import DataFolder
from index.texts import TextStore

_log = logging.getLogger(__name__)
_MAX_VIEWS = 32  # of a generation, each for a set of folders, that are kept
# Seconds until a published generation that could not be opened is tried again: the disk may have
# been full.
_RETRY_INTERVAL = 10.0


class GenerationPool:
    """Keeps the published generation open. Thread-safe.

    Another process may publish at any time. Every call compares the pointer, which takes
    microseconds. The old generation stays open while someone uses it.
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
        self._current: _OpenGeneration | None = None
        self._failed, self._retry_at = "", -math.inf

    @contextmanager
    def borrow(self, folders: Collection[str] | None = None) -> Iterator[Assistant]:
        """The assistant over the documents in these folders (None: all). Its generation stays open
        until the context ends.

        Raises IndexBuilding while this process builds the first index, and IndexingError if no
        generation can be opened. A published generation that cannot be opened does not replace the
        open one.
        """
        self.refresh()
        with self._lock:
            current = self._current
            if current is not None:
                current.users += 1
        if current is None:
            with self._opening:
                if self._current is None:
                    if self._is_building():
                        raise IndexBuilding("the index is being built")
                    self._open()
            with self.borrow(folders) as assistant:
                yield assistant
            return
        try:
            yield current.view(folders)
        finally:
            with self._lock:
                current.users -= 1
                current.close_if_unused()

    def refresh(self) -> None:
        """Opens the published generation if it is not the open one. Calls in the meantime use the
        open one."""
        current = self._current
        published = self._published_id()
        if current is None or published in ("", current.assistant.generation.id):
            return
        if published == self._failed and time.monotonic() < self._retry_at:
            return
        if not self._opening.acquire(blocking=False):
            return
        try:
            self._open()
        except IndexingError as error:
            self._failed = self._published_id()
            self._retry_at = time.monotonic() + _RETRY_INTERVAL
            _log.warning("The published index cannot be opened: %s", describe(error))
        finally:
            self._opening.release()

    def is_published(self) -> bool:
        """Whether the data folder still has a generation and the texts."""
        return bool(self._published_id()) and self._data.texts.is_dir()

    def pinned(self) -> str:
        """Returns the id of the published generation if an operator pinned it, else ""."""
        return self._data.pointer.pinned()

    @property
    def age(self) -> float:
        """Seconds since the open generation was built; NaN if none is open."""
        current = self._current
        if current is None:
            return math.nan
        created = datetime.fromisoformat(current.assistant.generation.manifest.created)
        return time.time() - created.timestamp()

    def close(self) -> None:
        """Closes the open generation as soon as nobody uses it."""
        self._open_published = _raise_closed
        with self._lock:
            current, self._current = self._current, None
            if current:
                current.retire()

    def _published_id(self) -> str:
        """Returns "" if there is no pointer, or it is damaged."""
        try:
            return self._data.current().name
        except (IndexMissing, IndexDamaged):
            return ""

    def _open(self) -> None:
        fresh = _OpenGeneration(self._open_published())
        with self._lock:
            old, self._current = self._current, fresh
            if old:
                old.retire()


def _raise_closed() -> Assistant:
    raise IndexMissing("the service is closed")


class _OpenGeneration:
    """An open generation and the number of its users."""

    def __init__(self, assistant: Assistant) -> None:
        self.assistant = assistant
        self.users = 0
        self._retired = False
        self._lock = threading.Lock()
        self._views: dict[frozenset[str], Assistant] = {}

    def view(self, folders: Collection[str] | None) -> Assistant:
        """Returns the assistant over these folders."""
        if folders is None:
            return self.assistant
        key = frozenset(folders)
        with self._lock:
            if key not in self._views:
                if len(self._views) >= _MAX_VIEWS:
                    self._views.pop(next(iter(self._views)))
                self._views[key] = self.assistant.within(key)
            return self._views[key]

    def retire(self) -> None:
        """Closes it now or when its last user is done."""
        self._retired = True
        self.close_if_unused()

    def close_if_unused(self) -> None:
        """Closes it if it is retired and has no users."""
        if self._retired and not self.users:
            self.assistant.generation.close()
