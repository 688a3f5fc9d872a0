"""Text keeps its meaning on its way to Slack and back, and gains none."""

import html
import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from api.slack.text import markdown, mrkdwn, written
from api.text import inert, truncate

# What Slack makes something of, what Markdown does, and what no screen should get.
MARKS = [
    "<!channel>", "<@U123>", "<#C123|general>", "<https://x.org|x>", "<<!here>>", "<\x00!here>",
    "&", "&amp;", "&lt;!here&gt;", "<", ">", "*b*", "_i_", "~s~", "`c`", "```", "[a](b)", "![a](b)",
    "[1]: /x", "# h", "- i", "+ i", "* i", "1. i", "2) i", "> q", "---", "===", "| a |", "\\", "!",
    "    code", "\t", "\n", "\n\n", "\r", "  \n", ":+1:", "<b>", "<!-- -->", "</b>", "&#42;", "—",
    "\x1b[31m", "\u202e", "\u2028", "\x85", "👍🏽", "é", "語", "<a@b.org>", "<http://x.org>",
]  # fmt: skip
texts = st.text() | st.lists(st.sampled_from(MARKS) | st.text(max_size=4), max_size=8).map("".join)
rendered = MarkdownIt("commonmark").enable(["table", "strikethrough"])

# Half of an emoji, written so that the file itself is text.
HALF = "\ud83d"


def whole(escaped: str) -> bool:
    """Whether every & of the text begins one of Slack's three escapes."""
    return not re.search("&(?!(amp|lt|gt);)", escaped)


# --- inert ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Hello <!channel>", "Hello <\u2060!channel>"),
        ("<@U123> and <#C123>", "<\u2060@U123> and <\u2060#C123>"),
        ("<<!here>", "<<\u2060!here>"),
        ("a < b & c > d", "a < b & c > d"),
        ("<b>bold</b> *b* _i_", "<b>bold</b> *b* _i_"),
        ("one\ntwo\tthree", "one\ntwo\tthree"),
        ("a\x00b\x1b[31mc\rd\x85e", "a b [31mc d e"),
        ("left \u202eright\u2069", "left  right "),
        ("👍🏽 שלום\u200f é", "👍🏽 שלום\u200f é"),
        ("", ""),
    ],
)
def test_inert_text_looks_the_same_and_summons_nobody(text: str, shown: str) -> None:
    assert inert(text) == shown


@given(texts)
def test_inert_text_has_nothing_that_slack_or_a_screen_obeys(text: str) -> None:
    shown = inert(text)
    assert not re.search("<[!@#]", shown)
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e]", shown)
    assert inert(shown) == shown
    assert len(shown.replace("\u2060", "")) == len(text.replace("\u2060", ""))


# --- mrkdwn ---------------------------------------------------------------------------------------


def test_mrkdwn_has_slacks_three_escapes_and_no_others() -> None:
    assert mrkdwn("<!here> & \"you\" 'me' > &amp;", 100) == (
        "&lt;!here&gt; &amp; \"you\" 'me' &gt; &amp;amp;"
    )


@given(texts, st.integers(1, 400), st.integers(3, 400))
@example("&" * 40_000, 1, 3_900)
@example("<" * 40_000, 1, 4)
@example("語" * 40_000, 1, 3_900)
@example("&", 1, 3)
@example("👍" * 10, 1, 3)
@example(HALF * 10, 1, 5)
def test_mrkdwn_keeps_to_its_length_in_bytes(text: str, times: int, most: int) -> None:
    shown = mrkdwn(text * times, most)
    assert len(shown.encode("utf-8", "replace")) <= most
    assert "<" not in shown
    assert ">" not in shown
    assert whole(shown)


@given(texts)
def test_mrkdwn_that_fits_is_the_text_itself(text: str) -> None:
    assert html.unescape(mrkdwn(text, 10_000)) == re.sub(
        "[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]", " ", text
    )


@given(texts, st.integers(60, 400))
def test_mrkdwn_that_is_cut_wastes_little(text: str, most: int) -> None:
    words = mrkdwn((text + " & so on ") * 100, most)
    assert words.endswith("…")
    assert len(words.encode()) >= most // 8


# --- Markdown -------------------------------------------------------------------------------------


def inline_of(escaped: str) -> list[tuple[str, str]]:
    """What Markdown makes of it, as pairs of kind and content: [] where it is blank, else the one
    paragraph's parts."""
    tokens = rendered.parse(escaped)
    if not tokens:
        return []
    kinds = [token.type for token in tokens]
    assert kinds == ["paragraph_open", "inline", "paragraph_close"], kinds
    return [(part.type, part.content) for part in tokens[1].children or []]


@given(texts)
@example("1. one")
@example("1) one")
@example("123456789. one")
@example("  - item")
@example("+ item")
@example("* item")
@example("> quote")
@example("~~struck~~ **bold** _it_ `code` [a](b) ![c](d)")
@example("    code")
@example("\tcode")
@example("title\n===")
@example("title\n---")
@example("a | b\n--|--\nc | d")
@example("one\n\ntwo")
@example("# heading\n# heading")
@example("&lt; &#42; &copy;")
@example("a  \nb\\\nc")
def test_markdown_shows_the_text_and_nothing_else(text: str) -> None:
    parts = inline_of(markdown(text))
    assert {kind for kind, _ in parts} <= {"text", "text_special"}
    assert "".join(content for _, content in parts) == " ".join(
        re.sub("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]", " ", text).split()
    )


@given(texts)
def test_markdown_leaves_slack_nothing_to_obey(text: str) -> None:
    escaped = markdown(text)
    assert "<" not in escaped
    assert ">" not in escaped
    assert whole(escaped)
    assert "\n" not in escaped


@given(texts, st.integers(1, 100))
@example("&", 2_000)
@example("-", 1)
@example("1.", 1)
def test_markdown_is_at_most_five_times_as_long(text: str, times: int) -> None:
    assert len(markdown(text * times)) <= 5 * len(text * times)


# --- cut ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "most", "kept"),
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
def test_text_is_cut_between_words_where_it_can_be(text: str, most: int, kept: str) -> None:
    assert truncate(text, most) == kept


@given(texts, st.integers(1, 60))
def test_what_is_cut_is_a_beginning_with_an_ellipsis(text: str, most: int) -> None:
    kept = truncate(text, most)
    assert len(kept) <= most
    if kept != text:
        assert len(text) > most
        assert kept.endswith("…")
        assert text.startswith(kept[:-1])


@given(st.text(alphabet="ab \n", min_size=70), st.integers(10, 60))
def test_a_cut_leaves_half_of_what_it_may(text: str, most: int) -> None:
    solid = text.replace(" ", "a").replace("\n", "b")
    assert len(truncate(solid, most)) == most
    spaced = "a" * (most // 2) + " " + solid
    assert len(truncate(spaced, most)) > most // 2


# --- what people write ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sent", "seen"),
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
        ("&copy and &nbsp; and &#33;", "&copy and &nbsp; and &#33;"),  # no escapes of Slack's
        ("1 < 2, and 3 > 2; <>", "1 < 2, and 3 > 2; <>"),
        ("  <@UBOT>  ", ""),
        ("<!>", "@"),
        ("*bold* _it_ ~no~ `code`", "*bold* _it_ ~no~ `code`"),
        ("", ""),
    ],
)
def test_what_is_written_is_read_as_its_writer_saw_it(sent: str, seen: str) -> None:
    assert written(sent, "UBOT") == seen


def test_no_mention_is_left_out_where_the_bot_is_not_known() -> None:
    assert written("<@UBOT> and <@U1>") == "@UBOT and @U1"


@given(texts, st.sampled_from(["", "U123", "UBOT"]))
@example("<" * 40_000, "UBOT")
@example("<@" + "x" * 40_000, "UBOT")
@example(f"<@{HALF}|{HALF}>", "UBOT")
def test_whatever_is_sent_is_read(sent: str, bot: str) -> None:
    seen = written(sent, bot)
    assert seen == seen.strip()
    assert len(seen) <= len(sent)


@given(texts)
def test_what_slack_escapes_is_read_as_it_was_typed(typed: str) -> None:
    sent = typed.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    assert written(sent, "U123") == typed.strip()
