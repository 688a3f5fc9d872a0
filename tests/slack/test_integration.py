"""The Slack integration as a user of Slack sees it: real HTTP, real signatures, and a stand-in."""

import copy
import json
import logging
import re
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path
from typing import Any
from unittest.mock import Mock
from urllib.parse import urlencode

import httpx2
import pytest
from builders import link_encoders
from serving import BEANS, GARDEN, ROSES
from slack_messages import find, from_bot
from slack_stand_in.client import Slack
from slack_stand_in.delivery import Delivery
from sqlalchemy import delete

from api.assembly.assistant import build_index
from api.assembly.service import Service
from api.errors import DatabaseUnavailable
from api.settings import Settings
from api.slack import responder, web_api, worker
from api.slack.responder import OWNER
from api.store.tables import slack_inbox

BEANS_ANSWER = "Beans are sown in the second week of May. [1]"
ROSES_ANSWER = "The roses are watered by the caretaker every evening. [1]"
RAKE = "Where is the rake kept?"
UNANSWERABLE = "Who is king of France?"
REFUSAL = "The documents do not answer this question."
DOCUMENTS = {
    **GARDEN,
    "shed/tools.md": f"# Tools\n\n## {RAKE}\n\nThe rake is kept in the shed.\n",
    "odd.md": "# Odd\n\n## Who is called by the gong?\n\nThe gong calls <!channel>, <@U0ADA> & "
    "*everybody* in <#C0GENERAL>.\n",
}

Serve = Callable[..., AbstractContextManager[Service]]


@pytest.fixture(scope="module")
def garden(tmp_path_factory: pytest.TempPathFactory, encoder_data: Path) -> Settings:
    """The settings of an indexed folder of documents."""
    root = tmp_path_factory.mktemp("garden")
    settings = Settings(corpus=root / "documents", data=root / "data")
    for name, text in DOCUMENTS.items():
        (settings.corpus / name).parent.mkdir(parents=True, exist_ok=True)
        (settings.corpus / name).write_text(text, encoding="utf-8")
    link_encoders(settings.data_folder, encoder_data)
    build_index(settings)
    return settings


@pytest.fixture
def serve(serve: Serve, garden: Settings) -> Serve:
    return partial(serve, corpus=garden.corpus, data=garden.data)


@pytest.fixture
def service(serve: Serve) -> Iterator[Service]:
    with serve() as service:
        yield service


def settle(slack: Slack, service: Service) -> None:
    """Waits until every request was accepted and every item completed."""
    assert service.slack
    inbox = service.slack.inbox
    slack.wait_for(lambda: slack.is_idle and not inbox.backlog()[0], 40)


def replies(
    slack: Slack, service: Service, ts: str, count: int = 1, channel: str = "general"
) -> list[Any]:
    """The bot's replies in a thread, which are as many as expected."""
    slack.wait_for(lambda: len(from_bot(slack.thread(ts, channel))) >= count, 40)
    settle(slack, service)
    found = from_bot(slack.thread(ts, channel))
    assert len(found) == count
    return found


def ephemeral(slack: Slack, channel: str = "general", after: int = 0) -> Any:
    """The message that one user sees, after so many others."""
    [message] = slack.wait_for(lambda: slack.ephemerals(channel)[after:])
    return message


def shown(message: Any) -> str:
    return json.dumps(message["blocks"], ensure_ascii=False)


def press(slack: Slack, message: Any, channel: str = "general") -> Delivery:
    """Presses the first button of a message."""
    button = next(find(message["blocks"], "button"))
    return slack.press(button["action_id"], message["ts"], channel=channel)


def forge(slack: Slack, press_button: Callable[[], Delivery], value: str) -> None:
    """Sends what a button sends, with another value."""
    slack.options.deliver = False
    payload = copy.deepcopy(press_button().payload)
    slack.options.deliver = True
    payload["actions"][0]["value"] = value
    body = urlencode({"payload": json.dumps(payload)}).encode()
    headers = slack.headers(body, "application/x-www-form-urlencoded")
    assert slack.deliver_raw(body, headers)[0] == 200


def slow_down(service: Service, monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    """Delays every answer."""
    turns = service.records.turns

    def slow_turns(*arguments: Any) -> Any:
        time.sleep(seconds)
        return turns(*arguments)

    monkeypatch.setattr(service.records, "turns", slow_turns)


def test_mention_is_answered_once_in_its_thread_with_citations(
    slack: Slack, service: Service
) -> None:
    ts = slack.mention(BEANS)
    [reply] = replies(slack, service, ts)
    events = [each for each in slack.deliveries if each.payload["event"].get("ts") == ts]
    assert {each.name for each in events} == {"app_mention", "message"}
    assert reply["text"] == BEANS_ANSWER
    answer, citation, feedback = reply["blocks"]
    assert answer["elements"][0]["elements"][0]["text"] == BEANS_ANSWER
    head, quote = citation["elements"]
    number, link = head["elements"]
    assert number["text"] == "[1] "
    assert link["text"] == f"The garden › {BEANS} (garden.md)"
    assert link["url"].startswith("http://faq.example/#document=garden.md&sha256=")
    assert quote["type"] == "rich_text_quote"
    assert quote["elements"][0]["text"] == "Beans are sown in the second week of May."
    assert feedback["elements"][0]["type"] == "feedback_buttons"


@pytest.mark.parametrize("question", [BEANS, ROSES, RAKE, UNANSWERABLE])
def test_answer_is_the_same_as_over_http(slack: Slack, service: Service, question: str) -> None:
    [reply] = replies(slack, service, slack.mention(question))
    answer = httpx2.post(f"{slack.service}/v1/chat", json={"message": question}).json()
    assert reply["text"].splitlines()[0] == answer["text"]
    for citation in answer["citations"]:
        assert json.dumps(citation["quote"], ensure_ascii=False) in shown(reply)
        assert citation["url"] in shown(reply)


def test_each_thread_is_a_conversation(slack: Slack, service: Service) -> None:
    first, other = slack.mention(ROSES), slack.mention(RAKE)
    replies(slack, service, other)
    slack.write("When does he do that?", thread=first, user="grace")
    replies(slack, service, first, 2)
    stored = service.records.conversation(OWNER, f"slack:C0GENERAL:{first}").answers
    assert "roses" in stored[1].standalone_question.lower()
    assert len(service.records.conversation(OWNER, f"slack:C0GENERAL:{other}").answers) == 1


def test_questions_of_one_thread_are_answered_in_order(slack: Slack, service: Service) -> None:
    ts = slack.mention(BEANS)
    for question in (ROSES, RAKE, BEANS):
        slack.wait_for(lambda: slack.is_idle)
        slack.write(question, thread=ts)
    texts = [reply["text"].split(" ")[1] for reply in replies(slack, service, ts, 4)]
    assert texts == ["are", "roses", "rake", "are"]


def test_messages_that_do_not_address_the_bot_are_ignored(slack: Slack, service: Service) -> None:
    unrelated = slack.write(BEANS)
    slack.write(ROSES, thread=unrelated)
    ts = slack.mention(BEANS)
    replies(slack, service, ts)
    slack.write("<@U0GRACE> do you know who waters the roses?", thread=ts)
    replies(slack, service, ts)
    assert not from_bot(slack.thread(unrelated))


def test_thanks_get_one_short_reply_and_an_ok_among_people_gets_none(
    slack: Slack, service: Service
) -> None:
    ts = slack.mention(BEANS)
    replies(slack, service, ts)
    slack.write("ok 👍", thread=ts)
    slack.write("Thanks!", thread=ts)
    *_, thanks = replies(slack, service, ts, 2)
    assert thanks["text"] == "You're welcome!"
    assert len(thanks["blocks"]) == 1


def test_thread_is_followed_for_as_long_as_its_answers_are_stored(
    slack: Slack, service: Service
) -> None:
    ts = slack.mention(BEANS)
    replies(slack, service, ts)
    with service.database.write() as connection:
        connection.execute(delete(slack_inbox))
    slack.write(ROSES, thread=ts)
    replies(slack, service, ts, 2)


def test_direct_message_gets_a_status_and_a_streamed_answer(slack: Slack, service: Service) -> None:
    ts = slack.write(ROSES, channel="dm")
    [reply] = replies(slack, service, ts, channel="dm")
    assert reply["text"].strip() == ROSES_ANSWER
    assert reply["streaming_state"] == "completed"
    kinds = [block["type"] for block in reply["blocks"]]
    assert kinds == ["markdown", "rich_text", "context_actions"]
    calls = [each["method"] for each in slack.calls if each["method"] != "auth.test"]
    assert calls == ["assistant.threads.setStatus", "chat.startStream", "chat.stopStream"]
    assert slack.status(ts, "dm") == ""


def test_features_that_a_workspace_lacks_are_tried_once(slack: Slack, service: Service) -> None:
    slack.fault("assistant.threads.setStatus", "error", error="missing_scope", times=0)
    slack.fault("chat.startStream", "error", error="unknown_method", times=0)
    for _ in range(2):
        ts = slack.write(ROSES, channel="dm")
        assert replies(slack, service, ts, channel="dm")[0]["text"] == ROSES_ANSWER
    assert len(slack.calls_of("assistant.threads.setStatus")) == 1
    assert len(slack.calls_of("chat.startStream")) == 1


def test_suggestion_of_a_refusal_can_be_asked_with_its_button(
    slack: Slack, service: Service
) -> None:
    ts = slack.write("Where were the roses bought?", channel="dm")
    [refusal] = replies(slack, service, ts, channel="dm")
    assert refusal["text"].startswith(REFUSAL)
    press(slack, refusal, "dm")
    _, answer = replies(slack, service, ts, 2, "dm")
    assert next(find(refusal["blocks"], "button"))["value"] in shown(answer)
    assert not answer["text"].startswith(REFUSAL)


def test_messages_tab_suggests_questions(slack: Slack, service: Service) -> None:
    slack.open_home(tab="messages")
    assert {"title": BEANS, "message": BEANS} in slack.wait_for(slack.prompts)


def test_home_lists_documents_and_asks_its_questions_in_direct_messages(
    slack: Slack, service: Service
) -> None:
    slack.open_home()
    view = slack.wait_for(lambda: slack.views.get("U0ADA"))
    assert "The garden" in json.dumps(view)
    button = next(each for each in find(view, "button") if each["value"] == BEANS)
    slack.press(button["action_id"])
    slack.wait_for(lambda: from_bot(slack.messages("dm")))
    settle(slack, service)
    [answer] = from_bot(slack.messages("dm"))
    assert answer["text"] == BEANS_ANSWER
    assert BEANS in shown(answer)


def test_command_is_answered_privately_until_it_is_shared(slack: Slack, service: Service) -> None:
    slack.command(BEANS)
    private = ephemeral(slack)
    assert private["text"] == BEANS_ANSWER
    assert BEANS in shown(private)
    assert not slack.messages()
    delivery = press(slack, private)
    slack.wait_for(slack.messages)
    slack.send(delivery)
    settle(slack, service)
    [message] = slack.messages()
    assert message["text"] == BEANS_ANSWER and BEANS in shown(message)
    assert not slack.ephemerals()


def test_empty_command_explains_its_usage(slack: Slack, service: Service) -> None:
    slack.command("  ")
    assert "Write a question after the command" in ephemeral(slack)["text"]


def test_command_works_where_sharing_is_rejected_with_the_reason(
    slack: Slack, service: Service
) -> None:
    slack.command(BEANS, channel="random")
    press(slack, ephemeral(slack, "random"), "random")
    text = ephemeral(slack, "random", after=1)["text"]
    assert "not_in_channel" in text and "(request " in text


def test_feedback_is_stored_and_confirmed(slack: Slack, service: Service) -> None:
    [reply] = replies(slack, service, slack.mention(BEANS))
    [feedback] = find(reply["blocks"], "feedback_buttons")
    value = feedback["negative_button"]["value"]
    slack.press("verdict", reply["ts"], value=value)
    assert "Thank you" in ephemeral(slack)["text"]
    stored = service.records.feedback(OWNER, value.partition(":")[2])
    assert stored and stored.verdict == "down"


def test_feedback_on_an_unknown_answer_is_rejected(slack: Slack, service: Service) -> None:
    [reply] = replies(slack, service, slack.mention(BEANS))
    for number, value in enumerate(("up:0000", "up:", "down:" + "x" * 1500)):
        forge(slack, lambda: slack.press("verdict", reply["ts"]), value)
        assert "no longer stored" in ephemeral(slack, after=number)["text"]


def test_unknown_answer_cannot_be_shared(slack: Slack, service: Service) -> None:
    slack.command(BEANS)
    private = ephemeral(slack)
    forge(slack, lambda: press(slack, private), "gone")
    assert "no longer stored" in ephemeral(slack, after=1)["text"]
    assert not slack.messages()


def test_request_without_a_valid_signature_is_rejected(slack: Slack, service: Service) -> None:
    event = {"type": "app_mention", "user": "U0ADA", "channel": "C0GENERAL", "text": BEANS}
    event["ts"] = slack.write("hello?", channel="random")
    payload = {"type": "event_callback", "team_id": "T0SIMULATE", "event_id": "Ev1", "event": event}
    body = json.dumps(payload).encode()
    signed = slack.headers(body)
    for headers in (
        {**signed, "x-slack-signature": "v0=" + "0" * 64},
        slack.headers(body, at=time.time() - 6 * 60),
        {"content-type": "application/json"},
        slack.headers(body + b" "),
    ):
        assert slack.deliver_raw(body, headers)[0] == 401
    settle(slack, service)
    assert not slack.messages()
    assert slack.deliver_raw(body, signed)[0] == 200


def test_malformed_body_is_a_client_error(slack: Slack, service: Service) -> None:
    kinds = ("application/json", "application/x-www-form-urlencoded", "text/plain")
    deep = b"[" * 100_000
    for kind in kinds:
        for body in (b"", b"{", b"[1]", b'"x"', b"payload=%FF", b"null", deep, b"payload=" + deep):
            assert slack.deliver_raw(body, slack.headers(body, kind))[0] < 500
            assert slack.deliver_raw(body, {"content-type": kind})[0] == 401
        # Bytes that are not UTF-8 cannot be signed.
        assert slack.deliver_raw(b"\xff\xfe", {"content-type": kind})[0] == 401


def test_malformed_signature_is_rejected_without_a_traceback(
    slack: Slack, service: Service, caplog: pytest.LogCaptureFixture
) -> None:
    for timestamp in ("", "x", "1e9", "-1", "٣", "9" * 5000, "nan"):
        for signature in ("", "v0=ü", "v0=" + "0" * 64):
            headers: dict[str, Any] = {
                "content-type": "application/json",
                "x-slack-request-timestamp": timestamp.encode(),
                "x-slack-signature": signature.encode(),
            }
            status, text = slack.deliver_raw(b"[" * 100_000, headers)
            assert status == 401
            assert "the request is not signed by Slack" in text
    assert not [record for record in caplog.records if record.exc_info]


def test_requests_without_a_signature_are_limited_apart_from_signed_ones(
    slack: Slack, serve: Serve
) -> None:
    with serve(rate_limit="3/minute") as service:
        statuses = [slack.deliver_raw(b"{}", {})[0] for _ in range(5)]
        assert statuses == [401, 401, 401, 429, 429]
        replies(slack, service, slack.mention(BEANS))


def test_request_url_is_verified(slack: Slack, service: Service) -> None:
    assert "say this" in json.dumps(slack.verify("say this").reply)


def test_repeated_delivery_is_not_answered_again(slack: Slack, service: Service) -> None:
    ts = slack.mention(BEANS)
    replies(slack, service, ts)
    for delivery in slack.deliveries:
        assert slack.send(delivery)[0] == 200
    replies(slack, service, ts)


def test_repeated_delivery_is_not_answered_again_after_the_clock_jumped(
    slack: Slack, serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "_EXPIRY_INTERVAL", 0.05)
    now = time.time
    with serve() as service:
        ts = slack.mention(BEANS)
        replies(slack, service, ts)
        monkeypatch.setattr(time, "time", lambda: now() + 30 * 86400)
        time.sleep(0.5)
        monkeypatch.setattr(time, "time", now)
        for delivery in slack.deliveries:
            assert slack.send(delivery)[0] == 200
        replies(slack, service, ts)


def test_other_workspace_is_not_answered(
    slack: Slack, service: Service, caplog: pytest.LogCaptureFixture
) -> None:
    replies(slack, service, slack.mention(BEANS))
    [first, *_] = slack.deliveries
    event = {**first.payload["event"], "ts": "1700000000.000001"}
    foreign = {"team_id": "T0ELSEWHERE", "authorizations": [{"team_id": "T0ELSEWHERE"}]}
    with caplog.at_level(logging.WARNING):
        slack.callback({**first.payload, **foreign, "event_id": "EvX", "event": event})
        slack.wait_for(lambda: "unknown team (T0ELSEWHERE)" in caplog.text)
    settle(slack, service)
    assert len(from_bot(slack.messages())) == 1


def test_edits_deletions_and_bots_are_ignored(slack: Slack, service: Service) -> None:
    ts = slack.mention(BEANS)
    replies(slack, service, ts)
    slack.edit(ts, f"<@U0ASSISTANT> {ROSES}")
    by_bot = {"type": "app_mention", "channel": "C0GENERAL", "text": BEANS, "bot_id": "B0OTHER"}
    slack.event({**by_bot, "user": "U0OTHER", "ts": "1700000000.000002"})
    slack.delete(ts)
    settle(slack, service)
    assert len(from_bot(slack.messages())) == 1


def test_message_without_a_question_is_explained(slack: Slack, service: Service) -> None:
    ts = slack.write("", channel="dm", files=("plan.pdf",))
    assert "I can read text but not files" in replies(slack, service, ts, channel="dm")[0]["text"]
    assert "Add a question" in replies(slack, service, slack.mention(" "))[0]["text"]


@pytest.mark.parametrize("channel", ["general", "dm"])
@pytest.mark.parametrize("question", [BEANS, UNANSWERABLE])
def test_attached_file_is_mentioned_that_was_not_read(
    slack: Slack, service: Service, channel: str, question: str
) -> None:
    note = "Attached files were not read"
    for files, count in ((("plan.pdf",), 1), ((), 0)):
        ts = slack.mention(question, channel=channel, files=files)
        [reply] = replies(slack, service, ts, channel=channel)
        assert str(reply["blocks"]).count(note) == count


def test_question_of_40_000_characters_is_rejected_with_the_limit(
    slack: Slack, service: Service
) -> None:
    [reply] = replies(slack, service, slack.mention("why " * 10_000))
    assert "2,000" in reply["text"]
    slack.command("why " * 10_000)
    assert "2,000" in ephemeral(slack)["text"]


@pytest.mark.parametrize("channel", ["general", "dm"])
def test_text_of_documents_and_questions_mentions_nobody(
    slack: Slack, service: Service, channel: str
) -> None:
    for question in ("Who is called by the gong?", "Is <!here> or <@U0GRACE> *bold*?"):
        ts = slack.mention(question, channel=channel)
        [reply] = replies(slack, service, ts, channel=channel)
        assert not re.search("<[!@#]", json.dumps(reply, ensure_ascii=False))
    slack.command("Is <!here> &lt;!here&gt; there?", channel=channel)
    assert "<!" not in json.dumps(ephemeral(slack, channel))


def test_rate_limit_is_respected(slack: Slack, service: Service) -> None:
    slack.fault("chat.postMessage", "rate", seconds=2)
    replies(slack, service, slack.mention(BEANS))
    first, second = [each["at"] for each in slack.calls_of("chat.postMessage")]
    assert second - first >= 2


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "status", "status": 500},
        {"kind": "status", "status": 503},
        {"kind": "lost", "status": 500},
        {"kind": "lost", "status": 0},
        {"kind": "error", "error": "internal_error"},
        {"kind": "error", "error": "service_unavailable"},
    ],
    ids=lambda fault: "-".join(map(str, fault.values())),
)
@pytest.mark.parametrize("channel", ["general", "dm"])
def test_failed_call_is_retried_and_answered_once(
    slack: Slack, service: Service, fault: dict[str, Any], channel: str
) -> None:
    for method in ("chat.postMessage", "chat.startStream", "chat.stopStream"):
        slack.fault(method, **fault)
    for _ in range(2):
        ts = slack.mention(BEANS, channel=channel)
        [reply] = replies(slack, service, ts, channel=channel)
        assert BEANS_ANSWER in reply["text"]


@pytest.mark.parametrize("done", [True, False])
def test_call_without_an_answer_is_retried_and_answered_once(
    slack: Slack, serve: Serve, monkeypatch: pytest.MonkeyPatch, done: bool
) -> None:
    monkeypatch.setattr(web_api, "_TIMEOUT", 1.0)
    with serve() as service:
        slack.fault("chat.postMessage", "silent", done=done)
        replies(slack, service, slack.mention(BEANS))


def test_text_is_posted_if_the_blocks_are_rejected(slack: Slack, service: Service) -> None:
    slack.fault("chat.postMessage", "error", error="invalid_blocks")
    assert replies(slack, service, slack.mention(BEANS))[0]["text"] == BEANS_ANSWER


def test_user_is_told_if_a_channel_accepts_no_messages(slack: Slack, service: Service) -> None:
    slack.fault("chat.postMessage", "error", error="restricted_action")
    slack.mention(BEANS)
    text = ephemeral(slack)["text"]
    assert "restricted_action" in text and "(request " in text


@pytest.mark.parametrize("code", ["token_expired", "missing_scope", "invalid_auth"])
def test_misconfigured_app_is_logged_and_answers_after_it_is_fixed(
    slack: Slack, serve: Serve, caplog: pytest.LogCaptureFixture, code: str
) -> None:
    with serve() as service:
        slack.fault("chat.postMessage", "error", error=code, times=0)
        ts = slack.mention(BEANS)
        slack.wait_for(lambda: code in caplog.text)
        assert service.slack
        count, reason = slack.wait_for(service.slack.inbox.backlog)
        assert count == 1 and (not reason or code in reason)
        with service.database.write() as connection:  # rather than wait for a minute
            make_due = slack_inbox.update().values(due=0.0, leased=0.0)
            slack.wait_for(lambda: connection.execute(make_due).rowcount)
    slack.clear_faults()
    with serve() as service:
        with service.database.write() as connection:
            connection.execute(slack_inbox.update().values(due=0.0, leased=0.0))
        replies(slack, service, ts)


def test_placeholder_is_replaced_by_a_slow_answer(
    slack: Slack, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow_down(service, monkeypatch, 1.5)
    ts = slack.mention(BEANS)
    [placeholder] = slack.wait_for(lambda: from_bot(slack.thread(ts)))
    assert "Searching the documents" in placeholder["text"]
    slack.wait_for(lambda: from_bot(slack.thread(ts))[0]["text"] == BEANS_ANSWER)
    replies(slack, service, ts)


def test_failure_is_reported_with_the_request(
    slack: Slack, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    unavailable = Mock(side_effect=DatabaseUnavailable("it is gone"))
    monkeypatch.setattr(service.records, "save_answer", unavailable)
    [reply] = replies(slack, service, slack.mention(BEANS))
    assert "was not answered" in reply["text"] and "(request " in reply["text"]


def test_internal_error_is_reported_after_several_attempts(
    slack: Slack,
    service: Service,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(service.records, "turns", Mock(side_effect=ZeroDivisionError))
    slack.mention(BEANS)
    text = ephemeral(slack)["text"]
    assert "was not answered" in text and "(request " in text
    assert caplog.text.count("ZeroDivisionError") == responder._MAX_ATTEMPTS - 1


def test_question_that_cannot_be_stored_is_delivered_again_and_reported_at_last(
    slack: Slack, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert service.slack
    unavailable = Mock(side_effect=DatabaseUnavailable("it is gone"))
    with monkeypatch.context() as patched:
        patched.setattr(service.slack.inbox, "add", unavailable)
        ts = slack.write(BEANS, channel="dm")
        [reply] = replies(slack, service, ts, channel="dm")
        assert "could not be stored" in reply["text"] and "(request " in reply["text"]
        [delivery] = [each for each in slack.deliveries if each.payload["event"].get("ts") == ts]
        assert [each["status"] for each in delivery.attempts] == [500, 500, 500, 200]
        slack.command(BEANS)
        assert "could not be stored" in ephemeral(slack)["text"]


def test_timeout_is_reported_after_several_attempts(
    slack: Slack, serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(responder, "_MAX_ATTEMPTS", 2)
    with serve(timeout=0.5) as service:
        slow_down(service, monkeypatch, 0.8)
        ts = slack.mention(BEANS)
        assert "was not answered" in replies(slack, service, ts)[0]["text"]


def test_channel_can_have_every_question_answered(slack: Slack, serve: Serve) -> None:
    with serve('[channel.C0GENERAL]\nanswer = "questions"\n') as service:
        question, statement = slack.write(BEANS), slack.write("The roses look nice.")
        other = slack.write(BEANS, channel="help")
        replies(slack, service, question)
        assert not from_bot(slack.thread(statement))
        assert not from_bot(slack.thread(other, "help"))


def test_only_sure_keeps_refusals_and_placeholders_out_of_a_channel(
    slack: Slack, serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(responder, "_PLACEHOLDER_AFTER", 0.1)
    with serve('[default]\nanswer = "questions"\nonly_sure = true\n') as service:
        slow_down(service, monkeypatch, 0.3)
        answerable, unanswerable = slack.write(BEANS), slack.write(UNANSWERABLE)
        mentioned = slack.mention(UNANSWERABLE)
        replies(slack, service, answerable)
        assert ephemeral(slack)["text"].startswith(REFUSAL)
        assert not from_bot(slack.thread(unanswerable) + slack.thread(mentioned))


def test_ephemeral_shows_an_answer_to_its_user_until_it_is_shared(
    slack: Slack, serve: Serve
) -> None:
    with serve("[default]\nephemeral = true\n") as service:
        slack.mention(BEANS)
        private = ephemeral(slack)
        settle(slack, service)
        assert not from_bot(slack.messages())
        press(slack, private)
        slack.wait_for(lambda: from_bot(slack.messages()) and not slack.ephemerals())


def test_privacy_does_not_apply_to_direct_messages(slack: Slack, serve: Serve) -> None:
    with serve("[default]\nephemeral = true\nonly_sure = true\n") as service:
        answerable = slack.write(ROSES, channel="dm")
        unanswerable = slack.write(UNANSWERABLE, channel="dm")
        assert ROSES_ANSWER in replies(slack, service, answerable, channel="dm")[0]["text"]
        [refusal] = replies(slack, service, unanswerable, channel="dm")
        assert refusal["text"].startswith(REFUSAL)


def test_channel_is_answered_from_its_folders_only(slack: Slack, serve: Serve) -> None:
    with serve(
        '[channel.C0GENERAL]\nfolders = ["shed"]\n[direct]\nfolders = ["shed"]\n'
    ) as service:
        here, there = slack.mention(BEANS), slack.mention(BEANS, channel="help")
        inside = slack.mention(RAKE)
        [refusal] = replies(slack, service, here)
        assert refusal["text"].startswith(REFUSAL)
        assert "beans" not in shown(refusal).lower()
        assert replies(slack, service, inside)[0]["text"].startswith("The rake")
        assert replies(slack, service, there, channel="help")[0]["text"] == BEANS_ANSWER
        slack.open_home()
        view = json.dumps(slack.wait_for(lambda: slack.views.get("U0ADA")))
        assert "Tools" in view and "The garden" not in view


def test_threads_can_be_left_to_people(slack: Slack, serve: Serve) -> None:
    with serve("[default]\nthreads = false\n") as service:
        ts = slack.mention(BEANS)
        replies(slack, service, ts)
        slack.write(ROSES, thread=ts)
        replies(slack, service, ts)
        slack.mention(ROSES, thread=ts)
        replies(slack, service, ts, 2)


def test_two_services_on_one_database_answer_once(
    slack: Slack, serve: Serve, database_url: str
) -> None:
    slack.options.duplicates = 3
    with serve(database=database_url):
        first = slack.service
        with serve(database=database_url) as service:
            second = slack.service
            asked = []
            for number in range(12):
                slack.service = (first, second)[number % 2]
                asked.append(slack.mention(BEANS if number % 3 else ROSES))
                slack.service = (second, first)[number % 2]
                for delivery in slack.deliveries[-2:]:
                    slack.send(delivery)
            for ts in asked:
                replies(slack, service, ts)


def test_without_a_token_there_is_no_route(slack: Slack, serve: Serve) -> None:
    with serve(SLACK_BOT_TOKEN="", SLACK_SIGNING_SECRET="") as service:
        assert service.slack is None
        assert slack.deliver_raw(b"{}", slack.headers(b"{}"))[0] == 404
