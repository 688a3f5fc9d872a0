"""Follow-up questions: "And external ones?" becomes a question that stands alone.

Knows English pronouns and ellipses. The encoder, which finds the word that a new one replaces,
comes as an argument.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from assistant.answer import Turn
from index.encoder import Vectors
from index.terms import STOP_WORDS, content_words, words

Encode = Callable[[Sequence[str]], Vectors]

# Latest turns that are read; a follow-up seldom refers further back.
_MAX_TURNS = 8

# "Another question: …" starts a new topic.
_NEW_TOPIC = re.compile(
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
_CLAUSE_START = re.compile(
    r"^(?:how|why|when|where|who|whom|whose|what|which|do|does|did|is|are|was|were|can|could|will|"
    r"would|should|has|have)\b",
    re.IGNORECASE,
)
_THE_TWO = re.compile(
    r"\b(?:the two(?! [a-z]+s\b)|both of them|the both|each other)\b", re.IGNORECASE
)
# "does that mean" holds a pronoun, "the customers that …" does not.
_THAT = re.compile(
    r"\b(?:does|did|do|is|was|of|about|for|with|by|why|how) (that|this)\b(?! \w+s\b)", re.IGNORECASE
)
# "What does that mean for us?" refers to the whole exchange, not to one thing.
_WHOLE_EXCHANGE = re.compile(
    r"\b(?:that|this|it) (?:mean|happen|matter|affect|change|imply|work|help|come|lead)",
    re.IGNORECASE,
)
_ONES = re.compile(r"\b(?:ones?|the others?|the latter|the former)\b", re.IGNORECASE)
_PRONOUNS = frozenset("they them their theirs it its he him his she her hers those these".split())
_POSSESSIVES = frozenset("their its his her theirs".split())
_PLURAL_PRONOUN = re.compile(r"\b(?:they|them|their|theirs|these|those)\b", re.IGNORECASE)
_FUNCTION_WORDS = STOP_WORDS | _PRONOUNS
# Words that say what is asked about the topic, not what the topic is.
_ASPECTS = frozenset(
    "type types kind kinds example examples difference differences similarity similarities main "
    "way ways list reason reasons mean means meaning define definition name called many first "
    "come comes work works need needs want wants get gets differ differs happen happens help helps "
    "show shows make makes give gives take takes use uses".split()
)
# A question that a name answers.
_ASKS_NAME = re.compile(
    r"^(?:which|who|what (?:company|person|team|country|city)|name)\b", re.IGNORECASE
)
# Capitalised words inside a sentence, or before "'s".
_NAME = re.compile(r"(?<![.!?] )(?<!^)\b[A-Z][\w&]+(?: [A-Z][\w&]+)*|\b[A-Z]\w+(?=['’]s\b)")
# A name at the start of an answer; "Internal customers are …" has none.
_FIRST_NAME = re.compile(
    r"^([A-Z][\w&]+(?: [A-Z][\w&]+)*)(?=[.,]|\s+(?:is|was|has|does|did|shows|stands)\b)"
)
_WORD = re.compile(r"[^\W_]+")
_HYPHENATED = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*")


@dataclass(frozen=True, slots=True)
class Exchange:
    """Earlier questions as standalone questions, latest first, and the latest answer."""

    questions: tuple[str, ...] = ()
    answer: str = ""

    @property
    def question(self) -> str:
        """The latest question, "" if there is none."""
        return self.questions[0] if self.questions else ""


def previous_exchange(history: Sequence[Turn], max_chars: int) -> Exchange:
    """The exchange that a follow-up refers to; each turn is cut to `max_chars` characters."""
    exchange = Exchange()
    for turn in history[-_MAX_TURNS:]:
        text = " ".join(turn.text[:max_chars].split())
        if turn.role != "user":
            exchange = Exchange(exchange.questions, text)
        elif any(c.isalnum() for c in text):
            if exchange.question and is_follow_up(text):
                text = resolve_pronoun(text, exchange)
            exchange = Exchange((text, *exchange.questions))
    return exchange


def without_topic_change(message: str) -> str:
    """The message without words like "another question:" at its start; unchanged if it has none."""
    return _NEW_TOPIC.sub("", message)


def is_follow_up(message: str) -> bool:
    """Whether the message depends on earlier ones: a pronoun, "and …", "… ones"."""
    if _ONES.search(message):
        return True
    if _ELLIPSIS.match(message):
        return not _is_clause(_ELLIPSIS.sub("", message)) or _has_pronoun(message)
    return len(content_words(message)) < 2 or _has_pronoun(message)


def lacks_topic(question: str) -> bool:
    """Whether the question names nothing but a pronoun: "How does it work?"."""
    found = words(question)
    return any(word in _PRONOUNS or word in ("this", "that") for word in found) and not any(
        _is_noun(word) and word not in _FUNCTION_WORDS for word in found
    )


def make_standalone(message: str, exchange: Exchange, encode: Encode) -> str:
    """The earlier question with its words replaced by the new ones, or the new question with its
    pronoun replaced by the earlier topic."""
    rest = _ARTICLE.sub("", _ONES.sub("", _ELLIPSIS.sub("", message)).strip(" ?.!,"))
    telling = [word for word in content_words(rest) if word not in _FUNCTION_WORDS]
    # "Why?", "Why them?", "What does that mean?"
    if (not telling and _CLAUSE_START.match(rest)) or _WHOLE_EXCHANGE.search(rest):
        return f"{rest}: {exchange.question}"
    if _ONES.search(message) and not _has_pronoun(rest):  # "and who are the external ones there?"
        rest = " ".join(content_words(rest))
        return _replace_nearest(exchange.question, rest, encode)
    if not _has_pronoun(rest) and not _CLAUSE_START.match(rest) and len(words(rest)) <= 5:
        return _replace_nearest(exchange.question, rest, encode)
    return resolve_pronoun(message, exchange)


def resolve_pronoun(message: str, exchange: Exchange) -> str:
    """The message with its first pronoun replaced by the earlier topic; without a pronoun, the
    earlier question is appended."""
    two = _THE_TWO.search(message)
    pronoun = next((word for word in words(message) if word in _PRONOUNS), "")
    topic = _topic(exchange, plural=bool(two) or bool(_PLURAL_PRONOUN.match(pronoun)))
    if not topic:
        return message
    if two:
        return message[: two.start()] + topic + message[two.end() :]
    that = _THAT.search(message)
    if that:
        return message[: that.start(1)] + topic + message[that.end(1) :]
    for match in _WORD.finditer(message):
        if match.group().lower() in _PRONOUNS:
            ending = ""
            if match.group().lower() in _POSSESSIVES:
                ending = "'" if topic.endswith("s") else "'s"
            return message[: match.start()] + topic + ending + message[match.end() :]
    rest = _ELLIPSIS.sub("", message).rstrip(" ?.!")
    return f"{rest}: {exchange.question}"


def _has_pronoun(text: str) -> bool:
    """Whether the text has a pronoun that nothing before it in the text explains."""
    found = words(text)
    first_noun = next((i for i, word in enumerate(found) if _is_noun(word)), len(found))
    is_short = len(content_words(text)) <= 3
    return bool(_THE_TWO.search(text) or _THAT.search(text)) or any(
        word in _PRONOUNS
        and (place < first_noun or (is_short and not any(map(_is_plural, found[:place]))))
        for place, word in enumerate(found)
    )


def _is_noun(word: str) -> bool:
    return word not in STOP_WORDS and word not in _ASPECTS


def _is_clause(rest: str) -> bool:
    """Whether the rest of a message is a question of its own."""
    return bool(_CLAUSE_START.match(rest)) and len(content_words(rest)) >= 2


def _replace_nearest(question: str, rest: str, encode: Encode) -> str:
    """The question with the word or run of words nearest in meaning to `rest` replaced by it, as
    "internal" by "external"."""
    if not rest:
        return question
    runs = [" ".join(run) for run in _content_runs(question)]
    singles = [word for run in runs for word in run.split()]
    several = [run for run in runs if " " in run] if " " in rest else []
    olds = [old for old in several or [*singles, *runs] if old.lower() not in rest.lower()]
    if not olds:
        return question
    vectors = encode([*olds, rest])
    nearest = olds[int(np.argmax(vectors[:-1] @ vectors[-1]))]
    return re.sub(rf"\b{re.escape(nearest)}\b", lambda _: rest, question, count=1)


def _topic(exchange: Exchange, plural: bool) -> str:
    """The topic of the earlier exchange: a name in the answer if the question asked for one, else
    the longest run of content words, which must hold a plural for "they"."""
    if not plural and _ASKS_NAME.match(exchange.question):
        names = _NAME.findall(exchange.answer)
        if opening := _FIRST_NAME.match(exchange.answer):
            names.insert(0, opening.group(1))
        name = next((name for name in names if words(name)[0] not in STOP_WORDS), None)
        if name:
            return str(name)
    if plural:
        for run in (run for question in exchange.questions for run in _content_runs(question)):
            last = max((i for i, word in enumerate(run) if _is_plural(word)), default=-1)
            if last >= 0:
                return " ".join(run[: last + 1])
    longest = sorted(_content_runs(exchange.question), key=len, reverse=True)[:1]
    return " ".join(longest[0]) if longest else ""


def _is_plural(word: str) -> bool:
    return len(word) > 3 and word.endswith("s") and not word.endswith("ss")


def _content_runs(question: str) -> list[list[str]]:
    """Runs of content words that are not aspects; "and" between two of them joins them."""
    runs: list[list[str]] = [[]]
    found = _HYPHENATED.findall(question)
    for place, word in enumerate(found):
        joins = word.lower() == "and" and runs[-1] and place + 1 < len(found)
        if _is_noun(word.lower()) or (joins and _is_noun(found[place + 1].lower())):
            runs[-1].append(word)
        else:
            runs.append([])
    return [run for run in runs if run]
