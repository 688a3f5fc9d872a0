"""What users do: write, edit, delete, run commands, press buttons, open the app."""

import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from slack_stand_in import payloads
from slack_stand_in.delivery import Delivery, Sender
from slack_stand_in.limits import SlackError
from slack_stand_in.messages import Messages
from slack_stand_in.response_urls import ResponseUrls
from slack_stand_in.workspace import BOT_USER, SLACK_BOT, Channel, Json, User, Workspace, is_reply


@dataclass
class Users:
    """Acts for the users. Channels and users are given by id or name.

    The channel "dm" is the user's direct message with the bot.
    """

    workspace: Workspace
    messages: Messages
    sender: Sender
    response_urls: ResponseUrls
    announce: Callable[[Json], None]
    address: str = ""  # base URL of the stand-in, ends with a slash

    def write(
        self,
        text: str,
        channel: str = "general",
        user: str = "ada",
        thread_ts: str = "",
        files: Sequence[str] = (),
    ) -> str:
        """Posts a message and returns its ts. The text is escaped, and has references as <@ID>."""
        place, author = self._place(channel, user)
        root = place.messages.get(thread_ts)
        if thread_ts and (root is None or is_reply(root)):
            raise SlackError("thread_not_found")
        if not text.strip() and not files:
            raise SlackError("no_text")
        blocks = [payloads.rich_text_of(text)] if text.strip() else []
        message = self.workspace.new_message(author.id, text, blocks, root)
        message["client_msg_id"] = str(uuid.uuid4())
        if files:
            named = [{"id": payloads.new_id("F"), "name": name, "title": name} for name in files]
            message |= {"files": named, "upload": False, "subtype": "file_share"}
        self.workspace.add(place, message)
        # One message, two events, each with its own id.
        if place.kind != "im" and payloads.mentions_bot(text):
            self.announce(payloads.mention_event(place, message))
        self.announce(payloads.message_event(place, message))
        return str(message["ts"])

    def edit(self, channel: str, ts: str, text: str) -> None:
        """The author of a message changes its text."""
        place = self.workspace.channels[channel]
        if place.messages[ts]["user"] in (BOT_USER, SLACK_BOT):
            raise SlackError("cant_update_message")
        changes = {"text": text, "blocks": [payloads.rich_text_of(text)]}
        self.messages.change(place, ts, changes)

    def delete(self, channel: str, ts: str) -> None:
        """A user deletes a message."""
        self.messages.remove(self.workspace.channels[channel], ts)

    async def command(
        self, command: str, text: str, channel: str = "general", user: str = "ada"
    ) -> Delivery:
        """Runs a slash command and shows the response to the user."""
        place, author = self._place(channel, user)
        url = self._response_url(place, author.id)
        fields = payloads.command(self.workspace, place, author.id, command, text, url)
        delivery = await self.sender.command(fields)
        if delivery.attempts and not delivery.was_accepted:
            reason = delivery.attempts[-1]["reason"]
            code = "operation_timeout" if "timeout" in reason else "dispatch_failed"
            failure = f"{command} failed with the error “{code}”"
            message = self.workspace.new_message(SLACK_BOT, failure, [], None)
            self.workspace.add_ephemeral(place, author.id, message)
        elif delivery.reply:
            self.response_urls.show(place, author.id, delivery.reply)
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
        """Presses a button of a message, or, without a ts, of the user's home view.

        `value` chooses one of a pair of feedback buttons.
        """
        now = self.workspace.next_ts()
        place, author = self._place(channel, user)
        ephemeral = self.workspace.ephemeral(ts)
        if ts:
            shown = ephemeral.message if ephemeral else place.messages.get(ts)
        else:
            shown = self.workspace.views.get(author.id)
        if shown is None or (ephemeral and ephemeral.user != author.id):
            raise SlackError("message_not_found" if ts else "view_not_found")
        action = payloads.action_of(shown.get("blocks", []), block_id, action_id, value, now)
        if action is None:
            raise SlackError("action_not_found")
        if not ts:
            payload = payloads.view_actions(self.workspace, author.id, shown, action)
            return await self.sender.action(payload)
        url = self._response_url(place, author.id, ts)
        payload = payloads.message_actions(
            self.workspace, place, author.id, shown, action, url, is_ephemeral=bool(ephemeral)
        )
        return await self.sender.action(payload)

    def open_home(self, user: str = "ada", tab: str = "home") -> None:
        """Opens the app at its "home" or "messages" tab."""
        if tab not in ("home", "messages"):
            raise SlackError("invalid_arguments", ["tab must be one of: home, messages"])
        place, person = self._place("dm", user)
        view, now = self.workspace.views.get(person.id), self.workspace.next_ts()
        self.announce(payloads.home_event(person.id, place, tab, view, now))

    def _place(self, channel: str, user: str) -> tuple[Channel, User]:
        person = self.workspace.user(user)
        if person is None or person.is_bot:
            raise SlackError("user_not_found")
        is_direct = channel == "dm"
        place = self.workspace.direct(person.id) if is_direct else self.workspace.channel(channel)
        if place is None:
            raise SlackError("channel_not_found")
        if person.id not in place.members:
            raise SlackError("user_not_in_channel")
        return place, person

    def _response_url(self, channel: Channel, user: str, ts: str = "") -> str:
        return f"{self.address}response/{self.response_urls.issue(channel, user, ts)}"
