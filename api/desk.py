"""Where a question is taken in: claimed once, asked in its conversation, kept with its answer.

Every door that keeps conversations goes through here. Knows nothing of HTTP.
"""

import hashlib
import math
import time
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from api.access import Caller
from api.errors import Overloaded
from api.metrics import Metrics
from api.records import Records
from api.service import Service
from api.wire import (
    AnswerBody,
    ChatRequest,
    ConversationBody,
    HitBody,
    SearchBody,
    ToldBody,
    moment,
)
from assistant.answer import Answer, Told, Turn
from assistant.pipeline import Judged
from index.search import Found

# Turns of a conversation that are read again; a follow-up is understood from far fewer.
_MOST_TURNS = 20


@dataclass(frozen=True)
class Working:
    """A step that has nothing to tell, but at which the work can be stopped."""


Step: TypeAlias = SearchBody | Working | ToldBody | AnswerBody
Steps: TypeAlias = Generator[Step, None, None]


class Desk:
    """Takes questions in. Safe to share between threads."""

    def __init__(self, service: Service, records: Records, metrics: Metrics) -> None:
        self._service = service
        self._records = records
        self._metrics = metrics

    def answering(
        self,
        caller: Caller,
        request: ChatRequest,
        idempotency_key: str = "",
        until: float = math.inf,
    ) -> Steps:
        """The answer as it comes about: what was found, each proved sentence, the whole answer,
        which is kept before it is told. What was answered before under the same key is told again.

        Raises QuestionInvalid, IndexingError, KeyInUse, KeyReused, DatabaseUnavailable, and
        Overloaded where it is not done `until` then (seconds of the monotonic clock). Who stops
        asking for the next step stops the work, and then nothing is kept.
        """
        claim = None
        if idempotency_key:
            claim = self._records.claim(caller.owner, idempotency_key, _fingerprint(request))
        if isinstance(claim, AnswerBody):
            yield from claim.told()
            yield claim
            return
        answered = False
        try:
            for step in self._asked(caller, request):
                if time.monotonic() > until:
                    raise Overloaded("the question took too long: ask it again later", 5.0)
                if isinstance(step, AnswerBody):
                    self._records.keep(caller.owner, step, claim)
                    answered = True
                yield step
        finally:
            if claim and not answered:
                self._records.release(claim)

    def _asked(self, caller: Caller, request: ChatRequest) -> Steps:
        history = [turn.turn() for turn in request.history] or self._before(caller, request)
        with self._service.lent(caller.folders) as assistant:
            steps = assistant.answering(request.message, history, request.conversation_id)
            for step in steps:
                if isinstance(step, Found):
                    yield SearchBody(hits=tuple(HitBody.of(hit) for hit in step.hits))
                elif isinstance(step, Judged):
                    yield Working()
                elif isinstance(step, Told):
                    yield ToldBody.of(step)
                elif isinstance(step, Answer):
                    self._metrics.answered(step)
                    yield AnswerBody.of(step)

    def _before(self, caller: Caller, request: ChatRequest) -> list[Turn]:
        """What was said before in the conversation, as it was kept."""
        if request.conversation_id is None:
            return []
        return self._records.turns(caller.owner, request.conversation_id, _MOST_TURNS)

    def kept(self, caller: Caller, answer_id: str) -> AnswerBody:
        """An answer given before, with the kept text of its citations, each flagged where its
        document has changed since. Raises NotKept."""
        return self._dated(caller, [self._records.answer(caller.owner, answer_id)])[0]

    def conversation(self, caller: Caller, conversation_id: str) -> ConversationBody:
        """All that is kept of a conversation, oldest first. Raises NotKept."""
        kept = self._records.conversation(caller.owner, conversation_id)
        return ConversationBody(
            id=kept.id,
            created=moment(kept.created),
            touched=moment(kept.touched),
            answers=tuple(self._dated(caller, kept.answers)),
        )

    def _dated(self, caller: Caller, answers: Sequence[AnswerBody]) -> list[AnswerBody]:
        with self._service.lent(caller.folders) as assistant:
            documents = assistant.generation.manifest.documents
        current = {document.path: document.sha256 for document in documents}
        return [answer.dated(current, self._service.texts.read) for answer in answers]


def _fingerprint(request: ChatRequest) -> str:
    """What is asked, whatever the form that the answer is wanted in."""
    asked = request.model_dump_json(exclude={"stream"})
    return hashlib.sha256(asked.encode()).hexdigest()
