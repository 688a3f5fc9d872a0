"""Private copies of published files: another process may delete or change the originals."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkdtemp

from index.errors import IndexDamaged, NoTemporarySpace


@contextmanager
def private_copy(source: Path, scratch: Path | None = None) -> Iterator[Path]:
    """Copies a file or folder to `scratch`, or to the system's temporary folder; deletes the copy
    at the end.

    Raises NoTemporarySpace if there is no room for it, and IndexDamaged if the source is gone.
    """
    try:
        folder = Path(mkdtemp(prefix="assistant-", dir=scratch))
    except OSError as error:
        raise _no_space(source, error) from error
    # Not a TemporaryDirectory: that warns if a generation that nobody closed is garbage-collected,
    # which closes this context, too.
    try:
        copy = folder / source.name
        try:
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
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _no_space(source: Path, error: OSError) -> NoTemporarySpace:
    return NoTemporarySpace(f"{source} cannot be copied to the temporary folder ({error})")
