"""Which folders of the corpus a document lies in."""

from collections.abc import Collection


def lies_within(path: str, folders: Collection[str]) -> bool:
    """Whether a document's path lies in one of the folders, such as `hr` or `hr/benefits`, or is
    itself named. Nothing names the whole corpus: neither the empty name nor `.` does."""
    return any(path == each or path.startswith(f"{each.rstrip('/')}/") for each in folders)
