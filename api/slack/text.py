"""Text between Slack's three notations: what people write, mrkdwn, and blocks without any markup.

Text of documents, questions and errors goes out through here, so that nothing in it is a mention,
a link or a format.
"""

import html
import re

from api.text import truncate, without_controls

# The inline marks of Markdown, and those that begin a block; the number of a list's item is none,
# but what stands behind it.
_MARKS = re.compile(r"[\\`*_~\[\]|!]|^[#+-]")
_ITEM = re.compile(r"^(\d+)(?=[.)])")
_REFERENCE = re.compile(r"<([^\s<>][^<>\n]*)>")


def mrkdwn(text: str, most: int) -> str:
    """For a field that is read as mrkdwn: with the three escapes that Slack has, and cut where it
    would have more bytes than that with them: Slack counts these, not characters.

    Source: https://docs.slack.dev/messaging/formatting-message-text#escaping
    """
    while (size := len((escaped := _escaped(text)).encode("utf-8", "replace"))) > most:
        # A character takes five at most, as `&amp;` does.
        text = truncate(text, len(text) - (size - most + 4) // 5)
    return escaped


def markdown(text: str) -> str:
    """For a field that is read as Markdown: in one line, its marks behind backslashes, Slack's own
    escaped. At most five times as long."""
    line = " ".join(_escaped(text).split())
    return _ITEM.sub(r"\1\\", _MARKS.sub(r"\\\g<0>", line))


def _escaped(text: str) -> str:
    return html.escape(without_controls(text), quote=False)


def written(text: str, bot: str = "") -> str:
    """What somebody wrote, as they see it: references to people, channels and links as their
    names, Slack's escapes undone, mentions of the user `bot` left out."""

    def seen(reference: re.Match[str]) -> str:
        target, _, label = reference[1].partition("|")
        if target.startswith("@"):
            return "" if target[1:] == bot else label or target
        if target.startswith("#"):
            return f"#{label or target[1:]}"
        if target.startswith("!date^"):
            return label
        if target.startswith("!"):
            return f"@{label.lstrip('@') or target[1:].partition('^')[0]}"
        return label or target.removeprefix("mailto:")

    seen_text = _REFERENCE.sub(seen, text)
    return seen_text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&").strip()
