"""Selection: the smallest evidence that answers, whole if it must be whole.

Knows the shapes of answers: an FAQ answer, a list, a row of a table, both sides of a comparison,
sentences. Decides neither the wording nor whether to answer at all.

Numbers without a source were set by hand on the shipped gold questions.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from assistant.blocks import asked_cells, block_of, count_words, release_of, with_headings
from assistant.english.forms import AnswerType
from assistant.english.question import Question
from assistant.english.statements import announces
from assistant.evidence import Evidence, WordWeights, introduces_list, match_score
from corpus.document import Kind, Passage, Unit
from index.hits import Hit, SearchResult
from index.terms import stems

# Cosine from which an FAQ question is the question asked; below the first, its passage must also
# have the best evidence.
_SAME_QUESTION, _SIMILAR_QUESTION = 0.80, 0.60
# An FAQ pair loses to a unit whose coverage is better by more than this, among the best units.
_BETTER_COVERAGE, _MAX_RIVALS = 0.10, 10
# A list is quoted whole if it scores this share of the best unit: if the question asks for several
# things, and if it may.
_LIST_SHARE, _MAYBE_LIST_SHARE = 0.90, 1.10
# A list with a lower score is never quoted whole.
_MIN_LIST_SCORE = 0.55
# Cosine from which a heading alone names the list asked for, if no unit is nearer to the question.
_LIST_HEADING = 0.65
# Coverage from which the line that introduces a list asks the question.
_LEAD_COVERAGE = 0.70
# The reader's logits from which a unit surely answers, and from which the next sentence is quoted
# too; the most characters of such a pair.
_SURE_LOGIT, _NEXT_LOGIT, _MAX_PAIR_CHARS = 2.0, 1.0, 400
# Further sentences: how far their score may be below the best one, for explanations and for facts;
# the most sentences in all; the share of their words that may have been quoted already.
_WITHIN, _WITHIN_FACT, _MAX_SENTENCES, _MAX_REPEATED = 0.16, 0.06, 4, 0.6
# Share of the best score that each side of a comparison must have: in general, and if the best
# unit is about both sides; units that are looked at.
_SIDE_SHARE, _JOINT_SHARE, _MAX_SIDE_UNITS = 0.60, 0.80, 20

# Words up to which the answer of an FAQ pair is quoted whole.
_MAX_FAQ_WORDS = 120

_FACTS = (
    AnswerType.TIME,
    AnswerType.AMOUNT,
    AnswerType.PERSON,
    AnswerType.PLACE,
    AnswerType.YES_NO,
)
_PROSE = (Kind.PARAGRAPH, Kind.ANSWER)
_LISTED = (Kind.ITEM, Kind.ROW)

Place = tuple[Passage, int]
"""A passage, and the place of a unit in it."""


class Shape(StrEnum):
    """How the selected units belong together."""

    FAQ = "faq"
    LIST = "list"
    TABLE = "table"
    COMPARISON = "comparison"
    SENTENCE = "sentence"


@dataclass(frozen=True)
class Selection:
    """The units to quote, in order. The confidence is that in `best`."""

    shape: Shape
    best: Evidence
    places: tuple[Place, ...]

    @property
    def units(self) -> tuple[tuple[Passage, Unit], ...]:
        """The units with their passages."""
        return tuple((passage, passage.units[place]) for passage, place in self.places)


def units_to_quote(question: Question, selection: Selection) -> list[tuple[Passage, Unit]]:
    """The units of the selection with what they need to be understood, each once, in the order of
    the answer; of rows the cells that are asked for."""
    places = list(selection.places)
    whole = [place for passage, place in places if passage is selection.best.passage]
    if selection.shape is Shape.FAQ and (
        count_words(selection.best.passage, whole) > _MAX_FAQ_WORDS
    ):
        places = [(selection.best.passage, selection.best.place)]
    is_date = question.answer_type is AnswerType.TIME and selection.best.unit.kind is Kind.HEADING
    if (selection.shape is not Shape.FAQ or len(places) == 1) and not is_date:
        widened = ((p, release_of(question, p, place)) for p, place in places)
        places = [(p, n) for p, place in widened for n in block_of(p, place)]
    order = {passage: number for number, (passage, _) in reversed(list(enumerate(places)))}
    if selection.shape is not Shape.SENTENCE or len(order) == 1:
        places.sort(key=lambda each: (order[each[0]], each[1]))
    quoted = [
        (passage, asked_cells(question, passage, unit))
        for passage, place in dict.fromkeys(places)
        if passage.units[place].kind is not Kind.HEADER
        for unit in with_headings(passage, passage.units[place])
    ]
    return list(dict.fromkeys(quoted))


def select(
    question: Question, found: SearchResult, evidence: Sequence[Evidence], weights: WordWeights
) -> Selection | None:
    """The evidence to answer with; None if there is none. `evidence` is sorted, best first."""
    if not evidence:
        return None
    best = evidence[0]
    faq = _faq_pair(question, found, evidence, weights)
    listed = _whole_list(question, found, evidence, weights)
    if listed and faq and listed.best.hit.heading_score < faq.best.hit.heading_score:
        listed = None
    if whole := listed or faq or _list_of_item(best, weights):
        return whole
    if question.answer_type is AnswerType.COMPARISON and (both := _both_sides(question, evidence)):
        return both
    if best.unit.kind is Kind.ROW:
        return Selection(Shape.TABLE, best, ((best.passage, best.place),))
    return Selection(Shape.SENTENCE, best, _sentences(question, evidence))


# --- an FAQ answer -------------------------------------------------------------------------------


def _faq_pair(
    question: Question, found: SearchResult, evidence: Sequence[Evidence], weights: WordWeights
) -> Selection | None:
    """The whole answer of an FAQ pair whose question is the one asked, or nearly so."""
    pairs = [hit for hit in found.hits if _asks_the_same(question, hit.passage)]
    if not pairs:
        return None
    hit = max(pairs, key=lambda h: (h.question_score, h.score, -h.ordinal))
    is_best = evidence[0].hit is hit
    if hit.question_score < (_SIMILAR_QUESTION if is_best else _SAME_QUESTION):
        return None
    own = next((e for e in evidence if e.hit is hit), None)
    if own is None:
        return None
    # A unit that covers more of the question tells what this pair leaves out.
    pair = stems(hit.passage.text) | stems(hit.passage.question or "")
    rivals = sorted(evidence, key=lambda e: -e.score)[:_MAX_RIVALS]
    if max(e.coverage for e in rivals) > weights.coverage(pair) + _BETTER_COVERAGE:
        return None
    places = [i for i, unit in enumerate(hit.passage.units) if unit.kind is not Kind.HEADER]
    return _selection(Shape.FAQ, own, places)


def _asks_the_same(question: Question, passage: Passage) -> bool:
    """Whether the passage has an FAQ question that is a comparison if this one is, of the same two
    things."""
    if not passage.question:
        return False
    own = Question(passage.question)
    compares = question.answer_type is AnswerType.COMPARISON
    if (own.answer_type is AnswerType.COMPARISON) != compares:
        return False
    sides = question.sides if compares else None
    return not sides or all(side & set(own.terms) for side in sides)


# --- a list --------------------------------------------------------------------------------------


def _whole_list(
    question: Question, found: SearchResult, evidence: Sequence[Evidence], weights: WordWeights
) -> Selection | None:
    """All items or rows of the passage whose headings and introduction name what is asked for."""
    share = _list_share(question)
    if share is None:
        return None
    candidates = []
    for hit in found.hits:
        places = _list_places(hit.passage)
        own = next((e for e in evidence if e.hit is hit), None)
        if len(places) > 1 and own:
            candidates.append((_list_score(hit, weights), hit, own, places))
    if not candidates:
        return None
    best = evidence[0]
    is_sure = best.logit(best.place) >= _SURE_LOGIT
    if question.wants_list and question.demands_list and not is_sure:
        _, hit, own, places = max(candidates, key=lambda c: (c[1].heading_score, -c[1].ordinal))
        if hit.heading_score >= max(_LIST_HEADING, *(e.similarity for e in evidence)):
            return _selection(Shape.LIST, own, places)
    score, _, own, places = max(candidates, key=lambda c: (c[0], -c[1].ordinal))
    if score < max(_MIN_LIST_SCORE, share * max(e.score for e in evidence)):
        return None
    return _selection(Shape.LIST, own, places)


def _list_share(question: Question) -> float | None:
    """The share of the best score that a list must have; None if a list is not asked for."""
    if question.answer_type is AnswerType.AMOUNT:
        return None
    if question.wants_list:
        return _LIST_SHARE
    is_open = question.answer_type in (AnswerType.OTHER, AnswerType.DEFINITION)
    starts_with_what = question.text.lower().startswith(("what", "and what"))
    return _MAYBE_LIST_SHARE if is_open and starts_with_what else None


def _list_score(hit: Hit, weights: WordWeights) -> float:
    """The match score of a list as a whole: words in its headings and introduction count fully,
    words in its items as around it."""
    passage = hit.passage
    leads = " ".join(
        passage.source(unit)
        for place, unit in enumerate(passage.units)
        if introduces_list(passage, place) or unit.kind is Kind.HEADER
    )
    own = stems(f"{passage.context} {passage.question or ''} {leads}")
    coverage = weights.coverage(own, stems(passage.text))
    return match_score(max(hit.passage_score, hit.heading_score), coverage, hit)


def _list_of_item(best: Evidence, weights: WordWeights) -> Selection | None:
    """All items of the list that the best item is in, if its introduction asks the question."""
    passage, lead = best.passage, best.unit.lead
    if best.unit.kind is not Kind.ITEM or lead is None or lead[0] < passage.start:
        return None
    if weights.coverage(stems(passage.at(*lead))) < _LEAD_COVERAGE:
        return None
    places = [i for i in _list_places(passage) if passage.units[i].lead in (lead, None)]
    return _selection(Shape.LIST, best, places)


def _list_places(passage: Passage) -> list[int]:
    """The places of a passage's items or rows, and of the lines that introduce them."""
    return [
        place
        for place, unit in enumerate(passage.units)
        if unit.kind in _LISTED
        or (introduces_list(passage, place) and unit.kind is not Kind.HEADER)
    ]


# --- a comparison --------------------------------------------------------------------------------


def _both_sides(question: Question, evidence: Sequence[Evidence]) -> Selection | None:
    """The best unit on each side of the comparison; None if a side has none, or one unit is better
    on both."""
    sides = question.sides
    if not sides:
        return None
    best = evidence[0]
    is_joint = all(_is_about(side, best.source) for side in sides)
    share = _JOINT_SHARE if is_joint else _SIDE_SHARE
    selected = []
    for side, other in (sides, sides[::-1]):
        candidates = (
            e
            for e in evidence[:_MAX_SIDE_UNITS]
            if e.total >= share * best.total
            and not _is_about(other, e.source)
            and (_is_about(side, e.source) or _is_about(side, " ".join(e.passage.headings)))
        )
        each = next(candidates, None)
        if each is None:
            return None
        selected.append(each)
    selected.sort(key=lambda e: (e.hit.ordinal, e.place))
    places = tuple(dict.fromkeys((each.passage, each.place) for each in selected))
    return Selection(Shape.COMPARISON, max(selected, key=lambda e: e.total), places)


def _is_about(side: frozenset[str], text: str) -> bool:
    """Whether a text has most of the stems of a side."""
    return 2 * len(side & stems(text)) > len(side)


# --- sentences -----------------------------------------------------------------------------------


def _sentences(question: Question, evidence: Sequence[Evidence]) -> tuple[Place, ...]:
    """The best unit, then those that answer nearly as well and add something, in the order of their
    passages."""
    best = evidence[0]
    places = [(best.passage, place) for place in _with_next(question, best)]
    if best.unit.kind not in _PROSE:
        return tuple(places)
    terms = frozenset(question.terms)
    within = _WITHIN_FACT if question.answer_type in _FACTS else _WITHIN
    quoted = frozenset().union(*(stems(p.source(p.units[place])) for p, place in places))
    for each in evidence[1:]:
        if each.total < best.total - within or len(places) >= _MAX_SENTENCES:
            break
        if each.unit.kind not in _PROSE or (each.passage, each.place) in places:
            continue
        own = each.comparison.stems - terms
        if not each.comparison.contrasts and len(own & quoted) <= _MAX_REPEATED * len(own):
            places.append((each.passage, each.place))
            quoted |= own
    first, *rest = places
    order = {passage: number for number, (passage, _) in enumerate(reversed(places))}
    return (first, *sorted(rest, key=lambda p: (-order[p[0]], p[1])))


def _with_next(question: Question, best: Evidence) -> list[int]:
    """The place of the best unit, and of the next sentence if that answers too: the reader says so,
    or the best one only announces it ("has three effects.")."""
    passage, place = best.passage, best.place
    if best.unit.kind not in _PROSE or place + 1 >= len(passage.units):
        return [place]
    following = passage.units[place + 1]
    if following.kind is not best.unit.kind or following.end - best.unit.start > _MAX_PAIR_CHARS:
        return [place]
    is_announced = question.wants_list and announces(best.source)
    answers_too = best.logit(place + 1) >= _NEXT_LOGIT
    return [place, place + 1] if is_announced or answers_too else [place]


def _selection(shape: Shape, best: Evidence, places: Sequence[int]) -> Selection:
    return Selection(shape, best, tuple((best.passage, place) for place in places))
