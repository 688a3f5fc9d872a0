"""Every text ever indexed is kept under its digest, and given out only as it was kept."""

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
    return [path for path in folder.rglob(f"*{ending}") if path.is_file()]


def test_a_text_comes_back_under_its_digest_character_for_character(tmp_path: Path) -> None:
    kept = document("\ufeff# Gärten\r\n\r\n内部 😀\u2028\n")
    store = TextStore(tmp_path)
    store.save(kept)
    assert store.read(kept.sha256) == kept.text


def test_versions_of_a_document_are_kept_beside_each_other(tmp_path: Path) -> None:
    store = TextStore(tmp_path)
    old, new = document("Old."), document("New.")
    store.save(old)
    store.save(new)
    assert [store.read(each.sha256) for each in (old, new)] == ["Old.", "New."]


def test_a_text_is_kept_once_and_left_alone_from_then_on(tmp_path: Path) -> None:
    store = TextStore(tmp_path)
    store.save(document("Dig."))
    kept = sorted(files(tmp_path))
    for path in kept:
        os.utime(path, (1, 1))
    store.save(document("Dig."))
    assert sorted(files(tmp_path)) == kept
    assert [path.stat().st_mtime for path in kept] == [1, 1]


def test_a_text_that_was_changed_on_disk_is_not_given_out(tmp_path: Path) -> None:
    kept = document("Dig deep.")
    store = TextStore(tmp_path)
    store.save(kept)
    files(tmp_path, ".txt")[0].write_text("Dig deeper.", encoding="utf-8")
    with pytest.raises(TextMissing, match="was changed on disk"):
        store.read(kept.sha256)
    files(tmp_path, ".txt")[0].write_bytes(b"\xff\xfe")
    with pytest.raises(TextMissing, match=kept.sha256):
        store.read(kept.sha256)


def test_a_text_that_was_damaged_is_mended_when_it_is_kept_again(tmp_path: Path) -> None:
    kept = document("Dig deep.")
    store = TextStore(tmp_path)
    store.save(kept)
    files(tmp_path, ".txt")[0].write_bytes(b"")
    store.save(kept)
    assert store.read(kept.sha256) == "Dig deep."


def test_an_unknown_digest_is_missing(tmp_path: Path) -> None:
    with pytest.raises(TextMissing, match="no text is stored under 0000"):
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
        TextStore(tmp_path).save(document("Dig."))
    assert files(tmp_path) == []


# --- which document had which text -------------------------------------------------------------


def test_it_is_known_which_document_ever_had_a_text(tmp_path: Path) -> None:
    store = TextStore(tmp_path)
    old, new, other = document("Old."), document("New."), document("Dig.", "hr/dig.md")
    for each in (old, new, other):
        store.save(each)
    assert store.had_text("guide.md", old.sha256)
    assert store.had_text("guide.md", new.sha256)
    assert store.had_text("hr/dig.md", other.sha256)
    assert not store.had_text("guide.md", other.sha256)
    assert not store.had_text("hr/dig.md", old.sha256)
    assert not store.had_text("hr", other.sha256)
    assert not store.had_text("GUIDE.md", old.sha256)
    assert TextStore(tmp_path).had_text("guide.md", old.sha256)


def test_documents_that_share_a_text_are_known_each(tmp_path: Path) -> None:
    store = TextStore(tmp_path)
    one, other = document("Dig.", "one.md"), document("Dig.", "other.md")
    store.save(one)
    assert not store.had_text("other.md", one.sha256)
    store.save(other)
    assert store.had_text("one.md", one.sha256)
    assert store.had_text("other.md", one.sha256)
    assert len(files(tmp_path, ".txt")) == 1


@pytest.mark.parametrize(
    "path",
    ["../../outside.md", "/etc/passwd", "a\nb.md", "x" * 500, "\udcff.md", "内部.md", "\x00"],
)
def test_no_path_becomes_part_of_the_name_of_a_file(tmp_path: Path, path: str) -> None:
    store, kept = TextStore(tmp_path / "texts"), document("Dig.", path)
    assert not store.had_text(path, kept.sha256)
    store.save(kept)
    assert store.had_text(path, kept.sha256)
    names = [file.relative_to(tmp_path).as_posix() for file in files(tmp_path)]
    assert len(names) == 2
    name = r"texts/[0-9a-f]{2}/[0-9a-f]{64}(\.txt|-[0-9a-f]{64}\.path)"
    assert all(re.fullmatch(name, each) for each in names)


@pytest.mark.parametrize(
    "digest", ["", "abc", "../../../etc/passwd", "A" * 64, "0" * 64, "０" * 64]
)
def test_no_document_had_what_is_no_digest_or_an_unknown_one(tmp_path: Path, digest: str) -> None:
    store = TextStore(tmp_path)
    store.save(document("Dig."))
    assert not store.had_text("guide.md", digest)


def test_a_text_that_was_kept_before_there_was_a_ledger_is_recorded_when_it_is_kept_again(
    tmp_path: Path,
) -> None:
    kept = document("Dig.")
    store = TextStore(tmp_path)
    store.save(kept)
    (record,) = files(tmp_path, ".path")
    record.unlink()
    assert not store.had_text("guide.md", kept.sha256)
    store.save(kept)
    assert store.had_text("guide.md", kept.sha256)


@pytest.mark.parametrize("step", ["fsync", "replace"])
def test_no_text_is_recorded_before_it_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    kept = document("Dig.")
    store = TextStore(tmp_path)
    monkeypatch.setattr(os, step, full)
    with pytest.raises(OSError, match="No space left"):
        store.save(kept)
    monkeypatch.undo()
    assert not store.had_text("guide.md", kept.sha256)
    store.save(kept)
    assert store.had_text("guide.md", kept.sha256)
