"""The metrics of the service, for Prometheus. The only module that uses prometheus_client."""

from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from assistant.answer import Answer

MEDIA_TYPE = CONTENT_TYPE_LATEST
_SECONDS = (0.005, 0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24)


class Metrics:
    """The counters and histograms of one service. Thread-safe."""

    def __init__(self, token_prices: tuple[float, float] = (0.0, 0.0)) -> None:
        """`token_prices` are those of a token that the language model reads, and writes."""
        self._token_prices = token_prices
        self._registry = CollectorRegistry()
        self._questions = Counter(
            "assistant_questions", "Questions answered or refused", ["status"],
            registry=self._registry,
        )  # fmt: skip
        self._steps = Histogram(
            "assistant_step_seconds", "Duration of each step of an answer", ["step"],
            buckets=_SECONDS, registry=self._registry,
        )  # fmt: skip
        self._model_answers = Counter(
            "assistant_model_answers", "Answers that a language model was asked for",
            ["outcome"], registry=self._registry,
        )  # fmt: skip
        self._tokens = Counter(
            "assistant_model_tokens", "Tokens of the language model", ["direction"],
            registry=self._registry,
        )  # fmt: skip
        self._cost = Counter(
            "assistant_model_cost", "Cost of these tokens by ASSISTANT_MODEL_PRICES",
            registry=self._registry,
        )  # fmt: skip
        self._requests = Histogram(
            "assistant_request_seconds", "Duration of requests", ["method", "route", "status"],
            buckets=_SECONDS, registry=self._registry,
        )  # fmt: skip
        self._feedback = Counter(
            "assistant_feedback", "Verdicts on answers", ["verdict"], registry=self._registry
        )
        self._slack = Counter(
            "assistant_slack_items", "Items from Slack", ["outcome"], registry=self._registry
        )
        self._builds = Counter(
            "assistant_builds", "Builds of the index", ["outcome"], registry=self._registry
        )
        self._build_seconds = Histogram(
            "assistant_build_seconds", "Duration of builds", registry=self._registry,
            buckets=(1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048),
        )  # fmt: skip

    def count_answer(self, answer: Answer) -> None:
        """Counts an answer and the duration of its steps."""
        self._questions.labels(answer.status).inc()
        for step, milliseconds in answer.timings_ms.items():
            self._steps.labels(step).observe(milliseconds / 1000)
        if answer.notice or any(answer.tokens) or answer.prompt:
            self._count_model(answer)

    def _count_model(self, answer: Answer) -> None:
        outcome = "failed" if answer.notice else "used" if answer.prompt else "not_used"
        self._model_answers.labels(outcome).inc()
        for direction, count in zip(("in", "out"), answer.tokens, strict=True):
            self._tokens.labels(direction).inc(count)
        self._cost.inc(self.cost(answer))

    def cost(self, answer: Answer) -> float:
        """What the tokens of an answer cost, in the currency of the prices."""
        return sum(n * price for n, price in zip(answer.tokens, self._token_prices, strict=True))

    def count_request(self, method: str, route: str, status: int, seconds: float) -> None:
        """Counts a request. `route` is the pattern: there is no end to the number of addresses."""
        self._requests.labels(method, route, str(status)).observe(seconds)

    def count_feedback(self, verdict: str) -> None:
        """Counts a verdict, "up" or "down"."""
        self._feedback.labels(verdict).inc()

    def count_slack_item(self, outcome: str) -> None:
        """Counts an item from Slack by its outcome."""
        self._slack.labels(outcome).inc()

    def count_build(self, outcome: str, seconds: float) -> None:
        """Counts a build, "done" or "failed"."""
        self._builds.labels(outcome).inc()
        self._build_seconds.observe(seconds)

    def add_gauge(self, name: str, description: str, value: Callable[[], float]) -> None:
        """Adds a gauge; `value` is called whenever the metrics are read."""
        Gauge(name, description, registry=self._registry).set_function(value)

    def render(self) -> bytes:
        """Returns all metrics in the format of Prometheus."""
        return generate_latest(self._registry)
