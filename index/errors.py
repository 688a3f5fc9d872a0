"""The errors of building and opening an index.

A message says what is wrong, with the value. `remedy` says once for each class what to do about
it, in words that fit every interface; an interface may word it for its own users.
"""

from pathlib import Path
from typing import ClassVar


class IndexingError(Exception):
    """The index cannot be built, opened or searched."""

    remedy: ClassVar[str] = "see the log of the service"


class EncoderUnavailable(IndexingError):
    """The encoder's weights are not on this machine, or cannot be exported."""

    remedy = "install a sentence-transformers model on this machine and name it as the encoder"


class EncoderNotExported(IndexingError):
    """The encoder has not been exported yet."""

    remedy = "build the index"


class ModelDamaged(IndexingError):
    """A file of a model is missing, or was changed since it was written."""


class EncoderDamaged(ModelDamaged):
    """A file of the exported encoder is missing, or was changed since it was exported."""

    remedy = "build the index, which exports the encoder again"


class ModelFailed(IndexingError):
    """onnxruntime cannot load or run a model whose files are unchanged."""

    remedy = "install the program again, with the versions that it was tested with"


class IndexMissing(IndexingError):
    """No generation has been published in the data folder yet."""

    remedy = "build the index"


class IndexOutdated(IndexingError):
    """The published generation was made with another encoder, splitter or format."""

    remedy = "build the index"


class IndexDamaged(IndexingError):
    """A file of the published generation is missing or cannot be read."""

    remedy = "rebuild the index"


class IndexBusy(IndexingError):
    """Another process is writing to the data folder."""

    remedy = "wait until it has finished, or use another data folder"


class IndexPinned(IndexingError):
    """A generation was chosen by hand, and an automatic build does not replace it."""

    remedy = "build the index by hand, which ends that"


class PreviewMissing(IndexingError):
    """There is no generation that was built and compared, but not published."""

    remedy = "build a preview"


class PreviewOutdated(IndexingError):
    """The published generation or the documents have changed since the preview was compared."""

    remedy = "build a preview again"


class GenerationUnknown(IndexingError):
    """No kept generation has this name, or none is earlier than the published one."""

    remedy = "list the kept generations"


class IndexUnwritable(IndexingError):
    """The data folder cannot be written: permissions, or no space left."""

    remedy = "free disk space, change the permissions, or use another data folder"

    @classmethod
    def at(cls, path: Path, error: Exception) -> "IndexUnwritable":
        """The error for a path, with the reason that the system or a library gave."""
        reason = getattr(error, "strerror", None) or error
        return cls(f"{path} cannot be written ({reason})")


class NoTemporarySpace(IndexUnwritable):
    """The folder for temporary files cannot be written: permissions, or no space left."""

    remedy = "free disk space there, or set TMPDIR to another folder"


class TextMissing(IndexingError):
    """No stored text has this digest, or its file was changed."""

    remedy = (
        "build the index while a document still has this text, or restore the folder of texts "
        "from a backup"
    )
