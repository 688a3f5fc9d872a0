import os
import re
from pathlib import Path

import pytest

from corpus.document import Document
from index.errors import TextMissing
from index.texts import TextStore


def document(text: str, path: str = "guide.md") -> Document:
    return Document(path, text, ())


def files(folder: Path, ending: str = "") -> list[Path]:
    return sorted(path for path in folder.rglob(f"*{ending}") if path.is_file())


@pytest.fixture
def store(tmp_path: Path) -> TextStore:
    return TextStore(tmp_path)


def test_text_is_returned_unchanged(store: TextStore) -> None:
    saved = document("\ufeff# Gärten\r\n\r\n内部 😀\u2028\n")
    store.save(saved)
    assert store.read(saved.sha256) == saved.text


def test_text_is_written_once(store: TextStore, tmp_path: Path) -> None:
    store.save(document("Dig."))
    written = files(tmp_path)
    for path in written:
        os.utime(path, (1, 1))
    store.save(document("Dig."))
    assert files(tmp_path) == written
    assert [path.stat().st_mtime for path in written] == [1, 1]


@pytest.mark.parametrize("damage", [b"Dig deeper.", b"\xff\xfe", b""])
def test_changed_text_is_not_returned_and_saving_repairs_it(
    store: TextStore, tmp_path: Path, damage: bytes
) -> None:
    saved = document("Dig deep.")
    store.save(saved)
    files(tmp_path, ".txt")[0].write_bytes(damage)
    with pytest.raises(TextMissing, match=f"{saved.sha256} was changed on disk"):
        store.read(saved.sha256)
    store.save(saved)
    assert store.read(saved.sha256) == "Dig deep."


def test_unknown_digest_is_missing(store: TextStore) -> None:
    store.save(document("Dig."))
    with pytest.raises(TextMissing, match="no text is stored under 0000"):
        store.read("0" * 64)
    assert not store.had_text("guide.md", "0" * 64)


@pytest.mark.parametrize(
    "digest",
    [
        *("", "abc", "../../../../etc/passwd", "/etc/passwd", "../" * 21 + "x"),
        *("A" * 64, "0" * 65, "0" * 63 + "/", "0" * 63 + "\n", "０" * 64),
    ],
)
def test_invalid_digest_never_becomes_a_path(store: TextStore, digest: str) -> None:
    with pytest.raises(TextMissing, match="is not a SHA-256 digest"):
        store.read(digest)
    assert not store.had_text("guide.md", digest)


def test_documents_of_every_text_are_recorded(store: TextStore, tmp_path: Path) -> None:
    old, new = document("Old."), document("New.")
    other, copy = document("Dig.", "hr/dig.md"), document("Dig.", "copy.md")
    for each in (old, new, other):
        store.save(each)
    assert not store.had_text("copy.md", copy.sha256)
    store.save(copy)
    assert len(files(tmp_path, ".txt")) == 3
    assert store.digests() == sorted({old.sha256, new.sha256, other.sha256})
    reopened = TextStore(tmp_path)
    assert all(reopened.had_text(each.path, each.sha256) for each in (old, new, other, copy))
    for path, sha256 in [
        ("guide.md", other.sha256),
        ("hr", other.sha256),
        ("GUIDE.md", old.sha256),
    ]:
        assert not store.had_text(path, sha256)


@pytest.mark.parametrize(
    "path",
    ["../../outside.md", "/etc/passwd", "a\nb.md", "x" * 500, "\udcff.md", "内部.md", "\x00"],
)
def test_document_path_never_becomes_a_file_name(
    store: TextStore, tmp_path: Path, path: str
) -> None:
    saved = document("Dig.", path)
    store.save(saved)
    assert store.had_text(path, saved.sha256)
    name = r"[0-9a-f]{2}/[0-9a-f]{64}(\.txt|-[0-9a-f]{64}\.path)"
    names = [file.relative_to(tmp_path).as_posix() for file in files(tmp_path)]
    assert [bool(re.fullmatch(name, each)) for each in names] == [True, True]


@pytest.mark.parametrize("step", ["fsync", "replace"])
def test_failed_write_records_nothing(
    store: TextStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    saved = document("Dig.")
    monkeypatch.setattr(os, step, fail)
    with pytest.raises(OSError, match="No space left"):
        store.save(saved)
    monkeypatch.undo()
    assert files(tmp_path) == []
    store.save(saved)
    assert store.had_text("guide.md", saved.sha256)
