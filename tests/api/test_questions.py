"""Questions over HTTP: the JSON of an answer, bodies that are refused, and search."""

import json

import pytest
from fastapi.testclient import TestClient
from serving import BEANS, GARDEN, ask, expect_problem

from api.cli.main import main
from api.http.middleware import MAX_BODY_BYTES
from api.settings import Settings
from api.wire.chat import AnswerBody

VARYING = {"id", "conversation_id", "timings_ms"}
JSON = {"content-type": "application/json"}


def test_answer_has_the_documented_fields_and_verbatim_quotes(shared_client: TestClient) -> None:
    answer = ask(shared_client, BEANS)
    assert set(answer) == set(AnswerBody.model_fields)
    assert answer["status"] == "answered"
    [citation] = answer["citations"]
    text = GARDEN[citation["document"]]
    assert text[citation["start"] : citation["end"]] == citation["quote"]
    [sentence] = answer["sentences"]
    assert answer["text"][sentence["start"] : sentence["end"]] == sentence["text"]
    assert sentence["citations"] == [citation["number"]]


def test_refusal_has_no_citations(shared_client: TestClient) -> None:
    answer = ask(shared_client, "What is the boiling point of tungsten?")
    assert answer["status"] == "refused"
    assert answer["citations"] == answer["sentences"] == []


def test_http_and_command_line_give_the_same_answer(
    shared_client: TestClient, shared_settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    folders = ["--corpus", str(shared_settings.corpus), "--data", str(shared_settings.data)]
    main(["ask", BEANS, "--json", *folders])
    printed, answer = json.loads(capsys.readouterr().out), ask(shared_client, BEANS)
    assert printed.keys() == answer.keys()
    assert [printed[key] for key in answer if key not in VARYING] == [
        answer[key] for key in answer if key not in VARYING
    ]


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        (BEANS, None),
        ("What is the boiling point of tungsten?", "no_answer"),
        ("hello", "greeting"),
        ("", "no_question"),
        ("Quand sème-t-on les haricots ?", "language"),
    ],
)
def test_reason_tells_why_a_message_was_not_answered(
    shared_client: TestClient, message: str, reason: str | None
) -> None:
    answer = ask(shared_client, message)
    assert answer["reason"] == reason
    assert (answer["status"] == "answered") is (reason is None)


def test_conversation_keeps_its_id(shared_client: TestClient) -> None:
    answer = ask(shared_client, BEANS, conversation_id="abc", history=[], stream=False)
    assert answer["conversation_id"] == "abc"


def test_search_returns_the_requested_number_of_passages(shared_client: TestClient) -> None:
    [hit] = shared_client.get("/v1/search", params={"q": "roses", "k": 1}).json()["hits"]
    assert hit["document"] == "roses.txt"
    assert GARDEN["roses.txt"][hit["start"] : hit["end"]] == hit["text"]
    assert 0 <= hit["score"] <= 1


@pytest.mark.parametrize(
    ("body", "status", "detail"),
    [
        (json.dumps({"message": "a" * 2001}).encode(), 422, "2,000"),
        (json.dumps({"message": "a" * 100_000}).encode(), 413, "send a smaller one"),
        (b'{"message": "\\ud800 who?"}', 422, "UTF-8"),
        (b'{"message": "who?", "conversation_id": "\\ud800"}', 422, "conversation_id"),
        (b'{"message": "they?", "history": [{"role": "user", "text": "\\ud800"}]}', 422, "text"),
        (b'{"message": 5}', 422, "message"),
        (b"{}", 422, "message"),
        (b"[]", 422, "expected a JSON object"),
        (b'{"message": "who?", "colour": "red"}', 422, "colour"),
        (b'{"message": "?", "history": [{"role": "system", "text": ""}]}', 422, "history.0.role"),
        (b'{"message": ', 400, "not valid JSON"),
        (b'{"message": "\xff"}', 400, "UTF-8"),
        (b"", 422, "body"),
    ],
)
def test_invalid_question_is_a_problem_with_a_remedy(
    shared_client: TestClient, body: bytes, status: int, detail: str
) -> None:
    expect_problem(shared_client.post("/v1/chat", content=body, headers=JSON), status, detail)


def test_json_without_its_content_type_is_refused(shared_client: TestClient) -> None:
    response = shared_client.post("/v1/chat", content='{"message": "who?"}')
    expect_problem(response, 422, "content-type: application/json")


def test_large_body_without_a_declared_size_is_refused(shared_client: TestClient) -> None:
    chunks = (b" " * 1024 for _ in range(MAX_BODY_BYTES // 1024 + 1))
    expect_problem(shared_client.post("/v1/chat", content=chunks), 413, "send a smaller one")
