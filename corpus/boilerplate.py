"""Recognises lines that belong to a web page but not to its content: navigation, share links,
bylines and breadcrumbs, by their wording.

Looks at one line at a time. Boilerplate that only its neighbours reveal (repeated lines, captions)
is found in corpus.plaintext.
"""

import re

# (?<!\.) spares sentences: "Log in to your account." is an instruction, not a link.
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
    | (?:sign|log)\ (?:in|up|out)\b(?:\W+\w+){0,4}\W*(?<!\.) | subscribe\b.{0,60}(?<!\.)
    | leave\ a\ (?:comment|reply)\W*
    | (?:accept|reject|manage)\ (?:all\ )?cookies\W* | (?:we|this\ site)\ uses?\ cookies\b.*
    | (?:all\ rights\ reserved|copyright\b|©).{0,80} | (?:table\ of\ )?contents | click\ here\W*
    | (?:\S.{0,80}\s{3,})?page\ \d{1,4}(?:\ ?(?:of|/)\ ?\d{1,4})? | -\ \d{1,4}\ -
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
# Characters.
_MAX_LINE = 160
_MAX_BREADCRUMB = 400


def boilerplate_reason(line: str) -> str:
    """Returns "navigation" or "byline" if the line is boilerplate, else ""."""
    text = line.strip()
    if not text or len(text) > _MAX_LINE:
        return ""
    if _NAVIGATION.match(text):
        return "navigation"
    return "byline" if _BYLINE.match(text) else ""


def is_breadcrumb(line: str, other_lines: frozenset[str]) -> bool:
    """Whether the line is a path from "Home" to a page title that is also a line of its own.

    `other_lines` holds the fingerprints of the text's other lines.
    """
    if len(line) > _MAX_BREADCRUMB or not _BREADCRUMB.match(line.strip()):
        return False
    words = fingerprint(line).split(" ")
    endings = (" ".join(words[at:]) for at in range(1, len(words)))
    return any(len(ending) > 8 and ending in other_lines for ending in endings)


def fingerprint(line: str) -> str:
    """Returns the line's words in lower case, without punctuation and plural or possessive s.

    Lines with the same fingerprint count as repeats of each other.
    """
    words = re.findall(r"\w+", re.sub(r"['’]s\b", "", line.lower()))
    return " ".join(word[:-1] if len(word) > 3 and word.endswith("s") else word for word in words)
