import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from builders import make_manifest, unit_vectors, write_collection
from damage import halve, overwrite

from index.errors import IndexDamaged, IndexOutdated, NoTemporarySpace
from index.health import check_search
from index.manifest import file_sizes
from index.probe import search_once


def write(folder: Path, count: int) -> Path:
    """Writes a generation with random vectors; from 1,000 on Chroma keeps them in separate files."""
    vectors = unit_vectors(count, dimensions=8, seed=count)
    folder.mkdir()
    np.save(folder / "vectors.npy", vectors)
    write_collection(folder / "chroma", vectors)
    make_manifest(dimensions=8, passages=count, files=file_sizes(folder)).write(folder)
    return folder


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("large") / "000001-large", 1100)


@pytest.fixture
def copy(large: Path, tmp_path: Path) -> Path:
    """A copy of the large generation that a test may damage."""
    return shutil.copytree(large, tmp_path / "000001-large")


def test_intact_generation_passes(large: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(large.parent)
    check_search(Path(large.name))


@pytest.mark.parametrize("count", [0, 1])
def test_small_generation_passes(tmp_path: Path, count: int) -> None:
    search_once(write(tmp_path / "000001-small", count))


@pytest.mark.parametrize("name", ["chroma.sqlite3", "data_level0.bin"])
def test_truncated_file_is_named(copy: Path, name: str) -> None:
    (path,) = copy.rglob(name)
    size = path.stat().st_size
    halve(path)
    with pytest.raises(IndexDamaged, match=rf"\A{path} has {size // 2} bytes instead of {size}\Z"):
        check_search(copy)


@pytest.mark.parametrize("name", ["chroma.sqlite3", "header.bin", "data_level0.bin"])
def test_changed_content_of_equal_size_is_found_and_nothing_is_left_behind(
    copy: Path, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "scratch").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "scratch"))
    (path,) = copy.rglob(name)
    path.write_bytes(os.urandom(path.stat().st_size))
    before = {path: path.stat().st_mtime_ns for path in copy.rglob("*")}
    with pytest.raises(IndexDamaged, match=r"\A.*\Z"):  # one line
        check_search(copy)
    assert {path: path.stat().st_mtime_ns for path in copy.rglob("*")} == before
    assert list((tmp_path / "scratch").iterdir()) == []


def test_vectors_of_other_texts_are_found(copy: Path) -> None:
    np.save(copy / "vectors.npy", -np.load(copy / "vectors.npy"))
    with pytest.raises(IndexDamaged, match="not those that were written"):
        search_once(copy)


def test_other_format_is_outdated(copy: Path) -> None:
    (copy / "manifest.json").write_text('{"format": 2}', encoding="utf-8")
    with pytest.raises(IndexOutdated, match="format 2"):
        check_search(copy)


def test_full_temporary_folder_is_named(large: Path, tmp_path: Path) -> None:
    with pytest.raises(NoTemporarySpace, match="temporary folder"):
        search_once(large, tmp_path / "missing")


@pytest.mark.parametrize(
    ("script", "message"),
    [
        ("kill -SEGV $$", r"Chroma crashed \(signal 11\)"),
        ("kill -KILL $$", r"Chroma crashed \(signal 9\)"),
        ("echo Traceback >&2; echo 'ValueError: no' >&2; exit 1", "ValueError: no"),
        ("exit 7", "the process ended with 7"),
        ("exec sleep 60", "Chroma did not answer within 0.2 seconds"),
    ],
)
def test_failing_child_process_is_described(
    large: Path, python_is: Callable[[str], None], script: str, message: str
) -> None:
    python_is(script)
    with pytest.raises(IndexDamaged, match=rf"\A{message}\Z"):
        check_search(large, timeout=0.2 if "sleep" in script else 60)


def test_probe_runs_as_a_command(copy: Path) -> None:
    overwrite(copy / "chroma" / "chroma.sqlite3")
    command = [sys.executable, "-m", "index.probe", str(copy)]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    assert run.returncode == 3
    assert "cannot be read" in run.stderr
