"""The stand-in for Slack: that it answers, refuses and sends as Slack does, over real HTTP and with
Slack's own clients."""

import asyncio
import json
import threading
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

import httpx2
import pytest
import uvicorn
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.signature import SignatureVerifier
from slack_sdk.socket_mode.aiohttp import SocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.socket_mode.response import SocketModeResponse
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.webhook import WebhookClient
from slack_stand_in import limits
from slack_stand_in.client import Slack, run_stand_in
from slack_stand_in.workspace import Workspace
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

Json = dict[str, Any]

GENERAL, RANDOM, DIRECT = "C0GENERAL", "C0RANDOM", "D0ADA"
ADA, GRACE, BOT, TEAM = "U0ADA", "U0GRACE", "U0ASSISTANT", "T0STANDIN"
METADATA = {"event_type": "answer", "event_payload": {"answer": "a1"}}


@pytest.fixture
def slack() -> Iterator[Slack]:
    with run_stand_in() as slack:
        yield slack


@pytest.fixture
def client(slack: Slack) -> WebClient:
    return client_of(slack)


def client_of(slack: Slack, token: str | None = None, timeout: int = 10) -> WebClient:
    shown = slack.bot_token if token is None else token
    return WebClient(shown, base_url=slack.api_url, timeout=timeout)


@contextmanager
def refused(code: str, **more: object) -> Iterator[None]:
    """The call inside is refused with this code."""
    with pytest.raises(SlackApiError) as caught:
        yield
    answer = caught.value.response.data
    assert answer["ok"] is False
    assert answer["error"] == code
    assert more.items() <= answer.items()


# --- a service that listens ----------------------------------------------------------------------


@dataclass
class Received:
    headers: Mapping[str, str]
    body: bytes

    @property
    def payload(self) -> Json:
        """What was sent, whatever it was packed in."""
        if self.headers["content-type"] == "application/json":
            told: Json = json.loads(self.body)
            return told
        form = {name: values[0] for name, values in parse_qs(self.body.decode()).items()}
        return json.loads(form["payload"]) if "payload" in form else form

    @property
    def event(self) -> Json:
        event: Json = self.payload["event"]
        return event

    @property
    def kind(self) -> str:
        return f"{self.event['type']}.{self.event.get('subtype', '')}".strip(".")


@dataclass
class Service:
    """Takes what Slack sends, after a look at the signature."""

    address: str = ""
    secret: str = "stand-in-signing-secret"
    replies: list[Response] = field(default_factory=list)  # the first ones; then 200
    seconds: float = 0.0
    received: list[Received] = field(default_factory=list)

    async def take(self, request: Request) -> Response:
        body = await request.body()
        headers = dict(request.headers)
        assert SignatureVerifier(self.secret).is_valid_request(body, headers)
        self.received.append(Received(headers, body))
        reply = self.replies.pop(0) if self.replies else Response()
        await asyncio.sleep(self.seconds)
        return reply

    @property
    def events(self) -> list[Json]:
        return [received.event for received in tuple(self.received)]

    @property
    def kinds(self) -> list[str]:
        return sorted(received.kind for received in tuple(self.received))


@pytest.fixture
def service() -> Iterator[Service]:
    service = Service()
    app = Starlette(routes=[Route("/slack/events", service.take, methods=["POST"])])
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_config=None))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        assert thread.is_alive()
        time.sleep(0.01)
    host, port = server.servers[0].sockets[0].getsockname()[:2]
    service.address = f"http://{host}:{port}"
    yield service
    server.should_exit = True
    thread.join()


@pytest.fixture
def heard(slack: Slack, service: Service) -> Slack:
    """Slack with a service that takes its events."""
    slack.service = service.address
    return slack


# --- what the limits refuse ----------------------------------------------------------------------


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


def rich(*parts: Json, kind: str = "rich_text_section") -> Json:
    return {"type": "rich_text", "elements": [{"type": kind, "elements": list(parts)}]}


def words(text: str, **style: bool) -> Json:
    return {"type": "text", "text": text, **({"style": style} if style else {})}


def feedback(**more: object) -> Json:
    pair = {
        "positive_button": {"text": plain("Good"), "value": "up"},
        "negative_button": {"text": plain("Bad"), "value": "down"},
    }
    return {
        "type": "context_actions",
        "elements": [{"type": "feedback_buttons", "action_id": "verdict", **pair, **more}],
    }


SHOWN = [
    [section("x" * 3000)],
    [section("x")] * 50,
    [{"type": "section", "fields": [plain("x" * 1000)] * 10}],
    [{"type": "section", "fields": [plain("x" * 2000)]}],
    [{**section("x"), "accessory": button()}],
    [{"type": "header", "text": plain("x" * 150)}],
    [context(*["x"] * 10)],
    [context("x" * 2000)],
    [{"type": "markdown", "text": "x" * 6000}] * 2,
    [actions(*[button("x", action_id=f"a{number}") for number in range(25)])],
    [actions(button("x" * 75, value="v" * 2000, url="u" * 3000, action_id="a" * 255))],
    [{"type": "divider", "block_id": "b" * 255}],
    [feedback()],
    [
        {
            "type": "context_actions",
            "elements": [{"type": "icon_button", "icon": "trash", "text": plain("Away")}],
        }
    ],
    [rich(words("x", bold=True, code=False), {"type": "link", "url": "https://example.org"})],
    [rich(words("x"), kind="rich_text_quote"), rich(words("x"), kind="rich_text_preformatted")],
    [
        rich(
            {"type": "user", "user_id": ADA},
            {"type": "emoji", "name": "seedling"},
            {"type": "broadcast", "range": "here"},
        )
    ],
    [
        {
            "type": "rich_text",
            "elements": [
                {
                    "type": "rich_text_list",
                    "style": "bullet",
                    "elements": [{"type": "rich_text_section", "elements": [words("x")]}],
                }
            ],
        }
    ],
]


@pytest.mark.parametrize("blocks", SHOWN)
def test_what_is_within_the_limits_is_shown(blocks: list[Json]) -> None:
    assert limits.check_message_blocks(blocks) == blocks


def pointed(blocks: list[Json], what: str, where: str) -> Any:
    return pytest.param(blocks, what, where, id=f"{where}: {what}"[:60])


NOT_SHOWN = [
    pointed([section("x")] * 51, "no more than 50 items allowed", "/blocks"),
    pointed([section("x" * 3001)], "must be less than 3001 characters", "/blocks/0/text/text"),
    pointed([section("")], "must be more than 0 characters", "/blocks/0/text/text"),
    pointed([{"type": "section"}], "missing required field: text", "/blocks/0"),
    pointed([{"type": "section", "text": "x"}], "must provide an object", "/blocks/0/text"),
    pointed(
        [{"type": "section", "fields": [plain("x")] * 11}],
        "no more than 10 items allowed",
        "/blocks/0/fields",
    ),
    pointed(
        [{"type": "section", "fields": [plain("x"), plain("x" * 2001)]}],
        "must be less than 2001 characters",
        "/blocks/0/fields/1/text",
    ),
    pointed(
        [{"type": "header", "text": plain("x" * 151)}],
        "must be less than 151 characters",
        "/blocks/0/text/text",
    ),
    pointed(
        [{"type": "header", "text": {"type": "mrkdwn", "text": "x"}}],
        "unsupported type: mrkdwn",
        "/blocks/0/text/type",
    ),
    pointed([context(*["x"] * 11)], "no more than 10 items allowed", "/blocks/0/elements"),
    pointed(
        [context("x" * 2001)], "must be less than 2001 characters", "/blocks/0/elements/0/text"
    ),
    pointed([context()], "no fewer than 1 items allowed", "/blocks/0/elements"),
    pointed(
        [{"type": "markdown", "text": "x" * 12001}],
        "must be less than 12001 characters",
        "/blocks/0/text",
    ),
    pointed(
        [{"type": "markdown", "text": "x" * 6001}] * 2,
        "markdown blocks must be less than 12001 characters",
        "/blocks",
    ),
    pointed(
        [actions(*[button(action_id=f"a{number}") for number in range(26)])],
        "no more than 25 items allowed",
        "/blocks/0/elements",
    ),
    pointed(
        [actions(button("x" * 76))],
        "must be less than 76 characters",
        "/blocks/0/elements/0/text/text",
    ),
    pointed(
        [actions(button(value="v" * 2001))],
        "must be less than 2001 characters",
        "/blocks/0/elements/0/value",
    ),
    pointed(
        [actions(button(url="u" * 3001))],
        "must be less than 3001 characters",
        "/blocks/0/elements/0/url",
    ),
    pointed(
        [actions(button(action_id="a" * 256))],
        "must be less than 256 characters",
        "/blocks/0/elements/0/action_id",
    ),
    pointed(
        [actions(button(action_id="a"), button(action_id="a"))],
        "action_id must be unique",
        "/blocks/0/elements",
    ),
    pointed(
        [actions(button(style="loud"))],
        "must be one of: primary, danger",
        "/blocks/0/elements/0/style",
    ),
    pointed(
        [actions({"type": "knob"})], "unsupported type: knob", "/blocks/0/elements/0/type"
    ),
    pointed(
        [{"type": "divider", "block_id": "b" * 256}],
        "must be less than 256 characters",
        "/blocks/0/block_id",
    ),
    pointed(
        [{"type": "divider", "block_id": "b"}] * 2, "block_id must be unique", "/blocks"
    ),
    pointed([{"type": "poem"}], "unsupported type: poem", "/blocks/0/type"),
    pointed([{"type": "divider", "width": 3}], "invalid additional property: width", "/blocks/0"),
    pointed(
        [feedback(positive_button={"text": plain("x" * 76), "value": "v"})],
        "must be less than 76 characters",
        "/blocks/0/elements/0/positive_button/text/text",
    ),
    pointed(
        [feedback(negative_button={"text": plain("x"), "value": "v" * 2001})],
        "must be less than 2001 characters",
        "/blocks/0/elements/0/negative_button/value",
    ),
    pointed(
        [feedback(negative_button=None)],
        "missing required field: negative_button",
        "/blocks/0/elements/0",
    ),
    pointed(
        [rich(words(""))],
        "must be more than 0 characters",
        "/blocks/0/elements/0/elements/0/text",
    ),
    pointed([rich()], "no fewer than 1 items allowed", "/blocks/0/elements/0/elements"),
    pointed(
        [rich({"type": "link", "url": ""})],
        "must be more than 0 characters",
        "/blocks/0/elements/0/elements/0/url",
    ),
    pointed(
        [rich({"type": "user", "user_id": ADA}, kind="rich_text_preformatted")],
        "unsupported type: user",
        "/blocks/0/elements/0/elements/0/type",
    ),
    pointed(
        [rich(words("x"), kind="rich_text_list")],
        "must be one of: bullet, ordered",
        "/blocks/0/elements/0/style",
    ),
    pointed(
        [rich({**words("x"), "style": {"loud": True}})],
        "invalid additional property: loud",
        "/blocks/0/elements/0/elements/0/style",
    ),
    pointed(
        [rich({"type": "broadcast", "range": "all"})],
        "must be one of: here, channel, everyone",
        "/blocks/0/elements/0/elements/0/range",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("blocks", "what", "where"), NOT_SHOWN)
def test_what_is_beyond_a_limit_is_refused_with_its_place(
    blocks: list[Json], what: str, where: str
) -> None:
    with pytest.raises(limits.Refused) as caught:
        limits.check_message_blocks(blocks)
    assert caught.value.error == "invalid_blocks"
    answer = caught.value.answer()
    assert answer["response_metadata"]["messages"][0] == f"[ERROR] {what} [json-pointer:{where}]"


def test_all_text_of_a_message_together_has_a_limit() -> None:
    within = [section("x" * 2640)] * 5
    assert limits.check_message_blocks(within) == within
    for beyond in ([*within, section("x")], [*within[1:], section("x" * 2541), header("x")]):
        with pytest.raises(limits.Refused, match="msg_blocks_too_long"):
            limits.check_message_blocks(beyond)


def header(text: str) -> Json:
    return {"type": "header", "text": plain(text)}


def test_a_view_has_other_limits_than_a_message(client: WebClient, slack: Slack) -> None:
    view = {"type": "home", "blocks": [section("x")] * 100}
    published = client.views_publish(user_id=ADA, view=view)["view"]
    assert published["id"] == slack.views[ADA]["id"]
    too_many = {"type": "home", "blocks": [section("x")] * 101}
    with refused("invalid_arguments"):
        client.views_publish(user_id=ADA, view=too_many)
    for of_messages in (feedback(), {"type": "markdown", "text": "x"}):
        with refused("invalid_arguments"):
            client.views_publish(user_id=ADA, view={"type": "home", "blocks": [of_messages]})
    with refused("hash_conflict"):
        client.views_publish(user_id=ADA, view=view, hash="another")
    with refused("user_not_found"):
        client.views_publish(user_id="U0NOBODY", view=view)
    again = client.views_publish(user_id=ADA, view=view, hash=published["hash"])["view"]
    assert again["id"] == published["id"]
    assert again["hash"] != published["hash"]


def test_suggested_prompts_have_limits(client: WebClient, slack: Slack) -> None:
    prompt = {"title": "Beans", "message": "When are beans sown?"}
    where = {"channel_id": DIRECT, "title": "Ask"}
    client.assistant_threads_setSuggestedPrompts(prompts=[prompt] * 4, **where)
    assert slack.prompts() == [prompt] * 4
    for wrong in ([prompt] * 5, [{"title": "Beans"}], [{**prompt, "title": ""}], []):
        with refused("invalid_arguments"):
            client.assistant_threads_setSuggestedPrompts(prompts=wrong, **where)


# --- messages ------------------------------------------------------------------------------------


def test_no_ts_is_given_twice_or_out_of_order() -> None:
    standing = Workspace(clock=lambda: 1763800000.0001)
    given = [standing.next_ts() for _ in range(1000)]
    assert given[0] == "1763800000.000100"
    assert given == sorted(set(given))


def test_a_message_is_posted_into_a_channel_and_a_thread(client: WebClient, slack: Slack) -> None:
    asked = slack.mention("When are beans sown?")
    blocks = [section("In *May*."), actions(button())]
    posted = client.chat_postMessage(
        channel=GENERAL, thread_ts=asked, text="In May.", blocks=blocks, metadata=METADATA
    )
    assert posted["channel"] == GENERAL
    assert posted["message"]["bot_id"]
    [reply] = slack.thread(asked)
    assert reply["ts"] == posted["ts"] > asked
    assert reply["text"] == "In May."
    assert reply["metadata"] == METADATA
    # Slack names what was left without a name, and fills in what has a default.
    assert all(block["block_id"] for block in reply["blocks"])
    assert reply["blocks"][0]["text"]["verbatim"] is False
    assert reply["blocks"][1]["elements"][0]["action_id"]


def test_a_message_is_posted_to_a_person(client: WebClient, slack: Slack) -> None:
    assert client.chat_postMessage(channel=ADA, text="Hello")["channel"] == DIRECT
    opened = client.conversations_open(users=[GRACE])["channel"]["id"]
    client.chat_postMessage(channel=opened, text="Hello")
    assert len(slack.messages("dm")) == len(slack.messages(opened)) == 1


@pytest.mark.filterwarnings("ignore:The top-level `text`")
def test_what_cannot_be_posted_is_refused(client: WebClient, slack: Slack) -> None:
    asked = slack.mention("Hello")
    reply = client.chat_postMessage(channel=GENERAL, thread_ts=asked, text="Yes?")["ts"]
    hello = {"channel": GENERAL, "text": "Hello"}
    with refused("channel_not_found"):
        client.chat_postMessage(channel="C0NOWHERE", text="Hello")
    with refused("not_in_channel"):
        client.chat_postMessage(channel=RANDOM, text="Hello")
    with refused("thread_not_found"):
        client.chat_postMessage(thread_ts="1700000000.000100", **hello)
    with refused("cannot_reply_to_message"):
        client.chat_postMessage(thread_ts=reply, **hello)
    with refused("no_text"):
        client.chat_postMessage(channel=GENERAL, text=" ")
    with refused("invalid_blocks_format"):
        client.chat_postMessage(blocks="[{", **hello)
    with refused("invalid_blocks"):
        client.chat_postMessage(blocks=[{"type": "poem"}], **hello)
    with refused("markdown_text_conflict"):
        client.chat_postMessage(markdown_text="Hello", **hello)
    with refused("msg_too_long"):
        client.chat_postMessage(channel=GENERAL, markdown_text="x" * 12_001)
    with refused("invalid_metadata_format"):
        client.chat_postMessage(metadata={"event_type": "answer"}, **hello)
    with refused("unknown_method"):
        client.api_call("chat.shout")
    assert [one["ts"] for one in slack.messages()] == [asked, reply]


def test_a_long_text_is_cut_when_posted_and_refused_in_an_update(
    client: WebClient, slack: Slack
) -> None:
    posted = client.chat_postMessage(channel=GENERAL, text="x" * 40_001)
    assert posted["warning"] == "message_truncated"
    [message] = slack.messages()
    assert len(message["text"]) == 40_000
    client.chat_update(channel=GENERAL, ts=posted["ts"], text="é" * 2_000)
    with refused("msg_too_long"):
        client.chat_update(channel=GENERAL, ts=posted["ts"], text="é" * 2_000 + "x")


@pytest.mark.filterwarnings("ignore:The top-level `text`")
def test_a_message_is_updated_by_who_wrote_it(client: WebClient, slack: Slack) -> None:
    asked = slack.mention("Hello")
    ts = client.chat_postMessage(channel=GENERAL, text="Wait", blocks=[section("Wait")])["ts"]
    updated = client.chat_update(channel=GENERAL, ts=ts, text="Done")
    assert updated["text"] == "Done"
    message = slack.message(ts)
    assert message["edited"]["user"] == BOT
    assert message["blocks"][0]["text"]["text"] == "Wait"  # what is left out stays
    client.chat_update(channel=GENERAL, ts=ts, text="Done", blocks=[])
    assert slack.message(ts)["blocks"] == []
    with refused("cant_update_message"):
        client.chat_update(channel=GENERAL, ts=asked, text="Mine")
    with refused("message_not_found"):
        client.chat_update(channel=GENERAL, ts="1700000000.000100", text="Done")
    with refused("no_text"):
        client.chat_update(channel=GENERAL, ts=ts)


def test_what_is_deleted_is_gone_and_a_thread_keeps_its_place(
    client: WebClient, slack: Slack
) -> None:
    asked = slack.mention("Hello")
    reply = client.chat_postMessage(channel=GENERAL, thread_ts=asked, text="Yes?")["ts"]
    with refused("cant_delete_message"):
        client.chat_delete(channel=GENERAL, ts=asked)
    slack.delete(asked)
    assert slack.message(asked)["subtype"] == "tombstone"
    assert [one["ts"] for one in slack.thread(asked)] == [reply]
    client.chat_delete(channel=GENERAL, ts=reply)
    with refused("message_not_found"):
        client.chat_delete(channel=GENERAL, ts=reply)
    assert slack.thread(asked) == []


def test_an_ephemeral_message_is_for_one_who_is_there(client: WebClient, slack: Slack) -> None:
    shown = client.chat_postEphemeral(channel=GENERAL, user=ADA, text="Psst")["message_ts"]
    assert [one["ts"] for one in slack.ephemerals()] == [shown]
    assert slack.ephemerals(user=GRACE) == slack.messages() == []
    with refused("user_not_in_channel"):
        client.chat_postEphemeral(channel=DIRECT, user=GRACE, text="Psst")
    with refused("message_not_found"):
        client.chat_update(channel=GENERAL, ts=shown, text="Psst")


# --- reading -------------------------------------------------------------------------------------


def test_a_thread_is_read_page_by_page(client: WebClient, slack: Slack) -> None:
    asked = slack.mention("Count")
    posted = [
        client.chat_postMessage(channel=GENERAL, thread_ts=asked, text=f"{number}")["ts"]
        for number in range(25)
    ]
    seen: list[str] = []
    pages = 0
    for page in client.conversations_replies(channel=GENERAL, ts=asked, limit=10):
        assert page["messages"][0]["ts"] == asked
        assert page["messages"][0]["reply_count"] == 25
        assert len(page["messages"]) <= 10
        seen += [message["ts"] for message in page["messages"][1:]]
        pages += 1
    assert (seen, pages) == (posted, 3)
    since = client.conversations_replies(channel=GENERAL, ts=asked, oldest=posted[20])
    assert [one["ts"] for one in since["messages"]] == [asked, *posted[21:]]
    inclusive = client.conversations_replies(
        channel=GENERAL, ts=asked, oldest=posted[20], latest=posted[22], inclusive=True
    )
    assert [one["ts"] for one in inclusive["messages"]] == [asked, *posted[20:23]]
    assert not inclusive["has_more"]
    with refused("thread_not_found"):
        client.conversations_replies(channel=GENERAL, ts="1700000000.000100")
    with refused("invalid_cursor"):
        client.conversations_replies(channel=GENERAL, ts=asked, cursor="bm93aGVyZQ==")
    with refused("not_in_channel"):
        client.conversations_replies(channel=RANDOM, ts=asked)


def test_a_channel_is_read_backwards_without_its_threads(client: WebClient, slack: Slack) -> None:
    written = [slack.write(f"{number}") for number in range(5)]
    slack.write("beside", thread=written[2])
    seen = [
        message["ts"]
        for page in client.conversations_history(channel=GENERAL, limit=2)
        for message in page["messages"]
    ]
    assert seen == written[::-1]


def test_metadata_is_given_to_who_asks_for_it(client: WebClient, slack: Slack) -> None:
    asked = slack.mention("Hello")
    client.chat_postMessage(channel=GENERAL, thread_ts=asked, text="Yes?", metadata=METADATA)
    read = {"channel": GENERAL, "ts": asked}
    without = client.conversations_replies(**read)["messages"]
    assert "metadata" not in without[1]
    with_all = client.conversations_replies(**read, include_all_metadata=True)["messages"]
    assert with_all[1]["metadata"] == METADATA


def test_people_and_places_are_described(client: WebClient) -> None:
    assert client.users_info(user=ADA)["user"]["real_name"] == "Ada"
    assert client.users_info(user=ADA, include_locale=True)["user"]["locale"] == "en-GB"
    assert client.users_info(user=BOT)["user"]["is_bot"]
    with refused("user_not_found"):
        client.users_info(user="U0NOBODY")
    assert client.conversations_info(channel=GENERAL)["channel"]["is_member"]
    assert not client.conversations_info(channel=RANDOM)["channel"]["is_member"]
    assert client.conversations_info(channel=DIRECT)["channel"]["user"] == ADA
    with refused("channel_not_found"):
        client.conversations_info(channel="C0NOWHERE")
    me = client.auth_test()
    assert (me["user_id"], me["team_id"]) == (BOT, TEAM)


def test_a_status_stands_until_the_bot_answers(client: WebClient, slack: Slack) -> None:
    asked = slack.write("Hello", channel="dm")
    thread = {"channel_id": DIRECT, "thread_ts": asked}
    client.assistant_threads_setStatus(status="is reading", loading_messages=["Hm"], **thread)
    assert slack.status(asked, "dm") == "is reading"
    client.chat_postMessage(channel=DIRECT, thread_ts=asked, text="Yes?")
    assert slack.status(asked, "dm") == ""
    client.assistant_threads_setStatus(status="is reading", **thread)
    client.assistant_threads_setStatus(status="", **thread)
    assert slack.status(asked, "dm") == ""
    client.assistant_threads_setTitle(title="Greetings", **thread)
    with refused("invalid_arguments"):
        client.assistant_threads_setStatus(status="x", loading_messages=["x"] * 11, **thread)
    with refused("thread_not_found"):
        client.assistant_threads_setStatus(
            channel_id=DIRECT, thread_ts="1700000000.000100", status="is reading"
        )


# --- streams -------------------------------------------------------------------------------------


def test_a_stream_grows_and_is_closed_with_blocks(client: WebClient, slack: Slack) -> None:
    asked = slack.mention("Tell me")
    ts = start_stream(client, asked, markdown_text="**Beans** ")["ts"]
    with refused("streaming_state_conflict"):
        client.chat_update(channel=GENERAL, ts=ts, text="No")
    client.chat_appendStream(channel=GENERAL, ts=ts, markdown_text="are sown ")
    chunks = [{"type": "markdown_text", "text": "in "}, {"type": "markdown_text", "text": "May."}]
    client.chat_appendStream(channel=GENERAL, ts=ts, chunks=chunks)
    assert slack.message(ts)["text"] == "**Beans** are sown in May."
    assert slack.message(ts)["streaming_state"] == "in_progress"
    closed = client.chat_stopStream(channel=GENERAL, ts=ts, blocks=[feedback()], metadata=METADATA)
    kinds = [block["type"] for block in closed["message"]["blocks"]]
    assert kinds == ["markdown", "context_actions"]
    assert slack.message(ts)["metadata"] == METADATA
    for call in (client.chat_appendStream, client.chat_stopStream):
        with refused("message_not_in_streaming_state"):
            call(channel=GENERAL, ts=ts, markdown_text="More")
    client.chat_update(channel=GENERAL, ts=ts, text="Another")  # it is a message like any other


def start_stream(client: WebClient, thread: str, channel: str = GENERAL, **more: Any) -> Any:
    recipient = {"recipient_user_id": ADA, "recipient_team_id": TEAM}
    return client.chat_startStream(channel=channel, thread_ts=thread, **{**recipient, **more})


def test_what_no_stream_can_be_is_refused(client: WebClient, slack: Slack) -> None:
    asked = slack.mention("Tell me")
    for name in ("recipient_user_id", "recipient_team_id"):
        with refused(f"missing_{name}"):
            start_stream(client, asked, **{name: None})
    with refused("invalid_arguments"):
        start_stream(client, "")
    with refused("thread_not_found"):
        start_stream(client, "1700000000.000100")
    with refused("msg_too_long"):
        start_stream(client, asked, markdown_text="x" * 12_001)
    ts = start_stream(client, asked)["ts"]
    with refused("no_text"):
        client.chat_appendStream(channel=GENERAL, ts=ts, markdown_text="")
    with refused("invalid_chunks"):
        client.chat_appendStream(channel=GENERAL, ts=ts, chunks=[{"type": "poem"}])
    with refused("msg_too_long"):
        chunks = [{"type": "markdown_text", "text": "x" * 6_001}] * 2
        client.chat_appendStream(channel=GENERAL, ts=ts, chunks=chunks)
    with refused("no_text"):
        client.chat_stopStream(channel=GENERAL, ts=ts)
    with refused("message_not_owned_by_app"):
        client.chat_appendStream(channel=GENERAL, ts=asked, markdown_text="x")
    with refused("message_not_found"):
        client.chat_appendStream(channel=GENERAL, ts="1700000000.000100", markdown_text="x")
    asked_alone = slack.write("Tell me", channel="dm")
    start_stream(client, asked_alone, DIRECT, recipient_user_id=None, recipient_team_id=None)


def test_a_stream_ends_by_itself_after_a_while(client: WebClient, slack: Slack) -> None:
    ts = start_stream(client, slack.mention("Tell me"), markdown_text="Wait")["ts"]
    slack.options.longest_stream = 0.01
    time.sleep(0.02)
    with refused("message_not_in_streaming_state"):
        client.chat_appendStream(channel=GENERAL, ts=ts, markdown_text="More")
    assert slack.message(ts)["streaming_state"] == "completed"
    client.chat_update(channel=GENERAL, ts=ts, text="It took too long")


async def test_the_client_s_own_stream_is_taken(slack: Slack) -> None:
    asked = slack.mention("Tell me")
    client = AsyncWebClient(slack.bot_token, base_url=slack.api_url)
    stream = await client.chat_stream(
        channel=GENERAL,
        thread_ts=asked,
        recipient_user_id=ADA,
        recipient_team_id=TEAM,
        buffer_size=5,
    )
    for piece in ("Beans ", "are ", "sown ", "in ", "May."):
        await stream.append(markdown_text=piece)
    await stream.stop(blocks=[feedback()])
    [message] = slack.thread(asked)
    assert message["text"] == "Beans are sown in May."


# --- who may -------------------------------------------------------------------------------------


def test_a_token_is_asked_for(slack: Slack) -> None:
    with refused("not_authed"):
        client_of(slack, "").auth_test()
    with refused("invalid_auth"):
        client_of(slack, "xoxb-another").auth_test()
    with refused("not_allowed_token_type"):
        client_of(slack, slack.app_token).auth_test()
    with refused("not_allowed_token_type"):
        client_of(slack).apps_connections_open(app_token=slack.bot_token)
    told = httpx2.post(f"{slack.api_url}auth.test", data={"token": slack.bot_token})
    assert told.json()["ok"] is True
    assert "chat:write" in told.headers["x-oauth-scopes"]


def test_a_scope_that_was_not_granted_is_missed(slack: Slack) -> None:
    client = client_of(slack)
    asked = slack.mention("Hello")
    slack.options.scopes = ("im:history",)
    with refused("missing_scope", needed="chat:write", provided="im:history"):
        client.chat_postMessage(channel=GENERAL, text="Hello")
    with refused("missing_scope", needed="channels:history"):
        client.conversations_replies(channel=GENERAL, ts=asked)
    with refused("missing_scope", needed="users:read"):
        client.users_info(user=ADA)
    client.conversations_history(channel=DIRECT)


def test_arguments_may_come_as_json_as_a_form_or_in_the_address(slack: Slack) -> None:
    arguments = {"channel": GENERAL, "text": "Hello"}
    packed = {**arguments, "blocks": json.dumps([section("Hello")])}
    shown = {"authorization": f"Bearer {slack.bot_token}"}
    address = f"{slack.api_url}chat.postMessage"
    answers = [
        httpx2.post(address, json={**arguments, "blocks": [section("Hello")]}, headers=shown),
        httpx2.post(address, data=packed, headers=shown),
        httpx2.get(address, params=packed, headers=shown),
    ]
    assert all(answer.json()["ok"] for answer in answers)
    assert [len(message["blocks"]) for message in slack.messages()] == [1, 1, 1]
    wrong = httpx2.post(
        address, content=b"{", headers={**shown, "content-type": "application/json"}
    )
    assert wrong.json()["error"] == "invalid_json"


# --- what goes wrong on request ------------------------------------------------------------------


def test_a_rate_limit_says_when_to_come_back(client: WebClient, slack: Slack) -> None:
    slack.fault("chat.postMessage", "rate", seconds=7, skip=1)
    client.chat_postMessage(channel=GENERAL, text="First")
    with pytest.raises(SlackApiError) as caught:
        client.chat_postMessage(channel=GENERAL, text="Second")
    response = caught.value.response
    assert response.status_code == 429
    assert {name.lower(): value for name, value in response.headers.items()}["retry-after"] == "7"
    assert response["error"] == "ratelimited"
    client.chat_postMessage(channel=GENERAL, text="Second")
    assert [message["text"] for message in slack.messages()] == ["First", "Second"]


@pytest.mark.parametrize(("kind", "written"), [("status", 0), ("lost", 1)])
def test_a_server_error_may_come_before_or_after_the_work(
    client: WebClient, slack: Slack, kind: str, written: int
) -> None:
    slack.fault("*", kind, status=503)
    with pytest.raises(SlackApiError) as caught:
        client.chat_postMessage(channel=GENERAL, text="Hello")
    assert caught.value.response.status_code == 503
    assert len(slack.messages()) == written


def test_an_answer_may_break_off(slack: Slack) -> None:
    slack.fault("chat.postMessage", "lost", status=0)
    with pytest.raises(httpx2.TransportError):
        httpx2.post(
            f"{slack.api_url}chat.postMessage",
            json={"channel": GENERAL, "text": "Hello"},
            headers={"authorization": f"Bearer {slack.bot_token}"},
        )
    assert len(slack.messages()) == 1


@pytest.mark.parametrize("done", [False, True])
def test_a_call_may_never_be_answered(slack: Slack, done: bool) -> None:
    slack.fault("chat.postMessage", "silent", done=done)
    with pytest.raises(TimeoutError):
        client_of(slack, timeout=1).chat_postMessage(channel=GENERAL, text="Hello")
    assert len(slack.messages()) == done
    slack.wait_for(lambda: slack.calls[-1]["seconds"])
    assert slack.calls[-1]["status"] == 0


def test_a_call_may_be_refused_or_slow(client: WebClient, slack: Slack) -> None:
    slack.fault("auth.test", "error", error="token_expired", times=2)
    for _ in range(2):
        with refused("token_expired"):
            client.auth_test()
    slack.fault("auth.test", "slow", seconds=0.3)
    client.auth_test()
    assert slack.calls[-1]["seconds"] >= 0.3
    slack.fault("auth.test", "error", times=0)
    for _ in range(3):
        with refused("internal_error"):
            client.auth_test()
    slack.clear_faults()
    client.auth_test()


def test_a_channel_takes_one_message_a_second_where_it_is_paced(
    client: WebClient, slack: Slack
) -> None:
    slack.options.paced = True
    client.chat_postMessage(channel=GENERAL, text="First")
    client.chat_postMessage(channel=DIRECT, text="Elsewhere")
    with pytest.raises(SlackApiError) as caught:
        client.chat_postMessage(channel=GENERAL, text="Second")
    assert caught.value.response.status_code == 429
    time.sleep(1.0)
    client.chat_postMessage(channel=GENERAL, text="Second")


# --- what is sent --------------------------------------------------------------------------------


def test_a_mention_comes_as_two_events_of_one_message(heard: Slack, service: Service) -> None:
    ts = heard.mention("When are beans &lt;sown&gt;?")
    heard.wait_for(lambda: len(service.received) == 2)
    assert service.kinds == ["app_mention", "message"]
    assert {event["ts"] for event in service.events} == {ts}
    assert len({received.payload["event_id"] for received in service.received}) == 2
    for received in service.received:
        payload, event = received.payload, received.event
        assert payload["type"] == "event_callback"
        assert payload["authorizations"][0]["user_id"] == BOT
        assert (payload["team_id"], event["user"], event["channel"]) == (TEAM, ADA, GENERAL)
        assert event["text"] == f"<@{BOT}> When are beans &lt;sown&gt;?"
        [section] = event["blocks"][0]["elements"]
        assert section["elements"][1] == words(" When are beans <sown>?")
    [message] = [event for event in service.events if event["type"] == "message"]
    assert message["channel_type"] == "channel"


def test_only_what_the_app_sees_and_asked_for_is_sent(heard: Slack, service: Service) -> None:
    heard.mention("Not for you", channel="random")
    heard.mention("For you", channel="dm")
    heard.options.events = ("app_mention",)
    heard.write("Not asked for")
    thread = heard.mention("Asked for")
    heard.wait_for(lambda: len(service.received) == 2)
    heard.wait_for(lambda: heard.is_idle)
    told = [(event["type"], event.get("channel_type")) for event in service.events]
    assert sorted(told, key=str) == [("app_mention", None), ("message", "im")]
    heard.mention("Within it", thread=thread)
    heard.wait_for(lambda: len(service.received) == 3)
    assert service.events[-1]["thread_ts"] == thread


def test_edits_deletions_and_files_are_told(heard: Slack, service: Service) -> None:
    ts = heard.write("Beans")
    heard.wait_for(lambda: len(service.received) == 1)
    heard.edit(ts, "Peas")
    heard.wait_for(lambda: len(service.received) == 2)
    changed = service.events[1]
    assert (changed["subtype"], changed["hidden"]) == ("message_changed", True)
    assert changed["message"]["text"] == "Peas"
    assert changed["previous_message"]["text"] == "Beans"
    assert changed["ts"] > changed["message"]["ts"] == ts
    heard.delete(ts)
    heard.wait_for(lambda: len(service.received) == 3)
    assert service.events[2]["subtype"] == "message_deleted"
    assert service.events[2]["deleted_ts"] == ts
    heard.write("", files=("beans.pdf",))
    heard.wait_for(lambda: len(service.received) == 4)
    assert service.events[3]["subtype"] == "file_share"
    assert service.events[3]["files"][0]["name"] == "beans.pdf"


def test_the_bot_is_told_of_its_own_messages_too(heard: Slack, service: Service) -> None:
    client = client_of(heard)
    ts = client.chat_postMessage(channel=GENERAL, text="Hello")["ts"]
    client.chat_update(channel=GENERAL, ts=ts, text="Hello again")
    client.chat_delete(channel=GENERAL, ts=ts)
    heard.wait_for(lambda: len(service.received) == 3)
    assert service.kinds == ["message", "message.message_changed", "message.message_deleted"]
    [posted] = [received.event for received in service.received if received.kind == "message"]
    assert posted["bot_id"]
    assert posted["user"] == BOT
    heard.options.echoes = False
    client.chat_postMessage(channel=GENERAL, text="Unheard")
    assert heard.is_idle


def test_what_nobody_took_is_sent_again_three_times(heard: Slack, service: Service) -> None:
    service.replies = [Response(status_code=status) for status in (500, 404, 302, 500, 500)]
    heard.options.events = ("app_mention",)
    heard.mention("Hello")
    heard.wait_for(lambda: len(service.received) == 4)
    heard.wait_for(lambda: heard.is_idle)
    headers = [received.headers for received in service.received]
    assert [each.get("x-slack-retry-num") for each in headers] == [None, "1", "2", "3"]
    assert headers[1]["x-slack-retry-reason"] == "http_error"
    assert len({received.payload["event_id"] for received in service.received}) == 1
    [delivery] = heard.deliveries
    assert not delivery.was_accepted
    assert [attempt["status"] for attempt in delivery.attempts] == [500, 404, 302, 500]
    heard.mention("Again")
    heard.wait_for(lambda: heard.deliveries[-1].was_accepted)
    assert len(heard.deliveries[-1].attempts) == 2


def test_a_service_may_ask_for_no_retries(heard: Slack, service: Service) -> None:
    service.replies = [Response(status_code=500, headers={"x-slack-no-retry": "1"})]
    heard.write("Hello", channel="dm")
    heard.wait_for(lambda: service.received and heard.is_idle)
    assert len(service.received) == 1


def test_who_is_slow_to_take_an_event_gets_it_again(heard: Slack, service: Service) -> None:
    heard.options.patience = 0.4
    service.seconds = 0.8
    heard.write("Hello", channel="dm")
    heard.wait_for(lambda: heard.deliveries and heard.is_idle)
    [delivery] = heard.deliveries
    assert [attempt["reason"] for attempt in delivery.attempts] == ["http_timeout"] * 4
    again = [one for one in service.received if "x-slack-retry-num" in one.headers]
    assert {one.headers["x-slack-retry-reason"] for one in again} == {"http_timeout"}


def test_a_service_may_come_later_and_elsewhere(slack: Slack, service: Service) -> None:
    slack.options.minute = 0.5
    slack.write("Hello", channel="dm")
    slack.wait_for(lambda: slack.deliveries and slack.deliveries[0].attempts)
    assert slack.deliveries[0].attempts[0]["reason"] == "connection_failed"
    slack.service = service.address
    slack.wait_for(lambda: slack.deliveries[0].was_accepted)


def test_events_may_come_several_times_and_out_of_order(heard: Slack, service: Service) -> None:
    heard.options.duplicates, heard.options.jitter = 3, 0.3
    written = [heard.write(f"{number}", channel="dm") for number in range(6)]
    heard.wait_for(lambda: len(service.received) == 18)
    order = [event["ts"] for event in service.events]
    assert sorted(order) == sorted(written * 3)
    assert order != sorted(order)
    assert len({received.payload["event_id"] for received in service.received}) == 6


def test_what_is_prepared_is_sent_by_whoever_takes_it(heard: Slack, service: Service) -> None:
    heard.options.deliver = False
    heard.mention("One")
    heard.command("Two")
    taken = heard.take_prepared()
    assert [(one.kind, one.name) for one in taken] == [
        ("event", "app_mention"),
        ("event", "message"),
        ("command", "/ask"),
    ]
    assert heard.take_prepared() == []
    assert service.received == []
    for delivery in reversed(taken):
        assert heard.send(delivery) == (200, "")
    assert [received.body for received in service.received] == [one.body for one in taken[::-1]]


def test_any_event_and_any_bytes_can_be_sent(heard: Slack, service: Service) -> None:
    service.replies = [Response("a challenge")]
    assert heard.verify().reply == {"text": "a challenge"}
    assert service.received[0].payload["type"] == "url_verification"
    heard.event({"type": "reaction_added", "user": ADA})
    heard.wait_for(lambda: len(service.received) == 2)
    body = b'{"type": "what is this"}'
    heard.deliver_raw(body, heard.headers(body))
    assert service.received[2].body == body
    assert service.received[2].headers["user-agent"].startswith("Slackbot")


def test_the_app_s_home_is_opened(heard: Slack, service: Service) -> None:
    heard.open_home()
    heard.wait_for(lambda: len(service.received) == 1)
    assert "view" not in service.events[0]
    client_of(heard).views_publish(user_id=ADA, view={"type": "home", "blocks": [section("x")]})
    heard.open_home()
    heard.open_home(tab="messages")
    heard.wait_for(lambda: len(service.received) == 3)
    told = {event["tab"]: event for event in service.events}
    assert told["home"]["view"]["blocks"][0]["text"]["text"] == "x"
    assert "view" not in told["messages"]
    thread = heard.open_thread()
    heard.wait_for(lambda: len(service.received) == 4)
    assert service.events[3]["assistant_thread"]["thread_ts"] == thread


# --- commands, actions and response URLs ---------------------------------------------------------


def test_a_command_is_sent_as_a_form_and_answered_with_the_reply(
    heard: Slack, service: Service
) -> None:
    heard.options.echoes = False
    service.replies = [
        Response('{"text": "Just you"}', media_type="application/json"),
        Response('{"response_type": "in_channel", "text": "All"}', media_type="application/json"),
        Response("As text", media_type="text/plain"),
        Response(),
    ]
    for _ in range(4):
        assert heard.command("beans &amp; peas").was_accepted
    form = service.received[0].payload
    assert (form["command"], form["text"]) == ("/ask", "beans &amp; peas")
    assert (form["channel_name"], form["user_id"]) == ("general", ADA)
    assert [one["text"] for one in heard.ephemerals()] == ["Just you", "As text"]
    assert [one["text"] for one in heard.messages()] == ["All"]
    heard.command("beans", channel="dm")
    assert service.received[-1].payload["channel_name"] == "directmessage"


def test_a_command_that_nobody_takes_says_so_once(slack: Slack) -> None:
    assert not slack.command("beans").was_accepted
    assert len(slack.deliveries[0].attempts) == 1
    [told] = slack.ephemerals()
    assert "dispatch_failed" in told["text"]


def test_a_response_url_answers_where_the_bot_is_no_member(heard: Slack, service: Service) -> None:
    heard.command("beans", channel="random")
    hook = WebhookClient(service.received[0].payload["response_url"])
    assert hook.send(text="Just you").body == "ok"
    assert hook.send(text="All", response_type="in_channel", blocks=[section("All")])
    assert [one["text"] for one in heard.ephemerals("random")] == ["Just you"]
    assert [one["text"] for one in heard.messages("random")] == ["All"]
    assert hook.send(text="").status_code == 400
    assert hook.send(blocks=[{"type": "poem"}]).body == "invalid_blocks"


def test_a_response_url_answers_five_times_and_half_an_hour(heard: Slack, service: Service) -> None:
    heard.command("beans")
    hook = WebhookClient(service.received[0].payload["response_url"])
    for _ in range(5):
        assert hook.send(text="Once more").status_code == 200
    spent = hook.send(text="Once too often")
    assert (spent.status_code, json.loads(spent.body)["error"]) == (404, "used_url")
    heard.command("peas")
    heard.options.response_seconds = 0.0
    late = WebhookClient(service.received[1].payload["response_url"]).send(text="Late")
    assert (late.status_code, json.loads(late.body)["error"]) == (404, "expired_url")
    assert WebhookClient(f"{heard.address}response/none").send(text="x").status_code == 404
    assert len(heard.ephemerals()) == 5
    assert heard.calls_of("response_url")[0]["arguments"]["text"] == "Once more"


def test_a_response_url_can_fail_as_a_method_can(heard: Slack, service: Service) -> None:
    heard.command("beans")
    hook = WebhookClient(service.received[0].payload["response_url"])
    heard.fault("response_url", "rate")
    assert hook.send(text="Hello").status_code == 429
    heard.fault("response_url", "lost")
    assert hook.send(text="Hello").status_code == 500
    assert len(heard.ephemerals()) == 1


def test_a_button_of_a_message_is_pressed(heard: Slack, service: Service) -> None:
    heard.options.events = ()
    client = client_of(heard)
    asked = heard.mention("Hello")
    blocks = [actions(button("Yes", action_id="yes", value="1"), button("No", action_id="no"))]
    ts = client.chat_postMessage(
        channel=GENERAL, thread_ts=asked, text="Well?", blocks=[*blocks, feedback()]
    )["ts"]
    assert heard.press("yes", ts, user="grace").was_accepted
    told = service.received[0].payload
    assert told["type"] == "block_actions"
    assert told["user"]["id"] == GRACE
    assert told["container"] == {
        "type": "message",
        "message_ts": ts,
        "channel_id": GENERAL,
        "is_ephemeral": False,
        "thread_ts": asked,
    }
    assert told["message"]["text"] == "Well?"
    [action] = told["actions"]
    assert (action["action_id"], action["value"], action["type"]) == ("yes", "1", "button")
    assert action["block_id"] == heard.message(ts)["blocks"][0]["block_id"]
    heard.press("verdict", ts, value="down")
    [verdict] = service.received[1].payload["actions"]
    assert (verdict["type"], verdict["value"]) == ("feedback_buttons", "down")
    with pytest.raises(limits.Refused, match="action_not_found"):
        heard.press("maybe", ts)
    hook = WebhookClient(told["response_url"])
    hook.send(text="Well.", replace_original=True)
    assert heard.message(ts)["text"] == "Well."
    hook.send(text="By the way", response_type="ephemeral")
    assert [one["text"] for one in heard.ephemerals(user=GRACE)] == ["By the way"]
    hook.send(delete_original=True)
    assert heard.thread(asked) == []


def test_a_button_of_an_ephemeral_message_is_pressed_by_who_sees_it(
    heard: Slack, service: Service
) -> None:
    heard.command("beans")
    hook = WebhookClient(service.received[0].payload["response_url"])
    hook.send(text="Beans", blocks=[actions(button("Share", action_id="share", value="a1"))])
    [shown] = heard.ephemerals()
    with pytest.raises(limits.Refused, match="message_not_found"):
        heard.press("share", shown["ts"], user="grace")
    heard.press("share", shown["ts"])
    told = service.received[1].payload
    assert told["container"]["is_ephemeral"] is True
    assert "message" not in told
    share = WebhookClient(told["response_url"])
    share.send(text="Beans", response_type="in_channel", replace_original=False)
    share.send(delete_original=True)
    assert heard.ephemerals() == []
    assert [message["text"] for message in heard.messages()] == ["Beans"]


def test_a_button_of_the_home_view_is_pressed(heard: Slack, service: Service) -> None:
    blocks = [actions(button("Ask", action_id="ask", value="Beans?"))]
    client_of(heard).views_publish(user_id=ADA, view={"type": "home", "blocks": blocks})
    heard.press("ask")
    told = service.received[0].payload
    assert told["container"] == {"type": "view", "view_id": told["view"]["id"]}
    assert told["actions"][0]["value"] == "Beans?"
    assert "response_url" not in told


# --- socket mode ---------------------------------------------------------------------------------


@contextmanager
def running(work: Callable[[asyncio.Event], Awaitable[None]]) -> Iterator[None]:
    """Something that runs in a loop and a thread of its own, until it is told to stop."""
    loop, stop = asyncio.new_event_loop(), asyncio.Event()
    thread = threading.Thread(target=lambda: loop.run_until_complete(work(stop)))
    thread.start()
    try:
        yield
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join()
        loop.close()


@contextmanager
def listening(slack: Slack, take: Callable[[SocketModeRequest], Json | None]) -> Iterator[None]:
    """Slack's own client of Socket Mode; `take` gives what an envelope is acknowledged with, None
    where it is not."""

    async def work(stop: asyncio.Event) -> None:
        web = AsyncWebClient(base_url=slack.api_url)
        client = SocketModeClient(slack.app_token, web_client=web, ping_interval=1)

        async def answer(_: Any, request: SocketModeRequest) -> None:
            reply = take(request)
            if reply is not None:
                response = SocketModeResponse(request.envelope_id, reply or None)
                await client.send_socket_mode_response(response)

        client.socket_mode_request_listeners.append(answer)
        await client.connect_to_new_endpoint()
        await stop.wait()
        await client.close()
        await client.aiohttp_client_session.close()

    with running(work):
        slack.wait_for(lambda: slack.sockets == 1)
        yield


def test_events_commands_and_actions_come_over_a_web_socket(slack: Slack) -> None:
    taken: list[SocketModeRequest] = []

    def take(request: SocketModeRequest) -> Json:
        taken.append(request)
        return {"text": "Just you"} if request.type == "slash_commands" else {}

    with listening(slack, take):
        ts = slack.mention("Hello")
        slack.wait_for(lambda: len(taken) == 2)
        assert slack.command("beans").was_accepted
        client = client_of(slack)
        pressed = client.chat_postMessage(
            channel=GENERAL, text="Well?", blocks=[actions(button(action_id="yes"))]
        )["ts"]
        slack.press("yes", pressed)
        # The refresh that Slack asks for loses nothing.
        slack.refresh_sockets()
        slack.wait_for(lambda: slack.sockets == 1)
        slack.write("Afterwards", channel="dm")
        slack.wait_for(lambda: slack.is_idle)
    by_type = [request.type for request in taken]
    assert by_type.count("slash_commands") == by_type.count("interactive") == 1
    assert {request.payload["event"]["ts"] for request in taken[:2]} == {ts}
    assert taken[0].payload["type"] == "event_callback"
    assert not taken[0].accepts_response_payload
    [command] = [request for request in taken if request.type == "slash_commands"]
    assert command.accepts_response_payload
    assert command.payload["text"] == "beans"
    assert [one["text"] for one in slack.ephemerals()] == ["Just you"]
    assert all(one.attempts[0]["over"] == "socket" for one in slack.deliveries)
    assert slack.sockets == 0


def test_what_is_not_acknowledged_over_a_web_socket_is_sent_again(slack: Slack) -> None:
    taken: list[SocketModeRequest] = []

    def take(request: SocketModeRequest) -> Json | None:
        taken.append(request)
        return {} if len(taken) > 1 else None

    slack.options.patience = 0.2
    with listening(slack, take):
        slack.write("Hello", channel="dm")
        slack.wait_for(lambda: slack.deliveries and slack.deliveries[0].was_accepted)
    first, second = taken
    assert first.payload == second.payload
    assert first.envelope_id != second.envelope_id
    assert (second.retry_attempt, second.retry_reason) == (1, "timeout")


def test_bolt_is_served_in_socket_mode(slack: Slack) -> None:
    client = AsyncWebClient(slack.bot_token, base_url=slack.api_url)

    async def work(stop: asyncio.Event) -> None:
        app = AsyncApp(client=client, signing_secret=slack.signing_secret)

        @app.event("app_mention")
        async def answer(event: Json, say: Any) -> None:
            await say(text="In May.", thread_ts=event["ts"])

        @app.event("message")
        async def pass_over() -> None:
            pass

        handler = AsyncSocketModeHandler(app, slack.app_token)
        await handler.connect_async()
        await stop.wait()
        await handler.close_async()
        await handler.client.aiohttp_client_session.close()

    with running(work):
        slack.wait_for(lambda: slack.sockets == 1)
        ts = slack.mention("When are beans sown?")
        slack.wait_for(lambda: slack.thread(ts))
        slack.wait_for(lambda: slack.is_idle)
    assert [message["text"] for message in slack.thread(ts)] == ["In May."]
    assert all(delivery.was_accepted for delivery in slack.deliveries)


def test_a_web_socket_needs_its_ticket(slack: Slack) -> None:
    async def closed_with() -> int | None:
        client = SocketModeClient(slack.app_token, auto_reconnect_enabled=False)
        address = slack.address.replace("http", "ws", 1)
        async with client.aiohttp_client_session.ws_connect(f"{address}link/?ticket=x") as socket:
            await socket.receive()
            code = socket.close_code
        await client.close()
        await client.aiohttp_client_session.close()
        return code

    assert asyncio.run(closed_with()) == 4001
    assert slack.sockets == 0


# --- the interface of the page -------------------------------------------------------------------


def test_the_page_s_interface_does_what_people_do(heard: Slack, service: Service) -> None:
    controls = f"{heard.address}simulator/"
    written = httpx2.post(f"{controls}messages", json={"text": "Hello", "channel": "dm"}).json()
    heard.wait_for(lambda: len(service.received) == 1)
    ts = written["ts"]
    changed = {"channel": DIRECT, "ts": ts}
    assert httpx2.put(f"{controls}messages", json={**changed, "text": "Hi"}).json()["ok"]
    state = httpx2.get(f"{controls}state").json()
    [direct] = [channel for channel in state["channels"] if channel["id"] == DIRECT]
    assert [message["text"] for message in direct["messages"]] == ["Hi"]
    assert state["switches"]["duplicates"] == 1
    delete = httpx2.request("DELETE", f"{controls}messages", json=changed)
    assert delete.json()["ok"]
    told = httpx2.post(f"{controls}commands", json={"command": "/ask", "text": "beans"})
    assert told.json()["delivery"]["taken"]
    httpx2.post(f"{controls}home", json={"tab": "home"})
    httpx2.post(f"{controls}threads", json={"user": "grace"})
    fault = {"method": "auth.test", "kind": "error", "error": "token_revoked"}
    httpx2.post(f"{controls}faults", json=fault)
    with refused("token_revoked"):
        client_of(heard).auth_test()
    httpx2.post(f"{controls}faults", json=fault)
    httpx2.request("DELETE", f"{controls}faults", json={})
    client_of(heard).auth_test()
    assert httpx2.post(f"{controls}switches", json={"duplicates": 2}).json()["ok"]
    assert heard.options.duplicates == 2


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("messages", {"text": "Hello", "channel": "nowhere"}),
        ("messages", {"text": "Hello", "user": "nobody"}),
        ("messages", {"text": "Hello", "user": "grace", "channel": DIRECT}),
        ("messages", {"text": "Hello", "thread_ts": "1700000000.000100"}),
        ("messages", {"text": " "}),
        ("messages", {"words": "Hello"}),
        ("messages", []),
        ("actions", {"action_id": "yes"}),
        ("actions", {"action_id": "yes", "ts": "1700000000.000100"}),
        ("home", {"tab": "attic"}),
        ("faults", {"method": "*", "kind": "poem"}),
        ("faults", {"method": "*", "kind": "slow", "weather": "bad"}),
        ("faults", {"method": "*", "kind": "slow", "times": "often"}),
        ("messages", {"text": 5}),
        ("switches", {"service": "http://192.0.2.1"}),
        ("switches", {"duplicates": True}),
        ("switches", {"delay": 1e9}),
    ],
)  # fmt: skip
def test_what_nobody_can_do_is_refused(slack: Slack, path: str, told: object) -> None:
    response = httpx2.post(f"{slack.address}simulator/{path}", json=told)
    assert response.status_code == 400
    assert response.json()["ok"] is False
    assert slack.messages() == []


def test_no_other_page_acts_here(slack: Slack) -> None:
    address = f"{slack.address}simulator/messages"
    plain_form = {"content-type": "text/plain"}
    sent = httpx2.post(address, content=b'{"text": "Hello"}', headers=plain_form)
    assert sent.status_code == 415
    for host in ("evil.example", "192.0.2.1", "127.0.0.1.evil.example"):
        named = httpx2.post(address, json={"text": "Hello"}, headers={"host": host})
        assert named.status_code == 421
    assert slack.messages() == []
    policy = httpx2.get(address).headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy


def test_changes_are_told_as_they_come(slack: Slack) -> None:
    with httpx2.stream("GET", f"{slack.address}simulator/changes", timeout=10) as response:
        assert response.headers["content-type"].startswith("text/event-stream")
        lines = (line for line in response.iter_lines() if line.startswith("data:"))
        assert next(lines) == "data: 0"
        slack.write("Hello")
        assert int(next(lines).removeprefix("data: ")) > 0
