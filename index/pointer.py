"""The pointer to the published generation, and the pin that keeps it there.

A pin counts only while it names the published generation. So pinning and going back happen in one
step, the replacement of the pointer: a process that is killed before it has changed nothing.
"""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

from corpus.files import write_atomically
from index.errors import IndexBusy, IndexDamaged, IndexMissing
from index.layout import Layout

_TIMEOUT = 10.0  # seconds to wait for the lock, which is held for milliseconds


class Pointer:
    """Names the published generation of a data folder. Replaced atomically."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout

    def current(self) -> Path:
        """Returns the folder of the published generation. Raises IndexMissing, IndexDamaged."""
        pointer = self._layout.pointer
        try:
            name = pointer.read_text(encoding="utf-8").strip()
        except (FileNotFoundError, NotADirectoryError) as error:
            raise IndexMissing(f"there is no index in {self._layout.root} yet") from error
        except (OSError, UnicodeDecodeError) as error:
            raise IndexDamaged(f"{pointer} cannot be read ({error})") from error
        folder = self._layout.generations / name
        if name != Path(name).name or not number_of(folder) or not folder.is_dir():
            raise IndexDamaged(f"{pointer} names the generation {name!r}, which does not exist")
        return folder

    def pinned(self) -> str:
        """Returns the id of the published generation if it is pinned, else ""."""
        with suppress(OSError, UnicodeDecodeError, IndexMissing, IndexDamaged):
            name = self._layout.pin.read_text(encoding="utf-8").strip()
            return name if name == self.current().name else ""
        return ""

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Acquires the lock of the one process that may move the pointer or delete a generation. A
        build does not hold it. Raises IndexBusy and OSError."""
        try:
            with FileLock(self._layout.pointer_lock, timeout=_TIMEOUT):
                yield
        except Timeout as error:
            raise IndexBusy(f"another process is publishing in {self._layout.root}") from error

    def move(self, folder: Path, *, pin: bool = False) -> None:
        """Publishes a generation, and pins it with `pin`. Needs the lock. Raises OSError."""
        name = f"{folder.name}\n".encode()
        if pin:
            write_atomically(self._layout.pin, name, 0o644)
        write_atomically(self._layout.pointer, name, 0o644)
        if not pin:
            self._layout.pin.unlink(missing_ok=True)

    def unpin(self, name: str) -> None:
        """Ends the pin of this generation; another one stays. Raises IndexBusy and OSError."""
        with self.lock():
            if self.pinned() == name:
                self._layout.pin.unlink(missing_ok=True)


def number_of(folder: Path) -> int:
    """Returns the number that the name of a generation starts with; 0 for any other folder."""
    head = folder.name.split("-")[0]
    return int(head) if head.isdecimal() else 0
