"""How fast, how large, and for how long: `make bench`. Prints figures; fails nothing.

Measured from outside, as people and their programs would: the command line as a process, the
service over HTTP from another process. Everything runs on a copy of the project's own documents in
a folder that is thrown away.
"""

import argparse
import http.client
import json
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

from builders import link_encoders
from slack_stand_in.client import Slack, run_stand_in

ROOT = Path(__file__).resolve().parents[2]
GOLD = ROOT / "corpus" / "gold" / "faq.jsonl"
COMMAND = [sys.executable, "-m", "api.cli"]
COLD_RUNS = 7
STARTS = 5
EVALUATED = 1000
WARM_UP = 40
CLIENTS = 16
SUSTAINED = 30.0  # seconds
SWAPS = 5
WINDOWS = 10  # of the long run; its first is left for memory to settle
SLACK_QUESTIONS = 300
SLACK_A_SECOND = 5
SLACK_DELIVERIES = 3  # of each event
SLACK_SIGNS = ("assistant.threads.setStatus", "chat.startStream", "chat.postMessage")
SLACK_ANSWERS = ("chat.stopStream", "chat.postMessage", "chat.update")


def main() -> None:
    """Measures both doors."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--questions", type=int, default=5000, help="in the long run; 100000 are an hour's worth"
    )
    arguments = parser.parse_args()
    questions = [json.loads(line)["question"] for line in GOLD.read_text("utf-8").splitlines()]
    with tempfile.TemporaryDirectory(prefix="bench-") as root:
        place = prepare(Path(root))
        bench_asking(place, questions)
        bench_evaluation(place)
        bench_starting(place)
        with served(place) as service:
            bench_one_connection(service, questions)
            bench_many(service, questions)
            bench_swaps(service, questions)
        bench_slack(place, questions)
        with served(place) as service:
            bench_long(service, questions, arguments.questions)


@dataclass(frozen=True)
class Place:
    """Folders to serve from."""

    corpus: Path
    data: Path

    @property
    def options(self) -> list[str]:
        return ["--corpus", str(self.corpus), "--data", str(self.data)]


@dataclass(frozen=True)
class Service:
    """A running `assistant serve`."""

    process: "subprocess.Popen[str]"
    port: int
    started: float  # seconds from its start until it was ready

    def megabytes(self, kind: str = "VmRSS") -> float:
        status = Path(f"/proc/{self.process.pid}/status").read_text(encoding="utf-8")
        [line] = [line for line in status.splitlines() if line.startswith(f"{kind}:")]
        return int(line.split()[1]) / 1024

    def worked(self) -> float:
        """Seconds of all cores that it has used; what else runs on them does not count."""
        stat = Path(f"/proc/{self.process.pid}/stat").read_text(encoding="utf-8")
        user, system = stat.rpartition(")")[2].split()[11:13]
        return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


@dataclass
class Run:
    """What many clients saw: milliseconds of each answer, in order, and the failures."""

    times: list[float] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    seconds: float = 0.0


def prepare(root: Path) -> Place:
    """The documents without their gold questions, and an index of them."""
    place = Place(root / "documents", root / "data")
    shutil.copytree(ROOT / "corpus" / "documents", place.corpus)
    place.data.mkdir()
    exported = ROOT / ".assistant"
    if exported.is_dir():  # exporting takes a while, and is no part of what is measured
        link_encoders(place.data, exported)
    subprocess.run([*COMMAND, "index", *place.options], cwd=ROOT, check=True)
    return place


@contextmanager
def served(place: Place, environment: Mapping[str, str] | None = None) -> Iterator[Service]:
    """The service on a free port, ready."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [*COMMAND, "serve", "--port", str(port), *place.options]
    began = time.perf_counter()
    with subprocess.Popen(
        command,
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        text=True,
        env={**os.environ, **(environment or {})},
    ) as process:
        try:
            while not is_ready(port):
                if process.poll() is not None:
                    raise SystemExit(f"assistant serve exited with {process.returncode}")
                time.sleep(0.02)
            yield Service(process, port, time.perf_counter() - began)
        finally:
            process.terminate()


def is_ready(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()


def bench_asking(place: Place, questions: Sequence[str]) -> None:
    """`assistant ask`, from the start of the process."""
    cold = [ask_cold(place, question) for question in questions[:COLD_RUNS]]
    print(f"assistant ask, process start to answer, {COLD_RUNS} runs")
    show("seconds", [seconds for seconds, _ in cold], "under 2.5")
    show("peak MB", [megabytes for _, megabytes in cold], "under 400")


def ask_cold(place: Place, question: str) -> tuple[float, float]:
    """Seconds and peak megabytes of one `assistant ask`."""
    start = time.perf_counter()
    command = [*COMMAND, "ask", question, *place.options]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"assistant ask exited with {process.returncode}")
    return seconds, usage.ru_maxrss / 1024  # Linux counts in kilobytes


def bench_evaluation(place: Place) -> None:
    """`assistant evaluate` over the gold questions, repeated; each with an id of its own."""
    rows = [json.loads(line) for line in GOLD.read_text("utf-8").splitlines()]
    path = place.data.parent / "gold.jsonl"
    repeated = ({**rows[n % len(rows)], "id": str(n)} for n in range(EVALUATED))
    path.write_text("".join(json.dumps(row) + "\n" for row in repeated), encoding="utf-8")
    command = [*COMMAND, "evaluate", str(path), *place.options]
    began = time.perf_counter()
    subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    seconds = time.perf_counter() - began
    print(f"assistant evaluate, {EVALUATED} questions: {seconds:.0f} s (goal: under 60 on 2 cores)")


def bench_starting(place: Place) -> None:
    """`assistant serve` over a built index, until /readyz says so."""
    started = []
    for _ in range(STARTS):
        with served(place) as service:
            started.append(service.started)
    print(f"assistant serve, process start to ready, {STARTS} starts over a built index")
    show("seconds", started, "under 3")


def bench_one_connection(service: Service, questions: Sequence[str]) -> None:
    """One question after the other."""
    run_clients(service, questions, clients=1, most=WARM_UP)
    run = run_clients(service, questions, clients=1, most=len(questions))
    print(f"POST /v1/chat, one connection, {len(run.times)} questions")
    show("milliseconds", run.times, "under 60 at the median, 150 at p95")


def bench_many(service: Service, questions: Sequence[str]) -> None:
    """Many clients, each asking again as soon as it is answered."""
    run = run_clients(service, questions, clients=CLIENTS, seconds=SUSTAINED)
    print(f"POST /v1/chat, {CLIENTS} clients for {run.seconds:.0f} s, {len(run.failures)} failures")
    print(f"  questions a second: {len(run.times) / run.seconds:.1f} (goal: 30 or more)")
    show("milliseconds", run.times, "p95 under 700")


def bench_swaps(service: Service, questions: Sequence[str]) -> None:
    """New generations while many clients ask."""
    stop = threading.Event()
    runs: list[Run] = []
    asking = threading.Thread(
        target=lambda: runs.append(
            run_clients(service, questions, clients=CLIENTS, seconds=600, stop=stop)
        )
    )
    asking.start()
    seen = {generation_of(service)}
    for number in range(SWAPS):
        before = generation_of(service)
        put(service, "bench-note.md", f"# Note\n\nThis is note number {number} of the bench.\n")
        while generation_of(service) == before:
            time.sleep(0.1)
        seen.add(generation_of(service))
    stop.set()
    asking.join()
    [run] = runs
    print(f"{len(seen) - 1} new generations in {run.seconds:.0f} s, {CLIENTS} clients asking")
    print(f"  failed requests: {len(run.failures)} of {len(run.times)} (goal: 0)")
    show("milliseconds", run.times, "no goal; a build runs beside it all the time")


def bench_long(service: Service, questions: Sequence[str], most: int) -> None:
    """An hour's worth of questions: is the last as fast as the first, and no memory lost?"""
    run_clients(service, questions, clients=CLIENTS, most=len(questions))
    print(f"POST /v1/chat, {CLIENTS} clients, {most} questions in {WINDOWS} windows")
    memory = []
    p95 = []
    work = []
    failures = 0
    for window in range(WINDOWS):
        before = service.worked()
        run = run_clients(service, questions, clients=CLIENTS, most=most // WINDOWS)
        work.append((service.worked() - before) / len(run.times) * 1000)
        failures += len(run.failures)
        memory.append(service.megabytes())
        p95.append(statistics.quantiles(run.times, n=20)[-1])
        print(
            f"  {window + 1:>2}: {len(run.times) / run.seconds:5.1f} a second, "
            f"median {statistics.median(run.times):4.0f} ms, p95 {p95[-1]:4.0f} ms, "
            f"{work[-1]:.1f} ms of a core each, {memory[-1]:.0f} MB",
            flush=True,
        )
    growth = memory[-1] / memory[0] - 1
    print(f"  failures: {failures}; p95 of the last window over the first: {p95[-1] / p95[0]:.2f}")
    print(f"  work for a question in the last window over the first: {work[-1] / work[0]:.2f}")
    print(f"  memory after the last window over the first: {growth:+.1%} (goal: under 5 %)")
    print(f"  peak MB of the service: {service.megabytes('VmHWM'):.0f}")


def bench_slack(place: Place, questions: Sequence[str]) -> None:
    """In Slack: how long until there is something to see, and until there is the answer."""
    print(
        f"Slack, {SLACK_QUESTIONS} questions, {SLACK_A_SECOND} a second, each event sent "
        f"{SLACK_DELIVERIES} times"
    )
    with (
        run_stand_in(duplicates=SLACK_DELIVERIES) as slack,
        served(place, slack.environment) as service,
    ):
        slack.service = f"http://127.0.0.1:{service.port}"
        asked = []
        for number in range(SLACK_QUESTIONS):
            text = questions[number % len(questions)]
            if number % 3:
                asked.append(slack.mention(text, channel=("general", "help")[number % 2]))
            else:
                asked.append(slack.write(text, channel="dm"))
            time.sleep(1 / SLACK_A_SECOND)
        slack.wait_for(lambda: slack_answers(slack) >= len(asked), 60)
        signs = slack_times(slack, SLACK_SIGNS, min)
        answers = slack_times(slack, SLACK_ANSWERS, max)
        show("seconds to the first sign", [signs[ts] for ts in asked], "1.0 at the median")
        show("seconds to the answer", [answers[ts] for ts in asked], "2.0")
        print(f"  answers: {slack_answers(slack)} of {len(asked)}")


def slack_answers(slack: Slack) -> int:
    places = ("general", "help", "dm")
    return sum(bool(each.get("bot_id")) for place in places for each in slack.messages(place))


def slack_times(slack: Slack, methods: Sequence[str], which: Any) -> dict[str, float]:
    """Seconds from each question to the end of the first, or last, of these calls for it."""
    threads = {}  # of each message of the bot's
    ends: dict[str, list[float]] = {}
    for call in slack.calls:
        if call["method"] not in methods or call["status"] != 200:
            continue
        arguments = call["arguments"]
        thread = arguments.get("thread_ts") or threads.get(arguments.get("ts"))
        if thread is None:
            stamp = arguments["ts"]
            [thread] = [
                each["thread_ts"]
                for place in ("general", "help", "dm")
                for each in slack.messages(place)
                if each["ts"] == stamp
            ]
            threads[stamp] = thread
        ends.setdefault(thread, []).append(call["at"] + call["seconds"])
    return {thread: which(times) - float(thread) for thread, times in ends.items()}


def run_clients(
    service: Service,
    questions: Sequence[str],
    *,
    clients: int,
    most: int | None = None,
    seconds: float | None = None,
    stop: threading.Event | None = None,
) -> Run:
    """Clients in threads, each with a connection of its own, until `most` questions are asked,
    the time is over, or until they are stopped."""
    run = Run()
    bodies = [json.dumps({"message": question}) for question in questions]
    numbers = count()
    began = time.perf_counter()

    def client() -> None:
        connection = http.client.HTTPConnection("127.0.0.1", service.port, timeout=120)
        while (number := next(numbers)) < (most if most is not None else sys.maxsize):
            start = time.perf_counter()
            if (seconds is not None and start - began > seconds) or (stop and stop.is_set()):
                break
            headers = {"content-type": "application/json"}
            connection.request("POST", "/v1/chat", bodies[number % len(bodies)], headers)
            response = connection.getresponse()
            text = response.read()
            run.times.append((time.perf_counter() - start) * 1000)
            if response.status != 200:
                run.failures.append(text.decode())
        connection.close()

    threads = [threading.Thread(target=client) for _ in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    run.seconds = time.perf_counter() - began
    return run


def generation_of(service: Service) -> str:
    return str(request(service, "GET", "/v1/index")["generation"])


def put(service: Service, name: str, text: str) -> None:
    request(service, "PUT", f"/v1/documents/{name}", text)


def request(service: Service, method: str, address: str, body: str = "") -> dict[str, object]:
    connection = http.client.HTTPConnection("127.0.0.1", service.port, timeout=60)
    connection.request(method, address, body.encode() or None)
    response = connection.getresponse()
    body: dict[str, object] = json.loads(response.read())
    connection.close()
    if response.status >= 300:
        raise SystemExit(f"{method} {address}: {body}")
    return body


def show(unit: str, values: Sequence[float], goal: str) -> None:
    """The median, the 95th percentile and the goal."""
    high = statistics.quantiles(values, n=20)[-1]
    print(
        f"  {unit}: median {statistics.median(values):.2f}, p95 {high:.2f} (goal: {goal})",
        flush=True,
    )


if __name__ == "__main__":
    main()
