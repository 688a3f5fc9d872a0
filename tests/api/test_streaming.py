"""Streaming: the answer as events, a client that goes away, and keys that ask only once."""

import json
import socket
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import httpx2
import pytest
from fastapi.testclient import TestClient
from serving import (
    BEANS,
    ROSES,
    Event,
    ask,
    events_of,
    expect_problem,
    listening,
)

import api.http.streaming
from api.assembly.service import Service
from api.service.access import ANONYMOUS
from api.wire import ChatRequest
from index.errors import IndexDamaged

Writer = Callable[[Mapping[str, str]], Path]


def stream(client: httpx2.Client, message: str, **headers: str) -> list[Event]:
    body = {"message": message, "stream": True}
    response = client.post("/v1/chat", json=body, headers=headers)
    assert response.status_code == 200, response.text
    assert response.headers["content-type"].startswith("text/event-stream")
    return events_of(response.text)


def wait_until(condition: Callable[[], bool]) -> None:
    until = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.01)


# --- events --------------------------------------------------------------------------------------


def test_an_answer_comes_as_what_was_found_each_sentence_and_the_whole(client: TestClient) -> None:
    retrieved, *sentences, (last, answer) = stream(client, BEANS)
    assert retrieved[0] == "retrieved"
    assert retrieved[1]["hits"][0]["document"] == "garden.md"
    assert [name for name, _ in sentences] == ["sentence"] * len(answer["sentences"])
    told = sentences[0][1]
    assert answer["text"][told["start"] : told["end"]] == told["text"]
    assert told["citations"] == answer["citations"]
    assert last == "answer"
    changing = {"id", "conversation_id", "timings_ms"}
    whole = ask(client, BEANS)
    assert {k: v for k, v in answer.items() if k not in changing} == {
        k: v for k, v in whole.items() if k not in changing
    }


def test_a_refusal_comes_without_sentences(client: TestClient) -> None:
    names = [name for name, _ in stream(client, "What is the boiling point of tungsten?")]
    assert names == ["retrieved", "answer"]


def test_what_is_no_question_has_its_status_though_it_was_to_be_streamed(
    client: TestClient,
) -> None:
    response = client.post("/v1/chat", json={"message": " ", "stream": True})
    expect_problem(response, 422, "the question is empty")


def test_what_breaks_after_the_first_event_is_told_as_the_last(
    client: TestClient, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise IndexDamaged("the vectors cannot be read: run `assistant index --rebuild`")

    with service.generations.borrow() as assistant:
        monkeypatch.setattr(assistant, "assess", broken)
    [*_, (name, problem)] = stream(client, BEANS)
    assert name == "error"
    assert problem["status"] == 503
    assert "--rebuild" in problem["detail"]
    assert service.concurrency.admitted == 0


def test_an_unforeseen_error_in_a_stream_tells_nothing_of_the_inside(
    client: TestClient, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("the secret of the inside")

    with service.generations.borrow() as assistant:
        monkeypatch.setattr(assistant, "assess", broken)
    [*_, (name, problem)] = stream(client, BEANS)
    assert (name, problem["status"]) == ("error", 500)
    assert "secret" not in json.dumps(problem)


def test_a_connection_without_news_is_kept_alive(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(api.http.streaming, "KEEP_ALIVE_INTERVAL", 0.05)
    with service.generations.borrow() as assistant:
        judge = assistant.assess

    def slow(*arguments: object) -> object:
        time.sleep(0.3)
        return judge(*arguments)

    monkeypatch.setattr(assistant, "assess", slow)
    with listening(service) as (host, port):
        body = {"message": BEANS, "stream": True}
        text = httpx2.post(f"http://{host}:{port}/v1/chat", json=body, timeout=60).text
    assert text.count(": ping\n\n") >= 2
    assert events_of(text)[-1][0] == "answer"


def test_a_client_that_goes_away_stops_the_work(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    with service.generations.borrow() as assistant:
        prove = assistant._prove
    proving = threading.Event()
    judging, go_on = threading.Event(), threading.Event()
    judge = assistant.assess

    def waiting(*arguments: object) -> object:
        judging.set()
        assert go_on.wait(20)
        return judge(*arguments)

    def seen(*arguments: object) -> object:
        proving.set()
        return prove(*arguments)

    monkeypatch.setattr(assistant, "assess", waiting)
    monkeypatch.setattr(assistant, "_prove", seen)
    body = json.dumps({"message": BEANS, "stream": True, "conversation_id": "gone"}).encode()
    head = (
        f"POST /v1/chat HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n"
        f"idempotency-key: gone\r\ncontent-length: {len(body)}\r\n\r\n"
    )
    with listening(service) as place:
        with socket.create_connection(place) as connection:
            connection.sendall(head.encode() + body)
            assert judging.wait(20)
        time.sleep(0.2)  # the server learns of it
        go_on.set()
        wait_until(lambda: service.concurrency.admitted == 0)
    assert not proving.is_set()
    assert service.records.turns("", "gone", 10) == []
    monkeypatch.undo()
    # The key was given back with the work, so that another try asks anew.
    request = ChatRequest(message=BEANS, conversation_id="gone", stream=True)
    answer = service.chat.answer_steps(ANONYMOUS, request, "gone").result()
    assert answer.status == "answered"


# --- idempotency keys ----------------------------------------------------------------------------


@pytest.mark.parametrize("streamed", [False, True])
def test_the_same_key_gets_the_same_answer_and_asks_once(
    client: TestClient, service: Service, streamed: bool
) -> None:
    headers = {"idempotency-key": "once"}
    body = {"message": BEANS, "conversation_id": "c", "stream": streamed}
    first = client.post("/v1/chat", json=body, headers=headers)
    again = client.post("/v1/chat", json={**body, "stream": not streamed}, headers=headers)
    one, other = (
        events_of(response.text)[-1][1] if "event-stream" in response.headers["content-type"]
        else response.json()
        for response in (first, again)
    )  # fmt: skip
    assert one == other
    assert len(service.records.conversation("", "c").answers) == 1


def test_an_answer_told_again_has_its_sentences_again(client: TestClient) -> None:
    headers = {"idempotency-key": "told"}
    first, again = (stream(client, ROSES, **headers) for _ in range(2))
    assert [each for each in first if each[0] != "retrieved"] == again


def test_a_key_of_another_question_is_refused(client: TestClient) -> None:
    headers = {"idempotency-key": "mine"}
    assert client.post("/v1/chat", json={"message": BEANS}, headers=headers).status_code == 200
    response = client.post("/v1/chat", json={"message": ROSES}, headers=headers)
    expect_problem(response, 422, "mine")


def test_a_key_in_use_is_a_conflict_that_says_when_to_come_back(
    client: TestClient, service: Service
) -> None:
    request = ChatRequest(message=BEANS)
    under_way = service.chat.answer_steps(ANONYMOUS, request, "busy")
    next(under_way)
    response = client.post("/v1/chat", json={"message": BEANS}, headers={"idempotency-key": "busy"})
    expect_problem(response, 409, "busy")
    assert int(response.headers["retry-after"]) >= 1
    under_way.close()
    again = client.post("/v1/chat", json={"message": BEANS}, headers={"idempotency-key": "busy"})
    assert again.status_code == 200


def test_what_failed_may_be_tried_again_under_its_key(
    client: TestClient, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise IndexDamaged("the vectors cannot be read: run `assistant index --rebuild`")

    headers = {"idempotency-key": "again"}
    with service.generations.borrow() as assistant:
        monkeypatch.setattr(assistant, "assess", broken)
    expect_problem(client.post("/v1/chat", json={"message": BEANS}, headers=headers), 503, "run")
    monkeypatch.undo()
    assert client.post("/v1/chat", json={"message": BEANS}, headers=headers).status_code == 200
