"""Fits the scorer to gold questions: `python -m assistant.training.fit --help`.

Each set is left out of a fit in turn, and measured with that. The threshold, too, comes from sets
left out: it is the median over the sets of the highest that still answers the given share of the
questions whose best evidence is right. A corpus with its own gold questions gets its own threshold
when it is indexed (assistant.tuning).
"""

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from assistant.reader.runtime import WEIGHTS, OnnxReader, Reader
from assistant.scorer import Scorer
from assistant.training.labelled import Collected, CollectedSet, Source, collect, read
from assistant.training.weights import EVERY, PLAIN, Asked, Fit, Flags, Sample, fit, measure
from index.encoders import export_encoder, load_encoder

# Share of the questions with right evidence that the threshold answers; set on five folders of
# documentation, so that at most 12 % of their answerable questions are refused.
ANSWERED = 0.93


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


def _threshold(fitted: Fit, sample: Sample, answered: float) -> float:
    """The highest threshold that answers the share of the questions with right evidence; NaN if
    there are none."""
    confidence = [
        fitted.probability(asked)
        for asked in sample.asked
        if asked.answerable and (asked.right[fitted.best(asked)] or not asked.is_located)
    ]
    return float(np.quantile(confidence, 1.0 - answered)) if confidence else float("nan")


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
