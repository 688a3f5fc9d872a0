"""Selecting evidence: the sentence, pair, list, row or two sides that answer, and no more."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pytest
from builders import GenerationBuilder

from assistant.english.question import Question
from assistant.english.statements import announces
from assistant.evidence import (
    Evidence,
    WordWeights,
    apply_reader,
    collect_evidence,
    word_weights,
)
from assistant.reader.runtime import Reader, Reading
from assistant.selection import Selection, Shape, select
from corpus.document import Kind, Passage
from index.onnx_encoder import OnnxEncoder
from index.search import Searcher
from index.terms import stem

GARDEN = (
    "# Garden\n\n## Pests\n\nAgainst snails there are three remedies:\n\n- beer traps\n"
    "- copper tape\n\n## Roses\n\nRoses want sun and a deep soil.\n"
)
PROMPTER = "Prompter | whispers forgotten lines"
USHER = "Usher | shows guests to their seats"
GRIP = "Grip | moves the scenery"
THEATRE = (
    "# Theatre\n\n## Roles in the theatre\n\n| Role | Task |\n|---|---|\n"
    f"| {PROMPTER} |\n| {USHER} |\n| {GRIP} |\n"
)
TAILS = ["Crows have a fan-shaped tail.", "Ravens have a wedge-shaped tail."]
BIRDS = (
    f"# Birds\n\n## Crows\n\n{TAILS[0]} They live in small towns.\n\n"
    f"## Ravens\n\n{TAILS[1]} They live in high mountains.\n"
)


@dataclass(frozen=True)
class Evaluation:
    """The evidence for a question in a document, and what is selected from it."""

    evidence: list[Evidence]
    selection: Selection | None

    @property
    def shape(self) -> Shape | None:
        return self.selection and self.selection.shape

    @property
    def quotes(self) -> list[str]:
        units = self.selection.units if self.selection else ()
        return [passage.source(unit) for passage, unit in units]


Evaluate = Callable[..., Evaluation]


@pytest.fixture
def evaluate(encoder: OnnxEncoder, build_generation: GenerationBuilder) -> Evaluate:
    """Selects the evidence of a document for a question."""

    def evaluated(document: str, text: str, reader: Reader | None = None) -> Evaluation:
        generation, question = build_generation({"document.md": document}), Question(text)
        words = generation.passages
        weights = word_weights(question, words.document_frequency, words.count)
        found = Searcher(generation, encoder).search(text, 10)
        evidence = collect_evidence(question, found, weights)
        if reader:
            evidence = apply_reader(question, evidence, reader)
        return Evaluation(evidence, select(question, found, evidence, weights))

    return evaluated


class SureOf:
    """A reader that is sure of the units that contain a text, and of no others."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.questions: list[str] = []

    def read(self, question: str, places: Sequence[tuple[Passage, int]]) -> list[Reading]:
        self.questions.append(question)
        return [self._reading(passage) for passage, _ in places]

    def _reading(self, passage: Passage) -> Reading:
        sources = [passage.source(unit) for unit in passage.units]
        logits = {at: 6.0 if self.text in each else -6.0 for at, each in enumerate(sources)}
        return Reading(logits, max(logits.values()))


@pytest.mark.parametrize(
    "question", ["How often is a cactus watered?", "How frequently should I water a cactus?"]
)
def test_faq_question_gets_its_whole_answer(evaluate: Evaluate, question: str) -> None:
    answer = ["Every three weeks.", "It gets nothing in winter."]
    document = f"# Questions\n\n## How often is a cactus watered?\n\n{' '.join(answer)}\n"
    found = evaluate(document, question)
    assert (found.shape, found.quotes) == (Shape.FAQ, answer)


def test_list_is_selected_with_its_introduction(evaluate: Evaluate) -> None:
    found = evaluate(GARDEN, "What are the remedies against snails?")
    remedies = ["Against snails there are three remedies:", "beer traps", "copper tape"]
    assert (found.shape, found.quotes) == (Shape.LIST, remedies)


@pytest.mark.parametrize(
    ("question", "shape", "rows"),
    [
        ("What are the roles in the theatre?", Shape.LIST, [PROMPTER, USHER, GRIP]),
        ("What does an usher do?", Shape.TABLE, [USHER]),
        ("What role does the grip play?", Shape.TABLE, [GRIP]),
        ("Who whispers forgotten lines?", Shape.TABLE, [PROMPTER]),
    ],
)
def test_rows_that_answer_are_selected(
    evaluate: Evaluate, question: str, shape: Shape, rows: list[str]
) -> None:
    found = evaluate(THEATRE, question)
    assert (found.shape, found.quotes) == (shape, rows)


@pytest.mark.parametrize(
    "question",
    [
        "What is the difference between crows and ravens?",
        "How do ravens differ from crows?",
        "Compare the tail of crows with the tail of ravens.",
        "Crows vs ravens",
    ],
)
def test_comparison_selects_both_sides(evaluate: Evaluate, question: str) -> None:
    found = evaluate(BIRDS, question)
    assert (found.shape, found.quotes) == (Shape.COMPARISON, TAILS)


@pytest.mark.parametrize(
    ("document", "question", "quotes"),
    [
        (GARDEN, "What do roses want?", ["Roses want sun and a deep soil."]),
        (
            "# Birds\n\nThe difference between crows and ravens is the shape of the tail.\n\n"
            "## Food\n\nCrows eat nuts.\n\n## Nests\n\nRavens nest on rocks.\n",
            "What is the difference between crows and ravens?",
            ["The difference between crows and ravens is the shape of the tail."],
        ),
        (
            "# Customers\n\n## Internal customers\n\nInternal customers work for the same company."
            "\n\n## External customers\n\nExternal customers buy the product and pay for it.\n",
            "Who are external customers?",
            ["External customers buy the product and pay for it."],
        ),
        (
            "# Shop\n\nOur external customers do pay in cash. Staff are internal and never pay.\n",
            "How do internal customers pay?",
            ["Staff are internal and never pay."],  # not the opposite
        ),
        (
            "# Tea\n\nTea has three effects on tired people. They are warmth and calm and sleep.\n",
            "What are the effects of tea on tired people?",
            ["Tea has three effects on tired people.", "They are warmth and calm and sleep."],
        ),
    ],
)
def test_smallest_evidence_that_answers_is_selected(
    evaluate: Evaluate, document: str, question: str, quotes: list[str]
) -> None:
    found = evaluate(document, question)
    assert (found.shape, found.quotes) == (Shape.SENTENCE, quotes)


def test_comparison_with_an_unknown_side_is_none(evaluate: Evaluate) -> None:
    found = evaluate(BIRDS, "What is the difference between crows and penguins?")
    assert found.shape is Shape.SENTENCE


def test_bare_title_does_not_answer(evaluate: Evaluate) -> None:
    text = "# Shop\n\nOpening hours\n\nThe shop opens at nine and closes at five.\n"
    selection = evaluate(text, "Tell me about the opening hours").selection
    assert selection
    assert selection.best.source.startswith("The shop opens")


@pytest.mark.parametrize(
    "question", ["Pests", "Roses", "Garden", "Roles in the theatre", "What are pests?"]
)
def test_heading_is_never_an_answer(evaluate: Evaluate, question: str) -> None:
    quotes = evaluate(GARDEN + THEATRE.removeprefix("# Theatre\n\n"), question).quotes
    assert quotes
    assert not {"Pests", "Roses", "Garden", "Roles in the theatre"} & set(quotes)
    assert not any("#" in quote or "Role | Task" in quote for quote in quotes)


def test_headers_and_code_are_not_evidence(evaluate: Evaluate) -> None:
    text = GARDEN + "\n## Code\n\n```\nsnails = remedies\n```\n" + THEATRE
    evidence = evaluate(text, "Which remedies and roles are there against snails?").evidence
    assert {each.unit.kind for each in evidence} == {Kind.ITEM, Kind.ROW, Kind.PARAGRAPH}


def test_evidence_is_sorted_and_quotes_its_document(evaluate: Evaluate) -> None:
    evidence = evaluate(BIRDS, "Where do ravens live?").evidence
    assert [e.total for e in evidence] == sorted((e.total for e in evidence), reverse=True)
    assert all(e.source == BIRDS[e.unit.start : e.unit.end] for e in evidence)
    assert len(evidence) == 4


def test_reader_decides_between_similar_scores(evaluate: Evaluate) -> None:
    reader = SureOf("mountains")
    found = evaluate(BIRDS, "Where do ravens live?", reader)
    assert (found.shape, found.quotes) == (Shape.SENTENCE, ["They live in high mountains."])
    assert reader.questions == ["Where do ravens live?"]


@pytest.mark.parametrize(
    ("sure_of", "quotes"), [("R", TAILS[1:]), ("", [TAILS[1], "They live in high mountains."])]
)
def test_next_sentence_is_quoted_if_the_reader_says_it_answers(
    evaluate: Evaluate, sure_of: str, quotes: list[str]
) -> None:
    assert evaluate(BIRDS, "Tell me of a raven", SureOf(sure_of)).quotes == quotes


@pytest.mark.parametrize(
    ("sentence", "expected"),
    [
        ("Tea has three effects.", True),
        ("The effects are the following.", True),
        ("Tea calms, warms, and wakes two people.", False),
        ("Tea calms.", False),
    ],
)
def test_sentence_announces_if_it_counts_things_without_naming_them(
    sentence: str, expected: bool
) -> None:
    assert announces(sentence) is expected


def test_nothing_is_selected_without_evidence(
    encoder: OnnxEncoder, build_generation: GenerationBuilder
) -> None:
    found = Searcher(build_generation({"document.md": BIRDS}), encoder).search("Ravens?", 10)
    assert select(Question("Ravens?"), found, [], WordWeights({})) is None


def test_rare_word_weighs_more_than_a_frequent_one() -> None:
    weights = word_weights(Question("Crows molt"), {"crows": 9, "molt": 1}.__getitem__, 10)
    assert weights.rarity[stem("molt")] > weights.rarity[stem("crows")] > 0
    over = word_weights(Question("Crows"), lambda _: 99, 10)
    assert over.rarity[stem("crows")] > 0


def test_coverage_discounts_words_around_the_text() -> None:
    weights = WordWeights({"crow": 1.0, "molt": 3.0})
    crow, molt, none = frozenset({"crow"}), frozenset({"molt"}), frozenset[str]()
    assert weights.coverage(crow | molt, none) == 1
    assert weights.coverage(molt, none) == pytest.approx(0.75)
    assert 0 < weights.coverage(none, molt) < weights.coverage(molt, none)
    assert weights.coverage(none, none) == 0
    assert WordWeights({}).coverage(crow, crow) == 0
