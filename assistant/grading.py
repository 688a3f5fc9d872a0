"""Marking: whether an answer says what a gold question's answer says. Pure comparisons."""

import re
import string
from collections.abc import Sequence

from assistant.answer import Answer, Status
from corpus.document import Span
from corpus.gold import GoldQuestion
from index.terms import content_words, stems

# Share of a gold answer's content words that the answer must hold to say the same.
_SAYS = 0.75


def is_right(gold: GoldQuestion, answer: Answer) -> bool:
    """Answered, and either every gold span is at least half cited, or the answer says what one
    of the gold answers says."""
    if answer.status is Status.REFUSED:
        return False
    if gold.document and gold.spans:
        cited = [(c.start, c.end) for c in answer.citations if c.document == gold.document]
        if all(_overlap(span, cited) >= 0.5 for span in _merged(gold.spans)):
            return True
    return any(states(answer.text, wanted) for wanted in gold.answers)


def states(text: str, wanted: str) -> bool:
    """Whether the text holds the wanted answer: word for word, or most of its content words."""
    plain, short = normalize(strip_markers(text)), normalize(wanted)
    if short and f" {short} " in f" {plain} ":
        return True
    needed = stems(" ".join(content_words(wanted)))
    said = stems(strip_markers(text))
    if len(needed) < 3:
        return bool(needed) and needed <= said
    return len(needed & said) >= _SAYS * len(needed)


def _overlap(span: Span, cited: Sequence[Span]) -> float:
    start, end = span
    covered = {i for s, e in cited for i in range(max(s, start), min(e, end))}
    return len(covered) / (end - start)


def _merged(spans: Sequence[Span]) -> list[Span]:
    """Overlapping spans are alternatives for one thing: the shortest of them stands for all."""
    groups: list[list[Span]] = []
    reach = -1
    for span in sorted(spans):
        if groups and span[0] < reach:
            groups[-1].append(span)
        else:
            groups.append([span])
        reach = max(reach, span[1])
    return [min(group, key=lambda s: s[1] - s[0]) for group in groups]


def strip_markers(text: str) -> str:
    """An answer's text without the markers behind its sentences."""
    return re.sub(r" \[\d+\]", "", text)


def normalize(text: str) -> str:
    """SQuAD's normalisation: lower case, no punctuation, no articles."""
    bare = text.lower().translate(str.maketrans("", "", string.punctuation + "’‘“”–—"))
    return " ".join(re.sub(r"\b(?:a|an|the)\b", " ", bare).split())
