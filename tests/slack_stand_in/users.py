"""What people do: write, edit, delete, give commands, press buttons, open the app."""

import uuid
from collections.abc import Callable, Sequence
from typing import Any

from slack_stand_in import payloads
from slack_stand_in.delivery import Delivery, Sender
from slack_stand_in.limits import Refused
from slack_stand_in.messages import Chat
from slack_stand_in.response_urls import ResponseUrls
from slack_stand_in.workspace import (
    BOT_USER,
    SLACK_BOT,
    Channel,
    Json,
    Person,
    Workspace,
    is_reply,
)

TABS = ("home", "messages")


class People:
    """Acts for the people of the workspace; what they name may be an id or a name."""

    def __init__(
        self,
        workspace: Workspace,
        chat: Chat,
        sender: Sender,
        responses: ResponseUrls,
        announce: Callable[[Json], None],
        address: Callable[[], str],
    ) -> None:
        self._workspace = workspace
        self._chat = chat
        self._sender = sender
        self._responses = responses
        self._announce = announce
        self._address = address

    def write(
        self,
        text: str,
        channel: str = "general",
        user: str = "ada",
        thread_ts: str = "",
        files: Sequence[str] = (),
    ) -> str:
        """Somebody writes; the text is as Slack's client sends it, escaped and with references.
        Returns the ts of the message."""
        place, author = self._place(channel, user)
        root = place.messages.get(thread_ts)
        if thread_ts and (root is None or is_reply(root)):
            raise Refused("thread_not_found")
        if not text.strip() and not files:
            raise Refused("no_text")
        blocks = [payloads.rich_text_of(text)] if text.strip() else []
        message = self._workspace.new_message(author.id, text, blocks, root)
        message["client_msg_id"] = str(uuid.uuid4())
        if files:
            described = [_file(name, author.id) for name in files]
            message |= {"files": described, "upload": False, "subtype": "file_share"}
        self._workspace.add(place, message)
        # Two events of one message, each with an id of its own; which comes first is not said.
        if place.kind != "im" and payloads.mentions_bot(text):
            self._announce(payloads.mention_event(place, message))
        self._announce(payloads.message_event(place, message))
        return str(message["ts"])

    def edit(self, channel: str, ts: str, text: str) -> None:
        """Whoever wrote a message changes it."""
        place, message = self._message(channel, ts)
        if message["user"] in (BOT_USER, SLACK_BOT):
            raise Refused("cant_update_message")
        changes = {"text": text, "blocks": [payloads.rich_text_of(text)]}
        self._chat.change(place, message["ts"], changes)

    def delete(self, channel: str, ts: str) -> None:
        """Somebody deletes a message."""
        place, message = self._message(channel, ts)
        self._chat.remove(place, message["ts"])

    async def command(
        self, command: str, text: str, channel: str = "general", user: str = "ada"
    ) -> Delivery:
        """Somebody gives a slash command; what is answered at once is shown to them."""
        place, author = self._place(channel, user)
        url = self._response_url(place, author.id)
        fields = payloads.command(self._workspace, place, author.id, command, text, url)
        delivery = await self._sender.command(fields)
        if delivery.attempts and not delivery.was_accepted:
            reason = delivery.attempts[-1]["reason"]
            code = "operation_timeout" if "timeout" in reason else "dispatch_failed"
            told = f"{command} failed with the error “{code}”"
            message = self._workspace.new_message(SLACK_BOT, told, [], None)
            self._workspace.whisper(place, author.id, message)
        elif delivery.reply:
            self._responses.show(place, author.id, delivery.reply)
        return delivery

    async def press(
        self,
        action_id: str,
        ts: str = "",
        channel: str = "general",
        user: str = "ada",
        block_id: str | None = None,
        value: str | None = None,
    ) -> Delivery:
        """Somebody presses a button: of a message, of one that only they see, or, without a ts,
        of their home view."""
        now = self._workspace.next_ts()
        if not ts:
            person = self._person(user)
            view = self._workspace.views.get(person.id)
            if view is None:
                raise Refused("view_not_found")
            action = self._action(view["blocks"], block_id, action_id, value, now)
            return await self._sender.action(
                payloads.view_actions(self._workspace, person.id, view, action)
            )
        place, author = self._place(channel, user)
        ephemeral = self._workspace.ephemeral(ts)
        shown = ephemeral.message if ephemeral else place.messages.get(ts)
        if shown is None or (ephemeral and ephemeral.user != author.id):
            raise Refused("message_not_found")
        action = self._action(shown.get("blocks", []), block_id, action_id, value, now)
        told = payloads.message_actions(
            self._workspace,
            place,
            author.id,
            shown,
            action,
            self._response_url(place, author.id, ts),
            is_ephemeral=ephemeral is not None,
        )
        return await self._sender.action(told)

    def open_home(self, user: str = "ada", tab: str = "home") -> None:
        """Somebody opens the app, its home or its messages."""
        person = self._person(user)
        if tab not in TABS:
            raise Refused("invalid_arguments", [f"tab must be one of: {', '.join(TABS)}"])
        direct = self._direct(person)
        view, now = self._workspace.views.get(person.id), self._workspace.next_ts()
        self._announce(payloads.home_event(person.id, direct, tab, view, now))

    def open_thread(self, user: str = "ada") -> str:
        """Somebody opens the assistant: a thread of its own in their direct message. Returns the
        ts of its first message, which Slack writes."""
        person = self._person(user)
        direct = self._direct(person)
        root = self._workspace.new_message(BOT_USER, "New Assistant Thread", [], None)
        root["subtype"] = "assistant_app_thread"
        self._workspace.add(direct, root)
        now = self._workspace.next_ts()
        event = payloads.thread_started_event(person.id, direct, root["ts"], now)
        self._announce(event)
        return str(root["ts"])

    # --- what they name ------------------------------------------------------------------------

    def _person(self, named: str) -> Person:
        person = self._workspace.person(named)
        if person is None or person.is_bot:
            raise Refused("user_not_found")
        return person

    def _direct(self, person: Person) -> Channel:
        direct = self._workspace.direct(person.id)
        assert direct is not None, "everybody has one with the bot"
        return direct

    def _place(self, channel: str, user: str) -> tuple[Channel, Person]:
        """A channel, or "dm" for the direct message with the bot, and who is in it."""
        person = self._person(user)
        place = self._direct(person) if channel == "dm" else self._workspace.channel(channel)
        if place is None:
            raise Refused("channel_not_found")
        if person.id not in place.members:
            raise Refused("user_not_in_channel")
        return place, person

    def _message(self, channel: str, ts: str) -> tuple[Channel, Json]:
        place = self._workspace.channel(channel)
        if place is None:
            raise Refused("channel_not_found")
        message = place.messages.get(ts)
        if message is None:
            raise Refused("message_not_found")
        return place, message

    def _action(
        self,
        blocks: list[Json],
        block_id: str | None,
        action_id: str,
        value: str | None,
        ts: str,
    ) -> Json:
        action = payloads.action_of(blocks, block_id, action_id, value, ts)
        if action is None:
            raise Refused("action_not_found")
        return action

    def _response_url(self, channel: Channel, user: str, ts: str = "") -> str:
        return f"{self._address()}response/{self._responses.secret(channel, user, ts)}"


def _file(name: str, user: str) -> dict[str, Any]:
    return {
        "id": payloads.identified("F"),
        "name": name,
        "title": name,
        "mimetype": "application/octet-stream",
        "filetype": name.rpartition(".")[2],
        "user": user,
        "size": 1024,
        "mode": "hosted",
    }
