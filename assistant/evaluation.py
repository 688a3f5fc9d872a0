"""Evaluation: answers measured against gold questions.

Each metric is a mean over questions with its bootstrap interval, so that two runs can be compared.
"""

import math
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import ir_measures
import numpy as np
from ir_measures import RR, Success

from assistant.answer import Answer, Citation, Status, Turn
from assistant.grading import is_right, normalize, strip_markers
from assistant.losses import Loss, loss_of
from assistant.metrics import auroc
from assistant.pipeline import Assessment, Assistant
from assistant.proof import is_verbatim, supports_together
from corpus.gold import GoldQuestion
from index.hits import Hit
from index.texts import TextStore

_RESAMPLES = 1000
_MEASURES = {"hit@1": Success @ 1, "hit@5": Success @ 5, "rr@5": RR @ 5}


@dataclass(frozen=True)
class Outcome:
    """The result of one gold question. `None` if a metric does not apply to it."""

    gold: GoldQuestion
    answer: Answer
    right: bool | None
    cited: bool | None
    first_cited: bool | None
    f1: float | None
    verbatim: bool
    unproved: int
    ranks: dict[str, float | None]
    hits: tuple[Hit, ...] = ()
    loss: Loss | None = None

    @property
    def refused(self) -> bool:
        """Whether the answer is a refusal."""
        return self.answer.status is Status.REFUSED


@dataclass(frozen=True)
class Metric:
    """A mean, its 95 % bootstrap interval, and the number of questions."""

    value: float
    low: float
    high: float
    count: int


def evaluate(
    assistant: Assistant,
    questions: Sequence[GoldQuestion],
    texts: TextStore,
    watch: Callable[[], None] = lambda: None,
) -> list[Outcome]:
    """Answers every question with the pipeline that serves, and compares with its gold. `watch` is
    called after each question."""
    outcomes = []
    for gold in questions:
        history = [Turn(role, text) for role, text in gold.history]
        answer, assessment = assistant.ask_with_assessment(gold.question, history)
        outcomes.append(_outcome(gold, answer, assessment, texts))
        watch()
    return outcomes


def compute_metrics(outcomes: Sequence[Outcome], seed: int = 0) -> dict[str, Metric]:
    """Every metric by name; metrics that apply to none of the questions are left out."""
    generator = np.random.default_rng(seed)
    answerable = [o for o in outcomes if o.gold.answerable]
    unanswerable = [o for o in outcomes if not o.gold.answerable]
    refused = [o for o in outcomes if o.refused]
    near = [o for o in unanswerable if o.gold.kind == "near_miss"]
    answered = [o for o in outcomes if not o.refused]
    values: dict[str, list[float]] = {
        "right": [float(bool(o.right)) for o in answerable if o.right is not None],
        "answered": [float(not o.refused) for o in answerable],
        "cited_on_span": [float(bool(o.cited)) for o in answerable if o.cited is not None],
        "first_citation_on_span": [
            float(bool(o.first_cited)) for o in answerable if o.first_cited is not None
        ],
        "token_f1": [o.f1 for o in answerable if o.f1 is not None],
        "refusal_recall": [float(o.refused) for o in unanswerable],
        "refusal_precision": [float(not o.gold.answerable) for o in refused],
        "wrongly_refused": [float(o.refused) for o in answerable],
        "near_misses_refused": [float(o.refused) for o in near],
        "verbatim": [float(o.verbatim) for o in answered],
        "unproved_sentences": [float(o.unproved) for o in answered],
    }
    for name in _MEASURES:
        values[name] = [rank for o in answerable if (rank := o.ranks[name]) is not None]
    result = {
        name: bootstrap_mean(sample, generator)
        for name, sample in values.items()
        if len(sample) > 0
    }
    if answerable and unanswerable:
        result["auroc"] = _auroc_metric(outcomes, generator)
    return result


def by_kind(outcomes: Iterable[Outcome]) -> dict[str, tuple[int, int]]:
    """For every kind of question: how many were answered rightly or refused as they should, and how
    many there are."""
    counts: dict[str, list[int]] = {}
    for outcome in outcomes:
        good = bool(outcome.right) if outcome.gold.answerable else outcome.refused
        count = counts.setdefault(outcome.gold.kind or "all", [0, 0])
        count[0] += good
        count[1] += 1
    return {kind: (good, total) for kind, (good, total) in sorted(counts.items())}


def outcome_record(outcome: Outcome) -> dict[str, Any]:
    """One outcome as a JSON object, for error analysis."""
    return {
        "id": outcome.gold.id,
        "kind": outcome.gold.kind,
        "question": outcome.gold.question,
        "standalone": outcome.answer.standalone_question,
        "answerable": outcome.gold.answerable,
        "gold": list(outcome.gold.answers),
        "status": outcome.answer.status,
        "confidence": outcome.answer.confidence,
        "right": outcome.right,
        "loss": outcome.loss,
        "cited_on_span": outcome.cited,
        "answer": outcome.answer.text,
        **outcome.ranks,
    }


# --- one question ------------------------------------------------------------------------------


def _outcome(
    gold: GoldQuestion, answer: Answer, assessment: Assessment, texts: TextStore
) -> Outcome:
    stored = {c.sha256: texts.read(c.sha256) for c in answer.citations}
    has_span = bool(gold.document and gold.spans)
    first = answer.citations[:1]
    return Outcome(
        gold=gold,
        answer=answer,
        right=is_right(gold, answer) if gold.answerable else None,
        cited=any(_touches(gold, c) for c in answer.citations) if has_span else None,
        first_cited=any(_touches(gold, c) for c in first) if has_span else None,
        f1=_best_f1(gold, answer) if gold.answers else None,
        verbatim=all(is_verbatim(stored[c.sha256], c) for c in answer.citations),
        unproved=_unproved(answer),
        ranks=_ranks(gold, assessment.found.hits),
        hits=assessment.found.hits,
        loss=loss_of(gold, answer, assessment),
    )


def _unproved(answer: Answer) -> int:
    quotes = {citation.number: citation.quote for citation in answer.citations}
    return sum(
        not supports_together(sentence.text, [quotes[n] for n in sentence.citations if n in quotes])
        for sentence in answer.sentences
    )


def _touches(gold: GoldQuestion, citation: Citation) -> bool:
    return citation.document == gold.document and any(
        min(end, citation.end) > max(start, citation.start) for start, end in gold.spans
    )


def _best_f1(gold: GoldQuestion, answer: Answer) -> float:
    """SQuAD's token F1 (Rajpurkar et al. 2016), the best over the gold answers; 0 if refused."""
    if answer.status is Status.REFUSED:
        return 0.0
    stated = normalize(strip_markers(answer.text)).split()
    return max(_f1(stated, normalize(wanted).split()) for wanted in gold.answers)


def _f1(stated: Sequence[str], wanted: Sequence[str]) -> float:
    common = sum((Counter(stated) & Counter(wanted)).values())
    if not common:
        return 0.0
    precision, recall = common / len(stated), common / len(wanted)
    return 2 * precision * recall / (precision + recall)


def _ranks(gold: GoldQuestion, hits: Sequence[Hit]) -> dict[str, float | None]:
    """hit@1, hit@5 and RR@5. A passage is relevant if it has half of a gold span, or is in the gold
    document if no span is known."""
    if not gold.answerable or not gold.document:
        return dict.fromkeys(_MEASURES)
    relevant = [f"{rank:03d}" for rank, hit in enumerate(hits) if _is_relevant(gold, hit)]
    qrels = [ir_measures.Qrel(gold.id, name, 1) for name in relevant or ["none"]]
    run = [ir_measures.ScoredDoc(gold.id, f"{rank:03d}", float(-rank)) for rank in range(len(hits))]
    names = {measure: name for name, measure in _MEASURES.items()}
    found = ir_measures.calc_aggregate(list(_MEASURES.values()), qrels, run)
    return {names[measure]: float(value) for measure, value in found.items()}


def _is_relevant(gold: GoldQuestion, hit: Hit) -> bool:
    passage = hit.passage
    if passage.document != gold.document:
        return False
    return not gold.spans or any(
        min(end, passage.end) - max(start, passage.start) >= (end - start) / 2
        for start, end in gold.spans
    )


# --- metrics -------------------------------------------------------------------------------------


def bootstrap_mean(sample: Sequence[float], generator: np.random.Generator | None = None) -> Metric:
    """The mean of a non-empty sample, with its bootstrap interval."""
    generator = generator or np.random.default_rng(0)
    values = np.asarray(sample, dtype=float)
    means = values[generator.integers(0, len(values), (_RESAMPLES, len(values)))].mean(axis=1)
    low, high = np.quantile(means, [0.025, 0.975])
    return Metric(float(values.mean()), float(low), float(high), len(values))


def _auroc_metric(outcomes: Sequence[Outcome], generator: np.random.Generator) -> Metric:
    scores = np.array([o.answer.confidence for o in outcomes])
    labels = np.array([o.gold.answerable for o in outcomes])
    samples = []
    for _ in range(_RESAMPLES // 4):
        picked = generator.integers(0, len(scores), len(scores))
        value = auroc(
            scores[picked][labels[picked]].tolist(), scores[picked][~labels[picked]].tolist()
        )
        if not math.isnan(value):
            samples.append(value)
    low, high = np.quantile(samples, [0.025, 0.975])
    whole = auroc(scores[labels].tolist(), scores[~labels].tolist())
    return Metric(whole, float(low), float(high), len(scores))
