"""A key opens what it was made for, to who has it, until it is revoked; nothing else opens."""

import re
import string
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from api.errors import InvalidKeyRequest, KeyNotFound
from api.store.database import Database
from api.store.keys import Key, Keys, Scope


@pytest.fixture
def keys(database: Database) -> Keys:
    times = iter(range(1_000_000, 2_000_000))
    return Keys(database, lambda: float(next(times)))


@pytest.fixture
def file_keys(sqlite_database: Database) -> Keys:
    """Where the database has no say in it, one of the two is enough."""
    return Keys(sqlite_database)


def test_a_key_opens_what_it_was_made_for(keys: Keys) -> None:
    key, shown = keys.add("Ana’s laptop", ["ask", "write"], ["travel", "hr/leave"])
    assert re.fullmatch("pa_[A-Za-z0-9]{12}_[A-Za-z0-9]{43}", shown)
    assert shown.split("_")[1] == key.id
    assert key == Key(
        id=key.id,
        name="Ana’s laptop",
        scopes=frozenset({Scope.ASK, Scope.WRITE}),
        folders=("hr/leave", "travel"),
        created=1_000_000.0,
        revoked=None,
    )
    assert keys.verify(shown) == key
    assert keys.all() == [key]


def test_keys_are_listed_oldest_first(keys: Keys) -> None:
    made = [keys.add(f"key {number}", ["ask"], [])[0] for number in range(12)]
    assert keys.all() == made


def test_no_two_keys_are_alike(keys: Keys) -> None:
    shown = [keys.add(f"key {number}", ["ask"], [])[1].split("_") for number in range(20)]
    assert len({known for _, known, _ in shown}) == len({secret for *_, secret in shown}) == 20
    # Every character can come up: 860 draws miss a given one of 62 once in a million times.
    assert set("".join(secret for *_, secret in shown)) == {*string.ascii_letters, *string.digits}


def test_a_revoked_key_opens_nothing_and_its_name_is_free_again(keys: Keys) -> None:
    first, shown = keys.add("robot", ["ask"], [])
    revoked = keys.revoke("robot")
    assert (revoked.id, revoked.created, revoked.revoked) == (first.id, 1_000_000.0, 1_000_001.0)
    assert keys.verify(shown) is None
    with pytest.raises(KeyNotFound, match="no key in use is named 'robot'"):
        keys.revoke("robot")
    second, shown_again = keys.add("robot", ["admin"], [])
    assert keys.verify(shown_again) == second
    assert keys.verify(shown) is None
    assert keys.all() == [revoked, second]
    assert keys.revoke("robot").id == second.id


def test_that_there_was_ever_a_key_is_not_forgotten(keys: Keys) -> None:
    assert not keys.any()
    keys.add("robot", ["ask"], [])
    assert keys.any()
    keys.revoke("robot")
    assert keys.any()


def test_the_secret_is_not_in_the_database(tmp_path: Path) -> None:
    database = Database.open(f"sqlite:///{tmp_path / 'records.sqlite'}")
    _, shown = Keys(database).add("robot", ["ask"], [])
    database.close()
    content = (tmp_path / "records.sqlite").read_bytes()
    assert b"robot" in content
    assert shown.split("_")[2].encode() not in content


def test_a_name_is_given_once(keys: Keys) -> None:
    key, _ = keys.add("robot", ["ask"], [])
    with pytest.raises(
        InvalidKeyRequest, match="'robot' is in use: give another name, or revoke it"
    ):
        keys.add("robot", ["ask"], [])
    assert keys.all() == [key]
    keys.add("Robot", ["ask"], [])


def test_of_many_that_give_a_name_at_once_one_gets_it(keys: Keys) -> None:
    def add(_: int) -> int:
        try:
            keys.add("robot", ["ask"], [])
        except InvalidKeyRequest:
            return 0
        return 1

    with ThreadPoolExecutor(16) as threads:
        assert sum(threads.map(add, range(32))) == 1
    assert len(keys.all()) == 1


@pytest.mark.parametrize(
    "name",
    ["", "x" * 65, "two\nlines", "\x1b[31m", " ", "robot ", "\u202erobot", "half \ud83d", "a\0"],
)
def test_a_name_that_cannot_be_shown_is_refused(file_keys: Keys, name: str) -> None:
    with pytest.raises(
        InvalidKeyRequest, match="is no name for a key: give 1 to 64 printable characters"
    ):
        file_keys.add(name, ["ask"], [])
    with pytest.raises(KeyNotFound):
        file_keys.revoke(name)
    assert not file_keys.any()


@pytest.mark.parametrize("name", ["x", "x" * 64, "Büro 3 – Zoë", "鍵", "it's; DROP TABLE keys"])
def test_a_name_may_be_in_any_script(keys: Keys, name: str) -> None:
    assert keys.add(name, ["ask"], [])[0].name == name
    assert keys.revoke(name).name == name


@pytest.mark.parametrize(
    ("scopes", "told"),
    [
        ([], "a key without a scope opens nothing: give one or more of ask, write, admin"),
        (["ask", "fly"], "'fly' is no scope: give one or more of ask, write, admin"),
        (["ASK"], "'ASK' is no scope"),
    ],
)
def test_a_scope_that_is_none_is_refused(file_keys: Keys, scopes: list[str], told: str) -> None:
    with pytest.raises(InvalidKeyRequest, match=told):
        file_keys.add("robot", scopes, [])
    assert not file_keys.any()


@pytest.mark.parametrize(
    "scopes", [["ask"], ["write"], ["admin"], ["admin", "ask", "ask", "write"]]
)
def test_scopes_come_back(file_keys: Keys, scopes: list[str]) -> None:
    _, shown = file_keys.add("robot", scopes, [])
    found = file_keys.verify(shown)
    assert found is not None
    assert found.scopes == frozenset(scopes)
    assert all(isinstance(scope, Scope) for scope in found.scopes)


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        (["hr"], ("hr",)),
        (["hr/", "./hr", "hr//", "hr"], ("hr",)),
        (["b", "a/./b//c/"], ("a/b/c", "b")),
        (["Büro 3/ü&=…"], ("Büro 3/ü&=…",)),
        (["a..b", "c."], ("a..b", "c.")),
        ([], ()),
    ],
)
def test_folders_are_kept_as_paths_begin(
    file_keys: Keys, given: list[str], kept: tuple[str, ...]
) -> None:
    key, shown = file_keys.add("robot", ["ask"], given)
    assert key.folders == kept
    assert file_keys.verify(shown) == key


@pytest.mark.parametrize(
    ("folder", "why"),
    [
        ("", "names none; a key without folders is for all"),
        (".", "names none"),
        ("./", "names none"),
        ("/", "begins at the root"),
        ("/hr", "begins at the root"),
        ("//hr", "begins at the root"),
        ("..", "leads out of the documents"),
        ("hr/../it", "leads out"),
        ("hr/..", "leads out"),
        (".git", "is hidden"),
        ("hr/.secret/x", "is hidden"),
        ("hr/...", "is hidden"),
        ("hr\\leave", "has a character that is in no such name"),
        ("hr\0", "has a character"),
        ("hr\n", "has a character"),
        ("half \ud83d", "has a character"),
    ],
)
def test_a_folder_that_can_hold_no_document_is_refused(
    file_keys: Keys, folder: str, why: str
) -> None:
    told = f"the folder {re.escape(repr(folder))} {why}.*: name it from the folder of documents on"
    with pytest.raises(InvalidKeyRequest, match=told):
        file_keys.add("robot", ["ask"], ["fine", folder])
    assert not file_keys.any()


def changed(shown: str) -> Iterator[str]:
    """Texts that are nearly a key."""
    for at in range(len(shown)):
        other = "a" if shown[at] != "a" else "b"
        yield f"{shown[:at]}{other}{shown[at + 1 :]}"
        yield shown[:at] + shown[at + 1 :]
        yield f"{shown[:at]}-{shown[at:]}"
    yield from (f" {shown}", f"{shown} ", f"{shown}\n", shown.upper(), shown.swapcase(), shown * 2)
    yield from (shown.replace("_", "-"), f"Bearer {shown}", shown[:-1] + "а", shown[:-1] + "１")


def test_what_is_nearly_a_key_opens_nothing(keys: Keys) -> None:
    key, shown = keys.add("robot", ["ask"], [])
    other, other_shown = keys.add("other", ["admin"], [])
    for near in changed(shown):
        assert near == shown or keys.verify(near) is None, near
    mixed = "_".join((*shown.split("_")[:2], other_shown.split("_")[2]))
    assert keys.verify(mixed) is None
    assert keys.verify(shown) == key
    assert keys.verify(other_shown) == other


@given(st.text() | st.from_regex("pa_[A-Za-z0-9_]*_[A-Za-z0-9]*"))
@example("pa_" + "a" * 12 + "_" + "b" * 43)
@example("pa__")
@example("pa_' OR 1=1 --_" + "b" * 43)
@example("\0" * 59)
@example("\ud83d" * 59)
@example("x" * 10_000_000)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_garbage_opens_nothing(keys: Keys, garbage: str) -> None:
    assert keys.verify(garbage) is None


def test_a_key_whose_digest_was_changed_opens_nothing(keys: Keys, database: Database) -> None:
    _, shown = keys.add("robot", ["ask"], [])
    with database.write() as connection:
        connection.execute(text("UPDATE keys SET digest = 'é'"))
    assert keys.verify(shown) is None
