"""Gold questions: JSONL files of questions with known answers."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from corpus.document import Span
from corpus.errors import GoldInvalid

# Column names of Ragas, accepted as aliases.
_ALIASES = {"user_input": "question", "reference": "answers", "reference_contexts": "contexts"}


@dataclass(frozen=True)
class GoldQuestion:
    """A question, its acceptable answers and the spans that prove them.

    `document` is None and `spans` is empty if the location is unknown or there is no answer.
    `contexts` holds passages with the answer, from files that give text instead of locations.
    `history` holds (role, text) pairs. `keywords` are groups of which an answer or its quotes must
    have one member each; `also` holds further places of the answer: a document and a span.
    """

    id: str
    question: str
    answers: tuple[str, ...]
    document: str | None
    spans: tuple[Span, ...]
    answerable: bool
    history: tuple[tuple[str, str], ...] = ()
    kind: str = ""
    contexts: tuple[str, ...] = ()
    keywords: tuple[tuple[str, ...], ...] = ()
    also: tuple[tuple[str, Span], ...] = ()


def read_gold(path: Path) -> list[GoldQuestion]:
    """Returns the questions of a file: one JSON object per line, blank lines skipped.

    Raises GoldInvalid, with the line number and the expectation, if a line is not a question.
    """
    try:
        # Not splitlines(): JSON strings may contain U+2028 and other Unicode line separators.
        lines = path.read_text(encoding="utf-8").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise GoldInvalid(f"the gold file {path} cannot be read ({error})") from error
    questions = []
    for number, line in enumerate(lines, start=1):
        if line.strip():
            try:
                questions.append(_question(json.loads(line), number))
            except (ValueError, TypeError) as error:
                raise GoldInvalid(f"{path}, line {number}: {error}") from error
    if not questions:
        raise GoldInvalid(f"the gold file {path} contains no questions")
    return questions


def _question(row: Any, number: int) -> GoldQuestion:
    if not isinstance(row, Mapping):
        raise ValueError(f"expected a JSON object, found {type(row).__name__}")
    row = {_ALIASES.get(key, key): value for key, value in row.items()}
    question = row.get("question")
    if not isinstance(question, str) or not question.strip():
        raise ValueError('expected a "question" with text')
    answers = row.get("answers") or []
    answers = [answers] if isinstance(answers, str) else answers
    contexts = tuple(row.get("contexts") or ())
    if not all(isinstance(text, str) for text in (*answers, *contexts)):
        raise ValueError('expected "answers" to be a list of strings')
    spans = row.get("spans")
    if spans is None:
        spans = [row["span"]] if row.get("span") else []
    history = tuple(_turn(turn) for turn in row.get("history") or ())
    return GoldQuestion(
        id=str(row.get("id", number)),
        question=question,
        answers=tuple(answers),
        document=row.get("document"),
        spans=tuple(_span(span) for span in spans),
        answerable=bool(row.get("answerable", bool(answers))),
        history=history,
        kind=str(row.get("kind") or ""),
        contexts=contexts,
        keywords=tuple(tuple(map(str, group)) for group in row.get("keywords") or ()),
        also=tuple(place for each in row.get("also") or () for place in _places(each)),
    )


def _places(place: Any) -> Iterator[tuple[str, Span]]:
    if not isinstance(place, Mapping) or not {"document", "spans"} <= set(place):
        raise ValueError(f'{place!r} is not a place of "also": an object with "document", "spans"')
    for span in place["spans"]:
        yield str(place["document"]), _span(span)


def _turn(turn: Any) -> tuple[str, str]:
    if not isinstance(turn, Mapping) or not {"role", "text"} <= set(turn):
        raise ValueError(f'{turn!r} is not a turn of "history": an object with "role" and "text"')
    return str(turn["role"]), str(turn["text"])


def _span(span: Any) -> Span:
    match span:
        case [int(start), int(end)] if 0 <= start < end:
            return start, end
    raise ValueError(f"{span!r} is not a span: two character offsets, start before end")
