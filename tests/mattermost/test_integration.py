"""Slash commands and webhooks of Mattermost get the same answers as over HTTP, if their token is
valid."""

import hmac
import json
import re
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import Mock, call
from urllib.parse import urlencode

import httpx2
import pytest
from fastapi.testclient import TestClient
from hypothesis import given
from hypothesis import strategies as st
from mattermost_markdown import (
    MARKUP,
    expect_nothing_special,
    expect_only_text,
    links,
    quotes,
    visible_text,
    without_blanks,
)
from pydantic import SecretStr
from serving import (
    BEANS,
    CHANGED,
    GARDEN,
    ROSES,
    ask,
    client_of,
    expect_problem,
    listening,
    opened,
)

from api.assembly.assistant import build_index
from api.assembly.service import Service
from api.errors import DatabaseUnavailable
from api.mattermost.integration import (
    MAX_FIELDS,
    FormInvalid,
    MattermostIntegration,
    parse_message,
)
from api.service.rate_limits import RateLimiter
from api.settings import Settings

PAGE = "https://faq.example"
TOKEN = "sesame"
TOKENS = SecretStr(f"{TOKEN}, rose-bed,third,")
COMMAND: dict[str, Any] = {
    "channel_id": "c7ho9oyw8if8z8k3fkcsmcs6eh",
    "command": "/ask",
    "team_id": "t3ho9oyw8if8z8k3fkcsmcs6eh",
    "token": TOKEN,
    "trigger_id": "bWRxMXh5ZXM6MTY0OjE6TUVZ=",
    "user_id": "u9ho9oyw8if8z8k3fkcsmcs6eh",
}
WEBHOOK: dict[str, Any] = {
    "channel_id": COMMAND["channel_id"],
    "post_id": "p1ho9oyw8if8z8k3fkcsmcs6eh",
    "team_id": COMMAND["team_id"],
    "timestamp": 1445532266,
    "token": TOKEN,
    "trigger_word": "faq",
    "user_id": COMMAND["user_id"],
}
FORM, JSON = "application/x-www-form-urlencoded", "application/json"

Writer = Callable[[Mapping[str, str]], Path]
Send = Callable[..., str]


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """The indexed garden, with tokens."""
    return settings.model_copy(update={"page_url": PAGE, "mattermost_tokens": TOKENS})


@pytest.fixture(scope="module")
def shared_client(
    garden_index: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[TestClient]:
    """A client of a service that all tests share, and whose documents stay as they are."""
    settings = Settings(
        corpus=garden_index.parent / "documents",
        data=garden_index,
        database=f"sqlite:///{tmp_path_factory.mktemp('shared') / 'records.sqlite'}",
        page_url=PAGE,
        mattermost_tokens=TOKENS,
    )
    with opened(settings) as service:
        yield client_of(service)


def send_command(client: httpx2.Client, text: str, **more: object) -> str:
    """The reply to a slash command."""
    response = client.post("/mattermost", data={**COMMAND, "text": text, **more})
    return reply_in(response, "ephemeral")


def send_webhook(client: httpx2.Client, text: str, **more: object) -> str:
    """The reply to a message that triggered a webhook."""
    response = client.post("/mattermost", json={**WEBHOOK, "text": text, **more})
    return reply_in(response, "comment")


def reply_in(response: httpx2.Response, response_type: str) -> str:
    assert response.status_code == 200, response.text
    assert response.headers["content-type"] == JSON
    reply = response.json()
    assert reply == {"response_type": response_type, "text": reply["text"]}
    return str(reply["text"])


def expect_notice(text: str, message: str) -> None:
    """A short message that names the request."""
    assert message in visible_text(text)
    assert re.search(r" \(request [0-9a-f]{16}\)\n$", visible_text(text))
    assert len(text) < 1000
    expect_only_text(text)


def parse(**fields: object) -> Any:
    return parse_message(json.dumps(fields).encode(), JSON)


def test_command_and_webhook_are_distinguished() -> None:
    body = urlencode({**COMMAND, "text": " who? "}).encode()
    command = parse_message(body, f"{FORM}; charset=utf-8")
    assert (command.token, command.question, command.trigger) == (TOKEN, "who?", "/ask")
    assert (command.is_command, command.response_type) == (True, "ephemeral")
    webhook = parse(**WEBHOOK, text="faq who?")
    assert (webhook.token, webhook.question, webhook.trigger) == (TOKEN, "who?", "faq")
    assert (webhook.is_command, webhook.response_type) == (False, "comment")


@pytest.mark.parametrize(
    ("word", "text", "question"),
    [
        ("faq", "faq who?", "who?"),
        ("faq", "  FAQ:  who?", "who?"),
        ("@faq", "@faq, who asks @faq?", "who asks @faq?"),
        ("?", "?who", "who"),
        ("faq", "who reads the faq", "who reads the faq"),
        ("faq", "faq", ""),
        ("", "who?", "who?"),
    ],
)
def test_trigger_word_is_removed_from_the_question(word: str, text: str, question: str) -> None:
    assert parse(trigger_word=word, text=text).question == question


def test_thread_is_a_conversation() -> None:
    assert parse(**COMMAND, text="who?").conversation_id is None
    root = parse(**COMMAND, text="who?", root_id="r1").conversation_id
    assert root == f"mattermost:{COMMAND['channel_id']}:r1"
    assert parse(channel_id="c", root_id="r" * 500).conversation_id is None
    assert parse(channel_id="../c", root_id="r").conversation_id is None


def test_same_message_gets_the_same_answer_id() -> None:
    first = parse(**WEBHOOK, text="who?").answer_id
    assert re.fullmatch("[0-9a-f]{32}", first)
    assert parse(**{**WEBHOOK, "timestamp": 1}, text="who?").answer_id == first
    others = [
        parse(**{**WEBHOOK, "post_id": "p2"}, text="who?"),
        parse(**{**WEBHOOK, "team_id": "t2"}, text="who?"),
        parse(**WEBHOOK, text="what?"),
        parse(**COMMAND, text="who?"),
        parse(**{**COMMAND, "trigger_id": WEBHOOK["post_id"]}, text="who?"),
    ]
    assert len({first, *(each.answer_id for each in others)}) == 6
    assert parse(text="who?", token=TOKEN).answer_id == ""


def test_values_that_are_not_text_are_ignored() -> None:
    message = parse(token=["a"], text=5, channel_id=None, trigger_word={}, command=True)
    assert (message.token, message.question, message.trigger) == ("", "", "")
    assert not message.is_command
    surrogates = parse(token="\ud800", text="who \ud800?", command="/\udc00", trigger_id="\udfff")
    assert (surrogates.question, surrogates.trigger) == ("who ??", "/?")


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"\xff\xfe\x00", FORM),
        (b"text=%ff%fe", FORM),
        (b'{"text": "\xff"}', JSON),
        ('{"text": "who?"}'.encode("utf-16"), JSON),
        (b"[]", JSON),
        (b'"who?"', JSON),
        (b"null", JSON),
        (b"", JSON),
        (b'{"text": ', JSON),
        (b"[" * 60_000, JSON),
        (b'{"timestamp": ' + b"9" * 50_000 + b"}", JSON),
        ("&".join(f"a{number}=b" for number in range(10_000)).encode()[:65_000], FORM),
        (json.dumps({f"a{number}": 1 for number in range(5_000)}).encode(), JSON),
        (b"text=who?", "multipart/form-data; boundary=x"),
        (b"text=who?", ""),
    ],
)
def test_malformed_body_is_rejected(body: bytes, kind: str) -> None:
    with pytest.raises(FormInvalid, match="send"):
        parse_message(body, kind)


@given(st.binary(max_size=200), st.sampled_from([FORM, JSON]))
def test_any_bytes_are_parsed_or_rejected(body: bytes, kind: str) -> None:
    try:
        message = parse_message(body, kind)
    except FormInvalid:
        return
    assert len(message.answer_id) in (0, 32)


@given(st.dictionaries(st.sampled_from([*COMMAND, *WEBHOOK, "text", "root_id"]), st.text()))
def test_form_and_json_are_parsed_alike(fields: dict[str, str]) -> None:
    sent = {name: value.encode(errors="replace").decode() for name, value in fields.items()}
    as_form = parse_message(urlencode(sent).encode(), FORM)
    assert as_form == parse_message(json.dumps(sent).encode(), JSON)


@pytest.mark.parametrize("token", [TOKEN, "rose-bed", "third"])
def test_every_token_is_accepted_in_the_body_or_the_header(
    shared_client: TestClient, token: str
) -> None:
    assert "second week" in send_command(shared_client, BEANS, token=token)
    header = {"authorization": f"Token {token}"}
    fields = {**COMMAND, "text": BEANS, "token": "wrong"}
    assert shared_client.post("/mattermost", data=fields, headers=header).status_code == 200
    del fields["token"]
    assert shared_client.post("/mattermost", data=fields, headers=header).status_code == 200


@pytest.mark.parametrize("token", ["", "wrong", "sesam", "sesame ", "sesame,", ",", "é", "\0"])
def test_other_tokens_are_rejected(shared_client: TestClient, token: str) -> None:
    response = shared_client.post("/mattermost", data={**COMMAND, "text": BEANS, "token": token})
    expect_problem(response, 401, "token")
    assert "sesame" not in response.text


@pytest.mark.parametrize("header", ["Token", "Token wrong", f"Bearer {TOKEN}", TOKEN, "Token é"])
def test_other_headers_are_rejected(shared_client: TestClient, header: str) -> None:
    fields = {**COMMAND, "text": BEANS, "token": ""}
    headers = {b"authorization": header.encode()}
    expect_problem(shared_client.post("/mattermost", data=fields, headers=headers), 401, "token")


def test_every_token_is_compared_in_constant_time(monkeypatch: pytest.MonkeyPatch) -> None:
    compare = Mock(side_effect=hmac.compare_digest)
    monkeypatch.setattr("hmac.compare_digest", compare)
    integration = MattermostIntegration.from_setting("a,b,c", RateLimiter(()), "")
    assert integration
    for shown in ("a", "b", "c"):
        compare.reset_mock()
        assert integration.authenticate([shown], "").owner == "mattermost"
        assert compare.mock_calls == [call(each, shown.encode()) for each in (b"a", b"b", b"c")]


def test_tokens_are_not_in_the_repr() -> None:
    assert "sesame" not in repr(MattermostIntegration.from_setting("sesame", RateLimiter(()), ""))


def test_without_tokens_there_is_no_route(settings: Settings) -> None:
    without = settings.model_copy(update={"mattermost_tokens": SecretStr(" ,")})
    with opened(without) as service:
        response = client_of(service).post("/mattermost", data={**COMMAND, "token": ""})
        expect_problem(response, 404, "/docs")


def test_rejected_requests_are_limited_apart_from_accepted_ones(settings: Settings) -> None:
    with opened(settings.model_copy(update={"rate_limit": "3/minute"})) as service:
        client = client_of(service)
        wrong = {**COMMAND, "text": BEANS, "token": "wrong"}
        assert client.post("/mattermost", content=b"garbage").status_code == 400
        for _ in range(2):
            expect_problem(client.post("/mattermost", data=wrong), 401, "token")
        response = client.post("/mattermost", data=wrong)
        assert response.status_code == 429
        assert int(response.headers["retry-after"]) >= 1
        assert client.post("/mattermost", content=b"garbage").status_code == 429
        for _ in range(3):
            assert "second week" in send_command(client, BEANS)
        assert "3 per 1 minute" in visible_text(send_command(client, BEANS))


@pytest.mark.parametrize(
    "question",
    [BEANS, ROSES, "when are beans sown", "Who waters the roses, and when are beans sown?"],
)
@pytest.mark.parametrize("send", [send_command, send_webhook])
def test_answer_is_the_same_as_over_http(
    shared_client: TestClient, question: str, send: Send
) -> None:
    answer: Any = ask(shared_client, question)
    assert answer["status"] == "answered"
    text = send(shared_client, question)
    above, below = text.split("\n\n**[1]**")
    assert visible_text(above).strip() == answer["text"]
    citations = answer["citations"]
    assert list(map(without_blanks, quotes(text))) == [
        without_blanks(each["quote"]) for each in citations
    ]
    assert links(text) == [PAGE + each["url"] for each in citations]
    for each in citations:
        label = " › ".join(dict.fromkeys([each["title"] or each["document"], *each["headings"]]))
        assert f"[{each['number']}] {label}\n" in visible_text(f"**[1]**{below}")


def test_refusal_lists_suggestions(shared_client: TestClient) -> None:
    question = "What is the boiling point of tungsten?"
    answer: Any = ask(shared_client, question)
    assert answer["status"] == "refused"
    text = send_command(shared_client, question)
    assert visible_text(text).startswith(f"{answer['text']}\n")
    items = [line[2:] for line in text.split("\n") if line.startswith("- ")]
    assert [visible_text(item).strip() for item in items] == answer["suggestions"]
    assert links(text) == []


def test_greeting_gets_a_reply_with_questions_to_ask(shared_client: TestClient) -> None:
    text = visible_text(send_command(shared_client, "hello there"))
    assert text.startswith("Hello!")
    assert "Questions that the documents answer:" in text


def test_threads_are_stored_apart_and_for_mattermost_only(
    client: TestClient, service: Service
) -> None:
    send_command(client, ROSES, root_id="r1", trigger_id="1")
    send_command(client, BEANS, root_id="r2", trigger_id="2")
    conversation = f"mattermost:{COMMAND['channel_id']}:r1"
    turns = service.records.turns("mattermost", conversation, 9)
    assert len(turns) == 2 and turns[0].text == ROSES
    assert client.get(f"/v1/conversations/{conversation}").status_code == 404


@pytest.mark.parametrize("text", ["", "   ", "\n"])
def test_empty_question_explains_usage(shared_client: TestClient, text: str) -> None:
    assert "Write a question after /ask." in visible_text(send_command(shared_client, text))
    assert "Write a question after faq." in visible_text(send_webhook(shared_client, f"faq{text}"))


@pytest.mark.parametrize("mark", [{"bot": True}, {"bot": {"i": "x"}}, {"bot_id": "B1"}])
def test_bots_are_ignored(shared_client: TestClient, mark: dict[str, object]) -> None:
    response = shared_client.post("/mattermost", json={**WEBHOOK, "text": BEANS, **mark})
    assert (response.status_code, response.json()) == (200, {})
    assert "second week" in send_webhook(shared_client, BEANS, bot=False, bot_id="")


def test_repeated_message_gets_its_stored_answer(
    client: TestClient, settings: Settings, folder_of: Writer
) -> None:
    before = {send: send(client, BEANS) for send in (send_command, send_webhook)}
    folder_of(CHANGED)
    build_index(settings)
    for send, text in before.items():
        assert "second week of May" in text
        assert send(client, BEANS) == text
    assert "first week of June" in send_command(client, BEANS, trigger_id="another")
    assert "first week of June" in send_webhook(client, BEANS, post_id="another")
    assert "first week of June" in send_webhook(client, BEANS, post_id="")


@contextmanager
def client_over_http(service: Service) -> Iterator[httpx2.Client]:
    with (
        listening(service) as (host, port),
        httpx2.Client(base_url=f"http://{host}:{port}", timeout=60) as client,
    ):
        yield client


def test_concurrent_deliveries_are_answered_once(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    save_answer = service.records.save_answer
    slow = Mock(side_effect=lambda *answer: time.sleep(0.3) or save_answer(*answer))
    monkeypatch.setattr(service.records, "save_answer", slow)
    with client_over_http(service) as client, ThreadPoolExecutor(6) as pool:
        replies = list(pool.map(lambda _: send_command(client, BEANS), range(6)))
    assert "second week" in replies[0]
    assert (len(set(replies)), slow.call_count, service.concurrency.admitted) == (1, 1, 0)


@pytest.mark.parametrize(
    ("send", "text"),
    [
        (send_command, "a" * 40_000),
        (send_command, "@" * 20_000),  # each takes three bytes in a form
        (send_webhook, "é" * 9_000),
        (send_webhook, "\n." * 20_000),
        (send_webhook, "&" * 40_000),
    ],
    ids=lambda value: value[:2] if isinstance(value, str) else value.__name__,
)
def test_too_long_question_is_reported(shared_client: TestClient, send: Send, text: str) -> None:
    expect_notice(send(shared_client, f"who?{text}"), "2,000")


def test_too_large_body_is_rejected(shared_client: TestClient) -> None:
    response = shared_client.post("/mattermost", data={**COMMAND, "text": "a" * 70_000})
    assert response.status_code == 413


def test_maximum_number_of_fields_is_accepted() -> None:
    mentions = {f"user_mentions{number}": "x" for number in range(MAX_FIELDS - len(COMMAND) - 1)}
    assert parse(**COMMAND, **mentions, text="who?").question == "who?"


def test_malformed_body_is_a_bad_request_that_does_not_repeat_it(shared_client: TestClient) -> None:
    headers = {"content-type": JSON, "authorization": f"Token {TOKEN}"}
    response = shared_client.post("/mattermost", content=b'{"text": "who?', headers=headers)
    expect_problem(response, 400, "send")
    assert "who?" not in response.text


def test_missing_index_is_reported(data: Path, folder_of: Writer) -> None:
    settings = Settings(corpus=folder_of(GARDEN), data=data, mattermost_tokens=TOKENS)
    with opened(settings) as service:
        expect_notice(send_command(client_of(service), BEANS), "index")


def test_overload_is_reported(settings: Settings) -> None:
    with opened(settings.model_copy(update={"concurrency": 1})) as service:
        client = client_of(service)
        with service.concurrency.slot():
            expect_notice(send_webhook(client, BEANS), "")
        assert "second week" in send_webhook(client, BEANS)


def test_timeout_is_reported(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    with opened(settings.model_copy(update={"timeout": 0.2})) as service:
        borrow = service.generations.borrow

        @contextmanager
        def slow(*arguments: Any) -> Iterator[Any]:
            time.sleep(0.5)
            with borrow(*arguments) as assistant:
                yield assistant

        with monkeypatch.context() as patched:
            patched.setattr(service.generations, "borrow", slow)
            expect_notice(send_command(client_of(service), BEANS), "too long")
        assert service.concurrency.admitted == 0
        assert service.records.turns("mattermost", "", 9) == []


def test_repeated_message_waits_no_longer_than_the_timeout(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    with opened(settings.model_copy(update={"timeout": 2.0})) as service:
        begun, go_on = threading.Event(), threading.Event()
        save_answer = service.records.save_answer

        def wait(*arguments: Any) -> None:
            begun.set()
            assert go_on.wait(20)
            save_answer(*arguments)

        monkeypatch.setattr(service.records, "save_answer", wait)
        with client_over_http(service) as client, ThreadPoolExecutor(1) as pool:
            first = pool.submit(send_command, client, BEANS)
            assert begun.wait(20)
            expect_notice(send_command(client, BEANS), "took too long")
            go_on.set()
            assert "second week" in first.result()
            assert service.concurrency.admitted == 0


def test_database_error_is_reported_as_text(
    client: TestClient, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    full = Mock(side_effect=DatabaseUnavailable("the disk @all is full: **make room**"))
    monkeypatch.setattr(service.records, "save_answer", full)
    expect_notice(send_command(client, BEANS), "the disk @all is full: **make room**")


def test_internal_error_is_reported_without_details(
    client: TestClient,
    service: Service,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(service.generations, "borrow", Mock(side_effect=RuntimeError("a secret")))
    text = send_command(client, BEANS)
    expect_notice(text, "log")
    assert "secret" not in text
    assert "RuntimeError" in caplog.text
    assert BEANS not in caplog.text


def test_request_id_is_shown_as_text(shared_client: TestClient) -> None:
    fields = {**COMMAND, "text": "a" * 3000}
    response = shared_client.post("/mattermost", data=fields, headers={"x-request-id": "_a_.b-c"})
    text = response.json()["text"]
    assert visible_text(text).endswith("(request _a_.b-c)\n")
    expect_only_text(text)


def test_markup_in_documents_is_only_text(folder_of: Writer, data: Path) -> None:
    names = {"alpha": MARKUP[0], "bravo": MARKUP[1], "charlie": MARKUP[3]}
    signs = {
        f"{name}.md": f"# Sign\n\n## What does sign {name} say?\n\n"
        f"Sign {name} says {' '.join(markup.split())} in red.\n"
        for name, markup in names.items()
    }
    settings = Settings(corpus=folder_of(signs), data=data, page_url=PAGE, mattermost_tokens=TOKENS)
    build_index(settings)
    with opened(settings) as service:
        client = client_of(service)
        for name in names:
            answer: Any = ask(client, f"What does sign {name} say?")
            text = send_command(client, f"What does sign {name} say?", trigger_id=name)
            expect_nothing_special(text, PAGE)
            citations = answer["citations"]
            assert citations[0]["document"] == f"{name}.md"
            assert list(map(without_blanks, quotes(text))) == [
                without_blanks(each["quote"]) for each in citations
            ]


def test_markup_in_questions_is_only_text(shared_client: TestClient) -> None:
    for number, markup in enumerate(MARKUP):
        text = send_webhook(shared_client, markup, post_id=f"q{number}", trigger_word=markup[:4])
        assert "evil" not in "".join(links(text))
        expect_nothing_special(text, PAGE)
