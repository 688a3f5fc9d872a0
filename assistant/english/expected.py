"""Whether a text has the type of thing that a question asks for: a year, an amount, a name.

A text without it may be about the right subject and still does not answer.
"""

import re

from assistant.english.attributes import MONEY, NUMBER, TIME, value_of_attribute
from assistant.english.forms import AnswerType
from assistant.english.instructions import asks_how
from assistant.english.question import Question
from index.terms import STOP_WORDS, stem, stems, words

_MOMENT = re.compile(
    r"\b(?:during|following|after|before|until|since|once|while|when|whenever|as soon as|then|now|"
    r"today|yesterday|tomorrow|currently|recently|earlier|later|on time)\b",
    re.IGNORECASE,
)
_ASKS_YEAR = re.compile(r"\b(?:what|which) (?:\w+ )?year\b", re.IGNORECASE)
_YEAR = re.compile(r"\b\d{3,4}s?\b|\bcentur(?:y|ies)\b")
# A capitalised word that does not start a sentence.
_NAME = re.compile(r"(?<![.!?“\"] )(?<!^)\b[A-Z][\w’'-]+")
_ABBREVIATION = re.compile(r"[A-Z]{2,4}$")  # IT, HR: not a person
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
    r"\b(?:price|cost|fee|salary|wage|budget)s?\b|\bhow much (?:is|are) (?:an?|the|it|one)\b",
    re.IGNORECASE,
)
# Words that allow, forbid or limit something.
_DECIDES = re.compile(
    r"\b(?:yes|no|not|never|always|only|must|may|can|cannot|allowed|required|unless|except|without|"
    r"none|\w+n['’]t)\b",
    re.IGNORECASE,
)
# What the heading of a column says if its cells are of a type.
_HEADINGS = {
    AnswerType.TIME: "date time day start begin end until deadline due when hour publish",
    AnswerType.PLACE: "location place where venue address room city office site town country",
    AnswerType.PERSON: "who contact person owner lead author responsible manager team by host",
}
_HEADING_STEMS = {kind: stems(words_) for kind, words_ in _HEADINGS.items()}
_COST_HEADINGS = stems("price cost fee rate charge amount total pay")
# Words from a number to the thing it counts, the number included.
_MAX_DISTANCE = 4


def missing_answer_type(question: Question, text: str) -> float:
    """1 if the text lacks the type of thing that the question asks for, 0.5 if it only has a loose
    form of it, 0 if it has one or the question does not say what it asks for."""
    match question.answer_type:
        case AnswerType.TIME:
            new = _without_figures_of(question, text)
            wants_year = _ASKS_YEAR.search(question.text)
            return 0.0 if (_YEAR if wants_year else TIME).search(new) else _loose(_MOMENT, new)
        case AnswerType.AMOUNT:
            return max(_missing_amount(question, text), _missing_attribute(question, text) or 0.0)
        case AnswerType.PERSON:
            has_name = _has_new_name(question, text, _ABBREVIATION)
            return 0.0 if has_name else _loose(_ROLE, text)
        case AnswerType.PLACE:
            return 0.0 if _has_new_name(question, text) else _loose(_SOMEWHERE, text)
        case AnswerType.REASON:
            return 0.0 if _REASON.search(text) else 1.0
        case _:
            return 0.0 if question.wants_list else _missing_value(question, text)


def has_type_of(question: Question, heading: str, cell: str) -> bool:
    """Whether a cell below a column heading is of the type of thing that the question asks for."""
    kind = question.answer_type
    said = stems(heading)
    if kind is AnswerType.TIME:
        return bool(said & _HEADING_STEMS[kind]) and bool(TIME.search(cell))
    if kind in _HEADING_STEMS:
        return bool(said & _HEADING_STEMS[kind])
    return bool(said & _COST_HEADINGS) and bool(
        _COSTS.search(question.text) and NUMBER.search(cell)
    )


def decides(question: Question, text: str) -> bool:
    """Whether the question asks yes or no, and the text allows, forbids or limits something."""
    return question.answer_type is AnswerType.YES_NO and bool(_DECIDES.search(text))


def _missing_amount(question: Question, text: str) -> float:
    """For "how many roses", a number must be near "roses" to count fully."""
    new = _without_figures_of(question, text)
    if _COSTS.search(question.text):
        return 0.0 if MONEY.search(new) else _loose(NUMBER, new)
    if not NUMBER.search(new):
        return 1.0
    counted = _COUNTED.search(question.text)
    if not counted:
        return 0.0
    things = {stem(word) for word in words(counted.group(1)) if word not in STOP_WORDS}
    found = words(text)
    for place, word in enumerate(found):
        near = {stem(other) for other in found[place : place + _MAX_DISTANCE]}
        if NUMBER.match(word) and near & things:
            return 0.0
    return 0.5 if things else 0.0


def _missing_value(question: Question, text: str) -> float:
    attribute = _missing_attribute(question, text)
    return _missing_thing(question, text) if attribute is None else attribute


def _missing_attribute(question: Question, text: str) -> float | None:
    """1 if the question asks for an attribute and the text has no value of its kind, 0 if it has
    one; None if the question asks for no attribute."""
    if question.answer_type is AnswerType.YES_NO or asks_how(question.text):
        return None
    value = value_of_attribute(question.text)
    if value is None:
        return None
    return 0.0 if value.search(_without_figures_of(question, text)) else 1.0


def _missing_thing(question: Question, text: str) -> float:
    """For "which tool", the text must mention a tool, or give a name that the question lacks."""
    asked = _THING.search(question.text)
    if not asked:
        return 0.0
    phrase = words(asked.group(1))
    if any(word in STOP_WORDS for word in phrase) or stem(phrase[-1]) in stems(text):
        return 0.0
    return 0.5 if _has_new_name(question, text) or NUMBER.search(text) else 1.0


def _has_new_name(question: Question, text: str, excluded: re.Pattern[str] | None = None) -> bool:
    """Whether the text has a name that the question does not have."""
    known = stems(question.text)
    names = (name for name in _NAME.findall(text) if not (excluded and excluded.match(name)))
    return any(not stems(name) <= known for name in names)


def _loose(pattern: re.Pattern[str], text: str) -> float:
    return 0.5 if pattern.search(text) else 1.0


def _without_figures_of(question: Question, text: str) -> str:
    """The text without the figures of the question: repeating them answers nothing."""
    for figure in re.findall(r"\d[\d.,:/]*", question.text):
        text = text.replace(figure, "")
    return text
