"""The names of all files and folders below a data folder. No other module spells one out.

DATA/index/                        can be deleted at any time: it is built again
    current                        the id of the published generation, replaced atomically
    pinned                         the id of a generation that no automatic build replaces
    generations/ID/                immutable once published
        manifest.json              how it was made, with sizes and digests of the other files
        passages.sqlite            passages, words, and the digest of each encoded text
        vectors.npy                a row for each encoded text
        chroma/                    the collection of passage vectors
    preview/ID/                    a generation that is not published yet, and was compared with the
                                   published generation ID
    encoders/                      exported encoders
    lock                           held by the process that writes
    pointer.lock                   held while the pointer is moved, for milliseconds
DATA/texts/                        every text ever indexed: citations of old answers need it
"""

from dataclasses import dataclass
from pathlib import Path

# Here because the settings need it, and this module imports no library.
DEFAULT_ENCODER = "all-MiniLM-L6-v2"
# Earlier generations that are kept: enough to go back over the uploads of an hour, and little disk.
DEFAULT_KEEP = 3
MANIFEST = "manifest.json"
PASSAGES = "passages.sqlite"
VECTORS = "vectors.npy"
CHROMA = "chroma"


@dataclass(frozen=True, slots=True)
class Layout:
    """The paths below one data folder."""

    root: Path

    @property
    def index(self) -> Path:
        """The folder of everything that can be built again."""
        return self.root / "index"

    @property
    def pointer(self) -> Path:
        """The file with the id of the published generation."""
        return self.index / "current"

    @property
    def pin(self) -> Path:
        """The file with the id of the pinned generation."""
        return self.index / "pinned"

    @property
    def pointer_lock(self) -> Path:
        """The file that is locked while the pointer is moved."""
        return self.index / "pointer.lock"

    @property
    def preview(self) -> Path:
        """The folder of the generation that can be published after it was compared."""
        return self.index / "preview"

    @property
    def generations(self) -> Path:
        """The folder of published generations, and of those that are being built."""
        return self.index / "generations"

    @property
    def encoders(self) -> Path:
        """The folder of exported encoders."""
        return self.index / "encoders"

    @property
    def lock(self) -> Path:
        """The file that a writing process locks."""
        return self.index / "lock"

    @property
    def texts(self) -> Path:
        """The folder of every text ever indexed."""
        return self.root / "texts"
