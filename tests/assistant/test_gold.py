"""The answers to the project's gold questions meet the required quality."""

from pathlib import Path

import pytest

from api.cli.main import main

CORPUS = Path(__file__).resolve().parents[2] / "corpus"

# The first two are promises; the others were measured, less a margin for changes elsewhere.
REQUIRED = {
    "verbatim": 1,
    "unproved_sentences": 0,
    "right": 0.74,
    "refusal_recall": 0.75,
    "near_misses_refused": 0.68,
    "wrongly_refused": 0.16,
    "auroc": 0.88,
}


def test_the_gold_questions_meet_the_required_metrics(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = [str(CORPUS / "gold" / "faq.jsonl"), "--corpus", str(CORPUS / "documents")]
    arguments += ["--data", str(data), "--out", str(tmp_path / "out")]
    code = main(["evaluate", *arguments, *(f"--require={k}={v}" for k, v in REQUIRED.items())])
    printed = capsys.readouterr()
    assert code == 0, printed.err + printed.out
