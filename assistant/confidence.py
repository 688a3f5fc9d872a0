"""How sure: a calibrated probability that the material answers the question with this evidence.

A logistic regression over features that can be named and looked at. Its weights are fitted by
assistant.calibrate from gold questions and stored with the generation.
"""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from assistant.evidence import Evidence, Weights, contrasts, stems
from assistant.question import Asks, Question
from assistant.selection import Chosen
from corpus.markup import plain
from index.search import Found

_NUMBER_WORDS = (
    r"one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|twenty|thirty|forty|fifty|"
    r"hundred|thousand|million|billion|half|third|quarter|dozen|once|twice|double|none|both"
)
_AMOUNT = re.compile(rf"\d|\b(?:{_NUMBER_WORDS})\b", re.IGNORECASE)
_TIME = re.compile(
    r"\d|\b(?:january|february|march|april|may|june|july|august|september|october|november|december|"
    r"monday|tuesday|wednesday|thursday|friday|saturday|sunday|century|centuries|decades?|"
    r"daily|weekly|monthly|yearly|annual(?:ly)?|always|never|around the clock)\b|"
    rf"\b(?:{_NUMBER_WORDS})\s+(?:year|month|week|day|hour|minute|second|time)s?\b",
    re.IGNORECASE,
)
_YEAR = re.compile(r"\b\d{3,4}s?\b|\bcentur(?:y|ies)\b")
_NAME = re.compile(r"(?<![.!?“\"] )(?<!^)\b[A-Z][\w’'-]+")
_PERSON = re.compile(
    r"\b(?:people|person|customers?|employees?|teams?|managers?|staff|workers?|members?|users?|"
    r"who|he|she|they|men|women|king|queen|president)\b",
    re.IGNORECASE,
)
_REASON = re.compile(
    r"\b(?:because|since|so that|in order|due to|as a result|therefore|thus|reason|cause[sd]?|"
    r"leads? to|to [a-z]+|for|by|why|if|when|without)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Features:
    """What is known of the evidence, each 0 to 1 or near it."""

    similarity: float  # cosine of question and best unit
    passage: float  # cosine of question and passage
    question: float  # cosine of question and the material's own nearest question
    coverage: float  # of the question's words by rarity: in the unit, discounted around it
    covered: float  # the same, in the unit alone
    missing: float  # rarity of the rarest word that stands nowhere near, over the rarest possible
    names: float  # share of the question's names and numbers that stand nowhere near
    type_missing: float  # 1 where a time, amount, person … is asked for and none is there
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
    found: Found,
    evidence: Sequence[Evidence],
    chosen: Chosen,
    weights: Weights,
    count: int,
) -> Features:
    """The features of a chosen piece of evidence. `count` is the number of passages."""
    best = chosen.best
    passage = best.passage
    own = stems(_said(chosen))
    near = own | stems(f"{passage.context} {passage.question or ''} {passage.text}")
    absent = [rarity for word, rarity in weights.rarity.items() if word not in near]
    names = question.names
    others = [e.score for e in evidence if e.hit is not best.hit]
    inside = sum(rarity for word, rarity in weights.rarity.items() if word in own)
    return Features(
        similarity=best.similarity,
        passage=best.hit.passage_score,
        question=max((hit.question_score for hit in found.hits), default=0.0),
        coverage=best.coverage,
        covered=inside / weights.total,
        missing=max(absent, default=0.0) / math.log(2 * count + 2),
        names=len(names - near) / len(names) if names else 0.0,
        type_missing=_type_missing(question, chosen),
        agreement=best.hit.word_score,
        margin=best.score - max(others, default=0.0),
        brevity=1.0 / max(1, len(question.terms)),
        contrast=float(contrasts(question, own)),
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
    return " ".join(plain(passage.source(unit)) for passage, unit in chosen.units)


def _type_missing(question: Question, chosen: Chosen) -> float:
    """1 where the evidence lacks the kind of thing that is asked for; 0 where it has it, or the
    kind cannot be told from words."""
    said = _said(chosen)
    match question.asks:
        case Asks.TIME:
            exact = re.search(r"\byear\b", question.text, re.IGNORECASE)
            present = bool((_YEAR if exact else _TIME).search(said))
        case Asks.AMOUNT:
            present = bool(_AMOUNT.search(said))
        case Asks.PERSON:
            asked = stems(question.text)
            named = any(not stems(name) <= asked for name in _NAME.findall(said))
            present = named or bool(_PERSON.search(said))
        case Asks.PLACE:
            present = bool(_NAME.search(said) or re.search(r"\b(?:in|at|on|from)\b", said))
        case Asks.REASON:
            present = bool(_REASON.search(said))
        case _:
            return 0.0
    return 0.0 if present else 1.0


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
    def of(cls, stored: Mapping[str, Any]) -> "Calibration":
        """From what a manifest holds."""
        return cls(**stored)
