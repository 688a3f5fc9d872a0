"""The project's gold questions through the Slack door: the answers are those of the HTTP door."""

import json
from pathlib import Path
from typing import Any

import httpx2
from serving import ROOT, listening
from simulated import simulated

from api.assembly import ensure_index
from api.parts import open_parts
from api.settings import DEFAULT_CORPUS, Settings

GOLD = ROOT / "corpus" / "gold" / "faq.jsonl"
AT_ONCE = 20


def told_in(message: dict[str, Any]) -> str:
    """The words of a message's blocks, with nothing between them."""

    def words(element: Any) -> str:
        if isinstance(element, list):
            return "".join(words(each) for each in element)
        if isinstance(element, dict):
            text = element.get("text")
            return text if isinstance(text, str) else words(list(element.values()))
        return ""

    return words(message["blocks"])


def test_the_answers_are_those_of_http(encoder_data: Path, tmp_path: Path) -> None:
    rows = [json.loads(line) for line in GOLD.read_text(encoding="utf-8").splitlines()]
    # A follow-up depends on what was answered before, which the gold file words in its own way.
    questions = [row["question"] for row in rows if not row.get("history")]
    assert len(questions) > 200
    with simulated() as slack:
        settings = Settings(
            corpus=ROOT / DEFAULT_CORPUS,
            data=encoder_data,
            database=f"sqlite:///{tmp_path / 'records.sqlite'}",
            slack_api_url=slack.api_url,
            SLACK_BOT_TOKEN=slack.bot_token,
            SLACK_SIGNING_SECRET=slack.signing_secret,
        )
        ensure_index(settings)
        parts = open_parts(settings, page="http://faq.example/")
        asked: dict[str, str] = {}
        try:
            with parts.service.lent(), listening(parts) as (host, port):
                slack.service = f"http://{host}:{port}"
                for number, question in enumerate(questions, start=1):
                    asked[slack.mention(question)] = question
                    if number % AT_ONCE == 0:
                        slack.wait_for(lambda: len(replies(slack)) == len(asked), 60)
                slack.wait_for(lambda: len(replies(slack)) == len(asked), 60)
                found = {each["thread_ts"]: each for each in replies(slack)}
                with httpx2.Client(base_url=slack.service, trust_env=False) as client:
                    for ts, question in asked.items():
                        answer = client.post("/v1/chat", json={"message": question}).json()
                        shown = told_in(found[ts])
                        assert shown.startswith(answer["text"])
                        for citation in answer["citations"]:
                            assert citation["quote"] in shown
                            assert citation["url"] in json.dumps(found[ts]["blocks"])
                        for suggestion in answer["suggestions"]:
                            assert json.dumps(suggestion) in json.dumps(found[ts]["blocks"])
        finally:
            parts.close()


def replies(slack: Any) -> list[Any]:
    return [each for each in slack.messages() if each.get("bot_id")]
