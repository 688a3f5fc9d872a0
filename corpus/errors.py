"""What can go wrong while reading the material; each message names the file and the remedy."""


class CorpusError(Exception):
    """The material cannot be read as it stands."""


class CorpusMissing(CorpusError):
    """The corpus folder does not exist, is not a folder, or may not be listed."""


class CorpusEmpty(CorpusError):
    """The corpus folder holds no document that can be read."""


class DocumentUnreadable(CorpusError):
    """One file cannot be read: permissions, not UTF-8, or not text."""


class GoldInvalid(CorpusError):
    """A gold file has a line that is not a gold question."""
