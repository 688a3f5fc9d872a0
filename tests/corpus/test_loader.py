"""Loading a folder: which files are documents, how they are decoded, and what fails by name."""

import os
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest

from api.errors import describe
from corpus import loader
from corpus.bounded import Limits
from corpus.decoding import TextDecoder, decode
from corpus.document import Kind, text_digest
from corpus.errors import CorpusEmpty, CorpusMissing, DocumentUnreadable, LoadingImpossible
from corpus.loader import KnownFiles, load_corpus, load_document
from corpus.sources import Outcome

LIMITS = Limits(seconds=0.3, megabytes=1024)
AsNobody = Callable[[], AbstractContextManager[None]]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with one document, good.md."""
    folder = tmp_path / "documents"
    folder.mkdir()
    (folder / "good.md").write_text("# Guide\n\nDig.\n", encoding="utf-8")
    return folder


def skipped(folder: Path) -> list[str]:
    sources = load_corpus(folder).sources
    return [source.path for source in sources if source.outcome is Outcome.SKIPPED]


def paths(folder: Path) -> list[str]:
    return [document.path for document in load_corpus(folder).documents]


def test_documents_are_loaded_from_all_subfolders_sorted_by_path(folder: Path) -> None:
    (folder / "sub" / "deep").mkdir(parents=True)
    (folder / "sub" / "deep" / "B.TXT").write_text("It rains.", encoding="utf-8")
    (folder / "a.markdown").write_text("# A\n", encoding="utf-8")
    (folder / "picture.png").write_bytes(b"\x89PNG")
    (folder / "chapter.md").mkdir()
    assert skipped(folder) == ["picture.png"]
    assert paths(folder) == ["a.markdown", "good.md", "sub/deep/B.TXT"]


def test_hidden_files_and_folders_are_skipped(folder: Path) -> None:
    (folder / ".hidden.md").write_text("# No\n", encoding="utf-8")
    (folder / ".git").mkdir()
    (folder / ".git" / "description.md").write_text("# No\n", encoding="utf-8")
    assert paths(folder) == ["good.md"]


def test_only_links_to_files_inside_the_folder_are_followed(folder: Path) -> None:
    outside = folder.parent / "outside"
    outside.mkdir()
    (outside / "secret.md").write_text("# Secret\n", encoding="utf-8")
    (folder / "secret.md").symlink_to(outside / "secret.md")
    (folder / "shelf").symlink_to(outside)
    (folder / "inside.md").symlink_to(folder / "good.md")
    (folder / "broken.md").symlink_to(folder / "gone.md")
    (folder / "loop.md").symlink_to(folder / "loop.md")
    (folder / "round").symlink_to(folder)
    assert paths(folder) == ["good.md", "inside.md"]
    assert skipped(folder) == ["broken.md", "loop.md", "round", "secret.md", "shelf"]


def test_line_breaks_and_byte_order_mark_are_kept(folder: Path) -> None:
    content = "\ufeff# Guide\r\n\r\nDig.\r\n"
    (folder / "good.md").write_bytes(content.encode())
    (document,) = load_corpus(folder).documents
    assert (document.text, document.title) == (content, "Guide")


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
def test_utf_16_with_a_byte_order_mark_is_decoded(folder: Path, encoding: str) -> None:
    mark = "" if encoding == "utf-16" else "\ufeff"
    (folder / "good.md").write_bytes((mark + "# Gärten\n\nDig.\n").encode(encoding))
    (document,) = load_corpus(folder).documents
    assert (document.title, document.text) == ("Gärten", "# Gärten\n\nDig.\n")


def test_markdown_marks_count_only_in_markdown_files(folder: Path) -> None:
    (folder / "good.md").write_text("Guide\n\n- Dig\n", encoding="utf-8")
    (folder / "plain.txt").write_text("Guide\n\n# Dig deeper\n", encoding="utf-8")
    markdown, plain = load_corpus(folder).documents
    assert [block.kind for block in markdown.blocks] == [Kind.PARAGRAPH, Kind.ITEM]
    assert plain.text[plain.blocks[1].start] == "#"


def test_a_missing_folder_is_named(folder: Path) -> None:
    with pytest.raises(CorpusMissing, match="nowhere does not exist"):
        load_corpus(folder / "nowhere")
    with pytest.raises(CorpusMissing, match=r"good\.md is not a folder"):
        load_corpus(folder / "good.md")


def test_a_folder_without_documents_names_the_formats_and_the_files_that_failed(
    tmp_path: Path,
) -> None:
    (tmp_path / "picture.png").write_bytes(b"\x89PNG")
    (tmp_path / "latin.txt").write_bytes("Gärten".encode("latin-1"))
    with pytest.raises(CorpusEmpty, match=r" \.md, .*\.txt.*; latin\.txt: not UTF-8"):
        load_corpus(tmp_path)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("Gärten".encode("latin-1"), "not UTF-8 text (byte 1 is 0xe4)"),
        (b"\xff\xfeD", "not UTF-16 text (byte 2 is 0x44)"),
        (b"Dig\x00deep", "not text (contains NUL characters)"),
        (b"", "contains no text"),
        (b"\xef\xbb\xbf \r\n\t\n", "contains no text"),
        (b"a" * (2**20 + 1), "larger than 1 MB"),
    ],
)
def test_a_bad_file_is_named_with_the_reason_and_does_not_stop_the_others(
    folder: Path, content: bytes, reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loader, "MAX_DOCUMENT_BYTES", 2**20)
    (folder / "bad.md").write_bytes(content)
    with pytest.raises(DocumentUnreadable) as raised:
        load_document(folder, folder / "bad.md")
    assert str(raised.value) == f"bad.md: {reason}"
    corpus = load_corpus(folder)
    assert [document.path for document in corpus.documents] == ["good.md"]
    assert [str(error) for error in corpus.unreadable] == [f"bad.md: {reason}"]


@pytest.fixture
def costly(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file that takes more than `LIMITS`."""
    monkeypatch.setattr(loader, "_SECONDS_PER_MEGABYTE", 0.0)
    path = folder / "costly.md"
    path.write_text("- Dig a hole. Fill it.\n" * 60_000, encoding="utf-8")
    return path


def test_file_that_takes_too_long_is_named_and_does_not_stop_the_others(
    folder: Path, costly: Path
) -> None:
    corpus = load_corpus(folder, limits=LIMITS)
    assert [document.path for document in corpus.documents] == ["good.md"]
    assert corpus.faults == ("costly.md: loading it takes more than 0.3 s of processor time",)
    assert describe(corpus.unreadable[0]).endswith("rebuild the index to try it again")
    costly.unlink()
    assert load_corpus(folder, limits=LIMITS).faults == ()


def test_file_that_takes_too_much_memory_is_named(folder: Path, costly: Path) -> None:
    corpus = load_corpus(folder, limits=Limits(60, 100))
    assert corpus.faults == ("costly.md: loading it takes more than 100 MB of memory",)


def test_file_that_was_too_costly_is_not_tried_again_until_it_changes(
    folder: Path, costly: Path
) -> None:
    first = load_corpus(folder, limits=LIMITS)
    known = KnownFiles(too_costly=first.too_costly)
    assert load_corpus(folder, known).faults == first.faults
    costly.write_text("- Dig.\n", encoding="utf-8")
    assert load_corpus(folder, known).faults == ()


def test_file_that_is_deleted_while_it_is_loaded_holds_up_nothing(
    folder: Path, costly: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def decode_and_delete(name: str, raw: bytes) -> str:
        if name == costly.name:
            costly.unlink()
        return decode(name, raw)

    monkeypatch.setattr(loader, "decode", decode_and_delete)
    corpus = load_corpus(folder, limits=Limits(300, 4096))
    assert corpus.faults == ("costly.md: was removed while it was loaded",)


def test_file_whose_permissions_are_removed_while_it_is_loaded_does_not_stop_the_others(
    folder: Path, costly: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    status = os.stat

    def decode_and_forbid(name: str, raw: bytes) -> str:
        if name == costly.name:
            monkeypatch.setattr(os, "stat", forbidden)
        return decode(name, raw)

    def forbidden(path: object, **more: Any) -> os.stat_result:
        if path == costly:
            raise PermissionError(13, "Permission denied")
        return status(path, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(loader, "decode", decode_and_forbid)
    corpus = load_corpus(folder, limits=Limits(300, 4096))
    assert [document.path for document in corpus.documents] == ["good.md"]
    assert corpus.faults == ("costly.md: was removed while it was loaded",)


def test_known_text_is_parsed_without_a_process(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    documents = load_corpus(folder).documents
    known = KnownFiles(frozenset((document.path, document.sha256) for document in documents))
    monkeypatch.setattr("sys.executable", "/nowhere/python")
    assert load_corpus(folder, known).documents == documents
    with pytest.raises(LoadingImpossible, match="/nowhere/python"):
        load_corpus(folder)


def test_text_that_is_known_in_another_format_keeps_the_limits(folder: Path, costly: Path) -> None:
    digest = text_digest(costly.read_text(encoding="utf-8"))
    known = KnownFiles(frozenset([(costly.name, digest)]))
    costly.rename(folder / "costly.txt")
    assert load_corpus(folder, known, LIMITS).faults == (
        "costly.txt: loading it takes more than 0.3 s of processor time",
    )


def test_error_names_only_the_first_of_many_files(tmp_path: Path) -> None:
    for number in range(2_000):
        (tmp_path / f"{number:04}.md").write_bytes(b"")
    with pytest.raises(CorpusEmpty, match=r"0009.md: contains no text; 1,990 more\)$"):
        load_corpus(tmp_path)


def test_missing_permissions_are_named_and_do_not_stop_the_others(
    folder: Path, bound_by_permissions: AsNobody
) -> None:
    good = load_document(folder, folder / "good.md")
    known = KnownFiles(frozenset([(good.path, good.sha256)]))
    (folder / "bad.md").write_text("# Secret\n", encoding="utf-8")
    (folder / "bad.md").chmod(0o000)
    for name, mode in (("closed", 0o000), ("listed", 0o744)):
        (folder / name).mkdir()
        (folder / name / "secret.md").write_text("# Secret\n", encoding="utf-8")
        (folder / name / "secret.png").touch()
        (folder / name).chmod(mode)
    with bound_by_permissions():
        corpus = load_corpus(folder, known)  # this user may not start Python here
    assert [document.path for document in corpus.documents] == ["good.md"]
    skipped = [each for each in corpus.sources if each.outcome is Outcome.SKIPPED]
    assert [each.path for each in skipped] == ["listed/secret.png"]
    assert [str(error) for error in corpus.unreadable] == [
        f"{name}: cannot be read (Permission denied)"
        for name in ("bad.md", "closed", "listed/secret.md")
    ]


def test_a_folder_that_cannot_be_listed_is_named(
    folder: Path, bound_by_permissions: AsNobody
) -> None:
    folder.chmod(0o700)
    with bound_by_permissions(), pytest.raises(CorpusMissing, match="cannot be listed"):
        load_corpus(folder)


@pytest.mark.parametrize("text", ["# Ä\u2013\U0001f389\r\n", "\ufeff# A", "a"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_text_is_the_same_in_pieces(text: str, encoding: str) -> None:
    raw = text.encode(encoding)
    for size in (1, 2, 3, len(raw)):
        decoder = TextDecoder("a.md")
        pieces = [decoder.decode(raw[at : at + size]) for at in range(0, len(raw), size)]
        assert "".join(pieces) + decoder.decode(b"", final=True) == decode("a.md", raw)


@pytest.mark.parametrize("raw", [b"", b" \n", b"a", b"caf\xe9 au lait", b"\xff\xfea", b"a\x00b"])
def test_error_is_the_same_in_pieces(raw: bytes) -> None:
    def error(*pieces: bytes) -> str:
        decoder = TextDecoder("a.md")
        try:
            for piece in pieces:
                decoder.decode(piece)
            decoder.decode(b"", final=True)
        except DocumentUnreadable as error:
            return str(error)
        return ""

    assert error(*(raw[at : at + 1] for at in range(len(raw)))) == error(raw)
