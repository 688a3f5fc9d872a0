"""Checks of a published index, more thorough than those that opening one makes.

Each check raises the IndexingError that describes the damage, or returns what it found. Nothing is
repaired, and Chroma is not opened in this process: over a damaged file its native code may crash.
"""

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from index.child import child_environment
from index.errors import IndexDamaged, IndexingError, TextMissing
from index.generation import DataFolder, check_passage_count
from index.layout import PASSAGES
from index.manifest import Manifest, check_compatible, check_file_digests, check_file_sizes
from index.passages import PassageStore
from index.probe import ERROR_OF_EXIT_CODE
from index.scratch import scratch_folder
from index.texts import TextStore


def check_generation(folder: Path, encoder_fingerprint: str | None) -> Manifest:
    """Checks that all files of a generation are what was written; returns its manifest.

    Raises IndexDamaged, and IndexOutdated if another splitter or encoder made it; without a
    fingerprint the encoder is not compared.
    """
    manifest = Manifest.read(folder)
    check_file_sizes(folder, manifest)
    check_file_digests(folder, manifest)
    passages = PassageStore.open(folder / PASSAGES)
    try:
        passages.check_integrity()
        check_passage_count(folder, manifest, passages)
    finally:
        passages.close()
    if encoder_fingerprint is not None:
        check_compatible(manifest, encoder_fingerprint)
    return manifest


def check_search(folder: Path, timeout: float = 60) -> None:
    """Checks in a child process that Chroma finds the first vector of a generation.

    `timeout` is in seconds; the process takes one or two to start. Raises IndexDamaged, also if
    the process crashes or times out, and what opening a generation raises.
    """
    with scratch_folder() as scratch:  # a crash leaves its copy behind
        command = [sys.executable, "-m", "index.probe", str(folder.resolve()), str(scratch)]
        try:
            run = subprocess.run(
                command,
                check=False,
                capture_output=True,
                encoding="utf-8",
                errors="replace",
                env=child_environment(),
                timeout=timeout,
            )
        except subprocess.TimeoutExpired as error:
            raise IndexDamaged(f"Chroma did not answer within {timeout:g} seconds") from error
    if run.returncode < 0:
        raise IndexDamaged(f"Chroma crashed (signal {-run.returncode})")
    if run.returncode:
        lines = run.stderr.strip().splitlines() or [f"the process ended with {run.returncode}"]
        raise ERROR_OF_EXIT_CODE.get(run.returncode, IndexDamaged)(lines[-1])


@dataclass(frozen=True, slots=True)
class TextsReport:
    """The number of texts ever indexed, and an error for each that is missing or was changed.

    `damaged` holds pairs: the path of the document that has the text, or "an earlier document".
    """

    count: int
    damaged: tuple[tuple[str, TextMissing], ...]


def check_texts(data: DataFolder) -> TextsReport:
    """Reads every text that a document ever had, and those of the published generation."""
    texts = TextStore(data.texts)
    paths: dict[str, str] = {}
    try:
        manifest = Manifest.read(data.current())
        paths = {document.sha256: document.path for document in manifest.documents}
    except IndexingError:  # an index that cannot be read is the business of check_generation
        pass
    digests = sorted({*texts.digests(), *paths})
    damaged = []
    for sha256 in digests:
        try:
            texts.read(sha256)
        except TextMissing as error:
            damaged.append((paths.get(sha256, "an earlier document"), error))
    return TextsReport(len(digests), tuple(damaged))
