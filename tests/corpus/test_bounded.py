"""A process for calls of one function: each keeps limits of time and memory, or fails alone."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import ROOT
from serving import wait_for

from corpus import bounded
from corpus.bounded import (
    BoundedProcess,
    CallAbandoned,
    CallFailed,
    Limits,
    ProcessUnavailable,
)


@pytest.fixture
def process() -> Iterator[BoundedProcess]:
    """A process that evaluates Python, with half a second and 256 MB for each call."""
    with BoundedProcess("builtins:eval", Limits(0.5, 256)) as process:
        yield process


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        # One call into C, which no signal handler of Python could interrupt.
        ("sum(range(10**12))", "takes more than 0.5 s of processor time"),
        ("len(bytearray(300 * 2**20))", "takes more than 256 MB of memory"),
        ("__import__('os').abort()", "ends its process (signal 6)"),
        ("__import__('os')._exit(3)", "ends its process (exit code 3)"),
        ("1 / 0", "fails (ZeroDivisionError: division by zero)"),
        ("object()", "fails (TypeError: Object of type object is not JSON serializable)"),
    ],
)
def test_failed_call_does_not_stop_the_next(
    process: BoundedProcess, code: str, reason: str
) -> None:
    for _ in range(2):
        with pytest.raises(CallFailed) as raised:
            process.call(code)
        assert str(raised.value) == reason
        assert process.call("2 + 3") == 5


def test_limit_of_time_is_for_each_call_and_can_be_raised(process: BoundedProcess) -> None:
    code = "any(__import__('time').process_time() > {} for _ in iter(int, 1))"
    for seconds in (0.4, 0.8, 1.2):
        assert process.call(code.format(seconds)) is True
    with pytest.raises(CallFailed, match="0.5 s"):
        process.call(code.format(2.2))
    assert process.call(code.format(1), more_seconds=1.5) is True


def test_memory_of_earlier_calls_does_not_count(process: BoundedProcess) -> None:
    assert process.call("len(globals().setdefault('kept', bytearray(120 * 2**20)))") > 0
    assert process.call("len(bytearray(120 * 2**20))") > 0


@pytest.mark.parametrize("code", ["print('a line')", "__import__('os').write(2, b'a line') * 0"])
def test_output_of_the_function_is_discarded(
    process: BoundedProcess, capfd: pytest.CaptureFixture[str], code: str
) -> None:
    assert not process.call(code)
    process.close()
    assert capfd.readouterr() == ("", "")


def test_result_that_is_no_longer_wanted_ends_the_call(process: BoundedProcess) -> None:
    with pytest.raises(CallAbandoned):
        process.call("__import__('time').sleep(60)", is_wanted=lambda: False)
    assert process.call("2 + 3") == 5


@pytest.mark.parametrize("error", [PermissionError, ValueError, KeyboardInterrupt])
def test_error_of_the_caller_is_raised_and_its_answer_is_not_that_of_the_next_call(
    process: BoundedProcess, error: type[BaseException]
) -> None:
    def fail() -> bool:
        raise error

    with pytest.raises(error):
        process.call("__import__('time').sleep(1)", is_wanted=fail)
    assert process.call("2 + 3") == 5


def test_call_that_waits_instead_of_working_ends(
    process: BoundedProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bounded, "_MIN_WAIT", 0)
    monkeypatch.setattr(bounded, "_WAIT_FACTOR", 1)
    with pytest.raises(CallFailed, match="does not end within 0 s"):
        process.call("__import__('time').sleep(60)")


def test_closing_ends_the_process(process: BoundedProcess) -> None:
    process.call("1")
    child = process._process
    process.close()
    assert child and child.poll() is not None


def is_running(process: Path) -> bool:
    """Whether a process of /proc runs; one that ended may stay there until it is waited for."""
    try:
        return "\nState:\tZ" not in (process / "status").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False


def test_process_ends_when_its_caller_is_killed() -> None:
    code = (
        "import os; from corpus.bounded import *; p = BoundedProcess('builtins:eval', Limits(1, 99));"
        "print(p.call('__import__(\\'os\\').getpid()'), flush=True); input()"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", code]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(command, env=environment, text=True, **pipes) as caller:
        assert caller.stdout
        child = Path("/proc", caller.stdout.readline().strip())
        assert is_running(child)
        caller.kill()
    wait_for(lambda: not is_running(child))


def test_process_that_cannot_start_is_an_error(
    process: BoundedProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    with pytest.raises(ProcessUnavailable, match="/nowhere/python"):
        process.call("1")


def test_pipe_that_cannot_be_made_is_an_error(
    process: BoundedProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail() -> None:
        raise OSError(24, "Too many open files")

    monkeypatch.setattr(bounded, "Pipe", fail)
    with pytest.raises(ProcessUnavailable, match="Too many open files"):
        process.call("1")


def test_function_that_cannot_be_imported_is_no_fault_of_the_value() -> None:
    with (
        BoundedProcess("nowhere:load", Limits(1, 256)) as process,
        pytest.raises(ProcessUnavailable, match="ends at its start .exit code 1"),
    ):
        process.call("1")


def test_process_that_does_not_start_in_time_is_an_error(
    process: BoundedProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bounded, "_START_TIMEOUT", 0)
    with pytest.raises(ProcessUnavailable, match="does not start within 0 s"):
        process.call("1")
    monkeypatch.undo()
    assert process.call("2 + 3") == 5
