"""The scorer: one fitted model that sorts evidence and says how likely the best one answers.

Both are linear in the named features of the evidence. The order is a conditional logit (McFadden
1974) over the evidence for one question; the confidence is a logistic regression over the features
of the best evidence, its score and its lead. `assistant.training.fit` fits both on gold questions;
a build stores them with the generation.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from assistant.evidence import Evidence
from index.hits import Hit, SearchResult

# What a corrected misspelling takes off the logit of being right, in NoiseQA: 0.16 with natural and
# -0.07 with synthetic keyboard noise, against the same questions without noise; the mean of both.
_CORRECTED = 0.045
# The lead of evidence that has no rival in another passage.
MAX_LEAD = 5.0
_MAX_EXPONENT = 40.0  # far from overflow, and next to 1 as a probability


@dataclass(frozen=True)
class Scorer:
    """Weights by name of the feature, and the probability below which a question is refused.

    `order` makes the score, from which `offset` is subtracted: the mean of the best scores in the
    fit. `confidence` weighs the features, `score`, `lead` and `share`. `unread` makes the order in
    which evidence is read. `method` and `fitted_on` describe the fit for people who read the
    manifest.
    """

    order: Mapping[str, float]
    offset: float
    bias: float
    confidence: Mapping[str, float]
    threshold: float
    method: str = ""
    fitted_on: Mapping[str, int] = field(default_factory=dict)
    unread: Mapping[str, float] = field(default_factory=dict)

    def sort(self, evidence: Sequence[Evidence]) -> list[Evidence]:
        """The evidence with its scores, best first; of equals, the first passage and place."""
        scored = [replace(each, score=self.score(each)) for each in evidence]
        return sorted(scored, key=lambda e: (-e.score, e.hit.ordinal, e.places))

    def sort_unread(self, evidence: Sequence[Evidence]) -> list[Evidence]:
        """The evidence in the order in which it is worth reading, best first."""
        return sorted(evidence, key=lambda e: -_weighted(self.unread, e.features.values()))

    def score(self, evidence: Evidence) -> float:
        """How well the evidence answers, against other evidence for the same question."""
        return _weighted(self.order, evidence.features.values()) - self.offset

    def probability(
        self, best: Evidence, evidence: Sequence[Evidence], is_corrected: bool = False
    ) -> float:
        """0 to 1: how likely the documents answer the question with the best of the evidence.
        `is_corrected` is whether a misspelling was taken for a word of the documents."""
        values = confidence_values(best, evidence)
        logit = self.bias + _weighted(self.confidence, values)
        if is_corrected:
            logit -= _CORRECTED
        return _sigmoid(logit)

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> "Scorer":
        """From the dictionary in a manifest. Raises TypeError if its keys are others."""
        return cls(**stored)


def confidence_values(best: Evidence, evidence: Sequence[Evidence]) -> dict[str, float]:
    """What the confidence weighs: the features, the score, the lead over the best evidence of
    another passage, and the probability of the best passage by the order, `share`."""
    rivals = [each.score for each in evidence if each.hit is not best.hit]
    lead = best.score - max(rivals) if rivals else MAX_LEAD
    odds = [math.exp(min(_MAX_EXPONENT, each.score - best.score)) for each in evidence]
    own = sum(odd for odd, each in zip(odds, evidence, strict=True) if each.hit is best.hit)
    return best.features.values() | {
        "score": best.score,
        "lead": max(-MAX_LEAD, min(MAX_LEAD, lead)),
        "share": own / sum(odds),
    }


def rank_hits(found: SearchResult, evidence: Sequence[Evidence]) -> tuple[Hit, ...]:
    """The hits in the order of their best evidence, with scores of 0 to 1; those without evidence
    come last. `evidence` is sorted, best first."""
    scores: dict[int, float] = {}
    for each in evidence:
        scores.setdefault(each.hit.ordinal, _sigmoid(each.score))
    ranked = [replace(hit, score=scores.get(hit.ordinal, 0.0)) for hit in found.hits]
    return tuple(sorted(ranked, key=lambda hit: -hit.score))


def _sigmoid(logit: float) -> float:
    return 1.0 / (1.0 + math.exp(-max(-_MAX_EXPONENT, min(_MAX_EXPONENT, logit))))


def _weighted(weights: Mapping[str, float], values: Mapping[str, float]) -> float:
    return sum(weight * values.get(name, 0.0) for name, weight in weights.items())
