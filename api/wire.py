"""The shapes of JSON that go in and out, over HTTP and from the command line alike.

Dictionaries end here: what comes in becomes fields, and the domain's types become what goes out.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from assistant.answer import Answer, ProvedSentence, Turn
from assistant.english.question import MAX_QUESTION_CHARS
from corpus.document import Block, Document
from index.hits import Hit
from index.manifest import Manifest

# Turns of history that are accepted; far more than what a follow-up is understood from.
MAX_TURNS = 100
MAX_TURN_LENGTH = 50_000  # characters; an answer may be long


class _Request(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Reply(BaseModel):
    model_config = ConfigDict(from_attributes=True, frozen=True)


class TurnBody(_Request):
    """One earlier message of the conversation."""

    role: Literal["user", "assistant"]
    # With a length to check, half characters (surrogates), which are not text, are refused too.
    text: Annotated[str, Field(max_length=MAX_TURN_LENGTH)]

    def turn(self) -> Turn:
        return Turn(self.role, self.text)


class ChatRequest(_Request):
    """A question, and what was said before it: as `history` has it, else as it is kept of the
    conversation. The question's own rules are the pipeline's."""

    message: Annotated[
        str,
        Field(
            json_schema_extra={"minLength": 1, "maxLength": MAX_QUESTION_CHARS}, examples=["Who …?"]
        ),
    ]
    conversation_id: Annotated[str | None, Field(min_length=1, max_length=100)] = None
    history: Annotated[tuple[TurnBody, ...], Field(max_length=MAX_TURNS)] = ()
    stream: bool = False


class SentenceBody(_Reply):
    """A sentence at `[start, end)` of the answer's text, and the numbers of its citations."""

    text: str
    start: int
    end: int
    citations: tuple[int, ...]


class CitationBody(_Reply):
    """The place that proves a sentence: the text kept under `sha256`, at `[start, end)`."""

    number: int
    document: str
    title: str
    headings: tuple[str, ...]
    page: int | None
    sha256: str
    start: int
    end: int
    quote: str
    stale: bool
    url: str


class RelatedBody(_Reply):
    """A passage near the question, not a proof."""

    document: str
    sha256: str
    start: int
    end: int
    text: str


class AnswerBody(_Reply):
    """An answer, or a refusal, with all that is known of how it came about."""

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

    @classmethod
    def of(cls, answer: Answer) -> "AnswerBody":
        return cls.model_validate(answer)

    def sentence_events(self) -> "Iterator[SentenceEvent]":
        """Its sentences, each with what proves it."""
        for sentence in self.sentences:
            citations = tuple(c for c in self.citations if c.number in sentence.citations)
            yield SentenceEvent(
                text=sentence.text, start=sentence.start, end=sentence.end, citations=citations
            )

    def dated(self, current: Mapping[str, str], read: Callable[[str], str]) -> "AnswerBody":
        """The answer as it looks today: quotes as `read` gives them from the text kept under a
        digest, `stale` where the document's `current` digest is another, or none."""
        citations = (
            citation.model_copy(
                update={
                    "quote": read(citation.sha256)[citation.start : citation.end],
                    "stale": current.get(citation.document) != citation.sha256,
                }
            )
            for citation in self.citations
        )
        return self.model_copy(update={"citations": tuple(citations)})


class SentenceEvent(_Reply):
    """A proved sentence of an answer that is not yet whole, and what proves it."""

    text: str
    start: int
    end: int
    citations: tuple[CitationBody, ...]

    @classmethod
    def of(cls, told: ProvedSentence) -> "SentenceEvent":
        citations = tuple(CitationBody.model_validate(each) for each in told.citations)
        sentence = told.sentence
        return cls(text=sentence.text, start=sentence.start, end=sentence.end, citations=citations)


class ConversationBody(_Reply):
    """All that is kept of a conversation, oldest first."""

    id: str
    created: str
    touched: str
    answers: tuple[AnswerBody, ...]


class FeedbackRequest(_Request):
    """What somebody thinks of an answer; a later verdict on the same takes its place."""

    answer_id: Annotated[str, Field(min_length=1, max_length=100)]
    verdict: Literal["up", "down"]
    comment: Annotated[str, Field(max_length=2000)] = ""


class FeedbackBody(_Reply):
    """The verdict is kept."""

    id: str
    answer_id: str
    verdict: Literal["up", "down"]


class UploadBody(_Reply):
    """The document is in the folder, and will be in the next generation of the index."""

    path: str
    sha256: str
    characters: int


class RemovalBody(_Reply):
    """The document is out of the folder, and will be out of the next generation of the index."""

    path: str


class ProgressBody(_Reply):
    """The current step of a build, and how many of its `total` units are done."""

    step: str
    done: int
    total: int


class IndexBody(_Reply):
    """The open generation, and the next one.

    While the first index is built, `generation` and `created` are empty. `pending` means that there
    are changes that no build has started for; `failed` is why the last build failed, if it did;
    `unreadable` names the files that could not be indexed, with the reason.
    """

    generation: str
    created: str
    documents: int
    building: bool
    pending: bool
    failed: str
    progress: ProgressBody | None = None
    unreadable: tuple[str, ...] = ()


class HitBody(_Reply):
    """A passage that was found; `score` is 0 to 1."""

    document: str
    title: str
    headings: tuple[str, ...]
    start: int
    end: int
    text: str
    score: float

    @classmethod
    def of(cls, hit: Hit) -> "HitBody":
        passage = hit.passage
        return cls(
            document=passage.document,
            title=passage.title,
            headings=passage.headings,
            start=passage.start,
            end=passage.end,
            text=passage.text,
            score=round(hit.score, 4),
        )


class SearchBody(_Reply):
    """What a search found, best first."""

    hits: tuple[HitBody, ...]


class ListedBody(_Reply):
    """A document of the index; sizes in characters, boilerplate too."""

    path: str
    title: str
    sha256: str
    characters: int
    passages: int
    boilerplate: int


class DocumentsBody(_Reply):
    """All documents of the index, and some questions that they answer."""

    generation: str
    documents: tuple[ListedBody, ...]
    examples: tuple[str, ...]

    @classmethod
    def of(cls, generation: str, manifest: Manifest, examples: tuple[str, ...]) -> "DocumentsBody":
        listed = tuple(ListedBody.model_validate(each) for each in manifest.documents)
        return cls(generation=generation, documents=listed, examples=examples)


class BlockBody(_Reply):
    """A piece of a document's structure."""

    kind: str
    start: int
    end: int
    level: int
    cells: tuple[tuple[int, int], ...]
    reason: str

    @classmethod
    def of(cls, block: Block) -> "BlockBody":
        return cls.model_validate(block)


class DocumentBody(_Reply):
    """One version of a document; `current` says whether it is the indexed one."""

    path: str
    title: str
    sha256: str
    current: bool
    text: str
    blocks: tuple[BlockBody, ...]

    @classmethod
    def of(cls, document: Document, current: bool) -> "DocumentBody":
        return cls(
            path=document.path,
            title=document.title,
            sha256=document.sha256,
            current=current,
            text=document.text,
            blocks=tuple(BlockBody.of(block) for block in document.blocks),
        )


class HealthBody(_Reply):
    """The process is up."""

    status: Literal["up"] = "up"


class ReadyBody(_Reply):
    """A generation is open and questions are answered from it."""

    status: Literal["ready"] = "ready"
    generation: str


class ProblemBody(BaseModel):
    """A problem document (RFC 9457). `detail` says what to do about it."""

    model_config = ConfigDict(extra="allow")

    type: str = "about:blank"
    title: str
    status: int
    detail: str


_TURNS: TypeAdapter[list[TurnBody]] = TypeAdapter(list[TurnBody])


def parse_turns(text: str) -> list[Turn]:
    """The turns of a JSON list of {role, text}. Raises ValueError where it is not one."""
    return [body.turn() for body in _TURNS.validate_json(text)]


def rfc3339(seconds: float) -> str:
    """Seconds since 1970 as a date and time of RFC 3339, in UTC."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")


def problem(status: int, title: str, detail: str, **more: Any) -> dict[str, Any]:
    """A problem document's members."""
    return ProblemBody(status=status, title=title, detail=detail, **more).model_dump()
