"""One served garden for all tests of a module that only read it."""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from conftest import NOBODY, is_root
from fastapi.testclient import TestClient
from serving import client_of, listening, opened

from api.assembly.service import Service
from api.cli.main import main
from api.settings import Settings

Run = Callable[..., int]


@pytest.fixture(scope="module")
def shared_settings(garden_index: Path, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Settings of a copy of the garden, indexed."""
    folder = tmp_path_factory.mktemp("shared")
    shutil.copytree(garden_index.parent, folder, symlinks=True, dirs_exist_ok=True)
    return Settings(corpus=folder / "documents", data=folder / "data")


@pytest.fixture(scope="module")
def shared_service(shared_settings: Settings) -> Iterator[Service]:
    """A service that a whole module shares. Its documents and keys must not be changed."""
    with opened(shared_settings) as service:
        yield service


@pytest.fixture(scope="module")
def shared_client(shared_service: Service) -> TestClient:
    """A client of the shared service."""
    return client_of(shared_service)


@pytest.fixture(scope="module")
def shared_address(shared_service: Service) -> Iterator[str]:
    """The URL of the shared service over real HTTP."""
    with listening(shared_service) as (host, port):
        yield f"http://{host}:{port}/"


@pytest.fixture
def run(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs a command over the indexed garden, in this process, and returns its exit code."""
    monkeypatch.chdir(tmp_path)
    folders = ["--corpus", str(settings.corpus), "--data", str(settings.data_folder)]
    return lambda *arguments: main([*arguments, *folders])


@pytest.fixture
def of_nobody(settings: Settings, encoder_data: Path) -> Settings:
    """Documents and data of a user who is bound by permissions, with a copy of the encoder."""
    encoders = settings.data_folder / "index" / "encoders"
    encoders.unlink()
    shutil.copytree(encoder_data / "index" / "encoders", encoders)
    for folder in (settings.corpus, settings.data_folder):
        for path in (folder, *folder.rglob("*")):
            if is_root():
                os.chown(path, NOBODY, NOBODY)
            path.chmod(path.stat().st_mode | 0o600)
    return settings
