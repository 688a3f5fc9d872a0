"""Repairs: "What, no wait, who keeps the bees?" is asked as "who keeps the bees?".

Knows English forms of taking back what one has just said. After Shriberg, "Preliminaries to a
Theory of Speech Disfluencies" (1994): what is taken back, the words that say so, what is said
instead.
"""

import re

from index.terms import STOP_WORDS, content_words

_WORD = (
    r"(?:no|or|oh|wait|sorry|oops|whoops|uh+|u+m+|er+m*|rather|instead|actually|correction|i mean|"
    r"i meant|make that|scratch that|strike that|forget that|i guess)"
)
_MARK = re.compile(rf"[\s,.-]*\b{_WORD}\b(?:[\s,.-]+{_WORD}\b)*[\s,.:-]*", re.IGNORECASE)
# Alone, these are often meant as they are: "who has no bees?"
_WEAK = frozenset(("no", "wait", "sorry", "rather", "instead", "correction", "make that"))
# Alone, these say nothing.
_NO_MARK = frozenset(("or", "oh", "actually"))
# Alone, these take nothing back; "Um" may be a name, "er" a word of another language.
_HESITATION = re.compile(r"(?:uh+|u+m+|er[rm]+)$")
# How a question begins.
ASKING = (
    r"(?:(?:in|on|at|for|to|from|of|with|by) )?(?:what|which|who|whom|whose|when|where|why|how)\b"
)
_ASKED = re.compile(ASKING, re.IGNORECASE)
_LEAD = re.compile(r"^(?:and )?(?:tell me|i want(?:ed)? to know),? ", re.IGNORECASE)
# "Where did who built the mill?": begun, and begun again.
_AUXILIARY = r"(?:is|was|are|were|do|does|did|has|have|had|can|could|will|would)"
_FALSE_START = re.compile(
    rf"^(?:what|which|who|when|where|why|how) {_AUXILIARY} (?=(?:when|where|why|who) (?!is\b)\w+ "
    rf"|(?:what|how) {_AUXILIARY}\b|how (?:many|much|long|old|far)\b)",
    re.IGNORECASE,
)
_FILLER = re.compile(
    r"^(?:(?:um+|uh+|er+|hm+|well|ok(?:ay)?|so|hi|hello|hey|please|hm)\b[\s,.!-]*)+", re.IGNORECASE
)
_MOST = 4  # repairs of one message


def repaired(text: str) -> str:
    """The text as it was meant in the end, without fillers; as it is where nothing is left."""
    said = text
    for _ in range(_MOST):
        mended = _mended(said)
        if mended is None:
            break
        said = mended
    said = _FALSE_START.sub("", _FILLER.sub("", said))
    return said if content_words(said) and len(said) > 7 else text


def _mended(text: str) -> str | None:
    """The text after its first repair; None where it has none."""
    for mark in _MARK.finditer(text):
        before, after = text[: mark.start()], text[mark.end() :]
        said = re.findall(_WORD, mark.group(), re.IGNORECASE)
        alone = said[0] if len(said) == 1 else ""
        if alone.lower() in _NO_MARK or said[-1].lower() == "or" or not re.search(r"\w", after):
            continue
        if _HESITATION.match(alone):
            return f"{before} {after}".strip()
        if alone.lower() in ("um", "er"):
            continue
        weak, meant = alone.lower() in _WEAK, _LEAD.sub("", after)
        if before and _ASKED.match(meant) and _ASKED.match(before):
            return meant
        if not weak or (re.search(r"\d$", before) and re.match(r"\d", after)):
            return f"{_taken_back(before, after)} {after}" if before else after
    return None


def _taken_back(before: str, after: str) -> str:
    """What stands before a repair without the words that it replaces: back to the preposition or
    article that it begins with too, else the last word, or the last name."""
    words = before.split()
    opening = after.split()[0].lower()
    if opening in STOP_WORDS:
        same = [place for place, word in enumerate(words) if word.lower() == opening]
        if same and len(words) - same[-1] <= 5:
            return " ".join(words[: same[-1]])
    last = len(words) - 1
    while last > 1 and words[last][0].isupper() and words[last - 1][0].isupper():
        last -= 1
    return " ".join(words[: max(last, 1)])
