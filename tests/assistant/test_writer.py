"""The extractive writer: the documents' own words as sentences with citations."""

import pytest

from assistant.answer import Sentence
from assistant.proof import is_verbatim, supports
from assistant.writer import compose, make_statements
from corpus.document import Kind, Passage, Unit
from corpus.loader import parse_document
from corpus.splitter import split

TABLE = "# Birds\n\n## Looks\n\n| Bird | Colour | Size |\n|---|---|---|\n| Crow | black | 47 cm |\n| Jay | | 34 cm |\n"
LIST = "# Birds\n\nThey eat:\n\n- **seeds**\n- worms\n"
PROSE = "# Birds\n\nCrows are *black*. Ravens are larger.\n"


def units(text: str) -> list[tuple[Passage, Unit]]:
    """All units of a document but the headers of its tables."""
    passages = split(parse_document("birds.md", text))
    return [(p, unit) for p in passages for unit in p.units if unit.kind is not Kind.HEADER]


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (PROSE, "Crows are black. [1] Ravens are larger. [2]"),
        (LIST, "They eat: [1]\n- seeds [2]\n- worms [3]"),
        (TABLE, "- Crow: black; 47 cm [1]\n- Jay: 34 cm [2]"),  # without empty cells
        ("- seeds\n", "seeds [1]"),
        ("| Bird | Colour |\n|---|---|\n| Crow | black |\n", "Crow: black [1]"),
        ("| Bird | Colour |\n|---|---|\n| Crow | |\n", "Crow [1]"),
        ("# Birds\n\nCrows 🐦 caw. Žluna 🪶 drums.\n", "Crows 🐦 caw. [1] Žluna 🪶 drums. [2]"),
        ("", ""),
    ],
)
def test_units_become_proved_sentences_with_markers_and_offsets(source: str, expected: str) -> None:
    statements = make_statements(units(source))
    text, sentences = compose(statements)
    assert text == expected
    assert [text[s.start : s.end] for s in sentences] == [s.text for s in sentences]
    assert [s.citations for s in sentences] == [(at + 1,) for at in range(len(sentences))]
    assert all(text[s.end :].startswith(f" [{s.citations[0]}]") for s in sentences)
    for statement in statements:
        assert is_verbatim(source, statement.citation)
        assert supports(statement.text, [statement.citation.quote])


def test_sentence_after_a_list_starts_a_line() -> None:
    seeds, worms = units("- seeds\n- worms\n")
    (crows, _) = units(PROSE)
    text, _ = compose(make_statements([seeds, worms, crows]))
    assert text == "- seeds [1]\n- worms [2]\nCrows are black. [3]"


@pytest.mark.parametrize(
    ("source", "text", "quote"),
    [
        (
            "Crows are **very** [black](https://example.org) and `loud`.\n",
            "Crows are very black and loud.",
            "Crows are **very** [black](https://example.org) and `loud`.",
        ),
        (
            "| Bird | Colour |\n|---|---|\n| **Crow** | *black* |\n",
            "Crow: black",
            "| **Crow** | *black* |",
        ),
    ],
)
def test_markup_is_stripped_from_the_sentence_and_kept_in_the_quote(
    source: str, text: str, quote: str
) -> None:
    (statement,) = make_statements(units(source))
    assert (statement.text, statement.citation.quote) == (text, quote)


def test_citation_has_its_document_and_headings() -> None:
    crow = make_statements(units(TABLE))[0].citation
    assert (crow.document, crow.title, crow.headings) == ("birds.md", "Birds", ("Looks",))
    assert crow.sha256 == parse_document("birds.md", TABLE).sha256
    (answer,) = make_statements(units("# Birds\n\n## Are crows black?\n\nMostly.\n"))
    assert answer.citation.headings == ("Are crows black?",)


def test_citations_are_numbered_in_order() -> None:
    first, second = units(PROSE)
    statements = make_statements([second, first])
    assert [s.citation.number for s in statements] == [1, 2]
    assert compose(statements)[0] == "Ravens are larger. [1] Crows are black. [2]"


def test_dropped_statement_keeps_the_other_numbers() -> None:
    _, second = make_statements(units(PROSE))
    text, sentences = compose([second])
    assert text == "Ravens are larger. [2]"
    assert sentences == (Sentence("Ravens are larger.", 0, 18, (2,)),)
