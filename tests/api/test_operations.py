"""Health and readiness, and which generation answers while others are published."""

import json
from pathlib import Path

import pytest
from conftest import Writer
from fastapi.testclient import TestClient
from serving import BEANS, CHANGED, GARDEN, ask, client_of, expect_problem, opened

from api.assembly.assistant import build_index
from api.assembly.service import Service
from api.settings import Settings
from index.generation import DataFolder


def test_service_without_an_index_is_healthy_and_becomes_ready(
    data: Path, folder_of: Writer
) -> None:
    settings = Settings(corpus=folder_of(GARDEN), data=data)
    with opened(settings) as service:
        client = client_of(service)
        assert client.get("/healthz").json() == {"status": "up"}
        expect_problem(client.get("/readyz"), 503, "has to build the index")
        _, built = build_index(settings)
        assert client.get("/readyz").json() == {"status": "ready"}
        assert client.get("/v1/index").json()["generation"] == built.generation


def test_readiness_writes_nothing(client: TestClient, settings: Settings) -> None:
    assert client.get("/readyz").is_success
    before = (settings.data_folder / "records.sqlite-wal").read_bytes()
    assert client.get("/readyz").is_success
    assert (settings.data_folder / "records.sqlite-wal").read_bytes() == before


def test_readiness_names_a_database_that_cannot_be_written(
    client: TestClient, service: Service
) -> None:
    with service.database.write() as connection:
        connection.exec_driver_sql("DELETE FROM meta WHERE name = 'checked'")
    expect_problem(client.get("/readyz"), 503, "restore it from a backup")


def test_requests_during_the_first_build_are_told_to_retry(data: Path, folder_of: Writer) -> None:
    with opened(Settings(corpus=folder_of(GARDEN), data=data)) as service:
        client = client_of(service)
        service.index_updater.state.building = True
        for stream in (False, True):
            question = {"message": BEANS, "stream": stream}
            response = client.post("/v1/chat", json=question)
            expect_problem(response, 503, "the index is being built")
            assert int(response.headers["retry-after"]) > 0
        expect_problem(client.get("/readyz"), 503, "the index is being built")
        index = client.get("/v1/index").json()
        assert (index["generation"], index["building"], index["progress"]) == ("", True, None)


def test_new_generation_answers_the_next_question(
    client: TestClient, service: Service, settings: Settings, folder_of: Writer
) -> None:
    with service.generations.borrow() as before:
        first = ask(client, BEANS)
        folder_of(CHANGED)
        _, built = build_index(settings)
        second = ask(client, BEANS)
        assert "second week of May" in str(first["text"])
        assert "first week of June" in str(second["text"])
        assert second["generation"] == built.generation
        assert "second week of May" in before.ask(BEANS).text  # a borrowed generation stays open


@pytest.mark.parametrize("damage", ["manifest", "pointer"])
def test_damaged_generation_does_not_replace_the_open_one(
    client: TestClient, settings: Settings, folder_of: Writer, damage: str
) -> None:
    first = ask(client, BEANS)
    folder_of(CHANGED)
    build_index(settings)
    data = DataFolder(settings.data_folder)
    if damage == "pointer":
        data.layout.pointer.unlink()
    else:
        (data.current() / "manifest.json").write_text("{", encoding="utf-8")
    assert ask(client, BEANS)["generation"] == first["generation"]


def test_index_of_another_encoder_is_not_opened(settings: Settings) -> None:
    manifest = DataFolder(settings.data_folder).current() / "manifest.json"
    fields = json.loads(manifest.read_text(encoding="utf-8"))
    fields["encoder_fingerprint"] = "f" * 64
    manifest.write_text(json.dumps(fields), encoding="utf-8")
    with opened(settings) as service:
        expect_problem(client_of(service).get("/readyz"), 503, "has to rebuild the index")


def test_index_reports_on_each_file_that_the_caller_can_see(
    settings: Settings, folder_of: Writer
) -> None:
    corpus = folder_of({**GARDEN, "photo.png": "", "bad.html": "<script>x</script>"})
    build_index(settings)
    with opened(settings) as service:
        client = client_of(service)
        assert client.get("/v1/index").json()["files"] == []
        files = client.get("/v1/index?files=true").json()["files"]
    found = {each["path"]: (each["format"], each["outcome"], each["reason"]) for each in files}
    assert sorted(found) == sorted(path.name for path in corpus.iterdir())
    assert found["garden.md"] == ("Markdown", "read", "")
    assert found["photo.png"] == ("", "skipped", "has a format that is not supported")
    assert found["bad.html"] == ("HTML", "unreadable", "contains no text")
