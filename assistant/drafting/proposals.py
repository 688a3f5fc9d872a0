"""Drafts of all kinds from the passages of a generation, in a varied order."""

import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import islice

from assistant.drafting.drafts import Draft, DraftKind, draft_of_units
from assistant.drafting.headings import heading_drafts
from assistant.drafting.near_misses import near_misses
from assistant.drafting.sentences import sentence_drafts
from assistant.drafting.tables import table_drafts
from assistant.drafting.wording import is_clear_question
from assistant.english.values import Names
from corpus.document import Passage
from corpus.markup import strip_markup
from index.passages import PassageStore
from index.terms import words

_BATCH = 500  # passages that are loaded at once
# Drafts that one passage and one question may give, so that the set is varied.
_MAX_OF_PASSAGE = 2
_MIN_ANSWER_WORDS, _MIN_SECTION_WORDS = 5, 14
_REFERENCE = re.compile(r"\b(?:see|refer to) (?:our|the|this)\b|\blink below\b", re.IGNORECASE)
_NEAR_MISSES = 5  # every fifth draft is a near miss, while there are some


def propose(passages: PassageStore, known: Collection[str] = ()) -> Iterator[Draft]:
    """Yields drafts, kinds and documents in turn; none whose question is `known` or was yielded
    before. Reads every passage once."""
    every = list(_all(passages))
    names = Names(passage.body for passage in every)
    drafts = _unambiguous([each for passage in every for each in _of_passage(passage, names)])
    misses = near_misses(drafts, passages)
    seen = {_key(question) for question in known}
    for draft in _interleaved(_varied(drafts), misses):
        if (key := _key(draft.question)) not in seen:
            seen.add(key)
            yield draft


def _all(passages: PassageStore) -> Iterator[Passage]:
    ordinals = passages.ordinals.tolist()
    for start in range(0, len(ordinals), _BATCH):
        yield from (entry.passage for entry in passages.get(ordinals[start : start + _BATCH]))


def _of_passage(passage: Passage, names: Names) -> list[Draft]:
    if passage.question:
        question = strip_markup(passage.question).replace("*", "")
        if not is_clear_question(question):
            return []
        found = [draft_of_units(DraftKind.FAQ, question, passage, passage.units)]
    else:
        sources = (heading_drafts, sentence_drafts, table_drafts)
        found = [draft for source in sources for draft in source(passage, names)]
    return [draft for draft in found if _says_something(draft)]


def _unambiguous(drafts: Sequence[Draft]) -> list[Draft]:
    """The first draft of each question, as a section may have several passages, and at most two of
    each passage. A question about cells with several answers is left out."""
    first: dict[str, Draft] = {}
    ambiguous: set[str] = set()
    for draft in drafts:
        other = first.setdefault(draft.question, draft)
        if draft.kind is DraftKind.TABLE and other.answer != draft.answer:
            ambiguous.add(draft.question)
    kept = []
    taken: Counter[int] = Counter()
    for draft in first.values():
        taken[id(draft.passage)] += draft.question not in ambiguous
        if draft.question not in ambiguous and taken[id(draft.passage)] <= _MAX_OF_PASSAGE:
            kept.append(draft)
    return kept


def _says_something(draft: Draft) -> bool:
    """Whether the answer is more than a title, a link, one step or what announces something."""
    if draft.kind is DraftKind.TABLE:
        return True
    is_section = draft.kind in (DraftKind.HOW_TO, DraftKind.HEADING)
    least = _MIN_SECTION_WORDS if is_section else _MIN_ANSWER_WORDS
    is_reference = is_section and _REFERENCE.search(draft.answer)
    return len(draft.answer.split()) >= least and not (is_reference or draft.answer.endswith(":"))


def _varied(drafts: Sequence[Draft]) -> Iterator[Draft]:
    """The drafts, each time the next one of the kind and then of the document that was taken least
    often."""
    waiting: dict[DraftKind, dict[str, list[Draft]]] = defaultdict(lambda: defaultdict(list))
    for draft in drafts:
        waiting[draft.kind][draft.passage.document].append(draft)
    kinds: Counter[DraftKind] = Counter()
    documents: Counter[str] = Counter()
    while waiting:
        kind = min(waiting, key=lambda each: kinds[each])
        document = min(waiting[kind], key=lambda each: documents[each])
        of_document = waiting[kind][document]
        # From the middle: the first passages of a document introduce it.
        yield of_document.pop(len(of_document) // 2)
        kinds[kind] += 1
        documents[document] += 1
        if not of_document:
            del waiting[kind][document]
        if not waiting[kind]:
            del waiting[kind]


def _interleaved(drafts: Iterable[Draft], misses: Iterator[Draft]) -> Iterator[Draft]:
    waiting = iter(drafts)
    while some := list(islice(waiting, _NEAR_MISSES - 1)):
        yield from some
        if miss := next(misses, None):
            yield miss


def _key(question: str) -> tuple[str, ...]:
    return tuple(words(question))
