"""What is on a page but not of it: navigation, share links, bylines. By shape and stock phrase.

Knows single lines and the words of web pages. What depends on the lines around (repeats,
captions) is for the reader of plain text to see.
"""

import re

# (?<!\.) where a link's words may go on: "Log in to your account." is a sentence of a guide.
_NAVIGATION = re.compile(
    r"""^(?:
      skip\ to\ (?:main\ )?(?:content|navigation)
    | jump\ to\ ?(?:navigation|search|content).*
    | (?:read|see|learn|find\ out)\ more (?:\ (?:here\W*|about\b.*(?<!\.))|\W*)
    | (?:related|recent|popular|more|latest)\ (?:posts|articles|stories|reading)\W*
    | related | advertisement | sponsored(?:\ content)? | menu | search | home
    | (?:previous|next)\ (?:post|article|page)\b.* | back\ to\ top | toggle\ navigation
    | (?:share|tweet|pin|email|print)\ (?:this|on)\b.{0,40}(?<!\.)
    | (?:facebook|twitter|linkedin|pinterest|instagram|whatsapp|reddit)(?:\W+\w+){0,4}
    | (?:sign|log)\ (?:in|up|out)\b.{0,40}(?<!\.) | subscribe\b.{0,60}(?<!\.)
    | leave\ a\ (?:comment|reply)\W*
    | (?:accept|reject|manage)\ (?:all\ )?cookies\W* | (?:we|this\ site)\ uses?\ cookies\b.*
    | (?:all\ rights\ reserved|copyright\b|©).{0,80} | table\ of\ contents | click\ here\W*
    | \(?redirected\ from\ .{1,60} | \d+\ (?:comments?|shares?|views?|likes?)\b.{0,40}(?<!\.)
    )$""",
    re.VERBOSE | re.IGNORECASE,
)
_MONTH = r"(?:jan|feb|mar|apr|may|june?|july?|aug|sept?|oct|nov|dec)[a-z]*\.?"
_BYLINE = re.compile(
    rf"""^(?:
      \d+\ min(?:ute)?s?\ read
    | (?:(?:last\ )?(?:published|updated|posted|modified)(?:\ on)?:?\ )?
      (?:(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*,?\ )?
      (?:{_MONTH}\ \d{{1,2}},?\ \d{{4}} | \d{{1,2}}\ {_MONTH}\ \d{{4}} | \d{{4}}-\d\d-\d\d)\W*
    | (?:written\ |posted\ )?by\ [^.!?]{{2,60}}? (?:\W+{_MONTH}\ \d{{1,2}},?\ \d{{4}}.*)?
    | [^|.!?]{{2,40}}\|\s*
    )$""",
    re.VERBOSE | re.IGNORECASE,
)
_BREADCRUMB = re.compile(r"^home\b(?:\s*[»>/›|]\s*|\s+)\S", re.IGNORECASE)


def boilerplate_reason(line: str) -> str:
    """Why the line is a page's navigation ("navigation", "byline"), or "" where it is not."""
    words = line.strip()
    if not words or len(words) > 160:
        return ""
    if _NAVIGATION.match(words):
        return "navigation"
    if _BYLINE.match(words):
        return "byline"
    return ""


def is_breadcrumb(line: str, others: frozenset[str]) -> bool:
    """Whether the line is a trail from "Home" down to a page whose title is another line.

    `others` holds the other lines of the text, as `fingerprint` gives them.
    """
    if not _BREADCRUMB.match(line.strip()):
        return False
    own = fingerprint(line)
    return any(own.endswith(" " + other) for other in others if len(other) > 8)


def fingerprint(line: str) -> str:
    """The line's words, lower case, punctuation and plural or possessive s gone: equal for
    lines that a reader would call the same."""
    words = re.findall(r"\w+", re.sub(r"['’]s\b", "", line.lower()))
    return " ".join(word[:-1] if len(word) > 3 and word.endswith("s") else word for word in words)
