"""The extractive writer: the documents' own words as sentences with citations."""

from dataclasses import replace

import pytest

from assistant.answer import Sentence
from assistant.proof import is_verbatim, supports, supports_together
from assistant.writer import Statement, compose, make_statements
from corpus.document import Kind, Passage, Unit
from corpus.loader import parse_document
from corpus.splitter import split

TABLE = "# Birds\n\n## Looks\n\n| Bird | Colour | Size |\n|---|---|---|\n| Crow | black | 47 cm |\n| Jay | | 34 cm |\n"
LIST = "# Birds\n\nThey eat:\n\n- **seeds**\n- worms\n"
STEPS = "To ring:\n\n1. Catch it:\n   ```\n   net --open\n     --wide\n   ```\n2. Ring it.\n"
PROSE = "# Birds\n\nCrows are *black*. Ravens are larger.\n"


def units(text: str, name: str = "birds.md") -> list[tuple[Passage, Unit]]:
    """All units of a document but the headers of its tables."""
    passages = split(parse_document(name, text))
    return [(p, unit) for p in passages for unit in p.units if unit.kind is not Kind.HEADER]


def written(text: str) -> tuple[str, tuple[Sentence, ...]]:
    composed = compose(make_statements(units(text)))
    return composed.text, tuple(composed.sentences)


def test_sentences_share_a_line_with_their_markers() -> None:
    text, sentences = written(PROSE)
    assert text == "Crows are black. [1] Ravens are larger. [2]"
    assert [sentence.citations for sentence in sentences] == [(1,), (2,)]


def test_items_get_lines_of_their_own_below_their_introduction() -> None:
    assert written(LIST)[0] == "They eat: [1]\n- seeds [2]\n- worms [3]"


def test_sentence_after_a_list_starts_a_line() -> None:
    seeds, worms = units("- seeds\n- worms\n")
    (crows, _) = units(PROSE)
    text = compose(make_statements([seeds, worms, crows])).text
    assert text == "- seeds [1]\n- worms [2]\nCrows are black. [3]"


def test_single_item_or_row_is_not_listed() -> None:
    for each, expected in (
        (units(LIST)[1], "seeds [1]"),
        (units(TABLE)[0], "Crow, Colour: black; Size: 47 cm [1] [2] [3]"),
    ):
        assert compose(make_statements([each])).text == expected


def test_row_is_its_label_and_its_cells_with_their_column_headings_without_empty_ones() -> None:
    assert written(TABLE)[0] == (
        "- Crow, Colour: black; Size: 47 cm [1] [2] [3]\n- Jay, Size: 34 cm [4] [3]"
    )


def test_row_without_column_headings_is_its_label_and_its_cells() -> None:
    passage, row = units(TABLE)[0]
    (statement,) = make_statements([(passage, replace(row, columns=()))])
    assert statement.text == "Crow: black; 47 cm"
    assert [citation.quote for citation in statement.citations] == ["Crow | black | 47 cm"]


def test_steps_keep_their_numbers_and_their_code_has_its_own_line() -> None:
    assert written(STEPS)[0] == (
        "To ring: [1]\n1. Catch it: [2]\nnet --open\n  --wide [3]\n2. Ring it. [4]"
    )


def test_code_is_not_changed_by_the_markup_inside() -> None:
    (code,) = make_statements(units("```\nls *.md **x** `y`\n```\n"))
    assert code.text == code.citations[0].quote == "ls *.md **x** `y`"


def test_row_with_one_filled_cell_is_that_cell() -> None:
    (row,) = units("| Bird | Colour |\n|---|---|\n| Crow | |\n")
    assert make_statements([row])[0].text == "Crow"


def test_offsets_of_sentences_match_the_text() -> None:
    for source in (PROSE, LIST, TABLE, STEPS):
        text, sentences = written(source)
        assert [text[s.start : s.end] for s in sentences] == [s.text for s in sentences]
        for s in sentences:
            markers = "".join(f" [{number}]" for number in s.citations)
            assert text.startswith(markers, s.end)


def test_offsets_count_characters_beyond_the_basic_plane() -> None:
    text, sentences = written("# Birds\n\nCrows 🐦 caw. Žluna 🪶 drums.\n")
    assert [text[s.start : s.end] for s in sentences] == ["Crows 🐦 caw.", "Žluna 🪶 drums."]


def test_markup_is_stripped_from_the_sentence_and_kept_in_the_quote() -> None:
    source = "# Birds\n\nCrows are **very** [black](https://example.org) and `loud`.\n"
    (statement,) = make_statements(units(source))
    assert statement.text == "Crows are very black and loud."
    (citation,) = statement.citations
    assert citation.quote == "Crows are **very** [black](https://example.org) and `loud`."


def test_markup_is_stripped_from_cells_and_the_quotes_are_the_whole_row_and_the_heading() -> None:
    (row,) = make_statements(units("| Bird | Colour |\n|---|---|\n| **Crow** | *black* |\n"))
    assert row.text == "Crow, Colour: black"
    assert [c.quote for c in row.citations] == ["**Crow** | *black*", "Colour"]


@pytest.mark.parametrize("source", [PROSE, LIST, TABLE, STEPS])
def test_every_statement_is_proved_by_parts_of_its_citations(source: str) -> None:
    for statement in make_statements(units(source)):
        assert all(is_verbatim(source, citation) for citation in statement.citations)
        assert statement.quotes() == [source[start:end] for start, end in statement.parts]
        assert supports(statement.text, statement.quotes())
        assert supports_together(statement.text, [c.quote for c in statement.citations])


def test_part_outside_the_cited_quotes_proves_nothing() -> None:
    for statement in make_statements(units(TABLE)):
        row_only = replace(statement, citations=statement.citations[:1])
        assert len(row_only.quotes()) < len(row_only.parts)
        assert not supports(row_only.text, row_only.quotes())


def test_citation_has_its_document_and_headings() -> None:
    crow = make_statements(units(TABLE))[0].citations[0]
    assert (crow.document, crow.title, crow.headings) == ("birds.md", "Birds", ("Looks",))
    assert crow.sha256 == parse_document("birds.md", TABLE).sha256
    (answer,) = make_statements(units("# Birds\n\n## Are crows black?\n\nMostly.\n"))
    assert answer.citations[0].headings == ("Are crows black?",)


def test_citations_are_numbered_in_order() -> None:
    first, second = units(PROSE)
    statements = make_statements([second, first])
    assert [c.number for s in statements for c in s.citations] == [1, 2]
    assert compose(statements).text == "Ravens are larger. [1] Crows are black. [2]"


def test_dropped_statement_keeps_the_other_numbers() -> None:
    _, second = make_statements(units(PROSE))
    composed = compose([second])
    text, sentences = composed.text, composed.sentences
    assert text == "Ravens are larger. [2]"
    assert sentences == [Sentence("Ravens are larger.", 0, 18, (2,))]


def test_no_statements_give_an_empty_text() -> None:
    nothing: list[Statement] = make_statements([])
    assert compose(nothing, continues=True).text == ""


def test_list_that_is_longer_says_so() -> None:
    statements = make_statements(units("They eat:\n\n- seeds\n- worms\n"))
    composed = compose(statements, continues=True)
    text, sentences = composed.text, composed.sentences
    assert text.endswith("- worms [3]\n- … (the list continues)")
    assert len(sentences) == 3


def test_decisive_sentence_among_others_is_marked_and_cited_first() -> None:
    both = units("# Birds\n\nRavens are larger. Crows caw.\n")
    statements = make_statements(both, both[1:])
    assert [each.number for each in compose(statements).citations] == [2, 1]
    assert [each.decisive for each in compose(statements).sentences] == [False, True]
    assert not make_statements(both[1:], both[1:])[0].decisive
