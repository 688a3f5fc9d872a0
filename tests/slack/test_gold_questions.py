"""The gold questions get the same answers in Slack as over HTTP."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import httpx2
import pytest
from conftest import Scale
from serving import ROOT, listening
from slack_stand_in.client import Slack

from api.assembly.assistant import ensure_index
from api.assembly.service import open_service
from api.settings import DEFAULT_CORPUS, Settings

GOLD = ROOT / "corpus" / "gold" / "faq.jsonl"
BATCH = 20


def conversations() -> list[list[str]]:
    """The questions of every gold conversation, those with a follow-up first."""
    rows = [json.loads(line) for line in GOLD.read_text(encoding="utf-8").splitlines()]
    every = [
        [*(turn["text"] for turn in row.get("history", []) if turn["role"] == "user"),
         row["question"]]
        for row in rows
    ]  # fmt: skip
    return sorted(every, key=len, reverse=True)


def replies(slack: Slack, ts: str) -> list[Any]:
    return [each for each in slack.thread(ts) if each.get("bot_id")]


def ask_in_slack(slack: Slack, batch: Sequence[Sequence[str]]) -> list[list[Any]]:
    """The bot's messages in a thread for each conversation."""
    threads = []
    for first, *more in batch:
        ts = slack.mention(first)
        for number, question in enumerate(more, start=1):
            slack.wait_for(lambda: len(replies(slack, ts)) == number)  # noqa: B023
            slack.write(question, thread=ts)
        threads.append((ts, 1 + len(more)))
    slack.wait_for(lambda: all(len(replies(slack, ts)) == count for ts, count in threads), 60)
    return [replies(slack, ts) for ts, _ in threads]


def ask_over_http(client: httpx2.Client, questions: Sequence[str]) -> list[Any]:
    """The answers of one conversation."""
    answers: list[Any] = []
    for question in questions:
        conversation = {"conversation_id": answers[0]["conversation_id"]} if answers else {}
        body = {"message": question, **conversation}
        answers.append(client.post("/v1/chat", json=body).json())
    return answers


def text_of(element: Any) -> str:
    """The text of blocks, without separators."""
    if isinstance(element, dict):
        text = element.get("text")
        return text if isinstance(text, str) else text_of(list(element.values()))
    return "".join(map(text_of, element)) if isinstance(element, list) else ""


@pytest.mark.soak
def test_answers_are_the_same_as_over_http(
    slack: Slack, encoder_data: Path, sqlite_url: str, scale: Scale
) -> None:
    gold = conversations()[: scale(20, soak=1000)]
    assert len(gold[0]) > 1
    settings = Settings(
        corpus=ROOT / DEFAULT_CORPUS,
        data=encoder_data,
        database=sqlite_url,
        slack_api_url=slack.api_url,
        SLACK_BOT_TOKEN=slack.bot_token,
        SLACK_SIGNING_SECRET=slack.signing_secret,
    )
    ensure_index(settings)
    service = open_service(settings, page="http://faq.example/")
    with service.generations.borrow(), listening(service) as (host, port):
        slack.service = f"http://{host}:{port}"
        with httpx2.Client(base_url=slack.service, trust_env=False) as client:
            for first in range(0, len(gold), BATCH):
                batch = gold[first : first + BATCH]
                for questions, messages in zip(batch, ask_in_slack(slack, batch), strict=True):
                    answers = ask_over_http(client, questions)
                    for answer, message in zip(answers, messages, strict=True):
                        blocks = json.dumps(message["blocks"])
                        assert text_of(message["blocks"]).startswith(answer["text"])
                        for citation in answer["citations"]:
                            assert json.dumps(citation["quote"]) in blocks
                            assert citation["url"] in blocks
                        for suggestion in answer["suggestions"]:
                            assert json.dumps(suggestion) in blocks
    service.close()
