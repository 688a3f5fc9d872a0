"""The proof: a sentence is shown only if the quotes it cites are verbatim and support it.

Knows texts, quotes and sentences; does not know who wrote the sentence.
"""

import re
from collections.abc import Sequence

from assistant.answer import Citation
from corpus.markup import strip_markup
from index.terms import words

_JOINED = re.compile(r"(?<=[^\W\d_A-Z])(?=[A-Z])|(?<=[)\]])(?=\w)")


def is_verbatim(text: str, citation: Citation) -> bool:
    """Whether the stored text at the citation's offsets is its quote, to the character."""
    is_inside = 0 <= citation.start < citation.end <= len(text)
    return is_inside and text[citation.start : citation.end] == citation.quote


def supports(sentence: str, quotes: Sequence[str]) -> bool:
    """Whether the quotes have every word of the sentence, in the same order.

    An extracted sentence passes; an invented one does not, nor does one without words.
    """
    stated = words(_separate(sentence))
    quoted = iter([word for quote in quotes for word in _words(quote)])
    return bool(stated) and all(any(word == other for other in quoted) for word in stated)


def supports_together(sentence: str, quotes: Sequence[str]) -> bool:
    """Whether the quotes have every word of the sentence, those of each quote in its order. The
    order of the quotes does not matter: the words of a row stand between its column headings."""
    stated = words(_separate(sentence))
    quoted = [_words(quote) for quote in quotes]
    # How many words of each quote may have been used so far.
    used = {(0,) * len(quoted)}
    for word in stated:
        used = {
            (*each[:n], quoted[n].index(word, each[n]) + 1, *each[n + 1 :])
            for each in used
            for n in range(len(quoted))
            if word in quoted[n][each[n] :]
        }
    return bool(stated and used)


def _words(quote: str) -> list[str]:
    return words(_separate(strip_markup(quote)))


def _separate(text: str) -> str:
    """The text with a space before each capital that follows a small letter or a bracket: scrapes
    join table cells. A name like JavaScript is split on both sides alike."""
    return _JOINED.sub(" ", text)
