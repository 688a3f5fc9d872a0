"""Pairs that ask the same, and whether their answers contradict each other."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from assistant.audit.pairs import FaqPair
from assistant.english.contradiction import Contradiction, Part, Statement, contradiction
from assistant.english.opposites import contrasts
from assistant.english.values import Names, values_in
from index.encoder import Encoder
from index.terms import stems, words

# Cosine from which two questions mean the same, if neither names a thing or a number that the other
# does not; set by hand on the gold questions and their rewordings.
_MIN_COSINE = 0.9
_BLOCK = 512  # questions that are compared with all others at once
_MAX_OVERLAPS = 1000
_POLARITY = re.compile(r"\W*(yes|no)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Overlap:
    """Two pairs that ask the same. `difference` is what their answers contradict each other in,
    None if they do not."""

    one: FaqPair
    other: FaqPair
    difference: Contradiction | None


def find_overlaps(pairs: Sequence[FaqPair], encoder: Encoder, names: Names) -> Iterator[Overlap]:
    """Yields the pairs of pairs that ask the same, at most 1,000. Takes a second for 2,000 pairs
    besides encoding their questions."""
    if len(pairs) < 2:
        return
    vectors = encoder.encode_documents([pair.question for pair in pairs])
    count = 0
    for start in range(0, len(pairs), _BLOCK):
        cosines = vectors[start : start + _BLOCK] @ vectors.T
        for row, column in np.argwhere(cosines >= _MIN_COSINE).tolist():
            one, other = pairs[start + row], pairs[column]
            if start + row < column and _ask_the_same(one, other, names):
                yield Overlap(one, other, _difference(one, other, names))
                count += 1
                if count == _MAX_OVERLAPS:
                    return


def _ask_the_same(one: FaqPair, other: FaqPair, names: Names) -> bool:
    if words(one.question) == words(other.question):
        return True
    if contrasts(stems(one.question), stems(other.question)):
        return False
    keys = [{each.key for each in values_in(pair.question, names)} for pair in (one, other)]
    return keys[0] == keys[1]


def _difference(one: FaqPair, other: FaqPair, names: Names) -> Contradiction | None:
    """What one answer says and the other contradicts."""
    said, opposite = _POLARITY.match(one.answer), _POLARITY.match(other.answer)
    if said and opposite and said[1].lower() != opposite[1].lower():
        return Contradiction("negation", said[1], opposite[1], 1.0)
    for pair, second in ((one, other), (other, one)):
        parts = [Part(text, text) for text in second.sentences]
        for sentence in pair.sentences:
            statement = Statement(sentence, pair.question)
            if found := contradiction(statement, parts, second.question, names):
                return found
    return None
