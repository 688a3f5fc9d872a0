"""What to say: the smallest evidence that answers, whole where it must be whole.

Knows the shapes of answers: an FAQ answer, a list, rows of a table, both sides of a
comparison, a sentence. Knows nothing of wording or of whether to answer at all.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from assistant.english.opposites import OPPOSITES, contrasts
from assistant.english.question import AnswerType, Question
from assistant.evidence import (
    Evidence,
    Weights,
    announces,
    covered,
    is_lead,
)
from corpus.document import Kind, Passage, Unit
from index.hits import Hit, SearchResult
from index.terms import stems

# Cosine from which a question of the material is the question asked; below it, it must also
# belong to the passage that won.
SAME_QUESTION = 0.80
LIKE_QUESTION = 0.60
_COVERS_MORE = 0.10
# A list is told whole if it scores at least this share of the best unit: less where the question
# asks for several things than where it only may.
_LIST_SHARE, _MAYBE_LIST_SHARE = 0.90, 1.10
# A list that scores less than this is not the one asked for.
_LIST_LEAST = 0.55
# Cosine from which a heading is the list asked for, if no sentence is as near to the question.
_LIST_HEADING = 0.65
# The reader's logit from which a unit answers for sure.
_SURE = 2.0
# The reader's logit from which the sentence behind the best one is told with it, and the most
# characters that both may have.
_ANSWERS_TOO = 1.0
_PAIR = 400
# Where no single fact is asked for, how much less than the best sentence others may score to be
# told with it; how many are told; and the share of a sentence's words that may have been said.
_WITHIN, _WITHIN_FACT, _MOST, _SAID = 0.16, 0.06, 4, 0.6
_FACTS = (
    AnswerType.TIME,
    AnswerType.AMOUNT,
    AnswerType.PERSON,
    AnswerType.PLACE,
    AnswerType.YES_NO,
)
# A line that opens a list asks the question where it covers this much of it.
_LEAD_COVERS = 0.70
# A side of a comparison must score at least this share of the best unit.
_SIDE_SHARE = 0.60
# Where the best unit speaks of both sides at once, it is told alone unless they score this share.
_JOINT_SHARE = 0.80

# How the two sides of a comparison are named, the plainest forms first.
_SIDES = [
    re.compile(form, re.IGNORECASE)
    for form in (
        r"\b(.+?)\s+(?:differ(?:s|ent)?|distinguished)\s+from\s+(.+)",
        r"\bdistinguish(?:es)?\s+(.+?)\s+from\s+(.+)",
        r"\b(.+?),?\s+(?:compared?\s+(?:with|to)|as\s+opposed\s+to|versus|vs\.?)\s+(.+)",
        r"\bbetween\s+(.+?)\s+and\s+(.+)",
        r"\bcompare\s+(.+?)\s+(?:and|with|to)\s+(.+)",
        r"\b(?:do|does|are|is)\s+(.+?)\s+and\s+(.+?)\s+(?:differ|compare|have|alike|different)\b",
    )
]
_OPEN = (AnswerType.OTHER, AnswerType.DEFINITION)
_PROSE = (Kind.PARAGRAPH, Kind.ANSWER)
_LISTED = (Kind.ITEM, Kind.ROW)


class Shape(StrEnum):
    """How the chosen units belong together."""

    FAQ = "faq"
    LIST = "list"
    TABLE = "table"
    COMPARISON = "comparison"
    SENTENCE = "sentence"


@dataclass(frozen=True)
class Chosen:
    """The units to quote, in the order to say them. `best` is the evidence that decides whether
    they are trusted; `places` are (passage, place of a unit in it)."""

    shape: Shape
    best: Evidence
    places: tuple[tuple[Passage, int], ...]

    @property
    def units(self) -> tuple[tuple[Passage, Unit], ...]:
        return tuple((passage, passage.units[place]) for passage, place in self.places)


def choose(
    question: Question, found: SearchResult, evidence: Sequence[Evidence], weights: Weights
) -> Chosen | None:
    """The evidence to answer with; None only where nothing was found at all."""
    if not evidence:
        return None
    best = evidence[0]
    faq = _faq(question, found, evidence, weights)
    listed = _list(question, found, evidence, weights)
    if listed and faq and listed.best.hit.heading_score < faq.best.hit.heading_score:
        listed = None
    if whole := listed or faq or _list_below_lead(best, weights):
        return whole
    if question.answer_type is AnswerType.COMPARISON and (both := _both_sides(question, evidence)):
        return both
    if best.unit.kind is Kind.ROW:
        return Chosen(Shape.TABLE, best, ((best.passage, best.place),))
    return Chosen(Shape.SENTENCE, best, _sentences(question, evidence))


def _sentences(question: Question, evidence: Sequence[Evidence]) -> tuple[tuple[Passage, int], ...]:
    """The best unit, and with it those that answer nearly as well and say something else; those
    of its own passage stand in their order behind it."""
    best = evidence[0]
    places = [(best.passage, place) for place in _with_next(question, best)]
    if best.unit.kind not in _PROSE:
        return tuple(places)
    asked = frozenset(question.terms)
    within = _WITHIN_FACT if question.answer_type in _FACTS else _WITHIN
    said = frozenset().union(*(stems(p.source(p.units[place])) for p, place in places))
    for each in evidence[1:]:
        if each.rank < best.rank - within or len(places) >= _MOST:
            break
        if each.unit.kind not in _PROSE or (each.passage, each.place) in places:
            continue
        own = stems(each.source) - asked
        if contrasts(asked, stems(each.source)):
            continue
        if len(own & said) <= _SAID * len(own):
            places.append((each.passage, each.place))
            said |= own
    first, *rest = places
    order = {passage: number for number, (passage, _) in enumerate(reversed(places))}
    return (first, *sorted(rest, key=lambda p: (-order[p[0]], p[1])))


def _with_next(question: Question, best: Evidence) -> list[int]:
    """The place of the best unit, and of the sentence behind it where that answers too: because
    the reader says so, or because the best one only announces it ("has three effects.")."""
    passage, place = best.passage, best.place
    if best.unit.kind not in _PROSE or place + 1 >= len(passage.units):
        return [place]
    following = passage.units[place + 1]
    if following.kind is not best.unit.kind or following.end - best.unit.start > _PAIR:
        return [place]
    announced = question.wants_list and announces(best.source)
    logit = best.reading.units.get(place + 1, 0.0) if best.reading else 0.0
    return [place, place + 1] if announced or logit >= _ANSWERS_TOO else [place]


def _faq(
    question: Question, found: SearchResult, evidence: Sequence[Evidence], weights: Weights
) -> Chosen | None:
    """The whole answer of an FAQ pair whose question is the one asked, or nearly so."""
    asked = [hit for hit in found.hits if _asks_alike(question, hit.passage)]
    if not asked:
        return None
    hit = max(asked, key=lambda h: (h.question_score, h.score, -h.ordinal))
    wins = evidence[0].hit is hit
    if hit.question_score < (LIKE_QUESTION if wins else SAME_QUESTION):
        return None
    own = next((e for e in evidence if e.hit is hit), None)
    if own is None:
        return None
    # A unit elsewhere that covers more of the question tells of what this pair leaves out.
    pair = stems(hit.passage.text) | stems(hit.passage.question or "")
    most = max(e.coverage for e in sorted(evidence, key=lambda e: -e.score)[:10])
    if most > covered(weights, pair, pair) + _COVERS_MORE:
        return None
    places = [i for i, unit in enumerate(hit.passage.units) if unit.kind is not Kind.HEADER]
    return Chosen(Shape.FAQ, own, tuple((hit.passage, place) for place in places))


def _asks_alike(question: Question, passage: Passage) -> bool:
    """Whether the passage answers a question of its own that compares if this one does, and
    then the same two things."""
    if not passage.question:
        return False
    own = Question(passage.question, passage.question)
    if (own.answer_type is AnswerType.COMPARISON) != (
        question.answer_type is AnswerType.COMPARISON
    ):
        return False
    sides = _compared(question) if question.answer_type is AnswerType.COMPARISON else None
    return not sides or all(side & set(own.terms) for side in sides)


def _list(
    question: Question, found: SearchResult, evidence: Sequence[Evidence], weights: Weights
) -> Chosen | None:
    """All items or rows of the passage whose headings and lead say what is asked for."""
    if question.answer_type is AnswerType.AMOUNT:
        return None
    if question.wants_list:
        share = _LIST_SHARE
    elif question.answer_type in _OPEN and question.text.lower().startswith(("what", "and what")):
        share = _MAYBE_LIST_SHARE
    else:
        return None
    candidates = []
    for hit in found.hits:
        places = _listed(hit.passage)
        if len(places) > 1:
            own = [e for e in evidence if e.hit is hit]
            if own:
                candidates.append((_list_score(hit, weights), hit, own[0], places))
    if not candidates:
        return None
    if question.wants_list and question.enumerates and not _answers(evidence[0]):
        _, hit, best, places = max(candidates, key=lambda c: (c[1].heading_score, -c[1].ordinal))
        if hit.heading_score >= max(_LIST_HEADING, *(e.similarity for e in evidence)):
            return Chosen(Shape.LIST, best, tuple((hit.passage, place) for place in places))
    score, hit, best, places = max(candidates, key=lambda c: (c[0], -c[1].ordinal))
    if score < max(_LIST_LEAST, share * max(e.score for e in evidence)):
        return None
    return Chosen(Shape.LIST, best, tuple((hit.passage, place) for place in places))


def _answers(evidence: Evidence) -> bool:
    """Whether the reader is sure that the unit alone answers."""
    reading = evidence.reading
    return reading is not None and reading.units.get(evidence.place, 0.0) >= _SURE


def _list_below_lead(best: Evidence, weights: Weights) -> Chosen | None:
    """All items of a list of which one won, where the line that opens it asks the question."""
    passage, lead = best.passage, best.unit.lead
    if best.unit.kind is not Kind.ITEM or lead is None or lead[0] < passage.start:
        return None
    opening = stems(passage.at(*lead))
    if covered(weights, opening, opening) < _LEAD_COVERS:
        return None
    places = [i for i in _listed(passage) if passage.units[i].lead in (lead, None)]
    return Chosen(Shape.LIST, best, tuple((passage, place) for place in places))


def _list_score(hit: Hit, weights: Weights) -> float:
    """Like a unit's score, for a list as a whole: what its headings and lead cover counts full,
    what only its items say is near."""
    passage = hit.passage
    leads = " ".join(
        passage.source(unit)
        for place, unit in enumerate(passage.units)
        if is_lead(passage, place) or unit.kind is Kind.HEADER
    )
    own = stems(f"{passage.context} {passage.question or ''} {leads}")
    coverage = covered(weights, own, stems(passage.text))
    similarity = max(hit.passage_score, hit.heading_score)
    return 0.4 * similarity + 0.4 * coverage + 0.2 * hit.score


def _listed(passage: Passage) -> list[int]:
    """The places of a passage's items or rows, and of the line that opens them."""
    return [
        place
        for place, unit in enumerate(passage.units)
        if unit.kind in _LISTED or (is_lead(passage, place) and unit.kind is not Kind.HEADER)
    ]


def _both_sides(question: Question, evidence: Sequence[Evidence]) -> Chosen | None:
    """The best unit on each of the two things compared; None where a side is not spoken of, or
    one unit speaks better of both."""
    sides = _compared(question)
    if not sides:
        return None
    joint = all(_speaks(evidence[0], side) for side in sides)
    share = _JOINT_SHARE if joint else _SIDE_SHARE
    chosen = []
    for side, other in (sides, sides[::-1]):
        of_side = (
            e
            for e in evidence[:20]
            if e.rank >= share * evidence[0].rank
            and not _speaks(e, other)
            and (_speaks(e, side) or _names(side, stems(" ".join(e.passage.headings))))
        )
        best = next(of_side, None)
        if best is None:
            return None
        chosen.append(best)
    chosen.sort(key=lambda e: (e.hit.ordinal, e.place))
    places = tuple(dict.fromkeys((each.passage, each.place) for each in chosen))
    return Chosen(Shape.COMPARISON, max(chosen, key=lambda e: e.rank), places)


def _compared(question: Question) -> tuple[frozenset[str], frozenset[str]] | None:
    """The stems that tell the two compared things apart: "internal" and "external"."""
    for first, second in OPPOSITES:
        if first in question.terms and second in question.terms:
            return frozenset({first}), frozenset({second})
    found = next((m for form in _SIDES if (m := form.search(question.text))), None)
    if not found:
        return None
    left, right = (_subject(side) for side in found.groups())
    apart = left - right, right - left
    return apart if all(apart) else None


def _subject(side: str) -> frozenset[str]:
    return frozenset(Question(side, side).terms)


def _names(side: frozenset[str], own: frozenset[str]) -> bool:
    """Whether a text holds most of a side's words."""
    return 2 * len(side & own) > len(side)


def _speaks(evidence: Evidence, side: frozenset[str]) -> bool:
    return _names(side, stems(evidence.source))
