"""Removes the inline marks of AsciiDoc from a text: what a user reads of a line."""

import re
from collections.abc import Mapping

# A reference to an attribute; those of characters are always there.
_ATTRIBUTE = re.compile(r"(?<!\\)\{([\w-]{1,64})\}")
_CHARACTERS = {
    "nbsp": " ", "sp": " ", "empty": "", "blank": "", "zwsp": "", "amp": "&", "lt": "<", "gt": ">",
    "plus": "+", "asterisk": "*", "vbar": "|", "apos": "'", "quot": '"', "backslash": "\\",
    "startsb": "[", "endsb": "]", "caret": "^", "tilde": "~", "backtick": "`", "deg": "°",
    "two-colons": "::", "two-semicolons": ";;", "cpp": "C++", "lsquo": "‘", "rsquo": "’",
    "ldquo": "“", "rdquo": "”",
}  # fmt: skip
MAX_VALUE = 1_000  # characters of an attribute; attributes in attributes multiply
# Each pattern is linear: what it repeats cannot contain the character that it could start with.
_FOOTNOTE = re.compile(r"\s?footnote(?:ref)?:[\w-]*\[[^\[\]]*\]")
_INDEX_TERM = re.compile(r"\(\(\([^()]*\)\)\)|indexterm:\[[^\[\]]*\]")
_SHOWN_TERM = re.compile(r"\(\(([^()]+)\)\)|indexterm2:\[([^\[\]]*)\]")
_IMAGE = re.compile(r"\b(?:image|icon|video|audio):[^\s:\[\]][^\s\[\]]*\[[^\[\]]*\]")
_MENU = re.compile(r"\bmenu:([^\[\]]+)\[([^\[\]]*)\]")
_MACRO = re.compile(r"\b(?:kbd|btn|pass|stem|latexmath|asciimath):[a-z,]*\[([^\[\]]*)\]")
_LINK = re.compile(
    r"(?:\b(?:link|xref|mailto|anchor):[^\s\[\]]+|(?<![\w/])(?:https?|ftp|irc)://[^\s\[\]<>]+)"
    r"\[([^\[\]]*)\]"
)
_XREF = re.compile(r"<<([^<>,]+)(?:,\s*([^<>]*))?>>")
_ANCHOR = re.compile(r"\[\[[^\[\]]*\]\]")
_QUOTED = re.compile(r"([\"'])`([^`]+)`\1")
_ROLE = re.compile(r"\[[\w.#%-]+\](?=[#*_`])")
_PASS = re.compile(r"\+\+\+([^+]*)\+\+\+|(?<!\w)\+([^+\s](?:[^+]*[^+\s])?)\+(?!\w)")
_MONOSPACED = re.compile(r"``([^`]+)``|(?<![\w`])`([^`\s](?:[^`]*[^`\s])?)`(?![\w`])")
_DOUBLE = re.compile(r"\*\*([^*]+)\*\*|__([^_]+)__|##([^#]+)##")
_SINGLE = re.compile(
    r"(?<![\w*\\])\*([^*\s](?:[^*]*[^*\s])?)\*(?![\w*])|(?<![\w_\\])_([^_\s](?:[^_]*[^_\s])?)_(?![\w_])"
    r"|(?<![\w#\\])#([^#\s](?:[^#]*[^#\s])?)#(?![\w#])"
)
_RAISED = re.compile(r"\^([^\^\s]+)\^|~([^~\s]+)~")
_BREAK = re.compile(r"[ \t]\+$", re.MULTILINE)
_DASH = re.compile(r"(?<=\w)--(?=\w)|(?<=\s)--(?=\s)")
_SIGNS = {"(C)": "©", "(R)": "®", "(TM)": "™", "...": "…", "->": "→", "=>": "⇒"}
_ESCAPE = re.compile(r"\\(?=[*_`#{<\[+^~(]|https?:|link:)")
# A placeholder of code, whose marks are characters: a noncharacter, which no text may contain.
_PLACE = "\ufdd1"


def plain(text: str, attributes: Mapping[str, str]) -> str:
    """Returns the text of one or several lines without marks, its attributes replaced by their
    values. An attribute that is not known stays as it is written."""
    text = substitute(_BREAK.sub("", text).replace(_PLACE, ""), attributes)
    kept: list[str] = []

    def keep(found: re.Match[str]) -> str:
        kept.append(_ESCAPE.sub("", _group(found).strip("+")))
        return _PLACE

    text = _QUOTED.sub(r"\1\2\1", text)
    text = _MONOSPACED.sub(keep, _PASS.sub(keep, text))
    text = _INDEX_TERM.sub("", _FOOTNOTE.sub("", _IMAGE.sub("", text)))
    text = _SHOWN_TERM.sub(_group, _ANCHOR.sub("", text))
    text = _MENU.sub(_menu, _MACRO.sub(r"\1", text))
    text = _LINK.sub(_link, text)
    text = _XREF.sub(lambda found: found[2] or found[1], text)
    text = _ROLE.sub("", text)
    text = _SINGLE.sub(_group, _DOUBLE.sub(_group, text))
    text = _SINGLE.sub(_group, text)  # one inside another
    text = _DASH.sub("—", _RAISED.sub(_group, text))
    for sign, shown in _SIGNS.items():
        text = text.replace(sign, shown)
    text = _ESCAPE.sub("", text)
    values = iter(kept)
    return re.sub(_PLACE, lambda _: next(values), text)


def substitute(text: str, attributes: Mapping[str, str]) -> str:
    """Returns the text with its attributes replaced by their values, which are not searched for
    further ones."""
    if "{" not in text:
        return text

    def value(found: re.Match[str]) -> str:
        name = found[1].lower()
        return _CHARACTERS.get(name, attributes.get(name, found[0]))

    return _ATTRIBUTE.sub(value, text)


def _group(found: re.Match[str]) -> str:
    return found[found.lastindex or 0]


def _menu(found: re.Match[str]) -> str:
    return " › ".join(filter(None, [found[1], *re.split(r"\s*>\s*", found[2])]))


def _link(found: re.Match[str]) -> str:
    """The text of a link; its address if it has none."""
    words = found[1].split(",")[0] if "=" in found[1] else found[1]
    words = words.strip('"^ ')
    if words:
        return words
    address = found[0][: found[0].index("[")]
    return re.sub(r"^(?:link|xref|mailto|anchor):", "", address)
