"""Questions with answers in the structured data of an HTML page: JSON-LD of schema.org."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from selectolax.lexbor import LexborHTMLParser

from corpus.formats.writer import fold

_MAX_LENGTH = 2_000_000  # characters of a script with data
_MAX_OBJECTS = 20_000


def structured_data(page: LexborHTMLParser) -> list[Mapping[str, Any]]:
    """Returns all objects in the JSON-LD of the page, the outer ones first. Data that is no valid
    JSON is ignored, as search engines do."""
    roots = []
    for node in page.css('script[type="application/ld+json"]'):
        source = node.text()
        if len(source) <= _MAX_LENGTH:
            try:
                roots.append(json.loads(source, strict=False))
            except (ValueError, RecursionError):
                continue
    found: list[Mapping[str, Any]] = []
    waiting = roots
    while waiting and len(found) < _MAX_OBJECTS:
        inner: list[Any] = []
        for value in waiting:
            if isinstance(value, dict):
                found.append(value)
                inner.extend(value.values())
            elif isinstance(value, list):
                inner.extend(value)
        waiting = inner
    return found


def structured_questions(data: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, str]]:
    """Yields each question of the data with its answer, which may be HTML."""
    for each in data:
        if not _is_question(each):
            continue
        answers = each.get("acceptedAnswer") or each.get("suggestedAnswer")
        first = answers[0] if isinstance(answers, list) and answers else answers
        answer = first.get("text") if isinstance(first, dict) else None
        question = each.get("name") or each.get("text")
        if isinstance(question, str) and isinstance(answer, str) and fold(answer):
            yield LexborHTMLParser(question).text(), answer


def _is_question(value: Mapping[str, Any]) -> bool:
    kinds = value.get("@type")
    return "Question" in (kinds if isinstance(kinds, list) else [kinds])
