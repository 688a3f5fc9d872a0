"""Alters a context, or adds a condition to a question: other near misses than `near_misses`, where
the question stays as a person wrote it.

A word is also altered in question and context alike, which leaves the question answered: so an odd
word alone tells nothing.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from random import Random

from assistant.training.near_misses import (
    IDENTIFIER,
    NUMBER,
    OPPOSITES,
    YEAR,
    WordPool,
    alike_word,
    find_names,
    other_identifier,
)
from assistant.training.rows import Row

_WORD = re.compile(r"\w+")
_LOWER_WORD = re.compile(r"\b[a-z]{4,}\b")
_CONDITION = re.compile(
    r"\b(?:in|during|after|before|since|until) (?:the )?"
    r"(?:(?:[A-Z][\w'-]+(?: [A-Z][\w'-]+){0,2})|(?:1[0-9]{3}|20[0-9]{2})s?)\b"
)
_ASKS_TIME_OR_PLACE = re.compile(
    r"(?i)(when|where|what year|which year|in what|in which|how long)\b"
)
_MAX_QUESTION_CHARS = 110

_Swap = tuple[str, str]  # the word or name, and what takes its place


def swap(row: Row, pool: WordPool, random: Random, both: bool) -> Row | None:
    """Returns the row with a name, number, identifier or word that the question shares with the
    answering sentences altered: in these alone (no longer answered; the labels stay), or with
    `both` everywhere (still answered). None if they share nothing that can be altered."""
    answer = " ".join(row.sentences[number] for number in row.answering)
    ways: list[Callable[[], _Swap | None]] = [
        lambda: _name(row, answer, pool, random, both),
        lambda: _number(row.question, answer, random),
        lambda: _identifier(row.question, answer, pool, random),
        lambda: _opposite(row.question, answer, random),
        lambda: _word(row.question, answer, pool, random),
    ]
    random.shuffle(ways)
    for way in ways:
        found = way()
        if found and found[0].lower() != found[1].lower():
            altered = _altered(row, *found, both)
            if altered.sentences != row.sentences:
                return altered
    return None


def collect_conditions(questions: Sequence[str]) -> tuple[str, ...]:
    """Returns the conditions of time and place ("during the war") in the questions."""
    return tuple(match.group() for text in questions for match in _CONDITION.finditer(text))


def add_condition(row: Row, conditions: Sequence[str], random: Random, holds: bool) -> str | None:
    """Returns the question with a condition at its end: one that the answering sentences hold, or
    one of `conditions` that the context does not. None if there is none."""
    question = row.question.rstrip("? .")
    if _ASKS_TIME_OR_PLACE.match(question) or len(question) > _MAX_QUESTION_CHARS:
        return None
    if holds:
        answer = " ".join(row.sentences[number] for number in row.answering)
        found = [match.group() for match in _CONDITION.finditer(answer)]
        found = [each for each in found if each.split()[-1].lower() not in question.lower()]
        if len(found) < 2:  # the only one may be the answer
            return None
    else:
        text = f"{question} {' '.join(row.sentences)}".lower()
        drawn = [random.choice(conditions) for _ in range(8)] if conditions else []
        found = [each for each in drawn if each.split()[-1].lower() not in text]
        if not found:
            return None
    return f"{question} {random.choice(found)}?"


def _altered(row: Row, old: str, new: str, both: bool) -> Row:
    pattern = re.compile(rf"(?<!\w){re.escape(old)}(?!\w)", re.IGNORECASE)
    return replace(
        row,
        sentences=tuple(
            pattern.sub(lambda _: new, text) if both or number in row.answering else text
            for number, text in enumerate(row.sentences)
        ),
        question=pattern.sub(lambda _: new, row.question) if both else row.question,
        heading=pattern.sub(lambda _: new, row.heading) if both else row.heading,
        title=pattern.sub(lambda _: new, row.title) if both else row.title,
    )


def _name(row: Row, answer: str, pool: WordPool, random: Random, both: bool) -> _Swap | None:
    question, answer_lower = row.question.lower(), answer.lower()
    names = dict.fromkeys(find_names(f"{answer} . {row.question}"))
    shared = [name for name in names if name.lower() in question and name.lower() in answer_lower]
    if not shared:
        return None
    old = random.choice(shared)
    if " " not in old and random.random() < 0.4:
        alike = alike_word(old, f"{question} {answer_lower}", pool, random)
        if alike:
            return old, alike
    others: list[str] = []
    if not both and random.random() < 0.6:
        others = _unused(find_names(" ".join(row.sentences)), question + answer_lower)
    if not others and pool.names:
        others = _unused([random.choice(pool.names) for _ in range(10)], question + answer_lower)
    others = [name for name in others if (" " in name) == (" " in old)] or others
    return (old, random.choice(others)) if others else None


def _number(question: str, answer: str, random: Random) -> _Swap | None:
    pattern = YEAR if YEAR.search(question) else NUMBER
    shared = [found.group() for found in pattern.finditer(question) if found.group() in answer]
    if not shared:
        return None
    old = random.choice(shared)
    step = random.choice((1, 2, 3, 5, 10, 20, 40))
    new = f"{max(float(old.replace(',', '')) + random.choice((-step, step)), step):.0f}"
    return None if new in answer or new in question else (old, new)


def _identifier(question: str, answer: str, pool: WordPool, random: Random) -> _Swap | None:
    shared = [found.group() for found in IDENTIFIER.finditer(question) if found.group() in answer]
    if not shared:
        return None
    old = random.choice(shared)
    new = other_identifier(old, f"{question} {answer}", pool, random)
    return (old, new) if new else None


def _opposite(question: str, answer: str, random: Random) -> _Swap | None:
    words = set(_WORD.findall(answer.lower()))
    shared = [w for w in _WORD.findall(question.lower()) if w in OPPOSITES and w in words]
    if not shared:
        return None
    old = random.choice(shared)
    return old, random.choice(OPPOSITES[old])


def _word(question: str, answer: str, pool: WordPool, random: Random) -> _Swap | None:
    words = set(_WORD.findall(answer.lower()))
    shared = [w for w in _LOWER_WORD.findall(question) if w in pool.alike and w in words]
    if not shared:
        return None
    old = random.choice(shared)
    new = alike_word(old, f"{question} {answer}".lower(), pool, random)
    return (old, new) if new else None


def _unused(names: Sequence[str], text: str) -> list[str]:
    return [name for name in names if name.lower() not in text]
