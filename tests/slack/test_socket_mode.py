"""`assistant slack` over Socket Mode, and Slack in `doctor` and `serve`."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from serving import BEANS, ROOT
from slack_stand_in.client import Slack

from api.cli.main import main
from api.settings import Settings

Run = Callable[..., tuple[int, str]]


@pytest.fixture
def environment(slack: Slack) -> dict[str, str]:
    """The variables of a service for the stand-in, over HTTP and Socket Mode."""
    return {**slack.environment, "SLACK_APP_TOKEN": slack.app_token}


@pytest.fixture
def run(
    environment: dict[str, str],
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Run:
    """Runs a command with changed variables; returns its exit code and output."""

    def run(command: str, **changes: str) -> tuple[int, str]:
        for name, value in {**environment, **changes}.items():
            monkeypatch.setenv(name, value)
        code = main([command, f"--corpus={settings.corpus}", f"--data={settings.data_folder}"])
        return code, "".join(capsys.readouterr())

    return run


def test_it_answers_reconnects_and_stops(
    slack: Slack, environment: dict[str, str], settings: Settings
) -> None:
    folders = [f"--corpus={settings.corpus}", f"--data={settings.data_folder}"]
    process = subprocess.Popen(
        [sys.executable, "-m", "api.cli", "slack", *folders],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment, "SLACK_SIGNING_SECRET": ""},
    )
    try:
        slack.wait_for(lambda: slack.sockets == 1, 60)
        ts = slack.mention(BEANS)
        [reply] = slack.wait_for(lambda: slack.thread(ts))
        assert reply["text"] == "Beans are sown in the second week of May. [1]"
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
        ("serve", {"SLACK_SIGNING_SECRET": "", "SLACK_APP_TOKEN": ""}, ["SLACK_SIGNING_SECRET"]),
    ],
)
def test_missing_or_invalid_token_is_named(
    run: Run, command: str, changes: dict[str, str], expected: list[str]
) -> None:
    code, output = run(command, **changes)
    assert code == 2
    assert all(text in output for text in expected)
    assert "xapp-forged" not in output


def test_doctor_checks_slack(slack: Slack, run: Run) -> None:
    code, output = run("doctor")
    assert code == 0
    assert "Garden club" in output and "/slack/events" in output
    slack.fault("auth.test", "error", error="token_expired")
    code, output = run("doctor")
    assert code == 1
    assert "token_expired" in output and "install the app again" in output


def test_doctor_names_missing_scopes(slack: Slack, run: Run) -> None:
    scopes = tuple(scope for scope in slack.options.scopes if scope != "im:history")
    slack.options.scopes = scopes
    code, output = run("doctor")
    assert code == 1
    assert "im:history (receive direct messages)" in output


def test_doctor_says_if_slack_cannot_be_reached(run: Run) -> None:
    code, output = run("doctor", ASSISTANT_SLACK_API_URL="http://127.0.0.1:9/api/")
    assert code == 1
    assert "Slack cannot be reached" in output


@pytest.mark.parametrize(("command", "expected"), [("doctor", 1), ("serve", 2)])
def test_mistake_in_the_channels_file_is_named(
    run: Run, tmp_path: Path, command: str, expected: int
) -> None:
    file = tmp_path / "channels.toml"
    file.write_text("[default]\nanser = 'mentioned'\n")
    code, output = run(command, ASSISTANT_SLACK_CHANNELS=str(file))
    assert code == expected
    assert "anser" in output and "channels.toml" in output
