"""The results of a search."""

from dataclasses import dataclass, field

from corpus.document import Passage
from index.encoder import Vectors


@dataclass(frozen=True)
class Hit:
    """A passage that was found, with its scores.

    `score` combines the others, 0 to 1. `passage_score` and `unit_score` are the cosines of the
    passage and of its best unit, -1 to 1; `word_score` is the BM25 score, 0 to 1. `unit_scores`
    are the cosines of all units in their order; `heading_score` is that of the FAQ question or, if
    the passage has none, of its nearest heading.
    """

    passage: Passage
    ordinal: int
    score: float
    passage_score: float
    unit_score: float
    word_score: float
    heading_score: float
    unit_scores: tuple[float, ...] = field(repr=False)

    @property
    def question_score(self) -> float:
        """The cosine of the passage's FAQ question; 0 if it has none."""
        return self.heading_score if self.passage.question else 0.0


@dataclass(frozen=True)
class SearchResult:
    """The hits, best first, and the question's vector."""

    hits: tuple[Hit, ...]
    vector: Vectors = field(repr=False)
