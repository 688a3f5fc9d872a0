"""From a folder to documents: one bad file is named with its remedy and does not stop the others."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from corpus import loader as reader
from corpus.document import Kind
from corpus.errors import CorpusEmpty, CorpusMissing, DocumentUnreadable
from corpus.loader import load_corpus, load_document


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "documents"
    folder.mkdir()
    (folder / "good.md").write_text("# Guide\n\nDig.\n", encoding="utf-8")
    return folder


def only_reason(folder: Path) -> str:
    """Why the one bad file was not read; the good one was."""
    corpus = load_corpus(folder)
    assert [document.path for document in corpus.documents] == ["good.md"]
    (error,) = corpus.unreadable
    return str(error)


def test_documents_are_read_in_order_of_their_paths_from_all_folders_below(folder: Path) -> None:
    (folder / "sub" / "deep").mkdir(parents=True)
    (folder / "sub" / "deep" / "B.TXT").write_text("It rains.", encoding="utf-8")
    (folder / "a.markdown").write_text("# A\n", encoding="utf-8")
    (folder / "picture.png").write_bytes(b"\x89PNG")
    assert [d.path for d in load_corpus(folder).documents] == [
        "a.markdown",
        "good.md",
        "sub/deep/B.TXT",
    ]


def test_a_text_keeps_its_line_breaks_and_its_byte_order_mark(folder: Path) -> None:
    content = "\ufeff# Guide\r\n\r\nDig.\r\n"
    (folder / "good.md").write_bytes(content.encode())
    (document,) = load_corpus(folder).documents
    assert document.text == content
    assert document.title == "Guide"


def test_marks_count_in_markdown_files_only(folder: Path) -> None:
    (folder / "good.md").write_text("Guide\n\n- Dig\n", encoding="utf-8")
    (folder / "plain.txt").write_text("Guide\n\n# Dig deeper\n", encoding="utf-8")
    marked, plain = load_corpus(folder).documents
    assert marked.blocks[0].kind is Kind.PARAGRAPH
    assert plain.text[plain.blocks[1].start] == "#"


def test_a_missing_folder_is_named_with_the_remedy(tmp_path: Path) -> None:
    with pytest.raises(CorpusMissing, match=r"nowhere does not exist: .*--corpus"):
        load_corpus(tmp_path / "nowhere")


def test_a_file_in_place_of_the_folder_is_no_corpus(folder: Path) -> None:
    with pytest.raises(CorpusMissing, match=r"good\.md is not a folder: .*--corpus"):
        load_corpus(folder / "good.md")


def test_a_folder_without_documents_is_an_empty_corpus(tmp_path: Path) -> None:
    (tmp_path / "picture.png").write_bytes(b"\x89PNG")
    with pytest.raises(CorpusEmpty, match=r"looked for \.markdown, \.md, \.txt.*--corpus"):
        load_corpus(tmp_path)


def test_an_empty_corpus_names_the_files_that_could_not_be_read(tmp_path: Path) -> None:
    (tmp_path / "latin.txt").write_bytes("Gärten".encode("latin-1"))
    with pytest.raises(CorpusEmpty, match=r"(?s)no document.*latin\.txt: not UTF-8"):
        load_corpus(tmp_path)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (
            "Gärten".encode("latin-1"),
            r"bad\.md: not UTF-8 text \(byte 1 is 0xe4\): save it as UTF-8",
        ),
        (b"Dig\x00deep", r"bad\.md: holds NUL characters.*remove it"),
        (b"", r"bad\.md: holds no text"),
        (b"\xef\xbb\xbf \r\n\t\n", r"bad\.md: holds no text"),
        (b"\xff\xfeD", r"bad\.md: not UTF-"),
    ],
)
def test_a_file_that_is_no_text_is_named_with_the_reason(
    folder: Path, content: bytes, reason: str
) -> None:
    (folder / "bad.md").write_bytes(content)
    with pytest.raises(DocumentUnreadable, match=reason):
        load_document(folder, folder / "bad.md")
    assert only_reason(folder).startswith("bad.md: ")


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
def test_utf_16_is_read_where_its_mark_says_so(folder: Path, encoding: str) -> None:
    mark = "" if encoding == "utf-16" else "\ufeff"
    (folder / "good.md").write_bytes((mark + "# Gärten\n\nDig.\n").encode(encoding))
    (document,) = load_corpus(folder).documents
    assert (document.title, document.text) == ("Gärten", "# Gärten\n\nDig.\n")


def test_a_file_that_is_too_large_is_not_read(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reader, "MAX_DOCUMENT_BYTES", 2**20)
    (folder / "bad.txt").write_bytes(b"a" * (2**20 + 1))
    assert only_reason(folder) == "bad.txt: larger than 1 MB: split it into several files"


def test_a_file_without_permission_does_not_stop_the_others(
    folder: Path, bound_by_permissions: Callable[[], AbstractContextManager[None]]
) -> None:
    (folder / "bad.md").write_text("# Secret\n", encoding="utf-8")
    (folder / "bad.md").chmod(0o000)
    with bound_by_permissions():
        assert only_reason(folder) == "bad.md: cannot be read (Permission denied)"


def test_a_folder_without_permission_does_not_stop_the_others(
    folder: Path, bound_by_permissions: Callable[[], AbstractContextManager[None]]
) -> None:
    for name, mode in (("closed", 0o000), ("listed", 0o744)):
        (folder / name).mkdir()
        (folder / name / "secret.md").write_text("# Secret\n", encoding="utf-8")
        (folder / name).chmod(mode)
    with bound_by_permissions():
        corpus = load_corpus(folder)
    assert [document.path for document in corpus.documents] == ["good.md"]
    reasons = [str(error) for error in corpus.unreadable]
    assert reasons == [
        "closed: cannot be read (Permission denied)",
        "listed/secret.md: cannot be read (Permission denied)",
    ]


def test_a_corpus_that_may_not_be_listed_says_so(
    folder: Path, bound_by_permissions: Callable[[], AbstractContextManager[None]]
) -> None:
    folder.chmod(0o700)
    with bound_by_permissions(), pytest.raises(CorpusMissing, match="may not be listed: change"):
        load_corpus(folder)


def test_hidden_files_and_folders_are_passed_over(folder: Path) -> None:
    (folder / ".hidden.md").write_text("# No\n", encoding="utf-8")
    (folder / ".git").mkdir()
    (folder / ".git" / "description.md").write_text("# No\n", encoding="utf-8")
    assert [document.path for document in load_corpus(folder).documents] == ["good.md"]


def test_links_out_of_the_folder_are_not_followed_and_links_inside_are(folder: Path) -> None:
    outside = folder.parent / "outside"
    outside.mkdir()
    (outside / "secret.md").write_text("# Secret\n", encoding="utf-8")
    (folder / "secret.md").symlink_to(outside / "secret.md")
    (folder / "shelf").symlink_to(outside)
    (folder / "inside.md").symlink_to(folder / "good.md")
    (folder / "broken.md").symlink_to(folder / "gone.md")
    (folder / "loop.md").symlink_to(folder / "loop.md")
    (folder / "round").symlink_to(folder)
    assert [document.path for document in load_corpus(folder).documents] == ["good.md", "inside.md"]


def test_a_folder_with_the_name_of_a_document_is_none(folder: Path) -> None:
    (folder / "chapter.md").mkdir()
    assert [document.path for document in load_corpus(folder).documents] == ["good.md"]
