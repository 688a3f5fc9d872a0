"""Grids of tables: each row of the result can be read alone."""

from itertools import count

import pytest

from corpus.formats.grids import Cell, Table, read_grid

KEYS = count()


def grid(*rows: str) -> list[list[Cell]]:
    """Cells between bars; "<" continues the cell to the left, "^" the one above."""
    lines: list[list[Cell]] = []
    for row in rows:
        line: list[Cell] = []
        for column, text in enumerate(each.strip() for each in row.split("|")):
            if text == "<":
                line.append(line[-1])
            elif text == "^":
                line.append(lines[-1][column])
            else:
                line.append(Cell(next(KEYS), text))
        lines.append(line)
    return lines


@pytest.mark.parametrize(
    ("cells", "rows"),
    [
        (grid("Plan|Price", "Basic|1", "|"), [("Plan", "Price"), ("Basic", "1")]),
        (grid("Plan||Price", "Basic||1"), [("Plan", "Price"), ("Basic", "1")]),
        (grid("Plan|2024|<", "^|Q1|Q2", "Basic|1|2"), [("Plan", "2024 Q1", "2024 Q2"), ("Basic", "1", "2")]),
        (grid("Plan|Price", "Basic|1", "^|2"), [("Plan", "Price"), ("Basic", "1"), ("Basic", "2")]),
        (grid("Plan|Price", "Old plans|<", "Basic|1"), [("Plan", "Price"), ("Old plans", ""), ("Basic", "1")]),
        (grid("Plan|Price|<", "Basic|1|<", "Team|2|<"), [("Plan", "Price"), ("Basic", "1"), ("Team", "2")]),
    ],
)  # fmt: skip
def test_rows_have_all_their_values(cells: list[list[Cell]], rows: list[tuple[str, ...]]) -> None:
    assert read_grid(cells) == Table(tuple(rows))


def test_rows_of_one_cell_above_the_headings_are_the_caption() -> None:
    found = read_grid(grid("Prices|<", "Plan|Price", "Basic|1"))
    assert found == Table((("Plan", "Price"), ("Basic", "1")), "Prices")


def test_entries_of_a_form_are_rows_without_headings() -> None:
    found = read_grid(grid("Order:|12|Place:|Oslo", "Date:|1 May||", "|at noon|Contact:|Ada"))
    assert found.rows == (
        ("Order:", "12"), ("Place:", "Oslo"), ("Date:", "1 May"), ("", "at noon"), ("Contact:", "Ada"),
    )  # fmt: skip
    assert not found.has_header


def test_a_paragraph_in_the_first_row_is_no_column_heading() -> None:
    assert not read_grid(grid(f"Domain|{'It renews each year. ' * 9}", "Fees|2 %")).has_header


def test_an_empty_grid_is_an_empty_table() -> None:
    assert read_grid([]) == read_grid(grid("|", "|")) == Table(())
