import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import audit
import pytest


class Advisories(BaseHTTPRequestHandler):
    """Answers as OSV does: a query without a package is refused."""

    def do_POST(self) -> None:
        self.send_error(400)

    def log_message(self, *arguments: object) -> None:
        pass


@pytest.fixture
def advisories() -> Iterator[str]:
    with HTTPServer(("127.0.0.1", 0), Advisories) as server:
        threading.Thread(target=server.serve_forever).start()
        yield f"http://127.0.0.1:{server.server_port}/v1/query"
        server.shutdown()


def test_without_advisories_nothing_is_audited_which_is_said(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert audit.main(["--url", "http://127.0.0.1:9/v1/query"]) == 0
    printed = capsys.readouterr().out
    assert "Nothing was audited: http://127.0.0.1:9/v1/query cannot be reached (" in printed
    assert "refused" in printed


@pytest.mark.parametrize("code", [0, 1])
def test_the_pinned_packages_are_audited(
    advisories: str,
    code: int,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """With a stand-in for pip-audit, whose installation needs the network."""
    program = tmp_path / "bin" / "pip-audit"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\necho "$@"\nexit {code}\n', encoding="utf-8")
    program.chmod(0o755)
    monkeypatch.setattr(audit, "ENVIRONMENT", tmp_path)
    assert audit.main(["--url", advisories]) == code
    assert f"--requirement {audit.CONSTRAINTS} --no-deps" in capfd.readouterr().out
