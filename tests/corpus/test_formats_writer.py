"""The canonical text says exactly what the file says: no character of it becomes a mark."""

from hypothesis import example, given
from hypothesis import strategies as st

from corpus.document import Kind
from corpus.formats.writer import MarkdownWriter, fold
from corpus.markdown import markdown_blocks
from corpus.markup import strip_markup
from corpus.metadata import Metadata
from corpus.parsing import parse_document

_MARKS = "#*-+_`~<>[](){}|\\!:=&.1a %/\n\t\"'?^@"
_TEXTS = st.text(st.sampled_from(_MARKS), max_size=30) | st.text(
    st.characters(exclude_categories=["Cs"]), max_size=30
)


def _words(text: str) -> list[tuple[Kind, str]]:
    blocks = markdown_blocks(text)
    return [(b.kind, strip_markup(text[b.start : b.end])) for b in blocks]


@given(_TEXTS)
@example("__0__")
def test_a_paragraph_is_read_back_as_it_was(text: str) -> None:
    writer = MarkdownWriter()
    writer.heading(1, "Title")
    writer.paragraph(f"Word {text} word.")
    assert _words(writer.text()) == [
        (Kind.HEADING, "Title"),
        (Kind.PARAGRAPH, f"Word {fold(text)} word.".replace("  ", " ")),
    ]


@given(_TEXTS)
@example("_Why 1?_")
def test_no_text_becomes_structure(text: str) -> None:
    writer = MarkdownWriter()
    writer.paragraph(text + " is a word")
    assert {kind for kind, _ in _words(writer.text())} <= {Kind.PARAGRAPH, Kind.BOILERPLATE}


@given(_TEXTS)
def test_a_cell_is_read_back_as_it_was(text: str) -> None:
    writer = MarkdownWriter()
    writer.table([["Name", "Value"], [f"a {text} b", "1"]])
    canonical = writer.text()
    row = next(b for b in markdown_blocks(canonical) if b.kind is Kind.ROW)
    start, end = row.cells[0]
    assert strip_markup(canonical[start:end]) == fold(f"a {text} b")


def test_metadata_is_front_matter_and_a_title_that_is_the_heading_is_not_repeated() -> None:
    writer = MarkdownWriter(Metadata(title='The "plan"', date="2024-05-01"))
    writer.heading(1, 'The "plan"')
    assert writer.text() == '---\ndate: "2024-05-01"\n---\n\n# The "plan"\n'


def test_items_of_one_list_stand_together_and_places_are_comments() -> None:
    writer = MarkdownWriter()
    writer.place("page 1")
    writer.item("Open the box.", number=1)
    writer.item("Take care.", depth=2)
    writer.place("page 1")
    writer.item("Close it.", number=2)
    assert writer.text() == (
        "<!-- page 1 -->\n\n1. Open the box.\n    - Take care.\n2. Close it.\n"
    )


def test_what_belongs_to_an_item_is_indented_also_behind_a_page_break() -> None:
    writer = MarkdownWriter()
    writer.item("Run:", number=1)
    writer.code("make", depth=1)
    writer.item("Look.", number=2)
    writer.place("page 2")
    writer.item("At this", depth=2)
    writer.paragraph("Of it.", depth=2)
    writer.item("And that", depth=2)
    document = parse_document("a.pdf", writer.text())
    found = [(b.kind, b.level, writer.text()[b.start : b.end]) for b in document.blocks]
    assert found == [
        (Kind.ITEM, 1, "Run:"),
        (Kind.CODE, 1, "make"),
        (Kind.ITEM, 1, "Look."),
        (Kind.ITEM, 1, "At this"),
        (Kind.ITEM, 1, "Of it."),
        (Kind.ITEM, 1, "And that"),
    ]


def test_details_are_a_question_with_its_answer_and_a_table_may_lack_a_header() -> None:
    writer = MarkdownWriter()
    writer.begin_details("Is it <b>free</b>?")
    writer.label("Members")
    writer.paragraph("Yes.")
    writer.end_details()
    writer.paragraph("Behind it.")
    writer.table([["Oslo", "9"], ["Bergen", "10"]], has_header=False)
    writer.definition("Term", "A word.")
    text = writer.text()
    document = parse_document("a.html", text)
    found = [(b.kind, b.answers, strip_markup(text[b.start : b.end])) for b in document.blocks]
    assert [each for each in found if each[2]] == [
        (Kind.QUESTION, False, "Is it <b>free</b>?"),
        (Kind.HEADING, True, "Members"),
        (Kind.ANSWER, True, "Yes."),
        (Kind.PARAGRAPH, False, "Behind it."),
        (Kind.ROW, False, "Oslo | 9"),
        (Kind.ROW, False, "Bergen | 10"),
        (Kind.HEADING, False, "Term"),
        (Kind.PARAGRAPH, False, "A word."),
    ]


def test_steps_keep_their_numbers_where_these_start_again() -> None:
    writer = MarkdownWriter()
    numbers = [1, 2, 1, 2, 7, 1]
    for number in numbers:
        writer.item(f"Step {number}", number=number)
    writer.item("Inner", 2, 4)
    writer.item("Last", number=2)
    found = [block.number for block in markdown_blocks(writer.text())]
    assert found == [*numbers, 4, 2]


def test_a_table_of_questions_and_answers_is_these() -> None:
    writer = MarkdownWriter()
    writer.table([["Q1:", "Is it open?"], ["A:", "Yes."], ["", "Q2: When?"], ["A:", "At 9."]])
    writer.table([["Q1", "5"], ["Q2", "7"]])
    assert writer.text() == (
        "Q: Is it open?\n\nA: Yes.\n\nQ: When?\n\nA: At 9.\n\n"
        "| Q1 | 5 |\n| --- | --- |\n| Q2 | 7 |\n"
    )
