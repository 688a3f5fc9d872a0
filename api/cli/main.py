"""The command line: which commands there are, and what becomes of their errors.

A command is a module of its own, imported when it is called for: `ask` has no use for a web server,
and a person is waiting.
"""

import argparse
import importlib
import io
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeAlias

from api import __version__
from api.errors import ApiError
from api.exit_codes import BAD_INPUT, DONE, STOPPED
from assistant.errors import AnsweringError
from corpus.errors import CorpusError
from index.errors import IndexingError

# Every command's module; each has `run(arguments) -> exit code`.
_COMMANDS = {
    "serve": "api.cli.serve",
    "index": "api.cli.index",
    "ask": "api.cli.ask",
    "evaluate": "api.cli.evaluate",
    "keys": "api.cli.keys",
    "doctor": "api.cli.doctor",
    "slack": "api.cli.slack",
}
_FOLDERS = """
Without --data the index lies in .assistant, and that of a corpus other than corpus/documents in a
folder of its own below it, so that going from one to the other builds nothing anew.
ASSISTANT_CORPUS and ASSISTANT_DATA in the environment do what the options do; ASSISTANT_ENCODER
names another encoder, and ASSISTANT_READER=false does without the trained reader.
Exit codes: 0 done, 1 a check failed, 2 bad usage or input."""


def main(argv: Sequence[str] | None = None) -> int:
    """Runs a command; its exit code."""
    _let_print_anything()
    arguments = _parser().parse_args(argv)
    try:
        run: Callable[[argparse.Namespace], int]
        run = importlib.import_module(_COMMANDS[arguments.command]).run
        code = run(arguments)
        sys.stdout.flush()
        return code
    except (CorpusError, IndexingError, AnsweringError, ApiError) as error:
        print(f"assistant: {error}", file=sys.stderr)
        return BAD_INPUT
    except KeyboardInterrupt:
        print("assistant: stopped", file=sys.stderr)
        return STOPPED
    except BrokenPipeError:
        # Whoever read the output has enough. Python would complain once more at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return DONE


_Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"


def _let_print_anything() -> None:
    """A terminal that lacks a character shows a mark for it; no answer fails over that."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="assistant",
        description="Answers questions about a folder of documents, with the proof.",
        epilog='Begin with: assistant ask "Who is an external customer?"',
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"assistant {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    _add_serve(commands)
    _add_index(commands)
    _add_ask(commands)
    _add_evaluate(commands)
    _add_keys(commands)
    _add_doctor(commands)
    _add_slack(commands)
    return parser


def _add(commands: _Commands, name: str, what: str, example: str) -> argparse.ArgumentParser:
    command = commands.add_parser(
        name,
        help=what,
        description=f"{what[0].upper()}{what[1:]}.\n\nExample: {example}",
        epilog=_FOLDERS,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    _add_folders(command, None)
    return command


def _add_folders(command: argparse.ArgumentParser, default: str | None) -> None:
    command.add_argument(
        "--corpus",
        metavar="DIR",
        type=Path,
        default=default,
        help="the folder of documents (corpus/documents)",
    )
    command.add_argument(
        "--data",
        metavar="DIR",
        type=Path,
        default=default,
        help="the folder for the index (.assistant, see below)",
    )


def _add_serve(commands: _Commands) -> None:
    serve = _add(
        commands,
        "serve",
        "serve the web page and the HTTP interface, after indexing what has changed",
        "assistant serve --port 8080",
    )
    serve.add_argument("--host", default="127.0.0.1", help="where to listen (127.0.0.1)")
    serve.add_argument("--port", default=8000, type=_port, help="0 takes a free one (8000)")


def _add_index(commands: _Commands) -> None:
    index = _add(
        commands,
        "index",
        "build the index, or bring it up to date; exits with 1 where a file had to be left out",
        "assistant index --corpus ~/handbook",
    )
    index.add_argument("--rebuild", action="store_true", help="carry nothing over from before")


def _add_ask(commands: _Commands) -> None:
    ask = _add(
        commands,
        "ask",
        "answer a question, with the sources, after indexing what has changed",
        'assistant ask "Who is an external customer?"',
    )
    ask.add_argument("question", metavar="QUESTION", help="at most 2,000 characters")
    ask.add_argument(
        "--json", action="store_true", help="print the answer as the HTTP interface does"
    )
    ask.add_argument(
        "--history",
        metavar="FILE",
        type=Path,
        help='what was said before: a JSON list of {"role": "user" or "assistant", "text": ...}',
    )


def _add_evaluate(commands: _Commands) -> None:
    evaluate = _add(
        commands,
        "evaluate",
        "ask all questions of a gold file and measure the answers",
        "assistant evaluate corpus/gold/faq.jsonl --require right=0.9",
    )
    evaluate.add_argument("gold", metavar="GOLD.jsonl", type=Path, help="one question a line")
    evaluate.add_argument(
        "--out", metavar="DIR", type=Path, help="write figures.json and outcomes.jsonl there"
    )
    evaluate.add_argument(
        "--require",
        metavar="METRIC=VALUE",
        action="append",
        default=[],
        help="exit with 1 unless the metric is at least this (wrongly_refused and "
        "unproved_sentences: at most); may be repeated",
    )


def _add_keys(commands: _Commands) -> None:
    keys = _add(
        commands,
        "keys",
        "make, list and revoke API keys; with the first one the service answers nobody without",
        "assistant keys add website --scope ask --folder public",
    )
    actions = keys.add_subparsers(dest="action", metavar="ACTION", required=True)
    add = actions.add_parser("add", help="make a key and print it, this once", allow_abbrev=False)
    add.add_argument("name", metavar="NAME", help="what it is for")
    add.add_argument(
        "--scope",
        action="append",
        choices=["ask", "write", "admin"],
        help="ask: questions and documents; write: change documents; admin: metrics (ask); may be "
        "repeated",
    )
    add.add_argument(
        "--folder",
        action="append",
        default=[],
        metavar="FOLDER",
        help="a folder of documents that it is for, as hr/leave; may be repeated (all)",
    )
    actions.add_parser("list", help="list all keys", allow_abbrev=False)
    revoke = actions.add_parser("revoke", help="end a key for good", allow_abbrev=False)
    revoke.add_argument("name", metavar="NAME")
    for action in actions.choices.values():  # the folders may stand behind the action, too
        _add_folders(action, argparse.SUPPRESS)


def _add_doctor(commands: _Commands) -> None:
    doctor = _add(
        commands,
        "doctor",
        "check documents, data folder, encoder, index, Chroma, database and clock, and say what "
        "mends; exits with 1 where a check failed",
        "assistant doctor",
    )
    doctor.add_argument("--json", action="store_true", help="print the findings as JSON")


def _add_slack(commands: _Commands) -> None:
    _add(
        commands,
        "slack",
        "answer in Slack over Socket Mode, which needs no public address; with one, `assistant "
        "serve` answers Slack at /slack/events",
        "SLACK_BOT_TOKEN=xoxb-... SLACK_APP_TOKEN=xapp-... assistant slack",
    )


def _port(text: str) -> int:
    if not text.isdigit() or int(text) > 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is not a port: give a number from 0 to 65535")
    return int(text)


if __name__ == "__main__":
    sys.exit(main())
