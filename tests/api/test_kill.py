"""Killed at any moment of indexing, publishing and writing, nothing that was acknowledged is lost:
the old generation or the new one answers, and the next run succeeds."""

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

from api.store.database import Database
from api.store.records import Records
from api.wire import AnswerBody
from corpus.loader import load_corpus
from index.build import build
from index.generation import (
    DataFolder,
)
from index.onnx_encoder import OnnxEncoder
from index.search import Searcher
from index.texts import TextStore

ROOT = Path(__file__).resolve().parents[2]
KILLS = 50
ANSWERS, NOTES = 7, 3  # that are judged and put, over and over

# Importing takes longer than indexing, so it is done once: for each number that comes in, a process
# of its own is forked. It says its id and indexes; meanwhile a thread of it judges answers and puts
# notes, numbered from the one that came in on, and says of each when it is done.
RUNS = """
import itertools, os, sys, threading, time, traceback
from pathlib import Path
from api.store.database import Database
from api.store.records import Records
from api.service.uploads import Uploads
from corpus.loader import load_corpus
from index.build import build
from index.encoders import load_encoder
from index.generation import (DataFolder,)
documents, data, encoders = map(Path, sys.argv[1:4])
answers, notes = map(int, sys.argv[4:])

def say(*words):
    os.write(1, (" ".join(map(str, words)) + "\\n").encode())

def keep_writing(first, records, uploads):
    try:
        for number in itertools.count(first):
            records.save_feedback("", f"answer-{number % answers}", "up", str(number))
            say("judged", number)
            text = f"# Note {number}\\n\\n" + "This note is kept whole. " * 40 + "\\n"
            uploads.put(f"note-{number % notes}.md", text.encode())
            say("put", number)
    except Exception:
        traceback.print_exc()
        os._exit(3)

class Telling(DataFolder):
    def publish(self, building, name):
        say("publishing", 0)
        return super().publish(building, name)

for first in sys.stdin:
    if child := os.fork():
        say("ended", os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
    else:
        encoder = load_encoder(encoders)
        records = Records(Database.open(f"sqlite:///{data / 'records.sqlite'}"))
        work = [int(first), records, Uploads(documents)]
        threading.Thread(target=keep_writing, args=work, daemon=True).start()
        say("begins", os.getpid())
        began = time.monotonic()
        build(load_corpus(documents), encoder, "test", Telling(data), {})
        say("published", time.monotonic() - began)
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


def note(number: int) -> str:
    """What is put under that number."""
    return f"# Note {number}\n\n" + "This note is kept whole. " * 40 + "\n"


def number_of(text: str) -> int:
    return int(text.split(maxsplit=3)[2])


def answer(name: str) -> AnswerBody:
    return AnswerBody(
        id=name,
        conversation_id="talk",
        question="Was it late?",
        standalone_question="Was it late?",
        status="refused",
        text="The documents do not answer this question.",
        sentences=(),
        citations=(),
        confidence=0.0,
        suggestions=(),
        related=(),
        writer="extractive",
        generation="000001",
        timings_ms={},
    )


class Run:
    """A process that indexes and writes, and what it has acknowledged: the numbers of the answer
    that it judged last, and of the note that it put last."""

    def __init__(self, runs: "subprocess.Popen[str]", first: int) -> None:
        assert runs.stdin
        assert runs.stdout
        self._lines = runs.stdout
        self.first = first
        self.done = {"judged": first - 1, "put": first - 1}
        runs.stdin.write(f"{first}\n")
        runs.stdin.flush()
        self.process = int(self.hear("begins"))

    def hear(self, *words: str) -> str:
        """What is said with one of these words, when it is; what is acknowledged is noted."""
        while True:
            word, said = self._lines.readline().split()
            if word in self.done:
                assert int(said) == self.done[word] + 1
                self.done[word] = int(said)
            if word in words:
                return str(said)

    def kill(self) -> int:
        """How it ended: 0, where it was quicker, or less the signal."""
        with suppress(ProcessLookupError):
            os.kill(self.process, signal.SIGKILL)
        return int(self.hear("ended"))

    def may_be(self, what: str, which: int, of: int, before: str) -> set[str]:
        """The number that a place of so many must have: of what was done last, or of the one
        after, which may have been done without a word."""
        last = self.done[what]
        done = [str(number) for number in range(self.first, last + 1) if number % of == which]
        coming = {str(last + 1)} if (last + 1) % of == which else set()
        return {[before, *done][-1]} | coming


class World:
    """The data folder and its documents, and the processes that index them."""

    def __init__(self, write: Writer, root: Path, encoder: OnnxEncoder, encoders: Path) -> None:
        self.write = write
        self.data = DataFolder(root)
        self._documents = write({})
        self._encoder = encoder
        self._encoders = encoders
        self._judged = [""] * ANSWERS
        self._records = f"sqlite:///{root / 'records.sqlite'}"
        database = Database.open(self._records)
        for which in range(ANSWERS):
            Records(database).save_answer("", answer(f"answer-{which}"))
        database.close()

    def runs(self) -> "subprocess.Popen[str]":
        folders = map(str, (self._documents, self.data.root, self._encoders))
        command = [sys.executable, "-c", RUNS, *folders, str(ANSWERS), str(NOTES)]
        return subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT
        )

    def index(self, number: int) -> None:
        corpus = load_corpus(self.write(version(number)))
        assert build(corpus, self._encoder, "test", self.data, {}).changed

    def half_built(self) -> bool:
        return any((self.data.root / "generations").glob(".building-*"))

    def check_file_sizes(self) -> int:
        """The number of the version that is published: all of it, findable, with its texts, and
        notes that are whole."""
        generation = self.data.open(self._encoder.fingerprint)
        try:
            documents = {document.path: document for document in generation.manifest.documents}
            hits = Searcher(generation, self._encoder).search("When was the harvest late?", 50).hits
        finally:
            generation.close()
        store = TextStore(self.data.texts)
        assert all(store.had_text(path, d.sha256) for path, d in documents.items())
        texts = {path: store.read(d.sha256) for path, d in documents.items()}
        for hit in hits:
            passage = hit.passage
            assert texts[passage.document][passage.start : passage.end] == passage.text
        years = [hit.passage.text for hit in hits if hit.passage.text.startswith("In year")]
        number = int(years[0].split()[2])
        notes = {path: text for path, text in texts.items() if path.startswith("note-")}
        assert all(text == note(number_of(text)) for text in notes.values())
        assert {path: text for path, text in texts.items() if path not in notes} == version(number)
        return number

    def expect_kept(self, run: Run) -> None:
        """What the run has acknowledged is in the database and on the disk, and nothing by half."""
        database = Database.open(self._records)
        assert database.find_damage() == ""
        for which in range(ANSWERS):
            feedback = Records(database).feedback("", f"answer-{which}")
            comment = feedback.comment if feedback else ""
            assert comment in run.may_be("judged", which, ANSWERS, self._judged[which])
            self._judged[which] = comment
        database.close()
        for which in range(NOTES):
            path = self._documents / f"note-{which}.md"
            text = path.read_bytes().decode() if path.exists() else ""
            number = str(number_of(text)) if text else ""
            assert number in run.may_be("put", which, NOTES, "")
            assert not text or text == note(int(number))


@pytest.fixture
def world(folder_of: Writer, tmp_path: Path, encoder: OnnxEncoder, encoder_data: Path) -> World:
    return World(folder_of, tmp_path / "data", encoder, encoder_data)


def test_killed_at_any_moment_nothing_acknowledged_is_lost_and_the_next_run_succeeds(
    world: World,
) -> None:
    seed = random.randrange(2**32)
    draw = random.Random(seed)
    print(f"moments from random.Random({seed})")
    ended = dict.fromkeys(("interrupted", "half-built", "published", "judged", "put"), 0)
    with world.runs() as runs:
        for number in (0, 1):
            world.write(version(number))
            run = Run(runs, number * 100_000)
            run.hear("publishing")
            began = time.monotonic()
            length = float(run.hear("published"))
            publishing = time.monotonic() - began
            assert run.hear("ended") == "0"
            assert world.expect_whole() == number
            world.expect_kept(run)
        for number in range(2, 2 + 2 * KILLS, 2):
            world.write(version(number))
            run = Run(runs, number * 100_000)
            if number % 3:
                time.sleep(draw.uniform(0, length))
            else:
                run.hear("publishing")
                time.sleep(draw.uniform(0, publishing))
            status = run.kill()
            assert status in (0, -signal.SIGKILL)
            published = world.expect_whole()
            assert published == number if status == 0 else published in (number - 1, number)
            ended["interrupted"] += status != 0
            ended["half-built"] += world.half_built()
            ended["published"] += published == number
            for what in ("judged", "put"):
                ended[what] += run.done[what] - run.first + 1
            world.expect_kept(run)
            world.index(number + 1)
            assert world.expect_whole() == number + 1
            assert not world.half_built()
    print(f"of {KILLS}, or acknowledged: {ended}")
    # Moments that all fell before or after the work would prove nothing.
    assert ended["interrupted"] >= KILLS // 2
    assert ended["half-built"] >= KILLS // 4
    assert min(ended["judged"], ended["put"]) >= KILLS
