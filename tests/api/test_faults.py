"""A fault of the machine stops only what needs what is broken, says what mends, and loses nothing
that was acknowledged; when it is over the service goes on by itself."""

import asyncio
import logging
import os
import random
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import replace
from pathlib import Path

import httpx2
import pytest
from builders import link_encoders, make_answer
from conftest import NOBODY, PostgreSQL, is_root
from serving import BEANS, CHANGED, GARDEN, ROSES, ask, client_of, expect_problem, opened, served

import api.background
import api.service.generations
from api.assembly.assistant import build_index
from api.assembly.service import Service
from api.cli.main import main
from api.errors import DatabaseUnavailable, NotFound
from api.settings import Settings
from api.store.database import Database
from api.store.records import Records
from corpus.document import text_digest
from index.generation import (
    DataFolder,
)

Writer = Callable[[Mapping[str, str]], Path]
RIGHTS = Callable[[], AbstractContextManager[None]]
YEAR = 365 * 24 * 3600.0
# From a thousand passages on, Chroma keeps its graph in files that native code reads unchecked.
LARGE = {"tools.md": "# Tools\n" + "\n## Use\n\nIt digs holes.\n" * 1100}


@pytest.fixture(autouse=True)
def log_as_it_was() -> Iterator[None]:
    """`assistant serve` sends the log elsewhere, for good."""
    root, own = logging.getLogger(), logging.getLogger("api")
    before = root.handlers, root.level, own.level
    yield
    root.handlers, root.level, own.level = before


def run(command: str, settings: Settings, *arguments: str) -> int:
    """A command of the command line, in this process."""
    folders = ["--corpus", str(settings.corpus), "--data", str(settings.data_folder)]
    return main([command, *arguments, *folders])


def wait_for(condition: Callable[[], bool], what: str) -> None:
    until = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < until, what
        time.sleep(0.05)


def file_of(settings: Settings, name: str) -> Path:
    """A file of the published generation."""
    (path,) = DataFolder(settings.data_folder).current().rglob(name)
    return path


def with_noise(path: Path) -> None:
    """Random bytes in the middle, the length as it was; written over what is there."""
    size = path.stat().st_size
    with path.open("r+b") as file:
        file.seek(size // 3)
        file.write(random.Random(7).randbytes(max(1, size // 2)))


def status_of(client: httpx2.Client, message: str = BEANS) -> int:
    """The status of a question; what is no answer says what mends."""
    response = client.post("/v1/chat", json={"message": message})
    assert response.status_code in (200, 503), response.text
    assert response.status_code == 200 or ": " in response.json()["detail"]
    return response.status_code


def found(client: httpx2.Client, what: str = "roses") -> str:
    response = client.get("/v1/search", params={"q": what, "k": 1})
    assert response.status_code == 200, response.text
    text: str = response.json()["hits"][0]["text"]
    return text


# --- a full disk ---------------------------------------------------------------------------------


@contextmanager
def filled(disk: Path) -> Iterator[None]:
    """No byte more goes onto the disk."""
    filler = disk / "filler"
    with filler.open("wb", buffering=0) as file, suppress(OSError):
        while True:
            file.write(bytes(4096))
    try:
        yield
    finally:
        filler.unlink()


@pytest.fixture
def on_small_disk(small_disk: Path, encoder_data: Path) -> Settings:
    """Documents and data on the small disk."""
    documents, data = small_disk / "documents", small_disk / "data"
    documents.mkdir()
    data.mkdir()
    for name, content in GARDEN.items():
        (documents / name).write_text(content, encoding="utf-8")
    link_encoders(data, encoder_data)
    return Settings(corpus=documents, data=data)


def test_on_a_full_disk_nothing_is_lost_and_when_there_is_room_all_goes_on(
    small_disk: Path, on_small_disk: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    with (
        served(on_small_disk) as (address, _),
        httpx2.Client(base_url=address, timeout=60) as client,
    ):
        kept = [ask(client, BEANS)]
        judged = [judge(client, kept[0])]
        assert judged[0].status_code == 201
        with filled(small_disk):
            # What has room in pages that are there already is kept.
            while (response := client.post("/v1/chat", json={"message": ROSES})).is_success:
                kept.append(response.json())
            expect_problem(response, 503, "disk")
            assert "records.sqlite" in response.json()["detail"]
            expect_problem(judge(client, kept[0], "down"), 503, "disk")
            put = client.put("/v1/documents/new.md", content="# Lawn\n\nIt is mown.\n" * 500)
            expect_problem(put, 503, "free some space")
            assert client.delete("/v1/documents/roses.txt").status_code == 202
            wait_for(
                lambda: "free some space" in client.get("/v1/index").json()["failed"],
                "the build fails and says why",
            )
            assert run("index", on_small_disk) == 2
            assert "free some space" in capsys.readouterr().err
            assert "caretaker" in found(client)
            expect_kept(client, kept)
        expect_kept(client, kept)
        kept.append(ask(client, BEANS))
        assert judge(client, kept[0]).status_code == 201
        assert client.put("/v1/documents/new.md", content="# Lawn\n\nIt is mown.\n").is_success
        wait_for(
            lambda: (
                client.get("/v1/index").json()["documents"] == 2
                and client.get("/v1/index").json()["failed"] == ""
                and "mown" in found(client, "Is the lawn mown?")
            ),
            "the index goes on",
        )
        expect_kept(client, kept)
    database = Database.open(on_small_disk.database_url)
    assert database.find_damage() == ""
    feedback = Records(database).feedback("", str(kept[0]["id"]))
    assert feedback and feedback.verdict == "up"
    database.close()


def judge(
    client: httpx2.Client, answer: Mapping[str, object], verdict: str = "up"
) -> httpx2.Response:
    return client.post("/v1/feedback", json={"answer_id": answer["id"], "verdict": verdict})


def expect_kept(client: httpx2.Client, answers: list[dict[str, object]]) -> None:
    """Every answer that was acknowledged is told again, with its quotes."""
    for answer in answers:
        response = client.get(f"/v1/answers/{answer['id']}")
        assert response.status_code == 200, response.text
        again = response.json()
        assert again["text"] == answer["text"]
        assert [each["quote"] for each in again["citations"]] == [
            each["quote"] for each in answer["citations"]
        ]


def test_a_service_that_finds_the_disk_full_names_it_and_comes_up_when_there_is_room(
    small_disk: Path, on_small_disk: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    with filled(small_disk):
        assert run("serve", on_small_disk, "--port", "0") == 2
        error = capsys.readouterr().err
    assert "records.sqlite" in error
    assert "free space" in error or "is full" in error
    with served(on_small_disk) as (address, _), httpx2.Client(base_url=address) as client:
        assert "May" in str(ask(client, BEANS)["text"])


def test_without_room_for_the_copy_that_is_read_the_old_index_answers_until_there_is(
    settings: Settings, folder_of: Writer, small_disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(api.service.generations, "_AGAIN", 0.2)
    with opened(settings) as service:
        client = client_of(service)
        assert "May" in str(ask(client, BEANS)["text"])
        folder_of(CHANGED)
        build_index(settings)
        with filled(small_disk), monkeypatch.context() as full:
            full.setattr("tempfile.tempdir", str(small_disk))
            for _ in range(3):
                assert "May" in str(ask(client, BEANS)["text"])
        wait_for(lambda: "June" in str(ask(client, BEANS)["text"]), "the new index is opened")


def test_without_room_for_the_first_copy_the_remedy_is_told(
    settings: Settings, small_disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with opened(settings) as service:
        client = client_of(service)
        with filled(small_disk), monkeypatch.context() as full:
            full.setattr("tempfile.tempdir", str(small_disk))
            expect_problem(client.get("/readyz"), 503, "free some space there, or name another")
            assert status_of(client) == 503
        assert status_of(client) == 200


# --- what may not be written ---------------------------------------------------------------------


@contextmanager
def read_only(*folders: Path) -> Iterator[None]:
    """Nothing in the folders may be changed by those who are bound by permissions."""
    below = [path for folder in folders for path in (folder, *folder.rglob("*"))]
    modes = {path: path.stat().st_mode & 0o7777 for path in below if not path.is_symlink()}
    for path, mode in modes.items():
        path.chmod(mode & 0o555)
    try:
        yield
    finally:
        for path, mode in modes.items():
            path.chmod(mode)


@pytest.fixture
def of_nobody(settings: Settings, encoder_data: Path) -> Settings:
    """Documents and data that belong to who is bound by permissions, with an encoder of their
    own."""
    encoders = settings.data_folder / "index" / "encoders"
    encoders.unlink()
    shutil.copytree(encoder_data / "index" / "encoders", encoders)
    for folder in (settings.corpus, settings.data_folder):
        for path in (folder, *folder.rglob("*")):
            if is_root():
                os.chown(path, NOBODY, NOBODY)
            path.chmod(path.stat().st_mode | 0o600)
    return settings


def test_a_folder_that_may_not_be_written_is_told_at_the_start_and_asking_needs_no_writing(
    of_nobody: Settings, bound_by_permissions: RIGHTS, capsys: pytest.CaptureFixture[str]
) -> None:
    with bound_by_permissions(), read_only(of_nobody.data_folder):
        assert run("serve", of_nobody, "--port", "0") == 2
        assert "in a folder that this user may write to" in capsys.readouterr().err
        assert run("index", of_nobody) == 2
        assert "change its permissions, or name another folder" in capsys.readouterr().err
        assert run("ask", of_nobody, BEANS) == 0
        assert "second week of May" in capsys.readouterr().out


def test_folders_that_may_no_more_be_written_stop_nothing_but_writing(
    of_nobody: Settings, bound_by_permissions: RIGHTS
) -> None:
    with bound_by_permissions(), opened(of_nobody) as service:
        client = client_of(service)
        first = ask(client, BEANS)
        with read_only(of_nobody.data_folder, of_nobody.corpus):
            for _ in range(3):
                status_of(client)
            put = client.put("/v1/documents/new.md", content="# New\n")
            expect_problem(put, 503, "change its permissions")
            with service.generations.borrow() as assistant:
                assert assistant.ask(BEANS).text == first["text"]
        assert ask(client, BEANS)["text"] == first["text"]
        assert client.put("/v1/documents/new.md", content="# New\n").status_code == 202
        expect_kept(client, [first])


# --- a damaged index -----------------------------------------------------------------------------


def expect_mended(settings: Settings, question: str, told: str, logged: str) -> None:
    """The service comes up with an index that it has built anew, and says why."""
    (before,) = (settings.data_folder / "index" / "generations").iterdir()
    with served(settings, log=subprocess.PIPE) as (address, process):
        with httpx2.Client(base_url=address, timeout=60) as client:
            assert told in str(ask(client, question)["text"])
            state = client.get("/v1/index").json()
            assert state["generation"] != before.name
            assert state["failed"] == ""
        process.terminate()
        _, error = process.communicate(timeout=60)
    assert logged in error
    assert "Traceback" not in error


@pytest.mark.parametrize("name", ["passages.sqlite", "chroma.sqlite3", "vectors.npy", "current"])
def test_a_service_mends_an_index_that_was_changed_on_disk(settings: Settings, name: str) -> None:
    if name == "current":
        path = settings.data_folder / name
        path.write_bytes(random.Random(7).randbytes(30))
    else:
        path = file_of(settings, name)
        with_noise(path)
    expect_mended(settings, BEANS, "second week of May", str(path))


def test_a_service_mends_an_index_over_which_native_code_would_crash(
    folder_of: Writer, data: Path
) -> None:
    settings = Settings(corpus=folder_of(LARGE), data=data)
    build_index(settings)
    path = file_of(settings, "data_level0.bin")
    with_noise(path)
    expect_mended(settings, "What does it dig?", "It digs holes", str(path))


def test_asking_in_the_terminal_names_what_mends_an_index_that_was_changed_on_disk(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    path = file_of(settings, "passages.sqlite")
    with_noise(path)
    assert run("ask", settings, BEANS) == 2
    assert f"{path} was changed on disk: run `assistant index" in capsys.readouterr().err
    assert run("index", settings) == 0
    assert run("ask", settings, BEANS) == 0


def test_what_is_damaged_is_not_carried_over_into_the_next_index(
    settings: Settings, folder_of: Writer
) -> None:
    with_noise(file_of(settings, "vectors.npy"))
    folder_of(CHANGED)
    _, built = build_index(settings)
    assert built.reused == 0
    with opened(settings) as service:
        assert "June" in str(ask(client_of(service), BEANS)["text"])


def test_an_index_that_is_damaged_while_it_is_open_goes_on_answering(settings: Settings) -> None:
    with opened(settings) as service:
        first = ask(client_of(service), BEANS)
        folder = DataFolder(settings.data_folder).current()
        files = [path for path in folder.rglob("*") if path.is_file()]
        for damage in (with_noise, lambda path: os.truncate(path, 10), Path.unlink):
            for path in files:
                damage(path)
            # Every client has threads of its own, which open what they read.
            client = client_of(service)
            assert ask(client, BEANS)["text"] == first["text"]
            assert "caretaker" in found(client)
            assert client.get("/readyz").status_code == 200


def test_a_generation_that_was_removed_meanwhile_is_still_read_by_new_threads(
    settings: Settings, folder_of: Writer
) -> None:
    with opened(settings) as service, service.generations.borrow() as held:
        for month in ("June", "July", "August"):  # more than are kept
            folder_of({**CHANGED, "garden.md": CHANGED["garden.md"].replace("June", month)})
            build_index(settings)
        assert not (settings.data_folder / "index" / "generations" / held.generation.id).exists()
        told = asyncio.run(asyncio.to_thread(held.ask, BEANS))
        assert "second week of May" in told.text


def test_a_kept_text_that_is_damaged_is_told_and_mended_without_a_restart(
    settings: Settings,
) -> None:
    digest = text_digest(GARDEN["garden.md"])
    path = settings.data_folder / "texts" / digest[:2] / f"{digest}.txt"
    with opened(settings) as service:
        client = client_of(service)
        first = ask(client, BEANS)
        with_noise(path)
        for address in (f"/v1/answers/{first['id']}", f"/v1/documents/garden.md?sha256={digest}"):
            expect_problem(client.get(address), 503, "`assistant index` mends it")
        response = client.post("/v1/chat", json={"message": BEANS})
        expect_problem(response, 503, "`assistant index` mends it")
        assert ask(client, ROSES)["status"] == "answered"
        assert run("index", settings) == 0
        assert ask(client, BEANS)["text"] == first["text"]
        expect_kept(client, [first])


def test_where_no_process_can_be_started_the_build_fails_and_says_so(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    with opened(settings) as service:
        assert asyncio.run(service.index_updater.build_first()) is False
        assert "no process can be started" in service.index_updater.state.failed


# --- a damaged database --------------------------------------------------------------------------


def some_hundred_pages(settings: Settings) -> Path:
    """Fills the database and closes it; its file."""
    database = Database.open(settings.database_url)
    records = Records(database)
    for number in range(2000):
        records.claim("x" * 200, f"{number:05}", "y" * 64)
    database.close()
    return settings.data_folder / "records.sqlite"


def halved(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def of_noise(path: Path) -> None:
    path.write_bytes(random.Random(7).randbytes(20_000))


@pytest.mark.parametrize("damage", [with_noise, halved, of_noise])
def test_a_service_with_a_damaged_database_names_it_and_does_not_start(
    settings: Settings, damage: Callable[[Path], None], capsys: pytest.CaptureFixture[str]
) -> None:
    file = some_hundred_pages(settings)
    damage(file)
    content = file.read_bytes()
    assert run("serve", settings, "--port", "0") == 2
    error = capsys.readouterr().err
    assert str(file) in error
    assert "backup" in error
    assert file.read_bytes() == content
    file.rename(file.with_suffix(".damaged"))
    with served(settings) as (address, _), httpx2.Client(base_url=address) as client:
        assert "May" in str(ask(client, BEANS)["text"])


def test_a_database_that_is_damaged_while_it_is_open_is_told_and_searching_goes_on(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    file = some_hundred_pages(settings)
    with opened(settings) as service:
        first = ask(client_of(service), BEANS)
        size = file.stat().st_size
        with file.open("r+b") as content:
            content.seek(4096)
            content.write(random.Random(7).randbytes(size - 4096))
        # Pages that were read before are still known, so that not all fails.
        client = client_of(service)
        statuses = {status_of(client) for _ in range(20)}
        for number in range(0, 2000, 100):
            key = {"idempotency-key": f"{number:05}"}
            response = client.post("/v1/chat", json={"message": BEANS}, headers=key)
            assert response.status_code in (200, 503), response.text
            statuses.add(response.status_code)
        assert client.get(f"/v1/answers/{first['id']}").status_code in (200, 503)
        assert client.get("/readyz").status_code in (200, 503)
        assert 503 in statuses
        with service.generations.borrow() as assistant:
            assert assistant.search(ROSES, 1)
    capsys.readouterr()
    assert run("doctor", settings) == 1
    [told] = [line for line in capsys.readouterr().out.splitlines() if line.startswith("FAILED")]
    assert "database" in told
    assert str(file) in told
    assert "restore it from a backup, or move it away" in told


def test_a_database_that_goes_away_is_told_until_it_is_there_again(
    settings: Settings, postgresql: PostgreSQL, postgresql_url: str
) -> None:
    settings = settings.model_copy(update={"database": postgresql_url})
    with opened(settings) as service:
        client = client_of(service)
        first = ask(client, BEANS, conversation_id="talk")
        assert judge(client, first).status_code == 201
        postgresql.stop()
        try:
            told = "see whether its server runs"
            for stream in (False, True):
                body = {"message": ROSES, "conversation_id": "talk", "stream": stream}
                expect_problem(client.post("/v1/chat", json=body), 503, told)
            expect_problem(judge(client, first, "down"), 503, told)
            expect_problem(client.get("/v1/search", params={"q": "roses"}), 503, told)
            expect_problem(client.get(f"/v1/answers/{first['id']}"), 503, told)
            expect_problem(client.get("/readyz"), 503, told)
            assert client.get("/healthz").status_code == 200
            assert left(service) == set()  # and the deleting by age goes on
        finally:
            postgresql.start()
        assert client.get("/readyz").status_code == 200
        expect_kept(client, [first])
        ask(client, ROSES, conversation_id="talk")
        conversation = client.get("/v1/conversations/talk").json()
        assert [each["question"] for each in conversation["answers"]] == [BEANS, ROSES]
        feedback = service.records.feedback("", str(first["id"]))
        assert feedback and feedback.verdict == "up"


# --- a clock that jumps --------------------------------------------------------------------------


class Clock:
    """The wall clock of this process, which can be put forward and back."""

    def __init__(self) -> None:
        self.ahead = 0.0
        self._time = time.time

    def __call__(self) -> float:
        return self._time() + self.ahead


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(time, "time", clock)
    return clock


def left(service: Service, *steps: Callable[[], object]) -> set[str]:
    """The conversations that are there when, while these steps were done one by one, all older
    than 30 days was deleted."""

    async def run() -> None:
        task = asyncio.create_task(api.background._expire(service, 30))
        await asyncio.sleep(0.3)
        for step in steps:
            step()
            await asyncio.sleep(0.3)
        assert not task.done(), task
        task.cancel()

    asyncio.run(run())
    there = set()
    for name in ("talk", "new", "old"):
        with suppress(NotFound, DatabaseUnavailable):
            there.add(service.records.conversation("", name).id)
    return there


def test_nothing_is_deleted_by_age_when_the_clock_jumps(
    settings: Settings, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(api.background, "_HOUR", 0.05)
    now = time.time()
    with opened(settings) as service:
        ask(client_of(service), BEANS, conversation_id="talk")

        def keep(name: str, by: Callable[[], float]) -> None:
            copy = replace(make_answer(), id=name, conversation_id=name)
            Records(service.database, clock=by).save_answer("", copy)

        def put(ahead: float) -> None:
            clock.ahead = ahead

        assert left(service, lambda: put(-YEAR), lambda: put(0.0)) == {"talk"}
        ahead = [lambda: put(YEAR), lambda: keep("new", clock), lambda: put(0.0)]
        assert left(service, *ahead) == {"talk", "new"}
        # What is old by a clock that runs as it should is deleted.
        keep("old", lambda: now - 31 * 86400)
        assert left(service) == {"talk", "new"}


@pytest.mark.parametrize("jump", [YEAR, -YEAR])
def test_rates_and_claims_recover_and_answers_go_on_when_the_clock_jumps(
    settings: Settings, clock: Clock, jump: float
) -> None:
    limited = settings.model_copy(update={"rate_limit": "6/hour"})
    with opened(limited) as service:
        service.records._clock = clock  # as every use of the clock from here on
        client = client_of(service)
        first = ask(client, BEANS, conversation_id="talk")
        request = {"message": BEANS}
        key = {"idempotency-key": "held"}
        assert service.records.claim("", "other", "f")
        client.post("/v1/chat", json=request, headers=key)
        while (response := client.get("/v1/index")).is_success:
            pass
        expect_problem(response, 429, "wait")
        for ahead in (jump, 0.0):
            clock.ahead = ahead
            again = ask(client, "And the roses?", conversation_id="talk")
            assert again["citations"]
            assert client.post("/v1/chat", json=request, headers=key).status_code == 200
            assert service.records.claim("", "other", "f")  # whoever held it is taken for dead
            expect_kept(client, [first, again])
        kept = service.records.conversation("", "talk").answers
        assert [each.question for each in kept] == [BEANS, "And the roses?", "And the roses?"]
        assert client.get("/readyz").status_code == 200


def test_a_service_over_a_clock_that_went_back_answers_and_the_doctor_names_the_clock(
    settings: Settings, clock: Clock, capsys: pytest.CaptureFixture[str]
) -> None:
    with opened(settings) as service:
        service.records._clock = clock
        client = client_of(service)
        ask(client, BEANS, conversation_id="talk")
        clock.ahead = -YEAR
        ask(client, ROSES, conversation_id="talk")
        metrics = client.get("/metrics").text
        assert "assistant_generation_age_seconds -315" in metrics
    capsys.readouterr()
    assert run("doctor", settings) == 1
    failed = [line for line in capsys.readouterr().out.splitlines() if line.startswith("FAILED")]
    assert [line[8:13] for line in failed] == ["clock", "clock"]
