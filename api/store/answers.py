"""The storage format of answers. It has a version of its own and does not follow the HTTP API."""

from typing import Final, Literal

from pydantic import BaseModel, ValidationError

from assistant.answer import Answer

FORMAT: Final = 1


class _Stored(BaseModel):
    version: Literal[1] = FORMAT
    answer: Answer


class FormatUnknown(Exception):
    """The text is not an answer in a format that this program knows."""


def serialize(answer: Answer) -> str:
    """Returns the answer as JSON."""
    return _Stored(answer=answer).model_dump_json()


def parse(text: str) -> Answer:
    """Returns the answer of serialize(). Raises FormatUnknown."""
    try:
        return _Stored.model_validate_json(text).answer
    except ValidationError as error:
        fault = error.errors()[0]
        place = ".".join(str(part) for part in fault["loc"])
        raise FormatUnknown(f"expected format {FORMAT}: {place}: {fault['msg']}") from error
