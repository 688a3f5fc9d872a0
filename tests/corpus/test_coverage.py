"""Of real folders of Markdown, 97 % of the letters that are text lie in some passage."""

import re
from pathlib import Path

import pytest

from corpus.document import Document
from corpus.loader import load_corpus
from corpus.splitter import split

FOLDERS = Path(__file__).resolve().parents[3] / "shared" / "eval" / "folders"
# What is no text: link definitions, tags, marks of fences and directives, imports.
NO_TEXT = re.compile(
    r"^ {0,3}\[[^\[\]]+\]:[ \t]*\S.*$|</?[A-Za-z!][^<>]*>|^[ \t]*(?:`{3,}|~{3,}|:{3,}|!!!|\?\?\?|===).*$"
    r"|^(?:import|export) .*$|\{%.*?%\}",
    re.MULTILINE,
)


def letters(document: Document) -> tuple[int, int]:
    """How many letters and digits lie in passages, and how many are text."""
    text = document.text
    passages = split(document)
    inside = bytearray(len(text))
    for passage in passages:
        inside[passage.start : passage.end] = b"\1" * (passage.end - passage.start)
    outside = [(block.start, block.end) for block in document.boilerplate()]
    outside += [found.span() for found in NO_TEXT.finditer(text)]
    is_text = bytearray(b"\1" * len(text))
    for start, end in outside:
        is_text[start:end] = bytes(end - start)
    found = [
        bool(inside[at])
        for at, each in enumerate(text)
        if each.isalnum() and (is_text[at] or inside[at])
    ]
    return sum(found), len(found)


@pytest.mark.skipif(not FOLDERS.is_dir(), reason="needs the evaluation folders")
@pytest.mark.parametrize(
    "folder", sorted(FOLDERS.glob("*/documents")), ids=lambda path: path.parent.name
)
def test_letters_of_a_folder_lie_in_passages(folder: Path) -> None:
    counts = [letters(document) for document in load_corpus(folder).documents]
    covered, total = (sum(each) for each in zip(*counts, strict=True))
    assert covered >= 0.97 * total
