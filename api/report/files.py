"""Writes the results of an evaluation into a folder.

figures.json      the metrics with their intervals, kinds, losses, and the comparison if any
outcomes.jsonl    one JSON object per question, see `assistant.evaluation.records`
junit.xml         a test case per question
report.html       all of it as one page
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from api.errors import OutputUnwritable
from api.report.junit import junit_xml
from assistant.evaluation import Metric, Outcome, by_kind, outcome_record
from assistant.evaluation.comparison import Comparison
from assistant.evaluation.records import OUTCOMES_FILE
from assistant.losses import count_losses
from corpus.gold import GoldProblem


@dataclass(frozen=True)
class Report:
    """The results of an evaluation. `gold` names the gold file, `left_out` its rows that could not
    be used; there is at least one outcome."""

    gold: str
    outcomes: Sequence[Outcome]
    metrics: Mapping[str, Metric]
    left_out: Sequence[GoldProblem] = ()
    comparison: Comparison | None = None


def create_folder(folder: Path) -> None:
    """Creates the folder for the results. Raises OutputUnwritable."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _unwritable(folder, error) from error


def write_report(folder: Path, report: Report) -> None:
    """Writes all files. Raises OutputUnwritable."""
    contents = {
        "figures.json": json.dumps(_figures(report), indent=1) + "\n",
        OUTCOMES_FILE: "".join(
            json.dumps(outcome_record(outcome), ensure_ascii=False) + "\n"
            for outcome in report.outcomes
        ),
        "junit.xml": junit_xml(report.gold, report.outcomes),
    }
    try:
        for name, content in contents.items():
            (folder / name).write_text(content, encoding="utf-8")
    except OSError as error:
        raise _unwritable(folder, error) from error


def _figures(report: Report) -> dict[str, Any]:
    answer = report.outcomes[0].answer
    figures = {
        "questions": len(report.outcomes),
        "left_out": len(report.left_out),
        "generation": answer.generation,
        "writer": answer.writer,
        "figures": {name: asdict(metric) for name, metric in report.metrics.items()},
        "kinds": {
            kind: {"good": good, "count": count}
            for kind, (good, count) in by_kind(report.outcomes).items()
        },
        "losses": count_losses(outcome.loss for outcome in report.outcomes),
    }
    if report.comparison:
        figures["comparison"] = _comparison(report.comparison)
    return figures


def _comparison(comparison: Comparison) -> dict[str, Any]:
    return {
        "result": comparison.describe(),
        **asdict(comparison),
        "changes": [
            {**asdict(change), "direction": change.direction} for change in comparison.changes
        ],
        "differences": [
            {**asdict(each), "judgement": each.judgement} for each in comparison.differences
        ],
    }


def _unwritable(folder: Path, error: OSError) -> OutputUnwritable:
    return OutputUnwritable(f"cannot write to {folder} ({error.strerror})")
