"""`assistant serve` as a process."""

import signal
import socket
import subprocess

import httpx2
import pytest
from serving import BEANS, expect_problem, served

from api.cli.main import main
from api.settings import Settings


def test_serve_answers_over_http_and_stops_at_ctrl_c(shared_settings: Settings) -> None:
    with (
        served(shared_settings, log=subprocess.PIPE) as (address, process),
        httpx2.Client(base_url=address) as client,
    ):
        assert "<title>" in client.get("/").text
        answer = client.post("/v1/chat", json={"message": BEANS}).json()
        assert answer["text"] == "Beans are sown in the second week of May. [1]"
        large = client.post("/v1/chat", json={"message": "a" * 100_000})
        expect_problem(large, 413, "send a smaller one")
        process.send_signal(signal.SIGINT)
        out, error = process.communicate(timeout=20)
        assert error.endswith("\nassistant: stopped\n")
        assert process.returncode == 130
        assert out == "[]\n"  # neither torch nor sentence-transformers was imported


def test_port_in_use_is_bad_input(
    shared_settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    folders = ["--corpus", str(shared_settings.corpus), "--data", str(shared_settings.data)]
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert main(["serve", "--port", str(port), *folders]) == 2
    assert str(port) in capsys.readouterr().err


def test_invalid_host_is_bad_input(
    shared_settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    folders = ["--corpus", str(shared_settings.corpus), "--data", str(shared_settings.data)]
    assert main(["serve", "--host", "300.1.1.1", *folders]) == 2
    assert "300.1.1.1" in capsys.readouterr().err
