"""The answer and its parts. Imports nothing heavy, so that every module can use them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from urllib.parse import quote, urlencode

from corpus.places import page_of


class Status(StrEnum):
    """Whether the question was answered; a refusal is an answer, not an error."""

    ANSWERED = "answered"
    REFUSED = "refused"


class Reason(StrEnum):
    """Why a message was not answered."""

    NO_ANSWER = "no_answer"
    GREETING = "greeting"
    THANKS = "thanks"
    HELP = "help"
    NO_QUESTION = "no_question"
    LANGUAGE = "language"


@dataclass(frozen=True, slots=True)
class Turn:
    """One earlier message of a conversation; `role` is "user" or "assistant"."""

    role: str
    text: str


def passage_url(document: str, sha256: str, start: int, end: int) -> str:
    """The passage on the web page, relative to the service's address."""
    place = {"sha256": sha256, "start": start, "end": end}
    return f"/#document={quote(document, safe='')}&{urlencode(place)}"


def heading_line(title: str, headings: Sequence[str], place: str = "", date: str = "") -> str:
    """Title and headings in one line, each once, with the place and the date if there are any."""
    line = " › ".join(dict.fromkeys([title, *headings]))
    return ", ".join(part for part in (line, place, date) if part)


@dataclass(frozen=True)
class Citation:
    """The place that proves a sentence: `quote` is the stored text `sha256` at `[start, end)`, in
    Python characters. `stale` if the document has changed since.

    `place` says where that is in a file that is no text: "page 3", "sheet Prices, row 7". `date`
    and `source`, an address of the web, are what the document says of itself; "" if unknown.
    """

    number: int
    document: str
    title: str
    headings: tuple[str, ...]
    sha256: str
    start: int
    end: int
    quote: str
    stale: bool = False
    place: str = ""
    date: str = ""
    source: str = ""

    @property
    def page(self) -> int | None:
        """The page of the place, None if the file has no pages."""
        return page_of(self.place)

    @property
    def url(self) -> str:
        """The original of the document if it says where that is, else the passage on the web page,
        relative to the service's address."""
        return self.source or passage_url(self.document, self.sha256, self.start, self.end)

    @property
    def heading(self) -> str:
        """Title and headings in one line, with the place and the date if there are any."""
        return heading_line(self.title or self.document, self.headings, self.place, self.date)


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence at `[start, end)` of the answer's text, with the numbers of its citations.
    `decisive` is whether it answers the question, and the others only make it understood."""

    text: str
    start: int
    end: int
    citations: tuple[int, ...]
    decisive: bool = False


@dataclass(frozen=True, slots=True)
class ProvedSentence:
    """A sentence with the citations that prove it, available before the whole answer is."""

    sentence: Sentence
    citations: tuple[Citation, ...]

    @property
    def text(self) -> str:
        """The text of the sentence."""
        return self.sentence.text


@dataclass(frozen=True, slots=True)
class Related:
    """A passage near the question that proves nothing: the stored text at `[start, end)`."""

    document: str
    sha256: str
    start: int
    end: int
    text: str


@dataclass(frozen=True)
class Answer:
    """The answer to a question. A refusal has no sentences and no citations. The citations of a
    decisive sentence come first, the others in the order of their numbers.

    `confidence` is the calibrated probability, 0 to 1, that the documents answer the question with
    this evidence. `timings_ms` has the pipeline's steps and `total`. `reason` is why a message was
    refused, None if it was answered.
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
    reason: Reason | None = None
    prompt: str = ""
    notice: str = ""
    tokens: tuple[int, int] = (0, 0)

    @property
    def is_small_talk(self) -> bool:
        """Whether the message was no question that the documents could answer."""
        return self.reason not in (None, Reason.NO_ANSWER)

    @property
    def suggestions_title(self) -> str:
        """What stands above the suggestions, with a colon at its end."""
        if self.is_small_talk:
            return "Questions that the documents answer:"
        return "The documents do answer:"

    def proved_sentences(self) -> "Iterator[ProvedSentence]":
        """Yields the sentences, each with its citations."""
        for sentence in self.sentences:
            citations = tuple(c for c in self.citations if c.number in sentence.citations)
            yield ProvedSentence(sentence, citations)
