import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus.loader import parse_document
from corpus.splitter import split
from index.errors import IndexDamaged
from index.passages import IndexedPassage, PassageStore, write_passages
from index.terms import content_words

GUIDE = (
    "# Garden guide\n\n## What is a perennial?\n\nA perennial plant lives for many years.\n\n"
    "## Watering\n\nGardeners watered their roses with café leftovers in the evening.\n\n"
    "## Tools\n\n| Tool | Use |\n|---|---|\n| Spade | digging |\n| Rake | combing leaves |\n\n"
    '## Quotes\n\nHe said "water OR roses" and meant NOT both.\n'
)
TOOLS = "# Tools\n\n## What is a mattock?\n\nA mattock digs where a spade would break.\n"
PLANTS = "# Plants\n\n## What is a perenial?\n\nSpelled so, it is a perenial rose.\n"


def entries(*texts: str, name: str = "guide.md") -> list[IndexedPassage]:
    documents = [parse_document(f"{number}-{name}", text) for number, text in enumerate(texts)]
    passages = [passage for document in documents for passage in split(document)]
    return [IndexedPassage(n, p, n, n, tuple(range(len(p.units)))) for n, p in enumerate(passages)]


def store_of(folder: Path, written: list[IndexedPassage]) -> PassageStore:
    path = folder / "passages.sqlite"
    write_passages(path, written, [bytes([row]) * 32 for row in range(len(written))])
    return PassageStore.open(path)


@pytest.fixture(scope="module")
def guide(tmp_path_factory: pytest.TempPathFactory) -> PassageStore:
    return store_of(tmp_path_factory.mktemp("guide"), entries(GUIDE))


@pytest.fixture(scope="module")
def three(tmp_path_factory: pytest.TempPathFactory) -> PassageStore:
    return store_of(tmp_path_factory.mktemp("three"), entries(GUIDE, TOOLS, PLANTS))


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
    guide: PassageStore, question: str, heading: str
) -> None:
    (ordinal, _), *_ = guide.search(content_words(question), 10)
    (best,) = guide.get([ordinal])
    assert (best.passage.headings or (best.passage.title,))[-1] == heading


def test_hits_are_ordered_by_positive_scores(guide: PassageStore) -> None:
    hits = guide.search(["water", "roses", "spade"], 10)
    scores = [score for _, score in hits]
    assert len(hits) == 3
    assert scores == sorted(scores, reverse=True)
    assert scores[-1] > 0
    assert guide.search(["water", "roses", "spade"], 1) == hits[:1]


def test_joined_cells_are_found_by_their_words(tmp_path: Path) -> None:
    text = "Tools\n\nToolUse\nSpadesTurn the soil over.\nRakesComb the leaves away.\n"
    assert len(store_of(tmp_path, entries(text, name="glued.txt")).search(["rake"], 10)) == 1


@pytest.mark.parametrize("terms", [[], ["zebra"], ['zebra" OR "spade'], ["body:spade"], ["spad*"]])
def test_words_in_no_passage_find_nothing(guide: PassageStore, terms: list[str]) -> None:
    assert guide.search(terms, 10) == []


@pytest.mark.parametrize(
    "term",
    [
        *('"', '""', "'", "*", "a*", "NEAR(a b)", "water OR", "NOT", "AND", "question:x"),
        *("{x} : y", "^x", "(", "x) OR (y", "-", "+", "; DROP TABLE passages"),
    ],
)
def test_query_operators_are_plain_words(guide: PassageStore, term: str) -> None:
    assert all(score > 0 for _, score in guide.search([term, "zebra"], 10))
    assert guide.search([term, "spade"], 10)


@given(question=st.text())
def test_no_question_breaks_the_search(guide: PassageStore, question: str) -> None:
    assert all(score > 0 for _, score in guide.search(content_words(question), 5))


def test_passages_are_returned_as_written_in_the_requested_order(tmp_path: Path) -> None:
    written = entries(GUIDE, "# Care\n\nOil it:\n\n- Spade\n- Rake\n")
    store = store_of(tmp_path, written)
    assert store.get(range(store.count)) == written
    assert store.get([3, 1]) == [written[3], written[1]]
    assert store.get([]) == []
    assert [entry.passage.question for entry in store.faq_passages()] == ["What is a perennial?"]
    assert store.rows_by_digest() == {bytes([row]) * 32: row for row in range(len(written))}


@pytest.mark.parametrize(
    ("word", "correction"),
    [
        ("perenial", "perennial"),
        ("wtaered", "watered"),
        ("perennial", None),
        ("zebra", None),
    ],
)
def test_misspelling_is_corrected_and_known_word_is_not(
    guide: PassageStore, word: str, correction: str | None
) -> None:
    assert guide.correction(word) == correction


def test_document_frequency_counts_passages(guide: PassageStore) -> None:
    assert (guide.document_frequency("roses"), guide.document_frequency("zebra")) == (2, 0)


def test_view_equals_a_store_of_its_documents_alone(three: PassageStore, tmp_path: Path) -> None:
    kept = [e for e in three.get(range(three.count)) if e.passage.document != "0-guide.md"]
    alone = store_of(tmp_path, [replace(entry, ordinal=n) for n, entry in enumerate(kept)])
    within = three.within(["1-guide.md", "2-guide.md"])
    assert within.count == alone.count == len(kept)
    assert within.ordinals.tolist() == [entry.ordinal for entry in kept]
    for question in ("What is a perennial rose?", "a spade in the garden", "perenial", "plants"):
        terms = content_words(question)
        hits = [(kept[ordinal].ordinal, score) for ordinal, score in alone.search(terms, 10)]
        assert within.search(terms, 10) == hits
        for term in terms:
            assert within.document_frequency(term) == alone.document_frequency(term)
            assert within.correction(term) == alone.correction(term)
    assert within.faq_passages() == [entry for entry in kept if entry.passage.question]
    rows = {row for entry in kept for row in (entry.row, entry.heading_row, *entry.unit_rows)}
    assert within.rows_by_digest() == {bytes([row]) * 32: row for row in rows}


def test_view_hides_the_other_documents(three: PassageStore) -> None:
    within = three.within(["1-guide.md"])
    assert within.search(["water", "roses"], 10) == []
    assert within.document_frequency("roses") == 0
    assert within.correction("watered") is None
    assert within.correction("wtaered") is None
    assert within.correction("mattok") == "mattock"
    inside = within.ordinals.tolist()
    assert [entry.ordinal for entry in within.get(inside)] == inside
    with pytest.raises(KeyError):
        within.get(range(inside[0]))


def test_view_of_a_view_is_the_intersection(three: PassageStore) -> None:
    both = three.within(["0-guide.md", "1-guide.md"]).within(["1-guide.md", "2-guide.md"])
    assert {entry.passage.document for entry in both.faq_passages()} == {"1-guide.md"}
    assert both.count == 1


def test_view_without_faq_hides_the_answers_and_what_only_they_say(three: PassageStore) -> None:
    view = three.within(["0-guide.md", "1-guide.md"]).without_faq()
    assert view.faq_passages() == []
    assert view.search(["mattock"], 10) == []
    assert not view.has_word("mattock")
    assert [each.passage.document for each in view.get(view.ordinals.tolist())] == [
        "0-guide.md"
    ] * 3
    assert three.without_faq().within(["1-guide.md"]).count == 0


def test_view_of_no_documents_is_empty(three: PassageStore) -> None:
    nothing = three.within([])
    assert nothing.count == 0
    assert nothing.search(["water"], 10) == []
    assert nothing.faq_passages() == []
    assert nothing.correction("wtaered") is None
    assert nothing.rows_by_digest() == {}


def test_closing_a_view_leaves_the_whole_open(three: PassageStore) -> None:
    three.within(["1-guide.md"]).close()
    assert three.search(["water"], 10)


def test_missing_file_is_a_damaged_index(tmp_path: Path) -> None:
    with pytest.raises(IndexDamaged):
        PassageStore.open(tmp_path / "gone.sqlite")
    assert not (tmp_path / "gone.sqlite").exists()


def test_other_file_is_a_damaged_index(tmp_path: Path) -> None:
    (tmp_path / "noise.sqlite").write_bytes(b"SQLite format 3\x00" + b"noise" * 1000)
    with pytest.raises(IndexDamaged):
        PassageStore.open(tmp_path / "noise.sqlite")
    with sqlite3.connect(tmp_path / "other.sqlite") as other:
        other.execute("CREATE TABLE things (a)")
    with pytest.raises(IndexDamaged, match="no such table"):
        PassageStore.open(tmp_path / "other.sqlite")


def test_file_is_opened_read_only(tmp_path: Path) -> None:
    store = store_of(tmp_path, entries(GUIDE))
    before = (tmp_path / "passages.sqlite").read_bytes()
    assert store.search(["water"], 10)
    store.close()
    assert (tmp_path / "passages.sqlite").read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["passages.sqlite"]
