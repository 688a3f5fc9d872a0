"""The encoder at run time: onnxruntime and tokenizers, and nothing heavier.

The one door to onnxruntime for sentence vectors. How the weights got into this form is the
business of index.export; where they lie, of index.encoders.
"""

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
    """Progress that nobody watches."""


class Encoder(Protocol):
    """Text to vectors of unit length, so that a dot product is a cosine."""

    @property
    def fingerprint(self) -> str:
        """Names the weights: vectors of different fingerprints must never be compared."""

    @property
    def dimensions(self) -> int:
        """The length of a vector."""

    def knows(self, word: str) -> bool:
        """Whether the model has a token of its own for the word, as it has for common ones."""

    def encode_query(self, text: str) -> Vectors:
        """One question as a vector, shape (dimensions,)."""

    def encode_documents(self, texts: Sequence[str], progress: Progress = no_progress) -> Vectors:
        """Texts as vectors, shape (len(texts), dimensions); progress hears how many are new."""


@dataclass(frozen=True, slots=True)
class EncoderCard:
    """What encoder.json says of an exported encoder."""

    name: str
    fingerprint: str
    dimensions: int
    max_tokens: int
    query_prompt: str = ""
    document_prompt: str = ""

    @classmethod
    def read(cls, folder: Path) -> "EncoderCard":
        """Raises OSError or ValueError where the card is missing or not one."""
        return cls(**json.loads((folder / "encoder.json").read_text(encoding="utf-8")))
