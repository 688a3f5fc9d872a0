"""A named thing carried along: after a question about one hotel, "Are pets allowed?" means there.

Such a question is complete, so its words do not tell. The documents do: the best passage for it
stands below one name, and a passage below the name that was talked about is as good.
"""

import re
from collections.abc import Callable, Sequence

from assistant.answer import Turn
from assistant.english.opposites import contrasts
from assistant.english.phrases import noun_phrases, tokenize
from index.hits import Hit, SearchResult
from index.terms import STOP_WORDS, stem, stems, words

# Latest turns in which a name is looked for, and the characters of each that are read.
_MAX_TURNS = 8
_MAX_TURN_CHARS = 400
# How much less similar to the question a passage below the name may be than the best of all; set
# by hand on venues with the same questions each.
_MARGIN = 0.12
# "Which other hotels …?" asks about more than the one that was talked about.
_ASKS_FOR_OTHERS = re.compile(
    r"\b(?:other|others|else|another|all|every|each|any of|instead|alternatives?|overall|"
    r"in general)\b",
    re.IGNORECASE,
)


def conversation_text(history: Sequence[Turn]) -> str:
    """The latest turns in one text, "" if there are none."""
    return "\n".join(turn.text[:_MAX_TURN_CHARS] for turn in history[-_MAX_TURNS:])


def names_in(conversation: str) -> str:
    """The names of a conversation, to be searched for."""
    found = (
        phrase.text
        for line in conversation.split("\n")
        for phrase in noun_phrases(line)
        if phrase.is_name
    )
    return " ".join(dict.fromkeys(found))


def carried_name(
    question: str,
    conversation: str,
    found: SearchResult,
    near: SearchResult,
    is_common: Callable[[str], bool],
) -> str | None:
    """The title or heading to add to the question, None if it needs none.

    `found` are the hits for the question alone, `near` those with the names of the conversation.
    `is_common` says whether a lower-case word is an everyday word rather than a name.
    """
    if not found.hits or _ASKS_FOR_OTHERS.search(question):
        return None
    best = found.hits[0]
    least = _similarity(best) - _MARGIN
    asked = {stem(word) for word in words(question)}
    said = _Mentions(conversation, frozenset(words(question)), is_common)
    options = []
    for rank, hit in enumerate((*found.hits, *near.hits)):
        if _similarity(hit) < least:
            continue
        for label in _labels(hit):
            if _names(label, asked) or _differs(question, label):
                continue
            if (place := said.last(label)) >= 0:
                options.append((-place, -_similarity(hit), rank, label, hit))
    if not options:
        return None
    *_, label, chosen = min(options, key=lambda option: option[:3])
    near_best = [hit for hit in found.hits if _similarity(hit) >= least]
    if all(label in _labels(hit) for hit in near_best):
        return None  # nothing else could answer
    other = set(_labels(best)) - set(_labels(chosen))
    return None if any(_names(each, asked) for each in other) else label


def below_name(hits: Sequence[Hit], name: str) -> tuple[Hit, ...]:
    """The hits below a title or heading, so that no other answers in its place; all if none is."""
    return tuple(hit for hit in hits if name in _labels(hit)) or tuple(hits)


class _Mentions:
    """Where a conversation mentions a title or heading."""

    def __init__(
        self, conversation: str, asked: frozenset[str], is_common: Callable[[str], bool]
    ) -> None:
        """Names that the question has itself, whose words are `asked`, do not count."""
        self._is_common = is_common
        self._words = " " + " ".join(words(conversation)) + " "
        lines = conversation.split("\n")
        names = [
            frozenset(word for t in phrase.tokens if _is_proper(t.text) for word in words(t.text))
            for line in lines
            for phrase in noun_phrases(line)
            if phrase.is_name
        ]
        self._names = [name for name in names if name and not name <= asked]

    def last(self, label: str) -> int:
        """The place of the last mention, -1 if there is none. A label of one word must be said as a
        name; of a longer one, the words that make the name suffice. "Opening hours" is no name."""
        label_words = words(label)
        is_name = len(label_words) >= 2 and all(
            _is_proper(token.text) for token in tokenize(label) if token.word not in STOP_WORDS
        )
        if is_name or (label_words and not self._is_common(label_words[0])):
            place = self._words.rfind(" " + " ".join(label_words) + " ")
            if place >= 0:
                return place
        for name in reversed(self._names):
            if name <= set(label_words):
                last = max(name, key=len)
                return self._words.rfind(f" {last} ")
        return -1


def _differs(question: str, label: str) -> bool:
    """Whether a question has another version or code than a label, or the opposite of its words."""
    own, other = (
        {token.word for token in tokenize(text) if token.has_digit} for text in (question, label)
    )
    return bool(own and other and not own & other) or contrasts(stems(question), stems(label))


def _is_proper(word: str) -> bool:
    return word[0].isupper() or any(character.isdigit() for character in word)


def _similarity(hit: Hit) -> float:
    return max(hit.passage_score, hit.unit_score)


def _labels(hit: Hit) -> tuple[str, ...]:
    return tuple(dict.fromkeys((hit.passage.title, *hit.passage.headings)))


def _names(label: str, asked: set[str]) -> bool:
    """Whether the words of a question name a title or heading."""
    label_words = {stem(word) for word in words(label) if word not in STOP_WORDS}
    return bool(label_words) and label_words <= asked
