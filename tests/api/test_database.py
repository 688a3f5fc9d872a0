"""The database survives crashes, crowds and full disks, and every error names its remedy."""

import os
import random
import stat
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from conftest import ROOT, AsNobody, PostgreSQL
from sqlalchemy import Connection, insert, select, text, update
from sqlalchemy.exc import IntegrityError

from api.errors import DatabaseMissing, DatabaseUnavailable
from api.store.database import Database
from api.store.tables import SCHEMA, conversations, keys, meta


def put(database: Database, *ids: str, size: int = 1) -> None:
    """Stores a row of `size` bytes for each id."""
    with database.write() as connection:
        for each in ids:
            put_in(connection, each, size)


def put_in(connection: Connection, name: str, size: int = 1) -> None:
    row = {"owner": "x" * size, "id": name, "created": 0.0, "touched": 0.0}
    connection.execute(insert(conversations).values(row))


def stored_ids(database: Database) -> list[str]:
    with database.read() as connection:
        return sorted(connection.scalars(select(conversations.c.id)))


def count_checks(database: Database) -> int:
    with database.read() as connection:
        return connection.scalar(select(meta.c.value).where(meta.c.name == "checked")) or 0


def open_error(url: str) -> str:
    with pytest.raises(DatabaseUnavailable) as caught:
        Database.open(url)
    return str(caught.value)


def file_of(url: str) -> Path:
    return Path(url.removeprefix("sqlite:///"))


@pytest.fixture
def full_file(sqlite_url: str) -> Path:
    """The file of a closed database with some hundred pages."""
    database = Database.open(sqlite_url)
    put(database, *(f"{number:05}" for number in range(2000)), size=200)
    database.close()
    return file_of(sqlite_url)


def test_new_database_opens_again(database: Database, database_url: str) -> None:
    database.check()
    put(database, "kept")
    assert database.find_damage() == ""
    database.close()
    again = Database.open(database_url, create=False)
    assert stored_ids(again) == ["kept"]
    assert count_checks(again) == 1
    again.close()


def test_nothing_is_created_on_request(sqlite_url: str, postgresql_url: str) -> None:
    for url in (sqlite_url, postgresql_url):
        for _ in range(2):
            with pytest.raises(DatabaseMissing, match="there is no database|has no tables"):
                Database.open(url, create=False)
    assert not file_of(sqlite_url).exists()


def test_failed_write_is_rolled_back(database: Database) -> None:
    def fail() -> None:
        with database.write() as connection:
            put_in(connection, "half")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    put(database, "one")
    with pytest.raises(IntegrityError):
        put(database, "two", "one")
    assert stored_ids(database) == ["one"]


def test_reader_does_not_wait_for_writer(database: Database) -> None:
    with database.write() as connection:
        put_in(connection, "coming")
        with ThreadPoolExecutor(1) as other:
            assert other.submit(stored_ids, database).result(5) == []
    assert stored_ids(database) == ["coming"]


def test_concurrent_writers_of_two_processes_lose_nothing(
    database: Database, database_url: str
) -> None:
    other = Database.open(database_url)  # as another process would
    with ThreadPoolExecutor(40) as threads:
        list(threads.map(lambda at: (database, other)[at % 2].check(), range(400)))
    assert count_checks(database) == 400
    other.close()


def test_more_threads_than_connections_wait_for_their_turn(database: Database) -> None:
    together = threading.Barrier(60)

    def read(_: int) -> list[str]:
        together.wait(30)
        with database.read() as connection:
            found = connection.scalars(select(conversations.c.id)).all()
            time.sleep(0.05)
            return list(found)

    with ThreadPoolExecutor(60) as threads:
        assert list(threads.map(read, range(60))) == [[]] * 60


def test_processes_that_open_a_new_database_together_succeed(
    tmp_path: Path, postgresql: PostgreSQL
) -> None:
    # Opens each URL in eight processes at the same time; prints how many of them failed.
    program = """
import os, sys, time
from api.store.database import Database
for url in sys.argv[1:]:
    begin = time.time() + 0.05
    children = []
    for _ in range(8):
        child = os.fork()
        if child:
            children.append(child)
            continue
        time.sleep(max(0, begin - time.time()))
        Database.open(url).check()
        os._exit(0)
    print(sum(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) != 0 for child in children))
"""
    names = [postgresql.create() for _ in range(2)]
    files = [f"sqlite:///{tmp_path / str(number) / 'new.sqlite'}" for number in range(4)]
    urls = [*files, *map(postgresql.url, names)]
    command = [sys.executable, "-c", program, *urls]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
    assert done.stdout.split() == ["0"] * len(urls), done.stderr
    for url in urls:
        database = Database.open(url)
        assert count_checks(database) == 8
        database.close()
    for name in names:
        postgresql.drop(name)


def test_every_sqlite_connection_is_durable_and_checks_foreign_keys(
    sqlite_database: Database,
) -> None:
    wanted = {
        "journal_mode": "wal",
        "synchronous": 2,
        "foreign_keys": 1,
        "busy_timeout": 10000,
        "secure_delete": 1,
    }
    together = threading.Barrier(20)

    def settings(_: int) -> dict[str, object]:
        with sqlite_database.read() as connection:
            together.wait(30)
            return {name: connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in wanted}

    with ThreadPoolExecutor(20) as threads:
        assert list(threads.map(settings, range(20))) == [wanted] * 20


def test_file_is_created_with_its_folder_and_only_its_owner_can_read_it(tmp_path: Path) -> None:
    file = tmp_path / "a?b #c" / "deep" / "records 100%.sqlite"
    database = Database.open(f"sqlite:///{file}")
    put(database, "one")
    modes = {stat.S_IMODE(path.stat().st_mode) for path in file.parent.iterdir()}
    assert file in set(file.parent.iterdir())
    assert modes == {0o600}
    database.close()


def test_relative_path_is_resolved_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    database = Database.open("sqlite:///data/records.sqlite")
    monkeypatch.chdir("/")
    put(database, "one")
    with ThreadPoolExecutor(5) as threads:
        assert list(threads.map(lambda _: stored_ids(database), range(20))) == [["one"]] * 20
    database.close()
    assert (tmp_path / "data" / "records.sqlite").stat().st_size > 0


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("sqlite://", "(sqlite:…) names no file: write sqlite:///PATH"),
        ("sqlite:///", "names no file"),
        ("sqlite:///:memory:", "names no file"),
        ("sqlite://me:sesame@host/name", "names no file"),
        ("mysql://me:sesame@host/name", "'mysql' is not a supported database: write sqlite:///"),
        ("postgresql+psycopg2://me:sesame@host/name", "'postgresql+psycopg2' is not a supported"),
        ("records.sqlite", "(records.sqlite:…) is invalid: write sqlite:///PATH"),
        ("postgresql://me:sesame", "(postgresql:…) is invalid"),
        ("postgresql://me:sesame@me@host/name", "(postgresql:…) is invalid"),
        ("postgresql://me:sesa@me@host:5432/name", "with %40 for @"),
        ("postgres://me:sesame@127.0.0.1:1/name", "me:***@127.0.0.1:1/name cannot be used"),
        ("postgresql://127.0.0.1:1/name?password=sesame", "Connection refused): check that its"),
        ("postgresql+psycopg:///name?host=/nowhere", "No such file or directory): check that"),
        ("postgresql://127.0.0.1:1/name?sslmode=never", "sslmode"),
        ("postgresql://127.0.0.1:1/name?speed=high", "speed"),
        ("", "is invalid: write sqlite:///PATH or postgresql://"),
    ],
)
def test_invalid_url_is_refused_without_showing_the_password(url: str, message: str) -> None:
    error = open_error(url)
    assert message in error
    assert "sesame" not in error
    assert "sesa@" not in error


def test_missing_driver_is_named() -> None:
    program = (
        "import sys; sys.modules['psycopg'] = None\n"
        "from api.store.database import Database\n"
        "from api.errors import DatabaseUnavailable\n"
        "try: Database.open('postgresql://me:sesame@host/name')\n"
        "except DatabaseUnavailable as error: print(error)\n"
    )
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT)
    assert "me:***@host/name needs a driver that is not installed" in done.stdout
    assert "pip install 'psycopg[binary]'" in done.stdout


def test_refusal_of_the_server_is_reported(postgresql: PostgreSQL) -> None:
    wrong = open_error(postgresql.url("postgres", password="mellon"))
    assert "password authentication failed" in wrong
    assert "user and password are right" in wrong
    assert "mellon" not in wrong
    assert 'database "nowhere" does not exist' in open_error(postgresql.url("nowhere"))


def test_missing_permissions_of_the_user_are_reported(postgresql_url: str) -> None:
    database = Database.open(postgresql_url)
    with database.write() as connection:
        connection.execute(text("CREATE ROLE guest LOGIN PASSWORD 'sesame'"))
    error = open_error(postgresql_url.replace("postgres:sesame", "guest:sesame"))
    assert "permission denied for table meta): let its user create and write tables" in error
    with database.write() as connection:
        connection.execute(text("DROP ROLE guest"))
    database.close()


def test_read_only_server_is_reported(postgresql_url: str) -> None:
    database = Database.open(postgresql_url)
    name = postgresql_url.partition("@/")[2].partition("?")[0]
    with database.write() as connection:
        connection.execute(text(f"ALTER DATABASE {name} SET default_transaction_read_only = on"))
    database.close()
    error = open_error(postgresql_url)
    assert "in a read-only transaction): name the server that accepts writes" in error


def test_other_encoding_than_utf8_is_refused(postgresql: PostgreSQL) -> None:
    name = postgresql.create("--encoding=LATIN1", "--template=template0")
    assert "has the encoding LATIN1, expected UTF8" in open_error(postgresql.url(name))
    postgresql.drop(name)


def test_restarted_server_is_used_again(postgresql: PostgreSQL, postgresql_url: str) -> None:
    database = Database.open(postgresql_url)
    put(database, "before")
    with ThreadPoolExecutor(8) as threads:  # so that there are several connections to lose
        list(threads.map(lambda _: database.check(), range(40)))
    postgresql.stop()
    try:
        with pytest.raises(DatabaseUnavailable, match="check that its server runs"):
            database.check()
        assert "check that its server runs" in database.find_damage()
    finally:
        postgresql.start()
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda _: database.check(), range(40)))
    put(database, "after")
    assert stored_ids(database) == ["after", "before"]
    database.close()


def test_transaction_is_rolled_back_if_the_server_stops(
    postgresql: PostgreSQL, postgresql_url: str
) -> None:
    database = Database.open(postgresql_url)

    def write() -> None:
        with database.write() as connection:
            put_in(connection, "half")
            postgresql.stop()
            postgresql.start()
            put_in(connection, "other half")

    with pytest.raises(DatabaseUnavailable):
        write()
    assert stored_ids(database) == []
    database.close()


@pytest.mark.parametrize(
    ("schema", "message"),
    [
        (SCHEMA + 1, "a newer version of this program .*: update this one, or name another"),
        (SCHEMA - 1, "an older version of this program .*: move it away to start with an empty"),
    ],
)
def test_database_of_another_version_is_not_changed(
    database: Database, database_url: str, schema: int, message: str
) -> None:
    with database.write() as connection:
        connection.execute(update(meta).where(meta.c.name == "schema").values(value=schema))
    with pytest.raises(DatabaseUnavailable, match=f"was created by {message}") as caught:
        Database.open(database_url)
    assert f"(schema {schema}, expected {SCHEMA})" in str(caught.value)


@pytest.mark.parametrize("name", ["meta", "answers"])
def test_database_of_another_program_is_not_changed(
    database: Database, database_url: str, name: str
) -> None:
    with database.write() as connection:
        for table in ("claims", "feedback", "answers", "conversations", "keys", "meta"):
            connection.execute(text(f"DROP TABLE {table}"))
        connection.execute(text(f"CREATE TABLE {name} (what TEXT)"))
    assert "name a database that belongs to this program" in open_error(database_url)
    with database.read() as connection:
        assert connection.execute(text(f"SELECT * FROM {name}")).all() == []


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        ("DROP TABLE meta", "meta.*: name a database that belongs to this"),
        ("DELETE FROM meta WHERE name = 'checked'", "lost its row `checked`: restore it from a"),
    ],
)
def test_check_reports_what_is_missing(database: Database, statement: str, message: str) -> None:
    with database.write() as connection:
        connection.execute(text(statement))
    with pytest.raises(DatabaseUnavailable, match=message):
        database.check()


def test_missing_tables_are_damage(database: Database) -> None:
    with database.write() as connection:
        connection.execute(text("DROP TABLE claims"))
        connection.execute(text("DROP TABLE meta"))
    damage = database.find_damage()
    assert "(the table claims is missing; the table meta is missing): restore it" in damage


def test_orphaned_row_is_damage(sqlite_database: Database, sqlite_url: str) -> None:
    with sqlite_database.write() as connection:
        connection.execute(text("CREATE TABLE loose (id TEXT REFERENCES keys (id))"))
        connection.execute(text("PRAGMA defer_foreign_keys = ON"))
        row = {"id": "a", "name": "a", "digest": "", "scopes": [], "folders": [], "created": 0.0}
        connection.execute(insert(keys).values(row))
        connection.execute(text("INSERT INTO loose VALUES ('a')"))
    sqlite_database.close()
    # Another program does not check foreign keys.
    program = (
        "import sqlite3, sys; c = sqlite3.connect(sys.argv[1]); c.execute('DELETE FROM keys');"
        "c.commit()"
    )
    subprocess.run([sys.executable, "-c", program, str(file_of(sqlite_url))], check=True)
    assert "(row 1 of loose refers to a missing row of keys)" in sqlite_database.find_damage()


def test_overwritten_pages_are_found(full_file: Path, sqlite_url: str) -> None:
    content = bytearray(full_file.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 40_000] = random.Random(7).randbytes(40_000)
    full_file.write_bytes(content)
    database = Database.open(sqlite_url)
    assert "is damaged (" in database.find_damage()
    with pytest.raises(DatabaseUnavailable, match="malformed.*: restore it from a backup"):
        stored_ids(database)
    database.close()


def test_text_that_is_not_utf8_is_reported(sqlite_database: Database) -> None:
    with sqlite_database.write() as connection:
        connection.execute(text("INSERT INTO conversations VALUES ('', CAST(X'FF' AS TEXT), 0, 0)"))
    with pytest.raises(DatabaseUnavailable, match="Could not decode.*: restore it from a backup"):
        stored_ids(sqlite_database)


def test_truncated_file_is_reported(full_file: Path, sqlite_url: str) -> None:
    os.truncate(full_file, full_file.stat().st_size // 2)
    assert "malformed): restore it from a backup, or move it away" in open_error(sqlite_url)


@pytest.mark.parametrize(
    "content", [b"once upon a time " * 1000, random.Random(7).randbytes(20_000)]
)
def test_other_file_is_not_changed(sqlite_url: str, content: bytes) -> None:
    file_of(sqlite_url).write_bytes(content)
    assert "file is not a database): name another file" in open_error(sqlite_url)
    assert file_of(sqlite_url).read_bytes() == content


@pytest.mark.parametrize("change", ["removed", "replaced"])
def test_file_that_is_gone_accepts_no_more_writes(
    sqlite_database: Database, sqlite_url: str, change: str
) -> None:
    put(sqlite_database, "kept")
    file = file_of(sqlite_url)
    file.rename(file.with_suffix(".old"))
    if change == "replaced":
        file.write_bytes(b"")
    for use in (stored_ids, put, Database.check):
        with pytest.raises(DatabaseUnavailable, match="was removed or replaced while.*restart the"):
            use(sqlite_database)
    assert "removed or replaced" in sqlite_database.find_damage()


def test_folder_instead_of_a_file_or_without_write_permission_is_reported(
    tmp_path: Path, bound_by_permissions: AsNobody
) -> None:
    error = open_error(f"sqlite:///{tmp_path}")
    assert "unable to open database file): name a file in a folder that this user" in error
    folder = tmp_path / "closed"
    folder.mkdir(mode=0o555)
    with bound_by_permissions():
        for file in ("records.sqlite", "deeper/records.sqlite"):
            error = open_error(f"sqlite:///{folder}/{file}")
            assert "cannot be created (Permission denied): name a file in a folder that" in error


def test_file_without_write_permission_is_reported(
    full_file: Path, sqlite_url: str, bound_by_permissions: AsNobody
) -> None:
    full_file.chmod(0o444)
    with bound_by_permissions():
        error = open_error(sqlite_url)
    assert "that this user can write to" in error or "let this user write to" in error


def test_full_disk_loses_nothing(small_disk: Path) -> None:
    ballast = small_disk / "ballast"
    ballast.write_bytes(bytes(500_000))
    database = Database.open(f"sqlite:///{small_disk / 'records.sqlite'}")
    acknowledged: list[str] = []

    def fill() -> None:
        for number in range(10_000):
            put(database, f"{number:05}", size=2000)
            acknowledged.append(f"{number:05}")

    with pytest.raises(DatabaseUnavailable, match="full.*: free space on its disk"):
        fill()
    assert len(acknowledged) > 50
    assert stored_ids(database) == acknowledged
    with pytest.raises(DatabaseUnavailable):
        put(database, "too much", size=100_000)
    ballast.unlink()
    put(database, "again")
    assert stored_ids(database) == [*acknowledged, "again"]
    assert database.find_damage() == ""
    database.close()


@pytest.mark.parametrize("mode", ["wal", "delete"])
def test_other_program_that_writes_is_waited_for(sqlite_url: str, mode: str) -> None:
    """Also if that program created the file, and its journal mode has to be changed."""
    program = (
        "import sqlite3, sys, time; c = sqlite3.connect(sys.argv[1], isolation_level=None);"
        "c.execute(f'PRAGMA journal_mode={sys.argv[2]}'); c.execute('BEGIN IMMEDIATE');"
        "print('holds', flush=True); time.sleep(1); c.execute('COMMIT')"
    )
    command = [sys.executable, "-c", program, str(file_of(sqlite_url)), mode]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as other:
        assert other.stdout
        assert other.stdout.readline() == b"holds\n"
        began = time.monotonic()
        database = Database.open(sqlite_url)
        assert time.monotonic() - began > 0.5
    put(database, "late")
    assert stored_ids(database) == ["late"]
    database.close()
