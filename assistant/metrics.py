"""Measures of a confidence: whether it ranks, is calibrated, and what refusing by it is worth.

Pure functions of one value per question.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


def auroc(positive: Sequence[float], negative: Sequence[float]) -> float:
    """Returns how often a positive scores above a negative, ties counting half (Mann-Whitney).

    NaN if one of the two is empty.
    """
    if not positive or not negative:
        return math.nan
    pos, neg = np.asarray(positive), np.sort(np.asarray(negative))
    below = np.searchsorted(neg, pos, side="left")
    up_to = np.searchsorted(neg, pos, side="right")
    return float((below + up_to).mean() / 2 / len(neg))


@dataclass(frozen=True, slots=True)
class Bin:
    """Questions of similar confidence: their mean confidence, the share of them that is true, and
    their share of all questions; each 0 to 1."""

    confidence: float
    share: float
    weight: float


def reliability(
    confidences: Floats, truths: Bools, weights: Floats | None = None, bins: int = 10
) -> list[Bin]:
    """Groups the questions into bins of equal width; leaves out empty bins."""
    share = np.ones(len(confidences)) if weights is None else weights
    share = share / share.sum()
    places = np.minimum((confidences * bins).astype(int), bins - 1)
    result = []
    for place in np.unique(places):
        inside = places == place
        total = float(share[inside].sum())
        if total > 0:
            confidence = float((share[inside] * confidences[inside]).sum()) / total
            true = float((share[inside] * truths[inside]).sum()) / total
            result.append(Bin(confidence, true, total))
    return result


def calibration_error(bins: Sequence[Bin]) -> float:
    """Returns the expected calibration error, 0 to 1: the mean distance of confidence and share.

    Source: Naeini, Cooper and Hauskrecht, "Obtaining Well Calibrated Probabilities", 2015.
    """
    return sum(each.weight * abs(each.confidence - each.share) for each in bins)


def risk_coverage(confidences: Floats, right: Bools) -> tuple[Floats, Floats]:
    """Returns coverage and risk, 0 to 1, after each question in order of falling confidence.

    Coverage is the share of the questions answered so far, risk the share of wrong ones in these.
    """
    order = np.argsort(-confidences, kind="stable")
    count = np.arange(1, len(order) + 1)
    risks: Floats = np.cumsum(~right[order]) / count
    coverages: Floats = count / len(order)
    return coverages, risks


def area_under_risk(confidences: Floats, right: Bools) -> float:
    """Returns the mean risk over all coverages, 0 to 1; less is better.

    Source: Geifman and El-Yaniv, "Selective Classification for Deep Neural Networks", 2017.
    """
    return float(risk_coverage(confidences, right)[1].mean())


def coverage_at(confidences: Floats, right: Bools, risk: float) -> float:
    """Returns the largest share of questions that can be answered with at most this risk."""
    coverages, risks = risk_coverage(confidences, right)
    allowed = coverages[risks <= risk]
    return float(allowed.max()) if len(allowed) else 0.0
