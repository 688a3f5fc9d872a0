"""An evaluation as one HTML page, which needs no other file and no network.

Texts of documents and questions are data: the template escapes them, and the script of the page
sets them as text. The page's policy allows no script and no style but its own.
"""

import base64
import hashlib
import importlib
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from importlib.resources import files
from typing import Any

from jinja2 import Environment, StrictUndefined

from api.report.content import Report
from assistant.evaluation import Outcome, Verdict, by_kind
from assistant.evaluation.comparison import Change
from assistant.evaluation.figures import METRICS
from assistant.evaluation.records import outcome_record
from assistant.losses import count_losses

NO_PLOTS = "the report has no plots, which need matplotlib: pip install 'proved-assistant[report]'"
# More would make the page slow; the others are in outcomes.jsonl.
MAX_QUESTIONS = 10_000
_HEADLINES = {
    "right": "answerable questions answered rightly",
    "refusal_recall": "unanswerable questions refused",
    "wrongly_refused": "answerable questions refused",
    "cited_on_span": "answerable questions whose answer cites the gold passage",
    "faithfulness": "sentences with a proof",
}
_SHOWN = (
    "id", "kind", "question", "history", "standalone", "gold", "gold_in", "verdict", "confidence",
    "answer", "citations", "cited_in", "loss",
)  # fmt: skip
_FILTERS = {
    "all": "All",
    "wrong": "Wrong",
    "wrongly refused": "Wrongly refused",
    "answered though absent": "Answered though absent",
    "badly cited": "Badly cited",
    "changed": "Changed",
}


def render_page(report: Report) -> tuple[str, list[str]]:
    """Returns the page, and notes on what it lacks."""
    plots, notes = _plots(report.outcomes)
    style, script = _read("report.css"), _read("report.js")
    questions = _questions(report)
    if len(report.outcomes) > MAX_QUESTIONS:
        notes.append(f"the report shows {MAX_QUESTIONS:,} questions, those that are not good first")
    environment = Environment(autoescape=True, undefined=StrictUndefined)
    environment.policies["json.dumps_kwargs"] = {"ensure_ascii": False}
    environment.filters["percent"] = lambda value: f"{100 * value:.0f}"
    page = environment.from_string(_read("report.html")).render(
        report=report,
        style=style,
        script=script,
        policy=_policy(style, script),
        date=datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        answer=report.outcomes[0].answer,
        good=sum(outcome.verdict.is_good for outcome in report.outcomes),
        headlines=_HEADLINES,
        metrics=METRICS,
        kinds=by_kind(report.outcomes),
        losses=count_losses(outcome.loss for outcome in report.outcomes),
        plots=plots,
        notes=notes,
        questions=questions,
        filters=_counts(questions, with_changes=report.comparison is not None),
    )
    return page, notes


def _plots(outcomes: Sequence[Outcome]) -> tuple[list[dict[str, str]], list[str]]:
    """The plots with data URLs, or a note if matplotlib is not installed."""
    try:
        module = importlib.import_module("api.report.plots")
    except ModuleNotFoundError:
        return [], [NO_PLOTS]
    return [
        {
            "title": plot.title,
            "alt": plot.alt,
            "caption": plot.caption,
            "light": _data_url(plot.light),
            "dark": _data_url(plot.dark),
        }
        for plot in module.draw_plots(outcomes)
    ], []


def _questions(report: Report) -> list[dict[str, Any]]:
    """The questions to show, in the order of the gold file; only if there are too many, those that
    are not good come first."""
    changes = {}
    if report.comparison:
        changes = {(each.id, each.question): each for each in report.comparison.changes}
    outcomes: Sequence[Outcome] = report.outcomes
    if len(outcomes) > MAX_QUESTIONS:
        outcomes = sorted(outcomes, key=lambda each: each.verdict.is_good)[:MAX_QUESTIONS]
    return [_question(each, changes.get((each.gold.id, each.gold.question))) for each in outcomes]


def _question(outcome: Outcome, change: Change | None) -> dict[str, Any]:
    record = outcome_record(outcome)
    filters = [] if outcome.verdict.is_good else [outcome.verdict.value]
    if _is_badly_cited(outcome):
        filters.append("badly cited")
    if change:
        filters.append("changed")
    shown = {name: record[name] for name in _SHOWN}
    before = {"before": change.before, "direction": change.direction} if change else {}
    return {**shown, **before, "good": outcome.verdict.is_good, "filters": filters}


def _is_badly_cited(outcome: Outcome) -> bool:
    """Whether an answer cites no gold place, or a quote or a sentence of it is not proved."""
    if outcome.refused or outcome.verdict is Verdict.ANSWERED:
        return False
    return outcome.cited is False or not outcome.verbatim or outcome.unproved > 0


def _counts(
    questions: Sequence[Mapping[str, Any]], *, with_changes: bool
) -> list[tuple[str, str, int]]:
    """The name, the label and the number of questions of each filter."""
    names = [name for name in _FILTERS if name != "changed" or with_changes]
    return [
        (name, _FILTERS[name], sum(name == "all" or name in each["filters"] for each in questions))
        for name in names
    ]


def _policy(style: str, script: str) -> str:
    """The page's Content-Security-Policy."""
    return (
        f"default-src 'none'; img-src data:; style-src '{_digest(style)}'; "
        f"script-src '{_digest(script)}'; base-uri 'none'; form-action 'none'"
    )


def _digest(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


def _data_url(svg: str) -> str:
    return f"data:image/svg+xml;base64,{base64.b64encode(svg.encode()).decode()}"


def _read(name: str) -> str:
    return files("api.report").joinpath("page", name).read_text(encoding="utf-8")
