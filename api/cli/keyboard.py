"""Single keys and edited lines from the terminal."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress

_END_OF_INPUT = "\x04"  # Ctrl-D


def read_key(allowed: str) -> str:
    """Waits for one of the keys and returns it, in lower case. The end of input counts as the last
    one. Raises KeyboardInterrupt on Ctrl-C."""
    with _single_keys():
        while True:
            # Not sys.stdin.read, which would take more from the terminal than one key.
            key = os.read(sys.stdin.fileno(), 1).decode(errors="replace").lower()
            if key in ("", _END_OF_INPUT):
                return allowed[-1]
            if key in allowed:
                return key


def edit_line(prompt: str, text: str) -> str:
    """Lets the user edit a text in a line; returns it without outer white space."""
    with suppress(ImportError):  # not on Windows: the line starts empty there
        import readline  # noqa: PLC0415 - changes how input() behaves

        readline.set_startup_hook(lambda: readline.insert_text(text))
        try:
            return input(prompt).strip()
        finally:
            readline.set_startup_hook()
    return input(prompt).strip()


@contextmanager
def _single_keys() -> Iterator[None]:
    """Makes the terminal deliver each key at once; each line where that is not possible."""
    try:
        import termios  # noqa: PLC0415 - not on Windows
        import tty  # noqa: PLC0415
    except ImportError:
        yield
        return
    before = termios.tcgetattr(sys.stdin)
    try:
        tty.setcbreak(sys.stdin, termios.TCSADRAIN)  # keeps keys that were pressed already
        yield
    finally:
        termios.tcsetattr(sys.stdin, termios.TCSADRAIN, before)
