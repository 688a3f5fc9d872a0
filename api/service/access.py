"""Who may: from what a request shows to a Caller, and what that one may do and read.

Without keys the service is open, to its own machine only. With the first key that ends, for good.
"""

from dataclasses import dataclass

from api.errors import Forbidden, InvalidKey, MisdirectedRequest
from api.service.rate_limits import RateLimiter
from api.store.keys import Keys, Scope
from index.folders import lies_within

_LOOPBACK = frozenset({"localhost", "127.0.0.1", "[::1]"})


@dataclass(frozen=True)
class Caller:
    """Who asks. `owner` is the id of their key, "" where there are no keys: what is kept of them
    is kept under it. `folders` are the document folders they may see; None: all."""

    owner: str
    name: str
    scopes: frozenset[Scope]
    folders: frozenset[str] | None = None

    def can_read(self, document: str) -> bool:
        """Whether a document lies in one of their folders, or is named as one."""
        return self.folders is None or lies_within(document, self.folders)

    def check_scope(self, scope: Scope) -> None:
        """Raises Forbidden if the caller's key lacks the scope."""
        if scope not in self.scopes:
            raise Forbidden(f"the key {self.name} lacks the scope {scope}")


ANONYMOUS = Caller(owner="", name="", scopes=frozenset(Scope))


class Access:
    """Admits callers. Safe to share between threads."""

    def __init__(
        self,
        keys: Keys,
        rate_limiter: RateLimiter,
        open_rate_limiter: RateLimiter,
        *,
        loopback: bool,
    ) -> None:
        """`rate_limiter` applies to each key and to each address without one,
        `open_rate_limiter` to each address while there are no keys. `loopback` says
        that only this machine can connect."""
        self._keys = keys
        self._rate_limiter = rate_limiter
        self._open_rate_limiter = open_rate_limiter
        self._loopback = loopback
        self._is_keyed = False

    def authenticate(self, credentials: str, address: str, host: str) -> Caller:
        """The caller behind what was shown; `host` as the request names it, with its port."""
        if self._is_open():
            if host.rsplit(":", 1)[0].lower() not in _LOOPBACK and host.lower() not in _LOOPBACK:
                # A page elsewhere may have given its own name this machine's address.
                raise MisdirectedRequest(
                    f"without API keys the service answers only requests to localhost, not to "
                    f"{host!r}"
                )
            self._open_rate_limiter.hit(address)
            return ANONYMOUS
        key = self._keys.verify(credentials) if credentials else None
        if key is None:
            self._rate_limiter.hit(f"address {address}")
            raise InvalidKey("missing or invalid API key: send it as `Authorization: Bearer KEY`")
        self._rate_limiter.hit(f"key {key.id}")
        folders = frozenset(key.folders) or None
        return Caller(key.id, key.name, frozenset(key.scopes), folders)

    def _is_open(self) -> bool:
        if not self._is_keyed and self._loopback:
            self._is_keyed = self._keys.any()
        return self._loopback and not self._is_keyed
