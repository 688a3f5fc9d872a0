"""PPTX: slide by slide, in the order in which a slide is read, with notes and without hidden slides."""

from typing import Any

import pptx
import pytest
from canonical import one, rows
from formats import HOLIDAYS, AskHandbook, write_handbook
from office_handbooks import PptxHandbook, saved
from pptx.chart.data import CategoryChartData
from pptx.enum.chart import XL_CHART_TYPE
from pptx.enum.shapes import MSO_SHAPE
from pptx.util import Inches

from corpus.formats.extracted import NotExtracted
from corpus.formats.pptx.loader import load


def parts(presentation: Any) -> list[str]:
    """The parts of the canonical text, without metadata."""
    found = one(load(saved(presentation))).text.strip().split("\n\n")
    return [part for part in found if not part.startswith("---")]


def slide(presentation: Any, layout: int = 5, title: str = "Title") -> Any:
    """A new slide with a title; layout 1 has a body, 3 has two."""
    new = presentation.slides.add_slide(presentation.slide_layouts[layout])
    new.shapes.title.text = title
    return new


def box(shapes: Any, text: str, left: float, top: float, *, bold: bool = False) -> None:
    frame = shapes.add_textbox(Inches(left), Inches(top), Inches(3), Inches(1)).text_frame
    frame.text = text
    frame.paragraphs[0].runs[0].font.bold = bold


def rectangle(shapes: Any, left: float, top: float, width: float, height: float) -> None:
    """Draws a frame without text."""
    size = [Inches(n) for n in (left, top, width, height)]
    shapes.add_shape(MSO_SHAPE.RECTANGLE, *size)


@pytest.fixture
def presentation() -> Any:
    return pptx.Presentation()


def test_answers_are_those_of_the_original(ask_handbook: AskHandbook) -> None:
    book = PptxHandbook()
    write_handbook(book)
    ask_handbook("handbook.pptx", book.content(), places={HOLIDAYS: "slide 7"})


def test_bullets_of_the_layout_are_items_with_their_depth(presentation: Any) -> None:
    frame = slide(presentation, 1, "Rules").placeholders[1].text_frame
    frame.text = "Outer"
    for level, text in ((1, "Inner"), (0, "Outer again")):
        paragraph = frame.add_paragraph()
        paragraph.text, paragraph.level = text, level
    assert parts(presentation) == [
        "<!-- slide 1 -->", "## Rules", "- Outer\n    - Inner\n- Outer again",
    ]  # fmt: skip


def test_bullets_that_were_typed_make_items(presentation: Any) -> None:
    frame = slide(presentation).shapes.add_textbox(0, Inches(2), Inches(5), Inches(2)).text_frame
    frame.text = "• Outer\n– Inner\n• Outer again\nNo item – but text"
    assert parts(presentation)[2:] == [
        "- Outer\n    - Inner\n- Outer again", "No item – but text",
    ]  # fmt: skip


def test_a_single_paragraph_of_a_body_is_text(presentation: Any) -> None:
    slide(presentation, 1).placeholders[1].text_frame.text = "Only this."
    assert parts(presentation)[-1] == "Only this."


def test_shapes_are_read_from_top_to_bottom_and_from_left_to_right(presentation: Any) -> None:
    shapes = slide(presentation).shapes
    for text, left, top in (("last", 1, 5), ("right", 5, 2.1), ("left", 1, 2)):
        box(shapes, text, left, top)
    assert parts(presentation)[2:] == ["left", "right", "last"]


def test_a_frame_around_texts_is_a_card_with_a_title(presentation: Any) -> None:
    page = slide(presentation)
    page.notes_slide.notes_text_frame.text = "Say it slowly."
    shapes = page.shapes
    for name, left in (("Oslo", 1), ("Bern", 5)):
        rectangle(shapes, left, 2, 3.2, 3)
        box(shapes, name, left + 0.1, 2.1, bold=True)
        box(shapes, f"Staff of {name}.", left + 0.1, 3.1)
    box(shapes, "All offices open at 8.", 1, 6)
    assert parts(presentation)[2:] == [
        "All offices open at 8.", "Say it slowly.",
        "### Oslo", "Staff of Oslo.", "### Bern", "Staff of Bern.",
    ]  # fmt: skip


def test_labels_above_texts_are_read_column_by_column(presentation: Any) -> None:
    for layout in (4, 5):  # "Comparison" brings the labels along
        shapes = slide(presentation, layout).shapes
        if layout == 4:
            for holder, text in zip(
                list(shapes)[1:], ("Before", "Paper.", "Now", "Screens."), strict=True
            ):
                holder.text_frame.text = text
        else:
            for left, label, text in ((1, "Before", "Paper."), (5, "Now", "Screens.")):
                box(shapes, label, left, 2, bold=True)
                box(shapes, text, left, 3)
    found = ["### Before", "Paper.", "### Now", "Screens."]
    assert parts(presentation)[2:6] == parts(presentation)[8:] == found


def test_text_boxes_in_rows_and_columns_are_a_table_if_their_looks_say_so(
    presentation: Any,
) -> None:
    shapes = slide(presentation).shapes
    cells = [["", "Basic", "Team"], ["Price", "1 euro", "9 euros"], ["Seats", "one", "up to ten"]]
    for at, row in enumerate(cells):
        for n, text in enumerate(row):
            if text:
                box(shapes, text, 0.5 + 3 * n, 2 + 1.1 * at, bold=not at or not n)
    for at, (label, text) in enumerate((("Owner", "Ada"), ("Phone", "12 34"))):
        box(shapes, label, 1, 6 + at, bold=True)
        box(shapes, text, 5, 6 + at)
    assert parts(presentation)[2:] == [
        "|  | Basic | Team |\n| --- | --- | --- |\n| Price | 1 euro | 9 euros |\n"
        "| Seats | one | up to ten |",
        "| Owner | Ada |\n| Phone | 12 34 |",
    ]  # fmt: skip


def test_labels_that_take_turns_with_their_texts_are_the_rows_of_a_table(presentation: Any) -> None:
    shapes = slide(presentation).shapes
    for at, text in enumerate(("Sponsor", "Ada", "Metrics", "Sales", "Not a label")):
        box(shapes, text, 1, 1.8 + 1.05 * at, bold=text in ("Sponsor", "Metrics"))
    assert parts(presentation)[2:] == ["| Sponsor | Ada |\n| Metrics | Sales |", "Not a label"]


def test_text_boxes_side_by_side_that_all_look_alike_are_no_table(presentation: Any) -> None:
    shapes = slide(presentation).shapes
    for at in range(2):
        box(shapes, f"Left {at}", 1, 2 + 1.1 * at)
        box(shapes, f"Right {at}", 5, 2 + 1.1 * at)
    assert parts(presentation)[2:] == ["Left 0", "Right 0", "Left 1", "Right 1"]


def test_columns_whose_boxes_stand_at_other_heights_are_read_one_after_the_other(
    presentation: Any,
) -> None:
    shapes = slide(presentation).shapes
    for left, tops in ((1, (2, 3.2, 4.4)), (5, (2.3, 3.7))):
        for at, top in enumerate(tops):
            box(shapes, f"{left}-{at}", left, top)
    assert parts(presentation)[2:] == ["1-0", "1-1", "1-2", "5-0", "5-1"]


def test_texts_behind_check_marks_are_items(presentation: Any) -> None:
    shapes = slide(presentation).shapes
    for at, text in enumerate(("Named", "Signed")):
        box(shapes, "✓", 1, 2 + 1.1 * at)
        box(shapes, text, 5, 2 + 1.1 * at)
    assert parts(presentation)[2:] == ["- Named\n- Signed"]


def test_any_number_of_frames_inside_each_other_is_read(presentation: Any) -> None:
    shapes = slide(presentation).shapes
    for n in range(950):
        rectangle(shapes, n / 400, n / 400, 9 - n / 200, 7 - n / 200)
    for top in (3.0, 3.5):
        box(shapes, f"At {top}.", 3, top)
    assert parts(presentation)[2:] == ["At 3.0.", "At 3.5."]


def test_a_share_is_no_number_of_a_slide(presentation: Any) -> None:
    shapes = slide(presentation).shapes
    box(shapes, "Tests passed", 1, 2)
    box(shapes, "3/7", 5, 2)
    box(shapes, "1 / 7", 5, 6)
    assert parts(presentation)[2:] == ["Tests passed", "3/7"]


def test_typed_footers_and_numbers_are_left_out(presentation: Any) -> None:
    for number in range(3):
        shapes = slide(presentation, title=f"Slide {number}").shapes
        box(shapes, f"Words {number}", 1, 2)
        box(shapes, "Acme, internal", 1, 6)
        box(shapes, f"{number + 1} / 3", 5, 6)
    text = one(load(saved(presentation))).text
    assert "Words 2" in text and "internal" not in text and "/ 3" not in text


def test_the_largest_text_is_the_title_of_a_slide_without_one(presentation: Any) -> None:
    shapes = presentation.slides.add_slide(presentation.slide_layouts[6]).shapes
    box(shapes, "CHAPTER", 1, 1)
    box(shapes, "Why it matters", 1, 2)
    paragraph = shapes[1].text_frame.paragraphs[0]
    for letters in (paragraph.runs[0].font, paragraph.font):
        letters.size = Inches(0.5)
        assert parts(presentation)[1:] == ["## Why it matters", "CHAPTER"]
        letters.size = None


def test_shapes_in_groups_have_the_place_of_the_group(presentation: Any) -> None:
    shapes = slide(presentation).shapes
    group = shapes.add_group_shape()
    box(group.shapes, "in the group", 1, 1)
    group.top = Inches(5)
    box(shapes, "above", 1, 3)
    assert parts(presentation)[2:] == ["above", "in the group"]


def test_cells_that_are_merged_count_in_each_row_and_column(presentation: Any) -> None:
    size = [Inches(n) for n in (1, 2, 6, 2)]
    table = slide(presentation).shapes.add_table(4, 3, *size).table
    for at, text in (((0, 0), "Plan"), ((0, 1), "2024"), ((1, 1), "Q1"), ((1, 2), "Q2"),
                     ((2, 0), "Basic"), ((2, 1), "1"), ((2, 2), "2"), ((3, 1), "3"), ((3, 2), "4")):  # fmt: skip
        table.cell(*at).text = text
    for first, last in (((0, 1), (0, 2)), ((0, 0), (1, 0)), ((2, 0), (3, 0))):
        table.cell(*first).merge(table.cell(*last))
    assert rows(one(load(saved(presentation))).text) == [
        ["Plan", "2024 Q1", "2024 Q2"], ["Basic", "1", "2"], ["Basic", "3", "4"],
    ]  # fmt: skip


def test_the_data_of_a_chart_is_a_table(presentation: Any) -> None:
    data = CategoryChartData()
    data.categories = ["Oslo", "Bergen"]
    data.add_series("Visitors", (120, 80.5))
    size = [Inches(n) for n in (1, 2, 6, 4)]
    slide(presentation).shapes.add_chart(XL_CHART_TYPE.COLUMN_CLUSTERED, *size, data)
    assert rows(one(load(saved(presentation))).text) == [
        ["", "Visitors"], ["Oslo", "120"], ["Bergen", "80.5"],
    ]  # fmt: skip


def test_notes_follow_their_slide(presentation: Any) -> None:
    slide(presentation, title="First").notes_slide.notes_text_frame.text = "Say it slowly."
    slide(presentation, title="Second")
    assert parts(presentation) == [
        "<!-- slide 1 -->", "## First", "Say it slowly.", "<!-- slide 2 -->", "## Second",
    ]  # fmt: skip


def test_hidden_slides_are_left_out_and_named_and_count(presentation: Any) -> None:
    slide(presentation, title="Hidden")._element.set("show", "0")
    slide(presentation, title="Shown")
    assert parts(presentation) == ["<!-- slide 2 -->", "## Shown"]
    assert one(load(saved(presentation))).left_out == ("1 hidden slide",)


def test_dates_footers_and_numbers_are_left_out(presentation: Any) -> None:
    new = slide(presentation)
    layout = presentation.slide_layouts[5]
    for holder in layout.placeholders:
        if holder.placeholder_format.idx >= 10:
            new.shapes.clone_placeholder(holder)
    for number, shape in enumerate(new.shapes):
        shape.text_frame.text = f"text {number}"
    assert len(new.shapes) > 3 and parts(presentation)[1:] == ["## text 0"]


def test_a_file_without_text_is_named(presentation: Any) -> None:
    presentation.slides.add_slide(presentation.slide_layouts[6])
    with pytest.raises(NotExtracted, match=r"has no text \(1 slide\)"):
        list(load(saved(presentation)))
