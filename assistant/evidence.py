"""Evidence: the blocks of the found passages, each with named features of it and the question.

`collect_evidence` proposes and measures, `read_evidence` adds what the reader says; the order is
the scorer's (`assistant.scorer`). Pure functions; knows nothing of how answers are worded.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from operator import mul

from assistant.blocks import PROSE, Places, is_part_of_list, lists, quotable_blocks, quoted_units
from assistant.coverage import WordWeights, close_neighbours, share_missing
from assistant.english.expected import decides, missing_answer_type
from assistant.english.forms import AnswerType
from assistant.english.instructions import asks_how, instructs
from assistant.english.opposites import contrasts
from assistant.english.question import Question
from assistant.english.remedies import opens_remedy, tells_problem
from assistant.english.statements import is_bare_link, is_bare_title, key_of
from assistant.reader.runtime import Reader, Row
from corpus.document import Kind, Passage, Unit
from corpus.markup import strip_markup
from index.hits import Hit, SearchResult
from index.rendering import heading_text, row_text
from index.terms import STOP_WORDS, stem, stems

# Rows that the reader reads for a question. Each takes some 10 ms of a core.
_MAX_READ = 5
# Units of a passage around which blocks are proposed: the most similar ones. Few passages have
# more, but a list of thousands of items is one passage.
_MAX_ANCHORS = 64
# Logits are divided by this to lie near 0 to 1, as the other features do.
_LOGIT_SCALE = 10
_FACTS = (
    AnswerType.TIME,
    AnswerType.AMOUNT,
    AnswerType.PERSON,
    AnswerType.PLACE,
    AnswerType.YES_NO,
)
_STOP_STEMS = frozenset(stem(word) for word in STOP_WORDS)


@dataclass(frozen=True)
class Features:
    """What is known of a block as an answer to the question, each 0 to 1 or near it."""

    similarity: float  # highest cosine of the question and a unit with the headings above it
    mean_similarity: float  # the mean over the units, weighted by their words
    passage: float  # cosine of question and passage
    heading: float  # cosine of question and the FAQ question or nearest heading
    question: float  # the same, 0 if the passage answers no FAQ question
    whole_answer: float  # the same, 0 unless the block is the whole answer of the FAQ question
    rank: float  # search score of the passage, less that of the best passage
    words: float  # BM25 score of the passage
    coverage: float  # share of the question's words, by rarity, in the block
    headed_coverage: float  # the same, in the block or the headings above it
    heading_coverage: float  # the same, in the headings above it
    neighbours: float  # share of the question's neighbouring words that are close to each other
    numbers: float  # share of the question's numbers in neither block nor headings
    names: float  # share of the question's names in neither block nor headings
    type_missing: float  # 1 if the type of thing asked for is missing, 0.5 for a loose form
    decides: float  # 1 if it allows, forbids or limits something and the question asks yes or no
    instructs: float  # 1 if it says what to do and the question asks how
    contrast: float  # 1 if the block names the opposite of what was asked
    news: float  # logarithm of the number of words that the question does not have
    opening: float  # 1 if it opens the passage
    outline: float  # share of it that is titles and links; 0 if a time or several things are asked
    remedy: float  # headed_coverage if it is a remedy and the question tells a problem
    items: float  # 1 for several items of a list
    only_listed: float  # 1 for items or rows without a sentence
    asked_list: float  # 1 for several items or rows if the question asks for several things
    incomplete: float  # 1 for a part of a list if the question asks for several things
    label: float  # 1 for a single item or row that opens with words of the question only
    row: float  # 1 if it has a row of a table
    fact_row: float  # 1 if it has one and the question asks for a fact
    size: float  # logarithm of the number of words
    fact_size: float  # the same if the question asks for a fact
    units: float  # logarithm of the number of units
    brevity: float  # 1 over the number of content words: how much the question leaves open
    unread: float = 1.0  # 1 if the reader did not read the block
    reader: float = 0.0  # the reader's highest logit for a unit of the block, over 10

    def values(self) -> dict[str, float]:
        """The values by name."""
        return {name: float(value) for name, value in vars(self).items()}


@dataclass(frozen=True)
class Evidence:
    """A block of a passage that may answer. `text` is what would be shown of it, with its marks;
    `decisive` is the place of the unit that answers best; `score` is comparable within one
    question."""

    hit: Hit
    places: Places
    text: str
    features: Features
    decisive: int
    score: float = 0.0

    @property
    def passage(self) -> Passage:
        """The passage that the block is part of."""
        return self.hit.passage


def collect_evidence(
    question: Question, found: SearchResult, weights: WordWeights
) -> list[Evidence]:
    """The blocks of the found passages with their features, in the order of the passages; none of
    them was read."""
    evidence = []
    for hit in found.hits:
        context = _Context(question, found.hits[0], hit, weights)
        every = range(len(hit.passage.units))
        anchors = sorted(every, key=lambda place: -hit.unit_scores[place])[:_MAX_ANCHORS]
        evidence += [context.evidence(each) for each in quotable_blocks(hit.passage, anchors)]
    return evidence


def read_evidence(
    question: Question, evidence: Sequence[Evidence], reader: Reader
) -> list[Evidence]:
    """The evidence with what the reader says about it. The reader reads around the first blocks:
    `evidence` is sorted, best first."""
    rows: list[tuple[int, Row]] = []  # with the passage
    taken: dict[int, set[int]] = {}  # the units in rows, by passage
    for _ in range(_MAX_READ):
        unread = (e for e in evidence if taken.get(e.hit.ordinal, set()).isdisjoint(e.places))
        best = next(unread, None)
        if best is None:
            break
        row = reader.row(question.text, best.passage, best.decisive)
        rows.append((best.hit.ordinal, row))
        taken.setdefault(best.hit.ordinal, set()).update(row.markers)
    logits: dict[int, dict[int, float]] = {}  # by passage, and place in it
    for (passage, _), reading in zip(rows, reader.read([row for _, row in rows]), strict=True):
        logits.setdefault(passage, {}).update(reading.units)
    return [
        _as_read(each, logits[each.hit.ordinal]) if each.hit.ordinal in logits else each
        for each in evidence
    ]


def _as_read(evidence: Evidence, logits: Mapping[int, float]) -> Evidence:
    read = [place for place in evidence.places if place in logits]
    decisive = max(read, key=logits.__getitem__, default=evidence.decisive)
    features = replace(
        evidence.features,
        unread=float(not read),
        reader=logits.get(decisive, 0.0) / _LOGIT_SCALE,
    )
    return replace(evidence, features=features, decisive=decisive)


def _headings(passage: Passage) -> str:
    return f"{passage.context} {passage.question or ''}"


@dataclass(frozen=True)
class _Context:
    """What the features of all blocks of one passage share."""

    question: Question
    best: Hit
    hit: Hit
    weights: WordWeights

    def evidence(self, places: Places) -> Evidence:
        units = [self.hit.passage.units[place] for place in places]
        quoted = quoted_units(self.question, self.hit.passage, places)
        text = "\n".join(_shown(self.hit.passage, unit) for unit in quoted)
        decisive = max(places, key=self.hit.unit_scores.__getitem__)
        return Evidence(self.hit, places, text, self._features(places, units, text), decisive)

    @cached_property
    def headings(self) -> frozenset[str]:
        return stems(_headings(self.hit.passage))

    @cached_property
    def lists(self) -> list[list[int]]:
        return lists(self.hit.passage)

    def _features(self, places: Places, units: Sequence[Unit], text: str) -> Features:
        question, hit, weights = self.question, self.hit, self.weights
        own = stems(text)
        headed = own | self.headings
        counts = [max(1, len(hit.passage.source(unit).split())) for unit in units]
        size = math.log1p(sum(counts))
        cosines = [hit.unit_scores[place] for place in places]
        is_fact = question.answer_type in _FACTS
        has_row = any(unit.kind is Kind.ROW for unit in units)
        listed = sum(unit.kind in (Kind.ITEM, Kind.ROW) for unit in units)
        is_whole = len(places) == sum(u.kind is not Kind.HEADER for u in hit.passage.units)
        names = [name for name in question.names if not name[0].isdigit()]
        headed_coverage = weights.coverage(headed)
        return Features(
            similarity=max(cosines),
            mean_similarity=sum(map(mul, cosines, counts)) / sum(counts),
            passage=hit.passage_score,
            heading=hit.heading_score,
            question=hit.question_score,
            whole_answer=hit.question_score if is_whole else 0.0,
            rank=hit.score - self.best.score,
            words=hit.word_score,
            coverage=weights.coverage(own),
            headed_coverage=headed_coverage,
            heading_coverage=weights.coverage(self.headings),
            neighbours=close_neighbours(question.terms, _headings(hit.passage), text),
            numbers=share_missing([t for t in question.terms if t[0].isdigit()], headed),
            names=share_missing(names, headed),
            type_missing=missing_answer_type(question, text),
            decides=decides(question, text),
            instructs=self.asks_how and self._instructs(units),
            contrast=contrasts(frozenset(question.terms), own),
            news=math.log1p(len(own - set(question.terms) - _STOP_STEMS)),
            opening=places[0] == 0,
            outline=self._outline(units),
            remedy=headed_coverage if self._is_remedy(units) else 0.0,
            items=sum(unit.kind is Kind.ITEM for unit in units) > 1,
            only_listed=listed > 0 and not any(unit.kind in PROSE for unit in units),
            asked_list=question.wants_list and listed > 1,
            incomplete=question.wants_list and is_part_of_list(hit.passage, places, self.lists),
            label=len(units) == 1 and self._opens_with_subject(units[0]),
            row=has_row,
            fact_row=has_row and is_fact,
            size=size,
            fact_size=size if is_fact else 0.0,
            units=math.log1p(len(units)),
            brevity=1.0 / max(1, len(question.terms)),
        )

    def _outline(self, units: Sequence[Unit]) -> float:
        """The share of the characters of the units that are headings, bare titles and links. They
        may answer a question for a date or a list."""
        if self.question.wants_list or self.question.answer_type is AnswerType.TIME:
            return 0.0
        sources = [(unit.kind, self.hit.passage.source(unit)) for unit in units]
        named = sum(
            len(source)
            for kind, source in sources
            if kind is Kind.HEADING
            or is_bare_link(source)
            or (kind is Kind.PARAGRAPH and is_bare_title(source))
        )
        return named / max(1, sum(len(source) for _, source in sources))

    @cached_property
    def asks_how(self) -> bool:
        return asks_how(self.question.text)

    @cached_property
    def tells_problem(self) -> bool:
        return tells_problem(self.question.text)

    def _is_remedy(self, units: Sequence[Unit]) -> bool:
        """Whether the question tells a problem, and the nearest heading or a unit opens what to do
        about one."""
        if not self.tells_problem:
            return False
        passage = self.hit.passage
        texts = (strip_markup(passage.source(unit)) for unit in units)
        return opens_remedy(heading_text(passage)) or any(map(opens_remedy, texts))

    def _instructs(self, units: Sequence[Unit]) -> bool:
        """Whether a unit is a step, code or a sentence that says what to do."""
        return any(
            unit.number or unit.kind is Kind.CODE or instructs(self.hit.passage.source(unit))
            for unit in units
        )

    def _opens_with_subject(self, unit: Unit) -> bool:
        """Whether a row's label, or an item before its colon, has words of the question only."""
        passage = self.hit.passage
        if unit.kind is Kind.ROW and unit.cells:
            opening = " ".join(passage.at(*cell) for cell in unit.cells[: unit.labels])
        else:
            opening = key_of(strip_markup(passage.source(unit))) if unit.kind is Kind.ITEM else ""
        own = stems(opening) - _STOP_STEMS
        return bool(own) and own <= set(self.question.terms)


def _shown(passage: Passage, unit: Unit) -> str:
    return row_text(passage, unit) if unit.kind is Kind.ROW else passage.source(unit)
