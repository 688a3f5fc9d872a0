"""The protocol of a language model, and what protects an answer from it: a time limit, retries and
a circuit breaker."""

import logging
import random
import threading
import time
from collections.abc import Callable, Generator, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

_log = logging.getLogger(__name__)
# Attempts of one call, and seconds before the second; doubled each time, with jitter.
_MAX_ATTEMPTS, _BACKOFF = 3, 0.5
# Failed calls in a row that open the circuit, and seconds until one call may try again.
_MAX_FAILURES, _OPEN_SECONDS = 3, 30.0
# Characters of a reply. The prompts ask for less than a tenth.
_MAX_REPLY_CHARS = 8_000


@dataclass(frozen=True, slots=True)
class Prompt:
    """What a model is sent. `system` are the instructions, `user` the data as JSON. `schema` is the
    JSON schema of a reply that is JSON; None if the reply is a text."""

    system: str
    user: str
    schema: Mapping[str, Any] | None = None


@dataclass(slots=True)
class Usage:
    """Tokens of one call, 0 if the provider does not say."""

    input_tokens: int = 0
    output_tokens: int = 0

    def add(self, other: "Usage") -> None:
        """Adds the tokens of another call."""
        self.input_tokens += other.input_tokens
        self.output_tokens += other.output_tokens


class ModelFailed(Exception):
    """The model gave no usable reply. The message completes "the language model …"."""


class ModelBusy(ModelFailed):
    """A failure that may pass: a rate limit, an overloaded or restarting server, a lost connection.
    `retry_after` is the number of seconds that the provider asks to wait, 0 if it does not."""

    def __init__(self, message: str, retry_after: float = 0.0) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class LanguageModel(Protocol):
    """A model that continues a prompt."""

    @property
    def name(self) -> str:
        """Provider and model, "openai:gpt-5-mini"."""

    def stream(self, prompt: Prompt, usage: Usage, timeout: float) -> Iterator[str]:
        """Yields pieces of the reply as they arrive, and fills `usage` at the end. Closing the
        iterator cancels the request. Waits at most `timeout` seconds for each piece.

        Raises ModelBusy and ModelFailed.
        """


@dataclass
class GuardedModel:
    """A model with a time limit for a whole reply, retries before the first piece, and a circuit
    breaker. Thread-safe. `clock` is a monotonic clock in seconds."""

    model: LanguageModel
    timeout: float
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _failures: int = 0
    _closed_at: float = 0.0  # when the circuit closes again

    @property
    def name(self) -> str:
        """Provider and model."""
        return self.model.name

    def stream(self, prompt: Prompt, usage: Usage) -> Generator[str, None, None]:
        """Yields pieces of the reply, as LanguageModel does. Raises ModelFailed; pieces that were
        yielded before stay valid."""
        self._enter()
        end = self.clock() + self.timeout
        try:
            yield from self._attempts(prompt, usage, end)
        except ModelFailed as error:
            self._record(failed=True)
            _log.warning("The language model %s %s.", self.name, error)
            raise
        self._record(failed=False)

    def reply(self, prompt: Prompt, usage: Usage) -> str:
        """Returns the whole reply. Raises ModelFailed."""
        return "".join(self.stream(prompt, usage))

    def _attempts(self, prompt: Prompt, usage: Usage, end: float) -> Generator[str, None, None]:
        for attempt in range(1, _MAX_ATTEMPTS + 1):
            started = False
            try:
                for piece in self._bounded(prompt, usage, end):
                    started = True
                    yield piece
                return
            except ModelBusy as busy:
                wait = max(busy.retry_after, _BACKOFF * 2 ** (attempt - 1) * random.uniform(1, 1.5))
                if started or attempt == _MAX_ATTEMPTS or self.clock() + wait >= end:
                    raise
                self.sleep(wait)

    def _bounded(self, prompt: Prompt, usage: Usage, end: float) -> Generator[str, None, None]:
        """The pieces, until the time is over or the reply too long."""
        characters = 0
        pieces = self.model.stream(prompt, usage, max(end - self.clock(), 0.001))
        try:
            for piece in pieces:
                if self.clock() > end:
                    raise ModelFailed(f"did not finish within {self.timeout:g} s")
                yield piece[: _MAX_REPLY_CHARS - characters]
                characters += len(piece)
                if characters >= _MAX_REPLY_CHARS:
                    return
        finally:
            if isinstance(pieces, Generator):
                pieces.close()

    def _enter(self) -> None:
        """Raises ModelFailed while the circuit is open. One call may try when it closes."""
        with self._lock:
            if self._failures < _MAX_FAILURES:
                return
            if self.clock() < self._closed_at:
                raise ModelFailed("failed several times in a row and is not asked for a while")
            self._closed_at = self.clock() + _OPEN_SECONDS

    def _record(self, *, failed: bool) -> None:
        with self._lock:
            self._failures = self._failures + 1 if failed else 0
            if self._failures >= _MAX_FAILURES:
                self._closed_at = self.clock() + _OPEN_SECONDS
