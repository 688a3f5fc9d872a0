"""Choosing: from the passages that were found to the sentences, items and rows that answer.

Knows hits and what the question asks for; knows nothing of how answers are worded. Pure
functions of their arguments.
"""

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from assistant.english.expected import lacks
from assistant.english.opposites import contrasts
from assistant.english.question import AnswerType, Question
from assistant.reader.runtime import Reader, Reading
from corpus.document import Kind, Passage, Unit
from corpus.markup import strip_markup
from index.bm25 import inverse_document_frequency
from index.hits import Hit, SearchResult
from index.terms import STOP_WORDS, stem, stems

_EMPTY = frozenset(stem(word) for word in STOP_WORDS)
# Passages whose units are looked at, best first.
DEPTH = 10
# Shares of a unit's score; chosen on half of SQuAD 2.0's development set and on the gold questions.
_SIMILARITY, _COVERAGE, _FOUND = 0.4, 0.4, 0.2
# What a unit loses that speaks of the opposite of what was asked, and gains that defines it.
_CONTRAST, _DEFINITION = 0.12, 0.06
# What a unit loses that lacks the kind of thing that is asked for.
_LACKS = 0.06
# What a paragraph loses that is a few words without an end: it names what follows, as a heading.
_TITLE = 0.35
_BARE = re.compile(r"^[^\w\n]*(?:[^\W\d_]+[ ,&/'’-]+){0,4}[^\W\d_]+[^\w.!?:;]*$")
# Where several things are asked for: what a unit gains that names them, and loses that only
# says how many there are.
_NAMES_SEVERAL, _ONLY_COUNTS = 0.04, 0.12
_COUNTS = re.compile(
    r"\b(?:two|three|four|five|six|seven|eight|nine|ten|several|some|many)\s+(?:\w+\s+){0,2}?\w+s\b"
    r"|\b(?:two|three|four|five|six|seven|eight|nine|ten) of\b|\bfollowing\b|\bbelow\b",
    re.IGNORECASE,
)
# What a unit loses that only says the question's own words again.
_NOTHING_NEW = 0.10
# Passages that the reader reads, and what its verdict adds to a unit's score.
READ = 3
_READER, _READER_PASSAGE = 0.3, 0.15
# A passage whose best unit scores less than the best of all by more than this is not read: the
# verdict seldom makes up for it, and reading is what takes the time.
_REACH = 0.12
# What is taken for read of a passage that was not: such passages are seldom right.
_UNREAD = Reading(units={}, passage=-2.0)
# What an item is about, before its colon or dash; what a sentence defines.
_KEY = re.compile(r"^(.{3,60}?)(?::| [–—-]) ")
_DEFINED = re.compile(r"^(.{3,60}?)\s(?:is|are|was|were|means?|refers? to|describes?)\s")
# Questions that a single new word hardly answers.
_EXPLAINED = (AnswerType.OTHER, AnswerType.REASON, AnswerType.DEFINITION)
# What a question word counts that stands in the passage or its headings, not in the unit.
_NEAR = 0.6


@dataclass(frozen=True)
class Weights:
    """How rare each of the question's stems is in this material: stem → inverse document
    frequency as BM25 has it (natural logarithm, above 0; Robertson and Zaragoza 2009)."""

    rarity: Mapping[str, float]

    @cached_property
    def total(self) -> float:
        return sum(self.rarity.values()) or 1.0


@dataclass(frozen=True)
class Evidence:
    """A unit that may answer. `score` is comparable within one question; `similarity` is the
    cosine to the question, `coverage` the share of the question's words, by rarity, that stand
    in the unit or, at a discount, around it (both 0 to 1). `reading` is what the reader made of
    its passage, where one read it, and `verdict` what that adds to the score."""

    hit: Hit
    unit: Unit
    place: int  # of the unit in its passage
    score: float
    similarity: float
    coverage: float
    reading: Reading | None = None
    verdict: float = 0.0

    @property
    def rank(self) -> float:
        """What evidence is sorted by: its score, and what the reader's verdict adds."""
        return self.score + self.verdict

    @property
    def passage(self) -> Passage:
        return self.hit.passage

    @property
    def source(self) -> str:
        """The unit's own text, as it stands in the document."""
        return self.passage.source(self.unit)


def weigh_words(question: Question, frequency: Callable[[str], int], count: int) -> Weights:
    """The rarity of the question's words among `count` passages."""
    rarity: dict[str, float] = {}
    for word in question.subject:
        rarity[stem(word)] = inverse_document_frequency(min(frequency(word), count), count)
    return Weights(rarity)


def gather(question: Question, found: SearchResult, weights: Weights) -> list[Evidence]:
    """The units of the best passages, best first. A heading or a table's header is never one."""
    evidence: list[Evidence] = []
    asked = frozenset(question.terms)
    for hit in found.hits[:DEPTH]:
        passage = hit.passage
        around = stems(f"{passage.context} {passage.question or ''} {passage.text}")
        for place, unit in enumerate(passage.units):
            if unit.kind in (Kind.HEADER, Kind.CODE) or (is_lead(passage, place)):
                continue
            own = stems(_words_of(passage, unit))
            coverage = covered(weights, own, around)
            similarity = hit.unit_scores[place]
            score = _SIMILARITY * similarity + _COVERAGE * coverage + _FOUND * hit.score
            score -= _LACKS * lacks(question, _words_of(passage, unit))
            if unit.kind is Kind.PARAGRAPH and _BARE.match(passage.source(unit)):
                score -= _TITLE
            if contrasts(asked, own):
                score -= _CONTRAST
            if question.answer_type is not AnswerType.YES_NO and not _adds(question, own):
                score -= _NOTHING_NEW
            if question.wants_list and question.answer_type is not AnswerType.AMOUNT:
                score += _enumerates(passage, unit)
            if _is_about(question, passage, unit):
                score += _DEFINITION
            evidence.append(Evidence(hit, unit, place, score, similarity, coverage))
    return sorted(evidence, key=lambda e: (-e.score, e.hit.ordinal, e.place))


def read(question: Question, evidence: Sequence[Evidence], reader: Reader) -> list[Evidence]:
    """The evidence after the reader has read the best passages, best first again."""
    best: dict[int, Evidence] = {}
    for each in evidence:
        best.setdefault(each.hit.ordinal, each)
    leading = [each for each in best.values() if each.score >= evidence[0].score - _REACH][:READ]
    readings = reader.read(question.text, [(each.passage, each.place) for each in leading])
    by_passage = {each.hit.ordinal: got for each, got in zip(leading, readings, strict=True)}
    result = []
    for each in evidence:
        reading = by_passage.get(each.hit.ordinal, _UNREAD)
        logit = reading.units.get(each.place, _UNREAD.passage)
        bonus = _READER * _sigmoid(logit) + _READER_PASSAGE * _sigmoid(reading.passage)
        result.append(replace(each, verdict=bonus, reading=reading))
    return sorted(result, key=lambda e: (-e.rank, e.hit.ordinal, e.place))


def rerank(found: SearchResult, evidence: Sequence[Evidence]) -> list[tuple[float, Hit]]:
    """The hits after reading, best first, each with what it is sorted by, 0 to 1: its own score
    and the reader's verdict on the best of its units."""
    verdicts: dict[int, float] = {}
    for each in evidence:
        verdicts[each.hit.ordinal] = max(each.verdict, verdicts.get(each.hit.ordinal, 0.0))
    least = min(verdicts.values(), default=0.0)
    highest = 1.0 + (_READER + _READER_PASSAGE if verdicts else 0.0)
    ranked = [((hit.score + verdicts.get(hit.ordinal, least)) / highest, hit) for hit in found.hits]
    return sorted(ranked, key=lambda pair: (-pair[0], pair[1].ordinal))


def _sigmoid(logit: float) -> float:
    return 1.0 / (1.0 + math.exp(-max(-30.0, min(30.0, logit))))


def covered(weights: Weights, own: frozenset[str], around: frozenset[str]) -> float:
    """The share of the question's words, by rarity, that the texts hold; 0 to 1."""
    total = 0.0
    for word, rarity in weights.rarity.items():
        if word in own:
            total += rarity
        elif word in around:
            total += _NEAR * rarity
    return total / weights.total


def _adds(question: Question, own: frozenset[str]) -> bool:
    """Whether a text says anything that the question does not: a word, where a single thing is
    asked for, else two."""
    least = 2 if question.answer_type in _EXPLAINED else 1
    return len(own - set(question.terms) - _EMPTY) >= least


def _enumerates(passage: Passage, unit: Unit) -> float:
    """What a unit gains that names several things, and loses that only counts them."""
    text = passage.source(unit)
    if text.count(",") >= 2:
        return _NAMES_SEVERAL
    return -_ONLY_COUNTS if announces(text) else 0.0


def announces(text: str) -> bool:
    """Whether a sentence says how many things there are, and not which."""
    return text.count(",") < 2 and bool(_COUNTS.search(text))


def _is_about(question: Question, passage: Passage, unit: Unit) -> bool:
    """Whether the unit opens with the thing asked for: a row by its first cell, an item before its
    colon or dash, a sentence that says what something is."""
    if unit.kind is Kind.ROW and unit.cells:
        return set(question.terms) <= stems(passage.at(*unit.cells[0]))
    opening = _KEY if unit.kind is Kind.ITEM else _DEFINED
    if opening is _DEFINED and question.answer_type is not AnswerType.DEFINITION:
        return False
    found = opening.match(strip_markup(passage.source(unit)))
    return found is not None and set(question.terms) <= stems(found.group(1))


def is_lead(passage: Passage, place: int) -> bool:
    """Whether the unit only opens the list that follows it."""
    unit = passage.units[place]
    following = passage.units[place + 1] if place + 1 < len(passage.units) else None
    return following is not None and following.lead == (unit.start, unit.end)


def _words_of(passage: Passage, unit: Unit) -> str:
    spans = unit.cells or ((unit.start, unit.end),)
    return " ".join(passage.at(start, end) for start, end in spans)
