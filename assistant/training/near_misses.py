"""Near misses: questions with one word changed so that their context does not answer them.

Entities and opposites are swapped and negations inserted, as the authors of SQuAD 2.0 did by hand
(Rajpurkar et al., "Know What You Don't Know", 2018).
"""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from random import Random

from assistant.english.opposites import OPPOSITE_WORDS

_WORD = re.compile(r"\w+")
_NAME = re.compile(r"\b[A-Z][\w'\u2019-]+(?: (?:(?:of|the|de|von|van|and) )?[A-Z][\w'\u2019-]+)*")
YEAR = re.compile(r"\b(1[0-9]{3}|20[0-9]{2})\b")
NUMBER = re.compile(r"\b\d{1,3}(?:,\d{3})*(?:\.\d+)?\b")
# A flag, file, option, setting or version as it stands in text.
IDENTIFIER = re.compile(
    r"(?<![\w-])(?:--?[a-z][\w-]+|\w+(?:[._/]\w+)+|[a-z]+[A-Z]\w*|[A-Z][A-Z_]{2,}|[a-z]+\d\w*"
    r"|[a-z]+-[a-z]+(?:-[a-z]+)*)(?![\w-])"
)
_AUXILIARY = re.compile(
    r"\b(is|was|are|were|did|does|do|has|have|had|could|would|should)\b", re.IGNORECASE
)
# A content word that is not a name; question words are shorter.
_CONTENT_WORD = re.compile(r"\b[a-z]{5,}\b")
_ENDINGS = ("ing", "ed", "ly", "tion", "ment", "ness", "er", "al", "ic", "y", "s")
_TIME_EXPRESSION = re.compile(r"\d|\b(?:centur|decade|year|month|day|ago)", re.IGNORECASE)
_WHERE_WHY_HOW = re.compile(r"^(?:Where|Why|How) (?=(?:did|does|do|was|were|is|are|has|have)\b)")
_NEGATED = re.compile(r"\bnot\b|n't\b")
_PART = re.compile(r"[A-Za-z]{3,}")
_STEM = 5  # letters that a word shares with its other forms
_ANY_WORD = 0.12  # share of the swapped words that are not near in meaning
_SENTENCE_ENDS = frozenset(("", ".", "!", "?", ":"))
_OPENERS = frozenset(
    """
    who what when where why how which whose whom in on at to for from by the a an during after
    before is are was were did does do can could has have had as with along other some if it
    this that these
    """.split()
)
# Both ways: each word with its opposites.
OPPOSITES: dict[str, list[str]] = defaultdict(list)
for _one, _other in OPPOSITE_WORDS:
    OPPOSITES[_one].append(_other)
    OPPOSITES[_other].append(_one)


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
    """Replacements: the names and identifiers in all questions, and their content words by ending.

    `alike` maps a word to others near in meaning (see `alike_words`).
    """

    names: tuple[str, ...]
    words: Mapping[str, tuple[str, ...]]
    identifiers: tuple[str, ...] = ()
    alike: Mapping[str, Sequence[str]] = field(default_factory=dict)


def collect_words(
    questions: Iterable[str], alike: Mapping[str, Sequence[str]] | None = None
) -> WordPool:
    """Collects the names and content words of the questions, as often as they occur."""
    named: list[str] = []
    identifiers: list[str] = []
    by_ending: dict[str, list[str]] = defaultdict(list)
    for question in questions:
        named += find_names(question)
        identifiers += IDENTIFIER.findall(question)
        for match in _CONTENT_WORD.finditer(question):
            by_ending[_ending(match.group())].append(match.group())
    words = {ending: tuple(found) for ending, found in by_ending.items()}
    return WordPool(tuple(named), words, tuple(identifiers), alike or {})


def alike_word(word: str, avoid: str, pool: WordPool, random: Random) -> str | None:
    """Returns a word near in meaning that `avoid` (lower case) does not contain, None if none is
    known."""
    known = [each for each in pool.alike.get(word.lower(), ()) if each[:_STEM] not in avoid]
    if not known:
        return None
    new = random.choice(known)
    return new.capitalize() if word[:1].isupper() else new


def other_identifier(old: str, avoid: str, pool: WordPool, random: Random) -> str | None:
    """Returns an identifier to take the place of `old` that `avoid` does not contain: with another
    digit or part, or one of the pool. None if there is none."""
    digits = [at for at, letter in enumerate(old) if letter.isdigit()]
    new: str | None = None
    if digits and random.random() < 0.7:
        at = random.choice(digits)
        new = old[:at] + str((int(old[at]) + random.randint(1, 9)) % 10) + old[at + 1 :]
    elif pool.identifiers:
        drawn = random.choice(pool.identifiers)
        parts, others = _PART.findall(old), _PART.findall(drawn)
        if len(parts) > 1 and others and random.random() < 0.6:
            new = old.replace(random.choice(parts), random.choice(others), 1)
        else:
            new = drawn
    return new if new and new.lower() not in avoid.lower() else None


def near_miss(question: str, context: str, pool: WordPool, random: Random) -> str | None:
    """Returns the question with one name, number or word changed, None if nothing can be changed.

    Names come from the context or the pool, words from the pool. A few of the new questions are
    still answered by the context: label noise.
    """
    ways: list[Callable[[], str | None]] = [
        lambda: _other_name(question, context, pool, random),
        lambda: _other_number(question, context, random),
        lambda: _other_identifier(question, context, pool, random),
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
    pattern = YEAR if YEAR.search(question) else NUMBER
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


def _other_identifier(question: str, context: str, pool: WordPool, random: Random) -> str | None:
    found = list(IDENTIFIER.finditer(question))
    if not found:
        return None
    match = random.choice(found)
    here = [each for each in IDENTIFIER.findall(context) if each not in question]
    new = random.choice(here) if here and random.random() < 0.5 else None
    new = new or other_identifier(match.group(), f"{context} {question}", pool, random)
    return question[: match.start()] + new + question[match.end() :] if new else None


def _opposite(question: str, random: Random) -> str | None:
    found = [match for match in _WORD.finditer(question) if match.group().lower() in OPPOSITES]
    if not found:
        return None
    match = random.choice(found)
    new = random.choice(OPPOSITES[match.group().lower()])
    return question[: match.start()] + new + question[match.end() :]


def _other_word(question: str, context: str, pool: WordPool, random: Random) -> str | None:
    """Swaps a content word for one near in meaning, now and then for any with the same ending, that
    is not in the context."""
    known = [
        m for m in _WORD.finditer(question) if m.start() > 0 and m.group().lower() in pool.alike
    ]
    if known and random.random() > _ANY_WORD:
        match = random.choice(known)
        near = alike_word(match.group(), f"{context} {question}".lower(), pool, random)
        return question[: match.start()] + near + question[match.end() :] if near else None
    found = [match for match in _CONTENT_WORD.finditer(question) if match.start() > 0]
    if not found:
        return None
    match = random.choice(found)
    alike = pool.words.get(_ending(match.group()), ())
    here = f"{context} {question}".lower()
    drawn = [random.choice(alike) for _ in range(8)] if alike else []
    new = next((word for word in drawn if word[:_STEM] not in here), None)
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
