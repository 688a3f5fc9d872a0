"""The index, its files, previews and kept generations."""

from typing import Literal, Self

from api.wire.base import Reply
from api.wire.chat import AnswerBody
from assistant.replay import Replayed


class ProgressBody(Reply):
    """The current step of a build, and how many of its `total` units are done."""

    step: str
    done: int
    total: int


class FileBody(Reply):
    """A file of the folder of documents. `outcome` is whether it was `read`, `unreadable`, or
    `skipped` because it is no document. `format` is "" if it is not supported. `documents` and
    `passages` are counts; `notes` say what of it was not read, `reason` why nothing was."""

    path: str
    format: str
    outcome: Literal["read", "unreadable", "skipped"]
    documents: int
    passages: int
    notes: tuple[str, ...]
    reason: str


class IndexReportBody(Reply):
    """What a build made, and what became of each file. `encoded` and `reused` count texts."""

    generation: str
    changed: bool
    documents: int
    passages: int
    encoded: int
    reused: int
    seconds: float
    files: tuple[FileBody, ...]


class DocumentChangesBody(Reply):
    """The paths of the documents that were added, changed or removed."""

    added: tuple[str, ...]
    changed: tuple[str, ...]
    removed: tuple[str, ...]


class ReplayedBody(Reply):
    """A question with its answers before and after. `differences` is empty if a user sees the same.
    `gold` is the id of the gold question, and whether each answer is right; null without gold."""

    question: str
    differences: tuple[str, ...]
    before: AnswerBody
    after: AnswerBody
    gold: str | None
    right_before: bool | None
    right_after: bool | None

    @classmethod
    def of(cls, value: Replayed) -> Self:
        """Converts it from the domain type."""
        gold = value.question.gold
        return cls(
            question=value.question.text,
            differences=value.differences,
            before=AnswerBody.of(value.before),
            after=AnswerBody.of(value.after),
            gold=gold.id if gold else None,
            right_before=value.right_before,
            right_after=value.right_after,
        )


class PreviewBody(Reply):
    """What publishing the next generation would change, compared with the generation `base`.
    `changed` is False if that is up to date; then no question was asked."""

    base: str
    changed: bool
    documents: DocumentChangesBody
    questions: tuple[ReplayedBody, ...]


class KeptBody(Reply):
    """A kept generation. `size` is in bytes. `fault` is why it cannot be opened, "" if it can."""

    id: str
    created: str
    documents: int
    size: int
    current: bool
    pinned: bool
    fault: str


class IndexBody(Reply):
    """The open generation, and the next one.

    While the first index is built, `generation` and `created` are empty. `pending` means that there
    are changes that no build has started for; `failed` is why the last build failed, if it did;
    `unreadable` names the files that could not be indexed, with the reason. `files` reports on each
    file of the folder if the request asks for that, else it is empty. `pinned` means that an
    operator chose this generation, and changes are not indexed until that ends. For a key that is
    limited to folders, all fields are about these folders, `created` and `failed` are empty, and
    `pinned` is false.
    """

    generation: str
    created: str
    documents: int
    building: bool
    pending: bool
    failed: str
    pinned: bool = False
    progress: ProgressBody | None = None
    unreadable: tuple[str, ...] = ()
    files: tuple[FileBody, ...] = ()
