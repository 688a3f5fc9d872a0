"""CSV and XLSX: question sheets, tables, and what sheets contain beside them."""

import csv
import io
import zipfile
from collections.abc import Callable, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

import openpyxl
import pytest
from canonical import entries, items, one, rows
from data_handbooks import XlsxHandbook, saved
from formats import (
    BERGEN,
    EQUIPMENT,
    HOLIDAYS,
    PARKING,
    QUESTIONS,
    SICK,
    TABLE,
    AskHandbook,
    write_handbook,
)

from corpus.formats import csv as csv_loader
from corpus.formats import xlsx
from corpus.formats.extracted import NotExtracted
from corpus.formats.number_formats import shown
from corpus.formats.records import MAX_WORDINGS
from corpus.places import place_at

FAQ = [
    ["Question", "Other wordings", "Answer", "Category", "Link"],
    ["How long is leave?", "Days off? | Holidays?", "25 days.", "Staff", "https://x.org/leave"],
    ["How do I reset it?", "", "Take care.\n1. Open the box.\n2. Press **red**.", "Devices", ""],
    ["Who knows?", "", "", "", ""],
]
PRICES = [["Plan", "Price"], ["Basic", "12 €"], ["Team", "40 €"]]


def written(*sheet: Sequence[str], encoding: str = "utf-8", **options: str) -> bytes:
    """The rows as the csv module writes them."""
    text = io.StringIO(newline="")
    csv.writer(text, **options).writerows(sheet)  # type: ignore[arg-type]
    return text.getvalue().encode(encoding)


def workbook(change: Callable[[Any], None], name: str = "Prices") -> bytes:
    """A workbook whose only sheet was changed."""
    book = openpyxl.Workbook()
    book.active.title = name
    change(book.active)
    return saved(book)


def sheet(*cells: Sequence[object]) -> bytes:
    return workbook(lambda active: [active.append(list(row)) for row in cells])


@pytest.mark.parametrize(
    "load", [lambda: csv_loader.load(written(*FAQ)), lambda: xlsx.load(sheet(*FAQ))]
)
def test_a_question_sheet_is_read_as_questions_with_answers(load: Callable[[], Any]) -> None:
    extracted = one(load())
    link = "Link: https://x.org/leave"
    assert entries(extracted.text) == [
        ("How long is leave?", ["25 days.", link]),
        ("Days off?", ["25 days.", link]),
        ("Holidays?", ["25 days.", link]),
        ("How do I reset it?", ["Take care.", "Open the box.", "Press red."]),
    ]
    assert "### Staff" in extracted.text and "### Devices" in extracted.text
    assert "row 2 -->" in extracted.text
    assert extracted.left_out[0].startswith("1 question without an answer")


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "cp1252"])
def test_delimiters_and_encodings_are_recognised(delimiter: str, encoding: str) -> None:
    raw = written(*PRICES, delimiter=delimiter, encoding=encoding)
    assert rows(one(csv_loader.load(raw)).text) == [
        ["Plan", "Price"],
        ["Basic", "12 €"],
        ["Team", "40 €"],
    ]


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("休暇は何日ありますか。二十五日です。詳しくは人事部に聞いてください。", "cp932"),
        ("Сколько дней отпуска? Двадцать пять дней в году.", "cp1251"),
        ("Zażółć gęślą jaźń. Ile dni urlopu mam? Dwadzieścia pięć.", "cp1250"),
    ],
)
def test_legacy_encodings_are_recognised(text: str, encoding: str) -> None:
    assert text in one(csv_loader.load(written([text], encoding=encoding))).text


def test_stray_bytes_of_windows_in_utf_8_are_read() -> None:
    raw = "Größe und Maße für Türen: größer als für Räume üblich".encode() + b" \x96 it\x92s all"
    assert one(csv_loader.load(raw)).text.endswith("üblich – it’s all\n")


def test_two_columns_whose_first_asks_are_questions_without_names() -> None:
    raw = written(["How long?", "25 days."], ["Where?", "In Oslo."])
    assert entries(one(csv_loader.load(raw)).text) == [
        ("How long?", ["25 days."]),
        ("Where?", ["In Oslo."]),
    ]


def test_an_answer_goes_on_in_rows_without_a_question() -> None:
    raw = written(
        ["Question", "Answer"], ["How?", "Open it."], ["", "Close it."], ["", ""], ["", "Alone."]
    )
    extracted = one(csv_loader.load(raw))
    assert entries(extracted.text) == [("How?", ["Open it.", "Close it."])]
    assert extracted.left_out == ("1 answer without a question (row 5)",)


def test_a_question_in_a_merged_cell_has_the_answers_of_all_its_rows() -> None:
    def fill(active: Any) -> None:
        for row in (
            ["Question", "Answer"],
            ["How?", "Open it."],
            [None, "Close it."],
            ["Who?", "Me."],
        ):
            active.append(row)
        active.merge_cells("A2:A3")

    found = entries(one(xlsx.load(workbook(fill))).text)
    assert found == [("How?", ["Open it.", "Close it."]), ("Who?", ["Me."])]


def test_the_longest_column_answers_a_column_of_questions() -> None:
    extracted = one(
        csv_loader.load(
            written(
                ["No", "Question", "Acme (standard)", "Team"],
                ["1", "Is it open?", "Yes, from 9 to 5.", "Desk"],
                ["No", "Question", "Acme (standard)", "Team"],
                ["2", "Is it free?", "No, it costs 5 euros.", "Desk"],
            )
        )
    )
    assert entries(extracted.text) == [
        ("Is it open?", ["Yes, from 9 to 5.", "Team: Desk"]),
        ("Is it free?", ["No, it costs 5 euros.", "Team: Desk"]),
    ]


@pytest.mark.parametrize(
    ("names", "columns", "first"),
    [
        (("Id", "Dish", "Price"), ("A-1 A-2 A-3 A-4", "Soup Rice Tea Cake", "9 8 7 6"), "Dish"),
        (("Kind", "Dish", "Price"), ("Hot Hot Hot Cold", "Soup Rice Tea Cake", "9 8 7 6"), "Dish"),
        (("Dish", "Kind", "Price"), ("Soup Rice Tea Cake", "A B C D", "9 8 7 6"), "Dish"),
        (("Id", "Mail", "Price"), ("1 2 3 4", "a@x b@x c@x d@x", "9 8 7 6"), "Id"),
        (("Id", "Slug", "Dish"), ("x y z w", "a-a b-b c-c d-d", "Soup Rice Tea Cake"), "Dish"),
    ],
)
def test_the_column_that_names_the_rows_stands_first(
    names: tuple[str, ...], columns: tuple[str, ...], first: str
) -> None:
    lines = zip(*(column.split() for column in columns), strict=True)
    found = rows(one(csv_loader.load(written(names, *lines))).text)
    assert found[0][0] == first and sorted(found[0]) == sorted(names)


def test_tables_are_divided_at_empty_rows_and_rows_may_be_ragged() -> None:
    raw = b"Prices\nPlan,Price\nBasic,12\n\nOffice,Rooms,Seats\nOslo,3\nRome,4,50,x\n"
    text = one(csv_loader.load(raw)).text
    assert rows(text) == [
        ["Plan", "Price"], ["Basic", "12"], ["Office", "Rooms", "Seats", ""],
        ["Oslo", "3", "", ""], ["Rome", "4", "50", "x"],
    ]  # fmt: skip
    assert "### Prices" in text


def test_numbers_in_the_first_row_are_no_column_headings() -> None:
    text = one(csv_loader.load(b"Basic,12\nTeam,40\n")).text
    assert "---" not in text and rows(text) == [["Basic", "12"], ["Team", "40"]]


def test_the_place_of_each_line_of_a_table_is_its_row() -> None:
    raw = written(["Name", "Size"], *([f"part {n}", "large"] for n in range(2, 250)))
    text = one(csv_loader.load(raw)).text
    assert place_at("a.csv", text, text.index("Name")) == "row 1"
    for number in (2, 3, 101, 102, 201, 249):
        assert place_at("a.csv", text, text.index(f"part {number} ")) == f"row {number}"


def test_wordings_beyond_the_limit_are_counted() -> None:
    raw = written(
        ["Question", "Variants", "Answer"], ["Who?", "|".join(f"w {n}" for n in range(30)), "Me."]
    )
    extracted = one(csv_loader.load(raw))
    assert len(entries(extracted.text)) == MAX_WORDINGS
    assert extracted.left_out == (f"11 wordings (a question has more than {MAX_WORDINGS})",)


def test_lines_that_were_broken_at_a_width_are_one_paragraph() -> None:
    lines = [
        "The accounts are published each autumn, and the departmental plans are",
        "published in March.",
        "Bye.",
    ]
    found = one(csv_loader.load(written(["Question", "Answer"], ["When?", "\n".join(lines)])))
    assert entries(found.text) == [("When?", [f"{lines[0]} {lines[1]}", "Bye."])]


def test_sentences_that_were_broken_at_links_are_whole() -> None:
    lines = ["Heading", "Click", "Save", ", then see the", "Guide", "for more.", *"UVWXY"]
    found = one(csv_loader.load(written(["Question", "Answer"], ["How?", "\n".join(lines)])))
    [(_, answer)] = entries(found.text)
    assert answer == ["Heading", "Click Save, then see the Guide for more.", *"UVWXY"]


def test_line_breaks_of_html_in_an_answer_count_and_those_of_its_source_do_not() -> None:
    raw = written(["Question", "Answer"], ["What?", "All\nof it:<br>- rent<br>- food"])
    assert entries(one(csv_loader.load(raw)).text) == [("What?", ["All of it:", "rent", "food"])]


def test_html_in_an_answer_becomes_its_elements() -> None:
    raw = written(
        ["Question", "Answer"],
        ["How?", "<p>So&nbsp;it is:</p><ul><li>a <b>b</b></li></ul><script>x()</script>"],
    )
    assert entries(one(csv_loader.load(raw)).text) == [("How?", ["So it is:", "a b"])]


def test_cells_are_shown_as_the_sheet_shows_them() -> None:
    def fill(active: Any) -> None:
        active.append(["What", "Value"])
        values = [(12.5, '#,##0.00 "€"'), (1234567, "[$$-409]#,##0"), (0.256, "0.0%"), (date(2024, 5, 1), "dd/mm/yyyy"),
                  (datetime.fromisoformat("2024-05-01T14:05"), "d mmm yyyy h:mm AM/PM"), (True, "General"), (3.0, "General")]  # fmt: skip
        for number, (value, code) in enumerate(values, 2):
            active.append([f"line {number}", value])
            active.cell(number, 2).number_format = code

    found = [cells[1] for cells in rows(one(xlsx.load(workbook(fill))).text)[1:]]
    assert found == [
        "12.50 €",
        "$1,234,567",
        "25.6%",
        "01/05/2024",
        "1 May 2024 2:05 PM",
        "TRUE",
        "3",
    ]


@pytest.mark.parametrize(
    ("value", "code", "text"),
    [
        (-5, "0.00;(0.00)", "(5.00)"),
        (-5, "0.00", "-5.00"),
        (1234.5, "#,##0.##", "1,234.5"),
        (1500000, '0.0,,"M"', "1.5M"),
        (0.00012, "0.0E+00", "1.2E-04"),
        (7, "00000", "00007"),
        (date(2024, 5, 1), "mm-dd-yy", "2024-05-01"),
        (datetime.fromisoformat("2024-05-01T09:30:05"), "hh:mm:ss", "09:30:05"),
        (datetime.fromisoformat("2024-05-01"), "dddd, d. mmmm yyyy", "Wednesday, 1. May 2024"),
        (time(9, 30), "h:mm", "9:30"),
        (timedelta(hours=30), "[h]:mm", "30:00:00"),
        (0.1 + 0.2, "General", "0.3"),
    ],
)
def test_number_formats(value: object, code: str, text: str) -> None:
    assert shown(value, code) == text


def test_merged_cells_count_in_each_row_and_column() -> None:
    def fill(active: Any) -> None:
        for row in (
            ["Plan", "2024", None],
            [None, "Q1", "Q2"],
            ["Basic", "1 €", "2 €"],
            [None, "3 €", "4 €"],
        ):
            active.append(row)
        for cells in ("A1:A2", "B1:C1", "A3:A4"):
            active.merge_cells(cells)

    assert rows(one(xlsx.load(workbook(fill))).text) == [
        ["Plan", "2024 Q1", "2024 Q2"], ["Basic", "1 €", "2 €"], ["Basic", "3 €", "4 €"],
    ]  # fmt: skip


def test_hidden_parts_errors_and_formulas_are_left_out_and_named() -> None:
    def fill(active: Any) -> None:
        for row in (
            ["Plan", "Price", "Cost"],
            ["Basic", "1 €", "secret"],
            ["Old", "2 €", "x"],
            ["Team", "=1+1", "x"],
            ["Bad", "#REF!", "x"],
        ):
            active.append(row)
        active["B5"].data_type = "e"
        active.column_dimensions["C"].hidden = True
        active.row_dimensions[3].hidden = True

    extracted = one(xlsx.load(workbook(fill)))
    names = ["Plan", "Price"]  # repeated behind the hidden row
    assert rows(extracted.text) == [names, ["Basic", "1 €"], names, ["Team", ""], ["Bad", ""]]
    assert sorted(extracted.left_out) == [
        "1 cell with the error #REF! of sheet Prices",
        "1 formula without a stored value of sheet Prices",
        "1 hidden column of sheet Prices",
        "1 hidden row of sheet Prices",
    ]


def test_the_stored_value_of_a_formula_is_read() -> None:
    raw = sheet(["Plan", "Price"], ["Basic", "=1+1"])
    assert "Basic | 2 |" in one(xlsx.load(_with_value(raw))).text


def _with_value(raw: bytes) -> bytes:
    """The workbook with 2 as the stored value of its formula, as Excel saves it."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(raw)) as old, zipfile.ZipFile(out, "w") as new:
        for name in old.namelist():
            new.writestr(
                name, old.read(name).replace(b"<v></v>", b"<v>2</v>").replace(b"<v />", b"<v>2</v>")
            )
    return out.getvalue()


def with_part(raw: bytes, part: str, content: bytes) -> bytes:
    """The workbook with another content of one part."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(raw)) as old, zipfile.ZipFile(out, "w") as new:
        for name in old.namelist():
            new.writestr(name, content if name == part else old.read(name))
    return out.getvalue()


@pytest.mark.parametrize("part", ["docProps/core.xml", "xl/theme/theme1.xml"])
def test_properties_and_theme_need_not_be_valid(part: str) -> None:
    raw = sheet(["Plan", "Price"], ["Basic", "1 €"])
    assert (
        one(xlsx.load(with_part(raw, part, b"<broken"))).text
        == one(xlsx.load(with_part(raw, part, b"<other/>"))).text
    )


def test_entities_are_refused() -> None:
    bomb = b'<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><x>&b;</x>'
    with pytest.raises(NotExtracted, match="entities"):
        list(xlsx.load(with_part(sheet(["a", "b"]), "xl/worksheets/sheet1.xml", bomb)))


def test_each_sheet_has_a_heading_and_a_hidden_one_is_named() -> None:
    book = openpyxl.Workbook()
    book.active.title = "A"
    book.active.append(["Only one cell"])
    book.create_sheet("B").append(["Rooms", "Seats"])
    book["B"].append(["Blue", 12])
    book.create_sheet("Empty")
    book.create_sheet("Secret").append(["x"])
    book["Secret"].sheet_state = "hidden"
    extracted = one(xlsx.load(saved(book)))
    assert (
        "## A" in extracted.text
        and "## B" in extracted.text
        and "sheet B, rows 1 to 2 -->" in extracted.text
    )
    assert extracted.left_out == ("sheet Secret (hidden)",)


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"\xd0\xcf\x11\xe0" + bytes(600), "encrypted"),
        (b"PK\x03\x04 broken", "damaged"),
        (saved(openpyxl.Workbook()), "contains no text"),
    ],
)
def test_workbooks_without_text_say_why(raw: bytes, reason: str) -> None:
    with pytest.raises(NotExtracted, match=reason):
        list(xlsx.load(raw))


@pytest.mark.parametrize(
    "raw", [b"", b"\n\n,,\n", b"\xff\xfe", bytes(range(256)) * 9, b"a" * (33 * 2**20)]
)
def test_files_that_are_no_text_are_refused(raw: bytes) -> None:
    with pytest.raises(NotExtracted):
        list(csv_loader.load(raw))


def test_an_empty_row_inside_a_table_hides_no_column_headings() -> None:
    text = one(csv_loader.load(b"Office,Seats\nOslo,3\n\nRome,4\n")).text
    assert rows(text) == [["Office", "Seats"], ["Oslo", "3"], ["Office", "Seats"], ["Rome", "4"]]


def test_items_of_one_column_are_a_list() -> None:
    assert items(one(csv_loader.load(b"Fruit\nApple\nPear\n")).text) == ["Apple", "Pear"]


def test_answers_over_a_workbook_are_those_of_the_original(ask_handbook: AskHandbook) -> None:
    book = XlsxHandbook()
    write_handbook(book)
    places = {
        HOLIDAYS: "sheet Questions and answers, row 2",
        BERGEN: "sheet Offices, row 5",
        EQUIPMENT: "sheet Equipment, row 1",
    }
    ask_handbook("handbook.xlsx", book.content(), places=places)


def test_answers_over_tables_and_question_sheets_are_those_of_the_original(
    ask_handbook: AskHandbook,
) -> None:
    questions = written(
        ["Question", "Answer"],
        [HOLIDAYS, "Yes, up to five days, until 31 March of the following year."],
        [SICK, "A doctor's note is needed from the fourth day of an illness."],
    )
    ask_handbook(
        "faq.csv", questions, places={SICK: "row 3"}, without=QUESTIONS.keys() - {HOLIDAYS, SICK}
    )
    table = written(*TABLE, delimiter=";", encoding="cp1252")
    ask_handbook(
        "offices.csv",
        table,
        places={PARKING: "row 4"},
        without=QUESTIONS.keys() - {BERGEN, PARKING},
    )
