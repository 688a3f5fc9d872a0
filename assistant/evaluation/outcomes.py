"""The answer to one gold question, compared with its gold."""

import os
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from assistant.answer import Answer, Citation, Status, Turn
from assistant.evaluation.excerpts import Excerpt, excerpts
from assistant.grading import is_right, normalize, share_covered, strip_markers, without_overlaps
from assistant.losses import Loss, loss_of
from assistant.pipeline import Assistant
from assistant.proof import is_verbatim, supports_together
from corpus.document import Passage
from corpus.gold import GoldQuestion
from index.texts import TextStore

# Passages among which hit@5 and rr@5 look for the answer.
_DEPTH = 5
_MAX_CACHED_TEXTS = 256
_GOLD_LABEL = "gold"


class Verdict(StrEnum):
    """How the answer to a gold question is judged."""

    RIGHT = "right"
    WRONG = "wrong"
    WRONGLY_REFUSED = "wrongly refused"
    RIGHTLY_REFUSED = "rightly refused"
    ANSWERED = "answered though absent"
    """The documents do not answer the question, but it was answered."""

    @property
    def is_good(self) -> bool:
        """Whether it is a right answer or a due refusal."""
        return self in (Verdict.RIGHT, Verdict.RIGHTLY_REFUSED)


@dataclass(frozen=True)
class Outcome:
    """The result of one gold question. `None` if a metric does not apply to it.

    `retrieval` holds the metrics of the passages that were found, which are in `passages`, best
    first. `gold_texts` holds the text of each gold span. `cited_in` shows the citations in their
    documents, each labelled by its number, `gold_in` the gold spans.
    """

    gold: GoldQuestion
    answer: Answer
    right: bool | None
    cited: bool | None
    first_cited: bool | None
    f1: float | None
    verbatim: bool
    unproved: int
    retrieval: dict[str, float | None]
    passages: tuple[Passage, ...] = ()
    loss: Loss | None = None
    gold_texts: tuple[str, ...] = ()
    cited_in: tuple[Excerpt, ...] = ()
    gold_in: tuple[Excerpt, ...] = ()

    @property
    def refused(self) -> bool:
        """Whether the answer is a refusal."""
        return self.answer.status is Status.REFUSED

    @property
    def verdict(self) -> Verdict:
        """How the answer is judged."""
        if not self.gold.answerable:
            return Verdict.RIGHTLY_REFUSED if self.refused else Verdict.ANSWERED
        if self.refused:
            return Verdict.WRONGLY_REFUSED
        return Verdict.RIGHT if self.right else Verdict.WRONG

    @property
    def has_right_evidence(self) -> bool:
        """Whether the evidence that was chosen answers the question, also if it was refused. The
        confidence is the probability of this."""
        return bool(self.right) or self.loss is Loss.REFUSED


def evaluate(
    assistant: Assistant,
    questions: Sequence[GoldQuestion],
    texts: TextStore,
    watch: Callable[[], None] = lambda: None,
    workers: int | None = None,
) -> list[Outcome]:
    """Answers every question with the pipeline that serves, and compares with its gold.

    Returns the outcomes in the order of the questions. Asks in `workers` threads, by default one
    per core. `watch` is called after each question, in the thread of the caller.
    """
    judge = _Judge(assistant, texts)
    outcomes = []
    pool = ThreadPoolExecutor(workers or os.cpu_count() or 1)
    try:
        for outcome in pool.map(judge.outcome, questions):
            outcomes.append(outcome)
            watch()
    finally:
        pool.shutdown(cancel_futures=True)  # after an error, the other questions are not asked
    return outcomes


class _Judge:
    """Asks gold questions and compares the answers. Safe to share between threads."""

    def __init__(self, assistant: Assistant, texts: TextStore) -> None:
        self._assistant = assistant
        self._read = lru_cache(_MAX_CACHED_TEXTS)(texts.read)
        documents = assistant.generation.manifest.documents
        self._digests = {document.path: document.sha256 for document in documents}
        self._passages: dict[str, Passage] = {}

    def outcome(self, gold: GoldQuestion) -> Outcome:
        history = [Turn(role, text) for role, text in gold.history]
        answer, assessment = self._assistant.ask_with_assessment(gold.question, history)
        # Many questions find the same passages: each is kept once.
        found = (hit.passage for hit in assessment.found.hits)
        passages = tuple(self._passages.setdefault(each.id, each) for each in found)
        has_span = bool(gold.document and gold.spans)
        on_span = [is_on_span(gold, citation) for citation in answer.citations]
        gold_text = self._gold_text(gold)
        gold_spans = [(span, _GOLD_LABEL) for span in gold.spans] if gold_text else []
        return Outcome(
            gold=gold,
            answer=answer,
            right=is_right(gold, answer) if gold.answerable else None,
            cited=any(on_span) if has_span else None,
            first_cited=any(on_span[:1]) if has_span else None,
            f1=_best_f1(gold, answer) if gold.answers else None,
            verbatim=all(is_verbatim(self._read(c.sha256), c) for c in answer.citations),
            unproved=_unproved(answer),
            retrieval=_retrieval(gold, passages),
            passages=passages,
            loss=loss_of(gold, answer, assessment),
            gold_texts=tuple(gold_text[start:end] for start, end in gold.spans),
            cited_in=tuple(self._cited_in(answer.citations)),
            gold_in=tuple(excerpts(gold.document or "", gold_text, gold_spans)),
        )

    def _gold_text(self, gold: GoldQuestion) -> str:
        """The text of the gold document; "" if it is not in the index."""
        sha256 = self._digests.get(gold.document or "")
        return self._read(sha256) if sha256 else ""

    def _cited_in(self, citations: Sequence[Citation]) -> Iterator[Excerpt]:
        texts = {citation.document: citation.sha256 for citation in citations}
        for document, sha256 in texts.items():
            cited = [each for each in citations if each.document == document]
            spans = [((each.start, each.end), f"[{each.number}]") for each in cited]
            yield from excerpts(document, self._read(sha256), spans)


def is_on_span(gold: GoldQuestion, citation: Citation) -> bool:
    """Whether the citation touches one of the gold spans."""
    return citation.document == gold.document and any(
        min(end, citation.end) > max(start, citation.start) for start, end in gold.spans
    )


def _unproved(answer: Answer) -> int:
    quotes = {citation.number: citation.quote for citation in answer.citations}
    return sum(
        not supports_together(sentence.text, [quotes[n] for n in sentence.citations if n in quotes])
        for sentence in answer.sentences
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


# --- the passages that were found ----------------------------------------------------------------


def _retrieval(gold: GoldQuestion, passages: Sequence[Passage]) -> dict[str, float | None]:
    """The metrics of the passages, best first, by name; see `figures.METRICS`."""
    names = ("hit@1", "hit@5", "rr@5", "context_precision", "context_recall")
    if not gold.answerable or not gold.document:
        return dict.fromkeys(names)
    relevant = [_is_relevant(gold, passage) for passage in passages]
    first = relevant[:_DEPTH].index(True) if any(relevant[:_DEPTH]) else None
    return {
        "hit@1": float(first == 0),
        "hit@5": float(first is not None),
        "rr@5": 0.0 if first is None else 1 / (first + 1),
        "context_precision": context_precision(relevant),
        "context_recall": _context_recall(gold, passages) if gold.spans else None,
    }


def context_precision(relevant: Sequence[bool]) -> float:
    """The precision at the rank of each relevant passage, on average; 0 if none is relevant.

    This is the formula of Ragas. There, a language model judges whether a passage is relevant;
    here, a passage is if it has half of a gold span, or is in the gold document if no span is
    known.
    """
    ranks = [rank for rank, is_relevant in enumerate(relevant, start=1) if is_relevant]
    precisions = [number / rank for number, rank in enumerate(ranks, start=1)]
    return sum(precisions) / len(precisions) if precisions else 0.0


def _context_recall(gold: GoldQuestion, passages: Sequence[Passage]) -> float:
    """The share of the gold spans, by characters, that the passages contain; the mean over spans.

    Ragas splits the reference answer into statements, and lets a language model judge which of
    them the passages support.
    """
    found = [(each.start, each.end) for each in passages if each.document == gold.document]
    shares = [share_covered(span, found) for span in without_overlaps(gold.spans)]
    return sum(shares) / len(shares)


def _is_relevant(gold: GoldQuestion, passage: Passage) -> bool:
    if passage.document != gold.document:
        return False
    return not gold.spans or any(
        min(end, passage.end) - max(start, passage.start) >= (end - start) / 2
        for start, end in gold.spans
    )
