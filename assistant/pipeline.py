"""The pipeline: ask() is a handful of named steps, each a module of its own."""

import time
import uuid
from collections.abc import Collection, Generator, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np

from assistant import writer
from assistant.answer import Answer, Citation, ProvedSentence, Related, Sentence, Status, Turn
from assistant.confidence import Calibration, Features, measure
from assistant.english.question import Question, understand
from assistant.evidence import Evidence, Weights, gather, read, rerank, weigh_words
from assistant.proof import is_verbatim, supports
from assistant.reader.runtime import Reader
from assistant.selection import Chosen, Shape, choose
from assistant.steps import Steps
from corpus.document import Passage, Unit
from corpus.markup import strip_markup
from index.encoder import Encoder, Vectors
from index.generation import (
    Generation,
)
from index.hits import Hit, SearchResult
from index.search import Searcher
from index.texts import TextStore

_HITS = 10
_SUGGESTIONS = 3
_RELATED = 3
# A question of the material further from the one asked than this suggests nothing.
_NEAR_QUESTION = 0.25


@dataclass(frozen=True)
class Assessment:
    """What was found, chosen and measured for a question, before it is decided and worded."""

    question: Question
    found: SearchResult
    evidence: tuple[Evidence, ...]
    weights: Weights
    chosen: Chosen | None
    features: Features | None


Step: TypeAlias = SearchResult | Assessment | ProvedSentence


class Assistant:
    """Answers questions from one generation. Safe to share between threads."""

    def __init__(
        self,
        generation: Generation,
        encoder: Encoder,
        texts: TextStore,
        calibration: Calibration,
        reader: Reader | None = None,
    ) -> None:
        self.generation = generation
        self.searcher = Searcher(generation, encoder)
        self._encoder = encoder
        self.texts = texts
        self._calibration = calibration
        self._reader = reader
        asked = generation.passages.faq_passages()
        self._questions = [entry.passage.question or "" for entry in asked]
        rows = [entry.heading_row for entry in asked]
        self._question_vectors: Vectors = np.asarray(generation.vectors[rows])

    def within(self, folders: Collection[str]) -> "Assistant":
        """The assistant of somebody who knows no documents but those in these folders."""
        generation = self.generation.within(folders)
        return Assistant(generation, self._encoder, self.texts, self._calibration, self._reader)

    def ask(
        self, message: str, history: Sequence[Turn] = (), conversation_id: str | None = None
    ) -> Answer:
        """The answer, or the refusal. Raises QuestionInvalid where the message is no question."""
        return Steps(self.answer_steps(message, history, conversation_id)).result()

    def ask_with_assessment(
        self, message: str, history: Sequence[Turn] = (), conversation_id: str | None = None
    ) -> tuple[Answer, Assessment]:
        """The answer, and what was found and measured on the way to it."""
        steps = Steps(self.answer_steps(message, history, conversation_id))
        assessment = next(step for step in steps if isinstance(step, Assessment))
        return steps.result(), assessment

    def answer_steps(
        self, message: str, history: Sequence[Turn] = (), conversation_id: str | None = None
    ) -> Generator[Step, None, Answer]:
        """Yields the search result, the assessment and each proved sentence; returns the answer.
        Closing the generator cancels the work.

        Raises QuestionInvalid if the message is not a question.
        """
        clock = _Clock()
        question = self._understood(message, history)
        clock.lap("understand")
        vector = self.searcher.encode(question.text)
        clock.lap("encode")
        found = self.searcher.search(question.text, _HITS, vector, question.context)
        clock.lap("search")
        yield found
        judged = self.assess(question, found)
        told = self._parts(judged) or [judged]
        confidence = min(self._confidence(each) for each in told)
        sure = confidence >= self._calibration.threshold and not question.is_open
        clock.lap("select")
        yield judged
        statements = writer.state(_units(told)) if sure else []
        clock.lap("write")
        proved = self._proved(statements)
        text, sentences = writer.compose(proved)
        clock.lap("prove")
        citations = tuple(statement.citation for statement in proved)
        for sentence in sentences:
            yield ProvedSentence(
                sentence, tuple(c for c in citations if c.number in sentence.citations)
            )
        return self._answer(
            question, judged.found, confidence, text, sentences, citations, conversation_id, clock
        )

    def search(self, message: str, k: int) -> tuple[Hit, ...]:
        """The k best passages for a question, after reading; their scores are what they are
        sorted by. Raises QuestionInvalid where the message is no question."""
        question = self._understood(message, ())
        found = self.searcher.search(question.text, max(k, _HITS))
        evidence, _ = self._weighed(question, found)
        ranked = rerank(found, evidence)[:k]
        return tuple(replace(hit, score=score) for score, hit in ranked)

    def assess(self, question: Question, found: SearchResult) -> Assessment:
        """Chooses evidence and measures it; what calibration learns from."""
        words = self.generation.passages
        evidence, weights = self._weighed(question, found)
        found = replace(found, hits=tuple(hit for _, hit in rerank(found, evidence)))
        chosen = choose(question, found, evidence, weights)
        features = None
        if chosen:
            features = measure(question, found, evidence, chosen, weights, words.count)
        return Assessment(question, found, tuple(evidence), weights, chosen, features)

    def _parts(self, whole: Assessment) -> list[Assessment]:
        """The questions that a question is made of, judged one by one. Empty where it is only
        one, where one of them has no answer of its own, or where both are answered at once."""
        parts = whole.question.parts
        if not parts or (whole.chosen and whole.chosen.shape is Shape.COMPARISON):
            return []
        context = whole.question.text
        judged = [
            self.assess(part, self.searcher.search(part.text, _HITS, context=context))
            for part in parts
        ]
        sure = all(self._confidence(each) >= self._calibration.threshold for each in judged)
        return judged if sure else []

    def _understood(self, message: str, history: Sequence[Turn]) -> Question:
        question = understand(message, history, self._encoder.encode_documents)
        return replace(question, text=self.searcher.correct_spelling(question.text))

    def _weighed(self, question: Question, found: SearchResult) -> tuple[list[Evidence], Weights]:
        """The units of what was found, best first, and how rare the question's words are."""
        words = self.generation.passages
        weights = weigh_words(question, words.document_frequency, words.count)
        evidence = gather(question, found, weights)
        if self._reader:
            evidence = read(question, evidence, self._reader)
        return evidence, weights

    def _confidence(self, judged: Assessment) -> float:
        """As it is shown: rounded first, so that a threshold read off an answer holds for it."""
        features = judged.features
        if features is None or judged.question.is_open:
            return 0.0
        return round(self._calibration.probability(features), 4)

    def _proved(self, statements: Sequence[writer.Statement]) -> list[writer.Statement]:
        """The statements whose citation stands in the kept text and supports them."""
        texts: dict[str, str] = {}
        proved = []
        for statement in statements:
            citation = statement.citation
            if citation.sha256 not in texts:
                texts[citation.sha256] = self.texts.read(citation.sha256)
            if is_verbatim(texts[citation.sha256], citation) and supports(
                statement.text, [citation.quote]
            ):
                proved.append(statement)
        return proved

    def _answer(
        self,
        question: Question,
        found: SearchResult,
        confidence: float,
        text: str,
        sentences: tuple[Sentence, ...],
        citations: tuple[Citation, ...],
        conversation_id: str | None,
        clock: "_Clock",
    ) -> Answer:
        refused = not sentences
        return Answer(
            id=uuid.uuid4().hex,
            conversation_id=conversation_id or uuid.uuid4().hex,
            question=question.asked,
            standalone_question=question.text,
            status=Status.REFUSED if refused else Status.ANSWERED,
            text=writer.REFUSAL if refused else text,
            sentences=sentences,
            citations=citations,
            confidence=confidence,
            suggestions=self._suggestions(question, found.vector) if refused else (),
            related=_related(found) if refused else (),
            writer=writer.NAME,
            generation=self.generation.id,
            timings_ms=clock.done(),
        )

    def _suggestions(self, question: Question, vector: Vectors) -> tuple[str, ...]:
        """The nearest questions that the material itself asks and answers."""
        if not self._questions:
            return ()
        cosines = self._question_vectors @ vector
        asked = strip_markup(question.text).lower()
        near = [
            self._questions[i]
            for i in np.argsort(-cosines, kind="stable")
            if (cosines[i] >= _NEAR_QUESTION or question.is_open)
            and self._questions[i].lower() != asked
        ]
        return tuple(dict.fromkeys(near))[:_SUGGESTIONS]


def _units(judged: Sequence[Assessment]) -> list[tuple[Passage, Unit]]:
    """The units chosen, each once, in the order in which they are told."""
    every = (unit for each in judged if each.chosen for unit in each.chosen.units)
    return list(dict.fromkeys(every))


def _related(found: SearchResult) -> tuple[Related, ...]:
    return tuple(
        Related(
            hit.passage.document, hit.passage.sha256, hit.passage.start, hit.passage.end,
            hit.passage.text,
        )
        for hit in found.hits[:_RELATED]
    )  # fmt: skip


class _Clock:
    """Milliseconds by step."""

    def __init__(self) -> None:
        self._start = self._last = time.perf_counter()
        self._laps: dict[str, float] = {}

    def lap(self, step: str) -> None:
        now = time.perf_counter()
        self._laps[step] = round((now - self._last) * 1000, 2)
        self._last = now

    def done(self) -> dict[str, float]:
        total = round((time.perf_counter() - self._start) * 1000, 2)
        return {**self._laps, "total": total}
