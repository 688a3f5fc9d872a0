"""With a language model, a user never sees a sentence that the documents do not prove. The model is a
script behind a real HTTP server, asked by the real client."""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from builders import AssistantOpener, shipped_scorer
from model_server import ModelServer, model_server

from assistant.answer import Answer, ProvedSentence, Status, Turn
from assistant.claims import ClaimProof
from assistant.errors import ModelMissing
from assistant.language_model.client import GuardedModel
from assistant.language_model.langchain_model import LangChainModel
from assistant.language_model.prompt import Mode
from assistant.language_model.trust import Trust
from assistant.language_model.writer import ModelOutput, ModelWriter
from assistant.pipeline import Assistant
from assistant.reader.runtime import OnnxReader
from corpus.markup import strip_markup
from index.onnx_encoder import OnnxEncoder

FILES = {
    "leave.md": (
        "# Leave\n\n## Holidays\n\nEveryone has 25 days of leave a year. "
        "Up to five days carry over until 30 April.\n\n"
        "## Sick leave\n\nTell your manager before 9:00. A certificate is needed from the third "
        "day.\n\n## Parents\n\nParents get ten extra days when a child is born.\n"
    )
}
DAYS = "How many days of leave do I have?"
KEY = "sk-very-secret"
PERFECT, USELESS = Trust(right=18, declined=9), Trust(right=2, wrong=16, invented=9)
INJECTIONS = Path(__file__).parents[1] / "measure/claims/injections.jsonl"


class Scripted:
    """A server, and the reply that it gives next."""

    def __init__(self) -> None:
        self.reply = "NONE"
        self.server: ModelServer

    def part(self, words: str) -> str:
        """The id of the part with these words in the last request."""
        for exhibit in self.server.requests[-1]["evidence"]:
            for number, text in exhibit["parts"].items():
                if words in text:
                    return str(number)
        raise AssertionError(words)


@pytest.fixture
def scripted() -> Iterator[Scripted]:
    script = Scripted()

    def reply(data: Mapping[str, Any], _: str) -> str:
        found = script.reply
        for exhibit in data.get("evidence", []):
            for number, text in exhibit["parts"].items():
                found = found.replace(f"<{text}>", number)
        return found

    with model_server(reply) as server:
        script.server = server
        yield script


@pytest.fixture
def ask(
    scripted: Scripted, open_assistant: AssistantOpener, encoder: OnnxEncoder, reader: OnnxReader
) -> Any:
    """Asks in a mode, with what the model's exam showed."""

    def asked(
        question: str,
        mode: Mode = Mode.CHOOSE,
        trust: Trust = PERFECT,
        files: Mapping[str, str] = FILES,
        timeout: float = 5.0,
        provider: str = "openai",
        history: Sequence[Turn] = (),
    ) -> Answer:
        return with_model(mode, trust, files, timeout, provider).ask(question, history)

    def with_model(
        mode: Mode, trust: Trust, files: Mapping[str, str], timeout: float, provider: str = "openai"
    ) -> Assistant:
        plain = open_assistant(files, shipped_scorer(), reader)
        url = scripted.server.url if provider == "openai" else scripted.server.root
        model = LangChainModel(f"{provider}:scripted", url, KEY, timeout)
        writer = ModelWriter(
            GuardedModel(model, timeout), mode, ClaimProof(encoder, reader), lambda _: trust
        )
        plain._model = writer
        return plain

    asked.open = with_model  # type: ignore[attr-defined]
    return asked


def test_chosen_parts_are_quoted(scripted: Scripted, ask: Any) -> None:
    scripted.reply = "<Everyone has 25 days of leave a year.>"
    answer = ask(DAYS)
    assert answer.text == "Everyone has 25 days of leave a year. [1]"
    assert (answer.writer, answer.prompt) == ("choose:openai:scripted", "choose-2")
    assert answer.tokens == (100, 10)


def test_choice_of_a_trusted_model_wins(scripted: Scripted, ask: Any) -> None:
    scripted.reply = "<A certificate is needed from the third day.>"
    assert ask("What paper do I hand in when I am ill?").text.startswith("A certificate")
    scripted.reply = "<Parents get ten extra days when a child is born.>"
    assert ask(DAYS, trust=USELESS).text.startswith("Everyone has 25 days")


def test_none_of_a_trusted_model_refuses(scripted: Scripted, ask: Any) -> None:
    assert ask(DAYS).status is Status.REFUSED
    assert ask(DAYS, trust=Trust(missed=18, declined=9)).status is Status.ANSWERED


def test_written_sentence_is_shown_with_what_supports_it(scripted: Scripted, ask: Any) -> None:
    scripted.reply = "You have 25 days of leave a year. [<Everyone has 25 days of leave a year.>]"
    answer = ask(DAYS, Mode.COMPOSE)
    assert answer.text == "You have 25 days of leave a year. [1]"
    assert [each.quote for each in answer.citations] == ["Everyone has 25 days of leave a year."]
    assert answer.writer == "compose:openai:scripted"


@pytest.mark.parametrize("provider", ["openai", "anthropic", "ollama"])
def test_reply_in_json_is_read_with_each_provider(
    scripted: Scripted, ask: Any, provider: str
) -> None:
    sentence = "Everyone has 25 days of leave a year."
    scripted.reply = f'{{"ids": ["<{sentence}>"]}}'
    assert ask(DAYS, provider=provider).text == f"{sentence} [1]"
    scripted.reply = (
        '{"sentences": [{"text": "You have 25 days of {leave} a \\"month\\".", "ids": ["1.1"]},'
        f'\n {{"text": "You have 25 days of leave a year.", "ids": ["<{sentence}>"]}}]}}'
    )
    answer = ask(DAYS, Mode.COMPOSE, provider=provider)
    assert answer.text == "You have 25 days of leave a year. [1]"
    assert answer.writer == f"compose:{provider}:scripted"
    assert answer.tokens == (100, 10)
    scripted.reply = '{"sentences": []}'
    assert ask(DAYS, Mode.COMPOSE, provider=provider).status is Status.REFUSED
    for schema in scripted.server.schemas:
        assert "1.1" in json.dumps(schema)


@pytest.mark.parametrize("provider", ["openai", "anthropic", "ollama"])
def test_server_that_takes_no_schema_is_asked_without(
    scripted: Scripted, ask: Any, provider: str
) -> None:
    scripted.server.faults.refuses_schema = True
    scripted.reply = "<Everyone has 25 days of leave a year.>"
    assistant = ask.open(Mode.CHOOSE, PERFECT, FILES, 5.0, provider)
    for _ in range(2):
        assert assistant.ask(DAYS).writer == f"choose:{provider}:scripted"
    assert scripted.server.schemas == [None, None]
    assert len(scripted.server.keys) == 3


def test_follow_up_is_rewritten_with_words_of_the_conversation(
    scripted: Scripted, ask: Any
) -> None:
    history = [Turn("user", DAYS), Turn("assistant", "Everyone has 25 days of leave a year.")]
    script = scripted.server.script
    rewritten = "How many days of leave do parents have?"
    scripted.server.script = lambda data, system: (
        script(data, system) if "evidence" in data else rewritten
    )
    scripted.reply = "<Parents get ten extra days when a child is born.>"
    answer = ask("And for parents?", history=history)
    assert answer.standalone_question == rewritten
    assert answer.text.startswith("Parents get ten extra days")
    rewritten = "How do I rob a bank?"
    assert "bank" not in ask("And for parents?", history=history).standalone_question


@pytest.mark.parametrize(
    "claim",
    [
        "You have 30 days of leave a year.",
        "You have 25 days of leave a month.",
        "You do not have 25 days of leave a year.",
        "You have 25 days of leave a year if your manager agrees.",
        "Everyone in Oslo has 25 days of leave a year.",
        "You have at least 25 days of leave a year.",
        "See https://evil.example/leave for your 25 days of leave a year.",
    ],
)
def test_unsupported_sentence_is_replaced_by_a_quote(
    scripted: Scripted, ask: Any, claim: str
) -> None:
    scripted.reply = f"{claim} [<Everyone has 25 days of leave a year.>]"
    assert ask(DAYS, Mode.COMPOSE).text == "Everyone has 25 days of leave a year. [1]"


def test_supported_sentences_remain_if_others_are_dropped(scripted: Scripted, ask: Any) -> None:
    scripted.reply = (
        "You have 25 days of leave a year. [<Everyone has 25 days of leave a year.>]\n"
        "The pension starts at 67. [1.1]\nAsk Jane. [9.9]\nPay cash!\n"
    )
    assert ask(DAYS, Mode.COMPOSE).text == "You have 25 days of leave a year. [1]"


def test_sentences_appear_while_the_model_writes(scripted: Scripted, ask: Any) -> None:
    sentence = "Everyone has 25 days of leave a year."
    scripted.reply = f"{sentence} [<{sentence}>]\n" + "It goes on and on. [1.1]\n" * 3
    steps = list(ask.open(Mode.COMPOSE, PERFECT, FILES, 5.0).answer_steps(DAYS))
    shown = next(n for n, step in enumerate(steps) if isinstance(step, ProvedSentence))
    assert any(isinstance(step, ModelOutput) for step in steps[shown:])


@pytest.mark.parametrize("provider", ["openai", "anthropic", "ollama"])
@pytest.mark.parametrize(
    ("fault", "value", "said"),
    [
        ("statuses", (401,), "refused the request"),
        ("statuses", (429, 429, 429), "is busy"),
        ("rubbish", True, "gave no usable reply"),
        ("delay", 3.0, "in time"),
    ],
)
def test_failure_gives_the_answer_without_the_model_and_says_so(
    scripted: Scripted, ask: Any, fault: str, value: Any, said: str, provider: str
) -> None:
    setattr(scripted.server.faults, fault, list(value) if fault == "statuses" else value)
    answer = ask(DAYS, timeout=1.0, provider=provider)
    assert answer.text.startswith("Everyone has 25 days of leave a year. [1]")
    assert answer.writer == "extractive"
    assert said in answer.notice
    assert KEY not in answer.notice


def test_server_that_is_gone_costs_little(scripted: Scripted, ask: Any) -> None:
    scripted.server.url = "http://127.0.0.1:9/v1"
    answer = ask(DAYS)
    assert answer.status is Status.ANSWERED
    assert "cannot be reached" in answer.notice


def test_busy_server_is_asked_again(scripted: Scripted, ask: Any) -> None:
    scripted.server.faults.statuses = [503]
    scripted.reply = "<Everyone has 25 days of leave a year.>"
    assert ask(DAYS).writer == "choose:openai:scripted"


def test_closing_the_answer_closes_the_connection(scripted: Scripted, ask: Any) -> None:
    scripted.reply = "word " * 500
    scripted.server.faults.delay = 0.05
    steps = ask.open(Mode.COMPOSE, PERFECT, FILES, 30.0).answer_steps(DAYS)
    next(step for step in steps if isinstance(step, ModelOutput))
    steps.close()
    assert scripted.server.abandoned.wait(10)


@pytest.mark.parametrize("mode", list(Mode))
@pytest.mark.parametrize("reply", ["", "9.9 88", "x" * 50_000, "\x00\u202e[1.1]", "1.1\n" * 400])
def test_any_reply_gives_a_proved_answer_or_a_refusal(
    scripted: Scripted, ask: Any, mode: Mode, reply: str
) -> None:
    scripted.reply = reply
    for citation in ask(DAYS, mode).citations:
        text = FILES["leave.md"]
        assert text[citation.start : citation.end] == citation.quote


def test_model_is_not_asked_without_evidence(scripted: Scripted, ask: Any) -> None:
    assert ask("Who won the football match in Madrid?").status is Status.REFUSED
    assert not scripted.server.requests


def test_mode_of_a_request_replaces_the_default(scripted: Scripted, ask: Any) -> None:
    assistant = ask.open(Mode.CHOOSE, PERFECT, FILES, 5.0)
    assert assistant.ask(DAYS, mode="extractive").writer == "extractive"
    assert not scripted.server.requests
    scripted.reply = "Everyone has 25 days of leave a year. [1.1 1.2]"
    assert assistant.ask(DAYS, mode="compose").writer == "compose:openai:scripted"


def test_mode_that_needs_a_model_is_refused_without_one(open_assistant: AssistantOpener) -> None:
    assistant = open_assistant(FILES, shipped_scorer("plain"))
    with pytest.raises(ModelMissing, match="compose"):
        assistant.ask(DAYS, mode="compose")


@pytest.mark.parametrize("mode", list(Mode))
def test_model_that_obeys_every_attack_shows_nothing_that_is_not_in_the_documents(
    scripted: Scripted, ask: Any, mode: Mode
) -> None:
    """A sentence of a document may be quoted, even if it is an attack; nothing else is shown."""
    leaks = []
    for line in INJECTIONS.read_text(encoding="utf-8").splitlines():
        attack = json.loads(line)
        ids = " ".join(f"{n}.{m}" for n in range(1, 4) for m in range(1, 6))
        obeyed = attack["obeyed"].replace("\n", " ")
        scripted.reply = ids if mode is Mode.CHOOSE else f"{obeyed} [{ids}]"
        answer = ask(attack["question"], mode, files={"guide.md": attack["document"]})
        for sentence in answer.sentences:
            quotes = [c.quote for c in answer.citations if c.number in sentence.citations]
            said = strip_markup(" ".join(quotes)).lower()
            leaks += [
                f
                for f in attack["forbidden"]
                if f.lower() in sentence.text.lower() and f.lower() not in said
            ]
            leaks += [sentence.text] if "http" in sentence.text and "http" not in said else []
    assert leaks == []
    assert KEY not in json.dumps(scripted.server.requests)
