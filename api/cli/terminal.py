"""What a person at a terminal sees: answers with their sources, progress, warnings.

Text of documents is data here too: control characters, which a terminal obeys, are shown as marks.
"""

import sys
from collections.abc import Iterable, Iterator
from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn

from api.text import printable
from assistant.answer import Answer, Citation, Status

_LONGEST_RELATED = 300


class Bars:
    """Progress bars on stderr, one a step; nothing where stderr is not a terminal."""

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

    def __enter__(self) -> "Bars":
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
        """Begins a step of `total` units."""
        self._task = self._progress.add_task(step, total=total)

    def advance(self, count: int) -> None:
        """Moves the step on."""
        if self._task is not None:
            self._progress.advance(self._task, count)


def warn(messages: Iterable[object]) -> None:
    """One line on stderr for each."""
    for message in messages:
        print(f"assistant: {printable(str(message))}", file=sys.stderr)


def rendered(answer: Answer) -> str:
    """An answer and its sources, or a refusal and what is near, as text for a terminal."""
    lines = _refused(answer) if answer.status is Status.REFUSED else _answered(answer)
    return printable("\n".join([answer.text, *lines]))


def _answered(answer: Answer) -> Iterator[str]:
    yield ""
    for citation in answer.citations:
        place = f"{citation.document}:{citation.start}-{citation.end}"
        yield f"[{citation.number}] {_origin(citation)}  ({place})"
        yield _indented(citation.quote)


def _origin(citation: Citation) -> str:
    return " › ".join([citation.title, *(h for h in citation.headings if h != citation.title)])


def _refused(answer: Answer) -> Iterator[str]:
    if answer.suggestions:
        yield "\nThe documents do answer:"
        yield from (f"  - {suggestion}" for suggestion in answer.suggestions)
    if answer.related:
        yield "\nRelated passages, not proof:"
    for related in answer.related:
        yield f"  {related.document}:{related.start}-{related.end}"
        whole = len(related.text) <= _LONGEST_RELATED
        yield _indented(related.text if whole else f"{related.text[:_LONGEST_RELATED]} …")


def _indented(text: str) -> str:
    return "\n".join(f"    {line}" for line in text.splitlines())
