"""A running service follows its documents: the index is built in a child process."""

import asyncio
import signal
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import httpx2
import pytest
from serving import BEANS, CHANGED, GARDEN, ROSES, ask, client_of, opened, served

from api.service.index_updates import Progress
from api.settings import Settings

Writer = Callable[[Mapping[str, str]], Path]


@pytest.fixture
def settings(folder_of: Writer, data: Path) -> Settings:
    return Settings(corpus=folder_of(GARDEN), data=data)


@contextmanager
def serving_client(settings: Settings, **environment: str) -> Iterator[httpx2.Client]:
    with (
        served(settings, environment=environment) as (address, _),
        httpx2.Client(base_url=address, timeout=60) as client,
    ):
        yield client


def wait_for(condition: Callable[[], bool], what: str) -> None:
    until = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < until, what
        time.sleep(0.05)


def index_of(client: httpx2.Client) -> dict[str, object]:
    state: dict[str, object] = client.get("/v1/index").json()
    return state


def test_uploads_and_deletions_change_the_answers(settings: Settings) -> None:
    with serving_client(settings) as client:
        first = ask(client, BEANS)
        assert client.put("/v1/documents/garden.md", content=CHANGED["garden.md"]).is_success
        wait_for(lambda: "June" in str(ask(client, BEANS)["text"]), "the new text is used")
        second = ask(client, BEANS)
        assert second["generation"] != first["generation"]
        assert client.delete("/v1/documents/roses.txt").is_success
        wait_for(lambda: index_of(client)["documents"] == 1, "the document is gone")
        assert ask(client, ROSES)["status"] == "refused"
        # Stored answers keep their citations, marked as stale.
        kept = client.get(f"/v1/answers/{first['id']}").json()
        assert kept["text"] == first["text"]
        [citation] = kept["citations"]
        assert citation["stale"] is True
        assert citation["quote"] == first["citations"][0]["quote"]
        shown = client.get(f"/v1/documents/garden.md?sha256={citation['sha256']}").json()
        assert shown["text"][citation["start"] : citation["end"]] == citation["quote"]
        [citation] = client.get(f"/v1/answers/{second['id']}").json()["citations"]
        assert citation["stale"] is False


@pytest.mark.parametrize("mode", ["auto", "poll"])
def test_changed_file_is_noticed(settings: Settings, folder_of: Writer, mode: str) -> None:
    with serving_client(settings, ASSISTANT_WATCH=mode) as client:
        assert "May" in str(ask(client, BEANS)["text"])
        time.sleep(1.5)  # the watch starts after the first answer
        folder_of(CHANGED)
        wait_for(lambda: "June" in str(ask(client, BEANS)["text"]), "the change is seen")


def test_changed_file_is_not_noticed_without_a_watch(settings: Settings, folder_of: Writer) -> None:
    with serving_client(settings, ASSISTANT_WATCH="off") as client:
        wait_for(
            lambda: not (index_of(client)["building"] or index_of(client)["pending"]),
            "the first build is done",
        )
        folder_of(CHANGED)
        time.sleep(3)
        assert "May" in str(ask(client, BEANS)["text"])


def test_failed_build_is_reported_and_the_old_index_answers(
    settings: Settings, folder_of: Writer
) -> None:
    with serving_client(settings) as client:
        time.sleep(1.5)
        folder_of({})
        wait_for(
            lambda: "no document" in str(index_of(client)["failed"]), "the failure is reported"
        )
        assert "May" in str(ask(client, BEANS)["text"])
        folder_of(CHANGED)
        wait_for(lambda: "June" in str(ask(client, BEANS)["text"]), "the next build succeeds")
        wait_for(lambda: index_of(client)["failed"] == "", "the failure is cleared")


def test_killed_service_loses_nothing(settings: Settings) -> None:
    with served(settings) as (address, process), httpx2.Client(base_url=address) as client:
        answer = ask(client, BEANS, conversation_id="talk")
        assert client.put("/v1/documents/new.md", content="# New\n\nNews.\n").is_success
        process.send_signal(signal.SIGKILL)
        process.wait(20)
    with serving_client(settings) as client:
        assert client.get(f"/v1/answers/{answer['id']}").json()["text"] == answer["text"]
        wait_for(lambda: index_of(client)["documents"] == 3, "the document is indexed")


def test_stopped_service_stops_its_build(settings: Settings, folder_of: Writer) -> None:
    many = {
        f"{n}.md": f"# Plant {n}\n\n" + "".join(f"Plant {n} has {m} leaves. " for m in range(400))
        for n in range(20)
    }
    with served(settings) as (address, process), httpx2.Client(base_url=address) as client:
        folder_of({**GARDEN, **many})
        wait_for(lambda: bool(index_of(client)["building"]), "it is building")
        [child] = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
        wait_for(lambda: not Path(f"/proc/{child}").exists(), "the build has ended")


async def test_first_build_reports_its_progress(settings: Settings) -> None:
    with opened(settings) as service:
        updater = service.index_updater
        build = asyncio.create_task(updater.build_first())
        seen = set()
        while not build.done():
            seen.add(updater.state.progress)
            await asyncio.sleep(0.001)
        assert await build
        assert updater.state.progress is None
    assert None in seen
    assert {"Encoding", "Storing"} <= {each.step for each in seen if each}


def test_index_state_shows_the_progress_of_the_first_build(settings: Settings) -> None:
    with opened(settings) as service:
        client = client_of(service)
        assert client.get("/v1/index").status_code == 503
        state = service.index_updater.state
        state.building, state.progress = True, Progress("Encoding", 3, 10)
        index = client.get("/v1/index").json()
        assert (index["generation"], index["documents"], index["building"]) == ("", 0, True)
        assert index["progress"] == {"step": "Encoding", "done": 3, "total": 10}
        assert "is being built" in client.get("/readyz").json()["detail"]
