"""What Slack sends is read as what it is, once; whatever else is sent is nothing, and no error."""

import copy
import json
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from slack_stand_in import payloads
from slack_stand_in.options import Options
from slack_stand_in.workspace import BOT_USER, Json, Workspace, with_defaults

from api.slack import blocks
from api.slack.inbox import Incoming
from api.slack.incoming import (
    Question,
    Sharing,
    Verdict,
    conversation_of,
    of_action,
    of_command,
    of_event,
    read_work,
)
from api.wire import AnswerBody

BOT = "U0BOT"
TS = "1700000000.000100"
ROOT = "1600000000.000001"
ANSWER = "a" * 32
HALF = "\ud83d"  # of an emoji, which is no text


def event_body(event: Mapping[str, Any], event_id: str = "Ev1") -> Json:
    """The envelope of an event as Slack documents it."""
    return {
        "token": "unused",
        "team_id": "T1",
        "api_app_id": "A1",
        "event": dict(event),
        "type": "event_callback",
        "event_id": event_id,
        "event_time": 1700000000,
        "authorizations": [
            {"enterprise_id": None, "team_id": "T1", "user_id": BOT, "is_bot": True}
        ],
    }


MESSAGE: Json = {
    "type": "message",
    "channel": "C0123456789",
    "user": "U0ADA",
    "text": f"<@{BOT}> When are beans sown?",
    "ts": TS,
    "event_ts": TS,
    "channel_type": "channel",
    "client_msg_id": "6f1c2b1e-0000-4000-8000-000000000000",
    "team": "T1",
    "blocks": [{"type": "rich_text", "block_id": "x", "elements": []}],
}
MENTION: Json = {
    name: MESSAGE[name] for name in ("channel", "user", "text", "ts", "event_ts", "team", "blocks")
} | {"type": "app_mention"}
COMMAND: Json = {
    "token": "unused",
    "team_id": "T1",
    "team_domain": "garden",
    "channel_id": "C0123456789",
    "channel_name": "general",
    "user_id": "U0ADA",
    "user_name": "ada",
    "command": "/ask",
    "text": "When are beans sown?",
    "api_app_id": "A1",
    "is_enterprise_install": "false",
    "response_url": "https://hooks.slack.com/commands/T1/1/x",
    "trigger_id": "13345224609.738474920.8088930838d88f008e0",
}


def event(change: Mapping[str, Any] | None = None, base: Json = MESSAGE) -> Json:
    """A message, with some fields another; None leaves a field out."""
    changed = {**base, **(change or {})}
    return event_body({name: value for name, value in changed.items() if value is not None})


def asked(body: Json, bot: str = BOT) -> Question | None:
    """The question that a message is; it comes back from what is kept of it as it was."""
    found = of_event(body, bot, "r1")
    if found is None:
        return None
    incoming, question = found
    assert read_work(incoming.body) == question
    assert incoming.request == "r1"
    assert incoming.conversation == conversation_of(question)
    return question


def identity(body: Json, bot: str = BOT) -> str:
    found = of_event(body, bot, "r")
    assert found
    return found[0].id


# --- messages and mentions ------------------------------------------------------------------------


def test_a_mention_is_a_question_in_a_thread_of_its_own() -> None:
    assert of_event(event(base=MENTION), BOT, "r1") == (
        Incoming(
            id=f"message:C0123456789:{TS}",
            event="Ev1",
            request="r1",
            conversation=f"C0123456789:{TS}",
            body=json.dumps(
                {
                    "kind": "question",
                    "channel": "C0123456789",
                    "user": "U0ADA",
                    "text": "When are beans sown?",
                    "asked": "mention",
                    "message": TS,
                    "thread": TS,
                    "private": False,
                    "respond": "",
                    "has_files": False,
                },
                separators=(",", ":"),
            ),
        ),
        Question(
            channel="C0123456789",
            user="U0ADA",
            text="When are beans sown?",
            asked="mention",
            message=TS,
            thread=TS,
        ),
    )


@pytest.mark.parametrize("text", [f"<@{BOT}> When?", f"When, <@{BOT}|assistant>?", f"<@{BOT}>"])
def test_one_mention_told_as_two_events_is_one_thing(text: str) -> None:
    told = [
        event_body({**MENTION, "text": text}, "Ev1"),
        event_body({**MESSAGE, "text": text}, "Ev2"),
        event_body({**MENTION, "text": text, "edited": {"user": "U0ADA", "ts": "1.1"}}, "Ev3"),
    ]
    assert len({identity(body) for body in told}) == 1
    assert len({of_event(body, BOT, "r")[0].event for body in told}) == 3
    assert [asked(body) for body in told] == [asked(told[0])] * 3
    assert asked(told[0]).asked == "mention"


def test_the_stand_in_sends_the_same_mention_twice_too() -> None:
    workspace = Workspace()
    channel = workspace.channels["C0GENERAL"]
    message = workspace.new_message(
        "U0ADA", f"<@{BOT_USER}> When?", [payloads.rich_text_of("x")], None
    )
    both = [
        payloads.callback(make(channel, message), Options(), 0.0)
        for make in (payloads.message_event, payloads.mention_event)
    ]
    assert identity(both[0], BOT_USER) == identity(both[1], BOT_USER)
    assert asked(both[0], BOT_USER) == asked(both[1], BOT_USER)
    assert asked(both[0], BOT_USER).text == "When?"


def test_two_messages_are_two_things_wherever_they_stand() -> None:
    places = [{}, {"ts": "1700000000.000200"}, {"channel": "C1111111111"}]
    assert len({identity(event(place)) for place in places}) == 3


@pytest.mark.parametrize(
    ("change", "how"),
    [
        ({}, "mention"),
        ({"thread_ts": ROOT}, "mention"),
        ({"text": "When?"}, "unasked"),
        ({"text": "When?", "thread_ts": ROOT}, "thread"),
        ({"text": "When?", "thread_ts": ROOT, "subtype": "thread_broadcast"}, "thread"),
        ({"text": "When, <@U0GRACE>?"}, "unasked"),
        ({"text": f"<@U0GRACE> <@{BOT}> When?"}, "mention"),
        ({"text": "When?", "channel": "D0123456789", "channel_type": "im"}, "direct"),
        ({"text": "When?", "channel": "D0123456789", "channel_type": None}, "direct"),
        ({"text": "When?", "channel": "C0123456789", "channel_type": "im"}, "direct"),
        ({"channel": "D0123456789", "channel_type": "im"}, "direct"),
        ({"channel": "D0123456789", "channel_type": "im", "thread_ts": ROOT}, "direct"),
        ({"text": "<@U0GRACE> When?", "channel": "D0123456789", "channel_type": "im"}, "direct"),
        ({"text": "When?", "channel": "G0123456789", "channel_type": "mpim"}, "unasked"),
        ({"text": "&lt;@U0GRACE&gt; When?"}, "unasked"),
    ],
)
def test_how_it_is_asked_is_seen(change: Json, how: str) -> None:
    question = asked(event(change))
    assert question.asked == how
    assert question.thread == change.get("thread_ts", TS)
    assert question.message == TS


def test_a_mention_counts_before_it_is_known_who_we_are() -> None:
    question = asked(event(base=MENTION), "")
    assert (question.asked, question.text) == ("mention", f"@{BOT} When are beans sown?")


@pytest.mark.parametrize(
    "change",
    [
        {"subtype": "message_changed", "hidden": True},
        {"subtype": "message_deleted", "deleted_ts": TS},
        {"subtype": "message_replied"},
        {"subtype": "bot_message"},
        {"subtype": "channel_join"},
        {"subtype": "tombstone"},
        {"subtype": "assistant_app_thread"},
        {"bot_id": "B0OTHER"},
        {"user": BOT},
        {"user": BOT, "bot_id": "B0BOT", "channel": "D01", "channel_type": "im"},
        {"user": None, "bot_id": "B0OTHER", "subtype": "bot_message"},
        {"text": "<@U0GRACE> when are they sown?"},
        {"text": "  <@U0GRACE|grace> when?", "thread_ts": ROOT},
        {"type": "reaction_added"},
        {"channel": None},
        {"user": None},
        {"ts": None},
    ],
)
def test_what_is_not_said_to_us_is_nothing(change: Json) -> None:
    assert of_event(event(change), BOT, "r") is None


def test_an_edit_and_a_deletion_as_the_stand_in_tells_them_are_nothing() -> None:
    workspace = Workspace()
    channel = workspace.channels["D0ADA"]
    message = workspace.new_message("U0ADA", "When?", [], None)
    workspace.add(channel, message)
    previous = workspace.edit(channel, message["ts"], {"text": "Where?"})
    told = [
        payloads.changed_event(channel, message, previous, workspace.next_ts()),
        payloads.deleted_event(channel, message, workspace.next_ts()),
        payloads.home_event("U0ADA", channel, "home", None, workspace.next_ts()),
        payloads.message_event(channel, workspace.new_message(BOT_USER, "Mine", [], message)),
    ]
    for body in told:
        assert of_event(payloads.callback(body, Options(), 0.0), BOT_USER, "r") is None


def test_a_file_without_a_word_is_a_question_without_a_word() -> None:
    change = {"text": "", "subtype": "file_share", "files": [{"id": "F1", "name": "a.pdf"}]}
    question = asked(event({**change, "channel": "D01", "channel_type": "im"}))
    assert (question.text, question.has_files) == ("", True)
    assert not asked(event()).has_files


def test_a_message_of_40_000_characters_is_kept_whole() -> None:
    text = "x&amp;" * 8_000
    question = asked(event({"text": f"<@{BOT}> {text}"}))
    assert question.text == "x&" * 8_000


def test_what_is_written_in_slacks_way_is_read_as_it_looks() -> None:
    text = f"<@{BOT}> Is 1 &lt; 2 in <#C1|general>, <@U0GRACE|grace>? <https://x.org|Here>"
    assert asked(event({"text": text})).text == "Is 1 < 2 in #general, grace? Here"


# --- commands -------------------------------------------------------------------------------------


def test_a_command_is_a_question_that_only_its_user_sees_answered() -> None:
    incoming = of_command(COMMAND, "r1")
    assert incoming
    name = f"command:{COMMAND['trigger_id']}"
    assert (incoming.id, incoming.event, incoming.request) == (name, name, "r1")
    # It belongs to no thread, and so waits for nothing.
    assert incoming.conversation == name
    assert read_work(incoming.body) == Question(
        channel="C0123456789",
        user="U0ADA",
        text="When are beans sown?",
        asked="command",
        private=True,
        respond="https://hooks.slack.com/commands/T1/1/x",
    )


def test_a_command_of_the_stand_in_is_read() -> None:
    workspace = Workspace()
    text = "Is 1 &lt; 2 in <#C1|general>?"
    sent = [
        payloads.command(
            workspace, workspace.channels["D0ADA"], "U0ADA", "/ask", text, "http://x/response/1"
        )
        for _ in range(2)
    ]
    read = [of_command(body, "r") for body in sent]
    assert all(read)
    assert read[0].id != read[1].id
    work = read_work(read[0].body)
    assert (work.channel, work.text) == ("D0ADA", "Is 1 < 2 in #general?")


@pytest.mark.parametrize("missing", ["channel_id", "user_id", "trigger_id"])
def test_a_command_without_what_it_needs_is_nothing(missing: str) -> None:
    body = {name: value for name, value in COMMAND.items() if name != missing}
    assert of_command(body, "r") is None
    assert of_command({**COMMAND, missing: ""}, "r") is None


# --- buttons --------------------------------------------------------------------------------------


def refusal() -> AnswerBody:
    return AnswerBody(
        id=ANSWER,
        conversation_id="talk",
        question="Who?",
        standalone_question="Who?",
        status="refused",
        text="No answer.",
        sentences=(),
        citations=(),
        confidence=0.0,
        suggestions=("When are beans <sown>?", "Who?"),
        related=(),
        writer="extractive",
        generation="g1",
        timings_ms={},
    )


def pressed(
    action_id: str,
    value: str | None = None,
    channel: str = "C0GENERAL",
    thread: str = "",
    is_ephemeral: bool = False,
) -> Json:
    """A button of an answer's message, as the stand-in tells that it is pressed."""
    workspace = Workspace(lambda: 1_700_000_000.0)
    place = workspace.channels[channel]
    shown = blocks.answered(refusal(), blocks.Form(shareable=True))
    message = workspace.new_message(BOT_USER, shown.text, shown.blocks, None)
    if thread:
        message |= {"thread_ts": thread, "parent_user_id": "U0ADA"}
    action = payloads.action_of(message["blocks"], None, action_id, value, "1700000001.5")
    assert action
    return payloads.message_actions(
        workspace, place, "U0ADA", message, action, "http://x/response/1", is_ephemeral=is_ephemeral
    )


MESSAGE_TS = "1700000000.000000"


def did(body: Json) -> Question | Sharing | Verdict:
    """What a button asks for."""
    incoming = of_action(body, "r1")
    assert incoming
    assert incoming.request == "r1"
    work = read_work(incoming.body)
    assert incoming.conversation == (conversation_of(work) or incoming.id)
    return work


def test_a_suggestion_is_asked_whole_below_the_message_that_it_stands_in() -> None:
    assert did(pressed("ask.0")) == Question(
        channel="C0GENERAL",
        user="U0ADA",
        text="When are beans <sown>?",
        asked="button",
        thread=MESSAGE_TS,
        respond="http://x/response/1",
    )


def test_a_suggestion_in_a_thread_is_asked_there() -> None:
    work = did(pressed("ask.1", thread=ROOT))
    assert (work.text, work.thread, work.private) == ("Who?", ROOT, False)


@pytest.mark.parametrize("thread", ["", ROOT])
def test_a_suggestion_that_one_person_sees_is_answered_to_them(thread: str) -> None:
    work = did(pressed("ask.0", thread=thread, is_ephemeral=True))
    assert (work.private, work.thread) == (True, thread)


def test_a_suggestion_in_the_home_view_is_asked_in_the_direct_messages() -> None:
    workspace = Workspace()
    asking = [{"type": "actions", "elements": [{"type": "button", "action_id": "ask.0",
               "text": {"type": "plain_text", "text": "Who…"}, "value": "Who?"}]}]  # fmt: skip
    view = workspace.publish("U0ADA", {"type": "home", "blocks": asking}, "V1")
    action = payloads.action_of(with_defaults(asking, "x"), None, "ask.0", None, "1.5")
    assert did(payloads.view_actions(workspace, "U0ADA", view, action)) == Question(
        channel="U0ADA", user="U0ADA", text="Who?", asked="button"
    )


def test_an_answer_that_one_person_sees_can_be_shown_to_all() -> None:
    assert did(pressed("share", value=ANSWER, thread=ROOT, is_ephemeral=True)) == Sharing(
        channel="C0GENERAL",
        user="U0ADA",
        answer=ANSWER,
        thread=ROOT,
        respond="http://x/response/1",
    )


@pytest.mark.parametrize("verdict", ["up", "down"])
def test_a_verdict_is_of_an_answer(verdict: str) -> None:
    work = did(pressed("verdict", value=f"{verdict}:{ANSWER}"))
    assert work == Verdict(
        channel="C0GENERAL",
        user="U0ADA",
        answer=ANSWER,
        verdict=verdict,
        respond="http://x/response/1",
    )


def button_body(action_id: str, value: str | None) -> Json:
    """A button in the literal shape that Slack documents."""
    action = {"type": "button", "block_id": "b", "action_id": action_id, "action_ts": "1.5"}
    return {
        "type": "block_actions",
        "user": {"id": "U0ADA", "username": "ada", "name": "ada", "team_id": "T1"},
        "api_app_id": "A1",
        "token": "unused",
        "container": {"type": "message", "message_ts": TS, "channel_id": "C01"},
        "trigger_id": "1.2.3",
        "team": {"id": "T1", "domain": "garden"},
        "enterprise": None,
        "is_enterprise_install": False,
        "channel": {"id": "C01", "name": "general"},
        "message": {"type": "message", "user": BOT, "ts": TS, "bot_id": "B1", "text": "x"},
        "state": {"values": {}},
        "response_url": "https://hooks.slack.com/actions/T1/1/x",
        "actions": [action if value is None else {**action, "value": value}],
    }


def test_a_button_pressed_again_is_another_thing_and_told_again_is_the_same() -> None:
    first = button_body("ask.0", "Who?")
    again = copy.deepcopy(first)
    again["actions"][0]["action_ts"] = "2.5"
    by_another = copy.deepcopy(first)
    by_another["user"]["id"] = "U0GRACE"
    other = button_body("ask.1", "Who?")
    elsewhere = copy.deepcopy(first)
    elsewhere["container"]["message_ts"] = "1700000000.000300"
    assert of_action(first, "r").id == of_action(copy.deepcopy(first), "s").id
    bodies = (first, again, by_another, other, elsewhere)
    assert len({of_action(body, "r").id for body in bodies}) == 5


@pytest.mark.parametrize(
    ("action_id", "value"),
    [
        ("unknown", "x"),
        ("", "x"),
        ("asking", "x"),
        ("ASK", "x"),
        ("ask", ""),
        ("ask.0", None),
        ("share", ""),
        ("share", None),
        ("verdict", ANSWER),
        ("verdict", f"sideways:{ANSWER}"),
        ("verdict", f"UP:{ANSWER}"),
        ("verdict", ""),
        ("verdict", None),
    ],
)
def test_a_button_that_is_none_of_ours_is_nothing(action_id: str, value: str | None) -> None:
    assert of_action(button_body(action_id, value), "r") is None


@pytest.mark.parametrize(
    "forged",
    [
        "../../etc/passwd",
        "'; DROP TABLE answers; --",
        "<!channel>",
        '{"kind": "verdict"}',
        "a\x00b",
        "👍🏽" * 2_000,
        "up:down:up",
    ],
)
def test_a_forged_value_is_the_id_of_no_answer_and_no_more(forged: str) -> None:
    assert did(button_body("verdict", f"up:{forged}")) == Verdict(
        channel="C01",
        user="U0ADA",
        answer=forged,
        verdict="up",
        respond="https://hooks.slack.com/actions/T1/1/x",
    )
    assert did(button_body("share", forged)).answer == forged
    question = did(button_body("ask.7", forged))
    assert (question.text, question.asked, question.private) == (forged, "button", False)


# --- garbage --------------------------------------------------------------------------------------

junk = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5)
    | st.sampled_from(["", "C01", "U0ADA", "D1", TS, "١.٢", f"{TS}\n", HALF, f"x{HALF}", "\x00",
                       "message", "app_mention", "file_share", "im", "ask.0", "verdict", "up:"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=5,
)  # fmt: skip


def places(node: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Where something stands in a body."""
    pairs = node.items() if isinstance(node, dict) else enumerate(node)
    return [
        place
        for name, value in pairs
        for place in [
            (*path, name),
            *(places(value, (*path, name)) if isinstance(value, (dict, list)) else []),
        ]
    ]


def damaged(*bodies: Json) -> st.SearchStrategy[Json]:
    """One of these in which something, or several things, are others or are not there."""

    @st.composite
    def damage(draw: st.DrawFn) -> Json:
        body = copy.deepcopy(draw(st.sampled_from(bodies)))
        for _ in range(draw(st.integers(1, 3))):
            *path, last = draw(st.sampled_from(places(body) or [("event",)]))
            node = body
            for name in path:
                node = node[name]
            if draw(st.booleans()) and isinstance(node, dict):
                del node[last]
            else:
                node[last] = draw(junk)
        return body

    return damage() | st.dictionaries(st.sampled_from([*bodies[0], "x"]), junk, max_size=5)


def expect_kept(incoming: Incoming | None) -> None:
    """Either it is nothing, or something that can be kept and read again."""
    if incoming is None:
        return
    for text in (incoming.id, incoming.conversation, incoming.body):
        assert isinstance(text, str)
        assert text
    read_work(incoming.body)
    incoming.body.encode()


@given(damaged(event(), event(base=MENTION), event({"thread_ts": ROOT, "files": [{}]})))
@example(event({"text": HALF}))
@example(event({"ts": "١.٢"}))
@example(event({"user": "U0ADA\n"}))
@example(event({"text": "<@" * 100_000}))
@example({"event": event()})
@settings(max_examples=300)
def test_no_event_is_an_error(body: Json) -> None:
    found = of_event(body, BOT, "r")
    expect_kept(found and found[0])


@given(damaged(COMMAND))
@example({**COMMAND, "text": HALF})
@example({**COMMAND, "response_url": f"http://{HALF}"})
@settings(max_examples=200)
def test_no_command_is_an_error(body: Json) -> None:
    expect_kept(of_command(body, "r"))


BUTTONS = [
    button_body("ask.0", "Who?"),
    button_body("share", ANSWER),
    button_body("verdict", f"up:{ANSWER}"),
]


@given(damaged(*BUTTONS))
@example(button_body("ask.0", HALF))
@example(button_body("verdict", f"up:{HALF}"))
@example(button_body(f"ask.{HALF}", "Who?"))
@example({**BUTTONS[0], "actions": []})
@example({**BUTTONS[0], "user": {}})
@settings(max_examples=300)
def test_no_button_is_an_error(body: Json) -> None:
    expect_kept(of_action(body, "r"))


@pytest.mark.parametrize(
    "change",
    [
        {"text": HALF},
        {"ts": "1٢.3"},
        {"ts": "1.2.3"},
        {"ts": f"{TS}\n"},
        {"user": "u0ada"},
        {"user": "U0ADA\n"},
        {"channel": "#general"},
        {"thread_ts": "soon"},
        {"text": ["When?"]},
        {"files": "a.pdf"},
    ],
)
def test_what_has_another_shape_than_slack_documents_is_nothing(change: Json) -> None:
    assert of_event(event(change), BOT, "r") is None


@pytest.mark.parametrize("body", ["", "{}", "null", "[]", '{"kind": "question"}', '{"kind": "x"}'])
def test_what_was_not_kept_by_us_is_not_read(body: str) -> None:
    with pytest.raises(ValueError, match="validation error"):
        read_work(body)
