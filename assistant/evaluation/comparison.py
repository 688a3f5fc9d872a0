"""Two runs over the same gold questions, compared question by question.

A run is compared only over the questions that both have. Whether more of them are good (answered
rightly, or refused as they should) is tested exactly. Each metric has the bootstrap interval of its
difference, and a permutation test: if the two runs were alike, it would not matter which of the two
results of a question belongs to which run. With 18 metrics, one is often significant by chance; the
test of the good questions is the one to decide by.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binomtest

from assistant.evaluation.figures import (
    LOWER_IS_BETTER,
    METRICS,
    RESAMPLES,
    bootstrap_auroc,
    interval,
    resamples,
)
from assistant.evaluation.outcomes import Verdict
from assistant.evaluation.records import Result

# A difference that chance makes less often than this is not called noise.
SIGNIFICANCE = 0.05

_MAX_EXCHANGES = 2**11
_ROUNDING = 1e-12

Floats = NDArray[np.float64]
Pairs = Sequence[tuple[Result, Result]]


@dataclass(frozen=True, slots=True)
class Change:
    """A question that the two runs do not judge alike."""

    id: str
    question: str
    before: Verdict
    after: Verdict

    @property
    def direction(self) -> str:
        """ "better", "worse", or "different" if neither verdict is good."""
        if self.before.is_good == self.after.is_good:
            return "different"
        return "better" if self.after.is_good else "worse"


@dataclass(frozen=True, slots=True)
class Difference:
    """A metric in both runs, the 95 % interval of `after - before`, and the probability that chance
    alone makes a difference as large."""

    metric: str
    before: float
    after: float
    low: float
    high: float
    p_value: float

    @property
    def judgement(self) -> str:
        """ "better", "worse", "noise" if chance explains the difference, or "same"."""
        if self.low == self.high == 0 == self.after - self.before:
            return "same"
        if self.p_value >= SIGNIFICANCE:
            return "noise"
        is_better = (self.after > self.before) != (self.metric in LOWER_IS_BETTER)
        return "better" if is_better else "worse"


@dataclass(frozen=True)
class Comparison:
    """What differs between two runs over `count` questions.

    `p_value` is the exact probability that chance alone splits the questions that became better or
    worse at least so unevenly. `only_before` and `only_after` name questions of one run only.
    """

    count: int
    changes: tuple[Change, ...]
    differences: tuple[Difference, ...]
    p_value: float
    only_before: tuple[str, ...]
    only_after: tuple[str, ...]

    @property
    def better(self) -> int:
        """The number of questions that became good."""
        return sum(change.direction == "better" for change in self.changes)

    @property
    def worse(self) -> int:
        """The number of questions that are not good any more."""
        return sum(change.direction == "worse" for change in self.changes)

    @property
    def is_significantly_worse(self) -> bool:
        """Whether more questions became worse than chance explains."""
        return self.worse > self.better and self.p_value < SIGNIFICANCE

    def describe(self) -> str:
        """The result in a sentence or two."""
        if not self.count:
            return "No question is in both runs."
        if not self.changes and all(each.judgement == "same" for each in self.differences):
            return f"There is no difference in {self.count:,} questions."
        if not self.changes:
            return f"None of {self.count:,} questions is judged differently."
        counts = f"Of {self.count:,} questions, {self.better} became better and {self.worse} worse"
        test = f"(McNemar's exact test: p = {self.p_value:.2g})"
        if self.p_value >= SIGNIFICANCE:
            return f"{counts} {test}: the difference is noise."
        return f"{counts} {test}: this run is {'worse' if self.worse > self.better else 'better'}."


def compare(before: Sequence[Result], after: Sequence[Result]) -> Comparison:
    """Compares two runs. Questions are paired by their id and their text."""
    earlier = {(result.id, result.question): result for result in before}
    later = {(result.id, result.question): result for result in after}
    pairs = [(earlier[key], result) for key, result in later.items() if key in earlier]
    changes = tuple(
        Change(new.id, new.question, old.verdict, new.verdict)
        for old, new in pairs
        if old.verdict is not new.verdict
    )
    became_good = sum(change.direction == "better" for change in changes)
    became_bad = sum(change.direction == "worse" for change in changes)
    return Comparison(
        count=len(pairs),
        changes=changes,
        differences=tuple(_differences(pairs)) if pairs else (),
        p_value=mcnemar(became_good, became_bad),
        only_before=tuple(key[0] for key in earlier if key not in later),
        only_after=tuple(key[0] for key in later if key not in earlier),
    )


def mcnemar(better: int, worse: int) -> float:
    """The p-value of McNemar's exact test: two-sided, over the pairs that differ; 1 if none does.

    Source: McNemar, "Note on the sampling error of the difference between correlated proportions or
    percentages", 1947.
    """
    discordant = better + worse
    return float(binomtest(better, discordant, 0.5).pvalue) if discordant else 1.0


def _differences(pairs: Pairs) -> list[Difference]:
    found = []
    for name in METRICS:
        old, new = (
            np.array([result.values.get(name, np.nan) for result in run])
            for run in zip(*pairs, strict=True)
        )
        if not (np.isnan(old).all() or np.isnan(new).all()):
            found.append(_mean_difference(name, old, new))
    labels = [new.answerable for _, new in pairs]
    if any(labels) and not all(labels):
        found.append(_auroc_difference(pairs, labels))
    return found


def _mean_difference(name: str, old: Floats, new: Floats) -> Difference:
    """A question may have the value in one run only, as a refusal has no quotes."""
    before, after = float(np.nanmean(old)), float(np.nanmean(new))
    if np.array_equal(old, new, equal_nan=True):
        return Difference(name, before, after, 0.0, 0.0, 1.0)
    estimates = np.concatenate(
        [_means(new[drawn]) - _means(old[drawn]) for drawn in resamples(len(old), RESAMPLES)]
    )
    return Difference(name, before, after, *interval(estimates), _permutation_test(old, new))


def _permutation_test(old: Floats, new: Floats) -> float:
    """The share of all ways to exchange the two values of some questions that make a difference of
    the means at least as large. Only questions with different values matter."""
    differs = (old != new) & ~(np.isnan(old) & np.isnan(new))
    same = old[~differs]
    count, total = int(np.count_nonzero(~np.isnan(same))), float(np.nansum(same))
    observed = abs(float(np.nanmean(new) - np.nanmean(old)))
    beyond = []
    for exchanged in _exchanges(int(differs.sum())):
        first = np.where(exchanged, new[differs], old[differs])
        second = np.where(exchanged, old[differs], new[differs])
        difference: Floats = _means(second, count, total) - _means(first, count, total)
        beyond.append(np.abs(difference) >= observed - _ROUNDING)
    return float(np.concatenate(beyond).mean())


def _exchanges(count: int) -> Iterator[NDArray[np.bool_]]:
    """All ways to choose some of so many questions, or random ones if there are too many; in blocks
    of rows."""
    if 2**count <= _MAX_EXCHANGES:
        yield (np.arange(2**count)[:, None] >> np.arange(count)) % 2 == 1
        return
    for drawn in resamples(2, _MAX_EXCHANGES, width=count):
        yield drawn == 1


def _means(rows: Floats, count: int = 0, total: float = 0.0) -> Floats:
    """The mean of each row without NaN, and of `count` further values with this sum; NaN if there
    is no value."""
    counts = count + np.count_nonzero(~np.isnan(rows), axis=1)
    sums = total + np.nansum(rows, axis=1)
    means: Floats = np.divide(sums, counts, out=np.full(len(rows), np.nan), where=counts > 0)
    return means


def _auroc_difference(pairs: Pairs, labels: Sequence[bool]) -> Difference:
    before, old = bootstrap_auroc([each.confidence for each, _ in pairs], labels)
    after, new = bootstrap_auroc([each.confidence for _, each in pairs], labels)
    differences = np.subtract(new, old)
    # The share of resamples on the other side of 0, on both sides.
    p_value = 2 * min(np.nanmean(differences <= 0), np.nanmean(differences >= 0))
    return Difference("auroc", before, after, *interval(differences), min(1.0, float(p_value)))
