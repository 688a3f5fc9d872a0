"""The database survives what databases are made to survive, and says what mends the rest."""

import os
import random
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from conftest import PostgreSQL
from sqlalchemy import Connection, insert, select, text, update
from sqlalchemy.exc import IntegrityError

from api.errors import DatabaseUnavailable
from api.store.database import Database, conversations, keys, meta

ROOT = Path(__file__).resolve().parents[2]
RIGHTS = Callable[[], AbstractContextManager[None]]

# Opens each address in eight processes at once; says how many of them found fault.
OPENS = """
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


def put(database: Database, *ids: str, size: int = 1) -> None:
    """Keeps a row for each id, of some `size` bytes."""
    with database.write() as connection:
        for each in ids:
            put_in(connection, each, size)


def put_in(connection: Connection, name: str, size: int = 1) -> None:
    row = {"owner": "x" * size, "id": name, "created": 0.0, "touched": 0.0}
    connection.execute(insert(conversations).values(row))


def got(database: Database) -> list[str]:
    with database.read() as connection:
        return sorted(connection.scalars(select(conversations.c.id)))


def checked(database: Database) -> int:
    with database.read() as connection:
        return connection.scalar(select(meta.c.value).where(meta.c.name == "checked")) or 0


def refused(url: str) -> str:
    """What is said where a database cannot be opened."""
    with pytest.raises(DatabaseUnavailable) as caught:
        Database.open(url)
    return str(caught.value)


def file_of(url: str) -> Path:
    return Path(url.removeprefix("sqlite:///"))


def filled(url: str) -> Path:
    """The file of a closed database with some hundred pages."""
    database = Database.open(url)
    put(database, *(f"{number:05}" for number in range(2000)), size=200)
    database.close()
    assert file_of(url).stat().st_size > 400_000
    return file_of(url)


def test_a_new_database_is_made_ready_and_opens_again(
    database: Database, database_url: str
) -> None:
    database.check()
    put(database, "kept")
    assert database.find_damage() == ""
    database.close()
    again = Database.open(database_url)
    assert got(again) == ["kept"]
    assert checked(again) == 1
    again.close()


def test_a_write_is_undone_where_an_error_comes_through(database: Database) -> None:
    def fail() -> None:
        with database.write() as connection:
            put_in(connection, "half")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert got(database) == []


def test_a_conflict_is_no_fault_of_the_database(database: Database) -> None:
    put(database, "one")
    with pytest.raises(IntegrityError):
        put(database, "two", "one")
    assert got(database) == ["one"]


def test_who_reads_does_not_wait_for_who_writes(database: Database) -> None:
    with database.write() as connection:
        put_in(connection, "coming")
        with ThreadPoolExecutor(1) as other:
            assert other.submit(got, database).result(5) == []
    assert got(database) == ["coming"]


def test_forty_threads_write_without_an_error_and_nothing_is_lost(
    database: Database, database_url: str
) -> None:
    other = Database.open(database_url)  # as another process would
    with ThreadPoolExecutor(40) as threads:
        list(threads.map(lambda at: (database, other)[at % 2].check(), range(800)))
    assert checked(database) == 800
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


def test_processes_that_open_the_same_new_database_at_once_all_succeed(
    tmp_path: Path, postgresql: PostgreSQL
) -> None:
    names = [postgresql.create() for _ in range(3)]
    files = [f"sqlite:///{tmp_path / str(number) / 'new.sqlite'}" for number in range(6)]
    urls = [*files, *map(postgresql.url, names)]
    command = [sys.executable, "-c", OPENS, *urls]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
    assert done.stdout.split() == ["0"] * len(urls), done.stderr
    for url in urls:
        database = Database.open(url)
        assert checked(database) == 8
        database.close()
    for name in names:
        postgresql.drop(name)


def test_every_connection_to_a_file_is_durable_and_keeps_the_rules(
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


def test_a_file_is_made_with_its_folder_for_its_owner_only(tmp_path: Path) -> None:
    file = tmp_path / "a?b #c" / "deep" / "records 100%.sqlite"
    database = Database.open(f"sqlite:///{file}")
    put(database, "one")
    modes = {stat.S_IMODE(path.stat().st_mode) for path in file.parent.iterdir()}
    assert file in set(file.parent.iterdir())
    assert modes == {0o600}
    database.close()


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("sqlite://", "(sqlite:…) names no file: name one as in sqlite:///PATH"),
        ("sqlite:///", "names no file"),
        ("sqlite:///:memory:", "names no file"),
        ("sqlite://me:sesame@host/name", "names no file"),
        ("mysql://me:sesame@host/name", "'mysql' is no known kind of database: write sqlite:///"),
        ("postgresql+psycopg2://me:sesame@host/name", "'postgresql+psycopg2' is no known kind"),
        ("postgresql+asyncpg://me:sesame@host/name", "'postgresql+asyncpg' is no known kind"),
        ("records.sqlite", "(records.sqlite:…) cannot be read: write sqlite:///PATH"),
        ("postgresql://me:sesame", "(postgresql:…) cannot be read"),
        ("postgresql://me:sesame@me@host/name", "(postgresql:…) cannot be read"),
        ("postgresql://me:sesa@me@host:5432/name", "with %40 for @"),
        ("postgres://me:sesame@127.0.0.1:1/name", "me:***@127.0.0.1:1/name cannot be used"),
        ("postgresql://127.0.0.1:1/name?password=sesame", "Connection refused): see whether its"),
        ("postgresql+psycopg:///name?host=/nowhere", "No such file or directory): see whether"),
        ("postgresql://127.0.0.1:1/name?sslmode=never", "sslmode"),
        ("postgresql://127.0.0.1:1/name?speed=high", "speed"),
        ("", "cannot be read: write sqlite:///PATH or postgresql://"),
    ],
)
def test_an_address_of_no_use_is_refused_without_its_password(url: str, told: str) -> None:
    message = refused(url)
    assert told in message
    assert "sesame" not in message
    assert "sesa@" not in message


def test_a_missing_driver_is_named() -> None:
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


def test_what_a_server_refuses_is_told_with_the_remedy(postgresql: PostgreSQL) -> None:
    wrong = refused(postgresql.url("postgres", password="mellon"))
    assert "password authentication failed" in wrong
    assert "user and password are right" in wrong
    assert "mellon" not in wrong
    assert 'database "nowhere" does not exist' in refused(postgresql.url("nowhere"))


def test_a_user_without_rights_is_told_what_it_needs(postgresql_url: str) -> None:
    database = Database.open(postgresql_url)
    with database.write() as connection:
        connection.execute(text("CREATE ROLE guest LOGIN PASSWORD 'sesame'"))
    told = refused(postgresql_url.replace("postgres:sesame", "guest:sesame"))
    assert "permission denied for table meta): let its user make and write tables" in told
    with database.write() as connection:
        connection.execute(text("DROP ROLE guest"))
    database.close()


def test_a_server_that_only_reads_is_told(postgresql: PostgreSQL, postgresql_url: str) -> None:
    database = Database.open(postgresql_url)
    name = postgresql_url.partition("@/")[2].partition("?")[0]
    with database.write() as connection:
        connection.execute(text(f"ALTER DATABASE {name} SET default_transaction_read_only = on"))
    database.close()
    told = refused(postgresql_url)
    assert "in a read-only transaction): name the server that may be written to" in told


def test_a_database_that_lacks_characters_is_refused(postgresql: PostgreSQL) -> None:
    name = postgresql.create("--encoding=LATIN1", "--template=template0")
    assert "is encoded in LATIN1, which lacks characters" in refused(postgresql.url(name))
    postgresql.drop(name)


def test_a_server_that_is_started_again_is_used_again(
    postgresql: PostgreSQL, postgresql_url: str
) -> None:
    database = Database.open(postgresql_url)
    put(database, "before")
    with ThreadPoolExecutor(8) as threads:  # so that there are several connections to lose
        list(threads.map(lambda _: database.check(), range(40)))
    postgresql.stop()
    try:
        with pytest.raises(DatabaseUnavailable, match="see whether its server runs"):
            database.check()
        assert "see whether its server runs" in database.find_damage()
    finally:
        postgresql.start()
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda _: database.check(), range(40)))
    put(database, "after")
    assert got(database) == ["after", "before"]
    database.close()


def test_a_server_that_stops_in_the_middle_undoes_what_was_not_committed(
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
    assert got(database) == []
    database.close()


def test_a_database_of_a_newer_program_is_left_alone(database: Database, database_url: str) -> None:
    newer = update(meta).where(meta.c.name == "schema").values(value=2)
    with database.write() as connection:
        connection.execute(newer)
    told = refused(database_url)
    assert "made by a newer version of this program (schema 2, expected 1): update this" in told


@pytest.mark.parametrize("name", ["meta", "answers"])
def test_a_database_of_another_program_is_left_alone(
    database: Database, database_url: str, name: str
) -> None:
    with database.write() as connection:
        for table in ("claims", "feedback", "answers", "conversations", "keys", "meta"):
            connection.execute(text(f"DROP TABLE {table}"))
        connection.execute(text(f"CREATE TABLE {name} (what TEXT)"))
    assert "name a database that is this program's own" in refused(database_url)
    with database.read() as connection:
        assert connection.execute(text(f"SELECT * FROM {name}")).all() == []


def test_a_table_that_is_gone_is_named(database: Database) -> None:
    with database.write() as connection:
        connection.execute(text("DROP TABLE claims"))
        connection.execute(text("DROP TABLE meta"))
    told = database.find_damage()
    assert "is damaged (the table claims is missing; the table meta is missing): restore it" in told
    with pytest.raises(DatabaseUnavailable, match="meta.*: name a database that is this program's"):
        database.check()


def test_a_row_that_check_needs_and_that_is_gone_is_told(database: Database) -> None:
    with database.write() as connection:
        connection.execute(text("DELETE FROM meta WHERE name = 'checked'"))
    with pytest.raises(DatabaseUnavailable, match="lost its row `checked`: restore it from a"):
        database.check()


def test_a_row_that_belongs_to_nothing_is_damage(
    sqlite_database: Database, sqlite_url: str
) -> None:
    with sqlite_database.write() as connection:
        connection.execute(text("CREATE TABLE loose (id TEXT REFERENCES keys (id))"))
        connection.execute(text("PRAGMA defer_foreign_keys = ON"))
        row = {"id": "a", "name": "a", "digest": "", "scopes": [], "folders": [], "created": 0.0}
        connection.execute(insert(keys).values(row))
        connection.execute(text("INSERT INTO loose VALUES ('a')"))
    sqlite_database.close()
    # Only from outside, where the rules are not kept.
    program = (
        "import sqlite3, sys; c = sqlite3.connect(sys.argv[1]); c.execute('DELETE FROM keys');"
        "c.commit()"
    )
    subprocess.run([sys.executable, "-c", program, str(file_of(sqlite_url))], check=True)
    assert (
        "(row 1 of loose belongs to nothing in keys): restore it" in sqlite_database.find_damage()
    )


def test_random_bytes_in_the_middle_are_found_and_told(sqlite_url: str) -> None:
    file = filled(sqlite_url)
    content = bytearray(file.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 40_000] = random.Random(7).randbytes(40_000)
    file.write_bytes(content)
    database = Database.open(sqlite_url)
    assert "is damaged (" in database.find_damage()
    with pytest.raises(DatabaseUnavailable, match="malformed.*: restore it from a backup"):
        got(database)
    database.close()


def test_text_that_is_none_is_told(sqlite_database: Database) -> None:
    with sqlite_database.write() as connection:
        connection.execute(text("INSERT INTO conversations VALUES ('', CAST(X'FF' AS TEXT), 0, 0)"))
    with pytest.raises(DatabaseUnavailable, match="Could not decode.*: restore it from a backup"):
        got(sqlite_database)


def test_a_file_is_the_same_from_every_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    database = Database.open("sqlite:///data/records.sqlite")
    monkeypatch.chdir("/")
    put(database, "one")
    with ThreadPoolExecutor(5) as threads:
        assert list(threads.map(lambda _: got(database), range(20))) == [["one"]] * 20
    database.close()
    assert (tmp_path / "data" / "records.sqlite").stat().st_size > 0


def test_a_truncated_file_is_found_and_told(sqlite_url: str) -> None:
    file = filled(sqlite_url)
    os.truncate(file, file.stat().st_size // 2)
    told = refused(sqlite_url)
    assert "malformed): restore it from a backup, or move it away to begin anew" in told


@pytest.mark.parametrize(
    "content", [b"once upon a time " * 1000, random.Random(7).randbytes(20_000)]
)
def test_a_file_that_is_no_database_is_left_alone(sqlite_url: str, content: bytes) -> None:
    file_of(sqlite_url).write_bytes(content)
    assert "file is not a database): name another file" in refused(sqlite_url)
    assert file_of(sqlite_url).read_bytes() == content


def test_a_folder_in_the_place_of_the_file_is_told(tmp_path: Path) -> None:
    told = refused(f"sqlite:///{tmp_path}")
    assert "unable to open database file): name a file in a folder that this user" in told


@pytest.mark.parametrize("change", ["removed", "replaced"])
def test_a_file_that_is_gone_while_in_use_takes_no_more_writes(
    sqlite_database: Database, sqlite_url: str, change: str
) -> None:
    put(sqlite_database, "kept")
    file = file_of(sqlite_url)
    file.rename(file.with_suffix(".old"))
    if change == "replaced":
        file.write_bytes(b"")
    for use in (got, put, Database.check):
        with pytest.raises(DatabaseUnavailable, match="was removed or replaced while.*start the"):
            use(sqlite_database)
    assert "removed or replaced" in sqlite_database.find_damage()


def test_a_folder_that_may_not_be_written_is_told(
    tmp_path: Path, bound_by_permissions: RIGHTS
) -> None:
    folder = tmp_path / "closed"
    folder.mkdir(mode=0o555)
    with bound_by_permissions():
        told = refused(f"sqlite:///{folder}/records.sqlite")
        below = refused(f"sqlite:///{folder}/deeper/records.sqlite")
    for each in (told, below):
        assert "cannot be made (Permission denied): name a file in a folder that this" in each


def test_a_file_that_may_not_be_written_is_told(
    tmp_path: Path, sqlite_url: str, bound_by_permissions: RIGHTS
) -> None:
    file = filled(sqlite_url)
    file.chmod(0o444)
    with bound_by_permissions():
        told = refused(sqlite_url)
    assert "cannot be used (" in told
    assert "that this user may write to" in told or "let this user write to" in told


def test_a_full_disk_loses_nothing_and_is_told(small_disk: Path) -> None:
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
    assert got(database) == acknowledged
    with pytest.raises(DatabaseUnavailable):
        put(database, "too much", size=100_000)
    assert got(database) == acknowledged
    ballast.unlink()
    put(database, "again")
    assert got(database) == [*acknowledged, "again"]
    assert database.find_damage() == ""
    database.close()


@pytest.mark.parametrize("mode", ["wal", "delete"])
def test_another_program_that_writes_for_a_second_is_waited_for(sqlite_url: str, mode: str) -> None:
    """Also where it is that one which made the file, and this one has to change its mode."""
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
    assert got(database) == ["late"]
    database.close()
