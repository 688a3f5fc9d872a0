"""What became of each file of the corpus folder, for users."""

from collections.abc import Iterator
from dataclasses import dataclass

from corpus.sources import Outcome
from index.manifest import Manifest


@dataclass(frozen=True, slots=True)
class FileReport:
    """A file of the corpus folder. `format` is "" if it is not supported; `documents` and
    `passages` are counts. `notes` say what of the file was not read, `reason` why nothing was."""

    path: str
    format: str
    outcome: Outcome
    documents: int
    passages: int
    notes: tuple[str, ...]
    reason: str

    @property
    def is_complete(self) -> bool:
        """Whether the whole file was read."""
        return self.outcome is Outcome.READ and not self.notes


def file_reports(manifest: Manifest) -> Iterator[FileReport]:
    """Yields a report of each visible file, sorted by path."""
    passages = {document.path: document.passages for document in manifest.documents}
    for source in manifest.sources:
        yield FileReport(
            path=source.path,
            format=source.format,
            outcome=source.outcome,
            documents=len(source.documents),
            passages=sum(passages.get(path, 0) for path, _ in source.documents),
            notes=source.notes,
            reason=source.reason,
        )
