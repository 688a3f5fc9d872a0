"""`assistant serve`: the HTTP interface and the web page."""

import asyncio
import signal
import socket
from argparse import Namespace

import uvicorn

from api.assembly.service import Parts, open_parts
from api.background import keep_in_order, make_ready
from api.errors import DatabaseUnavailable, NotForOthers
from api.exit_codes import BAD_INPUT, DONE
from api.http.app import create_app
from api.listening import address_of, bound, is_loopback
from api.service import logs
from api.settings import Settings, read_settings
from corpus.loader import expect_folder

_BACKLOG = 2048  # connections that wait to be accepted; uvicorn's own number
# Seconds that requests under way are given when the service is told to stop.
_GRACE = 10


def run(arguments: Namespace) -> int:
    """Serves until it is stopped. What cannot work is said before anything is listened to."""
    settings = read_settings(arguments.corpus, arguments.data)
    logs.set_up(settings.log)
    expect_folder(settings.corpus)
    with bound(arguments.host, arguments.port) as listener:
        loopback = is_loopback(listener)
        parts = open_parts(settings, loopback=loopback, page=address_of(listener))
        try:
            damage = parts.database.damage()
            if damage:
                raise DatabaseUnavailable(damage)
            if not loopback and not parts.keys.any():
                raise NotForOthers(
                    f"without keys the service receives_http on this machine only, not on "
                    f"{arguments.host}: make one with `assistant keys add NAME`"
                )
            # uvicorn stops at SIGTERM and then sends it once more, to a process that has yet to
            # stop its build and close its database.
            signal.signal(signal.SIGTERM, lambda *_: None)
            return asyncio.run(_serve(settings, parts, listener))
        finally:
            parts.close()


async def _serve(settings: Settings, parts: Parts, listener: socket.socket) -> int:
    """Listens at once; questions are answered as soon as there is an index."""
    listener.listen(_BACKLOG)
    config = uvicorn.Config(
        create_app(parts),
        log_config=None,
        access_log=False,  # the application writes its own
        timeout_graceful_shutdown=_GRACE,
        server_header=False,
    )
    server = uvicorn.Server(config)
    beside = asyncio.create_task(_beside(settings, parts, listener))
    # What runs beside the server only ends where there is nothing to serve.
    beside.add_done_callback(lambda _: setattr(server, "should_exit", True))
    try:
        await server.serve(sockets=[listener])
    finally:
        beside.cancel()
        results = await asyncio.gather(beside, return_exceptions=True)
    [result] = results
    if isinstance(result, Exception):
        raise result
    return BAD_INPUT if result == BAD_INPUT else DONE


async def _beside(settings: Settings, parts: Parts, listener: socket.socket) -> int:
    """Makes the service ready, says so, and keeps its index and its records in order. Returns
    BAD_INPUT, the reason having been said, where there is nothing to answer from."""
    documents = await make_ready(parts)
    if not documents:
        return BAD_INPUT
    print(f"{documents} documents of {settings.corpus} are ready for questions.")
    print(f"Open {address_of(listener)} in a browser; Ctrl-C stops.", flush=True)
    async with asyncio.TaskGroup() as group:
        group.create_task(keep_in_order(settings, parts))
        if parts.slack and parts.slack.receives_http:
            group.create_task(parts.slack.run())
    return DONE
