"""HTTP: the JSON interface, the health checks and the web page.

Translates between requests and the assistant, and knows nothing of how an answer is found.
"""

from pathlib import Path
from typing import Annotated, Any

from fastapi import FastAPI, HTTPException, Query
from fastapi.responses import FileResponse, HTMLResponse
from fastapi.staticfiles import StaticFiles

from api import __version__
from api.assembly import Service
from api.docs import docs_page
from api.guard import BodyLimit, SafeHeaders
from api.problems import MEDIA_TYPE, answer_errors
from api.wire import (
    AnswerBody,
    ChatRequest,
    DocumentBody,
    DocumentsBody,
    HealthBody,
    HitBody,
    ProblemBody,
    ReadyBody,
    SearchBody,
)
from corpus.reader import parse_document

PAGE = Path(__file__).resolve().parent / "page"
MOST_HITS = 50
_EXAMPLES = 3
_DESCRIPTION = (
    "Answers questions about a folder of documents, each sentence with the passage that proves it."
)


def _problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The problem documents of an endpoint, for its description."""
    content = {MEDIA_TYPE: {"schema": ProblemBody.model_json_schema()}}
    return {
        status: {"description": "A problem document", "content": content} for status in statuses
    }


def create_app(service: Service) -> FastAPI:
    """The web application over a service. Nothing is opened before the first request."""
    app = FastAPI(
        title="Assistant",
        description=_DESCRIPTION,
        version=__version__,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    answer_errors(app)
    app.add_middleware(BodyLimit)
    app.add_middleware(SafeHeaders)
    _add_questions(app, service)
    _add_documents(app, service)
    _add_health(app, service)
    _add_pages(app)
    return app


def _add_questions(app: FastAPI, service: Service) -> None:
    @app.post("/v1/chat", responses=_problems(400, 413, 422, 503))
    def chat(request: ChatRequest) -> AnswerBody:
        """Answers a question, or says that the documents have no answer."""
        history = [turn.turn() for turn in request.history]
        answer = service.assistant().ask(request.message, history, request.conversation_id)
        return AnswerBody.of(answer)

    @app.get("/v1/search", responses=_problems(422, 503))
    def search(
        q: Annotated[str, Query(description="what to look for")],
        k: Annotated[int, Query(ge=1, le=MOST_HITS, description="how many passages")] = 10,
    ) -> SearchBody:
        """Finds the passages nearest to a question, best first."""
        hits = service.assistant().find(q, k)
        return SearchBody(hits=tuple(HitBody.of(hit) for hit in hits))


def _add_documents(app: FastAPI, service: Service) -> None:
    @app.get("/v1/documents", responses=_problems(503))
    def documents() -> DocumentsBody:
        """Lists the documents that are answered from, and some questions that they answer."""
        generation = service.assistant().generation
        asked = generation.words.questions()[:_EXAMPLES]
        examples = tuple(entry.passage.question or "" for entry in asked)
        return DocumentsBody.of(generation.id, generation.manifest, examples)

    @app.get("/v1/documents/{path:path}", responses=_problems(404, 503))
    def document(
        path: str,
        sha256: Annotated[
            str | None, Query(description="the version, as a citation names it; else the current")
        ] = None,
    ) -> DocumentBody:
        """Gives a document's text and structure, in any version that was ever indexed."""
        manifest = service.assistant().generation.manifest
        current = {each.path: each.sha256 for each in manifest.documents}
        wanted = sha256 or current.get(path)
        if wanted is None:
            detail = f"no document is called {path}: see /v1/documents for those there are"
            raise HTTPException(404, detail)
        # The path is only a name here: texts are kept, and opened, by digest.
        text = service.texts.read(wanted)
        return DocumentBody.of(parse_document(path, text), current.get(path) == wanted)


def _add_health(app: FastAPI, service: Service) -> None:
    @app.get("/healthz")
    async def healthz() -> HealthBody:
        """Says that the process is up."""
        return HealthBody()

    @app.get("/readyz", responses=_problems(503))
    def readyz() -> ReadyBody:
        """Says whether questions can be answered, and from which generation of the index."""
        return ReadyBody(generation=service.assistant().generation.id)


def _add_pages(app: FastAPI) -> None:
    @app.api_route("/", methods=["GET", "HEAD"], include_in_schema=False)
    def page() -> FileResponse:
        return FileResponse(PAGE / "index.html", media_type="text/html; charset=utf-8")

    @app.get("/docs", include_in_schema=False)
    def docs() -> HTMLResponse:
        return HTMLResponse(docs_page(app.openapi()))

    app.mount("/page", StaticFiles(directory=PAGE))
