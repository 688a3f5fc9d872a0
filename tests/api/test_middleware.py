"""Security headers and cross-origin requests."""

import pytest
from fastapi.testclient import TestClient
from serving import client_of, opened

from api.settings import Settings

ALLOW_ORIGIN = "access-control-allow-origin"


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/page/page.js",
        "/docs",
        "/openapi.json",
        "/healthz",
        "/v1/documents",
        "/v1/search",
        "/x",
    ],
)
def test_every_response_has_security_headers(shared_client: TestClient, path: str) -> None:
    headers = shared_client.get(path).headers
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert "http" not in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cross-origin-opener-policy"] == "same-origin"
    assert "server" not in headers


def test_only_named_origins_are_allowed(
    shared_client: TestClient, shared_settings: Settings
) -> None:
    origin = {"origin": "https://intranet.example"}
    assert ALLOW_ORIGIN not in shared_client.get("/healthz", headers=origin).headers
    named = shared_settings.model_copy(update={"cors_origins": "https://intranet.example"})
    with opened(named) as service:
        client = client_of(service)
        assert client.get("/healthz", headers=origin).headers[ALLOW_ORIGIN] == origin["origin"]
        other = {"origin": "https://evil.example"}
        assert ALLOW_ORIGIN not in client.get("/healthz", headers=other).headers
        preflight = client.options(
            "/v1/chat", headers={**origin, "access-control-request-method": "POST"}
        )
        assert (preflight.status_code, preflight.headers[ALLOW_ORIGIN]) == (200, origin["origin"])
