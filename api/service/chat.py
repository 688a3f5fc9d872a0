"""Where a question is taken in: claimed once, asked in its conversation, kept with its answer.

Every door that keeps conversations goes through here. Knows nothing of HTTP.
"""

import hashlib
import math
import time
from collections.abc import Generator, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from api.errors import NotFound, Overloaded
from api.service.access import Caller
from api.service.generations import GenerationPool
from api.service.metrics import Metrics
from api.store.records import Records
from api.wire import (
    AnswerBody,
    ChatRequest,
    ConversationBody,
    DocumentsBody,
    HitBody,
    SearchBody,
    SentenceEvent,
    rfc3339,
)
from assistant.answer import Answer, ProvedSentence, Turn
from assistant.pipeline import Assessment
from assistant.steps import Steps
from index.hits import SearchResult

# Turns of a conversation that are read again; a follow-up is understood from far fewer.
_MOST_TURNS = 20


@dataclass(frozen=True)
class Working:
    """A step that has nothing to tell, but at which the work can be stopped."""


Step: TypeAlias = SearchBody | Working | SentenceEvent
AnswerSteps: TypeAlias = Steps[Step, AnswerBody]


class ChatService:
    """Takes questions in. Safe to share between threads."""

    def __init__(self, generations: GenerationPool, records: Records, metrics: Metrics) -> None:
        self._generations = generations
        self._records = records
        self._metrics = metrics

    def answer_steps(
        self,
        caller: Caller,
        request: ChatRequest,
        idempotency_key: str = "",
        until: float = math.inf,
        answer_id: str = "",
    ) -> AnswerSteps:
        """Answers a question step by step: the search result, each proved sentence, and as the
        result the whole answer, which is stored first. A question that was answered before under
        the same idempotency key, or under `answer_id`, gets the stored answer again.

        A key is for a client that may send a request twice, and of two such the second is told to
        wait. An id is for a door that itself sees to it that one asks at a time.

        Raises QuestionInvalid, IndexingError, IdempotencyKeyInUse, IdempotencyKeyReused,
        DatabaseUnavailable, and Overloaded if it is not done by `until` (seconds of the
        monotonic clock). Closing the steps cancels the work; nothing is stored then.
        """
        return Steps(self._claimed(caller, request, idempotency_key, until, answer_id))

    def _claimed(
        self,
        caller: Caller,
        request: ChatRequest,
        idempotency_key: str,
        until: float,
        answer_id: str,
    ) -> Generator[Step, None, AnswerBody]:
        claim = None
        if idempotency_key:
            claim = self._records.claim(caller.owner, idempotency_key, _fingerprint(request))
        before = claim if isinstance(claim, Answer) else self._given(caller, answer_id)
        if before:
            body = AnswerBody.of(before)
            yield from body.sentence_events()
            return body
        assert not isinstance(claim, Answer)
        answered = False
        steps = Steps(self._steps(caller, request))
        try:
            for step in steps:
                _expect_before(until)
                yield step
            answer = steps.result()
            _expect_before(until)
            if answer_id:
                answer = replace(answer, id=answer_id)
            self._records.save_answer(caller.owner, answer, claim)
            answered = True
            return AnswerBody.of(answer)
        finally:
            if claim and not answered:
                self._records.release(claim)

    def _steps(self, caller: Caller, request: ChatRequest) -> Generator[Step, None, Answer]:
        history = [turn.turn() for turn in request.history] or self._before(caller, request)
        with self._generations.borrow(caller.folders) as assistant:
            steps = Steps(assistant.answer_steps(request.message, history, request.conversation_id))
            for step in steps:
                match step:
                    case SearchResult():
                        yield SearchBody(hits=tuple(HitBody.of(hit) for hit in step.hits))
                    case Assessment():
                        yield Working()
                    case ProvedSentence():
                        yield SentenceEvent.of(step)
            answer = steps.result()
        self._metrics.count_answer(answer)
        return answer

    def _given(self, caller: Caller, answer_id: str) -> Answer | None:
        """The answer of this id, where there is one already."""
        try:
            return self._records.answer(caller.owner, answer_id) if answer_id else None
        except NotFound:
            return None

    def _before(self, caller: Caller, request: ChatRequest) -> list[Turn]:
        """What was said before in the conversation, as it was kept."""
        if request.conversation_id is None:
            return []
        return self._records.turns(caller.owner, request.conversation_id, _MOST_TURNS)

    def documents(self, caller: Caller, most: int) -> DocumentsBody:
        """What is answered from, and at most so many questions that it answers."""
        with self._generations.borrow(caller.folders) as assistant:
            generation = assistant.generation
            asked = generation.passages.faq_passages()[:most]
            examples = tuple(entry.passage.question or "" for entry in asked)
            return DocumentsBody.of(generation.id, generation.manifest, examples)

    def saved_answer(self, caller: Caller, answer_id: str) -> AnswerBody:
        """An answer given before, with the kept text of its citations, each flagged where its
        document has changed since. Raises NotFound."""
        return self._dated(caller, [self._records.answer(caller.owner, answer_id)])[0]

    def conversation(self, caller: Caller, conversation_id: str) -> ConversationBody:
        """All that is kept of a conversation, oldest first. Raises NotFound."""
        kept = self._records.conversation(caller.owner, conversation_id)
        return ConversationBody(
            id=kept.id,
            created=rfc3339(kept.created),
            touched=rfc3339(kept.touched),
            answers=tuple(self._dated(caller, kept.answers)),
        )

    def _dated(self, caller: Caller, answers: Sequence[Answer]) -> list[AnswerBody]:
        with self._generations.borrow(caller.folders) as assistant:
            documents = assistant.generation.manifest.documents
        current = {document.path: document.sha256 for document in documents}
        return [
            AnswerBody.of(answer).dated(current, self._generations.texts.read) for answer in answers
        ]


def _expect_before(until: float) -> None:
    if time.monotonic() > until:
        raise Overloaded("the question took too long: ask it again later", 5.0)


def _fingerprint(request: ChatRequest) -> str:
    """What is asked, whatever the form that the answer is wanted in."""
    asked = request.model_dump_json(exclude={"stream"})
    return hashlib.sha256(asked.encode()).hexdigest()
