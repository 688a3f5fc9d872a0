"""Drafts of gold questions: what each kind of text asks, and what is left out."""

import json
from collections.abc import Callable
from itertools import islice
from pathlib import Path

import pytest
from builders import GenerationBuilder

from assistant.drafting.drafts import Draft, DraftKind
from assistant.drafting.proposals import propose
from assistant.drafting.wording import as_own, base_of
from corpus.gold import read_gold

Drafter = Callable[..., list[Draft]]
STEPS = "1. Open the settings page of the portal.\n2. Choose the entry Security and confirm it.\n"


@pytest.fixture(scope="module")
def drafts_of(build_generation: GenerationBuilder) -> "Drafter":
    """The drafts from documents in Markdown."""

    def drafted(*texts: str, known: tuple[str, ...] = ()) -> list[Draft]:
        files = {f"{number}.md": text for number, text in enumerate(texts)}
        return list(propose(build_generation(files).passages, known))

    return drafted


def questions(drafts: list[Draft], kind: DraftKind) -> list[str]:
    return [each.question for each in drafts if each.kind is kind]


@pytest.mark.parametrize(
    ("heading", "question"),
    [
        ("Resetting your password", "How do I reset my password?"),
        ("2. Cancel a Booking", "How do I cancel a booking?"),
        ("How to enroll in the plan", "How do I enroll in the plan?"),
        ("Password overview", None),
        ("Resetting", None),
        ("Kings of Norway", None),
        ("Use your card when possible", None),
    ],
)
def test_heading_that_instructs_asks_how(
    drafts_of: Drafter, heading: str, question: str | None
) -> None:
    drafts = drafts_of(f"# Portal\n\n## {heading}\n\n{STEPS}")
    asked = questions(drafts, DraftKind.HOW_TO) + questions(drafts, DraftKind.HEADING)
    assert asked == ([question] if question else [])


@pytest.mark.parametrize(
    ("sentence", "question"),
    [
        ("A sabbatical is a leave of six months without pay.", "What is a sabbatical?"),
        ("Flexi Pass is a ticket for ten days of travel.", "What is Flexi Pass?"),
        ("It is a ticket for ten days of travel.", None),
        ("The page is a list of tickets.", None),
        ("Each of them is a kind of leave.", None),
    ],
)
def test_definition_asks_what_it_is(
    drafts_of: Drafter, sentence: str, question: str | None
) -> None:
    drafts = drafts_of(f"# Leave\n\nWe like Flexi Pass here, and so do they.\n\n{sentence}\n")
    assert questions(drafts, DraftKind.DEFINITION) == ([question] if question else [])


@pytest.mark.parametrize(
    ("sentence", "question", "answer"),
    [
        ("You can take your leave in half days.", "Can I take my leave in half days?", "Yes."),
        ("You cannot take leave in the first month.", "Can I take leave in the first month?", "No."),
        ("You must ask for leave two weeks ahead.", "Do I need to ask for leave two weeks ahead?", "Yes."),
        ("You don't need to give a reason for leave.", "Do I need to give a reason for leave?", "No."),
        ("You can do this with leave.", None, ""),
        ("You can use annual, award and sick leave.", None, ""),
        ("You can find leave on the next page.", None, ""),
    ],
)  # fmt: skip
def test_permission_asks_whether(
    drafts_of: Drafter, sentence: str, question: str | None, answer: str
) -> None:
    found = [d for d in drafts_of(f"# Leave\n\n{sentence}\n") if d.kind is DraftKind.YES_NO]
    assert [each.question for each in found] == ([question] if question else [])
    assert all(each.answer.startswith(answer) for each in found)


def test_cell_asks_for_the_column_of_its_row(drafts_of: Drafter) -> None:
    table = (
        "| Model | Weight | Price | Case |\n|---|---|---|---|\n| Large | 2.2 kg | €900 | yes |\n"
    )
    drafts = drafts_of(f"# Laptops\n\n{table}")
    asked = {each.question: each for each in drafts if each.kind is DraftKind.TABLE}
    assert asked.keys() == {
        "What is the weight of the Large model?",
        "How much does the Large model cost?",
    }
    weight = asked["What is the weight of the Large model?"]
    assert weight.answer == weight.passage.at(*weight.span) == "2.2 kg"


def test_question_about_cells_with_several_answers_is_left_out(drafts_of: Drafter) -> None:
    table = "| Model | Weight |\n|---|---|\n| Large | 2 kg |\n| Small | 1 kg |\n| Large | 3 kg |\n"
    asked = questions(drafts_of(f"# Laptops\n\n{table}"), DraftKind.TABLE)
    assert asked == ["What is the weight of the Small model?"]


def test_faq_is_proposed_as_it_is_unless_it_depends_on_its_place(drafts_of: Drafter) -> None:
    text = "# FAQ\n\n## When is it open?\n\nFrom eight to noon.\n\n## When is the bath open?\n\nFrom eight to noon, daily.\n"
    drafts = drafts_of(text)
    assert questions(drafts, DraftKind.FAQ) == ["When is the bath open?"]
    assert drafts[0].record()["document"] == "0.md"
    start, end = drafts[0].record()["spans"][0]
    assert text[start:end] == "From eight to noon, daily."


def test_near_miss_asks_what_no_passage_says(drafts_of: Drafter) -> None:
    silent = (
        "# Tickets\n\nFlexi Pass is a ticket for ten journeys by train.\n\nWe like Flexi Pass.\n"
    )
    [miss] = [d for d in drafts_of(silent) if not d.is_answerable]
    assert miss.question == "How much does Flexi Pass cost?"
    assert miss.record()["answers"] == miss.record()["spans"] == []
    priced = f"{silent}\n## Prices\n\nThe price of Flexi Pass is on the card.\n"
    asked = questions(drafts_of(priced), DraftKind.NEAR_MISS)
    assert asked
    assert miss.question not in asked


def test_near_miss_asks_about_a_year_that_no_passage_has(drafts_of: Drafter) -> None:
    text = "# FAQ\n\n## When is the fair of 2031?\n\nIt is in May 2031, and in June 2033.\n"
    assert questions(drafts_of(text), DraftKind.NEAR_MISS) == ["When is the fair of 2034?"]


def test_known_questions_are_not_proposed_again_and_kinds_take_turns(drafts_of: Drafter) -> None:
    text = f"# Portal\n\n## Resetting your password\n\n{STEPS}\n## Leave\n\nYou can take your leave in half days.\n"
    two = [each.kind for each in islice(drafts_of(text), 2)]
    assert {*two} == {DraftKind.HOW_TO, DraftKind.YES_NO}
    asked = [d.question for d in drafts_of(text, known=("how do I reset my password",))]
    assert "How do I reset my password?" not in asked


def test_record_is_read_as_a_gold_question(drafts_of: Drafter, tmp_path: Path) -> None:

    drafts = drafts_of("# Leave\n\nYou can take your leave in half days.\n")
    path = tmp_path / "gold.jsonl"
    path.write_text(json.dumps(drafts[0].record()), encoding="utf-8")
    [gold] = read_gold(path)
    assert gold.answerable
    assert gold.kind == "yes/no"


@pytest.mark.parametrize(
    ("word", "base"),
    [("Using", "use"), ("Submitting", "submit"), ("Booking", "book"), ("Reset", "reset"), ("Morning", ""), ("String", "")],
)  # fmt: skip
def test_verb_of_a_heading_in_its_base_form(word: str, base: str) -> None:
    assert base_of(word) == base


def test_text_is_asked_in_the_first_person() -> None:
    assert as_own("update your address if you move and tell it to you") == (
        "update my address if I move and tell it to me"
    )
