"""Killed at any moment, an index run loses nothing: the old generation answers, the next succeeds."""

import os
import random
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest
from conftest import Writer

from corpus.reader import read_corpus
from index.build import build
from index.encoder import OnnxEncoder
from index.generation import DataFolder
from index.search import Searcher
from index.texts import TextStore

ROOT = Path(__file__).resolve().parent.parent
KILLS = 20

# Importing takes longer than indexing, so it is done once: for each line that comes in, a process
# of its own is forked, which says its id, indexes, and says how that ended.
RUNS = """
import os, sys
from pathlib import Path
from corpus.reader import read_corpus
from index.build import build
from index.encoders import load_encoder
from index.generation import DataFolder
documents, data, encoders = map(Path, sys.argv[1:])
for _ in sys.stdin:
    if child := os.fork():
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        print("ended", status, flush=True)
    else:
        encoder = load_encoder(encoders)
        print("begins", os.getpid(), flush=True)
        build(read_corpus(documents), encoder, "test", DataFolder(data), {})
        os._exit(0)
"""

FRUIT = ("apple", "pear", "plum", "fig", "quince", "cherry", "melon", "lemon", "grape", "peach")


def version(number: int) -> dict[str, str]:
    """A corpus of ten documents, of which each version changes most and removes one."""
    return {
        f"{name}-{number % 3}.md": (
            f"# The {name} of year {number}\n\n## Harvest\n\nIn year {number} the {name} was late. "
            f"It rained {number + at} days.\n\n## Use\n\n- Eat the {name}\n- Sell {number} crates\n"
        )
        for at, name in enumerate(FRUIT)
        if at != number % len(FRUIT)
    }


class World:
    """The data folder and its documents, and the processes that index them."""

    def __init__(self, write: Writer, root: Path, encoder: OnnxEncoder, encoders: Path) -> None:
        self.write = write
        self.data = DataFolder(root)
        self._encoder = encoder
        self._encoders = encoders

    def runs(self) -> subprocess.Popen[str]:
        folders = map(str, (self.write({}), self.data.root, self._encoders))
        command = [sys.executable, "-c", RUNS, *folders]
        return subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT
        )

    def index(self, number: int) -> None:
        corpus = read_corpus(self.write(version(number)))
        assert build(corpus, self._encoder, "test", self.data, {}).changed

    def half_built(self) -> bool:
        return any((self.data.root / "generations").glob(".building-*"))

    def expect_whole(self) -> int:
        """The number of the version that is published: all of it, findable, with its texts."""
        generation = self.data.open(self._encoder.fingerprint)
        try:
            documents = {document.path: document for document in generation.manifest.documents}
            hits = Searcher(generation, self._encoder).search("When was the harvest late?", 50).hits
        finally:
            generation.close()
        assert hits
        number = int(hits[0].passage.text.split()[2])
        expected = version(number)
        texts = TextStore(self.data.texts)
        assert {path: texts.read(d.sha256) for path, d in documents.items()} == expected
        assert all(texts.was(path, d.sha256) for path, d in documents.items())
        for hit in hits:
            passage = hit.passage
            assert expected[passage.document][passage.start : passage.end] == passage.text
        return number


@pytest.fixture
def world(folder_of: Writer, tmp_path: Path, encoder: OnnxEncoder, encoder_data: Path) -> World:
    return World(folder_of, tmp_path / "data", encoder, encoder_data)


def begin(runs: subprocess.Popen[str]) -> int:
    """Starts a run; the id of its process, once it has loaded all it needs."""
    assert runs.stdin
    assert runs.stdout
    runs.stdin.write("go\n")
    runs.stdin.flush()
    word, process = runs.stdout.readline().split()
    assert word == "begins"
    return int(process)


def ended(runs: subprocess.Popen[str]) -> int:
    """How the run ended: 0, or less the signal that killed it."""
    assert runs.stdout
    word, status = runs.stdout.readline().split()
    assert word == "ended"
    return int(status)


def test_killed_at_any_moment_the_old_generation_answers_and_the_next_run_succeeds(
    world: World,
) -> None:
    seed = random.randrange(2**32)
    draw = random.Random(seed)
    interrupted = half_built = 0
    with world.runs() as runs:
        lengths = []
        for number in (0, 1):
            world.write(version(number))
            begin(runs)
            began = time.monotonic()
            assert ended(runs) == 0
            lengths.append(time.monotonic() - began)
            assert world.expect_whole() == number
        print(f"moments from random.Random({seed}), runs of {lengths} seconds")
        for number in range(2, 2 + 2 * KILLS, 2):
            world.write(version(number))
            process = begin(runs)
            time.sleep(draw.uniform(0, min(lengths)))
            with suppress(ProcessLookupError):  # it was quicker
                os.kill(process, signal.SIGKILL)
            status = ended(runs)
            assert status in (0, -signal.SIGKILL)
            interrupted += status != 0
            half_built += world.half_built()
            published = world.expect_whole()
            assert published == number if status == 0 else published in (number - 1, number)
            world.index(number + 1)
            assert world.expect_whole() == number + 1
            assert not world.half_built()
    print(f"{interrupted} of {KILLS} interrupted, {half_built} of them half-built")
    # Moments that all fell before or after the work would prove nothing.
    assert interrupted >= KILLS // 2
    assert half_built >= KILLS // 4
