"""Sockets that a server listens on."""

import ipaddress
import socket

from api.errors import AddressUnavailable


def bind(host: str, port: int) -> socket.socket:
    """Binds a socket, so that a port in use is reported before anything else starts. Raises
    AddressUnavailable."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listener = socket.socket(family, kind, protocol)
    except OSError as error:
        raise AddressUnavailable(f"cannot listen on {host} ({error.strerror})") from error
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
    """Returns whether only this machine can connect."""
    return ipaddress.ip_address(listener.getsockname()[0]).is_loopback


def url_of(listener: socket.socket, root_path: str = "") -> str:
    """Returns the URL for a browser, with a slash at the end."""
    host, port = listener.getsockname()[:2]
    address = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    return f"http://{address}{root_path}/"
