"""The Slack stand-in refuses, answers and sends as Slack does, seen by Slack's own clients."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

import httpx2
import pytest
from serving import BEANS, ROOT
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.signature import SignatureVerifier
from slack_sdk.socket_mode.aiohttp import SocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.socket_mode.response import SocketModeResponse
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.webhook import WebhookClient
from slack_stand_in import limits
from slack_stand_in.client import Slack
from slack_stand_in.workspace import Json
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from api.settings import Settings

GENERAL, RANDOM, DIRECT = "C0GENERAL", "C0RANDOM", "D0ADA"
ADA, GRACE, BOT, TEAM = "U0ADA", "U0GRACE", "U0ASSISTANT", "T0STANDIN"
NO_TS = "1700000000.000100"
METADATA = {"event_type": "answer", "event_payload": {"answer": "a1"}}


@pytest.fixture
def client(slack: Slack) -> WebClient:
    return client_of(slack)


def client_of(slack: Slack, token: str | None = None, timeout: int = 10) -> WebClient:
    shown = slack.bot_token if token is None else token
    return WebClient(shown, base_url=slack.api_url, timeout=timeout)


@contextmanager
def refused(code: str, **fields: object) -> Iterator[None]:
    """The call inside is refused with this code."""
    with pytest.raises(SlackApiError) as caught:
        yield
    answer = caught.value.response.data
    assert (answer["ok"], answer["error"]) == (False, code)
    assert fields.items() <= answer.items()


@dataclass
class Service:
    """Receives what Slack sends, and checks the signatures."""

    responses: list[Response] = field(default_factory=list)  # the first ones; then 200
    seconds: float = 0.0  # before each response
    headers: list[Any] = field(default_factory=list)
    payloads: list[Json] = field(default_factory=list)

    async def receive(self, request: Request) -> Response:
        body, headers = await request.body(), dict(request.headers)
        assert SignatureVerifier("stand-in-signing-secret").is_valid_request(body, headers)
        if headers["content-type"] == "application/json":
            payload = json.loads(body)
        else:
            form = dict(parse_qsl(body.decode()))
            payload = json.loads(form["payload"]) if "payload" in form else form
        self.headers.append(headers)
        self.payloads.append(payload)
        response = self.responses.pop(0) if self.responses else Response()
        await asyncio.sleep(self.seconds)
        return response

    @property
    def events(self) -> list[Json]:
        return [payload["event"] for payload in self.payloads]


@pytest.fixture
def service(slack: Slack) -> Service:
    """A service that the stand-in sends to; the stand-in's own server runs it."""
    service = Service()
    route = Route("/slack/events", service.receive, methods=["POST"])
    slack._stand_in.app.router.routes.append(route)
    slack.service = slack.address
    return service


def plain(text: str) -> Json:
    return {"type": "plain_text", "text": text}


def section(text: str) -> Json:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}}


def context(*texts: str) -> Json:
    return {"type": "context", "elements": [plain(text) for text in texts]}


def button(text: str = "Press", **more: object) -> Json:
    return {"type": "button", "text": plain(text), **more}


def actions(*buttons: Json) -> Json:
    return {"type": "actions", "elements": list(buttons)}


def rich(*parts: Json, kind: str = "rich_text_section", **more: object) -> Json:
    return {"type": "rich_text", "elements": [{"type": kind, "elements": list(parts), **more}]}


def words(text: str, **style: bool) -> Json:
    return {"type": "text", "text": text, **({"style": style} if style else {})}


def feedback(**more: object) -> Json:
    pair = {
        "positive_button": {"text": plain("Good"), "value": "up"},
        "negative_button": {"text": plain("Bad"), "value": "down"},
    }
    pressed = {"type": "feedback_buttons", "action_id": "verdict", **pair, **more}
    return {"type": "context_actions", "elements": [pressed]}


@pytest.mark.parametrize(
    ("build", "maximum"),
    [
        (lambda n: [section("x")] * n, 50),
        (lambda n: [section("x" * n)], 3000),
        (lambda n: [{"type": "section", "fields": [plain("x")] * n}], 10),
        (lambda n: [{"type": "section", "fields": [plain("x" * n)]}], 2000),
        (lambda n: [{"type": "header", "text": plain("x" * n)}], 150),
        (lambda n: [context(*["x"] * n)], 10),
        (lambda n: [context("x" * n)], 2000),
        (lambda n: [{"type": "markdown", "text": "x" * n}], 12_000),
        (
            lambda n: [
                {"type": "markdown", "text": "x" * 6000},
                {"type": "markdown", "text": "x" * n},
            ],
            6000,
        ),
        (lambda n: [actions(*[button(action_id=str(each)) for each in range(n)])], 25),
        (lambda n: [actions(button("x" * n))], 75),
        (lambda n: [actions(button(value="x" * n))], 2000),
        (lambda n: [actions(button(url="x" * n))], 3000),
        (lambda n: [actions(button(action_id="x" * n))], 255),
        (lambda n: [{"type": "divider", "block_id": "x" * n}], 255),
        (lambda n: [feedback(positive_button={"text": plain("x" * n), "value": "v"})], 75),
        (lambda n: [feedback(negative_button={"text": plain("x"), "value": "v" * n})], 2000),
        # All text together, for which a header counts 100 characters more.
        (lambda n: [*[section("x" * 2640)] * 4, section("x" * n)], 2640),
        (lambda n: [*[section("x" * 2600)] * 5, {"type": "header", "text": plain("x" * n)}], 100),
    ],
)
def test_blocks_are_accepted_up_to_a_limit(
    build: Callable[[int], list[Json]], maximum: int
) -> None:
    assert limits.check_message_blocks(build(maximum)) == build(maximum)
    with pytest.raises(limits.SlackError, match=r"invalid_blocks|msg_blocks_too_long"):
        limits.check_message_blocks(build(maximum + 1))


@pytest.mark.parametrize(
    "blocks",
    [
        ["x"],
        [{"type": "poem"}],
        [{"type": "divider", "width": 3}],
        [{"type": "divider", "block_id": "b"}] * 2,
        [{"type": "section", "text": "x"}],
        [{"type": "header", "text": {"type": "mrkdwn", "text": "x"}}],
        [context()],
        [actions(button(action_id="a"), button(action_id="a"))],
        [rich()],
        [rich(words(""))],
        [rich({**words("x"), "style": {"loud": True}})],
        [rich({"type": "broadcast", "range": "all"})],
        [rich({"type": "user", "user_id": ADA}, kind="rich_text_preformatted")],
        [rich(words("x"), kind="rich_text_list", style="bullet")],
        [rich(*rich(words("x"))["elements"], kind="rich_text_list")],
    ],
)
def test_malformed_blocks_are_refused(blocks: Any) -> None:
    with pytest.raises(limits.SlackError) as caught:
        limits.check_message_blocks(blocks)
    assert caught.value.code == "invalid_blocks"
    assert caught.value.details


@pytest.mark.parametrize(
    "blocks", [[section("x")] * 101, [feedback()], [{"type": "markdown", "text": "x"}]]
)
def test_a_view_has_its_own_limits(client: WebClient, slack: Slack, blocks: list[Json]) -> None:
    view = {"type": "home", "blocks": [section("x")] * 100}
    first = client.views_publish(user_id=ADA, view=view)["view"]
    assert slack.views[ADA]["id"] == first["id"]
    with refused("invalid_arguments"):
        client.views_publish(user_id=ADA, view={"type": "home", "blocks": blocks})


@pytest.mark.filterwarnings("ignore:The top-level `text`")
@pytest.mark.parametrize(
    ("code", "arguments"),
    [
        ("channel_not_found", {"channel": "C0NOWHERE"}),
        ("not_in_channel", {"channel": RANDOM}),
        ("thread_not_found", {"thread_ts": NO_TS}),
        ("no_text", {"text": " "}),
        ("invalid_blocks", {"blocks": [{"type": "poem"}]}),
        ("msg_too_long", {"text": "", "markdown_text": "x" * 12_001}),
        ("invalid_metadata_format", {"metadata": {"event_type": "answer"}}),
    ],
)
def test_a_wrong_message_is_refused(
    client: WebClient, slack: Slack, code: str, arguments: Json
) -> None:
    with refused(code):
        client.chat_postMessage(**{"channel": GENERAL, "text": "Hello", **arguments})
    assert slack.messages() == []


@pytest.mark.filterwarnings("ignore:The top-level `text`")
def test_the_bot_updates_its_own_messages(client: WebClient, slack: Slack) -> None:
    asked = slack.mention("Hello")
    ts = client.chat_postMessage(channel=GENERAL, text="Wait", blocks=[section("Wait")])["ts"]
    client.chat_update(channel=GENERAL, ts=ts, text="Done")
    assert slack.message(ts)["blocks"][0]["text"]["text"] == "Wait"  # not in the call: unchanged
    client.chat_update(channel=GENERAL, ts=ts, text="é" * 2_000, blocks=[])
    assert slack.message(ts)["blocks"] == []
    with refused("msg_too_long"):
        client.chat_update(channel=GENERAL, ts=ts, text="é" * 2_000 + "x")
    with refused("cant_update_message"):
        client.chat_update(channel=GENERAL, ts=asked, text="Mine")


def test_every_page_of_a_thread_begins_with_its_first_message(
    client: WebClient, slack: Slack
) -> None:
    asked = slack.mention("Count")
    posted = [slack.write(str(number), thread=asked) for number in range(12)]
    read = {"channel": GENERAL, "ts": asked}
    pages = [page["messages"] for page in client.conversations_replies(**read, limit=5)]
    assert [page[0]["ts"] for page in pages] == [asked] * 3
    assert [one["ts"] for page in pages for one in page[1:]] == posted
    bounds = {"oldest": posted[8], "latest": posted[10]}
    between = client.conversations_replies(**read, **bounds)["messages"]
    assert [one["ts"] for one in between] == [asked, posted[9]]
    between = client.conversations_replies(**read, **bounds, inclusive=True)["messages"]
    assert [one["ts"] for one in between] == [asked, *posted[8:11]]


def test_a_stream_grows_until_it_is_stopped(client: WebClient, slack: Slack) -> None:
    thread = {"channel": GENERAL, "thread_ts": slack.mention("Tell me")}
    recipient = {"recipient_user_id": ADA, "recipient_team_id": TEAM}
    with refused("missing_recipient_user_id"):
        client.chat_startStream(**thread)
    ts = client.chat_startStream(**thread, **recipient, markdown_text="**Beans** ")["ts"]
    message = {"channel": GENERAL, "ts": ts}
    with refused("streaming_state_conflict"):
        client.chat_update(**message, text="No")
    with refused("msg_too_long"):
        client.chat_appendStream(**message, markdown_text="x" * 12_001)
    client.chat_appendStream(**message, markdown_text="are sown ")
    client.chat_appendStream(**message, chunks=[{"type": "markdown_text", "text": "in May."}])
    assert slack.message(ts)["text"] == "**Beans** are sown in May."
    stopped = client.chat_stopStream(**message, blocks=[feedback()], metadata=METADATA)["message"]
    assert [block["type"] for block in stopped["blocks"]] == ["markdown", "context_actions"]
    assert (stopped["streaming_state"], stopped["metadata"]) == ("completed", METADATA)
    with refused("message_not_in_streaming_state"):
        client.chat_appendStream(**message, markdown_text="More")
    client.chat_update(**message, text="Another")


def test_a_call_needs_the_right_token(slack: Slack, client: WebClient) -> None:
    wrong = {"": "not_authed", "xoxb-no": "invalid_auth", slack.app_token: "not_allowed_token_type"}
    for token, code in wrong.items():
        with refused(code):
            client_of(slack, token).auth_test()
    assert "chat:write" in client.auth_test().headers["x-oauth-scopes"]


def test_a_call_needs_its_scope(slack: Slack, client: WebClient) -> None:
    slack.options.scopes = ("im:history",)
    with refused("missing_scope", needed="chat:write", provided="im:history"):
        client.chat_postMessage(channel=GENERAL, text="Hello")
    with refused("missing_scope", needed="channels:history"):
        client.conversations_history(channel=GENERAL)
    client.conversations_history(channel=DIRECT)


def test_a_rate_limit_says_when_to_retry(client: WebClient, slack: Slack) -> None:
    slack.fault("chat.postMessage", "rate", seconds=7)
    with pytest.raises(SlackApiError) as caught:
        client.chat_postMessage(channel=GENERAL, text="Hello")
    response = caught.value.response
    assert response.status_code == 429
    assert {name.lower(): value for name, value in response.headers.items()}["retry-after"] == "7"


@pytest.mark.parametrize(
    ("fault", "posted"),
    [
        ({"kind": "status", "status": 503}, 0),
        ({"kind": "lost", "status": 503}, 1),
        ({"kind": "error", "error": "token_expired"}, 0),
        ({"kind": "lie", "done": True}, 1),
        ({"kind": "silent"}, 0),
        ({"kind": "silent", "done": True}, 1),
    ],
)
def test_a_call_fails_with_or_without_its_work_done(
    slack: Slack, fault: dict[str, Any], posted: int
) -> None:
    slack.fault("chat.postMessage", **fault)
    with pytest.raises((SlackApiError, TimeoutError)):
        client_of(slack, timeout=1).chat_postMessage(channel=GENERAL, text="Hello")
    assert len(slack.messages()) == posted
    client_of(slack).chat_postMessage(channel=GENERAL, text="Hello")


def test_slack_lies_and_forgets(client: WebClient, slack: Slack) -> None:
    slack.fault("chat.postMessage", "lie")
    slack.fault("conversations.replies", "forget", times=2)
    asked = slack.mention("Hello")
    assert client.chat_postMessage(channel=GENERAL, thread_ts=asked, text="Yes?")["ts"]
    assert slack.thread(asked) == []
    for count in (0, 0, 1):
        answer = client.conversations_replies(channel=GENERAL, ts=asked)
        assert len(answer["messages"]) == count


def test_a_mention_is_sent_as_two_events(slack: Slack, service: Service) -> None:
    ts = slack.mention("When are beans &lt;sown&gt;?")
    slack.mention("Not for the bot", channel="random")
    slack.wait_for(lambda: len(service.payloads) == 2 and slack.is_idle)
    assert sorted(event["type"] for event in service.events) == ["app_mention", "message"]
    assert len({payload["event_id"] for payload in service.payloads}) == 2
    for event in service.events:
        assert (event["ts"], event["user"], event["channel"]) == (ts, ADA, GENERAL)
        assert event["text"] == f"<@{BOT}> When are beans &lt;sown&gt;?"


def test_an_event_is_retried_three_times(slack: Slack, service: Service) -> None:
    service.responses = [Response(status_code=status) for status in (500, 404, 302, 500)]
    slack.write("Hello", channel="dm")
    slack.wait_for(lambda: len(service.payloads) == 4 and slack.is_idle)
    assert [each.get("x-slack-retry-num") for each in service.headers] == [None, "1", "2", "3"]
    assert service.headers[1]["x-slack-retry-reason"] == "http_error"
    assert len({payload["event_id"] for payload in service.payloads}) == 1
    [delivery] = slack.deliveries
    assert not delivery.was_accepted
    assert [attempt["status"] for attempt in delivery.attempts] == [500, 404, 302, 500]


@pytest.mark.parametrize(
    ("response", "timeout", "reasons"),
    [
        (Response(status_code=500, headers={"x-slack-no-retry": "1"}), 3.0, ["http_error"]),
        (Response(), 0.2, ["http_timeout"] * 4),
    ],
)
def test_an_event_is_sent_again_after_a_timeout_unless_the_service_refuses_retries(
    slack: Slack, service: Service, response: Response, timeout: float, reasons: list[str]
) -> None:
    slack.options.timeout, service.seconds = timeout, 0.4
    service.responses = [response]
    slack.write("Hello", channel="dm")
    slack.wait_for(lambda: slack.deliveries[0].attempts and slack.is_idle)
    assert [attempt["reason"] for attempt in slack.deliveries[0].attempts] == reasons


def test_events_are_repeated_and_out_of_order(slack: Slack, service: Service) -> None:
    slack.options.duplicates, slack.options.jitter = 3, 0.3
    written = [slack.write(str(number), channel="dm") for number in range(6)]
    slack.wait_for(lambda: len(service.payloads) == 18)
    order = [event["ts"] for event in service.events]
    assert sorted(order) == sorted(written * 3) != order
    assert len({payload["event_id"] for payload in service.payloads}) == 6


def test_a_command_that_fails_tells_its_user(slack: Slack) -> None:
    assert not slack.command("beans").was_accepted
    assert len(slack.deliveries[0].attempts) == 1
    [message] = slack.ephemerals()
    assert "dispatch_failed" in message["text"]


def test_a_response_url_accepts_five_answers_in_half_an_hour(
    slack: Slack, service: Service
) -> None:
    slack.command("beans", channel="random")  # the bot is no member there
    hook = WebhookClient(service.payloads[0]["response_url"])
    assert hook.send(text="").status_code == 400
    assert hook.send(blocks=[{"type": "poem"}]).body == "invalid_blocks"
    assert [hook.send(text="Again").status_code for _ in range(6)] == [200] * 5 + [404]
    assert len(slack.ephemerals("random")) == 5
    slack.command("peas")
    slack.options.response_url_lifetime = 0.0
    late = WebhookClient(service.payloads[1]["response_url"]).send(text="Late")
    assert (late.status_code, json.loads(late.body)["error"]) == (404, "expired_url")
    slack.fault("response_url", "rate")
    assert hook.send(text="Hello").status_code == 429


def test_a_button_of_a_message_is_pressed(slack: Slack, service: Service) -> None:
    asked = slack.mention("Hello")
    posted = client_of(slack).chat_postMessage(
        channel=GENERAL,
        thread_ts=asked,
        text="Well?",
        blocks=[actions(button("Yes", action_id="yes", value="1")), feedback()],
    )
    slack.wait_for(lambda: slack.is_idle)
    service.payloads.clear()
    assert slack.press("yes", posted["ts"], user="grace").was_accepted
    slack.press("verdict", posted["ts"], value="down")
    pressed, judged = service.payloads
    assert (pressed["type"], pressed["user"]["id"]) == ("block_actions", GRACE)
    assert (pressed["container"]["message_ts"], pressed["container"]["thread_ts"]) == (
        posted["ts"],
        asked,
    )
    assert (pressed["message"]["text"], pressed["actions"][0]["value"]) == ("Well?", "1")
    assert judged["actions"][0]["value"] == "down"
    with pytest.raises(limits.SlackError, match="action_not_found"):
        slack.press("maybe", posted["ts"])
    WebhookClient(pressed["response_url"]).send(delete_original=True)
    assert slack.thread(asked) == []


def test_only_its_user_presses_a_button_of_an_ephemeral_message(
    slack: Slack, service: Service
) -> None:
    slack.command("beans")
    hook = WebhookClient(service.payloads[0]["response_url"])
    hook.send(text="Beans", blocks=[actions(button("Share", action_id="share", value="a1"))])
    [shown] = slack.ephemerals()
    with pytest.raises(limits.SlackError, match="message_not_found"):
        slack.press("share", shown["ts"], user="grace")
    slack.press("share", shown["ts"])
    pressed = service.payloads[1]
    assert (pressed["container"]["is_ephemeral"], "message" in pressed) == (True, False)
    WebhookClient(pressed["response_url"]).send(delete_original=True)
    assert slack.ephemerals() == []


def test_a_button_of_the_home_view_is_pressed(slack: Slack, service: Service) -> None:
    blocks = [actions(button("Ask", action_id="ask", value="Beans?"))]
    client_of(slack).views_publish(user_id=ADA, view={"type": "home", "blocks": blocks})
    slack.press("ask")
    [pressed] = service.payloads
    assert pressed["container"] == {"type": "view", "view_id": pressed["view"]["id"]}
    assert (pressed["actions"][0]["value"], "response_url" in pressed) == ("Beans?", False)


async def test_an_envelope_of_socket_mode_is_sent_until_it_is_acknowledged(slack: Slack) -> None:
    slack.options.timeout = 0.2
    received: list[SocketModeRequest] = []
    web_client = AsyncWebClient(base_url=slack.api_url)
    client = SocketModeClient(slack.app_token, web_client=web_client)

    async def answer(_: Any, request: SocketModeRequest) -> None:
        received.append(request)
        if len(received) > 1:
            await client.send_socket_mode_response(SocketModeResponse(request.envelope_id))

    client.socket_mode_request_listeners.append(answer)
    await client.connect()
    await asyncio.to_thread(slack.write, "Hello", channel="dm")
    await asyncio.to_thread(slack.wait_for, lambda: slack.deliveries[0].was_accepted)
    await client.close()
    first, second = received
    assert first.payload == second.payload
    assert (second.retry_attempt, second.retry_reason) == (1, "timeout")


def test_the_control_interface_writes_and_injects_faults(slack: Slack) -> None:
    control = f"{slack.address}control/"
    written = httpx2.post(f"{control}messages", json={"text": "Hello", "channel": "dm"}).json()
    state = httpx2.get(f"{control}state").json()
    [direct] = [channel for channel in state["channels"] if channel["id"] == DIRECT]
    assert [message["ts"] for message in direct["messages"]] == [written["ts"]]
    httpx2.post(f"{control}faults", json={"kind": "error", "error": "token_revoked", "times": 0})
    with refused("token_revoked"):
        client_of(slack).auth_test()
    httpx2.request("DELETE", f"{control}faults", json={})
    client_of(slack).auth_test()


@pytest.mark.parametrize(
    ("path", "values"),
    [
        ("messages", {"text": "Hello", "channel": "nowhere"}),
        ("messages", {"text": "Hello", "user": "grace", "channel": DIRECT}),
        ("messages", {"words": "Hello"}),
        ("messages", []),
        ("actions", {"action_id": "yes", "ts": NO_TS}),
        ("home", {"tab": "attic"}),
        ("faults", {"kind": "poem"}),
    ],
)
def test_a_wrong_control_request_is_refused(slack: Slack, path: str, values: object) -> None:
    response = httpx2.post(f"{slack.address}control/{path}", json=values)
    assert (response.status_code, response.json()["ok"]) == (400, False)
    assert slack.messages() == []


def test_pages_from_elsewhere_cannot_act(slack: Slack) -> None:
    url = f"{slack.address}control/messages"
    form = {"content-type": "text/plain"}
    assert httpx2.post(url, content=b'{"text": "Hello"}', headers=form).status_code == 415
    named = httpx2.post(url, json={"text": "Hello"}, headers={"host": "evil.example"})
    assert named.status_code == 400
    assert slack.messages() == []


def test_make_slack_answers_and_stops_with_ctrl_c(settings: Settings) -> None:
    folders = ("--corpus", str(settings.corpus), "--data", str(settings.data_folder))
    process = subprocess.Popen(
        [sys.executable, "-m", "slack_stand_in", *folders],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env={**os.environ, "PYTHONPATH": f"{ROOT}:{ROOT / 'tests'}"},
        start_new_session=True,
    )
    try:
        assert process.stdout
        words = (word for line in process.stdout for word in line.split())
        address = next(word for word in words if word.startswith("http"))
        for word in words:  # the service prints its own address when it is ready
            if word.startswith("http"):
                break
        question = {"text": BEANS, "channel": "dm"}
        assert httpx2.post(f"{address}control/messages", json=question).json()["ok"]
        until = time.monotonic() + 20
        while "second week of May" not in httpx2.get(f"{address}control/state").text:
            assert time.monotonic() < until
            time.sleep(0.05)
        os.killpg(process.pid, signal.SIGINT)
        assert process.wait(20) == 0
    finally:
        process.kill()
        process.communicate()
