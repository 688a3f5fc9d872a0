"""What can go wrong at a door; each message names what was expected and the remedy."""

from index.errors import IndexMissing


class ApiError(Exception):
    """A door cannot be opened as it was asked to."""


class SettingsInvalid(ApiError):
    """The environment holds a setting that is unknown or has no usable value."""


class HistoryInvalid(ApiError):
    """The file with what was said before is not a list of turns."""


class OutputUnwritable(ApiError):
    """The folder for the results cannot be written."""


class AddressUnavailable(ApiError):
    """The service cannot listen where it was told to."""


class Overloaded(ApiError):
    """More is asked at the moment than can be worked on. `wait` is in seconds."""

    def __init__(self, message: str, wait: float) -> None:
        super().__init__(message)
        self.wait = wait


class RateLimited(ApiError):
    """Somebody asks more often than the rate allows. `wait` is in seconds."""

    def __init__(self, message: str, wait: float) -> None:
        super().__init__(message)
        self.wait = wait


class InvalidKey(ApiError):
    """Who asks has shown no key, or none that counts."""


class Forbidden(ApiError):
    """Who asks may not do this."""


class MisdirectedRequest(ApiError):
    """The request was meant for another host, or comes through one that nobody named."""


class UploadRefused(ApiError):
    """What was sent cannot be a document of the corpus."""


class DocumentMissing(ApiError):
    """There is no document of this name, or none that may be seen."""


class LastDocument(ApiError):
    """The only document of a corpus cannot be taken away."""


class CorpusUnwritable(ApiError):
    """The folder of documents cannot be written."""


class DatabaseUnavailable(ApiError):
    """The database cannot be opened, read or written."""


class DatabaseMissing(DatabaseUnavailable):
    """There is no database yet, and none was to be created."""


class IndexBuilding(IndexMissing):
    """The first index is being built, so questions cannot be answered yet."""


class NotFound(ApiError):
    """Nothing is kept under this id, or nothing of whoever asks."""


class IdempotencyKeyInUse(ApiError):
    """Another request holds this idempotency key. `wait` is in seconds."""

    def __init__(self, message: str, wait: float) -> None:
        super().__init__(message)
        self.wait = wait


class IdempotencyKeyReused(ApiError):
    """This idempotency key was first sent with another request."""


class InvalidKeyRequest(ApiError):
    """An API key cannot be made as it was asked for."""


class KeyNotFound(ApiError):
    """No API key in use has this name."""


class SlackUnavailable(ApiError):
    """Slack cannot be reached, or not with these tokens."""


class PublicWithoutKeys(ApiError):
    """Without keys the service is for its own machine only."""


def describe(error: Exception) -> str:
    """Returns the error's message, followed by the remedy of its class if it has one."""
    remedy = getattr(error, "remedy", "")
    return f"{error}: {remedy}" if remedy else str(error)
