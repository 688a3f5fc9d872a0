"""Builds the next generation without publishing it, compares its answers, and publishes it."""

from contextlib import closing
from dataclasses import dataclass

from api.assembly.assistant import (
    build_index,
    encoder_fingerprint,
    is_built_from,
    load_known,
    open_assistant,
    scorer_in,
)
from api.errors import DatabaseMissing
from api.settings import Settings
from api.store.database import Database
from api.store.records import Records
from assistant.english.question import MAX_QUESTION_CHARS
from assistant.replay import (
    DocumentChanges,
    Replayed,
    ReplayQuestion,
    document_changes,
    replay,
)
from assistant.tuning import is_askable
from corpus.gold import read_gold_rows
from corpus.loader import Corpus
from index.build import BuildProgress
from index.errors import IndexUnwritable, PreviewOutdated
from index.generation import DataFolder, Generation
from index.manifest import Manifest

MAX_RECENT = 200  # questions from the database


@dataclass(frozen=True)
class Preview:
    """What publishing a build would change. `base` is the id of the published generation;
    `is_new` is False if it is up to date already."""

    base: str
    is_new: bool
    corpus: Corpus
    documents: DocumentChanges
    replayed: tuple[Replayed, ...]


def build_preview(settings: Settings, watcher: BuildProgress) -> Preview:
    """Builds the next generation and asks both the gold questions and the latest ones of users.
    Questions are answered without a language model, over all documents.

    Raises IndexMissing or IndexOutdated if the published generation cannot be opened with the
    encoder of the settings, PreviewOutdated if another one was published meanwhile, and what
    build_index() raises.
    """
    questions = _questions(settings)
    data = DataFolder(settings.data_folder)
    before = open_assistant(settings)
    with closing(before.generation):
        corpus, built = build_index(settings, watcher, preview=True)
        base = before.generation.id
        documents = document_changes(before.generation.manifest.documents, built.manifest.documents)
        if not built.changed:
            return Preview(base, False, corpus, documents, ())
        folder = data.layout.preview / built.generation
        with closing(Generation.open(folder)) as generation:
            scorer = scorer_in(base, built.manifest, "reader" if settings.reader else "plain")
            after = before.over(generation, scorer)
            watcher.begin("Asking both", len(questions))
            replayed = replay(before, after, questions, lambda: watcher.advance(1))
    try:
        with data.pointer.lock():
            _check_base(data, base)
            data.offer_preview(folder, base)
    except OSError as error:
        raise IndexUnwritable.at(data.root, error) from error
    return Preview(base, True, corpus, documents, tuple(replayed))


def publish_preview(settings: Settings) -> tuple[str, Manifest]:
    """Publishes the preview, and ends the pin of the generation that it replaces; returns its id
    and manifest.

    Raises PreviewMissing, PreviewOutdated if another generation was published or a document, a gold
    question or the encoder has changed since, IndexBusy and IndexUnwritable; then nothing has
    changed.
    """
    data = DataFolder(settings.data_folder, settings.keep_generations)
    data.preview()
    corpus = load_known(settings)
    with data.lock():
        folder, base = data.preview()
        _check_base(data, base)
        manifest = Manifest.read(folder)
        is_same = manifest.encoder_fingerprint == encoder_fingerprint(settings)
        if not is_same or not is_built_from(manifest, settings, corpus):
            raise PreviewOutdated("the documents or the settings have changed since the preview")
        try:
            published = data.publish(folder, manifest.identity[:12], unpin=base)
        except OSError as error:
            raise IndexUnwritable.at(data.root, error) from error
    return published.name, manifest


def _check_base(data: DataFolder, base: str) -> None:
    current = data.current().name
    if current != base:
        raise PreviewOutdated(
            f"the preview was compared with {base}, and {current} was published since"
        )


def _questions(settings: Settings) -> list[ReplayQuestion]:
    """The gold questions and the latest ones of users, each text without history once."""
    rows = (row for path in settings.gold_files for row in read_gold_rows(path)[0].values())
    gold = [ReplayQuestion.of(row) for row in rows if is_askable(row)]
    known = {each.text.casefold() for each in gold if not each.history}
    recent = [text for text in _recent_questions(settings) if text.casefold() not in known]
    return gold + [ReplayQuestion(text) for text in recent if len(text) <= MAX_QUESTION_CHARS]


def _recent_questions(settings: Settings) -> list[str]:
    try:
        database = Database.open(settings.database_url, create=False)
    except DatabaseMissing:
        return []
    with closing(database):
        return Records(database).recent_questions(MAX_RECENT)
