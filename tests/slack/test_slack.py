"""The Slack door from Slack's side: real HTTP, real signatures, and a stand-in for Slack."""

import copy
import json
import logging
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx2
import pytest
from builders import link_encoders
from serving import BEANS, GARDEN, ROSES, listening
from slack_stand_in.client import Slack, run_stand_in
from slack_stand_in.delivery import Delivery
from sqlalchemy import delete, update

from api.assembly.assistant import build_index
from api.assembly.service import Service, open_service
from api.errors import DatabaseUnavailable
from api.service.access import ANONYMOUS
from api.settings import Settings
from api.slack.answering import OWNER
from api.store.database import slack_inbox
from api.wire import ChatRequest

BEANS_ANSWER = "Beans are sown in the second week of May. [1]"
ROSES_ANSWER = "The roses are watered by the caretaker every evening. [1]"
REFUSAL = "The documents do not answer this question."
DOCUMENTS = {
    **GARDEN,
    "shed/tools.md": "# Tools\n\n## Where is the rake kept?\n\nThe rake is kept in the shed.\n",
    "odd.md": "# Odd\n\n## Who is called by the gong?\n\nThe gong calls <!channel>, <@U0ADA> & "
    "*everybody* in <#C0GENERAL>.\n",
}

Garden = tuple[Path, Path]
Serve = Callable[..., AbstractContextManager[Service]]


@pytest.fixture(scope="module")
def garden(tmp_path_factory: pytest.TempPathFactory, encoder_data: Path) -> Garden:
    """A folder of documents and its index."""
    root = tmp_path_factory.mktemp("garden")
    corpus, data = root / "documents", root / "data"
    for name, text in DOCUMENTS.items():
        (corpus / name).parent.mkdir(parents=True, exist_ok=True)
        (corpus / name).write_text(text, encoding="utf-8")
    data.mkdir()
    link_encoders(data, encoder_data)
    build_index(Settings(corpus=corpus, data=data))
    return corpus, data


@pytest.fixture
def slack() -> Iterator[Slack]:
    with run_stand_in() as stand_in:
        yield stand_in


@pytest.fixture
def serve(garden: Garden, slack: Slack, sqlite_url: str, tmp_path: Path) -> Serve:
    """Serves the garden to the stand-in, in this process."""

    @contextmanager
    def served(channels: str = "", **more: Any) -> Iterator[Service]:
        file = tmp_path / "channels.toml"
        file.write_text(channels)
        settings = settings_for(garden, slack, **{"database": sqlite_url, **more})
        service = open_service(
            settings.model_copy(update={"slack_channels": file}), page="http://faq.example/"
        )
        try:
            with service.generations.borrow(), listening(service) as (host, port):
                slack.service = f"http://{host}:{port}"
                yield service
        finally:
            service.close()

    return served


@pytest.fixture
def service(serve: Serve) -> Iterator[Service]:
    with serve() as opened:
        yield opened


def settings_for(garden: Garden, slack: Slack, **more: Any) -> Settings:
    corpus, data = garden
    named = {
        "SLACK_BOT_TOKEN": slack.bot_token,
        "SLACK_SIGNING_SECRET": slack.signing_secret,
        "slack_api_url": slack.api_url,
    }
    return Settings(corpus=corpus, data=data, **{**named, **more})


def replies(
    slack: Slack, ts: str, count: int = 1, channel: str = "general", service: Service | None = None
) -> list[Any]:
    """The bot's messages in a thread, as soon as there are so many and nothing is under way."""
    slack.wait_for(lambda: len(of_bot(slack, ts, channel)) >= count)
    if service:
        assert service.slack
        inbox = service.slack.inbox
        slack.wait_for(lambda: not inbox.backlog()[0], 40)
    settled(slack)
    found = of_bot(slack, ts, channel)
    assert len(found) == count
    return found


def of_bot(slack: Slack, ts: str, channel: str = "general") -> list[Any]:
    return [each for each in slack.thread(ts, channel) if each.get("bot_id")]


def settled(slack: Slack) -> None:
    """Waits until everything sent was taken, and for what may come of it."""
    slack.wait_for(lambda: slack.is_idle)
    time.sleep(0.3)


def shown(message: Any) -> str:
    """All that a reader sees of a message."""
    return json.dumps(message["blocks"], ensure_ascii=False)


def buttons(message: Any) -> list[Any]:
    rows = [block for block in message["blocks"] if block["type"] == "actions"]
    return [button for row in rows for button in row["elements"]]


def forge(slack: Slack, press: Callable[[], Delivery], value: str) -> None:
    """Sends what a button sends, with another value."""
    slack.options.deliver = False
    payload = copy.deepcopy(press().payload)
    slack.options.deliver = True
    payload["actions"][0]["value"] = value
    body = urlencode({"payload": json.dumps(payload)}).encode()
    headers = slack.headers(body, "application/x-www-form-urlencoded")
    assert slack.deliver_raw(body, headers)[0] == 200


class TestMention:
    def test_it_is_answered_in_its_thread_with_the_proof(
        self, slack: Slack, service: Service
    ) -> None:
        ts = slack.mention(BEANS)
        [reply] = replies(slack, ts)
        assert reply["text"] == BEANS_ANSWER
        told, proof, verdict = reply["blocks"]
        assert told["elements"][0]["elements"][0]["text"] == BEANS_ANSWER
        head, quote = proof["elements"]
        number, link = head["elements"]
        assert number["text"] == "[1] "
        assert link["text"] == f"The garden › {BEANS} (garden.md)"
        assert link["url"].startswith("http://faq.example/#document=garden.md&sha256=")
        assert quote["type"] == "rich_text_quote"
        assert quote["elements"][0]["text"] == "Beans are sown in the second week of May."
        assert verdict["elements"][0]["type"] == "feedback_buttons"

    def test_one_message_told_as_two_events_is_answered_once(
        self, slack: Slack, service: Service
    ) -> None:
        ts = slack.mention(BEANS)
        replies(slack, ts)
        told = [each for each in slack.deliveries if each.payload["event"].get("ts") == ts]
        assert {each.name for each in told} == {"app_mention", "message"}
        assert len({each.event_id for each in told}) == 2

    def test_the_answer_is_that_of_http(self, slack: Slack, service: Service) -> None:
        for question in (BEANS, ROSES, "Where is the rake kept?", "Who is king of France?"):
            ts = slack.mention(question)
            [reply] = replies(slack, ts)
            body = {"message": question}
            answer = httpx2.post(f"{slack.service}/v1/chat", json=body).json()
            assert reply["text"].splitlines()[0] == answer["text"]
            for citation in answer["citations"]:
                assert json.dumps(citation["quote"], ensure_ascii=False) in shown(reply)
                assert citation["url"] in shown(reply)

    def test_a_thread_is_a_conversation_and_no_other_threads(
        self, slack: Slack, service: Service
    ) -> None:
        first, other = slack.mention(ROSES), slack.mention("Where is the rake kept?")
        replies(slack, first)
        replies(slack, other)
        slack.write("When does he do that?", thread=first, user="grace")
        replies(slack, first, 2)
        kept = service.records.conversation(OWNER, f"slack:C0GENERAL:{first}").answers
        assert "roses" in kept[1].standalone_question.lower()
        kept = service.records.conversation(OWNER, f"slack:C0GENERAL:{other}").answers
        assert len(kept) == 1

    def test_what_is_not_for_the_bot_is_left_alone(self, slack: Slack, service: Service) -> None:
        alone = slack.write(BEANS)
        slack.write(ROSES, thread=alone)
        asked = slack.mention(BEANS)
        replies(slack, asked)
        slack.write("<@U0GRACE> do you know who waters the roses?", thread=asked)
        settled(slack)
        assert not of_bot(slack, alone)
        assert len(of_bot(slack, asked)) == 1

    def test_a_thread_is_known_for_as_long_as_its_answers_are_kept(
        self, slack: Slack, service: Service
    ) -> None:
        ts = slack.mention(BEANS)
        replies(slack, ts, service=service)
        with service.database.write() as connection:
            connection.execute(delete(slack_inbox))
        slack.write(ROSES, thread=ts)
        replies(slack, ts, 2)

    def test_follow_ups_of_one_thread_are_answered_in_their_order(
        self, slack: Slack, service: Service
    ) -> None:
        ts = slack.mention(BEANS)
        slack.wait_for(lambda: slack.is_idle)
        for question in (ROSES, "Where is the rake kept?", BEANS):
            slack.write(question, thread=ts)
            slack.wait_for(lambda: slack.is_idle)
        texts = [each["text"] for each in replies(slack, ts, 4)]
        assert texts[:2] == [BEANS_ANSWER, ROSES_ANSWER]
        assert texts[2].startswith("The rake") and texts[3] == BEANS_ANSWER


class TestDirectMessage:
    def test_status_then_a_message_that_grows(self, slack: Slack, service: Service) -> None:
        ts = slack.write(ROSES, channel="dm")
        [reply] = replies(slack, ts, channel="dm")
        assert reply["text"].strip() == ROSES_ANSWER
        assert reply["streaming_state"] == "completed"
        assert [block["type"] for block in reply["blocks"]] == [
            "markdown", "rich_text", "context_actions"
        ]  # fmt: skip
        calls = [each["method"] for each in slack.calls if each["method"] != "auth.test"]
        assert calls == ["assistant.threads.setStatus", "chat.startStream", "chat.stopStream"]
        assert slack.status(ts, "dm") == ""

    def test_a_workspace_without_status_and_streams_is_answered_whole(
        self, slack: Slack, service: Service
    ) -> None:
        slack.fault("assistant.threads.setStatus", "error", error="missing_scope", times=0)
        slack.fault("chat.startStream", "error", error="unknown_method", times=0)
        for _ in range(2):
            ts = slack.write(ROSES, channel="dm")
            [reply] = replies(slack, ts, channel="dm")
            assert reply["text"] == ROSES_ANSWER
        # What was refused once is not tried again for a while.
        assert len(slack.calls_of("assistant.threads.setStatus")) == 1
        assert len(slack.calls_of("chat.startStream")) == 1

    def test_a_refusal_comes_whole_with_what_the_documents_do_answer(
        self, slack: Slack, service: Service
    ) -> None:
        ts = slack.write("Who sows the roses in winter?", channel="dm")
        [reply] = replies(slack, ts, channel="dm")
        assert reply["text"].startswith(REFUSAL)
        assert [button["value"] for button in buttons(reply)]
        first = buttons(reply)[0]
        slack.press(first["action_id"], reply["ts"], channel="dm")
        _, answer = replies(slack, ts, 2, channel="dm")
        assert first["value"] in shown(answer)
        assert not answer["text"].startswith(REFUSAL)

    def test_the_messages_tab_offers_questions(self, slack: Slack, service: Service) -> None:
        slack.open_home(tab="messages")
        prompts = slack.wait_for(slack.prompts)
        assert {"title": BEANS, "message": BEANS} in prompts


class TestHome:
    def test_it_lists_documents_and_its_questions_can_be_asked(
        self, slack: Slack, service: Service
    ) -> None:
        slack.open_home()
        view = slack.wait_for(lambda: slack.views.get("U0ADA"))
        assert "The garden" in json.dumps(view)
        [asking] = [block for block in view["blocks"] if block["type"] == "actions"]
        button = next(each for each in asking["elements"] if each["value"] == BEANS)
        slack.press(button["action_id"])
        found = slack.wait_for(lambda: [m for m in slack.messages("dm") if m.get("bot_id")])
        settled(slack)
        assert len([m for m in slack.messages("dm") if m.get("bot_id")]) == 1
        assert found[0]["text"] == BEANS_ANSWER
        assert BEANS in shown(found[0])


class TestCommand:
    def test_the_answer_is_for_the_one_who_asked_until_they_show_it(
        self, slack: Slack, service: Service
    ) -> None:
        assert slack.command(BEANS).was_accepted
        [whisper] = slack.wait_for(slack.ephemerals)
        assert whisper["text"] == BEANS_ANSWER
        assert BEANS in shown(whisper)
        assert not slack.messages()
        [share] = buttons(whisper)
        delivery = slack.press(share["action_id"], whisper["ts"])
        slack.wait_for(slack.messages)
        slack.send(delivery)  # Slack does not, but a tired finger may
        settled(slack)
        [message] = slack.messages()
        assert message["text"] == BEANS_ANSWER and BEANS in shown(message)
        assert not slack.ephemerals()

    def test_nothing_asked_is_told_how(self, slack: Slack, service: Service) -> None:
        slack.command("  ")
        [whisper] = slack.wait_for(slack.ephemerals)
        assert "Write a question behind the command" in whisper["text"]

    def test_it_works_where_the_bot_is_no_member_and_sharing_says_why_it_does_not(
        self, slack: Slack, service: Service
    ) -> None:
        slack.command(BEANS, channel="random")
        [whisper] = slack.wait_for(lambda: slack.ephemerals("random"))
        slack.press(buttons(whisper)[0]["action_id"], whisper["ts"], channel="random")
        told = slack.wait_for(lambda: slack.ephemerals("random")[1:])
        assert "not_in_channel" in told[0]["text"]
        assert "(request " in told[0]["text"]


class TestVerdict:
    def test_it_is_kept_and_thanked_for(self, slack: Slack, service: Service) -> None:
        ts = slack.mention(BEANS)
        [reply] = replies(slack, ts)
        value = reply["blocks"][-1]["elements"][0]["negative_button"]["value"]
        slack.press("verdict", reply["ts"], value=value)
        slack.wait_for(slack.ephemerals)
        kept = service.records.feedback(OWNER, value.partition(":")[2])
        assert kept and kept.verdict == "down"

    @pytest.mark.parametrize("value", ["up:0000", "up:", "down:" + "x" * 1500])
    def test_an_answer_that_is_gone_is_told(
        self, slack: Slack, service: Service, value: str
    ) -> None:
        ts = slack.mention(BEANS)
        [reply] = replies(slack, ts)
        forge(slack, lambda: slack.press("verdict", reply["ts"]), value)
        [told] = slack.wait_for(slack.ephemerals)
        assert "not kept any more" in told["text"]

    def test_so_is_one_that_should_be_shown(self, slack: Slack, service: Service) -> None:
        slack.command(BEANS)
        [whisper] = slack.wait_for(slack.ephemerals)
        share = buttons(whisper)[0]
        forge(slack, lambda: slack.press(share["action_id"], whisper["ts"]), "gone")
        told = slack.wait_for(lambda: slack.ephemerals()[1:])
        assert "not kept any more" in told[0]["text"]
        assert not slack.messages()


class TestBadInput:
    def test_signatures(self, slack: Slack, service: Service) -> None:
        ts = slack.write("<@U0ASSISTANT> hello?", channel="random")  # not seen by the bot
        event = {"type": "app_mention", "user": "U0ADA", "channel": "C0GENERAL", "ts": ts}
        payload = {"type": "event_callback", "team_id": "T0STANDIN", "event_id": "Ev1"}
        body = json.dumps({**payload, "event": {**event, "text": BEANS}}).encode()
        right = slack.headers(body)
        forged = {**right, "x-slack-signature": "v0=" + "0" * 64}
        stale = slack.headers(body, at=time.time() - 6 * 60)
        unsigned = {"content-type": "application/json"}
        for headers in (forged, stale, unsigned, slack.headers(body + b" ")):
            assert slack.deliver_raw(body, headers)[0] == 401
        settled(slack)
        assert not slack.messages()
        assert slack.deliver_raw(body, right)[0] == 200
        # The same once more is a replay: it is acknowledged, and nothing comes of it.
        slack.wait_for(slack.messages) if slack.messages() else None
        assert slack.deliver_raw(body, right)[0] == 200

    @pytest.mark.parametrize(
        "body", [b"", b"\xff\xfe", b"{", b"[1]", b'"x"', b"payload=%FF", b"null"]
    )
    def test_garbage_is_no_error_of_ours(self, slack: Slack, service: Service, body: bytes) -> None:
        for kind in ("application/json", "application/x-www-form-urlencoded", "text/plain"):
            if body != b"\xff\xfe":  # which cannot even be signed
                status, _ = slack.deliver_raw(body, slack.headers(body, kind))
                assert status < 500
            assert slack.deliver_raw(body, {"content-type": kind})[0] in (400, 401)

    def test_a_replay_is_not_answered_again(self, slack: Slack, service: Service) -> None:
        ts = slack.mention(BEANS)
        replies(slack, ts)
        for delivery in slack.deliveries:
            assert slack.send(delivery)[0] == 200
        replies(slack, ts)

    def test_an_unknown_team_is_not_answered(
        self, slack: Slack, service: Service, caplog: pytest.LogCaptureFixture
    ) -> None:
        replies(slack, slack.mention(BEANS))
        [first, *_] = slack.deliveries
        event = {**first.payload["event"], "ts": "1700000000.000001"}
        foreign = {"team_id": "T0ELSEWHERE", "authorizations": [{"team_id": "T0ELSEWHERE"}]}
        before = len(slack.messages())
        with caplog.at_level(logging.WARNING):
            slack.callback({**first.payload, **foreign, "event_id": "EvX", "event": event})
            settled(slack)
        assert len(slack.messages()) == before
        assert "unknown team (T0ELSEWHERE)" in caplog.text

    def test_bots_edits_and_deletions_are_left_alone(self, slack: Slack, service: Service) -> None:
        ts = slack.mention(BEANS)
        replies(slack, ts)
        slack.edit(ts, f"<@U0ASSISTANT> {ROSES}")
        replies(slack, ts)
        by_bot = {"type": "app_mention", "channel": "C0GENERAL", "text": BEANS, "bot_id": "B0OTHER"}
        slack.event({**by_bot, "user": "U0OTHER", "ts": "1700000000.000002"})
        slack.delete(ts)
        settled(slack)
        assert len([each for each in slack.messages() if each.get("bot_id")]) == 1

    def test_a_file_without_text_is_told_about(self, slack: Slack, service: Service) -> None:
        ts = slack.write("", channel="dm", files=("plan.pdf",))
        [reply] = replies(slack, ts, channel="dm")
        assert "I read text only" in reply["text"]

    def test_a_mention_without_a_question_is_told_how(self, slack: Slack, service: Service) -> None:
        [reply] = replies(slack, slack.mention(" "))
        assert "Write a question" in reply["text"]

    def test_40_000_characters_are_refused_with_the_limit(
        self, slack: Slack, service: Service
    ) -> None:
        [reply] = replies(slack, slack.mention("why " * 10_000))
        assert "2,000" in reply["text"]
        slack.command("why " * 10_000)
        [whisper] = slack.wait_for(slack.ephemerals)
        assert "2,000" in whisper["text"]

    def test_nobody_is_called_and_nothing_is_marked_up(
        self, slack: Slack, service: Service
    ) -> None:
        for question in ("Who is called by the gong?", "Is <!here> or <@U0GRACE> *bold*?"):
            for channel in ("general", "dm"):
                ts = slack.mention(question, channel=channel)
                [reply] = replies(slack, ts, channel=channel)
                for called in ("<!", "<@", "<#"):
                    assert called not in json.dumps(reply, ensure_ascii=False)
        slack.command("Is <!here> &lt;!here&gt; there?")
        [whisper] = slack.wait_for(slack.ephemerals)
        assert "<!" not in json.dumps(whisper)


class TestWhatGoesWrongInSlack:
    def test_a_rate_limit_is_honoured(self, slack: Slack, service: Service) -> None:
        slack.fault("chat.postMessage", "rate", seconds=2)
        ts = slack.mention(BEANS)
        replies(slack, ts)
        first, second = [each["at"] for each in slack.calls_of("chat.postMessage")]
        assert second - first >= 2

    @pytest.mark.parametrize(
        "fault",
        [
            {"kind": "status", "status": 500},
            {"kind": "lost", "status": 500},
            {"kind": "lost", "status": 0},
            {"kind": "status", "status": 503},
            {"kind": "error", "error": "internal_error"},
            {"kind": "error", "error": "service_unavailable"},
        ],
        ids=lambda fault: "-".join(map(str, fault.values())),
    )
    @pytest.mark.parametrize("where", ["general", "dm"])
    def test_whatever_fails_once_is_answered_once(
        self, slack: Slack, service: Service, fault: dict[str, Any], where: str
    ) -> None:
        for method in ("chat.postMessage", "chat.startStream", "chat.stopStream"):
            slack.fault(method, **fault)
        for _ in range(3):
            ts = slack.mention(BEANS, channel=where)
            [reply] = replies(slack, ts, channel=where, service=service)
            assert BEANS_ANSWER in reply["text"]

    @pytest.mark.parametrize("done", [True, False])
    def test_silence_is_waited_out_and_looked_after(
        self, slack: Slack, service: Service, done: bool
    ) -> None:
        slack.fault("chat.postMessage", "silent", done=done)
        ts = slack.mention(BEANS)
        slack.wait_for(lambda: of_bot(slack, ts), 30)
        replies(slack, ts, service=service)

    def test_blocks_that_are_refused_leave_the_text(self, slack: Slack, service: Service) -> None:
        slack.fault("chat.postMessage", "error", error="invalid_blocks")
        [reply] = replies(slack, slack.mention(BEANS))
        assert reply["text"] == BEANS_ANSWER

    def test_a_place_that_takes_nothing_is_told_to_the_user(
        self, slack: Slack, service: Service
    ) -> None:
        slack.fault("chat.postMessage", "error", error="restricted_action")
        slack.mention(BEANS)
        [whisper] = slack.wait_for(slack.ephemerals)
        assert "restricted_action" in whisper["text"] and "(request " in whisper["text"]

    @pytest.mark.parametrize("code", ["token_expired", "missing_scope", "invalid_auth"])
    def test_what_must_be_mended_is_named_and_the_answer_waits_for_it(
        self, slack: Slack, serve: Serve, caplog: pytest.LogCaptureFixture, code: str
    ) -> None:
        with serve() as service, caplog.at_level(logging.ERROR):
            slack.fault("chat.postMessage", "error", error=code, times=0)
            ts = slack.mention(BEANS)
            slack.wait_for(lambda: code in caplog.text)
            assert service.slack
            count, trouble = slack.wait_for(lambda: service.slack and service.slack.inbox.backlog())
            assert count == 1 and (not trouble or code in trouble)
        slack.clear_faults()
        with serve() as service:  # mended, and started again: at once, as the wait is over
            assert service.slack
            hurry(service)
            replies(slack, ts)


def hurry(service: Service) -> None:
    """What waits to be tried again is due now."""
    with service.database.write() as connection:
        connection.execute(update(slack_inbox).values(due=0.0, held=0.0))


class TestWhatGoesWrongHere:
    def test_an_answer_that_takes_long_is_waited_for_visibly(
        self, slack: Slack, service: Service, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        slow(service, monkeypatch, 1.5)
        ts = slack.mention(BEANS)
        slack.wait_for(lambda: of_bot(slack, ts))
        assert "Looking through the documents" in of_bot(slack, ts)[0]["text"]
        slack.wait_for(lambda: of_bot(slack, ts)[0]["text"] == BEANS_ANSWER)
        replies(slack, ts)

    def test_a_failure_is_told_with_the_request(
        self, slack: Slack, service: Service, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def fail(*_: object, **__: object) -> None:
            raise DatabaseUnavailable("it is gone")

        monkeypatch.setattr(service.records, "keep", fail)
        [reply] = replies(slack, slack.mention(BEANS))
        assert "was not answered" in reply["text"] and "(request " in reply["text"]

    def test_a_defect_is_told_too(
        self, slack: Slack, service: Service, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def fail(*_: object, **__: object) -> None:
            raise ZeroDivisionError

        monkeypatch.setattr(service.records, "turns", fail)
        slack.mention(BEANS)

        def told() -> list[Any]:
            hurry(service)
            return slack.ephemerals()

        [whisper] = slack.wait_for(told)
        assert "was not answered" in whisper["text"] and "(request " in whisper["text"]

    def test_what_cannot_be_kept_is_sent_again_and_told_at_last(
        self, slack: Slack, service: Service, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        assert service.slack

        def fail(*_: object) -> bool:
            raise DatabaseUnavailable("it is gone")

        with monkeypatch.context() as patched:
            patched.setattr(service.slack.inbox, "take", fail)
            ts = slack.write(BEANS, channel="dm")
            [reply] = replies(slack, ts, channel="dm")
            assert "could not be taken in" in reply["text"] and "(request " in reply["text"]
            [told] = [each for each in slack.deliveries if each.payload["event"].get("ts") == ts]
            assert [each["status"] for each in told.attempts] == [500, 500, 500, 200]
            slack.command(BEANS)
            [whisper] = slack.wait_for(slack.ephemerals)
            assert "could not be taken in" in whisper["text"]

    def test_an_answer_that_is_never_done_in_time_is_told(
        self, slack: Slack, serve: Serve, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with serve(timeout=0.4) as service:
            slow(service, monkeypatch, 0.6)
            ts = slack.mention(BEANS)
            for _ in range(8):
                hurry(service)
                time.sleep(0.8)
            slack.wait_for(
                lambda: any("was not answered" in each["text"] for each in of_bot(slack, ts)), 40
            )


def slow(service: Service, monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    """Every answer takes so long."""
    turns = service.records.turns

    def slowly(owner: str, conversation_id: str, most: int) -> Any:
        time.sleep(seconds)
        return turns(owner, conversation_id, most)

    monkeypatch.setattr(service.records, "turns", slowly)


class TestChannels:
    def test_every_question_of_a_channel(self, slack: Slack, serve: Serve) -> None:
        with serve('[channel.C0GENERAL]\nanswer = "questions"\n'):
            asked, told = slack.write(BEANS), slack.write("The roses look nice.")
            other = slack.write(BEANS, channel="help")
            replies(slack, asked)
            assert not of_bot(slack, told)
            assert not of_bot(slack, other, "help")

    def test_only_when_sure(self, slack: Slack, serve: Serve) -> None:
        with serve('[default]\nanswer = "questions"\nonly_sure = true\n'):
            sure, unsure = slack.write(BEANS), slack.write("Who is king of France?")
            mentioned = slack.mention("Who is king of France?")
            replies(slack, sure)
            [whisper] = slack.wait_for(slack.ephemerals)
            assert whisper["text"].startswith(REFUSAL)
            settled(slack)
            assert not of_bot(slack, unsure)
            assert not of_bot(slack, mentioned)

    def test_what_is_kept_out_of_a_channel_is_not_announced_there(
        self, slack: Slack, serve: Serve, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with serve("[default]\nonly_sure = true\n") as service:
            slow(service, monkeypatch, 1.2)
            ts = slack.mention("Who is king of France?")
            slack.wait_for(slack.ephemerals)
            settled(slack)
            assert not of_bot(slack, ts)

    def test_first_to_one_then_to_all(self, slack: Slack, serve: Serve) -> None:
        with serve("[default]\nephemeral = true\n"):
            slack.mention(BEANS)
            [whisper] = slack.wait_for(slack.ephemerals)
            settled(slack)
            assert not [each for each in slack.messages() if each.get("bot_id")]
            slack.press(buttons(whisper)[0]["action_id"], whisper["ts"])
            slack.wait_for(lambda: [each for each in slack.messages() if each.get("bot_id")])
            slack.wait_for(lambda: not slack.ephemerals())

    def test_direct_messages_are_spared_nothing(self, slack: Slack, serve: Serve) -> None:
        with serve("[default]\nephemeral = true\nonly_sure = true\n"):
            sure = slack.write(ROSES, channel="dm")
            unsure = slack.write("Who is king of France?", channel="dm")
            assert ROSES_ANSWER in replies(slack, sure, channel="dm")[0]["text"]
            assert replies(slack, unsure, channel="dm")[0]["text"].startswith(REFUSAL)

    def test_folders(self, slack: Slack, serve: Serve) -> None:
        with serve('[channel.C0GENERAL]\nfolders = ["shed"]\n[direct]\nfolders = ["shed"]\n'):
            rake = "Where is the rake kept?"
            here, there = slack.mention(BEANS), slack.mention(BEANS, channel="help")
            inside = slack.mention(rake)
            assert replies(slack, here)[0]["text"].startswith(REFUSAL)
            assert "beans" not in shown(replies(slack, here)[0]).lower()
            assert replies(slack, inside)[0]["text"].startswith("The rake")
            assert replies(slack, there, channel="help")[0]["text"] == BEANS_ANSWER
            slack.open_home()
            view = json.dumps(slack.wait_for(lambda: slack.views.get("U0ADA")))
            assert "Tools" in view and "The garden" not in view

    def test_threads_may_be_left_to_people(self, slack: Slack, serve: Serve) -> None:
        with serve("[default]\nthreads = false\n"):
            ts = slack.mention(BEANS)
            replies(slack, ts)
            slack.write(ROSES, thread=ts)
            settled(slack)
            replies(slack, ts)
            slack.mention(ROSES, thread=ts)
            replies(slack, ts, 2)


class TestWhereItIsKept:
    def test_postgresql(self, slack: Slack, serve: Serve, postgresql_url: str) -> None:
        with serve(database=postgresql_url):
            ts = slack.mention(BEANS)
            replies(slack, ts)
            for delivery in slack.deliveries:
                slack.send(delivery)
            replies(slack, ts)

    def test_two_services_on_one_database_answer_once(
        self, slack: Slack, serve: Serve, database_url: str
    ) -> None:
        """Events come to both, each several times."""
        slack.options.duplicates = 3
        with serve(database=database_url):
            first = slack.service
            with serve(database=database_url):
                second = slack.service
                asked = []
                for number in range(30):
                    slack.service = (first, second)[number % 2]
                    asked.append(slack.mention(BEANS if number % 3 else ROSES))
                    for delivery in slack.deliveries[-2:]:
                        slack.service = (second, first)[number % 2]
                        slack.send(delivery)
                for ts in asked:
                    replies(slack, ts)


def test_without_a_token_there_is_no_door(garden: Garden, slack: Slack, tmp_path: Path) -> None:
    settings = settings_for(garden, slack, SLACK_BOT_TOKEN="", SLACK_SIGNING_SECRET="")
    service = open_service(
        settings.model_copy(update={"database": f"sqlite:///{tmp_path}/r.sqlite"})
    )
    try:
        assert service.slack is None
        with listening(service) as (host, port):
            slack.service = f"http://{host}:{port}"
            assert slack.deliver_raw(b"{}", slack.headers(b"{}"))[0] == 404
    finally:
        service.close()


def test_the_desk_gives_an_id_one_answer(service: Service) -> None:
    asked = [
        service.chat.answer_steps(
            ANONYMOUS, ChatRequest(message=question), answer_id="one"
        ).result()
        for question in (BEANS, ROSES)
    ]
    assert asked[0] == asked[1]
    assert asked[0].id == "one"


def test_the_address_is_verified(slack: Slack, service: Service) -> None:
    delivery = slack.verify("say this")
    assert delivery.was_accepted
    assert "say this" in json.dumps(delivery.reply)
