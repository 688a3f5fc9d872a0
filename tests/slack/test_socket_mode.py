"""`assistant slack` over Socket Mode, and Slack in `doctor` and `serve`; each as a process."""

import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
from serving import BEANS, ROOT
from slack_stand_in.client import Slack

from api.settings import Settings

BEANS_ANSWER = "Beans are sown in the second week of May. [1]"


def socket_mode(slack: Slack, **more: str) -> dict[str, str]:
    tokens = {"SLACK_BOT_TOKEN": slack.bot_token, "SLACK_APP_TOKEN": slack.app_token}
    return {**tokens, "ASSISTANT_SLACK_API_URL": slack.api_url, **more}


def start(
    settings: Settings, environment: Mapping[str, str], command: str = "slack"
) -> "subprocess.Popen[str]":
    folders = ["--corpus", str(settings.corpus), "--data", str(settings.data_folder)]
    return subprocess.Popen(
        [sys.executable, "-m", "api.cli", command, *folders],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
    )


def run(
    settings: Settings, environment: Mapping[str, str], command: str = "slack"
) -> tuple[int, str]:
    """Exit code and output of a command."""
    with start(settings, environment, command) as process:
        try:
            output = "".join(process.communicate(timeout=60))
        finally:
            process.kill()
    assert "Traceback" not in output
    return process.returncode, output


def test_it_answers_reconnects_and_stops(slack: Slack, settings: Settings) -> None:
    process = start(settings, socket_mode(slack))
    try:
        slack.wait_for(lambda: slack.sockets == 1, 60)
        ts = slack.mention(BEANS)
        [reply] = slack.wait_for(lambda: slack.thread(ts))
        assert reply["text"] == BEANS_ANSWER
        slack.command(BEANS)
        slack.wait_for(slack.ephemerals)
        assert all(each["over"] == "socket" for one in slack.deliveries for each in one.attempts)
        slack.refresh_sockets()
        slack.wait_for(lambda: slack.sockets == 1)
        again = slack.mention(BEANS)
        slack.wait_for(lambda: slack.thread(again))
        process.send_signal(signal.SIGTERM)
        output, _ = process.communicate(timeout=30)
        assert process.returncode == 0
        assert "Ask in Slack" in output
    finally:
        process.kill()
        process.communicate()


@pytest.mark.parametrize(
    ("command", "changes", "expected"),
    [
        ("slack", {"SLACK_BOT_TOKEN": ""}, ["SLACK_BOT_TOKEN", "api/slack/app/README.md"]),
        ("slack", {"SLACK_APP_TOKEN": ""}, ["SLACK_APP_TOKEN"]),
        ("slack", {"SLACK_APP_TOKEN": "xapp-forged"}, ["cannot be opened", "invalid_auth"]),
        ("serve", {"SLACK_APP_TOKEN": ""}, ["SLACK_SIGNING_SECRET"]),
    ],
)
def test_missing_or_invalid_token_is_named(
    slack: Slack,
    settings: Settings,
    command: str,
    changes: dict[str, str],
    expected: list[str],
) -> None:
    code, output = run(settings, socket_mode(slack, **changes), command)
    assert code == 2
    assert all(text in output for text in expected)
    assert "xapp-forged" not in output


def test_doctor_checks_slack(slack: Slack, settings: Settings) -> None:
    code, output = run(settings, slack.environment, "doctor")
    assert code == 0
    assert "Garden club" in output and "/slack/events" in output
    slack.fault("auth.test", "error", error="token_expired")
    code, output = run(settings, slack.environment, "doctor")
    assert code == 1
    assert "token_expired" in output and "install the app again" in output


def test_doctor_names_missing_scopes(slack: Slack, settings: Settings) -> None:
    scopes = tuple(scope for scope in slack.options.scopes if scope != "im:history")
    slack.options.scopes = scopes
    code, output = run(settings, slack.environment, "doctor")
    assert code == 1
    assert "im:history (receive direct messages)" in output


def test_doctor_says_if_slack_cannot_be_reached(slack: Slack, settings: Settings) -> None:
    nowhere = {**slack.environment, "ASSISTANT_SLACK_API_URL": "http://127.0.0.1:9/api/"}
    code, output = run(settings, nowhere, "doctor")
    assert code == 1
    assert "Slack cannot be reached" in output


@pytest.mark.parametrize(("command", "expected"), [("doctor", 1), ("serve", 2)])
def test_mistake_in_the_channels_file_is_named(
    slack: Slack, settings: Settings, tmp_path: Path, command: str, expected: int
) -> None:
    file = tmp_path / "channels.toml"
    file.write_text("[default]\nanser = 'mentioned'\n")
    environment = {**slack.environment, "ASSISTANT_SLACK_CHANNELS": str(file)}
    code, output = run(settings, environment, command)
    assert code == expected
    assert "anser" in output and "channels.toml" in output
