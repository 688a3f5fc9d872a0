"""Authentication and authorization: an API key becomes a Caller.

A service without keys answers only requests from its own machine. Once a key was created, every
request needs one.
"""

from dataclasses import dataclass

from api.errors import Forbidden, InvalidKey, MisdirectedRequest
from api.service.rate_limits import RateLimiter
from api.store.keys import Keys, Scope
from index.folders import lies_within

_LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "[::1]"})


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

    def authenticate(self, key: str, address: str, host: str) -> Caller:
        """Returns the caller. `host` is the one that the request names, with its port.

        Raises InvalidKey, MisdirectedRequest or RateLimited.
        """
        if self._is_open():
            name = host.rsplit(":", 1)[0].lower()
            if name not in _LOOPBACK_NAMES and host.lower() not in _LOOPBACK_NAMES:
                # DNS rebinding: a web page can give its own name this machine's address.
                raise MisdirectedRequest(
                    f"without API keys the service answers only requests to localhost, not to "
                    f"{host!r}"
                )
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
