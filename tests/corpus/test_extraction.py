"""Files of other formats in a folder: read within limits, once, and named if they are not read."""

import zipfile
from pathlib import Path

import pytest

from corpus import parsing
from corpus.bounded import Limits
from corpus.loader import Corpus, KnownFiles, load_corpus
from corpus.parsing import load_in_child
from corpus.sources import Outcome, SourceFile

PAGE = "<h1>Noise</h1><p>Drilling is forbidden on Sundays."


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a page and an archive of two pages."""
    folder = tmp_path / "documents"
    folder.mkdir()
    (folder / "noise.html").write_text(PAGE)
    with zipfile.ZipFile(folder / "more.zip", "w") as archive:
        archive.writestr("a/one.html", "<p>One.")
        archive.writestr("a/two.html", "<p>Two.")
    return folder


def source(corpus: Corpus, path: str) -> SourceFile:
    return next(each for each in corpus.sources if each.path == path)


def known(corpus: Corpus) -> KnownFiles:
    """What a build remembers of the corpus."""
    texts = {document.sha256: document.text for document in corpus.documents}
    pairs = frozenset((document.path, document.sha256) for document in corpus.documents)
    return KnownFiles(pairs, corpus.too_costly, {s.path: s for s in corpus.sources}, texts.get)


def test_file_is_one_document_or_several(folder: Path) -> None:
    corpus = load_corpus(folder)
    texts = {document.path: document.text for document in corpus.documents}
    assert texts == {
        "more.zip/a/one.html": "One.\n",
        "more.zip/a/two.html": "Two.\n",
        "noise.html": "# Noise\n\nDrilling is forbidden on Sundays.\n",
    }
    assert [path for path, _ in source(corpus, "more.zip").documents] == [
        "more.zip/a/one.html",
        "more.zip/a/two.html",
    ]


def test_unchanged_file_is_not_extracted_again(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "bad.html").write_text("<script>x</script>")
    corpus = load_corpus(folder)
    monkeypatch.setattr("sys.executable", "/nowhere/python")  # no process can start
    again = load_corpus(folder, known(corpus))
    assert again.documents == corpus.documents
    assert again.sources == corpus.sources
    assert again.faults == corpus.faults == ("bad.html: contains no text",)


def test_changed_file_and_one_whose_text_is_lost_are_extracted_again(folder: Path) -> None:
    before = known(load_corpus(folder))
    lost = KnownFiles(before.texts, {}, before.sources, lambda _: None)
    assert load_corpus(folder, lost).documents == load_corpus(folder).documents
    (folder / "noise.html").write_text("<p>Drilling is allowed.")
    texts = [document.text for document in load_corpus(folder, before).documents]
    assert "Drilling is allowed.\n" in texts


@pytest.mark.parametrize(
    ("name", "raw", "outcome", "said"),
    [
        ("a.docx", PAGE.encode(), Outcome.UNREADABLE, "is damaged"),
        ("a.docx", b"<!doctype html>" + PAGE.encode(), Outcome.READ, "is HTML, in spite of its"),
        (
            "a.docx",
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
            Outcome.UNREADABLE,
            "or encrypted, which cannot be read; save a copy in the current format without a",
        ),
        ("a.html", b"%PDF-1.7\n", Outcome.UNREADABLE, ""),
        ("a.md", b"%PDF-1.7\n\xff\xfe\xfd", Outcome.UNREADABLE, "is PDF, not text"),
        ("a.pdf", b"\x89PNG\r\n", Outcome.UNREADABLE, "is not PDF but PNG"),
        ("a.png", b"\x89PNG\r\n", Outcome.SKIPPED, "not supported"),
    ],
)
def test_file_with_a_wrong_suffix_is_named(
    folder: Path, name: str, raw: bytes, outcome: Outcome, said: str
) -> None:
    (folder / name).write_bytes(raw)
    found = source(load_corpus(folder), name)
    assert found.outcome is outcome
    assert said in f"{found.reason} {' '.join(found.notes)}"


def test_file_beyond_the_limits_is_named_and_does_not_stop_the_others(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("corpus.loader._SECONDS_PER_MEGABYTE", 0.0)
    (folder / "costly.html").write_text("<p>Dig a hole." * 1_000_000)
    corpus = load_corpus(folder, limits=Limits(0.3, 1024))
    assert corpus.faults == ("costly.html: loading it takes more than 1.8 s of processor time",)
    assert len(corpus.documents) == 3
    assert load_corpus(folder, known(corpus), Limits(0.3, 1024)).faults == corpus.faults


def test_file_that_is_too_large_is_not_opened(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("corpus.loader.MAX_FILE_BYTES", 2**20)
    (folder / "large.html").write_bytes(b" " * (2**20 + 1))
    assert load_corpus(folder).faults == ("large.html: larger than 1 MB",)


def test_text_of_a_file_is_limited(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parsing, "MAX_TEXT_CHARS", 8)
    raw = (folder / "more.zip").read_bytes()
    with pytest.raises(parsing.NotExtracted, match="more than 8 characters"):
        list(parsing._texts("more.zip", raw, []))


def test_file_that_changes_while_it_is_loaded_is_tried_again(folder: Path) -> None:
    path = folder / "noise.html"
    assert load_in_child([path.name, str(path), "0" * 64]) == {"has_changed": True}
