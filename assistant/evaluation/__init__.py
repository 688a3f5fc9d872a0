"""Evaluation: answers measured against gold questions.

checks.py       whether gold questions fit the documents
outcomes.py     the answer to one gold question, compared with its gold
excerpts.py     spans of a document in their context
figures.py      the metrics, each with its interval
comparison.py   two runs, question by question
records.py      outcomes as JSON, and back
"""

from assistant.evaluation.figures import (
    Metric,
    bootstrap_mean,
    by_kind,
    compute_metrics,
)
from assistant.evaluation.outcomes import Outcome, Verdict, evaluate
from assistant.evaluation.records import outcome_record

__all__ = [
    "Metric",
    "Outcome",
    "Verdict",
    "bootstrap_mean",
    "by_kind",
    "compute_metrics",
    "evaluate",
    "outcome_record",
]
