"""The log: one line an event on standard error, as text or as JSON, each with its request's id.

What people ask is not logged. Line ends and control characters cannot begin a line of their own.
"""

import json
import logging
import re
import secrets
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Literal, TextIO

from api.text import printable

# The id of the request that is being dealt with; "" outside of any.
request_id: ContextVar[str] = ContextVar("request_id", default="")
_GIVEN = re.compile(r"[A-Za-z0-9._-]{1,64}")
# What every record of the standard library has; the rest is what a caller added.
_STANDARD = frozenset(logging.makeLogRecord({}).__dict__) | {"message", "asctime", "taskName"}


def name_request(given: str | None) -> str:
    """The id for a request: the one that it came with, where that is one, else a new one."""
    if given and _GIVEN.fullmatch(given):
        return given
    return secrets.token_hex(8)


def handler(form: Literal["text", "json"]) -> "logging.StreamHandler[TextIO]":
    """Writes to standard error in this form."""
    made = logging.StreamHandler()
    made.setFormatter(_Json() if form == "json" else _Text())
    return made


def configure(form: Literal["text", "json"]) -> None:
    """Sends the log to standard error in this form: the service's own lines from INFO on, other
    libraries' from WARNING on."""
    root = logging.getLogger()
    root.handlers = [handler(form)]
    root.setLevel(logging.WARNING)
    logging.getLogger("api").setLevel(logging.INFO)


class _Json(logging.Formatter):
    """One JSON object a line."""

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "time": _time(record),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **_added(record),
        }
        if record.exc_info:
            line["trace"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=True, default=str)


class _Text(logging.Formatter):
    """Time, level, message, and name=value for what was added."""

    def format(self, record: logging.LogRecord) -> str:
        added = "".join(f" {name}={value}" for name, value in _added(record).items())
        line = f"{_time(record)} {record.levelname} {record.getMessage()}{added}"
        line = printable(line).replace("\n", "\\n")
        if record.exc_info:  # the traceback's own lines; what is said in it is made visible too
            line += "\n" + printable(self.formatException(record.exc_info))
        return line


def _time(record: logging.LogRecord) -> str:
    return datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")


def _added(record: logging.LogRecord) -> dict[str, object]:
    added = {name: value for name, value in vars(record).items() if name not in _STANDARD}
    current = request_id.get()
    return {"request": current, **added} if current else added
