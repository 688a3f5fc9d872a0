"""Atomic, durable writes: a file is complete or absent, whenever the process or machine stops.

A file is locked while it is written. The operating system releases a lock when a process ends, so
an unfinished file without a lock was left by a killed process.
"""

import fcntl
import os
import secrets
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

TEMPORARY_PREFIX = ".writing-"  # of a file that is not complete; hidden, so it is not indexed


def write_atomically(path: Path, content: bytes, mode: int = 0o600) -> None:
    """Writes or replaces the file and syncs it to disk. Raises OSError and keeps the old file."""
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        temporary, file = open_temporary(folder)
        try:
            with file:  # locked until it has its name
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
                os.fchmod(file.fileno(), mode)
                os.replace(temporary, path.name, src_dir_fd=folder, dst_dir_fd=folder)
        except OSError:
            with suppress(FileNotFoundError):
                os.unlink(temporary, dir_fd=folder)
            raise
        os.fsync(folder)
    finally:
        os.close(folder)


def open_temporary(folder: int) -> tuple[str, BinaryIO]:
    """Creates a file in an open folder, to be renamed while it is still open. Returns its name and
    the file. Raises OSError."""
    while True:
        name = TEMPORARY_PREFIX + secrets.token_hex(8)
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
        handle = os.open(name, flags, 0o600, dir_fd=folder)
        if hold(handle):
            return name, os.fdopen(handle, "wb")
        os.close(handle)


def hold(handle: int) -> bool:
    """Locks a new file until it is closed. Returns False if another process has just removed it,
    because it was not locked yet."""
    with suppress(OSError):  # a network drive may not have locks; then nothing is taken, either
        fcntl.flock(handle, fcntl.LOCK_EX)
    return os.fstat(handle).st_nlink > 0


def take(path: Path) -> int | None:
    """Locks a file that no living process holds, and returns its handle; None if one holds it, or
    there is no such file."""
    try:
        handle = os.open(path, os.O_RDWR | os.O_NOFOLLOW)
    except OSError:
        return None
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(handle)
        return None
    return handle


def remove_unfinished(paths: Iterable[Path]) -> int:
    """Removes those of these files that killed processes were writing; returns how many."""
    count = 0
    for path in paths:
        handle = take(path)
        if handle is not None:
            with suppress(OSError):
                path.unlink()
                count += 1
            os.close(handle)
    return count


def fsync(path: Path) -> None:
    """Syncs a file's content, or a folder's entries, to disk. Raises OSError."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
