"""Reads the messages that the bot posts in Slack."""

from collections.abc import Iterator
from typing import Any


def from_bot(messages: list[Any]) -> list[Any]:
    return [message for message in messages if message.get("bot_id")]


def find(node: Any, kind: str) -> Iterator[dict[str, Any]]:
    """All blocks and elements of a type, in order."""
    if isinstance(node, dict):
        if node.get("type") == kind:
            yield node
        node = list(node.values())
    if isinstance(node, (list, tuple)):
        for value in node:
            yield from find(value, kind)


def text_of(node: Any) -> str:
    """The text of blocks, without separators."""
    if isinstance(node, dict):
        text = node.get("text")
        rest = [value for name, value in node.items() if name != "text"]
        return (text if isinstance(text, str) else text_of(text)) + text_of(rest)
    return "".join(map(text_of, node)) if isinstance(node, (list, tuple)) else ""
