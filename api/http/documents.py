"""The routes that list, show, upload and delete documents."""

from pathlib import PurePath
from typing import Annotated
from unicodedata import normalize

from fastapi import APIRouter, Depends, Path, Query, Request
from fastapi.responses import FileResponse, Response

from api.assembly.service import Service
from api.errors import DocumentMissing, Forbidden
from api.http.auth import requires
from api.http.problems import problem_responses
from api.http.upload_bodies import UploadBodies
from api.service.access import Caller
from api.service.document_names import normalize_name
from api.service.originals import find_original
from api.store.keys import Scope
from api.wire.documents import DocumentBody, DocumentsBody, RemovalBody, UploadBody, UploadsBody
from corpus.formats.registry import SUFFIXES
from corpus.parsing import parse_document

_MAX_EXAMPLES = 3
# Any other content type is accepted: the bytes show whether they are text, as with files in the
# folder.
_FORM = {
    "multipart/form-data": {
        "schema": {
            "type": "object",
            "properties": {
                "file": {"type": "array", "items": {"type": "string", "format": "binary"}}
            },
            "required": ["file"],
        }
    }
}
_CONTENT = {
    "requestBody": {
        "required": True,
        "description": "the file in a supported format, text in UTF-8, or a form with it",
        "content": {"text/markdown": {"schema": {"minLength": 1}}, **_FORM},
    }
}
_FILES = {
    "requestBody": {
        "required": True,
        "description": "a form with files in supported formats, text in UTF-8",
        "content": _FORM,
    }
}

Name = Annotated[str, Path(description="the path of the document in the folder: hr/leave.md")]
FolderOrName = Annotated[str, Path(description="a folder, hr/forms, or the name of the document")]


def document_routes(service: Service) -> APIRouter:
    """Returns the routes for documents."""
    routes = APIRouter(responses=problem_responses(401, 403, 421, 429, 503))
    _add_reading_routes(routes, service)
    _add_writing_routes(routes, service)
    return routes


def _add_reading_routes(routes: APIRouter, service: Service) -> None:
    asking = Annotated[Caller, Depends(requires(service.access, Scope.ASK))]

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
        if path not in current and normalize("NFC", path) in current:
            path = normalize("NFC", path)
        wanted = sha256 or current.get(path)
        texts = service.generations.texts
        # The path is compared, never opened: texts are stored by digest.
        if wanted is None or not caller.can_read(path) or not texts.had_text(path, wanted):
            version = f" with the version {sha256!r}" if sha256 else ""
            raise DocumentMissing(f"there is no document {path!r}{version}")
        return DocumentBody.from_document(
            parse_document(path, texts.read(wanted)), current.get(path) == wanted
        )

    @routes.get(
        "/v1/originals/{path:path}",
        response_class=Response,
        responses={
            200: {"content": {"application/octet-stream": {"schema": {"type": "string"}}}},
            **problem_responses(404, 422),
        },
    )
    def original(path: Name, caller: asking) -> Response:
        """Returns the file that a document was read from, as it is now: of a document in an
        archive, the archive. A browser shows a PDF, and stores anything else."""
        with service.generations.borrow(caller.folders) as assistant:
            found = find_original(service.corpus, assistant.generation.manifest, path)
        return FileResponse(
            found.path,
            media_type=found.media_type,
            filename=found.name,
            content_disposition_type="inline" if found.is_shown else "attachment",
            headers={"content-security-policy": "sandbox; default-src 'none'"},
        )


def _add_writing_routes(routes: APIRouter, service: Service) -> None:
    writing = Annotated[Caller, Depends(requires(service.access, Scope.WRITE))]
    bodies = UploadBodies(service.uploads)

    @routes.put(
        "/v1/documents/{path:path}",
        status_code=202,
        openapi_extra=_CONTENT,
        responses=problem_responses(400, 404, 408, 413, 422),
    )
    async def put(path: Name, request: Request, caller: writing) -> UploadBody:
        """Stores a document in the folder. When this returns it is on the disk; `/v1/index` shows
        when it is in the index."""
        stored = await bodies.store(request, _permitted(caller, path))
        service.index_updater.request_build(stored.path)
        return UploadBody.of(stored)

    @routes.post(
        "/v1/documents",
        status_code=202,
        openapi_extra=_FILES,
        responses=problem_responses(400, 408, 413, 422),
    )
    async def post(request: Request, caller: writing) -> UploadsBody:
        """Stores the files of a form in the folder of documents, as `PUT` stores one."""
        return await store_form(request, caller, "")

    @routes.post(
        "/v1/documents/{path:path}",
        status_code=202,
        openapi_extra=_FILES,
        responses=problem_responses(400, 404, 408, 413, 422),
    )
    async def post_below(path: FolderOrName, request: Request, caller: writing) -> UploadsBody:
        """Stores the files of a form in a folder, or the only one under a name."""
        return await store_form(request, caller, path)

    async def store_form(request: Request, caller: Caller, path: str) -> UploadsBody:
        if PurePath(path).suffix.lower() in SUFFIXES:
            stored = [await bodies.store(request, _permitted(caller, path))]
        else:
            folder = f"{path.rstrip('/')}/" if path else ""
            stored = await bodies.store_form(request, lambda f: _permitted(caller, folder + f))
        service.index_updater.request_build(*(each.path for each in stored))
        return UploadsBody(documents=tuple(UploadBody.of(each) for each in stored))

    @routes.delete(
        "/v1/documents/{path:path}", status_code=202, responses=problem_responses(404, 409, 422)
    )
    def remove(path: Name, caller: writing) -> RemovalBody:
        """Deletes a document from the folder. It leaves the index a little later. Existing
        citations of it still open."""
        removed = service.uploads.remove(_permitted(caller, path))
        service.index_updater.request_build(removed)
        return RemovalBody(path=removed)


def _permitted(caller: Caller, path: str) -> str:
    """Returns the normalized name of a document. Raises UploadRefused, and Forbidden if it lies
    outside of the caller's folders."""
    name = normalize_name(path)
    if not caller.can_read(name):
        folders = ", ".join(sorted(caller.folders or ()))
        raise Forbidden(f"the key {caller.name!r} can write only in {folders}")
    return name
