"""The routes that list, show, upload and delete documents."""

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

_MAX_EXAMPLES = 3
# Any content type is accepted: the bytes show whether they are text, as with files in the folder.
_CONTENT = {
    "requestBody": {
        "required": True,
        "description": "the file: Markdown or plain text in UTF-8",
        "content": {"text/markdown": {"schema": {"type": "string", "minLength": 1}}},
    }
}

Name = Annotated[str, Path(description="the path of the document in the folder: hr/leave.md")]


def document_routes(service: Service) -> APIRouter:
    """Returns the routes for documents."""
    routes = APIRouter(responses=problem_responses(401, 403, 421, 429, 503))
    asking = Annotated[Caller, Depends(requires(service.access, Scope.ASK))]
    writing = Annotated[Caller, Depends(requires(service.access, Scope.WRITE))]

    @routes.get("/v1/documents")
    def documents(caller: asking) -> DocumentsBody:
        """Lists the indexed documents, and some questions that they answer."""
        return DocumentsBody.of(service.chat.documents(caller, _MAX_EXAMPLES))

    @routes.get("/v1/documents/{path:path}", responses=problem_responses(404, 422))
    def document(
        path: Name,
        caller: asking,
        sha256: Annotated[
            str | None, Query(description="a version, as in a citation; default: the current one")
        ] = None,
    ) -> DocumentBody:
        """Returns the text and structure of a document, in any version that was ever indexed."""
        with service.generations.borrow(caller.folders) as assistant:
            manifest = assistant.generation.manifest
        current = {each.path: each.sha256 for each in manifest.documents}
        wanted = sha256 or current.get(path)
        texts = service.generations.texts
        # The path is compared, never opened: texts are stored by digest.
        if wanted is None or not caller.can_read(path) or not texts.had_text(path, wanted):
            version = f" with the version {sha256!r}" if sha256 else ""
            raise DocumentMissing(f"there is no document {path!r}{version}")
        return DocumentBody.from_document(
            parse_document(path, texts.read(wanted)), current.get(path) == wanted
        )

    @routes.put(
        "/v1/documents/{path:path}",
        status_code=202,
        openapi_extra=_CONTENT,
        responses=problem_responses(404, 408, 413, 422),
    )
    async def put(path: Name, request: Request, caller: writing) -> UploadBody:
        """Stores a document in the folder. When this returns it is on the disk; `/v1/index` shows
        when it is in the index."""
        _check_folder(caller, path)
        content = await request.body()
        digest, characters = await run_in_threadpool(service.uploads.put, path, content)
        service.index_updater.request_build(path)
        return UploadBody(path=path, sha256=digest, characters=characters)

    @routes.delete(
        "/v1/documents/{path:path}", status_code=202, responses=problem_responses(404, 409, 422)
    )
    def remove(path: Name, caller: writing) -> RemovalBody:
        """Deletes a document from the folder. It leaves the index a little later. Existing
        citations of it still open."""
        _check_folder(caller, path)
        service.uploads.remove(path)
        service.index_updater.request_build(path)
        return RemovalBody(path=path)

    return routes


def _check_folder(caller: Caller, path: str) -> None:
    if not caller.can_read(path):
        folders = ", ".join(sorted(caller.folders or ()))
        raise Forbidden(f"the key {caller.name!r} can write only in {folders}")
