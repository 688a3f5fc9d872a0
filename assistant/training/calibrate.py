"""Fits the calibration from gold questions: `python -m assistant.training.calibrate --help`.

Method: every gold question goes through the pipeline. A logistic regression with an L2 penalty is
fitted by Newton's method (iteratively reweighted least squares) to separate answerable from
unanswerable questions; all sets, and both classes of a set, have equal weight. For each set, the
highest threshold that still answers the given share of its answerable questions is found; the
threshold is the median of these. A corpus with its own gold questions gets its own threshold when
it is indexed (assistant.tuning).

The weights are stored with their measures per set: AUROC in sample and with the set left out of the
fit, calibration error, and risk and coverage.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assistant.answer import Turn
from assistant.confidence import Calibration, Features
from assistant.grading import is_right
from assistant.metrics import area_under_risk, auroc, calibration_error, coverage_at, reliability
from assistant.pipeline import Assistant
from assistant.reader.runtime import WEIGHTS, OnnxReader, Reader
from assistant.training.rows import is_validation
from assistant.tuning import ANSWERED_SHARE, is_askable
from corpus.gold import GoldQuestion, read_gold
from corpus.loader import load_corpus
from index.build import build
from index.encoders import export_encoder, load_encoder
from index.generation import (
    DataFolder,
)
from index.layout import DEFAULT_ENCODER
from index.onnx_encoder import OnnxEncoder
from index.texts import TextStore

Matrix = NDArray[np.float64]
# L2 penalty for features between 0 and 1; keeps the weight of a constant feature at 0.
_PENALTY = 1e-3
# Refuses nothing.
_LENIENT = Calibration(bias=9.0, weights={}, threshold=0.0)


@dataclass(frozen=True, slots=True)
class Source:
    """A folder of documents and a gold file.

    `validation_only` drops questions on documents that the reader was trained on.
    """

    corpus: Path
    gold: Path
    validation_only: bool

    @property
    def name(self) -> str:
        """The set's name in reports: folder and gold file."""
        return f"{self.corpus.parent.name}-{self.gold.stem}"

    def questions(self, every: int) -> list[GoldQuestion]:
        """Returns every Nth of the questions that the pipeline accepts."""
        return [gold for gold in read_gold(self.gold) if self._includes(gold)][::every]

    def _includes(self, gold: GoldQuestion) -> bool:
        if not is_askable(gold):
            return False
        if not self.validation_only:
            return True
        return bool(gold.document and is_validation(Path(gold.document).stem))


@dataclass(frozen=True)
class Sample:
    """The questions of one set: features, whether answerable, and whether answered wrongly.

    `features` is [questions, features]. `wrong` marks answerable questions that were answered from
    the wrong place.
    """

    name: str
    features: Matrix
    answerable: NDArray[np.bool_]
    wrong: NDArray[np.bool_]

    def without_wrong(self) -> "Sample":
        """Returns the sample without wrongly answered questions: their features say nothing about
        an answer."""
        right = ~self.wrong
        return Sample(self.name, self.features[right], self.answerable[right], self.wrong[right])

    @property
    def weights(self) -> Matrix:
        """A weight per question; each class has a total weight of one half."""
        share = np.where(self.answerable, self.answerable.sum(), (~self.answerable).sum())
        weights: Matrix = 0.5 / np.maximum(share, 1)
        return weights


def main(arguments: Sequence[str] | None = None) -> int:
    """Fits with and without the reader, measures both fits and writes the calibration."""
    options = _parser().parse_args(arguments)
    export_encoder(options.data)
    encoder = load_encoder(options.data)
    reader = OnnxReader(options.reader)
    stored: dict[str, Any] = {}
    measures: dict[str, dict[str, dict[str, float]]] = {}
    for name, used in (("plain", None), ("reader", reader)):
        samples = [_sample(source, options, encoder, used) for source in options.set]
        stored[name] = asdict(_calibration(samples, options.answered))
        measures[name] = _report(name, samples, Calibration.from_dict(stored[name]))
    stored["measured"] = measures
    options.out.write_text(json.dumps(stored, indent=2) + "\n", encoding="utf-8")
    return 0


def fit(samples: Sequence[Sample]) -> tuple[float, Matrix]:
    """Returns bias and weights of a logistic regression over the samples."""
    rows = np.concatenate([sample.features for sample in samples])
    design = np.hstack([np.ones((len(rows), 1)), rows])
    truth = np.concatenate([sample.answerable for sample in samples]).astype(float)
    share = np.concatenate([sample.weights for sample in samples])
    penalty = np.full(design.shape[1], _PENALTY)
    penalty[0] = 0.0
    weights: Matrix = np.zeros(design.shape[1])
    for _ in range(100):
        odds = 1.0 / (1.0 + np.exp(-np.clip(design @ weights, -30, 30)))
        gradient = design.T @ (share * (odds - truth)) + penalty * weights
        curvature = (design.T * (share * odds * (1 - odds))) @ design + np.diag(penalty + 1e-9)
        step = np.linalg.solve(curvature, gradient)
        weights = weights - step
        if np.abs(step).max() < 1e-8:
            break
    return float(weights[0]), weights[1:]


def _calibration(samples: Sequence[Sample], answered: float) -> Calibration:
    samples = [sample.without_wrong() for sample in samples]
    bias, weights = fit(samples)
    names = list(Features.__dataclass_fields__)
    logits = [bias + sample.features[sample.answerable] @ weights for sample in samples]
    lowest = float(np.median([np.quantile(each, 1.0 - answered) for each in logits]))
    return Calibration(
        bias=round(bias, 4),
        weights={n: round(float(w), 4) for n, w in zip(names, weights, strict=True)},
        threshold=round(1.0 / (1.0 + float(np.exp(-lowest))), 4),
        method=(
            "logistic regression, L2, equal weight for every set and class; threshold: the median "
            f"over the sets of the highest that answers {answered:.0%} of the answerable questions"
        ),
        fitted_on={sample.name: len(sample.answerable) for sample in samples},
    )


def _sample(
    source: Source, options: argparse.Namespace, encoder: OnnxEncoder, reader: Reader | None
) -> Sample:
    data = DataFolder(options.data / "calibration" / source.name)
    build(load_corpus(source.corpus), encoder, DEFAULT_ENCODER, data, {})
    texts = TextStore(data.texts)
    assistant = Assistant(data.open(encoder.fingerprint), encoder, texts, _LENIENT, reader)
    questions = source.questions(options.every)
    features, answerable, wrong = [], [], []
    for gold in questions:
        history = [Turn(*turn) for turn in gold.history]
        answer, assessment = assistant.ask_with_assessment(gold.question, history)
        if assessment.features:  # else the search found nothing
            features.append(assessment.features.vector())
            answerable.append(gold.answerable)
            wrong.append(gold.answerable and bool(gold.spans) and not is_right(gold, answer))
    return Sample(source.name, np.array(features), np.array(answerable), np.array(wrong))


def _report(
    name: str, samples: Sequence[Sample], calibration: Calibration
) -> dict[str, dict[str, float]]:
    """Prints and returns the measures of every set.

    Risk and coverage count an answer as wrong if the question is unanswerable, or if the answer is
    known to be elsewhere.
    """
    print(f"{name}: threshold {calibration.threshold}", file=sys.stderr)
    weights = np.array(list(calibration.weights.values()))
    reported = {}
    for sample in samples:
        logits = calibration.bias + sample.features @ weights
        confidences = 1.0 / (1.0 + np.exp(-logits))
        others = [other.without_wrong() for other in samples if other is not sample]
        other_weights = fit(others)[1] if others else weights
        right = sample.answerable & ~sample.wrong
        bins = reliability(confidences, sample.answerable, sample.weights)
        measures = {
            "questions": float(len(logits)),
            "auroc": _auroc(logits, sample),
            "auroc without this set": _auroc(sample.features @ other_weights, sample),
            "wrongly refused": _refused(logits, calibration, sample.answerable),
            "refused": _refused(logits, calibration, ~sample.answerable),
            "calibration error": calibration_error(bins),
            "area under risk": area_under_risk(confidences, right),
            "coverage at risk 0.2": coverage_at(confidences, right, 0.2),
        }
        reported[sample.name] = {key: round(value, 4) for key, value in measures.items()}
        shown = ", ".join(f"{key} {value:.3f}" for key, value in measures.items())
        print(f"  {sample.name}: {shown}", file=sys.stderr)
        for each in bins:
            print(
                f"    confidence {each.confidence:.2f}: answerable {each.share:.2f} "
                f"({each.weight:.0%} of the weight)",
                file=sys.stderr,
            )
    return reported


def _auroc(logits: Matrix, sample: Sample) -> float:
    return auroc(logits[sample.answerable].tolist(), logits[~sample.answerable].tolist())


def _refused(logits: Matrix, calibration: Calibration, which: NDArray[np.bool_]) -> float:
    if not which.any():
        return float("nan")
    return float((1.0 / (1.0 + np.exp(-logits[which])) < calibration.threshold).mean())


def _source(text: str) -> Source:
    corpus, _, rest = text.partition(":")
    gold, _, only = rest.partition(":")
    if not corpus or not gold or only not in ("", "validation"):
        raise argparse.ArgumentTypeError(f"{text!r} is not CORPUS:GOLD.jsonl[:validation]")
    return Source(Path(corpus), Path(gold), only == "validation")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--set",
        type=_source,
        action="append",
        required=True,
        metavar="CORPUS:GOLD.jsonl[:validation]",
        help="a folder of documents and its gold questions, repeatable; :validation uses only "
        "questions on documents that the reader was not trained on",
    )
    parser.add_argument("--data", type=Path, default=Path(".assistant"), help="index folder")
    parser.add_argument("--reader", type=Path, default=WEIGHTS, help="weights folder")
    parser.add_argument(
        "--answered",
        type=float,
        default=ANSWERED_SHARE,
        help="share of answerable questions to answer",
    )
    parser.add_argument("--every", type=int, default=1, help="take every Nth question")
    default = Path(__file__).resolve().parent.parent / "calibration.json"
    parser.add_argument("--out", type=Path, default=default)
    return parser


if __name__ == "__main__":
    sys.exit(main())
