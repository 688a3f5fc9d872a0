"""`assistant serve`: the HTTP interface and the web page."""

import asyncio
import signal
import socket
from argparse import Namespace

import uvicorn

from api.assembly.service import Service, open_service
from api.background import prepare_index, run_maintenance
from api.errors import DatabaseUnavailable, PublicWithoutKeys
from api.exit_codes import BAD_INPUT, DONE
from api.http.app import create_app
from api.listening import bind, is_loopback, url_of
from api.service import logs
from api.settings import Settings, load_settings
from corpus.loader import check_folder

_BACKLOG = 2048  # connections that wait to be accepted; uvicorn's own number
# Seconds that requests under way are given when the service is told to stop.
_GRACE = 10


def run(arguments: Namespace) -> int:
    """Serves until it is stopped. What cannot work is said before anything is listened to."""
    settings = load_settings(arguments.corpus, arguments.data)
    logs.configure(settings.log)
    check_folder(settings.corpus)
    with bind(arguments.host, arguments.port) as listener:
        loopback = is_loopback(listener)
        service = open_service(settings, loopback=loopback, page=url_of(listener))
        try:
            damage = service.database.find_damage()
            if damage:
                raise DatabaseUnavailable(damage)
            if not loopback and not service.keys.any():
                raise PublicWithoutKeys(
                    f"without keys the service listens on this machine only, not on "
                    f"{arguments.host}: make one with `assistant keys add NAME`"
                )
            # uvicorn stops at SIGTERM and then sends it once more, to a process that has yet to
            # stop its build and close its database.
            signal.signal(signal.SIGTERM, lambda *_: None)
            return asyncio.run(_serve(settings, service, listener))
        finally:
            service.close()


async def _serve(settings: Settings, service: Service, listener: socket.socket) -> int:
    """Listens at once; questions are answered as soon as there is an index."""
    listener.listen(_BACKLOG)
    config = uvicorn.Config(
        create_app(service),
        log_config=None,
        access_log=False,  # the application writes its own
        timeout_graceful_shutdown=_GRACE,
        server_header=False,
    )
    server = uvicorn.Server(config)
    beside = asyncio.create_task(_beside(settings, service, listener))
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


async def _beside(settings: Settings, service: Service, listener: socket.socket) -> int:
    """Makes the service ready, says so, and keeps its index and its records in order. Returns
    BAD_INPUT, the reason having been said, where there is nothing to answer from."""
    documents = await prepare_index(service)
    if not documents:
        return BAD_INPUT
    print(f"{documents} documents of {settings.corpus} are ready for questions.")
    print(f"Open {url_of(listener)} in a browser; Ctrl-C stops.", flush=True)
    async with asyncio.TaskGroup() as group:
        group.create_task(run_maintenance(settings, service))
        if service.slack and service.slack.receives_http:
            group.create_task(service.slack.run())
    return DONE
