"""What the tests of the service share: a small garden of documents, and ways to be served."""

import asyncio
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import httpx2
from fastapi.testclient import TestClient

from api.assembly.service import Service, open_service
from api.http.app import create_app
from api.http.server import Server
from api.listening import bind
from api.settings import Settings

Event = tuple[str, dict[str, object]]

ROOT = Path(__file__).resolve().parent.parent
BEANS = "When do the beans have to be sown?"
ROSES = "Who waters the roses?"
GARDEN = {
    "garden.md": f"# The garden\n\n## {BEANS}\n\nBeans are sown in the second week of May.\n",
    "roses.txt": f"{ROSES}\n\nThe roses are watered by the caretaker every evening.\n",
}
CHANGED = {
    **GARDEN,
    "garden.md": GARDEN["garden.md"].replace("second week of May", "first week of June"),
}


@contextmanager
def opened(settings: Settings, *, loopback: bool = True) -> Iterator[Service]:
    """An open service, in this process."""
    service = open_service(settings, loopback=loopback)
    try:
        yield service
    finally:
        service.close()


def client_of(service: Service, key: str = "") -> TestClient:
    """A client of the application, with its real middleware and no network."""
    headers = {"authorization": f"Bearer {key}"} if key else {}
    return TestClient(create_app(service), base_url="http://localhost", headers=headers)


@contextmanager
def listening(service: Service) -> Iterator[tuple[str, int]]:
    """The service over real HTTP, and in Slack where it has a token: host and port."""
    server, listener = Server(create_app(service)), bind("127.0.0.1", 0)

    async def serve() -> None:
        slack = service.slack and asyncio.create_task(service.slack.run())
        await server.serve([listener])
        if slack:
            slack.cancel()
            await asyncio.gather(slack, return_exceptions=True)

    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    while not server.started:
        assert thread.is_alive()
        time.sleep(0.01)
    try:
        yield listener.getsockname()[:2]
    finally:
        server.should_exit = True
        thread.join()


@contextmanager
def served(
    settings: Settings,
    *arguments: str,
    environment: Mapping[str, str] | None = None,
    log: int = subprocess.DEVNULL,
    open_files: int = 0,
) -> Iterator[tuple[str, "subprocess.Popen[str]"]]:
    """`assistant serve` as a process of its own: its address, once it is ready, and the process.
    Its log is thrown away, unless `log` is a pipe that somebody reads. It can have so many open
    files; 0: as many as this process."""
    code = (
        f"import resource, sys; files = {open_files}; "
        "files and resource.setrlimit(resource.RLIMIT_NOFILE, (files, files)); "
        "from api.cli.main import main; code = main(); "
        "print([name for name in ('torch', 'sentence_transformers') if name in sys.modules]); "
        "sys.exit(code)"
    )
    folders = ["--corpus", str(settings.corpus), "--data", str(settings.data_folder)]
    process = subprocess.Popen(
        [sys.executable, "-c", code, "serve", "--port", "0", *folders, *arguments],
        stdout=subprocess.PIPE,
        stderr=log,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT), **(environment or {})},
    )
    assert process.stdout
    try:
        lines = [process.stdout.readline(), process.stdout.readline()]
        yield next(word for word in lines[1].split() if word.startswith("http")), process
    finally:
        process.kill()
        process.communicate()


def wait_for(condition: Callable[[], bool], seconds: float = 60) -> None:
    """Returns as soon as the condition holds; fails if that takes longer."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def ask(client: httpx2.Client, message: str, **more: object) -> dict[str, object]:
    """The answer to a question."""
    response = client.post("/v1/chat", json={"message": message, **more})
    assert response.status_code == 200, response.text
    answer: dict[str, object] = response.json()
    return answer


def events_of(text: str) -> list[Event]:
    """The events of a stream, comments left out."""
    blocks = [block for block in text.split("\n\n") if block and not block.startswith(":")]
    lines = [dict(line.split(": ", 1) for line in block.split("\n")) for block in blocks]
    return [(fields["event"], json.loads(fields["data"])) for fields in lines]


def expect_problem(response: httpx2.Response, status: int, detail: str) -> None:
    """A problem document of this status, whose detail says this."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    problem = response.json()
    assert problem["status"] == status
    assert problem["title"]
    assert detail in problem["detail"]
