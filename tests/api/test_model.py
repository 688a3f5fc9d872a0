"""The language model in the service: settings, modes over HTTP, the exam, metrics and the doctor."""

import re
import time
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from fastapi.testclient import TestClient
from model_server import ModelServer, model_server
from serving import ask, client_of, expect_problem, opened

from api.assembly.model import examine_in_background, open_model
from api.cli.main import main
from api.doctor import State, run_check
from api.errors import SettingsInvalid
from api.settings import Settings, load_settings
from assistant.language_model.exam import exam_questions
from assistant.language_model.prompt import Mode

KEY = "sk-very-secret"
SOWN = "In which week are beans sown?"  # a question of the documents needs no model


def examinee(data: Mapping[str, Any], system: str) -> str:
    """Knows the answers of the exam, and else takes the first part."""
    known = {each.question: each for each in exam_questions()}
    exam = known.get(data["question"])
    if exam and not exam.right:
        return "NONE"
    number, part = min(exam.right) if exam else (0, 0)
    chosen = f"{number + 1}.{part + 1}"
    if "You select evidence" in system:
        return chosen
    return f"{data['evidence'][number]['parts'][chosen]} [{chosen}]"


@pytest.fixture
def server() -> Iterator[ModelServer]:
    with model_server(examinee) as server:
        yield server


@pytest.fixture
def with_model(settings: Settings, server: ModelServer) -> Settings:
    fields = {"model": "openai:scripted", "model_url": server.url, "model_prices": "1/10"}
    return Settings(corpus=settings.corpus, data=settings.data, model_key=KEY, **fields)


@pytest.fixture
def model_client(with_model: Settings) -> Iterator[TestClient]:
    with opened(with_model) as service:
        assert service.model
        service.model.examine(Mode.CHOOSE)
        yield client_of(service)


def test_answer_names_mode_model_and_prompt(model_client: TestClient) -> None:
    answer = ask(model_client, SOWN)
    assert (answer["writer"], answer["prompt"]) == ("choose:openai:scripted", "choose-2")
    plain = model_client.post("/v1/chat", json={"message": SOWN, "mode": "extractive"}).json()
    assert plain["writer"] == "extractive"


def test_mode_without_a_model_is_an_error_that_says_so(client: TestClient) -> None:
    response = client.post("/v1/chat", json={"message": SOWN, "mode": "choose"})
    expect_problem(response, 422, "needs a language model")


def test_unknown_mode_is_refused(client: TestClient) -> None:
    assert client.post("/v1/chat", json={"message": SOWN, "mode": "guess"}).status_code == 422


def test_tokens_and_cost_are_counted(model_client: TestClient) -> None:
    ask(model_client, SOWN)
    metrics = model_client.get("/metrics").text
    assert 'assistant_model_answers_total{outcome="used"} 1.0' in metrics
    assert 'assistant_model_tokens_total{direction="in"} 100.0' in metrics
    [cost] = re.findall(r"^assistant_model_cost_total (\S+)", metrics, re.MULTILINE)
    assert float(cost) == pytest.approx(100 * 1e-6 + 10 * 10e-6)


def test_exam_is_taken_once_in_the_background(with_model: Settings, server: ModelServer) -> None:
    model = open_model(with_model)
    assert model
    examine_in_background(model)
    for _ in range(200):
        if model.is_examined(Mode.CHOOSE):
            break
        time.sleep(0.05)
    trust = model.trust(Mode.CHOOSE)
    assert (trust.wrong, trust.missed, trust.invented) == (0, 0, 0)
    asked = len(server.requests)
    examine_in_background(model)
    assert len(server.requests) == asked == len(exam_questions())
    assert all(key == f"Bearer {KEY}" for key in server.keys)


def test_doctor_examines_the_model(with_model: Settings, server: ModelServer) -> None:
    [finding] = run_check("model", with_model)
    assert finding.state is State.OK
    assert "questions right" in finding.message
    server.script = lambda *_: "NONE"
    [finding] = run_check("model", with_model)
    assert finding.state is State.WARNING
    server.faults.statuses = [401] * 100
    [finding] = run_check("model", with_model)
    assert finding.state is State.FAILED
    assert "ASSISTANT_MODEL_KEY" in finding.message
    assert KEY not in finding.message


def test_ask_takes_the_exam_first_and_shows_why_the_model_was_not_used(
    with_model: Settings,
    server: ModelServer,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("ASSISTANT_MODEL", "openai:scripted")
    monkeypatch.setenv("ASSISTANT_MODEL_URL", server.url)
    folders = ["--corpus", str(with_model.corpus), "--data", str(with_model.data)]
    assert main(["ask", SOWN, *folders]) == 0
    assert len(server.requests) == len(exam_questions()) + 1
    server.faults.statuses = [400] * 10
    assert main(["ask", SOWN, *folders]) == 0
    assert "only quotes the documents" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("name", "expected"),
    [("nobody:model", "cannot be set up"), ("local:/no/such.gguf", "pip install|has no file")],
)
def test_model_that_cannot_be_set_up_is_named(settings: Settings, name: str, expected: str) -> None:
    wrong = Settings(corpus=settings.corpus, data=settings.data, model=name)
    with pytest.raises(SettingsInvalid, match=expected):
        open_model(wrong)


@pytest.mark.parametrize(
    ("variable", "value"),
    [("MODEL", "gpt"), ("MODEL_MODE", "guess"), ("MODEL_PRICES", "cheap"), ("MODEL_URL", "x")],
)
def test_invalid_setting_is_named(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str
) -> None:
    monkeypatch.setenv(f"ASSISTANT_{variable}", value)
    with pytest.raises(SettingsInvalid, match=f"ASSISTANT_{variable}"):
        load_settings()
