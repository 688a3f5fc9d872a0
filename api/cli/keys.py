"""`assistant keys`: makes, lists and revokes API keys."""

from argparse import Namespace

from rich.console import Console
from rich.table import Table

from api.assembly.service import open_database
from api.exit_codes import DONE
from api.settings import load_settings
from api.store.keys import Key, Keys
from api.text import printable
from api.wire import rfc3339


def run(arguments: Namespace) -> int:
    """Does what the action says; a new key is printed alone on standard output."""
    database = open_database(load_settings(arguments.corpus, arguments.data))
    try:
        keys = Keys(database)
        if arguments.action == "add":
            _add(keys, arguments)
        elif arguments.action == "revoke":
            revoked = keys.revoke(arguments.name)
            print(f"The key {printable(revoked.name)} lets nobody in any more.")
        else:
            _list(keys.all())
    finally:
        database.close()
    return DONE


def _add(keys: Keys, arguments: Namespace) -> None:
    key, shown = keys.add(arguments.name, arguments.scope or ["ask"], arguments.folder)
    folders = ", ".join(key.folders) or "all documents"
    Console(stderr=True, highlight=False).print(
        f"The key {printable(key.name)} may {', '.join(sorted(key.scopes))}; it sees {folders}. "
        "It is shown this once:",
        markup=False,
    )
    print(shown)


def _list(keys: list[Key]) -> None:
    if not keys:
        print("There are no keys: the service answers its own machine, without one.")
        return
    table = Table("name", "scopes", "folders", "made", "revoked", box=None, pad_edge=False)
    for key in keys:
        table.add_row(
            printable(key.name),
            " ".join(sorted(key.scopes)),
            printable(" ".join(key.folders)) or "all",
            rfc3339(key.created)[:16],
            rfc3339(key.revoked)[:16] if key.revoked else "",
        )
    Console(markup=False, highlight=False).print(table)
