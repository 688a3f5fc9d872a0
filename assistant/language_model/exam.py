"""The exam: questions whose answers are known, which show how much a model's choice says.

A model takes it once for a mode and a version of the prompt; the result is a file in the data
folder. The excerpts and questions of `exam.json` come from documents made for this project.
"""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from assistant.language_model.client import GuardedModel, ModelFailed, Usage
from assistant.language_model.exhibits import Exhibit
from assistant.language_model.prompt import VERSIONS, Mode, answer_prompt
from assistant.language_model.reply import Part, as_lines, chosen_parts, written_sentence
from assistant.language_model.trust import Trust
from corpus.files import write_atomically

_CONCURRENT = 4  # requests


@dataclass(frozen=True)
class ExamQuestion:
    """A question, the excerpts shown with it, and the parts that answer it, if any."""

    question: str
    exhibits: tuple[Exhibit, ...]
    right: frozenset[Part]


@lru_cache(maxsize=1)
def exam_questions() -> tuple[ExamQuestion, ...]:
    """The questions of the exam."""
    text = files("assistant.language_model").joinpath("exam.json").read_text(encoding="utf-8")
    return tuple(
        ExamQuestion(
            each["question"],
            tuple(Exhibit(shown["from"], tuple(shown["parts"])) for shown in each["evidence"]),
            frozenset((a, b) for a, b in each["right"]),
        )
        for each in json.loads(text)
    )


def take_exam(
    model: GuardedModel, mode: Mode, usage: Usage, watch: Callable[[], None] = lambda: None
) -> Trust:
    """Asks the model every question. `watch` is called after each. Raises ModelFailed if a call
    fails: nothing is known of the model then."""
    with ThreadPoolExecutor(_CONCURRENT) as pool:
        replies = []
        futures = [pool.submit(_picked, model, mode, each) for each in exam_questions()]
        try:
            for future in futures:
                picked, used = future.result()
                replies.append(picked)
                usage.add(used)
                watch()
        except ModelFailed:
            pool.shutdown(cancel_futures=True)
            raise
    results = {"right": 0, "wrong": 0, "missed": 0, "declined": 0, "invented": 0}
    for asked, picked in zip(exam_questions(), replies, strict=True):
        results[_result(asked, picked)] += 1
    return Trust(**results)


def picked_parts(mode: Mode, reply: str, exhibits: tuple[Exhibit, ...]) -> list[Part]:
    """The parts that a reply chooses or cites, in order."""
    if mode is Mode.CHOOSE:
        return chosen_parts(reply, exhibits)
    lines = (line for line in as_lines(piece for piece in (reply,)) if line)
    written = (written_sentence(line, exhibits) for line in lines)
    return list(dict.fromkeys(part for each in written if each for part in each.parts))


def _picked(model: GuardedModel, mode: Mode, asked: ExamQuestion) -> tuple[list[Part], Usage]:
    usage = Usage()
    reply = model.reply(answer_prompt(mode, asked.question, (), asked.exhibits), usage)
    return picked_parts(mode, reply, asked.exhibits), usage


def _result(asked: ExamQuestion, picked: list[Part]) -> str:
    if not asked.right:
        return "invented" if picked else "declined"
    if not picked:
        return "missed"
    return "right" if picked[0] in asked.right else "wrong"


class TrustStore:
    """The results of exams, in a file by model, mode and version of the prompt."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self, model: str, mode: Mode) -> Trust | None:
        """The result of a model's exam, None if it has not taken it. A file that cannot be read
        counts as empty: the exam can be taken again."""
        try:
            return Trust(**self._stored()[_key(model, mode)])
        except (KeyError, TypeError):
            return None

    def write(self, model: str, mode: Mode, trust: Trust) -> None:
        """Stores the result of an exam. Raises OSError."""
        stored = {**self._stored(), _key(model, mode): trust.as_dict()}
        self._path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(self._path, (json.dumps(stored, indent=1) + "\n").encode())

    def _stored(self) -> dict[str, Any]:
        try:
            stored = json.loads(self._path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return stored if isinstance(stored, dict) else {}


def _key(model: str, mode: Mode) -> str:
    return f"{VERSIONS[mode]} {model}"
