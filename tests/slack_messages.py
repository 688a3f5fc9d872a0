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


def texts_of(node: Any) -> Iterator[str]:
    """The texts in blocks, in order."""
    if isinstance(node, dict):
        if isinstance(node.get("text"), str):
            yield node["text"]
        node = list(node.values())
    if isinstance(node, (list, tuple)):
        for value in node:
            yield from texts_of(value)


def text_of(node: Any) -> str:
    """The text of blocks, without separators."""
    return "".join(texts_of(node))
