"""BM25: how well the words of a query match a passage."""

import math


def inverse_document_frequency(seen: int, count: int) -> float:
    """How rare a word is that `seen` of `count` passages hold: BM25's inverse document frequency
    as Lucene has it, natural logarithm, above 0."""
    return math.log(1 + (count - seen + 0.5) / (seen + 0.5))
