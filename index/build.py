"""Builds a generation from a corpus and publishes it. Vectors of unchanged texts are reused."""

import hashlib
import shutil
import sqlite3
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from corpus.document import Document
from corpus.formats.exports import original_url
from corpus.formats.registry import FORMATS_VERSION
from corpus.loader import Corpus
from corpus.markdown import metadata_of
from corpus.splitter import SPLITTER_VERSION, split
from corpus.synonyms import Groups
from index.encoder import Encoder, Vectors
from index.errors import (
    IndexDamaged,
    IndexingError,
    IndexMissing,
    IndexOutdated,
    IndexPinned,
    IndexUnwritable,
)
from index.generation import DataFolder, Generation, load_vectors
from index.layout import CHROMA, PASSAGES, VECTORS
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
from index.rendering import heading_text, passage_text, unit_in_context
from index.texts import TextStore
from index.vectors import write_vectors

# Fits the thresholds of a generation that is not yet published; by name of the scorer.
FitThresholds = Callable[[Generation], Mapping[str, float]]


class BuildProgress(Protocol):
    """Receives the progress of a build."""

    def begin(self, step: str, total: int) -> None:
        """A step of `total` units begins."""

    def advance(self, count: int) -> None:
        """So many more units of the step are done."""


class NoProgress:
    """Ignores the progress."""

    def begin(self, step: str, total: int) -> None:
        """Does nothing."""

    def advance(self, count: int) -> None:
        """Does nothing."""


@dataclass(frozen=True)
class BuildResult:
    """The published generation, or the preview. `generation` is the name of its folder; `changed`
    is False if the published one was up to date already; `encoded` and `reused` count texts."""

    generation: str
    manifest: Manifest
    changed: bool
    encoded: int
    reused: int


def build(
    corpus: Corpus,
    encoder: Encoder,
    encoder_name: str,
    data: DataFolder,
    scorer: Mapping[str, Any],
    *,
    fit_thresholds: FitThresholds | None = None,
    progress: BuildProgress | None = None,
    rebuild: bool = False,
    unpin: bool = True,
    preview: bool = False,
) -> BuildResult:
    """Builds and publishes a generation of the corpus, unless the published one is up to date.

    `rebuild` builds in any case and reuses no vectors. Stored texts that were damaged are written
    again in any case. `unpin` ends the pin of the published generation; `preview` publishes
    nothing, and moves the generation to `DataFolder.keep_preview`. Holds the data folder's lock
    meanwhile. Raises IndexBusy, IndexUnwritable, and IndexPinned without `unpin` or if a generation
    was pinned meanwhile; the published generation is unchanged then.
    """
    progress = progress or NoProgress()
    identity = identity_of(corpus.documents, encoder.fingerprint, corpus.synonyms)
    with data.lock():
        building = None
        pinned = data.pointer.pinned()
        if pinned and not unpin:
            raise IndexPinned(f"the index is pinned to {pinned}")
        try:
            texts = TextStore(data.texts)
            for document in corpus.documents:
                texts.save(document)
            published = None if rebuild else _published(data)
            if published and _is_up_to_date(published, corpus, identity, encoder, scorer):
                if preview:
                    data.discard_previews()
                elif pinned:
                    data.pointer.unpin(pinned)
                return BuildResult(published.name, Manifest.read(published), False, 0, 0)
            building = data.begin()
            plan = _plan(corpus.documents, progress)
            vectors, encoded = _encode(plan.texts, published, encoder, progress)
            _write_files(building, plan, vectors, corpus.synonyms, progress)
            manifest = _manifest(building, corpus, plan, encoder, scorer)
            manifest = replace(manifest, encoder=encoder_name)
            manifest.write(building)
            if fit_thresholds:
                manifest = replace(manifest, thresholds=_fit(building, fit_thresholds))
                manifest.write(building)
            if preview:
                folder = data.keep_preview(building)
            else:
                folder = data.publish(building, identity[:12], unpin=pinned)
        except (OSError, sqlite3.Error) as error:
            raise IndexUnwritable.at(data.root, error) from error
        finally:
            if building:
                shutil.rmtree(building, ignore_errors=True)
    return BuildResult(folder.name, manifest, True, encoded, len(plan.texts) - encoded)


def _published(data: DataFolder) -> Path | None:
    """The folder of the published generation; None if there is none that can be read."""
    try:
        folder = data.current()
        Manifest.read(folder)
    except (IndexMissing, IndexDamaged, IndexOutdated):
        return None
    return folder


def _is_up_to_date(
    folder: Path, corpus: Corpus, identity: str, encoder: Encoder, scorer: Mapping[str, Any]
) -> bool:
    manifest = Manifest.read(folder)
    try:
        check_compatible(manifest, encoder.fingerprint)
        check_file_digests(folder, manifest)
    except (IndexDamaged, IndexOutdated):
        return False
    is_same = manifest.identity == identity and manifest.sources == corpus.sources
    return is_same and manifest.scorer == scorer


@dataclass(frozen=True)
class _Plan:
    """Every distinct text to encode, and the passages with the rows of their texts."""

    texts: list[str]
    entries: list[IndexedPassage]


def _plan(documents: Sequence[Document], progress: BuildProgress) -> _Plan:
    rows: dict[str, int] = {}

    def row_of(text: str) -> int:
        return rows.setdefault(text, len(rows))

    entries: list[IndexedPassage] = []
    progress.begin("Splitting", len(documents))
    for document in documents:
        for passage in split(document):
            row = row_of(passage_text(passage))
            heading_row = row_of(heading_text(passage))
            unit_rows = tuple(row_of(unit_in_context(passage, unit)) for unit in passage.units)
            entries.append(IndexedPassage(len(entries), passage, row, heading_row, unit_rows))
        progress.advance(1)
    return _Plan(list(rows), entries)


def _encode(
    texts: Sequence[str], published: Path | None, encoder: Encoder, progress: BuildProgress
) -> tuple[Vectors, int]:
    """A vector for each text, and how many of them were not in the published generation."""
    known = _known_vectors(published, encoder) if published else {}
    vectors: Vectors = np.zeros((len(texts), encoder.dimensions), dtype=np.float32)
    missing = []
    for row, text in enumerate(texts):
        vector = known.get(_digest(text))
        if vector is None:
            missing.append(row)
        else:
            vectors[row] = vector
    progress.begin("Encoding", len(missing))
    if missing:
        vectors[missing] = encoder.encode_documents([texts[i] for i in missing], progress.advance)
    return vectors, len(missing)


def _known_vectors(folder: Path, encoder: Encoder) -> dict[bytes, Vectors]:
    """The vectors of a generation by text digest; none if it is damaged or has another encoder."""
    try:
        manifest = Manifest.read(folder)
        if manifest.encoder_fingerprint != encoder.fingerprint:
            return {}
        check_file_digests(folder, manifest, VECTORS, PASSAGES)
        vectors = load_vectors(folder / VECTORS)
        passages = PassageStore.open(folder / PASSAGES)
        try:
            return {digest: vectors[row] for digest, row in passages.rows_by_digest().items()}
        finally:
            passages.close()
    except IndexingError:
        return {}


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()


def _write_files(
    building: Path, plan: _Plan, vectors: Vectors, synonyms: Groups, progress: BuildProgress
) -> None:
    np.save(building / VECTORS, vectors)
    digests = [_digest(text) for text in plan.texts]
    write_passages(building / PASSAGES, plan.entries, digests, synonyms)
    rows = [entry.row for entry in plan.entries]
    progress.begin("Storing", len(rows))
    write_vectors(
        building / CHROMA,
        [entry.passage for entry in plan.entries],
        [plan.texts[row] for row in rows],
        vectors[rows],
        progress.advance,
    )


def _manifest(
    building: Path, corpus: Corpus, plan: _Plan, encoder: Encoder, scorer: Mapping[str, Any]
) -> Manifest:
    return Manifest(
        identity=identity_of(corpus.documents, encoder.fingerprint, corpus.synonyms),
        format=FORMAT_VERSION,
        splitter=SPLITTER_VERSION,
        formats=FORMATS_VERSION,
        encoder="",
        encoder_fingerprint=encoder.fingerprint,
        dimensions=encoder.dimensions,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        passages=len(plan.entries),
        documents=_documents(corpus, plan.entries),
        sources=corpus.sources,
        files=file_sizes(building),
        digests=file_digests(building),
        unreadable=corpus.faults,
        too_costly=corpus.too_costly,
        scorer=dict(scorer),
    )


def _documents(corpus: Corpus, entries: Sequence[IndexedPassage]) -> tuple[IndexedDocument, ...]:
    passages = Counter(entry.passage.document for entry in entries)
    return tuple(_indexed(document, passages[document.path]) for document in corpus.documents)


def _indexed(document: Document, passages: int) -> IndexedDocument:
    metadata = metadata_of(document.text)
    return IndexedDocument(
        path=document.path,
        title=document.title,
        sha256=document.sha256,
        characters=len(document.text),
        passages=passages,
        boilerplate=sum(block.end - block.start for block in document.boilerplate()),
        date=metadata.date,
        author=metadata.author,
        url=metadata.url or original_url(document.path),
        language=metadata.language,
    )


def _fit(building: Path, fit_thresholds: FitThresholds) -> dict[str, float]:
    generation = Generation.open(building)
    try:
        return dict(fit_thresholds(generation))
    finally:
        generation.close()
