"""`assistant ask`: answers one question in the terminal."""

import sys
from argparse import Namespace
from collections.abc import Sequence
from pathlib import Path

from api.assembly.assistant import (
    ensure_index,
    open_assistant,
    open_texts,
    pinned_generation,
)
from api.assembly.model import ConfiguredModel, exam_length, open_model
from api.cli.terminal import ProgressBars, render, warn, warn_pinned, warn_skipped
from api.errors import HistoryInvalid
from api.exit_codes import DONE
from api.settings import load_settings
from api.text import printable_json
from api.wire.chat import AnswerBody, parse_turns
from assistant.answer import Turn
from assistant.english.question import validate_message
from assistant.language_model.client import ModelFailed
from assistant.language_model.prompt import Mode
from assistant.pipeline import EXTRACTIVE

_MAX_INPUT = 100_000  # characters of standard input, far more than a question may have


def run(arguments: Namespace) -> int:
    """Prints the answer. A refusal is an answer, too: both return DONE."""
    settings = load_settings(arguments.corpus, arguments.data)
    question = validate_message(_read_question(arguments.question))
    history = _load_history(arguments.history) if arguments.history else []
    with ProgressBars() as bars:
        corpus = ensure_index(settings, bars)
    warn_skipped(corpus.unreadable)
    warn_pinned(pinned_generation(settings))
    model = None if arguments.mode == EXTRACTIVE else open_model(settings)
    if model:
        _examine(model, Mode(arguments.mode or model.mode))
    assistant = open_assistant(settings, model)
    answer = assistant.ask(question, history, mode=arguments.mode or "")
    if arguments.json:
        print(printable_json(AnswerBody.of(answer).model_dump_json(indent=2)))
    else:
        print(render(answer, settings.corpus, open_texts(settings).read))
    return DONE


def _examine(model: ConfiguredModel, mode: Mode) -> None:
    """Lets the language model take its exam, once. Without it, its choice does not count."""
    if model.is_examined(mode):
        return
    with ProgressBars() as bars:
        bars.begin("Examining the language model (only once)", exam_length())
        try:
            model.examine(mode, lambda: bars.advance(1))
        except ModelFailed as error:
            warn([f"the exam of the language model failed: it {error}"])


def _read_question(words: Sequence[str]) -> str:
    if list(words) != ["-"]:
        return " ".join(words)
    # Bytes that are not UTF-8 become lone surrogates, which are refused with a reason.
    return sys.stdin.buffer.read(_MAX_INPUT).decode(errors="surrogateescape")


def _load_history(path: Path) -> list[Turn]:
    try:
        return parse_turns(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise HistoryInvalid(f"cannot read the history {path} ({error.strerror})") from error
    except ValueError as error:
        expected = 'expected a JSON list of {"role": "user" or "assistant", "text": "..."}'
        raise HistoryInvalid(f"the history {path} is not valid: {expected}") from error
