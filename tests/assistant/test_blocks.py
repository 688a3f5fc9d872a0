"""Blocks: what is quoted with a unit so that it can be understood alone."""

import pytest

from assistant.blocks import (
    asked_cells,
    block_of,
    is_cut_list,
    lists,
    quotable_blocks,
    release_of,
    with_headings,
)
from assistant.english.question import Question
from corpus.document import Kind, Passage
from corpus.loader import parse_document
from corpus.splitter import split

STEPS = (
    "To clean the pump:\n\n1. Stop it:\n   ```\n   pump stop\n   ```\n2. Rinse it.\n3. Dry it.\n"
)
FILLER = "".join(f"- {'word ' * 20}{number}\n" for number in range(9))
NESTED = f"They fit:\n\n- Metal, with these tools:\n  - hammer\n  - file\n{FILLER}"
TABLE = (
    "| Bird | Colour | Size |\n|---|---|---|\n| Crow | black | 47 cm |\n| Jay | blue | 34 cm |\n"
)


def passage_of(text: str) -> Passage:
    (passage,) = split(parse_document("guide.md", text))
    return passage


def quoted(text: str, source: str) -> list[str]:
    """What is quoted with the unit that has this text."""
    passage = passage_of(text)
    sources = [passage.source(unit) for unit in passage.units]
    return [sources[place] for place in block_of(passage, sources.index(source))]


def cells(question: str, label: str, table: str = TABLE) -> tuple[list[str], list[str]]:
    """The quoted cells of the row with this label, and their column headings."""
    passage = passage_of(table)
    rows = [unit for unit in passage.units if unit.kind is Kind.ROW]
    row = next(unit for unit in rows if passage.at(*unit.cells[0]) == label)
    asked = asked_cells(Question(question), passage, row)
    return [passage.at(*c) for c in asked.cells], [passage.at(*c) for c in asked.columns]


@pytest.mark.parametrize("unit", ["Start it with:", "pump start"])
def test_announced_command_comes_with_its_sentence(unit: str) -> None:
    text = "Pumps need power. Start it with:\n\n```\npump start\n```\n"
    assert quoted(text, unit) == ["Start it with:", "pump start"]


@pytest.mark.parametrize("unit", ["To clean the pump:", "pump stop", "Rinse it."])
def test_steps_are_quoted_whole_with_their_code(unit: str) -> None:
    whole = ["To clean the pump:", "Stop it:", "pump stop", "Rinse it.", "Dry it."]
    assert quoted(STEPS, unit) == whole
    assert [unit.number for unit in passage_of(STEPS).units] == [0, 1, 0, 2, 3]


def test_item_of_a_long_list_comes_with_the_item_it_is_nested_under() -> None:
    assert quoted(NESTED, "file") == ["Metal, with these tools:", "file"]


def test_item_of_a_long_list_comes_with_the_items_below_it() -> None:
    metal = "Metal, with these tools:"
    assert quoted(NESTED, metal) == [metal, "hammer", "file"]


def test_sentence_that_starts_with_a_pronoun_comes_with_the_one_before() -> None:
    text = "Crows are black. They eat nuts. Ravens are larger.\n"
    assert quoted(text, "They eat nuts.") == ["Crows are black.", "They eat nuts."]
    assert quoted(text, "Ravens are larger.") == ["Ravens are larger."]


def test_of_a_row_only_the_asked_cells_are_quoted_with_their_headings() -> None:
    assert cells("What colour is the jay?", "Jay") == (["Jay", "blue"], ["Bird", "Colour"])


def test_row_is_quoted_whole_if_no_cell_is_asked_for() -> None:
    assert cells("Tell me about the crow", "Crow")[0] == ["Crow", "black", "47 cm"]


EVENTS = (
    "| id | title | start | venue | fee | about |\n|---|---|---|---|---|---|\n"
    "| e-1 | Spring meeting | 2026-06-07 | Town hall | 20 | Everyone reports. |\n"
)


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("When is the spring meeting?", "2026-06-07"),
        ("Where do we go for the spring meeting?", "Town hall"),
        ("How much does the spring meeting cost?", "20"),
    ],
)
def test_cell_of_the_type_that_is_asked_for_comes_with_what_it_is_about(
    question: str, expected: str
) -> None:
    assert cells(question, "e-1", EVENTS)[0] == ["e-1", "Spring meeting", expected]


RELEASE = (
    "# Changes\n\n## 2.1.0 - 2024-05-02\n\n### Added\n\n- A lamp.\n\n### Removed\n\n- The bell.\n"
)


def test_heading_of_a_release_comes_with_what_stands_below_it() -> None:
    assert quoted(RELEASE, "Removed") == ["Removed", "The bell."]
    assert len(quoted(RELEASE, "2.1.0 - 2024-05-02")) == 5


def test_item_of_a_release_comes_behind_its_headings() -> None:
    passage = passage_of(RELEASE)
    units = with_headings(passage, passage.units[-1])
    assert [passage.source(unit) for unit in units] == [
        "2.1.0 - 2024-05-02",
        "Removed",
        "The bell.",
    ]


@pytest.mark.parametrize(
    ("question", "expected"), [("What changed in 2.1.0?", 0), ("What was removed in 2.1.0?", 4)]
)
def test_question_that_names_only_a_release_asks_for_the_whole(
    question: str, expected: int
) -> None:
    assert release_of(Question(question), passage_of(RELEASE), 4) == expected


def test_blocks_are_proposed_each_once_and_without_the_header() -> None:
    passage = passage_of("# Tea\n\nTea warms. Tea calms. Tea wakes.\n")
    every = range(len(passage.units))
    assert quotable_blocks(passage, every) == [(0,), (1,), (2,), (0, 1), (1, 2), (0, 1, 2)]
    assert quotable_blocks(passage, [1]) == [(1,), (0, 1, 2)]
    assert all(0 not in block for block in quotable_blocks(passage_of(TABLE), range(3)))


def test_list_begins_with_the_sentence_that_introduces_it() -> None:
    passage = passage_of("# Tea\n\nIt helps against:\n\n- thirst\n- sleep\n")
    assert lists(passage) == [[0, 1, 2]]
    assert not is_cut_list(passage, [0, 1])  # a single item does not seem a list
    assert not is_cut_list(passage, [0, 1, 2])


def test_some_items_of_a_longer_list_are_a_cut_list() -> None:
    passage = passage_of("They eat:\n\n- seeds\n- worms\n- nuts\n")
    assert is_cut_list(passage, [0, 1, 2])
    assert not is_cut_list(passage, [2, 3, 1])
