"""Whether Chroma can search a generation is found out without going down with it."""

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
from index.errors import IndexDamaged, IndexOutdated
from index.manifest import (
    FORMAT_VERSION,
    IndexedDocument,
    Manifest,
    file_sizes,
)
from index.probe import probe, search_once
from index.vectors import write_vectors

ROOT = Path(__file__).resolve().parents[2]
DIMENSIONS = 8

Shell = Callable[[str], None]


def write(folder: Path, count: int) -> Path:
    """A generation of passages whose vectors are drawn by lot; from 1,000 on Chroma keeps them in
    files of its own."""
    drawn = np.random.default_rng(count).normal(size=(count, DIMENSIONS))
    norms = np.linalg.norm(drawn, axis=1, keepdims=True)
    vectors: Vectors = (drawn / norms).astype(np.float32)
    passages = [Passage("a.md", "0" * 64, "A", (), n, n + 1, "x", Kind.ITEM) for n in range(count)]
    folder.mkdir()
    np.save(folder / "vectors.npy", vectors)
    texts = [f"text {n}" for n in range(count)]
    write_vectors(folder / "chroma", passages, texts, vectors, lambda _: None)
    manifest = Manifest(
        identity="i" * 64,
        format=FORMAT_VERSION,
        splitter=SPLITTER_VERSION,
        encoder="drawn",
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
def damaged(large: Path, tmp_path: Path) -> Path:
    """A copy of the large generation, to be damaged."""
    return shutil.copytree(large, tmp_path / "000001-large")


def with_noise(path: Path) -> None:
    """Other bytes, as many as there were."""
    path.write_bytes(random.Random(1).randbytes(path.stat().st_size))


@pytest.fixture
def python_that(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shell:
    """Has a script of the shell run where a Python would."""

    def runs(script: str) -> None:
        path = tmp_path / "python"
        path.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
        path.chmod(0o755)
        monkeypatch.setattr(sys, "executable", str(path))

    return runs


def test_nothing_is_wrong_with_a_whole_generation(
    large: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert probe(large) == ""
    monkeypatch.chdir(large.parent)
    assert probe(Path(large.name)) == ""


@pytest.mark.parametrize("count", [0, 1])
def test_nothing_is_wrong_with_a_generation_of_few_passages_or_none(
    tmp_path: Path, count: int
) -> None:
    assert probe(write(tmp_path / "000001-small", count)) == ""


def test_a_database_that_is_cut_off_is_named(damaged: Path) -> None:
    database = damaged / "chroma" / "chroma.sqlite3"
    os.truncate(database, database.stat().st_size // 2)
    fault = probe(damaged)
    assert str(database) in fault
    assert fault.endswith("run `assistant index --rebuild`")
    assert "\n" not in fault


@pytest.mark.parametrize("name", ["chroma.sqlite3", "header.bin", "data_level0.bin"])
def test_files_of_the_right_size_with_other_content_are_noticed(damaged: Path, name: str) -> None:
    (path,) = damaged.rglob(name)
    with_noise(path)
    fault = probe(damaged)
    assert "Chroma crashed (signal " in fault or "run `assistant index --rebuild`" in fault
    assert "\n" not in fault


def test_vectors_that_are_those_of_other_texts_are_noticed(damaged: Path) -> None:
    vectors = np.load(damaged / "vectors.npy")
    np.save(damaged / "vectors.npy", -vectors)
    with pytest.raises(IndexDamaged, match="not those that were written.*assistant index --rebuil"):
        search_once(damaged)


def test_a_generation_of_another_format_is_outdated(damaged: Path) -> None:
    (damaged / "manifest.json").write_text('{"format": 2}', encoding="utf-8")
    with pytest.raises(IndexOutdated):
        search_once(damaged)
    assert probe(damaged).endswith("run `assistant index`")


@pytest.mark.parametrize(("name", "number"), [("SEGV", 11), ("KILL", 9), ("ABRT", 6)])
def test_a_child_that_is_killed_is_told_with_its_signal(
    large: Path, python_that: Shell, name: str, number: int
) -> None:
    python_that(f"kill -{name} $$")
    assert probe(large) == f"Chroma crashed (signal {number})"


def test_a_child_that_does_not_answer_is_ended_and_told(large: Path, python_that: Shell) -> None:
    python_that("exec sleep 60")
    told = "Chroma did not answer within 0.2 seconds"
    assert probe(large, timeout=0.2) == told


def test_of_what_a_child_says_the_last_line_is_told(large: Path, python_that: Shell) -> None:
    python_that("echo Traceback >&2; echo 'ValueError: no' >&2; exit 1")
    assert probe(large) == "ValueError: no"
    python_that("echo 'the disk is full: free some space' >&2; exit 1")
    assert probe(large) == "the disk is full: free some space"
    python_that("exit 3")
    assert probe(large).startswith("the probe ended with 3 and no reason: run `assistant index")


def test_a_probe_leaves_no_copy_behind_and_changes_nothing(
    damaged: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "scratch").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "scratch"))
    (graph,) = damaged.rglob("data_level0.bin")
    with_noise(graph)  # over which Chroma may crash
    before = {path: path.stat().st_mtime_ns for path in damaged.rglob("*")}
    assert probe(damaged)
    assert {path: path.stat().st_mtime_ns for path in damaged.rglob("*")} == before
    assert list((tmp_path / "scratch").iterdir()) == []


def test_the_command_exits_with_one_and_says_why_on_stderr(large: Path, damaged: Path) -> None:
    with_noise(damaged / "chroma" / "chroma.sqlite3")
    well, ill = (
        subprocess.run(
            [sys.executable, "-m", "index.probe", str(folder)],
            cwd=ROOT, capture_output=True, text=True, check=False,
        )
        for folder in (large, damaged)
    )  # fmt: skip
    assert (well.returncode, well.stdout, well.stderr) == (0, "", "")
    assert (ill.returncode, ill.stdout) == (1, "")
    assert str(damaged) in ill.stderr
    assert "run `assistant index --rebuild`" in ill.stderr
