"""Near misses: what is asked about a thing or a task is changed to something that no passage says.

A question about a definition becomes one about the cost, the start or the phone number of the
thing; one about how to do something becomes one about its cost or duration; one that names a year,
a version or a code becomes one about another. A changed question is left out if a passage with its
thing has any word that could answer it.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from assistant.drafting.drafts import Draft, DraftKind
from assistant.english.values import content
from corpus.markup import strip_markup
from index.passages import PassageStore
from index.terms import content_words, stems

_MAX_LOOKED_AT = 300  # passages with the words of a thing
# Questions, and what a passage that may answer them has.
_COST = r"cost|price|pricing|fee|charge|free|paid|pay|budget|expens|[$€£]"
_OF_THINGS = (
    ("How much does {} cost?", _COST),
    ("When was {} introduced?", r"introduc|launch|since|beg[ai]n|start|creat|found|\b20\d\d\b"),
    ("What is the phone number for {}?", r"phone|call|hotline|\d{3}[- .]\d{3}"),
    ("In which languages is {} available?", r"languag|english|translat|spanish"),
    ("Who is in charge of {}?", r"charge|responsib|lead|head|manag|owner|team|contact|@|run by"),
    ("How many people use {}?", r"people|users|employees|percent|%|thousand|million"),
)  # fmt: skip
_OF_TASKS = (
    ("How much does it cost to {}?", _COST),
    ("How long does it take to {}?", r"minute|hour|day|week|month|immediat|instant|take|soon|long"),
    ("Is there a phone number I can call to {}?", r"phone|call|hotline|\d{3}[- .]\d{3}"),
    ("Can someone else {} for me?", r"one|another|else|behalf|delegat|superv|manager|team|admin"),
)  # fmt: skip
# Tasks whose cost and duration one asks for.
_LONG = frozenset(
    "apply appeal book borrow buy cancel enroll exchange order obtain purchase recover register "
    "renew rent repair replace request reschedule return send ship submit transfer verify".split()
)
_PRODUCT = re.compile(
    r"\b(?:tool|service|program|programme|app|application|platform|software|plan|benefit|course|exam|"
    r"system|package|library|product|device|website|portal|license|licence|card|ticket|account)\b",
    re.IGNORECASE,
)
_YEAR = re.compile(r"\b20\d\d\b")
_NUMBER = re.compile(r"(?<![\d.])\d{1,5}(?![\d.]*\d)")
_MAX_LATER = 30
_OF_ROW = re.compile(
    r" of (the \S.* (?:model|car|course|plan|edition|ticket|room|device|product|package|tour|"
    r"workshop|licence|license|printer|laptop|phone|boat|camera))\?$"
)
_HOW = "How do I "


def near_misses(drafts: Sequence[Draft], passages: PassageStore) -> Iterator[Draft]:
    """Yields changed questions about things, tasks and cells in turn."""
    sources = [
        _changed(_things(drafts), _OF_THINGS, passages),
        _changed(_tasks(drafts), _OF_TASKS, passages),
        _other_numbers(drafts, passages),
    ]
    while sources:
        for source in tuple(sources):
            if miss := next(source, None):
                yield miss
            else:
                sources.remove(source)


def _things(drafts: Sequence[Draft]) -> Iterator[tuple[Draft, str]]:
    for draft in drafts:
        thing = draft.question.removeprefix("What is ").rstrip("?")
        is_named = any(letter.isupper() for letter in thing)
        is_product = is_named and bool(_PRODUCT.search(draft.answer))
        if draft.kind is DraftKind.DEFINITION and "What is " in draft.question and is_product:
            yield draft, thing
        elif draft.kind is DraftKind.TABLE and (of := _OF_ROW.search(draft.question)):
            yield draft, of[1]


def _tasks(drafts: Sequence[Draft]) -> Iterator[tuple[Draft, str]]:
    for draft in drafts:
        task = draft.question.removeprefix(_HOW).rstrip("?")
        is_how = draft.question.startswith(_HOW) and draft.kind is not DraftKind.FAQ
        if is_how and task.split()[0] in _LONG:
            yield draft, task


def _changed(
    subjects: Iterator[tuple[Draft, str]],
    forms: Sequence[tuple[str, str]],
    passages: PassageStore,
) -> Iterator[Draft]:
    """The first question about each subject that no passage may answer; another form comes first
    each time."""
    for number, (draft, subject) in enumerate(subjects):
        shift = number % len(forms)
        for form, cues in (*forms[shift:], *forms[:shift]):
            if not _may_answer(passages, content(subject), re.compile(cues, re.IGNORECASE)):
                question = form.format(subject)
                yield replace(draft, kind=DraftKind.NEAR_MISS, question=question, answer="")
                break


def _other_numbers(drafts: Sequence[Draft], passages: PassageStore) -> Iterator[Draft]:
    """Questions that name a year, or cells of a row with a number, with a later number that the
    documents do not have: another edition, version or code."""
    for draft in drafts:
        pattern = _NUMBER if draft.kind is DraftKind.TABLE else _YEAR
        if found := pattern.search(draft.question):
            digits = found.group()
            later = (f"{int(digits) + more:0{len(digits)}}" for more in range(2, _MAX_LATER))
            if number := next((each for each in later if not passages.has_word(each)), ""):
                before, behind = draft.question[: found.start()], draft.question[found.end() :]
                question = f"{before}{number}{behind}"
                yield replace(draft, kind=DraftKind.NEAR_MISS, question=question, answer="")


def _may_answer(passages: PassageStore, thing: Sequence[str], cues: re.Pattern[str]) -> bool:
    """Whether a passage, with the headings above it, has all words of a thing and a word that could
    answer; also if the thing has no words to look for."""
    found = passages.search(content_words(" ".join(thing)), _MAX_LOOKED_AT)
    for entry in passages.get([ordinal for ordinal, _ in found]):
        passage = entry.passage
        text = f"{passage.context} {passage.question or ''} {strip_markup(passage.text)}"
        if set(thing) <= stems(text) and cues.search(text):
            return True
    return not thing
