"""The kept generations: what they hold, and how to go back to one."""

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from index.errors import (
    GenerationUnknown,
    IndexDamaged,
    IndexingError,
    IndexMissing,
    IndexUnwritable,
)
from index.generation import DataFolder
from index.manifest import Manifest, check_compatible, check_file_digests, check_file_sizes
from index.pointer import number_of


@dataclass(frozen=True, slots=True)
class KeptGeneration:
    """A generation in the data folder. `created` is a date and time of RFC 3339; `size` is in
    bytes. `fault` is why it cannot be opened, "" if it can; then the other fields are empty."""

    id: str
    created: str
    documents: int
    size: int
    current: bool
    pinned: bool
    fault: str = ""


def kept_generations(data: DataFolder, encoder_fingerprint: str) -> list[KeptGeneration]:
    """Returns the kept generations, newest first. Only the sizes of their files are compared."""
    current = _current(data)
    pinned = data.pointer.pinned()
    return [
        _describe(folder, encoder_fingerprint, folder == current, folder.name == pinned)
        for folder in reversed(_folders(data))
    ]


def roll_back(data: DataFolder, encoder_fingerprint: str, name: str = "") -> str:
    """Publishes a kept generation again and pins it, in one step; returns its id. `name` is its id
    or number; "" is the one before the published one.

    Raises GenerationUnknown, IndexUnwritable, IndexBusy, and IndexDamaged or IndexOutdated if the
    generation cannot be opened; then nothing has changed.
    """
    try:
        with data.pointer.lock():
            folder = _find(data, name)
            manifest = Manifest.read(folder)
            check_compatible(manifest, encoder_fingerprint)
            check_file_sizes(folder, manifest)
            check_file_digests(folder, manifest)
            data.pointer.move(folder, pin=True)
    except OSError as error:
        raise IndexUnwritable.at(data.root, error) from error
    return folder.name


def _find(data: DataFolder, name: str) -> Path:
    folders = _folders(data)
    if not name:
        current = data.current()
        earlier = [each for each in folders if number_of(each) < number_of(current)]
        if not earlier:
            raise GenerationUnknown(f"no generation before {current.name} is kept")
        return earlier[-1]
    for folder in folders:
        if name == folder.name or (name.isdecimal() and int(name) == number_of(folder)):
            return folder
    raise GenerationUnknown(f"no kept generation is named {name!r}")


def _folders(data: DataFolder) -> list[Path]:
    """The folders of all generations, oldest first."""
    if not data.layout.generations.is_dir():
        return []
    return sorted(filter(number_of, data.layout.generations.iterdir()), key=number_of)


def _current(data: DataFolder) -> Path | None:
    with suppress(IndexMissing, IndexDamaged):
        return data.current()
    return None


def _describe(
    folder: Path, encoder_fingerprint: str, current: bool, pinned: bool
) -> KeptGeneration:
    try:
        manifest = Manifest.read(folder)
        check_compatible(manifest, encoder_fingerprint)
        check_file_sizes(folder, manifest)
    except IndexingError as error:
        return KeptGeneration(folder.name, "", 0, 0, current, pinned, str(error))
    size, documents = sum(manifest.files.values()), len(manifest.documents)
    return KeptGeneration(folder.name, manifest.created, documents, size, current, pinned)
