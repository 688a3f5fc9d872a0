"""Private copies of published files: what somebody reads must not change or vanish meanwhile."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from index.errors import IndexDamaged, NoTemporarySpace


@contextmanager
def copied(source: Path, scratch: Path | None = None) -> Iterator[Path]:
    """A copy of a file or a folder, in `scratch`, or where the system keeps temporary files.

    Raises NoTemporarySpace if there is no room for it, and IndexDamaged where the source is gone.
    """
    try:
        held = TemporaryDirectory(prefix="assistant-", dir=scratch)
    except OSError as error:
        raise _no_room(source, error) from error
    with held as folder:
        copy = Path(folder) / source.name
        try:
            if source.is_dir():
                shutil.copytree(source, copy, copy_function=shutil.copyfile)
                # Whoever may only read the source has to write to the copy.
                for each in (copy, *copy.rglob("*/")):
                    each.chmod(0o700)
            else:
                shutil.copyfile(source, copy)
        except OSError as error:
            if not source.exists():
                raise IndexDamaged(f"{source} was removed meanwhile") from error
            raise _no_room(source, error) from error
        yield copy


def _no_room(source: Path, error: OSError) -> NoTemporarySpace:
    return NoTemporarySpace(f"{source} cannot be copied to the temporary folder ({error})")
