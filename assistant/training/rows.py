"""Loads training rows: questions over the sentences of a context.

A row file has JSON lines with `question`, `title`, `sentences`, `answering` (indices of the
sentences that answer) and `answerable`. A claims file has JSON lines with `set`, `claim`,
`evidence` (sentences) and `label`. A SQuAD 2.0 folder has `documents/` and `questions.jsonl`, with
`question`, `document`, `spans` and `paragraph_span` (characters of the document) and `answerable`.
"""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from corpus.sentences import sentence_spans

# Other sets are turns of a conversation, or have lists of links as evidence.
_CLAIM_SETS = frozenset({"fever-dev", "fever-symmetric", "fm2", "fm2-other-sentences"})
# One SQuAD document in this many is for validation only.
_FOLDS = 3


@dataclass(frozen=True, slots=True)
class Row:
    """A question over the sentences of one context.

    `answering` holds indices of `sentences`. `source` names the data set, `document` the SQuAD
    document without suffix, or the repository ("" for other sets). `heading` is the nearest heading
    below the title, if known; `is_own_heading` says that it is the question itself. `is_heading`
    says that the question is a heading that does not ask.
    """

    source: str
    question: str
    title: str
    sentences: tuple[str, ...]
    answering: frozenset[int]
    document: str = ""
    heading: str = ""
    is_own_heading: bool = False
    is_heading: bool = False

    @property
    def answerable(self) -> bool:
        """Whether at least one sentence answers the question."""
        return bool(self.answering)


@dataclass(frozen=True, slots=True)
class Example:
    """The reader's input, and for each sentence whether it answers the question."""

    question: str
    title: str | None
    sentences: tuple[str, ...]
    labels: tuple[bool, ...]


def load_rows(path: Path) -> list[Row]:
    """Loads the rows that have a question and sentences; their source is the stem of the file."""
    rows = [
        Row(
            source=path.stem,
            question=raw["question"].strip(),
            title=_readable(raw["title"]),
            sentences=tuple(raw["sentences"]),
            answering=frozenset(raw["answering"]),
        )
        for raw in _json_lines(path)
    ]
    return [row for row in rows if row.sentences and row.question]


def load_claims(path: Path) -> list[Row]:
    """Loads claims as rows: the claim is the question, supporting evidence answers it.

    Evidence that refutes a claim does not answer it; most of it was written to resemble an answer.
    Partial support is left out.
    """
    return [
        Row(
            source=raw["set"],
            question=raw["claim"].strip(),
            title="",
            sentences=tuple(raw["evidence"]),
            answering=frozenset(range(len(raw["evidence"])) if raw["label"] == "supported" else ()),
        )
        for raw in _json_lines(path)
        if raw["set"] in _CLAIM_SETS and raw["label"] != "partial" and raw["evidence"]
    ]


def load_squad2(folder: Path) -> list[Row]:
    """Loads the questions of a SQuAD 2.0 folder, each over its whole paragraph."""
    texts = {
        path.name: path.read_text(encoding="utf-8") for path in (folder / "documents").iterdir()
    }
    rows = []
    for raw in _json_lines(folder / "questions.jsonl"):
        text = texts[raw["document"]]
        spans = list(sentence_spans(text, *raw["paragraph_span"]))
        answering = frozenset(
            number
            for number, (start, end) in enumerate(spans)
            if any(start < span[1] and span[0] < end for span in raw["spans"])
        )
        rows.append(
            Row(
                source="squad2",
                question=raw["question"].strip(),
                title=text.partition("\n")[0].lstrip("# "),
                sentences=tuple(text[start:end] for start, end in spans),
                answering=answering if raw["answerable"] else frozenset(),
                document=Path(raw["document"]).stem,
            )
        )
    return rows


def is_validation(document: str) -> bool:
    """Whether a SQuAD document (name without suffix) is not trained on; decided by its hash."""
    return int(hashlib.sha256(document.encode()).hexdigest(), 16) % _FOLDS == 0


def _json_lines(path: Path) -> Iterator[Any]:
    with path.open(encoding="utf-8") as lines:
        yield from map(json.loads, lines)


def _readable(title: str) -> str:
    title = title.replace("_", " ")
    return title if " " in title else title.replace("-", " ")
