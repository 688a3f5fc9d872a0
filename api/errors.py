"""What can go wrong at a door; each message names what was expected and the remedy."""


class DoorError(Exception):
    """A door cannot be opened as it was asked to."""


class SettingsInvalid(DoorError):
    """The environment holds a setting that is unknown or has no usable value."""


class HistoryInvalid(DoorError):
    """The file with what was said before is not a list of turns."""


class OutputUnwritable(DoorError):
    """The folder for the results cannot be written."""


class AddressUnavailable(DoorError):
    """The service cannot listen where it was told to."""


class Overloaded(DoorError):
    """More is asked at the moment than can be worked on. `wait` is in seconds."""

    def __init__(self, message: str, wait: float) -> None:
        super().__init__(message)
        self.wait = wait


class TooMany(DoorError):
    """Somebody asks more often than the rate allows. `wait` is in seconds."""

    def __init__(self, message: str, wait: float) -> None:
        super().__init__(message)
        self.wait = wait


class Unknown(DoorError):
    """Who asks has shown no key, or none that counts."""


class Forbidden(DoorError):
    """Who asks may not do this."""


class Misdirected(DoorError):
    """The request was meant for another host, or comes through one that nobody named."""


class UploadRefused(DoorError):
    """What was sent cannot be a document of the corpus."""


class DocumentMissing(DoorError):
    """There is no document of this name, or none that may be seen."""


class LastDocument(DoorError):
    """The only document of a corpus cannot be taken away."""


class CorpusUnwritable(DoorError):
    """The folder of documents cannot be written."""


class DatabaseUnavailable(DoorError):
    """The database cannot be opened, read or written."""


class NotKept(DoorError):
    """Nothing is kept under this id, or nothing of whoever asks."""


class KeyInUse(DoorError):
    """Another request holds this idempotency key. `wait` is in seconds."""

    def __init__(self, message: str, wait: float) -> None:
        super().__init__(message)
        self.wait = wait


class KeyReused(DoorError):
    """This idempotency key was first sent with another request."""


class KeyInvalid(DoorError):
    """An API key cannot be made as it was asked for."""


class KeyUnknown(DoorError):
    """No API key in use has this name."""


class SlackUnavailable(DoorError):
    """Slack cannot be reached, or not with these tokens."""


class NotForOthers(DoorError):
    """Without keys the service is for its own machine only."""
