"""Losses: the step of the pipeline that lost the answer."""

import pytest
from builders import AssistantOpener

from assistant.losses import Loss, count_losses, loss_of
from assistant.scorer import Scorer
from corpus.gold import GoldQuestion

YARD = (
    "# Yard\n\n## Pump\n\nThe pump stands behind the old mill. It was painted red in May.\n\n"
    "## Gate\n\nThe gate is locked at nine.\n"
)
# More passages than a search returns, each nearer to the question.
MANY = YARD + "".join(
    f"\n## Bell {n}\n\nThe bell rings at {n}, the bell says.\n" for n in range(12)
)


def gold(quote: str, *facts: str, question: str = "Where does the pump stand?") -> GoldQuestion:
    start = YARD.find(quote)
    spans = ((start, start + len(quote)),) if quote else ()
    return GoldQuestion(
        "1", question, facts, "yard.md", spans, bool(quote), keywords=tuple((f,) for f in facts)
    )


@pytest.mark.parametrize(
    ("asked", "document", "threshold", "loss"),
    [
        (gold("behind the old mill", "mill"), YARD, 0.0, None),
        (gold("", question="Who painted the pump?"), YARD, 1.0, None),
        (gold("", question="Who painted the pump?"), YARD, 0.0, Loss.ANSWERED),
        (gold("behind the old mill", "mill"), YARD, 1.0, Loss.REFUSED),
        (gold("in May", "May"), YARD, 0.0, Loss.CUT),
        (gold("at nine", "nine"), YARD, 0.0, Loss.NOT_CHOSEN),
        (gold("behind the old mill", "barn"), YARD, 0.0, Loss.NOT_A_CANDIDATE),
        (
            gold("behind the old mill", "mill", question="When does the bell ring?"),
            MANY,
            0.0,
            Loss.NOT_FOUND,
        ),
    ],
)
def test_first_step_that_lost_the_answer_is_named(
    open_assistant: AssistantOpener,
    asked: GoldQuestion,
    document: str,
    threshold: float,
    loss: Loss | None,
) -> None:
    scorer = Scorer({"similarity": 10.0, "units": -9.0}, 0.0, 0.0, {}, threshold=threshold)
    assistant = open_assistant({"yard.md": document}, scorer)
    answer, assessment = assistant.ask_with_assessment(asked.question)
    assert loss_of(asked, answer, assessment) == loss


def test_losses_are_counted_in_the_order_of_the_pipeline() -> None:
    counts = count_losses([Loss.REFUSED, None, Loss.NOT_FOUND, Loss.REFUSED])
    assert list(counts.items()) == [(Loss.NOT_FOUND, 1), (Loss.REFUSED, 2)]
