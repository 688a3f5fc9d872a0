"""The project's gold questions through the Slack door: the answers are those of the HTTP door."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import httpx2
from serving import ROOT, listening
from slack_stand_in.client import Slack, run_stand_in

from api.assembly.assistant import ensure_index
from api.assembly.service import open_service
from api.settings import DEFAULT_CORPUS, Settings

GOLD = ROOT / "corpus" / "gold" / "faq.jsonl"
AT_ONCE = 20


def test_the_answers_are_those_of_http(encoder_data: Path, tmp_path: Path) -> None:
    rows = [json.loads(line) for line in GOLD.read_text(encoding="utf-8").splitlines()]
    conversations = [asked_in(row) for row in rows]
    assert len(conversations) > 200
    assert any(len(turns) > 1 for turns in conversations)
    with run_stand_in() as slack:
        settings = Settings(
            corpus=ROOT / DEFAULT_CORPUS,
            data=encoder_data,
            database=f"sqlite:///{tmp_path / 'records.sqlite'}",
            slack_api_url=slack.api_url,
            SLACK_BOT_TOKEN=slack.bot_token,
            SLACK_SIGNING_SECRET=slack.signing_secret,
        )
        ensure_index(settings)
        service = open_service(settings, page="http://faq.example/")
        try:
            with service.generations.borrow(), listening(service) as (host, port):
                slack.service = f"http://{host}:{port}"
                with httpx2.Client(base_url=slack.service, trust_env=False) as client:
                    for first in range(0, len(conversations), AT_ONCE):
                        some = conversations[first : first + AT_ONCE]
                        for turns, shown in zip(some, in_slack(slack, some), strict=True):
                            for answer, message in zip(
                                over_http(client, turns), shown, strict=True
                            ):
                                expect_same(answer, message)
        finally:
            service.close()


def asked_in(row: Any) -> list[str]:
    """What is asked in a conversation, one after the other; what it was answered before is the
    doors' to say."""
    before = [turn["text"] for turn in row.get("history", []) if turn["role"] == "user"]
    return [*before, row["question"]]


def in_slack(slack: Slack, conversations: Sequence[Sequence[str]]) -> list[list[Any]]:
    """The bot's messages in a thread for each."""
    threads = []
    for first, *more in conversations:
        ts = slack.mention(first)
        for count, question in enumerate(more, start=1):
            slack.wait_for(lambda: len(replies(slack, ts)) == count)  # noqa: B023
            slack.write(question, thread=ts)
        threads.append((ts, 1 + len(more)))
    slack.wait_for(lambda: all(len(replies(slack, ts)) == count for ts, count in threads), 60)
    return [replies(slack, ts) for ts, _ in threads]


def replies(slack: Slack, ts: str) -> list[Any]:
    return [each for each in slack.thread(ts) if each.get("bot_id")]


def over_http(client: httpx2.Client, turns: Sequence[str]) -> list[Any]:
    """The answers of one conversation."""
    answers: list[Any] = []
    for message in turns:
        body = {"message": message}
        if answers:
            body["conversation_id"] = answers[0]["conversation_id"]
        answers.append(client.post("/v1/chat", json=body).json())
    return answers


def expect_same(answer: Any, message: Any) -> None:
    """The message says what the answer says, and proves it with the same passages."""
    assert told_in(message["blocks"]).startswith(answer["text"])
    blocks = json.dumps(message["blocks"])
    for citation in answer["citations"]:
        assert json.dumps(citation["quote"]) in blocks
        assert citation["url"] in blocks
    for suggestion in answer["suggestions"]:
        assert json.dumps(suggestion) in blocks


def told_in(element: Any) -> str:
    """The words of blocks, with nothing between them."""
    if isinstance(element, list):
        return "".join(told_in(each) for each in element)
    if isinstance(element, dict):
        text = element.get("text")
        return text if isinstance(text, str) else told_in(list(element.values()))
    return ""
