"""Trains the reader from a teacher, by the clock, on a GPU or (slowly) on a CPU.

    python -m assistant.training.train --examples DIR --student FILE [--teacher FILE] --out DIR

`--examples` holds the shards of assistant.training.shards. `--student` is a .safetensors file: a
trained reader, or a sentence encoder of the same shape; `--teacher` is that of all-mpnet-base-v2.
The teacher is trained on the labels, then gives every example soft labels, then the student is
trained on both. Without a teacher the student learns from the labels alone.

The learning rate rises and falls with the clock, not the steps, so a run ends in time however busy
the machine is. Writes `student.fp16.safetensors` (as pieces of at most `--piece` bytes, if given)
and `log.jsonl`. `assistant.training.export` makes the file that serving runs of it.
"""

import argparse
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import load_file, save
from torch import Tensor
from torch.nn import functional

from assistant.metrics import auroc
from assistant.training.networks import Network, load_student, load_teacher, reader_state
from assistant.training.shards import load_shards

Order = NDArray[np.int64]

SEPARATOR = 102
SMOOTHING = 0.03  # hard labels are 0.03 and 0.97
POSITIVE_WEIGHT = 2.0
RANKING_WEIGHT, PASSAGE_WEIGHT = 0.5, 0.5
DISTANCE_WEIGHT, MAX_LOGIT = 0.1, 8.0  # of the squared distance to the teacher's logits
DISTILLED = 0.9  # share of the teacher's labels in the student's loss
WARM_UP = 0.04  # share of the time
WEIGHT_DECAY, MAX_GRADIENT_NORM, DROPOUT = 0.01, 1.0, 0.1
LEAST_BATCH = 0.2  # of a full batch; smaller ones wait for the next pass
LOG_INTERVAL = 10.0  # seconds


@dataclass(frozen=True, slots=True)
class Pace:
    """How a network is trained: seconds, tokens in a step, and learning rates."""

    seconds: float
    tokens: int
    rate: float
    head_rate: float


@dataclass(frozen=True, slots=True)
class Batch:
    """Rows of one length. `labels` [batch, segments] are -1 where there is no sentence; `soft` has
    the teacher's logits for these and for the passages."""

    ids: Tensor
    types: Tensor
    segments: int
    labels: Tensor
    soft: tuple[Tensor, Tensor] | None


class Log:
    """Lines of JSON with the seconds since the start, printed as well."""

    def __init__(self, out: Path) -> None:
        self._file = (out / "log.jsonl").open("a", encoding="utf-8")
        self._started = time.monotonic()

    def write(self, event: str, **values: object) -> None:
        """Writes one line."""
        shown = {k: round(v, 4) if isinstance(v, float) else v for k, v in values.items()}
        line = json.dumps({"t": round(time.monotonic() - self._started, 1), "e": event, **shown})
        print(line, flush=True)
        self._file.write(line + "\n")
        self._file.flush()


class Examples:
    """All examples in flat arrays on the device, with the teacher's labels once they are there."""

    def __init__(self, paths: list[Path], device: torch.device) -> None:
        shard = load_shards(paths)
        self.device = device
        self.count = len(shard.lengths)
        self.lengths = shard.lengths
        self.starts = np.concatenate([[0], np.cumsum(shard.lengths.astype(np.int64))[:-1]])
        self.segments = np.add.reduceat((shard.ids == SEPARATOR).astype(np.int32), self.starts)
        self.ids = torch.from_numpy(shard.ids).to(device)
        self.labels = torch.from_numpy(shard.labels).to(device)
        self.contexts = torch.from_numpy(shard.contexts.astype(np.int64)).to(device)
        self._starts = torch.from_numpy(self.starts).to(device)
        self.soft: tuple[Tensor, Tensor] | None = None
        self.labelled: Order = np.arange(self.count)

    def batches(self, tokens: int, random: np.random.Generator, least: float) -> Iterator[Order]:
        """Yields the labelled examples once, in batches of one length, in random order."""
        order = random.permutation(self.labelled)
        order = order[np.argsort(self.lengths[order], kind="stable")]
        edges = np.flatnonzero(np.diff(self.lengths[order])) + 1
        found = []
        for group in np.split(order, edges):
            size = max(tokens // int(self.lengths[group[0]]), 1)
            parts = [group[at : at + size] for at in range(0, len(group), size)]
            found += [part for part in parts if len(part) >= size * least]
        for number in random.permutation(len(found)):
            yield found[number]

    def places(self, group: Order) -> tuple[Tensor, Tensor]:
        """Returns the group on the device, and where its tokens are: [batch, length]."""
        on_device = torch.from_numpy(group).to(self.device)
        along = torch.arange(int(self.lengths[group[0]]), device=self.device)
        return on_device, self._starts[on_device][:, None] + along

    def batch(self, group: Order) -> Batch:
        """Returns a group of examples of one length."""
        here, places = self.places(group)
        ids = self.ids[places].long()
        along = torch.arange(ids.shape[1], device=self.device)
        types = (along[None] >= self.contexts[here][:, None]).long()
        segments = int(self.segments[group].max())
        closes = ids == SEPARATOR
        segment = closes.long().cumsum(1) - closes.long()
        own = self.labels[places]
        # What is no marker goes to a column of its own, which is cut off.
        column = torch.where(own >= 0, segment, torch.full_like(segment, segments))
        blank = torch.full((len(group), segments + 1), -1, device=self.device)
        labels = blank.scatter(1, column, own.long())[:, :segments]
        soft = None
        if self.soft is not None:
            flat = torch.zeros(len(group), segments + 1, device=self.device)
            flat = flat.scatter(1, column, self.soft[0][places].float())[:, :segments]
            soft = flat, self.soft[1][here].float()
        return Batch(ids, types, segments, labels, soft)

    def label(self, teacher: Network, tokens: int, seconds: float) -> None:
        """Stores the teacher's logits of as many examples as the time allows; the others are not
        used any more."""
        ends = time.monotonic() + seconds
        sentences = torch.zeros(len(self.ids), dtype=torch.float16, device=self.device)
        passages = torch.zeros(self.count, dtype=torch.float16, device=self.device)
        done = []
        teacher.train(False)
        with torch.inference_mode():
            for number, group in enumerate(self.batches(tokens, np.random.default_rng(5), 0.0)):
                if time.monotonic() > ends:
                    break
                here, places = self.places(group)
                batch = self.batch(group)
                scores, whole = teacher(batch.ids, batch.types, batch.segments)
                closes = batch.ids == SEPARATOR
                segment = (closes.long().cumsum(1) - closes.long()).clamp(max=batch.segments - 1)
                sentences[places] = (scores.gather(1, segment) * closes).half()
                passages[here] = whole.half()
                done.append(group)
                if number % 50 == 0 and self.device.type == "cuda":
                    torch.cuda.synchronize()  # else the clock runs ahead of the work
        self.soft = sentences.clone(), passages.clone()
        self.labelled = np.concatenate(done)


def hard_loss(sentences: Tensor, passage: Tensor, labels: Tensor) -> Tensor:
    """Returns the loss against the labels.

    It is the binary cross-entropy of all sentences, that of all passages, and a ranking loss for
    answering passages with several sentences: the negative log of the share of the answering
    sentences in a softmax over all sentences.
    """
    marked = (labels >= 0).float()
    truth = labels.clamp(min=0).float()
    smooth = truth * (1 - 2 * SMOOTHING) + SMOOTHING
    weights = marked * (1 + (POSITIVE_WEIGHT - 1) * truth)
    bce = functional.binary_cross_entropy_with_logits
    each = bce(sentences, smooth, weight=weights, reduction="sum") / marked.sum().clamp(min=1)
    answered = truth.amax(1)
    whole = bce(passage, answered * (1 - 2 * SMOOTHING) + SMOOTHING)
    choice = ((answered > 0) & (marked.sum(1) > 1)).float()
    among = sentences.masked_fill(marked == 0, -1e4).logsumexp(1)
    right = sentences.masked_fill(labels != 1, -1e4).logsumexp(1)
    ranking = (choice * (among - right)).sum() / choice.sum().clamp(min=1)
    return each + PASSAGE_WEIGHT * whole + RANKING_WEIGHT * ranking


def soft_loss(
    sentences: Tensor, passage: Tensor, labels: Tensor, soft: tuple[Tensor, Tensor]
) -> Tensor:
    """Returns the loss against the teacher: its probabilities, and a little its logits."""
    marked = (labels >= 0).float()
    count = marked.sum().clamp(min=1)
    bce = functional.binary_cross_entropy_with_logits
    each = bce(sentences, soft[0].sigmoid(), weight=marked, reduction="sum") / count
    distance = (marked * (sentences - soft[0].clamp(-MAX_LOGIT, MAX_LOGIT)) ** 2).sum() / count
    whole = bce(passage, soft[1].sigmoid())
    apart = ((passage - soft[1].clamp(-MAX_LOGIT, MAX_LOGIT)) ** 2).mean()
    return each + whole + DISTANCE_WEIGHT * (distance + apart)


def train(network: Network, examples: Examples, pace: Pace, name: str, log: Log) -> None:
    """Trains for the given time: the learning rate rises, then falls to zero, with the clock."""
    network.train()
    optimizer = _optimizer(network, pace)
    rates = [group["lr"] for group in optimizer.param_groups]
    random = np.random.default_rng(3)
    begun = logged = time.monotonic()
    steps = seen = since = 0
    total = torch.zeros((), device=examples.device)
    while True:
        for group in examples.batches(pace.tokens, random, LEAST_BATCH):
            now = time.monotonic()
            progress = (now - begun) / pace.seconds
            if progress >= 1:
                log.write("trained", what=name, seconds=now - begun, steps=steps, examples=seen)
                return
            for each, rate in zip(optimizer.param_groups, rates, strict=True):
                each["lr"] = rate * min(progress / WARM_UP, (1 - progress) / (1 - WARM_UP))
            batch = examples.batch(group)
            sentences, passage = network(batch.ids, batch.types, batch.segments)
            loss = hard_loss(sentences, passage, batch.labels)
            if batch.soft is not None:
                softly = soft_loss(sentences, passage, batch.labels, batch.soft)
                loss = DISTILLED * softly + (1 - DISTILLED) * loss
            optimizer.zero_grad(set_to_none=True)
            loss.backward()  # type: ignore[no-untyped-call]
            torch.nn.utils.clip_grad_norm_(network.parameters(), MAX_GRADIENT_NORM, foreach=True)
            optimizer.step()
            total += loss.detach()
            steps, seen, since = steps + 1, seen + len(group), since + 1
            if now - logged > LOG_INTERVAL:
                mean = float(total) / since
                log.write(
                    "step", what=name, progress=progress, steps=steps, examples=seen, loss=mean
                )
                if not np.isfinite(mean):
                    raise RuntimeError("the loss is not finite")
                total.zero_()
                since, logged = 0, now


def measure(network: Network, examples: Examples) -> dict[str, float]:
    """Returns the AUROC of best sentence plus passage, and how often the best sentence of an
    answering passage answers."""
    network.train(False)
    scores: list[float] = []
    truth: list[bool] = []
    hits: list[bool] = []
    with torch.inference_mode():
        for group in examples.batches(32_768, np.random.default_rng(0), 0.0):
            batch = examples.batch(group)
            sentences, passage = network(batch.ids, batch.types, batch.segments)
            best, at = sentences.masked_fill(batch.labels < 0, -1e4).max(1)
            answers = batch.labels.amax(1) == 1
            right = batch.labels.gather(1, at[:, None])[:, 0] == 1
            scores += (best + passage).tolist()
            truth += answers.tolist()
            hits += right[answers].tolist()
    network.train()
    pairs = list(zip(scores, truth, strict=True))
    found = auroc([s for s, true in pairs if true], [s for s, true in pairs if not true])
    return {"auroc": found, "best": sum(hits) / max(len(hits), 1)}


def main() -> None:
    """Runs the command line."""
    options = _parser().parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    log = Log(options.out)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    kind = torch.bfloat16 if device.type == "cuda" else torch.float32
    torch.manual_seed(1)
    if device.type == "cuda":
        torch.backends.cuda.enable_cudnn_sdp(False)  # it plans again for every shape
    shards = sorted(options.validation.glob("*.npz")) if options.validation else []
    kept = {path.stem: Examples([path], device) for path in shards}
    examples = Examples(sorted(options.examples.glob("*.npz")), device)
    log.write("start", device=str(device), examples=examples.count, tokens=len(examples.ids))

    def measured(network: Network, name: str) -> None:
        for kept_name, each in kept.items():
            log.write("measured", what=name, on=kept_name, **measure(network, each))

    if options.teacher:
        teacher = load_teacher(load_file(options.teacher), DROPOUT, kind).to(device)
        pace = Pace(options.teacher_seconds, options.teacher_tokens, 3.5e-5, 5e-4)
        train(teacher, examples, pace, "teacher", log)
        measured(teacher, "teacher")
        examples.label(teacher, 4 * options.teacher_tokens, options.label_seconds)
        log.write("labelled", examples=len(examples.labelled))
        del teacher
    student = load_student(load_file(options.student), DROPOUT, kind).to(device)
    measured(student, "before")
    pace = Pace(options.seconds, options.tokens, options.rate, 5e-4)
    train(student, examples, pace, "student", log)
    state = {name: value.half() for name, value in reader_state(student).items()}
    _write(options.out, save(state), options.piece)
    measured(student, "student")


def _write(out: Path, content: bytes, piece: int) -> None:
    if not piece:
        (out / "student.fp16.safetensors").write_bytes(content)
        return
    for number, at in enumerate(range(0, len(content), piece)):
        (out / f"student.fp16.safetensors.{number}").write_bytes(content[at : at + piece])


def _optimizer(network: Network, pace: Pace) -> torch.optim.Optimizer:
    heads = [*network.sentence.parameters(), *network.passage.parameters()]
    own = {id(weight) for weight in heads}
    rest = [weight for weight in network.parameters() if id(weight) not in own]
    groups = [
        {"params": [w for w in rest if w.ndim > 1], "lr": pace.rate, "weight_decay": WEIGHT_DECAY},
        {"params": [w for w in rest if w.ndim <= 1], "lr": pace.rate, "weight_decay": 0.0},
        {"params": heads, "lr": pace.head_rate, "weight_decay": 0.0},
    ]
    fused = rest[0].device.type == "cuda"
    return torch.optim.AdamW(groups, betas=(0.9, 0.98), eps=1e-6, fused=fused)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="Train the reader from a teacher.")
    parser.add_argument("--examples", type=Path, required=True, help="folder of shards")
    parser.add_argument("--validation", type=Path, help="folder of shards to measure on")
    parser.add_argument("--student", type=Path, required=True, help="weights to start from")
    parser.add_argument("--teacher", type=Path, help="weights of the teacher's encoder")
    parser.add_argument("--out", type=Path, required=True, help="folder to write to")
    parser.add_argument("--teacher-seconds", type=float, default=190.0)
    parser.add_argument("--label-seconds", type=float, default=62.0)
    parser.add_argument("--seconds", type=float, default=260.0, help="of the student")
    parser.add_argument("--teacher-tokens", type=int, default=24_576, help="in a step")
    parser.add_argument("--tokens", type=int, default=49_152, help="in a step of the student")
    parser.add_argument("--rate", type=float, default=3e-4, help="of the student")
    parser.add_argument("--piece", type=int, default=0, help="bytes of a piece of the output")
    return parser


if __name__ == "__main__":
    main()
