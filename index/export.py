"""Exports a sentence-transformers model to ONNX: `python -m index.export MODEL FOLDER`.

The only user of torch and sentence-transformers at run time. It runs once for a model, in its own
process, so that indexing, serving and asking never import either.
"""

import hashlib
import json
import os
import sys
import warnings
from pathlib import Path

# Set before the imports below read it: nothing is downloaded unless the user allows it.
os.environ.setdefault("HF_HUB_OFFLINE", "1")

import torch
from sentence_transformers import SentenceTransformer

from index.checksums import digests_of, sizes_of
from index.encoder import EncoderCard
from index.onnx import OnnxModel

# Maximum difference between a component of the model's unit vector and the export's.
AGREEMENT = 1e-5


class _SentenceVectors(torch.nn.Module):
    """Token ids to sentence vectors: all modules of the model."""

    def __init__(self, model: SentenceTransformer) -> None:
        super().__init__()
        self.model = model

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
        """Returns a vector for each row of token ids."""
        vectors: torch.Tensor = self.model(
            {"input_ids": input_ids, "attention_mask": attention_mask}
        )["sentence_embedding"]
        return vectors


def export(name: str, source: str, folder: Path) -> EncoderCard:
    """Writes model.onnx, tokenizer.json and encoder.json into the folder, which must exist.

    `source` is what sentence-transformers loads: a folder, or a model in the local cache.
    """
    model = SentenceTransformer(source, device="cpu")
    # In training mode the export would keep dropout: eval() applies to all parts.
    wrapped = _SentenceVectors(model).eval()
    texts = [
        "A text to trace the model with.",
        "One more, longer than the first, so that it is padded.",
    ]
    tokens = model.tokenizer(texts, padding=True, return_tensors="pt")
    example = (tokens["input_ids"], tokens["attention_mask"])
    sizes = {
        0: torch.export.Dim("texts", min=1, max=65536),
        1: torch.export.Dim("tokens", min=2, max=model.max_seq_length or 512),
    }
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            wrapped,
            example,
            folder / "model.onnx",
            input_names=["input_ids", "attention_mask"],
            output_names=["vectors"],
            dynamic_shapes=(sizes, sizes),
            dynamo=True,
            external_data=False,
            verbose=False,
        )
    expected = wrapped(*example).detach().numpy()
    exported = OnnxModel(folder / "model.onnx").run(
        input_ids=example[0].numpy(), attention_mask=example[1].numpy()
    )[0]
    if (error := float(abs(exported - expected).max())) > AGREEMENT:
        raise SystemExit(f"the exported model differs from {name} by {error:.1e}")
    model.tokenizer.backend_tokenizer.save(str(folder / "tokenizer.json"))
    files = ("model.onnx", "tokenizer.json")
    card = EncoderCard(
        name=name,
        fingerprint=_fingerprint(model),
        dimensions=int(model.get_sentence_embedding_dimension() or 0),
        max_tokens=int(model.max_seq_length or 512),
        files=sizes_of(folder, files),
        digests=digests_of(folder, files),
        query_prompt=model.prompts.get("query", "") or "",
        document_prompt=model.prompts.get("document", "") or "",
    )
    fields = {name: getattr(card, name) for name in EncoderCard.__slots__}
    (folder / "encoder.json").write_text(json.dumps(fields, indent=2) + "\n", encoding="utf-8")
    return card


def _fingerprint(model: SentenceTransformer) -> str:
    """SHA-256 over the weights by name, so that it survives a move or a re-export."""
    digest = hashlib.sha256()
    for name, tensor in sorted(model.state_dict().items()):
        digest.update(name.encode())
        digest.update(tensor.detach().float().contiguous().numpy().tobytes())
    return digest.hexdigest()


if __name__ == "__main__":
    export(sys.argv[1], sys.argv[2], Path(sys.argv[3]))
