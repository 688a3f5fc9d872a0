import sqlite3
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus.document import Passage
from corpus.loader import parse_document
from corpus.splitter import split
from index.errors import IndexDamaged
from index.passages import IndexedPassage, PassageStore, write_passages
from index.terms import content_words

GUIDE = """# Garden guide

## What is a perennial?

A perennial plant lives for more than two years.

## Watering

Gardeners watered their roses with café leftovers in the evening.

## Tools

| Tool | Use |
|------|-----|
| Spade | digging |
| Rake | combing leaves |

## Quotes

He said "water OR roses" and meant NOT both.
"""

Made = Callable[..., PassageStore]


@pytest.fixture
def made(tmp_path: Path) -> Made:
    def make(*texts: str) -> PassageStore:
        path = tmp_path / "passages.sqlite"
        path.unlink(missing_ok=True)
        write_passages(path, entries(*texts), [bytes([row]) * 32 for row in range(3)])
        return PassageStore.open(path)

    return make


def entries(*texts: str, name: str = "guide.md") -> list[IndexedPassage]:
    documents = [parse_document(f"{number}-{name}", text) for number, text in enumerate(texts)]
    passages = [passage for document in documents for passage in split(document)]
    return [IndexedPassage(n, p, n, n, tuple(range(len(p.units)))) for n, p in enumerate(passages)]


def rows_of(written: list[IndexedPassage]) -> set[int]:
    return {row for e in written for row in (e.row, e.heading_row, *e.unit_rows)}


def found(words: PassageStore, question: str) -> list[Passage]:
    hits = words.search(content_words(question), 10)
    return [entry.passage for entry in words.get([ordinal for ordinal, _ in hits])]


@pytest.mark.parametrize(
    ("question", "heading"),
    [
        ("How do I water a rose?", "Watering"),
        ("gardener", "Watering"),
        ("cafe leftover", "Watering"),
        ("PERENNIALS", "Garden guide"),
        ("rakes", "Tools"),
        ("tools", "Tools"),
    ],
)
def test_passages_are_found_by_stems_of_words_and_headings(
    made: Made, question: str, heading: str
) -> None:
    best = found(made(GUIDE), question)[0]
    assert (best.headings or (best.title,))[-1] == heading


def test_hits_are_ordered_by_positive_scores(made: Made) -> None:
    words = made(GUIDE)
    hits = words.search(["water", "roses", "spade"], 10)
    scores = [score for _, score in hits]
    assert len(hits) == 3
    assert scores == sorted(scores, reverse=True)
    assert scores[-1] > 0
    assert words.search(["water", "roses", "spade"], 1) == hits[:1]


def test_words_in_no_passage_find_nothing(made: Made) -> None:
    assert made(GUIDE).search(["zebra"], 10) == []
    assert made(GUIDE).search([], 10) == []


def test_joined_cells_are_found_by_their_words(made: Made, tmp_path: Path) -> None:
    text = "Tools\n\nToolUse\nSpadesTurn the soil over.\nRakesComb the leaves away.\n"
    write_passages(tmp_path / "glued.sqlite", entries(text, name="glued.txt"), [])
    assert len(PassageStore.open(tmp_path / "glued.sqlite").search(["rake"], 10)) == 1


@pytest.mark.parametrize(
    "term",
    ['"', '""', "'", "*", "a*", "NEAR(a b)", "water OR", "NOT", "AND", "question:x", "{x} : y", "^x",
     "(", "x) OR (y", "-", "+", "; DROP TABLE passages"]
)  # fmt: skip
def test_query_operators_are_plain_words(made: Made, term: str) -> None:
    words = made(GUIDE)
    for ordinal, score in words.search([term, "zebra"], 10):
        assert score > 0
        assert ordinal in range(words.count)
    assert words.search([term, "spade"], 10)
    assert words.count == len(words.get(range(words.count)))


def test_a_quoted_operator_does_not_widen_the_search(made: Made) -> None:
    words = made(GUIDE)
    assert words.search(['zebra" OR "spade'], 10) == []
    assert words.search(["body:spade"], 10) == []
    assert words.search(["spad*"], 10) == []


@pytest.fixture(scope="module")
def guide(tmp_path_factory: pytest.TempPathFactory) -> PassageStore:
    path = tmp_path_factory.mktemp("words") / "passages.sqlite"
    write_passages(path, entries(GUIDE), [])
    return PassageStore.open(path)


@given(question=st.text())
def test_no_question_breaks_the_search(guide: PassageStore, question: str) -> None:
    assert all(score > 0 for _, score in guide.search(content_words(question), 5))


def test_passages_are_returned_as_written_in_the_requested_order(made: Made) -> None:
    written = entries(GUIDE, "# Care\n\nOil it:\n\n- Spade\n- Rake\n")
    words = made(GUIDE, "# Care\n\nOil it:\n\n- Spade\n- Rake\n")
    assert words.get(range(words.count)) == written
    assert words.get([3, 1]) == [written[3], written[1]]
    assert words.get([]) == []
    assert [entry.passage.question for entry in words.faq_passages()] == ["What is a perennial?"]
    assert words.rows_by_digest() == {bytes([row]) * 32: row for row in range(3)}


def test_misspelling_is_corrected_and_known_word_is_not(
    made: Made,
) -> None:
    words = made(GUIDE)
    assert words.correction("perenial") == "perennial"
    assert words.correction("wtaered") == "watered"
    assert words.correction("perennial") is None
    assert words.correction("zebra") is None
    assert (words.document_frequency("roses"), words.document_frequency("zebra")) == (2, 0)


TOOLS = "# Tools\n\n## What is a mattock?\n\nA mattock digs where a spade would break.\n"
PLANTS = "# Plants\n\n## What is a perenial?\n\nSpelled so, it is a perenial rose.\n"


def test_view_equals_a_store_of_its_documents_alone(made: Made, tmp_path: Path) -> None:
    every = entries(PLANTS, GUIDE, TOOLS)
    write_passages(tmp_path / "all.sqlite", every, [bytes([row]) * 32 for row in range(len(every))])
    kept = [entry for entry in every if entry.passage.document != "0-guide.md"]
    moved = [replace(entry, ordinal=n) for n, entry in enumerate(kept)]
    write_passages(tmp_path / "some.sqlite", moved, [])
    within = PassageStore.open(tmp_path / "all.sqlite").within(["1-guide.md", "2-guide.md"])
    alone = PassageStore.open(tmp_path / "some.sqlite")
    assert within.count == alone.count == len(kept)
    assert within.ordinals.tolist() == [entry.ordinal for entry in kept]
    for question in ("What is a perennial rose?", "a spade in the garden", "perenial", "plants"):
        terms = content_words(question)
        hits = [(kept[ordinal].ordinal, score) for ordinal, score in alone.search(terms, 10)]
        assert within.search(terms, 10) == hits
        assert [within.document_frequency(term) for term in terms] == [
            alone.document_frequency(t) for t in terms
        ]
        assert [within.correction(term) for term in terms] == [alone.correction(t) for t in terms]
    assert within.faq_passages() == [entry for entry in kept if entry.passage.question]
    assert within.rows_by_digest() == {bytes([row]) * 32: row for row in rows_of(kept)}


def test_view_hides_the_other_documents(made: Made) -> None:
    within = made(GUIDE, TOOLS).within(["1-guide.md"])
    outside, inside = range(within.ordinals[0]), within.ordinals.tolist()
    assert within.search(["water", "roses"], 10) == []
    assert within.document_frequency("roses") == 0
    assert within.correction("watered") is None
    assert within.correction("wtaered") is None
    assert within.correction("mattok") == "mattock"
    assert [entry.ordinal for entry in within.get(inside)] == inside
    with pytest.raises(KeyError):
        within.get(outside)


def test_view_of_a_view_is_the_intersection(made: Made) -> None:
    words = made(GUIDE, TOOLS, PLANTS)
    both = words.within(["0-guide.md", "1-guide.md"]).within(["1-guide.md", "2-guide.md"])
    assert {entry.passage.document for entry in both.faq_passages()} == {"1-guide.md"}
    assert both.count == 1


def test_view_of_no_documents_is_empty(made: Made) -> None:
    nothing = made(GUIDE).within([])
    assert nothing.count == 0
    assert nothing.search(["water"], 10) == []
    assert nothing.faq_passages() == []
    assert nothing.correction("wtaered") is None
    assert nothing.rows_by_digest() == {}


def test_closing_a_view_leaves_the_whole_open(made: Made) -> None:
    whole = made(GUIDE, TOOLS)
    whole.within(["1-guide.md"]).close()
    assert whole.search(["water"], 10)


def test_missing_file_is_a_damaged_index(tmp_path: Path) -> None:
    with pytest.raises(IndexDamaged):
        PassageStore.open(tmp_path / "gone.sqlite")
    assert not (tmp_path / "gone.sqlite").exists()


def test_other_file_is_a_damaged_index(made: Made, tmp_path: Path) -> None:
    (tmp_path / "noise.sqlite").write_bytes(b"SQLite format 3\x00" + b"noise" * 1000)
    with pytest.raises(IndexDamaged):
        PassageStore.open(tmp_path / "noise.sqlite")
    with sqlite3.connect(tmp_path / "other.sqlite") as other:
        other.execute("CREATE TABLE things (a)")
    with pytest.raises(IndexDamaged, match="no such table"):
        PassageStore.open(tmp_path / "other.sqlite")


def test_file_is_opened_read_only(made: Made, tmp_path: Path) -> None:
    words = made(GUIDE)
    before = (tmp_path / "passages.sqlite").read_bytes()
    found(words, "water")
    words.close()
    assert (tmp_path / "passages.sqlite").read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["passages.sqlite"]
