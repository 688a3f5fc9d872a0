"""What the last build found out about the files of the corpus, so that the next one is faster."""

from contextlib import suppress

from corpus.formats.registry import FORMATS_VERSION
from corpus.loader import KnownFiles
from corpus.splitter import SPLITTER_VERSION
from index.errors import IndexDamaged, IndexMissing, IndexOutdated, TextMissing
from index.generation import DataFolder
from index.manifest import Manifest
from index.texts import TextStore


def known_files(data: DataFolder) -> KnownFiles:
    """Returns what the build of the published generation found out about the files of its corpus;
    nothing if there is none that these versions of splitter and loaders made."""
    try:
        manifest = Manifest.read(data.current())
    except (IndexMissing, IndexDamaged, IndexOutdated):
        return KnownFiles()
    if (manifest.splitter, manifest.formats) != (SPLITTER_VERSION, FORMATS_VERSION):
        return KnownFiles()
    texts = frozenset((document.path, document.sha256) for document in manifest.documents)
    sources = {source.path: source for source in manifest.sources}
    store = TextStore(data.texts)

    def read_text(sha256: str) -> str | None:
        with suppress(TextMissing):
            return store.read(sha256)
        return None

    return KnownFiles(texts, manifest.too_costly, sources, read_text)
