"""Converts text to and from Slack's notations: message text, mrkdwn and Markdown.

Text from documents, questions and errors is escaped here, so that nothing in it becomes a mention,
a link or formatting.
"""

import html
import re

from api.text import truncate, without_controls

# Markdown's inline markers, and those that begin a block. In a numbered list only the character
# after the number is escaped.
_MARKS = re.compile(r"[\\`*_~\[\]|!]|^[#+-]")
_ITEM = re.compile(r"^(\d+)(?=[.)])")
_REFERENCE = re.compile(r"<([^\s<>][^<>\n]*)>")


def mrkdwn(text: str, max_bytes: int) -> str:
    """Escapes text for a mrkdwn field, truncated so that the escaped text has at most `max_bytes`
    bytes: Slack counts bytes, not characters.

    Source: https://docs.slack.dev/messaging/formatting-message-text#escaping
    """
    while (size := len((escaped := _escaped(text)).encode("utf-8", "replace"))) > max_bytes:
        # An escape such as `&amp;` takes at most five bytes for one character.
        text = truncate(text, len(text) - (size - max_bytes + 4) // 5)
    return escaped


def markdown(text: str) -> str:
    """Escapes text for a Markdown field, on one line. At most five times as long as the text."""
    line = " ".join(_escaped(text).split())
    return _ITEM.sub(r"\1\\", _MARKS.sub(r"\\\g<0>", line))


def _escaped(text: str) -> str:
    return html.escape(without_controls(text), quote=False)


def plain_text(text: str, bot: str = "") -> str:
    """Returns a message as its author saw it: references to people, channels and links become
    their names, Slack's escapes are undone, and mentions of the user `bot` are left out."""

    def name_of(reference: re.Match[str]) -> str:
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

    named = _REFERENCE.sub(name_of, text)
    return named.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&").strip()
