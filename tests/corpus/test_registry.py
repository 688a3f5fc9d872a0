"""Which format a file is, by its suffix and its first bytes, and names of documents inside files."""

import io
import zipfile

import pytest

from corpus.formats.extracted import NotExtracted
from corpus.formats.members import member_path
from corpus.formats.registry import extract, sniff


def zipped(*members: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for member in members:
            archive.writestr(zipfile.ZipInfo(member), "")  # without the time of now
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("raw", "name"),
    [
        (b"%PDF-1.7\n", "PDF"),
        (b"\xef\xbb\xbf\n<!DOCTYPE html>\n", "HTML"),
        (b"<HTML>", "HTML"),
        (zipped("[Content_Types].xml", "word/document.xml"), "DOCX"),
        (zipped("[Content_Types].xml", "word/document2.xml"), "DOCX"),
        (zipped("a.md"), "ZIP"),
        (zipped("a.md")[:40], ""),
        (b"\x89PNG\r\n", "PNG"),
        (b"In PDF, the first bytes are %PDF-1.7.", ""),
        (b"", ""),
    ],
)
def test_format_is_recognised_by_the_first_bytes(raw: bytes, name: str) -> None:
    assert sniff(raw) == name


@pytest.mark.parametrize(
    ("name", "raw", "reason"),
    [
        ("a.zzz", b"a", "is of a format that cannot be read"),
        ("a.zzz", b"\x89PNG", "is PNG, which cannot be read"),
    ],
)
def test_file_of_a_format_that_is_not_supported_is_named(
    name: str, raw: bytes, reason: str
) -> None:
    with pytest.raises(NotExtracted) as raised:
        list(extract(name, raw))
    assert str(raised.value) == reason


def test_text_with_the_suffix_of_a_workbook_is_read_as_csv() -> None:
    [note, extracted] = extract("faq.xlsx", b"question,answer\nHow long?,25 days\n")
    assert note.left_out == ("is CSV, in spite of its suffix",)
    assert "Q: How long?" in extracted.text


@pytest.mark.parametrize(
    ("member", "path"),
    [
        ("", "h.zip"),
        ("hr/leave.md", "h.zip/hr/leave.md"),
        ("../../etc/passwd", "h.zip/etc/passwd"),
        ("C:\\docs\\..\\a.md", "h.zip/C_/docs/a.md"),
        ("/a\x00\u202e\ud800b.md", "h.zip/a___b.md"),
        ("x" * 500 + ".html", f"h.zip/{'x' * 115}.html"),
        ("a.md", "h.zip/a (3).md"),
    ],
)
def test_name_inside_a_file_is_safe_and_unique(member: str, path: str) -> None:
    assert member_path("h.zip", member, {"h.zip/a.md", "h.zip/a (2).md"}) == path
