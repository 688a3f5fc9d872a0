"""Exports a checkpoint to the int8 ONNX file that serving runs.

    python -m assistant.training.export --weights FILE --encoder DIR --out DIR [--squad DIR]

`--weights` is the .safetensors file of train. Writes `reader.onnx`, `tokenizer.json` (without
padding and truncation), `files.json` with the sizes and digests of both, and the `fold.json` beside
the weights, if any. With `--squad` it also prints the results of `measure` on the validation
documents, before and after quantization.

Inputs `input_ids`, `attention_mask`, `token_type_ids`: int64 [batch, length]. Outputs `sentences`:
float [batch, length], logits that are meaningful at markers (see assistant.reader.layout), and
`passage`: float [batch]. Weights of matrix products are int8 per output channel with dynamically
quantized inputs; the heads stay in float.
"""

import argparse
import json
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy
import onnx
import onnxruntime
import torch
from onnxruntime.quantization import QuantType, quantize_dynamic
from safetensors.torch import load_file

from assistant.reader.layout import Layout, LayoutError, open_tokenizer
from assistant.reader.runtime import write_reader_files
from assistant.training.measure import (
    Scorer,
    load_sentence_encoder,
    make_batch,
    make_cases,
    measure,
)
from assistant.training.model import Reader
from assistant.training.rows import is_validation, load_squad2

INPUTS = ["input_ids", "attention_mask", "token_type_ids"]
OUTPUTS = ["sentences", "passage"]
SCOPES = "pkg.torch.onnx.name_scopes"  # the metadata key for the torch module of a node


def main() -> None:
    """Runs the command line."""
    parser = argparse.ArgumentParser(description="Export the reader.")
    parser.add_argument("--weights", type=Path, required=True, help="result of a training run")
    parser.add_argument("--encoder", type=Path, required=True, help="folder of the initial encoder")
    parser.add_argument("--out", type=Path, required=True, help="folder to write to")
    parser.add_argument(
        "--scale",
        type=float,
        nargs=3,
        default=(1.0, 0.0, 0.0),
        metavar=("FACTOR", "SENTENCE", "PASSAGE"),
        help="multiply all logits, then add to those of sentences and of passages",
    )
    parser.add_argument("--squad", type=Path, help="SQuAD 2.0 folder to measure on")
    chosen = parser.parse_args()
    chosen.out.mkdir(parents=True, exist_ok=True)
    tokenizer = open_tokenizer(chosen.encoder / "tokenizer.json")
    tokenizer.save(str(chosen.out / "tokenizer.json"), pretty=False)
    fold = chosen.weights.with_name("fold.json")
    if fold.exists():
        shutil.copyfile(fold, chosen.out / "fold.json")
    with tempfile.TemporaryDirectory() as folder:
        exact, small = Path(folder) / "exact.onnx", chosen.out / "reader.onnx"
        reader = load_reader(chosen.weights, chosen.encoder)
        scale(reader, *chosen.scale)
        to_onnx(reader, exact)
        to_int8(exact, small)
        write_reader_files(chosen.out)
        print(f"{small.name}: {small.stat().st_size / 1e6:.1f} MB")
        if chosen.squad:
            rows = [row for row in load_squad2(chosen.squad) if is_validation(row.document)]
            cases = make_cases(rows, tokenizer, load_sentence_encoder(chosen.encoder))
            for path in (exact, small):
                found = measure(cases, onnx_scorer(path))
                print(path.name, {name: round(value, 4) for name, value in found.items()})


def load_reader(weights: Path, encoder: Path) -> Reader:
    """Loads the weights of a training run into a float32 reader of the encoder's shape."""
    config = json.loads((encoder / "config.json").read_text(encoding="utf-8"))
    separator = open_tokenizer(encoder / "tokenizer.json").token_to_id("[SEP]")
    if separator is None:
        raise LayoutError("the tokenizer has no [SEP]; the reader needs a BERT vocabulary")
    reader = Reader.from_config(config, separator)
    reader.load_state_dict(load_file(weights))
    reader.train(False)
    return reader


def scale(reader: Reader, factor: float, sentence: float, passage: float) -> None:
    """Multiplies all logits, and adds to those of the sentences and of the passages: so that a new
    reader's lie where those of the one before did."""
    with torch.no_grad():
        for head, shift in ((reader.sentence, sentence), (reader.passage, passage)):
            head.weight *= factor
            head.bias.copy_(head.bias * factor + shift)


def to_onnx(reader: Reader, path: Path) -> None:
    """Writes the float32 ONNX file, with dynamic batch and length."""
    some = [
        Layout((101, 2054, 102, 2023, 102), (0, 0, 0, 1, 1), (4,)),
        Layout((101, 102, 102), (0, 0, 1), (2,)),
    ]
    batch, length = torch.export.Dim("batch"), torch.export.Dim("length")
    torch.onnx.export(
        reader,
        make_batch(some),
        path,
        input_names=INPUTS,
        output_names=OUTPUTS,
        dynamic_shapes=[{0: batch, 1: length}] * 3,
        dynamo=True,
        external_data=False,
    )


def to_int8(exact: Path, path: Path) -> None:
    """Quantizes the encoder's matrix products and embeddings of `exact` into `path`.

    Removes what torch records about its sources: stack traces and paths.
    """
    heads = [
        node.name
        for node in onnx.load(exact).graph.node
        if not any("'encoder'" in each.value for each in node.metadata_props if each.key == SCOPES)
    ]
    quantize_dynamic(
        exact, path, per_channel=True, weight_type=QuantType.QInt8, nodes_to_exclude=heads
    )
    model = onnx.load(path)
    graph = model.graph
    values = (*graph.value_info, *graph.input, *graph.output, *graph.initializer)
    for item in (model, graph, *graph.node, *values):
        item.ClearField("metadata_props")
        item.ClearField("doc_string")
    onnx.save(model, path)


def onnx_scorer(path: Path) -> Scorer:
    """Returns a scorer that runs an ONNX reader, one row at a time, on two threads."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 2
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])

    def score(layouts: Sequence[Layout]) -> list[tuple[list[float], float]]:
        read = []
        for layout in layouts:
            inputs = dict(zip(INPUTS, (rows.numpy() for rows in make_batch([layout])), strict=True))
            sentences, passage = (numpy.asarray(found) for found in session.run(OUTPUTS, inputs))
            markers = [marker for marker in layout.markers if marker >= 0]
            read.append((sentences[0, markers].tolist(), float(passage[0])))
        return read

    return score


if __name__ == "__main__":
    main()
