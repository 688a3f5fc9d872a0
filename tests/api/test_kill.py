"""Processes that are killed at any moment of indexing, publishing and writing lose nothing that
was acknowledged: the old generation or the new one answers, and the next run succeeds."""

import os
import random
import re
import signal
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest
from builders import make_answer
from conftest import ROOT, Scale, Writer
from serving import GARDEN

from api.store.database import Database
from api.store.records import Records
from corpus.loader import load_corpus
from index.build import build
from index.generation import DataFolder
from index.onnx_encoder import OnnxEncoder
from index.search import Searcher
from index.texts import TextStore

ANSWERS = [f"answer-{number}" for number in range(7)]
NOTES = [f"note-{number}.md" for number in range(3)]
FRUIT = ("apple", "pear", "plum", "fig", "quince", "cherry", "melon", "lemon", "grape", "peach")

# Importing takes longer than indexing, so it is done once: for each number on standard input, the
# process forks a child. The child indexes, while a thread of it saves feedback and uploads notes,
# numbered from that number on, and prints each when it is done.
WORKER = """
import itertools, os, sys, threading, time
from pathlib import Path
from api.store.database import Database
from api.store.records import Records
from api.service.uploads import Uploads
from corpus.loader import load_corpus
from index.build import build
from index.encoders import load_encoder
from index.generation import DataFolder
documents, data, encoders = map(Path, sys.argv[1:4])
answers, notes = sys.argv[4].split(), sys.argv[5].split()

def say(*words):
    os.write(1, (" ".join(map(str, words)) + "\\n").encode())

def keep_writing(first, records, uploads):
    for number in itertools.count(first):
        records.save_feedback("", answers[number % len(answers)], "up", str(number))
        say("saved", "answer", number)
        text = f"# Note {number}\\n\\n" + "This note is kept whole. " * 40 + "\\n"
        uploads.put(notes[number % len(notes)], text.encode())
        say("saved", "note", number)

class Publishing(DataFolder):
    def publish(self, *arguments, **options):
        say("publishing")
        return super().publish(*arguments, **options)

for first in map(int, sys.stdin):
    if child := os.fork():
        say("ended", os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
    else:
        encoder = load_encoder(encoders)
        records = Records(Database.open(f"sqlite:///{data / 'records.sqlite'}"))
        work = [first, records, Uploads(documents)]
        threading.Thread(target=keep_writing, args=work, daemon=True).start()
        say("started", os.getpid())
        began = time.monotonic()
        build(load_corpus(documents), encoder, "test", Publishing(data), {})
        say("published", time.monotonic() - began)
        os._exit(0)
"""


def version(number: int) -> dict[str, str]:
    """A corpus of nine documents; each version changes most of them and removes one."""
    return {
        f"{name}-{number % 3}.md": (
            f"# The {name} of year {number}\n\n## Harvest\n\nIn year {number} the {name} was late. "
            f"It rained {number + at} days.\n\n## Use\n\n- Eat the {name}\n- Sell {number} crates\n"
        )
        for at, name in enumerate(FRUIT)
        if at != number % len(FRUIT)
    }


class Worker:
    """The process above. `saved` maps each answer and note to the last number that was
    acknowledged for it, `last` each kind to the last number acknowledged at all."""

    def __init__(self, documents: Path, data: Path, encoders: Path) -> None:
        self.saved: dict[str, int] = {}
        self.writes = 0
        self.last = {"answer": -1, "note": -1}
        folders = map(str, (documents, data, encoders))
        self.process = subprocess.Popen(
            [sys.executable, "-c", WORKER, *folders, " ".join(ANSWERS), " ".join(NOTES)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
        )

    def start(self, first: int) -> int:
        """Starts a child that counts from this number, in a folder without notes; returns its
        process id."""
        assert self.process.stdin
        self.saved = {name: number for name, number in self.saved.items() if name in ANSWERS}
        self.last = {"answer": first - 1, "note": first - 1}
        self.process.stdin.write(f"{first}\n")
        self.process.stdin.flush()
        return int(self.wait_for("started"))

    def wait_for(self, word: str) -> str:
        """Reads up to the line with this word, and returns what follows it."""
        assert self.process.stdout
        while line := self.process.stdout.readline():
            said, *more = line.split()
            if said == "saved":
                kind, number = more[0], int(more[1])
                names = ANSWERS if kind == "answer" else NOTES
                assert number == self.last[kind] + 1
                self.writes += 1
                self.last[kind] = self.saved[names[number % len(names)]] = number
            if said == word:
                return " ".join(more)
        raise AssertionError(f"the worker ended before it said {word}")

    def check_saved(self, kind: str, name: str, found: int | None) -> None:
        """What is stored is what was acknowledged last, or the write that was under way."""
        assert found in (self.saved.get(name), self.last[kind] + 1), name
        if found is not None:
            self.saved[name] = found


def published_version(data: DataFolder, encoder: OnnxEncoder) -> int:
    """The number of the published version, all of whose documents and texts must be there."""
    generation = data.open(encoder.fingerprint)
    try:
        documents = {document.path: document.sha256 for document in generation.manifest.documents}
        hits = Searcher(generation, encoder).search("When was the harvest late?", 50).hits
    finally:
        generation.close()
    texts = {path: TextStore(data.texts).read(sha256) for path, sha256 in documents.items()}
    for hit in hits:
        passage = hit.passage
        assert texts[passage.document][passage.start : passage.end] == passage.text
    years = (re.search(r"In year (\d+)", hit.passage.text) for hit in hits)
    number = next(int(year[1]) for year in years if year)
    assert {path: text for path, text in texts.items() if path not in NOTES} == version(number)
    return number


def check_records(worker: Worker, documents: Path, database: Database) -> None:
    """Every feedback and note is stored as it was acknowledged, and whole."""
    assert database.find_damage() == ""
    for name in ANSWERS:
        feedback = Records(database).feedback("", name)
        worker.check_saved("answer", name, int(feedback.comment) if feedback else None)
    for name in NOTES:
        path = documents / name
        text = path.read_text(encoding="utf-8") if path.exists() else ""
        number = int(text.split(maxsplit=3)[2]) if text else None
        worker.check_saved("note", name, number)
        assert not text or text == f"# Note {number}\n\n" + "This note is kept whole. " * 40 + "\n"


@pytest.mark.soak
def test_process_killed_at_any_moment_loses_nothing_and_the_next_run_succeeds(
    folder_of: Writer, tmp_path: Path, encoder: OnnxEncoder, encoder_data: Path, scale: Scale
) -> None:
    kills = scale(6, soak=50)
    seed = random.randrange(2**32)
    print(f"moments from random.Random({seed})")
    draw = random.Random(seed)
    documents, data = folder_of(GARDEN), DataFolder(tmp_path / "data")
    database = Database.open(f"sqlite:///{tmp_path / 'data' / 'records.sqlite'}")
    for name in ANSWERS:
        Records(database).save_answer("", replace(make_answer(), id=name))
    worker = Worker(documents, data.root, encoder_data)
    interrupted = half_built = 0
    with worker.process:
        for number in (0, 1):  # not killed: measures how long it takes
            folder_of(version(number))
            worker.start(number * 100_000)
            worker.wait_for("publishing")
            began = time.monotonic()
            duration = float(worker.wait_for("published"))
            publishing = time.monotonic() - began
            assert worker.wait_for("ended") == "0"
            assert published_version(data, encoder) == number
        for number in range(2, 2 + 2 * kills, 2):
            folder_of(version(number))
            process = worker.start(number * 100_000)
            if number % 3:
                time.sleep(draw.uniform(0, duration))
            else:
                worker.wait_for("publishing")
                time.sleep(draw.uniform(0, publishing))
            with suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
            status = int(worker.wait_for("ended"))
            assert status in (0, -signal.SIGKILL)
            interrupted += status != 0
            half_built += any((data.layout.generations).glob(".building-*"))
            possible = (number,) if status == 0 else (number - 1, number)
            assert published_version(data, encoder) in possible
            check_records(worker, documents, database)
            corpus = load_corpus(folder_of(version(number + 1)))
            assert build(corpus, encoder, "test", data, {}).changed
            assert published_version(data, encoder) == number + 1
            assert not any((data.layout.generations).glob(".building-*"))
    database.close()
    print(f"{kills} kills, {interrupted} interrupted, {half_built} left a half-built generation")
    # Moments that all fall before or after the work would prove nothing.
    assert interrupted >= kills // 2
    assert half_built >= kills // 10
    assert worker.writes >= 2 * kills
