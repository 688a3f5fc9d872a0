"""Nothing leaves the machine, and nothing is written outside the data folder."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import httpx2
import pytest
from conftest import ROOT, Scale, Writer
from serving import BEANS, CHANGED, ask, served, wait_for

from api.settings import Settings

GUARD = ROOT / "tests" / "guard"
# What an owner of this machine may have set for other programs.
FOREIGN = {
    "ANONYMIZED_TELEMETRY": "True",
    "HF_HUB_DISABLE_TELEMETRY": "0",
    "LANGCHAIN_TRACING_V2": "true",
    "LANGSMITH_API_KEY": "of another program",
    "LANGSMITH_TRACING": "true",
    "ORT_DISABLE_TELEMETRY": "0",
}


class Newcomer:
    """A user with an empty home, whose processes record what leaves them."""

    def __init__(self, folder: Path, settings: Settings) -> None:
        self.home, self.temporary, self.log = (
            folder / name for name in ("home", "temporary", "log")
        )
        for path in (self.home, self.temporary):
            path.mkdir()
        # Exported encoders lie outside of the data folder of a test.
        data = [settings.data_folder, (settings.data_folder / "index" / "encoders").resolve()]
        self.environment = {
            **FOREIGN,
            "GUARD_FOLDERS": os.pathsep.join(map(str, [*data, self.temporary, settings.corpus])),
            "GUARD_LOG": str(self.log),
            "HOME": str(self.home),
            "PYTHONDONTWRITEBYTECODE": "1",
            "PYTHONPATH": f"{GUARD}{os.pathsep}{ROOT}",
            "TMPDIR": str(self.temporary),
        }

    def traces(self) -> list[str]:
        """What left the processes, and what they left behind in the home, in the folder for
        temporary files and in the current folder, which is the home."""
        lines = self.log.read_text(encoding="utf-8").splitlines() if self.log.exists() else []
        left = [path for folder in (self.home, self.temporary) for path in folder.rglob("*")]
        return [*lines, *map(str, left)]


@pytest.fixture
def newcomer(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Newcomer:
    newcomer = Newcomer(tmp_path, settings)
    monkeypatch.chdir(newcomer.home)
    return newcomer


def run_command(newcomer: Newcomer, settings: Settings, *arguments: str) -> str:
    """Runs a command in the home of the newcomer; returns what it printed."""
    folders = ["--corpus", str(settings.corpus), "--data", str(settings.data_folder)]
    run = subprocess.run(
        [sys.executable, "-m", "api.cli", *arguments, *folders],
        env={"PATH": os.environ["PATH"], **newcomer.environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    return run.stdout


def test_the_guard_sees_what_leaves_a_process(newcomer: Newcomer) -> None:
    code = """if True:
        import os, socket, urllib.request
        for call in (
            lambda: urllib.request.urlopen("http://name.invalid/"),
            lambda: socket.socket().connect(("192.0.2.1", 80)),
            lambda: open("left", "w").close(),
            lambda: open(os.path.abspath("left"), "w").close(),
        ):
            try:
                call()
            except OSError:
                pass
    """
    command = [sys.executable, "-c", code]
    subprocess.run(command, env=newcomer.environment, check=True)
    lookup, connection, write, left = newcomer.traces()
    assert "name.invalid" in lookup
    assert "192.0.2.1" in connection
    assert write == f"write {newcomer.home / 'left'}"
    assert left == str(newcomer.home / "left")


def test_asking_leaves_no_trace(newcomer: Newcomer, settings: Settings) -> None:
    assert "second week of May" in run_command(newcomer, settings, "ask", BEANS)
    assert newcomer.traces() == []


@pytest.mark.soak
def test_indexing_leaves_no_trace(
    newcomer: Newcomer, settings: Settings, folder_of: Writer, scale: Scale
) -> None:
    folder_of(CHANGED)
    if scale(0, soak=1):  # Exports the encoder, too: takes 20 s, because it imports torch.
        (settings.data_folder / "index" / "encoders").unlink()
    assert "published" in run_command(newcomer, settings, "index", "--rebuild")
    assert newcomer.traces() == []


def test_evaluating_leaves_no_trace_but_its_report(
    newcomer: Newcomer, settings: Settings, tmp_path: Path
) -> None:
    gold, out = tmp_path / "gold.jsonl", tmp_path / "data" / "report"
    gold.write_text(json.dumps({"question": BEANS, "answers": ["in May"]}), encoding="utf-8")
    run_command(newcomer, settings, "evaluate", str(gold), "--out", str(out))
    assert "<picture>" in (out / "report.html").read_text(encoding="utf-8")  # with its plots
    assert newcomer.traces() == []


def test_checking_leaves_no_trace(newcomer: Newcomer, settings: Settings) -> None:
    run_command(newcomer, settings, "doctor")
    assert newcomer.traces() == []


def use_service(address: str) -> None:
    """Asks, uploads a document and waits until it is found."""
    with httpx2.Client(base_url=address, timeout=60) as client:
        ask(client, BEANS)
        upload = client.put("/v1/documents/new.md", content="# Lawn\n\nThe lawn is mown on Friday.")
        assert upload.is_success
        wait_for(lambda: "Friday" in str(ask(client, "When is the lawn mown?")["text"]))


def test_serving_leaves_no_trace(newcomer: Newcomer, settings: Settings) -> None:
    with served(settings, environment=newcomer.environment) as (address, process):
        use_service(address)
        process.send_signal(signal.SIGINT)
        process.wait(60)
    assert newcomer.traces() == []


def can_trace() -> bool:
    """A container may forbid what strace does."""
    command = ["strace", "-o", os.devnull, "true"]
    return bool(shutil.which("strace")) and not subprocess.run(command, check=False).returncode


@pytest.mark.skipif(not can_trace(), reason="strace is not installed, or not allowed")
@pytest.mark.soak
def test_no_system_call_of_the_service_looks_up_a_name_or_leaves_the_machine(
    newcomer: Newcomer,
    settings: Settings,
    tmp_path: Path,
    python_is: Callable[[str], None],
    scale: Scale,
) -> None:
    calls = tmp_path / "calls"
    # As a grandchild (-D), strace leaves the process id and the signals to the service.
    strace = f"strace -D -f --seccomp-bpf -o '{calls}' -e trace=%network,openat"
    python_is(f'exec {strace} {sys.executable} "$@"')
    with served(settings, environment=newcomer.environment) as (address, process):
        use_service(address)
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(scale(10, soak=60))
        process.send_signal(signal.SIGINT)
        process.wait(60)
    exited = re.compile(rf"^{process.pid} +\+\+\+ exited", re.MULTILINE)  # short ids are padded
    wait_for(lambda: bool(exited.search(calls.read_text(errors="replace"))))
    lines = calls.read_text(errors="replace").splitlines()
    addresses = {
        address
        for line in lines
        for address in re.findall(r'(?:inet_addr\(|AF_INET6, )"([^"]+)"', line)
    }
    assert addresses <= {"127.0.0.1", "::1"}
    assert addresses  # strace sees the clients
    assert not [line for line in lines if "resolv.conf" in line or "htons(53)" in line]
    assert newcomer.traces() == []
