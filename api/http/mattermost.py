"""The route for slash commands and outgoing webhooks, as Mattermost and others send them."""

import asyncio
import logging
import time
from contextlib import AsyncExitStack
from weakref import WeakValueDictionary

import anyio.to_thread
from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import JSONResponse

from api.assembly.service import Service
from api.errors import Overloaded
from api.http.problems import problem_for
from api.mattermost.integration import (
    Asked,
    FormInvalid,
    MattermostIntegration,
    answered,
    notice,
    read_form,
    usage,
)
from api.service.access import Caller
from api.service.logs import request_id
from api.wire import AnswerBody, ChatRequest

_log = logging.getLogger(__name__)
# Seconds after which we say that it took too long; Mattermost, if nobody set it otherwise, waits
# for 30, and then says only that the command failed, or nothing at all.
_PATIENCE = 25.0


def mattermost_routes(service: Service, door: MattermostIntegration) -> APIRouter:
    """Where Mattermost asks."""
    routes = APIRouter()
    # Of a message that is sent twice the second waits for the answer of the first.
    turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    # What goes in and out here is Mattermost's to describe.
    @routes.post("/mattermost", include_in_schema=False)
    async def mattermost(request: Request) -> JSONResponse:
        address = request.client.host if request.client else ""
        try:
            asked = read_form(await request.body(), request.headers.get("content-type", ""))
        except FormInvalid as error:
            door.refuse(address)
            raise HTTPException(400, str(error)) from error
        header = request.headers.get("authorization", "")
        scheme, _, shown = header.partition(" ")
        tokens = [asked.token, shown.strip()] if scheme.lower() == "token" else [asked.token]
        caller = request.state.caller = door.admit(tokens, address)
        if asked.is_by_bot:
            return JSONResponse({})
        return JSONResponse(
            {"response_type": asked.response_type, "text": await told(caller, asked)}
        )

    async def told(caller: Caller, asked: Asked) -> str:
        if not asked.question:
            return usage(asked.called)
        try:
            door.rate_limiter.hit(f"caller {caller.owner}")
            return answered(await answer_of(caller, asked), door.page)
        except Exception as error:  # noqa: BLE001 - of an error's status people are shown nothing
            _log.warning("A question from Mattermost was not answered: %s", type(error).__name__)
            return notice(problem_for(error).detail, request_id.get())

    async def answer_of(caller: Caller, asked: Asked) -> AnswerBody:
        until = time.monotonic() + min(service.timeout, _PATIENCE)
        question = ChatRequest(message=asked.question, conversation_id=asked.conversation_id)
        async with AsyncExitStack() as held:
            held.enter_context(service.concurrency.slot())
            if asked.answer_id:
                turn = turns.setdefault(asked.answer_id, asyncio.Lock())
                try:
                    async with asyncio.timeout_at(until):
                        await held.enter_async_context(turn)
                except TimeoutError as error:
                    raise Overloaded("the question took too long: ask it again", 5.0) from error
            steps = service.chat.answer_steps(
                caller, question, until=until, answer_id=asked.answer_id
            )
            held.push_async_callback(anyio.to_thread.run_sync, steps.close)
            return await service.concurrency.run(steps.result, until)

    return routes
