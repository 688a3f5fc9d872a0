"""Finding: vectors and words, fused. A question goes in, passages with their scores come out."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from corpus.document import Kind
from index.encoder import Encoder, Vectors
from index.generation import (
    Generation,
)
from index.hits import Hit, SearchResult
from index.passages import IndexedPassage
from index.terms import WORD, content_words, fold, words

# Candidates that each half brings to the fusion.
_DEPTH = 60
# Shares of the fused score; chosen on half of SQuAD 2.0's development set.
_PASSAGE, _UNIT, _WORDS = 0.3, 0.4, 0.3
# Share of their words, by kind, that two passages have in common to be copies (Jaccard index), and
# what may not differ at all: numbers and capitalised words.
_COPY = 0.9
_TELLING = re.compile(r"\d[\d.,]*|\b[A-Z]\w+")
# What a passage's score for the context counts beside that for the question itself. More finds
# more follow-ups, and keeps to the old topic when that has changed.
_CONTEXT = 0.4


class Searcher:
    """Searches one generation. Safe to share between threads."""

    def __init__(self, generation: Generation, encoder: Encoder) -> None:
        self.generation = generation
        self._encoder = encoder

    def encode(self, question: str) -> Vectors:
        """The question as a vector of unit length."""
        return self._encoder.encode_query(question)

    def search(
        self, question: str, k: int = 10, vector: Vectors | None = None, context: str = ""
    ) -> SearchResult:
        """The k best passages. Copies of a text, exact or nearly so, are folded into the best.

        `context` is what the question was asked in; passages on it come a little further up.
        """
        if vector is None:
            vector = self.encode(question)
        scores = self._candidates(question, vector)
        in_context: dict[int, float] = {}
        if context:
            near = self.encode(context)
            found = self._candidates(context, near)
            in_context = {hit.ordinal: hit.score for hit in self._hits(found, near)}
        hits = self._hits({**dict.fromkeys(in_context, 0.0), **scores}, vector)
        if in_context:
            hits = [_leaning(hit, in_context.get(hit.ordinal, 0.0)) for hit in hits]
        hits.sort(key=lambda hit: (-hit.score, hit.ordinal))
        return SearchResult(tuple(_folded(hits, k)), vector)

    def _candidates(self, question: str, vector: Vectors) -> dict[int, float]:
        """The word scores of what either half finds; 0 for what the words do not."""
        by_vector = dict.fromkeys(dict(self.generation.vector_store.search(vector, _DEPTH)), 0.0)
        return {
            **by_vector,
            **dict(self.generation.passages.search(content_words(question), _DEPTH)),
        }

    def _hits(self, word_scores: Mapping[int, float], vector: Vectors) -> list[Hit]:
        entries = self.generation.passages.get(sorted(word_scores))
        return [self._hit(entry, vector, word_scores[entry.ordinal]) for entry in entries]

    def correct_spelling(self, text: str) -> str:
        """The text with what is no word replaced by the word of the material that it is most
        likely a misspelling of. A word that the encoder knows is one, whether or not it occurs."""

        def mend(match: re.Match[str]) -> str:
            word = fold(match.group())
            if self._encoder.knows(word):
                return match.group()
            return self.generation.passages.correction(word) or match.group()

        return WORD.sub(mend, text)

    def _hit(self, entry: IndexedPassage, vector: Vectors, word_score: float) -> Hit:
        rows = [entry.row, entry.heading_row, *entry.unit_rows]
        cosines: list[float] = (self.generation.vectors[rows] @ vector).tolist()
        whole, heading, *units = cosines
        # A question, or the heading of a list, says what each unit below it is about.
        headed = entry.passage.question or entry.passage.kind in (Kind.ITEM, Kind.ROW)
        best = max([*units, heading] if headed else units, default=whole)
        score = _PASSAGE * whole + _UNIT * best + _WORDS * word_score
        return Hit(
            passage=entry.passage,
            ordinal=entry.ordinal,
            score=float(np.clip(score, 0.0, 1.0)),
            passage_score=whole,
            unit_score=best,
            word_score=word_score,
            heading_score=heading,
            unit_scores=tuple(units),
        )


def _leaning(hit: Hit, in_context: float) -> Hit:
    return replace(hit, score=(hit.score + _CONTEXT * in_context) / (1 + _CONTEXT))


def _folded(hits: Sequence[Hit], k: int) -> list[Hit]:
    """The first k hits of which none says what one before it says: copies would only fill the
    list. What differs in a number or a name is no copy."""
    kept: list[Hit] = []
    texts: list[tuple[frozenset[str], frozenset[str]]] = []
    for hit in hits:
        text = hit.passage.text
        own = frozenset(words(text)), frozenset(_TELLING.findall(text))
        if not any(_alike(own, other) for other in texts):
            kept.append(hit)
            texts.append(own)
            if len(kept) == k:
                break
    return kept


def _alike(
    one: tuple[frozenset[str], frozenset[str]], other: tuple[frozenset[str], frozenset[str]]
) -> bool:
    (words_a, telling_a), (words_b, telling_b) = one, other
    return telling_a == telling_b and (
        len(words_a & words_b) >= _COPY * max(1, len(words_a | words_b))
    )
