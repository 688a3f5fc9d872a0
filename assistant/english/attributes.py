"""Attributes that questions ask for, "late bird price", "how heavy", and what a value of each has.

A text that only mentions the attribute, or has a number of another kind, does not answer.
"""

import re
from functools import lru_cache

from assistant.english.numbers import NUMBER_WORDS

TIME = re.compile(
    r"\d|\b(?:january|february|march|april|may|june|july|august|september|october|november|december|"
    r"monday|tuesday|wednesday|thursday|friday|saturday|sunday|century|centuries|decades?|"
    r"daily|weekly|monthly|yearly|annual(?:ly)?|always|never|around the clock)\b|"
    rf"\b(?:{NUMBER_WORDS})\s+(?:year|month|week|day|hour|minute|second|time)s?\b",
    re.IGNORECASE,
)
NUMBER = re.compile(rf"\d|\b(?:{NUMBER_WORDS})\b", re.IGNORECASE)
MONEY = re.compile(
    r"[$€£¥%]|\b(?:dollars?|euros?|pounds?|pence|cents?|francs?|usd|eur|gbp|percent|free of charge|"
    r"for free|no charge|million|billion)\b",
    re.IGNORECASE,
)
# A number that is no time: "12" but not "12 months".
_NO_TIME = (
    r"(?<![\w.,:])\d[\d.,]*(?![\d.,:]*[\s-]*(?:years?|months?|weeks?|days?|hours?|minutes?|seconds?|"
    r"times?|am|pm)\b)(?![\w:])"
)


def _unit(*names: str) -> str:
    """A number or "a" in front of a unit."""
    return rf"(?:\d|\b(?:{NUMBER_WORDS}|an?|half))[\s-]*(?:{'|'.join(names)})\b"


# What is asked, and what a value has in it; the first that matches decides.
_ATTRIBUTES = [
    (re.compile(asked, re.IGNORECASE), re.compile(value, re.IGNORECASE))
    for asked, value in (
        (
            r"\b(?:phone|telephone|hotline|fax)(?: numbers?\b|\W*$)|"
            r"\bnumber\b.*\b(?:call|dial|ring)\b|\b(?:call|dial|ring)\b.*\bnumber\b",
            r"\d[\d\s()./-]{4,}\d",
        ),
        (
            r"\b(?:what|which|whose)\b.*\be-?mail\b|\be-?mail(?: address)?(?: (?:of|for)\b.*)?\W*$",
            r"\w@\w",
        ),
        (
            r"\bhow heavy\b|\bhow much\b.*\bweighs?\b|\bweight\b",
            _unit("kg", "kilograms?", "kilos?", "g", "mg", "grams?", "grammes?", "lbs?", "pounds?")
            + "|"
            + _unit("oz", "ounces?", "tons?", "tonnes?", "stones?"),
        ),
        (
            r"\bhow (?:far|tall|high|deep|wide)\b|\b(?:height|width|depth|distance)\b",
            _unit("km", "m", "cm", "mm", "miles?", "met(?:er|re)s?", "kilomet(?:er|re)s?", "yards?")
            + "|"
            + _unit("feet", "foot", "ft", "inch(?:es)?", "minutes?", "hours?", "steps?", "blocks?")
            + r"|\d\s*[×x]\s*\d|\d\s*[\"'″′]",
        ),
        (
            r"\b(?:price|cost|costs|fees?|stipend|salary|allowance|rebate|discount|charge|fare)\b|"
            r"\bhow much (?:is|are) (?:an?|the|it|one)\b",
            rf"{_NO_TIME}|{MONEY.pattern}|\b(?:free|included)\b",
        ),
        (r"\b(?:deadline|due|dates?|expir\w+)\b", TIME.pattern),
        (r"\bversions?\b", r"\d|\b(?:any|every|all|latest|newest)\b"),
        (
            r"\b(?:percent\w*|proportion)\b",
            r"\d|%|\bpercent|\b(?:half|thirds?|quarters?|fifths?|tenths?|all|none|most|majority)\b",
        ),
        (r"\b(?:scores?|rates?)\b", rf"{NUMBER.pattern}|%|\bpercent\b"),
        (
            r"\b(?:sizes?|limits?|maxim\w+|minim\w+|largest|smallest|biggest|longest|shortest|"
            r"highest|lowest|duration|capacity|length)\b",
            rf"{NUMBER.pattern}|\b(?:no|any|none|un(?:limited|restricted|bounded))\b",
        ),
        (
            r"\blicen[cs]es?\b",
            r"\blicen[cs]|\b(?:mit|a?gpl\w*|lgpl\w*|apache|bsd|mpl|isc|cc0?|creative commons|"
            r"proprietary|public domain|open source)\b",
        ),
        (r"\bpasswords?\b", r"\b(?:password|passphrase|passcode|pin)s?\b"),
        (
            r"\b(?:url|website|web address|link)\b",
            r"://|\bwww\.|\w\.(?:com|org|net|io|gov|edu|eu)\b",
        ),
    )
]
# "What is the price …", and search words without a sentence.
_ASKS_ATTRIBUTE = re.compile(
    r"(?:and |so )?(?:what|which|how (?!do|to|can))\b|[^.?!]+$", re.IGNORECASE
)


@lru_cache(maxsize=256)  # asked for every block
def value_of_attribute(question: str) -> re.Pattern[str] | None:
    """What a value of the attribute that the question asks for looks like; None if it asks for
    none that is known."""
    if not _ASKS_ATTRIBUTE.match(question):
        return None
    return next((value for asked, value in _ATTRIBUTES if asked.search(question)), None)
