"""Builds and opens the index and the assistant from the settings."""

import hashlib
import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from importlib.resources import files
from pathlib import Path
from typing import Any

from api.assembly.model import ConfiguredModel
from api.service.generations import GenerationPool
from api.settings import Settings
from assistant.audit.verdicts import Auditor
from assistant.claims import ClaimProof
from assistant.pipeline import Assistant
from assistant.reader.runtime import OnnxReader
from assistant.scorer import Scorer
from assistant.tuning import fit_threshold
from corpus.errors import GoldInvalid
from corpus.gold import read_gold_rows
from corpus.loader import Corpus, load_corpus
from index.build import BuildProgress, BuildResult, NoProgress, build
from index.encoder import EncoderCard
from index.encoders import (
    check_encoder,
    encoder_folder,
    export_encoder,
    is_exported,
    load_encoder,
)
from index.errors import (
    EncoderDamaged,
    EncoderNotExported,
    IndexDamaged,
    IndexMissing,
    IndexOutdated,
    IndexUnwritable,
)
from index.generation import (
    DataFolder,
    Generation,
)
from index.known import known_files
from index.layout import PASSAGES
from index.manifest import (
    Manifest,
    check_compatible,
    check_file_sizes,
    identity_of,
)
from index.onnx_encoder import OnnxEncoder
from index.passages import PassageStore
from index.scratch import remove_abandoned_copies
from index.search import Searcher
from index.texts import TextStore
from index.vectors import preload_chroma


def scorer_of(settings: Settings) -> dict[str, Any]:
    """Returns the scorer that a build stores: the shipped one, and the digest of the gold
    questions of the corpus, on which the build tunes the threshold."""
    text = files("assistant").joinpath("scorer.json").read_text(encoding="utf-8")
    gold = hashlib.sha256()
    for path in settings.gold_files:
        try:
            gold.update(path.read_bytes())
        except OSError as error:
            raise GoldInvalid(f"the gold file {path} cannot be read ({error.strerror})") from error
    return {**json.loads(text), "gold": gold.hexdigest() if settings.gold_files else ""}


def build_index(
    settings: Settings,
    watcher: BuildProgress | None = None,
    *,
    rebuild: bool = False,
    unpin: bool = True,
    preview: bool = False,
) -> tuple[Corpus, BuildResult]:
    """Loads the corpus, builds its index and publishes it, unless it is only a `preview`. A pinned
    generation is replaced with `unpin` only.

    Raises CorpusError or IndexingError; then the published generation does not change.
    """
    watcher = watcher or NoProgress()
    corpus = load_known(settings, watcher, rebuild=rebuild)
    options = {"rebuild": rebuild, "unpin": unpin, "preview": preview}
    return corpus, _build(settings, corpus, watcher, **options)


def ensure_index(settings: Settings, watcher: BuildProgress | None = None) -> Corpus:
    """Loads the corpus, and builds its index if the published one is neither current nor pinned.

    A current index is not locked, so that several processes can use it at the same time. Raises
    IndexPinned if the pinned generation cannot be opened.
    """
    watcher = watcher or NoProgress()
    corpus = load_known(settings, watcher)
    is_usable = pinned_generation(settings) and _published(settings)
    if not is_usable and not is_current(settings, corpus):
        _build(settings, corpus, watcher, unpin=False)
    return corpus


def load_known(
    settings: Settings, watcher: BuildProgress | None = None, *, rebuild: bool = False
) -> Corpus:
    """Loads the corpus. Files that were too costly for the published index are tried again only if
    `rebuild` is set. Raises CorpusError."""
    known = None if rebuild else known_files(DataFolder(settings.data_folder))
    progress = watcher or NoProgress()

    def watch(done: int, total: int) -> None:
        if done:
            progress.advance(1)
        else:
            progress.begin("Loading", total)

    return load_corpus(settings.corpus, known, settings.file_limits, watch)


def open_assistant(settings: Settings, model: ConfiguredModel | None = None) -> Assistant:
    """Opens the published generation, with the language model if there is one. Raises
    IndexingError."""
    data = DataFolder(settings.data_folder)
    data.current()  # raises IndexMissing before the models are loaded
    remove_abandoned_copies()
    # Native code loads the weights of both models while this thread imports and opens Chroma.
    with ThreadPoolExecutor(2) as pool:
        reader = pool.submit(_reader, settings)
        encoder = pool.submit(_encoder, settings)
        preload_chroma()
        return _open(data, encoder.result(), reader.result(), model)


def open_auditor(settings: Settings) -> Auditor:
    """Opens the published generation for an audit. Raises IndexingError."""
    data = DataFolder(settings.data_folder)
    data.current()  # raises IndexMissing before the models are loaded
    remove_abandoned_copies()
    encoder = _encoder(settings)
    proof = ClaimProof(encoder, _reader(settings))
    return Auditor(Searcher(data.open(encoder.fingerprint), encoder), encoder, proof)


def open_passages(settings: Settings) -> PassageStore:
    """Opens the passages of the published generation, without any model. Raises IndexingError."""
    folder = DataFolder(settings.data_folder).current()
    return PassageStore.open(folder / PASSAGES)


def open_texts(settings: Settings) -> TextStore:
    """Opens the texts of all documents that were ever indexed."""
    return TextStore(DataFolder(settings.data_folder).texts)


def open_generations(
    settings: Settings,
    is_building: Callable[[], bool] = lambda: False,
    model: ConfiguredModel | None = None,
) -> GenerationPool:
    """Returns a pool over the published generation. The models are loaded once; the encoder when a
    generation is opened, because the first build exports it."""
    data = DataFolder(settings.data_folder)
    remove_abandoned_copies()
    reader = _reader(settings)
    encoder: OnnxEncoder | None = None

    def open_published() -> Assistant:
        nonlocal encoder
        data.current()  # raises IndexMissing before the encoder is loaded
        encoder = encoder or _encoder(settings)
        return _open(data, encoder, reader, model)

    return GenerationPool(data, open_published, is_building)


def _open(
    data: DataFolder,
    encoder: OnnxEncoder,
    reader: OnnxReader | None,
    model: ConfiguredModel | None,
) -> Assistant:
    generation = data.open(encoder.fingerprint)
    kind = "reader" if reader else "plain"
    scorer = scorer_in(generation.id, generation.manifest, kind)
    writer = model.writer(encoder, reader) if model else None
    return Assistant(generation, encoder, TextStore(data.texts), scorer, reader, writer)


def scorer_in(generation: str, manifest: Manifest, kind: str) -> Scorer:
    """Returns the scorer of a generation, with the threshold that was tuned for it, if any.
    Raises IndexOutdated if an older version stored another format."""
    try:
        scorer = Scorer.from_dict(manifest.scorer[kind])
        return replace(scorer, threshold=manifest.thresholds.get(kind, scorer.threshold))
    except (KeyError, TypeError) as error:
        raise IndexOutdated(
            f"the index {generation} has a scorer of another version ({error})"
        ) from error


def _build(
    settings: Settings, corpus: Corpus, watcher: BuildProgress, **options: bool
) -> BuildResult:
    _ensure_encoder(settings, watcher)
    encoder = _encoder(settings)
    data = DataFolder(settings.data_folder, settings.keep_generations)
    # A row that cannot be used does not stop the build: `doctor` and `evaluate` name it.
    questions = [gold for path in settings.gold_files for gold in read_gold_rows(path)[0].values()]

    def fit(generation: Generation) -> dict[str, float]:
        """Tunes with and without the reader: the setting can change without a new build."""
        watcher.begin("Tuning the threshold", 2 * len(questions))
        tuned = {}
        for kind, reader in (("plain", None), ("reader", OnnxReader())):
            own = scorer_in(generation.id, generation.manifest, kind)
            lenient = replace(own, threshold=0.0)
            assistant = Assistant(generation, encoder, TextStore(data.texts), lenient, reader)
            threshold = fit_threshold(assistant, questions, watch=lambda: watcher.advance(1))
            if threshold is not None:
                tuned[kind] = threshold
        return tuned

    return build(
        corpus,
        encoder,
        settings.encoder,
        data,
        scorer_of(settings),
        fit_thresholds=fit if questions else None,
        progress=watcher,
        **options,
    )


def _ensure_encoder(settings: Settings, watcher: BuildProgress) -> None:
    """Exports the encoder if that was not done yet, or again if one of its files was changed. All
    are compared: what a damaged encoder writes into an index stays there."""
    folder, name = settings.encoders_folder, settings.encoder
    try:
        check_encoder(folder, name)
    except EncoderNotExported:
        watcher.begin("Exporting the encoder (only once)", 1)
    except EncoderDamaged:
        watcher.begin("Exporting the encoder again: it was damaged", 1)
    else:
        return
    _export(folder, name)
    watcher.advance(1)


def _export(folder: Path, name: str) -> None:
    with DataFolder(folder).lock():
        try:
            export_encoder(folder, name)
        except OSError as error:
            raise IndexUnwritable.at(folder, error) from error


def _encoder(settings: Settings) -> OnnxEncoder:
    return load_encoder(settings.encoders_folder, settings.encoder)


def _reader(settings: Settings) -> OnnxReader | None:
    return OnnxReader() if settings.reader else None


def is_current(settings: Settings, corpus: Corpus) -> bool:
    """Returns whether the published generation was built from this corpus with these settings."""
    manifest = _published(settings)
    return manifest is not None and is_built_from(manifest, settings, corpus)


def is_built_from(manifest: Manifest, settings: Settings, corpus: Corpus) -> bool:
    """Returns whether a generation with the encoder of the settings was built from this corpus."""
    identity = identity_of(corpus.documents, manifest.encoder_fingerprint, corpus.synonyms)
    is_same = manifest.identity == identity and manifest.sources == corpus.sources
    return is_same and manifest.scorer == scorer_of(settings)


def pinned_generation(settings: Settings) -> str:
    """Returns the id of the published generation if it is pinned, else ""."""
    return DataFolder(settings.data_folder).pointer.pinned()


def encoder_fingerprint(settings: Settings) -> str:
    """Returns what identifies the exported encoder. Raises EncoderNotExported, EncoderDamaged."""
    return EncoderCard.read(encoder_folder(settings.encoders_folder, settings.encoder)).fingerprint


def _published(settings: Settings) -> Manifest | None:
    """The manifest of the published generation; None if it cannot be opened with the encoder of
    the settings."""
    if not is_exported(settings.encoders_folder, settings.encoder):
        return None
    fingerprint = encoder_fingerprint(settings)
    try:
        folder = DataFolder(settings.data_folder).current()
        manifest = Manifest.read(folder)
        check_compatible(manifest, fingerprint)
        check_file_sizes(folder, manifest)
    except (IndexMissing, IndexDamaged, IndexOutdated):
        return None
    return manifest
