"""Starts the stand-in and, next to it, `assistant serve` with the settings that connect the two.

Run it with `make slack`. Unknown arguments are passed on to `assistant serve`, for example
`--corpus DIR`.
"""

import argparse
import asyncio
import contextlib
import os
import socket
import sys
from asyncio.subprocess import Process

import uvicorn

from slack_stand_in.options import Options
from slack_stand_in.server import StandIn


def main() -> int:
    """Runs both until Ctrl-C or until the service ends; returns the exit code."""
    parser = argparse.ArgumentParser(prog="slack_stand_in", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="port of the page (0: a free one)")
    arguments, serve_arguments = parser.parse_known_args()
    try:
        return asyncio.run(_run(arguments.port, serve_arguments))
    except KeyboardInterrupt:  # uvicorn raises it again after a clean stop
        return 0


async def _run(port: int, serve_arguments: list[str]) -> int:
    service_port = _free_port()
    stand_in = StandIn(Options(service=f"http://127.0.0.1:{service_port}"))
    listener = stand_in.listen(port)
    server = uvicorn.Server(uvicorn.Config(stand_in.app, log_config=None, access_log=False))
    command = ["-m", "api.cli", "serve", "--port", str(service_port), *serve_arguments]
    environment = {**os.environ, **stand_in.environment}
    service = await asyncio.create_subprocess_exec(sys.executable, *command, env=environment)
    watcher = asyncio.create_task(_stop_with(service, server))
    print(f"Slack stand-in: {stand_in.address} (open in a browser; Ctrl-C stops both)", flush=True)
    try:
        await server.serve(sockets=[listener])
    finally:
        watcher.cancel()
        await stand_in.close()
        await _stop(service)
    return service.returncode or 0


async def _stop_with(service: Process, server: uvicorn.Server) -> None:
    """Stops the stand-in when the service ends by itself."""
    await service.wait()
    server.should_exit = True


async def _stop(service: Process) -> None:
    if service.returncode is None:
        with contextlib.suppress(ProcessLookupError):
            service.terminate()
        await service.wait()


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


if __name__ == "__main__":
    sys.exit(main())
