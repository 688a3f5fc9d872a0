"""The networks that are trained compute what the exported one computes."""

from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import BertConfig

from assistant.reader.layout import Layout
from assistant.training.measure import make_batch
from assistant.training.model import Reader
from assistant.training.networks import STUDENT, load_student, reader_state
from assistant.training.shards import Shard, save_shard
from assistant.training.train import Examples, hard_loss, soft_loss

IDS = (101, 2054, 2003, 102, 2023, 2003, 102, 2008, 102)
TYPES = (0, 0, 0, 0, 1, 1, 1, 1, 1)


@pytest.fixture(scope="module")
def reader() -> Reader:
    torch.manual_seed(1)
    config = BertConfig(
        vocab_size=30_522,
        hidden_size=STUDENT.width,
        num_hidden_layers=STUDENT.layers,
        num_attention_heads=STUDENT.heads,
        intermediate_size=STUDENT.inner,
    )
    return Reader.from_config(config.to_dict(), 102).eval()


def test_the_student_scores_as_the_reader_and_gives_its_weights_back(reader: Reader) -> None:
    student = load_student(reader.state_dict(), 0.0, torch.float32).eval()
    layout = Layout(IDS, TYPES, (6, 8))
    ids, mask, types = make_batch([layout])
    with torch.inference_mode():
        sentences, passage = reader(ids, mask, types)
        ours, whole = student(ids, types, 3)
    assert torch.allclose(sentences[0, [6, 8]], ours[0, 1:], atol=1e-4)
    assert torch.allclose(passage, whole, atol=1e-4)
    state = reader_state(student)
    assert all(torch.equal(value, state[name]) for name, value in reader.state_dict().items())


def test_labels_are_found_by_segment(tmp_path: Path) -> None:
    labels = [-1] * len(IDS)
    labels[6], labels[8] = 0, 1
    shard = Shard(*(np.array(each) for each in (IDS, labels, [len(IDS)], [4])))
    save_shard(tmp_path / "a.npz", shard)
    examples = Examples([tmp_path / "a.npz"], torch.device("cpu"))
    (group,) = examples.batches(100, np.random.default_rng(1), 0.0)
    batch = examples.batch(group)
    assert batch.labels.tolist() == [[-1, 0, 1]]
    assert batch.types.tolist() == [list(TYPES)]


def test_a_loss_is_lower_for_logits_that_agree() -> None:
    labels = torch.tensor([[-1, 0, 1]])
    right, wrong = torch.tensor([[0.0, -4.0, 4.0]]), torch.tensor([[0.0, 4.0, -4.0]])
    whole = torch.tensor([3.0])
    assert hard_loss(right, whole, labels) < hard_loss(wrong, whole, labels)
    soft = (right, whole)
    assert soft_loss(right, whole, labels, soft) < soft_loss(wrong, whole, labels, soft)
