"""Text keeps its meaning on its way to Slack and back, and gains none."""

import html
import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from api.slack.text import markdown, mrkdwn, plain_text
from api.text import inert, truncate

# What Slack, Markdown or a terminal would interpret.
MARKUP = [
    "<!channel>", "<@U123>", "<#C123|general>", "<https://x.org|x>", "<<!here>>", "<\x00!here>",
    "&", "&amp;", "&lt;!here&gt;", "<", ">", "*b*", "_i_", "~s~", "`c`", "```", "[a](b)", "![a](b)",
    "[1]: /x", "# h", "- i", "+ i", "* i", "1. i", "2) i", "> q", "---", "===", "| a |", "\\", "!",
    "    code", "\t", "\n", "\n\n", "\r", "  \n", ":+1:", "<b>", "<!-- -->", "</b>", "&#42;", "—",
    "\x1b[31m", "\u202e", "\u2028", "\x85", "👍🏽", "é", "語", "<a@b.org>", "<http://x.org>",
]  # fmt: skip
texts = st.text() | st.lists(st.sampled_from(MARKUP) | st.text(max_size=4), max_size=8).map("".join)
commonmark = MarkdownIt("commonmark").enable(["table", "strikethrough"])

SURROGATE = "\ud83d"
CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]")
UNESCAPED = re.compile("&(?!(amp|lt|gt);)|[<>]")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Hello <!channel>", "Hello <\u2060!channel>"),
        ("<@U123> and <#C123>", "<\u2060@U123> and <\u2060#C123>"),
        ("<<!here>", "<<\u2060!here>"),
        ("a < b & c > d", "a < b & c > d"),
        ("<b>bold</b> *b* _i_", "<b>bold</b> *b* _i_"),
        ("one\ntwo\tthree", "one\ntwo\tthree"),
        ("a\x00b\x1b[31mc\rd\x85e", "a b [31mc d e"),
        ("left \u202eright\u2069", "left  right "),
        ("👍🏽 שלום é", "👍🏽 שלום é"),
        ("", ""),
    ],
)
def test_inert_text_looks_the_same_and_mentions_nobody(text: str, expected: str) -> None:
    assert inert(text) == expected


@given(texts)
def test_inert_text_has_no_mentions_and_no_control_characters(text: str) -> None:
    result = inert(text)
    assert not re.search("<[!@#]", result)
    assert not CONTROLS.search(result)
    assert inert(result) == result
    assert len(result.replace("\u2060", "")) == len(text.replace("\u2060", ""))


def test_mrkdwn_escapes_three_characters() -> None:
    escaped = "&lt;!here&gt; &amp; \"you\" 'me' &gt; &amp;amp;"
    assert mrkdwn("<!here> & \"you\" 'me' > &amp;", 100) == escaped


@given(texts, st.integers(1, 400), st.integers(3, 400))
@example("&" * 40_000, 1, 3_900)
@example("<" * 40_000, 1, 4)
@example("語" * 40_000, 1, 3_900)
@example("&", 1, 3)
@example("👍" * 10, 1, 3)
@example(SURROGATE * 10, 1, 5)
def test_mrkdwn_keeps_to_its_length_in_bytes(text: str, times: int, max_bytes: int) -> None:
    result = mrkdwn(text * times, max_bytes)
    assert len(result.encode("utf-8", "replace")) <= max_bytes
    assert not UNESCAPED.search(result)


@given(texts)
def test_mrkdwn_of_a_short_text_is_complete(text: str) -> None:
    assert html.unescape(mrkdwn(text, 10_000)) == CONTROLS.sub(" ", text)


@given(texts, st.integers(60, 400))
def test_truncated_mrkdwn_uses_its_room(text: str, max_bytes: int) -> None:
    result = mrkdwn((text + " & so on ") * 100, max_bytes)
    assert result.endswith("…")
    assert len(result.encode()) >= max_bytes // 8


@given(texts, st.integers(1, 100))
@example("1. one", 1)
@example("1) one", 1)
@example("123456789. one", 1)
@example("  - item", 1)
@example("> quote", 1)
@example("~~struck~~ **bold** _it_ `code` [a](b) ![c](d)", 1)
@example("    code", 1)
@example("title\n===", 1)
@example("title\n---", 1)
@example("a | b\n--|--\nc | d", 1)
@example("# heading\n# heading", 1)
@example("a  \nb\\\nc", 1)
@example("&", 2_000)
def test_markdown_shows_the_text_and_nothing_else(text: str, times: int) -> None:
    text *= times
    escaped = markdown(text)
    assert len(escaped) <= 5 * len(text)
    assert "\n" not in escaped
    assert not UNESCAPED.search(escaped)
    tokens = commonmark.parse(escaped)
    assert [token.type for token in tokens] in ([], ["paragraph_open", "inline", "paragraph_close"])
    parts = [part for token in tokens for part in token.children or []]
    assert {part.type for part in parts} <= {"text", "text_special"}
    shown = "".join(part.content for part in parts)
    assert shown == " ".join(CONTROLS.sub(" ", text).split())


@pytest.mark.parametrize(
    ("text", "max_length", "expected"),
    [
        ("short", 5, "short"),
        ("longer", 5, "long…"),
        ("one two three", 9, "one two…"),
        ("one two three", 8, "one two…"),
        ("one two three", 7, "one…"),
        ("one twothreefour", 12, "one twothre…"),  # the only space is too near the beginning
        ("     blank     ", 8, "…"),
        ("ab", 1, "…"),
        ("", 1, ""),
    ],
)
def test_text_is_truncated_between_words_if_possible(
    text: str, max_length: int, expected: str
) -> None:
    assert truncate(text, max_length) == expected


@given(texts, st.integers(1, 60))
def test_truncated_text_is_a_beginning_with_an_ellipsis(text: str, max_length: int) -> None:
    result = truncate(text, max_length)
    assert len(result) <= max_length
    if result != text:
        assert len(text) > max_length
        assert result.endswith("…") and text.startswith(result[:-1])


@given(st.text(alphabet="ab \n", min_size=70), st.integers(10, 60))
def test_truncated_text_uses_half_of_its_room(text: str, max_length: int) -> None:
    solid = text.replace(" ", "a").replace("\n", "b")
    assert len(truncate(solid, max_length)) == max_length
    assert len(truncate("a" * (max_length // 2) + " " + solid, max_length)) > max_length // 2


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        ("<@UBOT> When is it?", "When is it?"),
        ("When <@UBOT|assistant> is it?", "When  is it?"),
        ("Ask <@U123> or <@U456|ada>", "Ask @U123 or ada"),
        ("in <#C123|general>, <#C456|> and <#C789>", "in #general, #C456 and #C789"),
        ("<!here> <!channel|channel> <!everyone|@everyone>", "@here @channel @everyone"),
        ("<!subteam^S123|@gardeners> <!subteam^S123>", "@gardeners @subteam"),
        ("on <!date^1392734382^{date_num}|18 February 2014>", "on 18 February 2014"),
        ("<https://x.org/?a=1&amp;b=2>", "https://x.org/?a=1&b=2"),
        ("<https://x.org|the &lt;page&gt;>", "the <page>"),
        ("<mailto:a@b.org|a@b.org> <mailto:c@d.org>", "a@b.org c@d.org"),
        ("a &lt; b &amp;&amp; c &gt; d", "a < b && c > d"),
        ("&amp;lt; is written so", "&lt; is written so"),
        ("&copy and &nbsp; and &#33;", "&copy and &nbsp; and &#33;"),  # not escapes in Slack
        ("1 < 2, and 3 > 2; <>", "1 < 2, and 3 > 2; <>"),
        ("  <@UBOT>  ", ""),
        ("<!>", "@"),
        ("*bold* _it_ ~no~ `code`", "*bold* _it_ ~no~ `code`"),
        ("", ""),
    ],
)
def test_message_is_read_as_its_author_saw_it(sent: str, expected: str) -> None:
    assert plain_text(sent, "UBOT") == expected


def test_mention_is_kept_if_the_bot_is_unknown() -> None:
    assert plain_text("<@UBOT> and <@U1>") == "@UBOT and @U1"


@given(texts, st.sampled_from(["", "U123", "UBOT"]))
@example("<" * 40_000, "UBOT")
@example("<@" + "x" * 40_000, "UBOT")
@example(f"<@{SURROGATE}|{SURROGATE}>", "UBOT")
def test_any_message_can_be_read(sent: str, bot: str) -> None:
    result = plain_text(sent, bot)
    assert result == result.strip()
    assert len(result) <= len(sent)


@given(texts)
def test_escaped_text_is_read_as_it_was_typed(typed: str) -> None:
    assert plain_text(html.escape(typed, quote=False), "U123") == typed.strip()
