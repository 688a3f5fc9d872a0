import numpy as np
import pytest
from builders import unit_vectors

from api.service import grouping
from api.service.grouping import group_by_meaning


def test_similar_vectors_are_grouped_whatever_follows_them() -> None:
    near = np.array([[1, 0], [0, 1], [0.9, 0.1], [0.1, 0.9], [-1, 0]], dtype=np.float32)
    vectors = near / np.linalg.norm(near, axis=1, keepdims=True)
    assert group_by_meaning(vectors, 0.8) == [[0, 2], [1, 3], [4]]
    assert group_by_meaning(vectors[:3], 0.8) == [[0, 2], [1]]
    assert group_by_meaning(vectors[:0], 0.8) == []


def test_groups_do_not_depend_on_the_size_of_a_block(monkeypatch: pytest.MonkeyPatch) -> None:
    centres = unit_vectors(20, 32, seed=1)
    noise = unit_vectors(300, 32, seed=2)
    vectors = centres[np.arange(300) % 20] + 0.4 * noise
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    groups = group_by_meaning(vectors, 0.7)
    assert {len(group) for group in groups} == {15}
    monkeypatch.setattr(grouping, "_BLOCK", 7)
    assert group_by_meaning(vectors, 0.7) == groups


def test_ten_thousand_different_vectors_are_grouped() -> None:
    assert len(group_by_meaning(unit_vectors(10_000, 384, seed=3), 0.7)) == 10_000
