"""The metrics of many outcomes, each with its bootstrap interval.

A metric is the mean of one value per question, over the questions that it applies to; `auroc` alone
is computed from all of them at once. Three have the names of Ragas because they mean the same:
`context_precision` and `context_recall` (see `outcomes`), and `faithfulness`, the share of the
sentences of an answer that are supported. Ragas lets a language model split the answer into claims
and judge each against all passages that were found; here the proof checks each sentence against the
quotes that it cites.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from assistant.evaluation.outcomes import Outcome
from assistant.metrics import auroc

RESAMPLES = 1000
# AUROC sorts each resample, which takes longer.
_AUROC_RESAMPLES = 250
_MAX_DRAWN = 10_000_000  # numbers in memory at once: 80 MB

# What each metric means, in the order in which they are shown.
METRICS = {
    "right": "answerable: answered correctly",
    "answered": "answerable: answered at all",
    "cited_on_span": "a citation is on the gold passage",
    "first_citation_on_span": "the first citation is",
    "token_f1": "words shared with the gold answer",
    "refusal_recall": "unanswerable: refused",
    "refusal_precision": "refused: unanswerable",
    "wrongly_refused": "answerable: refused",
    "near_misses_refused": "near misses: refused",
    "verbatim": "quotes that are verbatim",
    "unproved_sentences": "sentences without a proof",
    "faithfulness": "share of the sentences with a proof",
    "hit@1": "the first passage has the answer",
    "hit@5": "one of the first five has it",
    "rr@5": "reciprocal rank of that passage",
    "context_precision": "passages with the answer rank first",
    "context_recall": "share of the gold spans that was found",
    "auroc": "confidence separates right from wrong",
}
LOWER_IS_BETTER = frozenset({"wrongly_refused", "unproved_sentences"})

Indices = NDArray[np.int64]


@dataclass(frozen=True)
class Metric:
    """A mean, its 95 % bootstrap interval, and the number of questions."""

    value: float
    low: float
    high: float
    count: int


def metric_values(outcome: Outcome) -> dict[str, float]:
    """The value of each metric that applies to the question, by name; without `auroc`."""
    gold, refused = outcome.gold, outcome.refused
    values: dict[str, float | bool | None] = {}
    if gold.answerable:
        values |= {
            "right": outcome.right,
            "answered": not refused,
            "cited_on_span": outcome.cited,
            "first_citation_on_span": outcome.first_cited,
            "token_f1": outcome.f1,
            "wrongly_refused": refused,
            **outcome.retrieval,
        }
    else:
        values["refusal_recall"] = refused
        if gold.kind == "near_miss":
            values["near_misses_refused"] = refused
    if refused:
        values["refusal_precision"] = not gold.answerable
    else:
        values["verbatim"] = outcome.verbatim
        values["unproved_sentences"] = outcome.unproved
        values["faithfulness"] = 1 - outcome.unproved / len(outcome.answer.sentences)
    return {name: float(value) for name, value in values.items() if value is not None}


def compute_metrics(outcomes: Sequence[Outcome], seed: int = 0) -> dict[str, Metric]:
    """Every metric by name; metrics that apply to none of the questions are left out."""
    generator = np.random.default_rng(seed)
    rows = [metric_values(outcome) for outcome in outcomes]
    result = {}
    for name in METRICS:
        if sample := [row[name] for row in rows if name in row]:
            result[name] = bootstrap_mean(sample, generator)
    confidences = [outcome.answer.confidence for outcome in outcomes]
    labels = [outcome.gold.answerable for outcome in outcomes]
    if any(labels) and not all(labels):
        result["auroc"] = _auroc_metric(confidences, labels, generator)
    return result


def by_kind(outcomes: Iterable[Outcome]) -> dict[str, tuple[int, int]]:
    """For every kind of question: how many were answered rightly or refused as they should, and how
    many there are."""
    counts: dict[str, list[int]] = {}
    for outcome in outcomes:
        count = counts.setdefault(outcome.gold.kind or "all", [0, 0])
        count[0] += outcome.verdict.is_good
        count[1] += 1
    return {kind: (good, total) for kind, (good, total) in sorted(counts.items())}


# --- intervals -----------------------------------------------------------------------------------


def bootstrap_mean(sample: Sequence[float], generator: np.random.Generator | None = None) -> Metric:
    """The mean of a non-empty sample, with its bootstrap interval."""
    values = np.asarray(sample, dtype=float)
    means = np.concatenate(
        [values[drawn].mean(axis=1) for drawn in resamples(len(values), RESAMPLES, generator)]
    )
    low, high = interval(means)
    return Metric(float(values.mean()), low, high, len(values))


def resamples(
    count: int,
    number: int,
    generator: np.random.Generator | None = None,
    width: int | None = None,
) -> Iterator[Indices]:
    """Yields the indices of `number` resamples of `count` values, in blocks of rows; each row has
    `width` indices, by default as many as there are values."""
    generator = generator or np.random.default_rng(0)
    width = count if width is None else width
    rows = max(1, _MAX_DRAWN // width)
    for start in range(0, number, rows):
        yield generator.integers(0, count, (min(rows, number - start), width))


def interval(estimates: Sequence[float] | NDArray[np.float64]) -> tuple[float, float]:
    """The 95 % interval of the estimates from resamples, without those that are NaN."""
    low, high = np.nanquantile(estimates, [0.025, 0.975])
    return float(low), float(high)


def bootstrap_auroc(
    confidences: Sequence[float],
    labels: Sequence[bool],
    generator: np.random.Generator | None = None,
) -> tuple[float, list[float]]:
    """AUROC, and its values in resamples; NaN if a resample has one label only. Two runs over the
    same questions are resampled alike if their generators are."""
    scores, truths = np.asarray(confidences), np.asarray(labels)

    def of(drawn: Indices) -> float:
        picked, labelled = scores[drawn], truths[drawn]
        return auroc(picked[labelled].tolist(), picked[~labelled].tolist())

    blocks = resamples(len(scores), _AUROC_RESAMPLES, generator)
    return of(np.arange(len(scores))), [of(drawn) for block in blocks for drawn in block]


def _auroc_metric(
    confidences: Sequence[float], labels: Sequence[bool], generator: np.random.Generator
) -> Metric:
    whole, estimates = bootstrap_auroc(confidences, labels, generator)
    low, high = interval(estimates)
    return Metric(whole, low, high, len(labels))
