"""How much at a time: a gate that is full says so, whoever waits too long is told, and a body that
does not come holds nobody up."""

import socket
import threading
from collections.abc import Callable, Generator, Mapping
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from pathlib import Path

import httpx2
import pytest
from serving import BEANS, client_of, expect_problem, listening, opened

import api.http.middleware
from api.assembly.service import Service
from api.errors import RateLimited
from api.service.rate_limits import RateLimiter, parse_rate_limits
from api.settings import Settings, SettingsInvalid, load_settings

Writer = Callable[[Mapping[str, str]], Path]


class Held:
    """Keeps every question at its first step until it is let go."""

    def __init__(self, service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
        self.go_on = threading.Event()
        self.begun = threading.Semaphore(0)
        with service.generations.borrow() as assistant:
            answering = assistant.answer_steps

        def waiting(*arguments: object) -> Generator[object, None, object]:
            self.begun.release()
            assert self.go_on.wait(30)
            return (yield from answering(*arguments))

        monkeypatch.setattr(assistant, "answer_steps", waiting)


def test_a_full_house_says_when_to_come_back_and_then_lets_in(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    with (
        opened(settings.model_copy(update={"concurrency": 5})) as service,
        listening(service) as (host, port),
        httpx2.Client(base_url=f"http://{host}:{port}", timeout=60) as client,
        ThreadPoolExecutor(5) as pool,
    ):
        held = Held(service, monkeypatch)

        def asking() -> int:
            return client.post("/v1/chat", json={"message": BEANS}).status_code

        inside = [pool.submit(asking) for _ in range(5)]
        for _ in range(3):  # at work; the others wait for their turn
            assert held.begun.acquire(timeout=20)
        while service.concurrency.admitted < 5:
            assert not any(each.done() for each in inside)
        assert service.concurrency.waiting == 2
        for body in ({"message": BEANS}, {"message": BEANS, "stream": True}):
            response = client.post("/v1/chat", json=body)
            expect_problem(response, 503, "5 questions")
            assert int(response.headers["retry-after"]) >= 1
        expect_problem(client.get("/v1/search", params={"q": "beans"}), 503, "5 questions")
        assert client.get("/healthz").status_code == client.get("/readyz").status_code == 200
        held.go_on.set()
        assert [each.result() for each in inside] == [200] * 5
        assert asking() == 200
        assert service.concurrency.admitted == 0


@pytest.mark.parametrize("streamed", [False, True])
def test_a_question_that_takes_too_long_is_given_up(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, streamed: bool
) -> None:
    with opened(settings.model_copy(update={"timeout": 0.2})) as service:
        held = Held(service, monkeypatch)
        threading.Timer(0.6, held.go_on.set).start()
        body = {"message": BEANS, "stream": streamed, "conversation_id": "slow"}
        response = client_of(service).post("/v1/chat", json=body)
        expect_problem(response, 503, "too long")
        assert "retry-after" in response.headers
        assert service.records.turns("", "slow", 9) == []
        assert service.concurrency.admitted == 0


def test_whoever_waits_too_long_for_a_turn_is_told(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    with (
        opened(settings.model_copy(update={"timeout": 0.5})) as service,
        listening(service) as (host, port),
        httpx2.Client(base_url=f"http://{host}:{port}", timeout=60) as client,
        ThreadPoolExecutor(4) as pool,
    ):
        held = Held(service, monkeypatch)
        waiting = [pool.submit(client.post, "/v1/chat", json={"message": BEANS}) for _ in range(4)]
        [first, *_] = wait(waiting, return_when=FIRST_COMPLETED).done
        expect_problem(first.result(), 503, "too much is asked")
        held.go_on.set()
        assert {each.result().status_code for each in waiting} == {503}
        assert service.concurrency.admitted == 0


def test_a_body_that_does_not_come_is_given_up(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(api.http.middleware.BodyLimit.__init__, "__defaults__", (0.3,))
    head = (
        "POST /v1/chat HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n"
        "content-length: 100\r\n\r\n{"
    )
    with opened(settings) as service, listening(service) as place:
        with socket.create_connection(place, timeout=20) as slow:
            slow.sendall(head.encode())
            reply = b"".join(iter(lambda: slow.recv(65536), b"")).decode()
        assert reply.startswith("HTTP/1.1 408")
        assert "send it again" in reply
        assert "connection: close" in reply.lower()


def test_a_rate_counts_each_alone_and_all_rates_hold() -> None:
    rates = RateLimiter(parse_rate_limits("3/minute, 4/hour"))
    for _ in range(3):
        rates.hit("one")
    with pytest.raises(RateLimited) as told:
        rates.hit("one")
    assert 1 <= told.value.wait <= 60
    rates.hit("two")


def test_without_a_rate_nothing_is_counted() -> None:
    rates = RateLimiter(parse_rate_limits(""))
    for _ in range(1000):
        rates.hit("one")


@pytest.mark.parametrize("text", ["fast", "5", "0/minute", "5/fortnight", "5/minute,", "-1/hour"])
def test_what_is_no_rate_is_refused_at_the_start(
    monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    monkeypatch.setenv("ASSISTANT_RATE_LIMIT", text)
    with pytest.raises(SettingsInvalid, match="ASSISTANT_RATE_LIMIT"):
        load_settings()
