"""Private copies of published files: another process may delete or change the originals.

The copies of a living process are locked. Those of a killed one can be removed.
"""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from corpus.files import hold, take
from index.errors import IndexDamaged, NoTemporarySpace

_PREFIX = "assistant-"
_LOCK = "in-use.lock"


@contextmanager
def scratch_folder(parent: Path | None = None) -> Iterator[Path]:
    """Creates a folder in `parent`, or in the system's temporary folder; deletes it at the end.
    Raises OSError."""
    folder, handle = _create(parent)
    # Not a TemporaryDirectory: that warns if a generation that nobody closed is garbage-collected,
    # which closes this context, too.
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(handle)


def _create(parent: Path | None) -> tuple[Path, int]:
    while True:
        folder = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=parent))
        try:
            handle = os.open(folder / _LOCK, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        if hold(handle):
            return folder, handle
        os.close(handle)


def remove_abandoned_copies(parent: Path | None = None) -> int:
    """Removes the folders that killed processes left in `parent`, or in the system's temporary
    folder; returns how many."""
    count = 0
    for folder in (parent or Path(tempfile.gettempdir())).glob(f"{_PREFIX}*"):
        handle = None if folder.is_symlink() else take(folder / _LOCK)
        if handle is not None:
            shutil.rmtree(folder, ignore_errors=True)
            os.close(handle)
            count += 1
    return count


@contextmanager
def private_copy(source: Path, scratch: Path | None = None) -> Iterator[Path]:
    """Copies a file or folder to `scratch`, or to the system's temporary folder; deletes the copy
    at the end.

    Raises NoTemporarySpace if there is no room for it, and IndexDamaged if the source is gone.
    """
    with ExitStack() as stack:
        try:
            folder = stack.enter_context(scratch_folder(scratch))
            copy = folder / source.name
            if source.is_dir():
                shutil.copytree(source, copy, copy_function=shutil.copyfile)
                # The copy must be writable even if the source is read-only.
                for each in (copy, *copy.rglob("*/")):
                    each.chmod(0o700)
            else:
                shutil.copyfile(source, copy)
        except OSError as error:
            if not source.exists():
                raise IndexDamaged(f"{source} was removed while it was being opened") from error
            raise _no_space(source, error) from error
        yield copy


def _no_space(source: Path, error: OSError) -> NoTemporarySpace:
    return NoTemporarySpace(f"{source} cannot be copied to the temporary folder ({error})")
