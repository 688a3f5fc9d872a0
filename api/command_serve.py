"""`assistant serve`: the HTTP interface and the web page."""

import ipaddress
import socket
from argparse import Namespace

import uvicorn

from api.assembly import Service, ensure_index
from api.codes import DONE
from api.errors import AddressUnavailable
from api.http import create_app
from api.settings import read_settings
from api.terminal import Bars, warn

_BACKLOG = 2048  # connections that wait to be accepted; uvicorn's own number


def run(arguments: Namespace) -> int:
    """Serves until it is stopped. What cannot work is said before anything is listened to."""
    settings = read_settings(arguments.corpus, arguments.data)
    with _bound(arguments.host, arguments.port) as listener:
        if not _is_loopback(listener):
            warn([f"there is no access control: whoever reaches {arguments.host} can read all"])
        with Bars() as bars:
            corpus = ensure_index(settings, bars)
        warn(f"left out: {error}" for error in corpus.unreadable)
        service = Service(settings)
        service.assistant()
        listener.listen(_BACKLOG)  # whoever reads the address may connect at once
        print(f"{len(corpus.documents)} documents of {settings.corpus} are ready for questions.")
        print(f"Open {_address(listener)} in a browser; Ctrl-C stops.", flush=True)
        config = uvicorn.Config(create_app(service), log_level="warning")
        uvicorn.Server(config).run(sockets=[listener])
        service.close()
    return DONE


def _bound(host: str, port: int) -> socket.socket:
    """A socket that holds the address, so that a port in use is known before indexing."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listener = socket.socket(family, kind, protocol)
    except OSError as error:
        raise AddressUnavailable(f"{host} is no address to listen on ({error.strerror})") from error
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(address)
    except OSError as error:
        listener.close()
        raise AddressUnavailable(
            f"cannot listen on {host}, port {port} ({error.strerror}): stop what uses it, or name "
            "another with --port"
        ) from error
    return listener


def _is_loopback(listener: socket.socket) -> bool:
    return ipaddress.ip_address(listener.getsockname()[0]).is_loopback


def _address(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/"
