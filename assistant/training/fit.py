"""Fits the scorer to gold questions: `python -m assistant.training.fit --help`.

Method: every gold question goes through the search, and all evidence for it is labelled right or
wrong by its gold answer. The order is a conditional logit over the evidence for one question, which
maximises the probability of the right evidence and prefers the shorter of it. The confidence is a
logistic regression over the best evidence, with both classes weighing alike. Each set weighs as
the square root of its number of questions. Both are fitted with an L2 penalty on standardised
features, with and without the reader's. Where it is known, a weight keeps its sign: an exact number
never makes evidence worse.

The plain order says what is read first; it is fitted to all sets.

Each set is left out of a fit in turn, and measured with that. The threshold, too, comes from sets
left out: it is the median over the sets of the highest that still answers the given share of the
questions whose best evidence is right. A corpus with its own gold questions gets its own threshold
when it is indexed (assistant.tuning).
"""

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from assistant.answer import Turn
from assistant.blocks import Places
from assistant.english.question import Question
from assistant.evidence import Evidence, Features, read_evidence
from assistant.losses import is_right_alone
from assistant.metrics import area_under_risk, auroc, calibration_error, coverage_at, reliability
from assistant.pipeline import Assistant
from assistant.reader.runtime import WEIGHTS, OnnxReader, Reader
from assistant.scorer import MAX_LEAD, Scorer
from assistant.training.rows import is_validation
from assistant.tuning import is_askable
from corpus.gold import GoldQuestion, read_gold
from corpus.loader import load_corpus
from index.build import build
from index.encoders import export_encoder, load_encoder
from index.generation import DataFolder
from index.layout import DEFAULT_ENCODER
from index.onnx_encoder import OnnxEncoder
from index.texts import TextStore

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
# Share of the questions with right evidence that the threshold answers; set on five folders of
# documentation, so that at most 12 % of their answerable questions are refused.
ANSWERED = 0.93
# The words of an answer below which a shorter one is no better.
_MIN_WORDS = 6
# Refuses nothing; the order is a rough one.
_LENIENT = Scorer({"similarity": 10.0, "headed_coverage": 10.0}, 0.0, 9.0, {}, threshold=0.0)


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
        """The set's name in reports: the folder above the documents."""
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
class Collected:
    """A gold question with the evidence for it; `right` has a flag for each."""

    gold: GoldQuestion
    question: Question
    evidence: Sequence[Evidence]
    right: Sequence[bool]


@dataclass(frozen=True)
class CollectedSet:
    """The questions of a set that have any evidence."""

    name: str
    questions: Sequence[Collected]


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


def main(arguments: Sequence[str] | None = None) -> int:
    """Fits with and without the reader, measures both with each set left out, writes the scorer."""
    options = _parser().parse_args(arguments)
    export_encoder(options.data)
    encoder = load_encoder(options.data)
    reader = OnnxReader(options.reader)
    collected = [collect(source, options.data, encoder, options.every) for source in options.set]
    stored = fit_scorers(collected, reader, options.answered)
    options.out.write_text(json.dumps(stored, indent=1) + "\n", encoding="utf-8")
    return 0


def fit_scorers(
    collected: Sequence[CollectedSet], reader: Reader, answered: float = ANSWERED
) -> dict[str, Any]:
    """The scorers with and without the reader, and their measures, as `scorer.json` has them."""
    plain, plain_measures = fit_and_measure(
        [sample_of(each) for each in collected], PLAIN, answered
    )
    unread = Scorer.from_dict(plain)
    samples = [sample_of(read(each, unread, reader)) for each in collected]
    scorer, measures = fit_and_measure(samples, EVERY, answered)
    scorer["unread"] = unread.order
    return {
        "plain": plain,
        "reader": scorer,
        "measured": {"plain": plain_measures, "reader": measures},
    }


def fit_and_measure(
    samples: Sequence[Sample], used: Flags, answered: float = ANSWERED
) -> tuple[dict[str, Any], dict[str, dict[str, float]]]:
    """The scorer as a dictionary, and its measures on every set with that set left out."""
    left_out = {}
    for sample in samples:
        others = [other for other in samples if other is not sample] or [sample]
        left_out[sample.name] = fit(others, used)
    lowest = [_threshold(left_out[each.name], each, answered) for each in samples]
    threshold = float(np.median([each for each in lowest if not np.isnan(each)]))
    scorer = fit(samples, used).scorer(threshold, samples)
    measures = {
        sample.name: measure(left_out[sample.name], sample, threshold) for sample in samples
    }
    for name, values in measures.items():
        shown = ", ".join(f"{key} {value:.3f}" for key, value in values.items())
        print(f"{name}, left out: {shown}", file=sys.stderr)
    return asdict(scorer), measures


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


def collect(
    source: Source, data: Path, encoder: OnnxEncoder, every: int = 1, name: str = ""
) -> CollectedSet:
    """Asks every Nth question of a set and labels the evidence for each; nothing is read. The name
    in reports is the source's if none is given."""
    folder = DataFolder(data / "fit" / source.name)
    build(load_corpus(source.corpus), encoder, DEFAULT_ENCODER, folder, {})
    texts = TextStore(folder.texts)
    assistant = Assistant(folder.open(encoder.fingerprint), encoder, texts, _LENIENT)
    found = []
    for gold in source.questions(every):
        history = [Turn(*turn) for turn in gold.history]
        _, assessment = assistant.ask_with_assessment(gold.question, history)
        question, evidence = assessment.question, assessment.evidence
        if evidence:
            right = [gold.answerable and is_right_alone(gold, question, each) for each in evidence]
            found.append(Collected(gold, question, evidence, right))
    assistant.generation.close()
    print(f"{source.name}: {len(found)} questions", file=sys.stderr)
    return CollectedSet(name or source.name, found)


def read(collected: CollectedSet, unread: Scorer, reader: Reader) -> CollectedSet:
    """The set with what the reader says about the evidence."""
    questions = []
    for each in collected.questions:
        first = unread.sort(each.evidence)
        is_right = {_key(e): right for e, right in zip(each.evidence, each.right, strict=True)}
        evidence = read_evidence(each.question, first, reader)
        right = [is_right[_key(e)] for e in evidence]
        questions.append(replace(each, evidence=evidence, right=right))
    return replace(collected, questions=questions)


def _key(evidence: Evidence) -> tuple[int, Places]:
    return evidence.hit.ordinal, evidence.places


def sample_of(collected: CollectedSet) -> Sample:
    """The set as arrays."""
    return Sample(collected.name, [_asked(each) for each in collected.questions])


def _asked(collected: Collected) -> Asked:
    gold, evidence = collected.gold, collected.evidence
    return Asked(
        features=np.array([list(each.features.values().values()) for each in evidence]),
        right=np.array(collected.right),
        words=np.array([float(len(each.text.split())) for each in evidence]),
        passages=np.array([each.hit.ordinal for each in evidence]),
        answerable=gold.answerable,
        is_located=bool(gold.spans or gold.keywords),
    )


# --- the two fits --------------------------------------------------------------------------------


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


def _threshold(fitted: Fit, sample: Sample, answered: float) -> float:
    """The highest threshold that answers the share of the questions with right evidence; NaN if
    there are none."""
    confidence = [
        fitted.probability(asked)
        for asked in sample.asked
        if asked.answerable and (asked.right[fitted.best(asked)] or not asked.is_located)
    ]
    return float(np.quantile(confidence, 1.0 - answered)) if confidence else float("nan")


def _by_name(weights: Matrix) -> dict[str, float]:
    return {name: round(float(w), 4) for name, w in zip(FEATURES, weights, strict=True) if w}


def _mean(values: Flags) -> float:
    return float(values.mean()) if len(values) else float("nan")


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
        default=ANSWERED,
        help="share of the questions with right evidence to answer",
    )
    parser.add_argument("--every", type=int, default=1, help="take every Nth question")
    default = Path(__file__).resolve().parent.parent / "scorer.json"
    parser.add_argument("--out", type=Path, default=default)
    return parser


if __name__ == "__main__":
    sys.exit(main())
