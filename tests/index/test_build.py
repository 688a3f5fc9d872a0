import dataclasses
import hashlib
import json
import os
import resource
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import numpy as np
import pytest
from conftest import Writer

from corpus.errors import CorpusEmpty
from corpus.loader import load_corpus
from index.build import BuildResult, build
from index.encoder import Encoder, Progress, Vectors
from index.errors import IndexDamaged, IndexingError, IndexOutdated, IndexUnwritable
from index.generation import (
    DataFolder,
    Generation,
)
from index.manifest import (
    Manifest,
    file_sizes,
)
from index.onnx_encoder import OnnxEncoder
from index.search import Searcher
from index.texts import TextStore

GARDEN = {
    "roses.md": "# Roses\n\n## Sun\n\nRoses need sun.\n\n## Water\n\nRoses need water.\n",
    "cactus.md": "# Cactus\n\n## Water\n\nA cactus needs little water.\n",
}


class Counting:
    """An encoder that remembers the documents' texts that it was given."""

    def __init__(self, encoder: Encoder) -> None:
        self._encoder = encoder
        self.fingerprint = encoder.fingerprint
        self.dimensions = encoder.dimensions
        self.encoded: list[str] = []

    def knows(self, word: str) -> bool:
        return self._encoder.knows(word)

    def encode_query(self, text: str) -> Vectors:
        return self._encoder.encode_query(text)

    def encode_documents(
        self, texts: Sequence[str], progress: Progress = lambda _: None
    ) -> Vectors:
        self.encoded.extend(texts)
        return self._encoder.encode_documents(texts, progress)


class World:
    """A corpus folder, a data folder, and what one can do with them."""

    def __init__(self, write: Writer, root: Path, encoder: OnnxEncoder) -> None:
        self._write = write
        self.encoder = encoder
        self.data = DataFolder(root)
        self.encoded: list[str] = []

    def index(self, files: Mapping[str, str], encoder: Encoder | None = None,
              calibration: Mapping[str, float] | None = None, rebuild: bool = False) -> BuildResult:  # fmt: skip
        """Builds an index of the files; `encoded` then holds what was encoded for it."""
        counting = Counting(encoder or self.encoder)
        corpus = load_corpus(self._write(files))
        self.encoded = counting.encoded
        return build(corpus, counting, "test", self.data, calibration or {}, rebuild=rebuild)

    def found(self, question: str, k: int = 10) -> list[str]:
        """The texts of the passages that the published generation has for a question."""
        generation = self.data.open(self.encoder.fingerprint)
        try:
            hits = Searcher(generation, self.encoder).search(question, k).hits
            return [hit.passage.text for hit in hits]
        finally:
            generation.close()

    def files(self) -> dict[str, str]:
        """Digests of all files of the published generation."""
        folder = self.data.current()
        return {
            str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in folder.rglob("*")
            if path.is_file()
        }


@pytest.fixture
def world(folder_of: Writer, tmp_path: Path, encoder: OnnxEncoder) -> World:
    return World(folder_of, tmp_path / "data", encoder)


def test_build_indexes_passages_and_stores_texts(world: World) -> None:
    built = world.index(GARDEN)
    assert built.changed
    assert (built.encoded, built.reused) == (len(world.encoded), 0)
    assert world.found("How much water for a cactus?")[0] == GARDEN["cactus.md"].strip("# \n")
    manifest = built.manifest
    assert [(d.path, d.title, d.passages) for d in manifest.documents] == [
        ("cactus.md", "Cactus", 1),
        ("roses.md", "Roses", 2),
    ]
    texts = TextStore(world.data.texts)
    assert [texts.read(d.sha256) for d in manifest.documents] == [
        GARDEN["cactus.md"],
        GARDEN["roses.md"],
    ]


def test_manifest_lists_unreadable_files_and_boilerplate(
    world: World,
) -> None:
    built = world.index({"bad.md": "\x00", "good.md": "# Guide\n\nMenu\n\nDig.\n"})
    assert [reason.split(":")[0] for reason in built.manifest.unreadable] == ["bad.md"]
    assert [document.boilerplate for document in built.manifest.documents] == [len("Menu")]


def test_repeated_text_is_encoded_once(world: World) -> None:
    world.index({f"{n}.md": "# Roses\n\nRoses need sun.\n" for n in range(5)})
    assert len(world.encoded) == len(set(world.encoded))


def test_corpus_without_passages_has_an_empty_index(world: World) -> None:
    built = world.index({"guide.md": "Menu\n"})
    assert built.manifest.passages == 0
    assert world.found("Which tools?") == []


def test_joined_cells_of_a_scrape_are_encoded_separately(world: World) -> None:
    world.index({"tools.txt": "Tools\n\nToolUse\nSpadesTurn the soil over.\nRakesComb it flat.\n"})
    assert "Spades, Use: Turn the soil over." in world.encoded


def test_list_item_is_encoded_with_its_lead(world: World) -> None:
    world.index({"tools.md": "# Tools\n\nTake with you:\n\n- a **spade**\n"})
    assert "Take with you: a spade" in world.encoded


def test_unchanged_corpus_is_not_built_again(world: World) -> None:
    first = world.index(GARDEN)
    before = world.files()
    again = world.index(GARDEN)
    assert not again.changed
    assert (again.generation, again.encoded, again.reused) == (first.generation, 0, 0)
    assert world.encoded == []
    assert world.files() == before


def test_only_changed_passages_are_encoded(world: World) -> None:
    first = world.index(GARDEN)
    changed = {**GARDEN, "cactus.md": "# Cactus\n\n## Water\n\nA cactus needs no water.\n"}
    second = world.index(changed)
    assert world.encoded == [
        "Cactus › Water\nCactus ## Water A cactus needs no water.",
        "A cactus needs no water.",
    ]
    assert (second.encoded, second.reused) == (2, first.encoded - 2)
    assert world.found("cactus")[0] == "Cactus\n\n## Water\n\nA cactus needs no water."


def test_reused_vectors_equal_encoded_ones(world: World) -> None:
    world.index(GARDEN)
    world.index({**GARDEN, "aloe.md": "# Aloe\n\nAloe heals burns.\n"})
    carried = world.data.open(world.encoder.fingerprint)
    world.index({**GARDEN, "aloe.md": "# Aloe\n\nAloe heals burns.\n"}, rebuild=True)
    rebuilt = world.data.open(world.encoder.fingerprint)
    assert abs(carried.vectors - rebuilt.vectors).max() < 1e-5
    assert carried.passages.rows_by_digest() == rebuilt.passages.rows_by_digest()
    carried.close()
    rebuilt.close()


def test_rebuild_encodes_everything(world: World) -> None:
    first = world.index(GARDEN)
    again = world.index(GARDEN, rebuild=True)
    assert again.changed
    assert (again.encoded, again.reused) == (first.encoded, 0)
    assert again.generation != first.generation


def test_deleted_document_is_not_found_but_its_text_stays(world: World) -> None:
    first = world.index(GARDEN)
    assert any("cactus" in text for text in world.found("cactus"))
    second = world.index({"roses.md": GARDEN["roses.md"]})
    assert [document.path for document in second.manifest.documents] == ["roses.md"]
    assert not any("cactus" in text for text in world.found("cactus"))
    (gone,) = set(first.manifest.documents) - set(second.manifest.documents)
    assert TextStore(world.data.texts).read(gone.sha256) == GARDEN["cactus.md"]


def test_renamed_document_needs_no_encoding(world: World) -> None:
    world.index({"old.md": "# Roses\n\nRoses need sun.\n"})
    renamed = world.index({"new.md": "# Roses\n\nRoses need sun.\n"})
    assert renamed.changed
    assert renamed.encoded == 0
    assert [document.path for document in renamed.manifest.documents] == ["new.md"]


def test_new_calibration_needs_no_encoding(world: World) -> None:
    world.index(GARDEN, calibration={"threshold": 0.4})
    again = world.index(GARDEN, calibration={"threshold": 0.5})
    assert (again.changed, again.encoded) == (True, 0)
    assert Manifest.read(world.data.current()).calibration == {"threshold": 0.5}


def test_other_encoder_needs_a_build_that_encodes_everything(world: World) -> None:
    first = world.index(GARDEN)
    other = Counting(world.encoder)
    other.fingerprint = "another"
    with pytest.raises(IndexOutdated, match="with the encoder test .*"):
        world.data.open(other.fingerprint)
    again = world.index(GARDEN, encoder=other)
    assert (again.encoded, again.reused) == (first.encoded, 0)
    world.data.open(other.fingerprint).close()


def test_thresholds_are_fitted_on_the_complete_generation(world: World) -> None:
    seen: list[int] = []

    def fit(generation: Generation) -> dict[str, float]:
        hits = Searcher(generation, world.encoder).search("cactus", 3).hits
        seen.append(len(hits))
        return {"plain": 0.5}

    corpus = load_corpus(world._write(GARDEN))
    built = build(corpus, world.encoder, "test", world.data, {}, fit_thresholds=fit)
    folder = world.data.current()
    manifest = Manifest.read(folder)
    assert seen == [3]
    assert manifest == built.manifest
    assert manifest.thresholds == {"plain": 0.5}
    assert {"passages.sqlite", "vectors.npy", "chroma/chroma.sqlite3"} <= manifest.files.keys()
    assert manifest.files == file_sizes(folder)
    world.found("roses")
    assert manifest.files == file_sizes(folder)


def test_build_records_the_texts_of_documents(world: World) -> None:
    first = world.index(GARDEN)
    world.index({"roses.md": "# Roses\n\nRoses need shade.\n"})
    texts = TextStore(world.data.texts)
    old = {document.path: document.sha256 for document in first.manifest.documents}
    (new,) = Manifest.read(world.data.current()).documents
    assert texts.had_text("roses.md", old["roses.md"])
    assert texts.had_text("roses.md", new.sha256)
    assert texts.had_text("cactus.md", old["cactus.md"])
    assert not texts.had_text("roses.md", old["cactus.md"])


@pytest.mark.parametrize("field", ["format", "splitter"])
def test_other_format_or_splitter_needs_a_build(world: World, field: str) -> None:
    world.index(GARDEN)
    path = world.data.current() / "manifest.json"
    fields = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps({**fields, field: 0, "identity": "older"}), encoding="utf-8")
    with pytest.raises(IndexOutdated, match=r" 0, this program .*"):
        world.found("roses")
    assert world.index(GARDEN).changed
    assert world.found("roses")


def test_searching_changes_no_file(world: World) -> None:
    world.index(GARDEN)
    before = world.files()
    for question in ("roses", "cactus", "zebra"):
        world.found(question)
    assert world.files() == before


def test_open_generation_survives_later_publications(world: World) -> None:
    world.index(GARDEN)
    generation = world.data.open(world.encoder.fingerprint)
    searcher = Searcher(generation, world.encoder)
    world.index({"aloe.md": "# Aloe\n\nAloe heals burns.\n"})
    assert searcher.search("cactus", 1).hits[0].passage.body == "A cactus needs little water."
    assert world.found("cactus") == ["Aloe\n\nAloe heals burns."]
    generation.close()


def removed(path: Path) -> None:
    path.unlink()


def emptied(path: Path) -> None:
    path.write_bytes(b"")


def halved(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def garbled(path: Path) -> None:
    path.write_bytes(b"noise" * (path.stat().st_size // 5))


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory, encoder: OnnxEncoder) -> Path:
    """A data folder with an index of the garden, to be copied and then damaged."""
    root = tmp_path_factory.mktemp("published")
    (root / "documents").mkdir()
    for name, content in GARDEN.items():
        (root / "documents" / name).write_text(content, encoding="utf-8")
    build(load_corpus(root / "documents"), encoder, "test", DataFolder(root / "data"), {})
    return root / "data"


@pytest.mark.parametrize(
    "name", ["manifest.json", "passages.sqlite", "vectors.npy", "chroma/chroma.sqlite3"]
)
@pytest.mark.parametrize("damage", [removed, emptied, halved, garbled])
def test_rebuild_repairs_a_damaged_file(
    world: World, published: Path, name: str, damage: Callable[[Path], None]
) -> None:
    shutil.copytree(published, world.data.root)
    folder = world.data.current()
    damage(folder / name)
    for _ in range(2):
        with pytest.raises(IndexDamaged) as error:
            world.data.open(world.encoder.fingerprint)
        assert str(folder) in str(error.value)
    world.index(GARDEN, rebuild=True)
    assert world.found("cactus")[0] == GARDEN["cactus.md"].strip("# \n")


@pytest.mark.parametrize("name", ["passages.sqlite", "vectors.npy", "chroma/chroma.sqlite3"])
@pytest.mark.parametrize("damage", [removed, emptied, halved])
def test_build_of_an_unchanged_corpus_repairs_a_damaged_file(
    world: World, published: Path, name: str, damage: Callable[[Path], None]
) -> None:
    shutil.copytree(published, world.data.root)
    damage(world.data.current() / name)
    assert world.index(GARDEN).changed
    assert world.found("cactus")[0] == GARDEN["cactus.md"].strip("# \n")
    assert not world.index(GARDEN).changed


class Drawn(Counting):
    """An encoder of few dimensions that draws its vectors by lot, the same ones for each text."""

    def __init__(self, encoder: Encoder) -> None:
        super().__init__(encoder)
        self.fingerprint = "drawn"
        self.dimensions = 8

    def encode_documents(
        self, texts: Sequence[str], progress: Progress = lambda _: None
    ) -> Vectors:
        seeds = [hashlib.sha256(text.encode()).digest() for text in texts]
        drawn = np.array([np.random.default_rng([*seed]).normal(size=8) for seed in seeds])
        vectors: Vectors = (drawn / np.linalg.norm(drawn, axis=1, keepdims=True)).astype("f4")
        return vectors


def test_truncated_chroma_graph_is_named_and_repaired(world: World) -> None:
    drawn = Drawn(world.encoder)
    # From a thousand passages on, Chroma keeps vectors in files of their own, and opens halves.
    many = {"tools.md": "".join(f"# Tool {n}\n\nIt digs {n} holes.\n\n" for n in range(1100))}
    world.index(many, drawn)
    world.data.open("drawn").close()
    (graph,) = world.data.current().rglob("data_level0.bin")
    halved(graph)
    wanted = r"data_level0\.bin has \d+ bytes instead of \d+"
    with pytest.raises(IndexDamaged, match=wanted):
        world.data.open("drawn")
    again = world.index(many, drawn)
    assert (again.changed, again.encoded) == (True, 0)
    world.data.open("drawn").close()


def test_damaged_generation_does_not_stop_the_next_build(world: World, published: Path) -> None:
    shutil.copytree(published, world.data.root)
    garbled(world.data.current() / "passages.sqlite")
    garbled(world.data.current() / "vectors.npy")
    world.index({"aloe.md": "# Aloe\n\nAloe heals burns.\n"})
    assert world.found("aloe") == ["Aloe\n\nAloe heals burns."]


def test_wrong_passage_count_is_a_damaged_index(world: World, published: Path) -> None:
    shutil.copytree(published, world.data.root)
    manifest = Manifest.read(world.data.current())
    dataclasses.replace(manifest, passages=4).write(world.data.current())
    with pytest.raises(IndexDamaged, match="holds 3 passages, its manifest says 4"):
        world.data.open(world.encoder.fingerprint)


def assert_unchanged(world: World, before: Mapping[str, str]) -> None:
    """The published generation is untouched and answers, and nothing half-built is left."""
    assert world.files() == before
    assert world.found("cactus")[0] == GARDEN["cactus.md"].strip("# \n")
    assert [path.name for path in (world.data.layout.generations).glob(".*")] == []


def test_full_disk_leaves_the_published_generation(
    small_disk: Path, folder_of: Writer, encoder: OnnxEncoder
) -> None:
    world = World(folder_of, small_disk / "data", encoder)
    world.index(GARDEN)
    before = world.files()
    for round_, kilobytes in enumerate((0, 4, 12, 32, 48, 96, 96, 160, 240, 300, 380)):
        state = os.statvfs(small_disk)
        filler = small_disk / "filler"
        filler.write_bytes(bytes(max(0, state.f_bavail * state.f_frsize - kilobytes * 1024)))
        longer = {f"{round_}-{n}.md": f"# Tool {n}\n\nTool {n} of {round_}.\n" for n in range(6)}
        with pytest.raises(IndexUnwritable, match="cannot be written"):
            world.index(longer)
        filler.unlink()
        assert_unchanged(world, before)
    world.index({"aloe.md": "# Aloe\n\nAloe heals burns.\n"})
    assert world.found("aloe") == ["Aloe\n\nAloe heals burns."]


@contextmanager
def files_of_at_most(size: int) -> Iterator[None]:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize("kilobytes", [4, 24, 64, 128])
def test_file_size_limit_leaves_the_published_generation(world: World, kilobytes: int) -> None:
    world.index(GARDEN)
    before = world.files()
    longer = {f"{n}.md": f"# Tool {n}\n\nTool {n} is of use.\n" for n in range(6)}
    with (
        files_of_at_most(kilobytes * 1024),
        pytest.raises(IndexUnwritable, match="cannot be written"),
    ):
        world.index(longer)
    assert_unchanged(world, before)


def test_missing_permission_leaves_the_published_generation(
    world: World, bound_by_permissions: Callable[[], AbstractContextManager[None]]
) -> None:
    world.index(GARDEN)
    before = world.files()
    world.data.root.chmod(0o777)
    (world.data.layout.lock).chmod(0o666)
    corpus = load_corpus(world._write({"aloe.md": "# Aloe\n\nAloe heals burns.\n"}))
    with bound_by_permissions(), pytest.raises(IndexUnwritable, match="Permission denied"):
        build(corpus, world.encoder, "test", world.data, {})
    assert_unchanged(world, before)


def test_failing_encoder_leaves_the_published_generation(world: World) -> None:
    class Failing(Counting):
        def encode_documents(self, texts: Sequence[str], progress: Progress = print) -> Vectors:
            raise IndexDamaged("the weights are gone")

    world.index(GARDEN)
    before = world.files()
    with pytest.raises(IndexingError, match="the weights are gone"):
        world.index({"aloe.md": "# Aloe\n\nAloe heals burns.\n"}, Failing(world.encoder))
    assert_unchanged(world, before)


def test_emptied_corpus_leaves_the_published_generation(
    world: World,
) -> None:
    world.index(GARDEN)
    before = world.files()
    with pytest.raises(CorpusEmpty):
        world.index({})
    assert_unchanged(world, before)
