"""The arguments and the help of every command. Imports nothing of a command itself."""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TypeAlias

from api import __version__

_Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"

_DESCRIPTION = "Answers questions about a folder of documents and proves every sentence by a quote."
_EPILOG = """
examples:
  assistant ask who is an internal customer      answer in the terminal
  assistant serve                                web page and HTTP API, http://127.0.0.1:8000/
  assistant index --corpus ~/handbook            index your own documents
  assistant ask --help                           the options of a command

exit codes: 0 done, 1 a check failed, 2 bad usage or input, 130 stopped by Ctrl-C
"""
_FOLDERS = """
Without --data, the index of corpus/documents is stored in .assistant, and that of any other corpus
in a folder of its own below it. The options override the environment variables ASSISTANT_CORPUS and
ASSISTANT_DATA; README.md lists all settings.

exit codes: 0 done, 1 a check failed, 2 bad usage or input, 130 stopped by Ctrl-C
"""


def parse_arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    """Parses the command line. Exits with 0 after --help and --version, with 2 on bad usage."""
    parser = argparse.ArgumentParser(
        prog="assistant",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"assistant {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    _add_ask(commands)
    _add_serve(commands)
    _add_index(commands)
    _add_rollback(commands)
    _add_evaluate(commands)
    _add_gaps(commands)
    _add_audit(commands)
    _add_gold(commands)
    _add_keys(commands)
    _add_doctor(commands)
    _add_slack(commands)
    return parser.parse_args(argv)


def _add(
    commands: _Commands, name: str, summary: str, *examples: str, details: str = ""
) -> argparse.ArgumentParser:
    """Adds a command. Each example is what follows `assistant` in the shell."""
    lines = "".join(f"\n  assistant {example}" for example in examples)
    command = commands.add_parser(
        name,
        help=summary,
        description=f"{summary[0].upper()}{summary[1:]}.\n{details}\nexamples:{lines}",
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
        help="the folder of documents (default: corpus/documents)",
    )
    command.add_argument(
        "--data",
        metavar="DIR",
        type=Path,
        default=default,
        help="the folder for the index and the database (default: .assistant, see below)",
    )


def _add_ask(commands: _Commands) -> None:
    ask = _add(
        commands,
        "ask",
        "answer a question, with the quotes that prove the answer",
        "ask who is an internal customer",
        "ask 'How long are records kept?' --json",
        "ask - < question.txt",
        details="Updates the index first if the documents have changed. A refusal is an answer: "
        'it exits with 0\n(in JSON, its status is "refused").\n',
    )
    ask.add_argument(
        "question",
        metavar="QUESTION",
        nargs="+",
        help="the question, at most 2,000 characters; quotes are only needed for characters that "
        "the shell interprets, as in 'who?'; - reads it from standard input",
    )
    ask.add_argument("--json", action="store_true", help="print the answer as in the HTTP API")
    ask.add_argument(
        "--mode",
        choices=["extractive", "choose", "compose"],
        help="without a language model; or it chooses what is quoted; or it writes what is then "
        "proved (default: ASSISTANT_MODEL_MODE if ASSISTANT_MODEL is set)",
    )
    ask.add_argument(
        "--history",
        metavar="FILE",
        type=Path,
        help='the conversation so far: a JSON list of {"role": "user" or "assistant", "text": ...}',
    )


def _add_serve(commands: _Commands) -> None:
    serve = _add(
        commands,
        "serve",
        "serve the web page and the HTTP API, and keep the index up to date",
        "serve",
        "serve --port 8080 --corpus ~/handbook",
    )
    serve.add_argument("--host", default="127.0.0.1", help="address to listen on (%(default)s)")
    serve.add_argument("--port", default=8000, type=_port, help="0 picks a free port (%(default)s)")


def _add_index(commands: _Commands) -> None:
    index = _add(
        commands,
        "index",
        "build the index or update it; exits with 1 if a file could not be read",
        "index",
        "index --corpus ~/handbook --rebuild",
        "index --json",
        "index --preview",
        "index --publish",
    )
    index.add_argument("--json", action="store_true", help="print the report as JSON")
    how = index.add_mutually_exclusive_group()
    how.add_argument("--rebuild", action="store_true", help="rebuild from scratch")
    how.add_argument(
        "--preview",
        action="store_true",
        help="build but do not publish: ask the gold questions and the latest ones of users of the "
        "old and the new index, and print what would change",
    )
    how.add_argument(
        "--publish",
        action="store_true",
        help="publish the preview, unless the documents or the index have changed since",
    )
    # For the service, which runs this command in a child process.
    index.add_argument("--progress-lines", action="store_true", help=argparse.SUPPRESS)
    index.add_argument("--unless-pinned", action="store_true", help=argparse.SUPPRESS)


def _add_rollback(commands: _Commands) -> None:
    rollback = _add(
        commands,
        "rollback",
        "answer from an earlier state of the index again",
        "rollback",
        "rollback --list",
        "rollback 12",
        details="A running service answers from it within a second. It is pinned: changes of the "
        "documents are not\nindexed until `assistant index` is run.\n",
    )
    rollback.add_argument(
        "generation",
        metavar="GENERATION",
        nargs="?",
        default="",
        help="the id or the number of a generation (default: the one before the published one)",
    )
    rollback.add_argument("--list", action="store_true", help="list the kept generations")
    rollback.add_argument("--json", action="store_true", help="print the list as JSON")


def _add_evaluate(commands: _Commands) -> None:
    evaluate = _add(
        commands,
        "evaluate",
        "answer all questions of a gold file and measure the answers",
        "evaluate corpus/gold/faq.jsonl",
        "evaluate corpus/gold/faq.jsonl --require right=0.7 --out results",
        "evaluate corpus/gold/faq.jsonl --against results/figures.json",
        details="A row of the gold file that cannot be used is named and left out; the command "
        "then exits with 1.\n",
    )
    evaluate.add_argument(
        "gold", metavar="GOLD.jsonl", type=Path, help="one question per line, as a JSON object"
    )
    evaluate.add_argument(
        "--out",
        metavar="DIR",
        type=Path,
        help="write figures.json, outcomes.jsonl, junit.xml and report.html to DIR",
    )
    evaluate.add_argument(
        "--against",
        metavar="OLD.json",
        type=Path,
        help="compare with an earlier run: the figures.json in its --out folder, beside its "
        "outcomes.jsonl. Exits with 1 if more questions became worse than better, and chance alone "
        "makes that in less than 5 of 100 comparisons",
    )
    evaluate.add_argument(
        "--without-faq",
        action="store_true",
        help="take the questions of the documents and their answers out of the index first: can "
        "the other text alone answer? An answer is right if it states the gold answer, or cites "
        "a gold span that lies in no such pair",
    )
    evaluate.add_argument(
        "--require",
        metavar="METRIC=VALUE",
        action="append",
        default=[],
        help="exit with 1 if the metric is below VALUE (wrongly_refused and unproved_sentences: "
        "above VALUE); may be repeated",
    )


def _add_gaps(commands: _Commands) -> None:
    gaps = _add(
        commands,
        "gaps",
        "list the questions without a good answer, and answer them",
        "gaps",
        "gaps --since 7 --json",
        "gaps accept 3fa1c29e0b7d --answer 'Dogs may travel in the last coach.'",
        "gaps dismiss 3fa1c29e0b7d",
        details="Questions that were refused or whose answer was voted down, grouped by meaning. "
        "Nothing is added to\nthe documents before you accept a group with an answer.\n",
    )
    gaps.add_argument("--json", action="store_true", help="print all groups as JSON")
    gaps.add_argument(
        "--since", metavar="DAYS", type=_days, help="only questions of the last so many days"
    )
    actions = gaps.add_subparsers(dest="action", metavar="ACTION")
    accept = actions.add_parser(
        "accept", help="add an FAQ entry to the documents, and a gold question", allow_abbrev=False
    )
    accept.add_argument(
        "--answer", metavar="TEXT", help="the answer; - reads it from standard input"
    )
    accept.add_argument("--question", metavar="TEXT", help="the question in other words")
    accept.add_argument(
        "--file",
        metavar="NAME",
        default="faq-additions.md",
        help="the document that the entry is added to, such as hr/faq.md (default: %(default)s)",
    )
    dismiss = actions.add_parser(
        "dismiss", help="hide a group and questions like it", allow_abbrev=False
    )
    for action in (accept, dismiss):
        action.add_argument("id", metavar="ID", help="the id that `assistant gaps` shows")
        _add_folders(action, argparse.SUPPRESS)


def _add_audit(commands: _Commands) -> None:
    audit = _add(
        commands,
        "audit",
        "compare the answers of an FAQ with the documents; exits with 1 on a contradiction",
        "audit faq.xlsx",
        "audit corpus/documents/faq.md --json",
        details="Reads question-answer pairs from Markdown, CSV, XLSX, JSON, JSON Lines, YAML and "
        "all other formats of\ndocuments. No pair is its own source.\n",
    )
    audit.add_argument("faq", metavar="FAQ", type=Path, help="the file with the pairs")
    audit.add_argument("--json", action="store_true", help="print every sentence as JSON")


def _add_gold(commands: _Commands) -> None:
    gold = _add(
        commands,
        "gold",
        "draft gold questions from the documents",
        "gold draft --out gold/questions.jsonl",
        "gold draft --count 100 --accept-all",
        details="Shows one question after another with its passage, to accept (y), edit (e) or "
        "drop (n). What is\naccepted is appended to the file at once; a second start goes on. "
        "Without a terminal, the drafts\nare printed as rows of a gold file.\n",
    )
    actions = gold.add_subparsers(dest="action", metavar="ACTION", required=True)
    draft = actions.add_parser("draft", help="propose questions", allow_abbrev=False)
    draft.add_argument(
        "--out",
        metavar="FILE",
        type=Path,
        default=Path("gold.jsonl"),
        help="the gold file that accepted questions are appended to (%(default)s)",
    )
    draft.add_argument(
        "--count", metavar="N", type=_count, default=50, help="questions to propose (%(default)s)"
    )
    draft.add_argument(
        "--accept-all", "--yes", action="store_true", help="append all without asking"
    )
    _add_folders(draft, argparse.SUPPRESS)  # --corpus and --data may also follow the action


def _add_keys(commands: _Commands) -> None:
    keys = _add(
        commands,
        "keys",
        "create, list and revoke API keys; once a key exists, every request needs one",
        "keys add website --scope ask --folder public",
        "keys list",
        "keys revoke website",
    )
    actions = keys.add_subparsers(dest="action", metavar="ACTION", required=True)
    add = actions.add_parser("add", help="create a key and print it, once", allow_abbrev=False)
    add.add_argument("name", metavar="NAME", help="what the key is for")
    add.add_argument(
        "--scope",
        action="append",
        choices=["ask", "write", "admin"],
        help="ask: ask questions and read documents; write: change documents; admin: metrics, "
        "gaps (default: ask); may be repeated",
    )
    add.add_argument(
        "--folder",
        action="append",
        default=[],
        metavar="FOLDER",
        help="limit the key to a folder of the corpus, such as hr/leave; may be repeated "
        "(default: all documents)",
    )
    actions.add_parser("list", help="list all keys", allow_abbrev=False)
    revoke = actions.add_parser("revoke", help="revoke a key for good", allow_abbrev=False)
    revoke.add_argument("name", metavar="NAME", help="the name that the key was created with")
    for action in actions.choices.values():  # --corpus and --data may also follow the action
        _add_folders(action, argparse.SUPPRESS)


def _add_doctor(commands: _Commands) -> None:
    doctor = _add(
        commands,
        "doctor",
        "check everything that the service depends on; exits with 1 if a check fails",
        "doctor",
        "doctor --json",
        details="Checks documents, folders, models, index, database, Slack and clock, and says how "
        "to repair what is\nbroken. It repairs nothing itself.\n",
    )
    doctor.add_argument("--json", action="store_true", help="print the findings as JSON")


def _add_slack(commands: _Commands) -> None:
    _add(
        commands,
        "slack",
        "answer in Slack over Socket Mode, which needs no public address",
        "slack",
        details="Needs the environment variables SLACK_BOT_TOKEN and SLACK_APP_TOKEN. With a "
        "public address,\n`assistant serve` answers Slack at /slack/events instead.\n",
    )


def _days(text: str) -> float:
    try:
        days = float(text)
    except ValueError:
        days = 0.0
    if not 0 < days <= 36_500:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of days: give 1 to 36500")
    return days


def _count(text: str) -> int:
    if not text.isdecimal() or not int(text):
        raise argparse.ArgumentTypeError(f"{text!r} is not a count: give a number from 1 on")
    return int(text)


def _port(text: str) -> int:
    if not text.isdigit() or int(text) > 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is not a port: give a number from 0 to 65535")
    return int(text)
