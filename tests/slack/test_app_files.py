"""The files in slack/ say what the code does."""

from pathlib import Path

import pytest
import yaml
from serving import ROOT
from slack_stand_in.options import EVENTS

from api.slack.channels import Channels, Policy, load_channels
from api.slack.web_api import SCOPES

FOLDER = ROOT / "api" / "slack" / "app"


@pytest.fixture(scope="module")
def manifest() -> dict[str, object]:
    read: dict[str, object] = yaml.safe_load((FOLDER / "manifest.yaml").read_text("utf-8"))
    return read


def test_the_manifest_asks_for_the_scopes_that_are_used(manifest: dict[str, object]) -> None:
    assert manifest["oauth_config"] == {"scopes": {"bot": list(SCOPES)}}
    text = (FOLDER / "manifest.yaml").read_text("utf-8")
    told = (FOLDER / "README.md").read_text("utf-8")
    for scope, why in SCOPES.items():
        assert f"- {scope} # {why}" in text
        assert f"`{scope}`" in told


def test_the_manifest_subscribes_to_what_is_listened_to(manifest: dict[str, object]) -> None:
    settings = manifest["settings"]
    assert isinstance(settings, dict)
    subscribed = settings["event_subscriptions"]["bot_events"]
    assert set(subscribed) <= set(EVENTS)
    assert {"app_mention", "app_home_opened", "message.im"} <= set(subscribed)


def test_every_address_in_the_manifest_is_the_routes(manifest: dict[str, object]) -> None:
    text = (FOLDER / "manifest.yaml").read_text("utf-8")
    lines = [line for line in text.splitlines() if "url: https://" in line]
    assert len(lines) == 3
    assert all(line.endswith("https://faq.example/slack/events") for line in lines)


def test_the_shipped_channels_are_the_defaults(tmp_path: Path) -> None:
    assert load_channels(FOLDER / "channels.toml", tmp_path) == Channels()
    text = (FOLDER / "channels.toml").read_text("utf-8")
    for name in Policy.model_fields:
        assert f"\n{name} = " in text


def test_the_pictures_are_there() -> None:
    told = (FOLDER / "README.md").read_text("utf-8")
    for picture in ("thread.png", "refusal.png", "home.png"):
        assert f"({picture})" in told
        assert (FOLDER / picture).stat().st_size > 10_000
