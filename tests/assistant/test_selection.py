"""Choosing evidence: the sentence, pair, list, row or two sides that answer, and no more."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest
from conftest import Writer

from assistant.english.question import Question
from assistant.english.statements import announces
from assistant.evidence import (
    Evidence,
    WordWeights,
    apply_reader,
    collect_evidence,
    introduces_list,
    word_weights,
)
from assistant.reader.runtime import Reader, Reading
from assistant.selection import Selection, Shape, select
from corpus.document import Kind, Passage
from corpus.loader import load_corpus
from index.build import build
from index.generation import (
    DataFolder,
    Generation,
)
from index.onnx_encoder import OnnxEncoder
from index.search import Searcher
from index.terms import stem

FAQ = (
    "# Questions\n\n## How often is a cactus watered?\n\nEvery three weeks. It gets nothing in "
    "winter.\n\n## Who feeds the cat?\n\nThe neighbour does.\n"
)
GARDEN = (
    "# Garden\n\n## Pests\n\nAgainst snails there are three remedies:\n\n- beer traps\n"
    "- copper tape\n- coffee grounds\n\n## Roses\n\nRoses want sun and a deep soil.\n"
)
THEATRE = (
    "# Theatre\n\n## Roles in the theatre\n\n| Role | Task |\n|---|---|\n"
    "| Prompter | whispers forgotten lines |\n| Usher | shows guests to their seats |\n"
    "| Grip | moves the scenery |\n"
)
BIRDS = (
    "# Birds\n\n## Crows\n\nCrows have a fan-shaped tail. They live in small towns.\n\n"
    "## Ravens\n\nRavens have a wedge-shaped tail. They live in high mountains.\n"
)
CUSTOMERS = (
    "# Customers\n\n## Internal customers\n\nInternal customers work for the same company.\n\n"
    "## External customers\n\nExternal customers buy the product and pay for it.\n"
)


@dataclass(frozen=True)
class World:
    """A corpus that can be asked."""

    generation: Generation
    searcher: Searcher

    def evidence(self, text: str) -> list[Evidence]:
        return collect_evidence(asked(text), self.searcher.search(text, 10), self.weights(text))

    def weights(self, text: str) -> WordWeights:
        words = self.generation.passages
        return word_weights(asked(text), words.document_frequency, words.count)

    def choose(self, text: str, reader: Reader | None = None) -> Selection | None:
        found, weights = self.searcher.search(text, 10), self.weights(text)
        evidence = collect_evidence(asked(text), found, weights)
        if reader:
            evidence = apply_reader(asked(text), evidence, reader)
        return select(asked(text), found, evidence, weights)

    def quotes(self, text: str, reader: Reader | None = None) -> tuple[Shape, list[str]]:
        """The shape of what is chosen and the units, as they stand in the documents."""
        chosen = self.choose(text, reader)
        assert chosen
        return chosen.shape, [
            passage.text[unit.start - passage.start : unit.end - passage.start]
            for passage, unit in chosen.units
        ]


Worlds = Callable[[str], World]


@pytest.fixture
def world(encoder: OnnxEncoder, folder_of: Writer, tmp_path: Path) -> Iterator[Worlds]:
    """Makes a corpus of one Markdown document."""
    with ExitStack() as stack:

        def make(text: str) -> World:
            data = DataFolder(tmp_path / "data")
            build(load_corpus(folder_of({"document.md": text})), encoder, "test", data, {})
            generation = data.open(encoder.fingerprint)
            stack.callback(generation.close)
            return World(generation, Searcher(generation, encoder))

        yield make


class SureOf:
    """A reader that is sure of every unit that holds a text, and of no other."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.asked: list[str] = []

    def read(self, question: str, places: Sequence[tuple[Passage, int]]) -> list[Reading]:
        self.asked.append(question)
        return [self._reading(passage) for passage, _ in places]

    def _reading(self, passage: Passage) -> Reading:
        shift = passage.start
        logits = {
            place: 6.0 if self.text in passage.text[u.start - shift : u.end - shift] else -6.0
            for place, u in enumerate(passage.units)
        }
        return Reading(logits, max(logits.values()))


def asked(text: str) -> Question:
    return Question(text)


@pytest.mark.parametrize(
    "question", ["How often is a cactus watered?", "How frequently should I water a cactus?"]
)
def test_the_answer_of_a_pair_that_asks_the_same_is_told_whole(
    world: Worlds, question: str
) -> None:
    assert world(FAQ).quotes(question) == (
        Shape.FAQ,
        ["Every three weeks.", "It gets nothing in winter."],
    )


def test_all_items_of_the_list_asked_for_are_told_with_the_line_that_opens_it(
    world: Worlds,
) -> None:
    assert world(GARDEN).quotes("What are the remedies against snails?") == (
        Shape.LIST,
        [
            "Against snails there are three remedies:",
            "beer traps",
            "copper tape",
            "coffee grounds",
        ],
    )


def test_a_list_is_not_told_to_a_question_about_something_else(world: Worlds) -> None:
    assert world(GARDEN).quotes("What do roses want?") == (
        Shape.SENTENCE,
        ["Roses want sun and a deep soil."],
    )


def test_all_rows_of_a_table_answer_a_question_for_all_of_them(world: Worlds) -> None:
    shape, quotes = world(THEATRE).quotes("What are the roles in the theatre?")
    assert shape is Shape.LIST
    assert quotes == [
        "| Prompter | whispers forgotten lines |",
        "| Usher | shows guests to their seats |",
        "| Grip | moves the scenery |",
    ]


@pytest.mark.parametrize(
    ("question", "row"),
    [
        ("What does an usher do?", "| Usher | shows guests to their seats |"),
        ("What role does the grip play?", "| Grip | moves the scenery |"),
        ("Who whispers forgotten lines?", "| Prompter | whispers forgotten lines |"),
    ],
)
def test_one_row_answers_a_question_for_one_role(world: Worlds, question: str, row: str) -> None:
    assert world(THEATRE).quotes(question) == (Shape.TABLE, [row])


@pytest.mark.parametrize(
    "question",
    [
        "What is the difference between crows and ravens?",
        "How do ravens differ from crows?",
        "Compare the tail of crows with the tail of ravens.",
        "Crows vs ravens",
    ],
)
def test_both_sides_of_a_comparison_are_told(world: Worlds, question: str) -> None:
    assert world(BIRDS).quotes(question) == (
        Shape.COMPARISON,
        ["Crows have a fan-shaped tail.", "Ravens have a wedge-shaped tail."],
    )


def test_a_comparison_with_what_the_material_does_not_know_is_none(world: Worlds) -> None:
    chosen = world(BIRDS).choose("What is the difference between crows and penguins?")
    assert chosen and chosen.shape is Shape.SENTENCE


def test_a_sentence_that_compares_both_is_told_alone(world: Worlds) -> None:
    joint = "The difference between crows and ravens is the shape of the tail."
    text = (
        f"# Birds\n\n{joint}\n\n## Food\n\nCrows eat nuts.\n\n## Nests\n\nRavens nest on rocks.\n"
    )
    assert world(text).quotes("What is the difference between crows and ravens?") == (
        Shape.SENTENCE,
        [joint],
    )


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("Who are internal customers?", "Internal customers work for the same company."),
        ("Who are external customers?", "External customers buy the product and pay for it."),
    ],
)
def test_the_opposite_side_is_not_taken(world: Worlds, question: str, answer: str) -> None:
    assert world(CUSTOMERS).quotes(question) == (Shape.SENTENCE, [answer])


def test_a_text_on_the_opposite_ranks_below_a_lesser_text_on_what_was_asked(world: Worlds) -> None:
    text = "# Shop\n\nOur external customers do pay in cash. Staff are internal and never pay.\n"
    assert world(text).quotes("How do internal customers pay?") == (
        Shape.SENTENCE,
        ["Staff are internal and never pay."],
    )


def test_a_few_words_that_only_name_what_follows_do_not_answer(world: Worlds) -> None:
    text = "# Shop\n\nOpening hours\n\nThe shop opens at nine and closes at five.\n"
    chosen = world(text).choose("Tell me about the opening hours")
    assert chosen is not None
    assert chosen.best.source.startswith("The shop opens")


@pytest.mark.parametrize(
    "question", ["Pests", "Roses", "Garden", "Roles in the theatre", "What are pests?"]
)
def test_a_heading_is_never_an_answer(world: Worlds, question: str) -> None:
    text = GARDEN + THEATRE.removeprefix("# Theatre\n\n")
    _, quotes = world(text).quotes(question)
    assert not {"Pests", "Roses", "Garden", "Roles in the theatre"} & set(quotes)
    assert not any("#" in quote or "Role | Task" in quote for quote in quotes)


def test_neither_headers_nor_opening_lines_nor_code_are_evidence(world: Worlds) -> None:
    text = GARDEN + "\n## Code\n\n```\nsnails = remedies\n```\n" + THEATRE
    evidence = world(text).evidence("Which remedies and roles are there against snails?")
    assert {each.unit.kind for each in evidence} == {Kind.ITEM, Kind.ROW, Kind.PARAGRAPH}
    assert not any(introduces_list(each.passage, each.place) for each in evidence)


def test_evidence_is_sorted_and_quotes_its_document(world: Worlds) -> None:
    evidence = world(BIRDS).evidence("Where do ravens live?")
    assert [e.total for e in evidence] == sorted((e.total for e in evidence), reverse=True)
    assert all(e.source == BIRDS[e.unit.start : e.unit.end] for e in evidence)
    assert len(evidence) == 4


def test_the_reader_decides_between_sentences_that_score_alike(world: Worlds) -> None:
    reader = SureOf("mountains")
    birds = world(BIRDS)
    assert birds.quotes("Where do ravens live?", reader) == (
        Shape.SENTENCE,
        ["They live in high mountains."],
    )
    assert reader.asked == ["Where do ravens live?"]


def test_the_sentence_behind_the_best_is_told_too_where_the_reader_says_it_answers(
    world: Worlds,
) -> None:
    birds = world(BIRDS)
    assert birds.quotes("Tell me of a raven", SureOf("R"))[1] == [
        "Ravens have a wedge-shaped tail."
    ]
    assert birds.quotes("Tell me of a raven", SureOf(""))[1] == [
        "Ravens have a wedge-shaped tail.",
        "They live in high mountains.",
    ]


def test_a_sentence_that_only_counts_is_followed_by_the_one_that_names(world: Worlds) -> None:
    text = "# Tea\n\nTea has three effects on tired people. They are warmth and calm and sleep.\n"
    assert world(text).quotes("What are the effects of tea on tired people?") == (
        Shape.SENTENCE,
        ["Tea has three effects on tired people.", "They are warmth and calm and sleep."],
    )


def test_a_sentence_announces_that_counts_things_and_names_none() -> None:
    assert announces("Tea has three effects.")
    assert announces("The effects are the following.")
    assert not announces("Tea calms, warms, and wakes two people.")
    assert not announces("Tea calms.")


def test_nothing_found_is_nothing_chosen(world: Worlds) -> None:
    birds = world(BIRDS)
    found = birds.searcher.search("Ravens?", 10)
    assert select(asked("Ravens?"), found, [], WordWeights({})) is None


def test_a_rare_word_weighs_more_than_a_frequent_one_and_none_weighs_nothing() -> None:
    seen = {"crows": 9, "molt": 1}
    weights = word_weights(asked("Crows molt"), lambda word: seen[word], 10)
    assert weights.rarity[stem("molt")] > weights.rarity[stem("crows")] > 0
    over = word_weights(asked("Crows"), lambda _: 99, 10)
    assert over.rarity[stem("crows")] > 0


def test_coverage_is_full_for_a_word_in_the_text_and_less_for_one_around_it() -> None:
    weights = WordWeights({"crow": 1.0, "molt": 3.0})
    crow, molt, none = frozenset({"crow"}), frozenset({"molt"}), frozenset[str]()
    assert weights.coverage(crow | molt, none) == 1
    assert weights.coverage(molt, none) == pytest.approx(0.75)
    assert 0 < weights.coverage(none, molt) < weights.coverage(molt, none)
    assert weights.coverage(none, none) == 0
    assert WordWeights({}).coverage(crow, crow) == 0
