"""Fills the prompts. Documents, history and question are values of one JSON object, which no text
can leave: quotes, backslashes and line breaks in it are escaped."""

import json
from collections.abc import Mapping, Sequence
from enum import StrEnum
from functools import lru_cache
from importlib.resources import files
from typing import Any

from assistant.answer import Turn
from assistant.language_model.client import Prompt
from assistant.language_model.exhibits import Exhibit

# Earlier messages that a model sees, and characters of each.
_MAX_TURNS, _MAX_TURN_CHARS = 6, 1_000


class Mode(StrEnum):
    """What a model does: it chooses the parts to quote, or writes sentences."""

    CHOOSE = "choose"
    COMPOSE = "compose"


# Each change of a prompt is a new file; an exam counts for the version that it was taken with.
VERSIONS = {Mode.CHOOSE: "choose-2", Mode.COMPOSE: "compose-2"}
_FOLLOW_UP = "follow-up-1"


def answer_prompt(
    mode: Mode, question: str, history: Sequence[Turn], exhibits: Sequence[Exhibit]
) -> Prompt:
    """The prompt for an answer from the exhibits."""
    evidence = [
        {
            "id": str(number),
            "from": exhibit.source,
            "parts": {f"{number}.{n}": part for n, part in enumerate(exhibit.parts, start=1)},
        }
        for number, exhibit in enumerate(exhibits, start=1)
    ]
    data = {"evidence": evidence, **_asked(question, history)}
    user = json.dumps(data, ensure_ascii=False)
    return Prompt(_instructions(VERSIONS[mode]), user, _schema(mode, exhibits))


def follow_up_prompt(question: str, history: Sequence[Turn]) -> Prompt:
    """The prompt that makes a follow-up question understandable alone."""
    data = json.dumps(_asked(question, history), ensure_ascii=False)
    return Prompt(_instructions(_FOLLOW_UP), data)


def _asked(question: str, history: Sequence[Turn]) -> dict[str, object]:
    turns = [
        {"role": turn.role, "text": turn.text[:_MAX_TURN_CHARS]} for turn in history[-_MAX_TURNS:]
    ]
    return {"conversation": turns, "question": question}


def _schema(mode: Mode, exhibits: Sequence[Exhibit]) -> Mapping[str, Any]:
    """The schema of a reply that is JSON: only ids that exist. See `reply.as_lines`."""
    parts = [
        f"{number}.{n}"
        for number, exhibit in enumerate(exhibits, start=1)
        for n in range(1, len(exhibit.parts) + 1)
    ]
    ids = {"type": "array", "items": {"type": "string", "enum": parts or ["NONE"]}}
    if mode is Mode.CHOOSE:
        return _object(ids=ids)
    sentence = _object(text={"type": "string"}, ids=ids)
    return _object(sentences={"type": "array", "items": sentence})


def _object(**properties: Mapping[str, Any]) -> Mapping[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


@lru_cache
def _instructions(version: str) -> str:
    path = files("assistant.language_model") / "prompts" / f"{version}.txt"
    return path.read_text(encoding="utf-8")
