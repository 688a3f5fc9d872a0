"""BM25: how well a passage matches the words of a query. Pure functions of counts.

SQLite's FTS5 is not used, because it gives no weight to a word that occurs in more than half of
the passages: over documents on one subject, questions consist of those words.
"""

import math
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

Ordinals = NDArray[np.uint32]
Counts = NDArray[np.float32]

# The weight of a word in question, headings and body: a question summarises what follows.
FIELD_WEIGHTS = (1.5, 1.0, 1.0)
# BM25's saturation and length normalisation, as Lucene's users set them for passages (Yang, Fang
# and Lin, "Anserini", 2017).
_K1, _B = 0.9, 0.4
# A passage with this share of the highest possible BM25 scores 1. If even the best passage has
# less, the rare words of the query occur nowhere, and its other words say little.
_FULL_SCORE = 0.4


def inverse_document_frequency(seen: int, count: int) -> float:
    """The rarity of a word that occurs in `seen` of `count` passages: BM25's inverse document
    frequency as in Lucene, natural logarithm, above 0."""
    return math.log(1 + (count - seen + 0.5) / (seen + 0.5))


def length_norms(lengths: NDArray[np.float32], ordinals: Ordinals) -> NDArray[np.float32]:
    """k1 · (1 - b + b · length / average length) for each passage; the average is over the
    passages with these ordinals."""
    average = float(lengths[ordinals].mean()) if len(ordinals) else 1.0
    norms: NDArray[np.float32] = _K1 * (1 - _B + _B * lengths / max(1.0, average))
    return norms


def merge(
    postings: tuple[Ordinals, Counts], synonyms: Iterable[Counts], weight: float
) -> tuple[Ordinals, Counts]:
    """The postings of a stem and its synonyms as those of one term. `synonyms` holds the counts of
    each synonym in all passages; they count with `weight`."""
    ordinals, counts = postings
    merged: Counts | None = None
    for each in synonyms:
        if merged is None:
            merged = np.zeros_like(each)
            merged[ordinals] = counts
        merged = np.maximum(merged, weight * each)
    if merged is None:
        return postings
    found = np.flatnonzero(merged).astype(np.uint32)
    return found, merged[found]


def rank(
    postings: Iterable[tuple[Ordinals, Counts]], norms: NDArray[np.float32], count: int, k: int
) -> list[tuple[int, float]]:
    """The k best passages, best first: (ordinal, score above 0 up to 1).

    `postings` holds, for each stem of the query, the passages that contain it and its weighted
    count in each; `count` is the number of passages. The score is relative to the best passage, or
    to a full score if the best passage has less.
    """
    scores = np.zeros(len(norms))
    highest = 0.0
    for ordinals, counts in postings:
        rarity = inverse_document_frequency(len(ordinals), count)
        highest += rarity * (_K1 + 1)
        scores[ordinals] += rarity * counts * (_K1 + 1) / (counts + norms[ordinals])
    found = np.flatnonzero(scores)
    best = found[np.lexsort((found, -scores[found]))][:k]
    full = max(float(scores.max(initial=0.0)), _FULL_SCORE * highest)
    return [(int(ordinal), float(scores[ordinal] / full)) for ordinal in best]
