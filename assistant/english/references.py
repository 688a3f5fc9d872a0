"""What pronouns refer to: "it", "they", "there" and "that plan" become what was named before."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice

from assistant.english.ellipsis import (
    ARTICLE,
    OPENING_PREPOSITION,
    Encode,
    nearest,
    replace_nearest,
)
from assistant.english.forms import CLAUSE_START, ELLIPSIS
from assistant.english.phrases import (
    PRONOUNS,
    Phrase,
    Token,
    noun_phrases,
    tokenize,
)
from index.terms import STOP_WORDS, content_words, stem, words

_ONES = re.compile(
    r"\b(?<!no )(?:ones|one(?=\W*$| (?:is|are|was|for|with|in|on|at|from|there|costs?|has|i|we|you|"
    r"to)\b)|(?:the|any|no) others?(?! \w)|the latter|the former)\b",
    re.IGNORECASE,
)
_THE_TWO = re.compile(
    r"\b(?:the two(?! (?!(?:is|was|has|does)\b)[a-z]+s\b)|both of them|the both)\b", re.IGNORECASE
)
# "does that mean" holds a pronoun, "the customers that …" does not.
_THAT = re.compile(
    r"\b(?:does|did|do|is|was|of|about|for|with|by|why|how|fix|in|after) (that|this)"
    r"(?=\s+(?:of|for|in|on|to|is|was|possible|allowed|included|free|true|still|also|apply|count|go|cover|need|require|an?|the|mean|take|"
    r"cost|work|include|happen)\b|\W*$)",
    re.IGNORECASE,
)
# "that plan": the noun says which earlier phrase is meant. "say that plans" has none.
_THAT_NOUN = re.compile(
    r"\b(?:(?:(?<=in )|(?<=on )|(?<=of )|(?<=for )|(?<=with )|(?<=at )|(?<=from )|(?<=about )|"
    r"(?<=does )|(?<=is )|(?<=can )|(?<=to ))that|this|these|those|such an?|the same) "
    r"(\w+)\b(?! of\b)",
    re.IGNORECASE,
)
_THERE = re.compile(
    r"(?<!\bis )(?<!\bare )(?<!\bwas )(?<!\bwere )(?<!\bbe )\bthere\b"
    r"(?! (?:is|are|was|were|an?|be|any|been)\b)",
    re.IGNORECASE,
)
# "How long does it take to …": "it" stands for nothing.
_EXPLETIVE = re.compile(
    r"\bit (?:take|cost|need|require)s?\b(?= (?:\w+ ){0,4}to (?!the\b|an?\b|my\b))|"
    r"\b(?:is|was|isn't|will|would) it (?:be )?(?:\w+ )?\w+ (?:to|that|for|if|when)\b|"
    r"\bit (?:matters?|makes? sense|helps?|hurts?|do) (?:\w+ )?(?:whether|if|to|that)\b|"
    r"\bit(?:'s| is| was) (?:\w+ )?\w+ (?:to|that|if)\b",
    re.IGNORECASE,
)
_CLAUSE_BOUNDARY = re.compile(
    r"[,.;:?!]|\b(?:and|or|but|if|when|while|that|which|who|because|so|before|after|until|once|than|"
    r"as|whose|whom|where|how|what)\b",
    re.IGNORECASE,
)
_OPENING_QUESTION_WORD = re.compile(
    r"^(?:and |so |but )?(?:(?:in|on|at|for|to|from|of|with|by) )?(?:what|which|whose|how)\b.*?"
    r"\b(?:is|are|was|were|do|does|did|can|could|will|would|should|must|may|has|have|had)\b",
    re.IGNORECASE,
)
# "Who gave their name to …?", "How much of their fees do members get back?"
_OWN_POSSESSOR = re.compile(
    r"^who (?!is\b|are\b|was\b|were\b)\w+ (?:their|his|her)\b|"
    r"\btheir\b.* (?:do|did|are|have|can|will) (?:the )?\w+s\b",
    re.IGNORECASE,
)
_POSSESSIVES = frozenset("their its his her hers theirs".split())
_PLURAL_PRONOUN = re.compile(r"^(?:they|them|their|theirs|these|those)$", re.IGNORECASE)
# A question that a name answers.
_ASKS_NAME = re.compile(
    r"^(?:which|who|what (?:company|person|team|country|city)|name)\b", re.IGNORECASE
)
_YES_NO = re.compile(r"^(?:do|does|did|can|could|has|have|will)\b", re.IGNORECASE)
# Capitalised words inside a sentence, or before "'s".
_NAME = re.compile(r"(?<![.!?] )(?<!^)\b[A-Z][\w&]+(?: [A-Z][\w&]+)*|\b[A-Z]\w+(?=['’]s\b)")
# A name at the start of an answer; "Internal customers are …" has none.
_FIRST_NAME = re.compile(
    r"^([A-Z][\w&]+(?: [A-Z][\w&]+)*)(?=[.,]|\s+(?:is|was|has|does|did|shows|stands|wrote)\b)"
)
# Bounds the work on a long message: those that decide stand at its beginning.
_MAX_PRONOUNS = 6
_MAX_PHRASES = 20


@dataclass(frozen=True, slots=True)
class Exchange:
    """Earlier questions as standalone questions, latest first, and the latest answer."""

    questions: tuple[str, ...] = ()
    answer: str = ""

    @property
    def question(self) -> str:
        """The latest question, "" if there is none."""
        return self.questions[0] if self.questions else ""


def has_ones(message: str) -> bool:
    """Whether "ones" stands for a noun of an earlier message, not of an earlier clause."""
    found = _ONES.search(message)
    if found is None:
        return False
    before = [p.end for p in noun_phrases(message) if p.end < found.start()]
    return not any(_CLAUSE_BOUNDARY.search(message, end, found.start()) for end in before)


def refers_with_ones(message: str) -> bool:
    """Whether "ones" is all in a message that needs the earlier question."""
    return bool(_ONES.search(message)) and not has_pronoun(_THERE.sub("", _ONES.sub("", message)))


def replace_ones(rest: str, exchange: Exchange, encode: Encode) -> str:
    """The earlier question with "external" for "internal", as "external ones" asks; a message that
    asks something else gets the noun that "one" stands for."""
    question = exchange.question
    rest = _THERE.sub("", rest)
    is_clause = bool(CLAUSE_START.match(rest))
    if re.search(r"\b(?:others?|latter|former|which ones?)\b", rest, re.IGNORECASE):
        return f"{rest}: {question}"
    if is_clause and not re.search(r"\bones\b", rest, re.IGNORECASE):
        # "Where can I buy one?", "What is the cheapest one?"
        topic = _topic(exchange, plural=False, pronoun="one")
        return _ONES.sub(lambda _: topic, rest, count=1) + "?" if topic else f"{rest}: {question}"
    new = OPENING_PREPOSITION.sub("", _ONES.sub("", rest).strip())
    new = " ".join(content_words(new)) if is_clause else ARTICLE.sub("", new).strip()
    if not new or new in STOP_WORDS:
        return f"{rest}: {question}"
    headed = [phrase.tokens for phrase in noun_phrases(question) if len(phrase.tokens) > 1]
    if options := [tokens[:-1] for tokens in headed if tokens[-1].is_plural] or [
        tokens[:-1] for tokens in headed[:1]
    ]:
        texts = [" ".join(token.text for token in option) for option in options]
        old = options[nearest(texts, new, encode)]
        return question[: old[0].start] + new + question[old[-1].end :]
    return replace_nearest(question, new, encode)


def resolve_pronoun(message: str, exchange: Exchange) -> str:
    """The message with its first pronoun replaced by the earlier topic; without a pronoun, the
    earlier question is appended."""
    question = exchange.question
    if named := named_again(message, exchange):
        return named
    there = _THERE.search(message)
    if there and (place := _place(exchange)):
        return message[: there.start()] + place + message[there.end() :]
    span = _pronoun_span(message)
    if span is None:
        rest = ELLIPSIS.sub("", message).rstrip(" ?.!")
        return f"{rest}: {question}"
    start, end = span
    pronoun = message[start:end].lower()
    is_pair = bool(_THE_TWO.fullmatch(pronoun))
    topic = _topic(exchange, is_pair or bool(_PLURAL_PRONOUN.match(pronoun)), pronoun)
    if not topic:
        return message if is_pair else f"{message.rstrip(' ?.!')}: {question}"
    ending = ""
    if pronoun in _POSSESSIVES and not (pronoun == "her" and not message[end:].strip(" ?.!")):
        ending = "'" if topic.endswith("s") else "'s"
    return message[:start] + topic + ending + message[end:]


def _pronoun_span(message: str) -> tuple[int, int] | None:
    """Where the first pronoun of the message is; None if it has none."""
    if two := _THE_TWO.search(message):
        return two.span()
    if that := _THAT.search(message):
        return that.span(1)
    pronouns = _pronouns(message, noun_phrases(message))
    return (pronouns[0].start, pronouns[0].end) if pronouns else None


def has_pronoun(text: str) -> bool:
    """Whether the text has a pronoun that nothing before it in the text explains."""
    if _THE_TWO.search(text) or _THAT.search(text):
        return True
    phrases = noun_phrases(text)
    there = _THERE.search(text)
    if there and not any(p.end < there.start() and p.preposition for p in phrases):
        return True
    pronouns = [] if _OWN_POSSESSOR.search(text) else _pronouns(text, phrases)
    expletive = _EXPLETIVE.search(text)
    asked = _OPENING_QUESTION_WORD.match(text)
    nouns = [p for p in phrases if not (asked and p.end <= asked.end())][:_MAX_PHRASES]
    return any(
        not (expletive and expletive.start() <= token.start < expletive.end())
        and not any(_explains(text, phrase, token) for phrase in nouns)
        for token in pronouns[:_MAX_PRONOUNS]
    )


def _pronouns(text: str, phrases: Sequence[Phrase]) -> list[Token]:
    """The pronouns of a text; "these tickets" has none, nor has "IT"."""
    starts = {phrase.start for phrase in phrases}
    return [
        token
        for token in tokenize(text)
        if token.word in PRONOUNS
        and not token.text.isupper()
        and not (token.word in ("these", "those") and token.end + 1 in starts)
    ]


def _explains(text: str, phrase: Phrase, pronoun: Token) -> bool:
    """Whether a phrase before a pronoun is what it refers to. The object of a clause is never its
    subject; "the code they sent" begins a clause."""
    if phrase.end > pronoun.start:
        return False
    between = text[phrase.end : pronoun.start]
    is_other_clause = bool(_CLAUSE_BOUNDARY.search(between))
    if _PLURAL_PRONOUN.match(pronoun.word):
        is_plural = any(token.is_plural for token in phrase.tokens)
        return is_other_clause or pronoun.word == "they" or (is_plural and pronoun.word == "their")
    if phrase.is_plural:
        return False
    return is_other_clause or pronoun.word in _POSSESSIVES


def named_again(message: str, exchange: Exchange) -> str:
    """The message with "that plan" replaced by the earlier phrase with this noun; "" if there is
    none."""
    for found in islice(_THAT_NOUN.finditer(message), _MAX_PRONOUNS):
        noun = stem(found[1].lower())
        if found[1].lower() in STOP_WORDS:
            continue
        for question in exchange.questions:
            for phrase in noun_phrases(question):
                if noun in (stem(token.word) for token in phrase.tokens):
                    return message[: found.start()] + phrase.text + message[found.end() :]
    return ""


def _place(exchange: Exchange) -> str:
    """ "at the Grand Hotel" for "there": the latest name with its preposition, "" if there is
    none."""
    for question in exchange.questions:
        found = [p for p in noun_phrases(question) if not p.is_time]
        named = [p for p in found if p.is_name] or [
            p for p in found if p.preposition in ("at", "in", "on", "to", "inside")
        ]
        if named:
            phrase = named[-1]
            article = "the " if "the" in phrase.before[:1] else ""
            preposition = "at" if phrase.preposition in ("", "of", "for") else phrase.preposition
            return f"{preposition} {article}{phrase.text}"
    return ""


def _topic(exchange: Exchange, plural: bool, pronoun: str) -> str:
    """The topic of the earlier exchange: a name in the answer if the question asked for one, else
    the noun phrase that a pronoun most likely refers to, which must be plural for "they"."""
    if not plural and _ASKS_NAME.match(exchange.question) and pronoun != "one":
        names = _NAME.findall(exchange.answer)
        if opening := _FIRST_NAME.match(exchange.answer):
            names.insert(0, opening.group(1))
        name = next((name for name in names if words(name)[0] not in STOP_WORDS), None)
        if name:
            return str(name)
    if plural:
        for question in exchange.questions:
            for phrase in noun_phrases(question):
                if phrase.is_plural and not phrase.is_time:
                    return phrase.text
    phrases = [phrase for phrase in noun_phrases(exchange.question) if not phrase.is_time]
    if not phrases:
        return ""
    return _with_owner(max(phrases, key=_salience), phrases, exchange.question)


def _salience(phrase: Phrase) -> float:
    """How likely a pronoun refers to a phrase: names and long phrases with an article most, the
    circumstances of the question least."""
    return (
        1.0 * phrase.is_name
        + 0.5 * phrase.has_determiner
        + 0.5 * len(phrase.tokens)
        - 0.5 * (phrase.is_plural and not phrase.is_name)
        - 0.75 * (phrase.preposition not in ("", "of"))
    )


def _with_owner(topic: Phrase, phrases: Sequence[Phrase], question: str) -> str:
    """In "Does the Basic plan include phone support?", "it" may be either: both are named. So is
    the place in "Is there parking at the Grand Hotel?"."""
    if _YES_NO.match(question) and topic.is_name:
        later = [p for p in phrases if p.start >= topic.end and not p.is_name and not p.preposition]
        if later:
            return f"{topic.text} {later[0].text}"
    asked = _OPENING_QUESTION_WORD.match(question)
    subject = next((p for p in phrases if not (asked and p.end <= asked.end())), topic)
    if subject.end < topic.start and topic.is_name and topic.preposition not in ("", "of"):
        article = "the " if "the" in topic.before[:1] else ""
        return f"{subject.text} {topic.preposition} {article}{topic.text}"
    return topic.text
