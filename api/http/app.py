"""HTTP: the application, put together from its routes and what holds for all of them."""

from pathlib import Path

from fastapi import FastAPI
from fastapi.middleware.cors import CORSMiddleware
from fastapi.responses import FileResponse, HTMLResponse
from fastapi.staticfiles import StaticFiles

from api import __version__
from api.assembly.service import Service
from api.http.docs import docs_page
from api.http.documents import document_routes
from api.http.mattermost import mattermost_routes
from api.http.middleware import BodyLimit, SecurityHeaders
from api.http.operations import operation_routes
from api.http.problems import add_error_handlers
from api.http.questions import question_routes
from api.http.request_log import RequestLog

PAGE = Path(__file__).resolve().parent / "page"
_DESCRIPTION = (
    "Answers questions about a folder of documents, each sentence with the passage that proves it."
)


def create_app(service: Service) -> FastAPI:
    """The web application over this service. Nothing is opened before the first request."""
    app = FastAPI(
        title="Assistant",
        description=_DESCRIPTION,
        version=__version__,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        # Traces go where OTEL_EXPORTER_OTLP_ENDPOINT says, and nowhere without it.
        telemetry={"auto_configure": True},
    )
    add_error_handlers(app)
    app.include_router(question_routes(service))
    app.include_router(document_routes(service))
    app.include_router(operation_routes(service))
    if service.slack and service.slack.receives_http:
        # What goes in and out there is Slack's to describe.
        app.post("/slack/events", include_in_schema=False)(service.slack.handle)
    if service.mattermost:
        app.include_router(mattermost_routes(service, service.mattermost))
    _add_pages(app)
    # The last one added is the first one that a request comes to.
    app.add_middleware(BodyLimit)
    if service.origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=list(service.origins),
            allow_methods=["GET", "POST", "PUT", "DELETE"],
            allow_headers=["authorization", "content-type", "idempotency-key", "x-request-id"],
            expose_headers=["x-request-id", "retry-after", "idempotency-replayed"],
        )
    app.add_middleware(RequestLog, metrics=service.metrics)
    app.add_middleware(SecurityHeaders)  # around it, for the replies that it makes itself
    return app


def _add_pages(app: FastAPI) -> None:
    @app.api_route("/", methods=["GET", "HEAD"], include_in_schema=False)
    def page() -> FileResponse:
        return FileResponse(PAGE / "index.html", media_type="text/html; charset=utf-8")

    @app.get("/docs", include_in_schema=False)
    def docs() -> HTMLResponse:
        return HTMLResponse(docs_page(app.openapi()))

    app.mount("/page", StaticFiles(directory=PAGE))
