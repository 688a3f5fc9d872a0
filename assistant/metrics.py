"""What a confidence is worth: whether it is as often right as it says, and what refusing buys.

Pure functions of arrays, one value for each question.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]
Truths = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Bin:
    """Questions of like confidence: its mean, the share of them for which it came true, and what
    share of all they are; each 0 to 1."""

    confidence: float
    share: float
    weight: float


def reliability(
    confidences: Values, truths: Truths, weights: Values | None = None, bins: int = 10
) -> list[Bin]:
    """The questions in bins of equal width, those that are not empty."""
    share = np.ones(len(confidences)) if weights is None else weights
    share = share / share.sum()
    places = np.minimum((confidences * bins).astype(int), bins - 1)
    result = []
    for place in np.unique(places):
        own = places == place
        total = float(share[own].sum())
        if total > 0:
            result.append(
                Bin(
                    float((share[own] * confidences[own]).sum()) / total,
                    float((share[own] * truths[own]).sum()) / total,
                    total,
                )
            )
    return result


def calibration_error(bins: Sequence[Bin]) -> float:
    """The expected calibration error, 0 to 1: how far confidence and share lie apart (Naeini,
    Cooper and Hauskrecht, "Obtaining Well Calibrated Probabilities", 2015)."""
    return sum(each.weight * abs(each.confidence - each.share) for each in bins)


def risk_coverage(confidences: Values, right: Truths) -> tuple[Values, Values]:
    """Coverage and risk, both 0 to 1, as the questions are answered one by one, the surest first:
    what share of them is answered, and what share of those wrongly."""
    order = np.argsort(-confidences, kind="stable")
    count = np.arange(1, len(order) + 1)
    risks: Values = np.cumsum(~right[order]) / count
    coverages: Values = count / len(order)
    return coverages, risks


def area_under_risk(confidences: Values, right: Truths) -> float:
    """The mean risk over all coverages, 0 to 1, less is better (Geifman and El-Yaniv, "Selective
    Classification for Deep Neural Networks", 2017)."""
    return float(risk_coverage(confidences, right)[1].mean())


def coverage_at(confidences: Values, right: Truths, risk: float) -> float:
    """The largest share of the questions that can be answered with at most this risk."""
    coverages, risks = risk_coverage(confidences, right)
    allowed = coverages[risks <= risk]
    return float(allowed.max()) if len(allowed) else 0.0


def auroc(positive: Sequence[float], negative: Sequence[float]) -> float:
    """How often a positive scores above a negative, ties counting half (Mann-Whitney)."""
    if not positive or not negative:
        return math.nan
    pos, neg = np.asarray(positive), np.sort(np.asarray(negative))
    below = np.searchsorted(neg, pos, side="left")
    upto = np.searchsorted(neg, pos, side="right")
    return float((below + upto).mean() / 2 / len(neg))
