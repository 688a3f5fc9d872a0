"""Answers as Slack shows them: messages of blocks that are within Slack's limits however long the
answer is.

The words of documents and questions stand in rich_text elements and plain_text objects, in which
Slack looks for no markup; they are made inert() first and measured then. Knows nothing of how a
message is sent.
"""

import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from api.slack.text import markdown, mrkdwn
from api.text import inert, truncate
from api.wire import AnswerBody, CitationBody, DocumentsBody, RelatedBody, SentenceEvent
from assistant.answer import heading_line, passage_url

Block: TypeAlias = dict[str, Any]

# Slack's limits: https://docs.slack.dev/reference/block-kit/blocks. A rich_text block has none of
# its own in the documents; it is kept to that of a section.
MOST_BLOCKS = 50
LONGEST_BLOCK = 3000
LONGEST_MESSAGE = 12_000
_LONGEST_TEXT = 3900  # bytes of the text beside the blocks; chat.update refuses more than 4,000
_LONGEST_URL = 2000
_LONGEST_LABEL = 75
_LONGEST_VALUE = 2000
_LONGEST_NOTE = 2000
_MOST_PROMPTS = 4

# What one thing may take, so that there is room for the others.
LONGEST_STREAMED = 2000  # of a sentence that is told as it comes: five times that with its escapes
_LONGEST_QUOTE = 1500
_LONGEST_HEADING = 300
_LEAST_TEXT = 1000  # that a first sentence is shown of, however much proves it
_MOST_LISTED = 20
# What stands around the sentences and their citations.
_RESERVED_BLOCKS = 8
_RESERVED = 2000
_MARKER = 10
_CHANGED = " (the document has changed since)"

# The actions of the buttons; what stands behind the name makes it unlike the others in its block.
ASK = "ask"
SHARE = "share"
VERDICT = "verdict"
UP, DOWN = "up", "down"


@dataclass(frozen=True)
class Message:
    """What chat.postMessage and its like take: blocks, and the text for where there are none, as
    in a notification. The text is escaped."""

    text: str
    blocks: tuple[Block, ...] = ()


@dataclass(frozen=True)
class Form:
    """What an answer's message has beside the answer: `page` is the address of the web page, ""
    where there is none; `asked` the question, where it stands nowhere else; `shareable` says
    whether only the one who asked sees it, and may show it to the others."""

    page: str = ""
    asked: str = ""
    shareable: bool = False


def answered(answer: AnswerBody, form: Form) -> Message:
    """The answer, or the refusal, as a message."""
    if answer.status == "refused":
        return _refused(answer, form)
    room = Room(form.page)
    shown = sum(1 for _ in itertools.takewhile(room.takes, answer.sentence_events()))
    whole = _text_of(answer, shown)
    text = truncate(whole, room.longest)
    below = proof(answer, form, shown, is_cut=text != whole)
    return Message(
        text=mrkdwn(text, _LONGEST_TEXT),
        blocks=(*_asked(form.asked), *_paragraphs(text), *below),
    )


def proof(answer: AnswerBody, form: Form, shown: int, *, is_cut: bool = False) -> tuple[Block, ...]:
    """What stands below the text of an answer: the citations of its first `shown` sentences, and
    what can be done with it. `is_cut` says that of the last of these the end is missing."""
    rest = []
    if is_cut or shown < len(answer.sentences):
        rest.append(_note(f"The answer goes on: {_elsewhere(form.page)}"))
    share = _share(answer.sentences[0].citations) if answer.sentences else 0
    return (
        *_citations(_cited(answer, shown), form.page, share),
        *rest,
        *_closing(answer, form),
    )


class Room:
    """How much of an answer fits into a message, with all that proves it. The first sentence
    always does, and is cut where it is too long alone."""

    def __init__(self, page: str) -> None:
        self._page = page
        self._text = self._proof = self._blocks = self._each = 0
        self._cited: set[int] = set()

    def takes(self, told: SentenceEvent) -> bool:
        """Whether there is room for this one too; then it is taken."""
        self._each = self._each or _share(told.citations)
        fresh = [each for each in told.citations if each.number not in self._cited]
        text = self._text + len(inert(told.text)) + _MARKER * (1 + len(told.citations))
        proof = self._proof + sum(_length(each, self._page, self._each) for each in fresh)
        # A long paragraph is cut between words, the latest at half of what a block holds.
        blocks = self._blocks + len(fresh) + 2 * text // LONGEST_BLOCK
        fits = text + proof <= LONGEST_MESSAGE - _RESERVED
        if self._text and not (fits and blocks <= MOST_BLOCKS - _RESERVED_BLOCKS):
            return False
        self._text, self._proof = text, proof
        self._blocks += len(fresh)
        self._cited.update(each.number for each in fresh)
        return True

    @property
    def longest(self) -> int:
        """Characters that the text may have beside what proves it."""
        return LONGEST_MESSAGE - _RESERVED - self._proof


def streamed(told: SentenceEvent) -> str:
    """A proved sentence of at most LONGEST_STREAMED characters for a message that grows, as
    Markdown: at most 12,000."""
    markers = "".join(f" [{citation.number}]" for citation in told.citations)
    return f"{markdown(told.text)}{markers}\n"


def notice(text: str, request: str = "") -> Message:
    """Something that the assistant says of itself; `request` is the id to look for in the log."""
    told = truncate(inert(text), _LONGEST_NOTE - 200) + (f" (request {request})" if request else "")
    return Message(mrkdwn(told, _LONGEST_TEXT), (_note(told),))


def working() -> Message:
    """Stands where the answer will be."""
    return notice("Looking through the documents …")


def without_blocks(message: Message) -> Message:
    """The same for a place that takes no blocks, or not these."""
    return Message(message.text)


def prompts(examples: Iterable[str]) -> list[dict[str, str]]:
    """Questions to begin with, for an empty conversation."""
    return [
        {"title": truncate(inert(example), _LONGEST_LABEL), "message": inert(example)}
        for example in list(examples)[:_MOST_PROMPTS]
    ]


def home(documents: DocumentsBody, page: str) -> Block:
    """The view of the app's home."""
    told = "Each sentence of an answer comes with the passage that proves it. Where the documents "
    told += (
        "have no answer, you are told so. Write here, mention the app in a channel, or use /ask."
    )
    titles = [inert(document.title or document.path) for document in documents.documents]
    more = len(titles) - _MOST_LISTED
    names = [_section(_words(truncate(title, _LONGEST_HEADING))) for title in titles[:_MOST_LISTED]]
    listed = [{"type": "rich_text_list", "style": "bullet", "elements": names}] if names else []
    rest = [_section(_words(f"and {more} more"))] if more > 0 else []
    blocks: list[Block] = [
        {"type": "header", "text": _plain("Ask the documents")},
        _rich(_section(_words(told))),
    ]
    if asking := _asking(documents.examples[:5]):
        blocks.append(_rich(_section(_words("Questions that they answer:", bold=True))))
        blocks += asking
    blocks.append({"type": "divider"})
    about = f"{len(titles)} documents are answered from:"
    blocks.append(_rich(_section(_words(about, bold=True)), *listed, *rest))
    if page:
        blocks.append(_rich(_section(_link(page, "Open the web page"))))
    return {"type": "home", "blocks": blocks}


def _refused(answer: AnswerBody, form: Form) -> Message:
    text = truncate(inert(answer.text), LONGEST_BLOCK)
    told = [*_asked(form.asked), *_paragraphs(text)]
    if asking := _asking(answer.suggestions):
        told += [*_paragraphs("The documents do answer:"), *asking]
        text = "\n".join([text, "The documents do answer:", *answer.suggestions])
    if answer.related and form.page:
        nearest: dict[str, RelatedBody] = {}
        for each in answer.related:
            nearest.setdefault(each.document, each)
        links = [_link(_related_url(form.page, each), _named(each)) for each in nearest.values()]
        parts = [part for link in links for part in (_words(", "), link)][1:]
        told.append(_rich(_section(_words("Near it, but no answer: "), *parts)))
    return Message(mrkdwn(text, _LONGEST_TEXT), (*told, *_closing(answer, form)))


def _closing(answer: AnswerBody, form: Form) -> Iterator[Block]:
    if form.shareable:
        yield {
            "type": "actions",
            "elements": [_button("Show it to everybody here", SHARE, answer.id)],
        }
    yield {
        "type": "context_actions",
        "elements": [
            {
                "type": "feedback_buttons",
                "action_id": VERDICT,
                "positive_button": _verdict("Good answer", UP, answer),
                "negative_button": _verdict("Bad answer", DOWN, answer),
            }
        ],
    }


def _verdict(label: str, verdict: str, answer: AnswerBody) -> Block:
    return {"text": _plain(label), "value": f"{verdict}:{answer.id}"}


def _asking(questions: Sequence[str]) -> list[Block]:
    """Buttons that ask these questions; one that would not be asked whole is left out."""
    buttons = [
        _button(truncate(inert(question), _LONGEST_LABEL), f"{ASK}.{number}", question)
        for number, question in enumerate(questions)
        if 0 < len(question) <= _LONGEST_VALUE
    ]
    return [{"type": "actions", "elements": buttons}] if buttons else []


def _share(first: Sequence[object]) -> int:
    """Characters that each citation may take, for there to be room for those of the `first`
    sentence whatever they are."""
    room = LONGEST_MESSAGE - _RESERVED - _LEAST_TEXT
    return room // max(1, len(first)) - _MARKER - len(_CHANGED)


def _length(citation: CitationBody, page: str, share: int) -> int:
    """Characters that a citation's block takes."""
    changed = len(_CHANGED) if citation.stale else 0
    return sum(map(len, _parts(citation, page, share))) + changed + _MARKER


def _text_of(answer: AnswerBody, shown: int) -> str:
    """The answer's text as far as its first sentences go."""
    following = answer.sentences[shown:]
    text = answer.text[: following[0].start].removesuffix("- ") if following else answer.text
    return inert(text).rstrip()


def _cited(answer: AnswerBody, shown: int) -> list[CitationBody]:
    numbers = {number for sentence in answer.sentences[:shown] for number in sentence.citations}
    return [citation for citation in answer.citations if citation.number in numbers]


def _citations(citations: Iterable[CitationBody], page: str, share: int) -> Iterator[Block]:
    """Of each its number, document and heading, as a link to the passage where there is a page,
    and the quote. A heading that was told just before is not told again."""
    before = ""
    for citation in citations:
        heading, quoted, url = _parts(citation, page, share)
        number = f"[{citation.number}]"
        if heading == before:
            named = [_link(url, number) if url else _words(number)]
        else:
            linked = _link(url, heading) if url else _words(heading, bold=True)
            named = [_words(f"{number} "), linked]
        before = heading
        changed = [_words(_CHANGED)] if citation.stale else []
        yield _rich(
            _section(*named, *changed),
            {"type": "rich_text_quote", "elements": [_words(quoted)]},
        )


def _parts(citation: CitationBody, page: str, share: int) -> tuple[str, str, str]:
    """Heading, quote and address of a citation, which together take no more than its share."""
    heading = truncate(_heading(citation), min(_LONGEST_HEADING, share // 6))
    quoted = truncate(inert(citation.quote), min(_LONGEST_QUOTE, share // 2))
    url = _url(page, citation.url)
    return heading, quoted, url if len(url) <= share // 3 else ""


def _heading(citation: CitationBody) -> str:
    heading = heading_line(citation.title or citation.document, citation.headings, citation.page)
    return inert(f"{heading} ({citation.document})")


def _url(page: str, path: str) -> str:
    """The passage on the web page; "" where there is none, or where its address is too long."""
    url = page.rstrip("/") + path if page else ""
    return url if len(url) <= _LONGEST_URL else ""


def _named(related: RelatedBody) -> str:
    return truncate(inert(related.document), _LONGEST_HEADING)


def _related_url(page: str, related: RelatedBody) -> str:
    address = passage_url(related.document, related.sha256, related.start, related.end)
    return _url(page, address) or page


def _elsewhere(page: str) -> str:
    return f"ask on {page} to read it whole." if page else "ask for a part of it to read that."


def _asked(question: str) -> list[Block]:
    asked = truncate(inert(question), _LONGEST_QUOTE)
    return [_rich(_section(_words(asked, bold=True)))] if question else []


def _paragraphs(text: str) -> list[Block]:
    """The text in as many blocks as it needs, cut between words."""
    blocks = []
    while text:
        piece = text
        if len(text) > LONGEST_BLOCK:
            between = max(text.rfind(mark, LONGEST_BLOCK // 2, LONGEST_BLOCK) for mark in " \n")
            piece = text[: between if between > 0 else LONGEST_BLOCK]
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
