"""Errors over HTTP: each is a problem document (RFC 9457), and its `detail` says what to do."""

import logging
import math
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from api.errors import (
    CorpusUnwritable,
    DatabaseUnavailable,
    DocumentMissing,
    Forbidden,
    IdempotencyKeyInUse,
    IdempotencyKeyReused,
    InvalidKey,
    LastDocument,
    MisdirectedRequest,
    NotFound,
    Overloaded,
    RateLimited,
    UploadRefused,
    describe,
)
from api.service.logs import request_id
from api.wire import ProblemBody, problem
from assistant.errors import QuestionInvalid
from index.errors import IndexingError

_log = logging.getLogger(__name__)
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
        super().__init__(_members(status, detail, **more), status, headers)


# Which status tells of which error. What is not named here is a defect, and answered with 500.
_STATUS: dict[type[Exception], int] = {
    QuestionInvalid: 422,
    IdempotencyKeyReused: 422,
    UploadRefused: 422,
    InvalidKey: 401,
    Forbidden: 403,
    NotFound: 404,
    DocumentMissing: 404,
    IdempotencyKeyInUse: 409,
    LastDocument: 409,
    MisdirectedRequest: 421,
    RateLimited: 429,
    Overloaded: 503,
    IndexingError: 503,
    DatabaseUnavailable: 503,
    CorpusUnwritable: 503,
}


def add_error_handlers(app: FastAPI) -> None:
    """Makes every error of the app a problem document."""
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(RequestValidationError, _invalid)
    for known in _STATUS:
        app.add_exception_handler(known, _known)


def problem_responses(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The problem documents of an endpoint, for its description."""
    content = {MEDIA_TYPE: {"schema": ProblemBody.model_json_schema()}}
    return {
        status: {"description": HTTPStatus(status).phrase, "content": content}
        for status in statuses
    }


def problem_for(error: Exception) -> ProblemBody:
    """The problem document of an error that comes when a response has already begun."""
    status = _status_of(error)
    if status is None:
        _log.error("An answer could not be finished", exc_info=error)
        status, detail = 500, "something went wrong here: see the log of the service"
    else:
        detail = describe(error)
    return ProblemBody.model_validate(_members(status, detail))


def _status_of(error: Exception) -> int | None:
    return next((_STATUS[kind] for kind in type(error).__mro__ if kind in _STATUS), None)


def _members(status: int, detail: str, **more: Any) -> dict[str, Any]:
    if current := request_id.get():
        more["request_id"] = current
    return problem(status, HTTPStatus(status).phrase, detail, **more)


def _known(_: Request, error: Exception) -> ProblemResponse:
    status = _status_of(error)
    assert status is not None
    headers = {}
    if isinstance(error, (Overloaded, RateLimited, IdempotencyKeyInUse)):
        headers["retry-after"] = str(math.ceil(error.wait))
    elif status == 503:
        headers["retry-after"] = "5"
    elif status == 401:
        headers["www-authenticate"] = "Bearer"
    return ProblemResponse(status, describe(error), headers)


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
