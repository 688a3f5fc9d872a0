"""`make eval` measures the available data sets, compares, and stores complete runs only."""

import json
from dataclasses import replace
from pathlib import Path

import public
import pytest

from api.settings import Settings


@pytest.fixture
def beans(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> public.DataSet:
    """The only data set: two questions about the garden."""
    gold = tmp_path / "questions.jsonl"
    rows = [
        {"question": "When are beans sown?", "answers": ["May"], "document": "garden.md"},
        {"question": "Who won the cup in Madrid?", "answers": [], "answerable": False},
    ]
    gold.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    beans = public.DataSet("beans", settings.corpus, (gold,), public.answer_metrics)
    monkeypatch.setattr(public, "data_sets", lambda: [beans])
    monkeypatch.setattr(public, "ERRORS", tmp_path / "errors")
    monkeypatch.setattr(public, "Settings", lambda **_: settings)
    return beans


def test_a_complete_run_is_stored_and_the_next_prints_the_change(
    beans: public.DataSet, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    results = tmp_path / "results.json"
    assert public.main(["--results", str(results)]) == 0
    assert "new" in capsys.readouterr().out
    stored = json.loads(results.read_text("utf-8"))
    assert stored["sets"]["beans"]["hit@1"]["value"] == 1
    stored["sets"]["beans"]["hit@1"]["value"] = 0.25
    results.write_text(json.dumps(stored), encoding="utf-8")
    public.main(["--results", str(results)])
    printed = capsys.readouterr().out
    assert f"since {stored['date']}" in printed
    assert "+0.750" in printed
    assert json.loads(results.read_text("utf-8"))["sets"]["beans"]["hit@1"]["value"] == 1


@pytest.mark.parametrize("options", [["--only", "beans"], ["--every", "2"]])
def test_a_partial_run_is_not_stored(
    beans: public.DataSet, tmp_path: Path, options: list[str]
) -> None:
    results = tmp_path / "results.json"
    public.main(["--results", str(results), *options])
    assert not results.exists()


def test_a_missing_data_set_is_named_and_keeps_its_metrics(
    beans: public.DataSet,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    missing = replace(beans, name="missing", corpus=tmp_path / "nowhere")
    monkeypatch.setattr(public, "data_sets", lambda: [beans, missing])
    results = tmp_path / "results.json"
    old = {"right": {"value": 0.5, "low": 0.4, "high": 0.6, "count": 9}}
    results.write_text(json.dumps({"date": "2020-01-01", "sets": {"missing": old}}), "utf-8")
    public.main(["--results", str(results)])
    assert "missing: skipped" in capsys.readouterr().out
    assert json.loads(results.read_text("utf-8"))["sets"]["missing"] == old
