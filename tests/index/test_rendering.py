"""Passages as plain text: what is repeated with every unit is short, however long it is."""

import pytest

from corpus.loader import parse_document
from corpus.splitter import split
from index.rendering import heading_text, passage_text, unit_in_context

LONG = "word " * 4_000
GLUED = LONG.replace(" ", "")
PARAGRAPHS = "It rains. It snows.\n\n" * 100
ROWS = "<tr><td>a<td>b\n" * 98
MAX_CONTEXT = 1_500  # characters, with several headings


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("title.md", f"# {LONG}\n\n{PARAGRAPHS}"),
        ("title.txt", f"{GLUED}\n\n{PARAGRAPHS}"),
        ("heading.md", f"# A\n\n## {LONG}\n\n{PARAGRAPHS}"),
        ("question.md", f"## {LONG}?\n\n{PARAGRAPHS}"),
        ("item.md", f"- {LONG}\n" + "  - a\n" * 100),
        ("column.md", f"| {LONG} | b |\n|---|---|\n" + "| a | b |\n" * 100),
        ("label.md", f"<table><tr><td rowspan=99>{LONG}<td>b\n{ROWS}</table>\n"),
        ("goes_on.md", f"| a | b |\n|---|---|\n| {LONG} | b |\n" + "| | b |\n" * 100),
        ("lead.md", f"{GLUED}:\n\n" + "- a\n" * 100),
    ],
)
def test_texts_of_the_units_grow_no_faster_than_the_document(name: str, text: str) -> None:
    texts = []
    for passage in split(parse_document(name, text)):
        texts += [passage_text(passage), heading_text(passage)]
        texts += [unit_in_context(passage, unit) for unit in passage.units]
    assert len(texts) > 50
    assert sum(map(len, texts)) < 3 * len(text) + MAX_CONTEXT * len(texts)
    assert sum(len(each) > MAX_CONTEXT for each in texts) < 10
