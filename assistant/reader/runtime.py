"""The trained reader at run time: which sentences of a passage answer, read in their context.

Knows the reader's weights and its layout. It is an upgrade: without the weights the assistant
answers too, a little worse (see the reader's card).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from tokenizers import Tokenizer

from assistant.reader.layout import Layout, lay_out, open_tokenizer
from corpus.document import Kind, Passage
from index.onnx import OnnxModel
from index.rendering import heading_text, unit_text

# The shipped weights and the tokenizer they were trained with.
WEIGHTS = Path(__file__).parent / "weights"
# Tokens of one row: what two cores read in some 15 ms. A passage that is longer is read around
# its best unit.
ROW_TOKENS = 160


@dataclass(frozen=True, slots=True)
class Reading:
    """The reader's logits (natural logarithm of the odds) for one passage: for each of its units
    that was read, by place, and for the passage as a whole."""

    units: dict[int, float]
    passage: float


class Reader(Protocol):
    """Scores units of passages against a question."""

    def read(self, question: str, places: Sequence[tuple[Passage, int]]) -> list[Reading]:
        """One reading for each passage, read around the unit at the place given."""


class OnnxReader:
    """The reader's weights, run by onnxruntime. Safe to share between threads."""

    def __init__(self, folder: Path = WEIGHTS) -> None:
        self._model = OnnxModel(folder / "reader.onnx")
        self._tokenizer: Tokenizer = open_tokenizer(folder / "tokenizer.json")

    def read(self, question: str, places: Sequence[tuple[Passage, int]]) -> list[Reading]:
        return [self._read(question, passage, place) for passage, place in places]

    def _read(self, question: str, passage: Passage, place: int) -> Reading:
        """One passage, read in a window of units that holds the one asked for."""
        window = self._window(passage, place)
        above = heading_text(passage)
        while True:
            texts = [unit_text(passage, passage.units[i]) for i in window]
            layout = lay_out(self._tokenizer, question, texts, above, ROW_TOKENS)
            if layout.markers[window.index(place)] >= 0 or window[0] == place:
                return self._reading(layout, window)
            window = window[1:]  # dense text: what stands before gives way

    def _reading(self, layout: Layout, window: Sequence[int]) -> Reading:
        ids = np.array([layout.ids], dtype=np.int64)
        types = np.array([layout.types], dtype=np.int64)
        units, passage = self._model.run(
            input_ids=ids, attention_mask=np.ones_like(ids), token_type_ids=types
        )
        read = {
            place: float(units[0, marker])
            for place, marker in zip(window, layout.markers, strict=True)
            if marker >= 0
        }
        return Reading(read, float(passage[0]))

    def _window(self, passage: Passage, place: int) -> list[int]:
        """The places of the units around one, as many as a row holds, by a rough count of four
        characters a token; the unit itself and what stands before it come first."""
        room = (ROW_TOKENS - 40) * 4
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
    return min(unit.end - unit.start, 320) + 4
