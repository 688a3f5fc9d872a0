"""The tables of the database. Times are seconds since 1970 UTC."""

import re

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Dialect,
    Double,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
)

# Raise it with every change of a table. A table that is new is added to older databases as well.
SCHEMA = 2

_NOT_STORABLE = re.compile("[\0\ud800-\udfff]")


class _AnyText(TypeDecorator[str]):
    """Text that both databases accept. U+FFFD replaces NUL, which PostgreSQL cannot store, and lone
    surrogates, which UTF-8 cannot encode."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """Replaces what cannot be stored."""
        return None if value is None else _NOT_STORABLE.sub("\N{REPLACEMENT CHARACTER}", value)


tables = MetaData()

# Whole numbers by name: "schema", and "checked", which Database.check() increments.
meta = Table(
    "meta",
    tables,
    Column("name", _AnyText, primary_key=True),
    Column("value", BigInteger, nullable=False),
)

keys = Table(
    "keys",
    tables,
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
    tables,
    Column("owner", _AnyText, primary_key=True),
    Column("id", _AnyText, primary_key=True),
    Column("created", Double, nullable=False),
    Column("touched", Double, nullable=False, index=True),
)

# `body` is the whole answer (api/store/answers.py); the other columns are for queries. `number`
# increases with every answer of a conversation, whatever the clock does.
answers = Table(
    "answers",
    tables,
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
    tables,
    Column("id", _AnyText, primary_key=True),
    Column("owner", _AnyText, nullable=False),
    Column("answer", _AnyText, nullable=False),
    Column("verdict", _AnyText, nullable=False),
    Column("comment", _AnyText, nullable=False),
    Column("created", Double, nullable=False),
    UniqueConstraint("owner", "answer"),
    ForeignKeyConstraint(["owner", "answer"], [answers.c.owner, answers.c.id], ondelete="CASCADE"),
)

# Idempotency keys, with leases (api/store/leases.py). `answer` is NULL until there is one.
claims = Table(
    "claims",
    tables,
    Column("owner", _AnyText, primary_key=True),
    Column("key", _AnyText, primary_key=True),
    Column("fingerprint", _AnyText, nullable=False),
    Column("token", _AnyText, nullable=False),
    Column("leased", Double, nullable=False, index=True),
    Column("answer", _AnyText),
    ForeignKeyConstraint(["owner", "answer"], [answers.c.owner, answers.c.id], ondelete="CASCADE"),
    Index("claims_answer", "owner", "answer"),
)

# Questions without a good answer (api/store/gaps.py). `id` is a digest of that of the answer.
# `folders` are those that the asking key could read; empty: all.
gaps = Table(
    "gaps",
    tables,
    Column("number", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("id", _AnyText, nullable=False, unique=True),
    Column("question", _AnyText, nullable=False),
    Column("reason", _AnyText, nullable=False),
    Column("created", Double, nullable=False, index=True),
    Column("evidence", JSON, nullable=False),
    Column("folders", JSON, nullable=False),
    Column("encoder", _AnyText, nullable=False),
    Column("vector", LargeBinary, nullable=False),
    Column("dismissed", Boolean, nullable=False),
)

# Items from Slack, with leases. `id` identifies what happened in Slack, however often and in which
# form it is sent; `event` is the id of the delivery. `body` is empty once the item is done, `reply`
# until a message has been posted for it.
slack_inbox = Table(
    "slack_inbox",
    tables,
    Column("number", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("id", _AnyText, nullable=False, unique=True),
    Column("event", _AnyText, nullable=False),
    Column("request", _AnyText, nullable=False),
    Column("conversation", _AnyText, nullable=False),
    Column("body", _AnyText, nullable=False),
    Column("added", Double, nullable=False),
    Column("due", Double, nullable=False),
    Column("token", _AnyText, nullable=False),
    Column("leased", Double, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("reason", _AnyText, nullable=False),
    Column("reply", _AnyText, nullable=False),
    Column("completed", Double),
    Index("slack_inbox_conversation", "conversation", "number"),
)
Index(
    "slack_inbox_open",
    slack_inbox.c.number,
    sqlite_where=slack_inbox.c.completed.is_(None),
    postgresql_where=slack_inbox.c.completed.is_(None),
)
