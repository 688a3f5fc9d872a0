"""Keeps the evidence that speaks of what the question names exactly: the version, the error code,
the part. Evidence on P2 does not answer a question on P3.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from assistant.demands import Demand, Mode, demands_of
from assistant.english.question import Question
from assistant.evidence import Evidence
from corpus.document import Passage
from index.identifiers import IdentifierKind

# A version that stands for others as well: "3.2 or later", "since 3.2", "8.0+".
_RANGE = re.compile(
    r"\d\+|\d (?:or|and) (?:later|newer|higher|above|up|earlier|older|below|lower)\b|"
    r"(?:[≥≤<>]=?|\b(?:since|from|until|before|after|up to|at least|minimum|prior to|than))"
    r" ?(?:\w+ ){0,2}v?\d|\d ?(?:[–—-]|to|through) ?(?:\w+ )?v?\d"
)


def evidence_on_identifiers(question: Question, evidence: Sequence[Evidence]) -> list[Evidence]:
    """Returns the evidence that speaks of the identifiers of the question, in the same order; none
    if an identifier is demanded that no evidence names, or if the best is on another one instead.

    Identifiers of one kind are alternatives, as the versions of one product: a comparison is
    answered by evidence on either.
    """
    demands = sorted(demands_of(question), key=_kind_of)
    kept = list(evidence)
    for _, group in groupby(demands, key=_kind_of):
        same_kind = list(group)
        texts = [_Texts.of(each) for each in kept]
        is_named = [any(each.name(demand) for each in texts) for demand in same_kind]
        pairs = zip(same_kind, is_named, strict=True)
        if any(demand.mode is Mode.NAMED and not found for demand, found in pairs):
            return []
        met = [any(each.meet(demand) for demand in same_kind) for each in texts]
        is_demanded = any(demand.mode is not Mode.PREFERRED for demand in same_kind)
        if is_demanded and not any(is_named) and not all(met[:1]):
            return []  # the best evidence is on another one
        if is_demanded or any(is_named):
            kept = [each for each, is_met in zip(kept, met, strict=True) if is_met]
    return kept


def _kind_of(demand: Demand) -> tuple[IdentifierKind, str]:
    return demand.kind, demand.name


@dataclass(frozen=True)
class _Texts:
    """What evidence says, in lower case: the unit, what stands around it, and what it is below,
    the nearest heading first."""

    unit: str
    passage: str
    above: tuple[str, ...]

    @classmethod
    def of(cls, evidence: Evidence) -> "_Texts":
        passage = evidence.passage
        return cls(evidence.text.lower(), passage.text.lower(), tuple(_above(passage)))

    def name(self, demand: Demand) -> bool:
        """Whether the evidence, or what is around it, names what is demanded."""
        return any(demand.has(text) for text in (self.unit, self.passage, *self.above))

    def meet(self, demand: Demand) -> bool:
        """Whether the evidence speaks of what is demanded, and not of another."""
        if demand.has(self.unit):
            return True
        above = next((t for t in self.above if demand.has(t) or demand.names_other(t)), "")
        if demand.has(above) and not demand.names_other(above):
            return True
        stands_for_others = (
            demand.kind in (IdentifierKind.VERSION, IdentifierKind.NUMBERED)
            and _RANGE.search(self.unit) is not None
        )
        if demand.names_other(self.unit) and not stands_for_others:
            return False
        if demand.has(self.passage) or stands_for_others:
            return True
        return demand.mode is not Mode.NAMED and not demand.names_other(above)


def _above(passage: Passage) -> Iterator[str]:
    yield (passage.question or "").lower()
    yield from (heading.lower() for heading in reversed(passage.headings))
    yield passage.title.lower()
    yield passage.document.lower()
