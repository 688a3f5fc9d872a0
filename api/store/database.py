"""The one door to the database: its tables, and transactions in SQLite or PostgreSQL.

Knows what the tables hold, and turns whatever goes wrong with them into an error that names the
remedy. Knows nothing of what a record is for.
"""

import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    Connection,
    Dialect,
    Double,
    Engine,
    ForeignKeyConstraint,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
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

SCHEMA = 1

_FORMS = "sqlite:///PATH or postgresql://USER:PASSWORD@HOST/NAME"
_PATIENCE = 10  # seconds: for another writer, for a connection, for a server that does not answer
_OPEN, _MORE = 10, 30  # connections that are kept open, and above them at the busiest moment
_LOCK = 0x70726F7665  # any number that other programs will not lock in the same server
_FAULTS = 10  # that a check tells at most
_UNKEEPABLE = re.compile("[\0\ud800-\udfff]")

_RESTORE = "restore it from a backup, or move it away to begin anew"
_UNREACHABLE = "see whether its server runs, and whether host, name, user and password are right"
# What mends what SQLite names, and PostgreSQL numbers: by the code, else by the class of codes.
_REMEDIES = {
    "SQLITE_FULL": "free space on its disk",
    "SQLITE_IOERR": "see whether its disk is full, failing or gone",
    "SQLITE_READONLY": "let this user write to the file and to its folder",
    "SQLITE_CANTOPEN": "name a file in a folder that this user may write to",
    "SQLITE_CORRUPT": _RESTORE,
    "SQLITE_NOTADB": "name another file, or restore it from a backup",
    "SQLITE_BUSY": "end the other program that writes to it, or try again",
    "SQLITE_ERROR": "name a database that is this program's own",
    "08": _UNREACHABLE,
    "25006": "name the server that may be written to",
    "28": "correct the user or the password in its address",
    "3D": "make it with createdb, or name another",
    "40": "try again",
    "42": "name a database that is this program's own",
    "42501": "let its user make and write tables, as the database's owner may",
    "53": "free memory on its server, or stop other programs that use it",
    "53100": "free space on its server's disk",
    "53300": "stop other programs that use its server, or raise max_connections there",
    "55": "try again",
    "57": "wait until its server has started, and try again",
    "58": "see whether its server's disk is full, failing or gone",
    "XX": "restore it from a backup",
}
_UNFORESEEN = "see the log of the service for what was asked of it"


class _AnyText(TypeDecorator[str]):
    """Text that both databases take: U+FFFD stands for the character 0, which PostgreSQL has not,
    and for half characters (surrogates), which UTF-8 has not."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return None if value is None else _UNKEEPABLE.sub("\N{REPLACEMENT CHARACTER}", value)


# Times are seconds since 1970 UTC.
_tables = MetaData()

# Whole numbers by name: "schema", and "checked", how often the database was tried.
meta = Table(
    "meta",
    _tables,
    Column("name", _AnyText, primary_key=True),
    Column("value", BigInteger, nullable=False),
)

keys = Table(
    "keys",
    _tables,
    Column("id", _AnyText, primary_key=True),
    Column("name", _AnyText, nullable=False),
    Column("digest", _AnyText, nullable=False),
    Column("scopes", JSON, nullable=False),
    Column("folders", JSON, nullable=False),
    Column("created", Double, nullable=False),
    Column("revoked", Double),
)
Index(
    "keys_name",
    keys.c.name,
    unique=True,
    sqlite_where=keys.c.revoked.is_(None),
    postgresql_where=keys.c.revoked.is_(None),
)

conversations = Table(
    "conversations",
    _tables,
    Column("owner", _AnyText, primary_key=True),
    Column("id", _AnyText, primary_key=True),
    Column("created", Double, nullable=False),
    Column("touched", Double, nullable=False, index=True),
)

# `body` is the whole answer as JSON; what stands beside it can be asked for in SQL. `number` grows
# with every answer of a conversation, whatever the clock does.
answers = Table(
    "answers",
    _tables,
    Column("number", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("owner", _AnyText, nullable=False),
    Column("id", _AnyText, nullable=False),
    Column("conversation", _AnyText, nullable=False),
    Column("question", _AnyText, nullable=False),
    Column("text", _AnyText, nullable=False),
    Column("status", _AnyText, nullable=False),
    Column("confidence", Double, nullable=False),
    Column("generation", _AnyText, nullable=False),
    Column("created", Double, nullable=False),
    Column("body", _AnyText, nullable=False),
    UniqueConstraint("owner", "id"),
    ForeignKeyConstraint(
        ["owner", "conversation"], [conversations.c.owner, conversations.c.id], ondelete="CASCADE"
    ),
    Index("answers_conversation", "owner", "conversation", "number"),
)

feedback = Table(
    "feedback",
    _tables,
    Column("id", _AnyText, primary_key=True),
    Column("owner", _AnyText, nullable=False),
    Column("answer", _AnyText, nullable=False),
    Column("verdict", _AnyText, nullable=False),
    Column("comment", _AnyText, nullable=False),
    Column("created", Double, nullable=False),
    UniqueConstraint("owner", "answer"),
    ForeignKeyConstraint(["owner", "answer"], [answers.c.owner, answers.c.id], ondelete="CASCADE"),
)

# Idempotency keys. `token` is that of whoever holds the key; `answer` is empty until there is one.
claims = Table(
    "claims",
    _tables,
    Column("owner", _AnyText, primary_key=True),
    Column("key", _AnyText, primary_key=True),
    Column("fingerprint", _AnyText, nullable=False),
    Column("token", _AnyText, nullable=False),
    Column("claimed", Double, nullable=False, index=True),
    Column("answer", _AnyText),
    ForeignKeyConstraint(["owner", "answer"], [answers.c.owner, answers.c.id], ondelete="CASCADE"),
    Index("claims_answer", "owner", "answer"),
)

# What came from Slack. `id` says what happened there, so that it is taken once however often and
# in whatever form it is sent; `event` is the id of the sending. Empty are `body` once it is done,
# `token` while nobody is at it, and `reply` until there is a message.
slack_inbox = Table(
    "slack_inbox",
    _tables,
    Column("number", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("id", _AnyText, nullable=False, unique=True),
    Column("event", _AnyText, nullable=False),
    Column("request", _AnyText, nullable=False),
    Column("conversation", _AnyText, nullable=False),
    Column("body", _AnyText, nullable=False),
    Column("taken", Double, nullable=False),
    Column("due", Double, nullable=False),
    Column("token", _AnyText, nullable=False),
    Column("held", Double, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("trouble", _AnyText, nullable=False),
    Column("reply", _AnyText, nullable=False),
    Column("done", Double),
    Index("slack_inbox_conversation", "conversation", "number"),
)
Index(
    "slack_inbox_open",
    slack_inbox.c.number,
    sqlite_where=slack_inbox.c.done.is_(None),
    postgresql_where=slack_inbox.c.done.is_(None),
)


class Database:
    """A database with this program's tables. Safe to share between threads, not over a fork.

    What write() has committed survives the end of the process and of the machine. `name` is the
    address without the password.
    """

    def __init__(self, engine: Engine, name: str, file: Path | None) -> None:
        self._engine = engine
        self._writer = engine.execution_options(begin="BEGIN IMMEDIATE")
        self.name = name
        self._file = file
        self._identity: tuple[int, int] | None = None
        self._writing = threading.Semaphore(1 if file else _OPEN + _MORE)

    @classmethod
    def open(cls, url: str, *, create: bool = True) -> "Database":
        """Opens the database at `sqlite:///PATH` or `postgresql://…`, and creates it if it is new.

        Raises DatabaseUnavailable, whose message never contains a password, and DatabaseMissing if
        there are no tables and `create` is False: then nothing is created.
        """
        address = _address(url)
        shown = address.set(drivername=address.get_backend_name(), query={})
        name = shown.render_as_string(hide_password=True)
        file = None
        if address.database and address.get_backend_name() == "sqlite":
            file = Path(address.database)
            if create:
                _make(file, name)
            elif not file.exists():
                raise DatabaseMissing(f"there is no database {name}")
        database = cls(_engine(address, name), name, file)
        try:
            database._prepare(create)
        except DatabaseUnavailable:
            database.close()
            raise
        return database

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A transaction that only reads. Raises DatabaseUnavailable."""
        with self._told(), self._engine.connect() as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A transaction that is committed at the end, or undone where an error comes through.

        Raises DatabaseUnavailable; an IntegrityError passes as it is.
        """
        with self._told(), self._turn(), self._writer.begin() as connection:
            yield connection

    def insert(self, table: Table) -> sqlite.Insert | postgresql.Insert:
        """An INSERT with the ON CONFLICT of this database."""
        return sqlite.insert(table) if self._file else postgresql.insert(table)

    def check(self) -> None:
        """Writes, commits and reads again. Raises DatabaseUnavailable where that cannot be."""
        checked = meta.c.name == "checked"
        with self.write() as connection:
            connection.execute(update(meta).where(checked).values(value=meta.c.value + 1))
        with self.read() as connection:
            if connection.scalar(select(meta.c.value).where(checked)) is None:
                raise DatabaseUnavailable(
                    f"the database {self.name} has lost its row `checked`: restore it from a backup"
                )

    def find_damage(self) -> str:
        """What is wrong with what is stored, and what mends it; "" where nothing is found.

        Reads the whole of an SQLite file. PostgreSQL looks after its pages itself; there it is
        only seen whether the tables are.
        """
        try:
            with self.read() as connection:
                missing = set(_tables.tables) - set(inspect(connection).get_table_names())
                found = [f"the table {name} is missing" for name in sorted(missing)]
                if self._file:
                    found += _sqlite_faults(connection)
        except DatabaseUnavailable as error:
            return str(error)
        told = "; ".join(found[:_FAULTS])
        return told and f"the database {self.name} is damaged ({told}): {_RESTORE}"

    def close(self) -> None:
        """Lets go of all connections."""
        self._engine.dispose()

    def _prepare(self, create: bool) -> None:
        """Makes the tables, unless they are there. Of several that do so at the same time each
        waits for the one before it."""
        with self._told():
            if self._file:
                _write_ahead(self._engine)
            with self._writer.begin() as connection:
                if not self._file:
                    connection.execute(select(func.pg_advisory_xact_lock(_LOCK)))
                    self._expect_utf8(connection)
                if not self._is_own(connection) and not create:
                    raise DatabaseMissing(f"the database {self.name} has no tables")
                _tables.create_all(connection)
                rows = [{"name": "schema", "value": SCHEMA}, {"name": "checked", "value": 0}]
                connection.execute(self.insert(meta).values(rows).on_conflict_do_nothing())
        if self._file:
            self._identity = _identity(self._file)

    def _expect_utf8(self, connection: Connection) -> None:
        encoding = connection.scalar(select(func.current_setting("server_encoding")))
        if encoding != "UTF8":
            raise DatabaseUnavailable(
                f"the database {self.name} is encoded in {encoding}, which lacks characters: "
                "make one with createdb --encoding UTF8 --template template0"
            )

    def _is_own(self, connection: Connection) -> bool:
        """Returns whether the tables exist. Raises DatabaseUnavailable if they belong to another
        program or to a newer version of this one."""
        there = set(inspect(connection).get_table_names()) & set(_tables.tables)
        if not there:
            return False
        version = None
        if "meta" in there:
            version = connection.scalar(select(meta.c.value).where(meta.c.name == "schema"))
        if version is None:
            raise DatabaseUnavailable(
                f"the database {self.name} has a table {min(there)} of another program: name a "
                "database that is this program's own"
            )
        if version > SCHEMA:
            raise DatabaseUnavailable(
                f"the database {self.name} was made by a newer version of this program (schema "
                f"{version}, expected {SCHEMA}): update this one, or name another database"
            )
        return True

    @contextmanager
    def _turn(self) -> Iterator[None]:
        """Waits for the writer before. SQLite lets one write at a time, and whoever waits there
        sleeps and tries again, so that of many some would never come to it."""
        if not self._writing.acquire(timeout=_PATIENCE):
            raise DatabaseUnavailable(
                f"the database {self.name} has been written to by others for {_PATIENCE} s: try "
                "again, or see whether its disk is slow"
            )
        try:
            yield
        finally:
            self._writing.release()

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Turns what the database complains of into DatabaseUnavailable."""
        if self._identity and self._identity != _identity(self._file):
            # Writing would go on, into a file that has no name any more.
            raise DatabaseUnavailable(
                f"the database {self.name} was removed or replaced while it was in use: start "
                "the service again"
            )
        try:
            yield
        except IntegrityError:
            raise
        except DBAPIError as error:
            raise DatabaseUnavailable(_complaint(self.name, error)) from error
        except PoolTimeout as error:
            raise DatabaseUnavailable(
                f"all {_OPEN + _MORE} connections to the database {self.name} have been in use "
                f"for {_PATIENCE} s: try again"
            ) from error


def _address(url: str) -> URL:
    """What the text says, for a driver that is here. A password is in no message."""
    scheme, _, path = url.partition("://")
    if scheme == "sqlite":
        if not path.startswith("/") or path in ("/", "/:memory:"):
            raise DatabaseUnavailable(
                "the address of the database (sqlite:…) names no file: name one as in "
                "sqlite:///PATH, where an absolute PATH begins with a fourth /"
            )
        return URL.create("sqlite", database=str(Path(path[1:]).absolute()))
    try:
        address = make_url(url)
        unclear = "@" in (address.host or "")
    except (ArgumentError, ValueError):
        unclear = True
    if unclear:
        raise DatabaseUnavailable(
            f"the address of the database ({url.partition(':')[0]}:…) cannot be read: write "
            f"{_FORMS}, with %40 for @, %3A for : and %2F for / in user and password"
        )
    if scheme not in ("postgresql", "postgres", "postgresql+psycopg"):
        raise DatabaseUnavailable(f"{scheme!r} is no known kind of database: write {_FORMS}")
    return address.set(drivername="postgresql+psycopg")


def _make(file: Path, name: str) -> None:
    """Makes the file and its folder, for this user's eyes only."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        # One that is there must not be opened: closing it again would let go of SQLite's locks.
        with suppress(FileExistsError):
            file.touch(mode=0o600, exist_ok=False)
    except OSError as error:
        raise DatabaseUnavailable(
            f"the database {name} cannot be made ({error.strerror}): name a file in a folder that "
            "this user may write to"
        ) from error


def _identity(file: Path | None) -> tuple[int, int] | None:
    """Tells a file from another under the same name; None where there is none."""
    try:
        status = file.stat() if file else None
    except OSError:
        return None
    return (status.st_dev, status.st_ino) if status else None


def _engine(address: URL, name: str) -> Engine:
    arguments: dict[str, Any] = {"timeout": _PATIENCE}
    if address.get_backend_name() == "postgresql":
        waiting = {"connect_timeout": _PATIENCE, "tcp_user_timeout": _PATIENCE * 1000}
        arguments = {key: value for key, value in waiting.items() if key not in address.query}
    try:
        engine = create_engine(
            address,
            pool_size=_OPEN,
            max_overflow=_MORE,
            pool_timeout=_PATIENCE,
            # A server that was started again has dropped its connections.
            pool_pre_ping=address.get_backend_name() == "postgresql",
            # What people ask is in no log.
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
    """Python's module is kept from beginning transactions by itself: it begins them late."""
    connection.isolation_level = None
    cursor = connection.cursor()
    # With the write-ahead log anything less than FULL loses the last commits in a power cut.
    for setting in ("synchronous=FULL", "foreign_keys=ON", "secure_delete=ON"):
        cursor.execute(f"PRAGMA {setting}")
    cursor.close()


def _begin(connection: Connection) -> None:
    begin = connection.get_execution_options().get("begin", "BEGIN")
    if begin:
        connection.exec_driver_sql(begin)


def _write_ahead(engine: Engine) -> None:
    """Lets readers read while one writes; the file remembers it. Of two that switch at the same
    moment SQLite refuses one at once, however long it may wait."""
    until = time.monotonic() + _PATIENCE
    outside = engine.execution_options(begin="")  # of a transaction
    while True:
        try:
            with outside.connect() as connection:
                connection.exec_driver_sql("PRAGMA journal_mode=WAL")
            return
        except DBAPIError as error:
            if _code(error) != "SQLITE_BUSY" or time.monotonic() > until:
                raise
        time.sleep(0.05)


def _sqlite_faults(connection: Connection) -> list[str]:
    checked = connection.exec_driver_sql(f"PRAGMA quick_check({_FAULTS})").scalars()
    loose = connection.exec_driver_sql("PRAGMA foreign_key_check")
    return [fault for fault in checked if fault != "ok"] + [
        f"row {row[1]} of {row[0]} belongs to nothing in {row[2]}" for row in loose
    ]


def _code(error: DBAPIError) -> str:
    """PostgreSQL's five characters, or SQLite's name without its second half; "" for neither."""
    state = getattr(error.orig, "sqlstate", None)
    name = str(state or getattr(error.orig, "sqlite_errorname", ""))
    return "_".join(name.split("_")[:2])


def _complaint(name: str, error: DBAPIError) -> str:
    code = _code(error)
    if not code:
        # Python's own module complains of text that is none; a server is not reached.
        remedy = _RESTORE if name.startswith("sqlite") else _UNREACHABLE
    else:
        remedy = _REMEDIES.get(code) or _REMEDIES.get(code[:2], _UNFORESEEN)
    # Of an error within the database the first line; those after it may repeat what was stored.
    told = str(error.orig).strip().splitlines() or [type(error.orig).__name__]
    return f"the database {name} cannot be used ({told[0]}): {remedy}"
