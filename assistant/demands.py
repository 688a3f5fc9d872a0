"""What the identifiers of a question demand of the evidence: versions, error codes, parts, dates.

An error code that is nowhere near is a veto, a product's version only if the evidence names another
version, and what users say of themselves ("I use macOS 14.2") is no condition.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from enum import Enum, auto
from functools import lru_cache

from assistant.english.question import Question
from index.identifiers import Identifier, IdentifierKind, find_identifiers, identifier_terms


class Mode(Enum):
    """What an identifier of the question demands of the evidence."""

    NAMED = auto()  # it is named in the evidence or around it
    NO_OTHER = auto()  # no other identifier of the same form is named in its place
    PREFERRED = auto()  # if any evidence names it, the evidence on others is left out


@dataclass(frozen=True)
class Demand:
    """An identifier of the question. `has` tells whether a text in lower case names it, and
    `others` matches the identifiers of the same form; `name` is that of the product."""

    kind: IdentifierKind
    mode: Mode
    has: Callable[[str], object]
    others: re.Pattern[str] | None = None
    name: str = ""

    def names_other(self, text: str) -> bool:
        """Whether a text names an identifier of the same form that is not this one."""
        found = self.others.finditer(text) if self.others else ()
        return any(not self.has(match.group()) for match in found)


_VERSION_BEFORE = re.compile(r"\b(?:version|release|ver\.?|build)s? $", re.IGNORECASE)
_VERSION_AFTER = re.compile(r" (?:version|release|update)\b", re.IGNORECASE)
# Versions that a text is about: behind the word, or at its start, as in a changelog.
_STATED_VERSION = re.compile(r"\b(?:version|release) v?\d[\w.]*|\bv\d[\w.]*|^\W{0,4}\d+(?:\.\d+)+")
_DOTTED = re.compile(r"(?<![\w.])v?\d+(?:\.\d+)+(?![\w%])|\b(?:version|release) v?\d+")
_STATUS = re.compile(
    r"\b(?:http|status|error|code)s?(?: (?:status|code))* \d{3,6}|\d{3,6}(?= (?:error|status)\b)"
)
# Things in whose environment something else is done.
_PLATFORM = re.compile(r"\b(?:on|with|under|using|via|from|for|running|use|have)(?: \w+)? $", re.I)
_CLAUSE = re.compile(r"[^,.;!?]*(?:[.,](?=\d)[^,.;!?]*)*[,.;!?]?")
_OWN_SITUATION = re.compile(
    r"^\W*(?:(?:and|but|so|if|when|since|as|hi|hello) )?"
    r"(?:(?:i|we|they)(?: (?:am|are|still|currently|just|already|only))?|i'm|we're|my|our)\b",
    re.IGNORECASE,
)
_ASKS_SUPPORT = re.compile(
    r"^\W*(?:is|are|does|do|will|can|could)\b.*\b(?:support\w*|works?|runs?|compatib\w*)\b", re.I
)
_IS_SUBJECT = re.compile(
    r"^\W*(?:and )?(?:what|where|when|why|who|which)\b.{0,30}\b(?:is|are|was|does|do|did|reads?|"
    r"answers?) (?:in |inside )?(?:(?:the|a) )?(?:file )?$",
    re.IGNORECASE,
)
# Identifiers of a question that are looked at; with more it is a pasted text.
_MAX_DEMANDS = 8
# Digits from which a code is taken for one wherever it stands; shorter ones are mostly names.
_MIN_CODE_DIGITS = 3


def demands_of(question: Question) -> Iterator[Demand]:
    """Yields what the first identifiers of the question demand."""
    text = question.text
    asked = _asked_part(text)
    for each in find_identifiers(text)[:_MAX_DEMANDS]:
        match each.kind:
            case IdentifierKind.VERSION:
                demand = _version(text, each)
            case IdentifierKind.NUMBERED:
                demand = _numbered(text, each)
            case IdentifierKind.CODE:
                demand = _code(text, each)
            case IdentifierKind.STATUS:
                pattern = rf"(?<![\d.,]){each.key}(?!\d)|\b{each.key[0]}(?:xx|{each.key[1]}x)\b"
                demand = Demand(each.kind, Mode.NAMED, re.compile(pattern).search, _STATUS)
            case IdentifierKind.DATE:
                demand = _date(each)
            case _:
                demand = _symbol(text, each)
        is_own = each.kind in (IdentifierKind.VERSION, IdentifierKind.NUMBERED) and not (
            asked[0] <= each.start < asked[1]
        )
        if is_own and demand.mode is not Mode.PREFERRED:
            demand = replace(demand, mode=Mode.PREFERRED)
        yield demand


def _asked_part(question: str) -> tuple[int, int]:
    """The span of a question without the clauses in front in which users say what they have; the
    whole if nothing else is left."""
    start = 0
    for clause in _CLAUSE.finditer(question):
        if not _OWN_SITUATION.match(clause.group()):
            break
        start = clause.end()
    return (start, len(question)) if question[start:].strip(" .?!") else (0, len(question))


def _version(question: str, each: Identifier) -> Demand:
    number = re.match(r"[\d.]+", each.key)
    parts = (number.group() if number else each.key).rstrip(".").split(".")
    suffix = each.key[len(".".join(parts)) :]
    written = question[each.start : each.end]
    base = re.escape(".".join(parts))
    is_exact = written.count(".") >= 2 or len(written.rstrip("0").rstrip(".")) < len(written) - 1
    tail = r"(?:\.0)*" if is_exact else r"(?:\.\d+)*"
    if suffix:
        tail += rf"[-+.]?{re.escape(suffix)}"
    lines = "|".join(rf"{re.escape('.'.join(parts[:n]))}\.[x*]" for n in range(1, len(parts)))
    before, after = question[: each.start], question[each.end :]
    stated = _VERSION_BEFORE.search(before) or _VERSION_AFTER.match(after) or written[0] in "vV"
    single = "" if len(parts) > 1 else r"(?:v|version |release |(?=\d+\.\d))"
    pattern = (
        rf"(?<![\d.]){single or 'v?'}(?:{base}{tail}{'|' + lines if lines else ''})(?!\w|\.\d)"
    )
    is_platform = each.name and _PLATFORM.search(before[: -len(each.name) - 1])
    others = _STATED_VERSION
    if each.name:
        named = rf"(?<!\w){re.escape(each.name)} v?\d[\d.]*\d|(?<!\w){re.escape(each.name)} v?\d"
        others = re.compile(named if is_platform else f"{named}|{_STATED_VERSION.pattern}")
    mode = Mode.NO_OTHER
    if is_platform and _ASKS_SUPPORT.search(question):
        mode = Mode.PREFERRED
    elif stated or (written.count(".") >= 2 and not is_platform):
        mode, others = Mode.NAMED, others if each.name else _DOTTED
    return Demand(each.kind, mode, re.compile(pattern).search, others, each.name)


def _numbered(question: str, each: Identifier) -> Demand:
    name, number = re.escape(each.name), re.escape(each.key[len(each.name) :])
    listed = r"(?:v?\d[\w.]*(?:,| and| or| ?/| ?&| ?\|){1,2} ?){0,8}"
    has = re.compile(rf"(?<!\w){name}s?,? (?:no\.? |number )?#?{listed}{number}(?:\.[\dx]+)*(?!\w)")
    others = re.compile(rf"(?<!\w){name} (?:no\.? )?#?\d[\w.]*")
    mode = Mode.PREFERRED if _ASKS_SUPPORT.search(question) else Mode.NO_OTHER
    return Demand(each.kind, mode, has.search, others, each.name)


def _code(question: str, each: Identifier) -> Demand:
    written = question[each.start : each.end].lower()
    is_worded = " " in written  # "priority 2"
    groups = re.findall(r"[a-z]+|\d+", each.key if is_worded else written)
    forms = [r"(?<![a-z0-9])" + r"[-_ ./]?".join(groups) + r"(?![a-z0-9])"]
    digits = sum(c.isdigit() for c in each.key)
    letters = groups[0]
    if letters.isalpha() and len(letters) == 1 and digits >= _MIN_CODE_DIGITS:
        forms.append(rf"(?<![\w-]){re.escape(each.key[1:])}(?!\w)")
    if letters in ("p", "sev") and len(groups) == 2:
        word = "priority" if letters == "p" else "severity"
        forms.append(rf"\b{word}(?: level)? {groups[1]}\b")
    others = None
    if letters.isalpha():
        others = re.compile(rf"(?<![a-z0-9]){letters}[-_ ]?\d[a-z0-9]*(?:[-_][a-z0-9]+)*")
    mode = Mode.NAMED if digits >= _MIN_CODE_DIGITS else Mode.NO_OTHER
    return Demand(each.kind, mode, re.compile("|".join(forms)).search, others)


def _symbol(question: str, each: Identifier) -> Demand:
    """Flags, variables and functions are the documents' own; files and addresses may be users'."""
    written = question[each.start : each.end]
    is_subject = _IS_SUBJECT.search(question[: each.start]) is not None
    if each.kind is IdentifierKind.SYMBOL:
        groups = re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+", written)
        pattern = rf"(?<![a-z0-9]){'[-_ .]?'.join(groups).lower()}(?![a-z0-9])"
        is_subject = is_subject or "_" in written or question.startswith("()", each.end)
    elif each.kind is IdentifierKind.FLAG:
        pattern = rf"(?<![\w-]){re.escape(each.key)}(?![\w-])"
        if each.key.startswith("--"):
            pattern += rf"|`{re.escape(each.key[2:])}`"
        is_subject = True
    else:
        pattern = rf"(?<![\w-]){re.escape(each.key)}(?!\w)"
    mode = Mode.NAMED if is_subject else Mode.PREFERRED
    return Demand(each.kind, mode, re.compile(pattern).search)


def _date(each: Identifier) -> Demand:
    term = f"{each.kind}:{each.key}"

    def has(text: str) -> bool:
        return term in _terms(text)

    dates = re.compile(
        r"\b\d{4}-\d\d-\d\d\b|\b\d{1,2}(?:st|nd|rd|th)? [a-z]{3,9}(?: \d{4})?\b|"
        r"\b[a-z]{3,9} \d{1,2}\b(?:, \d{4})?"
    )
    return Demand(each.kind, Mode.PREFERRED, has, dates)


@lru_cache(maxsize=1024)  # each unit of a passage is compared with what is around it
def _terms(text: str) -> frozenset[str]:
    return frozenset(identifier_terms(text))
