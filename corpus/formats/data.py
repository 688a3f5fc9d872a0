"""Loads JSON, JSON Lines and YAML: FAQs, articles of help centres, and other data.

Records with a question and an answer become entries, as in a sheet; a mapping whose keys ask maps
questions to answers. `FAQPage` of schema.org, lists of intents with patterns and responses, and
messages of a user and an assistant are read as such. Articles become documents of their own, see
`corpus.formats.articles`. Of other data, mappings are sections with a heading for each key, lists
of flat records are tables, and lists of texts are lists. Places are "entry 4", from 1 on.

YAML values are texts as they are written: "no" is no truth value, and 1.10 is not 1.1. Tags are
ignored; an alias counts as often as it is used, and a limit ends what aliases multiply.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import yaml

from corpus.formats.articles import articles_in
from corpus.formats.columns import name_first
from corpus.formats.encodings import decode_text
from corpus.formats.extracted import Extracted, NotExtracted
from corpus.formats.prose import Prose
from corpus.formats.records import (
    Record,
    RecordWriter,
    Role,
    as_title,
    omitted,
    records_of,
    roles_of,
    text_of,
)
from corpus.formats.writer import MarkdownWriter
from corpus.formats.yaml_values import MAX_DEPTH, yaml_values

_MAX_VALUES = 300_000  # of a file, aliases counted as often as they are used
_MIN_ASKING = 0.6  # share of the keys that ask, in a mapping of questions to answers
_MAX_SHORT = 200  # characters of a value that stands in a list or a table
_TITLES = ("title", "name", "heading", "label", "id", "key")


def load(raw: bytes) -> Iterator[Extracted]:
    """Yields the documents of a file of data."""
    value = parse(decode_text(raw))
    _check_size(value)
    articles, left_out = articles_in(value)
    if articles:
        for article in articles:
            member = article.member if len(articles) > 1 else ""
            yield Extracted(article.text(), member=member)
        if left_out:
            yield Extracted("", left_out)
        return
    writer = MarkdownWriter()
    data = _Data(writer)
    data.write(value, 2)
    if not writer.text():
        raise NotExtracted("contains no text")
    yield Extracted(writer.text(), tuple(dict.fromkeys(data.left_out())))


def parse(text: str) -> Any:
    """Returns the value of JSON or YAML; a list of the values of JSON Lines or several documents.

    Raises NotExtracted."""
    start = text.lstrip()[:1]
    try:
        if start in ("{", "["):
            return _json(text)
        documents = [each for each in yaml_values(text) if each]
    except RecursionError as error:
        raise NotExtracted("is nested too deeply") from error
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f", line {mark.line + 1}" if mark else ""
        problem = getattr(error, "problem", None) or "not YAML"
        raise NotExtracted(f"cannot be read as YAML ({problem}{where})") from error
    value = documents[0] if len(documents) == 1 else documents
    if not isinstance(value, (dict, list)):
        raise NotExtracted("contains neither a mapping nor a list")
    return value


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        lines = [line for line in text.splitlines() if line.strip()]
        try:
            return [json.loads(line) for line in lines]
        except ValueError:
            pass
        try:  # JSON with comments or without quotation marks is often YAML
            [value] = yaml_values(text)
        except (yaml.YAMLError, ValueError):
            raise NotExtracted(f"cannot be read as JSON ({error})") from error
        if isinstance(value, (dict, list)):
            return value
        raise NotExtracted(f"cannot be read as JSON ({error})") from error


def _check_size(value: Any) -> None:
    """Raises NotExtracted if the value has too many values in it, or too deep ones."""
    count = 0
    waiting = [(value, 1)]
    while waiting:
        each, depth = waiting.pop()
        count += 1
        if depth > MAX_DEPTH:
            raise NotExtracted(f"is nested more than {MAX_DEPTH} levels deep")
        if count > _MAX_VALUES:
            raise NotExtracted(f"contains more than {_MAX_VALUES:,} values")
        inside = each.values() if isinstance(each, dict) else each
        if isinstance(each, (dict, list)):
            waiting.extend((inner, depth + 1) for inner in inside)


class _Data:
    """Writes the values of one file. `level` is that of the headings inside a value."""

    def __init__(self, writer: MarkdownWriter) -> None:
        self._writer = writer
        self._records = RecordWriter(writer)
        self._omitted: list[str] = []
        self._entry = 0

    def left_out(self) -> Iterator[str]:
        yield from self._records.left_out()
        yield from self._omitted

    def write(self, value: Any, level: int) -> None:
        """Writes a value of any kind."""
        if isinstance(value, Mapping):
            self._mapping(value, level)
        elif isinstance(value, list):
            self._list(value, level)
        elif text := text_of(value):
            Prose(self._writer, level=level).field(text)

    def _mapping(self, value: Mapping[str, Any], level: int) -> None:
        if self._record(value):
            return
        if _asks(value):
            for question, answer in value.items():
                self._entry += 1
                record = Record([str(question)], _texts(answer))
                self._records.write(record, f"entry {self._entry}")
            return
        short = {key: each for key, each in value.items() if _is_short(each)}
        for key, each in short.items():
            if not str(key).startswith(("@", "$")):
                self._writer.item(f"{as_title(str(key))}: {text_of(each)}")
        for key, each in value.items():
            if key not in short and (text_of(each) or isinstance(each, (dict, list))):
                self._section(str(key), each, level)

    def _section(self, key: str, value: Any, level: int) -> None:
        if isinstance(value, (dict, list)) and not value:
            return
        self._writer.heading(level, as_title(key))
        self.write(value, level + 1)

    def _list(self, values: Sequence[Any], level: int) -> None:
        if _is_talk(values):
            self._talk(values)
            return
        records = [each for each in values if isinstance(each, Mapping)]
        if _is_table(records) and len(records) == len(values):
            names = list(dict.fromkeys(key for each in records for key in each))
            rows = [[text_of(each.get(name)) for name in names] for each in records]
            shown = name_first(list(range(len(names))), names, rows)
            header = [as_title(names[n]) for n in shown]
            self._writer.table([header, *([row[n] for n in shown] for row in rows)])
            return
        for each in values:
            if isinstance(each, Mapping) and not self._record(each):
                title = next((name for name in _TITLES if _is_short(each.get(name))), "")
                if title:
                    self._writer.heading(level, text_of(each[title]))
                rest = {key: inner for key, inner in each.items() if key != title}
                self.write(rest, level + 1 if title else level)
            elif isinstance(each, list):
                self._list(each, level)
            elif _is_short(each):
                self._writer.item(text_of(each))
            elif not isinstance(each, Mapping):
                Prose(self._writer, level=level).field(text_of(each))

    def _record(self, value: Mapping[str, Any]) -> bool:
        """Writes the mapping if it is a record of a question and an answer."""
        names = [str(name) for name in value]
        roles = roles_of(names)
        if not roles:
            return False
        texts = [
            "\n".join(_texts(each)) if role is not Role.OTHER or not isinstance(each, dict) else ""
            for role, each in zip(roles, value.values(), strict=True)
        ]
        records = records_of(names, roles, texts)
        if not any(each.wordings or each.answers for each in records):
            return False
        self._entry += 1
        for record in records:
            self._records.write(record, f"entry {self._entry}")
        self._omitted.extend(omitted(names, roles))
        return True

    def _talk(self, messages: Sequence[Mapping[str, Any]]) -> None:
        """Writes messages: what the assistant says answers what the user said before it."""
        asked = ""
        for message in messages:
            said = text_of(message.get("content", message.get("value")))
            if _speaker(message) in ("user", "human"):
                asked = said
            elif _speaker(message) in ("assistant", "gpt", "bot") and asked:
                self._entry += 1
                self._records.write(Record([asked], [said]), f"entry {self._entry}")
                asked = ""


def _speaker(message: Mapping[str, Any]) -> str:
    return str(message.get("role", message.get("from", ""))).lower()


def _is_talk(values: Sequence[Any]) -> bool:
    return bool(values) and all(isinstance(each, dict) and _speaker(each) for each in values)


def _is_short(value: Any) -> bool:
    text = text_of(value) if not isinstance(value, (dict, list)) else ""
    return 0 < len(text) <= _MAX_SHORT and "\n" not in text.strip()


def _is_table(records: Sequence[Mapping[str, Any]]) -> bool:
    """Whether the records are flat and have the same keys, or nearly."""
    if len(records) < 2 or any(roles_of([str(key) for key in each]) for each in records):
        return False
    names = {key for each in records for key in each}
    filled = sum(len(each) for each in records)
    return filled * 2 >= len(names) * len(records) and all(
        _is_short(value) or value in (None, "") for each in records for value in each.values()
    )


def _asks(value: Mapping[str, Any]) -> bool:
    """Whether the mapping maps questions to answers."""
    asking = sum(str(key).rstrip().endswith("?") for key in value)
    return asking > 0 and asking >= _MIN_ASKING * len(value)


def _texts(value: Any) -> list[str]:
    """The texts of a value that is one text or several."""
    if isinstance(value, list):
        return [text for each in value for text in _texts(each)]
    return [text] if (text := text_of(value)) else []
