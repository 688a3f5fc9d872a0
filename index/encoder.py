"""The interface of an encoder, and the card that describes an exported one."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from index.checksums import ModelFiles
from index.errors import EncoderDamaged, EncoderNotExported

Vectors = NDArray[np.float32]
Progress = Callable[[int], None]


def no_progress(_: int) -> None:
    """Ignores the progress."""


class Encoder(Protocol):
    """Text to vectors of unit length, so that a dot product is a cosine."""

    @property
    def fingerprint(self) -> str:
        """Identifies the weights: vectors of different fingerprints must not be compared."""

    @property
    def dimensions(self) -> int:
        """The length of a vector."""

    def knows(self, word: str) -> bool:
        """Whether the word is a single token of the model, as common words are."""

    def encode_query(self, text: str) -> Vectors:
        """Returns the vector of one question, shape (dimensions,)."""

    def encode_documents(self, texts: Sequence[str], progress: Progress = no_progress) -> Vectors:
        """Returns the vectors of texts, shape (len(texts), dimensions).

        `progress` is called with the number of texts encoded since the last call."""


@dataclass(frozen=True, slots=True)
class EncoderCard:
    """The content of encoder.json: describes an exported encoder. `files` maps the names of its
    other files to their sizes in bytes, and `digests` to their SHA-256."""

    name: str
    fingerprint: str
    dimensions: int
    max_tokens: int
    files: Mapping[str, int] = field(repr=False)
    digests: Mapping[str, str] = field(repr=False)
    query_prompt: str = ""
    document_prompt: str = ""

    @classmethod
    def read(cls, folder: Path) -> "EncoderCard":
        """Raises EncoderNotExported if there is no card, and EncoderDamaged if it is invalid."""
        path = folder / "encoder.json"
        try:
            return cls(**json.loads(path.read_text(encoding="utf-8")))
        except (FileNotFoundError, NotADirectoryError) as error:
            raise EncoderNotExported(f"no encoder has been exported to {folder}") from error
        except (OSError, ValueError, TypeError) as error:
            raise EncoderDamaged(f"{path} cannot be read ({error})") from error

    def model_files(self, folder: Path) -> ModelFiles:
        """The files of the encoder in its folder."""
        return ModelFiles(folder, self.files, self.digests, EncoderDamaged)
