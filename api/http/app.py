"""The FastAPI application: its routes, error handlers, middleware and pages."""

import re
from pathlib import Path

from fastapi import FastAPI
from fastapi.middleware.cors import CORSMiddleware
from fastapi.responses import HTMLResponse
from fastapi.staticfiles import StaticFiles

from api import __version__
from api.assembly.service import Service
from api.http.docs import docs_page
from api.http.documents import document_routes
from api.http.mattermost import mattermost_routes
from api.http.middleware import BodyLimit, HeaderLimit, RootPath, SecurityHeaders
from api.http.operations import operation_routes
from api.http.problems import add_error_handlers
from api.http.proxies import TrustedProxies
from api.http.questions import question_routes
from api.http.request_log import RequestLog

PAGE = Path(__file__).resolve().parent / "page"
_ABSOLUTE_PATH = re.compile('(?:href|src)="/')
_DESCRIPTION = (
    "Answers questions about a folder of documents, with the passage that proves each sentence."
)


def create_app(service: Service) -> FastAPI:
    """Returns the web application of this service. It opens nothing before the first request."""
    app = FastAPI(
        title="Assistant",
        description=_DESCRIPTION,
        version=__version__,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        servers=[{"url": service.root_path}] if service.root_path else None,
        # Without OTEL_EXPORTER_OTLP_ENDPOINT no traces are sent.
        telemetry={"auto_configure": True},
    )
    add_error_handlers(app)
    app.include_router(question_routes(service))
    app.include_router(document_routes(service))
    app.include_router(operation_routes(service))
    if service.slack and service.slack.receives_http:
        # Slack documents its own requests.
        app.post("/slack/events", include_in_schema=False)(service.slack.handle)
    if service.mattermost:
        app.include_router(mattermost_routes(service, service.mattermost))
    _add_pages(app, service.root_path)
    # Middleware that is added later is outside.
    app.add_middleware(BodyLimit)
    app.add_middleware(HeaderLimit)
    if service.origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=list(service.origins),
            allow_methods=["GET", "POST", "PUT", "DELETE"],
            allow_headers=["authorization", "content-type", "idempotency-key", "x-request-id"],
            expose_headers=["x-request-id", "retry-after"],
        )
    app.add_middleware(RequestLog, metrics=service.metrics)
    app.add_middleware(TrustedProxies, networks=service.trusted_proxies)
    app.add_middleware(SecurityHeaders)  # outside, for the responses of RequestLog
    app.add_middleware(RootPath, root_path=service.root_path)
    return app


def _add_pages(app: FastAPI, root_path: str) -> None:
    def below_root(html: str) -> HTMLResponse:
        return HTMLResponse(
            _ABSOLUTE_PATH.sub(rf"\g<0>{root_path[1:]}/", html) if root_path else html
        )

    @app.api_route("/", methods=["GET", "HEAD"], include_in_schema=False)
    def page() -> HTMLResponse:
        return below_root((PAGE / "index.html").read_text(encoding="utf-8"))

    @app.get("/docs", include_in_schema=False)
    def docs() -> HTMLResponse:
        return below_root(docs_page(app.openapi()))

    app.mount("/page", StaticFiles(directory=PAGE))
