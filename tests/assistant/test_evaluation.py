"""Grading single answers, and metrics over many."""

from dataclasses import replace

import pytest
from builders import AssistantOpener, make_answer, make_citation

from assistant.answer import Answer
from assistant.errors import QuestionInvalid
from assistant.evaluation import Outcome, Verdict, by_kind, compute_metrics, evaluate
from assistant.evaluation.outcomes import context_precision
from assistant.grading import is_right, normalize, states, strip_markers
from assistant.held_out import without_places
from assistant.pipeline import Assistant
from assistant.scorer import Scorer
from corpus.document import Span
from corpus.gold import GoldQuestion
from index.texts import TextStore

FAQ = (
    "# Questions\n\n## How often is a cactus watered?\n\nEvery three weeks. Never in winter.\n\n"
    "## Where does the pump stand?\n\nThe pump stands behind the old mill.\n"
)
CACTUS = "How often is a cactus watered?"
RANKS = ("hit@1", "hit@5", "rr@5")
FOREIGN = "Who won the match in Madrid?"


def gold(
    *spans: Span,
    answers: tuple[str, ...] = (),
    document: str | None = "a.md",
    answerable: bool = True,
    question: str = "Why?",
    kind: str = "",
) -> GoldQuestion:
    return GoldQuestion("1", question, answers, document, spans, answerable, kind=kind)


def answer(
    *cited: Span, text: str = "So. [1]", document: str = "a.md", confidence: float = 0.5
) -> Answer:
    """An answer that quotes these spans of a document; a refusal without any."""
    citations = tuple(
        replace(make_citation(number, document=document), start=start, end=end)
        for number, (start, end) in enumerate(cited, start=1)
    )
    made = make_answer(("So.", (1,)), citations=citations) if cited else make_answer()
    return replace(made, text=text, confidence=confidence)


def outcome(
    asked: GoldQuestion, given: Answer, right: bool | None = None, rank: float | None = None
) -> Outcome:
    retrieval: dict[str, float | None] = dict.fromkeys(RANKS, rank)
    return Outcome(asked, given, right, None, None, None, True, 0, retrieval)


@pytest.fixture
def assistant(open_assistant: AssistantOpener) -> Assistant:
    """Answers even with little confidence, without a reader."""
    weights = {"similarity": 10.0, "question": 10.0}
    scorer = Scorer(weights, 0.0, -5.0, weights, threshold=0.4)
    return open_assistant({"faq.md": FAQ}, scorer)


def span_of(quote: str) -> Span:
    start = FAQ.index(quote)
    return start, start + len(quote)


@pytest.mark.parametrize(
    ("spans", "cited", "right"),
    [
        ([(0, 10)], [(0, 10)], True),
        ([(0, 10)], [(0, 100)], True),
        ([(0, 10)], [(5, 20)], True),
        ([(0, 10)], [(6, 20)], False),
        ([(0, 10)], [(0, 2), (7, 10)], True),
        ([(0, 10)], [(0, 4), (0, 4), (1, 4)], False),
        ([(0, 10)], [(10, 20)], False),
        ([(0, 10)], [], False),
        # Both of two spans must be cited.
        ([(0, 10), (50, 60)], [(0, 10)], False),
        ([(0, 10), (50, 60)], [(50, 60), (0, 10)], True),
        ([(0, 10), (10, 20)], [(0, 10)], False),
        # Overlapping spans are alternatives, and the shortest counts.
        ([(0, 40), (30, 36), (35, 90)], [(30, 36)], True),
        ([(0, 40), (30, 36)], [(0, 30)], False),
        ([(0, 40), (30, 36), (50, 60)], [(30, 36)], False),
    ],
)
def test_answer_is_right_that_cites_half_of_the_gold_span(
    spans: list[Span], cited: list[Span], right: bool
) -> None:
    assert is_right(gold(*spans, answers=("So",)), answer(*cited, text="Well.")) is right
    assert not is_right(gold(*spans), answer(*cited, document="b.md"))


def test_answer_elsewhere_is_right_if_it_states_a_gold_answer() -> None:
    asked = gold((0, 10), answers=("in 1911", "a century ago"))
    assert is_right(asked, answer((50, 60), text="It was founded a century ago. [1]"))
    assert not is_right(asked, answer((50, 60), text="It was founded in 1912. [1]"))


@pytest.mark.parametrize(
    ("cited", "document", "text", "right"),
    [
        ((0, 4), "a.md", "Red and 9\u202fEUR. [1]", True),
        ((3, 5), "b.md", "Crimson, 9 EUR. [1]", True),  # another place, the other word
        ((3, 5), "c.md", "Red and 9 EUR. [1]", False),
        ((0, 4), "a.md", "Red. [1]", False),
    ],
)
def test_answer_with_keywords_must_show_one_of_each_group_and_cite_a_place(
    cited: Span, document: str, text: str, right: bool
) -> None:
    words = (("red", "crimson"), ("9 EUR",))
    asked = replace(gold((0, 10)), keywords=words, also=(("b.md", (0, 10)),))
    assert is_right(asked, answer(cited, document=document, text=text)) is right


def test_keywords_without_a_place_must_only_be_shown() -> None:
    asked = replace(gold(), keywords=(("red",),))
    assert is_right(asked, answer((0, 4), text="Red. [1]"))
    assert not is_right(asked, answer((0, 4), text="Blue. [1]"))


@pytest.mark.parametrize(
    ("text", "wanted", "same"),
    [
        ("It was founded in 1911. [1]", "1911", True),
        ("It was founded in 19112. [1]", "1911", False),
        ("The Old Mill! [1]", "an old mill", True),
        ("They don’t. [1]", "they dont", True),
        ("An oak [1] stands there. [2]", "oak stands", True),
        ("Trees are planted by gardeners. [1]", "planting trees", True),
        ("Gardeners plant. [1]", "planting trees", False),
        ("Old apple trees bear late. [1]", "old apple and pear trees", True),  # 3 of 4
        ("Old apple cake. [1]", "old apple and pear trees", False),  # 2 of 4
        ("Anything. [1]", "", False),
        ("", "1911", False),
    ],
)
def test_text_states_an_answer_word_for_word_or_by_most_of_its_words(
    text: str, wanted: str, same: bool
) -> None:
    assert states(text, wanted) is same


def test_normalization_drops_case_punctuation_articles_and_spaces() -> None:
    assert normalize("  The “Old”  Mill – an Oak's,\na name. ") == "old mill oaks name"


def test_markers_are_stripped_and_other_brackets_stay() -> None:
    assert strip_markers("- One [1]\n- See [a], x[2]. [12]") == "- One\n- See [a], x[2]."


@pytest.mark.parametrize(
    ("quote", "right", "first", "ranks"),
    [
        ("Every three weeks.", True, True, (1, 1, 1)),
        ("Never in winter.", True, False, (1, 1, 1)),
        ("The pump stands behind the old mill.", False, False, (0, 1, 1 / 2)),
    ],
)
def test_answer_is_compared_with_its_gold(
    assistant: Assistant,
    texts: TextStore,
    quote: str,
    right: bool,
    first: bool,
    ranks: tuple[float, float, float],
) -> None:
    asked = gold(span_of(quote), document="faq.md", question=CACTUS, answers=("monthly", quote))
    (found,) = evaluate(assistant, [asked], texts)
    assert found.answer.text == "Every three weeks. [1] Never in winter. [2]"
    assert (found.right, found.cited, found.first_cited) == (right, right, first)
    assert tuple(found.retrieval[name] for name in RANKS) == ranks
    assert (found.verbatim, found.unproved, found.refused) == (True, 0, False)
    if right:
        # 3 of the 6 words stated are wanted, and all 3 wanted are stated.
        assert found.f1 == pytest.approx(2 * (1 / 2) * 1 / (1 / 2 + 1))


@pytest.mark.parametrize(
    ("asked", "right", "cited", "ranks"),
    [
        (gold((0, 9), document="other.md", question=CACTUS), False, False, {0}),
        (
            gold(document=None, question="Where is the pump?", answers=("behind the old mill",)),
            True,
            None,
            {None},
        ),
        (
            gold((0, 9), document="absent.md", question=FOREIGN, answers=("The documents do not",)),
            False,
            False,
            {0},
        ),
        (gold(document=None, answerable=False, question=FOREIGN), None, None, {None}),
    ],
    ids=["another document", "no span", "wrongly refused", "rightly refused"],
)
def test_only_what_the_gold_has_is_measured(
    assistant: Assistant,
    texts: TextStore,
    asked: GoldQuestion,
    right: bool | None,
    cited: bool | None,
    ranks: set[float | None],
) -> None:
    (found,) = evaluate(assistant, [asked], texts)
    assert (found.right, found.cited, found.first_cited) == (right, cited, cited)
    assert set(found.retrieval.values()) == ranks
    assert (found.verbatim, found.unproved) == (True, 0)
    assert found.refused is (asked.question == FOREIGN)
    if found.refused:
        assert found.f1 == (0 if asked.answerable else None)


def test_history_goes_with_the_question(assistant: Assistant, texts: TextStore) -> None:
    asked = GoldQuestion(
        "1", "Where does it stand?", ("behind the old mill",), None, (), True,
        history=(("user", "Is the pump old?"), ("assistant", "Yes.")),
    )  # fmt: skip
    (found,) = evaluate(assistant, [asked], texts)
    assert "pump" in found.answer.standalone_question


def test_without_faq_no_citation_lies_in_a_pair_and_a_stated_answer_is_right(
    open_assistant: AssistantOpener, texts: TextStore
) -> None:
    weights = {"similarity": 10.0}
    scorer = Scorer(weights, 0.0, -5.0, weights, threshold=0.0)
    prose = "# Mill\n\nThe pump stands behind the old mill. It is green.\n"
    whole = open_assistant({"a.md": FAQ, "b.md": prose}, scorer)
    pump = gold(span_of("The pump stands"), question="Where does the pump stand?")
    cactus = gold(span_of("Every three weeks."), question=CACTUS, answers=("Every three weeks.",))
    pairs = [entry.passage for entry in whole.generation.passages.faq_passages()]
    held_out = without_places([pump, cactus], pairs)
    outcomes = evaluate(whole.without_faq(), held_out, texts)
    assert {c.document for each in outcomes for c in each.answer.citations} == {"b.md"}
    assert [each.right for each in outcomes] == [True, False]
    assert [each.cited for each in outcomes] == [None, None]
    assert not {*whole.without_faq().ask("pump?").suggestions} & {CACTUS}


def test_watch_is_called_after_each_question(assistant: Assistant, texts: TextStore) -> None:
    done: list[None] = []
    asked = [gold(question="Where is the pump?"), gold(question="How is a cactus watered?")]
    found = evaluate(assistant, asked, texts, lambda: done.append(None))
    assert len(done) == 2
    assert [each.gold for each in found] == asked


def test_questions_are_asked_in_threads_with_the_same_outcomes_in_order(
    assistant: Assistant, texts: TextStore
) -> None:
    asked = [gold(question=f"{CACTUS[:-1]} number {n}?" if n % 2 else FOREIGN) for n in range(12)]
    one, three = (evaluate(assistant, asked, texts, workers=workers) for workers in (1, 3))
    assert [each.gold for each in three] == asked
    assert [comparable(each) for each in three] == [comparable(each) for each in one]
    assert len({each.refused for each in three}) == 2


def comparable(found: Outcome) -> Outcome:
    """The outcome without what differs between two answers to the same question."""
    return replace(found, answer=replace(found.answer, id="", conversation_id="", timings_ms={}))


def test_an_error_stops_the_evaluation(assistant: Assistant, texts: TextStore) -> None:
    done: list[None] = []
    asked = [gold(question="How? " * 1000), *[gold(question=CACTUS)] * 50]
    with pytest.raises(QuestionInvalid):
        evaluate(assistant, asked, texts, lambda: done.append(None), workers=1)
    assert done == []


@pytest.mark.parametrize(
    ("asked", "given", "right", "verdict"),
    [
        (gold(), answer((0, 10)), True, Verdict.RIGHT),
        (gold(), answer((0, 10)), False, Verdict.WRONG),
        (gold(), answer(), False, Verdict.WRONGLY_REFUSED),
        (gold(answerable=False), answer(), None, Verdict.RIGHTLY_REFUSED),
        (gold(answerable=False), answer((0, 10)), None, Verdict.ANSWERED),
    ],
)
def test_answer_has_a_verdict(
    asked: GoldQuestion, given: Answer, right: bool | None, verdict: Verdict
) -> None:
    assert outcome(asked, given, right).verdict is verdict
    assert verdict.is_good is (verdict in ("right", "rightly refused"))


@pytest.mark.parametrize(
    ("relevant", "precision"),
    [
        ([True], 1),
        ([False, True], 1 / 2),
        ([True, False, True], (1 + 2 / 3) / 2),
        ([False, False, True, True, False], (1 / 3 + 2 / 4) / 2),
        ([False, False], 0),
        ([], 0),
    ],
)
def test_context_precision_is_the_mean_precision_at_the_relevant_ranks(
    relevant: list[bool], precision: float
) -> None:
    assert context_precision(relevant) == pytest.approx(precision)


@pytest.mark.parametrize(
    ("spans", "recall"),
    [
        ([span_of("Every three weeks.")], 1),
        ([span_of("Every three weeks."), span_of("behind the old mill")], 1),
        ([span_of("Every three weeks."), (len(FAQ) + 5, len(FAQ) + 15)], 1 / 2),
        ([(len(FAQ) - 10, len(FAQ) + 10)], 9 / 20),  # its last character is a line break
    ],
)
def test_context_recall_is_the_share_of_the_gold_spans_that_was_found(
    assistant: Assistant, texts: TextStore, spans: list[Span], recall: float
) -> None:
    (found,) = evaluate(assistant, [gold(*spans, document="faq.md", question=CACTUS)], texts)
    assert found.retrieval["context_recall"] == recall


def test_sentences_without_a_proof_lower_the_faithfulness() -> None:
    doubtful = replace(outcome(gold(), answer((0, 10)), right=True), unproved=1)
    figures = compute_metrics([doubtful, replace(doubtful, unproved=0)])
    assert figures["faithfulness"].value == 0.5


def test_metrics_are_shares_of_the_questions_they_apply_to() -> None:
    near, far = gold(answerable=False, kind="near_miss"), gold(answerable=False)
    result = compute_metrics(
        [
            outcome(gold(), answer((0, 10), confidence=0.9), right=True, rank=1.0),
            outcome(gold(), answer((0, 10), confidence=0.6), right=False, rank=0.5),
            outcome(gold(), answer(confidence=0.2), right=False, rank=0.0),
            outcome(gold(), answer((0, 10), confidence=0.8), right=True),
            outcome(near, answer(confidence=0.3)),
            outcome(near, answer((0, 10), confidence=0.7)),
            outcome(far, answer(confidence=0.1)),
        ]
    )
    shown = {name: (figure.value, figure.count) for name, figure in result.items()}
    assert shown == {
        "right": (0.5, 4),
        "answered": (0.75, 4),
        "refusal_recall": (pytest.approx(2 / 3), 3),
        "refusal_precision": (pytest.approx(2 / 3), 3),
        "wrongly_refused": (0.25, 4),
        "near_misses_refused": (0.5, 2),
        "verbatim": (1.0, 4),
        "unproved_sentences": (0.0, 4),
        "faithfulness": (1.0, 4),
        "hit@1": (0.5, 3),
        "hit@5": (0.5, 3),
        "rr@5": (0.5, 3),
        "auroc": (pytest.approx((3 + 2 + 1 + 3) / 12), 7),
    }


def test_metric_is_in_its_interval_and_is_reproducible() -> None:
    outcomes = [outcome(gold(), answer((0, 10)), right=n % 3 > 0) for n in range(30)]
    figure = compute_metrics(outcomes)["right"]
    assert figure.low < figure.value < figure.high
    assert figure.value == pytest.approx(2 / 3)
    # The normal approximation of the interval: 1.96 · sqrt(p · (1 - p) / n) = 0.169
    assert figure.high - figure.value == pytest.approx(0.169, abs=0.05)
    assert compute_metrics(outcomes) == compute_metrics(outcomes)
    sure = compute_metrics([outcome(gold(), answer((0, 10)), right=True)] * 5)["right"]
    assert (sure.value, sure.low, sure.high) == (1, 1, 1)


def test_metric_without_questions_is_left_out() -> None:
    result = compute_metrics([outcome(gold(), answer((0, 10)), right=True)])
    assert {"auroc", "refusal_recall", "refusal_precision", "token_f1"}.isdisjoint(result)
    assert compute_metrics([]) == {}


def test_kinds_count_right_answers_and_due_refusals() -> None:
    assert by_kind(
        [
            outcome(gold(kind="plain"), answer((0, 10)), right=True),
            outcome(gold(kind="plain"), answer((0, 10)), right=False),
            outcome(gold(kind="near_miss", answerable=False), answer()),
            outcome(gold(kind="near_miss", answerable=False), answer((0, 10))),
            outcome(gold(), answer(), right=False),
        ]
    ) == {"all": (0, 1), "near_miss": (1, 2), "plain": (1, 2)}
