"""`assistant evaluate`: measures the answers to the questions of a gold file."""

import math
from argparse import Namespace
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from api.assembly.assistant import (
    ensure_index,
    open_assistant,
    open_texts,
    pinned_generation,
)
from api.cli.evaluation_tables import print_comparison, print_figures
from api.cli.terminal import ProgressBars, warn, warn_pinned, warn_skipped
from api.exit_codes import CHECK_FAILED, DONE
from api.report.content import Report
from api.report.files import create_folder, write_report
from api.settings import load_settings
from assistant.errors import RequirementInvalid
from assistant.evaluation import Metric, compute_metrics, evaluate
from assistant.evaluation.checks import check_questions
from assistant.evaluation.comparison import compare
from assistant.evaluation.figures import LOWER_IS_BETTER, METRICS
from assistant.evaluation.records import Result, read_results
from assistant.held_out import without_places
from assistant.pipeline import Assistant
from corpus.errors import GoldInvalid
from corpus.gold import GoldProblem, read_gold_rows
from index.texts import TextStore

_MAX_PROBLEMS = 20  # that are printed


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
        return value <= self.value if self.metric in LOWER_IS_BETTER else value >= self.value

    def describe(self, results: Mapping[str, Metric]) -> str:
        """Returns the measured value and the bound, in words."""
        bound = "at most" if self.metric in LOWER_IS_BETTER else "at least"
        measured = f"{results[self.metric].value:.4g}" if self.metric in results else "not measured"
        return f"{self.metric} is {measured}, required is {bound} {self.value:g}"


def run(arguments: Namespace) -> int:
    """Prints the figures; returns CHECK_FAILED if a requirement is not met, if a row of the gold
    file cannot be used, or if significantly more questions became worse than better."""
    settings = load_settings(arguments.corpus, arguments.data)
    requirements = [_parse_requirement(text) for text in arguments.require]
    rows, problems = read_gold_rows(arguments.gold)
    earlier = read_results(arguments.against) if arguments.against else None
    if arguments.out:
        create_folder(arguments.out)
    with ProgressBars() as bars:
        corpus = ensure_index(settings, bars)
        assistant, texts = open_assistant(settings), open_texts(settings)
        bars.begin("Checking the gold questions", len(rows))
        read_text = _text_reader(assistant, texts)
        gold, misfits = check_questions(rows, read_text, lambda: bars.advance(1))
        problems = sorted([*problems, *misfits], key=lambda problem: problem.line)
        if not gold:
            raise GoldInvalid(f"{arguments.gold}, {problems[0]}")
        asked = assistant
        if arguments.without_faq:
            pairs = assistant.generation.passages.faq_passages()
            gold = without_places(gold, (pair.passage for pair in pairs))
            asked = assistant.without_faq()  # uses the files of the whole one, which stays open
        bars.begin("Asking", len(gold))
        outcomes = evaluate(asked, gold, texts, lambda: bars.advance(1))
    warn_skipped(corpus.unreadable)
    warn_pinned(pinned_generation(settings))
    _warn_left_out(arguments.gold, problems)
    results = compute_metrics(outcomes)
    print_figures(results, outcomes)
    comparison = compare(earlier, [Result.of(each) for each in outcomes]) if earlier else None
    if comparison:
        print_comparison(comparison, str(arguments.against))
    if arguments.out:
        earlier_name = str(arguments.against or "")
        report = Report(arguments.gold.name, outcomes, results, problems, comparison, earlier_name)
        warn(write_report(arguments.out, report))
    missed = [each.describe(results) for each in requirements if not each.is_met(results)]
    warn(missed)
    is_worse = comparison is not None and comparison.is_significantly_worse
    return CHECK_FAILED if missed or problems or is_worse else DONE


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


def _text_reader(assistant: Assistant, texts: TextStore) -> Callable[[str], str | None]:
    """Reads the indexed text of a document by its path; None if there is no such document."""
    digests = {each.path: each.sha256 for each in assistant.generation.manifest.documents}

    @lru_cache(maxsize=256)
    def read(path: str) -> str | None:
        return texts.read(digests[path]) if path in digests else None

    return read


def _warn_left_out(path: Path, problems: Sequence[GoldProblem]) -> None:
    warn(f"left out: {path}, {problem}" for problem in problems[:_MAX_PROBLEMS])
    if len(problems) > _MAX_PROBLEMS:
        warn([f"left out: {len(problems) - _MAX_PROBLEMS:,} more rows of {path}"])
