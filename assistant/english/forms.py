"""Forms of English questions: the type of answer, lists, comparisons, two questions in one."""

import re
from enum import StrEnum

from assistant.english.numbers import SMALL_COUNTS
from index.terms import content_words


class AnswerType(StrEnum):
    """The type of thing that would answer a question."""

    PERSON = "person"
    TIME = "time"
    AMOUNT = "amount"
    PLACE = "place"
    REASON = "reason"
    LIST = "list"
    COMPARISON = "comparison"
    YES_NO = "yes_no"
    DEFINITION = "definition"
    OTHER = "other"


# How a question begins.
QUESTION_START = (
    r"(?:(?:in|on|at|for|to|from|of|with|by) )?(?:what|which|who|whom|whose|when|where|why|how)\b"
)
# How a clause begins that asks something.
CLAUSE_START = re.compile(
    r"^(?:how|why|when|where|who|whom|whose|what|which|do|does|did|is|are|was|were|can|could|will|"
    r"would|should|may|must|has|have|had)\b",
    re.IGNORECASE,
)
# What a follow-up opens with: "And children?".
ELLIPSIS = re.compile(
    r"^(?:(?:and|or|but|also|what about|how about|what of|what(?= if\b)|then|so|"
    r"same(?: question)?)\b[\s,:]*)+",
    re.IGNORECASE,
)
# The first form that matches decides.
_FORMS = [
    (answer_type, re.compile("|".join(patterns), re.IGNORECASE))
    for answer_type, patterns in (
        (
            AnswerType.COMPARISON,
            [
                r"\b(?:differ(?:s|ed|ence|ences|ent|entiate)?|compare[ds]?|comparison|versus|vs)\b",
                r"\b(?:distinguish\w*|similarit\w+|in common)\b",
            ],
        ),
        (
            AnswerType.TIME,
            [
                r"^(?:and |so |but )?(?:since |until )?"
                r"when (?:was|were|did|is|are|will|has|have|had)\b",
                r"^(?:and )?(?:(?:in|on|at|by|since|until|from|during) )?(?:what|which) (?:\w+ )?"
                r"(?:year|date|day|month|century|decade|time|season)\b",
                r"\b(?:in|on) (?:what|which) (?:year|date|day|month|century|decade)\b",
                r"^since when\b|\bwhat year\b|\bhow (?:long|old|recently|soon|often)\b",
            ],
        ),
        (
            AnswerType.AMOUNT,
            [
                r"\bhow (?:many|much|large|big|tall|high|far|fast|deep|wide|heavy|expensive)\b",
                r"\bwhat (?:does|do|did|will|would)\b.*\bcost\b",
                r"\b(?:what|which) (?:\w+ )?(?:percent\w*|proportion|share|number|amount|price|"
                r"cost|salary|budget|revenue|rate|figure|population|size|length|height)\b",
                r"\bwhat (?:is|was|are|were) the (?:\w+ )?(?:percent\w*|proportion|share|number|"
                r"price|cost|salary|budget|population|size|length|height)\b",
            ],
        ),
        (
            AnswerType.PERSON,
            [
                r"^(?:and |so |but |by |to |from |with )?(?:who|whom|whose)\b",
                r"\bwhich (?:person|author|president|king|queen|leader|scientist)\b",
            ],
        ),
        (
            AnswerType.PLACE,
            [
                r"\bwhere\b",
                r"\b(?:what|which) (?:country|city|town|place|state|region|location|continent)\b",
            ],
        ),
        (
            AnswerType.REASON,
            [r"\bwhy\b|\bhow come\b", r"\bwhat (?:is|was|are|were) the (?:reason|cause)s?\b"],
        ),
        (
            AnswerType.YES_NO,
            [
                r"^(?:and |so |but )?(?:is|are|was|were|do|does|did|can|could|should|would|will|"
                r"has|have|had|may|must|isn't|aren't|don't|doesn't)\b"
            ],
        ),
    )
]
_DEFINITION = re.compile(
    r"^(?:what|who) (?:is|are|was|were|'s) (?:an? |the )?[\w\s'-]{2,40}\??$|"
    r"\b(?:what does .* mean|define|definition of|meaning of|explain what)\b",
    re.IGNORECASE,
)
_LIST = re.compile(
    r"\b(?:list|name|enumerate|give me|tell me|show me)\b.{0,30}\b(?:all|the|every|each|some)?\b|"
    r"\b(?:what|which) (?:are|were|all|other|kinds?|types?|sorts?|ways?|steps?|examples?)\b|"
    r"\b(?:types|kinds|benefits|advantages|ways|examples|steps|reasons|differences|similarities|"
    r"features|items|members|roles|categories|requirements|rules|options|methods|forms)\b|"
    rf"(?:^|\b(?:which|what|the|on|in) )(?:{SMALL_COUNTS}|\d\d?) (?:\w+ ){{0,2}}?\w{{3,}}s\b",
    re.IGNORECASE,
)
# "Which garden tools are …": a plural noun, then a verb, a preposition or the end.
_PLURAL = re.compile(
    r"^(?:and |so )?(?:what|which) (?:(?!do|does|did|is|was|has|can|will|should|would)\w+ )?"
    r"\w{3,}[^s\W]s(?=\s+(?:are|were|do|does|did|can|could|will|would|should|have|had|must|may|of|in|"
    r"for|from|to|that|there|contain|use|need|exist|make|give|take|work|apply|play|come|get|"
    r"help|include|belong|show|offer|cause|affect|count|stand|matter)\b|\s*\??$)",
    re.IGNORECASE,
)
_DEMANDS_LIST = re.compile(
    r"\b(?:list|enumerate|all|every|each|kinds?|types|sorts|categories|benefits|advantages|"
    r"disadvantages|drawbacks|ways|steps|reasons|differences|similarities|features|roles|"
    r"requirements|rules|options|methods|forms|"
    rf"(?:which|what|the|on|in) (?:{SMALL_COUNTS}|\d\d?))\b",
    re.IGNORECASE,
)
# The two sides of a comparison, the plainest forms first.
_COMPARISONS = [
    re.compile(form, re.IGNORECASE)
    for form in (
        r"\b(.+?)\s+(?:differ(?:s|ent)?|distinguished)\s+from\s+(.+)",
        r"\bdistinguish(?:es)?\s+(.+?)\s+from\s+(.+)",
        r"\b(.+?),?\s+(?:compared?\s+(?:with|to)|as\s+opposed\s+to|versus|vs\.?)\s+(.+)",
        r"\bbetween\s+(.+?)\s+and\s+(.+)",
        r"\bcompare\s+(.+?)\s+(?:and|with|to)\s+(.+)",
        r"\b(?:do|does|are|is)\s+(.+?)\s+and\s+(.+?)\s+(?:differ|compare|have|alike|different)\b",
    )
]
_COMPOUND = re.compile(
    rf"^({QUESTION_START}.{{8,}}?),? and ({QUESTION_START}(?! (?:of|many of) ).{{6,}})$",
    re.IGNORECASE,
)


def answer_type(question: str) -> AnswerType:
    """The type of thing that would answer the question."""
    for kind, form in _FORMS:
        if form.search(question):
            return kind
    if wants_list(question):
        return AnswerType.LIST
    is_definition = _DEFINITION.search(question.strip())
    return AnswerType.DEFINITION if is_definition else AnswerType.OTHER


def wants_list(question: str) -> bool:
    """Whether the question asks for several things, as a plural or an order to list does."""
    return bool(_LIST.search(question) or _PLURAL.search(question))


def demands_list(question: str) -> bool:
    """Whether the question asks for a list outright: all kinds, the five benefits."""
    return bool(_DEMANDS_LIST.search(question))


def compared_phrases(question: str) -> tuple[str, str] | None:
    """The two phrases that the question compares, as in "between A and B"; None if it has no such
    form."""
    found = next((m for form in _COMPARISONS if (m := form.search(question))), None)
    return (found[1], found[2]) if found else None


def split_compound(question: str) -> tuple[str, str] | None:
    """The two questions joined by "and": "What is a hive, and who lives in it?"; None if it is
    one question."""
    found = _COMPOUND.match(question)
    if not found or not all(content_words(part) for part in found.groups()):
        return None
    return found[1], found[2]
