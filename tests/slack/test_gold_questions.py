"""The gold questions get the same answers in Slack as over HTTP."""

import json
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import httpx2
import pytest
from conftest import Scale
from serving import ROOT, ask
from slack_messages import find, text_of
from slack_stand_in.client import Slack

from api.assembly.assistant import ensure_index
from api.assembly.service import Service
from api.settings import DEFAULT_CORPUS, Settings

Serve = Callable[..., AbstractContextManager[Service]]
GOLD = ROOT / "corpus" / "gold" / "faq.jsonl"


def answers_in(slack: Slack, thread: str) -> list[Any]:
    """The answers in a thread; a placeholder has no feedback buttons."""
    return [each for each in slack.thread(thread) if list(find(each, "feedback_buttons"))]


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
        for questions in conversations[: scale(12, soak=len(conversations))]:
            conversation: dict[str, Any] = {}
            thread = ""
            for number, question in enumerate(questions):
                ts = slack.write(question, thread=thread) if thread else slack.mention(question)
                thread = thread or ts
                [message] = slack.wait_for(lambda: answers_in(slack, thread)[number:])  # noqa: B023
                answer: Any = ask(client, question, **conversation)
                conversation = {"conversation_id": answer["conversation_id"]}
                blocks = json.dumps(message["blocks"])
                assert text_of(message["blocks"]).startswith(answer["text"])
                for citation in answer["citations"]:
                    assert json.dumps(citation["quote"]) in blocks
                    assert citation["url"] in blocks
                for suggestion in answer["suggestions"]:
                    assert json.dumps(suggestion) in blocks
