"""Two runs over the same questions: what changed, and whether that is noise."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from assistant.evaluation import Verdict
from assistant.evaluation.comparison import Comparison, compare, mcnemar
from assistant.evaluation.records import Result

R, W, X = Verdict.RIGHT, Verdict.WRONG, Verdict.WRONGLY_REFUSED
D, A = Verdict.RIGHTLY_REFUSED, Verdict.ANSWERED


def run(*verdicts: Verdict, question: str = "Why") -> list[Result]:
    """A run over as many questions, the first with the id "0"."""
    return [result(str(n), f"{question} {n}?", verdict) for n, verdict in enumerate(verdicts)]


def result(name: str, question: str, verdict: Verdict) -> Result:
    is_answerable = verdict in (R, W, X)
    values = {"right": float(verdict is R)} if is_answerable else {"refusal_recall": verdict is D}
    if verdict in (X, D):
        values["refusal_precision"] = float(verdict is D)
    if is_answerable:
        values["wrongly_refused"] = float(verdict is X)
    return Result(name, question, is_answerable, verdict, 0.5 + is_answerable / 10, values)


def judgements(comparison: Comparison) -> dict[str, str]:
    return {each.metric: each.judgement for each in comparison.differences}


def directions(before: Sequence[Verdict], after: Sequence[Verdict]) -> list[str]:
    return [each.direction for each in compare(run(*before), run(*after)).changes]


def test_equal_runs_have_no_difference() -> None:
    found = compare(run(R, W, X, D, A), run(R, W, X, D, A))
    assert found.describe() == "There is no difference in 5 questions."
    assert (found.p_value, found.is_significantly_worse, found.changes) == (1, False, ())
    assert set(judgements(found).values()) == {"same"}


def test_a_change_is_better_or_worse_if_one_verdict_is_good() -> None:
    assert directions([R, R, D, W], [W, X, A, W]) == ["worse"] * 3
    assert directions([W, X, A], [R, R, D]) == ["better"] * 3
    assert directions([W, X], [X, W]) == ["different"] * 2


def test_metrics_can_differ_though_no_verdict_does() -> None:
    before = [replace(each, values={**each.values, "hit@1": 0.0}) for each in run(*[R] * 8)]
    found = compare(
        before, [replace(each, values={**each.values, "hit@1": 1.0}) for each in before]
    )
    assert found.describe() == "None of 8 questions is judged differently."
    assert judgements(found) == {"right": "same", "wrongly_refused": "same", "hit@1": "better"}


def test_few_changes_are_noise() -> None:
    found = compare(run(*[R] * 40), run(*[R] * 37, W, W, W))
    assert (found.better, found.worse) == (0, 3)
    assert found.p_value == pytest.approx(2 / 2**3)
    assert found.describe().endswith("(McNemar's exact test: p = 0.25): the difference is noise.")
    assert not found.is_significantly_worse


def test_a_regression_is_significant() -> None:
    before, after = run(*[R] * 40, W), run(*[R] * 30, *[X] * 10, R)
    found = compare(before, after)
    assert (found.better, found.worse) == (1, 10)
    assert found.describe().endswith("this run is worse.")
    assert found.is_significantly_worse
    assert judgements(found) == {"right": "worse", "wrongly_refused": "worse"}
    back = compare(after, before)
    assert back.describe().endswith("this run is better.")
    assert not back.is_significantly_worse
    assert judgements(back) == {"right": "better", "wrongly_refused": "better"}


def test_the_interval_is_that_of_paired_differences() -> None:
    # Of 100 questions 20 changed, 12 for the worse. The normal approximation of paired proportions:
    # 1.96 · sqrt((12 + 8) / 100² - (12 - 8)² / 100³) = 0.087
    found = compare(run(*[R] * 60, *[W] * 40), run(*[W] * 12, *[R] * 48, *[R] * 8, *[W] * 32))
    [right] = [each for each in found.differences if each.metric == "right"]
    assert right.after - right.before == pytest.approx(-0.04)
    assert (right.low, right.high) == (
        pytest.approx(-0.127, abs=0.02),
        pytest.approx(0.047, abs=0.02),
    )
    assert right.judgement == "noise"


@pytest.mark.parametrize(("worse", "judgement"), [(5, "noise"), (6, "worse")])
def test_metrics_and_verdict_agree_on_few_changes(worse: int, judgement: str) -> None:
    found = compare(run(*[R] * 40), run(*[W] * worse, *[R] * (40 - worse)))
    [right] = [each for each in found.differences if each.metric == "right"]
    assert right.p_value == found.p_value == 2 / 2**worse
    assert right.judgement == judgement


def test_many_changes_are_tested_by_random_exchanges() -> None:
    found = compare(run(*[R] * 60, *[W] * 40), run(*[W] * 30, *[R] * 30, *[R] * 14, *[W] * 26))
    [right] = [each for each in found.differences if each.metric == "right"]
    assert right.p_value == pytest.approx(found.p_value, abs=0.01)
    assert found.p_value == pytest.approx(mcnemar(14, 30))


def test_questions_are_paired_by_id_and_text() -> None:
    before, after = run(R, R, R), [*run(R, W), *run(R, R, R, R, question="Who")[2:]]
    found = compare(before, after)
    assert (found.count, found.only_before, found.only_after) == (2, ("2",), ("2", "3"))
    assert [each.id for each in found.changes] == ["1"]


def test_runs_without_a_common_question_say_so() -> None:
    found = compare(run(R), run(R, question="Who"))
    assert (found.count, found.differences) == (0, ())
    assert found.describe() == "No question is in both runs."


def test_a_metric_of_some_questions_is_compared_over_those_of_each_run() -> None:
    # Before, one refusal of two was due; now the only one is.
    found = compare(run(X, D, R), run(R, D, R))
    [precision] = [each for each in found.differences if each.metric == "refusal_precision"]
    assert (precision.before, precision.after) == (0.5, 1.0)


@pytest.mark.parametrize(
    ("better", "worse", "p"), [(0, 0, 1), (1, 1, 1), (0, 5, 2 / 32), (1, 7, 2 * 9 / 256)]
)
def test_mcnemar_is_the_exact_binomial_test(better: int, worse: int, p: float) -> None:
    assert mcnemar(better, worse) == mcnemar(worse, better) == pytest.approx(p)
