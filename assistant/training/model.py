"""The network as it is exported: a BERT encoder that scores every sentence marker and the passage.

Knows tensors only; `assistant.reader.layout` turns text into ids.
"""

from typing import Any, cast

import torch
from torch import Tensor, nn
from transformers import BertConfig, BertModel


class Reader(nn.Module):
    """Scores sentences and passages laid out by `layout.lay_out`; all outputs are logits."""

    def __init__(self, encoder: BertModel, separator: int) -> None:
        super().__init__()
        width = int(encoder.config.hidden_size)
        self.separator = separator
        self.encoder = encoder
        self.sentence = nn.Linear(3 * width, 1)
        self.passage = nn.Linear(width, 1)

    @classmethod
    def from_config(cls, config: dict[str, Any], separator: int) -> "Reader":
        """Returns a reader of this shape with random weights, to load weights into."""
        return cls(BertModel(BertConfig(**config), add_pooling_layer=False), separator)

    def forward(
        self, input_ids: Tensor, attention_mask: Tensor, token_type_ids: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Maps three int64 [batch, length] to `sentences` [batch, length] and `passage` [batch].

        Both are float32 logits. `sentences` is meaningful at markers only.
        """
        hidden = self.read(input_ids, attention_mask, token_type_ids)
        return self.score(hidden, input_ids, attention_mask)

    def read(self, input_ids: Tensor, attention_mask: Tensor, token_type_ids: Tensor) -> Tensor:
        """Returns the encoder's token vectors, float32 [batch, length, width]."""
        read = self.encoder(
            input_ids=input_ids, attention_mask=attention_mask, token_type_ids=token_type_ids
        )
        return cast(Tensor, read.last_hidden_state).float()

    def score(
        self, hidden: Tensor, input_ids: Tensor, attention_mask: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Applies the heads to the token vectors.

        A marker is scored by its vector, the mean vector of the sentence it ends, and the
        elementwise product of that mean and the question's (each of unit length). The passage is
        scored by the vector of [CLS].
        """
        closes = (input_ids == self.separator).to(torch.int64)
        segment = closes.cumsum(dim=1) - closes  # a separator belongs to the segment it closes
        same = (segment.unsqueeze(2) == segment.unsqueeze(1)).float()
        same = same * attention_mask.unsqueeze(1).float()
        means = same @ hidden / same.sum(dim=2, keepdim=True).clamp(min=1.0)
        unit = nn.functional.normalize(means, dim=2)
        product = unit * unit[:, :1]  # the first token lies in the question
        sentences = self.sentence(torch.cat([hidden, means, product], dim=2)).squeeze(2)
        passage = self.passage(hidden[:, :1]).flatten()
        return cast(Tensor, sentences), cast(Tensor, passage)
