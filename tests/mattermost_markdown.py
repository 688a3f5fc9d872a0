"""Reads Markdown as Mattermost does."""

import re

from markdown_it import MarkdownIt
from markdown_it.token import Token

_PARSER = MarkdownIt("commonmark").enable(["table", "strikethrough"])
_WORD_JOINER = "\u2060"
_TEXT_TOKENS = {"paragraph_open", "paragraph_close", "inline", "text", "softbreak", "hardbreak"}

# Mattermost's web client first resolves these escapes and no others, looks for addresses, and then
# for the rest in the text that results.
_ESCAPE = re.compile(r"\\([`*{}\[\]()#+\-.!_>|~])")
_ADDRESS = re.compile(
    r"[A-Za-z][A-Za-z\d.+-]{,40}:(?:/{1,3}|[^\W_])|www\d{,3}[.]"
    r"|(?:[^\W_]|[.-]){1,40}[.][^\W\d_]{2,4}/"
)
_SPECIAL = re.compile(
    r"@[a-z0-9.\-_]|@[^\W_.-]+|~[a-z0-9.\-_]|#[^\W\d_]|:[\w+-]+:"
    r"|(?:^|\B)[:;]-?[()\[\]@|$/]|(?:^|\B):-?[odpsx](?:\b|$)|&lt;/?3|\$MM_",
    re.IGNORECASE,
)


def parse(text: str) -> list[Token]:
    """All tokens, with the tokens inside them."""
    found = []
    for token in _PARSER.parse(text):
        found += [token, *(token.children or [])]
    return found


def visible_text(text: str) -> str:
    """The text that a reader sees, line by line."""
    breaks = ("softbreak", "hardbreak", "paragraph_close")
    parts = (
        token.content if token.type == "text" else "\n" if token.type in breaks else ""
        for token in parse(text)
    )
    return "".join(parts).replace(_WORD_JOINER, "")


def without_blanks(text: str) -> str:
    return "".join(text.replace(_WORD_JOINER, "").split())


def links(text: str) -> list[str]:
    return [str(token.attrs["href"]) for token in parse(text) if token.type == "link_open"]


def quotes(text: str) -> list[str]:
    """The blockquotes, as a reader sees them."""
    found = re.findall(r"^>.*(?:\n>.*)*", text, re.MULTILINE)
    return [visible_text(re.sub("^> ?", "", each, flags=re.MULTILINE)).strip() for each in found]


def expect_nothing_special(text: str, page: str = "") -> None:
    """Mattermost finds no address, mention, channel, hashtag or emoji outside of links to `page`."""
    text = re.sub(rf"\]\({re.escape(page)}[^)]*\)", "]", text) if page else text
    assert not _ADDRESS.search(text)
    assert not _SPECIAL.search(_ESCAPE.sub(r"\1", text))


def expect_formatting(text: str, *kinds: str) -> None:
    """The text has no formatting of other kinds, such as "strong"."""
    own = {f"{kind}_{end}" for kind in kinds for end in ("open", "close")}
    assert {token.type for token in parse(text)} <= _TEXT_TOKENS | own


def expect_only_text(text: str) -> None:
    """Mattermost shows the text without any formatting."""
    expect_formatting(text)
    assert "\\" not in _ESCAPE.sub("", text)
    assert not set("<$\u2424") & set(text)
    assert not re.search(r"^[^\S\n]|^=", text, re.MULTILINE)
    expect_nothing_special(text)


# What Mattermost would interpret.
MARKUP = [
    "@all @here @channel @user.name someone@example.com",
    "~town-square #hashtag ##tag :smile: :+1: :) ;-) :D <3 </3 :@",
    "http://evil.example/x https://evil.example www.evil.example evil.example/x mailto:a javascript:x",
    "[click](http://evil.example) ![image](http://evil.example/x.png) [a]: http://evil.example",
    "<http://evil.example|click> <!channel> <@U123> <script>alert(1)</script> <!-- x -->",
    "# heading\n## heading\nheading\n===\nheading\n---\n- item\n+ item\n* item\n1. item\n1) item",
    "> quote\n```\ncode\n```\n~~~\ncode\n~~~\n    code\n\tcode\n\u00a0\u00a0\u00a0\u00a0code",
    "| a | b |\n|---|---|\n| 1 | 2 |\n\na | b\n--|--\n1 | 2",
    "**bold** __bold__ *em* _em_ ~~gone~~ `code` $x^2$ $$x$$ \\*not\\* \\\\ \\n \\",
    "&lt;b&gt; &#64;all &commat;all &amp; &copy; &#35;tag &colon;smile&colon;",
    "one\u2424# heading\u2424===\u2424> quote\u2424    code",
    "$MM_ATMENTION0$ $MM_EMAIL0$",
]
