"""Authentication and authorization: an API key becomes a Caller.

A service without keys answers only requests from its own machine. Once a key was created, every
request needs one.
"""

import re
from dataclasses import dataclass

from api.errors import Forbidden, InvalidKey, MisdirectedRequest
from api.service.rate_limits import RateLimiter
from api.store.keys import Keys, Scope
from index.folders import lies_within

_LOOPBACK_HOST = re.compile(r"(localhost|127\.0\.0\.1|\[::1\])(:[0-9]{1,5})?", re.IGNORECASE)


@dataclass(frozen=True)
class Caller:
    """The sender of a request. `owner` is the id of its key, "" in a service without keys: its
    records are stored under it. `folders` are the document folders it can read; None: all."""

    owner: str
    name: str
    scopes: frozenset[Scope]
    folders: frozenset[str] | None = None

    def can_read(self, document: str) -> bool:
        """Returns whether the document lies in the caller's folders."""
        return self.folders is None or lies_within(document, self.folders)

    def check_scope(self, scope: Scope) -> None:
        """Raises Forbidden if the caller's key lacks the scope."""
        if scope not in self.scopes:
            raise Forbidden(f"the key {self.name!r} lacks the scope {scope}")


ANONYMOUS = Caller(owner="", name="", scopes=frozenset(Scope))


class Access:
    """Authenticates callers and applies their rate limits. Thread-safe."""

    def __init__(
        self,
        keys: Keys,
        rate_limiter: RateLimiter,
        open_rate_limiter: RateLimiter,
        *,
        loopback: bool,
    ) -> None:
        """`rate_limiter` applies to each key, and to each address that sends an invalid one;
        `open_rate_limiter` to each address while there are no keys. `loopback` means that only this
        machine can connect."""
        self._keys = keys
        self._rate_limiter = rate_limiter
        self._open_rate_limiter = open_rate_limiter
        self._loopback = loopback
        self._has_keys = False

    def authenticate(
        self, key: str, address: str, host: str | None, *, proxied: bool = False
    ) -> Caller:
        """Returns the caller. `host` is the Host header as it was sent, and None unless there is
        exactly one; `proxied` means that the request came through a proxy.

        Raises InvalidKey, MisdirectedRequest or RateLimited.
        """
        if self._is_open():
            _check_local(host, proxied)
            self._open_rate_limiter.hit(address)
            return ANONYMOUS
        found = self._keys.verify(key) if key else None
        if found is None:
            self._rate_limiter.hit(f"address {address}")
            raise InvalidKey("missing or invalid API key: send it as `Authorization: Bearer KEY`")
        self._rate_limiter.hit(f"key {found.id}")
        return Caller(found.id, found.name, found.scopes, frozenset(found.folders) or None)

    def _is_open(self) -> bool:
        if self._loopback and not self._has_keys:
            self._has_keys = self._keys.any()
        return self._loopback and not self._has_keys


def _check_local(host: str | None, proxied: bool) -> None:
    """Raises MisdirectedRequest unless the request comes from this machine."""
    rule = "without API keys the service answers only requests to localhost"
    if proxied:  # the user may be anywhere
        raise MisdirectedRequest(f"{rule}, and this one came through a proxy")
    if host is None:
        raise MisdirectedRequest(f"{rule}: send one Host header")
    # DNS rebinding: a web page can give its own name this machine's address.
    if not _LOOPBACK_HOST.fullmatch(host):
        raise MisdirectedRequest(f"{rule}, not to {host!r}")
