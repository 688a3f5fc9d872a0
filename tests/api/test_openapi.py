"""The whole description of the interface against the service: no status, no body and no type of
content that it does not tell of, whatever is sent."""

import copy
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest
import schemathesis
from builders import link_encoders
from fastapi import FastAPI
from hypothesis import HealthCheck, given, settings
from schemathesis.specs.openapi.checks import negative_data_rejection, positive_data_acceptance
from serving import GARDEN, client_of, opened

from api.assembly.assistant import build_index
from api.http.app import create_app
from api.settings import Settings

Writer = Callable[[Mapping[str, str]], Path]
EXAMPLES = 60  # requests of each kind to each operation


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory, encoder_data: Path) -> Settings:
    """A garden that may be dug over."""
    root = tmp_path_factory.mktemp("garden")
    corpus, data = root / "documents", root / "data"
    corpus.mkdir()
    data.mkdir()
    for name, text in GARDEN.items():
        (corpus / name).write_text(text, encoding="utf-8")
    link_encoders(data, encoder_data)
    settings = Settings(corpus=corpus, data=data)
    build_index(settings)
    return settings


@pytest.fixture(scope="module")
def app(built: Settings) -> Iterator[FastAPI]:
    with opened(built) as service:
        yield create_app(service)


@pytest.fixture(scope="module")
def description(app: FastAPI) -> schemathesis.schemas.BaseSchema:
    """The description as it is served, but without keys: of a service that is open."""
    told = copy.deepcopy(app.openapi())
    for operations in told["paths"].values():
        for operation in operations.values():
            operation.pop("security", None)
    loaded = schemathesis.openapi.from_dict(told)
    loaded.app = app
    return loaded


OPERATIONS = [
    ("POST", "/v1/chat"),
    ("GET", "/v1/search"),
    ("GET", "/v1/answers/{answer_id}"),
    ("GET", "/v1/conversations/{conversation_id}"),
    ("DELETE", "/v1/conversations/{conversation_id}"),
    ("POST", "/v1/feedback"),
    ("GET", "/v1/documents"),
    ("GET", "/v1/documents/{path}"),
    ("PUT", "/v1/documents/{path}"),
    ("DELETE", "/v1/documents/{path}"),
    ("GET", "/v1/index"),
    ("GET", "/healthz"),
    ("GET", "/readyz"),
    ("GET", "/metrics"),
]


# Those that take nothing, or any text, cannot be sent what their description does not let in.
CANNOT_BE_WRONG = {
    ("GET", "/v1/documents"),
    ("DELETE", "/v1/documents/{path}"),
    ("GET", "/v1/index"),
    ("GET", "/healthz"),
    ("GET", "/readyz"),
    ("GET", "/metrics"),
}
TRIED = [
    (method, path, mode)
    for method, path in OPERATIONS
    for mode in schemathesis.GenerationMode
    if mode.is_positive or (method, path) not in CANNOT_BE_WRONG
]


@pytest.mark.parametrize(("method", "path", "mode"), TRIED)
def test_an_operation_does_what_its_description_says(
    description: schemathesis.schemas.BaseSchema,
    method: str,
    path: str,
    mode: schemathesis.GenerationMode,
) -> None:
    """Positive: what the description lets in. Negative: what it does not."""
    statuses = Counter()

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
    )
    @given(description[path][method].as_strategy(generation_mode=mode))
    def tried(case: schemathesis.Case) -> None:
        case.headers["host"] = "localhost"
        response = case.call()
        # A name or a text may be wrong in ways that no schema can tell.
        excluded = [positive_data_acceptance]
        if response.status_code == 413:  # refused as it should be, only for its size
            excluded.append(negative_data_rejection)
        case.validate_response(response, excluded_checks=excluded)
        statuses[response.status_code] += 1

    tried()
    print(dict(statuses))


OPEN = {"/healthz", "/readyz"}


@pytest.mark.parametrize(("method", "path"), OPERATIONS)
def test_without_a_key_an_operation_is_refused_and_says_so_in_its_description(
    app: FastAPI, built: Settings, method: str, path: str
) -> None:
    operation = app.openapi()["paths"][path][method.lower()]
    with opened(built, loopback=False) as service:
        response = client_of(service).request(
            method, path.format(answer_id=1, conversation_id=1, path="a.md")
        )
    if path in OPEN:
        assert response.status_code == 200
        assert "security" not in operation
    else:
        assert response.status_code == 401
        assert operation["security"]
        assert "401" in operation["responses"]


def test_every_operation_is_tried(app: FastAPI) -> None:
    told = {
        (method.upper(), path)
        for path, operations in app.openapi()["paths"].items()
        for method in operations
    }
    assert told == set(OPERATIONS)
