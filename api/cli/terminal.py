"""Answers, progress bars and warnings in a terminal.

Text from documents is untrusted: control characters, which could steer the terminal, are replaced.
"""

import sys
from collections.abc import Callable, Collection, Iterable, Iterator
from pathlib import Path
from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn

from api.errors import describe
from api.text import printable
from assistant.answer import Answer, Citation, Related, Status, heading_line
from corpus.formats.registry import has_text_suffix
from corpus.places import place_at, without_places

_MAX_RELATED = 300  # characters of a related passage
_MAX_NAMES = 10


class ProgressBars:
    """Progress bars on standard error, one per step; nothing if that is not a terminal."""

    def __init__(self) -> None:
        console = Console(stderr=True)
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            console=console,
            disable=not console.is_terminal,
            transient=True,
        )
        self._task: TaskID | None = None

    def __enter__(self) -> "ProgressBars":
        self._progress.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._progress.stop()

    def begin(self, step: str, total: int) -> None:
        """Starts a step of `total` units."""
        self._task = self._progress.add_task(step, total=total)

    def advance(self, count: int) -> None:
        """Advances the step by `count` units."""
        if self._task is not None:
            self._progress.advance(self._task, count)


def warn(messages: Iterable[object]) -> None:
    """Prints each message on a line of standard error."""
    for message in messages:
        print(f"assistant: {printable(str(message))}", file=sys.stderr)


def warn_skipped(unreadable: Collection[Exception]) -> None:
    """Names the documents that could not be read, each with the reason and a remedy."""
    warn(shorten([f"skipped: {describe(error)}" for error in unreadable]))


def warn_pinned(generation: str) -> None:
    """Says that the answers come from a pinned generation, unless it is ""."""
    if generation:
        warn([f"answered from {generation}, which is pinned: `assistant index` ends that"])


def shorten(names: Collection[str]) -> list[str]:
    """Returns the first names, and how many more there are."""
    shown = list(names)[:_MAX_NAMES]
    return [*shown, f"and {len(names) - _MAX_NAMES} more"] if len(names) > _MAX_NAMES else shown


def render(answer: Answer, corpus: Path, read_text: Callable[[str], str]) -> str:
    """Returns an answer with its quotes, or a refusal with what is related, as text.

    Places in text are shown as `file:line`, which terminals and editors can open, those in other
    files as the file says them: "page 3". `read_text` returns the text of a document by its digest.
    """

    def place(source: Citation | Related) -> str:
        text = read_text(source.sha256)
        return f"{corpus / place_in_file(source.document, text, source.start, source.end)}"

    refused = answer.status is Status.REFUSED
    lines = _render_refusal(answer, place) if refused else _render_citations(answer, place)
    notice = [f"\n{answer.notice}"] if answer.notice else []
    return printable("\n".join([answer.text, *lines, *notice]))


def place_in_file(document: str, text: str, start: int, end: int) -> str:
    """Returns a document with the lines of a span of its text, or the place that a file of another
    format says."""
    if not has_text_suffix(document):
        # The lines of the canonical text are those of no file.
        at = place_at(document, text, start)
        return f"{document}{', ' if at else ''}{at}"
    first = text.count("\n", 0, start) + 1
    last = first + text.count("\n", start, end)
    return f"{document}:{first}" if first == last else f"{document}:{first}-{last}"


def _render_citations(answer: Answer, place: Callable[[Citation], str]) -> Iterator[str]:
    yield ""
    for citation in sorted(answer.citations, key=lambda each: each.number):
        name = heading_line(
            citation.title or citation.document, citation.headings, date=citation.date
        )
        yield f"[{citation.number}] {name}  ({place(citation)})"
        if citation.source:
            yield f"    {citation.source}"
        yield _indent(citation.quote)


def _render_refusal(answer: Answer, place: Callable[[Related], str]) -> Iterator[str]:
    if answer.suggestions:
        yield f"\n{answer.suggestions_title}"
        yield from (f"  - {suggestion}" for suggestion in answer.suggestions)
    if answer.related:
        yield "\nRelated passages, which do not prove an answer:"
    for related in answer.related:
        yield f"  {place(related)}"
        text = without_places(related.text)
        yield _indent(text if len(text) <= _MAX_RELATED else f"{text[:_MAX_RELATED]} …")


def _indent(text: str) -> str:
    return "\n".join(f"    {line}" for line in text.splitlines())
