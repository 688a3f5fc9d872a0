"""What kind of thing a question asks for, and whether a text has it: a year, an amount, a name.

Knows words only. A text without the kind of thing that is asked for may speak of nothing else and
still does not answer.
"""

import re

from assistant.english.question import AnswerType, Question
from index.terms import STOP_WORDS, stem, stems, words

_NUMBER_WORDS = (
    r"one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|twenty|thirty|forty|fifty|"
    r"hundred|thousand|million|billion|half|third|quarter|dozen|once|twice|double|none|both"
)
_NUMBER = re.compile(rf"\d|\b(?:{_NUMBER_WORDS})\b", re.IGNORECASE)
_TIME = re.compile(
    r"\d|\b(?:january|february|march|april|may|june|july|august|september|october|november|december|"
    r"monday|tuesday|wednesday|thursday|friday|saturday|sunday|century|centuries|decades?|"
    r"daily|weekly|monthly|yearly|annual(?:ly)?|always|never|around the clock)\b|"
    rf"\b(?:{_NUMBER_WORDS})\s+(?:year|month|week|day|hour|minute|second|time)s?\b",
    re.IGNORECASE,
)
_MOMENT = re.compile(
    r"\b(?:during|following|after|before|until|since|once|while|when|whenever|as soon as|then|now|"
    r"today|yesterday|tomorrow|currently|recently|earlier|later|on time)\b",
    re.IGNORECASE,
)
_ASKS_YEAR = re.compile(r"\b(?:what|which) (?:\w+ )?year\b", re.IGNORECASE)
_YEAR = re.compile(r"\b\d{3,4}s?\b|\bcentur(?:y|ies)\b")
# A capitalised word that does not open a sentence.
_NAME = re.compile(r"(?<![.!?“\"] )(?<!^)\b[A-Z][\w’'-]+")
_NO_NAME = re.compile(r"[A-Z]{2,4}$")  # IT, HR, FBA: no person
_ROLE = re.compile(
    r"\b(?:people|person|customers?|employees?|teams?|managers?|staff|workers?|members?|users?|"
    r"who|he|she|they|men|women|king|queen|president|department|everyone|anyone|nobody|you|public|those|"
    r"\w{3,}(?:ers|ors|ists|ians|ees|er|ist|ian|ee))\b",
    re.IGNORECASE,
)
_SOMEWHERE = re.compile(r"\b(?:in|at|on|from|near|inside|outside|here|there)\b")
_REASON = re.compile(
    r"\b(?:because|since|so that|in order|due to|as a result|therefore|thus|reason|cause[sd]?|"
    r"leads? to|to [a-z]+|for|by|why|if|when|without)\b",
    re.IGNORECASE,
)
# "how many red roses do", "which survey tool does": the words up to the verb.
_VERB = r"(?:do|does|did|is|are|was|were|has|have|had|can|could|will|would|should|must|may|might)"
_COUNTED = re.compile(
    rf"\bhow many ((?:\w+ ){{1,3}}?)(?:{_VERB}|of|in|on|at|for|from|to|that|there)\b", re.IGNORECASE
)
_THING = re.compile(
    rf"^(?:\w+ )?(?:what|which) (?!{_VERB}\b)((?:[\w-]+ ){{1,3}}?){_VERB}\b", re.IGNORECASE
)
_COSTS = re.compile(
    r"\bhow (?:much|expensive)\b.*\b(?:cost|pay|paid|charge|earn)|"
    r"\b(?:price|cost|fee|salary|wage|budget)s?\b",
    re.IGNORECASE,
)
_MONEY = re.compile(
    r"[$€£¥%]|\b(?:dollars?|euros?|pounds?|pence|cents?|francs?|usd|eur|gbp|percent|free of charge|"
    r"for free|no charge|million|billion)\b",
    re.IGNORECASE,
)
# How many words may stand between a number and what it counts.
_NEAR = 4


def lacks(question: Question, text: str) -> float:
    """1 where the text lacks the kind of thing that is asked for, 0.5 where it has one only in a
    manner of speaking, 0 where it has one, or the kind cannot be told from words."""
    match question.answer_type:
        case AnswerType.TIME:
            fresh = _fresh(question, text)
            exact = _ASKS_YEAR.search(question.text)
            return 0.0 if (_YEAR if exact else _TIME).search(fresh) else _half(_MOMENT, fresh)
        case AnswerType.AMOUNT:
            return _lacks_amount(question, text)
        case AnswerType.PERSON:
            return 0.0 if _names_new(question, text, _NO_NAME) else _half(_ROLE, text)
        case AnswerType.PLACE:
            return 0.0 if _names_new(question, text) else _half(_SOMEWHERE, text)
        case AnswerType.REASON:
            return 0.0 if _REASON.search(text) else 1.0
        case _:
            return 0.0 if question.wants_list else _lacks_thing(question, text)


def _lacks_amount(question: Question, text: str) -> float:
    """For "how many roses", a number must stand near the roses to be theirs for sure."""
    fresh = _fresh(question, text)
    if _COSTS.search(question.text):
        return 0.0 if _MONEY.search(fresh) else _half(_NUMBER, fresh)
    if not _NUMBER.search(fresh):
        return 1.0
    counted = _COUNTED.search(question.text)
    if not counted:
        return 0.0
    things = {stem(word) for word in words(counted.group(1)) if word not in STOP_WORDS}
    said = words(text)
    for place, word in enumerate(said):
        near = {stem(other) for other in said[place : place + _NEAR]}
        if _NUMBER.match(word) and near & things:
            return 0.0
    return 0.5 if things else 0.0


def _lacks_thing(question: Question, text: str) -> float:
    """For "which tool", the text must speak of a tool, or give a name that the question lacks."""
    asked = _THING.search(question.text)
    if not asked:
        return 0.0
    phrase = words(asked.group(1))
    if any(word in STOP_WORDS for word in phrase) or stem(phrase[-1]) in stems(text):
        return 0.0
    return 0.5 if _names_new(question, text) or _NUMBER.search(text) else 1.0


def _names_new(question: Question, text: str, but: re.Pattern[str] | None = None) -> bool:
    """Whether the text names somebody or something that the question does not."""
    asked = stems(question.text)
    named = (name for name in _NAME.findall(text) if not (but and but.match(name)))
    return any(not stems(name) <= asked for name in named)


def _half(pattern: re.Pattern[str], text: str) -> float:
    return 0.5 if pattern.search(text) else 1.0


def _fresh(question: Question, text: str) -> str:
    """The text without the figures that the question itself names: they answer nothing."""
    for figure in re.findall(r"\d[\d.,:/]*", question.text):
        text = text.replace(figure, "")
    return text
