"""Gold questions that do not fit the documents."""

from dataclasses import replace

import pytest

from assistant.evaluation.checks import check_questions
from corpus.gold import GoldQuestion

YARD = "The pump stands behind the old mill. The gate is locked at nine."
GOOD = GoldQuestion("a", "Where is the pump?", ("behind a mill",), "yard.md", ((0, 36),), True)


def test_a_question_that_fits_is_kept() -> None:
    unknown = GoldQuestion("b", "Who?", (), None, (), answerable=False)
    reworded = replace(GOOD, id="c", answers=("Near the mills.",), also=(("yard.md", (37, 64)),))
    rows = {1: GOOD, 2: unknown, 3: reworded}
    assert check_questions(rows, {"yard.md": YARD}.get) == (list(rows.values()), [])


@pytest.mark.parametrize(
    ("gold", "field", "reason"),
    [
        (replace(GOOD, id="a"), "id", "'a' is the id of line 1 too"),
        (replace(GOOD, question="How? " * 1000), "question", "at most 2,000"),
        (replace(GOOD, answers=(), spans=()), "answers", "needs an answer"),
        (replace(GOOD, document=None), "document", "need the name"),
        (replace(GOOD, document="barn.md"), "document", "'barn.md' is not a document"),
        (replace(GOOD, spans=((0, 36), (60, 65))), "spans", "[60, 65] is outside"),
        (replace(GOOD, spans=((37, 64),)), "spans", "[37, 64] is 'The gate is"),
        (replace(GOOD, also=(("barn.md", (0, 3)),)), "also", "'barn.md' is not"),
        (replace(GOOD, also=(("yard.md", (0, 65)),)), "also", "ends before 65"),
    ],
)
def test_a_question_that_does_not_fit_is_named_by_line_and_field(
    gold: GoldQuestion, field: str, reason: str
) -> None:
    other = gold if field == "id" else replace(gold, id="other")
    kept, [problem] = check_questions({1: GOOD, 4: other}, {"yard.md": YARD}.get)
    assert kept == [GOOD]
    assert (problem.line, problem.field) == (4, field)
    assert reason in problem.reason
