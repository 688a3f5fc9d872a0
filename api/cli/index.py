"""`assistant index`: builds the index or updates it."""

import json
import time
from argparse import Namespace

from api.assembly.assistant import build_index
from api.cli.terminal import ProgressBars, shorten, warn, warn_skipped
from api.errors import describe
from api.exit_codes import CHECK_FAILED, DONE
from api.settings import load_settings
from api.text import count
from corpus.errors import CorpusError
from corpus.formats.registry import SUFFIXES
from corpus.sources import Outcome
from index.build import BuildProgress, BuildResult
from index.errors import IndexingError

_PRINT_INTERVAL = 0.2  # seconds between two lines of a step


def run(arguments: Namespace) -> int:
    """Prints what was indexed; returns CHECK_FAILED if a document could not be read."""
    settings = load_settings(arguments.corpus, arguments.data)
    start = time.perf_counter()
    with ProgressBars() as bars:
        progress = _ProgressLines(bars) if arguments.progress_lines else bars
        try:
            corpus, built = build_index(settings, progress, rebuild=arguments.rebuild)
        except (CorpusError, IndexingError) as error:
            if arguments.progress_lines:
                _print_result(describe(error))
            raise
    if arguments.progress_lines:
        _print_result("")
    else:
        print(_summarize(built, time.perf_counter() - start))
    warn_skipped(corpus.unreadable)
    if others := [s.path for s in corpus.sources if s.outcome is Outcome.SKIPPED]:
        names = ", ".join(shorten(others))
        known = ", ".join(sorted(SUFFIXES))
        warn([f"skipped {count(len(others), 'file')} of other formats than {known}: {names}"])
    return CHECK_FAILED if corpus.unreadable else DONE


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
