"""Lays out answers as Slack messages that keep to Slack's limits, however long the answer is.

Text from documents and questions goes into rich_text elements and plain_text objects, which Slack
does not parse for markup; it is made inert() first and measured then. Nothing is sent here.
"""

import itertools
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from api.service.chat import CorpusOverview
from api.slack.text import markdown, mrkdwn
from api.text import inert, truncate
from assistant.answer import Answer, Citation, ProvedSentence, Related, passage_url

Block: TypeAlias = dict[str, Any]

# Slack's limits, in characters unless another unit is named. None is documented for a rich_text
# block, so it keeps to that of a section. https://docs.slack.dev/reference/block-kit/blocks
MAX_BLOCKS = 50
MAX_BLOCK = 3000
MAX_MESSAGE = 12_000
_MAX_FALLBACK = 3900  # bytes; chat.update rejects more than 4,000
_MAX_URL = 2000
_MAX_LABEL = 75
_MAX_VALUE = 2000
_MAX_NOTICE = 1800
_MAX_PROMPTS = 4

# Our own limits, so that everything finds room.
MAX_STREAMED = 2000  # characters of a streamed sentence, five times that with its escapes
_MAX_QUOTE = 1500
_MAX_MODEL_NOTICE = 400
_MAX_HEADING = 300
_MIN_SENTENCE = 1000  # characters of the first sentence, however many citations it has
_MAX_LISTED = 20  # documents in the home view
# Room for what surrounds the sentences and their citations.
_RESERVED_BLOCKS = 8
_RESERVED = 2000
_MARKER = 10
# The mark of the list item that follows.
_NEXT_MARK = re.compile(r"\n *(?:-|\d+\.) \Z")
_FILES_NOT_READ = "Attached files were not read: the answer comes from the documents only."
_STALE = " (the document has changed since)"

# Action ids of the buttons. The buttons of one block must differ, so that a suffix may follow.
ASK = "ask"
SHARE = "share"
VERDICT = "verdict"
UP, DOWN = "up", "down"


@dataclass(frozen=True)
class Message:
    """The content of a message: blocks, and the escaped text that notifications show."""

    text: str
    blocks: tuple[Block, ...] = ()


@dataclass(frozen=True)
class Layout:
    """What surrounds an answer. `page` is the address of the web page, or ""; `question` is shown
    above the answer; `shareable` adds a button that shows a private answer to the channel;
    `has_files` adds that the files of the question were not read."""

    page: str = ""
    question: str = ""
    shareable: bool = False
    has_files: bool = False


def answer_message(answer: Answer, layout: Layout) -> Message:
    """Lays out an answer or a refusal."""
    if answer.status == "refused":
        return _refusal(answer, layout)
    room = Room(layout.page)
    shown = sum(1 for _ in itertools.takewhile(room.takes, answer.proved_sentences()))
    whole = _text_of(answer, shown)
    text = truncate(whole, room.max_text)
    below = below_answer(answer, layout, shown, is_truncated=text != whole)
    return Message(
        text=mrkdwn(text, _MAX_FALLBACK),
        blocks=(*_question(layout.question), *_paragraphs(text), *below),
    )


def below_answer(
    answer: Answer, layout: Layout, shown: int, *, is_truncated: bool = False
) -> tuple[Block, ...]:
    """Returns the blocks below an answer's text: the citations of its first `shown` sentences, and
    buttons. `is_truncated` says that the last of these sentences is incomplete."""
    more = []
    if is_truncated or shown < len(answer.sentences):
        where = (
            f"ask on {layout.page} to read all of it" if layout.page else "ask about a part of it"
        )
        more.append(_note(f"The answer is longer: {where}."))
    if answer.notice:
        more.append(_note(truncate(inert(answer.notice), _MAX_MODEL_NOTICE)))
    more += _files_note(layout)
    share = _citation_share(answer.sentences[0].citations) if answer.sentences else 0
    numbers = {number for sentence in answer.sentences[:shown] for number in sentence.citations}
    by_number = sorted(answer.citations, key=lambda each: each.number)
    cited = [citation for citation in by_number if citation.number in numbers]
    return (*_citations(cited, layout.page, share), *more, *_closing(answer, layout))


class Room:
    """Counts how many sentences fit into a message with their citations. The first always does, and
    is truncated if it is too long by itself."""

    def __init__(self, page: str) -> None:
        self._page = page
        self._text = self._proof = self._blocks = self._share = 0
        self._cited: set[int] = set()

    def takes(self, sentence: ProvedSentence) -> bool:
        """Adds the next sentence and returns True, or returns False if it does not fit."""
        self._share = self._share or _citation_share(sentence.citations)
        new = [each for each in sentence.citations if each.number not in self._cited]
        text = self._text + len(inert(sentence.text)) + _MARKER * (1 + len(sentence.citations))
        proof = self._proof + sum(_length(each, self._page, self._share) for each in new)
        # A paragraph is cut between words, at half of a block or later.
        blocks = self._blocks + len(new) + 2 * text // MAX_BLOCK
        fits = text + proof <= MAX_MESSAGE - _RESERVED
        if self._text and not (fits and blocks <= MAX_BLOCKS - _RESERVED_BLOCKS):
            return False
        self._text, self._proof = text, proof
        self._blocks += len(new)
        self._cited.update(each.number for each in new)
        return True

    @property
    def max_text(self) -> int:
        """Characters left for the text beside its citations."""
        return MAX_MESSAGE - _RESERVED - self._proof


def streamed_sentence(sentence: ProvedSentence) -> str:
    """Formats a sentence of at most MAX_STREAMED characters as Markdown, at most 12,000 long. The
    lines of code stay lines."""
    markers = "".join(f" [{citation.number}]" for citation in sentence.citations)
    lines = filter(None, map(markdown, sentence.text.split("\n")))
    return "\n".join(lines) + f"{markers}\n"


def notice(text: str, request: str = "") -> Message:
    """Lays out a message about the assistant itself; `request` is the request id in the log."""
    text = truncate(inert(text), _MAX_NOTICE) + (f" (request {request})" if request else "")
    return Message(mrkdwn(text, _MAX_FALLBACK), (_note(text),))


def placeholder() -> Message:
    """Returns the message that stands where the answer will be."""
    return notice("Searching the documents…")


def prompts(examples: Iterable[str]) -> list[dict[str, str]]:
    """Formats suggested questions for an empty conversation."""
    return [
        {"title": truncate(inert(example), _MAX_LABEL), "message": inert(example)}
        for example in itertools.islice(examples, _MAX_PROMPTS)
    ]


def home_view(documents: CorpusOverview, page: str) -> Block:
    """Lays out the app's home."""
    about = (
        "Each sentence of an answer comes with the passage that proves it. If the documents do not "
        "answer your question, the assistant says so. Write here, mention the app in a channel, or "
        "use /ask."
    )
    titles = [inert(document.title or document.path) for document in documents.documents]
    listed = [_section(_words(truncate(title, _MAX_HEADING))) for title in titles[:_MAX_LISTED]]
    more = len(titles) - _MAX_LISTED
    blocks: list[Block] = [
        {"type": "header", "text": _plain("Ask the documents")},
        _rich(_section(_words(about))),
    ]
    if buttons := _question_buttons(documents.examples[:5]):
        blocks += [_rich(_section(_words("Example questions:", bold=True))), buttons]
    count = "1 document:" if len(titles) == 1 else f"{len(titles)} documents:"
    blocks += [
        {"type": "divider"},
        _rich(
            _section(_words(f"Answers come from {count}", bold=True)),
            *(
                [{"type": "rich_text_list", "style": "bullet", "elements": listed}]
                if listed
                else []
            ),
            *([_section(_words(f"and {more} more"))] if more > 0 else []),
        ),
    ]
    if page:
        blocks.append(_rich(_section(_link(page, "Open the web page"))))
    return {"type": "home", "blocks": blocks}


def _refusal(answer: Answer, layout: Layout) -> Message:
    text = truncate(inert(answer.text), MAX_BLOCK)
    blocks = [*_question(layout.question), *_paragraphs(text)]
    if buttons := _question_buttons(answer.suggestions):
        blocks += [*_paragraphs(answer.suggestions_title), buttons]
        text = "\n".join([text, answer.suggestions_title, *answer.suggestions])
    if answer.related and layout.page:
        nearest: dict[str, Related] = {}
        for passage in answer.related:
            nearest.setdefault(passage.document, passage)
        links = [
            _link(_related_url(layout.page, each), truncate(inert(each.document), _MAX_HEADING))
            for each in nearest.values()
        ]
        parts = [part for link in links for part in (_words(", "), link)][1:]
        blocks.append(_rich(_section(_words("Related, but not an answer: "), *parts)))
    blocks += _files_note(layout)
    # There is nothing to vote on in a greeting.
    closing = () if answer.is_small_talk else _closing(answer, layout)
    return Message(mrkdwn(text, _MAX_FALLBACK), (*blocks, *closing))


def _files_note(layout: Layout) -> list[Block]:
    return [_note(_FILES_NOT_READ)] if layout.has_files else []


def _closing(answer: Answer, layout: Layout) -> Iterator[Block]:
    if layout.shareable:
        share = _button("Show to everyone here", SHARE, answer.id)
        yield {"type": "actions", "elements": [share]}
    feedback = {
        "type": "feedback_buttons",
        "action_id": VERDICT,
        "positive_button": {"text": _plain("Good answer"), "value": f"{UP}:{answer.id}"},
        "negative_button": {"text": _plain("Bad answer"), "value": f"{DOWN}:{answer.id}"},
    }
    yield {"type": "context_actions", "elements": [feedback]}


def _question_buttons(questions: Sequence[str]) -> Block | None:
    """Returns buttons that ask these questions, without those that are too long for a button."""
    buttons = [
        _button(truncate(inert(question), _MAX_LABEL), f"{ASK}.{number}", question)
        for number, question in enumerate(questions)
        if 0 < len(question) <= _MAX_VALUE
    ]
    return {"type": "actions", "elements": buttons} if buttons else None


def _citation_share(first: Sequence[object]) -> int:
    """Returns the characters that each citation may take, so that all of the `first` sentence's
    fit."""
    room = MAX_MESSAGE - _RESERVED - _MIN_SENTENCE
    return room // max(1, len(first)) - _MARKER - len(_STALE)


def _length(citation: Citation, page: str, share: int) -> int:
    """Returns the characters that a citation's block takes."""
    stale = len(_STALE) if citation.stale else 0
    return sum(map(len, _citation_parts(citation, page, share))) + stale + _MARKER


def _text_of(answer: Answer, shown: int) -> str:
    """Returns the answer's text up to the end of its first `shown` sentences."""
    rest = answer.sentences[shown:]
    text = _NEXT_MARK.sub("", answer.text[: rest[0].start]) if rest else answer.text
    return inert(text).rstrip()


def _citations(citations: Iterable[Citation], page: str, share: int) -> Iterator[Block]:
    """Yields a block for each citation: number, quote, and heading unless it repeats."""
    previous = ""
    for citation in citations:
        heading, quoted, url = _citation_parts(citation, page, share)
        number = f"[{citation.number}]"
        if heading == previous:
            named = [_link(url, number) if url else _words(number)]
        else:
            linked = _link(url, heading) if url else _words(heading, bold=True)
            named = [_words(f"{number} "), linked]
        previous = heading
        stale = [_words(_STALE)] if citation.stale else []
        quote_block = {"type": "rich_text_quote", "elements": [_words(quoted)]}
        yield _rich(_section(*named, *stale), quote_block)


def _citation_parts(citation: Citation, page: str, share: int) -> tuple[str, str, str]:
    """Returns heading, quote and URL of a citation, in `share` characters together."""
    heading = inert(f"{citation.heading} ({citation.document})")
    url = citation.source or _url(page, citation.url)
    return (
        truncate(heading, min(_MAX_HEADING, share // 6)),
        truncate(inert(citation.quote), min(_MAX_QUOTE, share // 2)),
        url if len(url) <= share // 3 else "",
    )


def _url(page: str, path: str) -> str:
    """Returns an address on the web page, or "" if there is no page or the address is too long."""
    url = page.rstrip("/") + path if page else ""
    return url if len(url) <= _MAX_URL else ""


def _related_url(page: str, related: Related) -> str:
    address = passage_url(related.document, related.sha256, related.start, related.end)
    return _url(page, address) or page


def _question(question: str) -> list[Block]:
    text = truncate(inert(question), _MAX_QUOTE)
    return [_rich(_section(_words(text, bold=True)))] if question else []


def _paragraphs(text: str) -> list[Block]:
    """Splits text into blocks, between words if possible."""
    blocks = []
    while text:
        piece = text
        if len(text) > MAX_BLOCK:
            between = max(text.rfind(blank, MAX_BLOCK // 2, MAX_BLOCK) for blank in " \n")
            piece = text[: between if between > 0 else MAX_BLOCK]
        text = text[len(piece) :].lstrip()
        blocks.append(_rich(_section(_words(piece))))
    return blocks


def _note(text: str) -> Block:
    return {"type": "context", "elements": [_plain(text)]}


def _rich(*elements: Block) -> Block:
    return {"type": "rich_text", "elements": list(elements)}


def _section(*elements: Block) -> Block:
    return {"type": "rich_text_section", "elements": list(elements)}


def _words(text: str, *, bold: bool = False) -> Block:
    words: Block = {"type": "text", "text": text or " "}
    return {**words, "style": {"bold": True}} if bold else words


def _link(url: str, text: str) -> Block:
    return {"type": "link", "url": url, "text": text or url}


def _plain(text: str) -> Block:
    return {"type": "plain_text", "text": text or " ", "emoji": False}


def _button(label: str, action: str, value: str) -> Block:
    return {"type": "button", "text": _plain(label), "action_id": action, "value": value}
