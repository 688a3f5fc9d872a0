"""What is seen from outside: request ids, the log, the metrics, traces, and safe headers."""

import io
import json
import logging
import re
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Literal

import httpx2
import pytest
from fastapi.testclient import TestClient
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span
from prometheus_client.parser import text_string_to_metric_families
from serving import BEANS, ask, client_of, expect_problem, opened, served

from api.assembly.service import Service
from api.service import logs
from api.settings import Settings

Writer = Callable[[Mapping[str, str]], Path]


# --- request ids and the log -----------------------------------------------------------------------


Logged = Callable[[], list[dict[str, object]]]


@contextmanager
def logged(form: Literal["text", "json"]) -> Iterator[io.StringIO]:
    """The log of the service, in this form."""
    log = logging.getLogger("api")
    handler = logs.handler(form)
    stream = io.StringIO()
    handler.setStream(stream)
    level = log.level
    log.addHandler(handler)
    log.setLevel(logging.INFO)
    yield stream
    log.removeHandler(handler)
    log.setLevel(level)


@pytest.fixture
def lines() -> Iterator[Logged]:
    """The lines of the JSON log."""
    with logged("json") as stream:
        yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]


def test_a_request_keeps_its_id_in_the_reply_the_log_and_the_problem(
    client: TestClient, lines: Logged
) -> None:
    response = client.post("/v1/chat", json={"message": " "}, headers={"x-request-id": "my-1.a"})
    assert response.headers["x-request-id"] == "my-1.a"
    assert response.json()["request_id"] == "my-1.a"
    [line] = [line for line in lines() if line["logger"] == "api.http.request_log"]
    assert line["request"] == "my-1.a"
    assert line["message"] == "POST /v1/chat"
    assert line["status"] == 422
    assert line["ms"] > 0  # type: ignore[operator]


@pytest.mark.parametrize("given", ["", "a b", "a" * 65, 'x"y', "é", "<b>", "a;b", "%0a"])
def test_an_id_that_is_none_is_not_taken_over(client: TestClient, given: str) -> None:
    response = client.get("/healthz", headers={b"x-request-id": given.encode()})
    assert re.fullmatch("[0-9a-f]{16}", response.headers["x-request-id"])


def test_what_people_ask_is_not_logged(client: TestClient, lines: Logged) -> None:
    ask(client, "When are my secret beans sown?")
    client.get("/v1/search", params={"q": "secret roses"})
    assert "secret" not in json.dumps(lines())


@pytest.mark.parametrize("form", ["json", "text"])
def test_no_address_can_begin_a_line_of_the_log(
    client: TestClient, form: Literal["text", "json"]
) -> None:
    with logged(form) as stream:
        client.get("/v1/documents/a%0a2026-01-01 INFO forged%0d%1b[31m%e2%80%a8x")
    err = stream.getvalue()
    assert "forged" in err
    [line] = err.removesuffix("\n").split("\n")
    assert not line.startswith("2026-01-01 INFO forged")
    assert "\x1b" not in err


def test_what_breaks_inside_is_in_the_log_with_its_trace_and_request(
    client: TestClient,
    service: Service,
    lines: Logged,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("the secret of the inside")

    monkeypatch.setattr(service.generations, "borrow", broken)
    response = client.post("/v1/chat", json={"message": BEANS})
    expect_problem(response, 500, "see the log")
    [error] = [line for line in lines() if line["level"] == "error"]
    assert error["request"] == response.json()["request_id"] == response.headers["x-request-id"]
    assert "the secret of the inside" in str(error["trace"])


# --- metrics -------------------------------------------------------------------------------------


def metrics_of(client: TestClient) -> dict[str, dict[tuple[str, ...], float]]:
    """Samples by name, and by the values of their labels."""
    response = client.get("/metrics")
    assert response.headers["content-type"].startswith("text/plain; version=")
    found: dict[str, dict[tuple[str, ...], float]] = {}
    for family in text_string_to_metric_families(response.text):
        for sample in family.samples:
            found.setdefault(sample.name, {})[tuple(sample.labels.values())] = sample.value
    return found


def test_the_metrics_count_questions_refusals_steps_requests_and_verdicts(
    client: TestClient,
) -> None:
    answer = ask(client, BEANS)
    ask(client, "What is the boiling point of tungsten?")
    client.post("/v1/feedback", json={"answer_id": answer["id"], "verdict": "down"})
    client.get("/v1/documents/nothing.md")
    client.request("BREW", "/v1/chat")
    counted = metrics_of(client)
    assert counted["assistant_questions_total"] == {("answered",): 1, ("refused",): 1}
    steps = {labels[0] for labels in counted["assistant_step_seconds_count"]}
    assert steps == {"understand", "encode", "search", "select", "write", "prove", "total"}
    requests = counted["assistant_request_seconds_count"]
    assert requests[("POST", "/v1/chat", "200")] == 2
    # The pattern, not the address, and no name of a method that somebody thought of.
    assert requests[("GET", "/v1/documents/{path:path}", "404")] == 1
    assert {labels[0] for labels in requests} <= {"GET", "POST", "other"}
    assert counted["assistant_feedback_total"] == {("down",): 1}
    assert 0 <= counted["assistant_generation_age_seconds"][()] < 600
    assert counted["assistant_questions_inside"][()] == 0
    assert counted["assistant_questions_waiting"][()] == 0


# --- traces --------------------------------------------------------------------------------------


def spans_of(received: Sequence[ExportTraceServiceRequest]) -> Iterator[Span]:
    for request in received:
        for resource in request.resource_spans:
            for scope in resource.scope_spans:
                yield from scope.spans


def test_traces_go_where_the_environment_says(settings: Settings) -> None:
    received: list[ExportTraceServiceRequest] = []

    class Collector(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            if self.path == "/v1/traces":
                received.append(ExportTraceServiceRequest.FromString(body))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Nothing to say."""

    collector = ThreadingHTTPServer(("127.0.0.1", 0), Collector)
    threading.Thread(target=collector.serve_forever, daemon=True).start()
    environment = {
        "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{collector.server_port}",
        "OTEL_BSP_SCHEDULE_DELAY": "100",
    }
    with served(settings, environment=environment) as (address, _):
        with httpx2.Client(base_url=address, timeout=60) as client:
            ask(client, BEANS)
        until = time.monotonic() + 30
        while "POST /v1/chat" not in [span.name for span in spans_of(received)]:
            assert time.monotonic() < until
            time.sleep(0.05)
    collector.shutdown()
    collector.server_close()
    assert BEANS not in str(received)


# --- headers and origins -------------------------------------------------------------------------


def test_every_reply_has_safe_headers_errors_too(client: TestClient, service: Service) -> None:
    for address in ("/", "/healthz", "/nowhere", "/v1/search", "/docs", "/openapi.json"):
        headers = client.get(address).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["x-frame-options"] == "DENY"
        assert "default-src 'none'" in headers["content-security-policy"]
        assert "unsafe" not in headers["content-security-policy"]
        assert headers["cross-origin-opener-policy"] == "same-origin"
        assert "server" not in headers


def test_no_other_origin_may_read_unless_it_was_named(
    client: TestClient, settings: Settings
) -> None:
    headers = {"origin": "https://intranet.example"}
    assert "access-control-allow-origin" not in client.get("/healthz", headers=headers).headers
    named = settings.model_copy(update={"cors_origins": "https://intranet.example"})
    with opened(named) as service:
        allowed = client_of(service)
        allow = "access-control-allow-origin"
        assert allowed.get("/healthz", headers=headers).headers[allow] == headers["origin"]
        other = {"origin": "https://evil.example"}
        assert allow not in allowed.get("/healthz", headers=other).headers
        asks = {**headers, "access-control-request-method": "POST"}
        preflight = allowed.options("/v1/chat", headers=asks)
        assert preflight.status_code == 200
        assert preflight.headers[allow] == headers["origin"]
