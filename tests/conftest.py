"""What several test files need: the real encoder, exported once, and small corpora."""

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest
from hypothesis import settings

from index.encoder import OnnxEncoder
from index.encoders import export_encoder, load_encoder

ROOT = Path(__file__).resolve().parent.parent
NOBODY = 65534

# Two cores that others use too: no test may fail for being slow.
settings.register_profile("unhurried", deadline=None, database=None)
settings.load_profile("unhurried")

Writer = Callable[[Mapping[str, str]], Path]


def pytest_configure(config: pytest.Config) -> None:
    """LangChain's suites name a mark of a plugin that is switched off here."""
    config.addinivalue_line("markers", "benchmark: named by langchain-tests, not used here")


@pytest.fixture(scope="session")
def encoder_data() -> Path:
    """A data folder that holds the exported default encoder; kept between runs, git-ignored."""
    data = ROOT / ".assistant"
    export_encoder(data)
    return data


@pytest.fixture(scope="session")
def encoder(encoder_data: Path) -> OnnxEncoder:
    """The default encoder, as serving and asking use it."""
    return load_encoder(encoder_data)


@pytest.fixture
def data(tmp_path: Path, encoder_data: Path) -> Path:
    """A data folder of one's own, in which nothing is ready but the encoder."""
    folder = tmp_path / "data"
    folder.mkdir()
    (folder / "encoders").symlink_to(encoder_data / "encoders", target_is_directory=True)
    return folder


@pytest.fixture
def folder_of(tmp_path: Path) -> Writer:
    """Makes a folder hold exactly the given files: name to content, written as UTF-8 bytes."""

    def write(files: Mapping[str, str]) -> Path:
        folder = tmp_path / "documents"
        folder.mkdir(exist_ok=True)
        for path in folder.iterdir():
            path.unlink()
        for name, content in files.items():
            (folder / name).write_bytes(content.encode())
        return folder

    return write


@pytest.fixture
def bound_by_permissions(tmp_path: Path) -> Callable[[], AbstractContextManager[None]]:
    """A context in which permissions count, for root too: it acts as nobody there."""

    @contextmanager
    def as_nobody() -> Iterator[None]:
        if os.getuid() != 0:
            yield
            return
        opened = [path for path in (tmp_path, *tmp_path.parents) if path.owner() == "root"]
        modes = {path: path.stat().st_mode & 0o7777 for path in opened}
        for path, mode in modes.items():
            path.chmod(mode | 0o011)
        os.setresuid(NOBODY, NOBODY, 0)
        try:
            yield
        finally:
            os.setresuid(0, 0, 0)
            for path, mode in modes.items():
                path.chmod(mode)

    return as_nobody
