"""API keys: who may do what, and read which folders of documents.

A key is shown once, when it is made; what is kept of it lets nobody in.
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
from api.store.database import Database, keys

MAX_NAME_LENGTH = 64
_ALPHABET = string.ascii_letters + string.digits  # without the _ between the parts
_ID, _SECRET = 12, 43  # characters; 43 of 62 kinds are 256 bits
_FORM = re.compile(f"pa_([A-Za-z0-9]{{{_ID}}})_([A-Za-z0-9]{{{_SECRET}}})")


class Scope(StrEnum):
    """What a key allows: to ask, to change documents, to run the service."""

    ASK = "ask"
    WRITE = "write"
    ADMIN = "admin"


@dataclass(frozen=True, slots=True)
class Key:
    """A key without its secret. `folders` are the document folders it is for; empty: all.
    `revoked` is None while it is in use. Times are seconds since 1970 UTC."""

    id: str
    name: str
    scopes: frozenset[Scope]
    folders: tuple[str, ...]
    created: float
    revoked: float | None


class Keys:
    """The keys in a database. Every method may raise DatabaseUnavailable. Safe to share between
    threads."""

    def __init__(self, database: Database, clock: Callable[[], float] = time.time) -> None:
        self._database = database
        self._clock = clock

    def add(self, name: str, scopes: Iterable[str], folders: Iterable[str]) -> tuple[Key, str]:
        """Makes a key; the text is what its user shows, and is not to be had again.

        Raises InvalidKeyRequest where a key in use has the name, or a part is not as it has to be.
        """
        key = Key(
            id=_random(_ID),
            name=_name(name),
            scopes=_scopes(scopes),
            folders=tuple(sorted({_folder(folder) for folder in folders})),
            created=self._clock(),
            revoked=None,
        )
        secret = _random(_SECRET)
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
        """Every key ever made, oldest first."""
        with self._database.read() as connection:
            rows = connection.execute(select(keys).order_by(keys.c.created, keys.c.id)).all()
        return [_key(row) for row in rows]

    def revoke(self, name: str) -> Key:
        """Ends a key for good; its name may be given again. Raises KeyNotFound."""
        this = (keys.c.name == name, keys.c.revoked.is_(None))
        with self._database.write() as connection:
            row = connection.execute(select(keys).where(*this).with_for_update()).first()
            if row is None:
                raise KeyNotFound(f"no key in use is named {name!r}")
            ended = keys.c.id == row.id
            connection.execute(update(keys).where(ended).values(revoked=self._clock()))
            return _key(connection.execute(select(keys).where(ended)).one())

    def verify(self, text: str) -> Key | None:
        """The key in use that this text shows; None where it shows none, whatever it is."""
        form = _FORM.fullmatch(text)
        if form is None:
            return None
        known, secret = form.groups()
        with self._database.read() as connection:
            row = connection.execute(select(keys).where(keys.c.id == known)).first()
        # An unknown id takes as long as a wrong secret.
        digest = row.digest if row else _digest("")
        right = hmac.compare_digest(digest.encode(), _digest(secret).encode())
        return _key(row) if row and right and row.revoked is None else None

    def any(self) -> bool:
        """Whether a key was ever made. Only where none was may a service answer without one; that
        all were revoked opens nothing."""
        with self._database.read() as connection:
            return connection.execute(select(keys.c.id).limit(1)).first() is not None


def _random(length: int) -> str:
    return "".join(secrets.choice(_ALPHABET) for _ in range(length))


def _digest(secret: str) -> str:
    """The SHA-256 of a secret. A slow hash is for what people think of themselves: nobody finds
    256 random bits by trying, however fast each try is, and every request waits for this."""
    return hashlib.sha256(secret.encode()).hexdigest()


def _key(row: Row[Any]) -> Key:
    scopes = frozenset(Scope(scope) for scope in row.scopes)
    return Key(row.id, row.name, scopes, tuple(row.folders), row.created, row.revoked)


def _name(name: str) -> str:
    if not 1 <= len(name) <= MAX_NAME_LENGTH or not name.isprintable() or name != name.strip():
        raise InvalidKeyRequest(
            f"{name!r} is no name for a key: give 1 to {MAX_NAME_LENGTH} printable characters, "
            "with no space at either end"
        )
    return name


def _scopes(scopes: Iterable[str]) -> frozenset[Scope]:
    given = set(scopes)
    unknown = sorted(given - set(Scope))
    if unknown or not given:
        what = f"{unknown[0]!r} is no scope" if unknown else "a key without a scope opens nothing"
        raise InvalidKeyRequest(f"{what}: give one or more of {', '.join(Scope)}")
    return frozenset(Scope(scope) for scope in given)


def _folder(folder: str) -> str:
    """The folder as documents' paths begin with it."""
    parts = [part for part in folder.split("/") if part not in ("", ".")]
    why = ""
    if folder.startswith("/"):
        why = "begins at the root"
    elif "\\" in folder or not folder.isprintable():
        why = "has a character that is in no such name"
    elif ".." in parts:
        why = "leads out of the documents"
    elif any(part.startswith(".") for part in parts):
        why = "is hidden, and hidden documents are not read"
    elif not parts:
        why = "names none; a key without folders is for all"
    if why:
        raise InvalidKeyRequest(
            f"the folder {folder!r} {why}: name it from the folder of documents on, as in "
            "handbook/travel"
        )
    return "/".join(parts)
