"""`assistant audit`: compares the answers of an FAQ with the documents."""

import json
from argparse import Namespace
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from api.assembly.assistant import ensure_index, open_auditor, open_texts
from api.cli.terminal import ProgressBars, place_in_file, warn, warn_skipped
from api.exit_codes import CHECK_FAILED, DONE
from api.settings import load_settings
from api.text import printable, printable_json
from assistant.audit.overlaps import Overlap
from assistant.audit.pairs import FaqPair, pairs_of, unanswered
from assistant.audit.verdicts import Audit, PairVerdict, SentenceVerdict, Verdict
from assistant.claims import Support
from assistant.errors import FaqInvalid
from corpus.loader import load_file
from index.manifest import Manifest

_Place = Callable[[Support], str]


def run(arguments: Namespace) -> int:
    """Prints the verdicts; returns CHECK_FAILED if an answer is contradicted, by the documents or
    by another pair."""
    settings = load_settings(arguments.corpus, arguments.data)
    loaded, sha256 = load_file(arguments.faq, settings.file_limits)
    pairs = [pair for document in loaded.documents for pair in pairs_of(document)]
    if not pairs:
        raise FaqInvalid(f"{arguments.faq} has no question with an answer")
    lacking = [each for document in loaded.documents for each in unanswered(document)]
    warn(f"{arguments.faq}: {note}" for note in (*loaded.notes, *lacking))
    with ProgressBars() as bars:
        corpus = ensure_index(settings, bars)
        auditor = open_auditor(settings)
        own = _own_documents(auditor.manifest, sha256, {each.sha256 for each in loaded.documents})
        bars.begin("Auditing", len(pairs))
        audit = auditor.audit(pairs, own, lambda: bars.advance(1))
    warn_skipped(corpus.unreadable)
    texts = open_texts(settings)

    def place(support: Support) -> str:
        passage, unit = support.passage, support.unit
        text = texts.read(passage.sha256)
        return place_in_file(passage.document, text, unit.start, unit.end)

    if arguments.json:
        print(printable_json(json.dumps(_record(audit, place), ensure_ascii=False, indent=2)))
    else:
        _print(audit, arguments.faq, place)
    is_contradicted = any(each.verdict is Verdict.CONTRADICTED for each in audit.pairs)
    return CHECK_FAILED if is_contradicted or any(map(_conflicts, audit.overlaps)) else DONE


def _own_documents(manifest: Manifest, sha256: str, texts: Iterable[str]) -> set[str]:
    """The documents of the index that were made of the FAQ's file, or of one with its texts."""
    of_file = {
        document
        for source in manifest.sources
        if source.sha256 == sha256
        for document, _ in source.documents
    }
    known = set(texts)
    return of_file | {each.path for each in manifest.documents if each.sha256 in known}


def _conflicts(overlap: Overlap) -> bool:
    return overlap.difference is not None


def _print(audit: Audit, faq: Path, place: _Place) -> None:
    console = Console(highlight=False)
    table = Table("place", "verdict", "question", "source", box=None, pad_edge=False)
    for judged in audit.pairs:
        source = next((each.source for each in _weightiest(judged) if each.source), None)
        cells = (
            judged.pair.place,
            judged.verdict,
            judged.pair.question,
            place(source) if source else "",
        )
        table.add_row(*(escape(printable(cell)) for cell in cells))
    console.print(table)
    lines = [""]
    lines += [line for judged in audit.pairs for line in _contradictions(judged, place)]
    lines += [line for overlap in audit.overlaps for line in _overlap_lines(overlap)]
    lines += [_summary(audit, faq)]
    console.print(printable("\n".join(lines)), markup=False, soft_wrap=True)


def _weightiest(judged: PairVerdict) -> list[SentenceVerdict]:
    """The sentences, those first that have the verdict of the pair."""
    return sorted(judged.sentences, key=lambda each: each.verdict is not judged.verdict)


def _contradictions(judged: PairVerdict, place: _Place) -> Iterable[str]:
    for each in judged.sentences:
        if each.source and each.difference:
            said, instead = each.difference.said, each.difference.instead
            yield f"{judged.pair.place}: {each.text}"
            yield f"  says {said}, but {place(each.source)} says {instead}:"
            yield f"    {each.source.text}"


def _overlap_lines(overlap: Overlap) -> Iterable[str]:
    one, other, found = overlap.one, overlap.other, overlap.difference
    what = f"contradict each other ({found.said}, {found.instead})" if found else "ask the same"
    yield f"{one.place} and {other.place} {what}: {one.question} / {other.question}"


def _summary(audit: Audit, faq: Path) -> str:
    counts = Counter(each.verdict for each in audit.pairs)
    verdicts = ", ".join(f"{counts[verdict]} {verdict}" for verdict in Verdict)
    conflicts = sum(map(_conflicts, audit.overlaps))
    return (
        f"{len(audit.pairs)} pairs in {faq}: {verdicts}. {len(audit.overlaps)} ask the same as "
        f"another, {conflicts} of them with contradicting answers."
    )


def _record(audit: Audit, place: _Place) -> dict[str, Any]:
    counts = Counter(each.verdict for each in audit.pairs)
    return {
        "counts": {verdict: counts[verdict] for verdict in Verdict},
        "pairs": [
            {
                **_pair_record(judged.pair),
                "answer": judged.pair.answer,
                "verdict": judged.verdict,
                "sentences": [_sentence_record(each, place) for each in judged.sentences],
            }
            for judged in audit.pairs
        ],
        "overlaps": [
            {
                "pairs": [_pair_record(each.one), _pair_record(each.other)],
                "difference": _difference_record(each),
            }
            for each in audit.overlaps
        ],
    }


def _pair_record(pair: FaqPair) -> dict[str, Any]:
    return {"place": pair.place, "question": pair.question}


def _sentence_record(sentence: SentenceVerdict, place: _Place) -> dict[str, Any]:
    record: dict[str, Any] = {"text": sentence.text, "verdict": sentence.verdict}
    if source := sentence.source:
        passage, unit = source.passage, source.unit
        record |= {
            "document": passage.document,
            "sha256": passage.sha256,
            "start": unit.start,
            "end": unit.end,
            "place": place(source),
            "quote": passage.source(unit),
            "difference": _difference_record(sentence),
        }
    return record


def _difference_record(each: SentenceVerdict | Overlap) -> dict[str, str] | None:
    found = each.difference
    return {"kind": found.kind, "said": found.said, "instead": found.instead} if found else None
