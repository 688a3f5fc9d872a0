"""Compares a statement with the text that should support it, word by word: numbers with their
units, names, negation, quantity, order, obligation, cause and condition.

Each rule asks only whether the text says such a thing at all, so a statement that agrees may still
be unsupported; one that disagrees is. Pure functions of strings.
"""

import re
from collections.abc import Iterator
from functools import lru_cache

from assistant.english.opposites import contrasts
from index.identifiers import IdentifierKind, find_identifiers
from index.terms import STOP_WORDS, fold, stem, stems, words

_SMALL = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen "
    "sixteen seventeen eighteen nineteen"
).split()
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety".split()
_ORDINALS = (
    "zeroth first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth"
).split()
_MULTIPLES = {"half": "0.5", "twice": "2", "double": "2", "thrice": "3", "dozen": "12"}
_MULTIPLES |= {"noon": "12:00", "midday": "12:00", "midnight": "0:00"}
# "one" and "second" are rarely numbers: "the one that", "a second look".
_NO_NUMBERS = frozenset(["one", "zero", "second", "first"])
_TIME = re.compile(
    r"\b(\d{1,2})(?:[:.]([0-5]\d))?\s?([ap])\.?m\b\.?|\b(\d{1,2}):([0-5]\d)\b"
    r"|\b(\d{1,2})\s?o['’]clock\b",
    re.IGNORECASE,
)
_DIGITS = re.compile(r"\d+(?:[.,]\d+)*")
_THOUSANDS = re.compile(r"\d{1,3}(?:[,.]\d{3})+")
_GROUPED = re.compile(r"(?<=\d)[ \u00a0\u202f](?=\d{3}\b)")
# The unit in front of a number, or behind it.
_CURRENCY = {"€": "euro", "eur": "euro", "$": "dollar", "usd": "dollar", "£": "pound"}
_CURRENCY |= {"gbp": "pound", "¥": "yen", "chf": "franc", "nok": "kron", "sek": "kron"}
UNITS = {
    **_CURRENCY,
    **dict.fromkeys(["%", "percent", "per cent"], "percent"),
    **dict.fromkeys("s sec secs second seconds".split(), "second"),
    **dict.fromkeys("min mins minute minutes".split(), "minute"),
    **dict.fromkeys("h hr hrs hour hours".split(), "hour"),
    **dict.fromkeys("ms millisecond milliseconds".split(), "millisecond"),
    **dict.fromkeys("day days night nights".split(), "day"),
    **dict.fromkeys("week weeks".split(), "week"),
    **dict.fromkeys("month months".split(), "month"),
    **dict.fromkeys("year years".split(), "year"),
    **dict.fromkeys("kb kib kilobyte kilobytes".split(), "kilobyte"),
    **dict.fromkeys("mb mib megabyte megabytes".split(), "megabyte"),
    **dict.fromkeys("gb gib gigabyte gigabytes".split(), "gigabyte"),
    **dict.fromkeys("tb tib terabyte terabytes".split(), "terabyte"),
    **dict.fromkeys("mm millimetre millimetres millimeter millimeters".split(), "millimetre"),
    **dict.fromkeys("cm centimetre centimetres centimeter centimeters".split(), "centimetre"),
    **dict.fromkeys("m metre metres meter meters".split(), "metre"),
    **dict.fromkeys("km kilometre kilometres kilometer kilometers".split(), "kilometre"),
    **dict.fromkeys("mile miles".split(), "mile"),
    **dict.fromkeys("g gram grams".split(), "gram"),
    **dict.fromkeys("kg kilo kilos kilogram kilograms".split(), "kilogram"),
    **dict.fromkeys("l litre litres liter liters".split(), "litre"),
    **dict.fromkeys("ml millilitre millilitres milliliter milliliters".split(), "millilitre"),
    **dict.fromkeys("hz hertz".split(), "hertz"),
    **dict.fromkeys("khz kilohertz".split(), "kilohertz"),
    **dict.fromkeys("db decibel decibels".split(), "decibel"),
    **dict.fromkeys(["°", "°c", "celsius", "degrees", "degree"], "degree"),
    **dict.fromkeys("euro euros".split(), "euro"),
    **dict.fromkeys("dollar dollars".split(), "dollar"),
    **dict.fromkeys("pound pounds".split(), "pound"),
}
_AFTER = re.compile(r"[\s\u00a0-]?(%|°C?|per cent\b|[A-Za-z]+|€|\$|£)")
_BEFORE = re.compile(r"(€|\$|£|¥|\b[A-Z]{3})\s?$")
_WEEKDAYS = frozenset("monday tuesday wednesday thursday friday saturday sunday".split())
_DATE_NAMES = _WEEKDAYS | frozenset(
    "january february march april may june july august september october november december".split()
)
_ABBREVIATED = 3  # letters of "Mon", "Jan"

# What a text may say if a statement says a thing of each kind below. Generous: whether both mean
# the same is for the fitted part of the proof.
_CUES: dict[str, str] = {
    "negation": r"not|no|never|none|nobody|nothing|neither|nor|cannot|\w+n['’]t|without|"
    r"forbid\w*|forbad\w*|prohibit\w*|refus\w*|reject\w*|den(?:y|ies|ied)|exclu\w+|except\w*|"
    r"fail\w*|lack\w*|ban(?:s|ned)?|prevent\w*|avoid\w*|unless|instead|rather|only|"
    r"un\w{4,}|in(?:valid|complete|active|eligible|accessible|correct)\w*|impossible|disabl\w*|"
    r"free|stop\w*|los[et]\w*|remov\w*|end(?:s|ed)?|missing|closed|absent|nowhere|hardly|little",
    "at least": r"at least|minimum|no (?:less|fewer|earlier|sooner|shorter) than|or (?:more|above|"
    r"longer|over|older|later|higher)|from|min\.|not (?:less|fewer|under)|as (?:early|little) as|"
    r"and (?:over|above|up|older)|onwards?|starting|≥|>=|need\w*|must|requir\w*|before|more than",
    "at most": r"at most|up to|maximum|max|no (?:more|later|longer|greater|higher) than|or (?:less|"
    r"fewer|below|under|younger|earlier|shorter)|within|limit\w*|not (?:exceed|more)|until|by|≤|<=|"
    r"exceed\w*|longest|largest|under|cap(?:ped|s)?|as (?:much|many|long|late|far) as|less than|"
    r"before|highest|latest",
    "more": r"more|over|above|exceed\w*|longer|greater|larger|higher|older|later|increas\w*|beyond|"
    r"bigger|faster|further|extra|additional|another|>|better|also|on top|again|additionally",
    "less": r"less|fewer|under|below|shorter|smaller|lower|younger|earlier|decreas\w*|reduc\w*|"
    r"cheaper|slower|<|discount\w*|off|save\w*|within|cut\w*|half|short of|shrink\w*",
    "only": r"only|solely|exclusively|just|sole|nobody (?:but|except|else)|no one (?:but|else)|"
    r"except\w*|unless|alone|nothing (?:but|else)|restricted|reserved|limited|single|not|no|never",
    "all": r"all|every\w*|each|any\w*|whole|entire\w*|always|both|everybody|complete\w*|full\w*|"
    r"throughout|regardless|no (?:matter|exceptions?)|in (?:any|either) case|automatic\w*|per|"
    r"daily|weekly|monthly|yearly|annual\w*|a (?:day|week|month|year|person)",
    "never": r"never|not|no|none|nobody|cannot|\w+n['’]t|neither|nor|without|forbid\w*|prohibit\w*",
    "before": r"before|until|till|by|prior|earlier|previous\w*|in advance|ahead|beforehand|first|"
    r"then|at the latest|no later|ago|in time|preced\w*|already|start\w*|within|up to",
    "after": r"after\w*|since|later|then|once|following|from|when|next|subsequent\w*|past|onwards?|"
    r"until|has been|have been|afterwards|as soon as|finally|follow\w*|last\w*|behind|over|within",
    "because": r"because|due|since|so|so that|therefore|thus|hence|as a result|caus\w*|reason\w*|"
    r"lead\w*|to \w+|for|owing|thanks|otherwise|result\w*|mean\w*|why|that is|as|:|make\w*|"
    r"by \w+ing|help\w*|when|if",
    "condition": r"if|unless|when\w*|except\w*|provided|only|until|as long as|without|in case|once|"
    r"depend\w*|subject to|otherwise|for|whether|must|where|after|before|who|that|with|requir\w*|"
    r"condition\w*|should|need\w*|but|while|during|any\w*",
    "must": r"must|shall|requir\w*|need\w*|has to|have to|had to|mandatory|obligat\w*|obliged|"
    r"compulsory|necessary|essential|is to|are to|only|not \w+ without|expect\w*|should|always|"
    r"cannot|unless|at least|never|be sure|make sure|no \w+|not|until|by",
    "optional": r"optional\w*|voluntar\w*|not (?:required|necessary|needed|compulsory|mandatory|"
    r"obliged)|may|can|free to|need not|needn['’]t|do(?:es)? not (?:have|need)|if you (?:like|want|"
    r"wish)|without|no need|possible|allow\w*|welcome|no \w+ (?:is|are) (?:required|needed)",
}
# What a statement says.
_STATED: dict[str, str] = {
    "negation": r"not|no|never|none|nobody|nothing|neither|nor|cannot|\w+n['’]t|without|forbidden|"
    r"prohibited|not allowed",
    "at least": r"at least|minimum|no (?:less|fewer|earlier) than",
    "at most": r"at most|up to|maximum|no (?:more|later|longer) than",
    "more": r"more than|over|above|exceed\w*|longer than|greater than|older than|later than",
    "less": r"less than|fewer than|under|below|shorter than|younger than|cheaper than",
    "only": r"only|solely|exclusively",
    "all": r"all|every|everyone|everybody|everything|each|always|both|any|anyone|anybody",
    "never": r"never",
    "before": r"before|prior to|ahead of|earlier than",
    "after": r"after|afterwards|following|later than",
    "because": r"because|due to|owing to|thanks to|as a result",
    "condition": r"unless|provided|as long as|except|only (?:when|if)",
    "must": r"must|mandatory|compulsory|required to|obliged|is required|are required",
    "optional": r"optional\w*|voluntar\w*|need not|needn['’]t|not required|not have to|not need to",
}
_TEXT_HAS = {name: re.compile(rf"(?<!\w)(?:{cues})(?!\w)") for name, cues in _CUES.items()}
_CLAIM_HAS = {name: re.compile(rf"(?<!\w)(?:{cues})(?!\w)") for name, cues in _STATED.items()}
# What a text denies; a statement that leaves it out turns the text around.
_DENIED = re.compile(
    r"(?<!\w)(?:not|never|no|none|nobody|nothing|neither|nor|cannot|\w+n['’]t|without|forbidden|prohibited|"
    r"unable|impossible)(?!\w)"
)
_CLAUSE_END = re.compile(
    r"[;:()—–]|,(?=\s)|[.!?](?=\s|$)|\s-\s"
    r"|\s(?:but|although|though|while|whereas|unless|except|and|or|if|when|because|so|which|who)\s"
)
_BOUND = re.compile(r"\W+")
_CAPITAL = re.compile(r"(?<![\w'’])[A-Z][\w'’]*(?:-\w+)*")
_EXACT = frozenset(IdentifierKind) - {IdentifierKind.DATE, IdentifierKind.NUMBERED}


def disagreements(statement: str, text: str, context: str = "") -> list[str]:
    """Names each thing that the statement says and the text does not: "number 30", "name Oslo",
    "negation", "at least". `context` is what stands above the text: its names and numbers count,
    its negations do not. All are plain text without markup."""
    found = [f"number {each}" for each in _missing_numbers(statement, text, context)]
    found += [f"name {each}" for each in _missing_names(statement, f"{context} {text}")]
    lower, other = _folded(statement), _folded(text)
    found += [
        name
        for name, pattern in _CLAIM_HAS.items()
        if pattern.search(lower) and not _TEXT_HAS[name].search(other)
    ]
    if "negation" not in found and _drops_negation(lower, other):
        found.append("negation left out")
    if contrasts(stems(statement), stems(text)):
        found.append("opposite")
    return found


def counted_units(text: str) -> frozenset[str]:
    """The stems of words for units that the text may name beside a number: `quantities` tells
    more of them than these words."""
    units = frozenset().union(*quantities(text).values())
    units |= {"week"} if "day" in units else frozenset()
    return frozenset(stem(word) for word, unit in UNITS.items() if unit in units)


def clauses(text: str) -> list[str]:
    """The parts of a sentence that each state something. A part of one word belongs to the one
    before it, the first one to the next."""
    found: list[str] = []
    for part in (part.strip() for part in _CLAUSE_END.split(text)):
        if found and (" " not in part or " " not in found[0]):
            found[-1] = f"{found[-1]} {part}".strip()
        elif part:
            found.append(part)
    return found


def _folded(text: str) -> str:
    return text.lower().replace("’", "'")


def _missing_numbers(statement: str, text: str, context: str) -> Iterator[str]:
    wanted = quantities(statement)
    given = {**quantities(context), **quantities(text)}
    dates = {_BOUND.sub("", key) for key in _identifier_keys(f"{context} {text}", dates=True)}
    own_dates = "".join(_identifier_keys(statement, dates=True))
    for number, units in wanted.items():
        if number not in given:
            padded = f"{int(number):02}" if number.isdecimal() and len(number) < 3 else number
            if not (padded in own_dates and any(padded in date for date in dates)):
                yield number
        elif units - {""} and given[number] - {""} and not units & given[number]:
            yield f"{number} {min(units)}"


@lru_cache(maxsize=4096)
def quantities(text: str) -> dict[str, frozenset[str]]:
    """The numbers of a text, each with the units that it has there, "" for none. Thousands are not
    separated, times are H:MM of 24 hours, number words and ordinals count as digits, weeks are
    days."""
    found: dict[str, set[str]] = {}
    plain = _GROUPED.sub("", text)
    taken: list[tuple[int, int]] = []
    for match in _TIME.finditer(plain):
        hour, minute, half, hour24, minute24, clock = match.groups()
        if half:
            value = int(hour) % 12 + (12 if half.lower() == "p" else 0)
            key = f"{value}:{minute or '00'}"
        else:
            key = f"{int(hour24 or clock)}:{minute24 or '00'}"
        found.setdefault(key, set()).add("")
        taken.append(match.span())
    for match in _DIGITS.finditer(plain):
        if any(a <= match.start() < b for a, b in taken):
            continue
        before = _BEFORE.search(plain[: match.start()][-5:])
        after = _AFTER.match(plain, match.end())
        names = [before.group(1)] if before else []
        names += [after.group(1)] if after else []
        units = {UNITS[name.lower()] for name in names if name.lower() in UNITS}
        _add(found, _value(match.group()), units or {""})
    for number, unit in _number_words(plain):
        _add(found, number, {unit})
    return {number: frozenset(units) for number, units in found.items()}


def _add(found: dict[str, set[str]], number: str, units: set[str]) -> None:
    """Adds a number with its units, weeks as days: two weeks are 14 days."""
    if units == {"week"} and number.isdecimal():
        number, units = str(7 * int(number)), {"day"}
    found.setdefault(number, set()).update(units)


def _value(digits: str) -> str:
    """The number in one form: "1,200.50" is "1200.5", "08" is "8"."""
    if _THOUSANDS.fullmatch(digits):
        digits = re.sub(r"[,.]", "", digits)
    digits = digits.replace(",", ".")
    if digits.count(".") == 1:
        digits = digits.rstrip("0").rstrip(".")
    return digits.lstrip("0") or "0"


def _number_words(text: str) -> Iterator[tuple[str, str]]:
    every = words(text.replace("-", " "))
    for place, word in enumerate(every):
        following = every[place + 1] if place + 1 < len(every) else ""
        unit = UNITS.get(following, "")
        if word in _NO_NUMBERS and not (word == "one" and unit):
            continue
        if word in _SMALL and not (place and every[place - 1] in _TENS):
            yield str(_SMALL.index(word)), unit
        elif word in _TENS:
            ones = _SMALL.index(following) if following in _SMALL[1:10] else 0
            yield str((_TENS.index(word) + 2) * 10 + ones), unit
        elif word in _ORDINALS:
            yield str(_ORDINALS.index(word)), ""
        elif word in _MULTIPLES:
            yield _MULTIPLES[word], ""


def _missing_names(statement: str, text: str) -> Iterator[str]:
    """The names and identifiers of a statement that the text lacks. The first word of a sentence
    counts only if it is a weekday or has another capital or a digit."""
    have = stems(text)
    joined = re.sub(r"[\W_]", "", fold(text))
    keys = _identifier_keys(text)
    for key in _identifier_keys(statement):
        if key not in keys and re.sub(r"[\W_]", "", key) not in joined:
            yield key
    for match in _CAPITAL.finditer(statement):
        name = match.group()
        opens = not statement[: match.start()].strip(" \"'“‘(") or (
            statement[: match.start()].rstrip()[-1:] in ".!?:"
        )
        lower = fold(name)
        is_plain = len(name) > 1 and not any(c.isupper() or c.isdigit() for c in name[1:])
        if opens and is_plain and lower not in _WEEKDAYS:
            continue
        if lower in STOP_WORDS or name == "I":
            continue
        singular = lower.removesuffix("s")
        if singular in _DATE_NAMES and have & {singular, singular[:_ABBREVIATED], stem(singular)}:
            continue
        parts = [part for part in words(name) if part not in STOP_WORDS]
        if not all(stem(part) in have or part in joined for part in parts):
            yield name


def _identifier_keys(text: str, *, dates: bool = False) -> frozenset[str]:
    wanted = {IdentifierKind.DATE} if dates else _EXACT
    return frozenset(each.key for each in find_identifiers(text) if each.kind in wanted)


def _drops_negation(statement: str, text: str) -> bool:
    """Whether the clause of the text that the statement repeats is denied, and the statement is
    not."""
    if _TEXT_HAS["negation"].search(statement):
        return False
    own = stems(statement) - _STOP_STEMS
    best = max(
        clauses(text) or [text],
        key=lambda clause: (len(own & stems(clause)), -len(clause)),
        default="",
    )
    return bool(own & stems(best)) and bool(_DENIED.search(best))


_STOP_STEMS = frozenset(stem(word) for word in STOP_WORDS)
