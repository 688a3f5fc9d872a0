"""The service runs as a user without rights where only the data folder can be written, as in its
container."""

import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import httpx2
import pytest
import yaml
from conftest import NOBODY, ROOT, Scale, Writer
from serving import BEANS, CHANGED, ask, expect_problem, served, wait_for

from api.settings import Settings

CONTAINER = ROOT / "docs" / "container"
DATA, DOCUMENTS, TEMPORARY = Path("/srv/data"), Path("/srv/documents"), Path("/srv/tmp")
PYTHON = Path(sys.base_prefix)
# Mounts the folders, and Python again if a folder above it is closed to others, as /root is; makes
# all else read-only and gives up all rights; then runs the command.
CONFINED = f"""exec unshare --mount sh -ec '
mount --make-rprivate /
mount -t tmpfs tmpfs /srv
mkdir {DATA} {DOCUMENTS} {TEMPORARY}
mount --bind "$HOST_DATA" {DATA}
mount --bind "$HOST_DOCUMENTS" {DOCUMENTS}
mount -t tmpfs -o mode=1777 tmpfs {TEMPORARY}
if ! setpriv --reuid={NOBODY} --clear-groups test -e {PYTHON}; then
    mkdir /srv/python
    mount --bind {PYTHON} /srv/python
    mount -t tmpfs -o mode=755 tmpfs {Path(*PYTHON.parts[:2])}
    mkdir -p {PYTHON}
    mount --bind /srv/python {PYTHON}
fi
for disk in $(cut -d " " -f 2 /proc/self/mounts); do
    case "$disk" in
        {DATA} | {TEMPORARY} | /dev* | /proc* | /sys*) ;;
        *) mount -o remount,bind,ro "$disk" ;;
    esac
done
exec setpriv --reuid={NOBODY} --regid={NOBODY} --clear-groups --no-new-privs \\
    --inh-caps=-all --bounding-set=-all -- "$0" "$@"' {sys.executable} "$@"
"""


@pytest.fixture
def confined(
    of_nobody: Settings, python_is: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> Settings:
    """Python runs as in the container: with the garden mounted there, and without rights."""
    variables = {
        "HOME": "/nonexistent",
        "HOST_DATA": str(of_nobody.data_folder),
        "HOST_DOCUMENTS": str(of_nobody.corpus),
        "TMPDIR": str(TEMPORARY),
    }
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    python_is(CONFINED)
    if subprocess.run([sys.executable, "-c", ""], capture_output=True, check=False).returncode:
        pytest.skip("nothing can be mounted here, or nobody may not read this folder")
    return Settings(corpus=DOCUMENTS, data=DATA)


def test_only_data_and_temporary_folder_can_be_written(confined: Settings) -> None:
    code = """if True:
        import sys
        from pathlib import Path
        for folder in sys.argv[1:]:
            try:
                Path(folder, "new").touch()
                print(folder)
            except OSError:
                pass
    """
    folders = [DATA, TEMPORARY, DOCUMENTS, ROOT, "/", "/tmp", "/var/tmp"]
    command = [sys.executable, "-c", code, *map(str, folders)]
    run = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    assert run.stdout.split() == [str(DATA), str(TEMPORARY)]


@pytest.mark.soak
def test_the_service_answers_and_indexes_changes(
    of_nobody: Settings, confined: Settings, folder_of: Writer, scale: Scale
) -> None:
    if scale(0, soak=1):  # The first start: exports the encoder, too, which takes 20 s.
        shutil.rmtree(of_nobody.data_folder / "index")
    with (
        served(confined) as (address, process),
        httpx2.Client(base_url=address, timeout=60) as client,
    ):
        assert "second week of May" in str(ask(client, BEANS)["text"])
        folder_of(CHANGED)
        wait_for(lambda: "first week of June" in str(ask(client, BEANS)["text"]))
        put = client.put("/v1/documents/new.md", content="# New\n\nIt is new.\n")
        expect_problem(put, 503, "change permissions")
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 130


def test_the_container_gives_up_all_rights() -> None:
    service = yaml.safe_load((CONTAINER / "compose.yaml").read_text("utf-8"))["services"]
    assistant = service["assistant"]
    [user] = re.findall(r"^USER (.+)$", (CONTAINER / "Containerfile").read_text("utf-8"), re.M)
    assert assistant["user"] == user == "10001:10001"
    assert assistant["read_only"] is True
    assert assistant["cap_drop"] == ["ALL"]
    assert assistant["security_opt"] == ["no-new-privileges:true"]
    writable = [volume for volume in assistant["volumes"] if not volume.endswith(":ro")]
    assert writable == ["data:/data"]


def test_the_image_contains_all_packages() -> None:
    copied = re.findall(r"^COPY (\w+) ", (CONTAINER / "Containerfile").read_text("utf-8"), re.M)
    pyproject = (ROOT / "pyproject.toml").read_text("utf-8")
    assert f"packages = {copied}".replace("'", '"') in pyproject
