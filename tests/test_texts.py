"""Every text ever indexed is kept under its digest, and given out only as it was kept."""

import os
from pathlib import Path

import pytest

from corpus.document import Document
from index.errors import TextMissing
from index.texts import TextStore


def document(text: str) -> Document:
    return Document("guide.md", text, ())


def files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def test_a_text_comes_back_under_its_digest_character_for_character(tmp_path: Path) -> None:
    kept = document("\ufeff# Gärten\r\n\r\n内部 😀\u2028\n")
    store = TextStore(tmp_path)
    store.keep(kept)
    assert store.read(kept.sha256) == kept.text


def test_versions_of_a_document_are_kept_beside_each_other(tmp_path: Path) -> None:
    store = TextStore(tmp_path)
    old, new = document("Old."), document("New.")
    store.keep(old)
    store.keep(new)
    assert [store.read(each.sha256) for each in (old, new)] == ["Old.", "New."]


def test_a_text_is_kept_once_and_left_alone_from_then_on(tmp_path: Path) -> None:
    store = TextStore(tmp_path)
    store.keep(document("Dig."))
    (path,) = files(tmp_path)
    os.utime(path, (1, 1))
    store.keep(document("Dig."))
    assert files(tmp_path) == [path]
    assert path.stat().st_mtime == 1


def test_a_text_that_was_changed_on_disk_is_not_given_out(tmp_path: Path) -> None:
    kept = document("Dig deep.")
    store = TextStore(tmp_path)
    store.keep(kept)
    files(tmp_path)[0].write_text("Dig deeper.", encoding="utf-8")
    with pytest.raises(TextMissing, match="has been changed on disk"):
        store.read(kept.sha256)
    files(tmp_path)[0].write_bytes(b"\xff\xfe")
    with pytest.raises(TextMissing, match=kept.sha256):
        store.read(kept.sha256)


def test_a_text_that_was_damaged_is_mended_when_it_is_kept_again(tmp_path: Path) -> None:
    kept = document("Dig deep.")
    store = TextStore(tmp_path)
    store.keep(kept)
    files(tmp_path)[0].write_bytes(b"")
    store.keep(kept)
    assert store.read(kept.sha256) == "Dig deep."


def test_an_unknown_digest_is_missing(tmp_path: Path) -> None:
    with pytest.raises(TextMissing, match="no text is kept under 0000"):
        TextStore(tmp_path).read("0" * 64)


@pytest.mark.parametrize(
    "digest",
    ["", "abc", "../../../../etc/passwd", "/etc/passwd", "../" * 21 + "x", "A" * 64, "0" * 65,
     "0" * 63 + "/", "0" * 63 + "\n", "０" * 64]
)  # fmt: skip
def test_what_is_no_digest_is_never_used_as_a_path(tmp_path: Path, digest: str) -> None:
    with pytest.raises(TextMissing, match="is not a SHA-256 digest"):
        TextStore(tmp_path / "texts").read(digest)


def test_a_text_that_could_not_be_written_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        TextStore(tmp_path).keep(document("Dig."))
    assert files(tmp_path) == []
