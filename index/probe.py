"""Searches a generation once; index.health runs this module as a child process.

    python -m index.probe GENERATION [SCRATCH]

Exits with 0 if Chroma finds the generation's first vector, else with the code of the error, and
the message on stderr.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from index.errors import IndexDamaged, IndexingError, IndexOutdated, NoTemporarySpace
from index.generation import load_vectors
from index.layout import CHROMA, VECTORS
from index.manifest import Manifest, check_file_sizes
from index.vectors import VectorStore

# Python itself exits with 1 after an uncaught exception, and argparse with 2.
ERROR_OF_EXIT_CODE: dict[int, type[IndexingError]] = {
    3: IndexDamaged,
    4: IndexOutdated,
    5: NoTemporarySpace,
}
# Maximum distance from 1 of the cosine of a vector with itself, in Chroma's arithmetic.
_TOLERANCE = 1e-3


def search_once(folder: Path, scratch: Path | None = None) -> None:
    """Searches a generation for its first vector. Raises IndexDamaged if it is not found, and the
    errors of opening."""
    manifest = Manifest.read(folder)
    check_file_sizes(folder, manifest)
    store = VectorStore.open(folder / CHROMA, manifest.passages, scratch)
    try:
        if not manifest.passages:
            return
        # The first row is that of the first passage's text.
        best = store.search(load_vectors(folder / VECTORS)[0], 1)
    finally:
        store.close()
    if not best or abs(best[0][1] - 1) > _TOLERANCE:
        raise IndexDamaged(
            f"the vectors in {folder / CHROMA} are not those that were written (a search for "
            f"the first finds {best})"
        )


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command line; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m index.probe", description=__doc__)
    parser.add_argument("generation", type=Path)
    parser.add_argument("scratch", type=Path, nargs="?", help="folder for the copy to search")
    options = parser.parse_args(arguments)
    try:
        search_once(options.generation, options.scratch)
    except IndexingError as error:
        print(error, file=sys.stderr)
        codes = {kind: code for code, kind in ERROR_OF_EXIT_CODE.items()}
        return codes.get(type(error), 1)
    return 0


if __name__ == "__main__":
    sys.exit(main())
