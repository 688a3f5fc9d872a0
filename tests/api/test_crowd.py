"""Many clients ask while the documents change."""

import random
import re
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path
from typing import Any

import httpx2
import pytest
from conftest import Scale, Writer
from serving import events_of, served, wait_for

from api.assembly.assistant import build_index
from api.settings import Settings

FRUIT = ("apple", "pear", "plum", "fig", "quince", "cherry")


def orchard(version: int) -> str:
    """One document, so that a version is uploaded at once; every sentence names its version."""
    return "# The orchard\n\n" + "\n".join(
        f"## When is the {fruit} harvested?\n\n"
        f"In version {version} the {fruit} is harvested in week {30 + at}.\n\n"
        f"In version {version} the {fruit} is kept in cellar {at}.\n"
        for at, fruit in enumerate(FRUIT)
    )


def ask_questions(
    address: str, seed: int, pause: float, go_on: Callable[[], bool]
) -> list[dict[str, Any]]:
    """Asks, searches and repeats requests as long as `go_on` says so; returns the answers."""
    draw = random.Random(seed)
    answers = []
    with httpx2.Client(base_url=address, timeout=120) as client:
        while go_on():
            time.sleep(pause)
            fruit = draw.choice(FRUIT)
            if draw.random() < 0.15:
                client.get("/v1/search", params={"q": f"the {fruit} harvest"}).raise_for_status()
                continue
            conversation = {"conversation_id": f"talk {seed}"}
            message, more = draw.choice(
                [
                    (f"When is the {fruit} harvested?", {}),
                    (f"In which cellar is the {fruit} kept?", {}),
                    ("What is the boiling point of tungsten?", {}),
                    (f"When is the {fruit} harvested?", conversation),
                    ("And where is it kept?", conversation),
                ]
            )
            body = {"message": message, "stream": draw.random() < 0.3, **more}
            repeated = draw.random() < 0.2
            headers = {"idempotency-key": f"{draw.random()}"} if repeated else {}
            for _ in range(1 + repeated):
                response = client.post("/v1/chat", json=body, headers=headers).raise_for_status()
                answers.append(
                    events_of(response.text)[-1][1] if body["stream"] else response.json()
                )
    return answers


@pytest.mark.soak
def test_no_request_fails_and_no_answer_mixes_generations_while_new_ones_are_published(
    folder_of: Writer, data: Path, scale: Scale
) -> None:
    clients, questions, updates = scale(3, soak=32), scale(40, soak=2000), scale(2, soak=10)
    pause = scale(200, soak=0) / 1000  # seconds; builds have a lower priority than questions
    settings = Settings(corpus=folder_of({"orchard.md": orchard(0)}), data=data)
    build_index(settings)
    numbers, over = count(), threading.Event()

    def go_on() -> bool:
        return next(numbers) < questions or not over.is_set()

    with (
        served(settings) as (address, _),
        ThreadPoolExecutor(clients) as pool,
        httpx2.Client(base_url=address, timeout=120) as client,
    ):
        crowd = [pool.submit(ask_questions, address, seed, pause, go_on) for seed in range(clients)]
        generations = {client.get("/v1/index").json()["generation"]}
        try:
            for version in range(1, updates + 1):
                put = client.put("/v1/documents/orchard.md", content=orchard(version))
                assert put.status_code == 202, put.text
                wait_for(lambda: client.get("/v1/index").json()["generation"] not in generations)
                generations.add(client.get("/v1/index").json()["generation"])
        finally:
            over.set()
        answers = [answer for each in crowd for answer in each.result()]
        texts = {
            sha256: client.get(f"/v1/documents/orchard.md?sha256={sha256}").json()["text"]
            for sha256 in {each["sha256"] for answer in answers for each in answer["citations"]}
        }
    assert len(answers) >= questions / 2  # the rest were searches
    assert len(generations) > updates
    assert any(answer["status"] == "refused" for answer in answers)
    versions: dict[str, set[str]] = {}
    for answer in answers:
        for citation in answer["citations"]:
            quoted = texts[citation["sha256"]][citation["start"] : citation["end"]]
            assert quoted == citation["quote"]
        named = re.findall(r"In version (\d+)", f"{answer['citations']} {answer['text']}")
        versions.setdefault(answer["generation"], set()).update(named)
    assert all(len(named) <= 1 for named in versions.values()), versions
    assert len([named for named in versions.values() if named]) >= updates
