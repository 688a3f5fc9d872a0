"""The service that lends out the assistant: swaps, and files that stay open as long as used."""

import threading
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from serving import BEANS, CHANGED

from api.assembly.assistant import build_index, open_generations
from api.service.generations import GenerationPool
from api.settings import Settings

Writer = Callable[[Mapping[str, str]], Path]


def told(generations: GenerationPool) -> str:
    with generations.borrow() as assistant:
        return assistant.ask(BEANS).text


def test_a_generation_stays_open_for_whom_it_was_lent_to(
    settings: Settings, folder_of: Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    generations = open_generations(settings)
    closed = []
    with generations.borrow() as held:
        monkeypatch.setattr(held.generation, "close", lambda: closed.append(held))
        for month in ("June", "July", "August"):  # more swaps than generations that are kept
            folder_of({**CHANGED, "garden.md": CHANGED["garden.md"].replace("June", month)})
            build_index(settings)
            assert month in told(generations)
        assert "May" in held.ask(BEANS).text
        assert not closed
    assert closed
    generations.close()


def test_closing_waits_for_whoever_still_asks(settings: Settings) -> None:
    generations = open_generations(settings)
    with generations.borrow() as held:
        generations.close()
        assert "May" in held.ask(BEANS).text


def test_one_opens_what_is_published_and_the_others_are_answered_meanwhile(
    settings: Settings, folder_of: Writer
) -> None:
    opening, go_on = threading.Event(), threading.Event()
    generations = open_generations(settings)
    told(generations)
    open_published = generations._open_published

    def slowly() -> object:
        opening.set()
        assert go_on.wait(20)
        return open_published()

    generations._open_published = slowly  # type: ignore[assignment]
    folder_of(CHANGED)
    build_index(settings)
    refreshing = threading.Thread(target=generations.refresh)
    refreshing.start()
    assert opening.wait(20)
    assert "May" in told(generations)
    go_on.set()
    refreshing.join()
    assert "June" in told(generations)
    generations.close()


def test_a_view_of_some_folders_is_made_once_for_a_generation(
    settings: Settings, folder_of: Writer
) -> None:
    generations = open_generations(settings)
    with generations.borrow(["roses.txt"]) as one, generations.borrow(("roses.txt",)) as two:
        assert one is two
        assert [each.path for each in one.generation.manifest.documents] == ["roses.txt"]
    folder_of(CHANGED)
    build_index(settings)
    with generations.borrow(["roses.txt"]) as three:
        assert three is not one
        assert three.generation.id != one.generation.id
    generations.close()
