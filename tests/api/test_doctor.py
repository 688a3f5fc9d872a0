"""The doctor finds each fault, names a remedy that works, and goes on with the other checks."""

import json
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from conftest import Writer
from damage import (
    file_of,
    fill_database,
    filled,
    halve,
    overwrite,
    replace_with_noise,
    text_file,
)
from serving import CHANGED, GARDEN

import api.assembly.assistant
import api.doctor
from api.assembly.assistant import build_index
from api.cli.main import main
from api.doctor import CHECKS, Finding, State, run_check, run_checks
from api.settings import Settings
from api.store.database import Database
from api.store.records import Records
from assistant.reader.runtime import WEIGHTS, reader_files
from index.encoders import encoder_folder
from index.layout import DEFAULT_ENCODER

AsNobody = Callable[[], AbstractContextManager[None]]


def messages(state: State, findings: Iterator[Finding]) -> str:
    return "\n".join(finding.message for finding in findings if finding.state is state)


def failures(settings: Settings, *checks: str) -> dict[str, str]:
    """Runs these checks; returns the messages of those that fail."""
    found = {name: messages(State.FAILED, run_check(name, settings)) for name in checks}
    return {name: message for name, message in found.items() if message}


def warnings(settings: Settings, check: str) -> str:
    """Runs a check that must not fail; returns its warnings."""
    findings = list(run_check(check, settings))
    assert not messages(State.FAILED, iter(findings))
    return messages(State.WARNING, iter(findings))


def run_index(settings: Settings, *arguments: str) -> int:
    folders = ["--corpus", str(settings.corpus), "--data", str(settings.data_folder)]
    return main(["index", *arguments, *folders])


def edit_manifest(settings: Settings, **fields: object) -> None:
    path = file_of(settings, "manifest.json")
    content = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps({**content, **fields}), encoding="utf-8")


def test_every_check_of_an_intact_service_is_ok_and_changes_nothing(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    generations = settings.data_folder / "index" / "generations"
    before = {path: path.stat().st_mtime_ns for path in generations.rglob("*")}
    folders = ["--corpus", str(settings.corpus), "--data", str(settings.data_folder)]
    assert main(["doctor", *folders]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert {line[:8] for line in lines} == {"ok      "}
    assert list(dict.fromkeys(line[8:20].strip() for line in lines)) == list(CHECKS)
    assert "2 documents, 2 passages, up to date" in lines[list(CHECKS).index("index")]
    assert {path: path.stat().st_mtime_ns for path in generations.rglob("*")} == before


def test_json_has_check_state_and_message_and_names_the_remedy(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    (settings.data_folder / "index" / "current").unlink()
    folders = ["--corpus", str(settings.corpus), "--data", str(settings.data_folder)]
    assert main(["doctor", "--json", *folders]) == 1
    rows = json.loads(capsys.readouterr().out)
    assert {tuple(row) for row in rows} == {("check", "state", "message")}
    [index] = [row for row in rows if row["check"] == "index"]
    assert index["state"] == "FAILED"
    assert index["message"].endswith(f"run `assistant index {' '.join(folders)}`")


def test_one_fault_does_not_hide_another(settings: Settings) -> None:
    fill_database(settings)
    overwrite(text_file(settings, GARDEN["garden.md"]))
    overwrite(file_of(settings, "passages.sqlite"))
    overwrite(settings.data_folder / "records.sqlite")
    (settings.data_folder / "index" / "encoders").unlink()
    settings.corpus.rename(settings.corpus.with_name("elsewhere"))
    manifest = file_of(settings, "manifest.json")
    future = manifest.read_text(encoding="utf-8").replace('"created": "2', '"created": "3')
    manifest.write_text(future, encoding="utf-8")
    failed = {f.check for f in run_checks(settings) if f.state is State.FAILED}
    assert failed >= {"documents", "encoder", "index", "texts", "database", "clock"}


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (RuntimeError("oops"), "unexpected RuntimeError: oops; please report this as a bug"),
        (OSError(5, "Input/output error"), "whether its disk works"),
    ],
)
def test_unexpected_error_is_a_finding(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, error: Exception, message: str
) -> None:
    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr(api.doctor, "load_known", fail)
    assert message in failures(settings, "documents")["documents"]


def test_file_that_is_too_costly_is_a_warning_with_a_remedy(
    settings: Settings, folder_of: Writer
) -> None:
    folder_of({**GARDEN, "costly.md": "- a\n" * 100_000})
    build_index(settings.model_copy(update={"file_megabytes": 48}))
    warning = "costly.md: loading it takes more than 48 MB of memory: split it into smaller files"
    assert warning in warnings(settings, "documents")
    assert warnings(settings, "index") == ""


def test_missing_corpus_is_named_and_the_index_is_checked_without_it(settings: Settings) -> None:
    settings.corpus.rename(settings.corpus.with_name("elsewhere"))
    failed = failures(settings, "documents", "index")
    assert set(failed) == {"documents"}
    assert f"{settings.corpus} does not exist" in failed["documents"]


def test_skipped_file_is_a_warning(settings: Settings) -> None:
    (settings.corpus / "old.txt").write_bytes("Bäume".encode("latin-1"))
    assert "skipped: old.txt: not UTF-8" in warnings(settings, "documents")


def test_invalid_gold_file_is_named(settings: Settings) -> None:
    gold = settings.corpus.parent / "gold" / "questions.jsonl"
    gold.parent.mkdir()
    gold.write_text("{", encoding="utf-8")
    assert run_index(settings) == 2
    assert str(gold) in failures(settings, "documents")["documents"]


def test_a_gold_row_that_cannot_be_used_is_a_warning_and_does_not_stop_indexing(
    settings: Settings,
) -> None:
    gold = settings.corpus.parent / "gold" / "questions.jsonl"
    gold.parent.mkdir()
    gold.write_text('{"question": "Why?", "answers": ["So."]}\n{"question": 5}', encoding="utf-8")
    assert run_index(settings) == 0
    assert 'questions.jsonl, line 2, field "question": ' in warnings(settings, "documents")


def test_read_only_data_folder_is_named(settings: Settings, bound_by_permissions: AsNobody) -> None:
    settings.data_folder.chmod(0o555)
    with bound_by_permissions():
        failed = failures(settings, "data", "database")
    assert f"{settings.data_folder} cannot be written (Permission denied)" in failed["data"]
    assert "change the permissions" in failed["data"]
    assert "in a folder that this user can write to" in failed["database"]
    settings.data_folder.chmod(0o777)
    with bound_by_permissions():
        assert failures(settings, "data", "database") == {}


def test_nearly_full_disk_is_a_warning_and_a_full_one_fails(
    settings: Settings, small_disk: Path
) -> None:
    data = shutil.copytree(settings.data_folder, small_disk / "data", symlinks=True)
    settings = settings.model_copy(update={"data": data})
    assert "free some space before it is full" in warnings(settings, "data")
    with filled(small_disk):
        failed = failures(settings, "data", "index", "texts", "database")
    assert set(failed) == {"data", "database"}
    assert "cannot be written (No space left on device)" in failed["data"]
    assert "disk is full" in failed["database"] or "free space" in failed["database"]
    assert failures(settings, "data", "database") == {}


def test_full_temporary_folder_is_named(
    settings: Settings, small_disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(small_disk))
    monkeypatch.setattr("tempfile.tempdir", str(small_disk))
    with filled(small_disk, free=8192):
        assert "free some space" in warnings(settings, "temporary")
        assert "set TMPDIR to another folder" in failures(settings, "chroma")["chroma"]
    with filled(small_disk):
        assert "set TMPDIR to another folder" in failures(settings, "temporary")["temporary"]


@pytest.fixture
def own_encoder(settings: Settings) -> Path:
    """The folder of an encoder that only this test uses."""
    source = encoder_folder(settings.data_folder, DEFAULT_ENCODER).resolve()
    (settings.data_folder / "index" / "encoders").unlink()
    return shutil.copytree(source, encoder_folder(settings.data_folder, DEFAULT_ENCODER))


@pytest.mark.parametrize("name", ["encoder.json", "model.onnx", "tokenizer.json"])
def test_damaged_encoder_is_named_and_exported_again(
    settings: Settings,
    own_encoder: Path,
    encoder_data: Path,
    name: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def export(data: Path, encoder: str) -> None:
        source = encoder_folder(encoder_data, encoder)
        shutil.copytree(source, encoder_folder(data, encoder), dirs_exist_ok=True)

    overwrite(own_encoder / name)
    failed = failures(settings, "encoder", "index", "texts")
    assert set(failed) == {"encoder"}
    assert str(own_encoder / name) in failed["encoder"]
    assert failed["encoder"].endswith(": build the index, which exports the encoder again")
    monkeypatch.setattr(api.assembly.assistant, "export_encoder", export)
    assert run_index(settings) == 0
    assert "is up to date" in capsys.readouterr().out
    assert failures(settings, "encoder") == {}


def test_missing_encoder_is_named(settings: Settings, own_encoder: Path) -> None:
    shutil.rmtree(own_encoder)
    assert "build the index" in failures(settings, "encoder")["encoder"]


def test_damaged_reader_is_named_and_can_be_turned_off(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    weights = shutil.copytree(WEIGHTS, tmp_path / "weights")
    overwrite(weights / "reader.onnx")
    monkeypatch.setattr(api.doctor, "reader_files", lambda: reader_files(weights))
    message = failures(settings, "reader")["reader"]
    assert f"{weights / 'reader.onnx'} was changed on disk: install the program again" in message
    assert failures(settings.model_copy(update={"reader": False}), "reader") == {}


@pytest.mark.parametrize(
    "fields",
    [
        {"created": "yesterday"},
        {"passages": 7},
        {"scorer": {}},
        {"format": 1},
        {"encoder_fingerprint": "f" * 64},
    ],
)
def test_manifest_that_does_not_fit_is_repaired_by_a_rebuild(
    settings: Settings, fields: dict[str, object]
) -> None:
    edit_manifest(settings, **fields)
    assert "build the index" in failures(settings, "index")["index"]
    assert run_index(settings, "--rebuild") == 0
    assert failures(settings, "index") == {}


@pytest.mark.parametrize("damage", [overwrite, Path.unlink])
@pytest.mark.parametrize(
    "name", ["manifest.json", "passages.sqlite", "vectors.npy", "chroma.sqlite3", "length.bin"]
)
def test_damaged_file_of_the_index_is_named(
    settings: Settings, name: str, damage: Callable[[Path], None]
) -> None:
    path = file_of(settings, name)
    damage(path)
    message = failures(settings, "index")["index"]
    assert str(path.parent if name == "manifest.json" else path) in message
    assert message.endswith("rebuild the index")


def test_missing_index_is_named_and_built(settings: Settings) -> None:
    shutil.rmtree(settings.data_folder / "index" / "generations")
    (settings.data_folder / "index" / "current").unlink()
    assert "there is no index" in failures(settings, "index")["index"]
    assert run_index(settings) == 0
    assert failures(settings, "index") == {}


def test_index_that_is_out_of_date_is_a_warning(settings: Settings, folder_of: Writer) -> None:
    folder_of(CHANGED)
    assert "have changed since: build the index" in warnings(settings, "index")


@pytest.mark.parametrize("damage", [overwrite, Path.unlink])
def test_damaged_text_is_named_and_restored_by_a_build(
    settings: Settings, damage: Callable[[Path], None]
) -> None:
    damage(text_file(settings, GARDEN["garden.md"]))
    message = failures(settings, "texts")["texts"]
    assert message.startswith("garden.md: ")
    assert run_index(settings) == 0
    assert failures(settings, "texts") == {}


def test_damaged_text_of_an_earlier_version_needs_a_backup(
    settings: Settings, folder_of: Writer
) -> None:
    folder_of(CHANGED)
    assert run_index(settings) == 0
    overwrite(text_file(settings, GARDEN["garden.md"]))
    message = failures(settings, "texts")["texts"]
    assert message.startswith("an earlier document: ")
    assert "from a backup" in message


def test_only_the_first_ten_damaged_texts_are_named(settings: Settings, folder_of: Writer) -> None:
    folder_of({f"{n}.md": f"# Plant {n}\n\nIt has {n} leaves.\n" for n in range(15)})
    assert run_index(settings) == 0
    shutil.rmtree(settings.data_folder / "texts")
    lines = failures(settings, "texts")["texts"].splitlines()
    assert len(lines) == 11
    assert lines[-1] == "and 5 more"


def write_prose(path: Path) -> None:
    path.write_bytes(b"once upon a time " * 1000)


@pytest.mark.parametrize(
    ("damage", "remedy"),
    [
        (overwrite, "move it away"),
        (halve, "move it away"),
        (replace_with_noise, "name another file"),
        (write_prose, "name another file"),
    ],
)
def test_damaged_database_is_named_and_can_be_moved_away(
    settings: Settings, damage: Callable[[Path], None], remedy: str
) -> None:
    file = fill_database(settings)
    damage(file)
    message = failures(settings, "database")["database"]
    assert str(file) in message
    assert remedy in message
    other = {"database": f"sqlite:///{settings.data_folder / 'other.sqlite'}"}
    assert failures(settings.model_copy(update=other), "database") == {}
    file.rename(file.with_suffix(".damaged"))
    assert failures(settings, "database") == {}


def test_damaged_database_can_be_moved_away_without_its_log(settings: Settings) -> None:
    file, log = fill_database(settings), settings.data_folder / "records.sqlite-wal"
    database = Database.open(settings.database_url)
    Records(database).claim("", "key", "y")
    content = log.read_bytes()
    database.close()
    overwrite(file)
    file.rename(file.with_suffix(".damaged"))
    log.write_bytes(content)  # as a service leaves it that was killed
    assert failures(settings, "database") == {}


def test_read_only_database_is_named(settings: Settings, bound_by_permissions: AsNobody) -> None:
    fill_database(settings).chmod(0o444)
    settings.data_folder.chmod(0o777)
    with bound_by_permissions():
        message = failures(settings, "database")["database"]
    assert "this user" in message
    assert "write" in message


def test_record_from_the_future_means_that_the_clock_is_wrong(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = time.time()
    database = Database.open(settings.database_url)
    Records(database, clock=lambda _: now + 7200).claim("", "key", "y")
    database.close()
    assert "the latest record is from 2.0 hours" in failures(settings, "clock")["clock"]
    monkeypatch.setattr(time, "time", lambda: now + 7260)  # the clock is set
    assert failures(settings, "clock") == {}


def test_index_from_the_future_means_that_the_clock_is_wrong(settings: Settings) -> None:
    edit_manifest(settings, created="2999-01-01T00:00:00+00:00")
    message = failures(settings, "clock")["clock"]
    assert "the index is from" in message
    assert message.endswith("set the clock of this machine if it is wrong, else: rebuild the index")
