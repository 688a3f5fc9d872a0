"""The manifest, the sample channels file and the instructions agree with the code."""

from pathlib import Path

import pytest
import yaml
from serving import ROOT
from slack_stand_in.options import EVENTS

from api.slack.channels import Channels, Policy, load_channels
from api.slack.web_api import SCOPES

APP = ROOT / "api" / "slack" / "app"
MANIFEST = (APP / "manifest.yaml").read_text("utf-8")
INSTRUCTIONS = (APP / "README.md").read_text("utf-8")


def test_manifest_requests_the_scopes_that_are_used() -> None:
    assert yaml.safe_load(MANIFEST)["oauth_config"] == {"scopes": {"bot": list(SCOPES)}}
    for scope, purpose in SCOPES.items():
        assert f"- {scope} # {purpose}" in MANIFEST
        assert f"`{scope}`" in INSTRUCTIONS


def test_manifest_subscribes_to_the_events_that_are_handled() -> None:
    events = set(yaml.safe_load(MANIFEST)["settings"]["event_subscriptions"]["bot_events"])
    assert {"app_mention", "app_home_opened", "message.im"} <= events <= set(EVENTS)


def test_manifest_has_three_lines_with_the_route() -> None:
    lines = [line for line in MANIFEST.splitlines() if "url: https://" in line]
    assert len(lines) == 3
    assert all(line.endswith("https://faq.example/slack/events") for line in lines)


def test_sample_channels_file_holds_every_default(tmp_path: Path) -> None:
    sample = APP / "channels.toml"
    assert load_channels(sample, tmp_path) == Channels()
    for name in Policy.model_fields:
        assert f"\n{name} = " in sample.read_text("utf-8")


@pytest.mark.parametrize("picture", ["thread.png", "refusal.png", "home.png"])
def test_instructions_show_every_picture(picture: str) -> None:
    assert f"({picture})" in INSTRUCTIONS
    assert (APP / picture).stat().st_size > 10_000
