"""Text that is shown: untrusted text made safe (control characters, mentions, length); counts."""

import re

# The characters that change the direction of writing: with them a quote could be shown as another
# text. Source: Bidi_Control in https://www.unicode.org/Public/UCD/latest/ucd/PropList.txt
_BIDI = r"\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"
_BIDI_CONTROL = re.compile(f"[{_BIDI}]")
# All control characters but tab and line feed, the two Unicode line separators, and those.
_CONTROL = re.compile(rf"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029{_BIDI}]")
# Slack looks for a mention of a user, a channel or everybody after these.
_MENTION = re.compile(r"<(?=[!@#])")
_WORD_JOINER = "\u2060"  # has no width and separates the two characters around it
_ELLIPSIS = "…"


def printable(text: str) -> str:
    """Returns the text with each control character replaced by U+FFFD, for terminals and logs."""
    return _CONTROL.sub("\N{REPLACEMENT CHARACTER}", text.replace("\r\n", "\n"))


def printable_json(json: str) -> str:
    """Returns JSON with the characters that change the direction of writing as escapes, for
    terminals. Its meaning stays the same."""
    return _BIDI_CONTROL.sub(lambda found: f"\\u{ord(found[0]):04x}", json)


def without_controls(text: str) -> str:
    """Returns the text with each control character replaced by a space."""
    return _CONTROL.sub(" ", text)


def inert(text: str) -> str:
    """Returns the text without control characters and without anything that could be read as a
    mention, for fields in which the receiver reads no markup."""
    return _MENTION.sub(f"<{_WORD_JOINER}", without_controls(text))


def truncate(text: str, max_length: int) -> str:
    """Returns the text with at most `max_length` characters. A longer one ends with an ellipsis,
    between words if possible."""
    if len(text) <= max_length:
        return text
    kept = text[: max_length - len(_ELLIPSIS)]
    between = kept.rfind(" ", max_length // 2)
    return (kept[:between] if between > 0 else kept).rstrip() + _ELLIPSIS


def count(number: int, noun: str) -> str:
    """Returns the number with its noun, such as "1 document" or "2,000 documents"."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
