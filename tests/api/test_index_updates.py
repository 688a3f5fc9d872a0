"""A running service rebuilds its index in a child process when its documents change."""

import asyncio
import shutil
import signal
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2
import pytest
from anyio.from_thread import start_blocking_portal
from conftest import Writer
from fastapi.testclient import TestClient
from serving import BEANS, CHANGED, GARDEN, ROSES, ask, client_of, opened, served, wait_for
from watchfiles import Change

from api.service import index_updates
from api.service.index_updates import Progress
from api.settings import Settings
from index.generation import DataFolder


@contextmanager
def updating(settings: Settings) -> Iterator[TestClient]:
    """A client of a service that updates its index, as soon as the first build is done."""
    with opened(settings) as service, start_blocking_portal() as portal:
        service.index_updater.request_build()
        [updates] = portal.call(lambda: [asyncio.create_task(service.index_updater.run())])
        client = client_of(service)
        wait_for(lambda: not {"building", "pending"} & busy(client))
        try:
            yield client
        finally:
            portal.call(updates.cancel)
            portal.call(asyncio.wait, [updates])


def busy(client: httpx2.Client) -> set[str]:
    """The fields of /v1/index that are set."""
    return {name for name, value in client.get("/v1/index").json().items() if value}


def test_uploads_and_deletions_change_the_answers(settings: Settings) -> None:
    with updating(settings) as client:
        first = ask(client, BEANS)
        assert client.put("/v1/documents/garden.md", content=CHANGED["garden.md"]).is_success
        wait_for(lambda: "June" in str(ask(client, BEANS)["text"]))
        second = ask(client, BEANS)
        assert second["generation"] != first["generation"]
        assert client.delete("/v1/documents/roses.txt").is_success
        wait_for(lambda: client.get("/v1/index").json()["documents"] == 1)
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


@pytest.mark.parametrize(("watch", "noticed"), [("auto", True), ("poll", True), ("off", False)])
def test_changed_file_is_noticed_unless_the_watch_is_off(
    settings: Settings, folder_of: Writer, watch: str, noticed: bool
) -> None:
    with updating(settings.model_copy(update={"watch": watch})) as client:
        folder_of(CHANGED)
        if noticed:
            wait_for(lambda: "June" in str(ask(client, BEANS)["text"]))
        else:
            with pytest.raises(AssertionError):
                wait_for(lambda: "pending" in busy(client), seconds=1)


@pytest.mark.parametrize("times", [1, 2])
def test_folder_that_is_replaced_is_watched(
    settings: Settings, folder_of: Writer, times: int
) -> None:
    with updating(settings) as client:
        for _ in range(times):
            settings.corpus.rename(settings.corpus.with_name(f"old-{time.monotonic_ns()}"))
            folder_of(GARDEN)
            time.sleep(2)
        wait_for(lambda: not {"building", "pending"} & busy(client))
        folder_of(CHANGED)
        wait_for(lambda: "June" in str(ask(client, BEANS)["text"]), seconds=20)


async def _never(*_: object, **__: object) -> AsyncIterator[set[tuple[Change, str]]]:
    await asyncio.sleep(3600)
    yield set()


def test_change_that_the_watch_misses_is_found_by_a_comparison(
    settings: Settings, folder_of: Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(index_updates, "awatch", _never)
    monkeypatch.setattr(index_updates, "_COMPARE_INTERVAL", 0.5)
    with updating(settings) as client:
        folder_of(CHANGED)
        wait_for(lambda: "June" in str(ask(client, BEANS)["text"]), seconds=20)
        wait_for(lambda: not {"building", "pending"} & busy(client))
        with pytest.raises(AssertionError):  # nothing changes now
            wait_for(lambda: "pending" in busy(client), seconds=2)


@pytest.mark.parametrize("deleted", [["generations", "texts", "pointer"], ["texts"]])
def test_data_folder_that_is_emptied_is_built_again_and_says_so(
    settings: Settings, caplog: pytest.LogCaptureFixture, deleted: list[str]
) -> None:
    layout = DataFolder(settings.data_folder).layout
    with updating(settings) as client:
        before = ask(client, BEANS)["text"]
        for path in (getattr(layout, name) for name in deleted):
            path.unlink() if path.is_file() else shutil.rmtree(path)
        wait_for(lambda: layout.texts.is_dir() and layout.pointer.is_file(), seconds=20)
        wait_for(lambda: not {"building", "pending"} & busy(client))
        assert ask(client, BEANS)["text"] == before
        assert "failed" not in busy(client)
    assert caplog.text.count("The data folder has no index any more: building it again.") == 1
    DataFolder(settings.data_folder).current()


def test_failed_build_is_reported_without_commands_and_the_old_index_answers(
    settings: Settings, folder_of: Writer
) -> None:
    with updating(settings) as client:
        folder_of({})
        wait_for(lambda: "failed" in busy(client))
        failed = client.get("/v1/index").json()["failed"]
        assert "no document" in failed
        assert "assistant" not in failed and "--" not in failed
        assert "May" in str(ask(client, BEANS)["text"])
        folder_of(CHANGED)
        wait_for(lambda: "June" in str(ask(client, BEANS)["text"]))
        wait_for(lambda: "failed" not in busy(client))


@pytest.mark.parametrize(
    ("python", "failed"),
    [
        ("/nowhere/python", "the build process cannot be started"),
        ("/bin/false", "the build stopped with exit code 1: the log of the service says why"),
    ],
)
def test_build_whose_process_fails_is_reported(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, python: str, failed: str
) -> None:
    monkeypatch.setattr("sys.executable", python)
    with opened(settings) as service:
        assert asyncio.run(service.index_updater.build_first()) is False
        assert service.index_updater.state.failed.startswith(failed)


def test_document_that_is_too_costly_is_left_out_and_reported_until_it_is_deleted(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ASSISTANT_FILE_MEGABYTES", "128")
    with updating(settings) as client:
        assert client.put("/v1/documents/costly.md", content="- a\n" * 300_000).is_success
        assert client.put("/v1/documents/garden.md", content=CHANGED["garden.md"]).is_success
        wait_for(lambda: "June" in str(ask(client, BEANS)["text"]))
        wait_for(lambda: "unreadable" in busy(client))
        index = client.get("/v1/index").json()
        assert index["unreadable"] == ["costly.md: loading it takes more than 128 MB of memory"]
        assert (index["documents"], index["failed"]) == (2, "")
        assert client.delete("/v1/documents/costly.md").is_success
        wait_for(lambda: "unreadable" not in busy(client))


@pytest.mark.parametrize("trap", ["", "trap '' TERM"])
def test_build_that_takes_too_long_is_stopped_and_named(
    settings: Settings,
    python_is: Callable[[str], None],
    monkeypatch: pytest.MonkeyPatch,
    trap: str,
) -> None:
    monkeypatch.setattr(index_updates, "_KILL_DELAY", 0.5)
    progress = '{"step": "Encoding", "done": 3, "total": 1000}'
    python_is(f"{trap}\necho '{progress}'\nwhile true; do sleep 0.1; done")
    with opened(settings.model_copy(update={"build_hours": 1 / 3600})) as service:
        assert asyncio.run(service.index_updater.build_first()) is False
        failed = service.index_updater.state.failed
    assert "the build was stopped after 1 s; it had reached Encoding, 3 of 1,000" in failed
    assert "ASSISTANT_BUILD_HOURS" in failed


def test_killed_service_loses_nothing(settings: Settings) -> None:
    with served(settings) as (address, process), httpx2.Client(base_url=address) as client:
        answer = ask(client, BEANS, conversation_id="talk")
        assert client.put("/v1/documents/new.md", content="# New\n\nNews.\n").is_success
        process.kill()
        process.wait(20)
    with updating(settings) as restarted:
        assert restarted.get(f"/v1/answers/{answer['id']}").json()["text"] == answer["text"]
        assert restarted.get("/v1/index").json()["documents"] == 3


def test_stopped_service_stops_its_build(settings: Settings, folder_of: Writer) -> None:
    text = "".join(f"Plant %s has {m} leaves. " for m in range(400))
    with served(settings) as (address, process), httpx2.Client(base_url=address) as client:
        folder_of({f"{n}.md": f"# Plant {n}\n\n{text.replace('%s', str(n))}" for n in range(20)})
        wait_for(lambda: "building" in busy(client))
        [child] = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
        wait_for(lambda: not Path(f"/proc/{child}").exists())


async def test_first_build_reports_its_progress(data: Path, folder_of: Writer) -> None:
    with opened(Settings(corpus=folder_of(GARDEN), data=data)) as service:
        updater = service.index_updater
        build = asyncio.create_task(updater.build_first())
        steps = set()
        while not build.done():
            steps.add(updater.state.progress and updater.state.progress.step)
            await asyncio.sleep(0.001)
        assert await build
        assert updater.state.progress is None
    assert {None, "Encoding", "Storing"} <= steps


def test_index_state_shows_the_progress_of_the_first_build(data: Path, folder_of: Writer) -> None:
    with opened(Settings(corpus=folder_of(GARDEN), data=data)) as service:
        client = client_of(service)
        assert client.get("/v1/index").status_code == 503
        state = service.index_updater.state
        state.building, state.progress = True, Progress("Encoding", 3, 10)
        index = client.get("/v1/index").json()
        assert (index["generation"], index["documents"], index["building"]) == ("", 0, True)
        assert index["progress"] == {"step": "Encoding", "done": 3, "total": 10}
        assert "is being built" in client.get("/readyz").json()["detail"]
