"""A fault of the machine stops only what depends on the broken part, names a remedy, and loses
nothing that was acknowledged; when it is over, the service goes on by itself."""

import asyncio
import logging
import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import replace
from pathlib import Path

import httpx2
import pytest
from builders import link_encoders, make_answer
from conftest import PostgreSQL, Writer
from damage import (
    file_of,
    fill_database,
    filled,
    halve,
    overwrite,
    replace_with_noise,
    text_file,
)
from serving import (
    BEANS,
    CHANGED,
    GARDEN,
    ROSES,
    ask,
    client_of,
    expect_problem,
    opened,
    served,
    wait_for,
)

import api.background
import api.service.generations
from api.assembly.assistant import build_index
from api.assembly.service import Service
from api.background import prepare_index
from api.cli.main import main
from api.doctor import State, run_check
from api.errors import DatabaseUnavailable, IdempotencyKeyInUse, NotFound
from api.settings import Settings
from api.store.database import Database
from api.store.records import LEASE, Records
from corpus.document import text_digest
from index.generation import DataFolder

AsNobody = Callable[[], AbstractContextManager[None]]
Json = dict[str, object]

YEAR = 365 * 24 * 3600.0


@pytest.fixture(autouse=True)
def restored_log() -> Iterator[None]:
    """Undoes what `assistant serve` changes in the log of this process."""
    root, own = logging.getLogger(), logging.getLogger("api")
    before = root.handlers, root.level, own.level
    yield
    root.handlers, root.level, own.level = before


def run(command: str, settings: Settings, *arguments: str) -> int:
    folders = ["--corpus", str(settings.corpus), "--data", str(settings.data_folder)]
    return main([command, *arguments, *folders])


def status_of(client: httpx2.Client) -> int:
    """Asks a question; returns 200, or 503 if the problem names a remedy."""
    response = client.post("/v1/chat", json={"message": BEANS})
    assert response.status_code in (200, 503), response.text
    assert response.status_code == 200 or ": " in response.json()["detail"]
    return response.status_code


def first_hit(client: httpx2.Client, query: str = "roses") -> str:
    response = client.get("/v1/search", params={"q": query, "k": 1}).raise_for_status()
    return str(response.json()["hits"][0]["text"])


def judge(client: httpx2.Client, answer: Json, verdict: str = "up") -> httpx2.Response:
    return client.post("/v1/feedback", json={"answer_id": answer["id"], "verdict": verdict})


def expect_stored(client: httpx2.Client, *answers: Json) -> None:
    """Every answer can be retrieved with its text and its quotes."""
    for answer in answers:
        stored = client.get(f"/v1/answers/{answer['id']}").raise_for_status().json()
        assert stored["text"] == answer["text"]
        quotes = [[each["quote"] for each in a["citations"]] for a in (stored, answer)]
        assert quotes[0] == quotes[1]


@pytest.fixture
def on_small_disk(small_disk: Path, settings: Settings, encoder_data: Path) -> Settings:
    """Documents and data on the small disk, not indexed yet."""
    documents = shutil.copytree(settings.corpus, small_disk / "documents")
    data = small_disk / "data"
    data.mkdir()
    link_encoders(data, encoder_data)
    return Settings(corpus=documents, data=data)


def test_service_on_a_full_disk_loses_nothing_and_goes_on_when_there_is_space(
    small_disk: Path, on_small_disk: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    with filled(small_disk):  # it does not start on a full disk, but later
        assert run("serve", on_small_disk, "--port", "0") == 2
    assert "records.sqlite" in capsys.readouterr().err
    with (
        served(on_small_disk) as (address, _),
        httpx2.Client(base_url=address, timeout=60) as client,
    ):
        answers = [ask(client, BEANS)]
        assert judge(client, answers[0]).status_code == 201
        with filled(small_disk):
            # What fits into pages that the file already has is stored.
            while (response := client.post("/v1/chat", json={"message": ROSES})).is_success:
                answers.append(response.json())
            expect_problem(response, 503, "disk")
            assert "records.sqlite" in response.json()["detail"]
            expect_problem(judge(client, answers[0], "down"), 503, "disk")
            put = client.put("/v1/documents/new.md", content="# Lawn\n\nIt is mown.\n" * 500)
            expect_problem(put, 503, "free space")
            assert client.delete("/v1/documents/roses.txt").status_code == 202
            wait_for(lambda: "space" in client.get("/v1/index").json()["failed"])
            assert "caretaker" in first_hit(client)
            expect_stored(client, *answers)
        expect_stored(client, *answers, ask(client, BEANS))
        assert client.put("/v1/documents/new.md", content="# Lawn\n\nIt is mown.\n").is_success
        wait_for(lambda: "mown" in first_hit(client, "Is the lawn mown?"))
        wait_for(lambda: client.get("/v1/index").json()["failed"] == "")
    database = Database.open(on_small_disk.database_url)
    assert database.find_damage() == ""
    feedback = Records(database).feedback("", str(answers[0]["id"]))
    assert feedback and feedback.verdict == "up"
    database.close()


def test_old_index_answers_until_there_is_space_for_a_copy_of_the_new_one(
    settings: Settings, folder_of: Writer, small_disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(api.service.generations, "_RETRY_INTERVAL", 0.2)
    with opened(settings) as service:
        client = client_of(service)
        assert "May" in str(ask(client, BEANS)["text"])
        folder_of(CHANGED)
        build_index(settings)
        with filled(small_disk), monkeypatch.context() as full:
            full.setattr("tempfile.tempdir", str(small_disk))
            assert "May" in str(ask(client, BEANS)["text"])
        wait_for(lambda: "June" in str(ask(client, BEANS)["text"]))


def test_service_without_temporary_space_is_not_ready_and_names_the_remedy(
    settings: Settings, small_disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with opened(settings) as service:
        client = client_of(service)
        with filled(small_disk), monkeypatch.context() as full:
            full.setattr("tempfile.tempdir", str(small_disk))
            expect_problem(client.get("/readyz"), 503, "free space")
            assert status_of(client) == 503
        assert status_of(client) == 200


@contextmanager
def read_only(*folders: Path) -> Iterator[None]:
    """Makes everything in the folders read-only."""
    below = [path for folder in folders for path in (folder, *folder.rglob("*"))]
    modes = {path: path.stat().st_mode & 0o7777 for path in below if not path.is_symlink()}
    for path, mode in modes.items():
        path.chmod(mode & 0o555)
    try:
        yield
    finally:
        for path, mode in modes.items():
            path.chmod(mode)


def test_read_only_data_folder_stops_serve_and_index_but_not_ask(
    of_nobody: Settings, bound_by_permissions: AsNobody, capsys: pytest.CaptureFixture[str]
) -> None:
    with bound_by_permissions(), read_only(of_nobody.data_folder):
        assert run("serve", of_nobody, "--port", "0") == 2
        assert "in a folder that this user can write to" in capsys.readouterr().err
        assert run("index", of_nobody) == 2
        assert "change its permissions, or name another folder" in capsys.readouterr().err
        assert run("ask", of_nobody, BEANS) == 0
        assert "second week of May" in capsys.readouterr().out


def test_encoder_that_cannot_be_read_is_named(
    of_nobody: Settings, bound_by_permissions: AsNobody, capsys: pytest.CaptureFixture[str]
) -> None:
    encoders = of_nobody.data_folder / "index" / "encoders"
    encoders.chmod(0)
    with bound_by_permissions():
        assert run("ask", of_nobody, BEANS) == 2
    encoders.chmod(0o755)
    assert "Permission denied" in capsys.readouterr().err


def test_folders_that_become_read_only_stop_only_writing(
    of_nobody: Settings, bound_by_permissions: AsNobody
) -> None:
    with bound_by_permissions(), opened(of_nobody) as service:
        client = client_of(service)
        first = ask(client, BEANS)
        with read_only(of_nobody.data_folder, of_nobody.corpus):
            status_of(client)
            put = client.put("/v1/documents/new.md", content="# New\n")
            expect_problem(put, 503, "change permissions")
            with service.generations.borrow() as assistant:
                assert assistant.ask(BEANS).text == first["text"]
        assert ask(client, BEANS)["text"] == first["text"]
        assert client.put("/v1/documents/new.md", content="# New\n").status_code == 202
        expect_stored(client, first)


@pytest.mark.parametrize("name", ["chroma.sqlite3", "current"])
def test_service_rebuilds_a_damaged_index_and_logs_why(
    settings: Settings, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    before = DataFolder(settings.data_folder).current().name
    path = settings.data_folder / "index" / name if name == "current" else file_of(settings, name)
    replace_with_noise(path) if name == "current" else overwrite(path)
    with opened(settings) as service:
        assert asyncio.run(prepare_index(service)) == 2
        assert "May" in str(ask(client_of(service), BEANS)["text"])
        assert service.index_updater.state.failed == ""
    assert DataFolder(settings.data_folder).current().name != before
    assert str(path) in caplog.text
    assert "Traceback" not in caplog.text


def test_ask_names_the_command_that_repairs_a_damaged_index(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    path = file_of(settings, "passages.sqlite")
    overwrite(path)
    assert run("ask", settings, BEANS) == 2
    assert f"{path} was changed on disk: run `assistant index" in capsys.readouterr().err
    assert run("index", settings) == 0
    assert run("ask", settings, BEANS) == 0


def test_damaged_vectors_are_not_reused_by_the_next_index(
    settings: Settings, folder_of: Writer
) -> None:
    overwrite(file_of(settings, "vectors.npy"))
    folder_of(CHANGED)
    _, built = build_index(settings)
    assert built.reused == 0


def test_open_index_answers_although_its_files_are_damaged(settings: Settings) -> None:
    with opened(settings) as service:
        first = ask(client_of(service), BEANS)
        files = list(DataFolder(settings.data_folder).current().rglob("*"))
        for damage in (overwrite, lambda path: os.truncate(path, 10), Path.unlink):
            for path in filter(Path.is_file, files):
                damage(path)
            client = client_of(service)  # has threads of its own, which open what they read
            assert ask(client, BEANS)["text"] == first["text"]
            assert "caretaker" in first_hit(client)
            assert client.get("/readyz").status_code == 200


def test_open_generation_that_was_removed_is_still_read_by_new_threads(
    settings: Settings, folder_of: Writer
) -> None:
    settings = settings.model_copy(update={"keep_generations": 1})
    with opened(settings) as service, service.generations.borrow() as assistant:
        for month in ("June", "July", "August"):  # more generations than are kept
            folder_of({**CHANGED, "garden.md": CHANGED["garden.md"].replace("June", month)})
            build_index(settings)
        assert not (
            settings.data_folder / "index" / "generations" / assistant.generation.id
        ).exists()
        answer = asyncio.run(asyncio.to_thread(assistant.ask, BEANS))
        assert "second week of May" in answer.text


def test_damaged_text_is_a_problem_and_restored_without_a_restart(settings: Settings) -> None:
    digest = text_digest(GARDEN["garden.md"])
    with opened(settings) as service:
        client = client_of(service)
        first = ask(client, BEANS)
        overwrite(text_file(settings, GARDEN["garden.md"]))
        for address in (f"/v1/answers/{first['id']}", f"/v1/documents/garden.md?sha256={digest}"):
            expect_problem(client.get(address), 503, "the operator of the service has to")
        response = client.post("/v1/chat", json={"message": BEANS})
        expect_problem(response, 503, "the operator of the service has to")
        assert ask(client, ROSES)["status"] == "answered"
        assert run("index", settings) == 0
        assert ask(client, BEANS)["text"] == first["text"]
        expect_stored(client, first)


@pytest.mark.parametrize("damage", [overwrite, halve, replace_with_noise])
def test_service_does_not_start_with_a_damaged_database_and_leaves_it_alone(
    settings: Settings, damage: Callable[[Path], None], capsys: pytest.CaptureFixture[str]
) -> None:
    file = fill_database(settings)
    damage(file)
    content = file.read_bytes()
    assert run("serve", settings, "--port", "0") == 2
    error = capsys.readouterr().err
    assert str(file) in error
    assert "backup" in error
    assert file.read_bytes() == content


def test_database_damaged_while_open_is_a_problem_and_search_goes_on(settings: Settings) -> None:
    file = fill_database(settings)
    with opened(settings) as service:
        first = ask(client_of(service), BEANS)
        with file.open("r+b") as content:
            content.seek(4096)
            content.write(os.urandom(file.stat().st_size - 4096))
        client = client_of(service)
        # Pages that were read before are cached, so that not every request fails.
        statuses = {status_of(client) for _ in range(20)}
        for number in range(0, 2000, 100):
            key = {"idempotency-key": f"{number:05}"}
            response = client.post("/v1/chat", json={"message": BEANS}, headers=key)
            statuses.add(response.status_code)
        for address in (f"/v1/answers/{first['id']}", "/readyz"):
            statuses.add(client.get(address).status_code)
        assert 503 in statuses <= {200, 503}
        with service.generations.borrow() as assistant:
            assert assistant.search(ROSES, 1)
    [finding] = run_check("database", settings)
    assert finding.state is State.FAILED
    assert str(file) in finding.message


def test_database_server_that_stops_is_a_problem_until_it_is_back(
    settings: Settings, postgresql: PostgreSQL, postgresql_url: str
) -> None:
    settings = settings.model_copy(update={"database": postgresql_url})
    with opened(settings) as service:
        client = client_of(service)
        first = ask(client, BEANS, conversation_id="talk")
        assert judge(client, first).status_code == 201
        postgresql.stop()
        try:
            remedy = "its server runs"
            for stream in (False, True):
                body = {"message": ROSES, "conversation_id": "talk", "stream": stream}
                expect_problem(client.post("/v1/chat", json=body), 503, remedy)
            expect_problem(judge(client, first, "down"), 503, remedy)
            for address in ("/v1/search?q=roses", f"/v1/answers/{first['id']}", "/readyz"):
                expect_problem(client.get(address), 503, remedy)
            assert client.get("/healthz").status_code == 200
            assert remaining(service) == set()  # the deletion by age survives it
        finally:
            postgresql.start()
        assert client.get("/readyz").status_code == 200
        expect_stored(client, first)
        ask(client, ROSES, conversation_id="talk")
        conversation = client.get("/v1/conversations/talk").json()
        assert [each["question"] for each in conversation["answers"]] == [BEANS, ROSES]
        feedback = service.records.feedback("", str(first["id"]))
        assert feedback and feedback.verdict == "up"


class WallClock:
    """The wall clock of this process; `ahead` are the seconds that it is put forward."""

    def __init__(self) -> None:
        self.ahead = 0.0
        self._time = time.time

    def __call__(self, _: object = None) -> float:
        return self._time() + self.ahead


@pytest.fixture
def wall_clock(monkeypatch: pytest.MonkeyPatch) -> WallClock:
    clock = WallClock()
    monkeypatch.setattr(time, "time", clock)
    return clock


def remaining(service: Service, *steps: Callable[[], object]) -> set[str]:
    """Runs the deletion of all that is older than 30 days during these steps; returns the
    conversations that are left."""

    async def expire() -> None:
        task = asyncio.create_task(api.background._expire_records(service, 30, 30))
        for step in (lambda: None, *steps):
            step()
            await asyncio.sleep(0.2)
        assert not task.done(), task
        task.cancel()

    asyncio.run(expire())
    left = set()
    for name in ("talk", "new", "old"):
        with suppress(NotFound, DatabaseUnavailable):
            left.add(service.records.conversation("", name).id)
    return left


def test_nothing_is_deleted_by_age_when_the_clock_jumps(
    settings: Settings, wall_clock: WallClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(api.background, "_EXPIRE_INTERVAL", 0.05)
    now = time.time()
    with opened(settings) as service:
        ask(client_of(service), BEANS, conversation_id="talk")

        def save(name: str, clock: Callable[[object], float]) -> None:
            answer = replace(make_answer(), id=name, conversation_id=name)
            Records(service.database, clock=clock).save_answer("", answer)

        def set_ahead(seconds: float) -> Callable[[], None]:
            return lambda: setattr(wall_clock, "ahead", seconds)

        assert remaining(service, set_ahead(-YEAR), set_ahead(0.0)) == {"talk"}
        ahead = [set_ahead(YEAR), lambda: save("new", wall_clock), set_ahead(0.0)]
        assert remaining(service, *ahead) == {"talk", "new"}
        save("old", lambda _: now - 31 * 86400)  # old by a clock that runs steadily
        assert remaining(service) == {"talk", "new"}


@pytest.mark.parametrize("jump", [YEAR, -YEAR])
def test_rates_and_claims_recover_when_the_clock_jumps(
    settings: Settings, wall_clock: WallClock, jump: float
) -> None:
    limited = settings.model_copy(update={"rate_limit": "6/hour"})
    with opened(limited) as service:
        service.records._clock = wall_clock
        client = client_of(service)
        first = ask(client, BEANS, conversation_id="talk")
        request, key = {"message": BEANS}, {"idempotency-key": "held"}
        assert service.records.claim("", "other", "f")
        client.post("/v1/chat", json=request, headers=key)
        while (response := client.get("/v1/index")).is_success:
            pass
        expect_problem(response, 429, "")
        for ahead in (jump, 0.0):
            wall_clock.ahead = ahead
            again = ask(client, "And the roses?", conversation_id="talk")
            assert again["citations"]
            assert client.post("/v1/chat", json=request, headers=key).status_code == 200
            with suppress(IdempotencyKeyInUse):  # for a whole lease, not for a year
                service.records.claim("", "other", "f")
            wall_clock.ahead += LEASE + 1
            assert service.records.claim("", "other", "f")  # its holder counts as dead
            expect_stored(client, first, again)
        stored = service.records.conversation("", "talk").answers
        assert [each.question for each in stored] == [BEANS, "And the roses?", "And the roses?"]
        assert client.get("/readyz").status_code == 200


def test_service_answers_after_the_clock_went_back_and_the_doctor_names_it(
    settings: Settings, wall_clock: WallClock
) -> None:
    with opened(settings) as service:
        service.records._clock = wall_clock
        client = client_of(service)
        ask(client, BEANS, conversation_id="talk")
        wall_clock.ahead = -YEAR
        ask(client, ROSES, conversation_id="talk")
        assert "assistant_generation_age_seconds -315" in client.get("/metrics").text
    assert [finding.state for finding in run_check("clock", settings)] == [State.FAILED] * 2
