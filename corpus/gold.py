"""Gold questions: JSONL files of questions with known answers."""

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from corpus.document import Span
from corpus.errors import GoldInvalid

# Column names of Ragas, accepted as aliases.
_ALIASES = {"question": "user_input", "answers": "reference", "contexts": "reference_contexts"}
_SURROGATE = re.compile(r"[\ud800-\udfff]")
_T = TypeVar("_T")


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


@dataclass(frozen=True, slots=True)
class GoldProblem:
    """Why a row of a gold file cannot be used. `line` counts from 1; `field` is "" if the row as a
    whole is wrong."""

    line: int
    field: str
    reason: str

    def __str__(self) -> str:
        field = f', field "{self.field}"' if self.field else ""
        return f"line {self.line}{field}: {self.reason}"


def read_gold(path: Path) -> list[GoldQuestion]:
    """Returns the questions of a file: one JSON object per line, blank lines skipped.

    Raises GoldInvalid, with the line number and the expectation, if a line is not a question.
    """
    questions, problems = read_gold_rows(path)
    if problems:
        raise GoldInvalid(f"the gold file {path}, {problems[0]}")
    return list(questions.values())


def read_gold_rows(path: Path) -> tuple[dict[int, GoldQuestion], list[GoldProblem]]:
    """Returns the questions of a file by line number, and a problem for each line that is none.

    Raises GoldInvalid if the file cannot be read, or if no line is a question.
    """
    try:
        # Not splitlines(): JSON strings may contain U+2028 and other Unicode line separators.
        lines = path.read_text(encoding="utf-8-sig").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise GoldInvalid(f"the gold file {path} cannot be read ({error})") from error
    questions = {}
    problems = []
    for number, line in enumerate(lines, start=1):
        if line.strip():
            try:
                questions[number] = _question(_object(line), number)
            except _FieldInvalid as invalid:
                problems.append(GoldProblem(number, invalid.field, invalid.reason))
    if not questions:
        problem = problems[0] if problems else "it contains no questions"
        raise GoldInvalid(f"the gold file {path}, {problem}")
    return questions, problems


class _FieldInvalid(Exception):
    """A field of a row has a wrong value."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(reason)
        self.field = field
        self.reason = reason


def _object(line: str) -> Mapping[str, Any]:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise _FieldInvalid("", f"not JSON ({error})") from error
    if not isinstance(row, Mapping):
        raise _FieldInvalid("", f"expected a JSON object, found {type(row).__name__}")
    return row


def _question(row: Mapping[str, Any], number: int) -> GoldQuestion:
    question = _value(row, "question", _text)
    if not question or not question.strip():
        raise _FieldInvalid("question", "expected the text of a question")
    answers = _value(row, "answers", _texts) or ()
    spans = _value(row, "spans", _spans)
    if spans is None:
        spans = _value(row, "span", lambda span: (_span(span),) if span else ()) or ()
    answerable = _value(row, "answerable", _bool)
    return GoldQuestion(
        id=_value(row, "id", _id) or str(number),
        question=question,
        answers=answers,
        document=_value(row, "document", _text) or None,
        spans=spans,
        answerable=bool(answers) if answerable is None else answerable,
        history=_value(row, "history", _turns) or (),
        kind=_value(row, "kind", _text) or "",
        contexts=_value(row, "contexts", _texts) or (),
        keywords=_value(row, "keywords", _groups) or (),
        also=_value(row, "also", _places) or (),
    )


def _value(row: Mapping[str, Any], name: str, convert: Callable[[Any], _T]) -> _T | None:
    """The converted value of the field, or of its alias; None if it is missing or null."""
    key = name if name in row else _ALIASES.get(name, name)
    if (value := row.get(key)) is None:
        return None
    try:
        return convert(value)
    except ValueError as error:
        raise _FieldInvalid(key, str(error)) from error


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError(f"expected text, found {_short(value)}")
    if _SURROGATE.search(value):
        raise ValueError("the text contains a lone surrogate, which UTF-8 cannot store")
    return value


def _id(value: Any) -> str:
    return str(value) if isinstance(value, int) else _text(value)


def _bool(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    raise ValueError(f"expected true or false, found {_short(value)}")


def _list(value: Any) -> list[Any]:
    if isinstance(value, list):
        return value
    raise ValueError(f"expected a list, found {_short(value)}")


def _texts(value: Any) -> tuple[str, ...]:
    """A text, or a list of texts."""
    return tuple(_text(each) for each in ([value] if isinstance(value, str) else _list(value)))


def _groups(value: Any) -> tuple[tuple[str, ...], ...]:
    return tuple(_texts(group) for group in _list(value))


def _span(value: Any) -> Span:
    match value:
        case [int(start), int(end)] if 0 <= start < end:
            return start, end
    raise ValueError(f"{_short(value)} is not a span: two character offsets, start before end")


def _spans(value: Any) -> tuple[Span, ...]:
    return tuple(_span(span) for span in _list(value))


def _turns(value: Any) -> tuple[tuple[str, str], ...]:
    return tuple(_turn(turn) for turn in _list(value))


def _turn(turn: Any) -> tuple[str, str]:
    match turn:
        case {"role": str(role), "text": str(text)}:
            return role, text
    raise ValueError(f'{_short(turn)} is not a turn: an object with "role" and "text"')


def _places(value: Any) -> tuple[tuple[str, Span], ...]:
    return tuple(place for each in _list(value) for place in _place(each))


def _place(place: Any) -> Iterable[tuple[str, Span]]:
    match place:
        case {"document": str(document), "spans": list(spans)}:
            return [(document, span) for span in _spans(spans)]
    raise ValueError(f'{_short(place)} is not a place: an object with "document" and "spans"')


def _short(value: Any) -> str:
    """The value as JSON, for a message."""
    text = json.dumps(value)
    return text if len(text) <= 80 else f"{text[:80]} …"
