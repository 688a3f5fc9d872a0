"""Errors over HTTP: each is a problem document (RFC 9457), and its `detail` says what to do."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from api.wire import problem
from assistant.errors import QuestionInvalid
from index.errors import IndexingError, TextMissing

MEDIA_TYPE = "application/problem+json"
# What the framework says of itself, where we can say what to do.
_SAYS_LITTLE = ("Not Found", "Method Not Allowed", "There was an error parsing the body")
_NO_OBJECT = "expected a JSON object, sent with content-type: application/json"


class ProblemResponse(JSONResponse):
    """A problem document as a response."""

    media_type = MEDIA_TYPE

    def __init__(
        self, status: int, detail: str, headers: Mapping[str, str] | None = None, **more: Any
    ) -> None:
        title = HTTPStatus(status).phrase
        super().__init__(problem(status, title, detail, **more), status, headers)


def answer_errors(app: FastAPI) -> None:
    """Makes every error of the app a problem document."""
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(QuestionInvalid, _question)
    app.add_exception_handler(TextMissing, _text)
    app.add_exception_handler(IndexingError, _index)
    app.add_exception_handler(Exception, _unexpected)


def _http(request: Request, error: Exception) -> ProblemResponse:
    assert isinstance(error, HTTPException)
    path = request.url.path
    details = {
        400: "the body cannot be read: send a JSON object in UTF-8",
        404: f"there is nothing at {path}: see /docs for what there is",
        405: f"{request.method} is not answered at {path}: see /docs for what is",
    }
    detail = error.detail
    if detail in _SAYS_LITTLE:
        detail = details.get(error.status_code, detail)
    return ProblemResponse(error.status_code, detail, error.headers)


def _invalid(_: Request, error: Exception) -> ProblemResponse:
    assert isinstance(error, RequestValidationError)
    faults = error.errors()
    if any(fault["type"] == "json_invalid" for fault in faults):
        reason = faults[0].get("ctx", {}).get("error", "it cannot be read")
        return ProblemResponse(400, f"the body is not JSON ({reason}): send a JSON object")
    # What was sent is not repeated: it may be long, and it may not be text.
    errors = [{"where": _place(fault["loc"]), "what": _told(fault)} for fault in faults]
    told = "; ".join(f"{fault['where']}: {fault['what']}" for fault in errors)
    return ProblemResponse(422, f"{told}; see /docs for what is expected", errors=errors)


def _told(fault: Mapping[str, Any]) -> str:
    if fault["type"] == "model_attributes_type":
        return _NO_OBJECT
    return str(fault["msg"]).removeprefix("Value error, ")


def _place(location: Sequence[int | str]) -> str:
    """`body.history.0.role`, without the `body` where something stands behind it."""
    parts = [str(part) for part in location]
    return ".".join(parts[1:] if len(parts) > 1 and parts[0] in ("body", "query") else parts)


def _question(_: Request, error: Exception) -> ProblemResponse:
    return ProblemResponse(422, str(error))


def _text(_: Request, error: Exception) -> ProblemResponse:
    return ProblemResponse(404, f"{error}: see /v1/documents for what there is")


def _index(_: Request, error: Exception) -> ProblemResponse:
    return ProblemResponse(503, str(error))


def _unexpected(_: Request, __: Exception) -> ProblemResponse:
    """The server logs the traceback; it tells nothing to whoever asked."""
    return ProblemResponse(500, "something went wrong here: see the log of the service for what")
