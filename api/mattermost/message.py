"""Lays out answers as Mattermost's Markdown.

Text from documents, questions and errors is escaped, so that nothing in it becomes formatting, a
link, a mention, a channel, an emoji or a hashtag. Mattermost's parsers differ from CommonMark in
what a backslash escapes.
"""

import re
from collections.abc import Callable, Iterator
from urllib.parse import quote

from api.text import inert, truncate
from assistant.answer import Answer, Citation

MAX_MESSAGE = 16_383  # characters, Mattermost's default

# What a backslash escapes in Mattermost, as in CommonMark.
_MARKS = "`*{}[]()#+-.!_>|~"
# What it does not escape in Mattermost. A line of = would make the line above it a heading, and
# the symbol for a newline is parsed as one.
_ENTITIES = {each: f"&#{ord(each)};" for each in "\\$=\u2424"} | {"&": "&amp;", "<": "&lt;"}
_SPECIAL = re.compile(rf"^=|[{re.escape(_MARKS)}\\$&<\u2424]", re.MULTILINE)
# Mattermost looks for a name, an address or an emoji after these even if they are escaped: its web
# client joins escaped text with the text around it and parses it again.
_TRIGGERS = re.compile(r"[@~#<]|[:;](?=\S)|\.(?=[^\W\d_])")
_WORD_JOINER = "\u2060"  # has no width and is part of no name
_INDENT = re.compile(r"^[^\S\n]+", re.MULTILINE)
# The escaped mark of the list item that follows.
_NEXT_MARK = re.compile(r"\n(?:\\-|\d+\\\.) \Z")
_NOT_IN_URL = re.compile(r"[()\\\"'<>`\s]")

# Our own limits in characters, so that everything finds room.
_MAX_QUOTE = 3000
_MAX_LABEL = 600
_MAX_NOTICE = 2000
_MAX_URL = 2000
_BLANK_LINE = "\n\n"
_MAX_EXPANSION = 7  # characters that one becomes when escaped, such as &#9252;


def answer_text(answer: Answer, page: str) -> str:
    """Lays out an answer with its citations below it, or a refusal.

    A long answer is cut after a sentence, so that each sentence is shown with all its citations.
    The first sentence is always shown, truncated if it is too long by itself.
    """
    if not answer.sentences:
        return _refusal(answer)
    longer = _answer_is_longer(page)
    below = _BLANK_LINE + notice(answer.notice) if answer.notice else ""
    room = MAX_MESSAGE - len(_BLANK_LINE + longer + below)
    text = ""
    citations: list[str] = []
    cited: set[int] = set()
    shown = 0
    for sentence, piece in zip(answer.proved_sentences(), _pieces(answer), strict=True):
        new = [each for each in sentence.citations if each.number not in cited]
        blocks = [_BLANK_LINE + _citation(each, page) for each in new]
        length = len(piece) + sum(map(len, blocks))
        if length > room:
            if not shown:
                first = _first_sentence(sentence.text, blocks, room)
                return first + _BLANK_LINE + longer + below
            break
        room -= length
        text += piece
        citations += blocks
        cited.update(each.number for each in new)
        shown += 1
    if shown < len(answer.sentences):
        text = _NEXT_MARK.sub("", text)
        citations.append(_BLANK_LINE + longer)
    return text.strip() + "".join(citations) + below


def notice(text: str, request: str = "") -> str:
    """Formats a message about the assistant itself; `request` is the request id in the log."""
    text = _fit(text, _MAX_NOTICE, escape)
    return f"{text} (request {escape(request)})" if request else text


def usage(trigger: str) -> str:
    """Says what to write if there was no question."""
    after = f" after {trigger}" if trigger else ""
    return notice(
        f"Write a question{after}. The answer comes from the documents, each sentence with the "
        "passage that proves it."
    )


def escape(text: str) -> str:
    """Escapes text as Markdown, at most seven times as long. Lines lose their indentation."""
    text = _TRIGGERS.sub(rf"\g<0>{_WORD_JOINER}", _INDENT.sub("", inert(text)))
    return _SPECIAL.sub(lambda mark: _ENTITIES.get(mark[0]) or f"\\{mark[0]}", text)


def _pieces(answer: Answer) -> Iterator[str]:
    """Splits the escaped text after the markers of each sentence."""
    starts = [sentence.start for sentence in answer.sentences]
    for start, end in zip([0, *starts[1:]], [*starts[1:], None], strict=True):
        yield escape(answer.text[start:end])


def _first_sentence(text: str, citations: list[str], room: int) -> str:
    """Truncates a sentence that does not fit with its citations; these get half of the room."""
    kept = ""
    for citation in citations:
        if len(kept) + len(citation) <= room // 2:
            kept += citation
    return _fit(text, room - len(kept), escape) + kept


def _refusal(answer: Answer) -> str:
    text = notice(answer.text)
    if not answer.suggestions:
        return text
    text += f"{_BLANK_LINE}{answer.suggestions_title}\n"
    for suggestion in answer.suggestions:
        line = f"\n- {_fit(suggestion, _MAX_LABEL, _one_line)}"
        if len(text) + len(line) <= MAX_MESSAGE:
            text += line
    return text


def _citation(citation: Citation, page: str) -> str:
    """Formats number, heading (linked if there is a page) and quote."""
    label = _link(_fit(citation.heading, _MAX_LABEL, _link_label), page, citation.url)
    stale = " (the document has changed since)" if citation.stale else ""
    return (
        f"**[{citation.number}]** {label}{stale}\n{_fit(citation.quote, _MAX_QUOTE, _blockquote)}"
    )


def _answer_is_longer(page: str) -> str:
    if not page:
        return "The answer is longer: ask about a part of it."
    return f"The answer is longer: ask on {_link('the web page', page, '/')} to read all of it."


def _link(label: str, page: str, path: str) -> str:
    """Links a label with a path below the page or a whole address, unless there is no page for
    the path or the address is too long."""
    is_whole = path.startswith(("http://", "https://"))
    address = path if is_whole else page.rstrip("/") + path
    url = _NOT_IN_URL.sub(lambda each: quote(each[0]), address)
    return f"[{label}]({url})" if (page or is_whole) and len(url) <= _MAX_URL else label


def _one_line(text: str) -> str:
    return escape(" ".join(text.split()))


def _link_label(text: str) -> str:
    """Escapes a label, in which Mattermost counts even escaped brackets. A colon at its end would
    be an emoji with the bracket behind it."""
    label = _one_line(text).replace("\\[", "&#91;").replace("\\]", "&#93;")
    return label + _WORD_JOINER if label.endswith((":", ";", ":\\-", ";\\-")) else label


def _blockquote(text: str) -> str:
    return "\n".join(f"> {line}".rstrip() for line in escape(text.strip()).split("\n"))


def _fit(text: str, max_length: int, form: Callable[[str], str]) -> str:
    """Returns the formatted text, truncated so that it has at most `max_length` characters."""
    text = truncate(text, max_length)
    while (excess := len(formatted := form(text)) - max_length) > 0:
        text = truncate(text, len(text) - 1 - excess // _MAX_EXPANSION)
    return formatted
