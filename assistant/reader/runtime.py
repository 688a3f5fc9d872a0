"""Runs the reader: scores the sentences of a passage in their context.

Knows the reader's weights and its layout. The reader is optional: without it the assistant answers
slightly worse (see CARD.md).
"""

import json
import os
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from tokenizers import Tokenizer

from assistant.errors import ReaderDamaged
from assistant.reader.layout import lay_out, open_tokenizer
from corpus.document import Kind, Passage
from index.checksums import ModelFiles, digests_of, sizes_of
from index.onnx import OnnxModel
from index.rendering import unit_text

# The shipped weights with their tokenizer.
WEIGHTS = Path(__file__).parent / "weights"
# One core reads such a row in about 18 ms. A longer passage is read around its best unit.
MAX_READ_TOKENS = 160
_FILES = ("reader.onnx", "tokenizer.json")
_CHARS_PER_TOKEN = 4  # a rough mean
_MAX_UNIT_CHARS = 320  # what the layout keeps of a long unit: 80 tokens


@dataclass(frozen=True, slots=True)
class Reading:
    """The reader's logits (natural logarithms of the odds) for one passage.

    `units` has a logit for each unit that was read, by its index in the passage; `passage` is the
    logit of the passage as a whole.
    """

    units: dict[int, float]
    passage: float


@dataclass(frozen=True, slots=True)
class Row:
    """A question and the part of a passage that is read with it. `markers` has the position in
    `ids` of the marker of each unit that is read, by the index of the unit in the passage."""

    ids: tuple[int, ...]
    types: tuple[int, ...]
    markers: Mapping[int, int]


class Reader(Protocol):
    """Scores units of passages against a question."""

    def row(self, question: str, passage: Passage, place: int) -> Row:
        """Returns the row around the unit with the given index."""

    def read(self, rows: Sequence[Row]) -> list[Reading]:
        """Returns a reading of each row."""


def reader_files(folder: Path = WEIGHTS) -> ModelFiles:
    """The files of the reader as they were shipped. Raises ReaderDamaged."""
    try:
        written = json.loads((folder / "files.json").read_text(encoding="utf-8"))
        return ModelFiles(folder, written["files"], written["digests"], ReaderDamaged)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ReaderDamaged(f"{folder / 'files.json'} cannot be read ({error})") from error


def write_reader_files(folder: Path) -> None:
    """Writes `files.json`: the sizes and digests of the reader's files."""
    written = {"files": sizes_of(folder, _FILES), "digests": digests_of(folder, _FILES)}
    (folder / "files.json").write_text(json.dumps(written, indent=2) + "\n", encoding="utf-8")


class OnnxReader:
    """Runs the reader's weights with onnxruntime. Thread-safe. Raises ReaderDamaged and
    ModelFailed, when it is loaded and when it reads."""

    def __init__(self, folder: Path = WEIGHTS) -> None:
        self._files = reader_files(folder)
        self._files.check()
        # A row is too small to be divided: two threads for one row need a third more processor
        # time and are no faster. Rows are read side by side instead.
        with self._files.explain_failures():
            self._model = OnnxModel(folder / "reader.onnx", threads=1)
        self._threads = ThreadPoolExecutor(os.cpu_count(), thread_name_prefix="reader")
        self._tokenizer: Tokenizer = open_tokenizer(folder / "tokenizer.json")

    def row(self, question: str, passage: Passage, place: int) -> Row:
        """Implements `Reader.row`."""
        window = self._window(passage, place)
        while True:
            texts = [unit_text(passage, passage.units[i]) for i in window]
            layout = lay_out(self._tokenizer, question, texts, passage.title, MAX_READ_TOKENS)
            if layout.markers[window.index(place)] >= 0 or window[0] == place:
                pairs = zip(window, layout.markers, strict=True)
                return Row(layout.ids, layout.types, {n: at for n, at in pairs if at >= 0})
            window = window[1:]  # Dense text has more tokens than estimated.

    def read(self, rows: Sequence[Row]) -> list[Reading]:
        """Implements `Reader.read`."""
        return list(self._threads.map(self._reading, rows))

    def _reading(self, row: Row) -> Reading:
        ids = np.array([row.ids], dtype=np.int64)
        types = np.array([row.types], dtype=np.int64)
        with self._files.explain_failures():
            units, passage = self._model.run(
                input_ids=ids, attention_mask=np.ones_like(ids), token_type_ids=types
            )
        logits = {unit: float(units[0, marker]) for unit, marker in row.markers.items()}
        return Reading(logits, float(passage[0]))

    def _window(self, passage: Passage, place: int) -> list[int]:
        """Returns the indices of the units around `place` that fit into a row by estimate."""
        room = (MAX_READ_TOKENS - 40) * _CHARS_PER_TOKEN  # 40 for the question and the title
        places = [i for i, unit in enumerate(passage.units) if unit.kind is not Kind.HEADER]
        at = places.index(place)
        first = last = at
        size = _size(passage, place)
        while first > 0 or last + 1 < len(places):
            before = _size(passage, places[first - 1]) if first > 0 else room
            after = _size(passage, places[last + 1]) if last + 1 < len(places) else room
            if size + min(before, after) > room:
                break
            if before <= after:
                first, size = first - 1, size + before
            else:
                last, size = last + 1, size + after
        return places[first : last + 1]


def _size(passage: Passage, place: int) -> int:
    unit = passage.units[place]
    return min(unit.end - unit.start, _MAX_UNIT_CHARS) + _CHARS_PER_TOKEN  # and its marker
