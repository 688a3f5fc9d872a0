"""The curves of an evaluation as SVG. The only module that needs matplotlib, which is an extra.

A plot is drawn twice, for a light and for a dark page, on a transparent ground. The same outcomes
give the same bytes.
"""

import atexit
import io
import os
import shutil
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

# matplotlib stores a list of the fonts; by default it would do so in the user's home folder.
_FOLDER = tempfile.mkdtemp(prefix="matplotlib-")
atexit.register(shutil.rmtree, _FOLDER, ignore_errors=True)
os.environ.setdefault("MPLCONFIGDIR", _FOLDER)

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter
from scipy.stats import binomtest

from assistant.evaluation import Outcome
from assistant.metrics import Bools, Floats, calibration_error, reliability, risk_coverage

_SIZE = (5.0, 3.6)  # inches
_BINS = 10


@dataclass(frozen=True, slots=True)
class Plot:
    """A plot for a light and a dark page, as SVG. `alt` says in a sentence what it shows."""

    title: str
    alt: str
    caption: str
    light: str
    dark: str


@dataclass(frozen=True, slots=True)
class _Colours:
    """`soft` is the colour of grid lines and of what is compared with."""

    ink: str
    muted: str
    soft: str
    accent: str


_LIGHT = _Colours("#1e2328", "#5a626a", "#c9c5bc", "#0b5c6b")
_DARK = _Colours("#e8e5df", "#a5abb0", "#4a5157", "#86cbd8")


def draw_plots(outcomes: Sequence[Outcome]) -> list[Plot]:
    """Returns the risk-coverage curve and the reliability of the confidence."""
    confidences = np.array([outcome.answer.confidence for outcome in outcomes])
    right = np.array([outcome.has_right_evidence for outcome in outcomes])
    return [_risk_coverage(outcomes, confidences, right), _reliability(confidences, right)]


def _risk_coverage(outcomes: Sequence[Outcome], confidences: Floats, right: Bools) -> Plot:
    coverages, risks = risk_coverage(confidences, right)
    answered = [outcome for outcome in outcomes if not outcome.refused]
    coverage = len(answered) / len(outcomes)
    wrong = sum(not outcome.verdict.is_good for outcome in answered)
    risk = wrong / len(answered) if answered else 0.0

    def draw(axes: Axes, colours: _Colours) -> None:
        axes.plot(coverages, risks, color=colours.accent, linewidth=1.8)
        axes.plot([coverage], [risk], "o", color=colours.ink, markersize=7)
        axes.annotate(
            "now", (coverage, risk), (-8, 8), textcoords="offset points", ha="right",
            color=colours.ink,
        )  # fmt: skip
        axes.set(xlabel="questions that are answered", ylabel="wrong among these")
        axes.set(xlim=(0, 1.02), ylim=(0, max(0.1, 1.1 * float(risks.max()))))

    return Plot(
        "Risk and coverage",
        f"Curve of the share of wrong answers over the share of questions that are answered. Now "
        f"{coverage:.0%} are answered, {risk:.0%} of these wrongly.",
        f"If only the surest questions were answered, fewer answers would be wrong. The dot is "
        f"this run: {coverage:.0%} answered, {risk:.0%} of these wrongly. To its right, what would "
        f"be answered if less were refused.",
        *_both(draw),
    )


def _reliability(confidences: Floats, right: Bools) -> Plot:
    bins = reliability(confidences, right, bins=_BINS)
    error = calibration_error(bins)

    def draw(axes: Axes, colours: _Colours) -> None:
        axes.plot([0, 1], [0, 1], "--", color=colours.muted, linewidth=1)
        for each in bins:
            interval = _wilson(each.share, round(each.weight * len(right)))
            axes.plot([each.confidence] * 2, interval, color=colours.accent, linewidth=1)
            size = 20 + 500 * each.weight
            axes.scatter(each.confidence, each.share, size, color=colours.accent, zorder=3)
        axes.set(xlabel="confidence", ylabel="right evidence", xlim=(0, 1.02), ylim=(0, 1.05))

    return Plot(
        "Reliability",
        f"Share of questions with right evidence over the confidence, in {len(bins)} groups; "
        f"the expected calibration error is {error:.3f}.",
        f"If the confidence is honest, the dots lie on the dashed line: of the questions with a "
        f"confidence of 70 %, 70 % have the right evidence. A larger dot stands for more "
        f"questions, a line is its 95 % interval. Expected calibration error: {error:.3f}.",
        *_both(draw),
    )


def _wilson(share: float, count: int) -> tuple[float, float]:
    """The 95 % interval of a share of so many questions."""
    found = binomtest(round(share * count), count).proportion_ci(method="wilson")
    return float(found.low), float(found.high)


def _both(draw: Callable[[Axes, _Colours], None]) -> tuple[str, str]:
    return _svg(draw, _LIGHT), _svg(draw, _DARK)


def _svg(draw: Callable[[Axes, _Colours], None], colours: _Colours) -> str:
    style: dict[Any, object] = {
        "axes.edgecolor": colours.muted,
        "axes.labelcolor": colours.ink,
        "axes.spines.right": False,
        "axes.spines.top": False,
        "font.size": 11,
        "grid.color": colours.soft,
        "grid.linewidth": 0.6,
        "svg.fonttype": "path",
        "svg.hashsalt": "assistant",  # else ids are random
        "text.color": colours.ink,
        "xtick.color": colours.muted,
        "ytick.color": colours.muted,
    }
    with mpl.rc_context(style):
        figure = Figure(figsize=_SIZE, layout="constrained")
        axes = figure.add_subplot()
        axes.grid(True)
        axes.set_axisbelow(True)
        draw(axes, colours)
        for axis in (axes.xaxis, axes.yaxis):
            axis.set_major_formatter(PercentFormatter(1.0, decimals=0))
        file = io.StringIO()
        figure.savefig(file, format="svg", transparent=True, metadata={"Date": None})
    return file.getvalue()
