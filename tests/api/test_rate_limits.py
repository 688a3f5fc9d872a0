"""Rate limits, concurrent questions, timeouts: the caller learns when to retry."""

import socket
import threading
import time
from collections.abc import Generator, Iterator
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from contextlib import contextmanager

import httpx2
import pytest
from serving import BEANS, client_of, expect_problem, listening, opened

import api.http.middleware
from api.assembly.service import Service
from api.errors import RateLimited, SettingsInvalid
from api.http.middleware import MIN_BODY_RATE
from api.service.rate_limits import RateLimiter, parse_rate_limits
from api.settings import Settings, load_settings


class Blocked:
    """Stops every question at its first step until `go_on` is set."""

    def __init__(self, service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
        self.go_on = threading.Event()
        self.started = threading.Semaphore(0)
        with service.generations.borrow() as assistant:
            answer_steps = assistant.answer_steps

        def wait_first(*arguments: object) -> Generator[object, None, object]:
            self.started.release()
            assert self.go_on.wait(30)
            return (yield from answer_steps(*arguments))

        monkeypatch.setattr(assistant, "answer_steps", wait_first)


@contextmanager
def served(settings: Settings, **changes: object) -> Iterator[tuple[Service, httpx2.Client]]:
    with (
        opened(settings.model_copy(update=changes)) as service,
        listening(service) as (host, port),
        httpx2.Client(base_url=f"http://{host}:{port}", timeout=60) as client,
    ):
        yield service, client


def test_full_service_refuses_questions_at_once(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    with served(settings, concurrency=5) as (service, client), ThreadPoolExecutor(5) as pool:
        blocked = Blocked(service, monkeypatch)

        def ask() -> int:
            return client.post("/v1/chat", json={"message": BEANS}).status_code

        admitted = [pool.submit(ask) for _ in range(5)]
        for _ in range(3):  # these run; the others wait for their turn
            assert blocked.started.acquire(timeout=20)
        while service.concurrency.admitted < 5:
            assert not any(each.done() for each in admitted)
        assert service.concurrency.waiting == 2
        for body in ({"message": BEANS}, {"message": BEANS, "stream": True}):
            response = client.post("/v1/chat", json=body)
            expect_problem(response, 503, "5 questions")
            assert int(response.headers["retry-after"]) >= 1
        expect_problem(client.get("/v1/search", params={"q": "beans"}), 503, "5 questions")
        assert client.get("/healthz").status_code == client.get("/readyz").status_code == 200
        blocked.go_on.set()
        assert [each.result() for each in admitted] == [200] * 5
        assert ask() == 200
        assert service.concurrency.admitted == 0


@pytest.mark.parametrize("stream", [False, True])
def test_question_that_takes_too_long_is_cancelled(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, stream: bool
) -> None:
    with opened(settings.model_copy(update={"timeout": 0.2})) as service:
        blocked = Blocked(service, monkeypatch)
        threading.Timer(0.6, blocked.go_on.set).start()
        body = {"message": BEANS, "stream": stream, "conversation_id": "slow"}
        response = client_of(service).post("/v1/chat", json=body)
        expect_problem(response, 503, "too long")
        assert "retry-after" in response.headers
        assert service.records.turns("", "slow", 9) == []
        assert service.concurrency.admitted == 0


def test_question_whose_turn_does_not_come_is_refused(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    with served(settings, timeout=0.5) as (service, client), ThreadPoolExecutor(4) as pool:
        blocked = Blocked(service, monkeypatch)
        sent = [pool.submit(client.post, "/v1/chat", json={"message": BEANS}) for _ in range(4)]
        [first, *_] = wait(sent, return_when=FIRST_COMPLETED).done
        expect_problem(first.result(), 503, "there are too many questions")
        blocked.go_on.set()
        assert {each.result().status_code for each in sent} == {503}
        assert service.concurrency.admitted == 0


def test_body_that_does_not_arrive_times_out(
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


def test_slow_body_has_more_time_the_larger_it_is(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(api.http.middleware.BodyLimit.__init__, "__defaults__", (0.3,))
    second = b"a" * MIN_BODY_RATE
    head = (
        "PUT /v1/documents/a.md HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n"
        f"content-length: {6 * len(second)}\r\n\r\n"
    )
    with (
        opened(settings) as service,
        listening(service) as place,
        socket.create_connection(place, timeout=20) as slow,
    ):
        slow.sendall(head.encode() + second * 4)
        time.sleep(1)
        slow.sendall(second * 2)
        reply = b"".join(iter(lambda: slow.recv(65536), b"")).decode()
    assert reply.startswith("HTTP/1.1 202")


def test_every_caller_has_its_own_limit() -> None:
    limiter = RateLimiter(parse_rate_limits("3/minute, 4/hour"))
    for _ in range(3):
        limiter.hit("one")
    with pytest.raises(RateLimited, match="the rate limit of 3 per 1 minute is exceeded") as error:
        limiter.hit("one")
    assert 1 <= error.value.wait <= 60
    limiter.hit("two")


def test_without_a_rate_nothing_is_limited() -> None:
    limiter = RateLimiter(parse_rate_limits(""))
    for _ in range(1000):
        limiter.hit("one")


def test_clock_that_is_put_back_resets_the_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    limiter = RateLimiter(parse_rate_limits("2/minute"))
    limiter.hit("one")
    limiter.hit("one")
    with pytest.raises(RateLimited):
        limiter.hit("one")
    yesterday = time.time() - 86_400
    monkeypatch.setattr("time.time", lambda: yesterday)
    limiter.hit("one")


@pytest.mark.parametrize("text", ["fast", "5", "0/minute", "5/fortnight", "5/minute,", "-1/hour"])
def test_invalid_rate_is_refused(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv("ASSISTANT_RATE_LIMIT", text)
    with pytest.raises(SettingsInvalid, match="ASSISTANT_RATE_LIMIT"):
        load_settings()
