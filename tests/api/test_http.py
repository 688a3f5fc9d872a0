"""HTTP: the contract's JSON, problem documents for every error, and a service that goes on."""

import json
import signal
import socket
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path

import httpx2
import pytest
from fastapi.testclient import TestClient
from serving import (
    BEANS,
    CHANGED,
    GARDEN,
    ROSES,
    ask,
    client_of,
    expect_problem,
    opened,
    served,
)

from api.assembly.assistant import build_index
from api.assembly.service import Service
from api.cli.main import main
from api.http.middleware import MAX_BODY_BYTES
from api.settings import Settings
from api.wire import AnswerBody
from index.errors import IndexMissing
from index.generation import (
    DataFolder,
)

Writer = Callable[[Mapping[str, str]], Path]


# --- questions ---------------------------------------------------------------------------------


def test_an_answer_has_the_contracts_fields_and_verbatim_quotes(client: TestClient) -> None:
    answer = ask(client, BEANS)
    assert set(answer) == set(AnswerBody.model_fields)
    assert answer["status"] == "answered"
    [citation] = answer["citations"]
    shown = client.get(f"/v1/documents/{citation['document']}?sha256={citation['sha256']}").json()
    assert shown["text"][citation["start"] : citation["end"]] == citation["quote"]
    [sentence] = answer["sentences"]
    assert answer["text"][sentence["start"] : sentence["end"]] == sentence["text"]
    assert sentence["citations"] == [citation["number"]]


def test_a_refusal_has_no_citations(client: TestClient) -> None:
    answer = ask(client, "What is the boiling point of tungsten?")
    assert answer["status"] == "refused"
    assert answer["citations"] == answer["sentences"] == []


def test_the_same_question_gets_the_same_answer_through_every_door(
    client: TestClient, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    folders = ["--corpus", str(settings.corpus), "--data", str(settings.data)]
    main(["ask", BEANS, "--json", *folders])
    changing = {"id", "conversation_id", "timings_ms"}
    there, here = json.loads(capsys.readouterr().out), ask(client, BEANS)
    assert {k: v for k, v in there.items() if k not in changing} == {
        k: v for k, v in here.items() if k not in changing
    }


def test_a_conversation_keeps_its_id(client: TestClient) -> None:
    body = {"message": BEANS, "conversation_id": "abc", "history": [], "stream": False}
    assert client.post("/v1/chat", json=body).json()["conversation_id"] == "abc"


def test_a_search_finds_as_many_passages_as_asked_for(client: TestClient) -> None:
    [hit] = client.get("/v1/search", params={"q": "roses", "k": 1}).json()["hits"]
    assert hit["document"] == "roses.txt"
    assert GARDEN["roses.txt"][hit["start"] : hit["end"]] == hit["text"]
    assert 0 <= hit["score"] <= 1


@pytest.mark.parametrize(
    ("body", "status", "told"),
    [
        ('{"message": ""}', 422, "the question is empty"),
        ('{"message": "  "}', 422, "the question is empty"),
        (json.dumps({"message": "a" * 2001}), 422, "at most 2,000"),
        (json.dumps({"message": "a" * 100_000}), 413, "send a shorter one"),
        ('{"message": "\\ud800 who?"}', 422, "UTF-8"),
        ('{"message": "who?", "conversation_id": "\\ud800"}', 422, "conversation_id"),
        ('{"message": "they?", "history": [{"role": "user", "text": "\\ud800"}]}', 422, "text"),
        ('{"message": 5}', 422, "message"),
        ("{}", 422, "message"),
        ("[]", 422, "expected a JSON object"),
        ('{"message": "who?", "colour": "red"}', 422, "colour"),
        ('{"message": "who?", "history": [{"role": "system", "text": ""}]}', 422, "history.0.role"),
        ('{"message": ', 400, "not JSON"),
        ("", 422, "body"),
    ],
)
def test_what_is_no_question_is_a_problem_that_says_what_to_do(
    client: TestClient, body: str, status: int, told: str
) -> None:
    headers = {"content-type": "application/json"}
    expect_problem(client.post("/v1/chat", content=body, headers=headers), status, told)


def test_bytes_that_are_no_text_are_a_problem(client: TestClient) -> None:
    headers = {"content-type": "application/json"}
    response = client.post("/v1/chat", content=b'{"message": "\xff"}', headers=headers)
    expect_problem(response, 400, "UTF-8")


def test_json_that_does_not_say_so_is_refused(client: TestClient) -> None:
    response = client.post("/v1/chat", content='{"message": "who?"}')
    expect_problem(response, 422, "content-type: application/json")


def test_a_large_body_is_refused_though_it_does_not_announce_its_size(client: TestClient) -> None:
    pieces = (b" " * 1024 for _ in range(MAX_BODY_BYTES // 1024 + 1))
    expect_problem(client.post("/v1/chat", content=pieces), 413, "send a shorter one")


@pytest.mark.parametrize(
    ("address", "status", "told"),
    [
        ("/v1/search", 422, "q"),
        ("/v1/search?q=", 422, "the question is empty"),
        ("/v1/search?q=who&k=0", 422, "k"),
        ("/v1/search?q=who&k=51", 422, "k"),
        ("/v1/documents/nothing.md", 404, "/v1/documents"),
        ("/v1/documents/garden.md?sha256=abc", 404, "not in this version"),
        (f"/v1/documents/garden.md?sha256={'0' * 64}", 404, "not in this version"),
        ("/v1/chat", 405, "/docs"),
        ("/nowhere", 404, "/docs"),
        ("/page/nothing.js", 404, "/docs"),
    ],
)
def test_every_error_is_a_problem_document(
    client: TestClient, address: str, status: int, told: str
) -> None:
    expect_problem(client.get(address), status, told)


def test_an_unforeseen_error_is_a_problem_that_tells_nothing_of_the_inside(
    client: TestClient, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("the secret of the inside")

    monkeypatch.setattr(service.generations, "borrow", broken)
    response = client.post("/v1/chat", json={"message": BEANS})
    expect_problem(response, 500, "see the log")
    assert "secret" not in response.text
    assert response.headers["x-content-type-options"] == "nosniff"


# --- documents ---------------------------------------------------------------------------------


def test_the_documents_are_listed_with_questions_that_they_answer(client: TestClient) -> None:
    listing = client.get("/v1/documents").json()
    assert [each["path"] for each in listing["documents"]] == ["garden.md", "roses.txt"]
    assert listing["documents"][0]["characters"] == len(GARDEN["garden.md"])
    assert BEANS in listing["examples"]


def test_a_document_comes_with_its_text_and_its_structure(client: TestClient) -> None:
    document = client.get("/v1/documents/garden.md").json()
    assert document["text"] == GARDEN["garden.md"]
    assert document["title"] == "The garden"
    assert document["current"] is True
    kinds = [block["kind"] for block in document["blocks"]]
    assert kinds == ["heading", "question", "answer"]


@pytest.mark.parametrize(
    "path", ["../garden.md", "%2e%2e/%2e%2e/etc/passwd", "/etc/passwd", "a%00b"]
)
def test_a_path_is_a_name_and_never_opened(client: TestClient, path: str) -> None:
    assert client.get(f"/v1/documents/{path}").status_code == 404


def test_an_old_citation_opens_after_its_document_was_changed(
    client: TestClient, settings: Settings, folder_of: Writer
) -> None:
    [citation] = ask(client, BEANS)["citations"]
    folder_of(CHANGED)
    build_index(settings)
    old = client.get(f"/v1/documents/garden.md?sha256={citation['sha256']}").json()
    assert old["text"][citation["start"] : citation["end"]] == citation["quote"]
    assert old["current"] is False
    assert "June" in client.get("/v1/documents/garden.md").json()["text"]


def test_an_old_citation_opens_after_its_document_was_deleted(
    client: TestClient, settings: Settings, folder_of: Writer
) -> None:
    [citation] = ask(client, ROSES)["citations"]
    folder_of({"garden.md": GARDEN["garden.md"]})
    build_index(settings)
    old = client.get(f"/v1/documents/roses.txt?sha256={citation['sha256']}").json()
    assert old["text"][citation["start"] : citation["end"]] == citation["quote"]
    assert client.get("/v1/documents/roses.txt").status_code == 404


# --- the service goes on -----------------------------------------------------------------------


def test_a_service_without_an_index_is_up_and_becomes_ready(data: Path, folder_of: Writer) -> None:
    settings = Settings(corpus=folder_of(GARDEN), data=data)
    with opened(settings) as service:
        client = client_of(service)
        question = {"message": BEANS}
        assert client.get("/healthz").json() == {"status": "up"}
        expect_problem(client.get("/readyz"), 503, "run `assistant index`")
        expect_problem(client.post("/v1/chat", json=question), 503, "run `assistant index`")
        _, built = build_index(settings)
        assert client.get("/readyz").json() == {"status": "ready", "generation": built.generation}


def test_a_generation_published_meanwhile_answers_the_next_question(
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
        assert "second week of May" in before.ask(BEANS).text  # what is under way goes on


def test_a_new_generation_that_cannot_be_opened_does_not_take_the_place_of_the_old(
    client: TestClient, settings: Settings, folder_of: Writer
) -> None:
    first = ask(client, BEANS)
    folder_of(CHANGED)
    build_index(settings)
    (DataFolder(settings.data_folder).current() / "manifest.json").write_text("{", encoding="utf-8")
    second = ask(client, BEANS)
    assert second["generation"] == first["generation"]


def test_a_pointer_that_is_gone_does_not_stop_the_service(
    client: TestClient, settings: Settings
) -> None:
    first = ask(client, BEANS)
    (settings.data_folder / "index" / "current").unlink()
    assert ask(client, BEANS)["generation"] == first["generation"]


def test_an_index_made_by_another_encoder_is_not_answered_from(settings: Settings) -> None:
    manifest = DataFolder(settings.data_folder).current() / "manifest.json"
    fields = json.loads(manifest.read_text(encoding="utf-8"))
    fields["encoder_fingerprint"] = "f" * 64
    manifest.write_text(json.dumps(fields), encoding="utf-8")
    with opened(settings) as service:
        expect_problem(client_of(service).get("/readyz"), 503, "run `assistant index`")


def test_a_service_without_an_encoder_says_how_to_get_one(tmp_path: Path) -> None:
    with opened(Settings(corpus=tmp_path, data=tmp_path)) as service:
        expect_problem(client_of(service).get("/readyz"), 503, "run `assistant index`")
    with pytest.raises(IndexMissing):
        DataFolder(tmp_path).current()


# --- a real server -----------------------------------------------------------------------------


def test_serve_answers_over_http_and_stops_with_ctrl_c(data: Path, folder_of: Writer) -> None:
    settings = Settings(corpus=folder_of(GARDEN), data=data)
    with (
        served(settings, log=subprocess.PIPE) as (address, process),
        httpx2.Client(base_url=address) as client,
    ):
        assert "<title>" in client.get("/").text
        answer = client.post("/v1/chat", json={"message": BEANS}).json()
        assert answer["text"] == "Beans are sown in the second week of May. [1]"
        large = client.post("/v1/chat", json={"message": "a" * 100_000})
        expect_problem(large, 413, "send a shorter one")
        process.send_signal(signal.SIGINT)
        out, error = process.communicate(timeout=20)
        assert error.endswith("\nassistant: stopped\n")
        assert process.returncode == 130
        assert out == "[]\n"  # neither torch nor sentence-transformers was imported


def test_a_port_in_use_is_bad_input(settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    folders = ["--corpus", str(settings.corpus), "--data", str(settings.data)]
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert main(["serve", "--port", str(port), *folders]) == 2
    assert f"cannot listen on 127.0.0.1, port {port}" in capsys.readouterr().err


def test_a_host_that_is_none_is_bad_input(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    folders = ["--corpus", str(settings.corpus), "--data", str(settings.data)]
    assert main(["serve", "--host", "300.1.1.1", *folders]) == 2
    assert "300.1.1.1" in capsys.readouterr().err
