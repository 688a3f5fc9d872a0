"""Collects all rows to train on in one file, for a machine that makes the examples.

    python -m assistant.training.pack --data DIR --squad DIR --encoder-data DIR --out FILE

`--data` is a folder of row files and `--squad` a SQuAD 2.0 folder (see `rows`); `faqs.jsonl` is
read by `sections`. Rows kept for validation go to a file of their own beside the output,
`validation.xz`, and the names of their documents to `fold.json`.
"""

import argparse
import json
import re
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from assistant.training.rows import Row, is_validation, load_claims, load_rows, load_squad2
from assistant.training.sections import SOURCE, is_validation_repository, load_sections
from assistant.training.shards import write_rows
from index.encoders import load_encoder
from index.onnx_encoder import OnnxEncoder
from index.terms import stem

SKIPPED = frozenset({"pubmedqa"})  # the answer always comes last
CLAIMS, SECTIONS, PAIRS = "claims", "faqs", "faqpairs"
# Words near in meaning: cosines between these, without the nearest ones, which mean the same.
LEAST_ALIKE, MOST_ALIKE, SKIPPED_ALIKE, KEPT_ALIKE = 0.42, 0.82, 2, 6
_MAX_WORDS, _LEAST_COUNT = 9_000, 8
_WORD = re.compile(r"\b[a-z]{4,14}\b")
_STEM = 5


def main() -> None:
    """Runs the command line."""
    parser = argparse.ArgumentParser(description="Collect the rows to train on.")
    parser.add_argument("--data", type=Path, required=True, help="folder of row files (*.jsonl)")
    parser.add_argument("--squad", type=Path, required=True, help="SQuAD 2.0 folder")
    parser.add_argument("--encoder-data", type=Path, default=Path(".assistant"))
    parser.add_argument("--out", type=Path, required=True, help="file to write")
    chosen = parser.parse_args()
    rows = collect_rows(chosen.data, chosen.squad)
    alike = alike_words(rows, load_encoder(chosen.encoder_data))
    write_rows(chosen.out, (row for row in rows if not is_kept(row)), alike)
    kept = [row for row in rows if is_kept(row)]
    write_rows(chosen.out.with_name("validation.xz"), kept, alike)
    _write_fold(chosen.out.with_name("fold.json"), rows)
    print(f"{len(rows) - len(kept)} rows, {len(kept)} kept for validation, {len(alike)} words")


def collect_rows(data: Path, squad: Path) -> list[Row]:
    """Loads all rows. Of the pairs, those that are not among the sections."""
    rows = load_squad2(squad)
    sectioned: set[str] = set()
    for path in sorted(data.glob("*.jsonl")):
        if path.stem == CLAIMS:
            rows += load_claims(path)
        elif path.stem == SECTIONS:
            rows += load_sections(path)
            sectioned = _ids(path)
        elif path.stem not in SKIPPED | {PAIRS}:
            rows += load_rows(path)
    pairs = data / f"{PAIRS}.jsonl"
    if pairs.exists():
        rows += load_pairs(pairs, sectioned, data / "faqs-sources.tsv")
    return rows


def load_pairs(path: Path, known: set[str], sources: Path) -> list[Row]:
    """Loads the pairs whose id is not known, each with its repository as document."""
    table = [line.split("\t") for line in sources.read_text(encoding="utf-8").splitlines()]
    head, *lines = table
    place, kind = head.index("repo"), head.index("kind")
    found = {line[0]: (line[place], line[kind] == "heading") for line in lines}
    rows = []
    for raw in map(json.loads, path.read_text(encoding="utf-8").splitlines()):
        if raw["id"] not in known:
            repository, is_heading = found[raw["id"]]
            rows.append(
                Row(
                    source=PAIRS,
                    question=raw["question"].strip(),
                    title=raw["title"].strip(),
                    sentences=tuple(raw["sentences"]),
                    answering=frozenset(raw["answering"]),
                    document=repository,
                    is_heading=is_heading,
                )
            )
    return rows


def is_kept(row: Row) -> bool:
    """Whether a row is for validation only."""
    if row.source == "squad2":
        return is_validation(row.document)
    return row.source in (SOURCE, PAIRS) and is_validation_repository(row.document)


def alike_words(rows: Iterable[Row], encoder: OnnxEncoder) -> dict[str, list[str]]:
    """Maps frequent words to others near in meaning that do not mean the same, by the encoder."""
    counts: Counter[str] = Counter()
    for row in rows:
        counts.update(set(_WORD.findall(f"{row.question} {' '.join(row.sentences)}")))
    words = [
        word
        for word, count in counts.most_common(_MAX_WORDS)
        if count >= _LEAST_COUNT and encoder.knows(word)
    ]
    vectors = encoder.encode_documents(words)
    stems = [stem(word) for word in words]
    found = {}
    for number, word in enumerate(words):
        cosines = vectors @ vectors[number]
        near = [
            words[other]
            for other in np.argsort(-cosines)[:30]
            if LEAST_ALIKE < cosines[other] < MOST_ALIKE
            and stems[other] != stems[number]
            and words[other][:_STEM] != word[:_STEM]
        ]
        if len(near) >= SKIPPED_ALIKE + 3:
            found[word] = near[SKIPPED_ALIKE : SKIPPED_ALIKE + KEPT_ALIKE]
    return found


def _write_fold(path: Path, rows: Iterable[Row]) -> None:
    """Writes which SQuAD documents and which repositories are trained on."""
    split: dict[str, dict[str, set[str]]] = {}
    for row in rows:
        kind = {"squad2": "documents", SOURCE: "repositories", PAIRS: "repositories"}.get(
            row.source
        )
        if kind:
            use = "validation" if is_kept(row) else "training"
            split.setdefault(kind, {}).setdefault(use, set()).add(row.document)
    fold = {
        "rule": "int(sha256(name), 16) % 3 == 0 (documents, without suffix) or % 5 == 0 "
        "(repositories) is kept for validation",
        **split.pop("documents", {}),
        **split,
    }
    path.write_text(json.dumps(fold, indent=2, default=sorted) + "\n", encoding="utf-8")


def _ids(path: Path) -> set[str]:
    with path.open(encoding="utf-8") as lines:
        return {json.loads(line)["id"] for line in lines}


if __name__ == "__main__":
    main()
