"""The gold questions get the same answers in Slack as over HTTP."""

import json
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import httpx2
import pytest
from conftest import Scale
from serving import ROOT, ask
from slack_messages import from_bot, text_of
from slack_stand_in.client import Slack

from api.assembly.assistant import ensure_index
from api.assembly.service import Service
from api.settings import DEFAULT_CORPUS, Settings

Serve = Callable[..., AbstractContextManager[Service]]
GOLD = ROOT / "corpus" / "gold" / "faq.jsonl"
BATCH = 20


def ask_in_slack(slack: Slack, batch: Sequence[Sequence[str]]) -> list[list[Any]]:
    """Asks each conversation in a thread; returns the bot's messages of each."""
    threads = []
    for first, *more in batch:
        ts = slack.mention(first)
        for number, question in enumerate(more, start=1):
            slack.wait_for(lambda: len(from_bot(slack.thread(ts))) == number)  # noqa: B023
            slack.write(question, thread=ts)
        threads.append((ts, 1 + len(more)))
    for ts, count in threads:
        slack.wait_for(lambda: len(from_bot(slack.thread(ts))) == count, 60)  # noqa: B023
    return [from_bot(slack.thread(ts)) for ts, _ in threads]


@pytest.mark.soak
def test_answers_are_the_same_as_over_http(
    slack: Slack, serve: Serve, encoder_data: Path, scale: Scale
) -> None:
    rows = [json.loads(line) for line in GOLD.read_text("utf-8").splitlines()]
    conversations = []
    for row in rows:
        history = [each["text"] for each in row.get("history", []) if each["role"] == "user"]
        conversations.append([*history, row["question"]])
    conversations.sort(key=len, reverse=True)
    assert len(conversations[0]) > 1
    folders = {"corpus": ROOT / DEFAULT_CORPUS, "data": encoder_data}
    ensure_index(Settings(**folders))
    with serve(**folders), httpx2.Client(base_url=slack.service, trust_env=False) as client:
        for first in range(0, scale(12, soak=len(conversations)), BATCH):
            batch = conversations[first : first + BATCH]
            for questions, messages in zip(batch, ask_in_slack(slack, batch), strict=True):
                conversation: dict[str, Any] = {}
                for question, message in zip(questions, messages, strict=True):
                    answer: Any = ask(client, question, **conversation)
                    conversation = {"conversation_id": answer["conversation_id"]}
                    blocks = json.dumps(message["blocks"])
                    assert text_of(message["blocks"]).startswith(answer["text"])
                    for citation in answer["citations"]:
                        assert json.dumps(citation["quote"]) in blocks
                        assert citation["url"] in blocks
                    for suggestion in answer["suggestions"]:
                        assert json.dumps(suggestion) in blocks
