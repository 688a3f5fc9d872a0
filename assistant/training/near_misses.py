"""Near misses: questions with one word changed so that their context does not answer them.

Entities and opposites are swapped and negations inserted, as the authors of SQuAD 2.0 did by hand
(Rajpurkar et al., "Know What You Don't Know", 2018).
"""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from random import Random

from assistant.english.opposites import OPPOSITE_WORDS

_WORD = re.compile(r"\w+")
_NAME = re.compile(r"\b[A-Z][\w'\u2019-]+(?: (?:(?:of|the|de|von|van|and) )?[A-Z][\w'\u2019-]+)*")
_YEAR = re.compile(r"\b(1[0-9]{3}|20[0-9]{2})\b")
_NUMBER = re.compile(r"\b\d{1,3}(?:,\d{3})*(?:\.\d+)?\b")
_AUXILIARY = re.compile(
    r"\b(is|was|are|were|did|does|do|has|have|had|could|would|should)\b", re.IGNORECASE
)
# A content word that is not a name; question words are shorter.
_CONTENT_WORD = re.compile(r"\b[a-z]{5,}\b")
_ENDINGS = ("ing", "ed", "ly", "tion", "ment", "ness", "er", "al", "ic", "y", "s")
_TIME_EXPRESSION = re.compile(r"\d|\b(?:centur|decade|year|month|day|ago)", re.IGNORECASE)
_WHERE_WHY_HOW = re.compile(r"^(?:Where|Why|How) (?=(?:did|does|do|was|were|is|are|has|have)\b)")
_NEGATED = re.compile(r"\bnot\b|n't\b")
_SENTENCE_ENDS = frozenset(("", ".", "!", "?", ":"))
_OPENERS = frozenset(
    """
    who what when where why how which whose whom in on at to for from by the a an during after
    before is are was were did does do can could has have had as with along other some if it
    this that these
    """.split()
)
# Both ways: each word with its opposites.
_OPPOSITES: dict[str, list[str]] = defaultdict(list)
for _one, _other in OPPOSITE_WORDS:
    _OPPOSITES[_one].append(_other)
    _OPPOSITES[_other].append(_one)


def find_names(text: str) -> list[str]:
    """Returns the capitalised names in a text, without single words that start a sentence."""
    found = []
    for match in _NAME.finditer(text):
        name = match.group()
        before = text[: match.start()].rstrip(" \"'\u201c\u2018(")[-1:]
        opens = before in _SENTENCE_ENDS
        if name.partition(" ")[0].lower() in _OPENERS or (opens and " " not in name):
            name = name.partition(" ")[2]
        if len(name) > 2:
            found.append(name)
    return found


@dataclass(frozen=True, slots=True)
class WordPool:
    """Replacements: the names in all questions, and their content words by ending."""

    names: tuple[str, ...]
    words: Mapping[str, tuple[str, ...]]


def collect_words(questions: Iterable[str]) -> WordPool:
    """Collects the names and content words of the questions, as often as they occur."""
    named: list[str] = []
    by_ending: dict[str, list[str]] = defaultdict(list)
    for question in questions:
        named += find_names(question)
        for match in _CONTENT_WORD.finditer(question):
            by_ending[_ending(match.group())].append(match.group())
    return WordPool(tuple(named), {ending: tuple(found) for ending, found in by_ending.items()})


def near_miss(question: str, context: str, pool: WordPool, random: Random) -> str | None:
    """Returns the question with one name, number or word changed, None if nothing can be changed.

    Names come from the context or the pool, words from the pool. A few of the new questions are
    still answered by the context: label noise.
    """
    ways: list[Callable[[], str | None]] = [
        lambda: _other_name(question, context, pool, random),
        lambda: _other_number(question, context, random),
        lambda: _opposite(question, random),
        lambda: _other_word(question, context, pool, random),
    ]
    random.shuffle(ways)
    if random.random() < 0.15:
        ways.insert(0, lambda: _other_aspect(question, context, random))
    if random.random() < 0.05:  # rarely, since real questions contain negations too
        ways.insert(0, lambda: _negated(question))
    for way in ways:
        altered = way()
        if altered is not None and altered != question:
            return altered
    return None


def _other_name(question: str, context: str, pool: WordPool, random: Random) -> str | None:
    lowered = question.lower()
    here = list(dict.fromkeys(find_names(f"{context} . {question}")))
    in_question = [name for name in here if re.search(rf"\b{re.escape(name.lower())}\b", lowered)]
    if not in_question:
        return None
    name = random.choice(in_question)
    others = [other for other in here if other.lower() not in lowered]
    if not others or random.random() > 0.45:
        drawn = [random.choice(pool.names) for _ in range(12)] if pool.names else []
        others = [other for other in drawn if other.lower() not in lowered]
    alike = [other for other in others if (" " in other) == (" " in name)] or others
    if not alike:
        return None
    start = lowered.index(name.lower())
    return question[:start] + random.choice(alike) + question[start + len(name) :]


def _other_number(question: str, context: str, random: Random) -> str | None:
    pattern = _YEAR if _YEAR.search(question) else _NUMBER
    found = list(pattern.finditer(question))
    if not found:
        return None
    match = random.choice(found)
    others = [number for number in pattern.findall(context) if number not in question]
    if others and random.random() < 0.4:
        new = random.choice(others)
    else:
        value = float(match.group().replace(",", ""))
        step = random.choice((1, 2, 3, 5, 10, 20, 40))
        new = f"{max(value + random.choice((-step, step)), step):.0f}"
    return f"{question[: match.start()]}{new}{question[match.end() :]}"


def _opposite(question: str, random: Random) -> str | None:
    found = [match for match in _WORD.finditer(question) if match.group().lower() in _OPPOSITES]
    if not found:
        return None
    match = random.choice(found)
    new = random.choice(_OPPOSITES[match.group().lower()])
    return question[: match.start()] + new + question[match.end() :]


def _other_word(question: str, context: str, pool: WordPool, random: Random) -> str | None:
    """Swaps a content word for one with the same ending that is not in the context."""
    found = [match for match in _CONTENT_WORD.finditer(question) if match.start() > 0]
    if not found:
        return None
    match = random.choice(found)
    alike = pool.words.get(_ending(match.group()), ())
    here = f"{context} {question}".lower()
    drawn = [random.choice(alike) for _ in range(8)] if alike else []
    new = next((word for word in drawn if word[:5] not in here), None)
    return question[: match.start()] + new + question[match.end() :] if new else None


def _other_aspect(question: str, context: str, random: Random) -> str | None:
    """Asks for the time instead, if the context contains no time."""
    if _TIME_EXPRESSION.search(context) or not _WHERE_WHY_HOW.match(question):
        return None
    return _WHERE_WHY_HOW.sub(random.choice(("When ", "In which year ", "How long ago ")), question)


def _ending(word: str) -> str:
    return next((ending for ending in _ENDINGS if word.endswith(ending)), "")


def _negated(question: str) -> str | None:
    if _NEGATED.search(question):
        return None
    return _AUXILIARY.sub(r"\1n't", question, count=1)
