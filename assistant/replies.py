"""Replies to messages that are no English question: greetings, thanks, other languages.

Such a reply is a refusal: it says nothing about the documents, so there is nothing to prove.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from assistant.answer import Reason
from assistant.english.language import foreign_language
from assistant.english.small_talk import SmallTalk, small_talk

_ABOUT = (
    "I answer questions from the documents, in their own words, and cite the passage behind each "
    "sentence. If the documents hold no answer, I say so."
)
_TEXTS = {
    SmallTalk.GREETING: (Reason.GREETING, "Hello! Ask me a question about the documents."),
    SmallTalk.THANKS: (Reason.THANKS, "You're welcome!"),
    SmallTalk.FAREWELL: (Reason.THANKS, "Goodbye!"),
    SmallTalk.HELP: (
        Reason.HELP,
        f"{_ABOUT} Ask in English, in a sentence or in keywords; follow-ups work, too.",
    ),
    SmallTalk.NO_QUESTION: (
        Reason.NO_QUESTION,
        "Ask me a question about the documents, in a sentence or in keywords.",
    ),
}


@dataclass(frozen=True, slots=True)
class Reply:
    """A reply without an answer."""

    reason: Reason
    text: str

    @property
    def offers_questions(self) -> bool:
        """Whether questions that the documents answer are of use below it."""
        return self.reason is not Reason.THANKS


def reply_to(message: str) -> Reply | None:
    """The reply to a message that is no English question; None if it is one."""
    if kind := small_talk(message):
        return Reply(*_TEXTS[kind])
    if language := foreign_language(message):
        text = f"I understand English only. Your message looks like {language}: ask it in English."
        return Reply(Reason.LANGUAGE, text)
    return None


def asks_nothing(message: str) -> bool:
    """Whether a message needs no reply where nobody addressed the assistant: "ok", an emoji."""
    return small_talk(message) in (SmallTalk.NO_QUESTION, SmallTalk.GREETING)


def examples(questions: Sequence[tuple[str, str]], count: int) -> tuple[str, ...]:
    """The first questions, from as many documents as possible; `questions` are pairs of a document
    and a question that it answers."""
    first = dict(reversed(questions))
    rest = (question for _, question in questions)
    return tuple(dict.fromkeys([*reversed(first.values()), *rest]))[:count]
