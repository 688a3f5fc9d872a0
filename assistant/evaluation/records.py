"""Outcomes as JSON objects, one per question, and back as far as a comparison needs them.

The column of a metric has its value for the question, null if the metric does not apply: the mean
of a column is the figure. The columns `user_input`, `response`, `retrieved_contexts`, `reference`
and `reference_contexts` are those of a dataset of Ragas, which ignores the others.
"""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from assistant.answer import Citation
from assistant.errors import EarlierRunInvalid
from assistant.evaluation.figures import METRICS, metric_values
from assistant.evaluation.outcomes import Outcome, Verdict, is_on_span

OUTCOMES_FILE = "outcomes.jsonl"


@dataclass(frozen=True)
class Result:
    """One question of a run, as far as a comparison needs it. `values` has the metrics that apply
    to the question, by name."""

    id: str
    question: str
    answerable: bool
    verdict: Verdict
    confidence: float
    values: dict[str, float]

    @classmethod
    def of(cls, outcome: Outcome) -> "Result":
        """The result of a question that was just asked."""
        gold = outcome.gold
        return cls(
            gold.id,
            gold.question,
            gold.answerable,
            outcome.verdict,
            outcome.answer.confidence,
            metric_values(outcome),
        )


def outcome_record(outcome: Outcome) -> dict[str, Any]:
    """One outcome as a JSON object."""
    gold, answer = outcome.gold, outcome.answer
    values = metric_values(outcome)
    return {
        "id": gold.id,
        "kind": gold.kind,
        "question": gold.question,
        "history": [{"role": role, "text": text} for role, text in gold.history],
        "standalone": answer.standalone_question,
        "answerable": gold.answerable,
        "gold": list(gold.answers),
        "document": gold.document,
        "spans": [list(span) for span in gold.spans],
        "gold_in": [asdict(excerpt) for excerpt in outcome.gold_in],
        "verdict": outcome.verdict,
        "status": answer.status,
        "confidence": answer.confidence,
        "answer": answer.text,
        "citations": [_citation(outcome, citation) for citation in answer.citations],
        "cited_in": [asdict(excerpt) for excerpt in outcome.cited_in],
        "loss": outcome.loss,
        **{name: values.get(name) for name in METRICS if name != "auroc"},
        "seconds": round(answer.timings_ms.get("total", 0.0) / 1000, 4),
        "user_input": gold.question,
        "response": answer.text,
        "retrieved_contexts": [passage.text for passage in outcome.passages],
        "reference": gold.answers[0] if gold.answers else None,
        "reference_contexts": list(outcome.gold_texts or gold.contexts),
    }


def _citation(outcome: Outcome, citation: Citation) -> dict[str, Any]:
    """A citation; `on_span` is null if no gold span is known."""
    return {
        "number": citation.number,
        "heading": citation.heading,
        "document": citation.document,
        "start": citation.start,
        "end": citation.end,
        "quote": citation.quote,
        "on_span": None if outcome.cited is None else is_on_span(outcome.gold, citation),
    }


def read_results(path: Path) -> list[Result]:
    """Reads an earlier run: its `outcomes.jsonl`, or the `figures.json` or folder of that.

    Raises EarlierRunInvalid if there are none, or if a line of it is not an outcome.
    """
    if path.is_dir():
        path = path / OUTCOMES_FILE
    elif path.suffix == ".json":
        path = path.with_name(OUTCOMES_FILE)
    try:
        lines = path.read_text(encoding="utf-8").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise EarlierRunInvalid(f"the outcomes {path} cannot be read ({error})") from error
    results = []
    for number, line in enumerate(lines, start=1):
        if line.strip():
            try:
                results.append(_result(line))
            except (ValueError, KeyError, TypeError, RecursionError) as error:
                raise EarlierRunInvalid(
                    f"{path}, line {number}: not an outcome of this version "
                    f"({type(error).__name__}: {error})"
                ) from error
    if not results:
        raise EarlierRunInvalid(f"{path} contains no outcomes")
    return results


def _result(line: str) -> Result:
    row = json.loads(line)
    if not isinstance(row, dict):
        raise TypeError(f"expected a JSON object, found {type(row).__name__}")
    values = {name: row[name] for name in METRICS if row.get(name) is not None}
    return Result(
        id=str(row["id"]),
        question=str(row["question"]),
        answerable=bool(row["answerable"]),
        verdict=Verdict(row["verdict"]),
        confidence=float(row["confidence"]),
        values={name: float(value) for name, value in values.items()},
    )
