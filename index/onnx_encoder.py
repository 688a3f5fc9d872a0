"""The encoder at run time: onnxruntime and tokenizers only."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from tokenizers import Encoding, Tokenizer

from index.encoder import EncoderCard, Progress, Vectors, no_progress
from index.onnx import OnnxModel

# Maximum tokens in one run of the model. More are not faster on few cores, and need memory.
_BATCH_TOKENS = 4096


class OnnxEncoder:
    """An exported sentence-transformers model. Safe to share between threads.

    Raises EncoderNotExported, EncoderDamaged and ModelFailed; the last two also if it is used.
    """

    def __init__(self, folder: Path) -> None:
        self.card = EncoderCard.read(folder)
        self._files = self.card.model_files(folder)
        self._files.check()
        with self._files.explain_failures():
            self._model = OnnxModel(folder / "model.onnx")
        # Would panic over a truncated file, which has been excluded.
        self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._tokenizer.no_padding()
        self._tokenizer.no_truncation()

    @property
    def fingerprint(self) -> str:
        """See Encoder."""
        return self.card.fingerprint

    @property
    def dimensions(self) -> int:
        """See Encoder."""
        return self.card.dimensions

    def knows(self, word: str) -> bool:
        """See Encoder."""
        return self._tokenizer.token_to_id(word) is not None

    def encode_query(self, text: str) -> Vectors:
        """See Encoder."""
        vector: Vectors = self._encode([self.card.query_prompt + text], no_progress)[0]
        return vector

    def encode_documents(self, texts: Sequence[str], progress: Progress = no_progress) -> Vectors:
        """See Encoder."""
        return self._encode([self.card.document_prompt + text for text in texts], progress)

    def _encode(self, texts: Sequence[str], progress: Progress) -> Vectors:
        """Splits texts that are longer than the model's input into windows and averages their
        vectors, so that every word counts."""
        windows: list[list[int]] = []
        owners: list[int] = []
        for number, encoding in enumerate(self._tokenizer.encode_batch(list(texts))):
            for window in self._windows(encoding):
                windows.append(window)
                owners.append(number)
        sums: Vectors = np.zeros((len(texts), self.dimensions), dtype=np.float32)
        done = 0
        for batch in _batches(windows):
            vectors = self._run([windows[i] for i in batch])
            for i, vector in zip(batch, vectors, strict=True):
                sums[owners[i]] += vector
            share = len(texts) * len(batch) // max(1, len(windows))
            progress(share)
            done += share
        progress(len(texts) - done)
        norms = np.linalg.norm(sums, axis=1, keepdims=True)
        result: Vectors = sums / np.maximum(norms, 1e-12)
        return result

    def _windows(self, encoding: Encoding) -> list[list[int]]:
        ids = encoding.ids
        limit = self.card.max_tokens
        if len(ids) <= limit:
            return [ids]
        first, last, inner = ids[0], ids[-1], ids[1:-1]
        step = limit - 2
        return [[first, *inner[at : at + step], last] for at in range(0, len(inner), step)]

    def _run(self, windows: Sequence[Sequence[int]]) -> Vectors:
        length = max(len(window) for window in windows)
        ids = np.zeros((len(windows), length), dtype=np.int64)
        mask = np.zeros_like(ids)
        for row, window in enumerate(windows):
            ids[row, : len(window)] = window
            mask[row, : len(window)] = 1
        with self._files.explain_failures():
            vectors: Vectors = self._model.run(input_ids=ids, attention_mask=mask)[0]
        return vectors


def _batches(windows: Sequence[Sequence[int]]) -> list[list[int]]:
    """Groups windows of similar length, to reduce padding."""
    order = sorted(range(len(windows)), key=lambda i: len(windows[i]))
    batches: list[list[int]] = []
    batch: list[int] = []
    for i in order:
        if batch and (len(batch) + 1) * len(windows[i]) > _BATCH_TOKENS:
            batches.append(batch)
            batch = []
        batch.append(i)
    if batch:
        batches.append(batch)
    return batches
