import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from builders import make_manifest
from conftest import AsNobody

from index.errors import (
    IndexBusy,
    IndexDamaged,
    IndexMissing,
    IndexOutdated,
    IndexPinned,
    IndexUnwritable,
    PreviewMissing,
)
from index.folders import lies_within
from index.generation import DataFolder
from index.manifest import (
    FORMAT_VERSION,
    Manifest,
    check_compatible,
    check_file_sizes,
    file_sizes,
)

MANIFEST = make_manifest(
    files={"content": 5, "chroma/chroma.sqlite3": 0},
    unreadable=("bad.md: not UTF-8",),
    scorer={"threshold": 0.5},
)


@pytest.fixture
def folder(tmp_path: Path) -> DataFolder:
    return DataFolder(tmp_path / "data")


def publish(folder: DataFolder, name: str) -> Path:
    building = folder.begin()
    (building / "content").write_text(name, encoding="utf-8")
    return folder.publish(building, name)


def test_empty_data_folder_has_no_index(folder: DataFolder) -> None:
    with pytest.raises(IndexMissing, match="no index in .* yet"):
        folder.current()


@pytest.mark.parametrize("keep", [1, 2])
def test_published_generation_is_current_and_those_before_it_are_kept(
    tmp_path: Path, keep: int
) -> None:
    folder = DataFolder(tmp_path / "data", keep)
    for name in ("apple", "pear", "plum", "fig"):
        published = publish(folder, name)
        assert folder.current() == published
        assert (published / "content").read_text(encoding="utf-8") == name
    names = sorted(path.name for path in folder.layout.generations.iterdir())
    assert names == ["000002-pear", "000003-plum", "000004-fig"][-1 - keep :]


def test_unfinished_build_is_not_current_and_the_next_build_removes_it(
    folder: DataFolder,
) -> None:
    first = publish(folder, "apple")
    unfinished = folder.begin()
    (unfinished / "content").write_text("half", encoding="utf-8")
    assert folder.current() == first
    assert folder.begin() != unfinished
    assert not unfinished.exists()


@pytest.mark.parametrize("step", [0, 1])
def test_failed_publication_leaves_the_previous_generation(
    folder: DataFolder, monkeypatch: pytest.MonkeyPatch, step: int
) -> None:
    first = publish(folder, "apple")
    rename = os.replace
    steps = iter(range(2))

    def fail_at_step(source: Path, target: Path, **options: int) -> None:
        if next(steps) == step:
            raise OSError(5, "Input/output error")
        rename(source, target, **options)

    monkeypatch.setattr(os, "replace", fail_at_step)
    with pytest.raises(OSError, match="Input/output error"):
        publish(folder, "pear")
    monkeypatch.undo()
    assert folder.current() == first
    assert publish(folder, "plum") == folder.current()


@pytest.mark.parametrize("name", ["", "gone", "..", "../generations/000001-apple", "/etc"])
def test_invalid_pointer_is_a_damaged_index(folder: DataFolder, name: str) -> None:
    publish(folder, "apple")
    (folder.layout.pointer).write_text(name, encoding="utf-8")
    with pytest.raises(IndexDamaged, match="which does not exist"):
        folder.current()


def test_build_that_a_pin_overtakes_is_not_published(folder: DataFolder) -> None:
    first = publish(folder, "apple")
    building = folder.begin()
    with folder.pointer.lock():
        folder.pointer.move(first, pin=True)
    with pytest.raises(IndexPinned, match="pinned to 000001-apple"):
        folder.publish(building, "pear", unpin="000000-other")
    assert folder.current() == first
    second = folder.publish(building, "pear", unpin=first.name)
    assert (folder.current(), folder.pointer.pinned()) == (second, "")


def test_pin_counts_only_while_it_names_the_published_generation(folder: DataFolder) -> None:
    first, second = publish(folder, "apple"), publish(folder, "pear")
    folder.layout.pin.write_text(first.name, "utf-8")  # killed before the pointer was moved
    assert folder.pointer.pinned() == ""
    assert publish(folder, "plum").name == "000003-plum"
    with folder.pointer.lock():
        folder.pointer.move(second, pin=True)
    folder.pointer.unpin(first.name)
    assert folder.pointer.pinned() == second.name
    folder.pointer.unpin(second.name)
    assert folder.pointer.pinned() == ""


def test_preview_survives_builds_and_is_replaced_by_the_next_one(folder: DataFolder) -> None:
    base = publish(folder, "apple")
    first = folder.keep_preview(folder.begin())
    with pytest.raises(PreviewMissing):  # it was not compared yet
        folder.preview()
    folder.offer_preview(first, base.name)
    publish(folder, "pear")
    assert folder.preview() == (folder.layout.preview / base.name, base.name)
    second = folder.keep_preview(folder.begin())
    with pytest.raises(PreviewMissing):
        folder.preview()
    third = folder.keep_preview(folder.begin())
    with pytest.raises(PreviewMissing, match="has replaced this one"):
        folder.offer_preview(second, base.name)
    assert list(folder.layout.preview.iterdir()) == [third]


def test_manifest_is_read_as_written(tmp_path: Path) -> None:
    MANIFEST.write(tmp_path)
    assert Manifest.read(tmp_path) == MANIFEST


@pytest.mark.parametrize(
    "content",
    [
        *(b"", b"{", b"[]", b"null", b"\xff"),
        b'{"format": %d}' % FORMAT_VERSION,
        b'{"format": %d, "documents": [{"a": 1}], "unreadable": []}' % FORMAT_VERSION,
        b'{"format": %d, "documents": [], "unreadable": [], "files": 3}' % FORMAT_VERSION,
    ],
)
def test_damaged_manifest_is_a_damaged_index(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "manifest.json").write_bytes(content)
    with pytest.raises(IndexDamaged):
        Manifest.read(tmp_path)


@pytest.mark.parametrize(
    "fields",
    [
        {"format": 2, "documents": [], "unreadable": []},
        {"format": FORMAT_VERSION + 1, "new": "field"},
    ],
)
def test_other_format_is_outdated_whatever_its_fields(
    tmp_path: Path, fields: dict[str, object]
) -> None:
    (tmp_path / "manifest.json").write_text(json.dumps(fields), encoding="utf-8")
    with pytest.raises(IndexOutdated, match=r"has format \d+, this .*"):
        Manifest.read(tmp_path)


def test_other_encoder_or_splitter_is_outdated() -> None:
    check_compatible(MANIFEST, "f" * 64)
    with pytest.raises(IndexOutdated, match="with the encoder tiny .*"):
        check_compatible(MANIFEST, "e" * 64)
    with pytest.raises(IndexOutdated, match="with splitter 0, .*"):
        check_compatible(replace(MANIFEST, splitter=0), "f" * 64)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"apple", None),
        (b"", "content has 0 bytes instead of 5"),
        (b"appl", "content has 4 bytes instead of 5"),
        (b"apples", "content has 6 bytes instead of 5"),
        (None, r"content cannot be read \(No such file.*\)"),
    ],
)
def test_missing_file_and_file_of_another_size_are_named(
    tmp_path: Path, content: bytes | None, message: str | None
) -> None:
    (tmp_path / "chroma").mkdir()
    (tmp_path / "chroma" / "chroma.sqlite3").touch()
    if content is not None:
        (tmp_path / "content").write_bytes(content)
    MANIFEST.write(tmp_path)
    if message:
        with pytest.raises(IndexDamaged, match=message):
            check_file_sizes(tmp_path, MANIFEST)
    else:
        check_file_sizes(tmp_path, MANIFEST)
        assert file_sizes(tmp_path) == MANIFEST.files


@pytest.mark.parametrize(
    ("path", "folders", "within"),
    [
        ("hr/leave.md", ["hr"], True),
        ("hr/leave.md", ["hr/"], True),
        ("hr/leave.md", ["it", "hr"], True),
        ("hr/leave.md", ["hr/leave.md"], True),
        ("hr/benefits/pension.md", ["hr"], True),
        ("hr/benefits/pension.md", ["hr/benefits"], True),
        ("Caf\u00e9/leave.md", ["Cafe\u0301"], True),
        ("Cafe\u0301/leave.md", ["Caf\u00e9"], True),
        ("hr/leave.md", ["hr/benefits"], False),
        ("hr/leave.md", ["h"], False),
        ("hrm/leave.md", ["hr"], False),
        ("HR/leave.md", ["hr"], False),
        ("it/hr/leave.md", ["hr"], False),
        ("hr/leave.md", [], False),
        ("leave.md", [""], False),
        ("leave.md", ["."], False),
        ("leave.md", ["/"], False),
        ("leave.md", ["*"], False),
    ],
)
def test_document_lies_within_folders(path: str, folders: list[str], within: bool) -> None:
    assert lies_within(path, folders) is within


def test_lock_is_busy_until_its_process_ends_and_reading_needs_none(folder: DataFolder) -> None:
    first = publish(folder, "apple")
    program = (
        "import pathlib, sys; from index.generation import DataFolder\n"
        "with DataFolder(pathlib.Path(sys.argv[1])).lock(): print(flush=True); sys.stdin.read()"
    )
    command = [sys.executable, "-c", program, str(folder.root)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(command, **pipes) as holder:
        assert holder.stdout and holder.stdout.readline()
        assert folder.current() == first
        with pytest.raises(IndexBusy, match="another process is writing"):
            folder.lock()
        holder.kill()
        holder.wait()
        with folder.lock():
            pass


def test_folder_without_permission_is_unwritable(
    folder: DataFolder, bound_by_permissions: AsNobody
) -> None:
    publish(folder, "apple")
    folder.root.chmod(0o755)
    with bound_by_permissions(), pytest.raises(IndexUnwritable, match="Permission denied"):
        folder.lock()


def test_file_in_place_of_the_folder_is_unwritable(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("", encoding="utf-8")
    with pytest.raises(IndexUnwritable, match="Not a directory"):
        DataFolder(tmp_path / "data").lock()
