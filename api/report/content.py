"""What a report is about."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from assistant.evaluation import Metric, Outcome
from assistant.evaluation.comparison import Comparison
from corpus.gold import GoldProblem


@dataclass(frozen=True)
class Report:
    """The results of an evaluation. `gold` names the gold file, `left_out` its rows that could not
    be used, `earlier` the run that it is compared with; there is at least one outcome."""

    gold: str
    outcomes: Sequence[Outcome]
    metrics: Mapping[str, Metric]
    left_out: Sequence[GoldProblem] = ()
    comparison: Comparison | None = None
    earlier: str = ""
