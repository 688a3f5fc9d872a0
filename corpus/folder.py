"""Which files of a folder are documents, and why the others are none."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from corpus.errors import CorpusMissing
from corpus.formats.exports import repeated_by
from corpus.formats.registry import SUFFIXES


def visible_files(folder: Path) -> Iterator[tuple[Path, str]]:
    """Yields each visible file below the folder, sorted, with the reason why it is no document, ""
    if it is one. Hidden files and folders are skipped. Raises CorpusMissing."""
    check_folder(folder)
    root = folder.resolve()
    for path in sorted(folder.rglob("*")):
        if any(part.startswith(".") for part in path.relative_to(folder).parts):
            continue
        reason = _reason(path, root)
        if reason is not None:
            yield path, reason


def document_paths(folder: Path) -> Iterator[Path]:
    """Yields the documents below the folder, sorted. Raises CorpusMissing."""
    return (path for path, reason in visible_files(folder) if not reason)


def check_folder(folder: Path) -> None:
    """Raises CorpusMissing if the folder does not exist or cannot be listed."""
    if not folder.is_dir():
        what = "is not a folder" if folder.exists() else "does not exist"
        raise CorpusMissing(f"the corpus {folder} {what}")
    if not os.access(folder, os.R_OK | os.X_OK):
        raise CorpusMissing(f"the corpus {folder} cannot be listed (Permission denied)")


def _reason(path: Path, root: Path) -> str | None:
    """Why the path is no document; "" if it is one, None if it is a folder.

    A file or folder that permissions hide counts as a document: loading it reports the reason,
    skipping it would lose documents silently.
    """
    try:
        mode = path.stat().st_mode
    except PermissionError:
        mode = stat.S_IFREG
    except OSError:
        return "is a link that leads nowhere"
    if stat.S_ISDIR(mode) and not path.is_symlink():
        return None if os.access(path, os.R_OK) else ""
    if stat.S_ISDIR(mode) or not path.resolve().is_relative_to(root):
        return "is a link to a folder, or out of this one, which is not followed"
    if path.suffix.lower() not in SUFFIXES or not stat.S_ISREG(mode):
        return "has a format that is not supported"
    return repeated_by(path.as_posix(), os.path.exists)
