"""The proof: no sentence is shown unless the quotes it cites are verbatim and support it.

Knows texts, quotes and sentences. Must not know how the sentence came about.
"""

import re
from collections.abc import Sequence

from assistant.answer import Citation
from corpus.markup import strip_markup
from index.terms import words

_RUN_TOGETHER = re.compile(r"(?<=[^\W\d_A-Z])(?=[A-Z])|(?<=[)\]])(?=\w)")


def is_verbatim(text: str, citation: Citation) -> bool:
    """Whether the kept text at the citation's place is its quote, to the character."""
    inside = 0 <= citation.start < citation.end <= len(text)
    return inside and text[citation.start : citation.end] == citation.quote


def supports(sentence: str, quotes: Sequence[str]) -> bool:
    """Whether every word of the sentence stands in the quotes, in the same order.

    That is what a sentence taken from the material satisfies and an invented one does not; a
    sentence without words is supported by nothing.
    """
    said = words(_apart(sentence))
    given = iter([word for quote in quotes for word in words(_apart(strip_markup(quote)))])
    return bool(said) and all(any(word == other for other in given) for word in said)


def _apart(text: str) -> str:
    """The text with a space wherever a capital follows a small letter or a bracket: so cells that
    a scrape ran together are told apart, and names like JavaScript alike on both sides."""
    return _RUN_TOGETHER.sub(" ", text)
