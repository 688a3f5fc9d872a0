"""Questions without a good answer."""

from typing import Literal

from api.wire.base import Reply, Time


class EvidenceBody(Reply):
    """A passage near a question: the stored text `sha256` at `[start, end)`."""

    document: str
    sha256: str
    start: int
    end: int
    text: str


class DraftBody(Reply):
    """A draft of an FAQ entry: the question and the text of the nearest passage, which may not
    answer it. A person must write the answer."""

    question: str
    answer: str


class GapBody(Reply):
    """Questions without a good answer that mean the same. `question` is the most central one and
    `examples` are others; `reasons` counts them by reason."""

    id: str
    question: str
    count: int
    last_seen: Time
    reasons: dict[Literal["refused", "down_voted"], int]
    examples: tuple[str, ...]
    evidence: tuple[EvidenceBody, ...]
    draft: DraftBody


class GapsBody(Reply):
    """The groups of questions without a good answer, largest first."""

    gaps: tuple[GapBody, ...]
