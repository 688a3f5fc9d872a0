"""Where a server listens: an address that is taken before anything else is done."""

import ipaddress
import socket

from api.errors import AddressUnavailable


def bind(host: str, port: int) -> socket.socket:
    """A socket that holds the address, so that a port in use is known before anything is done.
    Raises AddressUnavailable."""
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
            f"cannot listen on {host}, port {port} ({error.strerror})"
        ) from error
    return listener


def is_loopback(listener: socket.socket) -> bool:
    """Whether only this machine can connect to it."""
    return ipaddress.ip_address(listener.getsockname()[0]).is_loopback


def url_of(listener: socket.socket) -> str:
    """Where a browser finds it, with a slash at the end."""
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/"
