"""An operator goes back to an earlier index, and a running service stays there."""

import json
import time
from collections.abc import Callable
from pathlib import Path

import httpx2
import pytest
from conftest import Writer
from serving import BEANS, CHANGED, GARDEN, ask, served, wait_for

from api.assembly.assistant import build_index
from api.doctor import State, run_check
from api.settings import Settings
from index.generation import DataFolder

Run = Callable[..., int]
LATER = {**CHANGED, "garden.md": CHANGED["garden.md"].replace("June", "July")}


def test_running_service_goes_back_and_stays_until_the_index_is_built(
    run: Run,
    settings: Settings,
    folder_of: Writer,
    capfd: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    with served(settings) as (address, _), httpx2.Client(base_url=address) as client:

        def month() -> str:
            text = str(ask(client, BEANS)["text"])
            return next((m for m in ("May", "June", "July") if m in text), "")

        first = ask(client, BEANS)
        folder_of(CHANGED)
        wait_for(lambda: month() == "June")
        second = ask(client, BEANS)
        assert run("rollback") == 0
        time.sleep(1)
        assert ask(client, BEANS)["generation"] == first["generation"]
        assert month() == "May"
        folder_of(LATER)
        assert client.put("/v1/documents/new.md", content="# New\n\nNews.\n").is_success
        time.sleep(5)
        assert month() == "May"
        index = client.get("/v1/index").json()
        assert (index["pinned"], index["failed"], index["documents"]) == (True, "", 2)
        for answer in (first, second):
            [citation] = client.get(f"/v1/answers/{answer['id']}").json()["citations"]
            assert citation["quote"] == answer["citations"][0]["quote"]
        [finding] = run_check("index", settings)
        assert finding.state is State.WARNING
        assert "pinned" in finding.message
        assert run("ask", BEANS) == 0
        gold = tmp_path / "gold.jsonl"
        gold.write_text(json.dumps({"question": BEANS, "answers": ["May"]}), "utf-8")
        assert run("evaluate", str(gold)) == 0
        assert capfd.readouterr().err.count("which is pinned") == 2
        assert run("index") == 0
        wait_for(lambda: month() == "July")
        assert client.get("/v1/index").json()["pinned"] is False
        folder_of(GARDEN)
        wait_for(lambda: month() == "May")


def test_service_that_starts_on_a_pinned_index_stays_there(
    run: Run, settings: Settings, folder_of: Writer
) -> None:
    pinned = DataFolder(settings.data_folder).current().name
    assert run("rollback", pinned) == 0
    folder_of(CHANGED)
    with served(settings) as (address, _), httpx2.Client(base_url=address) as client:
        time.sleep(5)
        assert ask(client, BEANS)["generation"] == pinned


def test_pinned_index_that_is_damaged_is_built_again(
    run: Run, settings: Settings, folder_of: Writer
) -> None:
    data = DataFolder(settings.data_folder)
    assert run("rollback", data.current().name) == 0
    (data.current() / "manifest.json").write_text("{", "utf-8")
    assert run("ask", BEANS) == 2  # a command changes no pin
    with served(settings) as (address, _), httpx2.Client(base_url=address) as client:
        assert "May" in str(ask(client, BEANS)["text"])


def test_rollback_during_a_build_counts(
    settings: Settings, folder_of: Writer, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    folder_of(CHANGED)
    build_index(settings)
    data = DataFolder(settings.data_folder)
    with data.lock():  # as a build holds it
        assert run("rollback") == 0
    assert data.current().name == data.pointer.pinned()
    assert run("rollback", "--list", "--json") == 0
    listed = json.loads(capsys.readouterr().out.split("\n", 1)[1])
    assert [each["pinned"] for each in listed] == [False, True]


def test_unknown_generation_lists_those_that_are_kept(
    run: Run, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("rollback", "9") == 2
    printed = capsys.readouterr()
    name = DataFolder(settings.data_folder).current().name
    assert printed.out.startswith(f"{name}  20")
    assert " MB  published" in printed.out
    assert f"assistant rollback --list --corpus {settings.corpus}" in printed.err
    assert run("rollback") == 2
    assert "no generation before" in capsys.readouterr().err


def test_setting_limits_the_kept_generations(settings: Settings, folder_of: Writer) -> None:
    settings = settings.model_copy(update={"keep_generations": 1})
    for number in range(3):
        folder_of({**GARDEN, "number.md": f"# Number\n\nThe number is {number}.\n"})
        build_index(settings)
    kept = [
        path.name for path in Path(DataFolder(settings.data_folder).layout.generations).iterdir()
    ]
    assert sorted(name[:6] for name in kept) == ["000003", "000004"]
