"""A question as it is searched for: checked, repaired, and made to stand alone."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from assistant.answer import Turn
from assistant.english import forms
from assistant.english.ellipsis import Encode
from assistant.english.follow_up import (
    is_follow_up,
    is_related,
    lacks_topic,
    make_standalone,
    previous_exchange,
    without_topic_change,
)
from assistant.english.forms import AnswerType
from assistant.english.opposites import OPPOSITES
from assistant.english.references import Exchange, resolve_pronoun
from assistant.english.repair import repair
from assistant.english.signature import without_signature
from assistant.errors import QuestionInvalid
from index.terms import STOP_WORDS, content_words, stem, words

MAX_QUESTION_CHARS = 2000
# Characters of the last answer that go into the search context.
_MAX_ANSWER_CONTEXT = 300

# Words that tell the assistant what to do, or name the documents: no evidence is found by them.
_INSTRUCTIONS = frozenset(
    "list name enumerate compare comparing explain describe define definition give tell show "
    "mention state summarize versus vs mean means meaning article articles "
    "document documents page text website".split()
)
_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")


@dataclass(frozen=True)
class Question:
    """A standalone question, without repairs and fillers.

    `context` is the user's own words followed by the previous exchange, "" if there is none.
    `original` is the message as the user wrote it. `is_new_topic` is whether it says that it leaves
    the earlier topic. `about` is the name of the conversation that it is asked about, if its text
    does not have it. `is_corrected` is whether a misspelling was taken for a word of the
    documents.
    """

    text: str
    context: str = ""
    original: str = ""
    is_new_topic: bool = False
    about: str = ""
    is_corrected: bool = False

    @property
    def standalone(self) -> str:
        """The text with the name that it is asked about: "Are pets allowed (Hill Hotel)?"."""
        if not self.about:
            return self.text
        body = self.text.rstrip(" ?.!")
        return f"{body} ({self.about}){self.text[len(body) :].strip() or '?'}"

    @cached_property
    def parts(self) -> tuple["Question", ...]:
        """The two questions of a compound question, made to stand alone; empty if it is one."""
        pair = forms.split_compound(self.text)
        if pair is None:
            return ()
        first, second = pair
        if is_follow_up(second):
            second = resolve_pronoun(second, Exchange((first,)))
        return Question(first), Question(second)

    @cached_property
    def lacks_topic(self) -> bool:
        """Whether nothing says what it is about: "How does it work?" without a history."""
        return lacks_topic(self.text)

    @cached_property
    def answer_type(self) -> AnswerType:
        """The type of thing that would answer it."""
        return forms.answer_type(self.text)

    @cached_property
    def wants_list(self) -> bool:
        """Whether it asks for several things."""
        return forms.wants_list(self.text)

    @cached_property
    def demands_list(self) -> bool:
        """Whether it asks for a list outright: all kinds, the five benefits."""
        return forms.demands_list(self.text)

    @cached_property
    def subject(self) -> tuple[str, ...]:
        """Its content words without instructions; all content words if nothing else is left."""
        every = content_words(self.text)
        return tuple(word for word in every if word not in _INSTRUCTIONS) or tuple(every)

    @cached_property
    def terms(self) -> tuple[str, ...]:
        """The stems of its subject, in order, each once."""
        return tuple(dict.fromkeys(stem(word) for word in self.subject))

    @cached_property
    def names(self) -> frozenset[str]:
        """The stems of its names and numbers: words with a digit or a capital in front, except
        for a stop word that opens it."""
        named = {
            stem(words(word)[0])
            for place, word in enumerate(_WORD.findall(self.text))
            if word[0].isdigit()
            or ((place > 0 or word.lower() not in STOP_WORDS) and word[0].isupper())
        }
        return frozenset(named & set(self.terms))

    @cached_property
    def sides(self) -> tuple[frozenset[str], frozenset[str]] | None:
        """The stems that tell the two things it compares apart, as "internal" and "external";
        None if it does not name two."""
        for first, second in OPPOSITES:
            if first in self.terms and second in self.terms:
                return frozenset({first}), frozenset({second})
        phrases = forms.compared_phrases(self.text)
        if phrases is None:
            return None
        left, right = (frozenset(Question(phrase).terms) for phrase in phrases)
        return (left - right, right - left) if left - right and right - left else None


def validate_message(message: object) -> str:
    """The message without a signature and with white space folded; it may be empty. Raises
    QuestionInvalid, which says what was expected."""
    if not isinstance(message, str):
        raise QuestionInvalid(f"the question is {type(message).__name__}, expected text")
    if len(message) > MAX_QUESTION_CHARS:
        raise QuestionInvalid(
            f"the question has {len(message):,} characters, at most {MAX_QUESTION_CHARS:,} are "
            "allowed: shorten it"
        )
    if any(0xD800 <= ord(character) <= 0xDFFF for character in message):
        raise QuestionInvalid("the question contains a lone surrogate: send UTF-8 text")
    return " ".join(without_signature(message).replace("\x00", " ").split())


def understand(message: str, history: Sequence[Turn], encode: Encode) -> Question:
    """The standalone question for a message that follows the history.

    A message that stands alone is kept, and gets a context only if it goes on about the same topic:
    a new question is searched for as if nothing came before. `encode` is called for messages with a
    history only. Raises QuestionInvalid if the message is not a question.
    """
    text = validate_message(message)
    if not any(character.isalnum() for character in text):
        raise QuestionInvalid("the question is empty: ask something in words")
    same_topic = without_topic_change(text) == text
    exchange = previous_exchange(history, MAX_QUESTION_CHARS, encode) if same_topic else Exchange()
    own = standalone = repair(without_topic_change(text))
    if not exchange.question:
        return Question(standalone, original=message, is_new_topic=not same_topic)
    if is_follow_up(own, exchange):
        standalone = make_standalone(own, exchange, encode)
    elif not is_related(own, exchange, encode):
        return Question(own, original=message)
    context = f"{own} {exchange.question} {exchange.answer[:_MAX_ANSWER_CONTEXT]}"
    return Question(standalone, context, message)
