"""Ways to damage files and disks."""

import os
import random
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from sqlalchemy import insert

from api.settings import Settings
from api.store.database import Database
from api.store.tables import claims
from corpus.document import text_digest
from index.generation import DataFolder


def file_of(settings: Settings, name: str) -> Path:
    """Returns the file of the published generation with this name."""
    (path,) = DataFolder(settings.data_folder).current().rglob(name)
    return path


def text_file(settings: Settings, content: str) -> Path:
    """Returns the file in which the text of a document is stored."""
    digest = text_digest(content)
    return settings.data_folder / "texts" / digest[:2] / f"{digest}.txt"


def overwrite(path: Path) -> None:
    """Overwrites half of the file with random bytes, from a third of it on."""
    size = path.stat().st_size
    with path.open("r+b") as file:
        file.seek(size // 3)
        file.write(random.Random(7).randbytes(max(1, size // 2)))


def halve(path: Path) -> None:
    """Cuts off the second half of the file."""
    os.truncate(path, path.stat().st_size // 2)


def replace_with_noise(path: Path) -> None:
    """Replaces the content with random bytes."""
    path.write_bytes(random.Random(7).randbytes(20_000))


def fill_database(settings: Settings) -> Path:
    """Writes some hundred pages of idempotency keys, 00000 to 01999; returns the file."""
    row = {"owner": "x" * 200, "fingerprint": "y" * 64, "token": "z", "leased": time.time()}
    database = Database.open(settings.database_url)
    with database.write() as connection:
        connection.execute(insert(claims), [{**row, "key": f"{n:05}"} for n in range(2000)])
    database.close()
    return settings.data_folder / "records.sqlite"


@contextmanager
def filled(disk: Path, free: int = 0) -> Iterator[None]:
    """Leaves no more than this number of free bytes on the disk."""
    filler = disk / "filler"
    with filler.open("wb", buffering=0) as file, suppress(OSError):
        while True:
            file.write(bytes(4096))
    if free:
        os.truncate(filler, filler.stat().st_size - free)
    try:
        yield
    finally:
        filler.unlink()
