"""How fast and how large: `make bench`. Prints figures; fails nothing.

Measured from outside, as a person would: the command line as a process, the service over HTTP.
"""

import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import httpx2

ROOT = Path(__file__).resolve().parent.parent
GOLD = ROOT / "corpus" / "gold" / "faq.jsonl"
COMMAND = [sys.executable, "-m", "api.cli"]
COLD_RUNS = 7
WARM_UP = 20


def main() -> None:
    """Measures both doors over the project's own documents."""
    questions = [json.loads(line)["question"] for line in GOLD.read_text("utf-8").splitlines()]
    subprocess.run([*COMMAND, "index"], cwd=ROOT, check=True)
    cold = [ask_cold(question) for question in questions[:COLD_RUNS]]
    print(f"assistant ask, process start to answer, {COLD_RUNS} runs")
    show("seconds", [seconds for seconds, _ in cold], "under 2.5")
    show("peak MB", [megabytes for _, megabytes in cold], "under 400")
    warm, megabytes = ask_warm(questions)
    print(f"POST /v1/chat, one connection, {len(warm)} questions, {WARM_UP} before to warm up")
    show("milliseconds", warm, "under 60 at the median, 150 at p95")
    print(f"  peak MB of the service: {megabytes:.0f}")


def show(unit: str, values: Sequence[float], goal: str) -> None:
    """The median, the 95th percentile and the goal."""
    high = statistics.quantiles(values, n=20)[-1]
    print(f"  {unit}: median {statistics.median(values):.2f}, p95 {high:.2f} (goal: {goal})")


def ask_cold(question: str) -> tuple[float, float]:
    """Seconds and peak megabytes of one `assistant ask`."""
    start = time.perf_counter()
    process = subprocess.Popen([*COMMAND, "ask", question], cwd=ROOT, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"assistant ask exited with {process.returncode}")
    return seconds, usage.ru_maxrss / 1024  # Linux counts in kilobytes


def ask_warm(questions: Sequence[str]) -> tuple[list[float], float]:
    """Milliseconds of each question over HTTP, and the service's peak megabytes."""
    command = [*COMMAND, "serve", "--port", "0"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        try:
            lines = [process.stdout.readline(), process.stdout.readline()]
            address = next(word for word in lines[1].split() if word.startswith("http"))
            with httpx2.Client(base_url=address, timeout=60) as client:
                for question in questions[:WARM_UP]:
                    ask(client, question)
                times = [ask(client, question) for question in questions]
        finally:
            process.terminate()
            _, _, usage = os.wait4(process.pid, 0)
            process.returncode = 0
    return times, usage.ru_maxrss / 1024


def ask(client: httpx2.Client, question: str) -> float:
    """Milliseconds from the request to the whole answer."""
    start = time.perf_counter()
    client.post("/v1/chat", json={"message": question}).raise_for_status()
    return (time.perf_counter() - start) * 1000


if __name__ == "__main__":
    main()
