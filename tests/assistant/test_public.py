"""The runner of public sets: it measures what is there, compares, and stores whole runs only."""

import json
from dataclasses import replace
from pathlib import Path

import public
import pytest
from conftest import Writer

from api.settings import Settings

FILES = {
    "pump.md": "# Pump\n\nThe pump was built in 1911 by Ada Green.\n",
    "well.md": "# Well\n\nThe well is 40 metres deep.\n",
}


@pytest.fixture
def sets(
    folder_of: Writer, tmp_path: Path, data: Path, monkeypatch: pytest.MonkeyPatch
) -> list[public.PublicSet]:
    """One set of two questions, indexed in a folder of its own."""
    gold = tmp_path / "questions.jsonl"
    rows = [
        {"question": "When was the pump built?", "answers": ["1911"], "document": "pump.md"},
        {"question": "Who won the cup in Madrid?", "answers": [], "answerable": False},
    ]
    gold.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    one = public.PublicSet("wells", folder_of(FILES), (gold,), public.plain)
    monkeypatch.setattr(public, "public_sets", lambda: [one])
    monkeypatch.setattr(public, "Settings", lambda corpus: Settings(corpus=corpus, data=data))
    return [one]


def run(results: Path, *options: str) -> int:
    return public.main(["--results", str(results), *options])


def test_a_whole_run_is_stored_and_the_next_says_how_far_it_is_from_it(
    sets: list[public.PublicSet], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    results = tmp_path / "results.json"
    assert run(results) == 0
    assert "new" in capsys.readouterr().out
    stored = json.loads(results.read_text("utf-8"))
    assert stored["sets"]["wells"]["hit@1"]["value"] == 1
    stored["sets"]["wells"]["hit@1"]["value"] = 0.25
    results.write_text(json.dumps(stored), encoding="utf-8")
    run(results)
    printed = capsys.readouterr().out
    assert f"since {stored['date']}" in printed
    assert "+0.750" in printed
    assert json.loads(results.read_text("utf-8"))["sets"]["wells"]["hit@1"]["value"] == 1


@pytest.mark.parametrize("options", [["--only", "wells"], ["--every", "2"]])
def test_part_of_a_run_is_not_stored(
    sets: list[public.PublicSet], tmp_path: Path, options: list[str]
) -> None:
    run(tmp_path / "results.json", *options)
    assert not (tmp_path / "results.json").exists()


def test_a_set_that_is_not_there_is_named_and_keeps_its_figures(
    sets: list[public.PublicSet],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    gone = replace(sets[0], name="gone", corpus=tmp_path / "nowhere")
    monkeypatch.setattr(public, "public_sets", lambda: [*sets, gone])
    results = tmp_path / "results.json"
    kept = {"right": {"value": 0.5, "low": 0.4, "high": 0.6, "count": 9}}
    results.write_text(json.dumps({"date": "2020-01-01", "sets": {"gone": kept}}), "utf-8")
    run(results)
    assert "gone: skipped" in capsys.readouterr().out
    assert json.loads(results.read_text("utf-8"))["sets"]["gone"] == kept
