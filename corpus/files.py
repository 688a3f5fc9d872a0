"""Atomic, durable writes: a file is complete or absent, whenever the process or machine stops."""

import os
import tempfile
from pathlib import Path

TEMPORARY_PREFIX = ".writing-"  # of a file that is not complete; hidden, so it is not indexed


def write_atomically(path: Path, content: bytes, mode: int = 0o600) -> None:
    """Writes or replaces the file and syncs it to disk. Raises OSError and keeps the old file."""
    handle, temporary = tempfile.mkstemp(prefix=TEMPORARY_PREFIX, dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).chmod(mode)
        os.replace(temporary, path)
    except OSError:
        Path(temporary).unlink(missing_ok=True)
        raise
    fsync(path.parent)


def fsync(path: Path) -> None:
    """Syncs a file's content, or a folder's entries, to disk. Raises OSError."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
