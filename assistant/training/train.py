"""Trains the reader.

    python -m assistant.training.train --encoder DIR --data DIR [--squad DIR] --out DIR --minutes N

`--encoder` is the folder of the sentence encoder to start from, `--data` a folder of row files, and
`--squad` a SQuAD 2.0 folder (see `rows`), whose validation documents are never trained on.
`--resume` continues from the last checkpoint in the output folder.

Training runs for a given time, not a number of steps: the learning rate rises and falls linearly
with the elapsed time, so that it ends at zero however busy the machine is. Writes `checkpoint.pt`,
`fold.json` (training and validation documents) and `log.jsonl`.
"""

import argparse
import json
import os
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from random import Random

import torch
from tokenizers import Tokenizer
from torch import Tensor, nn

from assistant.reader.layout import Layout, LayoutError, lay_out, open_tokenizer
from assistant.training.examples import build_training_set, generate_examples
from assistant.training.measure import (
    Case,
    Scorer,
    load_sentence_encoder,
    make_batch,
    make_cases,
    measure,
)
from assistant.training.model import Reader
from assistant.training.rows import (
    Example,
    Row,
    is_validation,
    load_claims,
    load_rows,
    load_squad2,
)

SKIPPED = frozenset({"pubmedqa"})  # the answer always comes last
CLAIMS = "claims"  # the file with claims instead of questions
# qamr is repetitive, nqg uses the articles of squad, and claims must not outweigh questions.
MAX_ROWS = {"qamr": 2_500, "nqg": 8_000, "fever-dev": 6_000, "fm2-other-sentences": 1_000}
REPEATS = {"squad2": 2}  # the only unanswerable questions written to mislead

MAX_BATCH_TOKENS = 3_072  # with padding
SORT_WINDOW = 1_024  # examples sorted by length together
LEARNING_RATE, HEAD_LEARNING_RATE = 1e-4, 1e-3
WARM_UP = 0.05  # share of the time
WEIGHT_DECAY = 0.01
MAX_GRADIENT_NORM = 1.0
POSITIVE_WEIGHT = 2.0
SMOOTHING = 0.03  # labels are 0.03 and 0.97
RANKING_WEIGHT, PASSAGE_WEIGHT = 0.5, 0.5
SAVE_INTERVAL, MEASURE_INTERVAL, LOG_INTERVAL = 240.0, 600.0, 60.0  # seconds
INTERIM_CASES = 360  # questions measured during training


@dataclass(frozen=True, slots=True)
class Batch:
    """Token rows [batch, length]; `labels` are 1 or 0 at markers and -1 elsewhere."""

    ids: Tensor
    mask: Tensor
    types: Tensor
    labels: Tensor


@dataclass(frozen=True, slots=True)
class Plan:
    """The options of a run; `seconds` is wall-clock time, including measuring."""

    data: Path
    squad: Path | None
    encoder: Path
    out: Path
    seconds: float
    seed: int
    resume: bool


def main() -> None:
    """Runs the command line."""
    parser = argparse.ArgumentParser(description="Train the reader.")
    parser.add_argument("--data", type=Path, required=True, help="folder of row files (*.jsonl)")
    parser.add_argument("--squad", type=Path, help="SQuAD 2.0 folder; needed for measuring")
    parser.add_argument("--encoder", type=Path, required=True, help="folder to start from")
    parser.add_argument("--out", type=Path, required=True, help="folder to write to")
    parser.add_argument("--minutes", type=float, required=True, help="in total, over resumed runs")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--resume", action="store_true", help="continue from OUT/checkpoint.pt")
    chosen = vars(parser.parse_args())
    torch.set_num_threads(chosen.pop("threads"))
    train(Plan(seconds=chosen.pop("minutes") * 60, **chosen))


def train(plan: Plan) -> None:
    """Trains as planned and writes the checkpoint to `plan.out`."""
    torch.manual_seed(plan.seed)
    random = Random(plan.seed)
    plan.out.mkdir(parents=True, exist_ok=True)
    tokenizer = open_tokenizer(plan.encoder / "tokenizer.json")
    separator = tokenizer.token_to_id("[SEP]")
    if separator is None:
        raise LayoutError("the tokenizer has no [SEP]; the reader needs a BERT vocabulary")
    squad = load_squad2(plan.squad) if plan.squad else []
    _write_fold(plan.out / "fold.json", squad)
    rows = [row for row in squad if not is_validation(row.document)]
    for path in sorted(plan.data.glob("*.jsonl")):
        if path.stem not in SKIPPED:
            rows += load_claims(path) if path.stem == CLAIMS else load_rows(path)
    training = build_training_set(rows, MAX_ROWS, random)

    reader = Reader.from_sentence_encoder(plan.encoder, separator)
    run = Run(plan.out, reader, plan.seconds)
    if plan.resume:
        run.load()
        random = Random(plan.seed + run.steps)
    validation = [row for row in squad if is_validation(row.document)]
    cases: list[Case] = []
    if validation:
        Random(0).shuffle(validation)
        cases = make_cases(validation, tokenizer, load_sentence_encoder(plan.encoder))
    interim = cases[:INTERIM_CASES]
    run.log(event="start", rows=len(training.rows), **_measure(interim, reader))
    for batch in make_batches(generate_examples(training, REPEATS, random), tokenizer, random):
        if run.progress >= 1:
            break
        run.step(batch)
        if run.is_due("measure", MEASURE_INTERVAL):
            run.log(event="measured", **_measure(interim, reader))
        if run.is_due("save", SAVE_INTERVAL):
            run.save()
    run.save()
    run.log(event="end", **_measure(cases, reader))


def _measure(cases: Sequence[Case], reader: Reader) -> dict[str, float]:
    return measure(cases, torch_scorer(reader)) if cases else {}


class Run:
    """A training run: the reader, its optimizer and its progress in time."""

    def __init__(self, out: Path, reader: Reader, seconds: float) -> None:
        self.steps = 0
        self.examples = 0
        self._out = out
        self._reader = reader
        self._optimizer = _optimizer(reader)
        self._rates = [group["lr"] for group in self._optimizer.param_groups]
        self._seconds = seconds
        self._started = time.monotonic()
        self._last: dict[str, float] = {}
        self._losses: list[float] = []

    @property
    def elapsed(self) -> float:
        """Seconds of training so far, over resumed runs."""
        return time.monotonic() - self._started

    @property
    def progress(self) -> float:
        """Elapsed share of the planned time; may exceed 1."""
        return self.elapsed / self._seconds

    def is_due(self, task: str, interval: float) -> bool:
        """Whether `interval` seconds have passed since this was last true for the task."""
        if self.elapsed - self._last.setdefault(task, 0.0) < interval:
            return False
        self._last[task] = self.elapsed
        return True

    def step(self, batch: Batch) -> None:
        """Takes one optimizer step, at the learning rate of the elapsed time."""
        progress = self.progress
        factor = min(progress / WARM_UP, (1 - progress) / (1 - WARM_UP))
        for group, rate in zip(self._optimizer.param_groups, self._rates, strict=True):
            group["lr"] = rate * max(factor, 0.0)
        self._reader.train()
        with torch.autocast("cpu", dtype=torch.bfloat16):
            hidden = self._reader.read(batch.ids, batch.mask, batch.types)
        loss = loss_of(*self._reader.score(hidden, batch.ids, batch.mask), batch.labels)
        self._optimizer.zero_grad()
        torch.autograd.backward(loss)
        nn.utils.clip_grad_norm_(self._reader.parameters(), MAX_GRADIENT_NORM)
        self._optimizer.step()
        self.steps += 1
        self.examples += len(batch.ids)
        self._losses.append(float(loss.detach()))
        if self.is_due("log", LOG_INTERVAL):
            self.log(event="step", loss=sum(self._losses) / len(self._losses))
            self._losses.clear()

    def log(self, **values: float | str) -> None:
        """Prints one JSON line and appends it to `log.jsonl`."""
        line = json.dumps(
            {"minutes": round(self.elapsed / 60, 1), "steps": self.steps, "examples": self.examples}
            | {
                name: round(value, 4) if isinstance(value, float) else value
                for name, value in values.items()
            }
        )
        print(line, flush=True)
        with (self._out / "log.jsonl").open("a", encoding="utf-8") as file:
            file.write(line + "\n")

    def save(self) -> None:
        """Writes `checkpoint.pt` atomically."""
        state = {
            "config": self._reader.encoder.config.to_dict(),
            "separator": self._reader.separator,
            "reader": self._reader.state_dict(),
            "optimizer": self._optimizer.state_dict(),
            "elapsed": self.elapsed,
            "steps": self.steps,
            "examples": self.examples,
        }
        unfinished = self._out / "checkpoint.pt.part"
        torch.save(state, unfinished)
        os.replace(unfinished, self._out / "checkpoint.pt")

    def load(self) -> None:
        """Continues from `checkpoint.pt`, including its elapsed time."""
        state = torch.load(self._out / "checkpoint.pt", weights_only=True)
        self._reader.load_state_dict(state["reader"])
        self._optimizer.load_state_dict(state["optimizer"])
        self._started = time.monotonic() - state["elapsed"]
        self._last = dict.fromkeys(("log", "save", "measure"), state["elapsed"])
        self.steps, self.examples = state["steps"], state["examples"]


def loss_of(sentences: Tensor, passage: Tensor, labels: Tensor) -> Tensor:
    """Returns the loss of a batch: logits [batch, length] and [batch] against `Batch.labels`.

    It is the binary cross-entropy of all sentences, that of all passages, and a ranking loss for
    answering passages with several sentences: the negative log of the share of the answering
    sentences in a softmax over all sentences.
    """
    marked = labels >= 0
    truth = labels.clamp(min=0).float()
    smooth = truth * (1 - 2 * SMOOTHING) + SMOOTHING
    bce = nn.functional.binary_cross_entropy_with_logits
    weights = 1 + (POSITIVE_WEIGHT - 1) * truth
    each = bce(sentences[marked], smooth[marked], weight=weights[marked])
    answered = truth.amax(dim=1)
    whole = bce(passage, answered * (1 - 2 * SMOOTHING) + SMOOTHING)
    choice = (answered > 0) & (marked.sum(dim=1) > 1)
    loss = each + PASSAGE_WEIGHT * whole
    if bool(choice.any()):
        own = sentences[choice]
        least = torch.finfo(own.dtype).min
        among = own.masked_fill(~marked[choice], least).logsumexp(dim=1)
        right = own.masked_fill(labels[choice] != 1, least).logsumexp(dim=1)
        loss = loss + RANKING_WEIGHT * (among - right).mean()
    return loss


def make_batches(
    stream: Iterator[Example], tokenizer: Tokenizer, random: Random
) -> Iterator[Batch]:
    """Yields batches of examples of similar length, endlessly, in random order."""
    while True:
        some = list(islice(stream, SORT_WINDOW))
        laid = [
            (lay_out(tokenizer, one.question, one.sentences, one.title), one.labels) for one in some
        ]
        laid.sort(key=lambda pair: len(pair[0].ids))
        groups: list[list[tuple[Layout, tuple[bool, ...]]]] = [[]]
        for pair in laid:
            if (len(groups[-1]) + 1) * len(pair[0].ids) > MAX_BATCH_TOKENS:
                groups.append([])
            groups[-1].append(pair)
        random.shuffle(groups)
        for group in groups:
            ids, mask, types = make_batch([layout for layout, _ in group])
            labels = torch.full_like(ids, -1)
            for number, (layout, truths) in enumerate(group):
                for marker, truth in zip(layout.markers, truths, strict=True):
                    if marker >= 0:
                        labels[number, marker] = int(truth)
            yield Batch(ids, mask, types, labels)


def torch_scorer(reader: Reader) -> Scorer:
    """Returns a scorer that runs the reader in bfloat16, like training."""

    def score(layouts: Sequence[Layout]) -> list[tuple[list[float], float]]:
        reader.eval()
        order = sorted(range(len(layouts)), key=lambda number: len(layouts[number].ids))
        found: dict[int, tuple[list[float], float]] = {}
        with torch.inference_mode():
            for start in range(0, len(order), 16):
                some = order[start : start + 16]
                ids, mask, types = make_batch([layouts[number] for number in some])
                with torch.autocast("cpu", dtype=torch.bfloat16):
                    hidden = reader.read(ids, mask, types)
                sentences, passages = reader.score(hidden, ids, mask)
                for place, number in enumerate(some):
                    markers = [marker for marker in layouts[number].markers if marker >= 0]
                    found[number] = (sentences[place, markers].tolist(), float(passages[place]))
        return [found[number] for number in range(len(layouts))]

    return score


def _optimizer(reader: Reader) -> torch.optim.Optimizer:
    heads = [*reader.sentence.parameters(), *reader.passage.parameters()]
    matrices = [weight for weight in reader.encoder.parameters() if weight.ndim > 1]
    vectors = [weight for weight in reader.encoder.parameters() if weight.ndim <= 1]
    return torch.optim.AdamW(
        [
            {"params": matrices, "lr": LEARNING_RATE, "weight_decay": WEIGHT_DECAY},
            {"params": vectors, "lr": LEARNING_RATE, "weight_decay": 0.0},
            {"params": heads, "lr": HEAD_LEARNING_RATE, "weight_decay": 0.0},
        ]
    )


def _write_fold(path: Path, rows: Sequence[Row]) -> None:
    documents = sorted({row.document for row in rows})
    fold = {
        "rule": "int(sha256(document name without its suffix), 16) % 3 == 0 is kept for validation",
        "training": [name for name in documents if not is_validation(name)],
        "validation": [name for name in documents if is_validation(name)],
    }
    path.write_text(json.dumps(fold, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
