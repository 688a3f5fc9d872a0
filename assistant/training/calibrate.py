"""Fits the calibration from gold questions: `python -m assistant.training.calibrate --help`.

Method: every gold question is asked through the pipeline; a logistic regression with an L2 penalty
is fitted by Newton's method (iteratively reweighted least squares) to tell answerable questions
from unanswerable ones, all sets and both classes weighing alike. The threshold is the median over
the sets of the highest at which the stated share of a set's answerable questions is still answered;
a corpus with gold questions of its own gets its own when it is indexed (assistant.tuning).
Reported, and stored beside the weights, are AUROC in sample and with the set at hand left out, how
reliable the probability is, and what is answered at what risk.
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
from assistant.training.rows import for_validation
from assistant.tuning import ANSWERED_SHARE, is_askable
from corpus.gold import GoldQuestion, read_gold
from corpus.loader import load_corpus
from index.build import build
from index.encoder import DEFAULT_ENCODER
from index.encoders import export_encoder, load_encoder
from index.generation import (
    DataFolder,
)
from index.onnx_encoder import OnnxEncoder
from index.texts import TextStore

Matrix = NDArray[np.float64]
# Penalty on the squared weights, features being 0 to 1; keeps a feature that never varies at 0.
_PENALTY = 1e-3
_NEUTRAL = Calibration(bias=9.0, weights={}, threshold=0.0)


@dataclass(frozen=True, slots=True)
class Source:
    """A folder of documents and a gold file; `unread` keeps only questions on documents that
    the reader's training left out."""

    corpus: Path
    gold: Path
    unread: bool

    @property
    def name(self) -> str:
        return f"{self.corpus.parent.name}-{self.gold.stem}"

    def questions(self, every: int) -> list[GoldQuestion]:
        """The questions that can be asked, every Nth of them."""
        return [gold for gold in read_gold(self.gold) if self._takes(gold)][::every]

    def _takes(self, gold: GoldQuestion) -> bool:
        if not is_askable(gold):
            return False
        return not self.unread or bool(gold.document and for_validation(Path(gold.document).stem))


@dataclass(frozen=True)
class Sample:
    """The features of one set's questions, which of them have an answer, and which of those were
    answered from the wrong place: nothing can be learnt from them."""

    name: str
    features: Matrix
    answerable: NDArray[np.bool_]
    wrong: NDArray[np.bool_]

    def learnable(self) -> "Sample":
        """Without the questions that nothing can be learnt from."""
        kept = ~self.wrong
        return Sample(self.name, self.features[kept], self.answerable[kept], self.wrong[kept])

    @property
    def weights(self) -> Matrix:
        """Both classes of a set weigh one half together."""
        share = np.where(self.answerable, self.answerable.sum(), (~self.answerable).sum())
        weights: Matrix = 0.5 / np.maximum(share, 1)
        return weights


def main(arguments: Sequence[str] | None = None) -> int:
    """Measures the sets, fits with and without the reader, and writes the calibration."""
    options = _parser().parse_args(arguments)
    export_encoder(options.data)
    encoder = load_encoder(options.data)
    reader = OnnxReader(options.reader)
    stored: dict[str, Any] = {}
    measured: dict[str, dict[str, dict[str, float]]] = {}
    for name, reads in (("plain", None), ("reader", reader)):
        samples = [_sample(source, options, encoder, reads) for source in options.set]
        stored[name] = asdict(_calibration(samples, options.answered))
        measured[name] = _report(name, samples, Calibration.from_dict(stored[name]))
    stored["measured"] = measured
    options.out.write_text(json.dumps(stored, indent=2) + "\n", encoding="utf-8")
    return 0


def fit(samples: Sequence[Sample]) -> tuple[float, Matrix]:
    """Bias and weights of a logistic regression over the samples."""
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
    samples = [sample.learnable() for sample in samples]
    bias, weights = fit(samples)
    names = list(Features.__dataclass_fields__)
    lowest = float(
        np.median(
            [
                np.quantile(bias + s.features[s.answerable] @ weights, 1.0 - answered)
                for s in samples
            ]
        )
    )
    return Calibration(
        bias=round(bias, 4),
        weights={n: round(float(w), 4) for n, w in zip(names, weights, strict=True)},
        threshold=round(1.0 / (1.0 + float(np.exp(-lowest))), 4),
        method=(
            "logistic regression, L2, every set and class weighing alike; threshold: the median, "
            f"over the sets, of the highest that answers {answered:.0%} of the answerable ones"
        ),
        fitted_on={sample.name: len(sample.answerable) for sample in samples},
    )


def _sample(
    source: Source, options: argparse.Namespace, encoder: OnnxEncoder, reader: Reader | None
) -> Sample:
    data = DataFolder(options.data / "calibration" / source.name)
    build(load_corpus(source.corpus), encoder, DEFAULT_ENCODER, data, {})
    texts = TextStore(data.texts)
    assistant = Assistant(data.open(encoder.fingerprint), encoder, texts, _NEUTRAL, reader)
    questions = source.questions(options.every)
    measured = [_measured(assistant, question) for question in questions]
    kept = [
        (*got, question.answerable)
        for question, got in zip(questions, measured, strict=True)
        if got is not None
    ]
    return Sample(
        source.name,
        np.array([features for features, _, _ in kept]),
        np.array([answerable for _, _, answerable in kept]),
        np.array([wrong for _, wrong, _ in kept]),
    )


def _measured(assistant: Assistant, gold: GoldQuestion) -> tuple[list[float], bool] | None:
    """The features of a question, and whether it is answerable but was answered from the wrong
    place; None where nothing was found at all."""
    answer, judged = assistant.ask_with_assessment(
        gold.question, [Turn(*turn) for turn in gold.history]
    )
    wrong = gold.answerable and bool(gold.spans) and not is_right(gold, answer)
    return (judged.features.vector(), wrong) if judged.features else None


def _report(
    name: str, samples: Sequence[Sample], calibration: Calibration
) -> dict[str, dict[str, float]]:
    """Prints and gives the figures of every set. The area under risk and the coverage are over
    all questions: an answer to an unanswerable one is wrong, one to an answerable one is right
    unless it is known to stand elsewhere."""
    print(f"{name}: threshold {calibration.threshold}", file=sys.stderr)
    weights = np.array(list(calibration.weights.values()))
    reported = {}
    for sample in samples:
        logits = calibration.bias + sample.features @ weights
        confidences = 1.0 / (1.0 + np.exp(-logits))
        others = [other.learnable() for other in samples if other is not sample]
        blind = fit(others)[1] if others else weights
        right = sample.answerable & ~sample.wrong
        bins = reliability(confidences, sample.answerable, sample.weights)
        figures = {
            "questions": float(len(logits)),
            "auroc": _auroc(logits, sample),
            "auroc without this set": _auroc(sample.features @ blind, sample),
            "wrongly refused": _refused(logits, calibration, sample.answerable),
            "refused": _refused(logits, calibration, ~sample.answerable),
            "calibration error": calibration_error(bins),
            "area under risk": area_under_risk(confidences, right),
            "coverage at risk 0.2": coverage_at(confidences, right, 0.2),
        }
        reported[sample.name] = {key: round(value, 4) for key, value in figures.items()}
        shown = ", ".join(f"{key} {value:.3f}" for key, value in figures.items())
        print(f"  {sample.name}: {shown}", file=sys.stderr)
        for each in bins:
            print(
                f"    sure to {each.confidence:.2f}: answerable {each.share:.2f} "
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
    if not corpus or not gold or only not in ("", "unread"):
        raise argparse.ArgumentTypeError(f"{text!r} is not CORPUS:GOLD.jsonl[:unread]")
    return Source(Path(corpus), Path(gold), only == "unread")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--set",
        type=_source,
        action="append",
        required=True,
        metavar="CORPUS:GOLD.jsonl[:unread]",
        help="a folder and its questions, repeatable; with :unread only those on documents that "
        "the reader was not trained on",
    )
    parser.add_argument("--data", type=Path, default=Path(".assistant"), help="for the indexes")
    parser.add_argument("--reader", type=Path, default=WEIGHTS, help="folder of its weights")
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
