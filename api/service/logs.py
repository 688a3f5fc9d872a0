"""The log: one line per event on standard error, as text or JSON, with the id of the request.

Questions are not logged. Line breaks and control characters in a message cannot forge a line.
"""

import json
import logging
import re
import secrets
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Literal, TextIO

from api.text import printable

# The id of the current request; "" outside of one.
request_id: ContextVar[str] = ContextVar("request_id", default="")
_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
# Attributes of every record; all others come from the `extra` argument.
_STANDARD = frozenset(logging.makeLogRecord({}).__dict__) | {"message", "asctime", "taskName"}


def name_request(given: str | None) -> str:
    """Returns the id that the client sent if it is valid, or else a new one."""
    if given and _REQUEST_ID.fullmatch(given):
        return given
    return secrets.token_hex(8)


def handler(form: Literal["text", "json"]) -> "logging.StreamHandler[TextIO]":
    """Returns a handler that writes to standard error in this format."""
    stream_handler = logging.StreamHandler()
    stream_handler.setFormatter(_JsonFormatter() if form == "json" else _TextFormatter())
    return stream_handler


def configure(form: Literal["text", "json"]) -> None:
    """Logs to standard error in this format: the service from INFO, libraries from WARNING."""
    root = logging.getLogger()
    root.handlers = [handler(form)]
    root.setLevel(logging.WARNING)
    logging.getLogger("api").setLevel(logging.INFO)


class _JsonFormatter(logging.Formatter):
    """One JSON object per line."""

    def format(self, record: logging.LogRecord) -> str:
        """Returns the line of a record."""
        line = {
            "time": _time(record),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **_extra(record),
        }
        if record.exc_info:
            line["trace"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=True, default=str)


class _TextFormatter(logging.Formatter):
    """Time, level, message, and name=value for the extra attributes."""

    def format(self, record: logging.LogRecord) -> str:
        """Returns the line of a record."""
        extra = "".join(f" {name}={value}" for name, value in _extra(record).items())
        line = f"{_time(record)} {record.levelname} {record.getMessage()}{extra}"
        line = printable(line).replace("\n", "\\n")
        if record.exc_info:  # the only lines without a time
            line += "\n" + printable(self.formatException(record.exc_info))
        return line


def _time(record: logging.LogRecord) -> str:
    return datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")


def _extra(record: logging.LogRecord) -> dict[str, object]:
    extra = {name: value for name, value in vars(record).items() if name not in _STANDARD}
    current = request_id.get()
    return {"request": current, **extra} if current else extra
