"""Measures the quality of answers on the gold questions and on public data sets: `make eval`.

A data set is a folder of documents with files of questions (see `corpus.gold`). Its documents are
indexed like a user's, and its questions go through the pipeline that serves. `results.json` holds
the metrics of the last complete run: every run prints the change since then, a complete run
replaces them. Every wrong answer is written to a file of the set, with the step that lost it.
"""

import argparse
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, astuple, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.table import Table

from api.assembly.assistant import ensure_index, open_assistant, open_texts
from api.cli.terminal import ProgressBars
from api.settings import Settings
from assistant.evaluation import (
    Metric,
    Outcome,
    bootstrap_mean,
    compute_metrics,
    evaluate,
    outcome_record,
)
from assistant.grading import has_keywords
from assistant.losses import count_losses
from assistant.training.rows import is_validation
from assistant.tuning import is_askable
from corpus.gold import GoldQuestion, read_gold

ROOT = Path(__file__).resolve().parents[2]
SHARED = ROOT.parent / "shared"
RESULTS = Path(__file__).parent / "results.json"
ERRORS = ROOT / ".assistant" / "errors"

Metrics = Mapping[str, Metric]
Ask = Callable[[Sequence[GoldQuestion]], list[Outcome]]
Texts = Callable[[], Mapping[str, str]]  # the documents' texts by path


@dataclass(frozen=True)
class DataSet:
    """A folder of documents, its files of questions, and how they are measured."""

    name: str
    corpus: Path
    questions: tuple[Path, ...]
    measure: Callable[[Ask, Sequence[list[GoldQuestion]], Texts], Metrics]


def main(arguments: Sequence[str] | None = None) -> int:
    """Measures the data sets on this machine and names those that are missing."""
    options = _parser().parse_args(arguments)
    stored = json.loads(options.results.read_text("utf-8")) if options.results.exists() else {}
    before = stored.get("sets", {})
    found: dict[str, dict[str, dict[str, float]]] = {}
    for each in data_sets():
        if options.only and each.name not in options.only:
            continue
        if not each.corpus.is_dir():
            print(f"{each.name}: skipped, {each.corpus} does not exist")
            continue
        metrics, outcomes = _measure(each, options.every)
        _show(each.name, metrics, before.get(each.name, {}), stored.get("date", ""))
        _write_errors(options.errors / f"{each.name.replace('/', '-')}.jsonl", outcomes)
        found[each.name] = {name: asdict(metric) for name, metric in metrics.items()}
    if found and not options.only and options.every == 1:
        date = datetime.now(UTC).strftime("%Y-%m-%d")
        text = json.dumps({"date": date, "sets": {**before, **found}}, indent=1)
        options.results.write_text(text + "\n", encoding="utf-8")
        print(f"stored in {options.results}")
    return 0


def _measure(each: DataSet, every: int) -> tuple[Metrics, list[Outcome]]:
    """The metrics of a data set, and all answers that they were computed from."""
    outcomes: list[Outcome] = []
    settings = Settings(corpus=each.corpus)
    files = [
        [gold for gold in read_gold(path) if is_askable(gold)][::every] for path in each.questions
    ]
    with ProgressBars() as bars:
        ensure_index(settings, bars)
        assistant, store = open_assistant(settings), open_texts(settings)

        def ask(questions: Sequence[GoldQuestion]) -> list[Outcome]:
            bars.begin(f"Asking {each.name}", len(questions))
            outcomes.extend(evaluate(assistant, questions, store, lambda: bars.advance(1)))
            return outcomes[-len(questions) :]

        def texts() -> Mapping[str, str]:
            documents = assistant.generation.manifest.documents
            return {document.path: store.read(document.sha256) for document in documents}

        try:
            return each.measure(ask, files, texts), outcomes
        finally:
            assistant.generation.close()


# --- metrics -------------------------------------------------------------------------------------


def answer_metrics(ask: Ask, files: Sequence[list[GoldQuestion]], _: Texts) -> Metrics:
    return compute_metrics(ask(files[0]))


def _squad2(ask: Ask, files: Sequence[list[GoldQuestion]], _: Texts) -> Metrics:
    outcomes = ask(files[0])
    # The reader was trained on the other documents.
    validation = [o for o in outcomes if is_validation(Path(o.gold.document or "").stem)]
    found = dict(compute_metrics(outcomes))
    found |= {f"validation {name}": each for name, each in compute_metrics(validation).items()}
    disfluent = compute_metrics(ask(files[1]))
    return found | {f"disfluent {name}": each for name, each in disfluent.items()}


def _chroma(ask: Ask, files: Sequence[list[GoldQuestion]], texts: Texts) -> Metrics:
    outcomes = ask(files[0])
    text_of = texts()
    first = [float(_holds_copy(o, text_of)) for o in outcomes if o.gold.spans]
    cited = [_overlap(o) for o in outcomes if o.gold.spans]
    return {
        **compute_metrics(outcomes),
        "hit@1 any copy": bootstrap_mean(first),
        "character recall": bootstrap_mean([recall for recall, _ in cited]),
        "character IoU": bootstrap_mean([iou for _, iou in cited]),
    }


def _mtragun(ask: Ask, files: Sequence[list[GoldQuestion]], _: Texts) -> Metrics:
    follow_ups = [gold for gold in files[0] if gold.history and gold.answerable and gold.document]
    alone = compute_metrics(ask([replace(gold, history=()) for gold in follow_ups]))
    with_history = compute_metrics(ask(follow_ups))
    return {
        **compute_metrics(ask(files[0])),
        "follow-ups rr@5": with_history["rr@5"],
        "follow-ups without history rr@5": alone["rr@5"],
    }


def _noiseqa(ask: Ask, files: Sequence[list[GoldQuestion]], _: Texts) -> Metrics:
    clean, *noisy = (ask(questions) for questions in files)
    found = dict(compute_metrics(clean))
    right = found["right"].value
    for path, outcomes in zip(_noise_files()[1:], noisy, strict=True):
        name = path.stem.removeprefix("questions_").replace("_", " ")
        noisy_right = compute_metrics(outcomes)["right"]
        value, low, high, count = astuple(noisy_right)
        share = Metric(value / right, low / right, high / right, count)
        found |= {f"{name} right": noisy_right, f"{name} share of clean": share}
    return found


def _holds_copy(outcome: Outcome, texts: Mapping[str, str]) -> bool:
    """Whether the first hit contains half of a gold span, or half of another copy of its text."""
    if not outcome.passages:
        return False
    passage = " ".join(outcome.passages[0].text.split())
    for start, end in outcome.gold.spans:
        span = " ".join(texts[str(outcome.gold.document)][start:end].split())
        half = (len(span) + 1) // 2
        if span[:half] in passage or span[-half:] in passage:
            return True
    return outcome.retrieval["hit@1"] == 1.0


def _overlap(outcome: Outcome) -> tuple[float, float]:
    """Returns the share of gold characters that are cited, and intersection over union."""
    gold = {i for start, end in outcome.gold.spans for i in range(start, end)}
    cited = {(c.document, i) for c in outcome.answer.citations for i in range(c.start, c.end)}
    common = sum((outcome.gold.document, i) in cited for i in gold)
    return common / len(gold), common / (len(gold) + len(cited) - common)


# --- data sets -----------------------------------------------------------------------------------


def folder_metrics(ask: Ask, files: Sequence[list[GoldQuestion]], _: Texts) -> Metrics:
    """Measures a folder of real documentation, whose questions have keywords."""
    outcomes = ask(files[0])
    answerable = [o for o in outcomes if o.gold.answerable]
    answered = [o for o in answerable if not o.refused]
    others = [o for o in outcomes if not o.gold.answerable]
    alone = [o for o in answerable if not o.gold.history]
    facts = [float(not o.refused and has_keywords(o.gold, o.answer)) for o in alone]
    found = compute_metrics(alone)
    return {
        "right: cited and all facts": bootstrap_mean([float(bool(o.right)) for o in answerable]),
        "all facts, without history": bootstrap_mean(facts),
        "unanswerable refused": bootstrap_mean([float(o.refused) for o in others]),
        "wrongly refused": bootstrap_mean([float(o.refused) for o in answerable]),
        "words of answer and quotes": bootstrap_mean([_words_shown(o) for o in answered]),
        "character IoU": bootstrap_mean([_overlap(o)[1] for o in answered if o.gold.spans]),
        **{name: found[name] for name in ("hit@1", "hit@5")},
    }


def _words_shown(outcome: Outcome) -> float:
    shown = [outcome.answer.text, *(c.quote for c in outcome.answer.citations)]
    return float(len(" ".join(shown).split()))


def data_sets() -> list[DataSet]:
    """Returns all data sets, whether they are on this machine or not."""

    def public(name: str, measure: Callable[..., Metrics], *questions: str) -> DataSet:
        folder = SHARED / "eval" / name
        files = tuple(folder / f"{each}.jsonl" for each in questions or ("questions",))
        return DataSet(name, folder / "documents", files, measure)

    gold = ROOT / "corpus" / "gold" / "faq.jsonl"
    scrapes = Path(__file__).parent / "scrapes.jsonl"
    return [
        DataSet("gold", ROOT / "corpus" / "documents", (gold,), answer_metrics),
        DataSet("scrapes", SHARED / "material", (scrapes,), answer_metrics),
        public("squad2", _squad2, "questions", "questions_disfluent"),
        public("stici", answer_metrics),
        public("mtragun", _mtragun),
        public("chroma", _chroma),
        DataSet("noiseqa", _noise_files()[0].parent / "documents", _noise_files(), _noiseqa),
        public("hint3", answer_metrics),
        public("policyqa", answer_metrics),
        *(
            public(f"folders/{path.parent.name}", folder_metrics)
            for path in sorted((SHARED / "eval" / "folders").glob("*/questions.jsonl"))
        ),
        *(
            DataSet(path.parent.name, path.parent / "documents", (path,), folder_metrics)
            for path in sorted((Path(__file__).parent / "folders").glob("*/questions.jsonl"))
        ),
    ]


def _noise_files() -> tuple[Path, ...]:
    folder = SHARED / "eval" / "noiseqa"
    return folder / "questions.jsonl", *sorted(folder.glob("questions_*.jsonl"))


# --- output --------------------------------------------------------------------------------------


def _show(name: str, found: Metrics, before: Mapping[str, Mapping[str, float]], date: str) -> None:
    since = f"since {date}" if date else "since"
    table = Table(name, "value", since, "95 %", "n", box=None, pad_edge=False)
    for key, metric in found.items():
        old = before.get(key)
        change = f"{metric.value - old['value']:+.3f}" if old else "new"
        interval = f"{metric.low:.3f} to {metric.high:.3f}"
        table.add_row(key, f"{metric.value:.3f}", change, interval, str(metric.count))
    console = Console(highlight=False, width=100)
    console.print(table)
    console.print()


def _write_errors(path: Path, outcomes: Sequence[Outcome]) -> None:
    """Writes the wrong answers, and prints how many each step lost."""
    wrong = [outcome for outcome in outcomes if outcome.loss]
    path.parent.mkdir(parents=True, exist_ok=True)
    records = (json.dumps(outcome_record(each), ensure_ascii=False) for each in wrong)
    path.write_text("".join(f"{record}\n" for record in records), encoding="utf-8")
    counts = count_losses(outcome.loss for outcome in wrong)
    shown = ", ".join(f"{loss} {count}" for loss, count in counts.items())
    print(f"wrong answers: {shown or 'none'} ({path})\n")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--only", nargs="+", metavar="SET", help="measure only these; stores nothing"
    )
    parser.add_argument(
        "--every", type=int, default=1, metavar="N", help="take every Nth question; stores nothing"
    )
    parser.add_argument("--results", type=Path, default=RESULTS)
    parser.add_argument("--errors", type=Path, default=ERRORS, help="folder of the wrong answers")
    return parser


if __name__ == "__main__":
    sys.exit(main())
