"""What can go wrong in building and opening an index; each message names the remedy."""


class IndexingError(Exception):
    """The index cannot be built, opened or searched as it stands."""


class EncoderUnavailable(IndexingError):
    """The encoder's weights are not on this machine, or could not be exported."""


class IndexMissing(IndexingError):
    """Nothing has been published in the data folder yet."""


class IndexOutdated(IndexingError):
    """The published generation was made by another encoder, splitter or format."""


class IndexDamaged(IndexingError):
    """A file of the published generation is missing or cannot be read."""


class IndexBusy(IndexingError):
    """Another process is writing to the data folder."""


class IndexUnwritable(IndexingError):
    """The data folder cannot be written: permissions, or no space left."""


class TextMissing(IndexingError):
    """No text is kept under this digest."""
