"""Health, and problem documents (RFC 9457)."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from api.wire.base import Reply


class HealthBody(Reply):
    """The process is up."""

    status: Literal["up"] = "up"


class ReadyBody(Reply):
    """A generation is open, and questions are answered from it."""

    status: Literal["ready"] = "ready"


class ProblemBody(BaseModel):
    """A problem document (RFC 9457). `detail` says what to do about it."""

    model_config = ConfigDict(extra="allow")

    type: str = "about:blank"
    title: str
    status: int
    detail: str


def problem(status: int, title: str, detail: str, **more: Any) -> dict[str, Any]:
    """Returns the members of a problem document."""
    return ProblemBody(status=status, title=title, detail=detail, **more).model_dump()
