"""`assistant index`: builds the index or updates it."""

import time
from argparse import Namespace

from api.assembly.assistant import build_index
from api.cli.terminal import ProgressBars, count, shorten, warn, warn_skipped
from api.exit_codes import CHECK_FAILED, DONE
from api.settings import load_settings
from corpus.loader import FORMATS, skipped_files
from index.build import BuildResult


def run(arguments: Namespace) -> int:
    """Prints what was indexed; returns CHECK_FAILED if a document could not be read."""
    settings = load_settings(arguments.corpus, arguments.data)
    start = time.perf_counter()
    with ProgressBars() as bars:
        corpus, built = build_index(settings, bars, rebuild=arguments.rebuild)
    print(_summarize(built, time.perf_counter() - start))
    warn_skipped(corpus.unreadable)
    if others := skipped_files(settings.corpus):
        names = ", ".join(shorten(others))
        known = ", ".join(sorted(FORMATS))
        warn([f"skipped {count(len(others), 'file')} that are not {known}: {names}"])
    return CHECK_FAILED if corpus.unreadable else DONE


def _summarize(built: BuildResult, seconds: float) -> str:
    documents = built.manifest.documents
    size = f"{count(len(documents), 'document')}, {count(built.manifest.passages, 'passage')}"
    if not built.changed:
        return f"Generation {built.generation} is up to date: {size}."
    boilerplate = sum(document.boilerplate for document in documents)
    return (
        f"Generation {built.generation} published: {size}; "
        f"{count(boilerplate, 'character')} of boilerplate ignored; "
        f"{count(built.encoded, 'text')} encoded, {built.carried:,} reused, {seconds:.1f} s."
    )
