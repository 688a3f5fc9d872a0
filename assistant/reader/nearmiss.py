"""Near misses: a question with one word of weight swapped, so that its context does not answer it.

After Rajpurkar et al., "Know What You Don't Know" (2018), whose writers swapped entities and
antonyms and inserted negations.
"""

import re
from collections.abc import Callable, Sequence
from random import Random

_WORD = re.compile(r"\w+")
_NAME = re.compile(r"\b[A-Z][\w'\u2019-]+(?: (?:(?:of|the|de|von|van|and) )?[A-Z][\w'\u2019-]+)*")
_YEAR = re.compile(r"\b(1[0-9]{3}|20[0-9]{2})\b")
_NUMBER = re.compile(r"\b\d{1,3}(?:,\d{3})*(?:\.\d+)?\b")
_AUXILIARY = re.compile(
    r"\b(is|was|are|were|did|does|do|has|have|had|could|would|should)\b", re.IGNORECASE
)
_NEGATED = re.compile(r"\bnot\b|n't\b")
_BEFORE_OPENING = frozenset(("", ".", "!", "?", ":"))  # what a sentence may come after
_OPENERS = frozenset(
    """
    who what when where why how which whose whom in on at to for from by the a an during after
    before is are was were did does do can could has have had as with along other some if it
    this that these
    """.split()
)
_PAIRS = """
    first/last before/after largest/smallest biggest/smallest oldest/youngest oldest/newest
    increase/decrease increased/decreased highest/lowest most/least more/less more/fewer
    north/south east/west northern/southern eastern/western best/worst began/ended begin/end
    start/end started/stopped born/died male/female men/women boy/girl king/queen father/mother
    brother/sister son/daughter husband/wife won/lost win/lose open/closed opened/closed
    above/below earliest/latest minimum/maximum major/minor public/private allowed/forbidden
    include/exclude included/excluded buy/sell bought/sold import/export accept/reject
    accepted/rejected support/oppose supported/opposed cause/prevent caused/prevented
    enter/leave entered/left winter/summer early/late top/bottom upper/lower internal/external
    rural/urban inside/outside rise/fall rose/fell always/never old/new long/short
    longest/shortest strong/weak rich/poor hot/cold life/death morning/evening right/left
    front/back teacher/student employer/employee attack/defend attacked/defended arrive/depart
    teach/learn gave/received ancient/modern good/bad happy/sad friend/enemy higher/lower
    larger/smaller older/younger faster/slower former/current
    """


def _opposites(pairs: str) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for pair in pairs.split():
        one, other = pair.split("/")
        found[one] = (*found.get(one, ()), other)
        found[other] = (*found.get(other, ()), one)
    return found


_OPPOSITES = _opposites(_PAIRS)


def names(text: str) -> list[str]:
    """Capitalised names in `text`, without single words that open a sentence."""
    found = []
    for match in _NAME.finditer(text):
        name = match.group()
        before = text[: match.start()].rstrip(" \"'\u201c\u2018(")[-1:]
        opens = before in _BEFORE_OPENING
        if name.partition(" ")[0].lower() in _OPENERS or (opens and " " not in name):
            name = name.partition(" ")[2]
        if len(name) > 2:
            found.append(name)
    return found


def near_miss(question: str, context: str, pool: Sequence[str], random: Random) -> str | None:
    """`question` with one name, number or word swapped so that `context` no longer answers it.

    Names come from the context or from `pool` (names of the whole corpus). None where there is
    nothing to swap. Now and then the swapped question is still answered: noise the labels bear.
    """
    ways: list[Callable[[], str | None]] = [
        lambda: _other_name(question, context, pool, random),
        lambda: _other_number(question, context, random),
        lambda: _opposite(question, random),
    ]
    random.shuffle(ways)
    if random.random() < 0.05:  # rarely: people do ask why something doesn't work
        ways.insert(0, lambda: _negated(question))
    for way in ways:
        altered = way()
        if altered is not None and altered != question:
            return altered
    return None


def _other_name(question: str, context: str, pool: Sequence[str], random: Random) -> str | None:
    lowered = question.lower()
    here = list(dict.fromkeys(names(f"{context} . {question}")))
    asked = [name for name in here if re.search(rf"\b{re.escape(name.lower())}\b", lowered)]
    if not asked:
        return None
    name = random.choice(asked)
    others = [other for other in here if other.lower() not in lowered]
    if not others or random.random() > 0.45:
        drawn = [random.choice(pool) for _ in range(12)]
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


def _negated(question: str) -> str | None:
    if _NEGATED.search(question):
        return None
    return _AUXILIARY.sub(r"\1n't", question, count=1)
