"""Evidence: the units of the found passages, scored by how well each may answer.

Reading order: `word_weights` → `collect_evidence` → `apply_reader` → `rerank_hits`. Pure functions;
knows nothing of how answers are worded.

Numbers without a source were set by hand on the shipped gold questions.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from assistant.english.expected import missing_answer_type
from assistant.english.forms import AnswerType
from assistant.english.opposites import contrasts
from assistant.english.question import Question
from assistant.english.statements import announces, defined_by, enumerates, is_bare_title, key_of
from assistant.reader.runtime import Reader, Reading
from corpus.document import Kind, Passage, Unit
from corpus.markup import strip_markup
from index.bm25 import inverse_document_frequency
from index.hits import Hit, SearchResult
from index.rendering import unit_text
from index.synonyms import Alternatives
from index.terms import STOP_WORDS, stem, stems

# Best passages whose units become evidence.
_MAX_PASSAGES = 10
# Weights of the match score; chosen on half of SQuAD 2.0's development set and on the gold
# questions.
_SIMILARITY, _COVERAGE, _HIT = 0.4, 0.4, 0.2
# What a question word counts that is in the passage or its headings, not in the unit.
_AROUND = 0.6
# Penalties: the unit is about the opposite, lacks the type of thing asked for, is a bare title,
# repeats the question, or only says how many things there are if several are asked for.
_OPPOSITE, _MISSING_TYPE, _BARE_TITLE, _NOTHING_NEW, _ANNOUNCES = 0.12, 0.06, 0.35, 0.10, 0.12
# Bonuses: the unit opens with the thing asked for, or names several things if asked for.
_DEFINES, _ENUMERATES = 0.06, 0.04
# Bonus from the reader's probabilities for the unit and for its passage.
_READER_UNIT, _READER_PASSAGE = 0.3, 0.15
# Passages that the reader reads: the best ones whose best unit scores at most this much below the
# best of all. Reading takes most of the time, and its bonus seldom makes up for more.
_MAX_READ, _READ_WITHIN = 3, 0.12
# The logit of a unit or passage that was not read: those are seldom right.
UNREAD_LOGIT = -2.0

# Types whose answer takes more than one new word.
_EXPLANATIONS = (AnswerType.OTHER, AnswerType.REASON, AnswerType.DEFINITION)
_STOP_STEMS = frozenset(stem(word) for word in STOP_WORDS)


@dataclass(frozen=True)
class WordWeights:
    """How rare each stem of the question is among the passages: BM25's inverse document frequency
    (natural logarithm, above 0; Robertson and Zaragoza 2009). `alternatives` holds the stems that
    say the same."""

    rarity: Mapping[str, float]
    alternatives: Alternatives = field(default_factory=dict)

    @cached_property
    def total(self) -> float:
        """The sum over all stems; 1 if there are none."""
        return sum(self.rarity.values()) or 1.0

    def coverage(self, own: frozenset[str], around: frozenset[str] = frozenset()) -> float:
        """The share of the question's stems, by rarity, in a text or, at a discount, around it;
        0 to 1."""
        covered = 0.0
        for word, rarity in self.rarity.items():
            if self.is_in(word, own):
                covered += rarity
            elif self.is_in(word, around):
                covered += _AROUND * rarity
        return covered / self.total

    def is_in(self, word: str, text: frozenset[str]) -> bool:
        """Whether a stem of the question, or an alternative of it, is among the stems of a text."""
        return word in text or any(other <= text for other in self.alternatives.get(word, ()))


@dataclass(frozen=True)
class Comparison:
    """How a text compares with the question: both the score and the confidence weigh this."""

    stems: frozenset[str]
    coverage: float  # of the question's stems, 0 to 1
    missing_type: float  # 1 if it lacks the type of thing asked for, 0.5 for a loose form
    contrasts: bool  # it names the opposite of what was asked


@dataclass(frozen=True)
class Evidence:
    """A unit that may answer. `score` is comparable within one question; `similarity` is the
    cosine of unit and question. `reading` is the reader's, None without a reader."""

    hit: Hit
    place: int  # of the unit in its passage
    similarity: float
    comparison: Comparison
    score: float
    reading: Reading | None = None
    reader_bonus: float = 0.0

    @property
    def total(self) -> float:
        """The score with the reader's bonus: what evidence is sorted by."""
        return self.score + self.reader_bonus

    @property
    def passage(self) -> Passage:
        """The passage that the unit is part of."""
        return self.hit.passage

    @property
    def unit(self) -> Unit:
        """The unit itself."""
        return self.passage.units[self.place]

    @property
    def source(self) -> str:
        """The unit's text as it stands in the document."""
        return self.passage.source(self.unit)

    @property
    def coverage(self) -> float:
        """The share of the question's stems in or around the unit."""
        return self.comparison.coverage

    def logit(self, place: int) -> float:
        """The reader's logit for a unit of the passage."""
        return self.reading.units.get(place, UNREAD_LOGIT) if self.reading else UNREAD_LOGIT


def word_weights(
    question: Question,
    document_frequency: Callable[[str], int],
    count: int,
    alternatives: Alternatives | None = None,
) -> WordWeights:
    """The rarity of the question's words among `count` passages. A word counts as being as frequent
    as the most frequent of its alternatives."""
    alternatives = alternatives or {}
    rarity = {}
    for word in question.subject:
        others = alternatives.get(stem(word), ())
        seen = [document_frequency(word)]
        seen += [min(document_frequency(each) for each in other) for other in others]
        rarity[stem(word)] = inverse_document_frequency(min(max(seen), count), count)
    return WordWeights(rarity, alternatives)


def collect_evidence(
    question: Question, found: SearchResult, weights: WordWeights
) -> list[Evidence]:
    """The quotable units of the best passages, best first."""
    evidence = []
    for hit in found.hits[:_MAX_PASSAGES]:
        passage = hit.passage
        around = stems(surroundings(passage))
        for place, unit in enumerate(passage.units):
            if unit.kind in (Kind.HEADER, Kind.CODE):
                continue
            comparison = compare(question, weights, _text_of(passage, unit), around=around)
            similarity = hit.unit_scores[place]
            score = match_score(similarity, comparison.coverage, hit)
            score = _adjusted(score, question, passage, unit, comparison)
            evidence.append(Evidence(hit, place, similarity, comparison, score))
    return sorted(evidence, key=lambda e: (-e.score, e.hit.ordinal, e.place))


def apply_reader(
    question: Question, evidence: Sequence[Evidence], reader: Reader
) -> list[Evidence]:
    """The evidence with the reader's bonus on the best passages, best first again."""
    best: dict[int, Evidence] = {}
    for each in evidence:
        best.setdefault(each.hit.ordinal, each)
    within = [e for e in best.values() if e.score >= evidence[0].score - _READ_WITHIN][:_MAX_READ]
    readings = reader.read(question.text, [(each.passage, each.place) for each in within])
    by_passage = {each.hit.ordinal: got for each, got in zip(within, readings, strict=True)}
    unread = Reading(units={}, passage=UNREAD_LOGIT)
    result = []
    for each in evidence:
        reading = by_passage.get(each.hit.ordinal, unread)
        logit = reading.units.get(each.place, UNREAD_LOGIT)
        bonus = _READER_UNIT * _sigmoid(logit) + _READER_PASSAGE * _sigmoid(reading.passage)
        result.append(replace(each, reader_bonus=bonus, reading=reading))
    return sorted(result, key=lambda e: (-e.total, e.hit.ordinal, e.place))


def rerank_hits(found: SearchResult, evidence: Sequence[Evidence]) -> list[tuple[float, Hit]]:
    """The hits, best first, with the scores they are sorted by, 0 to 1: their own plus the reader's
    bonus for their best unit."""
    bonuses: dict[int, float] = {}
    for each in evidence:
        bonuses[each.hit.ordinal] = max(each.reader_bonus, bonuses.get(each.hit.ordinal, 0.0))
    least = min(bonuses.values(), default=0.0)
    highest = 1.0 + (_READER_UNIT + _READER_PASSAGE if bonuses else 0.0)
    ranked = [((hit.score + bonuses.get(hit.ordinal, least)) / highest, hit) for hit in found.hits]
    return sorted(ranked, key=lambda pair: (-pair[0], pair[1].ordinal))


def compare(
    question: Question,
    weights: WordWeights,
    text: str,
    headings: str = "",
    around: frozenset[str] = frozenset(),
) -> Comparison:
    """Compares a text, with the headings that belong to it and the stems around it, with the
    question."""
    own = stems(text) | stems(headings)
    return Comparison(
        stems=own,
        coverage=weights.coverage(own, around),
        missing_type=missing_answer_type(question, text),
        contrasts=contrasts(frozenset(question.terms), own),
    )


def match_score(similarity: float, coverage: float, hit: Hit) -> float:
    """How well a text of a hit matches the question, by meaning, words and search."""
    return _SIMILARITY * similarity + _COVERAGE * coverage + _HIT * hit.score


def surroundings(passage: Passage) -> str:
    """The whole passage with its title, headings and FAQ question."""
    return f"{passage.context} {passage.question or ''} {passage.text}"


def introduces_list(passage: Passage, place: int) -> bool:
    """Whether the unit only introduces the list that follows it."""
    unit = passage.units[place]
    following = passage.units[place + 1] if place + 1 < len(passage.units) else None
    return following is not None and following.lead == (unit.start, unit.end)


def _adjusted(
    score: float, question: Question, passage: Passage, unit: Unit, comparison: Comparison
) -> float:
    """The match score with the unit's bonuses and penalties."""
    source = passage.source(unit)
    score -= _MISSING_TYPE * comparison.missing_type
    if unit.kind is Kind.PARAGRAPH and is_bare_title(source):
        score -= _BARE_TITLE
    if comparison.contrasts:
        score -= _OPPOSITE
    if question.answer_type is not AnswerType.YES_NO and not _adds(question, comparison.stems):
        score -= _NOTHING_NEW
    if question.wants_list and question.answer_type is not AnswerType.AMOUNT:
        if enumerates(source):
            score += _ENUMERATES
        elif announces(source):
            score -= _ANNOUNCES
    if _opens_with_subject(question, passage, unit):
        score += _DEFINES
    return score


def _adds(question: Question, own: frozenset[str]) -> bool:
    """Whether a text has enough words that the question does not have."""
    least = 2 if question.answer_type in _EXPLANATIONS else 1
    return len(own - set(question.terms) - _STOP_STEMS) >= least


def _opens_with_subject(question: Question, passage: Passage, unit: Unit) -> bool:
    """Whether the unit opens with the thing asked for: a row by its first cell, an item before its
    colon or dash, a sentence that defines it."""
    if unit.kind is Kind.ROW and unit.cells:
        opening: str | None = passage.at(*unit.cells[0])
    elif unit.kind is Kind.ITEM:
        opening = key_of(strip_markup(passage.source(unit)))
    elif question.answer_type is AnswerType.DEFINITION:
        opening = defined_by(strip_markup(passage.source(unit)))
    else:
        opening = None
    return opening is not None and set(question.terms) <= stems(opening)


def _text_of(passage: Passage, unit: Unit) -> str:
    needs_more = unit.kind in (Kind.ROW, Kind.HEADING) or unit.above
    return unit_text(passage, unit) if needs_more else passage.source(unit)


def _sigmoid(logit: float) -> float:
    return 1.0 / (1.0 + math.exp(-max(-30.0, min(30.0, logit))))
