"""Errors over HTTP: each becomes a problem document (RFC 9457) with a remedy for the caller."""

import logging
import math
from collections.abc import Awaitable, Mapping, Sequence
from http import HTTPStatus
from typing import Any, TypeVar

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
    IndexBuilding,
    InvalidKey,
    LastDocument,
    MisdirectedRequest,
    NotFound,
    Overloaded,
    RateLimited,
    RetryAfter,
    UploadRefused,
)
from api.service.logs import request_id
from api.wire.problems import ProblemBody, problem
from assistant.errors import ModelMissing, QuestionInvalid
from index.errors import (
    EncoderDamaged,
    EncoderNotExported,
    IndexBusy,
    IndexDamaged,
    IndexingError,
    IndexMissing,
    IndexOutdated,
    IndexUnwritable,
)

_log = logging.getLogger(__name__)
T = TypeVar("T")
MEDIA_TYPE = "application/problem+json"
INTERNAL_ERROR = "internal error: the log of the service has the details under this request id"
_RETRY_AFTER = "5"  # seconds, for errors that do not know how long they last

# The status of each error, and what an HTTP caller can do about it unless the message says so. An
# error is looked up by its class, then by its base classes; an error without a rule is a 500.
RULES: dict[type[Exception], tuple[int, str]] = {
    QuestionInvalid: (422, ""),
    IdempotencyKeyReused: (422, "use a new key for each request"),
    UploadRefused: (422, ""),
    InvalidKey: (401, ""),
    Forbidden: (403, "the operator of the service can create a key with more permissions"),
    NotFound: (404, "check the id"),
    ModelMissing: (422, "leave out the mode, or ask the operator of the service for a model"),
    DocumentMissing: (404, "GET /v1/documents lists the documents"),
    IdempotencyKeyInUse: (409, ""),
    LastDocument: (409, "upload another document first"),
    MisdirectedRequest: (421, "the operator of the service can open it to others with API keys"),
    RateLimited: (429, "wait until the time in retry-after has passed"),
    Overloaded: (503, ""),
    IndexBuilding: (503, "GET /v1/index shows the progress"),
    IndexMissing: (503, "the operator of the service has to build the index"),
    EncoderNotExported: (503, "the operator of the service has to build the index"),
    EncoderDamaged: (503, "the operator of the service has to build the index"),
    IndexOutdated: (503, "the operator of the service has to rebuild the index"),
    IndexDamaged: (503, "the operator of the service has to rebuild the index"),
    IndexBusy: (503, "retry in a few seconds"),
    IndexUnwritable: (503, "the operator of the service has to free space or change permissions"),
    IndexingError: (503, "the operator of the service has to repair it"),
    DatabaseUnavailable: (503, ""),
    CorpusUnwritable: (503, "the operator of the service has to free space or change permissions"),
}


class ProblemResponse(JSONResponse):
    """A problem document as a response."""

    media_type = MEDIA_TYPE

    def __init__(
        self, status: int, detail: str, headers: Mapping[str, str] | None = None, **more: Any
    ) -> None:
        super().__init__(_members(status, detail, **more), status, headers)


def add_error_handlers(app: FastAPI) -> None:
    """Makes the app answer every error with a problem document."""
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(RequestValidationError, _validation_error)
    for known in RULES:
        app.add_exception_handler(known, _known_error)


def problem_responses(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Describes the problem documents of an endpoint for OpenAPI."""
    content = {MEDIA_TYPE: {"schema": ProblemBody.model_json_schema()}}
    return {
        status: {"description": HTTPStatus(status).phrase, "content": content}
        for status in statuses
    }


async def result_or_problem(work: Awaitable[T]) -> T | ProblemBody:
    """Awaits the work; returns the problem document of its error if it fails.

    For responses whose status has been sent or does not reach the user.
    """
    try:
        return await work
    except Exception as error:  # noqa: BLE001 - no handler of the app can answer any more
        found = _status_and_detail(error)
        if found is None:
            _log.error("A question failed", exc_info=error)
        return ProblemBody.model_validate(_members(*(found or (500, INTERNAL_ERROR))))


def _status_and_detail(error: Exception) -> tuple[int, str] | None:
    """None for an error without a rule."""
    for kind in type(error).__mro__:
        if kind in RULES:
            status, remedy = RULES[kind]
            return status, f"{error}: {remedy}" if remedy else str(error)
    return None


def _members(status: int, detail: str, **more: Any) -> dict[str, Any]:
    if current := request_id.get():
        more["request_id"] = current
    return problem(status, HTTPStatus(status).phrase, detail, **more)


def _known_error(_: Request, error: Exception) -> ProblemResponse:
    found = _status_and_detail(error)
    assert found is not None
    status, detail = found
    headers = {}
    if isinstance(error, RetryAfter):
        headers["retry-after"] = str(math.ceil(error.wait))
    elif status == 503:
        headers["retry-after"] = _RETRY_AFTER
    elif status == 401:
        headers["www-authenticate"] = "Bearer"
    return ProblemResponse(status, detail, headers)


def _http_error(request: Request, error: Exception) -> ProblemResponse:
    assert isinstance(error, HTTPException)
    path = request.url.path
    # The framework's own messages say too little.
    details = {
        "There was an error parsing the body": "the body is not UTF-8: send a JSON object in UTF-8",
        "Not Found": f"there is nothing at {path}: see /docs",
        "Method Not Allowed": f"{request.method} is not allowed at {path}: see /docs",
    }
    detail = details.get(error.detail, error.detail)
    headers = error.headers
    if error.status_code == 405 and (methods := _allowed_methods(request)):
        headers = {"allow": ", ".join(methods)}
    return ProblemResponse(error.status_code, detail, headers)


def _allowed_methods(request: Request) -> list[str]:
    """Returns the methods that are described for the path of a request; the framework names those
    of its first route only."""
    path = getattr(request.scope.get("route"), "path_format", "")
    return sorted(method.upper() for method in request.app.openapi()["paths"].get(path, {}))


def _validation_error(_: Request, error: Exception) -> ProblemResponse:
    assert isinstance(error, RequestValidationError)
    faults = error.errors()
    if any(fault["type"] == "json_invalid" for fault in faults):
        return ProblemResponse(400, "the body is not valid JSON: send a JSON object")
    # The input is not repeated: it may be long, and it may not be text.
    errors = [{"where": _field(fault["loc"]), "what": _reason(fault)} for fault in faults]
    summary = "; ".join(f"{fault['where']}: {fault['what']}" for fault in errors)
    return ProblemResponse(422, f"{summary}; see /docs for the expected fields", errors=errors)


def _reason(fault: Mapping[str, Any]) -> str:
    if fault["type"] == "model_attributes_type":
        return "expected a JSON object, sent with content-type: application/json"
    return str(fault["msg"]).removeprefix("Value error, ")


def _field(location: Sequence[int | str]) -> str:
    """`history.0.role`: the location without `body` or `query` if a name follows it."""
    parts = [str(part) for part in location]
    return ".".join(parts[1:] if len(parts) > 1 and parts[0] in ("body", "query") else parts)
