"""Slack's limits on messages, blocks and views, with the error codes that Slack answers.

Blocks are parsed with `slack_sdk.models`, whose validators enforce most limits of Block Kit. What
the models drop or change (unknown properties, empty texts and lists) is refused as well. The
checks below add what the models lack: "documented" limits are in docs.slack.dev/reference,
"observed" ones are in no document, but Slack enforces them.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from slack_sdk.errors import SlackObjectFormationError
from slack_sdk.models.blocks import Block, MarkdownBlock
from slack_sdk.models.views import View

from slack_stand_in.workspace import Json

MAX_BLOCKS = 50  # documented, of a message
MAX_TEXT = 40_000  # documented: chat.postMessage cuts a longer text off
MAX_UPDATE_BYTES = 4_000  # documented as characters; observed to be bytes of UTF-8
MAX_MARKDOWN = MarkdownBlock.text_max_length  # also of all markdown blocks together
# Observed: the limit of all text in the blocks of a message. A header counts 100 more.
MAX_BLOCKS_TEXT = 13_200
_HEADER_COST = 100
_MAX_TEXT_OBJECT = 3_000  # documented, of a text object anywhere
_MAX_FIELD = 2_000  # documented, of a section's field; assumed for the elements of a context
_MAX_METADATA_BYTES = 8_000  # documented as 8 kB
_MAX_PROMPTS = 4  # documented

_INLINE = {"text", "link", "emoji", "user", "channel", "usergroup", "broadcast", "date", "color"}
# Documented: which elements a block or an element contains. Slack allows more in `actions`.
_ELEMENTS = {
    "actions": {"button"},
    "context_actions": {"feedback_buttons", "icon_button"},
    "context": {"plain_text", "mrkdwn", "image"},
    "rich_text": {
        "rich_text_section", "rich_text_quote", "rich_text_preformatted", "rich_text_list"
    },
    "rich_text_section": _INLINE,
    "rich_text_quote": _INLINE,
    "rich_text_preformatted": {"text", "link"},
    "rich_text_list": {"rich_text_section"},
}  # fmt: skip
_PLAIN_TEXT_ONLY = ("header", "button", "icon_button")
_MESSAGES_ONLY = ("markdown", "context_actions")
_STYLES = {"bold", "italic", "strike", "code", "underline", "highlight", "client_highlight"}


class SlackError(Exception):
    """A refusal: Slack's error code, details for a person, and more fields of the answer."""

    def __init__(self, code: str, details: Sequence[str] = (), **fields: Any) -> None:
        super().__init__(code)
        self.code = code
        self.details = list(details)
        self.fields = fields

    def answer(self) -> Json:
        """The answer as Slack writes it."""
        answer: Json = {"ok": False, "error": self.code, **self.fields}
        if self.details:
            answer["errors"] = self.details
            messages = [f"[ERROR] {detail}" for detail in self.details]
            answer["response_metadata"] = {"messages": messages}
        return answer


def missing(*names: str) -> SlackError:
    """The error for required arguments that are absent."""
    return SlackError("invalid_arguments", [f"missing required field: {name}" for name in names])


# --- messages and views --------------------------------------------------------------------------


def check_message_blocks(blocks: Any) -> list[Json]:
    """Returns the blocks of a message. Raises SlackError if Slack would not show them."""
    problems = _problems(blocks, MAX_BLOCKS, in_message=True)
    if problems:
        raise SlackError("invalid_blocks", problems)
    checked: list[Json] = blocks
    if _text_length(checked) > MAX_BLOCKS_TEXT:
        raise SlackError("msg_blocks_too_long")
    return checked


def check_view(view: Any) -> Json:
    """Returns a home view. Raises SlackError if Slack would not show it."""
    if not isinstance(view, dict):
        raise missing("view")
    if view.get("type") != "home":
        raise SlackError("invalid_arguments", ["unsupported type [json-pointer:/view/type]"])
    problems = _problems(view.get("blocks"), View.blocks_max_length, in_message=False)
    if problems:
        raise SlackError("invalid_arguments", problems)
    return view


def check_markdown(text: str) -> str:
    """Returns the markdown_text of a call. Raises SlackError if it is too long."""
    if len(text) > MAX_MARKDOWN:
        raise SlackError("msg_too_long")
    return text


def check_update_text(text: str) -> str:
    """Returns the text of chat.update. Raises SlackError if it is too long."""
    if len(text.encode()) > MAX_UPDATE_BYTES:
        raise SlackError("msg_too_long")
    return text


def check_metadata(metadata: Any) -> Json:
    """Returns the metadata of a message. Raises SlackError if its form or size is wrong."""
    if not isinstance(metadata, dict):
        raise SlackError("invalid_metadata_format")
    kind, payload = metadata.get("event_type"), metadata.get("event_payload")
    if not isinstance(kind, str) or not kind or not isinstance(payload, dict):
        raise SlackError("invalid_metadata_format")
    if len(str(metadata).encode()) > _MAX_METADATA_BYTES:
        raise SlackError("metadata_too_large")
    return metadata


def check_chunks(chunks: Any) -> str:
    """Returns the joined text of a stream's chunks; only chunks of text are supported."""
    if not isinstance(chunks, list):
        raise SlackError("invalid_chunks")
    text = ""
    for chunk in chunks:
        is_text = isinstance(chunk, dict) and chunk.get("type") == "markdown_text"
        if not is_text or not isinstance(chunk.get("text"), str):
            raise SlackError("invalid_chunks")
        text += chunk["text"]
    return check_markdown(text)


def check_prompts(prompts: Any) -> list[Json]:
    """Returns suggested prompts. Raises SlackError if there are too many or one is incomplete."""
    if not isinstance(prompts, list) or not 1 <= len(prompts) <= _MAX_PROMPTS:
        raise SlackError("invalid_arguments", [f"between 1 and {_MAX_PROMPTS} prompts allowed"])
    for prompt in prompts:
        texts = prompt.values() if isinstance(prompt, dict) else ()
        is_complete = isinstance(prompt, dict) and set(prompt) == {"title", "message"}
        if not is_complete or not all(isinstance(text, str) and text for text in texts):
            raise SlackError("invalid_arguments", ["a prompt has a title and a message"])
    return prompts


# --- blocks --------------------------------------------------------------------------------------


def _problems(blocks: Any, maximum: int, *, in_message: bool) -> list[str]:
    if not isinstance(blocks, list) or not all(isinstance(block, dict) for block in blocks):
        return ["must provide an array of blocks [json-pointer:/blocks]"]
    if len(blocks) > maximum:
        return [f"no more than {maximum} items allowed [json-pointer:/blocks]"]
    problems = []
    for number, block in enumerate(blocks):
        found = [_model_problem(block)]
        if not found[0]:
            found = list(_unmodelled_problems(block))
            if not in_message and block["type"] in _MESSAGES_ONLY:
                found.append(f"unsupported type: {block['type']}")
        problems += [f"{problem} [json-pointer:/blocks/{number}]" for problem in found]
    if problems:
        return problems
    if sum(len(block["text"]) for block in blocks if block["type"] == "markdown") > MAX_MARKDOWN:
        problems.append(f"markdown blocks must be less than {MAX_MARKDOWN + 1} characters together")
    if _has_repeated(blocks, "block_id"):
        problems.append("block_id must be unique [json-pointer:/blocks]")
    return problems


def _model_problem(block: Json) -> str:
    """What slack_sdk's model finds wrong with a block, "" if nothing."""
    try:
        model = Block.parse(block)
        if model is None:
            return f"unsupported type: {block.get('type')}"
        if model.to_dict() != block:
            return "an unknown property or an empty value"
    except SlackObjectFormationError as error:
        return str(error)
    except (AttributeError, KeyError, TypeError, ValueError) as error:  # not of the model's form
        return f"invalid block: {error}"
    return ""


def _unmodelled_problems(node: Json) -> Iterator[str]:
    """What is wrong with a block or an element that slack_sdk's models accept."""
    kind, elements = node["type"], node.get("elements", [])
    if kind in _ELEMENTS and not elements:  # observed in rich text
        yield "no fewer than 1 items allowed"
    for element in elements:
        if element["type"] not in _ELEMENTS.get(kind, ()):
            yield f"unsupported type: {element['type']}"
        yield from _unmodelled_problems(element)
    if _has_repeated(elements, "action_id"):
        yield "action_id must be unique"
    if kind == "rich_text_list" and node.get("style") not in ("bullet", "ordered"):
        yield "style must be one of: bullet, ordered"
    if isinstance(node.get("style"), dict) and not node["style"].keys() <= _STYLES:
        yield f"invalid additional property in style: {', '.join(node['style'])}"
    if kind == "broadcast" and node.get("range") not in ("here", "channel", "everyone"):
        yield "range must be one of: here, channel, everyone"
    yield from _text_problems(node)


def _text_problems(node: Json) -> Iterator[str]:
    kind, text = node["type"], node.get("text")
    if isinstance(text, dict):
        if kind in _PLAIN_TEXT_ONLY and text["type"] != "plain_text":
            yield f"unsupported type: {text['type']}"
        if len(text["text"]) > _MAX_TEXT_OBJECT:
            yield f"text must be less than {_MAX_TEXT_OBJECT + 1} characters"
    short = node.get("fields", []) + (node["elements"] if kind == "context" else [])
    if any(len(each.get("text", "")) > _MAX_FIELD for each in short):
        yield f"text must be less than {_MAX_FIELD + 1} characters"


def _has_repeated(nodes: Sequence[Json], name: str) -> bool:
    ids = [node[name] for node in nodes if name in node]
    return len(set(ids)) < len(ids)


def _text_length(node: Any) -> int:
    """How many characters of text a node shows."""
    if isinstance(node, list):
        return sum(map(_text_length, node))
    if not isinstance(node, dict):
        return 0
    own = len(node["text"]) if isinstance(node.get("text"), str) else 0
    if node.get("type") == "header":
        own += _HEADER_COST
    return own + sum(map(_text_length, node.values()))
