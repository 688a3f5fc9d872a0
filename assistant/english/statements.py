"""Forms of English statements: bare titles and links, and sentences that refer back."""

import re

# Up to five words without a full stop: the line names what follows it, as a heading does.
_BARE_TITLE = re.compile(r"^[^\w\n]*(?:[^\W\d_]+[ ,&/'’-]+){0,4}[^\W\d_]+[^\w.!?:;]*$")
# A Markdown link that nothing is said about: "[Prices](prices.md)".
_BARE_LINK = re.compile(r"\W*\[[^\]]*\](?:\([^)]*\)|\[[^\]]*\])?\W*")
_REFERS_BACK = re.compile(
    r"^\W*(?:they|it|he|she|this|that|these|those|them|such|both|otherwise|however|then|also|"
    r"instead|in (?:this|that|these|those|such) cases?|if (?:so|not)|but|so|therefore|for example)"
    r"\b(?!\s+(?:is|was) (?:possible|important|necessary|recommended))",
    re.IGNORECASE,
)

_KEY = re.compile(r"^(.{3,60}?)(?::| [–—-]) ")


def is_bare_title(text: str) -> bool:
    """Whether the text is a few words that only name what follows."""
    return bool(_BARE_TITLE.match(text))


def is_bare_link(text: str) -> bool:
    """Whether the text is a Markdown link alone."""
    return bool(_BARE_LINK.fullmatch(text))


def refers_back(sentence: str) -> bool:
    """Whether a sentence cannot be understood without the one before it: it starts with a pronoun
    or a word that continues an argument."""
    return bool(_REFERS_BACK.match(sentence))


def key_of(item: str) -> str:
    """What a list item is about: the words before its colon or dash; "" if it has none."""
    found = _KEY.match(item)
    return found[1] if found else ""
