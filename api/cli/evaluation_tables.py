"""The figures of an evaluation and its comparison with an earlier run, as tables in a terminal."""

from collections.abc import Mapping, Sequence

from rich.console import Console
from rich.table import Table

from api.text import printable, truncate
from assistant.evaluation import Metric, Outcome, by_kind
from assistant.evaluation.comparison import Change, Comparison
from assistant.evaluation.figures import METRICS
from assistant.losses import count_losses

_MAX_CHANGES = 20  # of each direction
_MAX_QUESTION = 80  # characters


def print_figures(results: Mapping[str, Metric], outcomes: Sequence[Outcome]) -> None:
    """Prints the metrics with their intervals, the kinds of questions and the losses."""
    console = Console(highlight=False)
    table = _table("metric", "value", "95 %", "n", "meaning")
    for name in (name for name in METRICS if name in results):
        figure = results[name]
        interval = f"{figure.low:.3f} to {figure.high:.3f}"
        table.add_row(name, f"{figure.value:.3f}", interval, str(figure.count), METRICS[name])
    console.print(table)
    console.print()
    kinds = _table("kind", "correct", "of")
    for kind, (good, total) in by_kind(outcomes).items():
        kinds.add_row(_plain(kind), str(good), str(total))
    console.print(kinds)
    if counts := count_losses(outcome.loss for outcome in outcomes):
        console.print()
        losses = _table("wrong answers by the step that lost them", "")
        for loss, count in counts.items():
            losses.add_row(loss, str(count))
        console.print(losses)


def print_comparison(comparison: Comparison, earlier: str) -> None:
    """Prints what became better or worse since the earlier run, and whether that is noise."""
    console = Console(highlight=False)
    console.print(f"\ncompared with {_plain(earlier)}:", soft_wrap=True)
    table = _table("metric", "before", "now", "difference", "95 %", "p", "")
    for each in comparison.differences:
        table.add_row(
            each.metric,
            f"{each.before:.3f}",
            f"{each.after:.3f}",
            f"{each.after - each.before:+.3f}",
            f"{each.low:+.3f} to {each.high:+.3f}",
            f"{each.p_value:.2g}",
            each.judgement,
        )
    console.print(table)
    for direction in ("worse", "better", "different"):
        changes = [each for each in comparison.changes if each.direction == direction]
        _print_changes(console, direction, changes)
    for when, names in (("before", comparison.only_before), ("now", comparison.only_after)):
        if names:
            shown = ", ".join(names[:_MAX_CHANGES]) + (", …" if len(names) > _MAX_CHANGES else "")
            console.print(f"\nonly {when}: {len(names)} ({_plain(shown)})", soft_wrap=True)
    console.print(f"\n{comparison.describe()}", soft_wrap=True)


def _print_changes(console: Console, direction: str, changes: Sequence[Change]) -> None:
    if not changes:
        return
    console.print(f"\n{direction}: {len(changes)}")
    for change in changes[:_MAX_CHANGES]:
        question = truncate(" ".join(change.question.split()), _MAX_QUESTION)
        verdicts = f"{change.before} → {change.after}"
        console.print(f"  {_plain(change.id)}  {_plain(question)}  {verdicts}", soft_wrap=True)
    if len(changes) > _MAX_CHANGES:
        console.print(f"  and {len(changes) - _MAX_CHANGES} more")


def _table(*columns: str) -> Table:
    return Table(*columns, box=None, pad_edge=False)


def _plain(text: str) -> str:
    """The text without control characters and without what rich reads as markup."""
    return printable(text).replace("[", r"\[")
