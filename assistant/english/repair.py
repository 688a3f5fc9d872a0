"""Speech repairs: "What, no wait, who keeps the bees?" becomes "who keeps the bees?".

After Shriberg, "Preliminaries to a Theory of Speech Disfluencies" (1994): a repair has words that
are taken back, words that say so (here: the marker), and words that replace them.
"""

import re

from assistant.english.forms import QUESTION_START
from index.terms import STOP_WORDS, content_words

_MARKER_WORD = (
    r"(?:no|or|oh|wait|sorry|oops|whoops|uh+|u+m+|er+m*|rather|instead|actually|correction|i mean|"
    r"i meant|make that|scratch that|strike that|forget that|i guess)"
)
_MARKER = re.compile(
    rf"[\s,.-]*\b{_MARKER_WORD}\b(?:[\s,.-]+{_MARKER_WORD}\b)*[\s,.:-]*", re.IGNORECASE
)
# Alone, these often mean what they say: "who has no bees?"
_AMBIGUOUS = frozenset(("no", "wait", "sorry", "rather", "instead", "correction", "make that"))
# Alone, these are no marker.
_NOT_ALONE = frozenset(("or", "oh", "actually"))
# Alone, these take nothing back. Case counts: "Um" may be a name; and "er" is left out, a word of
# other languages.
_HESITATION = re.compile(r"(?:uh+|u+m+|er[rm]+)$")
_QUESTION_START = re.compile(QUESTION_START, re.IGNORECASE)
_INTRODUCTION = re.compile(r"^(?:and )?(?:tell me|i want(?:ed)? to know),? ", re.IGNORECASE)
# "Where did who built the mill?": a question begun twice.
_AUXILIARY = r"(?:is|was|are|were|do|does|did|has|have|had|can|could|will|would)"
_FALSE_START = re.compile(
    rf"^(?:what|which|who|when|where|why|how) {_AUXILIARY} (?=(?:when|where|why|who) (?!is\b)\w+ "
    rf"|(?:what|how) {_AUXILIARY}\b|how (?:many|much|long|old|far)\b)",
    re.IGNORECASE,
)
_FILLER = re.compile(
    r"^(?:(?:um+|uh+|er+|hm+|well|ok(?:ay)?|so|hi|hello|hey|please|hm)\b[\s,.!-]*)+", re.IGNORECASE
)
_MAX_REPAIRS = 4  # of one message
_MAX_WORDS_BACK = 5  # that a repair replaces
_MIN_CHARS = 8  # of what is left; a shorter rest is not a question


def repair(text: str) -> str:
    """The text without fillers, false starts and words taken back; unchanged if nothing
    meaningful would be left."""
    repaired = text
    for _ in range(_MAX_REPAIRS):
        next_repaired = _repair_once(repaired)
        if next_repaired is None:
            break
        repaired = next_repaired
    repaired = _FALSE_START.sub("", _FILLER.sub("", repaired))
    return repaired if content_words(repaired) and len(repaired) >= _MIN_CHARS else text


def _repair_once(text: str) -> str | None:
    """The text after its first repair; None if it has none."""
    for marker in _MARKER.finditer(text):
        before, after = text[: marker.start()], text[marker.end() :]
        found = re.findall(_MARKER_WORD, marker.group(), re.IGNORECASE)
        single = found[0] if len(found) == 1 else ""
        alone = single.lower()
        if alone in _NOT_ALONE or found[-1].lower() == "or" or not re.search(r"\w", after):
            continue
        if _HESITATION.match(single):
            return f"{before} {after}".strip()
        if alone in ("um", "er"):
            continue
        replacement = _INTRODUCTION.sub("", after)
        if before and _QUESTION_START.match(replacement) and _QUESTION_START.match(before):
            return replacement
        is_number = re.search(r"\d$", before) and re.match(r"\d", after)
        if alone not in _AMBIGUOUS or is_number:
            return f"{_without_reparandum(before, after)} {after}" if before else after
    return None


def _without_reparandum(before: str, after: str) -> str:
    """The words before a repair without those that it replaces: back to the preposition or article
    that it starts with too, else the last word, or the last name."""
    words = before.split()
    opening = after.split()[0].lower()
    if opening in STOP_WORDS:
        same = [place for place, word in enumerate(words) if word.lower() == opening]
        if same and len(words) - same[-1] <= _MAX_WORDS_BACK:
            return " ".join(words[: same[-1]])
    last = len(words) - 1
    while last > 1 and words[last][0].isupper() and words[last - 1][0].isupper():
        last -= 1
    return " ".join(words[: max(last, 1)])
