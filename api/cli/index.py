"""`assistant index`: builds the index, or brings it up to date."""

import time
from argparse import Namespace

from api.assembly.assistant import build_index
from api.cli.terminal import Bars, warn
from api.exit_codes import CHECK_FAILED, DONE
from api.settings import load_settings
from index.build import BuildResult


def run(arguments: Namespace) -> int:
    """Prints what was done; CHECK_FAILED where a file had to be left out."""
    settings = load_settings(arguments.corpus, arguments.data)
    start = time.perf_counter()
    with Bars() as bars:
        corpus, built = build_index(settings, bars, rebuild=arguments.rebuild)
    print(_summary(built, time.perf_counter() - start))
    warn(f"left out: {error}" for error in corpus.unreadable)
    return CHECK_FAILED if corpus.unreadable else DONE


def _summary(built: BuildResult, seconds: float) -> str:
    documents = built.manifest.documents
    holds = f"{len(documents)} documents, {built.manifest.passages} passages"
    if not built.changed:
        return f"Generation {built.generation} is up to date: {holds}."
    boilerplate = sum(document.boilerplate for document in documents)
    return (
        f"Generation {built.generation} is published: {holds}, {boilerplate} characters of "
        f"boilerplate left out; {built.encoded} texts encoded, {built.carried} carried over, "
        f"{seconds:.1f} s."
    )
