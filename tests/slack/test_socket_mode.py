"""`assistant slack`, which receives over Socket Mode, and what `doctor` and the commands say of
Slack; each as a process of its own."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from serving import BEANS, ROOT
from slack_stand_in.client import Slack, run_stand_in

from api.settings import Settings

BEANS_ANSWER = "Beans are sown in the second week of May. [1]"


@pytest.fixture
def slack() -> Iterator[Slack]:
    with run_stand_in() as stand_in:
        yield stand_in


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


def finished(
    settings: Settings, environment: Mapping[str, str], command: str = "slack"
) -> tuple[int, str]:
    """Exit code and all that was said."""
    with start(settings, environment, command) as process:
        try:
            said = process.communicate(timeout=60)
        finally:
            process.kill()
    return process.returncode, "".join(said)


def test_it_answers_and_stops(slack: Slack, settings: Settings) -> None:
    process = start(settings, socket_mode(slack))
    try:
        slack.wait_for(lambda: slack.sockets == 1)
        ts = slack.mention(BEANS)
        [reply] = slack.wait_for(lambda: slack.thread(ts))
        assert reply["text"] == BEANS_ANSWER
        slack.command(BEANS)
        slack.wait_for(slack.ephemerals)
        assert all(each["over"] == "socket" for one in slack.deliveries for each in one.attempts)
        # Slack closes connections every few hours, and says so before it does.
        slack.refresh_sockets()
        slack.wait_for(lambda: slack.sockets == 1)
        again = slack.mention(BEANS)
        slack.wait_for(lambda: slack.thread(again))
        process.send_signal(signal.SIGTERM)
        out, _ = process.communicate(timeout=30)
        assert process.returncode == 0
        assert "Ask in Slack" in out
    finally:
        process.kill()
        process.communicate()


@pytest.mark.parametrize("missing", ["SLACK_BOT_TOKEN", "SLACK_APP_TOKEN"])
def test_without_its_tokens_it_says_which(slack: Slack, settings: Settings, missing: str) -> None:
    code, told = finished(settings, socket_mode(slack, **{missing: ""}))
    assert code == 2
    assert missing in told and "Traceback" not in told


def test_a_token_that_does_not_count_is_named(slack: Slack, settings: Settings) -> None:
    code, told = finished(settings, socket_mode(slack, SLACK_APP_TOKEN="xapp-forged"))
    assert code == 2
    assert "Socket Mode cannot be opened" in told and "invalid_auth" in told
    assert "xapp-forged" not in told and "Traceback" not in told


def test_a_bot_token_alone_is_no_use(slack: Slack, settings: Settings) -> None:
    environment = {**slack.environment, "SLACK_SIGNING_SECRET": ""}
    code, told = finished(settings, environment, "serve")
    assert code == 2
    assert "SLACK_SIGNING_SECRET" in told


class TestDoctor:
    def test_off(self, settings: Settings) -> None:
        code, told = finished(settings, {}, "doctor")
        assert code == 0
        assert "off: SLACK_BOT_TOKEN is not set" in told

    def test_well(self, slack: Slack, settings: Settings) -> None:
        code, told = finished(settings, slack.environment, "doctor")
        assert code == 0
        assert "answers in Garden club" in told and "/slack/events" in told

    def test_an_expired_token(self, slack: Slack, settings: Settings) -> None:
        slack.fault("auth.test", "error", error="token_expired")
        code, told = finished(settings, slack.environment, "doctor")
        assert code == 1
        assert "token_expired" in told and "install the app again" in told

    def test_a_missing_scope(self, slack: Slack, settings: Settings) -> None:
        slack.options.scopes = tuple(
            scope for scope in slack.options.scopes if scope != "im:history"
        )
        code, told = finished(settings, slack.environment, "doctor")
        assert code == 1
        assert "im:history (to be asked in direct messages)" in told

    def test_slack_cannot_be_reached(self, slack: Slack, settings: Settings) -> None:
        nowhere = {**slack.environment, "ASSISTANT_SLACK_API_URL": "http://127.0.0.1:9/api/"}
        code, told = finished(settings, nowhere, "doctor")
        assert code == 1
        assert "Slack cannot be reached" in told

    def test_a_wrong_file_about_channels(
        self, slack: Slack, settings: Settings, tmp_path: Path
    ) -> None:
        file = tmp_path / "channels.toml"
        file.write_text("[default]\nanser = 'mentioned'\n")
        named = {**slack.environment, "ASSISTANT_SLACK_CHANNELS": str(file)}
        for command in ("doctor", "serve"):
            code, told = finished(settings, named, command)
            assert code == (1 if command == "doctor" else 2)
            assert "anser" in told and "channels.toml" in told
