"""Loads Jupyter notebooks, formats 3 and 4: the text of the cells and their code, never run.

Markdown cells are read as Markdown, code cells are code; the magics `%%markdown` and `%%html`, and
the format of a raw cell, say what a cell is written in. Outputs, which repeat or depend on a run,
and attachments are left out and counted. Places are "cell 4".
"""

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from corpus.formats.encodings import decode_text
from corpus.formats.extracted import Extracted, NotExtracted, counted
from corpus.formats.prose import Prose
from corpus.formats.writer import MarkdownWriter
from corpus.metadata import Metadata

_MAX_CELLS = 10_000
_MAGIC = re.compile(r"\s*%%(markdown|html)\b[^\n]*\n", re.IGNORECASE)


def load(raw: bytes) -> Iterator[Extracted]:
    """Yields the document of a notebook."""
    try:
        book = json.loads(decode_text(raw))
    except RecursionError as error:
        raise NotExtracted("is nested too deeply") from error
    except ValueError as error:
        raise NotExtracted(f"is no notebook ({error})") from error
    cells = _cells(book)
    if not cells:
        raise NotExtracted("contains no cells")
    metadata = book.get("metadata")
    title = metadata.get("title") if isinstance(metadata, dict) else ""
    writer = MarkdownWriter(Metadata(title=title if isinstance(title, str) else ""))
    left_out: Counter[str] = Counter()
    for number, cell in enumerate(cells[:_MAX_CELLS], 1):
        writer.place(f"cell {number}")
        _write(writer, cell, left_out)
    left_out["cell"] = len(cells[_MAX_CELLS:])
    if not writer.has_words:
        raise NotExtracted("contains no text")
    notes = tuple(counted(count, what) for what, count in left_out.items() if count)
    yield Extracted(writer.text(), notes)


def _cells(book: Any) -> list[Mapping[str, Any]]:
    """The cells of a notebook; none if the value is something else."""
    if not isinstance(book, dict):
        return []
    sheets = book.get("worksheets")
    parts = sheets if isinstance(sheets, list) else [book]
    found = [part.get("cells") for part in parts if isinstance(part, dict)]
    lists = [cells for cells in found if isinstance(cells, list)]
    return [cell for cells in lists for cell in cells if isinstance(cell, dict)]


def _write(writer: MarkdownWriter, cell: Mapping[str, Any], left_out: Counter[str]) -> None:
    source = _text(cell.get("source", cell.get("input", "")))
    outputs = cell.get("outputs")
    left_out["output"] += len(outputs) if isinstance(outputs, list) else 0
    left_out["attachment"] += bool(cell.get("attachments"))
    match cell.get("cell_type"):
        case "markdown" | "html":
            Prose(writer, level=1).markdown(source)
        case "heading":
            level = cell.get("level")
            writer.heading(level if isinstance(level, int) else 1, source)
        case "code":
            magic = _MAGIC.match(source)
            if not magic:
                writer.code(source)
            else:
                _write_text(writer, source[magic.end() :], magic[1].lower())
        case _:
            left_out["raw cell"] += not _write_text(writer, source, _raw_format(cell))


def _write_text(writer: MarkdownWriter, source: str, language: str) -> bool:
    """Writes Markdown or HTML. Returns False if the text is in neither."""
    if language == "markdown":
        Prose(writer, level=1).markdown(source)
    elif language == "html":
        Prose(writer).html(source)
    return language in ("markdown", "html") or not source


def _raw_format(cell: Mapping[str, Any]) -> str:
    """What a raw cell is written in: "markdown" for the type "text/markdown"."""
    metadata = cell.get("metadata")
    facts = metadata if isinstance(metadata, dict) else {}
    return str(facts.get("raw_mimetype") or facts.get("format") or "").removeprefix("text/")


def _text(source: Any) -> str:
    """The source of a cell, which may be stored line by line."""
    parts = source if isinstance(source, list) else [source]
    return "".join(part for part in parts if isinstance(part, str))
