"""What the service counts, in the form that Prometheus reads. The one door to prometheus_client."""

from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from assistant.answer import Answer

MEDIA_TYPE = CONTENT_TYPE_LATEST
_SECONDS = (0.005, 0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24)


class Metrics:
    """Counters and clocks of one service. Safe to share between threads."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._questions = Counter(
            "assistant_questions", "Questions answered or refused", ["status"],
            registry=self._registry,
        )  # fmt: skip
        self._steps = Histogram(
            "assistant_step_seconds", "Time of each step towards an answer", ["step"],
            buckets=_SECONDS, registry=self._registry,
        )  # fmt: skip
        self._requests = Histogram(
            "assistant_request_seconds", "Time of requests", ["method", "route", "status"],
            buckets=_SECONDS, registry=self._registry,
        )  # fmt: skip
        self._feedback = Counter(
            "assistant_feedback", "Verdicts on answers", ["verdict"], registry=self._registry
        )
        self._slack = Counter(
            "assistant_slack_items", "What came from Slack, by what became of it", ["outcome"],
            registry=self._registry,
        )  # fmt: skip
        self._builds = Counter(
            "assistant_builds", "Builds of the index", ["outcome"], registry=self._registry
        )
        self._build_seconds = Histogram(
            "assistant_build_seconds", "Time of builds", registry=self._registry,
            buckets=(1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048),
        )  # fmt: skip

    def count_answer(self, answer: Answer) -> None:
        """Counts an answer and the time of its steps."""
        self._questions.labels(answer.status).inc()
        for step, milliseconds in answer.timings_ms.items():
            self._steps.labels(step).observe(milliseconds / 1000)

    def count_request(self, method: str, route: str, status: int, seconds: float) -> None:
        """Counts a request. `route` is the pattern, not the address: those would be endless."""
        self._requests.labels(method, route, str(status)).observe(seconds)

    def count_feedback(self, verdict: str) -> None:
        """Counts a verdict, up or down."""
        self._feedback.labels(verdict).inc()

    def count_slack_item(self, outcome: str) -> None:
        """Counts an item from Slack: "done", "put off" or "given up"."""
        self._slack.labels(outcome).inc()

    def count_build(self, outcome: str, seconds: float) -> None:
        """Counts a build: "done" or "failed"."""
        self._builds.labels(outcome).inc()
        self._build_seconds.observe(seconds)

    def add_gauge(self, name: str, what: str, value: Callable[[], float]) -> None:
        """Adds a gauge whose value is asked for whenever the metrics are read."""
        Gauge(name, what, registry=self._registry).set_function(value)

    def render(self) -> bytes:
        """All of it, as Prometheus reads it."""
        return generate_latest(self._registry)
