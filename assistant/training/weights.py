"""The two fits behind the scorer: the order of the evidence, and the confidence in the best of it.

Method: every gold question goes through the search, and all evidence for it is labelled right or
wrong by its gold answer. The order is a conditional logit over the evidence for one question, which
maximises the probability of the right evidence and prefers the shorter of it. The confidence is a
logistic regression over the best evidence, with both classes weighing alike. Each set weighs as
the square root of its number of questions. Both are fitted with an L2 penalty on standardised
features, with and without the reader's. Where it is known, a weight keeps its sign: an exact number
never makes evidence worse.

The plain order says what is read first; it is fitted to all sets.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from assistant.evidence import Features
from assistant.metrics import area_under_risk, auroc, calibration_error, coverage_at, reliability
from assistant.scorer import MAX_LEAD, Scorer

Matrix = NDArray[np.float64]
Flags = NDArray[np.bool_]

FEATURES = tuple(each.name for each in fields(Features))
_EXTRA = ("score", "lead", "share")  # what the confidence weighs beside the features
READER_FEATURES = frozenset({"unread", "reader"})
EVERY = np.ones(len(FEATURES), dtype=bool)
PLAIN = np.array([name not in READER_FEATURES for name in FEATURES])
# What the order cannot use, because it is the same for all evidence for a question.
_CONSTANT = frozenset({"brevity"})
# What says which evidence is better, not whether it answers; too rare for a weight of its own.
_ORDER_ONLY = frozenset({"remedy"})
# L2 penalties for standardised features; set on five folders of documentation, each left out.
_ORDER_PENALTY, _CONFIDENCE_PENALTY = 0.1, 0.01
# Features of which more is never worse, and never better.
_GOOD = frozenset(
    "similarity mean_similarity passage question whole_answer rank words coverage headed_coverage "
    "heading_coverage neighbours decides instructs remedy asked_list reader score lead "
    "share".split()
)
_BAD = frozenset("names numbers type_missing contrast outline incomplete unread".split())
# How much the shortest right evidence counts against any right evidence: with 0 answers become
# twice as long, with 1 they are often cut off.
_SHORTEST = 0.4
# The words of an answer below which a shorter one is no better.
_MIN_WORDS = 6


@dataclass(frozen=True)
class Asked:
    """The evidence for one question: `features` is [evidence, features]; `right`, `words` and
    `passages` have a value for each, the last the passage's place among the hits."""

    features: Matrix
    right: Flags
    words: Matrix
    passages: NDArray[np.int64]
    answerable: bool
    is_located: bool  # Whether wrong evidence is known to be wrong.


@dataclass(frozen=True)
class Sample:
    """The questions of one set."""

    name: str
    asked: Sequence[Asked]

    @property
    def weight(self) -> float:
        """The weight of each of its questions."""
        return 1.0 / float(np.sqrt(max(1, len(self.asked))))


@dataclass(frozen=True)
class Fit:
    """Weights over standardised features, in the order of `FEATURES`, and of the confidence also
    of score, lead and share; a mask says which features are used."""

    mean: Matrix
    deviation: Matrix
    order: Matrix
    offset: float
    bias: float
    confidence: Matrix

    def standard(self, features: Matrix) -> Matrix:
        """Standardised features."""
        standard: Matrix = (features - self.mean) / self.deviation
        return standard

    def scores(self, asked: Asked) -> Matrix:
        """The score of each piece of evidence."""
        scores: Matrix = self.standard(asked.features) @ self.order - self.offset
        return scores

    def best(self, asked: Asked) -> int:
        """The place of the best evidence."""
        return int(np.argmax(self.scores(asked)))

    def probability(self, asked: Asked) -> float:
        """The confidence in the best evidence, 0 to 1."""
        logit = self.bias + float(_confidence_row(self, asked) @ self.confidence)
        return float(1.0 / (1.0 + np.exp(-logit)))

    def scorer(self, threshold: float, samples: Sequence[Sample]) -> Scorer:
        """The weights over plain features, by name."""
        own = self.confidence[: len(FEATURES)]
        order, confidence = self.order / self.deviation, own / self.deviation
        extra = zip(_EXTRA, self.confidence[len(FEATURES) :], strict=True)
        return Scorer(
            order=_by_name(order),
            offset=round(self.offset + float(order @ self.mean), 4),
            bias=round(self.bias - float(confidence @ self.mean), 4),
            confidence=_by_name(confidence) | {name: round(float(w), 4) for name, w in extra},
            threshold=round(threshold, 4),
            method="conditional logit for the order, logistic regression for the confidence, L2",
            fitted_on={sample.name: len(sample.asked) for sample in samples},
        )


def fit(samples: Sequence[Sample], used: Flags) -> Fit:
    """Fits the order and the confidence to the samples, with the features that are used."""
    rows = np.concatenate([asked.features for sample in samples for asked in sample.asked])
    count = len(FEATURES)
    fitted = Fit(
        mean=rows.mean(axis=0),
        deviation=np.where(used & (rows.std(axis=0) > 1e-6), rows.std(axis=0), np.inf),
        order=np.zeros(count),
        offset=0.0,
        bias=0.0,
        confidence=np.zeros(count + len(_EXTRA)),
    )
    fitted = replace(fitted, order=_fit_order(samples, fitted))
    best = [fitted.scores(asked).max() for sample in samples for asked in sample.asked]
    fitted = replace(fitted, offset=float(np.mean(best)))
    bias, confidence = _fit_confidence(samples, fitted)
    return replace(fitted, bias=bias, confidence=confidence)


def measure(fitted: Fit, sample: Sample, threshold: float) -> dict[str, float]:
    """Measures of a fit on one set. Risk counts an answer as wrong if the question is unanswerable,
    or if the answer is known to be elsewhere."""
    confidence = np.array([fitted.probability(asked) for asked in sample.asked])
    answerable = np.array([asked.answerable for asked in sample.asked])
    chosen = np.array([bool(asked.right[fitted.best(asked)]) for asked in sample.asked])
    answered = confidence >= threshold
    weights = np.where(answerable, answerable.sum(), (~answerable).sum())
    bins = reliability(confidence, answerable, 0.5 / np.maximum(weights, 1))
    return {
        "questions": float(len(confidence)),
        "best evidence is right": _mean(chosen[answerable]),
        "right and answered": _mean((chosen & answered)[answerable]),
        "wrongly refused": _mean(~answered[answerable]),
        "refused": _mean(~answered[~answerable]),
        "auroc": auroc(confidence[answerable].tolist(), confidence[~answerable].tolist()),
        "calibration error": calibration_error(bins),
        "area under risk": area_under_risk(confidence, chosen & answerable),
        "coverage at risk 0.2": coverage_at(confidence, chosen & answerable, 0.2),
    }


@dataclass(frozen=True)
class _Groups:
    """The evidence for all questions that have right evidence, one question after the other.
    `target` shares 1 among the right evidence of a question, more for shorter ones."""

    features: Matrix
    starts: NDArray[np.int64]
    right: Flags
    target: Matrix
    weights: Matrix  # one for each question, 1 in all

    @cached_property
    def question(self) -> NDArray[np.int64]:
        lengths = np.diff([*self.starts, len(self.features)])
        return np.repeat(np.arange(len(self.starts)), lengths)

    def loss(self, order: Matrix) -> tuple[float, Matrix]:
        """The penalised loss and its gradient."""
        scores = self.features @ order
        scores = scores - np.maximum.reduceat(scores, self.starts)[self.question]
        odds = np.exp(scores)
        total = np.add.reduceat(odds, self.starts)
        share = odds / total[self.question]
        right = np.add.reduceat(share * self.right, self.starts)
        any_right = -np.log(right + 1e-12)
        shortest = -np.add.reduceat(
            self.target * (scores - np.log(total)[self.question]), self.starts
        )
        posterior = share * self.right / (right + 1e-12)[self.question]
        gradient = share - (1 - _SHORTEST) * posterior - _SHORTEST * self.target
        loss = float(self.weights @ ((1 - _SHORTEST) * any_right + _SHORTEST * shortest))
        return (
            loss + _ORDER_PENALTY * float(order @ order) / 2,
            self.features.T @ (self.weights[self.question] * gradient) + _ORDER_PENALTY * order,
        )


def _fit_order(samples: Sequence[Sample], fitted: Fit) -> Matrix:
    parts, weights = [], []
    for sample in samples:
        for asked in sample.asked:
            if asked.right.any():
                target = asked.right / np.maximum(asked.words, _MIN_WORDS)
                parts.append((fitted.standard(asked.features), asked.right, target / target.sum()))
                weights.append(sample.weight)
    if not parts:
        raise ValueError("no question has right evidence: nothing can be fitted")
    features = np.concatenate([part[0] for part in parts])
    features[:, [name in _CONSTANT for name in FEATURES]] = 0.0
    groups = _Groups(
        features=features,
        starts=np.cumsum([0, *(len(part[0]) for part in parts[:-1])]),
        right=np.concatenate([part[1] for part in parts]),
        target=np.concatenate([part[2] for part in parts]),
        weights=np.array(weights) / sum(weights),
    )
    start = np.zeros(features.shape[1])
    bounds = [_bounds(name) for name in FEATURES]
    order: Matrix = minimize(groups.loss, start, jac=True, method="L-BFGS-B", bounds=bounds).x
    return order


def _bounds(name: str) -> tuple[float | None, float | None]:
    """The least and the greatest weight of a feature; None if there is no limit."""
    return (0.0 if name in _GOOD else None, 0.0 if name in _BAD else None)


def _confidence_row(fitted: Fit, asked: Asked) -> Matrix:
    scores = fitted.scores(asked)
    best = int(np.argmax(scores))
    rivals = scores[asked.passages != asked.passages[best]]
    lead = scores[best] - rivals.max() if len(rivals) else MAX_LEAD
    odds = np.exp(scores - scores[best])
    share = odds[asked.passages == asked.passages[best]].sum() / odds.sum()
    own = fitted.standard(asked.features[best])
    return np.append(own, [scores[best], np.clip(lead, -MAX_LEAD, MAX_LEAD), share])


def _fit_confidence(samples: Sequence[Sample], fitted: Fit) -> tuple[float, Matrix]:
    rows, truth, weights = [], [], []
    for sample in samples:
        for asked in sample.asked:
            is_wrong = asked.answerable and asked.is_located and not asked.right[fitted.best(asked)]
            if not is_wrong:  # its features say nothing about an answer
                rows.append(_confidence_row(fitted, asked))
                truth.append(float(asked.answerable))
                weights.append(sample.weight)
    design, goal, share = np.array(rows), np.array(truth), np.array(weights)
    design[:, : len(FEATURES)][:, [name in _ORDER_ONLY for name in FEATURES]] = 0.0
    for value in (0.0, 1.0):
        share[goal == value] *= 0.5 / max(1e-9, share[goal == value].sum())

    def loss(weights: Matrix) -> tuple[float, Matrix]:
        logits = weights[0] + design @ weights[1:]
        odds = 1.0 / (1.0 + np.exp(-logits))
        error = share * (odds - goal)
        penalty = _CONFIDENCE_PENALTY * weights[1:]
        value = share @ (np.logaddexp(0.0, logits) - goal * logits) + penalty @ weights[1:] / 2
        return float(value), np.append(error.sum(), design.T @ error + penalty)

    bounds = [(None, None), *map(_bounds, (*FEATURES, *_EXTRA))]
    start = np.zeros(len(bounds))
    found = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds).x
    return float(found[0]), found[1:]


def _by_name(weights: Matrix) -> dict[str, float]:
    return {name: round(float(w), 4) for name, w in zip(FEATURES, weights, strict=True) if w}


def _mean(values: Flags) -> float:
    return float(values.mean()) if len(values) else float("nan")
