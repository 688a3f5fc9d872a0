"""Confidence: a calibrated probability that the documents answer the question with this evidence.

A logistic regression over named features. `assistant.training.calibrate` fits its weights on gold
questions; a build stores them with the generation.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from assistant.english.numbers import numbers
from assistant.english.question import Question
from assistant.evidence import Evidence, WordWeights, compare, surroundings
from assistant.selection import Selection, Shape
from corpus.markup import strip_markup
from index.bm25 import inverse_document_frequency
from index.hits import SearchResult
from index.terms import stems

# The logit of a selected unit that the reader did not read. The shipped calibration was fitted with
# it, hence not evidence.UNREAD_LOGIT.
_UNREAD_LOGIT = -3.0
# What a corrected misspelling takes off the logit of being right, in NoiseQA: 0.16 with natural and
# -0.07 with synthetic keyboard noise, against the same questions without noise; the mean of both.
_CORRECTED = 0.045
# Logits are divided by this to lie near 0 to 1, as the other features do.
_LOGIT_SCALE = 10


@dataclass(frozen=True)
class Features:
    """What is known of the evidence, each 0 to 1 or near it."""

    similarity: float  # cosine of question and best unit
    passage: float  # cosine of question and passage
    question: float  # cosine of question and the nearest FAQ question that was found
    heading: float  # cosine of question and the passage's FAQ question or nearest heading
    coverage: float  # of the question's words by rarity: in the unit, discounted around it
    covered: float  # the same, in the selected units alone
    missing: float  # rarity of the rarest word that is nowhere near, over the rarest possible
    names: float  # share of the question's names that are nowhere near
    numbers: float  # share of the question's numbers that are nowhere near
    type_missing: float  # 1 if the type of thing asked for is missing, 0.5 for a loose form
    agreement: float  # word score of the best passage: 1 if both searches put it first
    margin: float  # score over that of the best unit of another passage
    brevity: float  # 1 over the number of content words: how much the question leaves open
    contrast: float  # 1 if the evidence names the opposite of what was asked
    reader: float = 0.0  # the reader's logit for the best unit, over 10; 0 without a reader
    reader_passage: float = 0.0  # the reader's logit for the passage, over 10

    def vector(self) -> list[float]:
        """The values in the order of the fields."""
        return [float(value) for value in asdict(self).values()]


@dataclass(frozen=True)
class Calibration:
    """Weights of a logistic regression, and the probability below which a question is refused.

    `method` and `fitted_on` describe the fit for people who read the manifest.
    """

    bias: float
    weights: Mapping[str, float]
    threshold: float
    method: str = ""
    fitted_on: Mapping[str, int] = field(default_factory=dict)

    def probability(self, features: Features, is_corrected: bool = False) -> float:
        """0 to 1: how likely the documents answer the question with this evidence. `is_corrected`
        is whether a misspelling of the question was taken for a word of the documents."""
        values = asdict(features)
        logit = self.bias + sum(
            weight * values.get(name, 0.0) for name, weight in self.weights.items()
        )
        if is_corrected:
            logit -= _CORRECTED
        return 1.0 / (1.0 + math.exp(-max(-40.0, min(40.0, logit))))

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> "Calibration":
        """From the dictionary in a manifest. Raises TypeError if its keys are others."""
        return cls(**stored)


def extract_features(
    question: Question,
    found: SearchResult,
    evidence: Sequence[Evidence],
    selection: Selection,
    weights: WordWeights,
    passage_count: int,
) -> Features:
    """The features of a selection. `passage_count` is the number of passages in the index."""
    best = selection.best
    passage = best.passage
    text = " ".join(strip_markup(each.source(unit)) for each, unit in selection.units)
    similarity, coverage = best.similarity, best.coverage
    if selection.shape is Shape.LIST:  # its heading says what a list is of, none of its items does
        comparison = compare(question, weights, text, " ".join(passage.headings[-1:]))
        similarity = max(similarity, best.hit.heading_score)
        coverage = max(coverage, comparison.coverage)
    else:
        comparison = compare(question, weights, text)
    around = surroundings(passage)
    near = comparison.stems | stems(around)
    # "Which three ..." counts the answers; a list seldom says how many they are.
    asked_numbers = numbers(question.text, spelled=not question.wants_list)
    absent = [rarity for word, rarity in weights.rarity.items() if not weights.is_in(word, near)]
    names = frozenset(name for name in question.names if not name[0].isdigit())
    others = [e.score for e in evidence if e.hit is not best.hit]
    return Features(
        similarity=similarity,
        passage=best.hit.passage_score,
        question=max((hit.question_score for hit in found.hits), default=0.0),
        heading=best.hit.heading_score,
        coverage=coverage,
        covered=comparison.coverage,
        missing=max(absent, default=0.0) / inverse_document_frequency(0, passage_count),
        names=_share_missing(names, near),
        numbers=_share_missing(asked_numbers, numbers(around)),
        type_missing=comparison.missing_type,
        agreement=best.hit.word_score,
        margin=best.score - max(others, default=0.0),
        brevity=1.0 / max(1, len(question.terms)),
        contrast=float(comparison.contrasts),
        reader=_reader_logit(selection) / _LOGIT_SCALE,
        reader_passage=best.reading.passage / _LOGIT_SCALE if best.reading else 0.0,
    )


def _share_missing(asked: frozenset[str], found: frozenset[str]) -> float:
    return len(asked - found) / len(asked) if asked else 0.0


def _reader_logit(selection: Selection) -> float:
    """The reader's best logit for a selected unit of the best passage; 0 without a reader."""
    best = selection.best
    if best.reading is None:
        return 0.0
    places = [place for passage, place in selection.places if passage is best.passage]
    units = best.reading.units
    return max((units.get(place, _UNREAD_LOGIT) for place in places), default=_UNREAD_LOGIT)
