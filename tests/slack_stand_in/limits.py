"""What Slack refuses for its size or its shape, with Slack's code for it.

"Documented" is what docs.slack.dev/reference says of the block, the element or the method. What is
not documented there is marked as observed: others have measured it against Slack.
"""

from collections.abc import Callable, Sequence
from typing import Any

from slack_stand_in.workspace import Json

# Documented: blocks of a message, and of a view.
MOST_BLOCKS = 50
MOST_VIEW_BLOCKS = 100
# Documented: chat.postMessage cuts a longer text off, and says so in a warning.
LONGEST_TEXT = 40_000
# Documented as 4,000 characters; observed to be counted in bytes of UTF-8.
LONGEST_UPDATE = 4_000
# Documented: the markdown_text of a call, and the markdown blocks of a message together.
LONGEST_MARKDOWN = 12_000
# Observed, and in no document: what is to be read in a message's blocks, all of it together. A
# header counts some hundred characters more than it has.
LONGEST_BLOCKS = 13_200
_HEADER_COSTS = 100
# Documented for a text object anywhere; many places allow less.
_LONGEST_OBJECT = 3_000
_LONGEST_ID = 255
_LONGEST_URL = 3_000
_LONGEST_BUTTON = 75
_LONGEST_VALUE = 2_000
_MOST_PROMPTS = 4
_MOST_LOADING = 10
_LONGEST_METADATA = 8_000  # documented as 8 kB


class Refused(Exception):
    """Slack says no: `error` is its code, `messages` what it tells beside it, `more` what else
    stands in the answer."""

    def __init__(self, error: str, messages: Sequence[str] = (), **more: Any) -> None:
        super().__init__(error)
        self.error = error
        self.messages = list(messages)
        self.more = more

    def answer(self) -> Json:
        """The answer as Slack writes it."""
        answer: Json = {"ok": False, "error": self.error, **self.more}
        if self.messages:
            answer["errors"] = self.messages
            told = [f"[ERROR] {message}" for message in self.messages]
            answer["response_metadata"] = {"messages": told}
        return answer


def missing(*names: str) -> Refused:
    """Arguments that a method needs are not there."""
    return Refused("invalid_arguments", [f"missing required field: {name}" for name in names])


# --- messages and views --------------------------------------------------------------------------


def check_message_blocks(blocks: Any) -> list[Json]:
    """The blocks of a message; refuses what Slack would not show."""
    return _expect_blocks(blocks, "message", MOST_BLOCKS)


def check_view(view: Any) -> Json:
    """A home view; refuses what Slack would not show."""
    if not isinstance(view, dict):
        raise missing("view")
    if view.get("type") != "home":
        raise Refused("invalid_arguments", ["unsupported type [json-pointer:/view/type]"])
    faults = _Faults("home")
    _check_blocks(view.get("blocks"), "/view/blocks", MOST_VIEW_BLOCKS, faults)
    if faults.told:
        raise Refused("invalid_arguments", faults.told)
    return view


def check_markdown(text: str) -> str:
    """The markdown_text of a call."""
    if len(text) > LONGEST_MARKDOWN:
        raise Refused("msg_too_long")
    return text


def check_update_text(text: str) -> str:
    """The text of chat.update, which is refused where that of chat.postMessage is cut off."""
    if len(text.encode()) > LONGEST_UPDATE:
        raise Refused("msg_too_long")
    return text


def expect_metadata(metadata: Any) -> Json:
    if not isinstance(metadata, dict):
        raise Refused("invalid_metadata_format")
    kind, payload = metadata.get("event_type"), metadata.get("event_payload")
    if not isinstance(kind, str) or not kind or not isinstance(payload, dict):
        raise Refused("invalid_metadata_format")
    if len(str(metadata).encode()) > _LONGEST_METADATA:
        raise Refused("metadata_too_large")
    return metadata


def expect_chunks(chunks: Any) -> str:
    """The text of a stream's chunks, one after the other."""
    if not isinstance(chunks, list) or not all(isinstance(chunk, dict) for chunk in chunks):
        raise Refused("invalid_chunks")
    text = ""
    for chunk in chunks:
        if chunk.get("type") == "markdown_text" and isinstance(chunk.get("text"), str):
            text += chunk["text"]
        elif chunk.get("type") not in ("task_update", "plan_update"):
            raise Refused("invalid_chunks")
    return check_markdown(text)


def check_prompts(prompts: Any) -> list[Json]:
    """The suggested prompts of a conversation: documented as four at most."""
    faults = _Faults("prompts")
    if not isinstance(prompts, list) or not prompts:
        raise missing("prompts")
    faults.count(prompts, "/prompts", _MOST_PROMPTS)
    for number, prompt in enumerate(prompts):
        at = f"/prompts/{number}"
        if isinstance(prompt, dict):
            faults.only(prompt, at, "title", "message")
            for name in ("title", "message"):
                faults.string(prompt, name, at)
        else:
            faults.add("must be an object", at)
    if faults.told:
        raise Refused("invalid_arguments", faults.told)
    return prompts


def expect_loading_messages(messages: Any) -> list[str]:
    if not isinstance(messages, list) or not all(isinstance(each, str) for each in messages):
        raise Refused(
            "invalid_arguments", ["must be a list of texts [json-pointer:/loading_messages]"]
        )
    if len(messages) > _MOST_LOADING:
        told = f"no more than {_MOST_LOADING} items allowed [json-pointer:/loading_messages]"
        raise Refused("invalid_arguments", [told])
    return messages


def _expect_blocks(blocks: Any, surface: str, most: int) -> list[Json]:
    faults = _Faults(surface)
    _check_blocks(blocks, "/blocks", most, faults)
    if faults.told:
        raise Refused("invalid_blocks", faults.told)
    kept: list[Json] = blocks
    if _told_length(kept) > LONGEST_BLOCKS:
        raise Refused("msg_blocks_too_long")
    return kept


def _told_length(node: Any) -> int:
    """Characters that are there to be read."""
    if isinstance(node, list):
        return sum(map(_told_length, node))
    if not isinstance(node, dict):
        return 0
    own = len(node["text"]) if isinstance(node.get("text"), str) else 0
    if node.get("type") == "header":
        own += _HEADER_COSTS
    return own + sum(map(_told_length, node.values()))


# --- how faults are told -------------------------------------------------------------------------


class _Faults:
    """Collects what is wrong, each with where, in the words that Slack has for it."""

    def __init__(self, surface: str) -> None:
        self.surface = surface
        self.told: list[str] = []

    def add(self, what: str, at: str) -> None:
        self.told.append(f"{what} [json-pointer:{at}]")

    def only(self, node: Json, at: str, *names: str) -> None:
        for name in node:
            if name not in names:
                self.add(f"invalid additional property: {name}", at)

    def count(self, items: Sequence[Any], at: str, most: int) -> None:
        if len(items) > most:
            self.add(f"no more than {most} items allowed", at)

    def string(
        self, node: Json, name: str, at: str, most: int | None = None, *, needed: bool = True
    ) -> None:
        if name not in node:
            if needed:
                self.add(f"missing required field: {name}", at)
            return
        self.length(node[name], f"{at}/{name}", most)

    def length(self, text: Any, at: str, most: int | None = None) -> None:
        if not isinstance(text, str):
            self.add("must provide a string", at)
        elif not text:
            self.add("must be more than 0 characters", at)
        elif most is not None and len(text) > most:
            self.add(f"must be less than {most + 1} characters", at)

    def items(self, node: Json, name: str, at: str, most: int | None = None) -> list[Any]:
        """The list of this name, which must be there and have something in it."""
        items = node.get(name)
        if not isinstance(items, list):
            self.add(f"missing required field: {name}", at)
            return []
        if not items:
            self.add("no fewer than 1 items allowed", f"{at}/{name}")
        if most is not None:
            self.count(items, f"{at}/{name}", most)
        return items

    def text(
        self,
        node: Json,
        name: str,
        at: str,
        most: int = _LONGEST_OBJECT,
        kinds: tuple[str, ...] = ("plain_text",),
    ) -> None:
        """A text object that must be there."""
        if name not in node:
            self.add(f"missing required field: {name}", at)
        else:
            self.text_object(node[name], f"{at}/{name}", most, kinds)

    def text_object(self, text: Any, at: str, most: int, kinds: tuple[str, ...]) -> None:
        if not isinstance(text, dict):
            self.add("must provide an object", at)
        elif text.get("type") not in kinds:
            self.add(f"unsupported type: {text.get('type')}", f"{at}/type")
        else:
            names = ("emoji",) if text["type"] == "plain_text" else ("verbatim",)
            self.only(text, at, "type", "text", *names)
            self.string(text, "text", at, most)


_Check = Callable[[Json, str, _Faults], None]
_ANY_TEXT = ("plain_text", "mrkdwn")


def _check_blocks(blocks: Any, at: str, most: int, faults: _Faults) -> None:
    if not isinstance(blocks, list):
        faults.add("must provide an array", at)
        return
    faults.count(blocks, at, most)
    ids = []
    markdown = 0
    for number, block in enumerate(blocks):
        here = f"{at}/{number}"
        _check_one(block, here, _BLOCKS, faults)
        if isinstance(block, dict):
            ids.append(block.get("block_id"))
            faults.string(block, "block_id", here, _LONGEST_ID, needed=False)
            if block.get("type") == "markdown" and isinstance(block.get("text"), str):
                markdown += len(block["text"])
    if markdown > LONGEST_MARKDOWN:
        faults.add(f"markdown blocks must be less than {LONGEST_MARKDOWN + 1} characters", at)
    given = [each for each in ids if each is not None]
    if len(set(map(str, given))) < len(given):
        faults.add("block_id must be unique", at)


def _check_one(node: Any, at: str, known: dict[str, _Check], faults: _Faults) -> None:
    kind = node.get("type") if isinstance(node, dict) else None
    check = known.get(str(kind))
    if check is None:
        faults.add(f"unsupported type: {kind}", f"{at}/type")
    else:
        check(node, at, faults)


# --- blocks --------------------------------------------------------------------------------------


def _section(block: Json, at: str, faults: _Faults) -> None:
    faults.only(block, at, "type", "block_id", "text", "fields", "accessory", "expand")
    if "text" in block:
        faults.text(block, "text", at, 3_000, _ANY_TEXT)
    elif "fields" not in block:
        faults.add("missing required field: text", at)
    if "fields" in block:
        for number, field in enumerate(faults.items(block, "fields", at, 10)):
            faults.text_object(field, f"{at}/fields/{number}", 2_000, _ANY_TEXT)
    if "accessory" in block:
        _check_one(block["accessory"], f"{at}/accessory", _ACCESSORIES, faults)


def _divider(block: Json, at: str, faults: _Faults) -> None:
    faults.only(block, at, "type", "block_id")


def _header(block: Json, at: str, faults: _Faults) -> None:
    faults.only(block, at, "type", "block_id", "text", "level")
    faults.text(block, "text", at, 150)


def _context(block: Json, at: str, faults: _Faults) -> None:
    faults.only(block, at, "type", "block_id", "elements")
    for number, element in enumerate(faults.items(block, "elements", at, 10)):
        here = f"{at}/elements/{number}"
        if isinstance(element, dict) and element.get("type") == "image":
            _image_element(element, here, faults)
        else:
            # Documented is only what holds for every text object; 2,000 is the limit of the
            # nearest relative, a section's field, and safe under either.
            faults.text_object(element, here, 2_000, _ANY_TEXT)


def _markdown(block: Json, at: str, faults: _Faults) -> None:
    faults.only(block, at, "type", "block_id", "text")
    faults.string(block, "text", at, LONGEST_MARKDOWN)
    if faults.surface != "message":  # documented: in messages only
        faults.add("unsupported type: markdown", f"{at}/type")


def _image(block: Json, at: str, faults: _Faults) -> None:
    faults.only(block, at, "type", "block_id", "image_url", "alt_text", "title", "slack_file")
    _image_fields(block, at, faults)
    if "title" in block:
        faults.text(block, "title", at, 2_000)


def _actions(block: Json, at: str, faults: _Faults) -> None:
    faults.only(block, at, "type", "block_id", "elements")
    elements = faults.items(block, "elements", at, 25)
    for number, element in enumerate(elements):
        _check_one(element, f"{at}/elements/{number}", {"button": _button}, faults)
    _expect_unlike(elements, at, faults)


def _context_actions(block: Json, at: str, faults: _Faults) -> None:
    faults.only(block, at, "type", "block_id", "elements")
    elements = faults.items(block, "elements", at, 5)
    known: dict[str, _Check] = {
        "feedback_buttons": _feedback_buttons,
        "icon_button": _icon_button,
    }
    for number, element in enumerate(elements):
        _check_one(element, f"{at}/elements/{number}", known, faults)
    _expect_unlike(elements, at, faults)
    if faults.surface != "message":  # documented: in messages only
        faults.add("unsupported type: context_actions", f"{at}/type")


def _rich_text(block: Json, at: str, faults: _Faults) -> None:
    faults.only(block, at, "type", "block_id", "elements")
    for number, element in enumerate(faults.items(block, "elements", at)):
        _check_one(element, f"{at}/elements/{number}", _RICH, faults)


def _expect_unlike(elements: Sequence[Any], at: str, faults: _Faults) -> None:
    ids = [element.get("action_id") for element in elements if isinstance(element, dict)]
    given = [each for each in ids if each is not None]
    if len(set(map(str, given))) < len(given):
        faults.add("action_id must be unique", f"{at}/elements")


# --- elements ------------------------------------------------------------------------------------


def _button(element: Json, at: str, faults: _Faults) -> None:
    names = ("text", "action_id", "url", "value", "style", "confirm", "accessibility_label")
    faults.only(element, at, "type", *names)
    faults.text(element, "text", at, _LONGEST_BUTTON)
    faults.string(element, "action_id", at, _LONGEST_ID, needed=False)
    faults.string(element, "value", at, _LONGEST_VALUE, needed=False)
    faults.string(element, "url", at, _LONGEST_URL, needed=False)
    faults.string(element, "accessibility_label", at, _LONGEST_BUTTON, needed=False)
    if element.get("style", "primary") not in ("primary", "danger"):
        faults.add("must be one of: primary, danger", f"{at}/style")


def _feedback_buttons(element: Json, at: str, faults: _Faults) -> None:
    faults.only(element, at, "type", "action_id", "positive_button", "negative_button")
    faults.string(element, "action_id", at, _LONGEST_ID, needed=False)
    for name in ("positive_button", "negative_button"):
        button, here = element.get(name), f"{at}/{name}"
        if not isinstance(button, dict):
            faults.add(f"missing required field: {name}", at)
            continue
        faults.only(button, here, "text", "value", "accessibility_label")
        faults.text(button, "text", here, _LONGEST_BUTTON)
        faults.string(button, "value", here, _LONGEST_VALUE)
        faults.string(button, "accessibility_label", here, _LONGEST_BUTTON, needed=False)


def _icon_button(element: Json, at: str, faults: _Faults) -> None:
    names = ("icon", "text", "action_id", "value", "confirm", "accessibility_label")
    faults.only(element, at, "type", "visible_to_user_ids", *names)
    if element.get("icon") != "trash":  # documented as the only one yet
        faults.add("must be one of: trash", f"{at}/icon")
    faults.text(element, "text", at, _LONGEST_BUTTON)
    faults.string(element, "action_id", at, _LONGEST_ID, needed=False)
    faults.string(element, "value", at, _LONGEST_VALUE, needed=False)


def _image_element(element: Json, at: str, faults: _Faults) -> None:
    faults.only(element, at, "type", "image_url", "alt_text", "slack_file")
    _image_fields(element, at, faults)


def _image_fields(node: Json, at: str, faults: _Faults) -> None:
    faults.string(node, "alt_text", at, 2_000)
    faults.string(node, "image_url", at, _LONGEST_URL, needed="slack_file" not in node)


# --- rich text -----------------------------------------------------------------------------------


def _rich_section(element: Json, at: str, faults: _Faults) -> None:
    faults.only(element, at, "type", "elements")
    _rich_parts(element, at, _PARTS, faults)


def _rich_quote(element: Json, at: str, faults: _Faults) -> None:
    faults.only(element, at, "type", "elements", "border")
    _rich_parts(element, at, _PARTS, faults)


def _rich_preformatted(element: Json, at: str, faults: _Faults) -> None:
    faults.only(element, at, "type", "elements", "border", "language")
    _rich_parts(element, at, {"text": _part_text, "link": _part_link}, faults)


def _rich_list(element: Json, at: str, faults: _Faults) -> None:
    faults.only(element, at, "type", "style", "elements", "indent", "offset", "border")
    if element.get("style") not in ("bullet", "ordered"):
        faults.add("must be one of: bullet, ordered", f"{at}/style")
    _rich_parts(element, at, {"rich_text_section": _rich_section}, faults)


def _rich_parts(element: Json, at: str, known: dict[str, _Check], faults: _Faults) -> None:
    # Observed: an empty list is refused as an empty text is.
    for number, part in enumerate(faults.items(element, "elements", at)):
        _check_one(part, f"{at}/elements/{number}", known, faults)


def _part(needed: str, *names: str) -> _Check:
    """A part of rich text, by what it needs and what else it may have."""

    def check(part: Json, at: str, faults: _Faults) -> None:
        faults.only(part, at, "type", "style", needed, *names)
        faults.string(part, needed, at)
        _style(part, at, faults)

    return check


def _part_text(part: Json, at: str, faults: _Faults) -> None:
    _part("text")(part, at, faults)


def _part_link(part: Json, at: str, faults: _Faults) -> None:
    _part("url", "text", "unsafe")(part, at, faults)
    faults.string(part, "text", at, needed=False)


def _part_broadcast(part: Json, at: str, faults: _Faults) -> None:
    _part("range")(part, at, faults)
    if part.get("range") not in ("here", "channel", "everyone"):
        faults.add("must be one of: here, channel, everyone", f"{at}/range")


def _part_date(part: Json, at: str, faults: _Faults) -> None:
    faults.only(part, at, "type", "timestamp", "format", "url", "fallback", "style")
    faults.string(part, "format", at)
    if not isinstance(part.get("timestamp"), int):
        faults.add("must provide a number", f"{at}/timestamp")


def _style(part: Json, at: str, faults: _Faults) -> None:
    style = part.get("style", {})
    if not isinstance(style, dict):
        faults.add("must provide an object", f"{at}/style")
        return
    marks = ("bold", "italic", "strike", "code", "underline", "highlight", "client_highlight")
    faults.only(style, f"{at}/style", *marks, "unlink")
    for name, value in style.items():
        if not isinstance(value, bool):
            faults.add("must provide a boolean", f"{at}/style/{name}")


_ACCESSORIES: dict[str, _Check] = {"button": _button, "image": _image_element}
_BLOCKS: dict[str, _Check] = {
    "section": _section,
    "divider": _divider,
    "header": _header,
    "context": _context,
    "markdown": _markdown,
    "image": _image,
    "actions": _actions,
    "context_actions": _context_actions,
    "rich_text": _rich_text,
}
_RICH: dict[str, _Check] = {
    "rich_text_section": _rich_section,
    "rich_text_quote": _rich_quote,
    "rich_text_preformatted": _rich_preformatted,
    "rich_text_list": _rich_list,
}
_PARTS: dict[str, _Check] = {
    "text": _part_text,
    "link": _part_link,
    "emoji": _part("name", "unicode", "skin_tone"),
    "user": _part("user_id"),
    "channel": _part("channel_id"),
    "usergroup": _part("usergroup_id"),
    "team": _part("team_id"),
    "color": _part("value"),
    "broadcast": _part_broadcast,
    "date": _part_date,
}
