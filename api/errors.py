"""The errors of the interfaces and of what they store.

A message says what is wrong, with the value. `remedy` says once for each class what to do about it,
in words that fit every interface; an interface may word it for its own users. Errors whose remedy
depends on the case name it in the message.
"""

from typing import ClassVar

from index.errors import IndexMissing


class ApiError(Exception):
    """An operation of an interface failed."""

    remedy: ClassVar[str] = ""


# --- starting a command ---


class SettingsInvalid(ApiError):
    """A setting is unknown, or its value is invalid."""


class HistoryInvalid(ApiError):
    """The file with the conversation so far is not a list of turns."""


class OutputUnwritable(ApiError):
    """The folder for the results cannot be written."""


class AddressUnavailable(ApiError):
    """The service cannot listen on the address."""

    remedy = "stop the process that uses it, or choose another address"


class PublicWithoutKeys(ApiError):
    """A service without API keys would be reachable from other machines."""

    remedy = "create an API key first"


class SlackUnavailable(ApiError):
    """Slack cannot be reached, or rejects the tokens."""


# --- the caller can retry later ---


class RetryAfter(ApiError):
    """The request fails now, and may succeed after `wait` seconds."""

    def __init__(self, message: str, wait: float) -> None:
        super().__init__(message)
        self.wait = wait


class Overloaded(RetryAfter):
    """There are more questions than the service can answer."""


class RateLimited(RetryAfter):
    """A caller exceeds its rate limit."""


class IdempotencyKeyInUse(RetryAfter):
    """Another request with this idempotency key is in progress."""


class IndexBuilding(IndexMissing):
    """The first index is being built, so questions cannot be answered yet."""


# --- the caller must change the request ---


class InvalidKey(ApiError):
    """The request has no valid API key."""


class Forbidden(ApiError):
    """The API key does not permit the request."""


class MisdirectedRequest(ApiError):
    """The request names another host than the one that is served, or came through a proxy to a
    service without API keys."""


class IdempotencyKeyReused(ApiError):
    """The idempotency key was first sent with another request."""


class NotFound(ApiError):
    """There is no such record, or it belongs to another owner."""


class DocumentMissing(ApiError):
    """There is no such document, or the caller cannot read it."""


class LastDocument(ApiError):
    """The only document of a corpus cannot be deleted."""


class UploadRefused(ApiError):
    """The upload cannot become a document of the corpus."""


class InvalidKeyRequest(ApiError):
    """An API key cannot be created as requested."""


class KeyNotFound(ApiError):
    """There is no valid API key with this name."""

    remedy = "list the keys to see their names"


class GapUnknown(ApiError):
    """There is no such group of questions without an answer."""

    remedy = "list the gaps to see their ids"


class AdditionInvalid(ApiError):
    """A question and its answer cannot be added to the documents."""


# --- the operator must act ---


class CorpusUnwritable(ApiError):
    """The folder of documents cannot be written."""

    remedy = "free disk space, or change the permissions of the folder"


class DatabaseUnavailable(ApiError):
    """The database cannot be opened, read or written."""


class DatabaseMissing(DatabaseUnavailable):
    """There is no database, and it must not be created."""


def describe(error: Exception) -> str:
    """Returns the error's message, followed by the remedy of its class if it has one."""
    remedy = getattr(error, "remedy", "")
    return f"{error}: {remedy}" if remedy else str(error)
