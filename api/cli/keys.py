"""`assistant keys`: creates, lists and revokes API keys."""

import sys
from argparse import Namespace
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from api.errors import DatabaseMissing, InvalidKeyRequest, KeyNotFound
from api.exit_codes import DONE
from api.settings import load_settings
from api.store.database import Database
from api.store.keys import Key, Keys
from api.text import printable
from corpus.folder import check_folder


def run(arguments: Namespace) -> int:
    """Prints what was done on standard error, and a new key alone on standard output."""
    settings = load_settings(arguments.corpus, arguments.data)
    adding = arguments.action == "add"
    if adding:
        _check_folders(settings.corpus, arguments.folder)
    try:
        database = Database.open(settings.database_url, create=adding)
    except DatabaseMissing:
        if arguments.action == "revoke":
            raise KeyNotFound(f"no key in use is named {arguments.name!r}") from None
        _print_keys([])
        return DONE
    try:
        keys = Keys(database)
        if adding:
            _add(keys, arguments)
        elif arguments.action == "revoke":
            print(f'Key "{printable(keys.revoke(arguments.name).name)}" revoked.')
        else:
            _print_keys(keys.all())
    finally:
        database.close()
    return DONE


def _check_folders(corpus: Path, folders: Sequence[str]) -> None:
    """A key for a folder that does not exist could read nothing; most likely it is a typing
    error."""
    if folders:
        check_folder(corpus)
    for folder in folders:
        if not (corpus / folder).is_dir():
            raise InvalidKeyRequest(f"there is no folder {folder!r} in {corpus}")


def _add(keys: Keys, arguments: Namespace) -> None:
    key, secret = keys.add(arguments.name, arguments.scope or ["ask"], arguments.folder)
    folders = ", ".join(key.folders) or "all documents"
    print(
        f'Key "{printable(key.name)}" created. Scopes: {", ".join(sorted(key.scopes))}. '
        f"Folders: {folders}. It is shown only once:",
        file=sys.stderr,
    )
    print(secret)


def _print_keys(keys: Sequence[Key]) -> None:
    if not keys:
        print("no keys: the service answers requests from this machine only")
        return
    rows = [("name", "scopes", "folders", "created", "revoked")]
    for key in keys:
        scopes = " ".join(sorted(key.scopes))
        folders = printable(" ".join(key.folders)) or "all"
        revoked = _minute(key.revoked) if key.revoked else ""
        rows.append((printable(key.name), scopes, folders, _minute(key.created), revoked))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        print("  ".join(cells).rstrip())


def _minute(seconds: float) -> str:
    """A time in UTC, to the minute, as in 2026-01-31T23:59."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M")
