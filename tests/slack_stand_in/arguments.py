"""The arguments of a method as they arrive: a JSON body, a form or a query, in which lists and
objects are JSON in a string."""

import json
from typing import Any
from urllib.parse import parse_qsl

from starlette.requests import Request

from slack_stand_in.limits import Refused, missing
from slack_stand_in.workspace import Json

_NESTED = ("attachments", "blocks", "chunks", "loading_messages", "metadata", "prompts", "view")
# What Slack says where such a string is not JSON.
_UNREADABLE = {"blocks": "invalid_blocks_format", "metadata": "invalid_metadata_format"}
_YES = (True, 1, "1", "true", "True")


async def arguments_of(request: Request) -> Json:
    """All arguments of a call, the token left out where it came as a header."""
    arguments: Json = dict(request.query_params)
    if request.method == "POST":
        body = await request.body()
        kind = request.headers.get("content-type", "")
        if kind.startswith("application/json"):
            arguments |= _object(body)
        else:
            arguments |= dict(parse_qsl(body.decode(errors="replace"), keep_blank_values=True))
    for name in _NESTED:
        if isinstance(arguments.get(name), str):
            arguments[name] = _nested(name, arguments[name])
    return arguments


def token_of(request: Request, arguments: Json) -> str:
    """The token that was shown, "" where there is none."""
    kind, _, token = request.headers.get("authorization", "").partition(" ")
    shown = arguments.pop("token", "")
    return token.strip() if kind.lower() == "bearer" else str(shown)


def text(arguments: Json, name: str) -> str:
    """A text argument; "" where it is left out."""
    value = arguments.get(name)
    return "" if value is None else str(value)


def needed(arguments: Json, *names: str) -> list[str]:
    """Text arguments that must be there."""
    absent = [name for name in names if not text(arguments, name)]
    if absent:
        raise missing(*absent)
    return [text(arguments, name) for name in names]


def flag(arguments: Json, name: str) -> bool:
    return arguments.get(name) in _YES


def number(arguments: Json, name: str, default: int, most: int) -> int:
    value = arguments.get(name)
    if value in (None, ""):
        return default
    try:
        count = int(str(value))
    except ValueError as error:
        raise Refused("invalid_arguments", [f"must be a number: {name}"]) from error
    if not 1 <= count <= most:
        raise Refused("invalid_limit")
    return count


def _object(body: bytes) -> Json:
    if not body:
        return {}
    try:
        told = json.loads(body)
    except ValueError as error:
        raise Refused("invalid_json") from error
    if not isinstance(told, dict):
        raise Refused("json_not_object")
    return {name: value for name, value in told.items() if value is not None}


def _nested(name: str, value: str) -> Any:
    try:
        return json.loads(value)
    except ValueError as error:
        raise Refused(_UNREADABLE.get(name, "invalid_arguments")) from error
