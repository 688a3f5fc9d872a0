"""Student and teacher for a GPU: BERT and MPNet encoders with the reader's heads.

All rows of a batch have one length, so nothing is padded or masked. The weights are the same as
those of `model.Reader`; `reader_state` returns them under its names.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional

# Training starts from a sentence encoder, so the cosine of question and sentence is a first
# estimate. The initial head computes it: logit = COSINE_START * (cosine - COSINE_MIDDLE).
COSINE_START = 6.0
COSINE_MIDDLE = 0.95

_SEPARATOR = 102  # [SEP] in BERT's vocabulary
_VOCABULARY, _POSITIONS = 30_522, 512
# MPNet has BERT's vocabulary moved by four, behind special tokens of its own: the place of BERT's
# [PAD], [UNK], [CLS], [SEP] and [MASK] in it.
_MPNET_SHIFT = 4
_MPNET_SPECIAL = {0: 1, 100: 104, 101: 0, 102: 2, 103: 30_526}
_MPNET_FIRST_POSITION = 2
# Buckets of relative positions, as in T5.
_BUCKETS, _EXACT, _FARTHEST = 16, 8, 128

State = Mapping[str, Tensor]


@dataclass(frozen=True, slots=True)
class Shape:
    """The size of an encoder; `relative` for MPNet's relative positions."""

    width: int
    layers: int
    inner: int
    epsilon: float
    relative: bool
    heads: int = 12


STUDENT = Shape(width=384, layers=6, inner=1536, epsilon=1e-12, relative=False)
TEACHER = Shape(width=768, layers=12, inner=3072, epsilon=1e-5, relative=True)

# The names of a layer's weights here and in a BERT checkpoint. In MPNet's they differ a little.
_NAMES = (
    ("wo", "attention.output.dense.weight"),
    ("bo", "attention.output.dense.bias"),
    ("g1", "attention.output.LayerNorm.weight"),
    ("c1", "attention.output.LayerNorm.bias"),
    ("w1", "intermediate.dense.weight"),
    ("b1", "intermediate.dense.bias"),
    ("w2", "output.dense.weight"),
    ("b2", "output.dense.bias"),
    ("g2", "output.LayerNorm.weight"),
    ("c2", "output.LayerNorm.bias"),
)


class _Layer(nn.Module):
    def __init__(self, shape: Shape) -> None:
        super().__init__()
        width, inner = shape.width, shape.inner
        for name, size in (
            ("wqkv", (3 * width, width)),
            ("bqkv", (3 * width,)),
            ("wo", (width, width)),
            ("bo", (width,)),
            ("w1", (inner, width)),
            ("b1", (inner,)),
            ("w2", (width, inner)),
            ("b2", (width,)),
            *((name, (width,)) for name in ("g1", "c1", "g2", "c2")),
        ):
            self.register_parameter(name, nn.Parameter(torch.zeros(size)))


class Network(nn.Module):
    """Scores rows of one length; all outputs are logits."""

    def __init__(self, shape: Shape, dropout: float, dtype: torch.dtype) -> None:
        super().__init__()
        self.shape, self.dropout, self.dtype = shape, dropout, dtype
        width = shape.width
        self.words = nn.Parameter(torch.zeros(_VOCABULARY, width))
        self.positions = nn.Parameter(torch.zeros(_POSITIONS, width))
        self.types = nn.Parameter(torch.zeros(2, width))
        self.g0, self.c0 = nn.Parameter(torch.ones(width)), nn.Parameter(torch.zeros(width))
        self.layers = nn.ModuleList(_Layer(shape) for _ in range(shape.layers))
        self.register_buffer("relative", torch.zeros(2 * _BUCKETS, shape.heads))
        self.sentence, self.passage = nn.Linear(3 * width, 1), nn.Linear(width, 1)
        with torch.no_grad():
            self.sentence.weight.normal_(std=0.01)
            self.sentence.weight[:, 2 * width :] = COSINE_START
            self.sentence.bias.fill_(-COSINE_START * COSINE_MIDDLE)
            self.passage.weight.normal_(std=0.01)
            self.passage.bias.zero_()
        self._biases: dict[int, Tensor] = {}

    def forward(self, ids: Tensor, types: Tensor, segments: int) -> tuple[Tensor, Tensor]:
        """Maps int64 [batch, length] twice to logits [batch, segments] and [batch].

        A segment ends with a separator: the question, the title, then the sentences.
        """
        hidden = self._read(ids, types)
        closes = ids == _SEPARATOR
        segment = closes.long().cumsum(1) - closes.long()
        same = segment[:, None, :] == torch.arange(segments, device=ids.device)[None, :, None]
        count = same.sum(2, keepdim=True).clamp(min=1)
        marked = same & closes[:, None, :]
        found = torch.bmm(torch.cat([same, marked], 1).to(hidden.dtype), hidden).float()
        means, markers = found[:, :segments] / count.float(), found[:, segments:]
        unit = functional.normalize(means, dim=2)
        joined = torch.cat([markers, means, unit * unit[:, :1]], 2)
        return self.sentence(joined).squeeze(2), self.passage(hidden[:, 0].float()).squeeze(1)

    def _read(self, ids: Tensor, types: Tensor) -> Tensor:
        """Returns the token vectors [batch, length, width]."""
        batch, length = ids.shape
        width, heads, epsilon = self.shape.width, self.shape.heads, self.shape.epsilon
        kind, drop = self.dtype, self.dropout if self.training else 0.0
        x = functional.embedding(ids, self.words) + self.positions[:length]
        x = x + functional.embedding(types, self.types)
        x = functional.layer_norm(x, (width,), self.g0, self.c0, epsilon).to(kind)
        x = functional.dropout(x, drop)
        bias = self._bias(length) if self.shape.relative else None
        if bias is not None:
            bias = bias.expand(batch, -1, -1, -1)
        for each in self.layers:
            w = {name: value.to(kind) for name, value in each.named_parameters()}
            qkv = functional.linear(x, w["wqkv"], w["bqkv"])
            q, k, v = qkv.view(batch, length, 3, heads, width // heads).permute(2, 0, 3, 1, 4)
            a = functional.scaled_dot_product_attention(q, k, v, attn_mask=bias, dropout_p=drop)
            a = a.transpose(1, 2).reshape(batch, length, width)
            a = functional.dropout(functional.linear(a, w["wo"], w["bo"]), drop)
            x = functional.layer_norm(x + a, (width,), w["g1"], w["c1"], epsilon)
            f = functional.gelu(functional.linear(x, w["w1"], w["b1"]))
            f = functional.dropout(functional.linear(f, w["w2"], w["b2"]), drop)
            x = functional.layer_norm(x + f, (width,), w["g2"], w["c2"], epsilon)
        return x

    def _bias(self, length: int) -> Tensor:
        """Returns MPNet's bias by relative position: [1, heads, length, length]."""
        if length not in self._biases:
            at = torch.arange(length, device=self.words.device)
            distance = at[:, None] - at[None, :]
            far = distance.abs()
            spread = math.log(_FARTHEST / _EXACT)
            log = torch.log(far.clamp(min=1).float() / _EXACT) / spread * (_BUCKETS - _EXACT)
            big = (_EXACT + log.long()).clamp(max=_BUCKETS - 1)
            bucket = (distance < 0).long() * _BUCKETS + torch.where(far < _EXACT, far, big)
            # The attention kernels want rows of a multiple of eight numbers.
            padded = torch.zeros(
                1, self.shape.heads, length, -(-length // 8) * 8, dtype=self.dtype, device=at.device
            )
            relative = cast(Tensor, self.relative)
            padded[..., :length] = relative.float()[bucket].permute(2, 0, 1)[None].to(self.dtype)
            self._biases[length] = padded[..., :length]
        return self._biases[length]


def load_student(state: State, dropout: float, dtype: torch.dtype) -> Network:
    """Returns a student with the weights of a reader, or of a sentence encoder with new heads."""
    if "sentence.weight" not in state:
        state = {f"encoder.{name}": value for name, value in state.items()}
    network = Network(STUDENT, dropout, dtype)
    with torch.no_grad():
        for name, mine in _named(network):
            mine.copy_(state[name]) if isinstance(name, str) else mine.copy_(
                torch.cat([state[each] for each in name])
            )
        for head in ("sentence", "passage"):
            if f"{head}.weight" in state:
                layer = getattr(network, head)
                layer.weight.copy_(state[f"{head}.weight"])
                layer.bias.copy_(state[f"{head}.bias"])
    return network


def load_teacher(state: State, dropout: float, dtype: torch.dtype) -> Network:
    """Returns a teacher with the weights of an MPNet sentence encoder and new heads."""
    network = Network(TEACHER, dropout, dtype)
    places = torch.arange(_VOCABULARY) + _MPNET_SHIFT
    for ours, place in _MPNET_SPECIAL.items():
        places[ours] = place
    with torch.no_grad():
        network.words.copy_(state["embeddings.word_embeddings.weight"][places])
        first = _MPNET_FIRST_POSITION
        positions = state["embeddings.position_embeddings.weight"][first : first + _POSITIONS]
        network.positions.copy_(positions)
        network.g0.copy_(state["embeddings.LayerNorm.weight"])
        network.c0.copy_(state["embeddings.LayerNorm.bias"])
        cast(Tensor, network.relative).copy_(state["encoder.relative_attention_bias.weight"])
        for number, layer in enumerate(network.layers):
            start = f"encoder.layer.{number}."
            for mine, kind in (("wqkv", "weight"), ("bqkv", "bias")):
                parts = [state[f"{start}attention.attn.{each}.{kind}"] for each in "qkv"]
                layer.get_parameter(mine).copy_(torch.cat(parts))
            for own, theirs in _NAMES:
                name = theirs.replace("attention.output.dense", "attention.attn.o")
                name = name.replace("attention.output.LayerNorm", "attention.LayerNorm")
                layer.get_parameter(own).copy_(state[start + name])
    return network


def reader_state(network: Network) -> dict[str, Tensor]:
    """Returns a student's weights, float32 on the CPU, under the names of `model.Reader`."""
    state: dict[str, Tensor] = {}
    for name, mine in _named(network):
        if isinstance(name, str):
            state[name] = mine
        else:
            state.update(zip(name, mine.chunk(3), strict=True))
    for head in ("sentence", "passage"):
        layer = getattr(network, head)
        state[f"{head}.weight"], state[f"{head}.bias"] = layer.weight, layer.bias
    return {name: value.detach().float().cpu().contiguous() for name, value in state.items()}


def _named(network: Network) -> list[tuple[str | tuple[str, ...], Tensor]]:
    """Returns a student's weights without its heads, by their names in `model.Reader`."""
    start = "encoder.embeddings."
    named: list[tuple[str | tuple[str, ...], Tensor]] = [
        (f"{start}word_embeddings.weight", network.words),
        (f"{start}position_embeddings.weight", network.positions),
        (f"{start}token_type_embeddings.weight", network.types),
        (f"{start}LayerNorm.weight", network.g0),
        (f"{start}LayerNorm.bias", network.c0),
    ]
    for number, layer in enumerate(network.layers):
        start = f"encoder.encoder.layer.{number}."
        for mine, kind in (("wqkv", "weight"), ("bqkv", "bias")):
            parts = (f"{start}attention.self.{e}.{kind}" for e in ("query", "key", "value"))
            named.append((tuple(parts), layer.get_parameter(mine)))
        named += [(start + theirs, layer.get_parameter(mine)) for mine, theirs in _NAMES]
    return named
