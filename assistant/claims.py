"""The proof of free text: whether cited text supports a sentence that a language model wrote.

A sentence is proved in two steps. First, nothing in it may be a flaw: a number with its unit, a
name, a negation, a quantity, or a word that neither the text nor a word of the same meaning in it
says, and names and numbers that the text does not state together. Then a fitted model gives the
probability that the text covers the meaning: from the words, their order, and what the trained
reader says of the sentence as a question. Knows nothing of who wrote the sentence.
"""

import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from functools import lru_cache
from importlib.resources import files
from itertools import pairwise
from typing import Any

from assistant.english import thesaurus
from assistant.english.agreement import clauses, disagreements, quantities
from assistant.reader.runtime import Reader
from corpus.document import Kind, Passage, Unit
from index.encoder import Encoder
from index.rendering import path_text, unit_text
from index.terms import STOP_WORDS, compounds, stem, words

# Passages that the reader reads for a sentence, each around its most similar unit.
_MAX_READ = 2
_LOGIT_SCALE = 10
_NEAR = 3  # words between two that count as neighbours
_MAX_CLAIM_CHARS = 600
_STOP_STEMS = frozenset(stem(word) for word in STOP_WORDS)
# Words that change what follows them. "no more than 5" and "more than 5" share their words.
_OPERATORS = frozenset("not no never without cannot only unless more less fewer".split())
# Words that a fluent sentence adds without saying anything more, and numbers, which are compared as
# such.
_LIGHT = STOP_WORDS | frozenset(
    "use uses used using get gets got getting want wants need needs needed find finds take "
    "takes taken make makes made come comes go goes going put know per plus although since "
    "though while whereas among around beyond along well back two three four five six seven "
    "eight nine ten eleven twelve first second third twenty thirty pm am o'clock someone anyone "
    "somebody anybody people person thing things something anything everything everyone "
    "everybody nobody nothing without cannot unless except never always within onto via whether "
    "however therefore thus keep keeps kept turn far way according regarding concerning apply "
    "applies applied available possible able let lets needn't it's you're you'll they're "
    "there's that's doesn't isn't aren't don't can't won't".split()
)
_NEGATED = re.compile(r"n't$")
_SCOPE = 2  # content words that an operator changes


@dataclass(frozen=True, slots=True)
class Support:
    """A unit of a passage that a sentence cites."""

    passage: Passage
    unit: Unit

    @property
    def text(self) -> str:
        """The unit with what it needs to be understood, without marks."""
        return unit_text(self.passage, self.unit)


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
    have = _stems(f"{context} {text}")
    unit_logit, passage_logit = _read(claim, best, reader)
    features = ClaimFeatures(
        coverage=_covered(claim, have),
        clause=min((_covered(part, have) for part in clauses(claim)), default=0.0),
        neighbours=_neighbours(claim, f"{context} {text}"),
        reader=unit_logit / _LOGIT_SCALE,
        reader_passage=passage_logit / _LOGIT_SCALE,
    )
    return features, _flaws(claim, text, context, best), best


def _flaws(claim: str, text: str, context: str, cited: Sequence[Support]) -> list[str]:
    """What the sentence says and the cited text does not, each named."""
    have = _stems(f"{context} {text}")
    unsaid = (word for word in _content(claim) if word not in have)
    flaws = disagreements(claim, text, context)
    flaws += [f"word {word}" for word in unsaid if not have & thesaurus.similar(word)]
    flaws += [f"apart: {clause}" for clause in _apart(claim, cited)]
    flaws += [f"{operator} {word}" for operator, word in _misplaced(claim, text)]
    return flaws


def nearest(claim: str, cited: Sequence[Support], encoder: Encoder) -> list[Support]:
    """The units, those first that are nearest to a sentence in words and meaning."""
    vectors = encoder.encode_documents([claim, *(each.text for each in cited)])
    cosines = vectors[1:] @ vectors[0]
    order = sorted(range(len(cited)), key=lambda n: -_rank(claim, cited[n].text, cosines[n]))
    return [cited[n] for n in order]


def _rank(claim: str, text: str, cosine: float) -> float:
    own = {*_content(claim)}
    return float(cosine) + len(own & _stems(text)) / max(1, len(own))


def _needed(claim: str, ranked: Sequence[Support]) -> list[Support]:
    """The best unit, and each further one that adds a word of the claim."""
    missing = {*_content(claim), *quantities(claim)}
    needed: list[Support] = []
    for each in ranked:
        added = missing & (_stems(each.text) | quantities(each.text).keys())
        if added or not needed:
            needed.append(each)
            missing -= added
    return needed


def _read(claim: str, cited: Sequence[Support], reader: Reader | None) -> tuple[float, float]:
    """The reader's highest logits for a unit and a passage; it reads the claim as a question."""
    units, passages = [], []
    first = {id(each.passage): each for each in reversed(cited)}
    for each in list(first.values())[::-1][:_MAX_READ] if reader else ():
        assert reader is not None
        place = each.passage.units.index(each.unit)
        if each.unit.kind is Kind.HEADER:
            continue
        reading = reader.read(claim, each.passage, place)
        own = {s.unit for s in cited if s.passage is each.passage}
        units += [x for n, x in reading.units.items() if each.passage.units[n] in own]
        passages.append(reading.passage)
    return max(units, default=0.0), max(passages, default=0.0)


@lru_cache(maxsize=8192)
def _content(text: str) -> tuple[str, ...]:
    """The stems of the words that say something, each once, in order."""
    found = (stem(word) for word in words(text) if word not in _LIGHT)
    return tuple(dict.fromkeys(each for each in found if not each[0].isdigit()))


@lru_cache(maxsize=8192)
def _stems(text: str) -> frozenset[str]:
    return frozenset(stem(word) for word in (*words(text), *compounds(text)))


def _covered(text: str, have: frozenset[str]) -> float:
    own = _content(text)
    return sum(word in have for word in own) / len(own) if own else 1.0


def _neighbours(claim: str, text: str) -> float:
    """The share of the claim's pairs of words in a row, operators included, that stand within
    three words in the text, in this order."""
    places: dict[str, list[int]] = {}
    for place, word in enumerate(words(text)):
        places.setdefault(stem(word), []).append(place)
    own = [stem(w) for w in words(claim) if w not in STOP_WORDS or w in _OPERATORS]
    pairs = [(places.get(a, ()), places.get(b, ())) for a, b in pairwise(own)]
    close = (any(0 < b - a <= _NEAR for a in one for b in other) for one, other in pairs)
    return sum(close) / len(pairs) if pairs else 1.0


def _apart(claim: str, cited: Sequence[Support]) -> list[str]:
    """The claim's clauses with a name or number that is not in the clause of the cited text which
    has most of their other words."""
    parts = [
        (_stems(part) | _numbers(part), _stems(path_text(each.passage)))
        for each in cited
        for part in _segments(each)
    ]
    apart = []
    for clause in clauses(claim):
        anchors = _anchors(clause)
        own = frozenset(_content(clause)) | anchors
        scores = [len(own & text) / math.sqrt(len(text) or 1) for text, _ in parts]
        best = max(scores)
        nearest = (part for part, score in zip(parts, scores, strict=True) if score == best)
        if not any(anchors <= text | above for text, above in nearest):
            apart.append(clause)
    return apart


def _segments(support: Support) -> list[str]:
    """The clauses of a unit, each behind what they share: a row's label."""
    text = support.text
    label, comma, rest = text.partition(", ")
    if support.unit.kind is Kind.ROW and comma:
        return [f"{label} {part}" for part in rest.split("; ")]
    parts = clauses(text)
    return [f"{one} {other}" for one, other in pairwise(parts)] or [text]


def _anchors(text: str) -> frozenset[str]:
    names = (stem(word.lower()) for word in re.findall(r"\b[A-Z][\w'’]+", text))
    return frozenset(name for name in names if name not in _STOP_STEMS) | _numbers(text)


def _numbers(text: str) -> frozenset[str]:
    return frozenset(quantities(text))


def _misplaced(claim: str, text: str) -> list[tuple[str, str]]:
    """The operators of one side with a word that the other side has without that operator."""
    own, other = _operated(claim), _operated(text)
    here, there = _stems(claim), _stems(text)
    wrong = [pair for pair in own - other if pair[1] in there]
    return sorted([*wrong, *(pair for pair in other - own if pair[1] in here)])


@lru_cache(maxsize=8192)
def _operated(text: str) -> frozenset[tuple[str, str]]:
    """Pairs of an operator and a word that it changes: ("not", "carri")."""
    pairs = set()
    for clause in clauses(text) or [text]:
        every = words(clause)
        for place, word in enumerate(every):
            operator = "not" if _NEGATED.search(word) or word in ("no", "cannot") else word
            if operator in _OPERATORS:
                following = [w for w in every[place + 1 :] if w not in STOP_WORDS][:_SCOPE]
                pairs |= {(operator, stem(each)) for each in following}
    return frozenset(pairs)


def _sigmoid(logit: float) -> float:
    return 1 / (1 + math.exp(-max(-40.0, min(40.0, logit))))


@lru_cache(maxsize=1)
def _weights() -> dict[str, Any]:
    text = files("assistant").joinpath("claims.json").read_text(encoding="utf-8")
    loaded: dict[str, Any] = json.loads(text)
    return loaded
