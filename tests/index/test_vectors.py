from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from corpus.document import Kind, Passage
from index.encoder import Vectors
from index.errors import IndexDamaged
from index.vectors import VectorStore, write_vectors

COUNT, DIMENSIONS = 2000, 384


def unit_vectors(count: int, seed: int) -> Vectors:
    drawn = np.random.default_rng(seed).normal(size=(count, DIMENSIONS)).astype(np.float32)
    vectors: Vectors = drawn / np.linalg.norm(drawn, axis=1, keepdims=True)
    return vectors


def passage(number: int) -> Passage:
    return Passage("a.md", "0" * 64, "A", (), number, number + 1, "x", Kind.PARAGRAPH)


def write(folder: Path, vectors: Vectors) -> list[int]:
    steps: list[int] = []
    passages = [passage(number) for number in range(len(vectors))]
    write_vectors(
        folder, passages, [f"text {n}" for n in range(len(vectors))], vectors, steps.append
    )
    return steps


@pytest.fixture(scope="module")
def vectors() -> Vectors:
    return unit_vectors(COUNT, seed=1)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, vectors: Vectors) -> Path:
    folder = tmp_path_factory.mktemp("vectors") / "chroma"
    assert sum(write(folder, vectors)) == COUNT
    return folder


@pytest.fixture
def store(folder: Path) -> Iterator[VectorStore]:
    store = VectorStore.open(folder, COUNT)
    yield store
    store.close()


def test_search_equals_a_full_scan(store: VectorStore, vectors: Vectors) -> None:
    for question in unit_vectors(50, seed=2):
        cosines = vectors @ question
        nearest = np.argsort(-cosines, kind="stable")[:10]
        hits = store.search(question, 10)
        assert [ordinal for ordinal, _ in hits] == nearest.tolist()
        assert [score for _, score in hits] == pytest.approx(cosines[nearest].tolist(), abs=1e-5)


def test_search_is_repeatable_after_reopening(folder: Path) -> None:
    questions = unit_vectors(20, seed=3)
    runs = []
    for _ in range(2):
        store = VectorStore.open(folder, COUNT)
        runs.append([store.search(question, 60) for question in questions])
        store.close()
    assert runs[0] == runs[1]


def test_own_vector_finds_the_passage_with_cosine_one(store: VectorStore, vectors: Vectors) -> None:
    ordinal, score = store.search(vectors[1234], 3)[0]
    assert ordinal == 1234
    assert score == pytest.approx(1.0, abs=1e-5)


def test_equal_vectors_are_found_in_document_order(tmp_path: Path) -> None:
    same = np.repeat(unit_vectors(1, seed=4), 5, axis=0)
    write(tmp_path / "chroma", same)
    store = VectorStore.open(tmp_path / "chroma", 5)
    assert [ordinal for ordinal, _ in store.search(same[0], 5)] == [0, 1, 2, 3, 4]
    store.close()


def test_large_k_returns_all(tmp_path: Path) -> None:
    few = unit_vectors(3, seed=5)
    write(tmp_path / "chroma", few)
    store = VectorStore.open(tmp_path / "chroma", 3)
    assert len(store.search(few[0], 50)) == 3
    store.close()


def test_empty_collection_finds_nothing(tmp_path: Path) -> None:
    write(tmp_path / "chroma", unit_vectors(0, seed=6))
    store = VectorStore.open(tmp_path / "chroma", 0)
    assert store.search(unit_vectors(1, seed=7)[0], 10) == []
    store.close()


@pytest.mark.parametrize("seen", [1, 7, 60, 400, 1000, 1990, 2000])
def test_search_in_a_view_equals_a_full_scan(
    store: VectorStore, vectors: Vectors, seen: int
) -> None:
    # The last passages lie beside Chroma's graph until it takes up the next thousand.
    some = np.sort(np.random.default_rng(seen).permutation(COUNT)[:seen])
    for ordinals in (some, np.arange(seen), np.arange(COUNT - seen, COUNT)):
        within = store.within(ordinals.tolist())
        for question in unit_vectors(5, seed=seen):
            hits = within.search(question, 60)
            found = [ordinal for ordinal, _ in hits]
            assert set(found) <= set(ordinals.tolist())
            assert len(set(found)) == len(found) == min(60, seen)
            # By their scores, because some are as near as float32 can tell.
            nearest = np.sort(vectors[ordinals] @ question)[::-1][:60].tolist()
            assert [score for _, score in hits] == pytest.approx(nearest, abs=1e-5)
            assert (vectors[found] @ question).tolist() == pytest.approx(nearest, abs=1e-5)


def test_empty_view_finds_nothing(store: VectorStore, vectors: Vectors) -> None:
    assert store.within([]).search(vectors[0], 10) == []


def test_closing_a_view_leaves_the_store_open(store: VectorStore, vectors: Vectors) -> None:
    within = store.within([5, 6])
    within.close()
    assert within.search(vectors[6], 1)[0][0] == 6
    assert store.search(vectors[7], 1)[0][0] == 7


def test_wrong_count_is_a_damaged_index(tmp_path: Path) -> None:
    write(tmp_path / "chroma", unit_vectors(4, seed=8))
    with pytest.raises(IndexDamaged, match="holds 4 vectors of 5"):
        VectorStore.open(tmp_path / "chroma", 5)


def test_missing_folder_is_a_damaged_index_and_is_not_created(tmp_path: Path) -> None:
    with pytest.raises(IndexDamaged):
        VectorStore.open(tmp_path / "gone", 5)
    assert not (tmp_path / "gone").exists()


def test_file_of_noise_is_a_damaged_index(tmp_path: Path) -> None:
    write(tmp_path / "chroma", unit_vectors(4, seed=9))
    (tmp_path / "chroma" / "chroma.sqlite3").write_bytes(b"noise" * 5000)
    with pytest.raises(IndexDamaged):
        VectorStore.open(tmp_path / "chroma", 4)
