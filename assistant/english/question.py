"""Understanding a question: what it asks for, and what it means after what was said before.

Knows English question forms. Needs no index; the encoder, where a follow-up needs one, comes
as an argument.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

import numpy as np

from assistant.answer import Turn
from assistant.english.repair import ASKING, repaired
from assistant.errors import QuestionInvalid
from index.encoder import Vectors
from index.terms import STOP_WORDS, content_words, stem, words

MAX_QUESTION_CHARS = 2000  # characters; a longer text is no question

_REMEMBERED = 300  # characters of the last answer that are searched with

Encode = Callable[[Sequence[str]], Vectors]


class AnswerType(StrEnum):
    """What kind of thing would answer the question."""

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


_FORMS = [
    (asks, re.compile("|".join(patterns), re.IGNORECASE))
    for asks, patterns in (
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
_LIST = re.compile(
    r"\b(?:list|name|enumerate|give me|tell me|show me)\b.{0,30}\b(?:all|the|every|each|some)?\b|"
    r"\b(?:what|which) (?:are|were|all|other|kinds?|types?|sorts?|ways?|steps?|examples?)\b|"
    r"\b(?:types|kinds|benefits|advantages|ways|examples|steps|reasons|differences|similarities|"
    r"features|items|members|roles|categories|requirements|rules|options|methods|forms)\b|"
    r"(?:^|\b(?:which|what|the|on|in) )(?:two|three|four|five|six|seven|eight|nine|ten|\d\d?) "
    r"(?:\w+ ){0,2}?\w{3,}s\b",
    re.IGNORECASE,
)
_ENUMERATES = re.compile(
    r"\b(?:list|enumerate|all|every|each|kinds?|types|sorts|categories|benefits|advantages|"
    r"disadvantages|drawbacks|ways|steps|reasons|differences|similarities|features|roles|"
    r"requirements|rules|options|methods|forms|(?:which|what|the|on|in) "
    r"(?:two|three|four|five|six|seven|eight|nine|ten|\d\d?))\b",
    re.IGNORECASE,
)
_PLURAL = re.compile(
    r"^(?:and |so )?(?:what|which) (?:(?!do|does|did|is|was|has|can|will|should|would)\w+ )?"
    r"\w{3,}[^s\W]s(?=\s+(?:are|were|do|does|did|can|could|will|would|should|have|had|must|may|of|in|"
    r"for|from|to|that|there|contain|use|need|exist|make|give|take|work|apply|play|come|get|"
    r"help|include|belong|show|offer|cause|affect|count|stand|matter)\b|\s*\??$)",
    re.IGNORECASE,
)
_DEFINITION = re.compile(
    r"^(?:what|who) (?:is|are|was|were|'s) (?:an? |the )?[\w\s'-]{2,40}\??$|"
    r"\b(?:what does .* mean|define|definition of|meaning of|explain what)\b",
    re.IGNORECASE,
)
# "Another question: ...": what was said before no longer counts.
_CHANGES = re.compile(
    r"^(?:now |and |but |ok(?:ay)?[, ]+)*(?:for |to |on |a |an )?"
    r"(?:something (?:else|different)|(?:another|different|new|next|unrelated) "
    r"(?:question|topic|subject|thing|matter)|one more (?:question|thing)|"
    r"chang(?:e|ing) (?:of )?(?:the )?(?:subject|topic))\b[\s,.:!-]+",
    re.IGNORECASE,
)

_ELLIPSIS = re.compile(
    r"^(?:and|or|but|also|what about|how about|what of|then|so)\b[\s,]*", re.IGNORECASE
)
_ARTICLE = re.compile(r"^(?:the|an?|for|about|with)\s+", re.IGNORECASE)
_OPENS_CLAUSE = re.compile(
    r"^(?:how|why|when|where|who|whom|whose|what|which|do|does|did|is|are|was|were|can|could|will|"
    r"would|should|has|have)\b",
    re.IGNORECASE,
)
_THE_TWO = re.compile(
    r"\b(?:the two(?! [a-z]+s\b)|both of them|the both|each other)\b", re.IGNORECASE
)
_COMPOUND = re.compile(
    rf"^({ASKING}.{{8,}}?),? and ({ASKING}(?! (?:of|many of) ).{{6,}})$", re.IGNORECASE
)
# "does that mean": a pronoun; "the customers that …" is none.
_THAT = re.compile(
    r"\b(?:does|did|do|is|was|of|about|for|with|by|why|how) (that|this)\b(?! \w+s\b)", re.IGNORECASE
)
# "What does that mean for us?" asks of all that was said, and not of a thing.
_EVENT = re.compile(
    r"\b(?:that|this|it) (?:mean|happen|matter|affect|change|imply|work|help|come|lead)",
    re.IGNORECASE,
)
_PLURAL_PRONOUN = re.compile(r"\b(?:they|them|their|theirs|these|those)\b", re.IGNORECASE)
_WHICH = re.compile(
    r"^(?:which|who|what (?:company|person|team|country|city)|name)\b", re.IGNORECASE
)
# A name that an answer opens with; "Internal customers are ..." is none.
_NAME_FIRST = re.compile(
    r"^([A-Z][\w&]+(?: [A-Z][\w&]+)*)(?=[.,]|\s+(?:is|was|has|does|did|shows|stands)\b)"
)
_PRONOUNS = frozenset("they them their theirs it its he him his she her hers those these".split())
_EMPTY = STOP_WORDS | _PRONOUNS
_ONES = re.compile(r"\b(?:ones?|the others?|the latter|the former)\b", re.IGNORECASE)
# Words that tell the assistant what to do; no text is found or proved by them.
_INSTRUCTIONS = frozenset(
    "list name enumerate compare comparing explain describe define definition give tell show "
    "mention state summarize versus vs mean means meaning article articles "
    "document documents page text website".split()
)
# Words of a question that say what is asked of the topic, not what the topic is.
_ASPECTS = frozenset(
    "type types kind kinds example examples difference differences similarity similarities main "
    "benefit benefits role roles way ways list reason reasons mean means meaning define "
    "definition name important importance called many first come comes work works need needs "
    "want wants expect expects get gets differ differs bring brings happen happens help helps "
    "treat treated shows show make makes give gives take takes use uses".split()
)


@dataclass(frozen=True)
class Question:
    """A question as it is searched for: standing alone, repairs and fillers taken out.

    `context` is what it was asked in: its own words behind those of the exchange before it.
    """

    asked: str
    text: str
    context: str = ""

    @cached_property
    def parts(self) -> tuple["Question", ...]:
        """The two questions that it is made of: "What is a hive, and who lives in it?". Empty
        where it is only one."""
        found = _COMPOUND.match(self.text)
        if not found or any(len(content_words(part)) < 1 for part in found.groups()):
            return ()
        first, second = found.groups()
        if _depends(second):
            second = _by_topic(second, _Before((first,)))
        return Question(self.asked, first), Question(self.asked, second)

    @cached_property
    def is_open(self) -> bool:
        """Whether it leaves open what it is about: "How does it work?", and nothing was said
        before."""
        said = words(self.text)
        return any(word in _PRONOUNS or word in ("this", "that") for word in said) and not any(
            _is_noun(word) and word not in _EMPTY for word in said
        )

    @cached_property
    def answer_type(self) -> AnswerType:
        """What kind of thing would answer it; the first form that fits."""
        for asks, form in _FORMS:
            if form.search(self.text):
                return asks
        if self.wants_list:
            return AnswerType.LIST
        return AnswerType.DEFINITION if _DEFINITION.search(self.text.strip()) else AnswerType.OTHER

    @cached_property
    def wants_list(self) -> bool:
        """Whether several things are asked for at once."""
        plural = _PLURAL.search(self.text)
        return bool(_LIST.search(self.text) or plural)

    @cached_property
    def enumerates(self) -> bool:
        """Whether it says outright that it asks for a list: all kinds, the five benefits."""
        return bool(_ENUMERATES.search(self.text))

    @cached_property
    def subject(self) -> tuple[str, ...]:
        """The words that say what it is about, without those that only say what to do with it."""
        every = content_words(self.text)
        return tuple(word for word in every if word not in _INSTRUCTIONS) or tuple(every)

    @cached_property
    def terms(self) -> tuple[str, ...]:
        """Stems of the words that say what it is about, in order, each once."""
        return tuple(dict.fromkeys(stem(word) for word in self.subject))

    @cached_property
    def names(self) -> frozenset[str]:
        """Stems of its names and numbers: capitalised words but for the first, and digits."""
        found = re.findall(r"[^\W_]+(?:['’][^\W_]+)*", self.text)
        named = {
            stem(words(word)[0])
            for place, word in enumerate(found)
            if word[0].isdigit()
            or ((place > 0 or word.lower() not in STOP_WORDS) and word[0].isupper())
        }
        return frozenset(named & set(self.terms))


def validate_message(message: object) -> str:
    """The message as a question's text. Raises QuestionInvalid with what was expected."""
    if not isinstance(message, str):
        raise QuestionInvalid(f"the question is {type(message).__name__}, expected text")
    if len(message) > MAX_QUESTION_CHARS:
        raise QuestionInvalid(
            f"the question has {len(message):,} characters, at most {MAX_QUESTION_CHARS:,} are "
            "read: shorten it"
        )
    if not any(character.isalnum() for character in message):
        raise QuestionInvalid("the question is empty: ask something in words")
    if any(0xD800 <= ord(character) <= 0xDFFF for character in message):
        raise QuestionInvalid("the question holds half characters (surrogates): send UTF-8 text")
    return " ".join(message.replace("\x00", " ").split())


def understand(message: str, history: Sequence[Turn], encode: Encode) -> Question:
    """The question that stands for the message after what was said before.

    A message that says all it means stays as it is, so a change of topic drags nothing along.
    `encode` is called for follow-ups only.
    """
    said = validate_message(message)
    own = text = repaired(_CHANGES.sub("", said))
    before = _Before() if _CHANGES.match(said) else _last_exchange(history)
    if before.question and _depends(text):
        text = _joined(text, before, encode)
    context = f"{own} {before.question} {before.answer[:_REMEMBERED]}" if before.question else ""
    return Question(message, text, context)


@dataclass(frozen=True, slots=True)
class _Before:
    """What was asked before, made to stand alone, latest first, and the latest answer."""

    questions: tuple[str, ...] = ()
    answer: str = ""

    @property
    def question(self) -> str:
        return self.questions[0] if self.questions else ""


def _last_exchange(history: Sequence[Turn]) -> _Before:
    before = _Before()
    for turn in history[-8:]:
        text = " ".join(turn.text[:MAX_QUESTION_CHARS].split())
        if turn.role != "user":
            before = _Before(before.questions, text)
        elif any(c.isalnum() for c in text):
            leans = before.question and _depends(text)
            text = _by_topic(text, before) if leans else text
            before = _Before((text, *before.questions))
    return before


def _depends(text: str) -> bool:
    """Whether the message leans on what was said before: a pronoun, "and …", "… ones"."""
    if _ONES.search(text):
        return True
    if _ELLIPSIS.match(text):
        return not _is_clause(_ELLIPSIS.sub("", text)) or _has_pronoun(text)
    return len(content_words(text)) < 2 or _has_pronoun(text)


def _has_pronoun(text: str) -> bool:
    """Whether a pronoun stands in it that nothing before it in the message explains."""
    said = words(text)
    first_noun = next((i for i, word in enumerate(said) if _is_noun(word)), len(said))
    short = len(content_words(text)) <= 3
    return bool(_THE_TWO.search(text) or _THAT.search(text)) or any(
        word in _PRONOUNS
        and (place < first_noun or (short and not any(map(_is_plural, said[:place]))))
        for place, word in enumerate(said)
    )


def _is_noun(word: str) -> bool:
    return word not in STOP_WORDS and word not in _ASPECTS


def _is_clause(rest: str) -> bool:
    """Whether it is a question of its own."""
    return bool(_OPENS_CLAUSE.match(rest)) and len(content_words(rest)) >= 2


def _joined(text: str, before: _Before, encode: Encode) -> str:
    """The earlier question with the new words in the place of those they stand against, or the
    new question with its pronoun replaced by the earlier topic."""
    rest = _ARTICLE.sub("", _ONES.sub("", _ELLIPSIS.sub("", text)).strip(" ?.!,"))
    telling = [word for word in content_words(rest) if word not in _EMPTY]
    if (not telling and _OPENS_CLAUSE.match(rest)) or _EVENT.search(rest):  # "Why?", "Why them?"
        return f"{rest}: {before.question}"
    if _ONES.search(text) and not _has_pronoun(rest):  # "and who are the external ones there?"
        rest = " ".join(content_words(rest))
        return _replaced(before.question, rest, encode)
    if not _has_pronoun(rest) and not _OPENS_CLAUSE.match(rest) and len(words(rest)) <= 5:
        return _replaced(before.question, rest, encode)
    return _by_topic(text, before)


def _replaced(question: str, rest: str, encode: Encode) -> str:
    """The question with its word, or run of words, exchanged for the new ones that is nearest to
    them in meaning, as "internal" is to "external"."""
    if not rest:
        return question
    runs = [" ".join(run) for run in _runs(question)]
    singles = [word for run in runs for word in run.split()]
    several = [run for run in runs if " " in run] if " " in rest else []
    olds = [old for old in several or [*singles, *runs] if old.lower() not in rest.lower()]
    if not olds:
        return question
    vectors = encode([*olds, rest])
    nearest = olds[int(np.argmax(vectors[:-1] @ vectors[-1]))]
    return re.sub(rf"\b{re.escape(nearest)}\b", lambda _: rest, question, count=1)


def _by_topic(text: str, before: _Before) -> str:
    """The message with its first pronoun replaced by the earlier topic; where it has none, the
    earlier question follows it."""
    two = _THE_TWO.search(text)
    pronoun = next((word for word in words(text) if word in _PRONOUNS), "")
    topic = _topic(before, plural=bool(two) or bool(_PLURAL_PRONOUN.match(pronoun)))
    if not topic:
        return text
    if two:
        return text[: two.start()] + topic + text[two.end() :]
    that = _THAT.search(text)
    if that:
        return text[: that.start(1)] + topic + text[that.end(1) :]
    for match in re.finditer(r"[^\W_]+", text):
        if match.group().lower() in _PRONOUNS:
            possessive = match.group().lower() in ("their", "its", "his", "her", "theirs")
            ending = ("'" if topic.endswith("s") else "'s") if possessive else ""
            return text[: match.start()] + topic + ending + text[match.end() :]
    rest = _ELLIPSIS.sub("", text).rstrip(" ?.!")
    return f"{rest}: {before.question}"


def _topic(before: _Before, plural: bool) -> str:
    """What the earlier exchange was about: the thing that was asked for, where a name answers
    it, else the longest run of content words, one with a plural for "they"."""
    if not plural and _WHICH.match(before.question):
        names = re.findall(
            r"(?<![.!?] )(?<!^)\b[A-Z][\w&]+(?: [A-Z][\w&]+)*|\b[A-Z]\w+(?=['’]s\b)", before.answer
        )
        if opening := _NAME_FIRST.match(before.answer):
            names.insert(0, opening.group(1))
        named = [name for name in names if words(name)[0] not in STOP_WORDS]
        if named:
            return str(named[0])
    if plural:
        for run in (run for question in before.questions for run in _runs(question)):
            last = max((i for i, word in enumerate(run) if _is_plural(word)), default=-1)
            if last >= 0:
                return " ".join(run[: last + 1])
    longest = sorted(_runs(before.question), key=len, reverse=True)[:1]
    return " ".join(word for run in longest for word in run)


def _is_plural(word: str) -> bool:
    return len(word) > 3 and word.endswith("s") and not word.endswith("ss")


def _runs(question: str) -> list[list[str]]:
    """Runs of content words that are no mere aspects; "and" between two of them joins them."""
    runs: list[list[str]] = [[]]
    found = re.findall(r"[^\W_]+(?:['’-][^\W_]+)*", question)
    for place, word in enumerate(found):
        joins = word.lower() == "and" and runs[-1] and place + 1 < len(found)
        if _is_noun(word.lower()) or (joins and _is_noun(found[place + 1].lower())):
            runs[-1].append(word)
        else:
            runs.append([])
    return [run for run in runs if run]
