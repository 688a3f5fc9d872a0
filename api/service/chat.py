"""Answers questions in conversations, and stores the answers.

Every interface that keeps conversations uses this module. It knows nothing of HTTP or JSON.
"""

import hashlib
import json
import logging
import math
import time
from collections.abc import Generator, Sequence
from dataclasses import asdict, dataclass, replace
from typing import TypeAlias

from api.errors import NotFound, Overloaded
from api.service.access import Caller
from api.service.gaps import GapRecorder
from api.service.generations import GenerationPool
from api.service.metrics import Metrics
from api.store.records import Conversation, Records, Verdict
from assistant.answer import Answer, Turn
from assistant.pipeline import Step
from assistant.steps import Steps
from index.manifest import IndexedDocument

_log = logging.getLogger(__name__)
_MAX_TURNS = 20  # of a conversation that are loaded; a follow-up refers to fewer
_RETRY_AFTER = 5.0  # seconds, after a timeout

AnswerSteps: TypeAlias = Steps[Step, Answer]


@dataclass(frozen=True)
class ChatMessage:
    """A question in a conversation. Without `history`, the stored conversation is the history.
    `mode` is "extractive", "choose" or "compose", "" for what the service is set up for.
    `overheard` means that nobody asked the assistant: a refusal is no gap then."""

    text: str
    conversation_id: str | None = None
    history: tuple[Turn, ...] = ()
    mode: str = ""
    overheard: bool = False


@dataclass(frozen=True)
class CorpusOverview:
    """The documents that a caller can read, and some questions that they answer."""

    generation: str
    documents: tuple[IndexedDocument, ...]
    examples: tuple[str, ...]


class ChatService:
    """Answers questions and returns stored answers. Thread-safe."""

    def __init__(
        self, generations: GenerationPool, records: Records, gaps: GapRecorder, metrics: Metrics
    ) -> None:
        self._gaps = gaps
        self._generations = generations
        self._records = records
        self._metrics = metrics

    def answer_steps(
        self,
        caller: Caller,
        message: ChatMessage,
        idempotency_key: str = "",
        until: float = math.inf,
        answer_id: str = "",
    ) -> AnswerSteps:
        """Answers a question step by step; the result is the answer, stored before it is returned.

        A question that was answered before with the same idempotency key, or under `answer_id`,
        gets the stored answer again. Concurrent requests with the same key fail; with the same
        `answer_id`, the caller must prevent them. Closing the steps cancels the work; nothing is
        stored then.

        Raises QuestionInvalid, IndexingError, IdempotencyKeyInUse, IdempotencyKeyReused,
        DatabaseUnavailable, and Overloaded if the time of the monotonic clock passes `until`.
        """
        return Steps(self._answer_once(caller, message, idempotency_key, until, answer_id))

    def documents(self, caller: Caller, max_examples: int) -> CorpusOverview:
        """Returns the indexed documents, and at most so many questions that they answer."""
        with self._generations.borrow(caller.folders) as assistant:
            generation = assistant.generation
            questions = generation.passages.faq_passages()[:max_examples]
            return CorpusOverview(
                generation.id,
                generation.manifest.documents,
                tuple(each.passage.question or "" for each in questions),
            )

    def saved_answer(self, caller: Caller, answer_id: str) -> Answer:
        """Returns a stored answer, with `stale` set for citations whose document has changed since.
        Raises NotFound."""
        return self._refresh(caller, [self._records.answer(caller.owner, answer_id)])[0]

    def conversation(self, caller: Caller, conversation_id: str) -> Conversation:
        """Returns a stored conversation, oldest answer first. Raises NotFound."""
        stored = self._records.conversation(caller.owner, conversation_id)
        return replace(stored, answers=tuple(self._refresh(caller, stored.answers)))

    def save_feedback(
        self, caller: Caller, answer_id: str, verdict: Verdict, comment: str = ""
    ) -> str:
        """Stores a verdict on an answer, replacing an earlier one; returns the id of the feedback.
        Raises NotFound."""
        feedback_id = self._records.save_feedback(caller.owner, answer_id, verdict, comment)
        answer = self._records.answer(caller.owner, answer_id)
        self._gaps.record_verdict(caller, answer, verdict)
        self._metrics.count_feedback(verdict)
        return feedback_id

    def _answer_once(
        self,
        caller: Caller,
        message: ChatMessage,
        idempotency_key: str,
        until: float,
        answer_id: str,
    ) -> Generator[Step, None, Answer]:
        claim = None
        if idempotency_key:
            claim = self._records.claim(caller.owner, idempotency_key, _fingerprint(message))
        stored = claim if isinstance(claim, Answer) else self._find_answer(caller, answer_id)
        if stored:
            yield from stored.proved_sentences()
            return stored
        assert not isinstance(claim, Answer)
        saved = False
        steps = Steps(self._answer(caller, message))
        try:
            for step in steps:
                _check_deadline(until)
                yield step
            answer = steps.result()
            _check_deadline(until)
            if answer_id:
                answer = replace(answer, id=answer_id)
            self._records.save_answer(caller.owner, answer, claim)
            saved = True
            if not message.overheard:
                self._gaps.record_refusal(caller, answer)
            return answer
        finally:
            steps.close()  # an error holds on to the frame, and with it to the generation
            if claim and not saved:
                self._records.release(claim)

    def _answer(self, caller: Caller, message: ChatMessage) -> Generator[Step, None, Answer]:
        history = message.history or self._stored_turns(caller, message.conversation_id)
        with self._generations.borrow(caller.folders) as assistant:
            answer = yield from assistant.answer_steps(
                message.text, history, message.conversation_id, message.mode
            )
        self._metrics.count_answer(answer)
        if any(answer.tokens):
            _log.info(
                "Answer %s: language model %s, %s tokens in, %s out, cost %.6f.",
                answer.id, answer.writer if answer.prompt else "not used", *answer.tokens,
                self._metrics.cost(answer),
            )  # fmt: skip
        return answer

    def _find_answer(self, caller: Caller, answer_id: str) -> Answer | None:
        try:
            return self._records.answer(caller.owner, answer_id) if answer_id else None
        except NotFound:
            return None

    def _stored_turns(self, caller: Caller, conversation_id: str | None) -> list[Turn]:
        if conversation_id is None:
            return []
        return self._records.turns(caller.owner, conversation_id, _MAX_TURNS)

    def _refresh(self, caller: Caller, answers: Sequence[Answer]) -> list[Answer]:
        """Updates `stale`, and loads the quotes from the stored texts."""
        with self._generations.borrow(caller.folders) as assistant:
            documents = assistant.generation.manifest.documents
        current = {document.path: document.sha256 for document in documents}
        read = self._generations.texts.read
        return [
            replace(
                answer,
                citations=tuple(
                    replace(
                        citation,
                        quote=read(citation.sha256)[citation.start : citation.end],
                        stale=current.get(citation.document) != citation.sha256,
                    )
                    for citation in answer.citations
                ),
            )
            for answer in answers
        ]


def _check_deadline(until: float) -> None:
    if time.monotonic() > until:
        raise Overloaded("the question took too long: ask it again later", _RETRY_AFTER)


def _fingerprint(message: ChatMessage) -> str:
    """The same for the same question, whatever the form of its reply."""
    fields = asdict(message)
    del fields["overheard"]  # only for Slack, which sends no key
    if not message.mode:  # as before there were modes
        del fields["mode"]
    return hashlib.sha256(json.dumps(fields).encode()).hexdigest()
