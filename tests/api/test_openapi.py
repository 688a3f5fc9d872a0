"""The service keeps to its OpenAPI description, whatever is sent: statuses, bodies, content types."""

import copy

import pytest
import schemathesis
from fastapi import FastAPI
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from schemathesis.specs.openapi.checks import negative_data_rejection, positive_data_acceptance
from serving import client_of, opened

from api.assembly.service import Service
from api.http.app import create_app
from api.settings import Settings

# Operations without parameters, or whose parameters allow any text, accept all input.
ANY_INPUT = """
GET /v1/documents, DELETE /v1/documents/{path}, GET /v1/originals/{path}, GET /healthz,
GET /readyz, GET /metrics
"""
OPERATIONS = """
POST /v1/chat, GET /v1/search, GET /v1/answers/{answer_id}, POST /v1/feedback,
GET /v1/conversations/{conversation_id}, DELETE /v1/conversations/{conversation_id},
GET /v1/index, GET /v1/gaps, GET /v1/documents/{path}, PUT /v1/documents/{path}, POST /v1/documents, POST /v1/documents/{path},
"""
PAIRS = [pair.strip().split() for pair in (OPERATIONS.strip() + ANY_INPUT).split(",")]


@pytest.fixture(scope="module")
def app(shared_service: Service) -> FastAPI:
    return create_app(shared_service)


@pytest.fixture(scope="module")
def schema(app: FastAPI) -> schemathesis.schemas.BaseSchema:
    """The description without authentication, which a service without keys does not ask for."""
    description = copy.deepcopy(app.openapi())
    for operations in description["paths"].values():
        for operation in operations.values():
            operation.pop("security", None)
    loaded = schemathesis.openapi.from_dict(description)
    loaded.app = app
    return loaded


@pytest.mark.soak
@pytest.mark.parametrize(
    ("method", "path", "mode"),
    [
        (method, path, mode)
        for method, path in PAIRS
        for mode in schemathesis.GenerationMode
        if mode.is_positive or f"{method} {path}" not in ANY_INPUT
    ],
)
def test_operation_keeps_to_its_description(
    schema: schemathesis.schemas.BaseSchema,
    method: str,
    path: str,
    mode: schemathesis.GenerationMode,
) -> None:
    @hypothesis_settings(derandomize=True, suppress_health_check=list(HealthCheck))
    @given(schema[path][method].as_strategy(generation_mode=mode))
    def send(case: schemathesis.Case) -> None:
        case.headers["host"] = "localhost"
        response = case.call()
        # A name or a text may be invalid in ways that no schema can describe.
        excluded = [positive_data_acceptance]
        if response.status_code == 413:  # too large, whatever else is wrong
            excluded.append(negative_data_rejection)
        case.validate_response(response, excluded_checks=excluded)

    send()


@pytest.mark.parametrize(("method", "path"), PAIRS)
def test_operation_without_a_key_is_refused_as_described(
    app: FastAPI, shared_settings: Settings, method: str, path: str
) -> None:
    operation = app.openapi()["paths"][path][method.lower()]
    with opened(shared_settings, loopback=False) as service:
        response = client_of(service).request(
            method, path.format(answer_id=1, conversation_id=1, path="a.md")
        )
    if path in ("/healthz", "/readyz"):
        assert response.status_code == 200
        assert "security" not in operation
    else:
        assert response.status_code == 401
        assert operation["security"]
        assert "401" in operation["responses"]


@pytest.mark.parametrize("method", ["OPTIONS", "PATCH"])
def test_refused_method_gets_the_described_ones(
    app: FastAPI, shared_client: TestClient, method: str
) -> None:
    for path, operations in app.openapi()["paths"].items():
        url = path.format(answer_id=1, conversation_id=1, path="a.md")
        response = shared_client.request(method, url)
        assert response.status_code == 405
        assert response.headers["allow"].lower().split(", ") == sorted(operations)


@pytest.mark.parametrize("name", ["%0A", "%0Aa.md", "a%0A.md", "%0D%0A", "%00", "%C2%85", "%FF"])
@pytest.mark.parametrize("method", ["GET", "PUT", "POST", "DELETE"])
def test_name_with_control_characters_gets_a_described_status(
    app: FastAPI, shared_client: TestClient, method: str, name: str
) -> None:
    response = shared_client.request(method, f"/v1/documents/{name}", content=b"text")
    described = app.openapi()["paths"]["/v1/documents/{path}"][method.lower()]["responses"]
    assert str(response.status_code) in described
    assert 400 <= response.status_code < 500
    assert response.headers["content-type"] == "application/problem+json"


def test_every_operation_is_tested(app: FastAPI) -> None:
    described = [
        [method.upper(), path]
        for path, operations in app.openapi()["paths"].items()
        for method in operations
    ]
    assert sorted(described) == sorted(PAIRS)
