"""The routes for questions, stored answers and conversations, and feedback."""

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
from api.service.chat import ChatMessage
from api.store.keys import Scope
from api.wire.chat import AnswerBody, ChatRequest, ConversationBody, FeedbackBody, FeedbackRequest
from api.wire.documents import SearchBody

MAX_HITS = 50
# Server-sent events in OpenAPI 3.2. FastAPI describes them only for endpoints that always stream.
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
        description="for a day, a request with the same key gets the same answer",
    ),
]


def question_routes(service: Service) -> APIRouter:
    """Returns the routes for chat, search, answers, conversations and feedback."""
    routes = APIRouter(responses=problem_responses(401, 403, 421, 422, 429, 503))
    asking = Annotated[Caller, Depends(requires(service.access, Scope.ASK))]

    @routes.post(
        "/v1/chat",
        response_model=AnswerBody,
        responses={
            200: {"description": "The answer, or its events with `stream`", "content": _STREAM},
            **problem_responses(400, 408, 409, 413),
        },
    )
    async def chat(
        request: ChatRequest, caller: asking, idempotency_key: IdempotencyKey = ""
    ) -> Response:
        """Answers a question, or refuses if the documents have no answer. With `stream`, sends
        server-sent events: `retrieved`, a `sentence` for each sentence with its citations, and
        `answer` or `error` at the end."""
        deadline = time.monotonic() + service.timeout
        async with AsyncExitStack() as resources:
            resources.enter_context(service.concurrency.slot())
            message = ChatMessage(
                request.message,
                request.conversation_id,
                tuple(turn.turn() for turn in request.history),
                request.mode or "",
            )
            steps = service.chat.answer_steps(caller, message, idempotency_key, deadline)
            resources.push_async_callback(anyio.to_thread.run_sync, steps.close)
            if request.stream:
                # An error before the first step still gets a status of its own.
                first = await service.concurrency.run(partial(next, steps, None), deadline)
                return EventStream(first, steps, service.concurrency, resources.pop_all())
            answer = await service.concurrency.run(steps.result, deadline)
        return Response(AnswerBody.of(answer).model_dump_json(), media_type="application/json")

    @routes.get("/v1/search")
    async def search(
        q: Annotated[str, Query(description="the question or keywords")],
        caller: asking,
        k: Annotated[int, Query(ge=1, le=MAX_HITS, description="number of passages")] = 10,
    ) -> SearchBody:
        """Finds the passages that match a question best, best first."""

        def find() -> SearchBody:
            with service.generations.borrow(caller.folders) as assistant:
                return SearchBody.of(assistant.search(q, k))

        deadline = time.monotonic() + service.timeout
        with service.concurrency.slot():
            return await service.concurrency.run(find, deadline)

    @routes.get("/v1/answers/{answer_id}", responses=problem_responses(404))
    def answer(answer_id: Id, caller: asking) -> AnswerBody:
        """Returns a stored answer. A citation is `stale` if its document has changed since."""
        return AnswerBody.of(service.chat.saved_answer(caller, answer_id))

    @routes.get("/v1/conversations/{conversation_id}", responses=problem_responses(404))
    def conversation(conversation_id: Id, caller: asking) -> ConversationBody:
        """Returns a stored conversation, oldest answer first."""
        return ConversationBody.of(service.chat.conversation(caller, conversation_id))

    @routes.delete(
        "/v1/conversations/{conversation_id}", status_code=204, responses=problem_responses(404)
    )
    def delete_conversation(conversation_id: Id, caller: asking) -> None:
        """Deletes a conversation: its questions, answers and feedback."""
        service.records.delete_conversation(caller.owner, conversation_id)

    @routes.post("/v1/feedback", status_code=201, responses=problem_responses(400, 404, 408, 413))
    def feedback(request: FeedbackRequest, caller: asking) -> FeedbackBody:
        """Stores a verdict on an answer. It replaces an earlier one."""
        feedback_id = service.chat.save_feedback(
            caller, request.answer_id, request.verdict, request.comment
        )
        return FeedbackBody(id=feedback_id, answer_id=request.answer_id, verdict=request.verdict)

    return routes
