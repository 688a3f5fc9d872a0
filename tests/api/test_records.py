"""What is kept comes back whole, to its owner only, and what was acknowledged is never lost."""

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest
from conftest import Clock
from sqlalchemy import select, text

from api.errors import DatabaseUnavailable, IdempotencyKeyInUse, IdempotencyKeyReused, NotFound
from api.store.database import Database, claims, feedback
from api.store.records import Claim, Records
from api.wire import AnswerBody, CitationBody, RelatedBody, SentenceBody
from assistant.answer import Turn

ROOT = Path(__file__).resolve().parents[2]
DAY = 24 * 3600.0
KILLS = 20

# For each line that comes in, a process of its own is forked, which keeps an answer and a verdict,
# says so, and goes on until it is killed.
WRITES = """
import os, sys
from api.store.database import Database
from api.store.records import Records
from test_records import kept
for line in sys.stdin:
    if child := os.fork():
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        print("ended", status, flush=True)
    else:
        records = Records(Database.open(sys.argv[1]))
        print("begins", os.getpid(), flush=True)
        number = 0
        while True:
            number += 1
            name = f"{line.strip()}-{number}"
            records.save_answer("", kept(name, f"talk-{number % 5}"))
            records.save_feedback("", name, "up", name)
            print("acknowledged", name, flush=True)
"""


@pytest.fixture
def records(database: Database, clock: Clock) -> Records:
    return Records(database, clock)


def kept(name: str, conversation: str = "talk", question: str = "Who?") -> AnswerBody:
    """An answer with all its parts."""
    sha256 = "0" * 64
    return AnswerBody(
        id=name,
        conversation_id=conversation,
        question=question,
        standalone_question=question,
        status="answered",
        text=f"The answer {name}. [1]",
        sentences=(SentenceBody(text=f"The answer {name}.", start=0, end=9, citations=(1,)),),
        citations=(
            CitationBody(
                number=1,
                document="a.md",
                title="A",
                headings=("A", "B"),
                page=None,
                sha256=sha256,
                start=3,
                end=9,
                quote="a quote",
                stale=False,
                url="/#document=a.md",
            ),
        ),
        confidence=0.75,
        suggestions=("What?",),
        related=(RelatedBody(document="b.md", sha256=sha256, start=0, end=4, text="near"),),
        writer="extractive",
        generation="g1",
        timings_ms={"total": 12.5},
    )


def claimed(records: Records, key: str, fingerprint: str = "f", owner: str = "") -> Claim:
    claim = records.claim(owner, key, fingerprint)
    assert isinstance(claim, Claim)
    return claim


def rows(database: Database) -> dict[str, int]:
    """How many rows there are in each table of records."""
    with database.read() as connection:
        return {
            name: connection.scalar(text(f"SELECT count(*) FROM {name}")) or 0
            for name in ("conversations", "answers", "feedback", "claims")
        }


def test_an_answer_comes_back_as_it_was_kept(records: Records) -> None:
    records.save_answer("me", kept("a"))
    assert records.answer("me", "a") == kept("a")


def test_an_answer_that_is_not_kept_is_named(records: Records) -> None:
    with pytest.raises(NotFound, match="no answer 'b' is kept: give the id of one that is"):
        records.answer("me", "b")


def test_a_conversation_has_its_answers_in_the_order_they_were_kept(
    records: Records, clock: Clock
) -> None:
    for number, step in enumerate((0.0, 5.0, -100.0, 0.0, 1000.0, -2000.0)):
        clock.now += step
        records.save_answer("me", kept(f"a{number}", question=f"{number}?"))
    found = records.conversation("me", "talk")
    assert [answer.id for answer in found.answers] == [f"a{number}" for number in range(6)]
    assert found.answers[3] == kept("a3", question="3?")
    assert (found.id, found.created, found.touched) == ("talk", 1_000_000.0, 1_000_905.0)
    asked = [turn.text for turn in records.turns("me", "talk", 100) if turn.role == "user"]
    assert asked == [f"{number}?" for number in range(6)]


def test_the_last_turns_are_given_oldest_first(records: Records) -> None:
    for number in range(3):
        records.save_answer("", kept(f"a{number}", question=f"{number}?"))
    turns = [
        turn
        for number in range(3)
        for turn in (Turn("user", f"{number}?"), Turn("assistant", f"The answer a{number}. [1]"))
    ]
    for most in range(8):
        assert records.turns("", "talk", most) == turns[max(0, 6 - most) :]
    assert records.turns("", "talk", -1) == []
    assert records.turns("", "another", 5) == []


def test_nothing_of_another_owner_is_to_be_seen(records: Records) -> None:
    for owner in ("me", "you"):
        records.save_answer(owner, kept("same", question=f"{owner}?"))
    records.save_answer("me", kept("mine", "mine"))
    records.save_feedback("me", "mine", "up", "")
    assert records.answer("you", "same").question == "you?"
    assert records.turns("me", "talk", 1_000)[0] == Turn("user", "me?")
    assert len(records.conversation("you", "talk").answers) == 1
    for owner in ("you", "", "ME"):
        assert records.turns(owner, "mine", 5) == []
        assert records.feedback(owner, "mine") is None
        with pytest.raises(NotFound):
            records.answer(owner, "mine")
        with pytest.raises(NotFound, match="no conversation 'mine' is kept"):
            records.conversation(owner, "mine")
        with pytest.raises(NotFound):
            records.delete_conversation(owner, "mine")
        with pytest.raises(NotFound):
            records.save_feedback(owner, "mine", "down", "")
    records.delete_conversation("you", "talk")
    assert records.answer("me", "same").question == "me?"


def test_forgetting_takes_all_that_belongs_to_the_conversation(
    records: Records, database: Database
) -> None:
    for name in ("a", "b"):
        claim = claimed(records, f"key {name}")
        records.save_answer("", kept(name, f"talk {name}"), claim)
        records.save_feedback("", name, "up", "well said")
    records.delete_conversation("", "talk a")
    assert rows(database) == {"conversations": 1, "answers": 1, "feedback": 1, "claims": 1}
    with pytest.raises(NotFound):
        records.conversation("", "talk a")
    with pytest.raises(NotFound):
        records.delete_conversation("", "talk a")
    assert isinstance(records.claim("", "key a", "f"), Claim)
    records.save_answer("", kept("a", "talk a"))
    assert len(records.conversation("", "talk a").answers) == 1


def test_what_is_forgotten_is_no_longer_in_the_file(tmp_path: Path) -> None:
    database = Database.open(f"sqlite:///{tmp_path / 'records.sqlite'}")
    records = Records(database)
    for number in range(20):
        records.save_answer("", kept(f"a{number}", "talk", question="Is it xylophone? " * 100))
        records.save_feedback("", f"a{number}", "up", "xylophone")
    records.save_answer("", kept("b", "other"))
    records.delete_conversation("", "talk")
    database.close()
    assert b"xylophone" not in (tmp_path / "records.sqlite").read_bytes()
    assert [path.name for path in tmp_path.iterdir()] == ["records.sqlite"]


def test_an_answer_kept_twice_is_kept_once(records: Records, database: Database) -> None:
    claim = claimed(records, "key")
    for _ in range(2):
        records.save_answer("", kept("a"), claim)
    assert rows(database) == {"conversations": 1, "answers": 1, "feedback": 0, "claims": 1}


def test_a_later_verdict_takes_the_place_of_the_earlier(records: Records, clock: Clock) -> None:
    records.save_answer("", kept("a"))
    assert records.feedback("", "a") is None
    first = records.save_feedback("", "a", "up", "yes")
    clock.now += 5
    assert records.save_feedback("", "a", "down", "no, it’s wrong") == first
    found = records.feedback("", "a")
    assert found is not None
    assert (found.id, found.answer_id, found.verdict) == (first, "a", "down")
    assert (found.comment, found.created) == ("no, it’s wrong", 1_000_005.0)
    with pytest.raises(NotFound, match="no answer 'b' is kept"):
        records.save_feedback("", "b", "up", "")


@pytest.mark.parametrize(
    "said", ["a\0b", "half \ud83d", "👍🏽 \u200fשלום\u202e Ω", "'; DROP TABLE answers; --", ""]
)
def test_any_text_can_be_kept(records: Records, said: str) -> None:
    told = said.replace("\0", "\ufffd").replace("\ud83d", "\ufffd")
    whole = said.replace("\ud83d", "\ufffd")  # JSON has no half characters either
    answer = kept(f"id {whole}", f"talk {whole}", f"Who is {whole}?")
    records.save_answer(said, answer, claimed(records, f"key {said}", "f", said))
    assert records.answer(said, answer.id) == answer
    assert records.turns(said, answer.conversation_id, 2)[0].text == f"Who is {told}?"
    records.save_feedback(said, answer.id, "up", said)
    found = records.feedback(said, answer.id)
    assert found is not None
    assert found.comment == told
    assert records.claim(said, f"key {said}", "f") == answer
    records.delete_conversation(said, answer.conversation_id)


def test_a_key_that_is_claimed_is_in_use_until_its_answer_is_kept(
    records: Records, clock: Clock
) -> None:
    claim = claimed(records, "key")
    clock.now += 20
    with pytest.raises(
        IdempotencyKeyInUse, match="holds the idempotency key 'key': send .* in 40 s"
    ) as held:
        records.claim("", "key", "f")
    assert held.value.wait == 40
    records.save_answer("", kept("a"), claim)
    assert records.claim("", "key", "f") == kept("a")
    clock.now += 10 * 3600
    assert records.claim("", "key", "f") == kept("a")


def test_a_key_of_another_owner_is_another_key(records: Records) -> None:
    mine, yours = (claimed(records, "key", owner, owner) for owner in ("me", "you"))
    records.save_answer("you", kept("yours"), yours)
    records.save_answer("me", kept("mine"), mine)
    assert records.claim("me", "key", "me") == kept("mine")
    assert records.claim("you", "key", "you") == kept("yours")


def test_a_key_that_comes_with_another_request_is_refused(records: Records, clock: Clock) -> None:
    claim = claimed(records, "key", "one")
    for step in (0, 100):
        clock.now += step
        with pytest.raises(
            IdempotencyKeyReused, match="'key' was sent before with another request: send a"
        ):
            records.claim("", "key", "two")
    records.save_answer("", kept("a"), claim)
    with pytest.raises(IdempotencyKeyReused):
        records.claim("", "key", "two")


def test_a_claim_that_is_given_back_can_be_taken_again(records: Records) -> None:
    first = claimed(records, "key")
    records.release(first)
    second = claimed(records, "key")
    records.release(first)  # no longer its own
    with pytest.raises(IdempotencyKeyInUse):
        records.claim("", "key", "f")
    records.save_answer("", kept("a"), second)
    records.release(second)  # nothing to give back
    assert records.claim("", "key", "f") == kept("a")


def test_a_claim_can_be_taken_over_when_its_lease_is_over(
    records: Records, clock: Clock, database: Database
) -> None:
    stale = claimed(records, "key")
    clock.now += 59.9
    with pytest.raises(IdempotencyKeyInUse):
        records.claim("", "key", "f")
    clock.now += 0.2
    fresh = claimed(records, "key")
    with pytest.raises(IdempotencyKeyInUse):
        records.save_answer("", kept("stale"), stale)
    records.release(stale)
    assert rows(database) == {"conversations": 0, "answers": 0, "feedback": 0, "claims": 1}
    records.save_answer("", kept("fresh"), fresh)
    with pytest.raises(IdempotencyKeyInUse):
        records.save_answer("", kept("stale"), stale)
    assert records.claim("", "key", "f") == kept("fresh")


def test_a_claim_is_completed_after_its_lease_where_nobody_took_it_over(
    records: Records, clock: Clock
) -> None:
    claim = claimed(records, "key")
    clock.now += 300
    records.save_answer("", kept("a"), claim)
    assert records.claim("", "key", "f") == kept("a")


def test_a_clock_that_was_put_back_does_not_hold_a_claim_for_ever(
    records: Records, clock: Clock
) -> None:
    claimed(records, "key")
    clock.now -= 3600
    assert isinstance(records.claim("", "key", "f"), Claim)
    with pytest.raises(IdempotencyKeyInUse):
        records.claim("", "key", "f")


def test_of_many_that_claim_a_key_at_once_one_gets_it(records: Records) -> None:
    def claim(at: int) -> int:
        with suppress(IdempotencyKeyInUse):
            return isinstance(records.claim("", f"key {at // 16}", "f"), Claim)
        return 0

    with ThreadPoolExecutor(16) as threads:
        assert sum(threads.map(claim, range(16 * 20))) == 20


def test_of_many_that_take_a_claim_over_at_once_one_gets_it(records: Records, clock: Clock) -> None:
    for number in range(10):
        claimed(records, f"key {number}")
    clock.now += 61

    def claim(at: int) -> int:
        with suppress(IdempotencyKeyInUse):
            return isinstance(records.claim("", f"key {at // 16}", "f"), Claim)
        return 0

    with ThreadPoolExecutor(16) as threads:
        assert sum(threads.map(claim, range(160))) == 10


def test_old_conversations_expire_with_all_that_is_theirs(
    records: Records, clock: Clock, database: Database
) -> None:
    for day in range(5):
        records.save_answer("", kept(f"a{day}", f"talk {day}"))
        records.save_feedback("", f"a{day}", "up", "")
        clock.now += DAY
    records.save_answer("", kept("late", "talk 0"))
    assert records.expire(1_000_000.0 + 3 * DAY) == 2
    assert [bool(records.turns("", f"talk {day}", 1)) for day in range(5)] == [1, 0, 0, 1, 1]
    assert rows(database) == {"conversations": 3, "answers": 4, "feedback": 3, "claims": 0}
    assert records.expire(1_000_000.0 + 3 * DAY) == 0


def test_more_expires_than_is_deleted_at_once(records: Records, database: Database) -> None:
    with database.write() as connection:
        for owner in ("me", "you"):
            many = [
                {"owner": owner, "id": f"talk {number}", "at": float(number)}
                for number in range(1100)
            ]
            connection.execute(
                text("INSERT INTO conversations VALUES (:owner, :id, :at, :at)"), many
            )
    assert records.expire(1000.0) == 2000
    assert rows(database)["conversations"] == 200


def test_idempotency_keys_are_forgotten_after_a_day(
    records: Records, clock: Clock, database: Database
) -> None:
    records.save_answer("", kept("a"), claimed(records, "done"))
    claimed(records, "abandoned")
    clock.now += DAY - 1
    claimed(records, "new")
    assert records.expire(0.0) == 0
    assert records.claim("", "done", "f") == kept("a")
    clock.now += 2
    records.expire(0.0)
    assert rows(database) == {"conversations": 1, "answers": 1, "feedback": 0, "claims": 1}
    assert isinstance(records.claim("", "done", "f"), Claim)


def test_the_newest_record_tells_that_the_clock_was_put_back(
    records: Records, clock: Clock
) -> None:
    assert records.latest_time() is None
    records.save_answer("", kept("a"))
    assert records.latest_time() == 1_000_000.0
    clock.now += 5
    records.save_feedback("", "a", "up", "")
    assert records.latest_time() == 1_000_005.0
    clock.now += 5
    claimed(records, "key")
    assert records.latest_time() == 1_000_010.0
    clock.now -= 500
    records.save_answer("", kept("b"))
    assert records.latest_time() == 1_000_010.0


def test_a_clock_that_jumps_loses_no_conversation_that_goes_on(
    records: Records, clock: Clock
) -> None:
    records.save_answer("", kept("a"))
    clock.now = 0.0
    records.save_answer("", kept("b"))
    clock.now = 1_000_100.0
    assert records.expire(clock.now - 1000) == 0
    assert len(records.conversation("", "talk").answers) == 2


def test_a_clock_that_jumps_back_and_forth_disturbs_nothing(records: Records, clock: Clock) -> None:
    draw = random.Random(5)
    for number in range(60):
        clock.now = draw.uniform(0, 2_000_000)
        claim = claimed(records, f"key {number}")
        clock.now = draw.uniform(0, 2_000_000)
        records.save_answer("", kept(f"a{number}"), claim)
        records.save_feedback("", f"a{number}", "up", str(number))
        clock.now = draw.uniform(0, 2_000_000)
        assert records.claim("", f"key {number}", "f") == kept(f"a{number}")
    found = records.conversation("", "talk").answers
    assert [answer.id for answer in found] == [f"a{number}" for number in range(60)]


def test_an_answer_in_another_form_is_told(records: Records, database: Database) -> None:
    records.save_answer("", kept("a"))
    with database.write() as connection:
        connection.execute(text("UPDATE answers SET body = '{\"id\": 1}'"))
    for read in (records.answer, lambda owner, _: records.conversation(owner, "talk")):
        with pytest.raises(DatabaseUnavailable, match="the answer a is kept in a form .*: restore"):
            read("", "a")


def test_sixteen_threads_keep_and_judge_without_an_error_and_nothing_is_lost(
    database: Database,
) -> None:
    records = Records(database)

    def work(thread: int) -> None:
        for number in range(50):
            name = f"{thread}-{number}"
            claim = claimed(records, name)
            records.save_answer("", kept(name, f"talk {number % 7}"), claim)
            records.save_feedback("", name, "up", "")
            records.save_feedback("", name, "down", name)

    with ThreadPoolExecutor(16) as threads:
        list(threads.map(work, range(16)))
    assert rows(database) == {"conversations": 7, "answers": 800, "feedback": 800, "claims": 800}
    with database.read() as connection:
        judged = connection.execute(select(feedback.c.answer, feedback.c.comment)).all()
        completed = connection.execute(select(claims.c.key, claims.c.answer)).all()
    assert all(answer == comment for answer, comment in judged)
    assert all(key == answer for key, answer in completed)
    for number in range(7):
        found = records.conversation("", f"talk {number}").answers
        for thread in range(16):
            own = [int(a.id.split("-")[1]) for a in found if a.id.startswith(f"{thread}-")]
            assert own == list(range(number, 50, 7))


def acknowledgements(written: subprocess.Popen[str]) -> Iterator[str]:
    """What a run says until it ends."""
    assert written.stdout
    while not (line := written.stdout.readline()).startswith("ended"):
        word, name = line.split()
        assert word == "acknowledged"
        yield name


def test_killed_at_any_moment_everything_acknowledged_is_there(
    database: Database, database_url: str
) -> None:
    records = Records(database)
    seed = random.randrange(2**32)
    draw = random.Random(seed)
    print(f"moments from random.Random({seed})")
    there: list[str] = []
    command = [sys.executable, "-c", WRITES, database_url]
    environment = os.environ | {"PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'tests'}"}
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
    ) as written:
        assert written.stdin
        assert written.stdout
        for run in range(KILLS):
            written.stdin.write(f"{run}\n")
            written.stdin.flush()
            word, process = written.stdout.readline().split()
            assert word == "begins"
            # A slow machine would else be killed before it has said anything.
            acknowledged = acknowledgements(written)
            there.append(next(acknowledged))
            time.sleep(draw.uniform(0, 0.15))
            os.kill(int(process), signal.SIGKILL)
            there += acknowledged
            for name in there[-50:]:
                found = records.feedback("", name)
                assert found is not None and found.comment == name
    for name in there:
        found = records.feedback("", name)
        assert found is not None and found.comment == name
        assert records.answer("", name).id == name
    # Of what was not acknowledged each run may have left one answer, and one with its verdict.
    assert len(there) <= rows(database)["feedback"] <= len(there) + KILLS
    assert rows(database)["answers"] <= len(there) + KILLS
    assert database.find_damage() == ""
