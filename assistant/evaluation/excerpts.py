"""Spans of a document in their context, to be read by a person."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from corpus.document import Span

_CONTEXT = 200  # characters on each side
_ELLIPSIS = "…"

Labelled = tuple[Span, str]


@dataclass(frozen=True, slots=True)
class Excerpt:
    """A piece of a document. Its text is that of all `parts`, each with the label of the span that
    it belongs to, "" if it lies between spans. An ellipsis stands for the rest of the document."""

    document: str
    parts: tuple[tuple[str, str], ...]


def excerpts(document: str, text: str, spans: Iterable[Labelled]) -> list[Excerpt]:
    """Returns the pieces of the text that have the labelled spans; near spans share a piece."""
    return [Excerpt(document, tuple(_parts(text, group))) for group in _groups(spans)]


def _groups(spans: Iterable[Labelled]) -> list[list[Labelled]]:
    groups: list[list[Labelled]] = []
    reach = 0
    for labelled in sorted(spans):
        (start, end), _ = labelled
        if groups and start <= reach + _CONTEXT:
            groups[-1].append(labelled)
        else:
            groups.append([labelled])
        reach = max(reach, end)
    return groups


def _parts(text: str, group: Sequence[Labelled]) -> Iterator[tuple[str, str]]:
    """The parts of one piece. A span that overlaps an earlier one gets what is left of it; the
    label of one that lies within another is not shown."""
    at = group[0][0][0]
    yield _before(text, at), ""
    for (start, end), label in group:
        if start > at:
            yield text[at:start], ""
        if end > at:
            yield text[max(start, at) : end], label
            at = end
    yield _after(text, at), ""


def _before(text: str, end: int) -> str:
    """The words before a span."""
    if end <= _CONTEXT:
        return text[:end]
    return _ELLIPSIS + re.sub(r"\A\S*", "", text[end - _CONTEXT : end])


def _after(text: str, start: int) -> str:
    """The words after a span."""
    end = start + _CONTEXT
    if end >= len(text):
        return text[start:]
    return re.sub(r"\S*\Z", "", text[start:end]) + _ELLIPSIS
