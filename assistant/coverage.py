"""Coverage: which words of a question a text has, and how much that says. Pure functions."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from itertools import chain, pairwise

from assistant.english.question import Question
from index.bm25 import inverse_document_frequency
from index.synonyms import Alternatives
from index.terms import stem, words

# Words of the question that follow each other are close if they are at most this many words apart.
_NEAR = 3


@dataclass(frozen=True)
class WordWeights:
    """How rare each stem of the question is among the passages: BM25's inverse document frequency
    (natural logarithm, above 0; Robertson and Zaragoza 2009). `alternatives` holds the stems that
    say the same."""

    rarity: Mapping[str, float]
    alternatives: Alternatives = field(default_factory=dict)

    @cached_property
    def total(self) -> float:
        """The sum over all stems; 1 if there are none."""
        return sum(self.rarity.values()) or 1.0

    def coverage(self, own: frozenset[str]) -> float:
        """The share of the question's stems, by rarity, that are in a text; 0 to 1."""
        covered = (rarity for word, rarity in self.rarity.items() if self.is_in(word, own))
        return sum(covered) / self.total

    def is_in(self, word: str, text: frozenset[str]) -> bool:
        """Whether a stem of the question, or an alternative of it, is among the stems of a text."""
        return word in text or any(other <= text for other in self.alternatives.get(word, ()))


def word_weights(
    question: Question,
    document_frequency: Callable[[str], int],
    count: int,
    alternatives: Alternatives | None = None,
) -> WordWeights:
    """The rarity of the question's words among `count` passages. A word counts as being as frequent
    as the most frequent of its alternatives."""
    alternatives = alternatives or {}
    rarity = {}
    for word in question.subject:
        others = alternatives.get(stem(word), ())
        seen = [document_frequency(word)]
        seen += [min(document_frequency(each) for each in other) for other in others]
        rarity[stem(word)] = inverse_document_frequency(min(max(seen), count), count)
    return WordWeights(rarity, alternatives)


def close_neighbours(terms: Sequence[str], *texts: str) -> float:
    """The share of the pairs of terms in a row that stand within three words in the texts, which
    follow each other."""
    if len(terms) < 2:
        return 0.0
    wanted = frozenset(terms)
    places: dict[str, list[int]] = {}
    for place, word in enumerate(chain.from_iterable(map(_stem_sequence, texts))):
        if word in wanted:
            places.setdefault(word, []).append(place)
    pairs = [(places.get(one, ()), places.get(other, ())) for one, other in pairwise(terms)]
    close = (any(abs(a - b) <= _NEAR for a in one for b in other) for one, other in pairs)
    return sum(close) / len(pairs)


@lru_cache(maxsize=8192)  # many questions find the same passages
def _stem_sequence(text: str) -> tuple[str, ...]:
    return tuple(map(stem, words(text)))


def share_missing(wanted: Sequence[str], found: frozenset[str]) -> float:
    """The share of the wanted words that were not found; 0 if none are wanted."""
    return sum(word not in found for word in wanted) / len(wanted) if wanted else 0.0
