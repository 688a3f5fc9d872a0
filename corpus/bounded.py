"""Runs a function in a child process, on one value after another, each within limits of processor
time and memory.

A value that exceeds a limit ends the process, and the next value gets a new one. This module knows
nothing of documents. A function that runs here is named as "module:name"; it takes and returns JSON
values, so that nothing but data comes back from the process.

    limits = Limits(seconds=10, megabytes=512)
    with BoundedProcess("corpus.parsing:load_in_child", limits) as process:
        blocks = process.call(["guide.md", "# Guide"])

The process starts with the first call, which takes about 0.1 s. The kernel enforces the limits, in
native code too: the process is killed by SIGPROF after its processor time, and gets no memory
beyond its address space (RLIMIT_AS; macOS does not enforce that).
"""

import importlib
import json
import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection, Pipe
from pathlib import Path
from typing import Any

_ROOT = Path(__file__).resolve().parent.parent
_START = (
    "import sys; sys.path.insert(0, sys.argv[1]); from corpus.bounded import main; "
    "main(*sys.argv[2:])"
)
_OUT_OF_MEMORY = 77  # exit code; Python itself uses 1 and 2
# Seconds between two looks at whether the result is still wanted.
_POLL_INTERVAL = 0.25
# A call ends after this many times its processor time and `_MIN_WAIT` seconds on the clock, if it
# waits instead of working: a network drive may hang. A busy machine is slower, but not as much.
_WAIT_FACTOR, _MIN_WAIT = 20, 60
_START_TIMEOUT = 60  # seconds on the clock until the process has imported the function


@dataclass(frozen=True, slots=True)
class Limits:
    """What one call may use: seconds of processor time, and megabytes of memory (2**20 bytes) with
    what Python itself takes, which is about 50."""

    seconds: float
    megabytes: int


class CallFailed(Exception):
    """The call exceeded a limit, crashed its process or raised an error. The message completes
    "the call …"."""


class ProcessUnavailable(Exception):
    """The process cannot be started, or cannot import the function. The message is the reason."""


class CallAbandoned(Exception):
    """The result was no longer wanted."""


class BoundedProcess:
    """A child process for calls of one function. A context manager; not thread-safe."""

    def __init__(self, function: str, limits: Limits) -> None:
        self._function = function
        self._limits = limits
        self._process: subprocess.Popen[bytes] | None = None
        self._connection: Connection | None = None

    def __enter__(self) -> "BoundedProcess":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def call(
        self,
        value: Any,
        *,
        more_seconds: float = 0.0,
        is_wanted: Callable[[], bool] = lambda: True,
    ) -> Any:
        """Returns the function's result. `more_seconds` of processor time are added to the limit
        of this call; `is_wanted` is asked several times a second.

        Raises CallFailed, CallAbandoned and ProcessUnavailable.
        """
        seconds = self._limits.seconds + more_seconds
        is_fresh = self._process is None
        try:
            return self._call(value, seconds, is_wanted)
        except _ProcessEnded as error:
            # Values before this one may have left less memory than it needs.
            if is_fresh or error.code == -signal.SIGPROF:
                raise CallFailed(self._reason(error.code, seconds)) from error
        try:
            return self._call(value, seconds, is_wanted)
        except _ProcessEnded as error:
            raise CallFailed(self._reason(error.code, seconds)) from error

    def close(self) -> None:
        """Ends the process, also in the middle of a call."""
        if self._connection:
            self._connection.close()
        if self._process:
            self._process.kill()
            self._process.wait()
        self._process = self._connection = None

    def _call(self, value: Any, seconds: float, is_wanted: Callable[[], bool]) -> Any:
        connection = self._connection or self._start()
        with self._closed_on_error():
            with self._translate_end():
                connection.send_bytes(json.dumps([seconds, value]).encode())
            self._wait(connection, _WAIT_FACTOR * seconds + _MIN_WAIT, is_wanted)
            with self._translate_end():
                error, result = json.loads(connection.recv_bytes())
        if error:
            raise CallFailed(error)
        return result

    def _wait(self, connection: Connection, timeout: float, is_wanted: Callable[[], bool]) -> None:
        """Waits for the answer, or for the end of the process."""
        deadline = time.monotonic() + timeout
        while not connection.poll(_POLL_INTERVAL):
            if not is_wanted():
                raise CallAbandoned
            if time.monotonic() > deadline:
                raise CallFailed(f"does not end within {timeout:,.0f} s")

    @contextmanager
    def _closed_on_error(self) -> Iterator[None]:
        with ExitStack() as stack:
            # Else the next call would receive the answer to this one.
            stack.callback(self.close)
            yield
            stack.pop_all()

    @contextmanager
    def _translate_end(self) -> Iterator[None]:
        """Raises _ProcessEnded if the process has closed its end of the connection."""
        try:
            yield
        except (EOFError, OSError) as error:
            raise _ProcessEnded(self._process.wait() if self._process else 0) from error

    def _start(self) -> Connection:
        with self._closed_on_error():
            try:
                self._connection, other = Pipe()
                with other:
                    arguments = [_ROOT, self._function, self._limits.megabytes, other.fileno()]
                    self._process = subprocess.Popen(
                        [sys.executable, "-c", _START, *map(str, arguments)],
                        stdin=subprocess.DEVNULL,
                        stdout=subprocess.DEVNULL,  # may be that of a command
                        pass_fds=[other.fileno()],
                    )
            except OSError as error:
                raise ProcessUnavailable(str(error)) from error
            self._await_start(self._connection)
            return self._connection

    def _await_start(self, connection: Connection) -> None:
        if not connection.poll(_START_TIMEOUT):
            raise ProcessUnavailable(f"it does not start within {_START_TIMEOUT} s")
        try:
            with self._translate_end():
                connection.recv_bytes()
        except _ProcessEnded as error:
            raise ProcessUnavailable(
                f"it ends at its start ({_describe_exit(error.code)})"
            ) from error

    def _reason(self, code: int, seconds: float) -> str:
        if code == -signal.SIGPROF:
            return f"takes more than {round(seconds, 1):,g} s of processor time"
        if code == _OUT_OF_MEMORY:
            return f"takes more than {self._limits.megabytes:,} MB of memory"
        return f"ends its process ({_describe_exit(code)})"


class _ProcessEnded(Exception):
    """The process ended without a result."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


def _describe_exit(code: int) -> str:
    return f"signal {-code}" if code < 0 else f"exit code {code}"


def main(function: str, megabytes: str, descriptor: str) -> None:
    """Answers calls until the caller closes the connection; runs in the child process."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the caller, who ends this process
    module, _, name = function.partition(":")
    called = getattr(importlib.import_module(module), name)
    # Standard error goes where standard output goes: it may be a pipe, whose reader would wait for
    # this process after the caller is killed.
    os.dup2(1, 2)
    with suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_AS, (int(megabytes) * 2**20,) * 2)
    # The caller may end at any time; EOFError and OSError say so.
    with Connection(int(descriptor)) as connection, suppress(EOFError, OSError):
        connection.send_bytes(b"started")
        while True:
            try:
                _answer(connection, called)
            except MemoryError:
                os._exit(_OUT_OF_MEMORY)


def _answer(connection: Connection, called: Callable[[Any], Any]) -> None:
    seconds, value = json.loads(connection.recv_bytes())
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        answer = json.dumps(["", called(value)]).encode()
    except MemoryError:
        raise
    except Exception as error:  # noqa: BLE001 - an error of one value must not stop the others
        answer = json.dumps([f"fails ({type(error).__name__}: {error})", None]).encode()
    signal.setitimer(signal.ITIMER_PROF, 0)
    connection.send_bytes(answer)
