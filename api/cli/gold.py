"""`assistant gold draft`: proposes gold questions, which a person accepts, edits or drops."""

import json
import os
import sys
from argparse import Namespace
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.text import Text

from api.assembly.assistant import ensure_index, open_passages, open_texts
from api.cli.keyboard import edit_line, read_key
from api.cli.terminal import ProgressBars, place_in_file, warn_skipped
from api.errors import OutputUnwritable
from api.exit_codes import DONE
from api.settings import load_settings
from api.text import printable, printable_json
from assistant.drafting.drafts import Draft
from assistant.drafting.proposals import propose
from corpus.gold import read_gold

_MAX_SHOWN = 1200  # characters of a passage
_KEYS = "y accept   e edit the question   n drop   q quit"
# Behind the name of the gold file: the questions that were dropped, which are not proposed again.
_DROPPED = ".dropped"


def run(arguments: Namespace) -> int:
    """Proposes drafts in a terminal; without one, or with --accept-all, takes them all."""
    settings = load_settings(arguments.corpus, arguments.data)
    out: Path = arguments.out
    with ProgressBars() as bars:
        corpus = ensure_index(settings, bars)
    warn_skipped(corpus.unreadable)
    passages = open_passages(settings)
    drafts = islice(propose(passages, _known(out)), arguments.count)
    if arguments.accept_all:
        added = _append(out, (draft.record() for draft in drafts))
        print(f"{added} questions added to {out}")
    elif not (sys.stdin.isatty() and sys.stdout.isatty()):
        for draft in drafts:
            print(printable_json(json.dumps(draft.record(), ensure_ascii=False)))
    else:
        texts = open_texts(settings)

        def place(draft: Draft) -> str:
            text = texts.read(draft.passage.sha256)
            return place_in_file(draft.passage.document, text, *draft.span)

        _review(list(drafts), out, place)
    return DONE


def _known(out: Path) -> list[str]:
    """The questions that the file has, and those that were dropped."""
    known = (
        [gold.question for gold in read_gold(out)] if out.exists() and out.stat().st_size else []
    )
    dropped = Path(f"{out}{_DROPPED}")
    if dropped.exists():
        known += dropped.read_text(encoding="utf-8").splitlines()
    return known


def _review(drafts: list[Draft], out: Path, place: Callable[[Draft], str]) -> None:
    """Shows each draft and does what the key says. Each answer is written at once, so that leaving
    loses nothing."""
    console = Console(highlight=False)
    added = 0
    for number, draft in enumerate(drafts, start=1):
        console.print(_shown(draft, f"{number} of {len(drafts)}", place(draft)), soft_wrap=True)
        key = read_key("yenq")
        if key == "q":
            break
        if key == "n":
            _write(Path(f"{out}{_DROPPED}"), draft.question)
            continue
        if key == "e":
            _write(Path(f"{out}{_DROPPED}"), draft.question)
            draft = draft.edited(edit_line("question: ", draft.question) or draft.question)  # noqa: PLW2901
        added += _append(out, [draft.record()])
    console.print(f"{added} questions added to {out}; run the command again to go on", markup=False)


def _shown(draft: Draft, position: str, place: str) -> Text:
    text = Text()
    text.append(f"\n{position}, {draft.kind}, {printable(place)}\n", "dim")
    text.append_text(_passage(draft))
    text.append(f"\n{printable(draft.question)}\n", "bold")
    text.append("no answer in the documents\n" if not draft.is_answerable else "")
    text.append(_KEYS, "dim")
    return text


def _passage(draft: Draft) -> Text:
    """The passage around the span, which is marked."""
    passage = draft.passage
    start, end = (at - passage.start for at in draft.span)
    first = max(0, min(start, end - _MAX_SHOWN))
    last = first + _MAX_SHOWN
    shown = [passage.text[a:b] for a, b in ((first, start), (start, min(end, last)), (end, last))]
    before, marked, behind = (printable(part) for part in shown)
    style = "reverse" if draft.is_answerable else ""
    return Text.assemble(before, (marked, style), behind, "\n")


def _append(out: Path, records: Iterable[dict[str, Any]]) -> int:
    """Adds rows with new ids to the file; returns how many."""
    count = 0
    for number, record in zip(_numbers(out), records, strict=False):
        _write(out, json.dumps({"id": f"draft-{number:03}", **record}, ensure_ascii=False))
        count += 1
    return count


def _numbers(out: Path) -> Iterator[int]:
    """The numbers that no row of the file has, ascending."""
    ids = {gold.id for gold in read_gold(out)} if out.exists() and out.stat().st_size else set()
    number = 1
    while True:
        if f"draft-{number:03}" not in ids:
            yield number
        number += 1


def _write(path: Path, line: str) -> None:
    """Adds a line and waits until it is on the disk. Raises OutputUnwritable."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a+", encoding="utf-8") as file:
            file.seek(0, os.SEEK_END)
            file.write(f"{'' if _ends_line(path) else chr(10)}{line}\n")
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise OutputUnwritable(f"cannot write {path} ({error.strerror})") from error


def _ends_line(path: Path) -> bool:
    """Whether the file is empty or ends with a line break."""
    with path.open("rb") as file:
        if not file.seek(0, os.SEEK_END):
            return True
        file.seek(-1, os.SEEK_END)
        return file.read(1) == b"\n"
