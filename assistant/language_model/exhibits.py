"""Exhibits: the excerpts that a language model sees, with numbered parts.

An exhibit is a found passage, or the best part of a long one; its parts are the units that can be
quoted. Ids are positions: "3" is the third exhibit, "3.2" its second part.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from assistant.evidence import Evidence
from corpus.document import Kind, Passage
from index.hits import Hit
from index.rendering import path_text, unit_text

MAX_EXHIBITS = 12
# Words of one exhibit, and of all. A part longer than the first is shortened.
_MAX_WORDS, _MAX_ALL_WORDS = 180, 1_600


@dataclass(frozen=True)
class Exhibit:
    """What is shown of a passage. `places` are those of its parts among the passage's units."""

    source: str
    parts: tuple[str, ...]
    places: tuple[int, ...] = ()
    passage: Passage | None = field(default=None, repr=False)


def exhibits_of(hits: Sequence[Hit], evidence: Sequence[Evidence]) -> list[Exhibit]:
    """The passages as exhibits, the best first; of a long one, what is around its best evidence.
    `hits` and `evidence` are sorted, best first."""
    best = {each.hit.ordinal: each for each in reversed(evidence)}
    exhibits: list[Exhibit] = []
    room = _MAX_ALL_WORDS
    for hit in hits[:MAX_EXHIBITS]:
        if hit.ordinal in best:
            exhibit = _exhibit(hit.passage, best[hit.ordinal].places[0])
            room -= sum(len(part.split()) for part in exhibit.parts)
            if exhibits and room < 0:
                break
            exhibits.append(exhibit)
    return exhibits


def _exhibit(passage: Passage, place: int) -> Exhibit:
    """The units around a place, as many as there is room for."""
    texts = {
        n: _shortened(unit_text(passage, unit))
        for n, unit in enumerate(passage.units)
        if unit.kind is not Kind.HEADER
    }
    places = sorted(texts)
    first = last = places.index(place) if place in texts else 0
    words = len(texts[places[first]].split())
    while first > 0 or last + 1 < len(places):
        after = len(texts[places[last + 1]].split()) if last + 1 < len(places) else _MAX_WORDS
        before = len(texts[places[first - 1]].split()) if first > 0 else _MAX_WORDS
        if words + min(after, before) > _MAX_WORDS:
            break
        if after <= before:
            last, words = last + 1, words + after
        else:
            first, words = first - 1, words + before
    kept = tuple(places[first : last + 1])
    return Exhibit(path_text(passage), tuple(texts[n] for n in kept), kept, passage)


def _shortened(text: str) -> str:
    words = text.split()
    return text if len(words) <= _MAX_WORDS else f"{' '.join(words[:_MAX_WORDS])} …"
