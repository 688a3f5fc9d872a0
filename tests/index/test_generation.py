import dataclasses
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest

from corpus.splitter import SPLITTER_VERSION
from index.errors import IndexBusy, IndexDamaged, IndexMissing, IndexOutdated, IndexUnwritable
from index.folders import (
    lies_within,
)
from index.generation import (
    DataFolder,
)
from index.manifest import (
    FORMAT_VERSION,
    IndexedDocument,
    Manifest,
    check_compatible,
    check_file_sizes,
    file_sizes,
)

ROOT = Path(__file__).resolve().parents[2]
MANIFEST = Manifest(
    identity="i" * 64,
    format=FORMAT_VERSION,
    splitter=SPLITTER_VERSION,
    encoder="tiny",
    encoder_fingerprint="f" * 64,
    dimensions=3,
    created="2026-01-01T00:00:00+00:00",
    passages=1,
    documents=(IndexedDocument("guide.md", "Gärten", "0" * 64, 9, 1, 0),),
    files={"content": 5, "chroma/chroma.sqlite3": 0},
    unreadable=("bad.md: not UTF-8",),
    calibration={"threshold": 0.5},
)


@pytest.fixture
def folder(tmp_path: Path) -> DataFolder:
    return DataFolder(tmp_path / "data")


def publish(folder: DataFolder, name: str) -> Path:
    building = folder.begin()
    (building / "content").write_text(name, encoding="utf-8")
    MANIFEST.write(building)
    return folder.publish(building, name)


def names(folder: DataFolder) -> list[str]:
    return sorted(path.name for path in (folder.layout.generations).iterdir())


def test_empty_data_folder_has_no_index(folder: DataFolder) -> None:
    with pytest.raises(IndexMissing, match="no index in .* yet"):
        folder.current()


def test_published_generation_is_current_and_has_the_next_number(folder: DataFolder) -> None:
    first = publish(folder, "apple")
    assert folder.current() == first
    second = publish(folder, "pear")
    assert folder.current() == second
    assert names(folder) == ["000001-apple", "000002-pear"]
    assert (second / "content").read_text(encoding="utf-8") == "pear"


def test_unfinished_build_is_not_current(folder: DataFolder) -> None:
    first = publish(folder, "apple")
    (folder.begin() / "content").write_text("half", encoding="utf-8")
    assert folder.current() == first


@pytest.mark.parametrize("step", [0, 1])
def test_failed_publication_leaves_the_previous_generation(
    folder: DataFolder, monkeypatch: pytest.MonkeyPatch, step: int
) -> None:
    first = publish(folder, "apple")
    replace = os.replace
    done: list[object] = []

    def failing(source: Path, target: Path) -> None:
        if len(done) == step:
            raise OSError(5, "Input/output error")
        done.append(target)
        replace(source, target)

    monkeypatch.setattr(os, "replace", failing)
    with pytest.raises(OSError, match="Input/output error"):
        publish(folder, "pear")
    monkeypatch.undo()
    assert folder.current() == first
    assert publish(folder, "plum").name.endswith("-plum")
    assert folder.current().name.endswith("-plum")


def test_next_build_removes_the_leftovers_of_a_killed_one(folder: DataFolder) -> None:
    left = folder.begin()
    (left / "content").write_text("half", encoding="utf-8")
    assert folder.begin() != left
    assert not left.exists()


def test_only_one_previous_generation_is_kept(folder: DataFolder) -> None:
    for name in ("apple", "pear", "plum", "fig"):
        publish(folder, name)
    assert names(folder) == ["000003-plum", "000004-fig"]


@pytest.mark.parametrize("name", ["", "gone", "..", "../generations/000001-apple", "/etc"])
def test_invalid_pointer_is_a_damaged_index(folder: DataFolder, name: str) -> None:
    publish(folder, "apple")
    (folder.layout.pointer).write_text(name, encoding="utf-8")
    with pytest.raises(IndexDamaged, match="which does not exist"):
        folder.current()


def test_manifest_is_read_as_written(tmp_path: Path) -> None:
    MANIFEST.write(tmp_path)
    assert Manifest.read(tmp_path) == MANIFEST


@pytest.mark.parametrize(
    "content", ["", "{", "[]", "null", f'{{"format": {FORMAT_VERSION}}}', "\udcff",
                f'{{"format": {FORMAT_VERSION}, "documents": [{{"a": 1}}], "unreadable": []}}',
                f'{{"format": {FORMAT_VERSION}, "documents": [], "unreadable": [], "files": 3}}']
)  # fmt: skip
def test_damaged_manifest_is_a_damaged_index(tmp_path: Path, content: str) -> None:
    (tmp_path / "manifest.json").write_text(content, encoding="utf-8", errors="surrogateescape")
    with pytest.raises(IndexDamaged):
        Manifest.read(tmp_path)


@pytest.mark.parametrize(
    "fields", [{"format": 2, "documents": [], "unreadable": []},
               {"format": FORMAT_VERSION + 1, "new": "field"}]
)  # fmt: skip
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
    older = dataclasses.replace(MANIFEST, splitter=SPLITTER_VERSION - 1)
    with pytest.raises(IndexOutdated, match="with splitter .*"):
        check_compatible(older, "f" * 64)


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """A folder with the files that the manifest says there are."""
    (tmp_path / "content").write_bytes(b"apple")
    (tmp_path / "chroma").mkdir()
    (tmp_path / "chroma" / "chroma.sqlite3").touch()
    MANIFEST.write(tmp_path)
    return tmp_path


def test_sizes_cover_all_files_except_the_manifest(files: Path) -> None:
    assert file_sizes(files) == MANIFEST.files
    check_file_sizes(files, MANIFEST)


@pytest.mark.parametrize("content", [b"", b"appl", b"apples"])
def test_file_of_another_size_is_named(files: Path, content: bytes) -> None:
    (files / "content").write_bytes(content)
    wanted = f"content has {len(content)} bytes instead of 5"
    with pytest.raises(IndexDamaged, match=wanted):
        check_file_sizes(files, MANIFEST)


def test_missing_file_is_named(files: Path) -> None:
    (files / "chroma" / "chroma.sqlite3").unlink()
    wanted = r"chroma\.sqlite3 cannot be read \(No such file.*\)"
    with pytest.raises(IndexDamaged, match=wanted):
        check_file_sizes(files, MANIFEST)


@pytest.mark.parametrize(
    ("path", "folders", "within"),
    [
        ("hr/leave.md", ["hr"], True),
        ("hr/leave.md", ["hr/"], True),
        ("hr/leave.md", ["it", "hr"], True),
        ("hr/leave.md", ["hr/leave.md"], True),
        ("hr/benefits/pension.md", ["hr"], True),
        ("hr/benefits/pension.md", ["hr/benefits"], True),
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


HOLDER = """
import sys, pathlib
from index.generation import (DataFolder,)
with DataFolder(pathlib.Path(sys.argv[1])).lock():
    print("held", flush=True)
    sys.stdin.read()
"""


@contextmanager
def held_elsewhere(folder: DataFolder) -> Iterator[subprocess.Popen[str]]:
    """The lock of the folder, held by a process of its own."""
    command = [sys.executable, "-c", HOLDER, str(folder.root)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT
    ) as holder:
        assert holder.stdout
        assert holder.stdout.readline() == "held\n"
        yield holder
        holder.kill()


def test_lock_is_busy_until_its_process_ends(
    folder: DataFolder,
) -> None:
    with held_elsewhere(folder) as holder:
        with pytest.raises(IndexBusy, match="another process is writing"):
            folder.lock()
        holder.send_signal(signal.SIGKILL)
        holder.wait()
        with folder.lock():
            pass


def test_reading_needs_no_lock(folder: DataFolder) -> None:
    first = publish(folder, "apple")
    with held_elsewhere(folder):
        assert folder.current() == first


def test_folder_without_permission_is_unwritable(
    folder: DataFolder, bound_by_permissions: Callable[[], AbstractContextManager[None]]
) -> None:
    publish(folder, "apple")
    folder.root.chmod(0o755)
    with (
        bound_by_permissions(),
        pytest.raises(IndexUnwritable, match=r"\(Permission denied\)"),
    ):
        folder.lock()


def test_file_in_place_of_the_folder_is_unwritable(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("", encoding="utf-8")
    with pytest.raises(IndexUnwritable, match="Not a directory"):
        DataFolder(tmp_path / "data").lock()
