"""Errors over HTTP: each error class has a status and a remedy that an HTTP caller can follow."""

import inspect

import pytest
from fastapi.testclient import TestClient
from serving import BEANS, expect_problem

import api.errors
import assistant.errors
import corpus.errors
import index.errors
from api.assembly.service import Service
from api.http.problems import RULES, result_or_problem

# Errors of commands, of start-up and of builds: a request that raises one is a defect.
NOT_OVER_HTTP = """
    AdditionInvalid AddressUnavailable AnsweringError ApiError CorpusEmpty CorpusError CorpusMissing
    DocumentNotExtracted DocumentTooCostly DocumentUnreadable EarlierRunInvalid
    FaqInvalid GapUnknown GoldInvalid HistoryInvalid InvalidKeyRequest
    KeyNotFound LoadingImpossible
    OutputUnwritable PublicWithoutKeys RequirementInvalid RetryAfter SettingsInvalid
    SlackUnavailable SynonymsInvalid
""".split()


ERRORS = [
    each
    for module in (api.errors, assistant.errors, corpus.errors, index.errors)
    for _, each in inspect.getmembers(module, inspect.isclass)
    if issubclass(each, Exception) and each.__module__ == module.__name__
]


@pytest.mark.parametrize("kind", ERRORS, ids=lambda kind: kind.__name__)
async def test_each_error_has_a_status_and_a_remedy_for_http_callers(kind: type) -> None:
    wait = 1.0 if issubclass(kind, api.errors.RetryAfter) else "reason"
    needed = [
        each
        for each in inspect.signature(kind.__init__).parameters.values()
        if each.default is each.empty and each.kind is each.POSITIONAL_OR_KEYWORD
    ]
    error = kind("the value is 5", *[wait] * (len(needed) - 2))  # without self and the message

    async def fail() -> None:
        raise error

    problem = await result_or_problem(fail())
    assert problem
    if kind.__name__ in NOT_OVER_HTTP:
        assert (problem.status, "the value is 5" in problem.detail) == (500, False)
    else:
        assert problem.status != 500
        assert problem.detail.startswith("the value is 5")


def test_no_remedy_is_a_command() -> None:
    for _, remedy in RULES.values():
        assert "assistant " not in remedy
        assert "run " not in remedy


@pytest.mark.parametrize(
    ("path", "status", "detail"),
    [
        ("/v1/search", 422, "q"),
        ("/v1/search?q=", 422, "the question is empty"),
        ("/v1/search?q=who&k=0", 422, "k"),
        ("/v1/search?q=who&k=51", 422, "k"),
        ("/v1/documents/nothing.md", 404, "GET /v1/documents"),
        ("/v1/documents/garden.md?sha256=abc", 404, "version 'abc'"),
        (f"/v1/documents/garden.md?sha256={'0' * 64}", 404, "version"),
        ("/v1/chat", 405, "/docs"),
        ("/nowhere", 404, "/docs"),
        ("/page/nothing.js", 404, "/docs"),
    ],
)
def test_each_error_status_is_a_problem_document(
    shared_client: TestClient, path: str, status: int, detail: str
) -> None:
    expect_problem(shared_client.get(path), status, detail)


def test_unexpected_error_hides_its_message(
    shared_client: TestClient, shared_service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("a secret")

    monkeypatch.setattr(shared_service.generations, "borrow", broken)
    response = shared_client.post("/v1/chat", json={"message": BEANS})
    expect_problem(response, 500, "internal error")
    assert "secret" not in response.text
    assert response.headers["x-content-type-options"] == "nosniff"
