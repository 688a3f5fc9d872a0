"""A crowd asks while the documents change: no request fails, no answer mixes two generations, and
every quote stands in its text."""

import random
import re
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import httpx2
from serving import events_of, served

from api.settings import Settings

QUESTIONS, CLIENTS, REINDEXINGS = 2000, 32, 10
FRUIT = ("apple", "pear", "plum", "fig", "quince", "cherry")
# Every sentence of a version says which it is of.
SAID = re.compile(r"In version (\d+)")

Writer = Callable[[Mapping[str, str]], Path]


def orchard(version: int) -> str:
    """One document about all fruit, so that a version is put in one piece."""
    return "# The orchard\n\n" + "\n".join(
        f"## When is the {fruit} harvested?\n\n"
        f"In version {version} the {fruit} is harvested in week {30 + at}.\n\n"
        f"In version {version} the {fruit} is kept in cellar {at}.\n"
        for at, fruit in enumerate(FRUIT)
    )


@dataclass
class Seen:
    """What the crowd saw. Lists only grow, and are looked at when all is over."""

    failures: list[str] = field(default_factory=list)
    answers: list[dict[str, object]] = field(default_factory=list)


def test_a_crowd_is_answered_through_ten_new_generations(folder_of: Writer, data: Path) -> None:
    settings = Settings(corpus=folder_of({"orchard.md": orchard(0)}), data=data)
    seen = Seen()
    numbers = count()
    over = threading.Event()
    with served(settings) as (address, _), ThreadPoolExecutor(CLIENTS) as pool:
        crowd = [
            pool.submit(asks, address, seen, numbers, over, random.Random(client))
            for client in range(CLIENTS)
        ]
        generations = changes(address)
        over.set()
        for each in crowd:
            each.result()
        texts = texts_of(address, seen)
    print(f"{len(seen.answers)} answers, {len(generations)} generations")
    assert seen.failures == []
    assert len(seen.answers) >= QUESTIONS / 2  # the rest were searches
    assert len(generations) > REINDEXINGS
    versions: dict[object, set[str]] = {}
    for answer in seen.answers:
        for citation in answer["citations"]:
            quoted = texts[citation["sha256"]][citation["start"] : citation["end"]]
            assert quoted == citation["quote"]
        said = set(SAID.findall(str(answer["citations"]))) | set(SAID.findall(str(answer["text"])))
        assert len(said) <= 1, answer
        versions.setdefault(answer["generation"], set()).update(said)
    assert all(len(said) <= 1 for said in versions.values()), versions
    assert len([said for said in versions.values() if said]) >= REINDEXINGS
    assert any(answer["status"] == "refused" for answer in seen.answers)


def changes(address: str) -> set[str]:
    """Puts one version after the other, each when the one before is answered from."""
    with httpx2.Client(base_url=address, timeout=120) as client:
        generations = {client.get("/v1/index").json()["generation"]}
        for version in range(1, REINDEXINGS + 1):
            put = client.put("/v1/documents/orchard.md", content=orchard(version))
            assert put.status_code == 202, put.text
            while (current := client.get("/v1/index").json()["generation"]) in generations:
                pass
            generations.add(current)
    return generations


def asks(
    address: str,
    seen: Seen,
    numbers: "count[int]",
    over: threading.Event,
    draw: random.Random,
) -> None:
    """One of the crowd: asks until all questions are asked and all versions have been put."""
    with httpx2.Client(base_url=address, timeout=120) as client:
        conversation = f"talk {draw.random()}"
        while (number := next(numbers)) < QUESTIONS or not over.is_set():
            fruit = draw.choice(FRUIT)
            if draw.random() < 0.15:
                expect(client.get("/v1/search", params={"q": f"the {fruit} harvest"}), seen)
                continue
            message, more = draw.choice(
                [
                    (f"When is the {fruit} harvested?", {}),
                    (f"In which cellar is the {fruit} kept?", {}),
                    ("What is the boiling point of tungsten?", {}),
                    (f"When is the {fruit} harvested?", {"conversation_id": conversation}),
                    ("And where is it kept?", {"conversation_id": conversation}),
                ]
            )
            body = {"message": message, "stream": draw.random() < 0.3, **more}
            headers = {"idempotency-key": f"{number}"} if draw.random() < 0.2 else {}
            for _ in range(2 if headers else 1):  # whoever has a key asks twice
                response = client.post("/v1/chat", json=body, headers=headers)
                if expect(response, seen):
                    seen.answers.append(answer_of(response))


def expect(response: httpx2.Response, seen: Seen) -> bool:
    if response.status_code != 200:
        seen.failures.append(f"{response.request.url}: {response.status_code} {response.text}")
    return response.status_code == 200


def answer_of(response: httpx2.Response) -> dict[str, object]:
    if response.headers["content-type"] == "application/json":
        whole: dict[str, object] = response.json()
        return whole
    name, answer = events_of(response.text)[-1]
    assert name == "answer", answer
    return answer


def texts_of(address: str, seen: Seen) -> dict[str, str]:
    """The kept text of every version that was cited."""
    cited = {citation["sha256"] for answer in seen.answers for citation in answer["citations"]}
    with httpx2.Client(base_url=address, timeout=120) as client:
        return {
            sha256: client.get(f"/v1/documents/orchard.md?sha256={sha256}").json()["text"]
            for sha256 in cited
        }
