"""Finding: vectors and words, fused. A question goes in, passages with their scores come out."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from corpus.document import Passage
from index.encoder import Encoder, Vectors
from index.generation import Generation
from index.terms import content_words
from index.words import Entry

# Candidates that each half brings to the fusion.
_DEPTH = 60
# Shares of the fused score; chosen on the development halves, see `make eval`.
_PASSAGE, _UNIT, _WORDS = 0.3, 0.4, 0.3


@dataclass(frozen=True)
class Hit:
    """A passage that was found. `score` is the fused one, 0 to 1; the others are its parts:
    the cosine of the passage and of its best unit (-1 to 1), and BM25 over the best BM25 of
    this question (0 to 1). `unit_scores` are the cosines of the passage's units in their order;
    `question_score` that of its FAQ question, 0 where it has none.
    """

    passage: Passage
    ordinal: int
    score: float
    passage_score: float
    unit_score: float
    word_score: float
    unit_scores: tuple[float, ...] = field(repr=False)
    question_score: float = 0.0


@dataclass(frozen=True)
class Found:
    """The hits, best first, and what the search knew: the question's vector, the words it
    looked for, and the best raw BM25 score."""

    hits: tuple[Hit, ...]
    vector: Vectors = field(repr=False)
    terms: tuple[str, ...]
    corrected: tuple[tuple[str, str], ...]
    best_bm25: float


class Searcher:
    """Searches one generation. Safe to share between threads."""

    def __init__(self, generation: Generation, encoder: Encoder) -> None:
        self.generation = generation
        self._encoder = encoder

    def encode(self, question: str) -> Vectors:
        """The question as a vector of unit length."""
        return self._encoder.encode_query(question)

    def search(self, question: str, k: int = 10, vector: Vectors | None = None) -> Found:
        """The k best passages. Exact copies of a text are folded into the first of them."""
        if vector is None:
            vector = self.encode(question)
        terms, corrected = self._terms(question)
        by_words = dict(self.generation.words.search(terms, _DEPTH))
        by_vector = dict(self.generation.store.search(vector, _DEPTH))
        entries = self.generation.words.entries(sorted({*by_words, *by_vector}))
        best = max(by_words.values(), default=0.0)
        hits = [
            self._hit(entry, vector, by_words.get(entry.ordinal, 0.0) / best if best else 0.0)
            for entry in entries
        ]
        hits.sort(key=lambda hit: (-hit.score, hit.ordinal))
        return Found(tuple(_folded(hits)[:k]), vector, terms, corrected, best)

    def _terms(self, question: str) -> tuple[tuple[str, ...], tuple[tuple[str, str], ...]]:
        """The words to look for, those the material lacks joined by their likely spellings."""
        words = self.generation.words
        terms: list[str] = []
        corrected: list[tuple[str, str]] = []
        for word in content_words(question):
            terms.append(word)
            for other in words.corrections(word):
                terms.append(other)
                corrected.append((word, other))
        return tuple(dict.fromkeys(terms)), tuple(corrected)

    def _hit(self, entry: Entry, vector: Vectors, word_score: float) -> Hit:
        rows = [entry.row, *entry.unit_rows]
        cosines = (self.generation.vectors[rows] @ vector).tolist()
        units: Sequence[float] = cosines[1:]
        passage = entry.passage
        question_score = units[0] if passage.question else 0.0
        best = max(units, default=cosines[0])
        score = _PASSAGE * cosines[0] + _UNIT * best + _WORDS * word_score
        return Hit(
            passage=passage,
            ordinal=entry.ordinal,
            score=float(np.clip(score, 0.0, 1.0)),
            passage_score=cosines[0],
            unit_score=best,
            word_score=word_score,
            unit_scores=tuple(units[1:] if passage.question else units),
            question_score=question_score,
        )


def _folded(hits: Sequence[Hit]) -> list[Hit]:
    """The first hit of every text; its copies elsewhere would only fill the list."""
    seen: set[str] = set()
    kept = []
    for hit in hits:
        key = " ".join(hit.passage.text.split()).lower()
        if key not in seen:
            seen.add(key)
            kept.append(hit)
    return kept
