"""Request ids, the log, the metrics and traces."""

import io
import json
import logging
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Literal

import httpx2
import pytest
from fastapi.testclient import TestClient
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from prometheus_client.parser import text_string_to_metric_families
from serving import BEANS, ask, expect_problem, served, wait_for

from api.assembly.service import Service
from api.service import logs
from api.settings import Settings

LogLines = Callable[[], list[dict[str, object]]]


@contextmanager
def captured_log(form: Literal["text", "json"]) -> Iterator[io.StringIO]:
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
def log_lines() -> Iterator[LogLines]:
    """Returns the lines of the JSON log so far."""
    with captured_log("json") as stream:
        yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]


def test_request_id_is_in_the_response_the_log_and_the_problem(
    shared_client: TestClient, log_lines: LogLines
) -> None:
    headers = {"x-request-id": "my-1.a"}
    response = shared_client.post("/v1/chat", json={"message": "x" * 2001}, headers=headers)
    assert response.headers["x-request-id"] == response.json()["request_id"] == "my-1.a"
    [line] = [line for line in log_lines() if line["logger"] == "api.http.request_log"]
    assert (line["request"], line["message"], line["status"]) == ("my-1.a", "POST /v1/chat", 422)
    assert line["ms"] > 0  # type: ignore[operator]


@pytest.mark.parametrize("sent", ["", "a b", "a" * 65, 'x"y', "é", "<b>", "a;b", "%0a"])
def test_invalid_request_id_is_replaced(shared_client: TestClient, sent: str) -> None:
    response = shared_client.get("/healthz", headers={b"x-request-id": sent.encode()})
    assert re.fullmatch("[0-9a-f]{16}", response.headers["x-request-id"])


def test_questions_are_not_logged(shared_client: TestClient, log_lines: LogLines) -> None:
    ask(shared_client, "When are my secret beans sown?")
    shared_client.get("/v1/search", params={"q": "secret roses"})
    assert "secret" not in json.dumps(log_lines())


@pytest.mark.parametrize("form", ["json", "text"])
def test_path_cannot_forge_a_line_of_the_log(
    shared_client: TestClient, form: Literal["text", "json"]
) -> None:
    with captured_log(form) as stream:
        shared_client.get("/v1/documents/a%0a2026-01-01 INFO forged%0d%1b[31m%e2%80%a8x")
    [line] = stream.getvalue().removesuffix("\n").split("\n")
    assert "forged" in line
    assert not line.startswith("2026-01-01 INFO forged")
    assert "\x1b" not in line


def test_unexpected_error_is_logged_with_its_traceback_and_request_id(
    shared_client: TestClient,
    shared_service: Service,
    log_lines: LogLines,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("the cause")

    monkeypatch.setattr(shared_service.generations, "borrow", broken)
    response = shared_client.post("/v1/chat", json={"message": BEANS})
    expect_problem(response, 500, "the log of the service")
    [error] = [line for line in log_lines() if line["level"] == "error"]
    assert error["request"] == response.json()["request_id"] == response.headers["x-request-id"]
    assert "the cause" in str(error["trace"])


def test_metrics_count_questions_steps_requests_and_feedback(client: TestClient) -> None:
    answer = ask(client, BEANS)
    ask(client, "What is the boiling point of tungsten?")
    client.post("/v1/feedback", json={"answer_id": answer["id"], "verdict": "down"})
    client.get("/v1/documents/nothing.md")
    client.request("BREW", "/v1/chat")
    samples: dict[str, dict[tuple[str, ...], float]] = {}
    for family in text_string_to_metric_families(client.get("/metrics").text):
        for sample in family.samples:
            samples.setdefault(sample.name, {})[tuple(sample.labels.values())] = sample.value
    assert samples["assistant_questions_total"] == {("answered",): 1, ("refused",): 1}
    steps = {labels[0] for labels in samples["assistant_step_seconds_count"]}
    assert steps == {"understand", "encode", "search", "select", "write", "prove", "total"}
    requests = samples["assistant_request_seconds_count"]
    assert requests[("POST", "/v1/chat", "200")] == 2
    # Labels are route patterns and known methods, so that clients cannot create new series.
    assert requests[("GET", "/v1/documents/{path:path}", "404")] == 1
    assert {labels[0] for labels in requests} <= {"GET", "POST", "other"}
    assert samples["assistant_feedback_total"] == {("down",): 1}
    assert 0 <= samples["assistant_generation_age_seconds"][()] < 3600
    assert samples["assistant_questions_inside"][()] == 0
    assert samples["assistant_questions_waiting"][()] == 0


def test_traces_are_sent_to_the_configured_endpoint(shared_settings: Settings) -> None:
    received: list[ExportTraceServiceRequest] = []

    class Collector(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            if self.path == "/v1/traces":
                received.append(ExportTraceServiceRequest.FromString(body))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Logs nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Collector) as collector:
        threading.Thread(target=collector.serve_forever, daemon=True).start()
        environment = {
            "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{collector.server_port}",
            "OTEL_BSP_SCHEDULE_DELAY": "100",
        }
        with served(shared_settings, environment=environment) as (address, _):
            with httpx2.Client(base_url=address, timeout=60) as client:
                ask(client, BEANS)
            wait_for(lambda: 'name: "POST /v1/chat"' in "".join(map(str, received)))
        collector.shutdown()
    assert BEANS not in str(received)
