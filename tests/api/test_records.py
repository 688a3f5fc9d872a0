"""Records come back whole, to their owner only, and nothing acknowledged is lost."""

import os
import random
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from dataclasses import replace
from pathlib import Path

import pytest
from builders import make_answer
from conftest import ROOT, Clock, Scale
from sqlalchemy import select, text, update

from api.errors import DatabaseUnavailable, IdempotencyKeyInUse, IdempotencyKeyReused, NotFound
from api.store.database import Database
from api.store.records import LEASE, Claim, Records
from api.store.tables import claims, feedback
from assistant.answer import Answer, Reason, Turn

DAY = 24 * 3600.0


@pytest.fixture
def records(database: Database, clock: Clock) -> Records:
    return Records(database, clock)


def answer(name: str, conversation: str = "talk", question: str = "Who?") -> Answer:
    made = make_answer((f"The answer {name}.", (1,)), question=question)
    return replace(made, id=name, conversation_id=conversation)


def claim(records: Records, key: str, fingerprint: str = "f", owner: str = "") -> Claim:
    claimed = records.claim(owner, key, fingerprint)
    assert isinstance(claimed, Claim)
    return claimed


def count_rows(database: Database) -> tuple[int, ...]:
    """The rows of conversations, answers, feedback and claims."""
    names = ("conversations", "answers", "feedback", "claims")
    with database.read() as connection:
        return tuple(connection.scalar(text(f"SELECT count(*) FROM {name}")) or 0 for name in names)


def test_answer_comes_back_as_it_was_saved(records: Records) -> None:
    records.save_answer("me", answer("a"))
    assert records.answer("me", "a") == answer("a")
    with pytest.raises(NotFound, match="there is no answer 'b'"):
        records.answer("me", "b")


def test_conversation_has_its_answers_in_order_whatever_the_clock_does(
    records: Records, clock: Clock
) -> None:
    for number, step in enumerate((0.0, 5.0, -100.0, 0.0, 1000.0, -2000.0)):
        clock.now += step
        records.save_answer("me", answer(f"a{number}", question=f"{number}?"))
    found = records.conversation("me", "talk")
    assert [each.id for each in found.answers] == [f"a{number}" for number in range(6)]
    assert (found.id, found.created, found.touched) == ("talk", 1_000_000.0, 1_000_905.0)
    asked = [turn.text for turn in records.turns("me", "talk", 100) if turn.role == "user"]
    assert asked == [f"{number}?" for number in range(6)]


def test_last_turns_are_returned_oldest_first(records: Records) -> None:
    turns: list[Turn] = []
    for number in range(3):
        saved = answer(f"a{number}", question=f"{number}?")
        records.save_answer("", saved)
        turns += [Turn("user", f"{number}?"), Turn("assistant", saved.text)]
    for limit in range(8):
        assert records.turns("", "talk", limit) == turns[max(0, 6 - limit) :]
    assert records.turns("", "talk", -1) == []
    assert records.turns("", "another", 5) == []


def test_latest_questions_of_all_owners_come_once_and_newest_first(records: Records) -> None:
    asked = [("me", "Who?"), ("you", "When?"), ("me", "WHO?"), ("you", "Hello")]
    for number, (owner, question) in enumerate(asked):
        reason = Reason.GREETING if question == "Hello" else None
        records.save_answer(owner, replace(answer(f"{number}", question=question), reason=reason))
    assert records.recent_questions(10) == ["WHO?", "When?"]
    assert records.recent_questions(1) == ["WHO?"]


def test_records_of_another_owner_are_missing(records: Records) -> None:
    for owner in ("me", "you"):
        records.save_answer(owner, answer("same", question=f"{owner}?"))
    records.save_answer("me", answer("mine", "mine"))
    records.save_feedback("me", "mine", "up", "")
    assert records.answer("you", "same").question == "you?"
    assert records.turns("me", "talk", 1_000)[0] == Turn("user", "me?")
    assert len(records.conversation("you", "talk").answers) == 1
    for owner in ("you", "", "ME"):
        assert records.turns(owner, "mine", 5) == []
        assert records.feedback(owner, "mine") is None
        for access in (records.answer, records.conversation, records.delete_conversation):
            with pytest.raises(NotFound, match="'mine'"):
                access(owner, "mine")
        with pytest.raises(NotFound):
            records.save_feedback(owner, "mine", "down", "")
    records.delete_conversation("you", "talk")
    assert records.answer("me", "same").question == "me?"


def test_deleting_a_conversation_deletes_all_that_belongs_to_it(
    records: Records, database: Database
) -> None:
    for name in ("a", "b"):
        records.save_answer("", answer(name, f"talk {name}"), claim(records, f"key {name}"))
        records.save_feedback("", name, "up", "well said")
    records.delete_conversation("", "talk a")
    assert count_rows(database) == (1, 1, 1, 1)
    for access in (records.conversation, records.delete_conversation):
        with pytest.raises(NotFound):
            access("", "talk a")
    records.save_answer("", answer("a", "talk a"), claim(records, "key a"))
    assert len(records.conversation("", "talk a").answers) == 1


def test_deleted_text_is_not_left_in_the_file(tmp_path: Path) -> None:
    database = Database.open(f"sqlite:///{tmp_path / 'records.sqlite'}")
    records = Records(database)
    for number in range(20):
        records.save_answer("", answer(f"a{number}", question="Is it xylophone? " * 100))
        records.save_feedback("", f"a{number}", "up", "xylophone")
    records.save_answer("", answer("b", "other"))
    records.delete_conversation("", "talk")
    database.close()
    assert b"xylophone" not in (tmp_path / "records.sqlite").read_bytes()
    assert [path.name for path in tmp_path.iterdir()] == ["records.sqlite"]


def test_answer_that_is_saved_twice_is_stored_once(records: Records, database: Database) -> None:
    held = claim(records, "key")
    for _ in range(2):
        records.save_answer("", answer("a"), held)
    assert count_rows(database) == (1, 1, 0, 1)


def test_later_feedback_replaces_earlier(records: Records, clock: Clock) -> None:
    records.save_answer("", answer("a"))
    assert records.feedback("", "a") is None
    first = records.save_feedback("", "a", "up", "yes")
    clock.now += 5
    assert records.save_feedback("", "a", "down", "no, it’s wrong") == first
    found = records.feedback("", "a")
    assert found is not None
    assert (found.id, found.answer_id, found.verdict) == (first, "a", "down")
    assert (found.comment, found.created) == ("no, it’s wrong", 1_000_005.0)


@pytest.mark.parametrize(
    "given", ["a\0b", "half \ud83d", "👍🏽 \u200fשלום\u202e Ω", "'; DROP TABLE answers; --", ""]
)
def test_any_text_can_be_stored(records: Records, given: str) -> None:
    stored = given.replace("\0", "\ufffd").replace("\ud83d", "\ufffd")
    valid = given.replace("\ud83d", "\ufffd")  # JSON cannot contain lone surrogates either
    saved = answer(f"id {valid}", f"talk {valid}", f"Who is {valid}?")
    records.save_answer(given, saved, claim(records, f"key {given}", "f", given))
    assert records.answer(given, saved.id) == saved
    assert records.turns(given, saved.conversation_id, 2)[0].text == f"Who is {stored}?"
    records.save_feedback(given, saved.id, "up", given)
    found = records.feedback(given, saved.id)
    assert found is not None
    assert found.comment == stored
    assert records.claim(given, f"key {given}", "f") == saved
    records.delete_conversation(given, saved.conversation_id)


def test_answer_of_an_unknown_format_is_reported(records: Records, database: Database) -> None:
    records.save_answer("", answer("a"))
    with database.write() as connection:
        connection.execute(text("UPDATE answers SET body = '{\"version\": 9}'"))
    for access in (records.answer, lambda owner, _: records.conversation(owner, "talk")):
        with pytest.raises(DatabaseUnavailable, match="answer a cannot be read .*: restore the"):
            access("", "a")


def test_claimed_key_is_in_use_until_its_answer_is_saved(records: Records, clock: Clock) -> None:
    held = claim(records, "key")
    clock.now += 20
    with pytest.raises(IdempotencyKeyInUse, match="key 'key': retry in 40 s") as refused:
        records.claim("", "key", "f")
    assert refused.value.wait == 40
    records.save_answer("", answer("a"), held)
    for _ in range(2):
        assert records.claim("", "key", "f") == answer("a")
        clock.now += 10 * 3600


def test_key_of_another_owner_is_another_key(records: Records) -> None:
    mine, yours = (claim(records, "key", owner, owner) for owner in ("me", "you"))
    records.save_answer("you", answer("yours"), yours)
    records.save_answer("me", answer("mine"), mine)
    assert records.claim("me", "key", "me") == answer("mine")
    assert records.claim("you", "key", "you") == answer("yours")


def test_key_with_another_request_is_refused(records: Records, clock: Clock) -> None:
    held = claim(records, "key", "one")
    for step in (0, LEASE + 1):
        clock.now += step
        with pytest.raises(IdempotencyKeyReused, match="'key' was sent before with a different"):
            records.claim("", "key", "two")
    records.save_answer("", answer("a"), held)
    with pytest.raises(IdempotencyKeyReused):
        records.claim("", "key", "two")


def test_released_claim_can_be_taken_again(records: Records) -> None:
    first = claim(records, "key")
    records.release(first)
    second = claim(records, "key")
    records.release(first)  # another request holds it now
    with pytest.raises(IdempotencyKeyInUse):
        records.claim("", "key", "f")
    records.save_answer("", answer("a"), second)
    records.release(second)  # it is completed
    assert records.claim("", "key", "f") == answer("a")


def test_expired_claim_is_taken_over(records: Records, clock: Clock, database: Database) -> None:
    stale = claim(records, "key")
    clock.now += LEASE - 0.1
    with pytest.raises(IdempotencyKeyInUse):
        records.claim("", "key", "f")
    clock.now += 0.2
    fresh = claim(records, "key")
    with pytest.raises(IdempotencyKeyInUse):
        records.save_answer("", answer("stale"), stale)
    records.release(stale)
    assert count_rows(database) == (0, 0, 0, 1)
    records.save_answer("", answer("fresh"), fresh)
    assert records.claim("", "key", "f") == answer("fresh")


def test_expired_claim_is_completed_if_nobody_took_it_over(records: Records, clock: Clock) -> None:
    held = claim(records, "key")
    clock.now += 5 * LEASE
    records.save_answer("", answer("a"), held)
    assert records.claim("", "key", "f") == answer("a")


def test_clock_that_was_put_back_neither_frees_nor_extends_a_claim(
    records: Records, clock: Clock
) -> None:
    held = claim(records, "key")
    clock.now -= 3600
    with pytest.raises(IdempotencyKeyInUse, match="retry in 60 s"):
        records.claim("", "key", "f")
    clock.now += LEASE - 1
    with pytest.raises(IdempotencyKeyInUse, match="retry in 1 s"):
        records.claim("", "key", "f")
    clock.now += 1
    assert claim(records, "key").token != held.token


def test_claim_that_was_locked_for_long_is_not_taken_over(
    postgresql_url: str, clock: Clock
) -> None:
    with closing(Database.open(postgresql_url)) as database:
        records = Records(database, clock)
        claim(records, "key")
        with ThreadPoolExecutor(1) as other, database.write() as connection:
            leased = claims.c.leased
            connection.execute(update(claims).values(leased=leased + 1000))  # as if taken over
            waiting = other.submit(records.claim, "", "key", "f")
            time.sleep(0.3)
            clock.now += 1000
        with pytest.raises(IdempotencyKeyInUse, match="retry in 60 s"):
            waiting.result()


def test_time_is_read_while_the_database_is_locked(sqlite_database: Database, clock: Clock) -> None:
    """A clock that is read before the wait for the lock is behind the renewals of others."""
    records = Records(sqlite_database, clock)
    with ThreadPoolExecutor(1) as other, sqlite_database.write():
        waiting = other.submit(records.claim, "", "key", "f")
        time.sleep(0.1)
        clock.now += 1000
    assert waiting.result()
    assert records.latest_time() == clock.now


@pytest.mark.parametrize("expired", [False, True])
def test_one_of_many_concurrent_requests_gets_the_claim(
    records: Records, clock: Clock, expired: bool
) -> None:
    keys = [f"key {number}" for number in range(10)]
    if expired:
        for key in keys:
            claim(records, key)
        clock.now += LEASE + 1

    def count(key: str) -> int:
        with suppress(IdempotencyKeyInUse):
            return isinstance(records.claim("", key, "f"), Claim)
        return 0

    with ThreadPoolExecutor(16) as threads:
        assert sum(threads.map(count, [key for key in keys for _ in range(16)])) == len(keys)


def test_old_conversations_expire_with_all_that_belongs_to_them(
    records: Records, clock: Clock, database: Database
) -> None:
    for day in range(5):
        records.save_answer("", answer(f"a{day}", f"talk {day}"))
        records.save_feedback("", f"a{day}", "up", "")
        clock.now += DAY
    records.save_answer("", answer("late", "talk 0"))
    assert records.expire(1_000_000.0 + 3 * DAY) == 2
    assert [bool(records.turns("", f"talk {day}", 1)) for day in range(5)] == [1, 0, 0, 1, 1]
    assert count_rows(database) == (3, 4, 3, 0)
    assert records.expire(1_000_000.0 + 3 * DAY) == 0


def test_more_than_one_batch_expires(records: Records, database: Database) -> None:
    rows = [
        {"owner": owner, "id": f"talk {number}", "at": float(number)}
        for owner in ("me", "you")
        for number in range(600)
    ]
    with database.write() as connection:
        connection.execute(text("INSERT INTO conversations VALUES (:owner, :id, :at, :at)"), rows)
    assert records.expire(550.0) == 1100
    assert count_rows(database)[0] == 100


def test_idempotency_keys_expire_after_a_day(
    records: Records, clock: Clock, database: Database
) -> None:
    records.save_answer("", answer("a"), claim(records, "done"))
    claim(records, "abandoned")
    clock.now += DAY - 1
    claim(records, "new")
    assert records.expire(0.0) == 0
    assert records.claim("", "done", "f") == answer("a")
    clock.now += 2
    records.expire(0.0)
    assert count_rows(database) == (1, 1, 0, 1)
    claim(records, "done")


def test_latest_time_does_not_go_back_with_the_clock(records: Records, clock: Clock) -> None:
    assert records.latest_time() is None
    records.save_answer("", answer("a"))
    assert records.latest_time() == 1_000_000.0
    clock.now += 5
    records.save_feedback("", "a", "up", "")
    assert records.latest_time() == 1_000_005.0
    clock.now += 5
    claim(records, "key")
    clock.now -= 500
    records.save_answer("", answer("b"))
    assert records.latest_time() == 1_000_010.0


def test_clock_that_jumps_back_does_not_age_a_conversation(records: Records, clock: Clock) -> None:
    records.save_answer("", answer("a"))
    clock.now = 0.0
    records.save_answer("", answer("b"))
    clock.now = 1_000_100.0
    assert records.expire(clock.now - 1000) == 0
    assert len(records.conversation("", "talk").answers) == 2


def test_clock_that_jumps_back_and_forth_loses_nothing(records: Records, clock: Clock) -> None:
    draw = random.Random(5)
    names = [f"a{number}" for number in range(30)]
    for name in names:
        clock.now = draw.uniform(0, 2_000_000)
        held = claim(records, name)
        clock.now = draw.uniform(0, 2_000_000)
        records.save_answer("", answer(name), held)
        clock.now = draw.uniform(0, 2_000_000)
        assert records.claim("", name, "f") == answer(name)
    assert [each.id for each in records.conversation("", "talk").answers] == names


@pytest.mark.soak
def test_concurrent_writers_lose_nothing(database: Database, scale: Scale) -> None:
    records = Records(database)
    rounds = scale(14, soak=49)

    def work(thread: int) -> None:
        for number in range(rounds):
            name = f"{thread}-{number}"
            held = claim(records, name)
            records.save_answer("", answer(name, f"talk {number % 7}"), held)
            records.save_feedback("", name, "up", "")
            records.save_feedback("", name, "down", name)

    with ThreadPoolExecutor(16) as threads:
        list(threads.map(work, range(16)))
    assert count_rows(database) == (7, *(16 * rounds,) * 3)
    with database.read() as connection:
        comments = connection.execute(select(feedback.c.answer, feedback.c.comment)).all()
        completed = connection.execute(select(claims.c.key, claims.c.answer)).all()
    assert all(first == second for first, second in (*comments, *completed))
    for number in range(7):
        found = records.conversation("", f"talk {number}").answers
        for thread in range(16):
            own = [int(a.id.split("-")[1]) for a in found if a.id.startswith(f"{thread}-")]
            assert own == list(range(number, rounds, 7))


@pytest.mark.soak
def test_everything_acknowledged_survives_a_kill(
    database: Database, database_url: str, scale: Scale
) -> None:
    # Forks a process for each input line. It saves answers with feedback and prints each name, until
    # it is killed. A line is written by one call, which a kill cannot interrupt half-way; `print`
    # makes several calls if PYTHONUNBUFFERED is set.
    program = """
import os, sys
from dataclasses import replace
from builders import make_answer
from api.store.database import Database
from api.store.records import Records
def report(*values):
    os.write(1, (" ".join(map(str, values)) + "\\n").encode())
for line in sys.stdin:
    if child := os.fork():
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        report("ended", status)
    else:
        records = Records(Database.open(sys.argv[1]))
        report("begins", os.getpid())
        number = 0
        while True:
            number += 1
            name = f"{line.strip()}-{number}"
            answer = replace(make_answer(), id=name, conversation_id=f"talk-{number % 5}")
            records.save_answer("", answer)
            records.save_feedback("", name, "up", name)
            report("saved", name)
"""
    records = Records(database)
    kills = scale(4, soak=50)
    saved: list[str] = []
    command = [sys.executable, "-c", program, database_url]
    environment = os.environ | {"PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'tests'}"}
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
    ) as writer:
        assert writer.stdin and writer.stdout
        for run in range(kills):
            writer.stdin.write(f"{run}\n")
            writer.stdin.flush()
            process = int(writer.stdout.readline().split()[1])
            # A slow machine would be killed before its first answer.
            saved.append(writer.stdout.readline().split()[1])
            time.sleep(random.uniform(0, 0.15))
            os.kill(process, signal.SIGKILL)
            while not (line := writer.stdout.readline()).startswith("ended"):
                saved.append(line.split()[1])
    for name in saved:
        found = records.feedback("", name)
        assert found is not None and found.comment == name
        assert records.answer("", name).id == name
    # Each kill may leave one answer, with or without feedback, that was not acknowledged.
    _, answers, comments, _ = count_rows(database)
    assert len(saved) <= comments <= answers <= len(saved) + kills
    assert database.find_damage() == ""
