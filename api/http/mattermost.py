"""The route for slash commands and outgoing webhooks of Mattermost and compatible servers."""

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
from api.http.problems import result_or_problem
from api.mattermost.integration import (
    FormInvalid,
    MattermostIntegration,
    Message,
    parse_message,
)
from api.mattermost.message import answer_text, notice, usage
from api.service.access import Caller
from api.service.chat import ChatMessage
from api.service.logs import request_id
from assistant.answer import Answer

_log = logging.getLogger(__name__)
# Seconds. Mattermost waits 30 by default, and then shows only that the command failed, or nothing.
_TIMEOUT = 25.0


def mattermost_routes(service: Service, integration: MattermostIntegration) -> APIRouter:
    """Returns the route that Mattermost calls."""
    routes = APIRouter()
    # If a message is sent twice, the second request waits for the answer to the first.
    locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    # Mattermost documents its own requests.
    @routes.post("/mattermost", include_in_schema=False)
    async def mattermost(request: Request) -> JSONResponse:
        address = request.client.host if request.client else ""
        try:
            message = parse_message(await request.body(), request.headers.get("content-type", ""))
        except FormInvalid as error:
            integration.count_rejected(address)
            raise HTTPException(400, str(error)) from error
        header = request.headers.get("authorization", "")
        scheme, _, token = header.partition(" ")
        tokens = [message.token, token.strip()] if scheme.lower() == "token" else [message.token]
        caller = request.state.caller = integration.authenticate(tokens, address)
        if message.is_from_bot:
            return JSONResponse({})
        text = await reply(caller, message) if message.question else usage(message.trigger)
        return JSONResponse({"response_type": message.response_type, "text": text})

    async def reply(caller: Caller, message: Message) -> str:
        # Mattermost shows no details of an error status, so an error is a message too.
        result = await result_or_problem(ask(caller, message))
        if isinstance(result, Answer):
            return answer_text(result, integration.page)
        _log.warning("A question from Mattermost was not answered: %s", result.title)
        return notice(result.detail, request_id.get())

    async def ask(caller: Caller, message: Message) -> Answer:
        integration.rate_limiter.hit(f"caller {caller.owner}")
        deadline = time.monotonic() + min(service.timeout, _TIMEOUT)
        question = ChatMessage(text=message.question, conversation_id=message.conversation_id)
        async with AsyncExitStack() as resources:
            resources.enter_context(service.concurrency.slot())
            if message.answer_id:
                lock = locks.setdefault(message.answer_id, asyncio.Lock())
                try:
                    async with asyncio.timeout_at(deadline):
                        await resources.enter_async_context(lock)
                except TimeoutError as error:
                    raise Overloaded("the question took too long: ask it again", 5.0) from error
            steps = service.chat.answer_steps(
                caller, question, until=deadline, answer_id=message.answer_id
            )
            resources.push_async_callback(anyio.to_thread.run_sync, steps.close)
            return await service.concurrency.run(steps.result, deadline)

    return routes
