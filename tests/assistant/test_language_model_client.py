"""A model costs an answer at most its timeout: retries, circuit breaker, limits of time and size."""

from collections.abc import Iterator

import pytest
from conftest import Clock

from assistant.language_model.client import GuardedModel, ModelBusy, ModelFailed, Prompt, Usage

PROMPT = Prompt("system", "{}")


class FakeModel:
    """Raises the given errors, one for each call, and then replies. `seconds` pass with a piece."""

    name = "fake:model"

    def __init__(self, clock: Clock, *errors: Exception, reply: str = "1.1 2.1") -> None:
        self.clock = clock
        self.errors = list(errors)
        self.reply = reply
        self.seconds = 0.0
        self.calls = 0
        self.is_closed = False

    def stream(self, prompt: Prompt, usage: Usage, timeout: float) -> Iterator[str]:
        self.calls += 1
        if self.errors:
            raise self.errors.pop(0)
        try:
            for character in self.reply:
                self.clock.now += self.seconds
                yield character
        finally:
            self.is_closed = True


@pytest.fixture
def model(clock: Clock) -> FakeModel:
    return FakeModel(clock)


@pytest.fixture
def guarded(model: FakeModel, clock: Clock) -> GuardedModel:
    def sleep(seconds: float) -> None:
        clock.now += seconds

    return GuardedModel(model, timeout=10, clock=clock, sleep=sleep)


def test_busy_model_is_asked_again(model: FakeModel, guarded: GuardedModel) -> None:
    model.errors = [ModelBusy("is busy"), ModelBusy("is busy")]
    assert guarded.reply(PROMPT, Usage()) == "1.1 2.1"
    assert model.calls == 3


def test_model_that_asks_to_wait_longer_than_the_timeout_is_not_waited_for(
    model: FakeModel, guarded: GuardedModel
) -> None:
    model.errors = [ModelBusy("is busy", retry_after=60)]
    with pytest.raises(ModelFailed, match="is busy"):
        guarded.reply(PROMPT, Usage())
    assert model.calls == 1


def test_refusal_is_not_retried(model: FakeModel, guarded: GuardedModel) -> None:
    model.errors = [ModelFailed("refused")]
    with pytest.raises(ModelFailed, match="refused"):
        guarded.reply(PROMPT, Usage())
    assert model.calls == 1


def test_reply_that_trickles_ends_at_the_timeout(model: FakeModel, guarded: GuardedModel) -> None:
    model.seconds = 3
    pieces = guarded.stream(PROMPT, Usage())
    assert [next(pieces), next(pieces), next(pieces)] == ["1", ".", "1"]
    with pytest.raises(ModelFailed, match="within 10 s"):
        next(pieces)
    assert model.is_closed


def test_endless_reply_is_cut(model: FakeModel, guarded: GuardedModel) -> None:
    model.reply = "x" * 100_000
    assert len(guarded.reply(PROMPT, Usage())) == 8_000


def test_closing_the_stream_cancels_the_request(model: FakeModel, guarded: GuardedModel) -> None:
    pieces = guarded.stream(PROMPT, Usage())
    next(pieces)
    pieces.close()
    assert model.is_closed


def test_model_that_fails_again_and_again_is_left_alone_for_a_while(
    model: FakeModel, guarded: GuardedModel, clock: Clock
) -> None:
    model.errors = [ModelFailed("refused")] * 4
    for _ in range(4):
        with pytest.raises(ModelFailed):
            guarded.reply(PROMPT, Usage())
    assert model.calls == 3
    clock.now += 31
    with pytest.raises(ModelFailed, match="refused"):
        guarded.reply(PROMPT, Usage())  # one call tries
    with pytest.raises(ModelFailed, match="several times"):
        guarded.reply(PROMPT, Usage())
    clock.now += 31
    assert guarded.reply(PROMPT, Usage()) == "1.1 2.1"
    assert guarded.reply(PROMPT, Usage()) == "1.1 2.1"
