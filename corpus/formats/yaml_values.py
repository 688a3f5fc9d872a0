"""Builds the values of YAML from its events: texts, lists and mappings, and nothing else.

PyYAML's own composer is recursive, in C: a file of a hundred thousand dashes ends the process.
"""

from dataclasses import dataclass, field
from typing import Any

import yaml

from corpus.formats.extracted import NotExtracted

MAX_DEPTH = 40


@dataclass
class _Open:
    """A list or a mapping whose end is not reached; `keys` are those whose values are awaited."""

    value: list[Any] | dict[str, Any]
    keys: list[str] = field(default_factory=list)


def yaml_values(text: str) -> list[Any]:
    """Returns the value of each document in the text. A value that an alias stands for is the same
    object. Raises NotExtracted if values are nested too deep, and yaml.YAMLError."""
    documents: list[Any] = []
    anchors: dict[str, Any] = {}
    stack: list[_Open] = []
    for event in yaml.parse(text, Loader=yaml.CBaseLoader):
        if isinstance(event, yaml.CollectionEndEvent):
            stack.pop()
            continue
        if isinstance(event, yaml.DocumentStartEvent):
            anchors = {}
        if not isinstance(event, yaml.NodeEvent):
            continue
        value = _value(event, anchors)
        if stack:
            _add(stack[-1], value)
        else:
            documents.append(value)
        if isinstance(event, yaml.CollectionStartEvent):
            stack.append(_Open(value))
            if len(stack) > MAX_DEPTH:
                raise NotExtracted(f"is nested more than {MAX_DEPTH} levels deep")
    return documents


def _value(event: yaml.NodeEvent, anchors: dict[str, Any]) -> Any:
    if isinstance(event, yaml.AliasEvent):
        return anchors.get(event.anchor, "")
    value: Any = [] if isinstance(event, yaml.SequenceStartEvent) else {}
    if isinstance(event, yaml.ScalarEvent):
        value = event.value
    if event.anchor:
        anchors[event.anchor] = value
    return value


def _add(opened: _Open, value: Any) -> None:
    """Adds a value to what is open. In a mapping keys and values take turns; a key that is no text
    counts as an empty one."""
    if isinstance(opened.value, list):
        opened.value.append(value)
    elif opened.keys:
        opened.value[opened.keys.pop()] = value
    else:
        opened.keys.append(value if isinstance(value, str) else "")
