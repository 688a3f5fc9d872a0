"""Fills the prompts. Documents, history and question are values of one JSON object, which no text
can leave: quotes, backslashes and line breaks in it are escaped."""

import json
from collections.abc import Sequence
from enum import StrEnum
from functools import lru_cache
from importlib.resources import files

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
VERSIONS = {Mode.CHOOSE: "choose-1", Mode.COMPOSE: "compose-1"}
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
    return Prompt(_instructions(VERSIONS[mode]), json.dumps(data, ensure_ascii=False))


def follow_up_prompt(question: str, history: Sequence[Turn]) -> Prompt:
    """The prompt that makes a follow-up question understandable alone."""
    data = json.dumps(_asked(question, history), ensure_ascii=False)
    return Prompt(_instructions(_FOLLOW_UP), data)


def _asked(question: str, history: Sequence[Turn]) -> dict[str, object]:
    turns = [
        {"role": turn.role, "text": turn.text[:_MAX_TURN_CHARS]} for turn in history[-_MAX_TURNS:]
    ]
    return {"conversation": turns, "question": question}


@lru_cache
def _instructions(version: str) -> str:
    path = files("assistant.language_model") / "prompts" / f"{version}.txt"
    return path.read_text(encoding="utf-8")
