"""The settings, and the folders that follow from them."""

import os
from pathlib import Path

import pytest

from api.errors import SettingsInvalid
from api.settings import DEFAULT_CORPUS, DEFAULT_DATA, load_settings
from index.layout import DEFAULT_ENCODER


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in list(os.environ):
        if name.startswith("ASSISTANT_"):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


def test_every_setting_has_a_default() -> None:
    settings = load_settings()
    assert settings.corpus == DEFAULT_CORPUS
    assert settings.encoder == DEFAULT_ENCODER
    assert settings.data_folder == settings.encoders_folder == DEFAULT_DATA


def test_command_line_replaces_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ASSISTANT_CORPUS", "handbook")
    monkeypatch.setenv("ASSISTANT_DATA", "store")
    settings = load_settings()
    assert settings.corpus == Path("handbook")
    assert settings.data_folder == settings.encoders_folder == Path("store")
    assert load_settings(corpus=Path("rules")).corpus == Path("rules")


@pytest.mark.parametrize(
    ("gaps", "conversations", "days"),
    [("90", "0", 90), ("90", "30", 30), ("7", "30", 7), ("0", "30", 30), ("0", "0", 0)],
)
def test_gaps_are_kept_no_longer_than_conversations(
    monkeypatch: pytest.MonkeyPatch, gaps: str, conversations: str, days: int
) -> None:
    monkeypatch.setenv("ASSISTANT_GAP_RETENTION_DAYS", gaps)
    monkeypatch.setenv("ASSISTANT_RETENTION_DAYS", conversations)
    assert load_settings().gap_days == days


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("CORPSE", "handbook", "ASSISTANT_CORPSE: unknown setting; known are .*ASSISTANT_CORPUS"),
        ("ENCODER", "", "ASSISTANT_ENCODER"),
        ("READER", "perhaps", "ASSISTANT_READER"),
        ("TRUSTED_PROXIES", "*", "ASSISTANT_TRUSTED_PROXIES: .* IPv4 or IPv6 network"),
    ],
)
def test_invalid_setting_is_named(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, message: str
) -> None:
    monkeypatch.setenv(f"ASSISTANT_{name}", value)
    with pytest.raises(SettingsInvalid, match=message):
        load_settings()


def test_each_corpus_has_its_own_data_folder_but_not_its_own_encoder() -> None:
    one, other = load_settings(corpus=Path("a/docs")), load_settings(corpus=Path("b/docs"))
    assert one.data_folder != other.data_folder
    assert one.data_folder.parent == other.data_folder.parent == DEFAULT_DATA
    assert one.encoders_folder == other.encoders_folder == DEFAULT_DATA
    assert load_settings(corpus=DEFAULT_CORPUS.resolve()).data_folder == DEFAULT_DATA
