"""Questions, answers, conversations and feedback."""

from typing import Annotated, Literal, Self

from pydantic import Field, StrictBool, TypeAdapter

from api.wire.base import Reply, Request, Time
from assistant.answer import ProvedSentence, Reason, Turn
from assistant.english.question import MAX_QUESTION_CHARS

MAX_TURNS = 100  # of history in a request; a follow-up refers to far fewer
MAX_TURN_LENGTH = 50_000  # characters


class TurnBody(Request):
    """One earlier message of the conversation."""

    role: Literal["user", "assistant"]
    # Pydantic also refuses lone surrogates if there is a length to check.
    text: Annotated[str, Field(max_length=MAX_TURN_LENGTH)]

    def turn(self) -> Turn:
        """Converts it to the domain type."""
        return Turn(self.role, self.text)


class ChatRequest(Request):
    """A question in a conversation. Without `history`, the stored conversation is the history."""

    # The pipeline validates the question, with better messages.
    message: Annotated[
        str,
        Field(json_schema_extra={"maxLength": MAX_QUESTION_CHARS}, examples=["Who …?"]),
    ]
    conversation_id: Annotated[str | None, Field(min_length=1, max_length=100)] = None
    history: Annotated[tuple[TurnBody, ...], Field(max_length=MAX_TURNS)] = ()
    stream: StrictBool = False
    mode: Annotated[
        Literal["extractive", "choose", "compose"] | None,
        Field(description="how the answer is written; default: as the service is set up"),
    ] = None


class SentenceBody(Reply):
    """A sentence at `[start, end)` of the answer's text, and the numbers of its citations.
    `decisive` is whether it answers the question, and the others only make it understood."""

    text: str
    start: int
    end: int
    citations: tuple[int, ...]
    decisive: bool = False


class CitationBody(Reply):
    """The passage that proves a sentence: the text with the digest `sha256`, at `[start, end)`.

    `place` says where it is in a file that is no text, `page` as a number if that is a page. `url`
    is the original if the document says where that is, else the passage on the web page. `date` is
    that of the document, "" if it does not say it.
    """

    number: int
    document: str
    title: str
    headings: tuple[str, ...]
    page: int | None
    place: str
    sha256: str
    start: int
    end: int
    quote: str
    stale: bool
    url: str
    date: str


class RelatedBody(Reply):
    """A passage near the question that does not answer it."""

    document: str
    sha256: str
    start: int
    end: int
    text: str


class AnswerBody(Reply):
    """An answer or a refusal. The citations of a decisive sentence come first.

    `reason` is why a message was refused: `no_answer` in the documents, or it was no English
    question; null if it was answered. `writer` is `extractive`, or the mode and name of the
    language model, and `prompt` the version of its prompt; `notice` says why the model was not
    used.
    """

    id: str
    conversation_id: str
    question: str
    standalone_question: str
    status: Literal["answered", "refused"]
    text: str
    sentences: tuple[SentenceBody, ...]
    citations: tuple[CitationBody, ...]
    confidence: float
    suggestions: tuple[str, ...]
    related: tuple[RelatedBody, ...]
    writer: str
    generation: str
    timings_ms: dict[str, float]
    reason: Reason | None = None
    prompt: str = ""
    notice: str = ""


class SentenceEvent(Reply):
    """A proved sentence of an answer that is not complete yet, with its citations."""

    text: str
    start: int
    end: int
    citations: tuple[CitationBody, ...]
    decisive: bool

    @classmethod
    def of(cls, value: ProvedSentence) -> Self:
        """Converts it from the domain type."""
        sentence = value.sentence
        citations = tuple(CitationBody.of(each) for each in value.citations)
        return cls(
            text=sentence.text,
            start=sentence.start,
            end=sentence.end,
            citations=citations,
            decisive=sentence.decisive,
        )


class ConversationBody(Reply):
    """A stored conversation, oldest answer first."""

    id: str
    created: Time
    touched: Time
    answers: tuple[AnswerBody, ...]


class FeedbackRequest(Request):
    """A verdict on an answer. It replaces an earlier one."""

    answer_id: Annotated[str, Field(min_length=1, max_length=100)]
    verdict: Literal["up", "down"]
    comment: Annotated[str, Field(max_length=2000)] = ""


class FeedbackBody(Reply):
    """The stored verdict."""

    id: str
    answer_id: str
    verdict: Literal["up", "down"]


_TURNS: TypeAdapter[list[TurnBody]] = TypeAdapter(list[TurnBody])


def parse_turns(text: str) -> list[Turn]:
    """Parses a JSON list of {role, text}. Raises ValueError."""
    return [body.turn() for body in _TURNS.validate_json(text)]
