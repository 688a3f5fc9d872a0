"""Authentication over HTTP: the API key of a request becomes a Caller."""

from collections.abc import Callable
from typing import Annotated, TypeAlias

from fastapi import Request, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from api.http.proxies import is_proxied
from api.service.access import Access, Caller
from api.store.keys import Scope

_BEARER = HTTPBearer(auto_error=False, description="an API key; a service without keys needs none")
Credentials: TypeAlias = Annotated[HTTPAuthorizationCredentials | None, Security(_BEARER)]


def requires(access: Access, scope: Scope) -> Callable[..., Caller]:
    """Returns a dependency that returns the caller of a request.

    The dependency raises InvalidKey, Forbidden if the key lacks the scope, MisdirectedRequest or
    RateLimited.
    """

    def authenticated(request: Request, credentials: Credentials) -> Caller:
        key = credentials.credentials if credentials else ""
        address = request.client.host if request.client else ""
        # Not request.url: it replaces a malformed host by the address of the service.
        hosts = request.headers.getlist("host")
        host = hosts[0] if len(hosts) == 1 else None
        caller = access.authenticate(key, address, host, proxied=is_proxied(request.scope))
        request.state.caller = caller
        caller.check_scope(scope)
        return caller

    return authenticated
