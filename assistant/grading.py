"""Grading: whether an answer is right by its gold question. Pure comparisons."""

import re
import string
from collections.abc import Sequence

from assistant.answer import Answer, Status
from corpus.document import Span
from corpus.gold import GoldQuestion
from index.terms import content_words, stems

# Share of a gold answer's content words that a text must have to state it; set by hand.
_MIN_SHARED_WORDS = 0.75
# Share of a gold span that must be cited.
_MIN_CITED = 0.5
_SPACES = re.compile(r"[\u00a0\u202f]")
_PUNCTUATION = str.maketrans("", "", string.punctuation + "’‘“”–—")


def is_right(gold: GoldQuestion, answer: Answer) -> bool:
    """Whether it is answered, and at least half of every gold span is cited or the text states one
    of the gold answers. If there are keywords: whether they are shown, and a gold place is cited if
    any is known."""
    if answer.status is Status.REFUSED:
        return False
    if gold.keywords:
        has_place = bool(gold.spans or gold.also)
        return has_keywords(gold, answer) and (cites(gold, answer) or not has_place)
    if gold.document and gold.spans:
        cited = [(c.start, c.end) for c in answer.citations if c.document == gold.document]
        if all(share_covered(span, cited) >= _MIN_CITED for span in without_overlaps(gold.spans)):
            return True
    return any(states(answer.text, wanted) for wanted in gold.answers)


def cites(gold: GoldQuestion, answer: Answer) -> bool:
    """Whether a citation touches one of the places of the answer."""
    return any(is_place_of(gold, c.document, (c.start, c.end)) for c in answer.citations)


def is_place_of(gold: GoldQuestion, document: str, span: Span) -> bool:
    """Whether the span of the document touches one of the places of the answer."""
    places = [*((gold.document, each) for each in gold.spans), *gold.also]
    return any(
        document == other and min(end, span[1]) > max(start, span[0])
        for other, (start, end) in places
    )


def has_keywords(gold: GoldQuestion, answer: Answer) -> bool:
    """Whether the answer or its quotes have one keyword of every group."""
    texts = [answer.text, *(citation.quote for citation in answer.citations)]
    shown = _SPACES.sub(" ", " ".join(texts)).lower()
    return all(any(word.lower() in shown for word in group) for group in gold.keywords)


def states(text: str, wanted: str) -> bool:
    """Whether the text has the wanted answer: word for word, or most of its content words."""
    plain, short = normalize(strip_markers(text)), normalize(wanted)
    if short and f" {short} " in f" {plain} ":
        return True
    needed = stems(" ".join(content_words(wanted)))
    stated = stems(strip_markers(text))
    if len(needed) < 3:
        return bool(needed) and needed <= stated
    return len(needed & stated) >= _MIN_SHARED_WORDS * len(needed)


def strip_markers(text: str) -> str:
    """An answer's text without the markers [1] behind its sentences."""
    return re.sub(r" \[\d+\]", "", text)


def normalize(text: str) -> str:
    """SQuAD's normalization: lower case, no punctuation, no articles."""
    bare = text.lower().translate(_PUNCTUATION)
    return " ".join(re.sub(r"\b(?:a|an|the)\b", " ", bare).split())


def share_covered(span: Span, others: Sequence[Span]) -> float:
    """The share of the span's characters that others cover, 0 to 1."""
    start, end = span
    covered = {i for s, e in others for i in range(max(s, start), min(e, end))}
    return len(covered) / (end - start)


def without_overlaps(spans: Sequence[Span]) -> list[Span]:
    """Overlapping spans are alternatives: only the shortest of each group is needed."""
    groups: list[list[Span]] = []
    reach = -1
    for span in sorted(spans):
        if groups and span[0] < reach:
            groups[-1].append(span)
        else:
            groups.append([span])
        reach = max(reach, span[1])
    return [min(group, key=lambda s: s[1] - s[0]) for group in groups]
