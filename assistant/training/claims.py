"""Fits the proof of free text: `python -m assistant.training.claims --help`.

Rows are sentences with the text that they cite, as JSON lines: `claim`, `evidence` (a list of
sentences, or Markdown), `headings`, and `label` ("supported" or another; lines without a label are
supported, those with a `kind` are not). The probability is a logistic regression over the features
of `assistant.claims`, both classes weighing alike, no weight below 0. Sentences with a flaw are
never shown, whatever their probability. The threshold is the lowest that drops the given share of
the false sentences of the development half.
"""

import argparse
import json
import random
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from assistant.claims import ClaimFeatures, Support, measure, nearest
from assistant.reader.runtime import OnnxReader, Reader
from corpus.document import Kind, Passage, Unit
from corpus.parsing import parse_document
from corpus.splitter import split
from index.encoder import Encoder
from index.encoders import load_encoder

Matrix = NDArray[np.float64]

_FEATURES = tuple(each.name for each in fields(ClaimFeatures))
_PLAIN = tuple(name for name in _FEATURES if not name.startswith("reader"))
# Sentences of a passage that is made of a row's evidence, and the units that a row may cite: the
# nearest ones, as a model would choose them.
_PASSAGE_SENTENCES, _MAX_CITED = 6, 8
_PENALTY = 3.0  # of the squared weights of standardised features
# Rows that were written for documents weigh 1, those of other data sets this.
_OTHER_WEIGHT = 0.3


@dataclass(frozen=True)
class Row:
    """One sentence, measured."""

    features: ClaimFeatures
    is_flawed: bool
    is_supported: bool
    row: dict[str, Any]


def main() -> None:
    """Fits, prints the measures and writes the weights."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--own", type=Path, nargs="+", required=True, help="rows with halves")
    parser.add_argument("--claims", type=Path, required=True, help="rows of other data sets")
    parser.add_argument("--encoders", type=Path, required=True, help="a data folder")
    parser.add_argument("--count", type=int, default=150, help="rows of each set and label")
    parser.add_argument("--drop", type=float, default=0.97, help="share of false rows to drop")
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    encoder, reader = load_encoder(arguments.encoders), OnnxReader()
    own = [row for path in arguments.own for row in measured(read(path), encoder, reader)]
    others = [*measured(_sample(read(arguments.claims), arguments.count), encoder, reader)]
    fitted = {
        "reader": fit(own, others, _FEATURES, arguments.drop),
        "plain": fit(own, others, _PLAIN, arguments.drop),
    }
    arguments.out.write_text(json.dumps(fitted, indent=1) + "\n", encoding="utf-8")
    for kind, weights in fitted.items():
        for half in ("development", "test"):
            rows = [row for row in own if row.row["half"] == half]
            passed, dropped = shares(rows, weights)
            print(f"{kind} {half}: {passed:.3f} of the true pass, {dropped:.3f} of the false drop")


def read(path: Path) -> list[dict[str, Any]]:
    """The rows of a file."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def measured(
    rows: Sequence[dict[str, Any]], encoder: Encoder, reader: Reader | None
) -> Iterator[Row]:
    """Yields the rows with their features; rows without text are left out."""
    for row in rows:
        if cited := nearest(row["claim"], supports(row), encoder)[:_MAX_CITED]:
            features, flaws, _ = measure(row["claim"], cited, encoder, reader)
            label = row.get("label") or ("false" if "kind" in row else "supported")
            yield Row(features, bool(flaws), label == "supported", row)


def supports(row: dict[str, Any]) -> list[Support]:
    """What the row cites, as in service."""
    if isinstance(row["evidence"], str):
        above = "".join(f"{'#' * n} {text}\n\n" for n, text in enumerate(row["headings"], start=1))
        text = row["evidence"]
        table = f"<table>{text}</table>" if text.startswith("<tr>") else text
        passages = list(split(parse_document("document.md", above + table)))
    else:
        every = [each for each in row["evidence"] if each.strip()]
        starts = range(0, len(every), _PASSAGE_SENTENCES)
        passages = [_passage(every[n : n + _PASSAGE_SENTENCES]) for n in starts]
    return [
        Support(passage, unit)
        for passage in passages
        for unit in passage.units
        if unit.kind is not Kind.HEADER
    ]


def _passage(sentences: Sequence[str]) -> Passage:
    text, units = "", []
    for sentence in sentences:
        start = len(text) + bool(text)
        text = f"{text} {sentence}" if text else sentence
        units.append(Unit(Kind.PARAGRAPH, start, len(text)))
    return Passage("", "", "", (), 0, len(text), text, Kind.PARAGRAPH, units=tuple(units))


def _sample(rows: Sequence[dict[str, Any]], count: int) -> list[dict[str, Any]]:
    """So many rows of each set and label, without those that are supported in part."""
    groups: dict[tuple[str, str], list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        if row["label"] != "partial":
            groups[row["set"], row["label"]].append(row)
    draw = random.Random(0)
    return [
        row
        for _, each in sorted(groups.items())
        for row in draw.sample(each, min(count, len(each)))
    ]


def fit(
    own: Sequence[Row], others: Sequence[Row], names: Sequence[str], drop: float
) -> dict[str, Any]:
    """Fits the weights to the development half and other data sets, and chooses the threshold."""
    development = [row for row in own if row.row["half"] == "development"]
    rows = [*development, *others]
    values = np.array([[row.features.values()[name] for name in names] for row in rows])
    truths = np.array([row.is_supported for row in rows], dtype=float)
    weights = np.repeat([1.0, _OTHER_WEIGHT], [len(development), len(others)])
    share = weights[truths > 0].sum() / weights.sum()
    weights = weights * np.where(truths > 0, 1 - share, share) * 2
    mean, spread = values.mean(0), values.std(0) + 1e-9
    found = _logistic((values - mean) / spread, truths, weights)
    scaled = found[1:] / spread
    fitted: dict[str, Any] = {
        "bias": float(found[0] - scaled @ mean),
        "weights": dict(zip(names, scaled.round(4).tolist(), strict=True)),
        "threshold": 0.0,
    }
    false = sorted(
        (probability(row, fitted) for row in development if not row.is_supported), reverse=True
    )
    passing = sorted(
        probability(row, fitted)
        for row in development
        if not row.is_supported and not row.is_flawed
    )
    allowed = int((1 - drop) * len(false))
    fitted["threshold"] = round(passing[-allowed - 1] + 1e-4, 4) if len(passing) > allowed else 0.0
    return fitted


def _logistic(values: Matrix, truths: Matrix, weights: Matrix) -> Matrix:
    """Intercept and weights, no weight below 0."""

    def loss(at: Matrix) -> tuple[float, Matrix]:
        logits = values @ at[1:] + at[0]
        slopes = weights * (1 / (1 + np.exp(-logits)) - truths)
        penalty = _PENALTY * at[1:]
        value = (weights * (np.logaddexp(0, logits) - truths * logits)).sum()
        gradient = np.concatenate([[slopes.sum()], values.T @ slopes + penalty])
        return float(value + at[1:] @ penalty / 2), gradient

    bounds = [(None, None), *[(0, None)] * values.shape[1]]
    start = np.zeros(values.shape[1] + 1)
    found: Matrix = minimize(loss, start, jac=True, bounds=bounds, method="L-BFGS-B").x
    return found


def probability(row: Row, fitted: dict[str, Any]) -> float:
    """The probability that a row is supported."""
    values = row.features.values()
    logit = fitted["bias"] + sum(w * values[name] for name, w in fitted["weights"].items())
    return float(1 / (1 + np.exp(-logit)))


def shares(rows: Sequence[Row], fitted: dict[str, Any]) -> tuple[float, float]:
    """The share of supported rows that pass, and of others that are dropped."""
    passed = [
        (row.is_supported, not row.is_flawed and probability(row, fitted) >= fitted["threshold"])
        for row in rows
    ]
    true = [ok for is_supported, ok in passed if is_supported]
    false = [not ok for is_supported, ok in passed if not is_supported]
    return sum(true) / max(1, len(true)), sum(false) / max(1, len(false))


if __name__ == "__main__":
    main()
