"""What several test files need: the real encoder, exported once, and small corpora."""

import logging
import os
import secrets
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path

import pytest
from builders import link_encoders, write_documents
from fastapi.testclient import TestClient
from filelock import FileLock
from hypothesis import is_hypothesis_test
from hypothesis import settings as hypothesis_settings
from serving import GARDEN, client_of, opened

from api.assembly.assistant import build_index
from api.assembly.service import Service
from api.service import logs
from api.settings import Settings
from api.store.database import Database
from index.encoders import export_encoder, load_encoder
from index.onnx_encoder import OnnxEncoder

ROOT = Path(__file__).resolve().parent.parent
NOBODY = 65534

pytest_plugins = ("browser", "formats")

# No deadline: a test must not fail because the machine is busy. The same examples in every run: a
# new failure comes from a change of the code.
for _name, _examples in (("test", 25), ("soak", 500)):
    hypothesis_settings.register_profile(
        _name, deadline=None, database=None, max_examples=_examples, derandomize=True
    )

AsNobody = Callable[[], AbstractContextManager[None]]
Scale = Callable[..., int]
Writer = Callable[[Mapping[str, str]], Path]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--soak", action="store_true", help="run with the counts of an endurance test (make soak)"
    )


def pytest_configure(config: pytest.Config) -> None:
    # LangChain's test suites use a marker of a plugin that is disabled here.
    config.addinivalue_line("markers", "benchmark: used by langchain-tests")
    hypothesis_settings.load_profile("soak" if config.getoption("soak") else "test")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Property tests run in `make soak` too, with more examples."""
    for item in items:
        if is_hypothesis_test(getattr(item, "obj", None)):
            item.add_marker(pytest.mark.soak)


@pytest.fixture(scope="session")
def scale(request: pytest.FixtureRequest) -> Scale:
    """Chooses a count: `scale(6, soak=50)` is 6 in `make test` and 50 in `make soak`."""
    is_soak = request.config.getoption("soak")
    return lambda count, *, soak: soak if is_soak else count


@pytest.fixture(autouse=True)
def own_log() -> Iterator[None]:
    """A log that a command set up in this process is gone with its test, as its stream is."""
    yield
    root = logging.getLogger()
    for handler in root.handlers[:]:
        if type(handler.formatter).__module__ == logs.__name__:
            root.removeHandler(handler)


@pytest.fixture(scope="session")
def encoder_data() -> Path:
    """A data folder that holds the exported default encoder; kept between runs, git-ignored."""
    data = ROOT / ".assistant"
    data.mkdir(exist_ok=True)
    with FileLock(data / "export.lock"):  # two test processes may start at once
        export_encoder(data)
    return data


@pytest.fixture(scope="session")
def encoder(encoder_data: Path) -> OnnxEncoder:
    """The default encoder, as serving and asking use it."""
    return load_encoder(encoder_data)


@pytest.fixture
def data(tmp_path: Path, encoder_data: Path) -> Path:
    """An empty data folder with the exported encoder."""
    folder = tmp_path / "data"
    folder.mkdir()
    link_encoders(folder, encoder_data)
    return folder


@pytest.fixture
def folder_of(tmp_path: Path) -> Writer:
    """Makes a folder hold exactly the given files: name to content, written as UTF-8 bytes."""

    def write(files: Mapping[str, str]) -> Path:
        return write_documents(tmp_path / "documents", files)

    return write


@pytest.fixture(scope="session")
def garden_index(tmp_path_factory: pytest.TempPathFactory, encoder_data: Path) -> Path:
    """A data folder with the index of the garden, built once. Tests get a copy: see `settings`."""
    folder = tmp_path_factory.mktemp("garden")
    documents, data = write_documents(folder / "documents", GARDEN), folder / "data"
    data.mkdir()
    link_encoders(data, encoder_data)
    build_index(Settings(corpus=documents, data=data))
    return data


@pytest.fixture
def settings(garden_index: Path, folder_of: Writer, data: Path) -> Settings:
    """Settings of a copy of the garden, indexed."""
    ignore = shutil.ignore_patterns("encoders")
    shutil.copytree(garden_index, data, ignore=ignore, dirs_exist_ok=True)
    return Settings(corpus=folder_of(GARDEN), data=data)


@pytest.fixture
def service(settings: Settings) -> Iterator[Service]:
    """A service with these settings."""
    with opened(settings) as service:
        yield service


@pytest.fixture
def client(service: Service) -> TestClient:
    """A client of this service."""
    return client_of(service)


class Clock:
    """A clock that is set by hand."""

    def __init__(self, now: float = 1_000_000.0) -> None:
        self.now = now

    def __call__(self, _: object = None) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def python_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Replaces the Python interpreter of child processes by a shell script."""

    def replace(script: str) -> None:
        path = tmp_path / "python"
        path.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
        path.chmod(0o755)
        monkeypatch.setattr(sys, "executable", str(path))

    return replace


@pytest.fixture
def bound_by_permissions(tmp_path: Path) -> AsNobody:
    """A context in which permissions count, for root too: it acts as nobody there."""

    @contextmanager
    def as_nobody() -> Iterator[None]:
        if not is_root():
            yield
            return
        for path in (tmp_path, *tmp_path.parents):
            if path.owner() == "root":  # stays open: another test process may be nobody, too
                path.chmod(path.stat().st_mode & 0o7777 | 0o011)
        os.setresuid(NOBODY, NOBODY, 0)
        try:
            yield
        finally:
            os.setresuid(0, 0, 0)

    return as_nobody


class PostgreSQL:
    """A server that is reached only through a socket in its folder."""

    def __init__(self, programs: Path, folder: Path) -> None:
        self.folder = folder
        self._programs = programs
        # It refuses to run as root.
        self._user = {"user": NOBODY, "group": NOBODY, "extra_groups": []} if is_root() else {}
        password = folder / "password"
        password.write_text("sesame")
        if is_root():
            for path in (folder, password):
                os.chown(path, NOBODY, NOBODY)
        options = ["--username=postgres", "--auth=scram-sha-256", f"--pwfile={password}"]
        self._call("initdb", *options, "--encoding=UTF8", "--no-locale", "--no-sync")

    def url(self, name: str, user: str = "postgres", password: str = "sesame") -> str:
        return f"postgresql://{user}:{password}@/{name}?host={self.folder}"

    def start(self) -> None:
        """Returns when the server accepts connections."""
        options = f"-F -k {self.folder} -c listen_addresses="
        self._call("pg_ctl", "start", f"--log={self.folder / 'log'}", f"--options={options}")

    def stop(self) -> None:
        """Ends all connections and the server."""
        self._call("pg_ctl", "stop", "--mode=fast")

    def create(self, *options: str) -> str:
        """Returns the name of a new database."""
        name = f"test_{secrets.token_hex(6)}"
        self._call("createdb", f"--maintenance-db={self.url('postgres')}", *options, name)
        return name

    def drop(self, name: str) -> None:
        self._call("dropdb", "--force", f"--maintenance-db={self.url('postgres')}", name)

    def _call(self, program: str, *arguments: str) -> None:
        command = [self._programs / program, *arguments]
        environment = {**os.environ, "PGDATA": str(self.folder / "data")}
        done = subprocess.run(
            command, capture_output=True, text=True, check=False, env=environment, **self._user
        )
        assert done.returncode == 0, f"{program}: {done.stdout}{done.stderr}"


def is_root() -> bool:
    return os.getuid() == 0


@pytest.fixture(scope="session")
def postgresql() -> Iterator[PostgreSQL]:
    """A running PostgreSQL. Debian does not put its programs on the path."""
    versions = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"))
    if not versions:
        pytest.skip("PostgreSQL is not installed: apt-get install postgresql")
    # Not below pytest's folder, which nobody else may enter; and a socket's path must be short.
    with tempfile.TemporaryDirectory(prefix="pg-") as folder:
        server = PostgreSQL(versions[-1].parent, Path(folder))
        server.start()
        yield server
        server.stop()


@pytest.fixture
def postgresql_url(postgresql: PostgreSQL) -> Iterator[str]:
    """The address of a new database of PostgreSQL."""
    name = postgresql.create()
    yield postgresql.url(name)
    postgresql.drop(name)


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """The address of a file that is not there yet."""
    return f"sqlite:///{tmp_path / 'records.sqlite'}"


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """The address of a new database, in each of the two."""
    return request.getfixturevalue(f"{request.param}_url")


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """A new database, in each of the two."""
    with closing(Database.open(database_url)) as database:
        yield database


@pytest.fixture
def sqlite_database(sqlite_url: str) -> Iterator[Database]:
    """A new database in a file."""
    with closing(Database.open(sqlite_url)) as database:
        yield database


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 2 MB, which root can have."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = shutil.which("mount")
    command = [mount or "mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(disk)]
    if mount is None or subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("no disk can be mounted here: that takes root")
    yield disk
    subprocess.run(["umount", "--lazy", str(disk)], check=True)
