"""`assistant evaluate`: measures the answers to the questions of a gold file."""

import json
import math
from argparse import Namespace
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from api.assembly.assistant import ensure_index, open_assistant, open_texts
from api.cli.terminal import ProgressBars, warn, warn_skipped
from api.errors import OutputUnwritable
from api.exit_codes import CHECK_FAILED, DONE
from api.settings import load_settings
from api.text import printable
from assistant.errors import RequirementInvalid
from assistant.evaluation import Metric, Outcome, by_kind, compute_metrics, evaluate, outcome_record
from assistant.held_out import without_places
from assistant.losses import count_losses
from corpus.gold import read_gold

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
    "hit@1": "the first passage has the answer",
    "hit@5": "one of the first five has it",
    "rr@5": "reciprocal rank of that passage",
    "auroc": "confidence separates right from wrong",
}
_LOWER_IS_BETTER = frozenset({"wrongly_refused", "unproved_sentences"})


@dataclass(frozen=True)
class Requirement:
    """A bound for a metric: a minimum, or a maximum if lower values are better."""

    metric: str
    value: float

    def is_met(self, results: Mapping[str, Metric]) -> bool:
        """Whether the bound holds; False if the gold file does not allow to measure the metric."""
        if self.metric not in results:
            return False
        value = results[self.metric].value
        return value <= self.value if self.metric in _LOWER_IS_BETTER else value >= self.value

    def describe(self, results: Mapping[str, Metric]) -> str:
        """Returns the measured value and the bound, in words."""
        bound = "at most" if self.metric in _LOWER_IS_BETTER else "at least"
        measured = f"{results[self.metric].value:.4g}" if self.metric in results else "not measured"
        return f"{self.metric} is {measured}, required is {bound} {self.value:g}"


def run(arguments: Namespace) -> int:
    """Prints the figures; returns CHECK_FAILED if a requirement is not met."""
    settings = load_settings(arguments.corpus, arguments.data)
    requirements = [_parse_requirement(text) for text in arguments.require]
    gold = read_gold(arguments.gold)
    if arguments.out:
        _create(arguments.out)
    with ProgressBars() as bars:
        corpus = ensure_index(settings, bars)
        assistant = open_assistant(settings)
        if arguments.without_faq:
            pairs = assistant.generation.passages.faq_passages()
            gold = without_places(gold, (pair.passage for pair in pairs))
            assistant = assistant.without_faq()
        bars.begin("Asking", len(gold))
        outcomes = evaluate(assistant, gold, open_texts(settings), lambda: bars.advance(1))
    warn_skipped(corpus.unreadable)
    results = compute_metrics(outcomes)
    _print(results, outcomes)
    if arguments.out:
        _write(arguments.out, results, outcomes)
    missed = [each.describe(results) for each in requirements if not each.is_met(results)]
    warn(missed)
    return CHECK_FAILED if missed else DONE


def _parse_requirement(text: str) -> Requirement:
    metric, _, value = text.partition("=")
    if metric not in METRICS:
        known = ", ".join(METRICS)
        raise RequirementInvalid(
            f"--require {text}: unknown metric {metric!r}; the metrics are {known}"
        )
    try:
        number = float(value)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise RequirementInvalid(f"--require {text}: give a number, as in {metric}=0.9")
    return Requirement(metric, number)


def _create(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _unwritable(folder, error) from error


def _print(results: Mapping[str, Metric], outcomes: Sequence[Outcome]) -> None:
    console = Console(highlight=False)
    table = Table("metric", "value", "95 %", "n", "meaning", box=None, pad_edge=False)
    for name in (name for name in METRICS if name in results):
        figure = results[name]
        interval = f"{figure.low:.3f} to {figure.high:.3f}"
        table.add_row(name, f"{figure.value:.3f}", interval, str(figure.count), METRICS[name])
    console.print(table)
    console.print()
    kinds = Table("kind", "correct", "of", box=None, pad_edge=False)
    for kind, (good, total) in by_kind(outcomes).items():
        kinds.add_row(printable(kind).replace("[", r"\["), str(good), str(total))
    console.print(kinds)
    if counts := count_losses(outcome.loss for outcome in outcomes):
        console.print()
        losses = Table("wrong answers by the step that lost them", "", box=None, pad_edge=False)
        for loss, count in counts.items():
            losses.add_row(loss, str(count))
        console.print(losses)


def _write(folder: Path, results: Mapping[str, Metric], outcomes: Sequence[Outcome]) -> None:
    summary = {
        "questions": len(outcomes),
        "generation": outcomes[0].answer.generation,
        "writer": outcomes[0].answer.writer,
        "figures": {name: asdict(figure) for name, figure in results.items()},
        "kinds": {
            kind: {"good": good, "count": count}
            for kind, (good, count) in by_kind(outcomes).items()
        },
        "losses": count_losses(outcome.loss for outcome in outcomes),
    }
    records = [json.dumps(outcome_record(outcome), ensure_ascii=False) for outcome in outcomes]
    try:
        (folder / "figures.json").write_text(json.dumps(summary, indent=1) + "\n", encoding="utf-8")
        (folder / "outcomes.jsonl").write_text("\n".join(records) + "\n", encoding="utf-8")
    except OSError as error:
        raise _unwritable(folder, error) from error


def _unwritable(folder: Path, error: OSError) -> OutputUnwritable:
    return OutputUnwritable(f"cannot write to {folder} ({error.strerror})")
