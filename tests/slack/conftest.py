"""Fixtures of the tests that talk to the stand-in for Slack."""

from collections.abc import Iterator

import pytest
from slack_stand_in.client import Slack, run_stand_in


@pytest.fixture
def slack() -> Iterator[Slack]:
    """A running stand-in."""
    with run_stand_in() as client:
        yield client
