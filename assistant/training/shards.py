"""Training examples as flat arrays of token ids: made by many processes, read by a GPU at once.

    python -m assistant.training.shards --rows FILE --tokenizer FILE --out DIR --count N

`--rows` is a file of assistant.training.pack. With `--plain` the rows are written once and as they
are, a shard for each data set, to measure on.

A shard is an .npz file with `ids` (int16) and `labels` (int8: 1 or 0 at markers, -1 elsewhere) of
all examples one after the other, and for each example `lengths` and `contexts`, the number of
tokens of type 0 (see assistant.reader.layout).
"""

import argparse
import json
import lzma
import multiprocessing
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from assistant.reader.layout import LayoutError, lay_out, open_tokenizer
from assistant.training.examples import TrainingSet, build_training_set, generate_examples
from assistant.training.rows import Example, Row

# qamr is repetitive, nqg uses the articles of squad, and claims must not outweigh questions.
MAX_ROWS = {"qamr": 3_500, "nqg": 10_000, "fever-dev": 7_000, "fm2-other-sentences": 1_000}
# Rows of a set in a pass: the only unanswerable questions written to mislead, and the only text
# that users have, of which most do not answer.
REPEATS = {"squad2": 2, "sections": 2}
ANSWERING_REPEATS = {"sections": 5}
_SHARD = 10_000  # examples

Numbers = NDArray[Any]


@dataclass(frozen=True)
class Shard:
    """Examples one after the other; see the module."""

    ids: Numbers
    labels: Numbers
    lengths: Numbers
    contexts: Numbers


def main() -> None:
    """Runs the command line."""
    parser = argparse.ArgumentParser(description="Make training examples.")
    parser.add_argument("--rows", type=Path, required=True, help="file of assistant.training.pack")
    parser.add_argument("--tokenizer", type=Path, required=True, help="tokenizer.json")
    parser.add_argument("--out", type=Path, required=True, help="folder to write to")
    parser.add_argument("--count", type=int, default=1_000_000, help="examples")
    parser.add_argument("--plain", action="store_true", help="the rows as they are")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()
    chosen.out.mkdir(parents=True, exist_ok=True)
    rows, alike = read_rows(chosen.rows)
    if chosen.plain:
        _write_plain(rows, open_tokenizer(chosen.tokenizer), chosen.out)
        return
    training = build_training_set(rows, MAX_ROWS, Random(chosen.seed), alike)
    numbers = range(-(-chosen.count // _SHARD))
    waiting = [
        multiprocessing.get_context("fork").Process(
            target=_work,
            args=(training, chosen.tokenizer, chosen.out, numbers[first :: chosen.processes]),
            kwargs={"seed": chosen.seed},
        )
        for first in range(chosen.processes)
    ]
    for process in waiting:
        process.start()
    for process in waiting:
        process.join()


def write_rows(path: Path, rows: Iterable[Row], alike: dict[str, list[str]]) -> None:
    """Writes rows and words near in meaning to an .xz file."""
    with lzma.open(path, "wt", encoding="utf-8", preset=6) as lines:
        lines.write(json.dumps(alike) + "\n")
        for row in rows:
            kept = {**asdict(row), "answering": sorted(row.answering)}
            lines.write(json.dumps({key: value for key, value in kept.items() if value}) + "\n")


def read_rows(path: Path) -> tuple[list[Row], dict[str, list[str]]]:
    """Reads what `write_rows` wrote."""
    with lzma.open(path, "rt", encoding="utf-8") as lines:
        alike = json.loads(next(lines))
        rows = []
        for raw in map(json.loads, lines):
            raw["sentences"] = tuple(raw["sentences"])
            raw["answering"] = frozenset(raw.get("answering", ()))
            rows.append(Row(**{"title": "", **raw}))
    return rows, alike


def make_shard(examples: Iterable[Example], tokenizer: Tokenizer) -> Shard:
    """Lays the examples out; those that leave no room for a sentence are left out."""
    ids: list[int] = []
    labels: list[int] = []
    lengths, contexts = [], []
    for example in examples:
        try:
            layout = lay_out(tokenizer, example.question, example.sentences, example.title)
        except LayoutError:
            continue
        own = [-1] * len(layout.ids)
        for marker, label in zip(layout.markers, example.labels, strict=True):
            if marker >= 0:
                own[marker] = int(label)
        ids += layout.ids
        labels += own
        lengths.append(len(own))
        contexts.append(layout.types.index(1))
    return Shard(
        np.array(ids, np.int16),
        np.array(labels, np.int8),
        np.array(lengths, np.int32),
        np.array(contexts, np.int32),
    )


def save_shard(path: Path, shard: Shard) -> None:
    """Writes the file under another name first: what has its name is whole."""
    unfinished = path.with_suffix(".part")
    with unfinished.open("wb") as file:
        np.savez(file, **vars(shard))
    unfinished.rename(path)


def load_shards(paths: Sequence[Path]) -> Shard:
    """Joins the shards of these files."""
    parts = []
    for path in paths:
        with np.load(path) as stored:
            parts.append([stored[name] for name in Shard.__dataclass_fields__])
    return Shard(*(np.concatenate(column) for column in zip(*parts, strict=True)))


def _write_plain(rows: Sequence[Row], tokenizer: Tokenizer, out: Path) -> None:
    for source in sorted({row.source for row in rows}):
        examples = [
            Example(
                question=row.question,
                title=row.title if row.source != "squad2" else None,
                sentences=row.sentences,
                labels=tuple(number in row.answering for number in range(len(row.sentences))),
            )
            for row in rows
            if row.source == source
        ]
        save_shard(out / f"{source}.npz", make_shard(examples, tokenizer))


def _repeats(row: Row) -> int:
    answering = ANSWERING_REPEATS.get(row.source) if row.answerable else None
    return answering or REPEATS.get(row.source, 1)


def _work(
    training: TrainingSet, tokenizer: Path, out: Path, numbers: Sequence[int], seed: int
) -> None:
    os.environ["TOKENIZERS_PARALLELISM"] = "false"
    opened = open_tokenizer(tokenizer)
    for number in numbers:
        random = Random(f"{seed}-{number}")
        stream: Iterator[Example] = generate_examples(training, _repeats, random)
        save_shard(out / f"{number:04}.npz", make_shard(islice(stream, _SHARD), opened))


if __name__ == "__main__":
    main()
