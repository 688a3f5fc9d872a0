"""Sizes and digests of files, written beside them and compared when they are opened."""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from index.errors import IndexingError, ModelDamaged, ModelFailed

# Bytes. Smaller files of a model are compared whole each time, which takes 1 ms.
_SMALL_FILE = 2**20


def sizes_of(folder: Path, names: Iterable[str]) -> dict[str, int]:
    """Returns the sizes in bytes of these files."""
    return {name: (folder / name).stat().st_size for name in names}


def digests_of(folder: Path, names: Iterable[str]) -> dict[str, str]:
    """Returns the SHA-256 of these files."""
    return {name: _digest(folder / name) for name in names}


def check_sizes(folder: Path, sizes: Mapping[str, int], error: type[IndexingError]) -> None:
    """Raises `error` if a file is missing or has another size."""
    for name, size in sizes.items():
        with _translate_errors(folder / name, error):
            found = (folder / name).stat().st_size
        if found != size:
            raise error(f"{folder / name} has {found} bytes instead of {size}")


def check_digests(
    folder: Path, digests: Mapping[str, str | None], error: type[IndexingError]
) -> None:
    """Raises `error` if the content of a file was changed. Reads the files completely."""
    for name, digest in digests.items():
        with _translate_errors(folder / name, error):
            found = _digest(folder / name)
        if found != digest:
            raise error(f"{folder / name} was changed on disk")


@dataclass(frozen=True)
class ModelFiles:
    """The files of a model as they were written: `sizes` in bytes and SHA-256 `digests` by name.
    `damaged` is the error that names the remedy for this model."""

    folder: Path
    sizes: Mapping[str, int]
    digests: Mapping[str, str]
    damaged: type[ModelDamaged]

    def check(self) -> None:
        """Compares the sizes of all files and the content of small ones. Raises `damaged`."""
        check_sizes(self.folder, self.sizes, self.damaged)
        small = {n: self.digests.get(n) for n, size in self.sizes.items() if size <= _SMALL_FILE}
        check_digests(self.folder, small, self.damaged)

    def check_digests(self) -> None:
        """Compares the content of all files: 0.1 s for 100 MB. Raises `damaged`."""
        check_sizes(self.folder, self.sizes, self.damaged)
        check_digests(self.folder, self.digests, self.damaged)

    @contextmanager
    def explain_failures(self) -> Iterator[None]:
        """Raises `damaged` instead of ModelFailed if the content of a file was changed."""
        try:
            yield
        except ModelFailed:
            self.check_digests()
            raise


@contextmanager
def _translate_errors(path: Path, error: type[IndexingError]) -> Iterator[None]:
    try:
        yield
    except OSError as cause:
        raise error(f"{path} cannot be read ({cause.strerror})") from cause


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
