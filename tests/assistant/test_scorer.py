"""The scorer: evidence in order, and the probability that the best of it answers."""

import json
from dataclasses import asdict, fields, replace

import pytest
from builders import shipped_scorer
from hypothesis import given
from hypothesis import strategies as st

from assistant.evidence import Evidence, Features
from assistant.scorer import MAX_LEAD, Scorer, confidence_values, rank_hits
from corpus.document import Kind, Passage
from index.hits import Hit, SearchResult

NAMES = [field.name for field in fields(Features)]
NOTHING = Features(*[0.0] * len(NAMES))


def hit(number: int) -> Hit:
    text = f"Passage {number}."
    passage = Passage("a.md", "0" * 64, "A", (), 0, len(text), text, Kind.PARAGRAPH)
    return Hit(passage, number, 0.5, 0.0, 0.0, 0.0, 0.0, ())


HITS = [hit(number) for number in range(3)]


def evidence(number: int, score: float = 0.0, **features: float) -> Evidence:
    return Evidence(HITS[number], (0,), "", replace(NOTHING, **features), 0, score)


def scorer(bias: float = 0.0, **weights: float) -> Scorer:
    return Scorer({"similarity": 2.0}, 0.5, bias, weights, threshold=0.5)


@given(
    st.floats(-1e6, 1e6),
    st.dictionaries(st.sampled_from(NAMES), st.floats(-1e6, 1e6)),
    st.lists(st.floats(-10, 10), min_size=len(NAMES), max_size=len(NAMES)),
)
def test_probability_is_between_zero_and_one(
    bias: float, weights: dict[str, float], values: list[float]
) -> None:
    best = Evidence(HITS[0], (0,), "", Features(*values), 0)
    assert 0 <= scorer(bias, **weights).probability(best, [best]) <= 1


def test_probability_is_the_logistic_of_the_weighted_sum() -> None:
    best = evidence(0, similarity=0.75, names=1.0)
    assert scorer(-1.0, similarity=2.0, names=-0.5).probability(best, [best]) == 0.5
    assert scorer(0.0, similarity=2.0, names=-0.5).probability(best, [best]) == pytest.approx(
        0.7310586
    )
    assert scorer(**{"of a later version": 5.0}).probability(best, [best]) == 0.5


def test_corrected_question_needs_more_confidence() -> None:
    best = evidence(0)
    assert scorer().probability(best, [best], is_corrected=True) < 0.5


def test_evidence_is_sorted_by_its_weighted_features() -> None:
    low, high, equal = (evidence(n, similarity=s) for n, s in ((0, 0.2), (2, 0.8), (1, 0.2)))
    found = scorer().sort([equal, low, high])
    assert [each.hit.ordinal for each in found] == [2, 0, 1]
    assert [each.score for each in found] == pytest.approx([1.1, -0.1, -0.1])


def test_lead_is_over_the_best_evidence_of_another_passage() -> None:
    best, same, other = evidence(0, 2.0), evidence(0, 1.9), evidence(1, 0.5)
    assert confidence_values(best, [best, same, other])["lead"] == 1.5
    assert confidence_values(best, [best, same])["lead"] == MAX_LEAD
    assert confidence_values(best, [best, evidence(1, -1e9)])["lead"] == MAX_LEAD
    assert confidence_values(best, [best])["score"] == 2.0


def test_hits_follow_their_best_evidence_and_those_without_come_last() -> None:
    found = SearchResult(tuple(HITS), None)  # type: ignore[arg-type]
    ranked = rank_hits(found, [evidence(2, 1.0), evidence(1, 0.0), evidence(2, -9.0)])
    assert [each.ordinal for each in ranked] == [2, 1, 0]
    assert [each.score for each in ranked] == pytest.approx([0.7310586, 0.5, 0.0])


def test_scorer_survives_storage() -> None:
    one = replace(scorer(similarity=2.5), method="by hand", fitted_on={"faq": 3})
    assert Scorer.from_dict(json.loads(json.dumps(asdict(one)))) == one


def test_other_keys_are_not_a_scorer() -> None:
    with pytest.raises(TypeError):
        Scorer.from_dict({"bias": 0.0, "weights": {}})


@pytest.mark.parametrize("kind", ["plain", "reader"])
def test_shipped_scorers_weigh_features_that_exist(kind: str) -> None:
    shipped = shipped_scorer(kind)
    assert set(shipped.order) <= set(NAMES)
    assert set(shipped.confidence) <= {*NAMES, "score", "lead", "share"}
    assert 0 < shipped.threshold < 1
    assert shipped.method and shipped.fitted_on
    assert ("reader" in shipped.order) == (kind == "reader")
