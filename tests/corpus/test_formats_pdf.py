"""PDF: what layout says becomes structure; what is no text of the document is left out and named."""

import io
import re
from collections.abc import Callable
from typing import Any

import pytest
from canonical import headings, items, one, rows
from formats import HOLIDAYS, AskHandbook, write_handbook
from office_handbooks import GRID, STYLES, PdfHandbook
from reportlab.lib.pdfencrypt import StandardEncryption
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Paragraph, SimpleDocTemplate, Table, TableStyle

from corpus.formats.extracted import NotExtracted
from corpus.formats.pdf import file as pdf_file
from corpus.formats.pdf.loader import load
from corpus.formats.pdf.numbered import consistent_levels

LEFT, TOP, LEADING = 72, 760, 14  # points


def drawn(*pages: Callable[[Canvas], object], **options: Any) -> bytes:
    """A PDF whose pages were drawn by the functions."""
    buffer = io.BytesIO()
    canvas = Canvas(buffer, **options)
    for draw in pages:
        canvas.setFont("Helvetica", 10)
        draw(canvas)
        canvas.showPage()
    canvas.save()
    return buffer.getvalue()


def lines(
    *texts: str, left: float = LEFT, top: float = TOP, font: str = ""
) -> Callable[[Canvas], None]:
    """Draws lines below each other."""

    def draw(canvas: Canvas) -> None:
        if font:
            canvas.setFont(font, 10)
        for number, text in enumerate(texts):
            canvas.drawString(left, top - LEADING * number, text)

    return draw


def several(*draws: Callable[[Canvas], object]) -> Callable[[Canvas], None]:
    """Draws them on one page."""

    def draw(canvas: Canvas) -> None:
        for each in draws:
            each(canvas)

    return draw


def parts(raw: bytes) -> list[str]:
    """The parts of the canonical text, without metadata and places."""
    text = one(load(raw)).text
    return [part for part in text.strip().split("\n\n") if not part.startswith(("<!--", "---"))]


FULL = "words that fill the whole width of a line of this page, so that it"


@pytest.mark.parametrize("style", [GRID, TableStyle([])], ids=["ruled", "unruled"])
def test_answers_are_those_of_the_original(ask_handbook: AskHandbook, style: TableStyle) -> None:
    book = PdfHandbook(style)
    write_handbook(book)
    ask_handbook("handbook.pdf", book.content(), places={HOLIDAYS: "page 2"})


def test_running_heads_and_page_numbers_are_left_out() -> None:
    book = PdfHandbook()
    write_handbook(book)
    extracted = one(load(book.content()))
    assert "internal" not in extracted.text and extracted.left_out == ()
    assert not any(line.isdigit() for line in extracted.text.splitlines())


def test_a_large_running_head_is_left_out() -> None:
    def draw(canvas: Canvas) -> None:
        canvas.setFont("Helvetica-Bold", 16)
        canvas.drawString(LEFT, 800, "Handbook")
        lines("Rules " + FULL, "hold.", top=700, font="Helvetica")(canvas)

    assert "Handbook" not in one(load(drawn(*[draw] * 4))).text


def column(name: str) -> list[str]:
    return [f"{name} {n} of the words that are in this column" for n in range(8)] + ["End."]


def test_two_columns_are_read_one_after_the_other() -> None:
    left, right = column("Left"), column("Right")
    page = several(
        lines("Title of both columns"), lines(*left, top=700), lines(*right, left=320, top=703)
    )
    assert parts(drawn(page)) == ["Title of both columns", " ".join(left), " ".join(right)]


def test_columns_are_read_in_order_when_the_file_has_them_line_by_line() -> None:
    left, right = column("Left"), column("Right")
    draws = [
        lines(text, left=x, top=700 - LEADING * n)
        for n in range(9)
        for x, text in ((LEFT, left[n]), (320, right[n]))
    ]
    assert parts(drawn(several(*draws))) == [" ".join(left), " ".join(right)]


def test_columns_of_short_lines_are_no_table_if_these_are_at_other_heights() -> None:
    left = [f"Left {n}." for n in range(9)]
    right = [f"Right {n}." for n in range(9)]
    draws = [
        lines(text, left=x, top=top - LEADING * n)
        for n in range(9)
        for x, top, text in ((LEFT, 700, left[n]), (320, 693, right[n]))
    ]
    words = " ".join(parts(drawn(several(*draws)))).split()
    assert words == " ".join(left + right).split()


def test_sections_side_by_side_are_read_below_what_stands_above_both() -> None:
    page = several(
        lines("• Flights", "• Cars", "• Trains", top=740),
        lines("• Visas", "• Guides", "• Meals", left=320, top=740),
        lines("Where we go", top=670, font="Helvetica-Bold"),
        lines("• Oslo", "• Rome", "• Bern", top=650, font="Helvetica"),
        lines("Who we are", left=320, top=670, font="Helvetica-Bold"),
        lines("• Ada", "• Bob", "• Cleo", left=320, top=650, font="Helvetica"),
        lines("Here is how to learn more about all of these journeys", left=200, top=560),
    )
    assert parts(drawn(page)) == [
        "- Flights\n- Cars\n- Trains\n- Visas\n- Guides\n- Meals",
        "# Where we go",
        "- Oslo\n- Rome\n- Bern",
        "# Who we are",
        "- Ada\n- Bob\n- Cleo",
        "Here is how to learn more about all of these journeys",
    ]


def test_lines_of_two_columns_may_be_half_a_line_apart() -> None:
    def title(canvas: Canvas) -> None:
        canvas.setFont("Helvetica-Bold", 14)
        canvas.drawString(LEFT, 735, "Left title")

    left, right = column("Left"), column("Right")
    page = several(lines(*left, top=712), lines(*right, left=320, top=733), title)
    assert parts(drawn(page)) == ["# Left title", " ".join(left), " ".join(right)]


def test_divided_words_are_joined_and_other_hyphens_stay() -> None:
    words = ["The self-service and the appointment of all are in the portal, and the appoint-",
             "ment is made there. If you need help with it, take the terminal of the self-",
             "service in the hall."]  # fmt: skip
    assert parts(drawn(lines(*words))) == [
        "The self-service and the appointment of all are in the portal, and the appointment is made "
        "there. If you need help with it, take the terminal of the self-service in the hall."
    ]


def test_a_paragraph_goes_on_over_a_page_and_counts_to_its_first() -> None:
    raw = drawn(lines("A " + FULL), lines("goes on here."))
    assert f"<!-- page 1 -->\n\nA {FULL} goes on here." in one(load(raw)).text


def test_a_paragraph_goes_on_behind_a_note_at_the_foot_of_its_page() -> None:
    def note(canvas: Canvas) -> None:
        canvas.setFont("Helvetica", 7)
        canvas.drawString(LEFT, 150, "1 Not on Sundays, except in the weeks before Christmas.")

    def page(*texts: str) -> Callable[[Canvas], None]:
        return lines(*texts, top=740)

    first = page("It starts here.", "A " + FULL, "and " + FULL)
    assert parts(
        drawn(several(first, note), page("goes on here. It goes on", "and ends here."))
    ) == [
        "It starts here.",
        f"A {FULL} and {FULL} goes on here. It goes on and ends here.",
        "1 Not on Sundays, except in the weeks before Christmas.",
    ]


def test_a_short_line_ends_a_paragraph() -> None:
    assert parts(drawn(lines("Short.", "The " + FULL, "goes on."))) == [
        "Short.",
        f"The {FULL} goes on.",
    ]


def test_lists_have_marks_and_depth_and_go_on_over_lines() -> None:
    page = several(
        lines("• The first item has so many words that it needs a second line, which", top=700),
        lines("is indented.", left=LEFT + 8, top=686),
        lines("– An inner item", left=LEFT + 20, top=672),
        lines("• The last item", top=658),
    )
    assert parts(drawn(page)) == [
        "- The first item has so many words that it needs a second line, which is indented.\n"
        "    - An inner item\n- The last item"
    ]


def test_a_word_with_a_number_and_a_colon_starts_a_paragraph() -> None:
    steps = ["Step 1: Take the " + FULL, "Step 2: Ask the " + FULL]
    assert parts(drawn(lines(*steps))) == steps


def test_a_number_that_counts_nothing_is_text() -> None:
    assert items(one(load(drawn(lines("1. Open.", "2. Close.", "", "12. March is a holiday.")))).text) == ["Open.", "Close."]  # fmt: skip


def test_a_number_within_a_sentence_starts_no_step() -> None:
    paragraph = lines(f"The {FULL}", "(1) time of it counts.")
    assert parts(drawn(paragraph)) == [f"The {FULL} (1) time of it counts."]


def test_letters_of_a_font_of_signs_are_bullets_and_need_no_space() -> None:
    def draw(canvas: Canvas) -> None:
        for at, text in enumerate(("Flights", "Cars")):
            lines("v", top=700 - LEADING * at, font="Courier-Oblique")(canvas)
            lines(text, left=LEFT + 15, top=700 - LEADING * at, font="Helvetica")(canvas)
        lines("•Trains", "•Visas", top=672)(canvas)
        lines("\u2718", top=644, font="ZapfDingbats")(canvas)

    raw = drawn(draw).replace(b"/Courier-Oblique", b"/Wingdings      ")
    assert parts(raw) == ["- Flights\n- Cars\n- Trains\n- Visas ✘"]


def test_words_drawn_apart_to_fill_two_lines_are_no_table() -> None:
    raw = at_places(
        *((x, 700, text) for x, text in zip((72, 130, 190, 260, 340), "Where can I get it?".split(), strict=True)),
        *((x, 686, text) for x, text in zip((72, 170, 225, 340), "It is here now.".split(), strict=True)),
    )  # fmt: skip
    assert parts(raw) == ["Where can I get it? It is here now."]


def test_letters_count_items_and_stay_with_them() -> None:
    page = several(
        lines("1. Staff may take leave for:", "(a) a birth,", "(b) a move:"),
        lines("(i) within the city, or", "(ii) to another one,", left=LEFT + 20, top=718),
        lines("(c) a wedding.", "(g) Further letters are text.", top=690),
    )
    assert parts(drawn(page)) == [
        "1. Staff may take leave for:\n- (a) a birth,\n- (b) a move:\n    - (i) within the city, or\n"
        "    - (ii) to another one,\n- (c) a wedding.",
        "(g) Further letters are text.",
    ]


def test_a_sentence_goes_on_beside_a_picture_where_its_lines_are_short() -> None:
    page = several(lines("Stay in the", "Tower of", "London."), lines(FULL, top=700))
    assert parts(drawn(page)) == ["Stay in the Tower of London.", FULL]


def test_headings_are_larger_or_bold_and_their_levels_are_sizes() -> None:
    def draw(canvas: Canvas) -> None:
        lines("Words. " + FULL, "goes on.", top=600)(canvas)
        for size, top, text in (
            (20, 760, "Title"),
            (14, 720, "Chapter"),
            (14, 500, "Next chapter"),
        ):
            canvas.setFont("Helvetica", size)
            canvas.drawString(LEFT, top, text)
        lines("Bold section", top=640, font="Helvetica-Bold")(canvas)

    text = one(load(drawn(draw))).text
    assert headings(text) == ["Title", "Chapter", "Bold section", "Next chapter"]
    assert "\n# Title" in text and "\n## Chapter" in text and "\n### Bold section" in text


def test_the_outline_says_what_a_heading_is_and_its_level() -> None:
    def draw(canvas: Canvas) -> None:
        for level, title in enumerate(("Rules", "Scope")):
            canvas.bookmarkPage(title)
            canvas.addOutlineEntry(title, title, level)
        lines("Rules", "", "Scope", "", "The rules hold for all.")(canvas)

    assert parts(drawn(draw)) == ["# Rules", "## Scope", "The rules hold for all."]


def test_neither_a_price_nor_an_empty_entry_of_the_outline_makes_a_heading() -> None:
    def draw(canvas: Canvas) -> None:
        canvas.bookmarkPage("x")
        canvas.addOutlineEntry(" ", "x", 0)
        canvas.setFont("Helvetica-Bold", 24)
        canvas.drawString(LEFT, 790, "$12.00 / mo")
        lines(*[FULL] * 4, font="Helvetica")(canvas)

    assert headings(one(load(drawn(draw))).text) == []


def test_merged_cells_and_two_rows_of_headings_count_in_each_column() -> None:
    spans = [("SPAN", (1, 0), (2, 0)), ("SPAN", (0, 0), (0, 1)), ("SPAN", (0, 2), (0, 3))]
    style = TableStyle([("GRID", (0, 0), (-1, -1), 0.5, "black"), *spans])
    book = PdfHandbook(style)
    book.table([["Plan", "2024", ""], ["", "Q1", "Q2"], ["Basic", "1", "2"], ["", "3", "4"]])
    assert rows(one(load(book.content())).text) == [
        ["Plan", "2024 Q1", "2024 Q2"], ["Basic", "1", "2"], ["Basic", "3", "4"],
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("cells", "found"),
    [
        (("Oslo\nRome\nBern", "12\n7\n5", "3\n4\n1"), ["Oslo", "12", "3"]),
        (("Open\nat night\ntoo", "By key\nor by\ncode", "On\nrequest\nonly"), ["Open at night too", "By key or by code", "On request only"]),
    ],
)  # fmt: skip
def test_lines_of_numbers_are_rows_and_lines_of_words_are_one_cell(
    cells: tuple[str, ...], found: list[str]
) -> None:
    buffer = io.BytesIO()
    table = Table([("Name", "First", "Second"), cells], style=GRID)
    SimpleDocTemplate(buffer).build([table])
    assert rows(one(load(buffer.getvalue())).text)[1] == found


def test_a_table_that_goes_on_on_the_next_page_has_its_headings_there() -> None:
    book = PdfHandbook()
    book.table([["Room", "Seats"], *([f"R{n}", str(n)] for n in range(60))])
    found = rows(one(load(book.content())).text)
    assert found.count(["Room", "Seats"]) == 2 and found.count(["R59", "59"]) == 1


def divided(cells: list[list[str]], style: TableStyle = GRID) -> bytes:
    """A table on pages so small that they divide its rows."""
    buffer = io.BytesIO()
    texts = [[Paragraph(cell, STYLES["BodyText"]) for cell in row] for row in cells]
    table = Table(texts, style=style, colWidths=[80, 180], splitInRow=1)
    SimpleDocTemplate(buffer, pagesize=(420, 300)).build([table])
    return buffer.getvalue()


def test_a_row_that_goes_on_on_the_next_page_is_one() -> None:
    text = "It holds for everybody who works in the office, whatever the day may be. " * 3
    cells = [["Rule", "Text"], *([f"R{n}", text.strip()] for n in range(5))]
    found = rows(one(load(divided(cells))).text)
    assert [row for row in found if row != cells[0]] == cells[1:] and found.count(cells[0]) == 3


def test_rows_of_a_group_on_the_next_page_stay_rows() -> None:
    years = [f"The year {2000 + n} was fine." for n in range(18)]
    grouped = [["" if n % 2 else f"O{n}", year] for n, year in enumerate(years)]
    found = rows(one(load(divided([["Office", "Year"], *grouped]))).text)
    assert [year for _, year in found if year != "Year"] == years


def test_the_shade_of_a_cell_and_of_its_lines_divides_no_column() -> None:
    def draw(canvas: Canvas) -> None:
        for left, name in ((72, "Name"), (252, "Price")):
            canvas.setFillGray(0.9)
            canvas.rect(left, 640, 180, 60, fill=1, stroke=0)
            for y in (640, 694):
                canvas.rect(left, y, 180, 6, fill=1, stroke=0)
            for y in (646, 662, 678):
                canvas.rect(left + 8, y, 164, 16, fill=1, stroke=0)
            canvas.setFillGray(0)
            lines(name, "of the", "thing", left=left + 10, top=682)(canvas)
            lines(f"One {name}", left=left + 10, top=620)(canvas)
        for y in (610, 640, 700):
            canvas.line(72, y, 432, y)
        for x in (72, 252, 432):
            canvas.line(x, 610, x, 700)

    assert rows(one(load(drawn(draw))).text) == [
        ["Name of the thing", "Price of the thing"], ["One Name", "One Price"],
    ]  # fmt: skip


def test_the_shades_of_cells_divide_rows() -> None:
    def draw(canvas: Canvas) -> None:
        for n, texts in enumerate((("Part", "Need"), ("Memory", "8 GB"), ("System", "Linux"))):
            for left, width, text in ((72, 120, texts[0]), (192, 240, texts[1])):
                for inset in (0, 5):
                    canvas.setFillGray(0.9)
                    canvas.rect(left + inset, 660 - 20 * n, width - 2 * inset, 20, fill=1, stroke=0)
                canvas.setFillGray(0)
                canvas.drawString(left + 8, 666 - 20 * n, text)
        canvas.line(72, 660, 432, 660)
        canvas.line(192, 620, 192, 680)

    assert rows(one(load(drawn(draw))).text) == [
        ["Part", "Need"], ["Memory", "8 GB"], ["System", "Linux"],
    ]  # fmt: skip


def test_cells_of_several_lines_are_one_in_a_table_without_lines() -> None:
    texts = [("Plan", "Who it is for"), ("Basic", "One person who works"), ("", "at home"),
             ("Team", "Up to ten people in"), ("", "one office"), ("Firm", "Everybody")]  # fmt: skip
    tops = [700, 676, 663, 639, 626, 602]
    draws = [
        lines(text, left=x, top=top)
        for (plan, who), top in zip(texts, tops, strict=True)
        for x, text in ((LEFT, plan), (LEFT + 120, who))
    ]
    assert rows(one(load(drawn(several(*draws)))).text) == [
        ["Plan", "Who it is for"], ["Basic", "One person who works at home"],
        ["Team", "Up to ten people in one office"], ["Firm", "Everybody"],
    ]  # fmt: skip


def at_places(*places: tuple[float, float, str]) -> bytes:
    """A page with words at these distances from the left and from the bottom, row by row."""
    ordered = sorted(places, key=lambda each: (-each[1], each[0]))
    return drawn(several(*(lines(text, left=x, top=y) for x, y, text in ordered)))


def test_rows_without_lines_are_told_by_the_space_between_them() -> None:
    # The cells stand at the bottom of their rows, as reportlab sets them.
    raw = at_places(
        (72, 700, "Head race, masters'"), (72, 688, "eights and older"), (200, 688, "The Old Spoons"), (330, 688, "9"),
        (72, 670, "Head race"), (200, 670, "Brandt and three"), (72, 658, "for women"), (200, 658, "others"), (330, 658, "2"),
        (200, 640, "Isolde Penrose of"), (72, 628, "Indoor"), (200, 628, "the Reach"), (330, 628, "1"),
    )  # fmt: skip
    assert rows(one(load(raw)).text) == [
        ["Head race, masters' eights and older", "The Old Spoons", "9"],
        ["Head race for women", "Brandt and three others", "2"],
        ["Indoor", "Isolde Penrose of the Reach", "1"],
    ]


@pytest.mark.parametrize("offset", [0, 3, 7])
def test_paragraphs_of_two_columns_are_no_table(offset: float) -> None:
    sides = ((72, 700, (4, 3, 5, 2)), (320, 700 - offset, (3, 4, 2, 5)))
    places = []
    for x, top, lengths in sides:
        y = top
        for number, length in enumerate(lengths):
            for line in range(length):
                words = "of the words that are in this column" if line < length - 1 else "end."
                places.append((x, y, f"{x} {number}.{line} {words}"))
                y -= 14
            y -= 10
    raw = at_places(*places)
    assert "|" not in one(load(raw)).text
    words = " ".join(parts(raw)).split()
    assert words == " ".join(text for *_, text in places).split()


def test_a_grid_of_labels_above_values_has_no_column_headings() -> None:
    def draw(canvas: Canvas) -> None:
        cells = [("CLIENT", "Ada Lovelace", "OFFER", "A-17"), ("DATE", "1 May", "VALID UNTIL", "1 June"),
                 ("PLACE", "Oslo", "PRICE", "12 euros")]  # fmt: skip
        for at, texts in enumerate(cells):
            for n, text in enumerate(texts):
                canvas.setFont("Helvetica", 10 if n % 2 else 8)
                canvas.drawString(72 + 200 * (n // 2), 700 - 30 * at - 12 * (n % 2), text)

    assert parts(drawn(draw)) == [
        "| CLIENT Ada Lovelace | OFFER A-17 |\n| DATE 1 May | VALID UNTIL 1 June |\n"
        "| PLACE Oslo | PRICE 12 euros |"
    ]


def test_contents_are_left_out_and_named() -> None:
    contents = lines(
        "Scope ........................ 2",
        "Leave ........................ 2",
        "Offices ...................... 3",
    )
    extracted = one(load(drawn(contents, lines("Scope of it."), lines("Offices of it."))))
    assert "...." not in extracted.text
    assert extracted.left_out == ("3 lines of a table of contents",)


def test_code_keeps_its_lines_and_indents() -> None:
    page = several(
        lines("The script is this:", FULL),
        lines("for each in all:", "  print(each)", top=700, font="Courier"),
    )
    assert parts(drawn(page))[-1] == "```\nfor each in all:\n  print(each)\n```"


def test_pages_on_their_side_are_read_upright() -> None:
    def draw(canvas: Canvas) -> None:
        canvas.rotate(90)
        lines("First line of it.", "Second line of it.", left=100, top=-100)(canvas)

    assert parts(drawn(draw)) == ["First line of it. Second line of it."]


def test_text_along_the_margin_follows_that_of_the_page() -> None:
    def draw(canvas: Canvas) -> None:
        canvas.saveState()
        canvas.rotate(90)
        canvas.setFont("Helvetica", 20)
        canvas.drawString(300, -30, "Draft of 2024")
        canvas.restoreState()
        lines("The " + FULL)(canvas)

    assert parts(drawn(draw, lines("goes on here."))) == [
        f"The {FULL} goes on here.",
        "Draft of 2024",
    ]


def test_slanted_words_are_left_out_and_named() -> None:
    def draw(canvas: Canvas) -> None:
        lines("The text.")(canvas)
        canvas.rotate(45)
        canvas.drawString(300, 300, "DRAFT")

    extracted = one(load(drawn(draw)))
    assert "DRAFT" not in extracted.text and extracted.left_out == ("1 word printed at a slant",)


def test_metadata_is_read_but_no_file_name_as_title() -> None:
    def named(title: str) -> bytes:
        def draw(canvas: Canvas) -> None:
            canvas.setTitle(title)
            canvas.setAuthor("Ada")
            lines("Words.")(canvas)

        return drawn(draw, lang="nb-NO")

    text = one(load(named("Rules of leave"))).text
    assert 'title: "Rules of leave"' in text and 'author: "Ada"' in text and "nb-NO" in text
    assert "title" not in one(load(named("Microsoft Word - rules.docx"))).text


def test_a_page_without_text_is_named() -> None:
    scan = lambda canvas: canvas.rect(100, 100, 300, 300, fill=1)  # noqa: E731
    assert one(load(drawn(lines("Words."), scan, scan))).left_out == (
        "2 pages without text (scanned)",
    )
    with pytest.raises(NotExtracted, match=r"has no text \(2 pages\); it may be scanned"):
        list(load(drawn(scan, scan)))


def test_encrypted_files_open_if_no_password_is_needed() -> None:
    words = lines("Secret words.")
    assert parts(drawn(words, encrypt=StandardEncryption("", "owner"))) == ["Secret words."]
    with pytest.raises(NotExtracted, match="is encrypted with a password"):
        list(load(drawn(words, encrypt=StandardEncryption("user", "owner"))))


def test_a_page_around_a_protected_document_is_named() -> None:
    raw = drawn(lines("This document is protected.")) + b"<</AFRelationship/EncryptedPayload>>"
    with pytest.raises(NotExtracted, match="is encrypted by rights management"):
        list(load(raw))


def test_more_pages_than_the_limit_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pdf_file, "MAX_PAGES", 2)
    extracted = one(load(drawn(*(lines(f"Page {n} has words.") for n in "abcde"))))
    assert extracted.left_out == ("3 pages behind page 2",) and "Page c" not in extracted.text


@pytest.mark.parametrize(
    "raw", [b"", b"%PDF-1.7\n", b"PK\x03\x04", b"%PDF-1.7\n" + b"1 0 obj" * 99]
)
def test_what_is_no_pdf_is_named(raw: bytes) -> None:
    with pytest.raises(NotExtracted, match="is damaged, or is no PDF"):
        list(load(raw))


def test_a_truncated_file_is_read_as_far_as_it_goes_or_named() -> None:
    raw = drawn(*(lines(f"Words of page {n}.") for n in range(9)))
    for part in range(1, 10):
        try:
            [extracted] = load(raw[: part * len(raw) // 10])
        except NotExtracted:
            continue
        assert "Words of page" in extracted.text


@pytest.mark.parametrize(
    ("headings", "levels"),
    [
        # The styles of a handbook: chapters, sections and their sections in any of three levels.
        (
            "1.0 Welcome:1 2.0 Policies:2 2.1 Leave:2 2.1.1 Purpose:4 2.1.2 Scope:2 2.1.3 Sick:2 "
            "2.2 Loans:2 3.0 Smoking:3 4.0 Review:2",
            [2, 2, 3, 4, 4, 4, 3, 2, 2],
        ),
        # Headings without a number move with the one above them, and those beside it do not.
        ("1 A:1 2 B:1 2.1 C:1 Note:2 Appendix:1 Note:2", [1, 1, 2, 3, 1, 2]),
        # Steps within a chapter are no chapters, and the numbers of each part start at 1.
        ("1 A:2 2 B:2 1 Open:4 2 Close:4 3 C:2 4 D:2", [2, 2, 4, 4, 2, 2]),
        ("Part:1 1 A:2 2 B:2 Part:1 1 C:3 2 D:3", [1, 2, 2, 1, 3, 3]),
        # A number without the one above it stays where it is.
        ("Guide:1 4.2 A:3 4.3 B:3", [1, 3, 3]),
    ],
)
def test_levels_of_headings_agree_with_their_numbers(headings: str, levels: list[int]) -> None:
    found = re.findall(r"(\S.*?):(\d)", headings)
    texts, given = [text.strip() for text, _ in found], [int(level) for _, level in found]
    assert consistent_levels(texts, given) == levels
