"""Gold questions for an evaluation without the FAQ: a place that is left out cannot be cited."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from corpus.document import Passage, Span
from corpus.gold import GoldQuestion


def without_places(
    questions: Sequence[GoldQuestion], passages: Iterable[Passage]
) -> list[GoldQuestion]:
    """The questions without the places that touch one of the passages. An answer to a question that
    has no place left is right if it states a gold answer; if there is none, the text of the place
    becomes one."""
    left_out: dict[str, list[Passage]] = {}
    for passage in passages:
        left_out.setdefault(passage.document, []).append(passage)

    def touched(document: str, span: Span) -> Passage | None:
        near = left_out.get(document, ())
        return next((p for p in near if p.start < span[1] and span[0] < p.end), None)

    kept = []
    for gold in questions:
        places = {span: touched(gold.document or "", span) for span in gold.spans}
        spans = tuple(span for span, passage in places.items() if not passage)
        texts = (passage.at(*span) for span, passage in places.items() if passage)
        answers = gold.answers or (() if spans else tuple(filter(None, texts)))
        also = tuple(place for place in gold.also if not touched(*place))
        document = gold.document if spans or not gold.spans else None
        kept.append(replace(gold, answers=answers, document=document, spans=spans, also=also))
    return kept
