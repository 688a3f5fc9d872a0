"""The interface of an encoder, and the card that describes an exported one."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

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
    """The content of encoder.json: describes an exported encoder."""

    name: str
    fingerprint: str
    dimensions: int
    max_tokens: int
    query_prompt: str = ""
    document_prompt: str = ""

    @classmethod
    def read(cls, folder: Path) -> "EncoderCard":
        """Raises OSError, ValueError or TypeError if the card is missing or invalid."""
        return cls(**json.loads((folder / "encoder.json").read_text(encoding="utf-8")))
