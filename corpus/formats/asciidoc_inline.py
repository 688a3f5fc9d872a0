"""Removes the inline marks of AsciiDoc from a text: what a user reads of a line."""

import re
from collections.abc import Callable, Mapping

from corpus.formats.asciidoc_titles import shown

# A reference to an attribute; those of characters are always there.
_ATTRIBUTE = re.compile(r"(?<!\\)\{([\w-]{1,64})\}")
_CHARACTERS = {
    "nbsp": " ", "sp": " ", "empty": "", "blank": "", "zwsp": "", "amp": "&", "lt": "<", "gt": ">",
    "plus": "+", "asterisk": "*", "vbar": "|", "apos": "'", "quot": '"', "backslash": "\\",
    "startsb": "[", "endsb": "]", "caret": "^", "tilde": "~", "backtick": "`", "deg": "°",
    "two-colons": "::", "two-semicolons": ";;", "cpp": "C++", "lsquo": "‘", "rsquo": "’",
    "ldquo": "“", "rdquo": "”",
}  # fmt: skip
# Each pattern is linear: what it repeats cannot contain the character that it could start with.
_FOOTNOTE = re.compile(r"\s?footnote(?:ref)?:[\w-]*\[(?:[^\[\]]|\[[^\[\]]*\])*\]")
_INDEX_TERM = re.compile(r"\(\(\((?:[^()]|\([^()]*\))*\)\)\)|indexterm:\[[^\[\]]*\]")
_SHOWN_TERM = re.compile(r"\(\(([^()]+)\)\)|indexterm2:\[([^\[\]]*)\]")
_IMAGE = re.compile(r"\b(?:image|icon|video|audio)::?[^\s:\[\]][^\s\[\]]*\[[^\[\]]*\]")
_MENU = re.compile(r"\bmenu:([^\[\]]+)\[([^\[\]]*)\]")
_MACRO = re.compile(r"\b(?:kbd|btn|pass|stem|latexmath|asciimath):[a-z,]*\[([^\[\]]*)\]")
_LABEL = re.compile(r"\blabel:([\w-]+)\[([^\[\]]*)\]")  # of many sites: "Enterprise Edition"
_LINK = re.compile(
    r"(?:\b(?:link|xref|mailto):[^\s\[\]]+|(?<![\w/])(?:https?|ftp|irc)://[^\s\[\]<>]+"
    r"|\{[\w-]{1,64}\}[^\s\[\]]{0,200})"  # an address that another file has
    r"\[([^\[\]]*)\]"
)
_XREF = re.compile(r"<<([^<>,]+)(?:,\s*([^<>]*))?>>")
_BIBLIOGRAPHY = re.compile(r"\[\[\[([^\[\],]+)[^\[\]]*\]\]\]")
_ANCHOR = re.compile(r"\[\[[^\[\]]*\]\]|\banchor:[^\s\[\]]+\[[^\[\]]*\]")
_QUOTED = re.compile(r"([\"'])`([^`]+)`\1")
_ROLE = re.compile(r"\[[\w.#%-]+\](?=[#*_`])")
_PASS = re.compile(
    r"\+\+\+([^+]*)\+\+\+|(?<=`)\+([^+`]+)\+(?=`)|(?<![\w`])\+([^+\s](?:[^+]*[^+\s])?)\+(?![\w`])"
)
_MONOSPACED = re.compile(r"``([^`]+)``|(?<![\w`])`([^`\s](?:[^`]*[^`\s])?)`(?![\w`])")
_DOUBLE = re.compile(r"\*\*((?:[^*]|\*(?!\*))+)\*\*|__((?:[^_]|_(?!_))+)__|##([^#]+)##")
# Underscores inside a word are characters.
_ITALIC = r"(?<![\w_\\])_([^_\s](?:(?:[^_]|(?<=\w)_(?=\w))*[^_\s])?)_(?![\w_])"
_SINGLE = re.compile(
    rf"(?<![\w*\\])\*([^*\s](?:[^*]*[^*\s])?)\*(?![\w*])|{_ITALIC}"
    r"|(?<![\w#\\])#([^#\s](?:[^#]*[^#\s])?)#(?![\w#])"
)
_RAISED = re.compile(r"\^([^\^\s]+)\^|~([^~\s]+)~")
_POWER = re.compile(r"(?<=[\w)])\^([-−]?(?:\d+|[a-z]))\^")  # not that of "1^st^"
# What the user replaces, also inside code: `__<name>__`, `_file_`.
_PLACEHOLDER = re.compile(rf"_{{1,2}}(<[^<>]*>)_{{1,2}}|{_ITALIC}")
_BREAK = re.compile(r"[ \t]\+$", re.MULTILINE)
_DASH = re.compile(r"(?<=\w)--(?=\w)|(?<=\s)--(?=\s)")
_SIGNS = {"(C)": "©", "(R)": "®", "(TM)": "™", "...": "…", "->": "→", "=>": "⇒"}
_ESCAPE = re.compile(r"\\(?=[*_`#{<\[+^~(]|https?:|link:)")
# Noncharacters, which no text may contain, around the number of a part whose marks are characters.
_KEPT = re.compile("\ufdd0(\\d+)\ufdd1")
_NONCHARACTERS = re.compile("[\ufdd0\ufdd1]")


def plain(text: str, attributes: Mapping[str, str], titles: Mapping[str, str] | None = None) -> str:
    """Returns the text of one or several lines without marks, its attributes replaced by their
    values. An attribute that is not known stays as it is written. `titles` are those that cross
    references show."""
    text = _NONCHARACTERS.sub("", substitute(_BREAK.sub("", text), attributes))
    kept: list[str] = []

    def keep(words: str) -> str:
        kept.append(_ESCAPE.sub("", words))
        return f"\ufdd0{len(kept) - 1}\ufdd1"

    def shown_title(target: str) -> str:
        return plain(shown(target, titles or {}), attributes)

    text = _QUOTED.sub(r"\1\2\1", text)
    text = _PASS.sub(lambda found: keep(_group(found)), text)
    text = _MONOSPACED.sub(lambda found: keep(without_placeholders(_group(found))), text)
    text = _INDEX_TERM.sub("", _FOOTNOTE.sub("", _IMAGE.sub("", text)))
    text = _ANCHOR.sub("", _BIBLIOGRAPHY.sub(r"[\1]", text))
    text = _SHOWN_TERM.sub(_group, text)
    text = _MENU.sub(_menu, _MACRO.sub(r"\1", text))
    text = _LABEL.sub(lambda found: found[2] or found[1].replace("-", " "), text)
    text = _LINK.sub(lambda found: _link(found, shown_title), text)
    text = _XREF.sub(lambda found: found[2] or shown_title(found[1]), text)
    text = _ROLE.sub("", text)
    text = _SINGLE.sub(_group, _DOUBLE.sub(_group, text))
    text = _SINGLE.sub(_group, text)  # one inside another
    text = _DASH.sub("—", _RAISED.sub(_group, _POWER.sub(r"^\1", text)))
    text = text.replace("`'", "'")
    for sign, shown_sign in _SIGNS.items():
        text = text.replace(sign, shown_sign)
    text = _ESCAPE.sub("", text)
    while _KEPT.search(text):  # one inside another
        text = _KEPT.sub(lambda found: kept[int(found[1])], text)
    return text


def without_placeholders(code: str) -> str:
    """Returns code without the marks of what the user replaces in it: `__<name>__`, `_file_`."""
    return _PLACEHOLDER.sub(_group, code)


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


def _link(found: re.Match[str], shown_title: Callable[[str], str]) -> str:
    """The text of a link; if it has none, what it refers to."""
    words = found[1].split(",")[0] if "=" in found[1] else found[1]
    words = words.strip('"^ ')
    if words:
        return words
    address = found[0][: found[0].index("[")]
    kind, _, target = address.partition(":")
    if kind == "xref":
        return shown_title(target)
    return target if kind in ("link", "mailto") else address
