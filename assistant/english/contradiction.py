"""Whether a text says another value of what a statement says: 14 March for 24 March, Tuesday for
Thursday, Peters for Drucker, "may" for "may not".

Two texts contradict each other only if they are about the same thing. So most words of the
statement, apart from the value, must stand in the part of the text that has the other value, or
above it, and the other value must be of the same kind: a number of the same things, a name in the
same place. Pure functions of strings.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from assistant.english import thesaurus
from assistant.english.agreement import clauses
from assistant.english.denial import DENYING, denied, deny_each_other, stated
from assistant.english.values import Names, Value, content, values_in
from index.terms import stem, words

# The share of the other words of a statement that the text must have if a value differs, or what is
# denied; and the share that the part with the other value must have itself. Set on the
# development half of tests/measure/claims and on tests/measure/audit/shipped.jsonl.
_MIN_SHARED, _MIN_SHARED_DENIED, _MIN_OWN = 0.7, 0.8, 0.4
_MIN_SHARED_ASKED = 0.8  # if the question itself has the other value
_MIN_NEAR = 0.25  # of all words of the statement: a text with fewer is not looked at
_MIN_SHARED_FEW = 0.9  # if there are few other words
_MIN_BACK = 0.5  # of the words of the text's clause that the statement must have
_MIN_WORDS = 3  # a shorter statement is understood with the question that it answers
_MAX_REPLACED, _MIN_AROUND = 2, 6  # words that stand for others, and the words that do not
_MAX_CHARS = 2000  # of a statement and a part: a longer one is no sentence
_NEAR = 2  # content words around a name that tell its place
_BEFORE_NOUNS = frozenset(
    "a an the and or of in on at to for from by with your our its their this each every no".split()
)
_REPEATED = 0.95  # share of the words from which a clause is the same
_SIMILAR, _NUMBER = 0.7, 2.0  # what a word of nearly the same meaning counts, and a number
# Words around a value that say nothing of what it is a value of.
_LIGHT = frozenset(map(stem, "take place happen make use need want version number date".split()))
_POLARITY = re.compile(r"^\W*(?:yes|no)\b\W*", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Part:
    """A sentence of a text, or a cell of a row. The `text` of a cell has the label of the row and
    the heading of the column in front; `whole` is the row, and the sentence itself otherwise."""

    text: str
    whole: str
    label: str = ""
    cell: str = ""

    @property
    def own(self) -> str:
        """What it says itself."""
        return self.cell or self.text


@dataclass(frozen=True, slots=True)
class Contradiction:
    """What a statement says and what the text says instead. `shared` is the share of the other
    words of the statement that the text has."""

    kind: str
    said: str
    instead: str
    shared: float


@dataclass(frozen=True, slots=True)
class Statement:
    """A sentence of an answer and the question that it answers, in plain text."""

    text: str
    question: str = ""

    @property
    def body(self) -> str:
        """The sentence without "yes" or "no" in front."""
        return _POLARITY.sub("", self.text)

    def is_about(self, label: str) -> bool:
        """Whether more than half of the words of a row's label are in it or in the question."""
        own = {*content(self.text), *content(self.question), *_digits(self.text + self.question)}
        wanted = [*content(label), *_digits(label)]
        return not wanted or 2 * sum(word in own for word in wanted) > len(wanted)


def contradiction(
    statement: Statement, parts: Sequence[Part], above: str, names: Names
) -> Contradiction | None:
    """The clearest contradiction of the statement by a text, given in parts; `above` is what stands
    above the text. None if the text does not contradict it."""
    found: list[Contradiction] = []
    frame = _frame(statement, statement.body)
    if parts and parts[0].cell:  # of a row, the cells of the columns that the statement names
        shares = [_shared(frame, part.text) for part in parts]
        parts = [part for part, share in zip(parts, shares, strict=True) if share == max(shares)]
    for part in parts:
        if max(len(statement.text), len(part.whole)) > _MAX_CHARS:
            continue
        near = _shared(frame, f"{above} {part.whole}")
        if near >= _MIN_NEAR and statement.is_about(part.label):
            found += _other_values(statement, part, above, names)
            found += _denials(statement, part, above)
            found += _substitutions(statement, part, above)
    return max(found, key=lambda each: each.shared, default=None)


def has_value(
    statement: Statement, difference: Contradiction, part: Part, above: str, names: Names
) -> float:
    """The share of the other words of the statement that a part of a text has, if it says the value
    that the statement says, or denies the same; otherwise 0."""
    said = difference.said
    if difference.kind == "negation":  # the same clause, with the same denied
        own = tuple(dict.fromkeys(content(said)))
        same = (other for other in stated(part.text) if denied(other) == denied(said))
        best = max((_shared(own, other) for other in same), default=0.0)
        return best if best >= _REPEATED else 0.0
    if difference.kind == "word":
        is_said = {*said.split()} <= {*content(part.text)}
    else:
        given = values_in(part.text, names)
        is_said = any(one.is_same(each) for one in values_in(said, names) for each in given)
    if not is_said:
        return 0.0
    return _shared_around(statement, said, part, above)


def shared_words(statement: Statement, text: str, above: str) -> float:
    """The share of the words and numbers of the statement that a text has, with the headings above
    it; at least a third of them must stand in the text itself."""
    wanted = _frame(statement, statement.body)
    return _shared(wanted, f"{above} {text}") if 3 * _shared(wanted, text) >= 1 else 0.0


def _other_values(
    statement: Statement, part: Part, above: str, names: Names
) -> Iterator[Contradiction]:
    own = values_in(statement.body, names)
    asked = values_in(statement.question, names)
    given = values_in(f"{above}. {part.text}", names)
    in_row = values_in(part.whole, names)
    others = values_in(part.own, names)
    for value in own:
        # A number of another cell is one of another column.
        if any(value.is_same(e) for e in (given if value.kind == "number" else [*given, *in_row])):
            continue
        said = statement.body[value.start : value.end].rstrip(". ")
        shared = _shared_around(statement, said, part, above)
        if shared < _MIN_SHARED:
            continue
        for other in others:
            is_asked = any(other.is_same(each) for each in asked)
            if (
                value.conflicts(other)
                and not any(other.is_same(each) for each in own)
                and (not is_asked or shared >= _MIN_SHARED_ASKED)
                and _is_of_same(value, statement.body, other, part)
            ):
                instead = part.own[other.start : other.end].rstrip(". ")
                yield Contradiction(value.kind, said, instead, shared)


def _is_of_same(value: Value, text: str, other: Value, part: Part) -> bool:
    """Whether both values say the same of something: what they count, or their place."""
    if value.kind == "number":
        if value.of and other.of:
            return value.of == other.of or other.of in thesaurus.similar(value.of)
        if value.of:
            return value.of in content(part.text)
        return not other.of or other.of in content(text)
    if value.kind == "name" and not part.cell:
        return not _around(value, text).isdisjoint(_around(other, part.text))
    return True


def _shared_around(statement: Statement, said: str, part: Part, above: str) -> float:
    """The share of the words around a value that a part of a text has; 0 if too few of them stand
    in the part itself. The words are those of the sentence or its clause, with or without the light
    ones."""
    clause = next((each for each in clauses(statement.body) if said in each), statement.body)
    best = 0.0
    for text in dict.fromkeys([statement.body, clause]):
        for left_out in (frozenset[str](), _LIGHT):
            frame = _frame(statement, text.replace(said, " "), left_out)
            shared = _shared(frame, f"{above} {part.whole}")
            is_enough = len(frame) >= _MIN_WORDS or shared >= _MIN_SHARED_FEW
            if is_enough and _shared(frame, part.text) >= _MIN_OWN:
                best = max(best, shared)
    return best


def _frame(
    statement: Statement, text: str, left_out: frozenset[str] = frozenset()
) -> tuple[str, ...]:
    """What the other text must share of a sentence or a clause: its words and numbers, and those of
    the question if there are few."""
    own, asked = (
        [*(word for word in content(each) if word not in left_out), *_digits(each)]
        for each in (text, statement.question)
    )
    own = [*dict.fromkeys(own)]
    return tuple(own) if len(own) >= _MIN_WORDS else tuple(dict.fromkeys([*own, *asked]))


def _around(value: Value, text: str) -> frozenset[str]:
    """The stems of the words before and behind a value."""
    before = content(text[: value.start])[-_NEAR:]
    return frozenset([*before, *content(text[value.end :])[:_NEAR]])


def _denials(statement: Statement, part: Part, above: str) -> Iterator[Contradiction]:
    for clause in stated(statement.body):
        own = tuple(word for word in dict.fromkeys(content(clause)) if word not in DENYING)
        if len(own) < _MIN_WORDS - 1:
            continue
        for other in stated(_POLARITY.sub("", part.text)):
            theirs = tuple(word for word in dict.fromkeys(content(other)) if word not in DENYING)
            if not deny_each_other(clause, own, other, theirs):
                continue
            shared = _shared(own, f"{above} {other}")
            back = _shared(theirs, f"{statement.question} {statement.body}")
            if (
                shared >= _MIN_SHARED_DENIED
                and _shared(own, other) >= _MIN_OWN
                and back >= _MIN_BACK
            ):
                yield Contradiction("negation", clause, other, shared)


def _substitutions(statement: Statement, part: Part, above: str) -> Iterator[Contradiction]:
    """A word of the statement for which the text has another one, between the same words."""
    own, theirs = content(statement.body), content(part.text)
    have = {*theirs, *content(above)}
    missing = [n for n, word in enumerate(own) if not _is_in(word, have)]
    if part.label or not missing or missing[-1] - missing[0] >= _MAX_REPLACED:
        return
    first, last = missing[0], missing[-1] + 1
    before, behind = own[max(first - 1, 0) : first], own[last : last + 1]
    if not before or not behind or len(own) - (last - first) < _MIN_AROUND:
        return
    known = {*own, *content(statement.question)}
    for start in range(1, len(theirs)):
        for end in range(start + 1, min(start + _MAX_REPLACED, len(theirs)) + 1):
            if (
                theirs[start - 1 : start] == before
                and theirs[end : end + 1] == behind
                and known.isdisjoint(theirs[start:end])
                and _are_nouns(statement.body, own[first:last])
                and _are_nouns(part.text, theirs[start:end])
                and not any(_is_in(word, {*own}) for word in theirs[start:end])
            ):
                shared = 1 - (last - first) / len(own)
                yield Contradiction(
                    "word", " ".join(own[first:last]), " ".join(theirs[start:end]), shared
                )


def _are_nouns(text: str, stems: Sequence[str]) -> bool:
    """Whether the words with these stems stand behind an article, a preposition or "and"."""
    every = words(text)
    at = next((n for n, word in enumerate(every) if stem(word) == stems[0]), 0)
    return at > 0 and every[at - 1] in _BEFORE_NOUNS


def _is_in(word: str, have: set[str]) -> bool:
    return word in have or not have.isdisjoint(thesaurus.similar(word))


@lru_cache(maxsize=4096)
def _digits(text: str) -> tuple[str, ...]:
    return tuple(re.findall(r"\d+(?:[.,:/]\d+)*", text))


def _shared(wanted: Sequence[str], text: str) -> float:
    """The share of the stems and numbers that a text has; a word of nearly the same meaning counts
    less."""
    have = frozenset(content(text)) | frozenset(_digits(text))
    weights = [_NUMBER if word[0].isdigit() else 1.0 for word in wanted]
    scores = (
        weight if word in have else _SIMILAR * (not have.isdisjoint(thesaurus.similar(word)))
        for word, weight in zip(wanted, weights, strict=True)
    )
    return sum(scores) / sum(weights) if wanted else 0.0
