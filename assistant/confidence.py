"""How sure: a calibrated probability that the material answers the question with this evidence.

A logistic regression over features that can be named and looked at. Its weights are fitted by
assistant.training.calibrate from gold questions and stored with the generation.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from assistant.english.expected import lacks
from assistant.english.opposites import contrasts, numbers
from assistant.english.question import Question
from assistant.evidence import Evidence, Weights, covered
from assistant.selection import Chosen, Shape
from corpus.markup import strip_markup
from index.bm25 import inverse_document_frequency
from index.hits import SearchResult
from index.terms import stems


@dataclass(frozen=True)
class Features:
    """What is known of the evidence, each 0 to 1 or near it."""

    similarity: float  # cosine of question and best unit
    passage: float  # cosine of question and passage
    question: float  # cosine of question and the material's own nearest question
    heading: float  # cosine of question and the passage's own question or nearest heading
    coverage: float  # of the question's words by rarity: in the unit, discounted around it
    covered: float  # the same, in the unit alone
    missing: float  # rarity of the rarest word that stands nowhere near, over the rarest possible
    names: float  # share of the question's names that stand nowhere near
    numbers: float  # share of the question's numbers that stand nowhere near
    type_missing: float  # 1 where a time, amount, person … is asked for and none is there, or 0.5
    agreement: float  # word score of the best passage: 1 where both searches put it first
    margin: float  # score over that of the best unit of another passage
    brevity: float  # 1 over the number of content words: how much the question leaves open
    contrast: float  # 1 where the evidence names the opposite of what was asked
    reader: float = 0.0  # the reader's logit for the best sentence, over 10; 0 without a reader
    reader_passage: float = 0.0  # the reader's logit for the passage, over 10

    def vector(self) -> list[float]:
        """The values in the order of the fields."""
        return [float(value) for value in asdict(self).values()]


def measure(
    question: Question,
    found: SearchResult,
    evidence: Sequence[Evidence],
    chosen: Chosen,
    weights: Weights,
    count: int,
) -> Features:
    """The features of a chosen piece of evidence. `count` is the number of passages."""
    best = chosen.best
    passage = best.passage
    own = stems(_said(chosen))
    similarity, coverage = best.similarity, best.coverage
    if chosen.shape is Shape.LIST:  # its heading says what a list is of, none of its items does
        own |= stems(" ".join(passage.headings[-1:]))
        similarity = max(similarity, best.hit.heading_score)
        coverage = max(coverage, covered(weights, own, own))
    around = f"{passage.context} {passage.question or ''} {passage.text}"
    near = own | stems(around)
    # "Which three ..." counts the answers; a list seldom says how many they are.
    counted = numbers(question.text, spelled=not question.wants_list)
    nowhere = inverse_document_frequency(0, count)
    absent = [rarity for word, rarity in weights.rarity.items() if word not in near]
    names = frozenset(name for name in question.names if not name[0].isdigit())
    others = [e.score for e in evidence if e.hit is not best.hit]
    inside = sum(rarity for word, rarity in weights.rarity.items() if word in own)
    return Features(
        similarity=similarity,
        passage=best.hit.passage_score,
        question=max((hit.question_score for hit in found.hits), default=0.0),
        heading=best.hit.heading_score,
        coverage=coverage,
        covered=inside / weights.total,
        missing=max(absent, default=0.0) / nowhere,
        names=len(names - near) / len(names) if names else 0.0,
        numbers=len(counted - numbers(around)) / len(counted) if counted else 0.0,
        type_missing=lacks(question, _said(chosen)),
        agreement=best.hit.word_score,
        margin=best.score - max(others, default=0.0),
        brevity=1.0 / max(1, len(question.terms)),
        contrast=float(contrasts(frozenset(question.terms), own)),
        reader=_reader(chosen),
        reader_passage=best.reading.passage / 10 if best.reading else 0.0,
    )


def _reader(chosen: Chosen) -> float:
    """The reader's best logit for a chosen unit, over 10; a doubtful one for what it did not
    read, 0 where there is no reader."""
    reading = chosen.best.reading
    if reading is None:
        return 0.0
    places = [place for passage, place in chosen.places if passage is chosen.best.passage]
    return max((reading.units.get(place, -3.0) for place in places), default=-3.0) / 10


def _said(chosen: Chosen) -> str:
    return " ".join(strip_markup(passage.source(unit)) for passage, unit in chosen.units)


@dataclass(frozen=True)
class Calibration:
    """Weights of a logistic regression and the threshold below which is refused.

    `method` says how they came about, for whoever reads the manifest.
    """

    bias: float
    weights: Mapping[str, float]
    threshold: float
    method: str = ""
    fitted_on: Mapping[str, int] = field(default_factory=dict)

    def probability(self, features: Features) -> float:
        """0 to 1: how likely the material answers the question with this evidence."""
        values = asdict(features)
        logit = self.bias + sum(
            weight * values.get(name, 0.0) for name, weight in self.weights.items()
        )
        return 1.0 / (1.0 + math.exp(-max(-40.0, min(40.0, logit))))

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> "Calibration":
        """From what a manifest holds."""
        return cls(**stored)
