"""How good, on the gold questions and on public sets: `make eval`. Prints, compares and stores.

Each set is a folder of documents with a file of questions (see `corpus.gold`). Its documents are
indexed as a user's would be, and the questions go through the pipeline that serves. The figures of
the last whole run are kept in `results.json`; a run says how far it is from them, and a whole run
takes their place.
"""

import argparse
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.table import Table

from api.assembly.assistant import ensure_index, open_assistant
from api.cli.terminal import ProgressBars
from api.settings import Settings
from assistant.evaluation import Metric, Outcome, bootstrap_mean, compute_metrics, evaluate
from assistant.pipeline import Assistant
from assistant.training.rows import is_validation
from assistant.tuning import is_askable
from corpus.gold import GoldQuestion, read_gold

ROOT = Path(__file__).resolve().parents[2]
SHARED = ROOT.parent / "shared"
RESULTS = Path(__file__).parent / "results.json"

Figures = Mapping[str, Metric]
Ask = Callable[[Sequence[GoldQuestion]], list[Outcome]]


@dataclass(frozen=True)
class PublicSet:
    """A corpus, its files of questions, and what is measured of them."""

    name: str
    corpus: Path
    questions: tuple[Path, ...]
    measure: Callable[[Ask, Sequence[list[GoldQuestion]], Assistant], Figures]


def main(arguments: Sequence[str] | None = None) -> int:
    """Measures the sets that are there and names those that are not."""
    options = _parser().parse_args(arguments)
    stored = json.loads(options.results.read_text("utf-8")) if options.results.exists() else {}
    before = stored.get("sets", {})
    found: dict[str, dict[str, dict[str, float]]] = {}
    for each in public_sets():
        if options.only and each.name not in options.only:
            continue
        if not each.corpus.is_dir():
            print(f"{each.name}: skipped, {each.corpus} is not there")
            continue
        measured = _measured(each, options.every)
        _show(each.name, measured, before.get(each.name, {}), stored.get("date", ""))
        found[each.name] = {name: asdict(figure) for name, figure in measured.items()}
    whole = not options.only and options.every == 1
    if whole and found:
        date = datetime.now(UTC).strftime("%Y-%m-%d")
        kept = {name: found.get(name, before.get(name)) for name in {**before, **found}}
        text = json.dumps({"date": date, "sets": kept}, indent=1)
        options.results.write_text(text + "\n", encoding="utf-8")
        print(f"stored in {options.results}")
    return 0


def _measured(each: PublicSet, every: int) -> Figures:
    settings = Settings(corpus=each.corpus)
    files = [
        [gold for gold in read_gold(path) if is_askable(gold)][::every] for path in each.questions
    ]
    with ProgressBars() as bars:
        ensure_index(settings, bars)
        assistant = open_assistant(settings)

        def ask(questions: Sequence[GoldQuestion]) -> list[Outcome]:
            bars.begin(f"Asking {each.name}", len(questions))
            return evaluate(assistant, questions, assistant.texts, lambda: bars.advance(1))

        try:
            return each.measure(ask, files, assistant)
        finally:
            assistant.generation.close()


# --- what is measured ------------------------------------------------------------------------


def plain(ask: Ask, files: Sequence[list[GoldQuestion]], _: Assistant) -> Figures:
    return compute_metrics(ask(files[0]))


def _squad2(ask: Ask, files: Sequence[list[GoldQuestion]], _: Assistant) -> Figures:
    outcomes = ask(files[0])
    # The reader was trained on some of the documents; only the others tell how it does elsewhere.
    unread = [o for o in outcomes if is_validation(Path(o.gold.document or "").stem)]
    found = dict(compute_metrics(outcomes))
    found |= {f"unread {name}": figure for name, figure in compute_metrics(unread).items()}
    disfluent = compute_metrics(ask(files[1]))
    return found | {f"disfluent {name}": figure for name, figure in disfluent.items()}


def _chroma(ask: Ask, files: Sequence[list[GoldQuestion]], assistant: Assistant) -> Figures:
    outcomes = ask(files[0])
    texts = dict(_documents(assistant))
    first = [float(_holds_copy(o, texts)) for o in outcomes if o.gold.spans]
    cited = [_overlap(o) for o in outcomes if o.gold.spans]
    return {
        **compute_metrics(outcomes),
        "hit@1 any copy": bootstrap_mean(first),
        "character recall": bootstrap_mean([recall for recall, _ in cited]),
        "character IoU": bootstrap_mean([iou for _, iou in cited]),
    }


def _mtragun(ask: Ask, files: Sequence[list[GoldQuestion]], _: Assistant) -> Figures:
    leaning = [gold for gold in files[0] if gold.history and gold.answerable and gold.document]
    alone = compute_metrics(ask([replace(gold, history=()) for gold in leaning]))
    told = compute_metrics(ask(leaning))
    found = {**compute_metrics(ask(files[0])), "follow-ups rr@5": told["rr@5"]}
    return found | {"follow-ups without history rr@5": alone["rr@5"]}


def _noiseqa(ask: Ask, files: Sequence[list[GoldQuestion]], _: Assistant) -> Figures:
    clean, *noisy = (ask(questions) for questions in files)
    found = dict(compute_metrics(clean))
    right = found["right"].value
    for path, outcomes in zip(_noise_files()[1:], noisy, strict=True):
        name = path.stem.removeprefix("questions_").replace("_", " ")
        figure = compute_metrics(outcomes)["right"]
        share = Metric(figure.value / right, figure.low / right, figure.high / right, figure.count)
        found |= {f"{name} right": figure, f"{name} share of clean": share}
    return found


def _documents(assistant: Assistant) -> list[tuple[str, str]]:
    return [
        (each.path, assistant.texts.read(each.sha256))
        for each in assistant.generation.manifest.documents
    ]


def _holds_copy(outcome: Outcome, texts: Mapping[str, str]) -> bool:
    """Whether the first hit holds half of a gold span, or of another copy of its text."""
    if not outcome.hits:
        return False
    passage = " ".join(outcome.hits[0].passage.text.split())
    for start, end in outcome.gold.spans:
        span = " ".join(texts[str(outcome.gold.document)][start:end].split())
        half = (len(span) + 1) // 2
        if span[:half] in passage or span[-half:] in passage:
            return True
    return outcome.ranks["hit@1"] == 1.0


def _overlap(outcome: Outcome) -> tuple[float, float]:
    """Recall of the gold characters by the cited ones, and intersection over union."""
    gold = {i for start, end in outcome.gold.spans for i in range(start, end)}
    cited = {(c.document, i) for c in outcome.answer.citations for i in range(c.start, c.end)}
    common = sum((outcome.gold.document, i) in cited for i in gold)
    return common / len(gold), common / (len(gold) + len(cited) - common)


# --- the sets ----------------------------------------------------------------------------------


def public_sets() -> list[PublicSet]:
    def public(name: str, measure: Callable[..., Figures], *questions: str) -> PublicSet:
        folder = SHARED / "eval" / name
        files = tuple(folder / f"{each}.jsonl" for each in questions or ("questions",))
        return PublicSet(name, folder / "documents", files, measure)

    gold = ROOT / "corpus" / "gold" / "faq.jsonl"
    scrapes = Path(__file__).parent / "scrapes.jsonl"
    return [
        PublicSet("gold", ROOT / "corpus" / "documents", (gold,), plain),
        PublicSet("scrapes", SHARED / "material", (scrapes,), plain),
        public("squad2", _squad2, "questions", "questions_disfluent"),
        public("stici", plain),
        public("mtragun", _mtragun),
        public("chroma", _chroma),
        PublicSet("noiseqa", _noise_files()[0].parent / "documents", _noise_files(), _noiseqa),
        public("hint3", plain),
        public("policyqa", plain),
    ]


def _noise_files() -> tuple[Path, ...]:
    folder = SHARED / "eval" / "noiseqa"
    return folder / "questions.jsonl", *sorted(folder.glob("questions_*.jsonl"))


# --- the table ---------------------------------------------------------------------------------


def _show(name: str, found: Figures, before: Mapping[str, Mapping[str, float]], date: str) -> None:
    since = f"since {date}" if date else "since"
    table = Table(name, "value", since, "95 %", "n", box=None, pad_edge=False)
    for measure, figure in found.items():
        was = before.get(measure)
        change = f"{figure.value - was['value']:+.3f}" if was else "new"
        interval = f"{figure.low:.3f} to {figure.high:.3f}"
        table.add_row(measure, f"{figure.value:.3f}", change, interval, str(figure.count))
    console = Console(highlight=False, width=100)
    console.print(table)
    console.print()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", nargs="+", metavar="SET", help="these sets; stores nothing")
    parser.add_argument(
        "--every", type=int, default=1, metavar="N", help="every Nth question; stores nothing"
    )
    parser.add_argument("--results", type=Path, default=RESULTS)
    return parser


if __name__ == "__main__":
    sys.exit(main())
