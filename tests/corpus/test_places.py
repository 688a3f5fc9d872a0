"""Places in files: from the comments of canonical texts, and only from those."""

from corpus.formats.writer import MarkdownWriter
from corpus.places import page_of, place_at, without_places

CODE = "<!-- page 9 -->\nrun"


def manual() -> str:
    writer = MarkdownWriter()
    writer.heading(1, "Manual")
    writer.place("page 1")
    writer.paragraph("The first <!-- page 7 --> page.")
    writer.code(CODE)
    writer.paragraph("Its end.")
    writer.place("page 2")
    writer.paragraph("The second page.")
    return writer.text()


def test_place_is_that_of_the_last_comment_before_it() -> None:
    text = manual()
    at = {
        words: place_at("a.pdf", text, text.index(words)) for words in ("Manual", "first", "second")
    }
    assert at == {"Manual": "", "first": "page 1", "second": "page 2"}


def test_comment_in_code_or_in_markdown_is_no_place() -> None:
    text = manual()
    assert place_at("a.pdf", text, text.index("Its end")) == "page 1"
    assert place_at("a.md", text, text.index("second")) == ""


def test_page_is_a_number() -> None:
    assert page_of("page 12") == 12
    assert [page_of(place) for place in ("slide 2", "sheet page 3, row 1", "")] == [None] * 3


def test_quote_is_shown_without_the_comments_in_it() -> None:
    text = manual()
    quote = text[text.index("Its end") :]
    assert without_places(quote) == "Its end.\n\nThe second page.\n"
