"""Fits the shipped scorer, or measures what its parts are worth: `make fit`, `make ablate`.

The sets are those of `make eval` that may be fitted to: the folders of `tests/measure/folders` and
NoiseQA, MTRAG-UN and PolicyQA are only measured. An ablation fits without a part and measures each
set with a fit to the others.
"""

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from unittest.mock import patch

import numpy as np

from assistant.reader.runtime import OnnxReader
from assistant.scorer import Scorer
from assistant.training import weights
from assistant.training.fit import fit_and_measure, fit_scorers, sample_of
from assistant.training.labelled import CollectedSet, Source, collect, read
from assistant.training.weights import EVERY, FEATURES, PLAIN, Flags
from index.encoders import export_encoder, load_encoder

ROOT = Path(__file__).resolve().parents[2]
SHARED = ROOT.parent / "shared"
SCORER = ROOT / "assistant" / "scorer.json"
RESULTS = Path(__file__).parent / "ablation.json"
# Every Nth question of a large set, so that none outweighs the others.
_EVERY = {"squad2": 4, "hint3": 5, "chroma": 2}
_MEASURES = ("best evidence is right", "auroc")

Measures = Mapping[str, Mapping[str, float]]  # by set and name


def sources() -> dict[str, Source]:
    """The sets by name."""
    shared = SHARED / "eval"
    names = [f"folders/{path.parent.name}" for path in sorted(shared.glob("folders/*/documents"))]
    found = {
        name: Source(shared / name / "documents", shared / name / "questions.jsonl", False)
        for name in [*names, "stici", "hint3", "chroma"]
    }
    gold, scrapes = ROOT / "corpus" / "gold" / "faq.jsonl", ROOT / "tests/measure/scrapes.jsonl"
    squad2 = shared / "squad2"
    return found | {
        "squad2": Source(squad2 / "documents", squad2 / "questions.jsonl", True),
        "gold": Source(ROOT / "corpus" / "documents", gold, False),
        "scrapes": Source(SHARED / "material", scrapes, False),
    }


def main(arguments: Sequence[str] | None = None) -> int:
    """Collects the evidence of all sets, then fits or ablates."""
    options = _parser().parse_args(arguments)
    missing = [name for name, source in sources().items() if not source.corpus.is_dir()]
    if missing:
        print(f"these sets are not here: {', '.join(missing)}", file=sys.stderr)
        return 2
    export_encoder(options.data)
    encoder, reader = load_encoder(options.data), OnnxReader()
    collected = [
        collect(source, options.data, encoder, _EVERY.get(name, 1), name)
        for name, source in sources().items()
    ]
    found = ablate(collected, reader) if options.ablate else fit_scorers(collected, reader)
    out = RESULTS if options.ablate else SCORER
    out.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    print(f"stored in {out}")
    return 0


def ablate(collected: Sequence[CollectedSet], reader: OnnxReader) -> dict[str, dict[str, float]]:
    """The measures of the whole, and of the scorer without each of its parts."""
    unread = Scorer.from_dict(json.loads(SCORER.read_text("utf-8"))["plain"])
    samples = [sample_of(read(each, unread, reader)) for each in collected]
    found = {}
    whole: dict[str, float] = {}
    for name, used, changed in _variants():
        with changed:
            _, measures = fit_and_measure(samples, used)
        found[name] = _means(measures)
        whole = whole or found[name]
        shown = (
            f"{key} {value:.3f} ({value - whole[key]:+.3f})" for key, value in found[name].items()
        )
        print(f"{name}: {', '.join(shown)}", flush=True)
    return found


def _variants() -> list[tuple[str, Flags, AbstractContextManager[object]]]:
    def changed(name: str, value: object) -> AbstractContextManager[object]:
        return patch.object(weights, name, value)

    names = np.array(FEATURES)
    return [
        ("the whole", EVERY, nullcontext()),
        ("without the reader", PLAIN, nullcontext()),
        ("weights of any sign", EVERY, changed("_bounds", lambda _: (None, None))),
        ("shorter evidence is no better", EVERY, changed("_SHORTEST", 0.0)),
        ("only the shortest evidence", EVERY, changed("_SHORTEST", 1.0)),
        ("half the penalty of the order", EVERY, changed("_ORDER_PENALTY", 0.05)),
        ("twice the penalty of the order", EVERY, changed("_ORDER_PENALTY", 0.2)),
        ("half the penalty of the confidence", EVERY, changed("_CONFIDENCE_PENALTY", 0.005)),
        ("twice the penalty of the confidence", EVERY, changed("_CONFIDENCE_PENALTY", 0.02)),
        *((f"without {name}", names != name, nullcontext()) for name in FEATURES),
    ]


def _means(measures: Measures) -> dict[str, float]:
    """The means over the folders of documentation, and over the other sets."""
    folders = [name for name in measures if name.startswith("folders/")]
    others = [name for name in measures if name not in folders]
    return {
        f"{measure}, {label}": float(np.nanmean([measures[name][measure] for name in names]))
        for label, names in (("folders", folders), ("others", others))
        for measure in _MEASURES
    }


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--ablate", action="store_true", help="measure what each part is worth")
    parser.add_argument("--data", type=Path, default=ROOT / ".assistant", help="index folder")
    return parser


if __name__ == "__main__":
    sys.exit(main())
