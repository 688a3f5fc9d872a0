"""The routes that show documents and change them."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Request
from fastapi.concurrency import run_in_threadpool

from api.assembly.service import Service
from api.errors import DocumentMissing, Forbidden
from api.http.auth import requires
from api.http.problems import problem_responses
from api.service.access import Caller
from api.store.keys import Scope
from api.wire import DocumentBody, DocumentsBody, RemovalBody, UploadBody
from corpus.loader import parse_document

_EXAMPLES = 3
# Any content type is let in: what is text is seen from the bytes, as it is with files.
_CONTENT = {
    "requestBody": {
        "required": True,
        "description": "the file as it is: UTF-8 text, Markdown or plain",
        "content": {"text/markdown": {"schema": {"type": "string", "minLength": 1}}},
    }
}

Name = Annotated[str, Path(description="the document's path below the folder, as hr/leave.md")]


def document_routes(service: Service) -> APIRouter:
    """Listing, showing, putting and removing documents."""
    routes = APIRouter()
    asking = Annotated[Caller, Depends(requires(service.access, Scope.ASK))]
    writing = Annotated[Caller, Depends(requires(service.access, Scope.WRITE))]

    @routes.get("/v1/documents", responses=problem_responses(401, 403, 421, 429, 503))
    def documents(caller: asking) -> DocumentsBody:
        """Lists the documents that are answered from, and some questions that they answer."""
        return service.chat.documents(caller, _EXAMPLES)

    @routes.get(
        "/v1/documents/{path:path}", responses=problem_responses(401, 403, 404, 421, 422, 429, 503)
    )
    def document(
        path: Name,
        caller: asking,
        sha256: Annotated[
            str | None, Query(description="the version, as a citation names it; else the current")
        ] = None,
    ) -> DocumentBody:
        """Gives a document's text and structure, in any version that was ever indexed."""
        with service.generations.borrow(caller.folders) as assistant:
            manifest = assistant.generation.manifest
        current = {each.path: each.sha256 for each in manifest.documents}
        wanted = sha256 or current.get(path)
        texts = service.generations.texts
        # The path is only a name here: texts are kept, and opened, by digest.
        if wanted is None or not caller.can_read(path) or not texts.had_text(path, wanted):
            raise DocumentMissing(
                f"no document is called {path!r}, or not in this version: see /v1/documents"
            )
        return DocumentBody.of(
            parse_document(path, texts.read(wanted)), current.get(path) == wanted
        )

    @routes.put(
        "/v1/documents/{path:path}",
        status_code=202,
        openapi_extra=_CONTENT,
        responses=problem_responses(401, 403, 408, 413, 421, 422, 429, 503),
    )
    async def put(path: Name, request: Request, caller: writing) -> UploadBody:
        """Puts a document into the folder. It is on the disk when this answers, and in the index a
        little later: /v1/index tells."""
        _expect_own(caller, path)
        content = await request.body()
        digest, characters = await run_in_threadpool(service.uploads.put, path, content)
        service.index_updater.request_build()
        return UploadBody(path=path, sha256=digest, characters=characters)

    @routes.delete(
        "/v1/documents/{path:path}",
        status_code=202,
        responses=problem_responses(401, 403, 404, 409, 421, 422, 429, 503),
    )
    def remove(path: Name, caller: writing) -> RemovalBody:
        """Takes a document out of the folder. It is gone from the index a little later; what was
        cited from it still opens."""
        _expect_own(caller, path)
        service.uploads.remove(path)
        service.index_updater.request_build()
        return RemovalBody(path=path)

    return routes


def _expect_own(caller: Caller, path: str) -> None:
    if not caller.can_read(path):
        folders = ", ".join(sorted(caller.folders or ()))
        raise Forbidden(f"the key {caller.name} may write in {folders} only")
