"""What the bodies of requests and replies share."""

from datetime import UTC, datetime
from typing import Annotated, Any, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict


def rfc3339(seconds: float) -> str:
    """Formats seconds since 1970 as a date and time of RFC 3339, in UTC."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")


Time = Annotated[str, BeforeValidator(rfc3339)]


class Request(BaseModel):
    """The body of a request. Unknown fields are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Reply(BaseModel):
    """The body of a reply."""

    model_config = ConfigDict(from_attributes=True, frozen=True)

    @classmethod
    def of(cls, value: Any) -> Self:
        """Converts a domain object whose attributes have the names of the fields."""
        return cls.model_validate(value)
