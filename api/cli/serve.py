"""`assistant serve`: the HTTP API and the web page."""

import asyncio
import signal
import socket
from argparse import Namespace

from api.assembly.model import examine_in_background
from api.assembly.service import Service, open_service
from api.background import prepare_index, run_maintenance
from api.errors import DatabaseUnavailable, PublicWithoutKeys
from api.exit_codes import BAD_INPUT, DONE
from api.http.app import create_app
from api.http.server import Server
from api.listening import bind, is_loopback, url_of
from api.service import logs
from api.settings import Settings, load_settings
from api.text import count
from corpus.folder import check_folder


def run(arguments: Namespace) -> int:
    """Serves until it is stopped. Checks everything that can be checked before it listens."""
    settings = load_settings(arguments.corpus, arguments.data)
    logs.configure(settings.log)
    check_folder(settings.corpus)
    with bind(arguments.host, arguments.port) as listener:
        loopback = is_loopback(listener)
        page = url_of(listener, settings.root_path)
        service = open_service(settings, loopback=loopback, page=page)
        exam = examine_in_background(service.model) if service.model else None
        try:
            if damage := service.database.find_damage():
                raise DatabaseUnavailable(damage)
            if not loopback and not service.keys.any():
                raise PublicWithoutKeys(
                    "without API keys the service listens on this machine only, not on "
                    f"{arguments.host}"
                )
            # After its shutdown uvicorn raises SIGTERM again, which would end the process before
            # the running build is stopped and the database is closed.
            signal.signal(signal.SIGTERM, lambda *_: None)
            return asyncio.run(_serve(settings, service, listener))
        finally:
            if exam:
                exam.set()
            service.close()


async def _serve(settings: Settings, service: Service, listener: socket.socket) -> int:
    """Accepts connections at once; questions are answered as soon as there is an index."""
    server = Server(create_app(service))
    background = asyncio.create_task(_run_background(settings, service, listener))
    # It returns early only if there is nothing to serve.
    background.add_done_callback(lambda _: setattr(server, "should_exit", True))
    try:
        await server.serve(sockets=[listener])
    finally:
        background.cancel()
        [result] = await asyncio.gather(background, return_exceptions=True)
    if isinstance(result, Exception):
        raise result
    return BAD_INPUT if result == BAD_INPUT else DONE


async def _run_background(settings: Settings, service: Service, listener: socket.socket) -> int:
    """Prepares the index, prints the address, and maintains index, records and Slack until it is
    cancelled. Returns BAD_INPUT if there is no index; the reason has been logged."""
    documents = await prepare_index(service)
    if not documents:
        return BAD_INPUT
    print(f"{count(documents, 'document')} of {settings.corpus} ready for questions.")
    print(f"Open {url_of(listener, settings.root_path)} in a browser; Ctrl-C stops.", flush=True)
    async with asyncio.TaskGroup() as group:
        group.create_task(run_maintenance(settings, service))
        if service.slack and service.slack.receives_http:
            group.create_task(service.slack.run())
    return DONE
