"""Keeps the index up to date: watches the documents and rebuilds the index when they change.

A build runs in a child process, `assistant index --progress-lines`, so that it shares neither
memory nor the interpreter lock with the service. The only module that imports watchfiles.
"""

import asyncio
import json
import logging
import math
import os
import sys
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from watchfiles import Change, awatch

from api.service.metrics import Metrics
from index.child import child_environment
from index.folders import lies_within

_log = logging.getLogger(__name__)
_DEBOUNCE = 0.3  # seconds between the first change and the build
_MIN_RETRY_DELAY, _MAX_RETRY_DELAY = 5.0, 300.0  # seconds after a failed build; doubles each time
_POLL_INTERVAL = 1.0  # seconds between checks for a generation that another process published
_COMPARE_INTERVAL = 300.0  # seconds between comparisons of all files with those of the last build
_NICENESS = 10  # Unix niceness of the child, 0 to 19: questions have priority
_KILL_DELAY = 5.0  # seconds that a build has to end after SIGTERM
_MAX_LOGGED = 2000  # characters of the child's standard error that are logged

Mode = Literal["auto", "poll", "off"]
_Stamp = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Progress:
    """The current step of a build, and how many of its units are done."""

    step: str
    done: int
    total: int


@dataclass
class State:
    """The state of the index, as HTTP callers may see it.

    `pending`: documents have changed since the last build started. `failed`: why the last build
    failed, or "" if it succeeded. `progress`: None unless a build is running and has reported some.
    `pinned`: the published generation stays until an operator ends that; nothing is built.
    """

    building: bool = False
    pending: bool = False
    pinned: bool = False
    failed: str = ""
    progress: Progress | None = None


@dataclass(frozen=True)
class _Outcome:
    """Why a build failed ("" if it succeeded), its exit code and the end of its standard error."""

    failed: str
    code: int = 0
    output: str = ""


class IndexUpdater:
    """Runs builds from the service's event loop. Only request_build() is thread-safe."""

    def __init__(
        self,
        arguments: Sequence[str],
        watched: Sequence[Path],
        refresh: Callable[[], None],
        metrics: Metrics,
        mode: Mode = "auto",
        files: Sequence[Path] = (),
        timeout: float = math.inf,
        is_published: Callable[[], bool] = lambda: True,
        pinned: Callable[[], str] = lambda: "",
    ) -> None:
        """`arguments` are passed to `assistant index`; `refresh` opens the published generation.
        `watched` are folders, first that of the documents, and `files` single files, which need not
        exist. A build is stopped after `timeout` seconds. `is_published` returns whether the
        data folder still has what a build writes, `pinned` the id of the pinned generation."""
        self.state = State()
        self._arguments = arguments
        self._watched = watched
        self._refresh = refresh
        self._metrics = metrics
        self._mode = mode
        self._files = files
        # Documents and folders that changed, as far as they are known, by path in the corpus: since
        # the last build started, and before it.
        self._changed: set[str] = set()
        self._in_build: set[str] = set()
        self._is_published = is_published
        self._pinned = pinned
        self._folders_replaced = asyncio.Event()
        self._seen: dict[str, _Stamp] = {}  # the files when the last build started
        self._timeout = timeout if math.isfinite(timeout) else None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._wake = asyncio.Event()

    def state_for(self, folders: Collection[str] | None) -> State:
        """Returns the state as a caller may see it who can read these folders (None: all): builds
        count only if a document of theirs has changed, and no failure is reported."""
        if folders is None:
            return self.state

        def has_own(paths: Iterable[str]) -> bool:
            return any(lies_within(path, folders) for path in tuple(paths))

        return State(
            building=self.state.building and has_own(self._in_build),
            pending=self.state.pending and has_own(self._changed),
        )

    def request_build(self, *documents: str) -> None:
        """Schedules a build, because these documents have changed, or any if none is named."""
        self._changed.update(documents)
        self.state.pending = True
        if self._loop:
            self._loop.call_soon_threadsafe(self._wake.set)

    async def build_first(self) -> bool:
        """Builds the first index; returns whether it succeeded. The child prints its progress and
        errors to the standard error of the service."""
        return not (await self._build(verbose=True)).failed

    async def run(self) -> None:
        """Builds once, then after each change, until cancelled; that stops a running build."""
        self._loop = asyncio.get_running_loop()
        self.request_build()
        async with asyncio.TaskGroup() as group:
            group.create_task(self._poll())
            if self._mode != "off":
                group.create_task(self._watch())
                group.create_task(self._compare())
            await self._build_on_request(self._loop)

    async def _build_on_request(self, loop: asyncio.AbstractEventLoop) -> None:
        delay = _MIN_RETRY_DELAY
        while True:
            await self._wake.wait()
            await asyncio.sleep(_DEBOUNCE)
            self._wake.clear()
            self.state.pending = False
            if await asyncio.to_thread(self._update_pinned):
                continue  # _poll requests a build when the pin has ended
            self._in_build, self._changed = self._changed, set()
            outcome = await self._build()
            if message := outcome.output or outcome.failed:
                # The output of a build with exit code 0 only names files of other formats.
                level = logging.WARNING if outcome.failed or outcome.code else logging.INFO
                _log.log(level, "Building the index: %s", message)
            if outcome.failed:
                self._changed |= self._in_build
                loop.call_later(delay, self._wake.set)
                delay = min(2 * delay, _MAX_RETRY_DELAY)
            else:
                delay = _MIN_RETRY_DELAY

    def _update_pinned(self) -> bool:
        """Updates `state.pinned`, and returns it."""
        name = self._pinned()
        if name:
            self.state.failed = ""  # a build that was running may have failed because of the pin
        if bool(name) != self.state.pinned:
            self.state.pinned = bool(name)
            if name:
                _log.warning(
                    "The index is pinned to %s: changes of the documents are not indexed until "
                    "`assistant index` is run.", name,
                )  # fmt: skip
            else:
                _log.info("The index is not pinned any more.")
        return self.state.pinned

    async def _build(self, *, verbose: bool = False) -> _Outcome:
        """Runs a build, then updates the state and the metrics and opens the new generation."""
        began = time.monotonic()
        self.state.building = True
        if self._mode != "off":
            self._seen = await asyncio.to_thread(_stamps, self._watched)
        try:
            outcome = await self._run_child(verbose)
        finally:
            self.state.building, self.state.progress = False, None
        self.state.failed = outcome.failed
        status = "failed" if outcome.failed else "done"
        self._metrics.count_build(status, time.monotonic() - began)
        await asyncio.to_thread(self._refresh)
        return outcome

    async def _run_child(self, verbose: bool) -> _Outcome:
        # The first build is needed to answer at all, instead of a generation that cannot be opened.
        options = ["--progress-lines", *([] if verbose else ["--unless-pinned"])]
        try:
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "api.cli", "index", *options, *self._arguments,
                env=child_environment(),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=None if verbose else asyncio.subprocess.PIPE,
            )  # fmt: skip
        except OSError as error:
            return _Outcome(f"the build process cannot be started ({error}): stop other processes")
        if not verbose:
            with suppress(ProcessLookupError, PermissionError):
                os.setpriority(os.PRIO_PROCESS, process.pid, _NICENESS)
        try:
            async with asyncio.timeout(self._timeout):
                output, failed = await asyncio.gather(
                    _read(process.stderr), self._read_lines(process.stdout)
                )
                code = await process.wait()
        except TimeoutError:
            await _stop(process)
            return _Outcome(self._describe_timeout())
        except asyncio.CancelledError:
            await _stop(process)
            raise
        if failed is None:
            failed = f"the build stopped with exit code {code}: the log of the service says why"
        return _Outcome(failed, code, output.decode(errors="replace").strip()[-_MAX_LOGGED:])

    def _describe_timeout(self) -> str:
        step = self.state.progress
        where = f"{step.step}, {step.done:,} of {step.total:,}" if step else "no step yet"
        return (
            f"the build was stopped after {self._timeout:,.0f} s; it had reached {where}: remove "
            "documents, or set ASSISTANT_BUILD_HOURS to more"
        )

    async def _read_lines(self, lines: asyncio.StreamReader | None) -> str | None:
        """Updates `state.progress` from the child's JSON lines. Returns why the build failed, ""
        if it succeeded, or None if the child ended without a result."""
        assert lines
        failed = None
        async for line in lines:
            with suppress(ValueError, TypeError):  # output of a library
                content = json.loads(line)
                if "failed" in content:
                    failed = str(content["failed"])
                else:
                    self.state.progress = Progress(**content)
        return failed

    async def _watch(self) -> None:
        """Requests a build whenever a file in the watched folders changes. A folder that is
        replaced, or that appears, is watched from then on."""
        while True:
            self._folders_replaced.clear()
            folders = [path for path in self._watched if path.is_dir()]
            try:
                await self._watch_folders(folders)
            except (OSError, RuntimeError) as error:
                # A folder was removed just now, or the system has no watches left.
                _log.warning("The folders of the documents cannot be watched: %s", error)
            # Ends at once if a folder was replaced.
            with suppress(TimeoutError):
                await asyncio.wait_for(self._folders_replaced.wait(), _COMPARE_INTERVAL)
            self.request_build()

    async def _watch_folders(self, folders: Sequence[Path]) -> None:
        """Watches until a folder is replaced."""
        roots = {str(path.resolve()) for path in folders}
        async for changes in awatch(
            *roots,
            watch_filter=_is_visible,
            force_polling=self._mode == "poll",
            ignore_permission_denied=True,
            stop_event=self._folders_replaced,
        ):
            self.request_build(*self._names(path for _, path in changes))
            if any(path in roots and change is Change.deleted for change, path in changes):
                self._folders_replaced.set()
                return

    async def _compare(self) -> None:
        """Requests a build if files differ from those at the start of the last build: whatever the
        watch missed."""
        while True:
            await asyncio.sleep(_COMPARE_INTERVAL)
            now = await asyncio.to_thread(_stamps, self._watched)
            seen = self._seen
            changed = {path for path in {*now, *seen} if now.get(path) != seen.get(path)}
            state = self.state
            if changed and not (state.building or state.pending or state.pinned):
                _log.info("Changes of %s files were missed by the watch.", len(changed))
                self.request_build(*self._names(changed))

    def _names(self, paths: Iterable[str]) -> Iterator[str]:
        """The paths in the corpus, as documents are named; other files have none."""
        corpus = self._watched[0].resolve()
        for path in paths:
            folder, name = os.path.split(path)
            with suppress(ValueError):
                yield (Path(folder).resolve() / name).relative_to(corpus).as_posix()

    async def _poll(self) -> None:
        """Checks every second what no watch reports: generations that other processes publish, so
        that no question waits for them; a data folder that was emptied; folders that were replaced;
        and single files, which editors replace."""
        files = [_stamp(path) for path in self._files]
        folders = [_identity(path) for path in self._watched]
        while True:
            await asyncio.sleep(_POLL_INTERVAL)
            await asyncio.to_thread(self._refresh)
            was_pinned = self.state.pinned
            if not await asyncio.to_thread(self._update_pinned) and was_pinned:
                self.request_build()
            if not (self.state.building or self.state.pending or self.state.failed) and (
                not await asyncio.to_thread(self._is_published)
            ):
                _log.warning("The data folder has no index any more: building it again.")
                self.request_build()
            if self._mode == "off":
                continue
            if folders != (found := [_identity(path) for path in self._watched]):
                folders = found
                self._folders_replaced.set()  # requests a build, too
            if files != (now := [_stamp(path) for path in self._files]):
                files = now
                self.request_build()


def _stamp(path: Path) -> _Stamp | None:
    """The times of the last changes and the size of a file; None if it does not exist."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_ctime_ns, status.st_size


def _stamps(folders: Iterable[Path]) -> dict[str, _Stamp]:
    """The stamps of all visible files below the folders, by path."""
    stamps = {}
    for folder in folders:
        for above, below, names in os.walk(folder):
            below[:] = [name for name in below if not name.startswith(".")]
            for name in names:
                path = Path(above, name)
                if not name.startswith(".") and (stamp := _stamp(path)):
                    stamps[str(path)] = stamp
    return stamps


def _identity(folder: Path) -> tuple[int, int] | None:
    """What tells a folder from one that replaces it; None if there is none."""
    try:
        status = folder.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino


async def _stop(process: asyncio.subprocess.Process) -> None:
    """Ends a process, which may hang in native code."""
    with suppress(ProcessLookupError):
        process.terminate()
    try:
        await asyncio.wait_for(process.wait(), _KILL_DELAY)
    except TimeoutError:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()


async def _read(stream: asyncio.StreamReader | None) -> bytes:
    return await stream.read() if stream else b""


def _is_visible(_: Change, path: str) -> bool:
    """Skips hidden files: they are not indexed, and a file is hidden while it is uploaded."""
    return not Path(path).name.startswith(".")
