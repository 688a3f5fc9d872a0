"""Clients that hold connections open or send too much do not keep others from being served."""

import socket
import statistics
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import httpx2
import pytest
from conftest import Scale
from serving import expect_problem, listening, served, wait_for

import api.http.server
from api.assembly.service import Service
from api.settings import Settings
from corpus.loader import MAX_DOCUMENT_BYTES

Address = tuple[str, int]
HEALTH = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n"
POST = b"POST /v1/chat HTTP/1.1\r\nHost: localhost\r\nContent-Length: 60000\r\n"
BODY = POST + b"\r\n{"
OPENINGS = [b"", b"G", HEALTH, HEALTH + b"X-A: ", BODY]


@pytest.fixture
def address(service: Service) -> Iterator[Address]:
    with listening(service) as address:
        yield address


def exchange(address: Address, *pieces: bytes, pause: float = 0.0) -> bytes:
    """Sends the pieces; returns what comes back until the service closes the connection."""
    received = b""
    with socket.create_connection(address, timeout=20) as client, suppress(ConnectionError):
        for piece in pieces:
            client.sendall(piece)
            time.sleep(pause)
        while part := client.recv(65536):
            received += part
    return received


@pytest.mark.parametrize("opening", [b"", HEALTH])
def test_header_that_does_not_arrive_in_time_ends_the_connection(
    address: Address, monkeypatch: pytest.MonkeyPatch, opening: bytes
) -> None:
    monkeypatch.setattr(api.http.server, "_HEADER_TIMEOUT", 0.3)
    dribble = [b"x"] * 20 if opening else []
    start = time.monotonic()
    assert exchange(address, opening, *dribble, pause=0.1) == b""
    assert time.monotonic() - start < 15


def test_time_for_the_header_starts_again_with_each_request(
    address: Address, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(api.http.server, "_HEADER_TIMEOUT", 1.5)
    pieces = [HEALTH, b"\r\n", HEALTH, b"\r\n"]
    assert exchange(address, *pieces, pause=0.7).count(b"200 OK") == 2


@pytest.mark.parametrize("pieces", [1, 40])
def test_header_that_is_too_large_is_refused(address: Address, pieces: int) -> None:
    header = HEALTH + b"X-A: " + b"a" * 40_000
    size = len(header) // pieces
    parts = [header[at : at + size] for at in range(0, len(header), size)]
    reply = exchange(address, *parts[:-1], parts[-1] + b"\r\nConnection: close\r\n\r\n")
    assert b" 200 " not in reply
    assert reply.startswith((b"HTTP/1.1 431", b"HTTP/1.1 400")) or pieces > 1


def test_large_header_in_one_packet_is_a_problem(shared_client: httpx2.Client) -> None:
    response = shared_client.get("/healthz", headers={"x-a": "a" * 40_000})
    expect_problem(response, 431, "larger than 32 kB")
    assert shared_client.get("/healthz", headers={"x-a": "a" * 20_000}).is_success


def test_connection_that_waited_longest_makes_room(
    address: Address, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(api.http.server, "_MAX_CONNECTIONS", 4)
    clients = []
    for opening in (POST, POST, HEALTH, b"", b"", b"", b""):
        clients.append(socket.create_connection(address, timeout=20))
        if opening is POST:
            clients[-1].sendall(POST + b"Expect: 100-continue\r\n\r\n")
            assert clients[-1].recv(100).startswith(b"HTTP/1.1 100")  # it waits for the body
        else:
            clients[-1].sendall(opening)
    wait_for(lambda: not any(is_open(client) for client in clients[2:5]))
    assert [is_open(client) for client in clients] == [True, True, False, False, False, True, True]
    assert b"200 OK" in exchange(address, HEALTH, b"Connection: close\r\n\r\n")
    for client in clients:
        client.close()


def test_clients_that_do_not_read_make_room(
    address: Address, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(api.http.server, "_MAX_CONNECTIONS", 4)
    requests = b"GET /openapi.json HTTP/1.1\r\nHost: localhost\r\n\r\n" * 500
    with ExitStack() as clients:
        for _ in range(4):
            client = clients.enter_context(socket.socket())
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            client.settimeout(20)
            client.connect(address)
            client.sendall(requests)
            assert client.recv(1) == b"H"
        # A connection is closed at once as long as no other waits for its client.
        wait_for(lambda: b"200 OK" in exchange(address, HEALTH, b"Connection: close\r\n\r\n"))


def is_open(client: socket.socket) -> bool:
    client.settimeout(0.1)
    try:
        return client.recv(1) != b""
    except TimeoutError:
        return True
    except ConnectionError:
        return False


@contextmanager
def dribbling(address: Address, count: int) -> Iterator[None]:
    """Holds so many connections that send a byte now and then, and opens each again that is
    closed."""
    over = threading.Event()

    def opened(at: int) -> socket.socket:
        client = socket.create_connection(address, timeout=20)
        with suppress(OSError):
            client.sendall(OPENINGS[at % len(OPENINGS)])
        return client

    def dribble() -> None:
        while not over.is_set():
            for at, client in enumerate(clients):
                try:
                    client.sendall(b"x" if at % len(OPENINGS) > 1 else b"")
                    client.setblocking(False)
                    closed = client.recv(1) == b""
                except BlockingIOError:
                    closed = False
                except OSError:
                    closed = True
                if closed:
                    client.close()
                    clients[at] = opened(at)
            over.wait(0.5)

    clients = [opened(at) for at in range(count)]
    attack = threading.Thread(target=dribble)
    attack.start()
    try:
        yield
    finally:
        over.set()
        attack.join()
        for client in clients:
            client.close()


@pytest.mark.soak
def test_service_is_healthy_while_many_connections_send_almost_nothing(
    shared_settings: Settings, scale: Scale
) -> None:
    count = scale(300, soak=2000)
    files = scale(256, soak=1024)  # as in many systems; fewer than the connections
    with served(shared_settings, open_files=files) as (url, _):
        address = httpx2.URL(url).host, httpx2.URL(url).port or 80
        with dribbling(address, count):
            seconds = []
            for _ in range(scale(20, soak=200)):
                start = time.perf_counter()
                assert b"200 OK" in exchange(address, HEALTH + b"Connection: close\r\n\r\n")
                seconds.append(time.perf_counter() - start)
                time.sleep(0.05)
    print(f"median {statistics.median(seconds):.4f} s, maximum {max(seconds):.4f} s")
    assert statistics.median(seconds) < 0.2


def peak_memory() -> int:
    """The largest resident memory of this process since it was reset, in bytes."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    line = next(line for line in status.splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1]) * 1024


@pytest.mark.soak
def test_large_uploads_at_the_same_time_are_not_kept_in_memory(
    address: Address, settings: Settings, scale: Scale
) -> None:
    count, line = scale(6, soak=20), b"A line of text, and another one.\n"[1:]
    piece = line * 2048

    def upload(at: int) -> int:
        pieces = (piece for _ in range(MAX_DOCUMENT_BYTES // len(piece)))
        url = f"http://{address[0]}:{address[1]}/v1/documents/{at}.txt"
        return httpx2.put(url, content=pieces, timeout=120).status_code

    assert upload(0) == 202
    try:
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    except OSError:
        pytest.skip("the memory of a process is measured on Linux only")
    before = peak_memory()
    with ThreadPoolExecutor(count) as clients:
        assert list(clients.map(upload, range(count))) == [202] * count
    added = peak_memory() - before
    print(f"{count} uploads of 32 MB added {added / 2**20:.0f} MB")
    assert added < 150 * 2**20
    sizes = {path.stat().st_size for path in settings.corpus.glob("?*.txt") if path.stem.isdigit()}
    assert sizes == {MAX_DOCUMENT_BYTES}
