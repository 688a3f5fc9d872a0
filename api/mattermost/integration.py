"""Mattermost without its HTTP: what a slash command or a webhook asks, who may ask from there, and
how an answer looks there.

The words of documents, questions and errors go out through markdown(), so that nothing in them is
a format, a link, a mention, a channel, an emoji or a hashtag. That follows Mattermost's own readers
of Markdown, which differ from CommonMark in what a backslash can take the meaning from.
"""

import hashlib
import hmac
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, quote

from api.errors import ApiError, InvalidKey
from api.service.access import Caller
from api.service.rate_limits import RateLimiter
from api.store.keys import Scope
from api.text import inert, truncate
from api.wire import AnswerBody, CitationBody
from assistant.answer import heading_line

LONGEST_MESSAGE = 16_383  # characters, a setting of Mattermost's that nobody sets higher
MOST_FIELDS = 200  # a slash command has two for each user and each channel that it names

CALLER = Caller(owner="mattermost", name="mattermost", scopes=frozenset({Scope.ASK}))

_JSON, _FORM = "application/json", "application/x-www-form-urlencoded"
_ID = re.compile(r"[A-Za-z0-9_-]{1,40}")
_NO = ("", "0", "false")
# What may stand between a trigger word and the question.
_BETWEEN = " \t\r\n:,"

# What a backslash takes the meaning from, in Mattermost as in CommonMark.
_MARKS = "`*{}[]()#+-.!_>|~"
# What it does not take it from in Mattermost; a line of = would make the one above it a heading,
# and the symbol for a line end is read as one.
_ENTITIES = {each: f"&#{ord(each)};" for each in "\\$=\u2424"} | {"&": "&amp;", "<": "&lt;"}
_SPECIAL = re.compile(rf"^=|[{re.escape(_MARKS)}\\$&<\u2424]", re.MULTILINE)
# Behind these Mattermost looks for a name, an address or an emoji, whatever stands before them: in
# its web client what was taken its meaning is joined to what stands beside it, and read again.
_CALLS = re.compile(r"[@~#<]|[:;](?=\S)|\.(?=[^\W\d_])")
_WORD_JOINER = "\u2060"  # has no width, and is part of no name
_INDENT = re.compile(r"^[^\S\n]+", re.MULTILINE)
_UNLINKABLE = re.compile(r"[()\\\"'<>`\s]")

# What one thing may take, so that there is room for the others.
_LONGEST_QUOTE = 3000
_LONGEST_LABEL = 600
_LONGEST_NOTICE = 2000
_LONGEST_URL = 2000
_BETWEEN_BLOCKS = "\n\n"
# The most that a character becomes, as &#9252; for one.
_WIDEST = 7


class FormInvalid(ApiError):
    """What was sent is neither a slash command nor a webhook."""


@dataclass(frozen=True)
class MattermostIntegration:
    """Admits slash commands and webhooks. `tokens` are those that count, and never none; `page` is
    the web page's address, "" where there is none. Safe to share between threads."""

    tokens: tuple[bytes, ...] = field(repr=False)
    rate_limiter: RateLimiter
    page: str

    @classmethod
    def of(
        cls, tokens: str, rate_limiter: RateLimiter, page: str
    ) -> "MattermostIntegration | None":
        """The door for tokens with commas between; None where there are none."""
        named = tuple(token.strip().encode() for token in tokens.split(",") if token.strip())
        return cls(named, rate_limiter, page) if named else None

    def admit(self, shown: Iterable[str], address: str) -> Caller:
        """The caller behind the tokens that were shown, one of which must count. Raises InvalidKey,
        or RateLimited for an address that shows none too often."""
        compared = [
            hmac.compare_digest(token, each.encode()) for each in shown for token in self.tokens
        ]
        if not any(compared):
            self.refuse(address)
            raise InvalidKey(
                "a token is needed that counts: name the one that Mattermost shows for the slash "
                "command or the webhook in ASSISTANT_MATTERMOST_TOKENS"
            )
        return CALLER

    def refuse(self, address: str) -> None:
        """Counts a request that is nobody's. Raises RateLimited."""
        self.rate_limiter.hit(f"address {address}")


@dataclass(frozen=True, slots=True)
class Asked:
    """What a slash command or a webhook says. `called` is the command or the trigger word, "" where
    there is none. `answer_id` is the same for one that is sent again, "" where that cannot be told.
    """

    token: str
    question: str
    called: str
    is_command: bool
    is_by_bot: bool
    conversation_id: str | None
    answer_id: str

    @property
    def response_type(self) -> str:
        """Who sees the answer: who wrote the command, or all who see the message, below it."""
        return "ephemeral" if self.is_command else "comment"


def read_form(body: bytes, content_type: str) -> Asked:
    """What was sent. Raises FormInvalid."""
    fields = _fields(body, content_type.partition(";")[0].strip().lower())
    told = {
        # Half a character is no text, and could not be sent back.
        name: value.encode(errors="replace").decode()
        for name, value in fields.items()
        if isinstance(value, str)
    }
    is_command = "command" in told
    called = told.get("command" if is_command else "trigger_word", "").strip()
    question = told.get("text", "").strip()
    if not is_command and called and question.lower().startswith(called.lower()):
        question = question[len(called) :].lstrip(_BETWEEN)
    # A bot's messages are told apart by others than Mattermost, which sends none.
    is_by_bot = any(_is_yes(fields.get(name)) for name in ("bot", "bot_id"))
    return Asked(
        token=told.get("token", ""),
        question=question,
        called=called,
        is_command=is_command,
        is_by_bot=is_by_bot,
        conversation_id=_conversation(told),
        answer_id=_answer_id(told, is_command),
    )


def answered(answer: AnswerBody, page: str) -> str:
    """The answer, or the refusal: its text, and below it what proves each sentence. Of a long one
    as many whole sentences as there is room for with their proofs; the first is always there, and
    is cut where it is too long alone."""
    if not answer.sentences:
        return _refused(answer)
    goes_on = _goes_on(page)
    room = LONGEST_MESSAGE - len(_BETWEEN_BLOCKS + goes_on)
    text = ""
    proofs: list[str] = []
    cited: set[int] = set()
    shown = 0
    for told, piece in zip(answer.sentence_events(), _pieces(answer), strict=True):
        fresh = [each for each in told.citations if each.number not in cited]
        proved = [_BETWEEN_BLOCKS + _proof(each, page) for each in fresh]
        taken = len(piece) + sum(map(len, proved))
        if not shown and taken > room:
            return _alone(told.text, proved, room) + _BETWEEN_BLOCKS + goes_on
        if taken > room:
            break
        room -= taken
        text += piece
        proofs += proved
        cited.update(each.number for each in fresh)
        shown += 1
    if shown < len(answer.sentences):
        text = text.removesuffix("\\- ")  # of the list item that would have come next
        proofs.append(_BETWEEN_BLOCKS + goes_on)
    return text.strip() + "".join(proofs)


def notice(text: str, request: str = "") -> str:
    """Something that the assistant says of itself; `request` is the id to look for in the log."""
    told = _fitted(text, _LONGEST_NOTICE, markdown)
    return f"{told} (request {markdown(request)})" if request else told


def usage(called: str) -> str:
    """What to write, where nothing was asked."""
    behind = f" behind {called}" if called else ""
    return notice(
        f"Write a question{behind}: it is answered from the documents, each sentence with the "
        "passage that proves it."
    )


def markdown(text: str) -> str:
    """The text as Markdown that shows just that, at most seven times as long. Lines stay lines, and
    lose what they are indented by."""
    called = _CALLS.sub(rf"\g<0>{_WORD_JOINER}", _INDENT.sub("", inert(text)))
    return _SPECIAL.sub(lambda mark: _ENTITIES.get(mark[0]) or f"\\{mark[0]}", called)


def _fields(body: bytes, kind: str) -> Mapping[str, Any]:
    try:
        text = body.decode()
        if kind == _JSON:
            fields = json.loads(text)
        elif kind == _FORM:
            parsed = parse_qs(
                text, keep_blank_values=True, errors="strict", max_num_fields=MOST_FIELDS
            )
            fields = {name: values[0] for name, values in parsed.items()}
        else:
            raise FormInvalid(f"send a form as {_FORM}, or a JSON object as {_JSON}")
    except (ValueError, RecursionError) as error:
        raise FormInvalid(
            f"the body cannot be read: send at most {MOST_FIELDS} fields in UTF-8"
        ) from error
    if not isinstance(fields, dict) or len(fields) > MOST_FIELDS:
        raise FormInvalid(f"send a JSON object of at most {MOST_FIELDS} fields")
    return fields


def _is_yes(value: object) -> bool:
    return bool(value) and str(value).strip().lower() not in _NO


def _conversation(told: Mapping[str, str]) -> str | None:
    channel, root = told.get("channel_id", ""), told.get("root_id", "")
    if _ID.fullmatch(channel) and _ID.fullmatch(root):
        return f"mattermost:{channel}:{root}"
    return None


def _answer_id(told: Mapping[str, str], is_command: bool) -> str:
    """A digest of what names the message. With its text: a message that was changed asks anew."""
    names = ("trigger_id",) if is_command else ("post_id", "message_id")
    named = next((told[name] for name in names if told.get(name)), "")
    if not named:
        return ""
    parts = [str(is_command), told.get("team_id", ""), named, told.get("text", "")]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:32]


def _pieces(answer: AnswerBody) -> Iterator[str]:
    """The answer's text in as many pieces as it has sentences, each with the markers behind it."""
    starts = [sentence.start for sentence in answer.sentences]
    for start, end in zip([0, *starts[1:]], [*starts[1:], None], strict=True):
        yield markdown(answer.text[start:end])


def _alone(text: str, proved: list[str], room: int) -> str:
    """A sentence that is too long with what proves it: its beginning, and what has room beside."""
    kept = ""
    for proof in proved:
        if len(kept) + len(proof) <= room // 2:
            kept += proof
    return _fitted(text, room - len(kept), markdown) + kept


def _refused(answer: AnswerBody) -> str:
    told = notice(answer.text)
    if not answer.suggestions:
        return told
    told += f"{_BETWEEN_BLOCKS}The documents do answer:\n"
    for suggestion in answer.suggestions:
        line = f"\n- {_fitted(suggestion, _LONGEST_LABEL, _in_a_line)}"
        if len(told) + len(line) <= LONGEST_MESSAGE:
            told += line
    return told


def _proof(citation: CitationBody, page: str) -> str:
    """Number, document and heading, as a link to the passage where there is a page; the quote."""
    heading = heading_line(citation.title or citation.document, citation.headings, citation.page)
    named = _link(_fitted(heading, _LONGEST_LABEL, _label), page, citation.url)
    changed = " (the document has changed since)" if citation.stale else ""
    quoted = _fitted(citation.quote, _LONGEST_QUOTE, _blockquote)
    return f"**[{citation.number}]** {named}{changed}\n{quoted}"


def _goes_on(page: str) -> str:
    where = _link("the web page", page, "/")
    told = f"ask on {where} to read it whole." if page else "ask for a part of it to read that."
    return f"The answer goes on: {told}"


def _link(label: str, page: str, path: str) -> str:
    """A link to a place of the web page; the label where there is none, or its address is too
    long."""
    url = _UNLINKABLE.sub(lambda each: quote(each[0]), page.rstrip("/") + path)
    return f"[{label}]({url})" if page and len(url) <= _LONGEST_URL else label


def _in_a_line(text: str) -> str:
    return markdown(" ".join(text.split()))


def _label(text: str) -> str:
    """For the label of a link, in which Mattermost counts brackets with a backslash too."""
    return _in_a_line(text).replace("\\[", "&#91;").replace("\\]", "&#93;")


def _blockquote(text: str) -> str:
    return "\n".join(f"> {line}".rstrip() for line in markdown(text.strip()).split("\n"))


def _fitted(text: str, most: int, form: Callable[[str], str]) -> str:
    """The text in this form, or its beginning with an ellipsis: at most so many characters."""
    text = truncate(text, most)
    while (excess := len(formed := form(text)) - most) > 0:
        text = truncate(text, len(text) - 1 - excess // _WIDEST)
    return formed
