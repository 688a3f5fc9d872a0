"""Groups texts by meaning: greedy clustering of their vectors around leaders."""

import numpy as np

from index.encoder import Vectors

_BLOCK = 512  # vectors that are compared with all leaders at once


def group_by_meaning(vectors: Vectors, min_similarity: float) -> list[list[int]]:
    """Groups vectors of length 1, in their order: each joins the group whose first member is the
    most similar one, if their cosine is at least `min_similarity`, or becomes the first of a group
    of its own. So a later vector never changes the group of an earlier one.

    Returns the members of each group. 10,000 vectors of 384 dimensions take at most a few seconds.
    """
    groups: list[list[int]] = []
    leaders = np.empty((len(vectors), vectors.shape[1] if len(vectors) else 0), dtype=np.float32)
    for start in range(0, len(vectors), _BLOCK):
        block = vectors[start : start + _BLOCK]
        known = len(groups)
        # The cosines with the leaders so far; those that this block adds fill the rest.
        cosines = np.empty((len(block), known + len(block)), dtype=np.float32)
        cosines[:, :known] = block @ leaders[:known].T
        within = block @ block.T
        for at, vector in enumerate(block):
            row = cosines[at, : len(groups)]
            best = int(np.argmax(row)) if len(row) else -1
            if best >= 0 and row[best] >= min_similarity:
                groups[best].append(start + at)
            else:
                leaders[len(groups)] = vector
                cosines[:, len(groups)] = within[:, at]
                groups.append([start + at])
    return groups
