from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from builders import unit_vectors, write_collection

from index.errors import IndexDamaged
from index.vectors import VectorStore

COUNT, DIMENSIONS = 2000, 384
VECTORS = unit_vectors(COUNT, DIMENSIONS, seed=1)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_collection(tmp_path_factory.mktemp("vectors") / "chroma", VECTORS)


@pytest.fixture
def store(folder: Path) -> Iterator[VectorStore]:
    with closing(VectorStore.open(folder, COUNT)) as store:
        yield store


def test_search_equals_a_full_scan(store: VectorStore) -> None:
    for question in unit_vectors(50, DIMENSIONS, seed=2):
        cosines = VECTORS @ question
        nearest = np.argsort(-cosines, kind="stable")[:10]
        hits = store.search(question, 10)
        assert [ordinal for ordinal, _ in hits] == nearest.tolist()
        assert [score for _, score in hits] == pytest.approx(cosines[nearest].tolist(), abs=1e-5)


def test_search_is_repeatable_after_reopening(store: VectorStore, folder: Path) -> None:
    questions = unit_vectors(20, DIMENSIONS, seed=3)
    with closing(VectorStore.open(folder, COUNT)) as reopened:
        for question in questions:
            assert reopened.search(question, 60) == store.search(question, 60)


@pytest.mark.parametrize("count", [0, 1, 5])
def test_equal_vectors_are_found_in_document_order(tmp_path: Path, count: int) -> None:
    steps: list[int] = []
    same = np.repeat(VECTORS[:1], count, axis=0)
    folder = write_collection(tmp_path / "chroma", same, steps.append)
    assert sum(steps) == count
    with closing(VectorStore.open(folder, count)) as store:
        assert [ordinal for ordinal, _ in store.search(VECTORS[0], 50)] == [*range(count)]


@pytest.mark.parametrize("seen", [1, 7, 60, 400, 1000, 1990, 2000])
def test_search_in_a_view_equals_a_full_scan(store: VectorStore, seen: int) -> None:
    # The last passages lie beside Chroma's graph until it takes up the next thousand.
    some = np.sort(np.random.default_rng(seen).permutation(COUNT)[:seen])
    for ordinals in (some, np.arange(seen), np.arange(COUNT - seen, COUNT)):
        within = store.within(ordinals.tolist())
        for question in unit_vectors(5, DIMENSIONS, seed=seen):
            hits = within.search(question, 60)
            found = [ordinal for ordinal, _ in hits]
            assert set(found) <= set(ordinals.tolist())
            assert len(set(found)) == len(found) == min(60, seen)
            # By their scores, because some are as near as float32 can tell.
            nearest = np.sort(VECTORS[ordinals] @ question)[::-1][:60].tolist()
            assert [score for _, score in hits] == pytest.approx(nearest, abs=1e-5)
            assert (VECTORS[found] @ question).tolist() == pytest.approx(nearest, abs=1e-5)


def test_empty_view_finds_nothing(store: VectorStore) -> None:
    assert store.within([]).search(VECTORS[0], 10) == []


def test_closing_a_view_leaves_the_store_open(store: VectorStore) -> None:
    store.within([5, 6]).close()
    ((ordinal, cosine),) = store.search(VECTORS[7], 1)
    assert (ordinal, cosine) == (7, pytest.approx(1, abs=1e-5))


def test_wrong_count_is_a_damaged_index(folder: Path) -> None:
    with pytest.raises(IndexDamaged, match="holds 2000 vectors of 2001"):
        VectorStore.open(folder, COUNT + 1)


def test_missing_folder_is_a_damaged_index_and_is_not_created(tmp_path: Path) -> None:
    with pytest.raises(IndexDamaged):
        VectorStore.open(tmp_path / "gone", 5)
    assert not (tmp_path / "gone").exists()


def test_file_of_noise_is_a_damaged_index(tmp_path: Path) -> None:
    (tmp_path / "chroma.sqlite3").write_bytes(b"noise" * 5000)
    with pytest.raises(IndexDamaged):
        VectorStore.open(tmp_path, 4)
