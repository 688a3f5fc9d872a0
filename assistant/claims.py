"""The proof of free text: whether cited text supports a sentence that a language model wrote.

A sentence is proved in two steps. First, nothing in it may be a flaw: a number with its unit, a
name, a negation, a quantity, or a word that neither the text nor a word of the same meaning in it
says, and names and numbers that the text does not state together. Then a fitted model gives the
probability that the text covers the meaning: from the words, their order, and what the trained
reader says of the sentence as a question. Knows nothing of who wrote the sentence.
"""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from functools import lru_cache
from importlib.resources import files
from itertools import pairwise
from typing import Any

from assistant.claim_text import Support as Support
from assistant.claim_text import content, stems_in
from assistant.english.agreement import clauses, quantities
from assistant.flaws import OPERATORS, flaws_of
from assistant.reader.runtime import Reader
from corpus.document import Kind
from index.encoder import Encoder
from index.rendering import path_text
from index.terms import STOP_WORDS, stem, words

# Passages that the reader reads for a sentence, each around its most similar unit.
_MAX_READ = 2
_LOGIT_SCALE = 10
_NEAR = 3  # words between two that count as neighbours
_MAX_CLAIM_CHARS = 600


@dataclass(frozen=True, slots=True)
class ClaimFeatures:
    """What is known of a sentence without a flaw and the text that it cites; 0 to 1 or near it."""

    coverage: float  # share of the content words that the text or the headings have
    clause: float  # the lowest such share of a clause
    neighbours: float  # share of the neighbouring words that are close in the text
    reader: float = 0.0  # the reader's highest logit for a unit, over 10
    reader_passage: float = 0.0  # its highest logit for a passage, over 10

    def values(self) -> dict[str, float]:
        """The values by name."""
        return {each.name: float(getattr(self, each.name)) for each in fields(self)}


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the proof of a sentence found. `support` are the units that support it, best first."""

    probability: float
    flaws: tuple[str, ...]
    support: tuple[Support, ...]
    threshold: float

    @property
    def is_supported(self) -> bool:
        """Whether the sentence may be shown."""
        return not self.flaws and self.probability >= self.threshold


class ClaimProof:
    """Proves sentences. Safe to share between threads. Works without a reader, with weights of its
    own."""

    def __init__(self, encoder: Encoder, reader: Reader | None = None) -> None:
        self._encoder = encoder
        self._reader = reader
        weights = _weights()["reader" if reader else "plain"]
        self._bias: float = weights["bias"]
        self._weights: Mapping[str, float] = weights["weights"]
        self._threshold: float = weights["threshold"]

    def check(self, claim: str, cited: Sequence[Support]) -> Verdict:
        """Judges a sentence, in plain text, by the units that it cites."""
        if not cited or len(claim) > _MAX_CLAIM_CHARS or not words(claim):
            return Verdict(0.0, ("nothing cited" if not cited else "not a sentence",), (), 1.0)
        features, flaws, best = measure(claim, cited, self._encoder, self._reader)
        logit = self._bias + sum(
            weight * features.values()[name] for name, weight in self._weights.items()
        )
        return Verdict(_sigmoid(logit), tuple(flaws), tuple(best), self._threshold)


def measure(
    claim: str, cited: Sequence[Support], encoder: Encoder, reader: Reader | None
) -> tuple[ClaimFeatures, list[str], list[Support]]:
    """The features of a sentence, its flaws, and the cited units that have a word or number of it
    that no better one has, best first."""
    best = _needed(claim, nearest(claim, cited, encoder))
    text = " . ".join(each.text for each in best)
    context = " . ".join({path_text(each.passage): None for each in best})
    have = stems_in(f"{context} {text}")
    unit_logit, passage_logit = _read(claim, best, reader)
    features = ClaimFeatures(
        coverage=_covered(claim, have),
        clause=min((_covered(part, have) for part in clauses(claim)), default=0.0),
        neighbours=_neighbours(claim, f"{context} {text}"),
        reader=unit_logit / _LOGIT_SCALE,
        reader_passage=passage_logit / _LOGIT_SCALE,
    )
    return features, flaws_of(claim, text, context, best), best


def nearest(claim: str, cited: Sequence[Support], encoder: Encoder) -> list[Support]:
    """The units, those first that are nearest to a sentence in words and meaning."""
    vectors = encoder.encode_documents([claim, *(each.text for each in cited)])
    cosines = vectors[1:] @ vectors[0]
    order = sorted(range(len(cited)), key=lambda n: -_rank(claim, cited[n].text, cosines[n]))
    return [cited[n] for n in order]


def _rank(claim: str, text: str, cosine: float) -> float:
    own = {*content(claim)}
    return float(cosine) + len(own & stems_in(text)) / max(1, len(own))


def _needed(claim: str, ranked: Sequence[Support]) -> list[Support]:
    """The best unit, and each further one that adds a word of the claim."""
    missing = {*content(claim), *quantities(claim)}
    needed: list[Support] = []
    for each in ranked:
        added = missing & (stems_in(each.text) | quantities(each.text).keys())
        if added or not needed:
            needed.append(each)
            missing -= added
    return needed


def _read(claim: str, cited: Sequence[Support], reader: Reader | None) -> tuple[float, float]:
    """The reader's highest logits for a unit and a passage; it reads the claim as a question."""
    if reader is None:
        return 0.0, 0.0
    first = {id(each.passage): each for each in reversed(cited)}
    read = [e for e in list(first.values())[::-1][:_MAX_READ] if e.unit.kind is not Kind.HEADER]
    rows = [reader.row(claim, e.passage, e.passage.units.index(e.unit)) for e in read]
    readings = reader.read(rows)
    units = []
    for each, reading in zip(read, readings, strict=True):
        own = {s.unit for s in cited if s.passage is each.passage}
        units += [x for n, x in reading.units.items() if each.passage.units[n] in own]
    return max(units, default=0.0), max((each.passage for each in readings), default=0.0)


def _covered(text: str, have: frozenset[str]) -> float:
    own = content(text)
    return sum(word in have for word in own) / len(own) if own else 1.0


def _neighbours(claim: str, text: str) -> float:
    """The share of the claim's pairs of words in a row, operators included, that stand within
    three words in the text, in this order."""
    places: dict[str, list[int]] = {}
    for place, word in enumerate(words(text)):
        places.setdefault(stem(word), []).append(place)
    own = [stem(w) for w in words(claim) if w not in STOP_WORDS or w in OPERATORS]
    pairs = [(places.get(a, ()), places.get(b, ())) for a, b in pairwise(own)]
    close = (any(0 < b - a <= _NEAR for a in one for b in other) for one, other in pairs)
    return sum(close) / len(pairs) if pairs else 1.0


def _sigmoid(logit: float) -> float:
    return 1 / (1 + math.exp(-max(-40.0, min(40.0, logit))))


@lru_cache(maxsize=1)
def _weights() -> dict[str, Any]:
    text = files("assistant").joinpath("claims.json").read_text(encoding="utf-8")
    loaded: dict[str, Any] = json.loads(text)
    return loaded
