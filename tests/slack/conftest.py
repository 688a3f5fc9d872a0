"""Fixtures of the tests that talk to the stand-in for Slack."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import pytest
from serving import listening
from slack_stand_in.client import Slack, run_stand_in

from api.assembly.service import Service, open_service
from api.settings import Settings
from api.slack import worker

Serve = Callable[..., AbstractContextManager[Service]]


@pytest.fixture
def slack() -> Iterator[Slack]:
    """A running stand-in."""
    with run_stand_in() as client:
        yield client


@pytest.fixture
def serve(slack: Slack, sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Serve:
    """Opens a service for the stand-in, in this process, with quick retries: `serve(channels,
    **settings)`."""
    monkeypatch.setattr(worker, "_BACKOFF", (0.05,))
    monkeypatch.setattr(worker, "_POLL_INTERVAL", 0.05)

    @contextmanager
    def serve(channels: str = "", **more: Any) -> Iterator[Service]:
        defaults = {
            "database": sqlite_url,
            "slack_channels": tmp_path / "channels.toml",
            "slack_api_url": slack.api_url,
            "SLACK_BOT_TOKEN": slack.bot_token,
            "SLACK_SIGNING_SECRET": slack.signing_secret,
        }
        (tmp_path / "channels.toml").write_text(channels)
        service = open_service(Settings(**{**defaults, **more}), page="http://faq.example/")
        try:
            with service.generations.borrow(), listening(service) as (host, port):
                slack.service = f"http://{host}:{port}"
                yield service
        finally:
            service.close()

    return serve
