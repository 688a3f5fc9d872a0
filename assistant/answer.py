"""The Answer and its parts, as every door hands them out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from urllib.parse import quote, urlencode


class Status(StrEnum):
    """Refusing is a way of answering, not an error."""

    ANSWERED = "answered"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Turn:
    """One earlier message of a conversation; `role` is "user" or "assistant"."""

    role: str
    text: str


def passage_url(document: str, sha256: str, start: int, end: int) -> str:
    """The passage on the web page, relative to the service's address."""
    place = {"sha256": sha256, "start": start, "end": end}
    return f"/#document={quote(document, safe='')}&{urlencode(place)}"


def heading_line(title: str, headings: Sequence[str], page: int | None = None) -> str:
    """Title and headings in one line, each once, with the page if there is one."""
    line = " › ".join(dict.fromkeys([title, *headings]))
    return line if page is None else f"{line}, page {page}"


@dataclass(frozen=True)
class Citation:
    """The place that proves a sentence: `quote` is the kept text of `sha256` at `[start, end)`,
    in Python characters. `page` is for formats that have pages. `stale` says that the document
    has changed since.
    """

    number: int
    document: str
    title: str
    headings: tuple[str, ...]
    sha256: str
    start: int
    end: int
    quote: str
    page: int | None = None
    stale: bool = False

    @property
    def url(self) -> str:
        """The passage on the web page, relative to the service's address."""
        return passage_url(self.document, self.sha256, self.start, self.end)

    @property
    def heading(self) -> str:
        """Title and headings in one line, with the page if there is one."""
        return heading_line(self.title or self.document, self.headings, self.page)


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence of the answer at `[start, end)` of its text, and the numbers that prove it."""

    text: str
    start: int
    end: int
    citations: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class ProvedSentence:
    """A sentence that has been proved, before the answer is whole: what proves it stands by it."""

    sentence: Sentence
    citations: tuple[Citation, ...]


@dataclass(frozen=True, slots=True)
class Related:
    """A passage near the question; named as related, never as proof."""

    document: str
    sha256: str
    start: int
    end: int
    text: str


@dataclass(frozen=True)
class Answer:
    """What a question gets. Where `status` is refused there are no sentences and no citations.

    `confidence` is the calibrated probability, 0 to 1, that the material answers the question
    and the evidence is right. `timings_ms` has the steps and `total`.
    """

    id: str
    conversation_id: str
    question: str
    standalone_question: str
    status: Status
    text: str
    sentences: tuple[Sentence, ...]
    citations: tuple[Citation, ...]
    confidence: float
    suggestions: tuple[str, ...]
    related: tuple[Related, ...]
    writer: str
    generation: str
    timings_ms: Mapping[str, float] = field(default_factory=dict)
