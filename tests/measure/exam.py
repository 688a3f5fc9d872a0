"""Makes the exam of the language model from the folders of documents in `tests/measure/folders`:

    python tests/measure/exam.py > assistant/language_model/exam.json

Of each folder, questions with an answer that the search found, and near misses, each with the
excerpts that a model would see in service.
"""

import json
import sys
import tempfile
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from api.assembly.assistant import build_index, open_assistant
from api.settings import Settings
from assistant.language_model.exhibits import Exhibit, exhibits_of
from assistant.pipeline import Assistant
from corpus.gold import GoldQuestion, read_gold

_FOLDERS = Path(__file__).parent / "folders"
# Of each folder; every third question is looked at, so that all kinds occur.
_ANSWERABLE, _UNANSWERABLE, _STRIDE = 6, 3, 3
_MAX_EXHIBITS = 6


def main() -> int:
    """Prints the questions."""
    questions: list[dict[str, Any]] = []
    for folder in sorted(each for each in _FOLDERS.iterdir() if each.is_dir()):
        with tempfile.TemporaryDirectory() as data:
            settings = Settings(corpus=folder / "documents", data=Path(data))
            build_index(settings)
            gold = read_gold(folder / "questions.jsonl")
            questions += _questions(open_assistant(settings), gold)
    lines = (json.dumps(each, ensure_ascii=False) for each in questions)
    print("[", ",\n".join(lines), "]", sep="\n")
    return 0


def _questions(assistant: Assistant, gold: list[GoldQuestion]) -> Iterator[dict[str, Any]]:
    asked = [each for each in gold if not each.history]
    answerable = [each for each in asked if each.answerable][::_STRIDE]
    others = [each for each in asked if not each.answerable][::_STRIDE]
    yield from islice(filter(None, (_shown(assistant, e) for e in answerable)), _ANSWERABLE)
    yield from islice(filter(None, (_shown(assistant, e) for e in others)), _UNANSWERABLE)


def _shown(assistant: Assistant, gold: GoldQuestion) -> dict[str, Any] | None:
    """The question with its excerpts; None if it has an answer that they lack."""
    _, assessment = assistant.ask_with_assessment(gold.question)
    exhibits = exhibits_of(assessment.found.hits, assessment.evidence)[:_MAX_EXHIBITS]
    right = [
        (n, m)
        for n, exhibit in enumerate(exhibits)
        for m in range(len(exhibit.parts))
        if _answers(exhibit, m, gold)
    ]
    if gold.answerable and not right:
        return None
    evidence = [{"from": each.source, "parts": each.parts} for each in exhibits]
    return {"question": gold.question, "evidence": evidence, "right": right}


def _answers(exhibit: Exhibit, part: int, gold: GoldQuestion) -> bool:
    assert exhibit.passage
    unit = exhibit.passage.units[exhibit.places[part]]
    is_place = exhibit.passage.document == gold.document
    return is_place and any(unit.start < end and start < unit.end for start, end in gold.spans)


if __name__ == "__main__":
    sys.exit(main())
