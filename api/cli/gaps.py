"""`assistant gaps`: lists questions without a good answer, and a person answers or hides them."""

import sys
import time
from argparse import Namespace
from collections.abc import Sequence
from contextlib import closing
from datetime import UTC, datetime

from api.assembly.assistant import open_texts
from api.errors import AdditionInvalid, DatabaseMissing
from api.exit_codes import DONE
from api.service.additions import MAX_ANSWER_CHARS, FaqAdditions
from api.service.gaps import GapGroup, find_group, group_gaps, load_gaps
from api.settings import Settings, load_settings
from api.store.database import Database
from api.store.gaps import Gaps
from api.text import count, printable, printable_json, truncate
from api.wire.gaps import GapBody, GapsBody
from index.encoders import load_encoder

_MAX_SHOWN = 20  # groups
_MAX_TEXT = 300  # characters of a passage
_DAY = 24 * 3600.0
_GOLD_FILE = "gaps.jsonl"


def run(arguments: Namespace) -> int:
    """Prints the groups, or what was done with one."""
    settings = load_settings(arguments.corpus, arguments.data)
    try:
        database = Database.open(settings.database_url, create=False)
    except DatabaseMissing:
        _run(settings, None, arguments)
    else:
        with closing(database):
            _run(settings, Gaps(database), arguments)
    return DONE


def _run(settings: Settings, gaps: Gaps | None, arguments: Namespace) -> None:
    groups = _groups(settings, gaps, arguments.since) if gaps else []
    if not arguments.action:
        _print(groups, as_json=arguments.json)
        return
    group = find_group(groups, arguments.id)
    assert gaps  # else there is no group
    if arguments.action == "accept":
        _accept(settings, gaps, group, arguments)
    else:
        gaps.dismiss(group.members)
        print(f"Dismissed: {printable(group.question)}")


def _groups(settings: Settings, gaps: Gaps, days: float | None) -> list[GapGroup]:
    encoder = load_encoder(settings.encoders_folder, settings.encoder)
    found = load_gaps(gaps, encoder, time.time() - days * _DAY if days else 0.0)
    return group_gaps(found, open_texts(settings).read)


def _accept(settings: Settings, gaps: Gaps, group: GapGroup, arguments: Namespace) -> None:
    question = arguments.question or group.question
    answer = _read_answer(group, question, arguments.answer)
    additions = FaqAdditions(
        settings.corpus,
        settings.gold_folder / _GOLD_FILE,
        settings.data_folder / "additions.lock",
    )
    entry = additions.add(arguments.file, question, answer, f"gap-{group.id}")
    gaps.delete(group.members)
    print(
        f"Added to {settings.corpus / entry.document}, with a gold question in "
        f"{settings.gold_folder / _GOLD_FILE}.\n"
        "A running service indexes it now; without one, run `assistant index`."
    )


def _read_answer(group: GapGroup, question: str, given: str | None) -> str:
    """The answer of the person: an argument, standard input, or asked for in a terminal."""
    if given is not None:
        return sys.stdin.read(MAX_ANSWER_CHARS + 1) if given == "-" else given
    if not sys.stdin.isatty():
        raise AdditionInvalid("there is no answer: give it with --answer")
    print(printable("\n".join([question, *_draft_lines(group)])))
    print("Write the answer; an empty line ends it, and nothing is added if it is empty.")
    lines = list(iter(input, ""))
    if not lines:
        raise AdditionInvalid("there is no answer: nothing was added")
    return "\n".join(lines)


def _print(groups: Sequence[GapGroup], *, as_json: bool) -> None:
    if as_json:
        body = GapsBody(gaps=tuple(map(GapBody.of, groups)))
        print(printable_json(body.model_dump_json(indent=1)))
        return
    if not groups:
        print("no gaps: no question was refused or voted down")
    for group in groups[:_MAX_SHOWN]:
        print(printable("\n".join([*_lines(group), ""])))
    if more := len(groups[_MAX_SHOWN:]):
        print(f"and {count(more, 'more group')}: --json has all")


def _lines(group: GapGroup) -> list[str]:
    day = datetime.fromtimestamp(group.last_seen, UTC).date().isoformat()
    reasons = ", ".join(f"{n} {reason.replace('_', ' ')}" for reason, n in group.reasons.items())
    return [
        f"{group.id}  {group.question}",
        f"  {reasons}; last on {day}",
        *(f"  also: {example}" for example in group.examples),
        *_draft_lines(group),
    ]


def _draft_lines(group: GapGroup) -> list[str]:
    lines = [f"  near: {each.document}" for each in group.evidence[1:]]
    if group.evidence:
        text = truncate(" ".join(group.draft.answer.split()), _MAX_TEXT)
        lines.insert(0, f"  draft from {group.evidence[0].document}, to be checked: {text}")
    return lines
