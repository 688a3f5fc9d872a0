"""API keys: their scopes, and the folders of documents that they can read.

A key is shown once, when it is created. The stored digest does not grant access.
"""

import hashlib
import hmac
import re
import secrets
import string
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import Row, insert, select, update
from sqlalchemy.exc import IntegrityError

from api.errors import InvalidKeyRequest, KeyNotFound
from api.store.database import Database
from api.store.tables import keys
from index.folders import normalize_folder

MAX_NAME_LENGTH = 64
_ALPHABET = string.ascii_letters + string.digits  # without the _ between the parts
_ID_LENGTH, _SECRET_LENGTH = 12, 43  # 43 of 62 characters are 256 bits
_FORM = re.compile(f"pa_([A-Za-z0-9]{{{_ID_LENGTH}}})_([A-Za-z0-9]{{{_SECRET_LENGTH}}})")


class Scope(StrEnum):
    """What a key permits: asking questions, changing documents, operating the service."""

    ASK = "ask"
    WRITE = "write"
    ADMIN = "admin"


@dataclass(frozen=True, slots=True)
class Key:
    """A key without its secret. `folders` are the document folders that it can read; empty: all.
    `revoked` is None while it is valid. Times are seconds since 1970 UTC."""

    id: str
    name: str
    scopes: frozenset[Scope]
    folders: tuple[str, ...]
    created: float
    revoked: float | None


class Keys:
    """The keys in a database. Every method may raise DatabaseUnavailable. Thread-safe."""

    def __init__(self, database: Database, clock: Callable[[], float] = time.time) -> None:
        self._database = database
        self._clock = clock

    def add(self, name: str, scopes: Iterable[str], folders: Iterable[str]) -> tuple[Key, str]:
        """Creates a key; returns it with its text, which cannot be retrieved later.

        Raises InvalidKeyRequest if a valid key has the name, or an argument is not acceptable.
        """
        key = Key(
            id=_random_text(_ID_LENGTH),
            name=_validate_name(name),
            scopes=_validate_scopes(scopes),
            folders=tuple(sorted({_validate_folder(folder) for folder in folders})),
            created=self._clock(),
            revoked=None,
        )
        secret = _random_text(_SECRET_LENGTH)
        row = {
            "id": key.id,
            "name": key.name,
            "digest": _digest(secret),
            "scopes": sorted(key.scopes),
            "folders": list(key.folders),
            "created": key.created,
        }
        try:
            with self._database.write() as connection:
                connection.execute(insert(keys).values(row))
        except IntegrityError as error:
            raise InvalidKeyRequest(
                f"a key named {name!r} is in use: choose another name, or revoke it first"
            ) from error
        return key, f"pa_{key.id}_{secret}"

    def all(self) -> list[Key]:
        """Returns every key that was ever created, oldest first."""
        with self._database.read() as connection:
            rows = connection.execute(select(keys).order_by(keys.c.created, keys.c.id)).all()
        return [_key_of(row) for row in rows]

    def revoke(self, name: str) -> Key:
        """Revokes a key for good; its name can be used again. Raises KeyNotFound."""
        valid = (keys.c.name == name, keys.c.revoked.is_(None))
        with self._database.write() as connection:
            row = connection.execute(select(keys).where(*valid).with_for_update()).first()
            if row is None:
                raise KeyNotFound(f"no key in use is named {name!r}")
            revoked = keys.c.id == row.id
            connection.execute(update(keys).where(revoked).values(revoked=self._clock()))
            return _key_of(connection.execute(select(keys).where(revoked)).one())

    def verify(self, text: str) -> Key | None:
        """Returns the valid key with this text, if there is one. Any text is accepted."""
        form = _FORM.fullmatch(text)
        if form is None:
            return None
        key_id, secret = form.groups()
        with self._database.read() as connection:
            row = connection.execute(select(keys).where(keys.c.id == key_id)).first()
        # An unknown id takes as long as a wrong secret.
        digest = row.digest if row else _digest("")
        matches = hmac.compare_digest(digest.encode(), _digest(secret).encode())
        return _key_of(row) if row and matches and row.revoked is None else None

    def any(self) -> bool:
        """Returns whether a key was ever created. A service whose keys are all revoked is closed;
        only one that never had a key can be used without one."""
        with self._database.read() as connection:
            return connection.execute(select(keys.c.id).limit(1)).first() is not None


def _random_text(length: int) -> str:
    return "".join(secrets.choice(_ALPHABET) for _ in range(length))


def _digest(secret: str) -> str:
    """A fast hash is enough: 256 random bits cannot be guessed, and every request waits for it."""
    return hashlib.sha256(secret.encode()).hexdigest()


def _key_of(row: Row[Any]) -> Key:
    scopes = frozenset(Scope(scope) for scope in row.scopes)
    return Key(row.id, row.name, scopes, tuple(row.folders), row.created, row.revoked)


def _validate_name(name: str) -> str:
    if not 1 <= len(name) <= MAX_NAME_LENGTH or not name.isprintable() or name != name.strip():
        raise InvalidKeyRequest(
            f"{name!r} cannot be the name of a key: use 1 to {MAX_NAME_LENGTH} printable "
            "characters, without a space at either end"
        )
    return name


def _validate_scopes(scopes: Iterable[str]) -> frozenset[Scope]:
    names = set(scopes)
    unknown = sorted(names - set(Scope))
    if unknown or not names:
        fault = f"there is no scope {unknown[0]!r}" if unknown else "a key needs a scope"
        raise InvalidKeyRequest(f"{fault}: choose one or more of {', '.join(Scope)}")
    return frozenset(Scope(scope) for scope in names)


def _validate_folder(folder: str) -> str:
    try:
        return normalize_folder(folder)
    except ValueError as error:
        raise InvalidKeyRequest(
            f"the folder {folder!r} {error}: name it from the folder of documents on, such as "
            "handbook/travel"
        ) from error
