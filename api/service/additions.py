"""Adds an accepted question with its answer to the documents, and a gold question that tests it.

The entry is written in the canonical Markdown of questions and answers, in which text is escaped:
it can be nothing but text.
"""

import json
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from api.errors import AdditionInvalid, CorpusUnwritable
from api.service.document_names import normalize_name
from api.service.uploads import Uploads
from corpus.document import Span
from corpus.errors import DocumentUnreadable
from corpus.files import write_atomically
from corpus.formats.writer import MarkdownWriter
from corpus.loader import load_document
from corpus.parsing import parse_document
from corpus.splitter import split

MAX_ANSWER_CHARS = 20_000
_TIMEOUT = 10.0  # seconds to wait for another process that adds an entry
_ANSWER_MARK = "\n\nA: "


@dataclass(frozen=True, slots=True)
class FaqEntry:
    """An entry in the documents: its answer is at `span` of the text of `document`."""

    document: str
    span: Span


class FaqAdditions:
    """Adds entries to documents of one corpus. Safe to use from several processes."""

    def __init__(self, corpus: Path, gold_file: Path, lock: Path) -> None:
        """`lock` is a file in a folder that exists and can be written."""
        self._corpus = corpus
        self._gold_file = gold_file
        self._lock = lock

    def add(self, name: str, question: str, answer: str, gold_id: str) -> FaqEntry:
        """Adds an entry at the end of the document `name`, which is created if there is none, and
        a gold question. Paragraphs of the answer are separated by empty lines. What is there
        already is not added again.

        Raises AdditionInvalid, UploadRefused and CorpusUnwritable.
        """
        path = normalize_name(name)
        if not path.endswith(".md"):
            raise AdditionInvalid(f"{name!r} is not a Markdown document: name one that ends in .md")
        try:
            with FileLock(self._lock, timeout=_TIMEOUT):
                text, entry = _with_entry(path, self._read(path), question, answer)
                Uploads(self._corpus).put(path, text.encode())
                self._add_gold(gold_id, question, answer, entry)
        except Timeout as error:
            raise AdditionInvalid("another process is adding an entry: try again") from error
        return entry

    def _read(self, path: str) -> str:
        """The text of the document, "" if there is none."""
        file = self._corpus / path
        if not file.exists():
            return ""
        try:
            return load_document(self._corpus, file).text
        except DocumentUnreadable as error:
            raise AdditionInvalid(f"{error}: name another document with --file") from error

    def _add_gold(self, gold_id: str, question: str, answer: str, entry: FaqEntry) -> None:
        row = {
            "id": gold_id,
            "question": question,
            "answers": [answer],
            "document": entry.document,
            "span": list(entry.span),
            "answerable": True,
            "kind": "accepted_gap",
        }
        line = json.dumps(row, ensure_ascii=False)
        try:
            self._gold_file.parent.mkdir(exist_ok=True)
            before = self._gold_file.read_bytes() if self._gold_file.exists() else b""
            lines = before.decode(errors="replace").split("\n")
            if line not in lines:
                separator = b"\n" if before and not before.endswith(b"\n") else b""
                content = before + separator + line.encode() + b"\n"
                write_atomically(self._gold_file, content, 0o644)
        except OSError as error:
            raise CorpusUnwritable(f"{self._gold_file} cannot be written ({error})") from error


def _with_entry(path: str, text: str, question: str, answer: str) -> tuple[str, FaqEntry]:
    """The text with the entry at its end, or unchanged if it has the entry, and where this is.
    Raises AdditionInvalid if the entry would not be read as a question with its answer."""
    writer = MarkdownWriter()
    writer.question(question)
    first, *more = [part for part in answer.split("\n\n") if part.strip()] or [""]
    writer.answer(first)
    for part in more:
        writer.paragraph(part)
    pair = writer.text().rstrip("\n")
    if _ANSWER_MARK not in pair or len(answer) > MAX_ANSWER_CHARS:
        raise AdditionInvalid(
            f"the answer is empty or has more than {MAX_ANSWER_CHARS:,} characters: write one or "
            "two paragraphs"
        )
    at = text.find(pair)
    if at < 0:
        before = text.rstrip()
        text = f"{before}\n\n{pair}\n" if before else f"{pair}\n"
        at = len(text) - len(pair) - 1
    span = at + pair.index(_ANSWER_MARK) + len(_ANSWER_MARK), at + len(pair)
    passages = split(parse_document(path, text))
    if not any(p.question and p.start <= span[0] < p.end for p in passages):
        raise AdditionInvalid(
            f"{path} would not be read as a question with its answer there: ask in the form of a "
            "question, close open blocks at the end of the document, or name another one"
        )
    return text, FaqEntry(path, span)
