"""Keeps the index up to date while questions are answered: watches the folder of documents, and
builds the next generation in a process of its own, so that the build takes neither the memory nor
the interpreter of the service.

The process is `assistant index`: what a person can run, nothing more.
"""

import asyncio
import json
import logging
import os
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from watchfiles import Change, awatch

from api.exit_codes import BAD_INPUT, CHECK_FAILED, DONE
from api.service.metrics import Metrics
from index.child import child_environment

_log = logging.getLogger(__name__)
# Seconds: changes that come together are built together; how long until a build that failed is
# tried again, at first and at most; how often to look whether another process has published.
_TOGETHER = 0.3
_AGAIN, _AGAIN_AT_MOST = 5.0, 300.0
_LOOK = 1.0
# A build gives way to questions. Unix niceness, 0 to 19.
_NICENESS = 10
_TOLD = 2000  # characters of what a failed build said that are repeated

Mode = Literal["auto", "poll", "off"]


@dataclass(frozen=True, slots=True)
class Progress:
    """The current step of a build, and how many of its units are done."""

    step: str
    done: int
    total: int


@dataclass
class State:
    """The state of the index. `pending`: there are changes that no build has started for.
    `failed`: why the last build failed; empty if it succeeded. `progress`: of the build that runs;
    None if none runs or nothing has been reported yet."""

    building: bool = False
    pending: bool = False
    failed: str = ""
    progress: Progress | None = None


@dataclass(frozen=True)
class _Built:
    """How a build ended: its exit code, and what it said on its standard error."""

    code: int
    told: str

    @property
    def done(self) -> bool:
        """Also where a file had to be left out: the others are indexed."""
        return self.code in (DONE, CHECK_FAILED)


class IndexUpdater:
    """Runs beside the service, in its event loop. `request_build` may be called from any thread."""

    def __init__(
        self,
        arguments: Sequence[str],
        watched: Sequence[Path],
        refresh: Callable[[], None],
        metrics: Metrics,
        mode: Mode = "auto",
    ) -> None:
        """`arguments` are those of `assistant`; `refresh` opens what has been published."""
        self.state = State()
        self._arguments = arguments
        self._watched = watched
        self._refresh = refresh
        self._metrics = metrics
        self._mode = mode
        self._loop: asyncio.AbstractEventLoop | None = None
        self._wake = asyncio.Event()

    def request_build(self) -> None:
        """Says that the documents have changed, so that a build is due."""
        self.state.pending = True
        if self._loop:
            self._loop.call_soon_threadsafe(self._wake.set)

    async def build_first(self) -> bool:
        """The build that a service waits for which has nothing to answer from; whether there is
        an index then. What it does and what went wrong is seen on standard error."""
        return (await self._build(seen=True)).done

    async def run(self) -> None:
        """Builds at once, where anything has changed, and again after each change, until it is
        cancelled. A process that is building then is stopped."""
        self._loop = asyncio.get_running_loop()
        self.request_build()
        async with asyncio.TaskGroup() as group:
            group.create_task(self._look())
            if self._mode != "off":
                group.create_task(self._watch())
            await self._build_when_due(self._loop)

    async def _build_when_due(self, loop: asyncio.AbstractEventLoop) -> None:
        wait = _AGAIN
        while True:
            await self._wake.wait()
            await asyncio.sleep(_TOGETHER)
            self._wake.clear()
            self.state.pending = False
            built = await self._build()
            if built.told:  # with exit code 0 it only names files of other formats
                level = logging.WARNING if built.code else logging.INFO
                _log.log(level, "Building the index: %s", built.told)
            if built.done:
                wait = _AGAIN
            else:
                loop.call_later(wait, self._wake.set)
                wait = min(2 * wait, _AGAIN_AT_MOST)

    async def _build(self, *, seen: bool = False) -> "_Built":
        began = time.monotonic()
        self.state.building = True
        try:
            built = await self._run(seen)
        finally:
            self.state.building, self.state.progress = False, None
        self.state.failed = "" if built.done else built.told or f"it ended with {built.code}"
        self._metrics.count_build("done" if built.done else "failed", time.monotonic() - began)
        await asyncio.to_thread(self._refresh)
        return built

    async def _run(self, seen: bool) -> "_Built":
        try:
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "api.cli", "index", "--progress-lines", *self._arguments,
                env=child_environment(),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=None if seen else asyncio.subprocess.PIPE,
            )  # fmt: skip
        except OSError as error:
            return _Built(BAD_INPUT, f"no process can be started ({error}): end some others")
        if not seen:
            with suppress(ProcessLookupError, PermissionError):  # gone already, or not allowed to
                os.setpriority(os.PRIO_PROCESS, process.pid, _NICENESS)
        try:
            told, _ = await asyncio.gather(_read(process.stderr), self._follow(process.stdout))
            await process.wait()
        except asyncio.CancelledError:
            with suppress(ProcessLookupError):
                process.terminate()
            await process.wait()
            raise
        return _Built(process.returncode or 0, told.decode(errors="replace").strip()[-_TOLD:])

    async def _follow(self, lines: asyncio.StreamReader | None) -> None:
        """Keeps the progress that the process prints, up to date."""
        assert lines
        async for line in lines:
            with suppress(ValueError, TypeError):  # the last line is a summary for users
                self.state.progress = Progress(**json.loads(line))

    async def _watch(self) -> None:
        """Wakes the build whenever a file below the watched folders changes."""
        folders = [path for path in self._watched if path.is_dir()]
        async for _ in awatch(
            *folders,
            watch_filter=_is_visible,
            force_polling=self._mode == "poll",
            ignore_permission_denied=True,
        ):
            self.request_build()

    async def _look(self) -> None:
        """Opens what another process publishes, before a question has to wait for that."""
        while True:
            await asyncio.sleep(_LOOK)
            await asyncio.to_thread(self._refresh)


async def _read(stream: asyncio.StreamReader | None) -> bytes:
    return await stream.read() if stream else b""


def _is_visible(_: Change, path: str) -> bool:
    """Whether a change may matter: what is hidden is not read, a file that is being written
    among it."""
    return not Path(path).name.startswith(".")
