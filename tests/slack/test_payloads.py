"""Slack's payloads become jobs with one id for each occurrence; other payloads are ignored."""

import copy
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from api.slack.inbox import NewItem
from api.slack.payloads import (
    Feedback,
    Job,
    Question,
    Share,
    conversation_of,
    load_job,
    parse_action,
    parse_command,
    parse_event,
)

Json = dict[str, Any]

BOT = "U0BOT"
TS = "1700000000.000100"
ROOT = "1600000000.000001"
ANSWER = "a" * 32
SURROGATE = "\ud83d"
URL = "https://hooks.slack.com/actions/T1/1/x"

MESSAGE: Json = {
    "type": "message",
    "channel": "C0123456789",
    "user": "U0ADA",
    "text": f"<@{BOT}> When are beans sown?",
    "ts": TS,
    "channel_type": "channel",
    "blocks": [{"type": "rich_text", "block_id": "x", "elements": []}],
}
MENTION: Json = {**MESSAGE, "type": "app_mention", "channel_type": None}
DIRECT = {"channel": "D0123456789", "channel_type": "im"}
COMMAND: Json = {
    "team_id": "T1",
    "channel_id": "C0123456789",
    "user_id": "U0ADA",
    "command": "/ask",
    "text": "Is 1 &lt; 2 in <#C1|general>?",
    "is_enterprise_install": "false",
    "response_url": URL,
    "trigger_id": "13345224609.738474920.8088930838d88f008e0",
}


def event(change: Mapping[str, Any] | None = None, base: Json = MESSAGE, name: str = "Ev1") -> Json:
    """An event callback as Slack documents it; a change to None removes a field."""
    changed = {**base, **(change or {})}
    return {
        "team_id": "T1",
        "event": {field: value for field, value in changed.items() if value is not None},
        "type": "event_callback",
        "event_id": name,
        "authorizations": [{"team_id": "T1", "user_id": BOT, "is_bot": True}],
    }


def action(
    action_id: str, value: str | None, *, user: str = "U0ADA", at: str = "1.5", **place: Any
) -> Json:
    """The press of a button as Slack documents it; `place` goes into the container."""
    button = {"type": "button", "action_id": action_id, "action_ts": at}
    return {
        "type": "block_actions",
        "user": {"id": user, "username": "ada", "team_id": "T1"},
        "container": {"type": "message", "message_ts": TS, "channel_id": "C01", **place},
        "channel": {"id": "C01", "name": "general"},
        "message": {"type": "message", "user": BOT, "ts": TS, "bot_id": "B1", "text": "x"},
        "response_url": URL,
        "actions": [button if value is None else {**button, "value": value}],
    }


def parse(body: Json, bot: str = BOT) -> tuple[NewItem, Question]:
    """Parses an event that is a question, and checks that it is stored whole."""
    parsed = parse_event(body, bot, "r1")
    assert parsed
    item, question = parsed
    assert load_job(item.body) == question
    assert (item.request, item.conversation) == ("r1", conversation_of(question))
    return parsed


def pressed(body: Json) -> Job:
    """The job of a button."""
    item = parse_action(body, "r1")
    assert item
    job = load_job(item.body)
    assert (item.request, item.conversation) == ("r1", conversation_of(job) or item.id)
    return job


def test_mention_is_a_question_in_its_own_thread() -> None:
    item, question = parse(event(base=MENTION))
    assert (item.id, item.event) == (f"message:C0123456789:{TS}", "Ev1")
    assert question == Question(
        channel="C0123456789",
        user="U0ADA",
        text="When are beans sown?",
        source="mention",
        message=TS,
        thread=TS,
    )


@pytest.mark.parametrize("text", [f"<@{BOT}> When?", f"When, <@{BOT}|assistant>?", f"<@{BOT}>"])
def test_mention_and_message_events_of_one_message_have_one_id(text: str) -> None:
    edited = {"text": text, "edited": {"user": "U0ADA", "ts": "1.1"}}
    parsed = [
        parse(event({"text": text}, MENTION, "Ev1")),
        parse(event({"text": text}, MESSAGE, "Ev2")),
        parse(event(edited, MENTION, "Ev3")),
    ]
    assert len({item.id for item, _ in parsed}) == 1
    assert len({item.event for item, _ in parsed}) == 3
    assert [question for _, question in parsed] == [parsed[0][1]] * 3
    assert parsed[0][1].source == "mention"


def test_two_messages_have_two_ids() -> None:
    changes: list[Json] = [{}, {"ts": "1700000000.000200"}, {"channel": "C1111111111"}]
    assert len({parse(event(change))[0].id for change in changes}) == 3


@pytest.mark.parametrize(
    ("change", "source"),
    [
        ({}, "mention"),
        ({"thread_ts": ROOT}, "mention"),
        ({"text": f"<@U0GRACE> <@{BOT}> When?"}, "mention"),
        ({"text": "When?"}, "channel"),
        ({"text": "When, <@U0GRACE>?"}, "channel"),
        ({"text": "&lt;@U0GRACE&gt; When?"}, "channel"),
        ({"text": "When?", "channel": "G0123456789", "channel_type": "mpim"}, "channel"),
        ({"text": "When?", "thread_ts": ROOT}, "thread"),
        ({"text": "When?", "thread_ts": ROOT, "subtype": "thread_broadcast"}, "thread"),
        (DIRECT, "direct"),
        ({**DIRECT, "text": "When?", "channel_type": None}, "direct"),
        ({"text": "When?", "channel_type": "im"}, "direct"),
        ({**DIRECT, "thread_ts": ROOT}, "direct"),
        ({**DIRECT, "text": "<@U0GRACE> When?"}, "direct"),
    ],
)
def test_source_of_a_question(change: Json, source: str) -> None:
    _, question = parse(event(change))
    assert question.source == source
    assert (question.thread, question.message) == (change.get("thread_ts", TS), TS)


def test_mention_is_recognized_before_the_bot_is_known() -> None:
    _, question = parse(event(base=MENTION), bot="")
    assert (question.source, question.text) == ("mention", f"@{BOT} When are beans sown?")


@pytest.mark.parametrize(
    "change",
    [
        *({"subtype": subtype} for subtype in (
            "message_changed", "message_deleted", "message_replied", "bot_message",
            "channel_join", "tombstone", "assistant_app_thread",
        )),
        {"bot_id": "B0OTHER"},
        {"user": BOT},
        {**DIRECT, "user": BOT, "bot_id": "B0BOT"},
        {"user": None, "bot_id": "B0OTHER", "subtype": "bot_message"},
        {"text": "<@U0GRACE> when are they sown?"},
        {"text": "  <@U0GRACE|grace> when?", "thread_ts": ROOT},
        {"type": "reaction_added"},
        {"channel": None},
        {"channel": "#general"},
        {"user": None},
        {"user": "u0ada"},
        {"user": "U0ADA\n"},
        {"ts": None},
        {"ts": "1٢.3"},
        {"ts": "1.2.3"},
        {"ts": f"{TS}\n"},
        {"thread_ts": "soon"},
        {"text": SURROGATE},
        {"text": ["When?"]},
        {"files": "a.pdf"},
    ],
)  # fmt: skip
def test_other_messages_are_ignored(change: Json) -> None:
    assert parse_event(event(change), BOT, "r") is None


def test_file_without_text_is_an_empty_question() -> None:
    files = {"text": "", "subtype": "file_share", "files": [{"id": "F1", "name": "a.pdf"}]}
    _, question = parse(event({**DIRECT, **files}))
    assert (question.text, question.has_files) == ("", True)
    assert not parse(event())[1].has_files


def test_text_is_unescaped_and_kept_whole() -> None:
    text = f"<@{BOT}> Is 1 &lt; 2 in <#C1|general>, <@U0GRACE|grace>? <https://x.org|Here>"
    assert parse(event({"text": text}))[1].text == "Is 1 < 2 in #general, grace? Here"
    assert parse(event({"text": f"<@{BOT}> " + "x&amp;" * 8_000}))[1].text == "x&" * 8_000


def test_command_is_a_private_question_outside_any_thread() -> None:
    item = parse_command(COMMAND, "r1")
    assert item
    assert item.id == item.event == item.conversation == f"command:{COMMAND['trigger_id']}"
    assert load_job(item.body) == Question(
        channel="C0123456789",
        user="U0ADA",
        text="Is 1 < 2 in #general?",
        source="command",
        private=True,
        response_url=URL,
    )
    again = parse_command({**COMMAND, "trigger_id": "another"}, "r2")
    assert again and again.id != item.id


@pytest.mark.parametrize("field", ["channel_id", "user_id", "trigger_id"])
def test_command_without_a_required_field_is_ignored(field: str) -> None:
    body = {name: value for name, value in COMMAND.items() if name != field}
    assert parse_command(body, "r") is None
    assert parse_command({**COMMAND, field: ""}, "r") is None


@pytest.mark.parametrize(
    ("place", "thread", "private"),
    [
        ({}, TS, False),
        ({"thread_ts": ROOT}, ROOT, False),
        ({"is_ephemeral": True}, "", True),
        ({"is_ephemeral": True, "thread_ts": ROOT}, ROOT, True),
    ],
)
def test_suggestion_is_asked_where_its_button_is(place: Json, thread: str, private: bool) -> None:
    assert pressed(action("ask.0", "Who <is> it?", **place)) == Question(
        channel="C01",
        user="U0ADA",
        text="Who <is> it?",
        source="button",
        thread=thread,
        private=private,
        response_url=URL,
    )


def test_suggestion_in_the_home_view_is_asked_in_direct_messages() -> None:
    body = action("ask.0", "Who?")
    for field in ("channel", "message", "response_url"):
        del body[field]
    body["container"] = {"type": "view", "view_id": "V1"}
    assert pressed(body) == Question(channel="U0ADA", user="U0ADA", text="Who?", source="button")


def test_share_button_names_the_answer() -> None:
    assert pressed(action("share", ANSWER, thread_ts=ROOT, is_ephemeral=True)) == Share(
        channel="C01", user="U0ADA", answer=ANSWER, thread=ROOT, response_url=URL
    )


@pytest.mark.parametrize("verdict", ["up", "down"])
def test_feedback_button_names_the_answer(verdict: Any) -> None:
    assert pressed(action("verdict", f"{verdict}:{ANSWER}")) == Feedback(
        channel="C01", user="U0ADA", answer=ANSWER, verdict=verdict, response_url=URL
    )


def test_each_press_has_an_id_of_its_own_and_a_repeated_delivery_the_same() -> None:
    presses = [
        action("ask.0", "Who?"),
        action("ask.0", "Who?", at="2.5"),
        action("ask.0", "Who?", user="U0GRACE"),
        action("ask.1", "Who?"),
        action("ask.0", "Who?", message_ts="1700000000.000300"),
    ]
    ids = [parse_action(body, "r").id for body in [*presses, copy.deepcopy(presses[0])]]
    assert len(set(ids)) == 5
    assert ids[-1] == ids[0]


@pytest.mark.parametrize(
    ("action_id", "value"),
    [
        *((name, "x") for name in ("unknown", "", "asking", "ASK")),
        *((name, value) for name in ("ask.0", "share", "verdict") for value in ("", None)),
        *(("verdict", value) for value in (ANSWER, f"sideways:{ANSWER}", f"UP:{ANSWER}")),
    ],
)
def test_other_buttons_are_ignored(action_id: str, value: str | None) -> None:
    assert parse_action(action(action_id, value), "r") is None


@pytest.mark.parametrize(
    "forged",
    ["../../etc/passwd", "'; DROP TABLE answers; --", "<!channel>", '{"kind": "feedback"}', "a\x00b",
     "👍🏽" * 2_000, "up:down:up"],
)  # fmt: skip
def test_forged_value_is_only_an_answer_id_or_a_question(forged: str) -> None:
    feedback, share, question = (
        pressed(action(name, value))
        for name, value in (("verdict", f"up:{forged}"), ("share", forged), ("ask.7", forged))
    )
    assert (feedback.verdict, feedback.answer) == ("up", forged)
    assert share.answer == forged
    assert (question.text, question.source, question.private) == (forged, "button", False)


PAYLOADS = [
    event(),
    event(base=MENTION),
    event({"thread_ts": ROOT, "files": [{}]}),
    COMMAND,
    *(action(name, f"up:{ANSWER}") for name in ("ask.0", "share", "verdict")),
]
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5)
    | st.sampled_from(["", "C01", "U0ADA", "D1", TS, "١.٢", f"{TS}\n", SURROGATE, f"x{SURROGATE}",
                       "\x00", "message", "app_mention", "file_share", "im", "ask.0", "verdict"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=5,
)  # fmt: skip


@st.composite
def damaged(draw: st.DrawFn) -> Json:
    """A payload in which up to three values are replaced or removed."""
    body: Json = copy.deepcopy(draw(st.sampled_from(PAYLOADS)))
    for _ in range(draw(st.integers(1, 3))):
        inner: Any = body
        while isinstance(inner, (dict, list)) and inner:
            node = inner
            name = draw(st.sampled_from(list(node) if isinstance(node, dict) else range(len(node))))
            inner = node[name] if draw(st.booleans()) else None
        if isinstance(node, dict) and draw(st.booleans()):
            del node[name]
        else:
            node[name] = draw(values)
    return body


@given(damaged())
@example(event({"text": "<@" * 100_000}))
@example({"event": event()})
@example({})
@example({**COMMAND, "text": SURROGATE})
@example({**COMMAND, "response_url": f"http://{SURROGATE}"})
@example(action("ask.0", SURROGATE))
@example(action("verdict", f"up:{SURROGATE}"))
@example(action(f"ask.{SURROGATE}", "Who?"))
@example({**action("ask.0", "Who?"), "actions": []})
@example({**action("ask.0", "Who?"), "user": {}})
def test_malformed_payload_is_ignored_or_stored(body: Json) -> None:
    parsed = parse_event(body, BOT, "r")
    for item in (parsed and parsed[0], parse_command(body, "r"), parse_action(body, "r")):
        if item:
            assert all((item.id, item.conversation, item.body))
            load_job(item.body)
            item.body.encode()


@pytest.mark.parametrize("body", ["", "{}", "null", "[]", '{"kind": "question"}', '{"kind": "x"}'])
def test_unknown_job_is_not_loaded(body: str) -> None:
    with pytest.raises(ValueError, match="validation error"):
        load_job(body)
