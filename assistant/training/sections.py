"""Loads questions over sections of documentation, rendered as serving renders them.

A line of such a file has `question`, `title`, `repo`, `kind` ("heading" if the question is a
heading that does not ask) and `blocks`: `type` (heading, paragraph, list_item, step, code or
table_row), `text`, whether it is part of the `answer`, and `own` on the heading that is the
question; `sentences` holds `[block, start, end, answer]` for blocks of several sentences.

The blocks are written as Markdown and split like any document. So lists, code and tables look in
training as they do in serving. Each passage gives a row.
"""

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from random import Random
from typing import Any

from assistant.training.rows import Row
from corpus.document import Kind, Passage, Span
from corpus.parsing import parse_document
from corpus.splitter import split
from index.rendering import unit_text

SOURCE = "sections"
# One repository in this many is for validation only.
_FOLDS = 5
# Passages of a context that do not answer, by words shared with the question.
_MAX_OTHERS = 2

_WORD = re.compile(r"\w+")
_HOW_TO = re.compile(r"^how to\s+", re.IGNORECASE)
_DOING = re.compile(r"^[A-Z]?[a-z]+ing\b")
_HOW_DO_I = ("How do I {}?", "how can I {}", "What is the way to {}?", "how do you {}?")
_ABOUT_DOING = ("How does {} work?", "what is there to know about {}", "How do I go about {}?")
_ABOUT = ("What about {}?", "what do the documents say about {}", "{}", "Tell me about {}")


def load_sections(path: Path) -> list[Row]:
    """Loads one row for every passage that answers, and for the two passages of each context that
    come nearest without answering. The row's document is the repository."""
    rows = []
    with path.open(encoding="utf-8") as lines:
        for raw in map(json.loads, lines):
            rows += _rows(raw)
    return rows


def is_validation_repository(name: str) -> bool:
    """Whether a repository ("owner/name") is not trained on; decided by its hash."""
    return int(hashlib.sha256(name.encode()).hexdigest(), 16) % _FOLDS == 0


def as_question(heading: str, random: Random) -> str:
    """Returns a question for a heading: "How do I ...?" for "How to ...", else what it is about."""
    bare = heading.strip().rstrip("?.:")
    if _HOW_TO.match(bare):
        return random.choice(_HOW_DO_I).format(_HOW_TO.sub("", bare))
    forms = _ABOUT_DOING if _DOING.match(bare) else _ABOUT
    is_name = bare[1:2].isupper() or bare[:1].islower()
    return random.choice(forms).format(bare if is_name else bare[:1].lower() + bare[1:])


def _rows(raw: Mapping[str, Any]) -> list[Row]:
    text, answers = _markdown(raw)
    passages = [each for each in split(parse_document("page.md", text)) if each.units]
    rows = [_row(raw, passage, answers) for passage in passages]
    rows = [row for row in rows if row.sentences]
    words = _words(raw["question"])
    others = sorted(
        (row for row in rows if not row.answerable and not row.is_own_heading),
        key=lambda row: -len(words & _words(f"{row.heading} {' '.join(row.sentences)}")),
    )
    return [row for row in rows if row.answerable] + others[:_MAX_OTHERS]


def _row(raw: Mapping[str, Any], passage: Passage, answers: Sequence[Span]) -> Row:
    units = [unit for unit in passage.units if unit.kind is not Kind.HEADER]
    heading = passage.question or (passage.headings[-1] if passage.headings else "")
    return Row(
        source=SOURCE,
        question=raw["question"].strip(),
        title=raw["title"].strip(),
        sentences=tuple(unit_text(passage, unit) for unit in units),
        answering=frozenset(
            number
            for number, unit in enumerate(units)
            if any(unit.start < end and start < unit.end for start, end in answers)
        ),
        document=raw["repo"],
        heading="" if heading == raw["title"].strip() else heading,
        is_own_heading=_key(heading) == _key(raw["question"]),
        is_heading=raw["kind"] == "heading",
    )


def _markdown(raw: Mapping[str, Any]) -> tuple[str, list[Span]]:
    """Returns the context as a Markdown document, and the spans that answer."""
    parts = [f"# {_line(raw['title'])}\n"]
    size = len(parts[0])
    answers: list[Span] = []
    inside = _answering_spans(raw)
    columns: list[str] | None = None
    before = ""
    for number, block in enumerate(raw["blocks"]):
        kind = block["type"]
        cells = _cells(block) if kind == "table_row" else None
        names = [name for name, _ in cells] if cells else None
        lines = "" if kind == before and kind in ("list_item", "step") else "\n"
        if cells and names:
            if names == columns:
                lines = ""
            else:
                lines += f"| {' | '.join(names)} |\n|{'---|' * len(names)}\n"
        columns = names
        head, body, tail = _mark(block, kind, cells)
        parts += [lines, head, body, tail]
        start = size + len(lines) + len(head)
        size = start + len(body) + len(tail)
        answers += [(start + first, start + last) for first, last in inside.get(number, ())]
        before = kind
    return "".join(parts), answers


def _mark(
    block: Mapping[str, Any], kind: str, cells: list[tuple[str, str]] | None
) -> tuple[str, str, str]:
    """Returns what stands before a block's text, the text, and what follows."""
    if kind == "code":
        return "```\n", block["text"], "\n```\n"
    if cells:
        return "| ", " | ".join(cell for _, cell in cells), " |\n"
    heads = {"heading": "## ", "list_item": "- ", "step": "1. "}
    # One line for one line, so that offsets in the text stay right.
    return heads.get(kind, ""), block["text"].replace("\n", " "), "\n"


def _cells(block: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Returns the cells of a row with the names of their columns, as far as the text has them."""
    found = []
    rest = block["text"]
    for raw in filter(None, block.get("raw", ())):
        cell = _line(raw).replace("|", "/")
        before, _, rest = rest.partition(raw)
        name = before.strip(" ;")
        found.append((name.removesuffix(":").replace("|", "/") if name.endswith(":") else "", cell))
    return found


def _answering_spans(raw: Mapping[str, Any]) -> dict[int, list[Span]]:
    spans: dict[int, list[Span]] = {}
    listed = set()
    for number, start, end, answers in raw["sentences"]:
        listed.add(number)
        if answers and raw["blocks"][number]["type"] != "table_row":
            spans.setdefault(number, []).append((start, end))
    for number, block in enumerate(raw["blocks"]):
        if block.get("answer") and (number not in listed or block["type"] == "table_row"):
            spans[number] = [(0, len(block["text"]) if block["type"] != "table_row" else 1)]
    return spans


def _key(text: str) -> str:
    return " ".join(_WORD.findall(text.lower()))


def _line(text: str) -> str:
    return " ".join(text.split())


def _words(text: str) -> set[str]:
    return {word for word in _WORD.findall(text.lower()) if len(word) > 3}
