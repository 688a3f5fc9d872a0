"""Runs a command of `assistant` and turns its errors into a message and an exit code.

A command's module is imported only when the command is called: `--help` and usage errors must not
wait for libraries.
"""

import importlib
import io
import os
import sys
from collections.abc import Sequence

from api.cli.parser import parse_arguments
from api.cli.remedies import explain
from api.errors import ApiError
from api.exit_codes import BAD_INPUT, DONE, STOPPED
from api.text import printable
from assistant.errors import AnsweringError
from corpus.errors import CorpusError
from index.errors import IndexingError
from index.telemetry import disable_tracing


def main(argv: Sequence[str] | None = None) -> int:
    """Runs a command and returns its exit code."""
    _replace_unprintable()
    disable_tracing()
    arguments = parse_arguments(argv)
    try:
        command = importlib.import_module(f"api.cli.{arguments.command}")
        code: int = command.run(arguments)
        sys.stdout.flush()
        return code
    except (CorpusError, IndexingError, AnsweringError, ApiError) as error:
        print(f"assistant: {printable(explain(error, arguments))}", file=sys.stderr)
        return BAD_INPUT
    except KeyboardInterrupt:
        print("assistant: stopped", file=sys.stderr)
        return STOPPED
    except BrokenPipeError:
        # The reader of the output, such as `head`, has closed it. Without this, Python would
        # report the same error once more when it flushes standard output at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return DONE


def _replace_unprintable() -> None:
    """Lets a terminal show a replacement for characters that its encoding lacks; an answer must not
    fail because of them."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


if __name__ == "__main__":
    sys.exit(main())
