"""The doctor names what is wrong, nothing keeps it from the rest, and what it says mends it."""

import json
import os
import random
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

import pytest
from serving import CHANGED, GARDEN

import api.doctor
from api.assembly.assistant import build_index
from api.cli.main import main
from api.settings import Settings
from api.store.database import Database
from api.store.records import Records
from corpus.document import text_digest
from index.encoder import DEFAULT_ENCODER
from index.encoders import encoder_folder
from index.generation import (
    DataFolder,
)
from index.manifest import (
    Manifest,
)

RIGHTS = Callable[[], AbstractContextManager[None]]
CHECKS = (
    "documents", "data", "temporary", "encoder", "index", "texts", "chroma", "database", "slack", "clock",
)  # fmt: skip
# From a thousand passages on, Chroma keeps its graph in files that native code reads unchecked.
LARGE = {"tools.md": "# Tools\n" + "\n## Use\n\nIt digs holes.\n" * 1100}


@dataclass(frozen=True)
class Report:
    """What the doctor said, and its exit code."""

    code: int
    findings: list[dict[str, str]]

    def told(self, state: str) -> dict[str, str]:
        """What was found to be in this state, by check."""
        told: dict[str, str] = {}
        for finding in self.findings:
            if finding["state"] == state:
                before = told.get(finding["what"], "")
                told[finding["what"]] = f"{before}\n{finding['told']}".strip()
        return told

    @property
    def failed(self) -> dict[str, str]:
        return self.told("FAILED")

    def expect_well(self) -> None:
        assert self.told("FAILED") == self.told("warning") == {}
        assert set(self.told("ok")) == set(CHECKS)
        assert self.code == 0


class Machine:
    """A corpus with its data folder, and the commands to use there."""

    def __init__(self, root: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.corpus = root / "documents"
        self.data = root / "data"
        self._capsys = capsys

    def run(self, command: str, *arguments: str) -> int:
        return main([command, *arguments, "--corpus", str(self.corpus), "--data", str(self.data)])

    def doctor(self) -> Report:
        self._capsys.readouterr()
        code = self.run("doctor", "--json")
        report = Report(code, json.loads(self._capsys.readouterr().out))
        assert "report this as a defect" not in str(report.findings)
        assert {finding["what"] for finding in report.findings} == set(CHECKS)
        assert code == (1 if report.failed else 0)
        return report

    def file(self, name: str) -> Path:
        """A file of the published generation."""
        (path,) = DataFolder(self.data).current().rglob(name)
        return path

    @property
    def records(self) -> Path:
        return self.data / "records.sqlite"

    def database(self) -> Database:
        return Database.open(f"sqlite:///{self.records}")


def write(folder: Path, files: dict[str, str]) -> None:
    folder.mkdir(exist_ok=True)
    for name, content in files.items():
        (folder / name).write_text(content, encoding="utf-8")


def published(root: Path, files: dict[str, str], encoder_data: Path) -> Path:
    """A place with these documents and their index."""
    write(root / "documents", files)
    (root / "data").mkdir()
    encoders = root / "data" / "encoders"
    encoders.symlink_to(encoder_data / "encoders", target_is_directory=True)
    build_index(Settings(corpus=root / "documents", data=root / "data"))
    return root


@pytest.fixture(scope="module")
def garden(tmp_path_factory: pytest.TempPathFactory, encoder_data: Path) -> Path:
    return published(tmp_path_factory.mktemp("garden"), GARDEN, encoder_data)


@pytest.fixture(scope="module")
def tools(tmp_path_factory: pytest.TempPathFactory, encoder_data: Path) -> Path:
    return published(tmp_path_factory.mktemp("tools"), LARGE, encoder_data)


@pytest.fixture
def machine(garden: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Machine:
    """A copy of the garden, to be damaged."""
    return copied(garden, tmp_path, capsys)


def copied(source: Path, root: Path, capsys: pytest.CaptureFixture[str]) -> Machine:
    place = shutil.copytree(source, root / "place", symlinks=True)
    place.chmod(0o755)
    return Machine(place, capsys)


def with_noise(path: Path) -> None:
    """Random bytes in the middle, the length as it was."""
    content = bytearray(path.read_bytes())
    middle, some = len(content) // 2, max(1, len(content) // 4)
    content[middle : middle + some] = random.Random(7).randbytes(some)
    path.write_bytes(content)


def halved(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


# --- all is well ---------------------------------------------------------------------------------


def test_where_all_is_well_every_check_says_so(
    machine: Machine, capsys: pytest.CaptureFixture[str]
) -> None:
    machine.doctor().expect_well()
    assert machine.run("doctor") == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line[:8] for line in lines] == ["ok      "] * len(lines)
    assert list(dict.fromkeys(line[8:20].strip() for line in lines)) == list(CHECKS)
    assert "2 documents, 2 passages, as the documents are now" in lines[CHECKS.index("index")]


def test_as_json_each_finding_has_a_check_a_state_and_what_was_told(
    machine: Machine, capsys: pytest.CaptureFixture[str]
) -> None:
    (machine.data / "current").unlink()
    assert machine.run("doctor", "--json") == 1
    findings = json.loads(capsys.readouterr().out)
    assert {tuple(finding) for finding in findings} == {("what", "state", "told")}
    assert {finding["state"] for finding in findings} == {"ok", "FAILED"}


# --- documents -----------------------------------------------------------------------------------


def test_a_missing_corpus_is_named_and_the_index_is_checked_without_it(machine: Machine) -> None:
    there = machine.corpus.rename(machine.corpus.with_name("elsewhere"))
    report = machine.doctor()
    wanted = f"{machine.corpus} does not exist"
    assert report.failed == {"documents": f"the corpus {wanted}"}
    machine.corpus = there
    machine.doctor().expect_well()


def test_a_file_that_is_left_out_is_a_warning(machine: Machine) -> None:
    (machine.corpus / "old.txt").write_bytes("Bäume".encode("latin-1"))
    report = machine.doctor()
    assert report.code == 0
    assert "left out: old.txt: not UTF-8" in report.told("warning")["documents"]
    assert "not UTF-8" in report.told("warning")["documents"]
    write(machine.corpus, {"old.txt": "Bäume"})
    assert machine.run("index") == 0
    machine.doctor().expect_well()


def test_a_gold_file_that_stops_every_build_is_named(machine: Machine) -> None:
    gold = machine.corpus.parent / "gold"
    gold.mkdir()
    (gold / "questions.jsonl").write_text("{", encoding="utf-8")
    assert machine.run("index") == 2
    assert str(gold / "questions.jsonl") in machine.doctor().failed["documents"]
    (gold / "questions.jsonl").unlink()
    machine.doctor().expect_well()


# --- folders -------------------------------------------------------------------------------------


def test_a_data_folder_that_may_not_be_written_is_told(
    machine: Machine, bound_by_permissions: RIGHTS
) -> None:
    machine.data.chmod(0o555)
    with bound_by_permissions():
        report = machine.doctor()
    assert f"{machine.data} cannot be written (Permission denied)" in report.failed["data"]
    assert "change its permissions" in report.failed["data"]
    assert "in a folder that this user may write to" in report.failed["database"]
    machine.data.chmod(0o777)
    with bound_by_permissions():
        assert not {"data", "database"} & set(machine.doctor().failed)


def test_a_disk_with_little_room_is_a_warning_and_a_full_one_is_a_fault(
    machine: Machine, small_disk: Path
) -> None:
    machine.data = shutil.copytree(machine.data, small_disk / "data", symlinks=True)
    report = machine.doctor()
    assert report.code == 0
    assert "free some space before it is full" in report.told("warning")["data"]
    filler = small_disk / "filler"
    state = os.statvfs(small_disk)
    filler.write_bytes(bytes(state.f_bavail * state.f_frsize))
    report = machine.doctor()
    assert "cannot be written (No space left on device): free some space" in report.failed["data"]
    assert "disk is full" in report.failed["database"] or "free space" in report.failed["database"]
    assert {"documents", "encoder", "index", "texts", "chroma"} <= set(report.told("ok"))
    filler.unlink()
    assert machine.doctor().failed == {}


def test_no_room_for_temporary_files_is_told(
    machine: Machine, small_disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(small_disk))
    monkeypatch.setattr("tempfile.tempdir", str(small_disk))
    filler = small_disk / "filler"
    state = os.statvfs(small_disk)
    filler.write_bytes(bytes(state.f_bavail * state.f_frsize - 8192))
    report = machine.doctor()
    assert "free some space" in report.told("warning")["temporary"]
    assert "free some space there, or name another folder with TMPDIR" in report.failed["chroma"]
    monkeypatch.undo()
    machine.doctor().expect_well()


# --- the encoder ---------------------------------------------------------------------------------


def test_an_encoder_that_is_damaged_or_missing_is_told_and_made_again(machine: Machine) -> None:
    encoders = machine.data / "encoders"
    source = encoder_folder(machine.data, DEFAULT_ENCODER).resolve()
    encoders.unlink()
    damaged = encoder_folder(machine.data, DEFAULT_ENCODER)
    damaged.mkdir(parents=True)
    for path in source.iterdir():
        (damaged / path.name).symlink_to(path)
    (damaged / "encoder.json").unlink()
    (damaged / "encoder.json").write_bytes(random.Random(7).randbytes(200))
    report = machine.doctor()
    assert set(report.failed) == {"encoder"}
    assert f"is not ready in {damaged}" in report.failed["encoder"]
    assert "run `assistant index`, after removing that folder" in report.failed["encoder"]
    shutil.rmtree(damaged)
    report = machine.doctor()
    assert set(report.failed) == {"encoder"}
    assert report.failed["encoder"].endswith("run `assistant index`")
    assert machine.run("index") == 0
    machine.doctor().expect_well()


def test_an_index_of_another_encoder_is_told_with_the_encoder(machine: Machine) -> None:
    path = machine.file("manifest.json")
    fields = json.loads(path.read_text(encoding="utf-8"))
    fields["encoder_fingerprint"] = "f" * 64
    path.write_text(json.dumps(fields), encoding="utf-8")
    report = machine.doctor()
    assert set(report.failed) == {"index"}
    assert "the index was made by the encoder" in report.failed["index"]
    assert machine.run("index") == 0
    machine.doctor().expect_well()


# --- the index -----------------------------------------------------------------------------------


def test_where_there_is_no_index_yet_it_says_how_to_make_one(machine: Machine) -> None:
    (machine.data / "current").unlink()
    shutil.rmtree(machine.data / "generations")
    shutil.rmtree(machine.data / "texts")
    report = machine.doctor()
    assert set(report.failed) == {"index", "chroma"}
    assert "there is no index" in report.failed["index"]
    assert report.failed["index"].endswith("run `assistant index`")
    assert machine.run("index") == 0
    machine.doctor().expect_well()


def test_an_index_that_is_out_of_date_is_a_warning(machine: Machine) -> None:
    write(machine.corpus, CHANGED)
    report = machine.doctor()
    assert report.code == 0
    assert "have changed since: run `assistant index`" in report.told("warning")["index"]
    assert machine.run("index") == 0
    machine.doctor().expect_well()


@pytest.mark.parametrize(
    "broken",
    [
        {"created": "yesterday"},
        {"passages": 7},
        {"calibration": {}},
    ],
)
def test_a_manifest_with_a_broken_field_is_mended_by_a_rebuild(
    machine: Machine, broken: dict[str, object]
) -> None:
    path = machine.file("manifest.json")
    fields = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps({**fields, **broken}), encoding="utf-8")
    expect_mended_by_a_rebuild(machine)


@pytest.mark.parametrize("damage", [with_noise, Path.unlink])
def test_a_manifest_that_is_none_is_mended_by_a_rebuild(
    machine: Machine, damage: Callable[[Path], None]
) -> None:
    damage(machine.file("manifest.json"))
    expect_mended_by_a_rebuild(machine)


def expect_mended_by_a_rebuild(machine: Machine) -> None:
    report = machine.doctor()
    assert {"index"} <= set(report.failed) <= {"index", "chroma"}
    assert "run `assistant index" in report.failed["index"]
    assert machine.run("index", "--rebuild") == 0
    machine.doctor().expect_well()


@pytest.mark.parametrize(
    ("name", "damage"),
    [
        ("passages.sqlite", with_noise),
        ("vectors.npy", with_noise),
        ("chroma.sqlite3", with_noise),
        ("chroma.sqlite3", halved),
        ("chroma.sqlite3", Path.unlink),
        ("length.bin", Path.unlink),
    ],
)
def test_a_damaged_file_of_the_index_is_named_and_mended_by_a_rebuild(
    machine: Machine, name: str, damage: Callable[[Path], None]
) -> None:
    path = machine.file(name)
    damage(path)
    report = machine.doctor()
    assert {"index"} <= set(report.failed) <= {"index", "chroma"}
    assert str(path) in report.failed["index"]
    assert all(told.endswith("run `assistant index --rebuild`") for told in report.failed.values())
    assert machine.run("index", "--rebuild") == 0
    machine.doctor().expect_well()


@pytest.mark.parametrize("name", ["data_level0.bin", "chroma.sqlite3"])
def test_a_file_over_which_native_code_crashes_does_not_take_the_doctor_along(
    tools: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    machine = copied(tools, tmp_path, capsys)
    path = machine.file(name)
    path.write_bytes(random.Random(7).randbytes(path.stat().st_size))
    report = machine.doctor()
    assert set(report.failed) == {"index", "chroma"}
    assert str(path) in report.failed["index"]
    assert report.failed["chroma"].endswith("run `assistant index --rebuild`")
    assert machine.run("index", "--rebuild") == 0
    machine.doctor().expect_well()


# --- texts ---------------------------------------------------------------------------------------


def text_of(machine: Machine, content: str) -> Path:
    digest = text_digest(content)
    return machine.data / "texts" / digest[:2] / f"{digest}.txt"


@pytest.mark.parametrize("damage", [with_noise, Path.unlink])
def test_a_text_that_changed_on_disk_is_told_with_its_document_and_mended(
    machine: Machine, damage: Callable[[Path], None]
) -> None:
    damage(text_of(machine, GARDEN["garden.md"]))
    report = machine.doctor()
    assert set(report.failed) == {"texts"}
    assert report.failed["texts"].startswith("garden.md: ")
    assert "`assistant index` mends it" in report.failed["texts"]
    assert machine.run("index") == 0
    machine.doctor().expect_well()


def test_a_text_of_an_earlier_document_comes_from_a_backup(machine: Machine) -> None:
    write(machine.corpus, CHANGED)
    assert machine.run("index") == 0
    old = text_of(machine, GARDEN["garden.md"])
    backup = old.read_bytes()
    with_noise(old)
    report = machine.doctor()
    assert set(report.failed) == {"texts"}
    assert report.failed["texts"].startswith("an earlier document: ")
    assert "from a backup" in report.failed["texts"]
    old.write_bytes(backup)
    machine.doctor().expect_well()


def test_of_many_damaged_texts_the_first_ten_are_named(machine: Machine) -> None:
    write(machine.corpus, {f"{n}.md": f"# Plant {n}\n\nIt has {n} leaves.\n" for n in range(15)})
    assert machine.run("index") == 0
    shutil.rmtree(machine.data / "texts")
    told = machine.doctor().failed["texts"]
    assert told.count("no text is kept under") == 10
    assert "7 more texts" in told
    assert machine.run("index") == 0
    machine.doctor().expect_well()


# --- the database --------------------------------------------------------------------------------


@pytest.fixture
def filled(machine: Machine) -> Machine:
    """A machine whose database has some hundred pages."""
    database = machine.database()
    records = Records(database)
    for number in range(2000):
        records.claim("x" * 200, f"{number:05}", "y" * 64)
    database.close()
    return machine


def of_noise(path: Path) -> None:
    path.write_bytes(random.Random(7).randbytes(path.stat().st_size))


def of_prose(path: Path) -> None:
    path.write_bytes(b"once upon a time " * 1000)


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        (with_noise, "move it away to begin anew"),
        (halved, "move it away to begin anew"),
        (of_noise, "name another file"),
        (of_prose, "name another file"),
    ],
)
def test_a_database_that_is_damaged_or_none_is_named_and_mended_by_moving_it_away(
    filled: Machine,
    damage: Callable[[Path], None],
    told: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    damage(filled.records)
    report = filled.doctor()
    assert set(report.failed) == {"database"}
    assert f"{filled.records}" in report.failed["database"]
    assert told in report.failed["database"]
    with monkeypatch.context() as environment:
        environment.setenv("ASSISTANT_DATABASE", f"sqlite:///{filled.data / 'other.sqlite'}")
        filled.doctor().expect_well()
    filled.records.rename(filled.records.with_suffix(".damaged"))
    filled.doctor().expect_well()


def test_a_damaged_database_may_be_moved_away_without_its_log(filled: Machine) -> None:
    database = filled.database()
    Records(database).claim("", "key", "y")
    log = Path(f"{filled.records}-wal")
    left = log.read_bytes()
    database.close()
    with_noise(filled.records)
    filled.records.rename(filled.records.with_suffix(".damaged"))
    log.write_bytes(left)  # as a service leaves it that was killed
    filled.doctor().expect_well()


def test_a_database_that_may_not_be_written_is_told(
    filled: Machine, bound_by_permissions: RIGHTS
) -> None:
    filled.data.chmod(0o777)
    filled.records.chmod(0o444)
    with bound_by_permissions():
        report = filled.doctor()
    assert "this user" in report.failed["database"]
    assert "write" in report.failed["database"]
    for path in filled.data.glob("records.sqlite*"):  # its log too, which the try has left
        path.chmod(0o666)
    with bound_by_permissions():
        assert "database" not in filled.doctor().failed


# --- the clock -----------------------------------------------------------------------------------


def test_a_record_dated_ahead_doubts_the_clock(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = machine.database()
    now = time.time()
    Records(database, clock=lambda: now + 7200).claim("", "key", "y")
    database.close()
    report = machine.doctor()
    assert set(report.failed) == {"clock"}
    assert "kept last is dated 2.0 hours ahead of now: set the clock" in report.failed["clock"]
    monkeypatch.setattr(time, "time", lambda: now + 7260)  # it is set
    machine.doctor().expect_well()


def test_an_index_dated_ahead_doubts_the_clock_and_is_mended_by_a_rebuild(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = machine.file("manifest.json")
    fields = json.loads(path.read_text(encoding="utf-8"))
    year = int(fields["created"][:4])
    fields["created"] = fields["created"].replace(str(year), str(year + 1))
    path.write_text(json.dumps(fields), encoding="utf-8")
    report = machine.doctor()
    assert set(report.failed) == {"clock"}
    assert "the index is dated 8,7" in report.failed["clock"]
    assert "set the clock of this machine" in report.failed["clock"]
    assert machine.run("index", "--rebuild") == 0
    machine.doctor().expect_well()


# --- all at once ---------------------------------------------------------------------------------


def test_no_fault_keeps_another_from_being_told(filled: Machine) -> None:
    with_noise(text_of(filled, GARDEN["garden.md"]))
    with_noise(filled.file("chroma.sqlite3"))
    with_noise(filled.file("passages.sqlite"))
    with_noise(filled.records)
    (filled.data / "encoders").unlink()
    filled.corpus.rename(filled.corpus.with_name("elsewhere"))
    path = filled.file("manifest.json")
    ahead = path.read_text(encoding="utf-8").replace('"created": "2', '"created": "3')
    path.write_text(ahead, encoding="utf-8")
    wanted = {"documents", "encoder", "index", "texts", "database", "clock"}
    assert wanted <= set(filled.doctor().failed)


def test_a_check_that_breaks_off_is_told_and_the_others_are_done(
    machine: Machine, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("nobody foresaw this")

    monkeypatch.setattr(api.doctor, "load_encoder", broken)
    assert machine.run("doctor") == 1
    out = capsys.readouterr().out
    assert "FAILED  encoder     the check broke off (RuntimeError: nobody foresaw this)" in out
    assert out.count("FAILED") == 1


def test_a_disk_that_fails_is_told_by_every_check_that_meets_it(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(*_: object) -> None:
        raise OSError(5, "Input/output error", str(machine.corpus))

    monkeypatch.setattr(api.doctor, "load_corpus", failing)
    report = machine.doctor()
    assert "Input/output error" in report.failed["documents"]
    assert "whether its disk works" in report.failed["documents"]
    assert {"texts", "chroma", "database"} <= set(report.told("ok"))


def test_the_doctor_changes_nothing_of_the_index(machine: Machine) -> None:
    def state() -> Iterator[tuple[Path, int]]:
        for path in sorted((machine.data / "generations").rglob("*")):
            yield path, path.stat().st_mtime_ns

    before = list(state())
    machine.doctor().expect_well()
    assert list(state()) == before
    assert Manifest.read(DataFolder(machine.data).current()).passages == 2
