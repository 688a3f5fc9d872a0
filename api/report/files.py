"""Writes the results of an evaluation into a folder.

figures.json      the metrics with their intervals, kinds, losses, and the comparison if any
outcomes.jsonl    one JSON object per question, see `assistant.evaluation.records`
junit.xml         a test case per question
report.html       all of it as one page
"""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from api.errors import OutputUnwritable
from api.report.content import Report
from api.report.junit import junit_xml
from api.report.page import render_page
from assistant.evaluation import by_kind, outcome_record
from assistant.evaluation.comparison import Comparison
from assistant.evaluation.records import OUTCOMES_FILE
from assistant.losses import count_losses


def create_folder(folder: Path) -> None:
    """Creates the folder for the results. Raises OutputUnwritable."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _unwritable(folder, error) from error


def write_report(folder: Path, report: Report) -> list[str]:
    """Writes all files, and returns notes on what the page lacks. Raises OutputUnwritable."""
    page, notes = render_page(report)
    contents = {
        "figures.json": json.dumps(_figures(report), indent=1) + "\n",
        "junit.xml": junit_xml(report.gold, report.outcomes),
        "report.html": page,
    }
    try:
        for name, content in contents.items():
            (folder / name).write_text(content, encoding="utf-8")
        with (folder / OUTCOMES_FILE).open("w", encoding="utf-8") as file:
            for outcome in report.outcomes:
                file.write(json.dumps(outcome_record(outcome), ensure_ascii=False) + "\n")
    except OSError as error:
        raise _unwritable(folder, error) from error
    return notes


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
