"""The JSON of the HTTP API and of `--json`, and its conversion from and to the domain types.

Services work with the domain types; the database has a format of its own (api/store/answers.py).
"""

from datetime import UTC, datetime
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StrictBool, TypeAdapter

from assistant.answer import ProvedSentence, Reason, Turn
from assistant.english.question import MAX_QUESTION_CHARS
from assistant.replay import Replayed
from corpus.document import Document
from index.hits import Hit

MAX_TURNS = 100  # of history in a request; a follow-up refers to far fewer
MAX_TURN_LENGTH = 50_000  # characters


def rfc3339(seconds: float) -> str:
    """Formats seconds since 1970 as a date and time of RFC 3339, in UTC."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")


Time = Annotated[str, BeforeValidator(rfc3339)]


class _Request(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Reply(BaseModel):
    model_config = ConfigDict(from_attributes=True, frozen=True)

    @classmethod
    def of(cls, value: Any) -> Self:
        """Converts a domain object whose attributes have the names of the fields."""
        return cls.model_validate(value)


class TurnBody(_Request):
    """One earlier message of the conversation."""

    role: Literal["user", "assistant"]
    # Pydantic also refuses lone surrogates if there is a length to check.
    text: Annotated[str, Field(max_length=MAX_TURN_LENGTH)]

    def turn(self) -> Turn:
        """Converts it to the domain type."""
        return Turn(self.role, self.text)


class ChatRequest(_Request):
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


class SentenceBody(_Reply):
    """A sentence at `[start, end)` of the answer's text, and the numbers of its citations.
    `decisive` is whether it answers the question, and the others only make it understood."""

    text: str
    start: int
    end: int
    citations: tuple[int, ...]
    decisive: bool = False


class CitationBody(_Reply):
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


class RelatedBody(_Reply):
    """A passage near the question that does not answer it."""

    document: str
    sha256: str
    start: int
    end: int
    text: str


class AnswerBody(_Reply):
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


class SentenceEvent(_Reply):
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


class ConversationBody(_Reply):
    """A stored conversation, oldest answer first."""

    id: str
    created: Time
    touched: Time
    answers: tuple[AnswerBody, ...]


class FeedbackRequest(_Request):
    """A verdict on an answer. It replaces an earlier one."""

    answer_id: Annotated[str, Field(min_length=1, max_length=100)]
    verdict: Literal["up", "down"]
    comment: Annotated[str, Field(max_length=2000)] = ""


class FeedbackBody(_Reply):
    """The stored verdict."""

    id: str
    answer_id: str
    verdict: Literal["up", "down"]


class UploadBody(_Reply):
    """The document is in the folder, and will be in the next generation of the index. `sha256` and
    `characters` are those of its text; of a file that is not Markdown or plain text, `sha256` is
    that of the file, and `characters` 0."""

    path: str
    sha256: str
    characters: int


class UploadsBody(_Reply):
    """The documents are in the folder, in the order of the form."""

    documents: tuple[UploadBody, ...]


class RemovalBody(_Reply):
    """The document is deleted, and will not be in the next generation of the index."""

    path: str


class ProgressBody(_Reply):
    """The current step of a build, and how many of its `total` units are done."""

    step: str
    done: int
    total: int


class FileBody(_Reply):
    """A file of the folder of documents. `outcome` is whether it was `read`, `unreadable`, or
    `skipped` because it is no document. `format` is "" if it is not supported. `documents` and
    `passages` are counts; `notes` say what of it was not read, `reason` why nothing was."""

    path: str
    format: str
    outcome: Literal["read", "unreadable", "skipped"]
    documents: int
    passages: int
    notes: tuple[str, ...]
    reason: str


class IndexReportBody(_Reply):
    """What a build made, and what became of each file. `encoded` and `reused` count texts."""

    generation: str
    changed: bool
    documents: int
    passages: int
    encoded: int
    reused: int
    seconds: float
    files: tuple[FileBody, ...]


class DocumentChangesBody(_Reply):
    """The paths of the documents that were added, changed or removed."""

    added: tuple[str, ...]
    changed: tuple[str, ...]
    removed: tuple[str, ...]


class ReplayedBody(_Reply):
    """A question with its answers before and after. `differences` is empty if a user sees the same.
    `gold` is the id of the gold question, and whether each answer is right; null without gold."""

    question: str
    differences: tuple[str, ...]
    before: AnswerBody
    after: AnswerBody
    gold: str | None
    right_before: bool | None
    right_after: bool | None

    @classmethod
    def of(cls, value: Replayed) -> Self:
        """Converts it from the domain type."""
        gold = value.question.gold
        return cls(
            question=value.question.text,
            differences=value.differences,
            before=AnswerBody.of(value.before),
            after=AnswerBody.of(value.after),
            gold=gold.id if gold else None,
            right_before=value.right_before,
            right_after=value.right_after,
        )


class PreviewBody(_Reply):
    """What publishing the next generation would change, compared with the generation `base`.
    `changed` is False if that is up to date; then no question was asked."""

    base: str
    changed: bool
    documents: DocumentChangesBody
    questions: tuple[ReplayedBody, ...]


class KeptBody(_Reply):
    """A kept generation. `size` is in bytes. `fault` is why it cannot be opened, "" if it can."""

    id: str
    created: str
    documents: int
    size: int
    current: bool
    pinned: bool
    fault: str


class EvidenceBody(_Reply):
    """A passage near a question: the stored text `sha256` at `[start, end)`."""

    document: str
    sha256: str
    start: int
    end: int
    text: str


class DraftBody(_Reply):
    """A draft of an FAQ entry: the question and the text of the nearest passage, which may not
    answer it. A person must write the answer."""

    question: str
    answer: str


class GapBody(_Reply):
    """Questions without a good answer that mean the same. `question` is the most central one and
    `examples` are others; `reasons` counts them by reason."""

    id: str
    question: str
    count: int
    last_seen: Time
    reasons: dict[Literal["refused", "down_voted"], int]
    examples: tuple[str, ...]
    evidence: tuple[EvidenceBody, ...]
    draft: DraftBody


class GapsBody(_Reply):
    """The groups of questions without a good answer, largest first."""

    gaps: tuple[GapBody, ...]


class IndexBody(_Reply):
    """The open generation, and the next one.

    While the first index is built, `generation` and `created` are empty. `pending` means that there
    are changes that no build has started for; `failed` is why the last build failed, if it did;
    `unreadable` names the files that could not be indexed, with the reason. `files` reports on each
    file of the folder if the request asks for that, else it is empty. `pinned` means that an
    operator chose this generation, and changes are not indexed until that ends. For a key that is
    limited to folders, all fields are about these folders, `created` and `failed` are empty, and
    `pinned` is false.
    """

    generation: str
    created: str
    documents: int
    building: bool
    pending: bool
    failed: str
    pinned: bool = False
    progress: ProgressBody | None = None
    unreadable: tuple[str, ...] = ()
    files: tuple[FileBody, ...] = ()


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
    def of(cls, value: Hit) -> Self:
        """Converts it from the domain type."""
        passage = value.passage
        return cls(
            document=passage.document,
            title=passage.title,
            headings=passage.headings,
            start=passage.start,
            end=passage.end,
            text=passage.text,
            score=round(value.score, 4),
        )


class SearchBody(_Reply):
    """The passages that a search found, best first."""

    hits: tuple[HitBody, ...]

    @classmethod
    def of(cls, value: tuple[Hit, ...]) -> Self:
        """Converts it from the domain type."""
        return cls(hits=tuple(HitBody.of(hit) for hit in value))


class ListedBody(_Reply):
    """A document of the index; `characters` and `boilerplate` are lengths in characters. `date`,
    `author`, `url` and `language` are what it says of itself, "" if it does not."""

    path: str
    title: str
    sha256: str
    characters: int
    passages: int
    boilerplate: int
    date: str
    author: str
    url: str
    language: str


class DocumentsBody(_Reply):
    """The documents of the index, and some questions that they answer."""

    generation: str
    documents: tuple[ListedBody, ...]
    examples: tuple[str, ...]


class BlockBody(_Reply):
    """A block of a document's structure, at `[start, end)` of its text."""

    kind: str
    start: int
    end: int
    level: int
    cells: tuple[tuple[int, int], ...]
    reason: str


class DocumentBody(_Reply):
    """A version of a document; `current` tells whether it is the indexed one."""

    path: str
    title: str
    sha256: str
    current: bool
    text: str
    blocks: tuple[BlockBody, ...]

    @classmethod
    def from_document(cls, document: Document, current: bool) -> Self:
        """Converts it from the domain type."""
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
    """A generation is open, and questions are answered from it."""

    status: Literal["ready"] = "ready"


class ProblemBody(BaseModel):
    """A problem document (RFC 9457). `detail` says what to do about it."""

    model_config = ConfigDict(extra="allow")

    type: str = "about:blank"
    title: str
    status: int
    detail: str


_TURNS: TypeAdapter[list[TurnBody]] = TypeAdapter(list[TurnBody])


def parse_turns(text: str) -> list[Turn]:
    """Parses a JSON list of {role, text}. Raises ValueError."""
    return [body.turn() for body in _TURNS.validate_json(text)]


def problem(status: int, title: str, detail: str, **more: Any) -> dict[str, Any]:
    """Returns the members of a problem document."""
    return ProblemBody(status=status, title=title, detail=detail, **more).model_dump()
