"""Proxies in front of the service: which are trusted, and which requests came through one."""

from collections.abc import Sequence
from contextlib import suppress
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address

from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

Network = IPv4Network | IPv6Network
# Any of them shows that a request was forwarded.
_FORWARDED = frozenset(
    {b"forwarded", b"via", b"x-forwarded-for", b"x-forwarded-host", b"x-forwarded-proto"}
    | {b"x-real-ip"}
)
_SCOPE_KEY = "assistant.proxied"


class TrustedProxies:
    """Takes the address of a client from X-Forwarded-For if the request comes from one of these
    proxies, and remembers whether it came through any proxy."""

    def __init__(self, app: ASGIApp, networks: Sequence[Network]) -> None:
        trusted_hosts = [str(network) for network in networks]
        self._app = ProxyHeadersMiddleware(app, trusted_hosts)  # type: ignore[arg-type]
        self._networks = networks

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handles a request."""
        if scope["type"] == "http":
            _unmap_client(scope)
            scope[_SCOPE_KEY] = self._comes_from_proxy(scope) or any(
                name in _FORWARDED for name, _ in scope["headers"]
            )
        await self._app(scope, receive, send)  # type: ignore[arg-type]

    def _comes_from_proxy(self, scope: Scope) -> bool:
        try:
            address = ip_address((scope.get("client") or ("",))[0])
        except ValueError:  # a socket without an address
            return False
        return any(address in network for network in self._networks)


def _unmap_client(scope: Scope) -> None:
    """Replaces ::ffff:192.0.2.1, as a socket for IPv6 and IPv4 reports a client, by 192.0.2.1."""
    host, port = scope.get("client") or ("", 0)
    with suppress(ValueError):  # a socket without an address
        address = ip_address(host)
        if isinstance(address, IPv6Address) and address.ipv4_mapped:
            scope["client"] = str(address.ipv4_mapped), port


def is_proxied(scope: Scope) -> bool:
    """Returns whether the request came through a proxy, trusted or not."""
    return bool(scope.get(_SCOPE_KEY))
