"""Builds a generation from a corpus and publishes it. Vectors of unchanged texts are carried
over; a document that is gone from the folder is gone from the next generation."""

import hashlib
import shutil
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from corpus.document import Document
from corpus.loader import Corpus
from corpus.splitter import SPLITTER_VERSION, split
from index.encoder import Encoder, Vectors
from index.errors import IndexDamaged, IndexingError, IndexMissing, IndexOutdated, IndexUnwritable
from index.generation import (
    DataFolder,
    Generation,
    read_vectors,
)
from index.manifest import (
    FORMAT_VERSION,
    IndexedDocument,
    Manifest,
    check_compatible,
    check_file_digests,
    file_digests,
    file_sizes,
    identity_of,
)
from index.passages import IndexedPassage, PassageStore, write_passages
from index.rendering import heading_text, passage_text, unit_text
from index.texts import TextStore
from index.vectors import write_vectors

# Thresholds by the kind of calibration they belong to, for a generation that is not yet published.
Tune = Callable[[Generation], Mapping[str, float]]


class BuildProgress(Protocol):
    """Is told how the build goes on: `total` units of a step, then `advance` by some."""

    def begin(self, step: str, total: int) -> None: ...

    def advance(self, count: int) -> None: ...


class NoProgress:
    """A watcher that nobody looks at."""

    def begin(self, step: str, total: int) -> None:
        """Nothing to show."""

    def advance(self, count: int) -> None:
        """Nothing to show."""


@dataclass(frozen=True)
class BuildResult:
    """What a build did. `changed` is False where the published generation was up to date."""

    generation: str
    manifest: Manifest
    changed: bool
    encoded: int
    carried: int


def build(
    corpus: Corpus,
    encoder: Encoder,
    encoder_name: str,
    data: DataFolder,
    calibration: Mapping[str, Any],
    *,
    tune: Tune | None = None,
    watcher: BuildProgress | None = None,
    rebuild: bool = False,
) -> BuildResult:
    """Builds and publishes a generation of the corpus, unless the published one is just that.

    `tune` is asked for the thresholds of the finished generation before it is published.
    `rebuild` builds in any case and carries nothing over. Kept texts that were damaged are mended
    in any case. The lock is taken for as long as it runs. Raises IndexBusy, IndexUnwritable; the
    published generation stays as it was then.
    """
    watcher = watcher or NoProgress()
    identity = identity_of(corpus.documents, encoder.fingerprint)
    with data.lock():
        building = None
        try:
            texts = TextStore(data.texts)
            for document in corpus.documents:
                texts.save(document)
            published = None if rebuild else _published(data)
            if published and _same(published, identity, encoder, calibration):
                manifest = Manifest.read(published)
                return BuildResult(published.name, manifest, False, 0, 0)
            known = _carried(published, encoder) if published else {}
            building = data.begin()
            plan = _plan(corpus.documents)
            vectors, encoded = _vectors(plan.texts, known, encoder, watcher)
            np.save(building / "vectors.npy", vectors)
            write_passages(
                building / "passages.sqlite", plan.entries, [_digest(text) for text in plan.texts]
            )
            rows = [entry.row for entry in plan.entries]
            watcher.begin("Storing", len(rows))
            write_vectors(
                building / "chroma",
                [entry.passage for entry in plan.entries],
                [plan.texts[row] for row in rows],
                vectors[rows],
                watcher.advance,
            )
            manifest = _manifest(
                corpus, encoder, encoder_name, identity, plan.entries, building, calibration
            )
            manifest.write(building)
            if tune:
                thresholds = _tuned(building, tune)
                manifest = replace(manifest, thresholds=thresholds)
                manifest.write(building)
            folder = data.publish(building, identity[:12])
        except OSError as error:
            raise IndexUnwritable.at(data.root, error) from error
        except sqlite3.Error as error:
            raise IndexUnwritable.at(data.root, error) from error
        finally:
            if building:
                shutil.rmtree(building, ignore_errors=True)
    return BuildResult(folder.name, manifest, True, encoded, len(plan.texts) - encoded)


def _tuned(building: Path, tune: Tune) -> dict[str, float]:
    generation = Generation(building)
    try:
        return dict(tune(generation))
    finally:
        generation.close()


@dataclass(frozen=True)
class _Plan:
    """Every text to encode, once, and the passages with the rows of theirs."""

    texts: list[str]
    entries: list[IndexedPassage]


def _plan(documents: Sequence[Document]) -> _Plan:
    rows: dict[str, int] = {}

    def row_of(text: str) -> int:
        return rows.setdefault(text, len(rows))

    entries = []
    passages = [passage for document in documents for passage in split(document)]
    for ordinal, passage in enumerate(passages):
        row = row_of(passage_text(passage))
        heading_row = row_of(heading_text(passage))
        unit_rows = tuple(row_of(unit_text(passage, unit)) for unit in passage.units)
        entries.append(IndexedPassage(ordinal, passage, row, heading_row, unit_rows))
    return _Plan(list(rows), entries)


def _vectors(
    texts: Sequence[str], known: Mapping[bytes, Vectors], encoder: Encoder, watcher: BuildProgress
) -> tuple[Vectors, int]:
    """A row for each text: carried over where its digest is known, else encoded."""
    vectors: Vectors = np.zeros((len(texts), encoder.dimensions), dtype=np.float32)
    missing = []
    for row, text in enumerate(texts):
        carried = known.get(_digest(text))
        if carried is None:
            missing.append(row)
        else:
            vectors[row] = carried
    watcher.begin("Encoding", len(missing))
    if missing:
        vectors[missing] = encoder.encode_documents([texts[i] for i in missing], watcher.advance)
    return vectors, len(missing)


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()


def _published(data: DataFolder) -> Path | None:
    """The published generation's folder, where there is one that can be read."""
    try:
        folder = data.current()
        Manifest.read(folder)
    except (IndexMissing, IndexDamaged, IndexOutdated):
        return None
    return folder


def _same(folder: Path, identity: str, encoder: Encoder, calibration: Mapping[str, Any]) -> bool:
    """Whether the published generation is what a build would make, and its files unchanged."""
    manifest = Manifest.read(folder)
    try:
        check_compatible(manifest, encoder.fingerprint)
        check_file_digests(folder, manifest)
    except (IndexDamaged, IndexOutdated):
        return False
    return manifest.identity == identity and manifest.calibration == calibration


def _carried(folder: Path, encoder: Encoder) -> dict[bytes, Vectors]:
    """Vectors of the published generation by digest, none where they do not fit or are damaged."""
    try:
        manifest = Manifest.read(folder)
        if manifest.encoder_fingerprint != encoder.fingerprint:
            return {}
        check_file_digests(folder, manifest, "vectors.npy", "passages.sqlite")
        vectors = read_vectors(folder)
        words = PassageStore(folder / "passages.sqlite")
        try:
            return {digest: vectors[row] for digest, row in words.digests().items()}
        finally:
            words.close()
    except IndexingError:
        return {}


def _manifest(
    corpus: Corpus,
    encoder: Encoder,
    encoder_name: str,
    identity: str,
    entries: Sequence[IndexedPassage],
    building: Path,
    calibration: Mapping[str, Any],
) -> Manifest:
    passages: dict[str, int] = {}
    for entry in entries:
        passages[entry.passage.document] = passages.get(entry.passage.document, 0) + 1
    return Manifest(
        identity=identity,
        format=FORMAT_VERSION,
        splitter=SPLITTER_VERSION,
        encoder=encoder_name,
        encoder_fingerprint=encoder.fingerprint,
        dimensions=encoder.dimensions,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        passages=len(entries),
        documents=tuple(
            IndexedDocument(
                path=document.path,
                title=document.title,
                sha256=document.sha256,
                characters=len(document.text),
                passages=passages.get(document.path, 0),
                boilerplate=sum(block.end - block.start for block in document.boilerplate()),
            )
            for document in corpus.documents
        ),
        files=file_sizes(building),
        digests=file_digests(building),
        unreadable=tuple(str(error) for error in corpus.unreadable),
        calibration=dict(calibration),
    )
