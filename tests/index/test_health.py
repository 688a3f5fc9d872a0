import os
import random
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from corpus.document import Kind, Passage
from corpus.splitter import SPLITTER_VERSION
from index.encoder import Vectors
from index.errors import IndexDamaged, IndexOutdated, NoTemporarySpace
from index.health import check_search
from index.manifest import FORMAT_VERSION, IndexedDocument, Manifest, file_sizes
from index.probe import search_once
from index.vectors import write_vectors

DIMENSIONS = 8

Shell = Callable[[str], None]


def write(folder: Path, count: int) -> Path:
    """Writes a generation with random vectors; from 1,000 on Chroma keeps them in separate files."""
    random_vectors = np.random.default_rng(count).normal(size=(count, DIMENSIONS))
    norms = np.linalg.norm(random_vectors, axis=1, keepdims=True)
    vectors: Vectors = (random_vectors / norms).astype(np.float32)
    passages = [Passage("a.md", "0" * 64, "A", (), n, n + 1, "x", Kind.ITEM) for n in range(count)]
    folder.mkdir()
    np.save(folder / "vectors.npy", vectors)
    texts = [f"text {n}" for n in range(count)]
    write_vectors(folder / "chroma", passages, texts, vectors, lambda _: None)
    manifest = Manifest(
        identity="i" * 64,
        format=FORMAT_VERSION,
        splitter=SPLITTER_VERSION,
        encoder="random",
        encoder_fingerprint="f" * 64,
        dimensions=DIMENSIONS,
        created="2026-01-01T00:00:00+00:00",
        passages=count,
        documents=(IndexedDocument("a.md", "A", "0" * 64, count, count, 0),),
        files=file_sizes(folder),
    )
    manifest.write(folder)
    return folder


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("large") / "000001-large", 1100)


@pytest.fixture
def copy(large: Path, tmp_path: Path) -> Path:
    """A copy of the large generation that a test may damage."""
    return shutil.copytree(large, tmp_path / "000001-large")


def overwrite(path: Path) -> None:
    """Replaces the content with random bytes of the same length."""
    path.write_bytes(random.Random(1).randbytes(path.stat().st_size))


@pytest.fixture
def python_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shell:
    """Replaces the Python interpreter of child processes with a shell script."""

    def replace(script: str) -> None:
        path = tmp_path / "python"
        path.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
        path.chmod(0o755)
        monkeypatch.setattr(sys, "executable", str(path))

    return replace


def test_intact_generation_passes(large: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(large.parent)
    check_search(Path(large.name))


@pytest.mark.parametrize("count", [0, 1])
def test_small_generation_passes(tmp_path: Path, count: int) -> None:
    check_search(write(tmp_path / "000001-small", count))


def test_truncated_database_is_named(copy: Path) -> None:
    database = copy / "chroma" / "chroma.sqlite3"
    os.truncate(database, database.stat().st_size // 2)
    with pytest.raises(IndexDamaged) as error:
        check_search(copy)
    assert str(database) in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("name", ["chroma.sqlite3", "header.bin", "data_level0.bin"])
def test_changed_content_of_equal_size_is_found_and_nothing_is_left_behind(
    copy: Path, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "scratch").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "scratch"))
    overwrite(*copy.rglob(name))
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


def test_full_temporary_folder_is_named(
    large: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
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
    large: Path, python_is: Shell, script: str, message: str
) -> None:
    python_is(script)
    with pytest.raises(IndexDamaged, match=rf"\A{message}\Z"):
        check_search(large, timeout=0.2 if "sleep" in script else 60)


def test_module_runs_as_a_command(copy: Path) -> None:
    command = [sys.executable, "-m", "index.probe", str(copy)]
    assert subprocess.run(command, capture_output=True, check=False).returncode == 0
    overwrite(copy / "chroma" / "chroma.sqlite3")
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    assert run.returncode == 3
    assert "cannot be read" in run.stderr
