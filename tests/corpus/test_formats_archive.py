"""ZIP archives: each document in them, and what is hostile, damaged or unknown."""

import io
import stat
import struct
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest
from formats import HOLIDAYS, QUESTIONS, MarkdownHandbook, assistant_over, write_handbook

from corpus.formats import archive
from corpus.formats.extracted import NotExtracted


def zipped(files: Mapping[str, bytes | str]) -> bytes:
    raw = io.BytesIO()
    with zipfile.ZipFile(raw, "w", zipfile.ZIP_DEFLATED) as new:
        for name, content in files.items():
            new.writestr(name, content)
    return raw.getvalue()


def encrypted(files: Mapping[str, bytes | str], *names: str) -> bytes:
    """The archive with the flag of encryption set for the members with these names."""
    raw = bytearray(zipped(files))
    for signature, flags, name_at in ((b"PK\x03\x04", 6, 30), (b"PK\x01\x02", 8, 46)):
        at = raw.find(signature)
        while at >= 0:
            if any(raw[at + name_at :].startswith(name.encode()) for name in names):
                raw[at + flags] |= 1
            at = raw.find(signature, at + 4)
    return bytes(raw)


def members(raw: bytes) -> tuple[list[str], tuple[str, ...]]:
    """The paths of the documents, and what was left out."""
    found = list(archive.load(raw))
    assert [each.text for each in found[:-1] if not each.text or each.left_out] == []
    return [each.member for each in found if each.text], found[-1].left_out


def test_each_file_is_a_document_in_the_order_of_the_names() -> None:
    raw = zipped(
        {
            "b/faq.csv": "Question,Answer\nWho?,Me.\n",
            "a.md": "# A\n",
            "b/c.json": '{"Why?": "So."}',
            "z.txt": "Über uns\n".encode("cp1252"),
        }
    )
    found = {each.member: each.text for each in archive.load(raw)}
    assert list(found) == ["a.md", "b/c.json", "b/faq.csv", "z.txt"]
    assert (
        found["a.md"] == "# A\n"
        and "A: Me." in found["b/faq.csv"]
        and found["z.txt"] == "Über uns\n"
    )


def test_answers_cite_the_file_in_the_archive(tmp_path: Path, encoder_data: Path) -> None:
    book = MarkdownHandbook()
    write_handbook(book)
    raw = zipped({"staff/handbook.md": book.content(), "other.md": "# Other\n\nNothing else.\n"})
    with assistant_over(tmp_path / "a", encoder_data, {"all.zip": raw}) as assistant:
        answer = assistant.ask(HOLIDAYS)
    assert QUESTIONS[HOLIDAYS] in answer.text
    assert answer.citations[0].document == "all.zip/staff/handbook.md"


def test_an_archive_in_an_archive_is_read_and_one_in_that_is_named() -> None:
    inner = zipped({"deep.md": "x", "more.zip": zipped({"deepest.md": "x"})})
    assert members(zipped({"a.md": "x", "in.zip": inner})) == (
        ["a.md", "in.zip/deep.md"],
        ("in.zip/more.zip is an archive in an archive in an archive",),
    )


def test_hostile_members_are_named_and_the_others_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    link = zipfile.ZipInfo("link.md")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    raw = io.BytesIO()
    with zipfile.ZipFile(raw, "w", zipfile.ZIP_DEFLATED) as new:
        new.writestr(link, "/etc/passwd")
        for name in ("../out.md", "/root.md", "a/../../b.md", "C:/c.md", "..\\d.md"):
            new.writestr(name, "x")
        new.writestr("large.md", bytes(archive.MAX_MEMBER + 1))
        new.writestr("fine.md", "fine")
    paths, left_out = members(raw.getvalue())
    assert paths == ["fine.md"] and list(tmp_path.iterdir()) == []
    assert "link.md is a link" in left_out and "large.md is larger than 32 MB" in left_out
    assert sum(each.endswith("leads out of the archive") for each in left_out) == 5


def test_damaged_encrypted_and_unknown_members_are_named() -> None:
    files = {
        "bad.xlsx": "no workbook",
        "fine.md": "fine",
        "secret.md": "x",
        "a.png": "x",
        "b.png": "x",
        ".hidden.md": "x",
        "__MACOSX/x.md": "x",
    }
    paths, left_out = members(encrypted(files, "secret.md"))
    assert paths == ["fine.md"]
    assert left_out[0].startswith("bad.xlsx is damaged")
    assert left_out[1:] == ("secret.md is encrypted", "2 files of an unknown format (.png)")


def test_of_many_members_with_one_reason_the_first_are_named_and_the_others_counted() -> None:
    files = {f"{n}.xml": "<a/>" for n in range(9)}
    _, left_out = members(zipped({**files, "fine.md": "fine"}))
    assert left_out[-1] == "4.xml is XML of no known kind, like 4 more files" and len(left_out) == 5


def test_what_another_member_of_an_export_says_is_read_once() -> None:
    page = f"Prices {'0' * 32}"
    files = {f"{page}.csv": "A,B\n1,2", f"{page}_all.csv": "A,B\n1,2", "hts-cache/new.txt": "x"}
    paths, left_out = members(zipped(files))
    assert paths == [f"{page}_all.csv"]
    assert left_out == (
        f"{page}.csv is a view of {page}_all.csv",
        "hts-cache/new.txt is a copy that HTTrack keeps of the pages",
    )


def test_a_broken_checksum_is_named() -> None:
    raw = bytearray(zipped({"a.md": "x" * 99, "b.md": "fine"}))
    at = raw.find(b"PK\x01\x02")
    raw[at + 16 : at + 20] = struct.pack("<I", 1)
    paths, left_out = members(bytes(raw))
    assert paths == ["b.md"] and left_out[0].startswith("a.md is damaged")


def bomb() -> bytes:
    """An archive that says it unpacks to more than the limit."""
    raw = io.BytesIO()
    with zipfile.ZipFile(raw, "w", zipfile.ZIP_DEFLATED) as new:
        for number in range(9):
            new.writestr(f"{number}.md", bytes(30 * 2**20))
    return raw.getvalue()


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (bomb(), "more than 256 MB unpacked"),
        (encrypted({"a.md": "x"}, "a.md"), "encrypted"),
        (b"PK\x03\x04" + bytes(99), "damaged"),
        (zipped({}), "no document .it is empty"),
        (zipped({"a.png": "x"}), "no document .1 file of an unknown format"),
        (zipped({f"{n}.md": "" for n in range(10_001)}), "more than 10,000 files"),
    ],
)
def test_what_cannot_be_read_says_why(raw: bytes, reason: str) -> None:
    with pytest.raises(NotExtracted, match=reason):
        list(archive.load(raw))


def test_the_limits_hold_for_all_archives_in_one_together() -> None:
    inner = zipped({f"{n}.md": bytes(30 * 2**20) for n in range(5)})
    _, left_out = members(zipped({"1.zip": inner, "2.zip": inner, "a.md": "x"}))
    assert any(each.startswith("2.zip would take more than") for each in left_out)
