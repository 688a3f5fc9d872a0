"""DOCX: structure by styles, numbering and tables; what the document does not show is left out."""

import io
import zipfile

import docx
import pytest
from canonical import headings, one, rows
from formats import AskHandbook, write_handbook
from office_handbooks import DocxHandbook, saved

from corpus.formats.docx.loader import load
from corpus.formats.extracted import NotExtracted

W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
RELATIONSHIPS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
NUMBERING = f"""<w:numbering {W}>
  <w:abstractNum w:abstractNumId="0">
    <w:lvl w:ilvl="0"><w:start w:val="1"/><w:numFmt w:val="decimal"/><w:lvlText w:val="%1."/></w:lvl>
    <w:lvl w:ilvl="1"><w:start w:val="1"/><w:numFmt w:val="lowerLetter"/><w:lvlText w:val="%1%2)"/></w:lvl>
  </w:abstractNum>
  <w:abstractNum w:abstractNumId="1"><w:lvl w:ilvl="0"><w:numFmt w:val="bullet"/></w:lvl></w:abstractNum>
  <w:num w:numId="1"><w:abstractNumId w:val="0"/></w:num>
  <w:num w:numId="2"><w:abstractNumId w:val="1"/></w:num>
  <w:num w:numId="3"><w:abstractNumId w:val="0"/>
    <w:lvlOverride w:ilvl="0"><w:startOverride w:val="1"/></w:lvlOverride></w:num>
</w:numbering>"""


def package(body: str, **parts: str) -> bytes:
    """A file with this body, and parts of the kinds "styles", "numbering" and so on."""
    buffer = io.BytesIO()
    links = "".join(
        f'<Relationship Id="{kind}" Type="{RELATIONSHIPS}/{kind}" Target="{kind}.xml"/>'
        for kind in parts
    )
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(
            "word/document.xml", f"<w:document {W}><w:body>{body}</w:body></w:document>"
        )
        archive.writestr("word/_rels/document.xml.rels", f"<Relationships>{links}</Relationships>")
        for kind, part in parts.items():
            archive.writestr(f"word/{kind}.xml", part)
    return buffer.getvalue()


def p(text: str, properties: str = "") -> str:
    """A paragraph; `text` may contain elements."""
    run = text if text.startswith("<") else f"<w:r><w:t>{text}</w:t></w:r>"
    return f"<w:p><w:pPr>{properties}</w:pPr>{run}</w:p>"


def listed(text: str, list_id: int, level: int = 0) -> str:
    return p(text, f'<w:numPr><w:ilvl w:val="{level}"/><w:numId w:val="{list_id}"/></w:numPr>')


def r(text: str, properties: str = "") -> str:
    return f'<w:r><w:rPr>{properties}</w:rPr><w:t xml:space="preserve">{text}</w:t></w:r>'


def parts(raw: bytes) -> list[str]:
    return one(load(raw)).text.strip().split("\n\n")


def test_answers_are_those_of_the_original(ask_handbook: AskHandbook) -> None:
    book = DocxHandbook()
    write_handbook(book)
    ask_handbook("handbook.docx", book.content())


def test_headings_are_recognised_by_name_level_and_localised_name() -> None:
    styles = f"""<w:styles {W}>
      <w:style w:type="paragraph" w:styleId="a"><w:name w:val="heading 1"/></w:style>
      <w:style w:type="paragraph" w:styleId="b"><w:name w:val="Überschrift 2"/></w:style>
      <w:style w:type="paragraph" w:styleId="c"><w:name w:val="Own"/><w:pPr><w:outlineLvl w:val="2"/></w:pPr></w:style>
      <w:style w:type="paragraph" w:styleId="d"><w:name w:val="Derived"/><w:basedOn w:val="a"/></w:style>
    </w:styles>"""
    body = "".join(p(name, f'<w:pStyle w:val="{name}"/>') for name in "abcd")
    assert parts(package(body + p("text"), styles=styles)) == [
        "# a",
        "## b",
        "### c",
        "# d",
        "text",
    ]


def test_a_title_stands_above_the_headings() -> None:
    document = docx.Document()
    document.add_heading("Rules", 0)
    document.add_heading("Leave", 1)
    assert parts(saved(document))[-2:] == ["# Rules", "## Leave"]


def test_lists_are_counted_as_word_counts_them() -> None:
    body = "".join(
        [
            listed("one", 1), listed("inner", 1, 1), listed("two", 1), p("Text."),
            listed("three", 1), listed("bullet", 2), listed("again", 3),
        ]
    )  # fmt: skip
    assert parts(package(body, numbering=NUMBERING)) == [
        "1. one\n    1. inner\n2. two", "    Text.", "3. three\n- bullet\n1. again",
    ]  # fmt: skip


def test_inner_lists_count_from_one_again_below_each_item() -> None:
    levels = (("one", 0), ("a", 1), ("b", 1), ("two", 0), ("c", 1))
    body = "".join(listed(text, 1, level) for text, level in levels)
    assert parts(package(body, numbering=NUMBERING)) == [
        "1. one\n    1. a\n    2. b\n2. two\n    1. c"
    ]


def test_numbers_of_headings_are_part_of_them() -> None:
    heading = '<w:outlineLvl w:val="0"/><w:numPr><w:ilvl w:val="{}"/><w:numId w:val="1"/></w:numPr>'
    body = p("Scope", heading.format(0)) + p("Words", heading.format(1)) + p("x")
    assert headings(one(load(package(body, numbering=NUMBERING))).text) == ["1. Scope", "1a) Words"]


def test_insertions_and_results_of_fields_are_read_and_deletions_and_hidden_text_are_not() -> None:
    field = (
        '<w:r><w:fldChar w:fldCharType="begin"/></w:r><w:r><w:instrText>PAGEREF x</w:instrText></w:r>'
        '<w:r><w:fldChar w:fldCharType="separate"/></w:r>'
        + r("12")
        + '<w:r><w:fldChar w:fldCharType="end"/></w:r>'
    )
    runs = [
        r("It costs "), f"<w:del>{r('10')}</w:del>", f"<w:ins>{r('20')}</w:ins>", r(" euros, see page "), field,
        r(" secret", "<w:vanish/>"), f"<w:hyperlink>{r(', and here')}</w:hyperlink>",
    ]  # fmt: skip
    assert parts(package(p("".join(runs)))) == ["It costs 20 euros, see page 12, and here"]


def test_merged_cells_count_in_each_row_and_column_and_deleted_rows_do_not() -> None:
    document = docx.Document()
    table = document.add_table(4, 3)
    for row, texts in enumerate(
        (("Plan", "2024", ""), ("", "Q1", "Q2"), ("Basic", "1", "2"), ("", "3", "4"))
    ):
        for column, text in enumerate(texts):
            table.cell(row, column).text = text
    for first, last in (((0, 1), (0, 2)), ((0, 0), (1, 0)), ((2, 0), (3, 0))):
        table.cell(*first).merge(table.cell(*last))
    assert rows(one(load(saved(document))).text) == [
        ["Plan", "2024 Q1", "2024 Q2"], ["Basic", "1", "2"], ["Basic", "3", "4"],
    ]  # fmt: skip


def test_content_controls_and_text_boxes_are_read_in_their_place() -> None:
    box = f"<w:r><w:pict><shape><w:txbxContent>{p('In the box.')}</w:txbxContent></shape></w:pict></w:r>"
    control = f"<w:sdt><w:sdtPr/><w:sdtContent>{p('In the control.')}</w:sdtContent></w:sdt>"
    body = p(r("With a box.") + box) + control + p("Last.")
    assert parts(package(body)) == ["With a box.", "In the box.", "In the control.", "Last."]


def test_a_footnote_follows_the_block_that_refers_to_it() -> None:
    notes = (
        f'<w:footnotes {W}><w:footnote w:id="2">{p("Not on Sundays.")}</w:footnote></w:footnotes>'
    )
    body = p(r("Open daily.") + '<w:r><w:footnoteReference w:id="2"/></w:r>') + p("Last.")
    assert parts(package(body, footnotes=notes)) == ["Open daily.", "Not on Sundays.", "Last."]


def test_contents_and_comments_are_left_out_and_named() -> None:
    styles = f'<w:styles {W}><w:style w:styleId="t"><w:name w:val="toc 1"/></w:style></w:styles>'
    body = p("Leave 3", '<w:pStyle w:val="t"/>') + p("Text.")
    comments = f'<w:comments {W}><w:comment w:id="1">{p("Is that so?")}</w:comment></w:comments>'
    extracted = one(load(package(body, styles=styles, comments=comments)))
    assert extracted.text == "Text.\n"
    assert extracted.left_out == ("1 line of a table of contents", "1 comment")


def test_headers_and_footers_are_left_out() -> None:
    document = docx.Document()
    document.add_paragraph("Text.")
    document.sections[0].header.paragraphs[0].text = "Confidential"
    assert "Confidential" not in one(load(saved(document))).text


def test_without_heading_styles_large_and_bold_paragraphs_are_headings() -> None:
    body = (
        p(r("Rules", '<w:b/><w:sz w:val="36"/>'))
        + p(r("Leave", "<w:b/>"))
        + p("There are 25 days of leave.")
    )
    assert parts(package(body)) == ["# Rules", "## Leave", "There are 25 days of leave."]


def test_typed_marks_and_breaks_make_items_and_paragraphs() -> None:
    lines = "<w:br/>".join(f"<w:t>{text}</w:t>" for text in ("Monday: 9 to 5.", "Tuesday: 9 to 3."))
    body = p(f"<w:r>{lines}</w:r>") + p("1. Open it.") + p("2. Close it.")
    assert parts(package(body)) == [
        "Monday: 9 to 5.",
        "Tuesday: 9 to 3.",
        "1. Open it.\n2. Close it.",
    ]


def test_paragraphs_that_ask_are_questions_if_several_do() -> None:
    asked = [part for n in range(3) for part in (p(f"Is room {n} open?"), listed("Yes.", 2))]
    assert parts(package("".join(asked), numbering=NUMBERING)) == [
        part for n in range(3) for part in (f"# Is room {n} open?", "- Yes.")
    ]
    assert parts(package(p("Is it open?") + p("Yes."))) == ["Is it open?", "Yes."]


def test_the_lines_below_a_question_in_a_list_answer_it() -> None:
    asked = p("<w:r><w:t>Where is it?</w:t><w:br/><w:t>In the hall.</w:t></w:r>",
              '<w:numPr><w:ilvl w:val="0"/><w:numId w:val="1"/></w:numPr>')  # fmt: skip
    assert parts(package(asked, numbering=NUMBERING)) == ["1. Where is it?", "    In the hall."]


def test_neither_a_long_sentence_nor_the_last_paragraph_is_a_heading() -> None:
    sentence = "Read this before you use it. " * 9
    styled = p(sentence, '<w:pStyle w:val="Heading1"/>')
    styles = f'<w:styles {W}><w:style w:styleId="Heading1"><w:name w:val="heading 1"/></w:style></w:styles>'
    assert parts(package(styled + p("Text."), styles=styles)) == [sentence.strip(), "Text."]
    bold = "<w:b/>"
    assert parts(package(p(r("Rooms", bold)) + p("Text.") + p(r("Call 0172 2759", bold)))) == [
        "# Rooms", "Text.", "Call 0172 2759",
    ]  # fmt: skip


def test_metadata_is_read_from_the_properties() -> None:
    document = docx.Document()
    document.add_paragraph("Text.")
    document.core_properties.title = "Rules of leave"
    document.core_properties.author = "Ada"
    text = one(load(saved(document))).text
    assert 'title: "Rules of leave"' in text and 'author: "Ada"' in text and "date:" in text


def test_macros_are_never_read_and_named() -> None:
    buffer = io.BytesIO(package(p("Text.")))
    with zipfile.ZipFile(buffer, "a") as archive:
        archive.writestr("word/vbaProject.bin", b"Sub AutoOpen()")
    assert one(load(buffer.getvalue())).left_out == ("macros",)


BOMB = '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;">]>'
FILE = '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>'


@pytest.mark.parametrize("declared", [BOMB, FILE])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_entities_are_refused(declared: str, encoding: str) -> None:
    buffer = io.BytesIO()
    text = f"{declared}<w:document {W}><w:body>{p('x &a;')}</w:body></w:document>"
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("word/document.xml", text.encode(encoding))
    with pytest.raises(NotExtracted, match="defines entities"):
        list(load(buffer.getvalue()))


def test_zip_bombs_missing_parts_and_broken_xml_are_named() -> None:
    def refused(**members: bytes | str) -> str:
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in members.items():
                archive.writestr(f"word/{name}.xml", content)
        with pytest.raises(NotExtracted) as raised:
            list(load(buffer.getvalue()))
        return str(raised.value)

    assert (
        refused(document=b" " * (49 * 2**20)) == "has more than 48 MB of text in word/document.xml"
    )
    assert (
        refused(document=b"x", media=b"\0" * (260 * 2**20))
        == "would take more than 256 MB unpacked"
    )
    assert refused(styles="<x/>") == "is damaged (word/document.xml is missing)"
    assert "is damaged (word/document.xml: " in refused(document="<w:document>")
    assert refused(document=f"<w:document {W}><w:body/></w:document>") == "contains no text"


def test_deep_nesting_is_named_and_crashes_nothing() -> None:
    body = "<w:ins>" * 100_000 + p("x") + "</w:ins>" * 100_000
    with pytest.raises((NotExtracted, RecursionError)):
        list(load(package(body)))
