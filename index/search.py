"""Search by vectors and words together: a question in, passages with scores out."""

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
from index.identifiers import query_terms
from index.passages import IndexedPassage
from index.spelling import is_known
from index.terms import WORD, compounds, content_words, fold, words

# Candidates from each half of the search.
_CANDIDATES = 60
# Weights in the combined score; chosen on half of SQuAD 2.0's development set.
_PASSAGE_WEIGHT, _UNIT_WEIGHT, _WORD_WEIGHT = 0.3, 0.4, 0.3
# Minimum Jaccard index of the words of two passages that are copies of each other, and what must
# be equal in both: numbers and capitalised words.
_MIN_COPY_OVERLAP = 0.9
_DISTINCTIVE = re.compile(r"\d[\d.,]*|\b[A-Z]\w+")
# Weight of a passage's score for the context, relative to that for the question. A larger weight
# finds more follow-ups, but stays on the old topic after a change of topic.
_CONTEXT_WEIGHT = 0.4


class Searcher:
    """Searches one generation. Safe to share between threads."""

    def __init__(self, generation: Generation, encoder: Encoder) -> None:
        self.generation = generation
        self._encoder = encoder

    def encode(self, question: str) -> Vectors:
        """Returns the vector of the question, of unit length."""
        return self._encoder.encode_query(question)

    def search(
        self, question: str, k: int = 10, vector: Vectors | None = None, context: str = ""
    ) -> SearchResult:
        """Returns the k best passages; of passages with almost the same text, only the best.

        `vector` is the question's, if it was encoded already. `context` is the earlier part of the
        conversation; passages that match it rank somewhat higher.
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
            hits = [_with_context(hit, in_context.get(hit.ordinal, 0.0)) for hit in hits]
        hits.sort(key=lambda hit: (-hit.score, hit.ordinal))
        return SearchResult(tuple(_without_copies(hits, k)), vector)

    def _candidates(self, question: str, vector: Vectors) -> dict[int, float]:
        """The word scores of all candidates; 0 for those that only the vectors find."""
        near = self.generation.vector_store.search(vector, _CANDIDATES)
        by_words = self.generation.passages.search(
            [*content_words(question), *compounds(question)],
            _CANDIDATES,
            query_terms(question),
            self.generation.passages.synonyms.alternatives(question),
        )
        return {**dict.fromkeys(dict(near), 0.0), **dict(by_words)}

    def _hits(self, word_scores: Mapping[int, float], vector: Vectors) -> list[Hit]:
        entries = self.generation.passages.get(sorted(word_scores))
        return [self._hit(entry, vector, word_scores[entry.ordinal]) for entry in entries]

    def correct_spelling(self, text: str) -> str:
        """Returns the text with misspelled words replaced by words of the documents. Words that the
        documents or the encoder know in any form are left alone."""
        passages = self.generation.passages

        def correct(match: re.Match[str]) -> str:
            word = fold(match.group())
            if is_known(word, passages.has_word, self._encoder.knows):
                return match.group()
            return passages.correction(word) or match.group()

        return WORD.sub(correct, text)

    def _hit(self, entry: IndexedPassage, vector: Vectors, word_score: float) -> Hit:
        rows = [entry.row, entry.heading_row, *entry.unit_rows]
        cosines: list[float] = (self.generation.vectors[rows] @ vector).tolist()
        whole, heading, *units = cosines
        # A question, or the heading of a list, describes each unit below it.
        headed = entry.passage.question or entry.passage.kind in (Kind.ITEM, Kind.ROW)
        best = max([*units, heading] if headed else units, default=whole)
        score = _PASSAGE_WEIGHT * whole + _UNIT_WEIGHT * best + _WORD_WEIGHT * word_score
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


def _with_context(hit: Hit, in_context: float) -> Hit:
    return replace(hit, score=(hit.score + _CONTEXT_WEIGHT * in_context) / (1 + _CONTEXT_WEIGHT))


def _without_copies(hits: Sequence[Hit], k: int) -> list[Hit]:
    """The first k hits that are not copies of a hit before them. Passages that differ in a number
    or a name are not copies."""
    distinct: list[Hit] = []
    texts: list[tuple[frozenset[str], frozenset[str]]] = []
    for hit in hits:
        text = hit.passage.body
        own = frozenset(words(text)), frozenset(_DISTINCTIVE.findall(text))
        if not any(_are_copies(own, other) for other in texts):
            distinct.append(hit)
            texts.append(own)
            if len(distinct) == k:
                break
    return distinct


def _are_copies(
    one: tuple[frozenset[str], frozenset[str]], other: tuple[frozenset[str], frozenset[str]]
) -> bool:
    (words_a, distinctive_a), (words_b, distinctive_b) = one, other
    return distinctive_a == distinctive_b and (
        len(words_a & words_b) >= _MIN_COPY_OVERLAP * max(1, len(words_a | words_b))
    )
