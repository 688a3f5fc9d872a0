"""The page of the stand-in for Slack, in a real browser: what people do there, and what they see."""

import re
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest
from browser import HOSTILE, Tab
from slack_sdk import WebClient
from slack_stand_in.client import Slack, run_stand_in
from slack_stand_in.server import PAGE

GENERAL, ADA, TEAM = "C0GENERAL", "U0ADA", "T0STANDIN"
ANSWER: list[dict[str, Any]] = [
    {
        "type": "rich_text",
        "elements": [
            {
                "type": "rich_text_section",
                "elements": [{"type": "text", "text": "Beans are sown in May. [1]"}],
            },
            {
                "type": "rich_text_quote",
                "elements": [{"type": "text", "text": "the second week of May"}],
            },
        ],
    },
    {
        "type": "actions",
        "elements": [
            {
                "type": "button",
                "text": {"type": "plain_text", "text": "Show it"},
                "action_id": "share",
                "value": "a1",
            }
        ],
    },
]


@pytest.fixture
def slack() -> Iterator[Slack]:
    with run_stand_in(deliver=False) as slack:
        yield slack


@pytest.fixture
def client(slack: Slack) -> WebClient:
    return WebClient(slack.bot_token, base_url=slack.api_url)


def write(tab: Tab, text: str, form: str = "#composer") -> None:
    tab.run(f"document.querySelector('{form} textarea').focus()")
    tab.type(text)


def test_the_page_loads_only_its_own_files(slack: Slack) -> None:
    page = httpx2.get(slack.address)
    assert "default-src 'none'" in page.headers["content-security-policy"]
    loaded = re.findall(r'<(?:script|link)[^>]*(?:src|href)="([^"]+)"', page.text)
    for address in loaded:
        assert address.startswith("data:") or httpx2.get(slack.address + address[1:]).is_success
    for path in PAGE.glob("*.js"):
        code = path.read_text("utf-8")
        assert "innerHTML" not in code
        for name in re.findall(r'from "(.*)";$', code, re.MULTILINE):
            assert (PAGE / name).is_file()


def test_a_question_and_its_answer_are_seen_and_stay(
    tab: Tab,
    slack: Slack,
    client: WebClient,
) -> None:
    tab.open(slack.address)
    tab.sees("Nothing has been written here yet.")
    write(tab, "@Assistant when are *beans* sown & why?")
    tab.sees("@Assistant when are beans sown & why?", "#messages")
    [asked] = slack.wait_for(slack.messages)
    assert asked["text"] == "<@U0ASSISTANT> when are *beans* sown &amp; why?"
    assert [one.name for one in slack.take_prepared()] == ["app_mention", "message"]
    # The thread opens as soon as something happens in it.
    thread = {"channel_id": GENERAL, "thread_ts": asked["ts"]}
    client.assistant_threads_setStatus(status="is looking through the documents", **thread)
    tab.sees("Assistant is looking through the documents", "#replies")
    client.chat_postMessage(channel=GENERAL, thread_ts=asked["ts"], text="In May.", blocks=ANSWER)
    tab.sees("Beans are sown in May. [1]", "#replies")
    tab.sees("the second week of May", "#replies blockquote")
    assert tab.count("#replies .status") == 0
    tab.sees("1 reply", "#messages .summary")
    tab.click("Show it")
    [pressed] = slack.wait_for(
        lambda: [one for one in slack.take_prepared() if one.kind == "action"]
    )
    assert pressed.payload["actions"][0]["value"] == "a1"
    write(tab, "And peas?", "#reply")
    tab.sees("And peas?", "#replies")
    assert slack.thread(asked["ts"])[-1]["text"] == "And peas?"
    tab.run("[...document.querySelectorAll('#replies .tools button')].at(-2).click()")
    tab.type(" And leeks?", enter=False)
    tab.click("Save")
    tab.sees("And peas? And leeks?", "#replies")
    tab.sees("(edited)", "#replies")
    tab.reload()
    tab.sees("Beans are sown in May. [1]", "#replies")
    tab.press("Escape", 27)
    tab.until("!document.querySelector('#thread').checkVisibility()")


def test_a_stream_is_seen_while_it_grows(
    tab: Tab,
    slack: Slack,
    client: WebClient,
) -> None:
    asked = slack.mention("Tell me")
    tab.open(f"{slack.address}#in={GENERAL}&thread={asked}")
    ts = client.chat_startStream(
        channel=GENERAL, thread_ts=asked, recipient_user_id=ADA, recipient_team_id=TEAM
    )["ts"]
    client.chat_appendStream(channel=GENERAL, ts=ts, markdown_text="**Beans** are \\[sown\\] ")
    tab.sees("Beans are [sown]", "#replies .growing")
    assert tab.text("#replies .growing strong") == "Beans"
    client.chat_stopStream(channel=GENERAL, ts=ts, markdown_text="in May.", blocks=ANSWER[1:])
    tab.sees("Beans are [sown] in May.", "#replies")
    tab.until("!document.querySelector('.growing')")


def test_what_is_written_is_text_and_nothing_else(
    tab: Tab,
    slack: Slack,
    client: WebClient,
) -> None:
    tab.open(slack.address)
    hostile = {"type": "mrkdwn", "text": f"{HOSTILE} <javascript:alert(1)|press> *bold*"}
    link = {"type": "link", "url": "javascript:alert(1)", "text": "press"}
    blocks = [
        {"type": "section", "text": hostile},
        {"type": "markdown", "text": f"{HOSTILE} [press](javascript:alert(1))"},
        {
            "type": "rich_text",
            "elements": [{"type": "rich_text_section", "elements": [link]}],
        },
    ]
    client.chat_postMessage(channel=GENERAL, text=HOSTILE, blocks=blocks)
    client.chat_postMessage(channel=GENERAL, text=HOSTILE)
    tab.sees("press", "#messages")
    tab.until("document.querySelectorAll('#messages .message').length === 2")
    assert tab.count("#messages img, #messages b:not(.byline b), #messages a") == 0
    assert tab.run("document.title") == "Garden club"


def test_one_sees_what_is_for_one_alone_and_can_cause_trouble(
    tab: Tab,
    slack: Slack,
    client: WebClient,
) -> None:
    client.chat_postEphemeral(channel=GENERAL, user=ADA, text="Psst")
    prompts = [{"title": "Beans?", "message": "When are beans sown?"}]
    client.assistant_threads_setSuggestedPrompts(channel_id="D0ADA", prompts=prompts)
    tab.open(slack.address)
    tab.sees("Only visible to you", "#messages")
    tab.run("[...document.querySelectorAll('.place')].at(-2).click()")
    tab.click("Beans?")
    tab.sees("When are beans sown?", "#messages")
    opened = slack.wait_for(lambda: [one.name for one in slack.take_prepared()])
    assert opened[0] == "app_home_opened"
    tab.open(f"{slack.address}#user=U0GRACE&in={GENERAL}")
    tab.reload()
    tab.sees("Nothing has been written here yet.", "#messages")
    write(tab, "/ask beans")
    slack.wait_for(lambda: [one for one in slack.take_prepared() if one.kind == "command"])
    tab.click("Trouble")
    tab.click("Let it happen")
    tab.sees("any method: is told to slow down (429), 1 call", ".faults")
    tab.click("Clear all")
    tab.until("!document.querySelector('.faults li')")
