"""Streaming: the events of an answer, clients that disconnect, and idempotency keys."""

import json
import socket
import threading
import time
from collections.abc import Callable

import httpx2
import pytest
from fastapi.testclient import TestClient
from serving import BEANS, ROSES, Event, ask, events_of, expect_problem, listening

import api.http.streaming
from api.assembly.service import Service
from api.service.access import ANONYMOUS
from api.service.chat import ChatMessage
from assistant.pipeline import Assistant
from index.errors import IndexDamaged


def stream(client: httpx2.Client, message: str, **headers: str) -> list[Event]:
    response = client.post("/v1/chat", json={"message": message, "stream": True}, headers=headers)
    assert response.headers["content-type"].startswith("text/event-stream"), response.text
    return events_of(response.text)


@pytest.fixture
def assistant(shared_service: Service) -> Assistant:
    with shared_service.generations.borrow() as assistant:
        return assistant


def raises(error: Exception) -> Callable[..., object]:
    def broken(*_: object) -> None:
        raise error

    return broken


def test_stream_has_the_hits_each_sentence_and_the_answer(shared_client: TestClient) -> None:
    retrieved, *sentences, (last, answer) = stream(shared_client, BEANS)
    assert retrieved[0] == "retrieved"
    assert retrieved[1]["hits"][0]["document"] == "garden.md"
    assert [name for name, _ in sentences] == ["sentence"] * len(answer["sentences"])
    sentence = sentences[0][1]
    assert answer["text"][sentence["start"] : sentence["end"]] == sentence["text"]
    assert sentence["citations"] == answer["citations"]
    assert last == "answer"
    whole = ask(shared_client, BEANS)
    varying = {"id", "conversation_id", "timings_ms"}
    assert [answer[key] for key in whole if key not in varying] == [
        whole[key] for key in whole if key not in varying
    ]


def test_refusal_is_streamed_without_sentences(shared_client: TestClient) -> None:
    events = stream(shared_client, "What is the boiling point of tungsten?")
    assert [name for name, _ in events] == ["retrieved", "answer"]


def test_error_before_the_first_event_has_its_own_status(shared_client: TestClient) -> None:
    response = shared_client.post("/v1/chat", json={"message": "a" * 2001, "stream": True})
    expect_problem(response, 422, "2,001 characters")


@pytest.mark.parametrize(
    ("error", "status", "detail"),
    [
        (IndexDamaged("vectors cannot be read"), 503, "vectors cannot be read"),
        (RuntimeError("a secret"), 500, "internal error"),
    ],
)
def test_error_after_the_first_event_is_the_last_event(
    shared_client: TestClient,
    shared_service: Service,
    assistant: Assistant,
    monkeypatch: pytest.MonkeyPatch,
    error: Exception,
    status: int,
    detail: str,
) -> None:
    monkeypatch.setattr(assistant, "assess", raises(error))
    [*_, (name, problem)] = stream(shared_client, BEANS)
    assert (name, problem["status"]) == ("error", status)
    assert detail in problem["detail"]
    assert "secret" not in json.dumps(problem)
    assert shared_service.concurrency.admitted == 0


def test_slow_step_sends_keep_alive_comments(
    assistant: Assistant, shared_address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(api.http.streaming, "KEEP_ALIVE_INTERVAL", 0.05)
    assess = assistant.assess

    def slow(*arguments: object) -> object:
        time.sleep(0.3)
        return assess(*arguments)

    monkeypatch.setattr(assistant, "assess", slow)
    body = {"message": BEANS, "stream": True}
    text = httpx2.post(f"{shared_address}v1/chat", json=body, timeout=60).text
    assert text.count(": ping\n\n") >= 2
    assert events_of(text)[-1][0] == "answer"


def test_disconnect_cancels_the_work(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    assessing, resumed, writing = threading.Event(), threading.Event(), threading.Event()
    with service.generations.borrow() as assistant:
        assess = assistant.assess

    def wait(*arguments: object) -> object:
        assessing.set()
        assert resumed.wait(20)
        return assess(*arguments)

    monkeypatch.setattr(assistant, "assess", wait)
    monkeypatch.setattr("assistant.writer.make_statements", lambda *_: writing.set())
    body = json.dumps({"message": BEANS, "stream": True, "conversation_id": "gone"}).encode()
    head = (
        f"POST /v1/chat HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n"
        f"idempotency-key: gone\r\ncontent-length: {len(body)}\r\n\r\n"
    )
    with listening(service) as address:
        with socket.create_connection(address) as connection:
            connection.sendall(head.encode() + body)
            assert assessing.wait(20)
        time.sleep(0.2)  # until the server notices the disconnect
        resumed.set()
        deadline = time.monotonic() + 20
        while service.concurrency.admitted:
            assert time.monotonic() < deadline
            time.sleep(0.01)
    assert not writing.is_set()
    assert service.records.turns("", "gone", 10) == []
    monkeypatch.undo()
    # The idempotency key is free again.
    request = ChatMessage(text=BEANS, conversation_id="gone")
    assert service.chat.answer_steps(ANONYMOUS, request, "gone").result().status == "answered"


@pytest.mark.parametrize("streamed", [False, True])
def test_same_key_gets_the_same_answer(
    shared_client: TestClient, shared_service: Service, streamed: bool
) -> None:
    conversation = f"once-{streamed}"
    body = {"message": BEANS, "conversation_id": conversation}
    answers = []
    for stream in (streamed, not streamed):
        response = shared_client.post(
            "/v1/chat", json={**body, "stream": stream}, headers={"idempotency-key": conversation}
        )
        answers.append(events_of(response.text)[-1][1] if stream else response.json())
    assert answers[0] == answers[1]
    assert len(shared_service.records.conversation("", conversation).answers) == 1


def test_stored_answer_is_streamed_with_its_sentences(shared_client: TestClient) -> None:
    headers = {"idempotency-key": "stored"}
    first, again = (stream(shared_client, ROSES, **headers) for _ in range(2))
    assert [event for event in first if event[0] != "retrieved"] == again


def test_key_of_another_question_is_refused(shared_client: TestClient) -> None:
    headers = {"idempotency-key": "mine"}
    shared_client.post("/v1/chat", json={"message": BEANS}, headers=headers)
    response = shared_client.post("/v1/chat", json={"message": ROSES}, headers=headers)
    expect_problem(response, 422, "mine")


def test_key_in_use_is_a_conflict_with_retry_after(
    shared_client: TestClient, shared_service: Service
) -> None:
    headers, body = {"idempotency-key": "busy"}, {"message": BEANS}
    steps = shared_service.chat.answer_steps(ANONYMOUS, ChatMessage(text=BEANS), "busy")
    next(steps)
    response = shared_client.post("/v1/chat", json=body, headers=headers)
    expect_problem(response, 409, "busy")
    assert int(response.headers["retry-after"]) >= 1
    steps.close()
    assert shared_client.post("/v1/chat", json=body, headers=headers).status_code == 200


def test_failed_question_can_be_retried_with_its_key(
    shared_client: TestClient, assistant: Assistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    headers, body = {"idempotency-key": "again"}, {"message": BEANS}
    monkeypatch.setattr(assistant, "assess", raises(IndexDamaged("vectors cannot be read")))
    response = shared_client.post("/v1/chat", json=body, headers=headers)
    expect_problem(response, 503, "vectors cannot be read")
    monkeypatch.undo()
    assert shared_client.post("/v1/chat", json=body, headers=headers).status_code == 200
