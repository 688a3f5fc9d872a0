"""Selecting evidence with the shipped scorer: the sentence, list, row or two sides that answer."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from builders import AssistantOpener, shipped_scorer

from assistant.english.question import Question
from assistant.reader.runtime import OnnxReader
from assistant.selection import Selection, select, units_to_quote

GARDEN = (
    "# Garden\n\n## Pests\n\nAgainst snails there are three remedies:\n\n- beer traps\n"
    "- copper tape\n\n## Roses\n\nRoses want sun and a deep soil.\n"
)
PROMPTER = "Prompter | whispers forgotten lines"
USHER = "Usher | shows guests to their seats"
GRIP = "Grip | moves the scenery"
THEATRE = (
    "# Theatre\n\n## Roles in the theatre\n\n| Role | Task |\n|---|---|\n"
    f"| {PROMPTER} |\n| {USHER} |\n| {GRIP} |\n"
)
TAILS = ["Crows have a fan-shaped tail.", "Ravens have a wedge-shaped tail."]
BIRDS = (
    f"# Birds\n\n## Crows\n\n{TAILS[0]} They live in small towns.\n\n"
    f"## Ravens\n\n{TAILS[1]} They live in high mountains.\n"
)
CACTUS = "# Questions\n\n## How often is a cactus watered?\n\nEvery three weeks. Never in winter.\n"

Selecting = Callable[[str, str], Selection]


@pytest.fixture
def selected(open_assistant: AssistantOpener, reader: OnnxReader) -> Selecting:
    """What is selected from a document for a question."""

    def found(document: str, question: str) -> Selection:
        assistant = open_assistant({"document.md": document}, shipped_scorer(), reader)
        selection = assistant.ask_with_assessment(question)[1].selection
        assert selection
        return selection

    return found


def quotes(selection: Selection) -> list[str]:
    return [e.passage.source(e.passage.units[n]) for e in selection.blocks for n in e.places]


@pytest.mark.parametrize(
    ("document", "question", "expected"),
    [
        (CACTUS, "How often is a cactus watered?", ["Every three weeks.", "Never in winter."]),
        (
            GARDEN,
            "What are the remedies against snails?",
            ["Against snails there are three remedies:", "beer traps", "copper tape"],
        ),
        (GARDEN, "What do roses want?", ["Roses want sun and a deep soil."]),
        (THEATRE, "What are the roles in the theatre?", [PROMPTER, USHER, GRIP]),
        (THEATRE, "What does an usher do?", [USHER]),
        (THEATRE, "Who whispers forgotten lines?", [PROMPTER]),
        (
            "# Shop\n\nOur external customers do pay in cash. Staff are internal and never pay.\n",
            "How do internal customers pay?",
            ["Staff are internal and never pay."],
        ),
        (
            "# Shop\n\nOpening hours\n\nThe shop opens at nine and closes at five.\n",
            "What are the opening hours of the shop?",
            ["The shop opens at nine and closes at five."],
        ),
    ],
)
def test_evidence_that_answers_is_selected(
    selected: Selecting, document: str, question: str, expected: list[str]
) -> None:
    found = quotes(selected(document, question))
    assert set(expected) <= set(found)
    assert len(found) <= len(expected) + 1


@pytest.mark.parametrize(
    "question",
    [
        "What is the difference between crows and ravens?",
        "How do ravens differ from crows?",
        "Compare the tail of crows with the tail of ravens.",
        "Crows vs ravens",
    ],
)
def test_comparison_selects_both_sides(selected: Selecting, question: str) -> None:
    selection = selected(BIRDS, question)
    assert selection.is_comparison
    assert set(TAILS) <= set(quotes(selection))


def test_comparison_that_one_sentence_answers_needs_no_sides(selected: Selecting) -> None:
    sentence = "The difference between crows and ravens is the shape of the tail."
    document = f"# Birds\n\n{sentence}\n\n## Food\n\nCrows eat nuts.\n"
    selection = selected(document, "What is the difference between crows and ravens?")
    assert (selection.is_comparison, quotes(selection)) == (False, [sentence])


def test_comparison_with_an_unknown_side_is_none(selected: Selecting) -> None:
    question = "What is the difference between crows and penguins?"
    assert not selected(BIRDS, question).is_comparison


def test_question_of_the_documents_gets_its_own_answer_and_no_more(
    open_assistant: AssistantOpener,
) -> None:
    files = {
        "document.md": CACTUS + "\n## Is a cactus watered often?\n\nA cactus is watered rarely.\n"
    }
    strict = replace(shipped_scorer("plain"), threshold=1.0)
    answer = open_assistant(files, strict).ask("how often is a Cactus watered")
    assert answer.text == "Every three weeks. [1] Never in winter. [2]"
    assert answer.confidence == 1


def test_cells_that_are_not_asked_for_are_left_out(selected: Selecting) -> None:
    table = "| Plan | Price | Seats |\n|---|---|---|\n| Solo | 9 EUR | 1 |\n| Team | 40 EUR | 8 |\n"
    question = "How many seats does the Team plan have?"
    selection = selected(f"# Plans\n\n{table}", question)
    (row,) = units_to_quote(Question(question), selection)
    assert [row[0].at(*cell) for cell in row[1].cells] == ["Team", "8"]


@pytest.mark.parametrize(
    "question", ["Pests", "Roses", "Garden", "Roles in the theatre", "What are pests?"]
)
def test_heading_is_never_an_answer(selected: Selecting, question: str) -> None:
    found = quotes(selected(GARDEN + THEATRE.removeprefix("# Theatre\n\n"), question))
    assert not {"Pests", "Roses", "Garden", "Roles in the theatre"} & set(found)
    assert not any("#" in quote or "Role | Task" in quote for quote in found)


def test_nothing_is_selected_without_evidence() -> None:
    assert select(Question("Ravens?"), []) is None
