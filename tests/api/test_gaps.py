"""Questions without a good answer are kept without personal data, and a person answers them."""

import asyncio
import io
import json
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from unittest.mock import Mock

import httpx2
import numpy as np
import pytest
from builders import DIGEST, make_answer
from conftest import Clock, Writer
from fastapi.testclient import TestClient
from serving import BEANS, GARDEN, ROSES, ask, client_of, expect_problem, opened, served, wait_for
from sqlalchemy import text

import api.background
from api.assembly.assistant import build_index
from api.assembly.service import Service
from api.errors import AdditionInvalid
from api.service.access import Caller
from api.service.additions import FaqAdditions
from api.service.gaps import group_gaps, load_gaps, visible_gaps
from api.service.masking import mask_personal_data
from api.settings import Settings
from api.store import gaps as store
from api.store.database import Database
from api.store.gaps import Gap, GapPassage, GapReason, Gaps, gap_id
from api.store.keys import Scope
from api.store.records import Records
from corpus.gold import read_gold
from corpus.loader import load_document
from index.onnx_encoder import OnnxEncoder

Run = Callable[..., int]
TULIPS = "Who sells the tulips?"
ANSWER = "Tulips are sold by *Ms Olsen* <b>.\n\nAsk her before noon."


def make_gap(name: str = "a", **fields: object) -> Gap:
    passage = GapPassage("garden.md", DIGEST, 0, 4)
    vector = np.array([1.0, 0.0], dtype=np.float32)
    gap = Gap(gap_id("", name), TULIPS, GapReason.REFUSED, (passage,), (), "f", vector)
    return replace(gap, **fields)  # type: ignore[arg-type]


@pytest.fixture
def gaps(database: Database, clock: Clock) -> Gaps:
    return Gaps(database, clock)


@pytest.mark.parametrize(
    ("given", "masked"),
    [
        ("Is jo.d+x@mail.example.org right?", "Is [email] right?"),
        ("Call +49 (30) 123-45-67 now", "Call [number] now"),
        ("my IBAN DE89370400440532013000", "my IBAN DE[number]"),
        ("card 4111 1111 1111 1111, 12/27", "card [number], 12/27"),
        ("1" * 500, "[number]"),
        ("since 2026-11-27 or 27.11.2026", "since 2026-11-27 or 27.11.2026"),
        ("the 25 days of version 2.14.2, error 404", "the 25 days of version 2.14.2, error 404"),
    ],
)
def test_addresses_and_long_numbers_are_masked(given: str, masked: str) -> None:
    assert mask_personal_data(given) == masked


def test_gap_is_stored_once_and_comes_back(gaps: Gaps, clock: Clock) -> None:
    gaps.add(make_gap())
    gaps.add(make_gap(question="Another?"))
    [found] = gaps.all()
    assert np.array_equal(found.vector, make_gap().vector)
    assert found.evidence == make_gap().evidence
    assert (found.question, found.created, found.dismissed) == (TULIPS, clock.now, False)
    assert gaps.all(since=clock.now + 1) == []


def test_vectors_of_another_encoder_are_made_again_once(gaps: Gaps, encoder: OnnxEncoder) -> None:
    counting = SimpleNamespace(
        fingerprint=encoder.fingerprint, encode_query=Mock(side_effect=encoder.encode_query)
    )
    for name in "ab":
        gaps.add(make_gap(name))
    for _ in range(2):
        [group] = group_gaps(load_gaps(gaps, counting), lambda _: "text")
        assert group.count == 2
    assert counting.encode_query.call_count == 2


def test_only_the_latest_gaps_are_kept(gaps: Gaps, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "MAX_GAPS", 3)
    for name in "abcde":
        gaps.add(make_gap(name))
    assert [gap.id for gap in gaps.all()] == [gap_id("", name) for name in "cde"]


def test_gaps_expire_and_are_dismissed_and_deleted(gaps: Gaps, clock: Clock) -> None:
    for name in "abc":
        gaps.add(make_gap(name))
        clock.now += 10
    assert gaps.expire(clock.now - 25) == 1
    gaps.dismiss([gap_id("", "b")])
    assert [gap.dismissed for gap in gaps.all()] == [True, False]
    gaps.delete([gap_id("", "b")])
    gaps.withdraw_vote(gap_id("", "c"))  # it was refused: a vote up does not matter
    assert [gap.id for gap in gaps.all()] == [gap_id("", "c")]


async def test_running_service_deletes_old_gaps(service: Service, clock: Clock) -> None:
    for days, name in ((20, "old"), (5, "new")):
        clock.now = time.time() - days * 24 * 3600
        Gaps(service.database, clock).add(make_gap(name))
    deleting = asyncio.create_task(api.background._expire_records(service, 0, 10))
    await asyncio.sleep(0.5)
    deleting.cancel()
    assert [gap.id for gap in service.gaps.all()] == [gap_id("", "new")]


def test_gap_is_deleted_with_its_conversation(gaps: Gaps, database: Database) -> None:
    records = Records(database)
    for owner in ("me", "you"):
        records.save_answer(owner, make_answer())
        gaps.add(make_gap(id=gap_id(owner, make_answer().id)))
    records.delete_conversation("me", make_answer().conversation_id)
    assert [gap.id for gap in gaps.all()] == [gap_id("you", make_answer().id)]


def test_database_of_an_older_version_gets_the_table(database_url: str) -> None:
    with closing(Database.open(database_url)) as database:
        Records(database).save_answer("", make_answer())
        with database.write() as connection:
            connection.execute(text("DROP TABLE gaps"))
    with closing(Database.open(database_url, create=False)) as database:
        Gaps(database).add(make_gap())
        assert database.find_damage() == ""
        assert Records(database).answer("", make_answer().id) == make_answer()


@pytest.mark.parametrize(
    ("asked_in", "limit", "visible"),
    [
        ((), None, True),
        (("hr",), None, True),
        ((), {"hr"}, False),
        (("hr",), {"hr"}, True),
        (("hr/leave",), {"hr"}, True),
        (("hr", "it"), {"hr"}, False),
        (("hr",), {"hr/leave"}, False),
    ],
)
def test_caller_sees_the_gaps_of_keys_for_its_folders(
    asked_in: tuple[str, ...], limit: set[str] | None, visible: bool
) -> None:
    caller = Caller("k", "k", frozenset(), frozenset(limit) if limit else None)
    assert bool(visible_gaps([make_gap(folders=asked_in)], caller)) is visible


def test_refusals_and_votes_become_groups_without_personal_data(
    client: TestClient, service: Service
) -> None:
    ask(client, f"{TULIPS} Tell me at jo@example.org")
    ask(client, "hello")
    roses = ask(client, ROSES)
    refused = ask(client, TULIPS, conversation_id="talk")
    for answer in (roses, refused):
        vote = {"answer_id": answer["id"], "verdict": "down"}
        assert client.post("/v1/feedback", json=vote).is_success
    tulips, other = client.get("/v1/gaps").json()["gaps"]
    assert (tulips["count"], tulips["reasons"]) == (2, {"refused": 2})
    assert {tulips["question"], *tulips["examples"]} == {TULIPS, f"{TULIPS} Tell me at [email]"}
    assert (other["question"], other["reasons"]) == (ROSES, {"down_voted": 1})
    assert other["draft"] == {"question": ROSES, "answer": other["evidence"][0]["text"]}
    assert "caretaker" in other["draft"]["answer"]
    assert client.get("/v1/gaps?since_days=0.000000001").json() == {"gaps": []}
    with service.database.read() as connection:
        stored = [str(tuple(row)) for row in connection.execute(text("SELECT * FROM gaps"))]
    assert not any(secret in row for row in stored for secret in ("jo@", "talk", roses["id"]))
    vote = {"answer_id": roses["id"], "verdict": "up"}
    assert client.post("/v1/feedback", json=vote).is_success
    assert client.delete("/v1/conversations/talk").is_success
    [left] = client.get("/v1/gaps").json()["gaps"]
    assert left["count"] == 1


def test_only_an_admin_key_lists_gaps_and_only_those_of_its_folders(settings: Settings) -> None:
    (settings.corpus / "hr").mkdir()
    (settings.corpus / "hr" / "leave.md").write_text("# Leave\n\nLeave is 25 days.\n", "utf-8")
    build_index(settings)
    with opened(settings) as service:
        add = service.keys.add
        ask_hr = client_of(service, add("ask hr", [Scope.ASK], ["hr"])[1])
        ask_all = client_of(service, add("ask all", [Scope.ASK], [])[1])
        boss_hr = client_of(service, add("boss hr", [Scope.ADMIN], ["hr"])[1])
        boss = client_of(service, add("boss", [Scope.ADMIN], [])[1])
        ask(ask_hr, BEANS)
        ask(ask_all, TULIPS)
        expect_problem(ask_all.get("/v1/gaps"), 403, "lacks the scope admin")
        assert [gap["question"] for gap in boss_hr.get("/v1/gaps").json()["gaps"]] == [BEANS]
        assert len(boss.get("/v1/gaps").json()["gaps"]) == 2


def test_accepted_gap_is_answered_and_its_gold_question_is_right(
    run: Run, settings: Settings, capfd: pytest.CaptureFixture[str]
) -> None:
    with served(settings) as (address, _), httpx2.Client(base_url=address) as client:
        assert ask(client, TULIPS)["status"] == "refused"
        before = ask(client, "Are the roses watered every evening?")
        [gap] = client.get("/v1/gaps").json()["gaps"]
        assert run("gaps", "--json") == 0
        assert json.loads(capfd.readouterr().out)["gaps"] == [gap]
        assert run("gaps", "accept", gap["id"], "--answer", ANSWER) == 0
        assert client.get("/v1/gaps").json() == {"gaps": []}
        wait_for(lambda: ask(client, TULIPS)["status"] == "answered")
        answer = ask(client, TULIPS)
        assert "Ms Olsen" in str(answer["text"])
        assert answer["citations"][0]["document"] == "faq-additions.md"
        again = ask(client, "Are the roses watered every evening?")
        assert again["status"] == before["status"]  # one accepted question tunes no threshold
    gold_file = settings.gold_folder / "gaps.jsonl"
    [gold] = read_gold(gold_file)
    document = load_document(settings.corpus, settings.corpus / "faq-additions.md")
    start, end = gold.spans[0]
    assert document.text[start:end] == (
        "Tulips are sold by \\*Ms Olsen\\* \\<b\\>.\n\nAsk her before noon."
    )
    assert run("evaluate", str(gold_file), "--require", "right=1", "--require", "hit@1=1") == 0
    assert run("gaps", "accept", gap["id"], "--answer", "x") == 2


def test_dismissed_gap_hides_questions_like_it(
    run: Run, client: TestClient, capsys: pytest.CaptureFixture[str]
) -> None:
    ask(client, TULIPS)
    assert run("gaps") == 0
    listed = capsys.readouterr().out
    assert TULIPS in listed and "1 refused; last on" in listed
    assert run("gaps", "dismiss", listed.split()[0]) == 0
    ask(client, "who sells tulips?")
    assert client.get("/v1/gaps").json() == {"gaps": []}
    assert run("gaps", "dismiss", "0" * 12) == 2
    assert "see the ids with `assistant gaps" in capsys.readouterr().err


def test_gaps_without_a_database_create_none(
    run: Run, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("gaps") == 0
    assert "no gaps" in capsys.readouterr().out
    assert run("gaps", "accept", "0" * 12) == 2
    assert not (settings.data_folder / "records.sqlite").exists()


@pytest.fixture
def additions(tmp_path: Path, folder_of: Writer) -> FaqAdditions:
    folder_of(GARDEN)
    return FaqAdditions(tmp_path / "documents", tmp_path / "gold" / "g.jsonl", tmp_path / "lock")


def test_entry_is_added_once_at_the_end_and_keeps_what_is_there(
    additions: FaqAdditions, tmp_path: Path
) -> None:
    for _ in range(2):
        first = additions.add("garden.md", TULIPS, ANSWER, "g1")
    second = additions.add("garden.md", "# Is `this` a heading?", "- no\n> quote", "g2")
    content = (tmp_path / "documents" / "garden.md").read_text("utf-8")
    assert content.startswith(GARDEN["garden.md"])
    assert content.count("Q: ") == 2
    assert content[slice(*first.span)].startswith("Tulips are sold")
    assert content[slice(*second.span)] == "\\- no > quote".replace(">", "\\>")
    assert [gold.id for gold in read_gold(tmp_path / "gold" / "g.jsonl")] == ["g1", "g2"]


@pytest.mark.parametrize(
    ("name", "answer", "fault"),
    [
        ("garden.txt", "Yes.", "ends in .md"),
        ("garden.md", " \n\n ", "the answer is empty"),
        ("garden.md", "x" * 20_001, "the answer is empty or has more"),
        ("open.md", "Yes.", "close open blocks"),
    ],
)
def test_entry_that_would_not_be_read_is_not_added(
    additions: FaqAdditions, tmp_path: Path, name: str, answer: str, fault: str
) -> None:
    (tmp_path / "documents" / "open.md").write_text("# Open\n\n<!-- a comment\n", "utf-8")
    with pytest.raises(AdditionInvalid, match=fault):
        additions.add(name, TULIPS, answer, "g1")
    assert not (tmp_path / "gold").exists()


def test_answer_is_read_from_standard_input_or_asked_for(
    run: Run, settings: Settings, client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask(client, TULIPS)
    [gap] = client.get("/v1/gaps").json()["gaps"]
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    assert run("gaps", "accept", gap["id"]) == 2  # not a terminal, and no answer
    terminal = io.StringIO("The caretaker\nsells them.\n\n")
    monkeypatch.setattr(terminal, "isatty", lambda: True, raising=False)
    monkeypatch.setattr("sys.stdin", terminal)
    assert run("gaps", "accept", gap["id"], "--file", "hr/faq.md") == 0
    written = (settings.corpus / "hr" / "faq.md").read_text("utf-8")
    assert written == f"Q: {TULIPS}\n\nA: The caretaker sells them.\n"
