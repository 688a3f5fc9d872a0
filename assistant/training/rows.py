"""Questions over the sentences of a context, and the files they are read from.

A row file is JSON lines with `question`, `title`, `sentences`, `answering` (indices of the
sentences that answer) and `answerable`. A claims file has `set`, `claim`, `evidence` (sentences)
and `label` in its lines. A SQuAD 2.0 folder holds `questions.jsonl` (`question`,
`document`, `spans` and `paragraph_span` in characters of the document, `answerable`) and
`documents/`.
"""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

from corpus.sentences import sentence_spans

_CLAIM_SETS = frozenset({"fever-dev", "fever-symmetric", "fm2", "fm2-other-sentences"})
_NONE: frozenset[int] = frozenset()
FOLDS = 3  # a SQuAD document in three is for validation only


@dataclass(frozen=True, slots=True)
class Row:
    """A question over the sentences of one context.

    `answering` holds indices into `sentences`; `source` names the set, `document` the SQuAD
    document (without suffix, empty for other sets).
    """

    source: str
    question: str
    title: str
    sentences: tuple[str, ...]
    answering: frozenset[int]
    document: str = ""

    @property
    def answerable(self) -> bool:
        return bool(self.answering)


@dataclass(frozen=True, slots=True)
class Example:
    """What the reader sees, and what it should say of each sentence."""

    question: str
    title: str | None
    sentences: tuple[str, ...]
    labels: tuple[bool, ...]


def read_rows(path: Path) -> list[Row]:
    """The rows of one file that have sentences; their source is the file's stem."""
    rows = []
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            raw = json.loads(line)
            row = Row(
                source=path.stem,
                question=raw["question"].strip(),
                title=_readable(raw["title"]),
                sentences=tuple(raw["sentences"]),
                answering=frozenset(raw["answering"]),
            )
            if row.sentences and row.question:
                rows.append(row)
    return rows


def read_claims(path: Path) -> list[Row]:
    """The claims of one file as rows: the claim in the question's place, answered by the evidence
    that supports it. Evidence that refutes a claim was mostly written to come near it.

    Left out are partial support, and sets whose claims are turns of a conversation or whose
    evidence is a list of links.
    """
    rows = []
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            raw = json.loads(line)
            if raw["set"] in _CLAIM_SETS and raw["label"] != "partial" and raw["evidence"]:
                supported = raw["label"] == "supported"
                rows.append(
                    Row(
                        source=raw["set"],
                        question=raw["claim"].strip(),
                        title="",
                        sentences=tuple(raw["evidence"]),
                        answering=frozenset(range(len(raw["evidence"]))) if supported else _NONE,
                    )
                )
    return rows


def _readable(title: str) -> str:
    title = title.replace("_", " ")
    return title if " " in title else title.replace("-", " ")


def read_squad2(folder: Path) -> list[Row]:
    """The questions of a SQuAD 2.0 folder, each over its whole paragraph."""
    texts = {
        path.name: path.read_text(encoding="utf-8") for path in (folder / "documents").iterdir()
    }
    rows = []
    with (folder / "questions.jsonl").open(encoding="utf-8") as lines:
        for line in lines:
            raw = json.loads(line)
            text = texts[raw["document"]]
            pieces = list(sentence_spans(text, *raw["paragraph_span"]))
            answering = frozenset(
                number
                for number, (start, end) in enumerate(pieces)
                if any(start < span[1] and span[0] < end for span in raw["spans"])
            )
            rows.append(
                Row(
                    source="squad2",
                    question=raw["question"].strip(),
                    title=text.partition("\n")[0].lstrip("# "),
                    sentences=tuple(text[start:end] for start, end in pieces),
                    answering=answering if raw["answerable"] else frozenset(),
                    document=Path(raw["document"]).stem,
                )
            )
    return rows


def for_validation(document: str) -> bool:
    """Whether a SQuAD document (its name without suffix) is kept out of training, by a hash."""
    return int(hashlib.sha256(document.encode()).hexdigest(), 16) % FOLDS == 0
