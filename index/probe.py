"""Whether Chroma can search a generation, found out in a process of its own: over a file whose
content was changed, native code may crash, and would take the caller along.

    python -m index.probe GENERATION [SCRATCH]

Exits 0 where all is well, else 1 with the reason on stderr.
"""

import argparse
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from index.child import child_environment
from index.errors import IndexDamaged, IndexingError
from index.generation import (
    read_vectors,
)
from index.manifest import (
    Manifest,
    check_file_sizes,
)
from index.vectors import VectorStore

# How far the cosine of a vector with itself may be from 1, in Chroma's arithmetic.
_EXACT = 1e-3
_REBUILD = "run `assistant index --rebuild`"


def probe(folder: Path, timeout: float = 60) -> str:
    """What is wrong with a generation's vectors, in one line; empty where Chroma finds the first
    of them. `timeout` is in seconds; starting takes one or two of them."""
    with TemporaryDirectory(prefix="assistant-") as scratch:  # a crash leaves its copy behind
        command = [sys.executable, "-m", "index.probe", str(folder.resolve()), scratch]
        try:
            run = subprocess.run(
                command,
                check=False,
                capture_output=True,
                encoding="utf-8",
                errors="replace",
                env=child_environment(),
                timeout=timeout,
            )
        except subprocess.TimeoutExpired:
            return f"Chroma did not answer within {timeout:g} seconds: {_REBUILD}"
    if run.returncode < 0:
        return f"Chroma crashed (signal {-run.returncode}): {_REBUILD}"
    if run.returncode == 0:
        return ""
    lines = run.stderr.strip().splitlines()
    if lines and "Traceback" not in run.stderr:
        return lines[-1]
    reason = lines[-1] if lines else f"the probe ended with {run.returncode} and no reason"
    return f"{reason}: {_REBUILD}"


def search_once(folder: Path, scratch: Path | None = None) -> None:
    """Searches a generation for its first vector. Raises IndexDamaged where that is not found,
    and what opening raises."""
    manifest = Manifest.read(folder)
    check_file_sizes(folder, manifest)
    store = VectorStore(folder / "chroma", manifest.passages, scratch)
    try:
        if not manifest.passages:
            return
        # The first row is that of the first passage's text.
        best = store.search(read_vectors(folder)[0], 1)
    finally:
        store.close()
    if not best or abs(best[0][1] - 1) > _EXACT:
        raise IndexDamaged(
            f"the vectors in {folder / 'chroma'} are not those that were written (the first of "
            f"them finds {best}): run `assistant index --rebuild`"
        )


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m index.probe", description=__doc__)
    parser.add_argument("generation", type=Path)
    parser.add_argument("scratch", type=Path, nargs="?", help="where the copy to search lies")
    told = parser.parse_args(arguments)
    try:
        search_once(told.generation, told.scratch)
    except IndexingError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
