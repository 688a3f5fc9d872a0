"""The pool replaces a generation when another is published, and closes it after its last use."""

import threading
from collections.abc import Iterator
from contextlib import closing

import pytest
from conftest import Writer
from serving import BEANS, CHANGED

from api.assembly.assistant import build_index, open_assistant, open_generations
from api.service.generations import GenerationPool
from api.settings import Settings
from assistant.pipeline import Assistant
from index.generation import DataFolder


@pytest.fixture
def pool(settings: Settings) -> Iterator[GenerationPool]:
    with closing(open_generations(settings)) as pool:
        yield pool


def answer(pool: GenerationPool) -> str:
    with pool.borrow() as assistant:
        return assistant.ask(BEANS).text


def test_borrowed_generation_stays_open(
    pool: GenerationPool, settings: Settings, folder_of: Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed: list[str] = []
    with pool.borrow() as borrowed:
        kind, generation = type(borrowed.generation), borrowed.generation.id
        monkeypatch.setattr(kind, "close", lambda self: closed.append(self.id))
        for month in ("June", "July", "August"):  # more generations than are kept on the disk
            folder_of({**CHANGED, "garden.md": CHANGED["garden.md"].replace("June", month)})
            build_index(settings)
            assert month in answer(pool)
        assert "May" in borrowed.ask(BEANS).text
        assert generation not in closed
    assert generation in closed


def test_closing_waits_for_the_last_user(pool: GenerationPool) -> None:
    with pool.borrow() as assistant:
        pool.close()
        assert "May" in assistant.ask(BEANS).text


def test_others_use_the_old_generation_while_the_new_one_opens(
    settings: Settings, folder_of: Writer
) -> None:
    opening, go_on = threading.Event(), threading.Event()

    def open_slowly() -> Assistant:
        opening.set()
        assert go_on.wait(20)
        return open_assistant(settings)

    with closing(GenerationPool(DataFolder(settings.data_folder), open_slowly)) as pool:
        go_on.set()
        assert "May" in answer(pool)
        go_on.clear()
        opening.clear()
        folder_of(CHANGED)
        build_index(settings)
        refreshing = threading.Thread(target=pool.refresh)
        refreshing.start()
        assert opening.wait(20)
        assert "May" in answer(pool)
        go_on.set()
        refreshing.join()
        assert "June" in answer(pool)


def test_view_of_folders_is_made_once_per_generation(
    pool: GenerationPool, settings: Settings, folder_of: Writer
) -> None:
    with pool.borrow(["roses.txt"]) as one, pool.borrow(("roses.txt",)) as two:
        assert one is two
        assert [each.path for each in one.generation.manifest.documents] == ["roses.txt"]
    folder_of(CHANGED)
    build_index(settings)
    with pool.borrow(["roses.txt"]) as three:
        assert three is not one
        assert three.generation is not one.generation  # with the id of its documents
