"""`assistant ask`: one question, answered in the terminal."""

from argparse import Namespace
from pathlib import Path

from api.assembly.assistant import ensure_index, open_assistant
from api.cli.terminal import Bars, rendered, warn
from api.errors import HistoryInvalid
from api.exit_codes import DONE
from api.settings import load_settings
from api.wire import AnswerBody, parse_turns
from assistant.answer import Turn
from assistant.english.question import validate_message


def run(arguments: Namespace) -> int:
    """Prints the answer, or the refusal: both are answers."""
    settings = load_settings(arguments.corpus, arguments.data)
    question = validate_message(arguments.question)
    history = _history(arguments.history) if arguments.history else []
    with Bars() as bars:
        corpus = ensure_index(settings, bars)
    warn(f"left out: {error}" for error in corpus.unreadable)
    answer = open_assistant(settings).ask(question, history)
    print(AnswerBody.of(answer).model_dump_json(indent=2) if arguments.json else rendered(answer))
    return DONE


def _history(path: Path) -> list[Turn]:
    expected = 'expected a JSON list of {"role": "user" or "assistant", "text": "..."}'
    try:
        return parse_turns(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise HistoryInvalid(f"the history {path} cannot be read ({error.strerror})") from error
    except ValueError as error:
        raise HistoryInvalid(f"the history {path} is not one: {expected}") from error
