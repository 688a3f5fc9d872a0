"""The web page: its files, what it may load, and what a browser shows of it."""

import re
import shutil
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from html import unescape
from pathlib import Path

import pytest
import uvicorn
from fastapi.testclient import TestClient

from api.assembly import Service, build_index
from api.http import PAGE, create_app
from api.settings import Settings

QUESTION = "When do the beans have to be sown?"
SENTENCE = "Beans are sown in the second week of May, <b>not</b> before."
GARDEN = {
    "garden.md": f"# The garden\n\n## {QUESTION}\n\n{SENTENCE}\n",
    "roses.txt": "Who waters the roses?\n\nThe roses are watered by the caretaker.\n",
}
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")

Writer = Callable[[Mapping[str, str]], Path]


@pytest.fixture
def service(folder_of: Writer, data: Path) -> Iterator[Service]:
    settings = Settings(corpus=folder_of(GARDEN), data=data)
    build_index(settings)
    service = Service(settings)
    yield service
    service.close()


@pytest.fixture
def client(service: Service) -> TestClient:
    return TestClient(create_app(service))


@pytest.fixture
def address(service: Service) -> Iterator[str]:
    """The service over real HTTP, on a free port."""
    server = uvicorn.Server(uvicorn.Config(create_app(service), port=0, log_level="error"))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        assert thread.is_alive()
        time.sleep(0.01)
    host, port = server.servers[0].sockets[0].getsockname()[:2]
    yield f"http://{host}:{port}"
    server.should_exit = True
    thread.join()


@pytest.mark.parametrize("path", sorted(path.name for path in PAGE.iterdir()))
def test_every_file_of_the_page_comes_as_what_it_is(client: TestClient, path: str) -> None:
    kinds = {".js": "text/javascript", ".css": "text/css", ".html": "text/html"}
    response = client.get("/" if path == "index.html" else f"/page/{path}")
    assert response.status_code == 200
    assert response.text == (PAGE / path).read_text(encoding="utf-8")
    assert response.headers["content-type"].split(";")[0] == kinds[Path(path).suffix]


@pytest.mark.parametrize("path", ["/", "/page/page.js", "/docs", "/v1/documents", "/nowhere"])
def test_a_browser_is_told_to_load_nothing_from_elsewhere(client: TestClient, path: str) -> None:
    headers = client.get(path).headers
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert "http" not in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"


@pytest.mark.parametrize("path", ["/", "/docs"])
def test_the_pages_load_only_what_the_service_has(client: TestClient, path: str) -> None:
    loaded = re.findall(r'<(?:script|link|img)[^>]*(?:src|href)="([^"]+)"', client.get(path).text)
    assert loaded
    for address in loaded:
        assert address.startswith("data:") or client.get(address).status_code == 200


def test_the_docs_name_every_endpoint(client: TestClient) -> None:
    page = unescape(client.get("/docs").text)
    for path in client.get("/openapi.json").json()["paths"]:
        assert path in page


@pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed")
def test_a_browser_shows_the_answer_and_its_source(address: str, tmp_path: Path) -> None:
    assert CHROMIUM
    command = [
        CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic",
        "--no-first-run", "--disable-background-networking", "--disable-component-update",
        "--disable-sync", f"--user-data-dir={tmp_path / 'profile'}",
        "--virtual-time-budget=10000", "--dump-dom", f"{address}/#q={QUESTION}",
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    page = done.stdout
    assert 'class="marker"' in page, page
    assert "second week of May" in page
    assert "<b>not</b>" not in page  # a document's text is never markup
    assert "2 documents, generation" in page
