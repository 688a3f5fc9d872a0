import json
import os
import re
import resource
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from builders import CountingEncoder, SmallIndex, write_documents
from conftest import AsNobody, Scale
from damage import halve, overwrite

from corpus.errors import CorpusEmpty, DocumentTooCostly
from corpus.loader import KnownFiles, load_corpus
from corpus.sources import Outcome, SourceFile
from index.build import build
from index.encoder import Vectors
from index.errors import IndexDamaged, IndexOutdated, IndexUnwritable
from index.generation import Generation
from index.known import known_files
from index.manifest import Manifest, file_digests, file_sizes
from index.onnx_encoder import OnnxEncoder
from index.search import Searcher
from index.texts import TextStore

GARDEN = {
    "roses.md": "# Roses\n\n## Sun\n\nRoses need sun.\n\n## Water\n\nRoses need water.\n",
    "cactus.md": "# Cactus\n\n## Water\n\nA cactus needs little water.\n",
}
ALOE = {"aloe.md": "# Aloe\n\nAloe heals burns.\n"}


@pytest.fixture
def index(tmp_path: Path, encoder: OnnxEncoder) -> SmallIndex:
    return SmallIndex(tmp_path, encoder)


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory, encoder: OnnxEncoder) -> SmallIndex:
    index = SmallIndex(tmp_path_factory.mktemp("published"), encoder)
    index.build(GARDEN)
    return index


@pytest.fixture
def garden(index: SmallIndex, published: SmallIndex) -> SmallIndex:
    """A copy of the index of the garden."""
    shutil.copytree(published.data.root, index.data.root)
    index.built = published.built
    return index


@contextmanager
def unchanged(index: SmallIndex) -> Iterator[None]:
    """The published generation is not touched and answers, and nothing half-built is left."""
    before = index.data.current(), index.built.manifest, file_digests(index.data.current())
    yield
    current = index.data.current()
    assert (current, Manifest.read(current), file_digests(current)) == before
    assert index.found("cactus")[0] == "A cactus needs little water."
    assert list(index.data.layout.generations.glob(".*")) == []


def test_build_indexes_passages_and_stores_texts(index: SmallIndex) -> None:
    built = index.build(GARDEN)
    assert (built.changed, built.encoded, built.reused) == (True, len(index.encoded), 0)
    assert index.found("How much water for a cactus?")[0] == "A cactus needs little water."
    documents = built.manifest.documents
    assert [(d.path, d.title, d.passages) for d in documents] == [
        ("cactus.md", "Cactus", 1),
        ("roses.md", "Roses", 2),
    ]
    texts = TextStore(index.data.texts)
    assert {d.path: texts.read(d.sha256) for d in documents} == GARDEN


def test_manifest_lists_unreadable_files_and_boilerplate(index: SmallIndex) -> None:
    manifest = index.build({"bad.md": "\x00", "good.md": "# Guide\n\nMenu\n\nDig.\n"}).manifest
    assert [reason.split(":")[0] for reason in manifest.unreadable] == ["bad.md"]
    assert [document.boilerplate for document in manifest.documents] == [len("Menu")]


def test_files_that_are_left_out_are_published_also_if_nothing_else_changed(
    garden: SmallIndex,
) -> None:
    built = garden.build({**GARDEN, "bad.md": "\x00"})
    assert (built.changed, built.encoded) == (True, 0)
    assert built.manifest.unreadable == ("bad.md: not text (contains NUL characters)",)
    assert garden.build(GARDEN).manifest.unreadable == ()


def test_next_build_knows_the_texts_and_the_files_that_were_too_costly(garden: SmallIndex) -> None:
    texts = frozenset((each.path, each.sha256) for each in garden.built.manifest.documents)
    assert known_files(garden.data) == KnownFiles(texts)
    error = DocumentTooCostly("evil.md", "takes too long", "d" * 64)
    corpus = load_corpus(write_documents(garden.documents, GARDEN))
    source = SourceFile("evil.md", "Markdown", Outcome.UNREADABLE)
    corpus = replace(corpus, unreadable=(error,), sources=(source,))
    build(corpus, garden.encoder, "test", garden.data, {})
    known = known_files(garden.data)
    assert known == KnownFiles(texts, {"d" * 64: "takes too long"})
    replace(garden.built.manifest, splitter=0).write(garden.data.current())
    assert known_files(garden.data) == KnownFiles()


def test_repeated_text_is_encoded_once(index: SmallIndex) -> None:
    index.build({f"{n}.md": "# Roses\n\nRoses need sun.\n" for n in range(5)})
    assert len(index.encoded) == len(set(index.encoded))


def test_corpus_without_passages_has_an_empty_index(index: SmallIndex) -> None:
    assert index.build({"guide.md": "Menu\n"}).manifest.passages == 0
    assert index.found("Which tools?") == []


@pytest.mark.parametrize(
    ("name", "text", "encoded"),
    [
        # The cells of a table that a scrape joined.
        (
            "tools.txt",
            "Tools\n\nToolUse\nSpadesTurn the soil over.\nRakesComb it flat.\n",
            "Tools: Spades, Use: Turn the soil over.",
        ),
        # A list item and its lead.
        (
            "tools.md",
            "# Tools\n\nTake with you:\n\n- a **spade**\n",
            "Tools: Take with you: a spade",
        ),
    ],
)
def test_unit_is_encoded_as_plain_text_with_its_context(
    index: SmallIndex, name: str, text: str, encoded: str
) -> None:
    index.build({name: text})
    assert encoded in index.encoded


def test_unchanged_corpus_is_not_built_again(garden: SmallIndex) -> None:
    first = garden.built
    with unchanged(garden):
        again = garden.build(GARDEN)
    assert garden.encoded == []
    assert again == replace(first, changed=False, encoded=0, reused=0)


def test_only_changed_passages_are_encoded(garden: SmallIndex) -> None:
    first = garden.built
    second = garden.build({**GARDEN, "cactus.md": "# Cactus\n\n## Water\n\nIt needs no water.\n"})
    assert garden.encoded == [
        "Cactus › Water\nCactus ## Water It needs no water.",
        "Cactus › Water: It needs no water.",
    ]
    assert (second.encoded, second.reused) == (2, first.encoded - 2)
    assert garden.found("cactus")[0] == "It needs no water."


def test_rebuild_encodes_everything_and_equals_an_update(garden: SmallIndex) -> None:
    updated = garden.build(GARDEN | ALOE)
    with garden.searcher() as before:
        rebuilt = garden.build(GARDEN | ALOE, rebuild=True)
        assert rebuilt.generation != updated.generation
        assert (rebuilt.changed, rebuilt.reused) == (True, 0)
        assert rebuilt.encoded == updated.encoded + updated.reused
        with garden.searcher() as after:
            old, new = before.generation, after.generation
            assert abs(old.vectors - new.vectors).max() < 1e-5
            assert old.passages.rows_by_digest() == new.passages.rows_by_digest()


def test_deleted_document_is_not_found_but_its_text_stays(garden: SmallIndex) -> None:
    first = garden.built
    second = garden.build({"roses.md": GARDEN["roses.md"]})
    assert [document.path for document in second.manifest.documents] == ["roses.md"]
    assert not any("cactus" in text for text in garden.found("cactus"))
    (gone,) = set(first.manifest.documents) - set(second.manifest.documents)
    assert TextStore(garden.data.texts).read(gone.sha256) == GARDEN["cactus.md"]


def test_renamed_document_needs_no_encoding(garden: SmallIndex) -> None:
    built = garden.build({"new.md": GARDEN["roses.md"]})
    assert (built.changed, built.encoded) == (True, 0)
    assert [document.path for document in built.manifest.documents] == ["new.md"]


def test_new_scorer_needs_no_encoding(garden: SmallIndex) -> None:
    built = garden.build(GARDEN, scorer={"threshold": 0.5})
    assert (built.changed, built.encoded) == (True, 0)
    assert Manifest.read(garden.data.current()).scorer == {"threshold": 0.5}


def test_other_encoder_needs_a_build_that_encodes_everything(garden: SmallIndex) -> None:
    first = garden.built
    other = CountingEncoder(garden.encoder, "another")
    with pytest.raises(IndexOutdated, match="with the encoder test .*"):
        garden.data.open(other.fingerprint)
    again = garden.build(GARDEN, other)
    assert (again.encoded, again.reused) == (first.encoded, 0)
    garden.data.open(other.fingerprint).close()


@pytest.mark.parametrize("field", ["format", "splitter"])
def test_other_format_or_splitter_needs_a_build(garden: SmallIndex, field: str) -> None:
    path = garden.data.current() / "manifest.json"
    fields = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps({**fields, field: 0, "identity": "older"}), encoding="utf-8")
    with pytest.raises(IndexOutdated, match=r" 0, this program .*"):
        garden.found("roses")
    assert garden.build(GARDEN).changed
    assert garden.found("roses")


def test_thresholds_are_fitted_on_the_complete_generation(index: SmallIndex) -> None:
    seen: list[int] = []

    def fit(generation: Generation) -> dict[str, float]:
        seen.append(len(Searcher(generation, index.encoder).search("cactus", 3).hits))
        return {"plain": 0.5}

    index.build(GARDEN, fit_thresholds=fit)
    manifest = Manifest.read(index.data.current())
    assert seen == [3]
    assert manifest == index.built.manifest
    assert manifest.thresholds == {"plain": 0.5}
    assert {"passages.sqlite", "vectors.npy", "chroma/chroma.sqlite3"} <= manifest.files.keys()
    assert manifest.files == file_sizes(index.data.current())


def test_build_records_the_texts_of_documents(garden: SmallIndex) -> None:
    old = {document.path: document.sha256 for document in garden.built.manifest.documents}
    (new,) = garden.build({"roses.md": "# Roses\n\nRoses need shade.\n"}).manifest.documents
    texts = TextStore(garden.data.texts)
    assert texts.had_text("roses.md", old["roses.md"])
    assert texts.had_text("roses.md", new.sha256)
    assert texts.had_text("cactus.md", old["cactus.md"])
    assert not texts.had_text("roses.md", old["cactus.md"])


def test_searching_changes_no_file(garden: SmallIndex) -> None:
    with unchanged(garden):
        for question in ("roses", "cactus", "zebra"):
            garden.found(question)


def test_open_generation_survives_later_publications(garden: SmallIndex) -> None:
    with garden.searcher() as searcher:
        garden.build(ALOE)
        garden.build(GARDEN | ALOE)  # which removes the generation that is open
        hits = searcher.search("heals burns", 10).hits
    assert {hit.passage.document for hit in hits} == GARDEN.keys()
    assert garden.found("heals burns")[0] == "Aloe heals burns."


@pytest.mark.parametrize(
    "name", ["manifest.json", "passages.sqlite", "vectors.npy", "chroma/chroma.sqlite3"]
)
@pytest.mark.parametrize("damage", [Path.unlink, halve, overwrite])
def test_damaged_file_is_an_error_until_the_next_build(
    garden: SmallIndex, name: str, damage: Callable[[Path], None]
) -> None:
    folder = garden.data.current()
    damage(folder / name)
    for _ in range(2):
        with pytest.raises(IndexDamaged, match=re.escape(str(folder))):
            garden.found("cactus")
    built = garden.build(GARDEN)
    assert built.changed
    assert (built.encoded == 0) is name.startswith("chroma")
    assert garden.found("cactus")[0] == "A cactus needs little water."
    assert not garden.build(GARDEN).changed


def test_wrong_passage_count_is_a_damaged_index(garden: SmallIndex) -> None:
    replace(garden.built.manifest, passages=4).write(garden.data.current())
    with pytest.raises(IndexDamaged, match="holds 3 passages, its manifest says 4"):
        garden.found("cactus")


@pytest.mark.soak
def test_full_disk_leaves_the_published_generation(
    small_disk: Path, tmp_path: Path, encoder: OnnxEncoder, scale: Scale
) -> None:
    index = SmallIndex(tmp_path, encoder, small_disk / "data")
    index.build(GARDEN)
    for kilobytes in range(0, 381, scale(95, soak=20)):
        state = os.statvfs(small_disk)
        filler = small_disk / "filler"
        longer = {f"{n}.md": f"# Tool {n}\n\nTool {n} of {kilobytes}.\n" for n in range(6)}
        with unchanged(index):
            filler.write_bytes(bytes(max(0, state.f_bavail * state.f_frsize - kilobytes * 1024)))
            with pytest.raises(IndexUnwritable, match="cannot be written"):
                index.build(longer)
            filler.unlink()
    index.build(ALOE)
    assert index.found("aloe") == ["Aloe heals burns."]


@pytest.mark.parametrize("kilobytes", [4, 24, 64, 128])
def test_file_size_limit_leaves_the_published_generation(
    garden: SmallIndex, kilobytes: int
) -> None:
    longer = {f"{n}.md": f"# Tool {n}\n\nTool {n} is of use.\n" for n in range(6)}
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    with unchanged(garden):
        resource.setrlimit(resource.RLIMIT_FSIZE, (kilobytes * 1024, hard))
        try:
            with pytest.raises(IndexUnwritable, match="cannot be written"):
                garden.build(longer)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_missing_permission_leaves_the_published_generation(
    garden: SmallIndex, bound_by_permissions: AsNobody
) -> None:
    garden.data.root.chmod(0o777)
    garden.data.layout.lock.chmod(0o666)
    corpus = load_corpus(write_documents(garden.documents, ALOE))
    with (
        unchanged(garden),
        bound_by_permissions(),
        pytest.raises(IndexUnwritable, match="Permission denied"),
    ):
        build(corpus, garden.encoder, "test", garden.data, {})


class FailingEncoder(CountingEncoder):
    def encode_documents(self, texts: Sequence[str], progress: object = None) -> Vectors:
        raise IndexDamaged("the weights are gone")


@pytest.mark.parametrize(
    ("files", "encoder_type", "error"),
    [(ALOE, FailingEncoder, IndexDamaged), ({}, CountingEncoder, CorpusEmpty)],
    ids=["failing encoder", "emptied corpus"],
)
def test_failed_build_leaves_the_published_generation(
    garden: SmallIndex,
    files: Mapping[str, str],
    encoder_type: type[CountingEncoder],
    error: type[Exception],
) -> None:
    with unchanged(garden), pytest.raises(error):
        garden.build(files, encoder_type(garden.encoder))
