"""HTML pages: the main content with its structure, what the page says of itself, and nothing else."""

import pytest
from formats import AskHandbook, write_handbook
from html_handbook import HtmlHandbook

from corpus.document import Kind
from corpus.formats.extracted import NotExtracted
from corpus.formats.html.loader import canonical_text, load
from corpus.markup import strip_markup
from corpus.parsing import parse_document


def test_answers_are_those_of_the_original(ask_handbook: AskHandbook) -> None:
    page = HtmlHandbook()
    write_handbook(page)
    ask_handbook("handbook.html", page.content())


def blocks(source: str) -> list[tuple[Kind, str]]:
    text = canonical_text(source)
    found = parse_document("page.html", text).blocks
    return [(b.kind, strip_markup(text[b.start : b.end])) for b in found if b.start < b.end]


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("<p>One<br>line.<p>Two * <b>_x_</b>", ["One line.", "Two * _x_"]),
        ("<div>Text <span><p>inside</span> a span", ["Text", "inside a span"]),
        ("<p>#1 <i>1. a</i></p><pre>x\n  y</pre>", ["#1 1. a", "x y"]),
        ("<main><p>In</main><p>Out", ["In"]),
        ("<article><p>The article.</article><aside class=sidebar>Ads", ["The article."]),
        ("<p>All the text<form>Name <input></form><p hidden>no<p style='display: none'>no", ["All the text"]),
        ("<p>A<!-- no --><script>no</script><style>no</style><template>no</template>", ["A"]),
        ("<div class='cookie-banner'>We use cookies.</div><p>The text is longer.", ["The text is longer."]),
        ("<body class='has-sidebar menu'><p>All of it", ["All of it"]),
        ("<button>Copy</button><button aria-expanded=false>Fees</button><p>None.", ["Fees", "None."]),
        ("<button aria-controls=a>Fees</button><div id=a hidden>None.</div>", ["Fees", "None."]),
        ("<p>Text that says it<div><a href=a>One</a> <a href=b>Two</a> <a href=c>3</a></div>", ["Text that says it"]),
        ("<p>Sold by:<p><a href=a>One</a> <a href=b>Two</a> <a href=c>3</a>", ["Sold by:", "One Two 3"]),
        ("<dl><dt>API<dd>An interface.</dl>", ["API", "An interface."]),
        ("<table role=presentation><tr><td>Left<td><ul><li>Right</ul></table>", ["Left", "Right"]),
    ],
)  # fmt: skip
def test_content_is_read_and_nothing_around_it(source: str, expected: list[str]) -> None:
    assert [words for _, words in blocks(source)] == expected


@pytest.mark.parametrize(
    "source",
    [
        "<details><summary>Is it free?</summary>Yes.</details><p>Behind.",
        "<dl><dt>Is it free?<dd>Yes.</dl><h2>Behind.</h2>",
        "<button>Is it free?</button><div>Yes.</div><h2>Behind.</h2>",
        "<p><strong>Is it free?</strong><p>Yes.<h2>Behind.</h2>",
        "<div itemscope itemtype='https://schema.org/Question'><b itemprop=name>Is it free?</b>"
        "<div itemprop=acceptedAnswer><div itemprop=text>Yes.</div></div></div><p>Behind.",
        '<h2>Behind.</h2><script type="application/ld+json">{"@type": "FAQPage", "mainEntity": [{'
        '"@type": "Question", "name": "Is it free?", "acceptedAnswer": {"text": "<p>Yes."}}]}'
        "</script>",
    ],
    ids=["details", "dl", "button", "bold", "microdata", "JSON-LD"],
)
def test_question_has_its_answer_in_every_form(source: str) -> None:
    found = [each for each in blocks(source) if each[1] != "Behind."]
    assert found == [(Kind.QUESTION, "Is it free?"), (Kind.ANSWER, "Yes.")]


def test_questions_that_the_page_shows_are_not_read_twice() -> None:
    data = '{"@type": "Question", "name": "Is it free?", "acceptedAnswer": {"text": "Yes."}}'
    source = f'<h2>Is it free?</h2>Yes.<script type="application/ld+json">{data}</script>'
    assert [words for _, words in blocks(source)] == ["Is it free?", "Yes."]


def test_cell_that_spans_rows_or_columns_is_in_each_of_them() -> None:
    text = canonical_text(
        "<table><tr><th rowspan=2>City<th colspan=2>Fee<tr><th>Low<th>High"
        "<tr><td rowspan=2>Oslo<td>1<td>2<tr><td colspan=2>free</table>"
    )
    assert text == (
        "| City | Fee Low | Fee High |\n| --- | --- | --- |\n| Oslo | 1 | 2 |\n| Oslo | free | free |\n"
    )


def test_cell_of_a_picture_says_what_it_shows_and_rows_of_links_are_kept() -> None:
    links = "<td><a href=a>One</a><td><a href=b>Two</a><td><a href=c><img alt=yes></a>"
    text = canonical_text(f"<table><tr><th>A<th>B<th>C<tr>{links}</table>")
    assert text.splitlines()[2] == "| One | Two | yes |"


@pytest.mark.parametrize(
    "row",
    [
        "<tr bgcolor=#ddd><td>City<td>Fee",
        "<tr><td style='background: #ddd'>City<td style='background:#ddd'>Fee",
    ],
)
def test_row_with_a_background_of_its_own_has_the_column_headings(row: str) -> None:
    rows = "<tr><td>Oslo<td>1<tr><td>Rome<td>2"
    assert "| City | Fee |\n| --- |" in canonical_text(f"<table>{row}{rows}</table>")
    striped = canonical_text(f"<table>{row}{rows}{row}</table>")
    clear = canonical_text(f"<table><tr style='background: none'><td>A<td>B{rows}</table>")
    assert "---" not in striped and "---" not in clear


def test_first_row_of_one_cell_is_the_title_of_the_table() -> None:
    text = canonical_text(
        "<table><tr><td colspan=2>Fees<tr><th>City<th>Fee<tr><td>Oslo<td>1</table>"
    )
    assert text == "Fees\n\n| City | Fee |\n| --- | --- |\n| Oslo | 1 |\n"


@pytest.mark.parametrize(
    "cells",
    [
        "<td><pre>1\n2</pre><td><pre>cd a\n  ls</pre>",
        "<td><code>1.<br>2.<br></code><td><code>cd a<br>\n&nbsp;&nbsp;<b>ls</b><br></code>",
    ],
    ids=["pre", "breaks"],
)
def test_code_beside_its_line_numbers_is_code(cells: str) -> None:
    assert canonical_text(f"<table><tr>{cells}</table>") == "```\ncd a\n  ls\n```\n"
    assert canonical_text("<p>Prints:<pre>1\n2</pre>").endswith("```\n1\n2\n```\n")


def test_lines_with_the_marks_of_items_are_a_list() -> None:
    text = canonical_text(
        "<p>Bring:<br>- a tent<br>- a <b>lamp</b><br>Then come.</p><p>1. One<br>2. Two"
    )
    assert text == "Bring:\n\n- a tent\n- a lamp\n\nThen come.\n\n1. One\n2. Two\n"
    assert canonical_text("<p>One - two<br>- three") == "One - two - three\n"


def test_command_in_bold_is_code_and_no_label() -> None:
    text = canonical_text("<p>Run:</p><b>pip install wheel</b><p>Wait.")
    assert text == "Run:\n\n```\npip install wheel\n```\n\nWait.\n"


def test_steps_keep_their_code_and_nested_lists() -> None:
    text = canonical_text(
        "<ol start=3><li>Run:<pre>make</pre><li><p>Look.</p><p>Well.</p><ul><li>a<li>b</ul></ol>"
    )
    assert text == (
        "3. Run:\n\n    ```\n    make\n    ```\n\n4. Look.\n\n    Well.\n\n    - a\n    - b\n"
    )


def test_page_says_what_it_is() -> None:
    text = canonical_text(
        "<!-- saved from url=(0021)https://a.example/leave --><html lang=en-GB>"
        "<title>Leave – Intranet</title><meta name=author content='Ann'>"
        "<meta property=article:modified_time content='2025-03-02T10:00Z'><p>25 days."
    )
    assert text == (
        '---\ntitle: "Leave"\ndate: "2025-03-02"\nauthor: "Ann"\n'
        'url: "https://a.example/leave"\nlanguage: "en-GB"\n---\n\n25 days.\n'
    )


def test_link_that_is_no_web_address_is_no_metadata() -> None:
    source = "<link rel=canonical href='javascript:alert(1)'><html lang='x\" y'><p>Text."
    assert canonical_text(source) == "Text.\n"


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        ("<meta charset=iso-8859-1><p>Gärten – x".encode("cp1252"), "Gärten – x"),
        ("<meta charset=windows-1251><p>Сад".encode("cp1251"), "Сад"),
        ("<meta charset=utf-8><p>Gärten".encode("utf-16"), "Gärten"),
        ("<meta charset=utf-8><p>Gärten".encode() + b" \x96 caf\xe9 x", "Gärten – café x"),
        (b"<p>G\x00arden" + b" x" * 20, "Garden" + " x" * 20),
        ("<meta charset=nonsense><p>Gärten".encode(), "Gärten"),
        ("<meta charset=base64><p>Gärten".encode("latin-1"), "Gärten"),
    ],
)
def test_declared_encoding_counts(raw: bytes, words: str) -> None:
    (page,) = load(raw)
    assert page.text == f"{words}\n"


@pytest.mark.parametrize(
    "source",
    [
        "<div>" * 1999 + "<ul><li>" * 300 + "deep",
        "<ul><li>" * 900 + "deep",
        "<b><p>" * 900 + "deep",
        "<table><tr><td>" * 300 + "deep",
        "<blockquote><details><summary>a</summary>" * 300 + "deep",
        "<table><tr><td colspan=200 rowspan=200>deep<tr>" * 500,
        "<p>deep" + "</p></div></table></ul>" * 5000,
        "<li>deep<dt>deep<td>deep<summary>deep<option>deep",
    ],
)
def test_broken_nesting_loses_no_text(source: str) -> None:
    assert "deep" in canonical_text(source)


def test_page_that_is_nested_too_deep_is_refused() -> None:
    with pytest.raises(NotExtracted, match="nested 2,000 deep"):
        list(load(b"<div>" * 2001))
