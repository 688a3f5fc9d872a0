"""Measures a reader on SQuAD 2.0 documents it was not trained on.

Each question is read over its whole paragraph. Two things are measured: how well scores separate
paragraphs that answer from those that do not (AUROC), and how often the best sentence of an
answering paragraph answers. The baseline is the cosine of question and sentence under the sentence
encoder.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from tokenizers import Tokenizer
from torch import Tensor
from transformers import BertModel

from assistant.metrics import auroc
from assistant.reader.layout import Layout, lay_out
from assistant.training.rows import Row

COSINE_WEIGHT = 6.0  # logits per unit of cosine in their sum

Scorer = Callable[[Sequence[Layout]], list[tuple[list[float], float]]]
"""Layouts to, for each, the logits of the sentences that fit and the logit of the passage."""


@dataclass(frozen=True, slots=True)
class Case:
    """A validation question. `answers` and `cosines` have a value per sentence that fits."""

    layout: Layout
    answers: tuple[bool, ...]
    cosines: tuple[float, ...]


def load_sentence_encoder(folder: Path) -> BertModel:
    """Loads a sentence encoder, without fine-tuning."""
    encoder = BertModel.from_pretrained(str(folder), add_pooling_layer=False, local_files_only=True)
    encoder.train(False)
    return encoder


def make_batch(layouts: Sequence[Layout]) -> tuple[Tensor, Tensor, Tensor]:
    """Returns `input_ids`, `attention_mask`, `token_type_ids`: int64 [batch, longest], 0 padded."""
    longest = max(len(layout.ids) for layout in layouts)
    ids = torch.zeros(len(layouts), longest, dtype=torch.int64)
    mask, types = torch.zeros_like(ids), torch.zeros_like(ids)
    for number, layout in enumerate(layouts):
        length = len(layout.ids)
        ids[number, :length] = torch.tensor(layout.ids)
        types[number, :length] = torch.tensor(layout.types)
        mask[number, :length] = 1
    return ids, mask, types


def make_cases(rows: Sequence[Row], tokenizer: Tokenizer, encoder: BertModel) -> list[Case]:
    """Lays out the rows and computes cosines with the sentence encoder."""
    texts = sorted({text for row in rows for text in (row.question, *row.sentences)}, key=len)
    vectors: dict[str, Tensor] = {}
    with torch.inference_mode():
        for start in range(0, len(texts), 32):
            some = texts[start : start + 32]
            encodings = tokenizer.encode_batch(some)
            layouts = [Layout(tuple(e.ids[:256]), tuple(e.type_ids[:256]), ()) for e in encodings]
            ids, mask, types = make_batch(layouts)
            hidden = encoder(input_ids=ids, attention_mask=mask, token_type_ids=types)
            weights = mask.unsqueeze(2).float()
            means = (hidden.last_hidden_state * weights).sum(1) / weights.sum(1)
            vectors.update(zip(some, torch.nn.functional.normalize(means, dim=1), strict=True))
    cases = []
    for row in rows:
        layout = lay_out(tokenizer, row.question, row.sentences)
        fitting = [number for number, marker in enumerate(layout.markers) if marker >= 0]
        question = vectors[row.question]
        cases.append(
            Case(
                layout=layout,
                answers=tuple(number in row.answering for number in fitting),
                cosines=tuple(float(question @ vectors[row.sentences[n]]) for n in fitting),
            )
        )
    return cases


def measure(cases: Sequence[Case], scorer: Scorer) -> dict[str, float]:
    """Returns AUROC and the best-sentence share by score; `both` is sentence logit plus 6 cosine.

    A question whose answering sentence did not fit counts as unanswerable.
    """
    read = scorer([case.layout for case in cases])
    logits = [scores for scores, _ in read]
    passages = [passage for _, passage in read]
    cosines = [list(case.cosines) for case in cases]
    both = [
        [logit + COSINE_WEIGHT * cosine for logit, cosine in zip(one, other, strict=True)]
        for one, other in zip(logits, cosines, strict=True)
    ]
    truth = [any(case.answers) for case in cases]
    best = [max(scores) for scores in logits]
    best_both = [max(scores) for scores in both]
    return {
        "questions": len(cases),
        "auroc_cosine": _auroc([max(scores) for scores in cosines], truth),
        "auroc_sentence": _auroc(best, truth),
        "auroc_passage": _auroc(passages, truth),
        "auroc_sum": _auroc([a + b for a, b in zip(best, passages, strict=True)], truth),
        "auroc_both": _auroc(best_both, truth),
        "auroc_both_sum": _auroc([a + b for a, b in zip(best_both, passages, strict=True)], truth),
        "best_cosine": _best_answers(cosines, cases),
        "best_sentence": _best_answers(logits, cases),
        "best_both": _best_answers(both, cases),
    }


def _auroc(scores: Sequence[float], truth: Sequence[bool]) -> float:
    pairs = list(zip(scores, truth, strict=True))
    return auroc([s for s, true in pairs if true], [s for s, true in pairs if not true])


def _best_answers(scores: Sequence[Sequence[float]], cases: Sequence[Case]) -> float:
    hits = [
        case.answers[max(range(len(own)), key=own.__getitem__)]
        for own, case in zip(scores, cases, strict=True)
        if any(case.answers)
    ]
    return sum(hits) / len(hits)
