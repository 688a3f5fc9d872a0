"""The environment, and the folders that follow from it."""

import os
from pathlib import Path

import pytest

from api.errors import SettingsInvalid
from api.settings import DEFAULT_CORPUS, DEFAULT_DATA, load_settings
from index.layout import DEFAULT_ENCODER


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in [name for name in os.environ if name.startswith("ASSISTANT_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


def test_with_no_settings_there_is_one_for_everything() -> None:
    settings = load_settings()
    assert settings.corpus == DEFAULT_CORPUS
    assert settings.encoder == DEFAULT_ENCODER
    assert settings.data_folder == settings.encoders_folder == DEFAULT_DATA


def test_the_environment_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ASSISTANT_CORPUS", "handbook")
    monkeypatch.setenv("ASSISTANT_DATA", "store")
    settings = load_settings()
    assert settings.corpus == Path("handbook")
    assert settings.data_folder == settings.encoders_folder == Path("store")


def test_the_command_line_stands_above_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ASSISTANT_CORPUS", "handbook")
    assert load_settings(corpus=Path("rules")).corpus == Path("rules")


def test_an_unknown_setting_is_refused_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ASSISTANT_CORPSE", "handbook")
    with pytest.raises(SettingsInvalid, match=r"ASSISTANT_CORPSE.*known.*ASSISTANT_CORPUS"):
        load_settings()


def test_an_empty_encoder_is_refused_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ASSISTANT_ENCODER", "")
    with pytest.raises(SettingsInvalid, match="ASSISTANT_ENCODER"):
        load_settings()


def test_a_value_that_cannot_be_one_is_refused_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ASSISTANT_READER", "perhaps")
    with pytest.raises(SettingsInvalid, match="ASSISTANT_READER"):
        load_settings()


def test_two_corpora_have_two_data_folders_and_one_encoder() -> None:
    one, other = load_settings(corpus=Path("a/docs")), load_settings(corpus=Path("b/docs"))
    assert one.data_folder != other.data_folder
    assert one.data_folder.parent == other.data_folder.parent == DEFAULT_DATA
    assert one.encoders_folder == other.encoders_folder == DEFAULT_DATA


def test_the_default_corpus_named_in_another_way_is_still_the_default() -> None:
    assert load_settings(corpus=DEFAULT_CORPUS.resolve()).data_folder == DEFAULT_DATA
