"""Made-up facts put into a real context: the price, date, version or person that a question asks
for is there, is missing, or belongs to another thing.

Real questions of these kinds are rare in the data, and unanswerable ones rarer still. Each example
has the same question forms with and without an answer, so that the form alone tells nothing.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random

from assistant.training.rows import Example

_Value = Callable[[Random], str]


def _one_of(*values: str) -> _Value:
    return lambda random: random.choice(values)


def _number(form: str, low: int, high: int) -> _Value:
    return lambda random: form.format(random.randint(low, high))


def _date(random: Random) -> str:
    months = ("January", "March", "April", "June", "August", "October", "December")
    return random.choice(
        (
            f"{random.randint(1, 28)} {random.choice(months)} {random.randint(2009, 2027)}",
            f"{random.randint(2009, 2027)}-{random.randint(1, 12):02}-{random.randint(1, 28):02}",
            f"{random.choice(months)} {random.randint(2009, 2027)}",
        )
    )


def _person(random: Random) -> str:
    first = ("Ana", "Joris", "Mina", "Pavel", "Ruth", "Sam", "Yusuf", "Lena", "Omar", "Grace")
    last = ("Novak", "Berg", "Okafor", "Reyes", "Lindt", "Haddad", "Moreau", "Iyer", "Stone")
    return f"{random.choice(first)} {random.choice(last)}"


@dataclass(frozen=True, slots=True)
class _Attribute:
    """A kind of fact: {} stands for the thing, in `statements` {0} for it and {1} for the value.

    A context that `present` finds may hold such a fact already.
    """

    name: str
    questions: tuple[str, ...]
    statements: tuple[str, ...]
    value: _Value
    present: str


_ATTRIBUTES = (
    _Attribute(
        "Price",
        ("How much does {} cost?", "what is the price of {}", "What do I have to pay for {}?"),
        ("{0} costs {1}.", "The price of {0} is {1}.", "You pay {1} for {0}."),
        lambda random: random.choice(
            ("${}", "€{}", "{} EUR", "${} per month", "£{} a year")
        ).format(random.randint(2, 400)),
        r"[$€£]|\b(?:EUR|USD|cost|costs|price|prices|pricing|fee|fees|free|pay)\b",
    ),
    _Attribute(
        "Date",
        ("When was {} released?", "when did {} start", "What is the date of {}?"),
        ("{0} was released on {1}.", "{0} started on {1}.", "The date of {0} is {1}."),
        _date,
        r"\d|\b(?:year|month|week|day|since|until)s?\b",
    ),
    _Attribute(
        "Version",
        ("Which version added {}?", "since which version is there {}", "In what version is {}?"),
        ("{0} was added in version {1}.", "{0} is available from version {1} on."),
        lambda random: f"{random.randint(0, 12)}.{random.randint(0, 30)}.{random.randint(0, 9)}",
        r"\bversions?\b|\bv?\d+\.\d",
    ),
    _Attribute(
        "Maintainer",
        ("Who is responsible for {}?", "who maintains {}", "Whom do I ask about {}?"),
        ("{0} is looked after by {1}.", "{1} is responsible for {0}.", "For {0}, ask {1}."),
        _person,
        r"\b(?:responsib\w+|maintain\w*|contacts?|owners?|manager|lead|asks?|team)\b",
    ),
    _Attribute(
        "E-mail",
        ("What is the e-mail address for {}?", "which address do I write to about {}"),
        ("Write to {1} about {0}.", "Questions about {0} go to {1}."),
        _one_of("help@example.org", "desk@example.com", "office@example.net", "team@example.org"),
        r"@|\be-?mail",
    ),
    _Attribute(
        "Phone",
        ("What is the phone number for {}?", "which number do I call about {}"),
        ("Call {1} about {0}.", "The phone number for {0} is {1}."),
        _number("555-01{:02}", 10, 99),
        r"\b(?:phone|call|number)\b",
    ),
    _Attribute(
        "Limit",
        ("What is the maximum size of {}?", "how large can {} be", "Is there a limit for {}?"),
        ("{0} can be up to {1}.", "The limit for {0} is {1}.", "{0} must not exceed {1}."),
        lambda random: (
            f"{random.choice((2, 5, 10, 25, 50, 64, 100, 500))} "
            f"{random.choice(('MB', 'GB', 'kB', 'characters', 'files', 'entries'))}"
        ),
        r"\b(?:max\w*|limit\w*|size|sizes|up to|most|[KMG]i?B|exceed\w*|large\w*)\b",
    ),
    _Attribute(
        "Duration",
        ("How long does {} take?", "how much time is needed for {}", "How long is {}?"),
        ("{0} takes {1}.", "Allow {1} for {0}.", "{0} is done after {1}."),
        lambda random: (
            f"{random.choice((2, 3, 5, 10, 15, 20, 45))} "
            f"{random.choice(('minutes', 'hours', 'days', 'weeks', 'months', 'seconds'))}"
        ),
        r"\b(?:minute|hour|day|week|month|second|time|long)s?\b",
    ),
    _Attribute(
        "Default",
        ("What is the default for {}?", "what is {} set to by default"),
        ("{0} is {1} by default.", "The default for {0} is {1}.", "{0} defaults to {1}."),
        _one_of("8080", "off", "true", "none", "auto", "UTF-8", "30", "localhost", "debug"),
        r"\bdefault",
    ),
    _Attribute(
        "Reason",
        ("Why was {} introduced?", "why is there {}", "What is the reason for {}?"),
        ("{0} was introduced because {1}.", "The reason for {0} is that {1}."),
        _one_of(
            "too many requests were lost",
            "the old way was slow",
            "the law demands it",
            "members asked for it",
            "two teams worked on the same thing",
        ),
        r"\b(?:because|reasons?|so that|since|therefore|in order|due to|why|purpose|goal)\b",
    ),
    _Attribute(
        "Licence",
        ("Under which licence is {} published?", "what is the license of {}"),
        ("{0} is published under {1}.", "The licence of {0} is {1}."),
        _one_of("the MIT licence", "GPL-3.0", "Apache-2.0", "CC BY 4.0", "a commercial licence"),
        r"\b(?:licen[cs]\w*|MIT|GPL|Apache|copyright)\b",
    ),
    _Attribute(
        "File",
        ("Where is {} stored?", "in which file do I find {}", "Where are the settings of {}?"),
        ("{0} is stored in {1}.", "{0} is kept in {1}.", "Look for {0} in {1}."),
        _one_of("~/.config/main.toml", "/etc/app.conf", "settings.json", "data/local.db", ".env"),
        r"/\w|\.\w{2,4}\b|\b(?:stored?|files?|folders?|saved?|director\w+)\b",
    ),
    _Attribute(
        "Place",
        ("Where does {} take place?", "in which room is {}", "Where is {} held?"),
        ("{0} takes place in {1}.", "{0} is held in {1}.", "Come to {1} for {0}."),
        _one_of("room 204", "the main hall", "Lisbon", "building C", "the library", "Oslo"),
        r"\b(?:rooms?|halls?|buildings?|places?|where|city|held|located|location|venue|office)\b",
    ),
    _Attribute(
        "Deadline",
        ("What is the deadline for {}?", "until when can I apply for {}", "When is {} due?"),
        ("The deadline for {0} is {1}.", "{0} is due by {1}.", "Apply for {0} until {1}."),
        _date,
        r"\d|\b(?:deadline|due|until|by|before)\b",
    ),
    _Attribute(
        "Number",
        ("How many people use {}?", "how many are there of {}", "What number of users has {}?"),
        ("{1} people use {0}.", "There are {1} of {0}.", "{0} has {1} users."),
        _number("{}", 12, 9000),
        r"\d|\b(?:two|three|four|five|ten|many|several|few)\b",
    ),
    _Attribute(
        "Languages",
        ("Which languages does {} support?", "is {} available in other languages"),
        ("{0} is available in {1}.", "{0} supports {1}."),
        _one_of("English and French", "German, Czech and Polish", "twelve languages", "Python"),
        r"\b(?:languages?|English|translat\w+|Python|Java\w*)\b",
    ),
)


def make_fact(
    sentences: Sequence[str], thing: str, other: str, title: str | None, random: Random
) -> Example | None:
    """Makes a question about `thing`, which the sentences are about, and puts in facts.

    In half of the examples the fact is among them; else nothing, another fact about the thing, or
    the fact about the `other` thing. None if the sentences may hold such a fact already.
    """
    text = " ".join(sentences)
    fitting = [each for each in _ATTRIBUTES if not re.search(each.present, text)]
    if not fitting:
        return None
    asked = random.choice(fitting)
    made: list[tuple[str, bool]] = []
    if random.random() < 0.5:
        made.append((_state(asked, thing, random), True))
    if random.random() < 0.5:
        made.append((_state(asked, other, random), False))
    if random.random() < 0.5:
        rest = [each for each in _ATTRIBUTES if each.name != asked.name and not _alike(each, asked)]
        made.append((_state(random.choice(rest), thing, random), False))
    parts = [(sentence, False) for sentence in sentences]
    for fact in made:
        parts.insert(random.randint(0, len(parts)), fact)
    question = random.choice(asked.questions).format(thing)
    return Example(
        question=question if random.random() < 0.7 else question.rstrip("?"),
        title=title,
        sentences=tuple(sentence for sentence, _ in parts),
        labels=tuple(answers for _, answers in parts),
    )


def _alike(one: _Attribute, other: _Attribute) -> bool:
    """Whether facts of the two kinds may answer the same question."""
    return (
        {one.name, other.name} <= {"Date", "Deadline", "Duration"}
        or {
            one.name,
            other.name,
        }
        <= {"Maintainer", "E-mail", "Phone"}
        or {one.name, other.name} <= {"Number", "Limit"}
    )


def _state(attribute: _Attribute, thing: str, random: Random) -> str:
    """Returns a fact as a sentence, as a row or as an item."""
    value = attribute.value(random)
    draw = random.random()
    if draw < 0.7:
        stated = random.choice(attribute.statements).format(thing, value)
        return stated[:1].upper() + stated[1:]
    if draw < 0.85:
        return f"{thing}, {attribute.name}: {value}"
    return f"{thing}: {attribute.name.lower()} {value}"
