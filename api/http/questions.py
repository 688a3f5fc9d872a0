"""The routes that ask, and those that tell what was answered before."""

import time
from contextlib import AsyncExitStack
from functools import partial
from typing import Annotated

import anyio.to_thread
from fastapi import APIRouter, Depends, Header, Path, Query, Response

from api.assembly.service import Service
from api.http.auth import requires
from api.http.problems import problem_responses
from api.http.streaming import EventStream
from api.service.access import Caller
from api.store.keys import Scope
from api.wire import (
    AnswerBody,
    ChatRequest,
    ConversationBody,
    FeedbackBody,
    FeedbackRequest,
    HitBody,
    SearchBody,
)

MAX_HITS = 50
# As OpenAPI 3.2 describes server-sent events; FastAPI does so where an endpoint only streams.
_STREAM = {
    "text/event-stream": {
        "itemSchema": {
            "type": "object",
            "properties": {
                "event": {"enum": ["retrieved", "sentence", "answer", "error"]},
                "data": {"type": "string", "contentMediaType": "application/json"},
            },
            "required": ["event", "data"],
        }
    }
}

Id = Annotated[str, Path(min_length=1, max_length=100)]

IdempotencyKey = Annotated[
    str,
    Header(
        alias="Idempotency-Key",
        max_length=255,
        description="the same key gets the same answer again, for a day, and asks only once",
    ),
]


def question_routes(service: Service) -> APIRouter:
    """Chat, search, answers, conversations, feedback."""
    routes = APIRouter()
    asking = Annotated[Caller, Depends(requires(service.access, Scope.ASK))]

    @routes.post(
        "/v1/chat",
        response_model=AnswerBody,
        responses={
            200: {"description": "The answer, or with `stream` its events", "content": _STREAM},
            **problem_responses(400, 401, 403, 408, 409, 413, 421, 422, 429, 503),
        },
    )
    async def chat(
        request: ChatRequest, caller: asking, idempotency_key: IdempotencyKey = ""
    ) -> Response:
        """Answers a question, or says that the documents have no answer. With `stream`, as events:
        `retrieved`, each `sentence` with its citations, and `answer`, or `error`, at last."""
        until = time.monotonic() + service.timeout
        async with AsyncExitStack() as held:
            held.enter_context(service.concurrency.slot())
            steps = service.chat.answer_steps(caller, request, idempotency_key, until)
            held.push_async_callback(anyio.to_thread.run_sync, steps.close)
            if request.stream:
                # What goes wrong before the first step still has a status of its own.
                first = await service.concurrency.run(partial(next, steps, None), until)
                return EventStream(first, steps, service.concurrency, held.pop_all())
            answer = await service.concurrency.run(steps.result, until)
        return Response(answer.model_dump_json(), media_type="application/json")

    @routes.get("/v1/search", responses=problem_responses(401, 403, 421, 422, 429, 503))
    async def search(
        q: Annotated[str, Query(description="what to look for")],
        caller: asking,
        k: Annotated[int, Query(ge=1, le=MAX_HITS, description="how many passages")] = 10,
    ) -> SearchBody:
        """Finds the passages nearest to a question, best first."""

        def found() -> SearchBody:
            with service.generations.borrow(caller.folders) as assistant:
                return SearchBody(hits=tuple(HitBody.of(hit) for hit in assistant.search(q, k)))

        until = time.monotonic() + service.timeout
        with service.concurrency.slot():
            return await service.concurrency.run(found, until)

    @routes.get(
        "/v1/answers/{answer_id}", responses=problem_responses(401, 403, 404, 421, 422, 429, 503)
    )
    def answer(answer_id: Id, caller: asking) -> AnswerBody:
        """Tells an answer again, as it was kept; a citation whose document has changed since is
        flagged `stale`."""
        return service.chat.saved_answer(caller, answer_id)

    @routes.get(
        "/v1/conversations/{conversation_id}",
        responses=problem_responses(401, 403, 404, 421, 422, 429, 503),
    )
    def conversation(conversation_id: Id, caller: asking) -> ConversationBody:
        """Tells all that is kept of a conversation, oldest first."""
        return service.chat.conversation(caller, conversation_id)

    @routes.delete(
        "/v1/conversations/{conversation_id}",
        status_code=204,
        responses=problem_responses(401, 403, 404, 421, 422, 429, 503),
    )
    def forget(conversation_id: Id, caller: asking) -> None:
        """Deletes a conversation: its questions, its answers and what was thought of them."""
        service.records.delete_conversation(caller.owner, conversation_id)

    @routes.post(
        "/v1/feedback",
        status_code=201,
        responses=problem_responses(400, 401, 403, 404, 408, 413, 421, 422, 429, 503),
    )
    def feedback(request: FeedbackRequest, caller: asking) -> FeedbackBody:
        """Keeps what somebody thinks of an answer, in place of what they thought before."""
        kept = service.records.save_feedback(
            caller.owner, request.answer_id, request.verdict, request.comment
        )
        service.metrics.count_feedback(request.verdict)
        return FeedbackBody(id=kept, answer_id=request.answer_id, verdict=request.verdict)

    return routes
