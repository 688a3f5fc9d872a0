"""Keeps the index up to date: watches the folder of documents and builds the next generation.

A build runs in a child process, so that it takes neither the memory nor the interpreter of the
service. The child is the command `assistant index`. The only module that uses watchfiles.
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
_DEBOUNCE = 0.3  # seconds; changes within it are built together
_MIN_RETRY_DELAY, _MAX_RETRY_DELAY = 5.0, 300.0  # seconds, after a failed build; doubles each time
_POLL_INTERVAL = 1.0  # seconds between looks whether another process has published
_NICENESS = 10  # Unix niceness of a build, 0 to 19: questions go first
_MAX_OUTPUT = 2000  # characters of a build's messages that are kept

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
class _Outcome:
    """The exit code of a build, and the end of its standard error."""

    code: int
    output: str

    @property
    def succeeded(self) -> bool:
        """Also if a file could not be read: the others are indexed."""
        return self.code in (DONE, CHECK_FAILED)


class IndexUpdater:
    """Builds in the event loop of the service. request_build() is thread-safe."""

    def __init__(
        self,
        arguments: Sequence[str],
        watched: Sequence[Path],
        refresh: Callable[[], None],
        metrics: Metrics,
        mode: Mode = "auto",
    ) -> None:
        """`arguments` are passed to `assistant index`; `refresh` opens the published generation."""
        self.state = State()
        self._arguments = arguments
        self._watched = watched
        self._refresh = refresh
        self._metrics = metrics
        self._mode = mode
        self._loop: asyncio.AbstractEventLoop | None = None
        self._wake = asyncio.Event()

    def request_build(self) -> None:
        """Reports a change of the documents, so that a build starts soon."""
        self.state.pending = True
        if self._loop:
            self._loop.call_soon_threadsafe(self._wake.set)

    async def build_first(self) -> bool:
        """Builds the index of a service that has none; returns whether that succeeded. Progress and
        errors go to standard error."""
        return (await self._build(verbose=True)).succeeded

    async def run(self) -> None:
        """Builds now, and again after each change, until cancelled; that stops a running build."""
        self._loop = asyncio.get_running_loop()
        self.request_build()
        async with asyncio.TaskGroup() as group:
            group.create_task(self._poll())
            if self._mode != "off":
                group.create_task(self._watch())
            await self._build_when_due(self._loop)

    async def _build_when_due(self, loop: asyncio.AbstractEventLoop) -> None:
        delay = _MIN_RETRY_DELAY
        while True:
            await self._wake.wait()
            await asyncio.sleep(_DEBOUNCE)
            self._wake.clear()
            self.state.pending = False
            outcome = await self._build()
            if outcome.output:  # with exit code 0 it only names files of other formats
                level = logging.WARNING if outcome.code else logging.INFO
                _log.log(level, "Building the index: %s", outcome.output)
            if outcome.succeeded:
                delay = _MIN_RETRY_DELAY
            else:
                loop.call_later(delay, self._wake.set)
                delay = min(2 * delay, _MAX_RETRY_DELAY)

    async def _build(self, *, verbose: bool = False) -> "_Outcome":
        began = time.monotonic()
        self.state.building = True
        try:
            outcome = await self._run(verbose)
        finally:
            self.state.building, self.state.progress = False, None
        succeeded = outcome.succeeded
        self.state.failed = "" if succeeded else outcome.output or f"exit code {outcome.code}"
        self._metrics.count_build("done" if succeeded else "failed", time.monotonic() - began)
        await asyncio.to_thread(self._refresh)
        return outcome

    async def _run(self, verbose: bool) -> "_Outcome":
        try:
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "api.cli", "index", "--progress-lines", *self._arguments,
                env=child_environment(),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=None if verbose else asyncio.subprocess.PIPE,
            )  # fmt: skip
        except OSError as error:
            return _Outcome(BAD_INPUT, f"no build can be started ({error}): stop other processes")
        if not verbose:
            with suppress(ProcessLookupError, PermissionError):  # it ended, or it is forbidden
                os.setpriority(os.PRIO_PROCESS, process.pid, _NICENESS)
        try:
            output, _ = await asyncio.gather(_read(process.stderr), self._follow(process.stdout))
            await process.wait()
        except asyncio.CancelledError:
            with suppress(ProcessLookupError):
                process.terminate()
            await process.wait()
            raise
        text = output.decode(errors="replace").strip()
        return _Outcome(process.returncode or 0, text[-_MAX_OUTPUT:])

    async def _follow(self, lines: asyncio.StreamReader | None) -> None:
        """Updates `state.progress` from the lines that the child prints."""
        assert lines
        async for line in lines:
            with suppress(ValueError, TypeError):  # the last line is a summary for users
                self.state.progress = Progress(**json.loads(line))

    async def _watch(self) -> None:
        """Requests a build whenever a file in the watched folders changes."""
        folders = [path for path in self._watched if path.is_dir()]
        async for _ in awatch(
            *folders,
            watch_filter=_is_visible,
            force_polling=self._mode == "poll",
            ignore_permission_denied=True,
        ):
            self.request_build()

    async def _poll(self) -> None:
        """Opens what another process publishes, so that no question has to wait for that."""
        while True:
            await asyncio.sleep(_POLL_INTERVAL)
            await asyncio.to_thread(self._refresh)


async def _read(stream: asyncio.StreamReader | None) -> bytes:
    return await stream.read() if stream else b""


def _is_visible(_: Change, path: str) -> bool:
    """Hidden files are not indexed. A file that is being uploaded is hidden, too."""
    return not Path(path).name.startswith(".")
