"""Opens the database, SQLite or PostgreSQL, and runs transactions in it.

Translates every error of the database into DatabaseUnavailable with a remedy. Does not know what a
record means.
"""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from sqlalchemy import (
    Connection,
    Engine,
    Table,
    create_engine,
    event,
    func,
    inspect,
    make_url,
    select,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import URL
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import ArgumentError, DBAPIError, IntegrityError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.pool import ConnectionPoolEntry

from api.errors import DatabaseMissing, DatabaseUnavailable
from api.store.tables import SCHEMA, meta, tables

_URL_FORMS = "sqlite:///PATH or postgresql://USER:PASSWORD@HOST/NAME"
_TIMEOUT = 10  # seconds: for another writer, for a connection, for a server that does not answer
_POOL_SIZE, _POOL_OVERFLOW = 10, 30  # connections that stay open, and more under load
_ADVISORY_LOCK = 0x70726F7665  # any number that other programs do not lock on the same server
_POSTGRESQL_NOW = select(func.extract("epoch", func.clock_timestamp()))
_MAX_FAULTS = 10  # reported by one check

_CHECKED = meta.c.name == "checked"

_RESTORE = "restore it from a backup, or move it away to start with an empty one"
_CHECK_SERVER = "check that its server runs, and that host, name, user and password are right"
# The remedy for an error of SQLite, by its name, or of PostgreSQL, by its SQLSTATE or its class.
_REMEDIES = {
    "SQLITE_FULL": "free space on its disk",
    "SQLITE_IOERR": "check whether its disk is full, failing or gone",
    "SQLITE_READONLY": "let this user write to the file and its folder",
    "SQLITE_CANTOPEN": "name a file in a folder that this user can write to",
    "SQLITE_CORRUPT": _RESTORE,
    "SQLITE_NOTADB": "name another file, or restore it from a backup",
    "SQLITE_BUSY": "stop the other program that writes to it, or try again",
    "SQLITE_ERROR": "name a database that belongs to this program",
    "08": _CHECK_SERVER,
    "25006": "name the server that accepts writes",
    "28": "correct the user or the password in its URL",
    "3D": "create it with createdb, or name another",
    "40": "try again",
    "42": "name a database that belongs to this program",
    "42501": "let its user create and write tables, as the owner of the database can",
    "53": "free memory on its server, or stop other programs that use it",
    "53100": "free space on the disk of its server",
    "53300": "stop other programs that use its server, or raise max_connections there",
    "55": "try again",
    "57": "wait until its server has started, and try again",
    "58": "check whether the disk of its server is full, failing or gone",
    "XX": "restore it from a backup",
}
_UNEXPECTED = "the log of the service has the details"


class Database:
    """A database with the tables of this program. Thread-safe; must not be used after a fork.

    What write() has committed survives a crash of the process and of the machine. `name` is the URL
    without the password.
    """

    def __init__(self, engine: Engine, name: str, file: Path | None) -> None:
        self._engine = engine
        self._writer = engine.execution_options(begin="BEGIN IMMEDIATE")
        self.name = name
        self._file = file
        self._identity: tuple[int, int] | None = None
        self._write_lock = threading.Semaphore(1 if file else _POOL_SIZE + _POOL_OVERFLOW)

    @classmethod
    def open(cls, url: str, *, create: bool = True) -> "Database":
        """Opens the database at `sqlite:///PATH` or `postgresql://…`, and creates it if it is new.

        Raises DatabaseUnavailable, whose message never contains a password, and DatabaseMissing if
        there are no tables and `create` is False: then nothing is created.
        """
        address = _parse_url(url)
        shown = address.set(drivername=address.get_backend_name(), query={})
        name = shown.render_as_string(hide_password=True)
        file = None
        if address.database and address.get_backend_name() == "sqlite":
            file = Path(address.database)
            if create:
                _create_file(file, name)
            elif not file.exists():
                raise DatabaseMissing(f"there is no database {name}")
        database = cls(_create_engine(address, name), name, file)
        try:
            database._prepare(create)
        except DatabaseUnavailable:
            database.close()
            raise
        return database

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A transaction that only reads. Raises DatabaseUnavailable."""
        with self._translate_errors(), self._engine.connect() as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A transaction that is committed at the end, or rolled back if an exception leaves it.

        Raises DatabaseUnavailable; IntegrityError is not translated.
        """
        with self._translate_errors(), self._writer_turn(), self._writer.begin() as connection:
            yield connection

    def insert(self, table: Table) -> sqlite.Insert | postgresql.Insert:
        """Returns an INSERT with the ON CONFLICT of this database."""
        return sqlite.insert(table) if self._file else postgresql.insert(table)

    def now(self, connection: Connection) -> float:
        """Returns the time in seconds since 1970 UTC. PostgreSQL tells its own, because the clocks
        of the machines that share it differ; a file is used by one machine only."""
        if self._file:
            return time.time()
        return float(connection.scalar(_POSTGRESQL_NOW) or 0.0)

    def check(self) -> None:
        """Writes, commits and reads again. Raises DatabaseUnavailable if one of them fails."""
        with self.write() as connection:
            connection.execute(update(meta).where(_CHECKED).values(value=meta.c.value + 1))
        with self.read() as connection:
            self._read_checked(connection)

    def check_ready(self) -> None:
        """Reads in a transaction that could write, and writes nothing. Raises DatabaseUnavailable
        if that fails."""
        with (
            self._translate_errors(),
            self._writer_turn(),
            self._writer.connect() as connection,
        ):
            self._read_checked(connection)

    def _read_checked(self, connection: Connection) -> None:
        if connection.scalar(select(meta.c.value).where(_CHECKED)) is None:
            raise DatabaseUnavailable(
                f"the database {self.name} has lost its row `checked`: restore it from a backup"
            )

    def find_damage(self) -> str:
        """Describes the damage of the stored data and its remedy; "" if none is found.

        Reads the whole of an SQLite file. PostgreSQL checks its pages itself; there only the tables
        are looked for.
        """
        try:
            with self.read() as connection:
                missing = set(tables.tables) - set(inspect(connection).get_table_names())
                faults = [f"the table {name} is missing" for name in sorted(missing)]
                if self._file:
                    faults += _sqlite_faults(connection)
        except DatabaseUnavailable as error:
            return str(error)
        if not faults:
            return ""
        return (
            f"the database {self.name} is damaged ({'; '.join(faults[:_MAX_FAULTS])}): {_RESTORE}"
        )

    def close(self) -> None:
        """Closes all connections."""
        self._engine.dispose()

    def _prepare(self, create: bool) -> None:
        """Creates the missing tables. Several processes that start together do so one by one."""
        with self._translate_errors():
            if self._file:
                _enable_wal(self._engine)
            with self._writer.begin() as connection:
                if not self._file:
                    connection.execute(select(func.pg_advisory_xact_lock(_ADVISORY_LOCK)))
                    self._check_encoding(connection)
                if not self._has_tables(connection) and not create:
                    raise DatabaseMissing(f"the database {self.name} has no tables")
                tables.create_all(connection)
                rows = [{"name": "schema", "value": SCHEMA}, {"name": "checked", "value": 0}]
                connection.execute(self.insert(meta).values(rows).on_conflict_do_nothing())
        if self._file:
            self._identity = _file_identity(self._file)

    def _check_encoding(self, connection: Connection) -> None:
        encoding = connection.scalar(select(func.current_setting("server_encoding")))
        if encoding != "UTF8":
            raise DatabaseUnavailable(
                f"the database {self.name} has the encoding {encoding}, expected UTF8: create one "
                "with createdb --encoding UTF8 --template template0"
            )

    def _has_tables(self, connection: Connection) -> bool:
        """Returns whether the tables exist. Raises DatabaseUnavailable if they belong to another
        program or to another version of this one."""
        existing = set(inspect(connection).get_table_names()) & set(tables.tables)
        if not existing:
            return False
        version = None
        if "meta" in existing:
            version = connection.scalar(select(meta.c.value).where(meta.c.name == "schema"))
        if version is None:
            raise DatabaseUnavailable(
                f"the database {self.name} has a table {min(existing)} of another program: name a "
                "database that belongs to this program"
            )
        if version != SCHEMA:
            made_by, remedy = (
                ("a newer", "update this one, or name another database")
                if version > SCHEMA
                else ("an older", "move it away to start with an empty one, or name another")
            )
            raise DatabaseUnavailable(
                f"the database {self.name} was created by {made_by} version of this program "
                f"(schema {version}, expected {SCHEMA}): {remedy}"
            )
        return True

    @contextmanager
    def _writer_turn(self) -> Iterator[None]:
        """Waits for the other writers of this process. SQLite has one writer at a time, and the
        others poll: under load some of them would never get their turn."""
        if not self._write_lock.acquire(timeout=_TIMEOUT):
            raise DatabaseUnavailable(
                f"the database {self.name} was locked by other writers for {_TIMEOUT} s: try "
                "again, or check whether its disk is slow"
            )
        try:
            yield
        finally:
            self._write_lock.release()

    @contextmanager
    def _translate_errors(self) -> Iterator[None]:
        """Raises DatabaseUnavailable for the errors of the database."""
        if self._identity and self._identity != _file_identity(self._file):
            # Writes would go on, into a file that no longer has a name.
            raise DatabaseUnavailable(
                f"the database {self.name} was removed or replaced while it was in use: restart "
                "the service"
            )
        try:
            yield
        except IntegrityError:
            raise
        except DBAPIError as error:
            raise DatabaseUnavailable(_describe(self.name, error)) from error
        except PoolTimeout as error:
            raise DatabaseUnavailable(
                f"all {_POOL_SIZE + _POOL_OVERFLOW} connections to the database {self.name} were "
                f"in use for {_TIMEOUT} s: try again"
            ) from error


def _parse_url(url: str) -> URL:
    """Parses the URL for an installed driver. No message contains the password."""
    scheme, _, path = url.partition("://")
    if scheme == "sqlite":
        if not path.startswith("/") or path in ("/", "/:memory:"):
            raise DatabaseUnavailable(
                "the database URL (sqlite:…) names no file: write sqlite:///PATH, where an "
                "absolute PATH starts with a fourth /"
            )
        return URL.create("sqlite", database=str(Path(path[1:]).absolute()))
    try:
        address = make_url(url)
        invalid = "@" in (address.host or "")
    except (ArgumentError, ValueError):
        invalid = True
    if invalid:
        raise DatabaseUnavailable(
            f"the database URL ({url.partition(':')[0]}:…) is invalid: write {_URL_FORMS}, with "
            "%40 for @, %3A for : and %2F for / in user and password"
        )
    if scheme not in ("postgresql", "postgres", "postgresql+psycopg"):
        raise DatabaseUnavailable(f"{scheme!r} is not a supported database: write {_URL_FORMS}")
    return address.set(drivername="postgresql+psycopg")


def _create_file(file: Path, name: str) -> None:
    """Creates the file and its folder; only this user can read them."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        # An existing file is not opened: closing it would release SQLite's locks on it.
        with suppress(FileExistsError):
            file.touch(mode=0o600, exist_ok=False)
    except OSError as error:
        raise DatabaseUnavailable(
            f"the database {name} cannot be created ({error.strerror}): name a file in a folder "
            "that this user can write to"
        ) from error


def _file_identity(file: Path | None) -> tuple[int, int] | None:
    """Distinguishes a file from another one of the same name; None if there is none."""
    try:
        status = file.stat() if file else None
    except OSError:
        return None
    return (status.st_dev, status.st_ino) if status else None


def _create_engine(address: URL, name: str) -> Engine:
    arguments: dict[str, Any] = {"timeout": _TIMEOUT}
    if address.get_backend_name() == "postgresql":
        timeouts = {"connect_timeout": _TIMEOUT, "tcp_user_timeout": _TIMEOUT * 1000}
        arguments = {key: value for key, value in timeouts.items() if key not in address.query}
    try:
        engine = create_engine(
            address,
            pool_size=_POOL_SIZE,
            max_overflow=_POOL_OVERFLOW,
            pool_timeout=_TIMEOUT,
            # A server that was restarted has dropped its connections.
            pool_pre_ping=address.get_backend_name() == "postgresql",
            # Questions must not get into a log.
            hide_parameters=True,
            connect_args=arguments,
        )
    except ImportError as error:
        raise DatabaseUnavailable(
            f"the database {name} needs a driver that is not installed ({error}): "
            "pip install 'psycopg[binary]'"
        ) from error
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _configure)
        event.listen(engine, "begin", _begin)
    return engine


def _configure(connection: DBAPIConnection, _: ConnectionPoolEntry) -> None:
    """Python's sqlite3 must not begin transactions by itself: it does so too late."""
    connection.isolation_level = None
    cursor = connection.cursor()
    # With a write-ahead log, anything less than FULL loses the last commits in a power failure.
    for setting in ("synchronous=FULL", "foreign_keys=ON", "secure_delete=ON"):
        cursor.execute(f"PRAGMA {setting}")
    cursor.close()


def _begin(connection: Connection) -> None:
    begin = connection.get_execution_options().get("begin", "BEGIN")
    if begin:
        connection.exec_driver_sql(begin)


def _enable_wal(engine: Engine) -> None:
    """Switches to a write-ahead log, so that readers do not wait for the writer. If two processes
    switch at the same time, SQLite refuses one at once, whatever its timeout."""
    until = time.monotonic() + _TIMEOUT
    without_transaction = engine.execution_options(begin="")
    while True:
        try:
            with without_transaction.connect() as connection:
                connection.exec_driver_sql("PRAGMA journal_mode=WAL")
            return
        except DBAPIError as error:
            if _error_code(error) != "SQLITE_BUSY" or time.monotonic() > until:
                raise
        time.sleep(0.05)


def _sqlite_faults(connection: Connection) -> list[str]:
    checked = connection.exec_driver_sql(f"PRAGMA quick_check({_MAX_FAULTS})").scalars()
    orphans = connection.exec_driver_sql("PRAGMA foreign_key_check")
    return [fault for fault in checked if fault != "ok"] + [
        f"row {row[1]} of {row[0]} refers to a missing row of {row[2]}" for row in orphans
    ]


def _error_code(error: DBAPIError) -> str:
    """PostgreSQL's SQLSTATE, or SQLite's name without its detail; "" for neither."""
    state = getattr(error.orig, "sqlstate", None)
    name = str(state or getattr(error.orig, "sqlite_errorname", ""))
    return "_".join(name.split("_")[:2])


def _describe(name: str, error: DBAPIError) -> str:
    code = _error_code(error)
    if not code:
        # Python's sqlite3 raises it for text that is not UTF-8, psycopg if no server answers.
        remedy = _RESTORE if name.startswith("sqlite") else _CHECK_SERVER
    else:
        remedy = _REMEDIES.get(code) or _REMEDIES.get(code[:2], _UNEXPECTED)
    # Only the first line: the others may repeat stored data.
    reason = str(error.orig).strip().splitlines() or [type(error.orig).__name__]
    return f"the database {name} cannot be used ({reason[0]}): {remedy}"
