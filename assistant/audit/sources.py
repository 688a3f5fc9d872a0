"""The sources: the units of the found passages that may support or contradict a sentence."""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass

from assistant.claims import Support
from assistant.english.contradiction import Part
from assistant.english.statements import refers_back
from assistant.english.values import Names, content, is_value
from corpus.document import Kind, Passage
from index.hits import Hit
from index.passages import PassageStore
from index.rendering import path_text, row_parts, unit_text
from index.search import Searcher

_MAX_HITS = 10
_MAX_SOURCES = 40  # units that are compared with a sentence
_BATCH = 500  # passages that are loaded at once


@dataclass(frozen=True, slots=True)
class Source:
    """A unit of a passage, the parts of it that each say something, and what stands above them: the
    headings, and the sentence that it refers back to."""

    support: Support
    parts: tuple[Part, ...]
    above: str

    @classmethod
    def of(cls, support: Support) -> "Source":
        """A sentence has one part, a row one for each cell."""
        passage, unit = support.passage, support.unit
        above = path_text(passage)
        place = passage.units.index(unit)
        if place and refers_back(passage.source(unit)):
            above = f"{above}. {unit_text(passage, passage.units[place - 1])}"
        if unit.kind is not Kind.ROW or not unit.cells:
            return cls(support, (Part(support.text, support.text),), above)
        cells = list(row_parts(passage, unit))
        label = " ".join(text for _, text, is_label in cells if is_label)
        whole = "; ".join(f"{heading}: {text}" if heading else text for heading, text, _ in cells)
        if is_value(label):  # a row is about a date only as its other cells say
            return cls(support, (Part(whole, whole, cell=label),), above)
        parts = (
            Part(f"{label}, {heading}: {text}", whole, label, text)
            for heading, text, is_label in cells
            if not is_label
        )
        return cls(support, tuple(parts), above)


def find_sources(
    searcher: Searcher,
    question: str,
    sentence: str,
    asked: Sequence[Hit],
    is_own: Callable[[Passage], bool],
) -> list[Source]:
    """Returns the units that are nearest to a sentence in meaning and words, best first, among
    what is found for it and `asked`, what was found for its question. Passages that are the FAQ's
    own are left out."""
    found = searcher.search(f"{question} {sentence}", _MAX_HITS).hits
    seen = {hit.ordinal for hit in found}
    hits = [*found, *(hit for hit in asked if hit.ordinal not in seen)]
    wanted = {*content(sentence)}
    scored: list[tuple[float, Source]] = []
    for hit in hits:
        if is_own(hit.passage):
            continue
        for unit, cosine in zip(hit.passage.units, hit.unit_scores, strict=True):
            if unit.kind is not Kind.HEADER:
                source = Source.of(Support(hit.passage, unit))
                have = {*content(source.support.text)}
                shared = len(wanted & have) / max(1, len(wanted))
                scored.append((cosine + shared, source))
    scored.sort(key=lambda each: -each[0])
    return [source for _, source in scored[:_MAX_SOURCES]]


def names_in(passages: PassageStore, texts: Collection[str]) -> Names:
    """Returns the names in all passages and in the texts. Reads every passage once."""

    def bodies() -> Iterator[str]:
        ordinals = passages.ordinals.tolist()
        for start in range(0, len(ordinals), _BATCH):
            for entry in passages.get(ordinals[start : start + _BATCH]):
                yield entry.passage.body

    return Names([*bodies(), *texts])
