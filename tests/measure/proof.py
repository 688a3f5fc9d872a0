"""Measures the proof of free text, as it is shipped: `make eval`.

Sentences that were reworded by hand must pass, false ones be dropped (`tests/measure/claims`); of
the claims of WiCE, if they are there, the F1 of supported against others.
"""

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from assistant.reader.runtime import OnnxReader
from assistant.training.claims import Row, measured, probability, read, shares
from index.encoders import export_encoder, load_encoder

ROOT = Path(__file__).resolve().parents[2]
CLAIMS = Path(__file__).parent / "claims"
WICE = ROOT.parent / "shared/eval/wice/claims_dev.jsonl"


def main(arguments: Sequence[str] | None = None) -> int:
    """Prints the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=ROOT / ".assistant", help="index folder")
    options = parser.parse_args(arguments)
    export_encoder(options.data)
    encoder, reader = load_encoder(options.data), OnnxReader()
    shipped = json.loads((ROOT / "assistant/claims.json").read_text(encoding="utf-8"))["reader"]
    rows = [
        row
        for name in ("reworded", "falsehoods")
        for row in measured(read(CLAIMS / f"{name}.jsonl"), encoder, reader)
    ]
    for half in ("development", "test"):
        own = [row for row in rows if row.row["half"] == half]
        passed, dropped = shares(own, shipped)
        print(
            f"proof, {half} half: {passed:.3f} of the reworded pass, "
            f"{dropped:.3f} of the false are dropped"
        )
    if WICE.is_file():
        claims = [*measured(read(WICE), encoder, reader)]
        print(f"proof, WiCE: F1 of supported against others {best_f1(claims, shipped):.3f}")
    return 0


def best_f1(rows: Sequence[Row], fitted: Mapping[str, Any]) -> float:
    """The highest F1 of supported against other rows that a threshold on the probability gives."""
    ranked = sorted(rows, key=lambda row: -probability(row, dict(fitted)))
    count = sum(row.is_supported for row in rows)
    found, best = 0, 0.0
    for place, row in enumerate(ranked, start=1):
        found += row.is_supported
        best = max(best, 2 * found / (place + count))
    return best


if __name__ == "__main__":
    sys.exit(main())
