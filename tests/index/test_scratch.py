"""Private copies are deleted with their process, or at the next start if it was killed."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import ROOT

from index.errors import IndexDamaged, NoTemporarySpace
from index.scratch import private_copy, remove_abandoned_copies

COPIER = """
import sys
from pathlib import Path
from index.scratch import private_copy
with private_copy(Path(sys.argv[1]), Path(sys.argv[2])) as copy:
    print(copy, flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A folder with a file."""
    source = tmp_path / "source"
    (source / "below").mkdir(parents=True)
    (source / "below" / "file").write_text("vectors", encoding="utf-8")
    return source


@pytest.fixture
def scratch(tmp_path: Path) -> Path:
    """An empty folder for copies."""
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    return scratch


def test_copy_of_a_living_process_stays_and_that_of_a_killed_one_is_removed(
    source: Path, scratch: Path
) -> None:
    command = [sys.executable, "-c", COPIER, str(source), str(scratch)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(command, text=True, env=environment, **pipes) as process:
        assert process.stdout
        copy = Path(process.stdout.readline().strip())
        assert remove_abandoned_copies(scratch) == 0
        assert (copy / "below" / "file").read_text(encoding="utf-8") == "vectors"
        process.kill()
        process.wait()
    assert copy.exists()
    assert remove_abandoned_copies(scratch) == 1
    assert list(scratch.iterdir()) == []


def test_copy_is_deleted_at_the_end(source: Path, scratch: Path) -> None:
    with private_copy(source, scratch) as copy:
        assert copy.parent.parent == scratch
        assert remove_abandoned_copies(scratch) == 0
    assert list(scratch.iterdir()) == []


def test_folders_of_others_are_left(scratch: Path) -> None:
    (scratch / "assistant-notes").mkdir()
    assert remove_abandoned_copies(scratch) == 0
    assert [path.name for path in scratch.iterdir()] == ["assistant-notes"]


def test_missing_source_or_folder_is_an_error(source: Path, scratch: Path) -> None:
    with (
        pytest.raises(IndexDamaged, match="was removed"),
        private_copy(source / "gone", scratch),
    ):
        pass
    with pytest.raises(NoTemporarySpace), private_copy(source, scratch / "gone"):
        pass
    assert list(scratch.iterdir()) == []
