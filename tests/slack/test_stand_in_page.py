"""The page of the Slack stand-in in a real browser: a user writes, reads and presses buttons."""

from collections.abc import Iterator

import pytest
from browser import HOSTILE, Tab
from slack_sdk import WebClient
from slack_stand_in.client import Slack, run_stand_in

GENERAL = "C0GENERAL"


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


def test_a_question_is_answered_in_its_thread(tab: Tab, slack: Slack, client: WebClient) -> None:
    tab.open(slack.address)
    tab.sees("# general")
    write(tab, "@Assistant when are beans sown & why?")
    [asked] = slack.wait_for(slack.messages)
    assert asked["text"] == "<@U0ASSISTANT> when are beans sown &amp; why?"
    thread = {"channel_id": GENERAL, "thread_ts": asked["ts"]}
    client.assistant_threads_setStatus(status="is looking through the documents", **thread)
    tab.sees("Assistant is looking through the documents", "#replies")
    share = {"type": "button", "text": {"type": "plain_text", "text": "Show it"}, "value": "a1"}
    words = {"type": "rich_text_quote", "elements": [{"type": "text", "text": "second week"}]}
    blocks = [{"type": "rich_text", "elements": [words]}, {"type": "actions", "elements": [share]}]
    client.chat_postMessage(channel=GENERAL, thread_ts=asked["ts"], text="May.", blocks=blocks)
    tab.sees("second week", "#replies blockquote")
    assert tab.count("#replies .status") == 0
    tab.click("Show it")
    pressed = slack.wait_for(lambda: [one for one in slack.deliveries if one.kind == "action"])
    assert pressed[0].payload["actions"][0]["value"] == "a1"
    write(tab, "And peas?", "#reply")
    tab.sees("And peas?", "#replies")
    tab.reload()
    tab.sees("second week", "#replies")
    tab.click("Close")
    tab.sees("2 replies", "#messages")


def test_a_direct_message_shows_prompts_and_a_growing_answer(
    tab: Tab, slack: Slack, client: WebClient
) -> None:
    prompts = [{"title": "Beans?", "message": "When are beans sown?"}]
    client.assistant_threads_setSuggestedPrompts(channel_id="D0ADA", prompts=prompts)
    tab.open(slack.address)
    tab.click("Direct message")
    tab.click("Beans?")
    [asked] = slack.wait_for(lambda: slack.messages("dm"))
    ts = client.chat_startStream(channel="D0ADA", thread_ts=asked["ts"], markdown_text="In ")["ts"]
    client.chat_appendStream(channel="D0ADA", ts=ts, markdown_text="May \\[1\\]")
    tab.sees("In May [1]", "#replies .growing")
    client.chat_stopStream(channel="D0ADA", ts=ts)
    tab.until("!document.querySelector('.growing')")
    assert slack.deliveries[0].name == "app_home_opened"


def test_messages_are_shown_as_text_to_their_readers(
    tab: Tab, slack: Slack, client: WebClient
) -> None:
    link = {"type": "link", "url": "javascript:alert(1)", "text": "press"}
    blocks = [
        {"type": "section", "text": {"type": "mrkdwn", "text": f"{HOSTILE} <javascript:x|y>"}},
        {"type": "markdown", "text": f"{HOSTILE} [press](javascript:alert(1))"},
        {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": [link]}]},
    ]
    client.chat_postMessage(channel=GENERAL, text=HOSTILE, blocks=blocks)
    client.chat_postMessage(channel=GENERAL, text=HOSTILE)
    client.chat_postEphemeral(channel=GENERAL, user="U0ADA", text=HOSTILE)
    client.chat_postEphemeral(channel=GENERAL, user="U0GRACE", text=HOSTILE)
    tab.open(slack.address)
    tab.sees("Only visible to you", "#messages")
    tab.until("document.querySelectorAll('#messages article').length === 3")
    assert tab.count("#messages img, #messages a, #messages .block b") == 0
    assert tab.run("document.title") == "Slack stand-in"
