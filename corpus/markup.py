"""Removes inline markup from a quote: what a user reads of Markdown and of HTML inside it.

The parsing of inline Markdown is markdown-it-py's, which is linear in the length of the text.
"""

import re

from markdown_it import MarkdownIt
from markdown_it.token import Token

# Links and images are replaced before: markdown-it-py takes 30 µs for each unmatched bracket.
_INLINE = MarkdownIt("commonmark").enable("strikethrough").disable(["autolink", "link", "image"])
# Without one of these characters nothing is markup.
_MARKS = re.compile(r"[\\`*_\[\]<>&{~]")
# A word that was divided at the end of a line, unless its first part also stands before a hyphen.
_DIVIDED = re.compile(r"(?<=[a-z])-[ \t]*\r?\n[ \t]*(?=[a-z])")
_HYPHENATED = re.compile(
    r"\b(?:all|anti|co|command|cross|end|ex|first|full|half|hard|high|in|key|left|line|long|low|mid|"
    r"multi|no|non|off|on|one|open|out|part|post|pre|read|real|right|second|self|semi|server|short|"
    r"single|step|third|top|two|up|user|well|year)$"
)
_OPENING_MARK = re.compile(r"(?:\*\*|~~|__|\*|_)(?=[^\s*_~])")
_CLOSING_MARK = re.compile(r"(?<=[^\s*_~\\])(?:\*\*|~~|__|\*|_)$")
_MAX_HYPHENATED = 10  # characters
_MAX_MARK = 3  # characters, with the one before it
_SPACE = re.compile(r"\s+")
# Each pattern is linear: what it repeats ends at the character that it could start with. A mark
# behind a backslash is a character.
_QUOTE_MARK = re.compile(r"(?m)^[ \t]*>[> \t]*")
_TARGET = r"\([^()\n]*(?:\([^()\n]*\)[^()\n]*)*\)"
_IMAGE = re.compile(rf"(?<!\\)!\[[^\[\]]*\](?:{_TARGET}|\[[^\[\]\n]*\])")
_LINK = re.compile(rf"(?<!\\)\[([^\[\]]*)\](?:{_TARGET}|\[[^\[\]\n]*\])")
_FOOTNOTE = re.compile(r"(?<!\\)\[\^[^\[\]\s]{1,40}\](?::[ \t]*)?")
_ALERT = re.compile(r"(?<!\\)\[!(?:NOTE|TIP|IMPORTANT|WARNING|CAUTION)\]", re.IGNORECASE)
# The heading of a release: "[3.2.0] - 2025-02-11".
_RELEASE = re.compile(r"\A\[(v?\d[\w.+-]*|Unreleased)\](?![\[(])", re.IGNORECASE)
_TEMPLATE = re.compile(r"(?<!\\)(?:\{%[^{}%]*%\}|\{\{[<%][^{}]*[>%]\}\}|\{[:#.][^{}\n]*\})")
# A role of MyST: {ref}`text <target>`.
_ROLE = re.compile(r"\{[A-Za-z][\w:+.-]{0,40}\}`([^`<>]+?)\s*(?:<[^`<>]*>)?`")
_AUTOLINK = re.compile(r"(?<!\\)<((?:https?://|mailto:)[^<>\s]*|[^<>\s@]+@[^<>\s@]+)>")
# "5*6 and 7*8" is no emphasis. The placeholder is a noncharacter, which no text may contain.
_TIMES = re.compile(r"(?<=\d)\*(?=\d)")
_TIMES_PLACEHOLDER = "\ufdd0"
_HTML_BREAK = re.compile(r"(?<!\\)</?(?:br|li|p|td|tr|div|ul|ol)\b[^<>]*>", re.IGNORECASE)
# A bare <NAME> that is no tag of HTML is a placeholder of the text.
# An element of JSX: its tag touches what is in it, "<Note>Read this."
_COMPONENT = re.compile(r"\A<[A-Z][a-z]\w*>(?=\S)")
_PLACEHOLDER = re.compile(r"<[A-Za-z][\w.-]*>")
_HTML_TAGS = frozenset(
    "a abbr b big center cite code del dfn em font i img ins kbd label mark q s samp small span "
    "strike strong sub sup time tt u var wbr p div button input details summary".split()
)


def strip_markup(source: str) -> str:
    """Returns the text as a user reads it: without inline marks, tags and images, entities
    decoded, white space folded to single spaces. Text without marks is returned with only its
    white space changed."""
    source = join_divided_words(source)
    if not _MARKS.search(source):
        return _SPACE.sub(" ", source).strip()
    text = _COMPONENT.sub("", _QUOTE_MARK.sub("", source).strip())
    text = _without_half_marks(text)
    if text.startswith("["):
        text = _RELEASE.sub(r"\1", text)
    text = _ROLE.sub(r"`\1`", text)
    text = _ALERT.sub("", _FOOTNOTE.sub("", _TEMPLATE.sub("", text)))
    text = _LINK.sub(r"\1", _IMAGE.sub("", text))
    text = _AUTOLINK.sub(r"\1", text)
    text = _HTML_BREAK.sub(" ", text)
    # One line: no line can start a block inside the text, and a span of code may cross lines.
    text = _TIMES.sub(_TIMES_PLACEHOLDER, _SPACE.sub(" ", text).strip())
    [inline] = _INLINE.parseInline(text)
    words = "".join(_words(inline.children or [])).replace(_TIMES_PLACEHOLDER, "*")
    return _SPACE.sub(" ", words).strip()


def join_divided_words(text: str) -> str:
    """Returns the text with the words joined that a hyphen divides at the end of a line."""
    return _DIVIDED.sub(lambda found: "-" if _ends_hyphenated(found) else "", text)


def _ends_hyphenated(mark: re.Match[str]) -> bool:
    before = mark.string[max(mark.start() - _MAX_HYPHENATED, 0) : mark.start()]
    return bool(_HYPHENATED.search(before))


def _without_half_marks(text: str) -> str:
    """The text without a mark of emphasis at its start or end whose other half stands in another
    sentence."""
    opening = _OPENING_MARK.match(text)
    if opening and opening.group() not in text[opening.end() :]:
        text = text[opening.end() :]
    closing = _CLOSING_MARK.search(text[-_MAX_MARK:])
    if closing and closing.group() not in text[: -len(closing.group())]:
        text = text[: -len(closing.group())]
    return text


def _words(tokens: list[Token]) -> list[str]:
    """The text of the tokens. An image is left out, its description with it."""
    words = []
    for token in tokens:
        if token.type in ("text", "code_inline", "text_special"):
            words.append(token.content)
        elif token.type in ("softbreak", "hardbreak"):
            words.append(" ")
        elif token.type == "html_inline" and _PLACEHOLDER.fullmatch(token.content):
            name = token.content[1:-1]
            words.append("" if name.lower() in _HTML_TAGS else token.content)
    return words
