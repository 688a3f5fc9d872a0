"""Follow-up questions: "And external ones?" becomes a question that stands alone.

Knows English ellipses and replies. The encoder, which finds the words that new ones replace, comes
as an argument.
"""

import re
from collections.abc import Sequence

from assistant.answer import Turn
from assistant.english.ellipsis import (
    OPENING_PREPOSITION,
    Encode,
    replace_nearest,
    without_condition,
)
from assistant.english.forms import CLAUSE_START, ELLIPSIS
from assistant.english.phrases import (
    ASPECTS,
    PREPOSITIONS,
    PRONOUNS,
    is_function_word,
    noun_phrases,
)
from assistant.english.references import (
    Exchange,
    has_ones,
    has_pronoun,
    named_again,
    refers_with_ones,
    replace_ones,
    resolve_pronoun,
)
from assistant.english.signature import without_signature
from assistant.english.small_talk import is_small_talk
from index.terms import STOP_WORDS, content_words, stem, words

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
# "Yes please, for two": a reply, which asks nothing.
_REPLY = re.compile(
    r"^(?:yes|yeah|yep|no|nope|ok(?:ay)?|sure|please|great|perfect|good|right|alright)\b[^?]*$",
    re.IGNORECASE,
)
# "What is an invoice?": the article says that nothing was said of it before.
_ASKS_TERM = re.compile(
    r"^(?:[Ww]hat|[Ww]ho) (?:is|are|was|were) (?:an? \w+|[A-Z]\w+)\W*$|"
    r"^[Ww]hat does \w+ mean\W*$|^(?:[Dd]efine|[Ee]xplain) \w+\W*$",
)
# "Do you have lockers?": one word is enough.
_OFFERS = re.compile(
    r"^(?:(?:do|does) (?:you|we|they) \w+|(?:is|are) there|can (?:i|we|you) \w+)(?! the\b)\b",
    re.IGNORECASE,
)
_CONDITION = re.compile(r"^(?:if|when|unless|in case)\b", re.IGNORECASE)
# "What does that mean for us?" refers to the whole exchange, not to one thing.
_WHOLE_EXCHANGE = re.compile(
    r"\b(?:that|this|it) (?:mean|happen|matter|affect|change|imply|work|help|come|lead|take)",
    re.IGNORECASE,
)
_TOO = re.compile(
    r"^(?:do|does|did|can|is|are|will|would|must|may) (.{2,60}?),? (?:too|as well|also)\W*$",
    re.IGNORECASE,
)
_BARE_PRONOUN = re.compile(
    r"^(?:how (?:much|long|old|big|far|often)|when|where|who) (?:is|are|was|were) (?:it|they)$",
    re.IGNORECASE,
)
_TOO_AT_END = re.compile(r",? (?:too|as well|also)\W*$", re.IGNORECASE)
# "Since when?", "In which format?", "After that?"
_NO_VERB = (
    r"(?!(?:is|are|was|were|do|does|did|can|could|will|would|should|must|may|has|have|had|to)\b)"
)
_WITHOUT_VERB = re.compile(
    rf"^(?:(?:{'|'.join(sorted(PREPOSITIONS))}) )?"
    rf"(?:(?:how|which|what|when|where)(?: {_NO_VERB}\w+){{0,3}}|that|this|it|them|whom?)\W*$",
    re.IGNORECASE,
)
_COMPARATIVE = re.compile(
    r"^which (?:is|are|was|were) (?:\w+er|worse|best|more \w+|the \w+est)\b(?!.*\bthan\b)",
    re.IGNORECASE,
)
_MAX_FRAGMENT_WORDS = 6  # a longer message without a verb is a clause of its own
# "Who ships the products then?"
_GOES_ON = re.compile(r"^(?:and|but|so|then)\b|\b(?:then|too|as well|again|instead)\W*$", re.I)
# Cosine of two successive questions about one topic; chosen on MTRAG-UN, where it keeps two thirds
# of what the conversation is worth to the search and leaves nine of ten new questions alone.
_MIN_RELATED = 0.25
_MAX_RELATED_CHARS = 200
_MAX_TITLE_WORDS = 2


def previous_exchange(history: Sequence[Turn], max_chars: int, encode: Encode) -> Exchange:
    """The exchange that a follow-up refers to; each turn is cut to `max_chars` characters. Thanks
    and greetings are passed over."""
    exchange = Exchange()
    is_skipped = False
    for turn in history[-_MAX_TURNS:]:
        own = turn.text[:max_chars]
        is_user = turn.role == "user"
        text = " ".join((without_signature(own) if is_user else own).split())
        if not is_user:
            exchange = exchange if is_skipped else Exchange(exchange.questions, text)
            continue
        is_skipped = is_small_talk(text) or bool(_REPLY.match(text))
        if is_skipped or not any(c.isalnum() for c in text):
            continue
        if exchange.question and is_follow_up(text, exchange):
            text = make_standalone(text, exchange, encode)[:max_chars]
        exchange = Exchange((text, *exchange.questions))
    return exchange


def without_topic_change(message: str) -> str:
    """The message without words like "another question:" at its start; unchanged if it has none."""
    return _NEW_TOPIC.sub("", message)


def is_follow_up(message: str, exchange: Exchange | None = None) -> bool:
    """Whether the message depends on earlier ones: a pronoun, "and …", "… ones", "there"; with an
    exchange, also "that plan" if a plan was named in it."""
    if has_ones(message) or has_pronoun(message):
        return True
    if exchange and named_again(message, exchange):
        return True
    rest = ELLIPSIS.sub("", message)
    is_clause = bool(CLAUSE_START.match(rest))
    content = [word for word in words(rest) if word not in STOP_WORDS]
    if rest != message and not (is_clause and len(content) >= 2):
        return True
    if not is_clause and OPENING_PREPOSITION.match(rest) and len(words(rest)) <= 4:
        return True  # "on Sundays?"
    if _WITHOUT_VERB.match(rest) or _COMPARATIVE.match(rest):
        return True
    is_complete = _ASKS_TERM.match(rest) or (_OFFERS.match(rest) and noun_phrases(rest))
    return len(content) < 2 and not is_complete


def is_related(message: str, exchange: Exchange, encode: Encode) -> bool:
    """Whether a message that stands alone goes on about the topic of the latest question: both
    share a word and are near in meaning, or the message is no more than a title ("Opening hours").
    """
    if _GOES_ON.search(message):
        return True
    own, earlier = (_topic_stems(text) for text in (message, exchange.question))
    if len(own) < 2:
        return True
    if not own & earlier:
        return len(own) <= _MAX_TITLE_WORDS and not CLAUSE_START.match(message)
    one, other = encode([text[:_MAX_RELATED_CHARS] for text in (message, exchange.question)])
    return float(one @ other) >= _MIN_RELATED


def _topic_stems(text: str) -> set[str]:
    return {stem(word) for word in words(text) if word not in STOP_WORDS}


def lacks_topic(question: str) -> bool:
    """Whether the question names nothing but a pronoun: "How does it work?"."""
    found = words(question)
    return any(word in PRONOUNS or word in ("this", "that") for word in found) and not any(
        word not in STOP_WORDS and word not in ASPECTS and word not in PRONOUNS for word in found
    )


def make_standalone(message: str, exchange: Exchange, encode: Encode) -> str:
    """The earlier question with its words replaced by the new ones, or the new question with its
    pronoun replaced by the earlier topic."""
    whole = ELLIPSIS.sub("", message).strip(" ?.!,")
    rest = _TOO_AT_END.sub("", whole)
    telling = [word for word in content_words(rest) if not is_function_word(word)]
    # "Why?", "Why them?", "What does that mean?"
    is_bare = not telling and CLAUSE_START.match(rest) and not _BARE_PRONOUN.match(rest)
    if is_bare or _WHOLE_EXCHANGE.search(rest) or _WITHOUT_VERB.match(rest):
        return f"{rest}: {exchange.question}"
    if too := _TOO.match(whole):
        return replace_nearest(exchange.question, too[1], encode)
    if _CONDITION.match(rest) and not has_pronoun(rest):
        return f"{without_condition(exchange.question)} {rest}?"
    if refers_with_ones(rest):
        return replace_ones(rest, exchange, encode)
    is_fragment = not CLAUSE_START.match(rest) and len(words(rest)) <= _MAX_FRAGMENT_WORDS
    if is_fragment and not has_pronoun(rest):
        return replace_nearest(exchange.question, rest, encode)
    return resolve_pronoun(message, exchange)
