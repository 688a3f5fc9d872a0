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
