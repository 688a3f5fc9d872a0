"""`assistant index`: builds the index or updates it, and reports on each file."""

import json
import time
from argparse import Namespace
from collections.abc import Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from api.assembly.assistant import build_index
from api.cli.preview import run_preview
from api.cli.terminal import ProgressBars, shorten, warn, warn_skipped
from api.errors import describe
from api.exit_codes import CHECK_FAILED, DONE
from api.settings import load_settings
from api.text import count, printable
from api.wire.index import FileBody, IndexReportBody
from corpus.errors import CorpusError
from corpus.sources import Outcome
from index.build import BuildProgress, BuildResult
from index.errors import IndexingError
from index.reports import FileReport, file_reports

_MAX_ROWS = 40
_PRINT_INTERVAL = 0.2  # seconds between two lines of a step


def run(arguments: Namespace) -> int:
    """Prints what was indexed; returns CHECK_FAILED if a document could not be read."""
    settings = load_settings(arguments.corpus, arguments.data)
    if arguments.preview or arguments.publish:
        return run_preview(settings, arguments)
    start = time.perf_counter()
    with ProgressBars() as bars:
        progress = _ProgressLines(bars) if arguments.progress_lines else bars
        try:
            corpus, built = build_index(
                settings,
                progress,
                rebuild=arguments.rebuild,
                unpin=not arguments.unless_pinned,
            )
        except (CorpusError, IndexingError) as error:
            if arguments.progress_lines:
                _print_result(describe(error))
            raise
    seconds = time.perf_counter() - start
    if arguments.progress_lines:
        _print_result("")
    elif arguments.json:
        print(_report(built, seconds).model_dump_json(indent=1))
    else:
        print(_summarize(built, seconds))
        _print_files(list(file_reports(built.manifest)))
    warn_skipped(corpus.unreadable)
    if others := [s.path for s in corpus.sources if s.outcome is Outcome.SKIPPED]:
        warn(
            [f"skipped {count(len(others), 'file')} of other formats: {', '.join(shorten(others))}"]
        )
    return CHECK_FAILED if corpus.unreadable else DONE


def _report(built: BuildResult, seconds: float) -> IndexReportBody:
    return IndexReportBody(
        generation=built.generation,
        changed=built.changed,
        documents=len(built.manifest.documents),
        passages=built.manifest.passages,
        encoded=built.encoded,
        reused=built.reused,
        seconds=round(seconds, 1),
        files=tuple(map(FileBody.of, file_reports(built.manifest))),
    )


def _print_files(reports: Sequence[FileReport]) -> None:
    """Prints a table of the files; of many, those that were read only in part or not at all."""
    order = [Outcome.UNREADABLE, Outcome.READ, Outcome.SKIPPED]
    notable = [report for report in reports if not report.is_complete]
    shown = list(reports) if len(reports) <= _MAX_ROWS else notable
    table = Table("file", "format", "passages", "not read", box=None, pad_edge=False)
    for report in sorted(shown, key=lambda each: order.index(each.outcome))[:_MAX_ROWS]:
        passages = f"{report.passages:,}" if report.documents else "–"
        missing = report.reason or "; ".join(report.notes)
        cells = (report.path, report.format or "–", passages, missing)
        table.add_row(*(Text(printable(cell), overflow="fold") for cell in cells))
    if shown:
        Console(highlight=False).print(table)
    if more := len(reports) - min(len(shown), _MAX_ROWS):
        print(f"{count(more, 'more file')}: --json lists all")


def _print_result(failed: str) -> None:
    """Prints the last JSON line: why the build failed, without the command line's remedies, or ""
    if it succeeded."""
    print(json.dumps({"failed": failed}), flush=True)


class _ProgressLines:
    """Prints the progress as JSON lines, {"step", "done", "total"}, for the service that started
    this process."""

    def __init__(self, bars: BuildProgress) -> None:
        self._bars = bars
        self._step, self._done, self._total = "", 0, 0
        self._printed = 0.0

    def begin(self, step: str, total: int) -> None:
        """Begins a step of `total` units."""
        self._bars.begin(step, total)
        self._step, self._done, self._total = step, 0, total
        self._print()

    def advance(self, count: int) -> None:
        """Advances the step by `count` units."""
        self._bars.advance(count)
        self._done += count
        if time.monotonic() > self._printed + _PRINT_INTERVAL:
            self._print()

    def _print(self) -> None:
        self._printed = time.monotonic()
        line = {"step": self._step, "done": self._done, "total": self._total}
        print(json.dumps(line), flush=True)


def _summarize(built: BuildResult, seconds: float) -> str:
    documents = built.manifest.documents
    size = f"{count(len(documents), 'document')}, {count(built.manifest.passages, 'passage')}"
    if not built.changed:
        return f"Generation {built.generation} is up to date: {size}."
    boilerplate = sum(document.boilerplate for document in documents)
    return (
        f"Generation {built.generation} published: {size}; "
        f"{count(boilerplate, 'character')} of boilerplate ignored; "
        f"{count(built.encoded, 'text')} encoded, {built.reused:,} reused, {seconds:.1f} s."
    )
