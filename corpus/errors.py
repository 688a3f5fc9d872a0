"""What can be wrong with the corpus.

A message says what is wrong and where. The remedy belongs to the class, in words that make sense in
a terminal and over HTTP; an interface adds its own options and commands.
"""

from typing import ClassVar


class CorpusError(Exception):
    """The documents or the gold questions cannot be used."""

    remedy: ClassVar[str] = ""


class CorpusMissing(CorpusError):
    """The corpus folder does not exist, is not a folder, or cannot be listed."""

    remedy = "choose a folder of documents that exists and can be listed"


class CorpusEmpty(CorpusError):
    """No document of the corpus folder could be loaded."""

    remedy = "add documents to the folder, or choose another folder"


class DocumentUnreadable(CorpusError):
    """A file cannot be loaded: its permissions, size, encoding or content forbid it. The `reason`
    completes "NAME: …"."""

    remedy = "save it as readable UTF-8 text within the size limit, or remove it"

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(f"{name}: {reason}")
        self.reason = reason


class DocumentNotExtracted(DocumentUnreadable):
    """A file that is not Markdown or plain text cannot be read as its format: it is encrypted,
    damaged, scanned, too large, or another format."""

    remedy = "save it again with its text and without a password, or remove it"


class DocumentTooCostly(DocumentUnreadable):
    """Loading a file exceeds a limit of time or memory, or crashes the process that loads it.

    `sha256` is the digest of the file, under which the `cause` is remembered.
    """

    remedy = "split it into smaller files, or remove it; rebuild the index to try it again"

    def __init__(self, name: str, cause: str, sha256: str) -> None:
        super().__init__(name, f"loading it {cause}")
        self.cause = cause
        self.sha256 = sha256


class LoadingImpossible(CorpusError):
    """The process that loads documents cannot be started."""

    remedy = "stop other processes, and check that Python can be run"


class GoldInvalid(CorpusError):
    """A gold file cannot be read, or a line of it is not a gold question."""

    remedy = 'write one JSON object per line, with at least a "question"'


class SynonymsInvalid(CorpusError):
    """The file of synonyms cannot be read, or a line of it is not a group of phrases."""

    remedy = "write one group per line, its phrases separated by commas, or remove the file"
