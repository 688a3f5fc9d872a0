"""The canonical text says exactly what the file says: no character of it becomes a mark."""

from hypothesis import given
from hypothesis import strategies as st

from corpus.document import Kind
from corpus.formats.writer import MarkdownWriter, fold
from corpus.markdown import markdown_blocks
from corpus.markup import strip_markup
from corpus.metadata import Metadata

_MARKS = "#*-+_`~<>[](){}|\\!:=&.1a %/\n\t\"'?^@"
_TEXTS = st.text(st.sampled_from(_MARKS), max_size=30) | st.text(
    st.characters(exclude_categories=["Cs"]), max_size=30
)


def _words(text: str) -> list[tuple[Kind, str]]:
    blocks = markdown_blocks(text)
    return [(b.kind, strip_markup(text[b.start : b.end])) for b in blocks]


@given(_TEXTS)
def test_a_paragraph_is_read_back_as_it_was(text: str) -> None:
    writer = MarkdownWriter()
    writer.heading(1, "Title")
    writer.paragraph(f"Word {text} word.")
    assert _words(writer.text()) == [
        (Kind.HEADING, "Title"),
        (Kind.PARAGRAPH, f"Word {fold(text)} word.".replace("  ", " ")),
    ]


@given(_TEXTS)
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
