"""`assistant evaluate`: measures the answers to a file of gold questions."""

import json
import math
from argparse import Namespace
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from api.assembly.assistant import ensure_index, open_assistant, open_texts
from api.cli.terminal import Bars, warn
from api.errors import OutputUnwritable
from api.exit_codes import CHECK_FAILED, DONE
from api.settings import load_settings
from api.text import printable
from assistant.errors import RequirementInvalid
from assistant.evaluation import Metric, Outcome, by_kind, compute_metrics, evaluate, outcome_record
from corpus.gold import read_gold

METRICS = {
    "right": "answerable, answered rightly",
    "answered": "answerable, answered at all",
    "cited_on_span": "a citation is on the gold",
    "first_citation_on_span": "the first citation is",
    "token_f1": "words shared with the gold",
    "refusal_recall": "unanswerable, refused",
    "refusal_precision": "refusals that were due",
    "wrongly_refused": "answerable, refused",
    "near_misses_refused": "near misses, refused",
    "verbatim": "answers quoted verbatim",
    "unproved_sentences": "an answer, without a proof",
    "hit@1": "first passage has the answer",
    "hit@5": "one of the first five has it",
    "rr@5": "reciprocal rank of that one",
    "auroc": "confidence orders rightly",
}
_AT_MOST = frozenset({"wrongly_refused", "unproved_sentences"})


@dataclass(frozen=True)
class Requirement:
    """What a metric must be: at least the value, or at most where less is better."""

    metric: str
    value: float

    def is_met(self, found: Mapping[str, Metric]) -> bool:
        """Whether it is; a metric that the gold file does not allow to measure is not."""
        if self.metric not in found:
            return False
        value = found[self.metric].value
        return value <= self.value if self.metric in _AT_MOST else value >= self.value

    def told(self, found: Mapping[str, Metric]) -> str:
        """The requirement and what was found, in words."""
        bound = "at most" if self.metric in _AT_MOST else "at least"
        value = f"{found[self.metric].value:.4g}" if self.metric in found else "not measured"
        return f"{self.metric} is {value}, required is {bound} {self.value:g}"


def run(arguments: Namespace) -> int:
    """Prints the figures; CHECK_FAILED where a requirement is not met."""
    settings = load_settings(arguments.corpus, arguments.data)
    required = [_requirement(text) for text in arguments.require]
    gold = read_gold(arguments.gold)
    out = _made(arguments.out) if arguments.out else None
    with Bars() as bars:
        corpus = ensure_index(settings, bars)
        assistant = open_assistant(settings)
        bars.begin("Asking", len(gold))
        outcomes = evaluate(assistant, gold, open_texts(settings), lambda: bars.advance(1))
    warn(f"left out: {error}" for error in corpus.unreadable)
    found = compute_metrics(outcomes)
    _print(found, outcomes)
    if out:
        _write(out, found, outcomes)
    missed = [each.told(found) for each in required if not each.is_met(found)]
    warn(missed)
    return CHECK_FAILED if missed else DONE


def _requirement(text: str) -> Requirement:
    metric, _, value = text.partition("=")
    if metric not in METRICS:
        known = ", ".join(METRICS)
        raise RequirementInvalid(
            f"--require {text}: no metric is called {metric!r}; known: {known}"
        )
    try:
        number = float(value)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise RequirementInvalid(f"--require {text}: give a number, as in {metric}=0.9")
    return Requirement(metric, number)


def _made(folder: Path) -> Path:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _unwritable(folder, error) from error
    return folder


def _print(found: Mapping[str, Metric], outcomes: Sequence[Outcome]) -> None:
    console = Console(highlight=False)
    table = Table("metric", "value", "95 %", "n", "what it is", box=None, pad_edge=False)
    for name in (name for name in METRICS if name in found):
        figure = found[name]
        interval = f"{figure.low:.3f} to {figure.high:.3f}"
        table.add_row(name, f"{figure.value:.3f}", interval, str(figure.count), METRICS[name])
    console.print(table)
    console.print()
    kinds = Table("kind", "as it should be", "of", box=None, pad_edge=False)
    for kind, (good, total) in by_kind(outcomes).items():
        kinds.add_row(printable(kind).replace("[", r"\["), str(good), str(total))
    console.print(kinds)


def _write(folder: Path, found: Mapping[str, Metric], outcomes: Sequence[Outcome]) -> None:
    summary = {
        "questions": len(outcomes),
        "generation": outcomes[0].answer.generation,
        "writer": outcomes[0].answer.writer,
        "figures": {name: asdict(figure) for name, figure in found.items()},
        "kinds": {
            kind: {"good": good, "count": count}
            for kind, (good, count) in by_kind(outcomes).items()
        },
    }
    records = [json.dumps(outcome_record(outcome), ensure_ascii=False) for outcome in outcomes]
    try:
        (folder / "figures.json").write_text(json.dumps(summary, indent=1) + "\n", encoding="utf-8")
        (folder / "outcomes.jsonl").write_text("\n".join(records) + "\n", encoding="utf-8")
    except OSError as error:
        raise _unwritable(folder, error) from error


def _unwritable(folder: Path, error: OSError) -> OutputUnwritable:
    return OutputUnwritable(
        f"{folder} cannot be written ({error.strerror}): name another folder with --out"
    )
