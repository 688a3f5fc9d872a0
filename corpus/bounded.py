"""Runs a function in a child process, on one value after another, each within limits of processor
time and memory.

A value that exceeds a limit costs the process, not the caller: the next value gets a new process.
Knows nothing of documents. A function that runs here is named as "module:name"; it takes and
returns JSON values, so that nothing but data comes back from the process.

    with BoundedProcess("corpus.loader:load_file", Limits(seconds=10, megabytes=512)) as process:
        text = process.call("guide.md")

The process starts with the first call, which takes about 0.1 s. The kernel enforces the limits,
so that a function cannot miss them: the process is killed by SIGPROF after its processor time, and
gets no memory beyond its address space (RLIMIT_AS; macOS does not enforce that).
"""

import importlib
import json
import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
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
    """The process cannot be started. The message is the reason."""


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
        if self._process and self._connection:
            self._connection.close()
            self._process.kill()
            self._process.wait()
        self._process = self._connection = None

    def _call(self, value: Any, seconds: float, is_wanted: Callable[[], bool]) -> Any:
        connection = self._connection or self._start()
        wait = _WAIT_FACTOR * seconds + _MIN_WAIT
        deadline = time.monotonic() + wait
        try:
            connection.send_bytes(json.dumps([seconds, value]).encode())
            while not connection.poll(_POLL_INTERVAL):
                if not is_wanted():
                    self.close()
                    raise CallAbandoned
                if time.monotonic() > deadline:
                    self.close()
                    raise CallFailed(f"does not end within {wait:,.0f} s")
            error, result = json.loads(connection.recv_bytes())
        except (EOFError, OSError) as ended:
            process = self._process
            code = process.wait() if process else 0
            self.close()
            raise _ProcessEnded(code) from ended
        except KeyboardInterrupt:
            self.close()
            raise
        if error:
            raise CallFailed(error)
        return result

    def _start(self) -> Connection:
        own, other = Pipe()
        with other:
            arguments = [_ROOT, self._function, self._limits.megabytes, other.fileno()]
            try:
                self._process = subprocess.Popen(
                    [sys.executable, "-c", _START, *map(str, arguments)],
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,  # may be that of a command
                    pass_fds=[other.fileno()],
                )
            except OSError as error:
                own.close()
                raise ProcessUnavailable(str(error)) from error
        self._connection = own
        return own

    def _reason(self, code: int, seconds: float) -> str:
        if code == -signal.SIGPROF:
            return f"takes more than {seconds:,.3g} s of processor time"
        if code == _OUT_OF_MEMORY:
            return f"takes more than {self._limits.megabytes:,} MB of memory"
        how = f"signal {-code}" if code < 0 else f"exit code {code}"
        return f"ends its process ({how})"


class _ProcessEnded(Exception):
    """The process ended without a result."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


def main(function: str, megabytes: str, descriptor: str) -> None:
    """Answers calls until the caller closes the connection; runs in the child process."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the caller, who ends this process
    with suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_AS, (int(megabytes) * 2**20,) * 2)
    module, _, name = function.partition(":")
    called = getattr(importlib.import_module(module), name)
    with Connection(int(descriptor)) as connection:
        while True:
            try:
                seconds, value = json.loads(connection.recv_bytes())
            except EOFError:
                return
            signal.setitimer(signal.ITIMER_PROF, seconds)
            try:
                answer = json.dumps(["", called(value)]).encode()
            except MemoryError:
                os._exit(_OUT_OF_MEMORY)
            except Exception as error:  # noqa: BLE001 - an error of one value must not stop the others
                answer = json.dumps([f"fails ({type(error).__name__}: {error})", None]).encode()
            signal.setitimer(signal.ITIMER_PROF, 0)
            connection.send_bytes(answer)
