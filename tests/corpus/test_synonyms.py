"""synonyms.txt: one group a line; what is wrong is named with its line."""

from pathlib import Path

import pytest

from corpus.errors import SynonymsInvalid
from corpus.loader import load_corpus
from corpus.synonyms import read_synonyms, synonyms_path


def test_groups_are_read_from_the_file_beside_the_documents(tmp_path: Path) -> None:
    documents = tmp_path / "documents"
    documents.mkdir()
    (documents / "a.md").write_text("# A\n\nText.\n", encoding="utf-8")
    assert load_corpus(documents).synonyms == ()
    text = "# staff words\nPTO, annual  leave\n\n CEO ,boss, managing director\n"
    (tmp_path / "synonyms.txt").write_text(text, encoding="utf-8")
    groups = (("PTO", "annual leave"), ("CEO", "boss", "managing director"))
    assert load_corpus(documents).synonyms == groups


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("only one", r"synonyms\.txt, line 2: expected at least two"),
        ("a, a", "expected at least two"),
        ("a, , b", "'' has no word"),
        (", ".join(f"w{n}" for n in range(30)), "30 phrases, at most 20"),
        ("a, " + "b" * 100, "100 characters, at most 80"),
    ],
)
def test_bad_line_is_named(tmp_path: Path, line: str, message: str) -> None:
    path = tmp_path / "synonyms.txt"
    path.write_text(f"a, b\n{line}\n", encoding="utf-8")
    with pytest.raises(SynonymsInvalid, match=message):
        read_synonyms(path)


def test_file_that_is_too_large_or_no_text_is_refused(tmp_path: Path) -> None:
    path = synonyms_path(tmp_path / "documents")
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(SynonymsInvalid, match="cannot be read"):
        read_synonyms(path)
    path.write_text("a, b\n" * 300_000, encoding="utf-8")
    with pytest.raises(SynonymsInvalid, match="larger than 1 MB"):
        read_synonyms(path)
