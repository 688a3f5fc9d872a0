"""The bodies of uploads: stored while they arrive, a few at a time, and never whole in memory."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from contextlib import ExitStack, asynccontextmanager, closing
from functools import partial
from pathlib import PurePosixPath

import anyio.to_thread
from fastapi import HTTPException, Request
from starlette.datastructures import FormData, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import ClientDisconnect

from api.errors import Overloaded, UploadRefused
from api.service.uploads import StoredDocument, Uploads

_MAX_RUNNING = 4  # uploads; more would only compete for the disk
_MAX_WAIT = 60.0  # seconds until an upload fails that waits for its turn
_RETRY_AFTER = 5.0  # seconds
_PIECE = 512 * 1024  # bytes that are written at once
_MAX_FILES = 50  # in a form
_MAX_FIELDS = 50  # in a form, besides its files; they are ignored
_MAX_FIELD_BYTES = 64 * 1024  # of such a field, which is kept in memory
_FORM_REMEDY = "send multipart/form-data, as `curl -F file=@leave.md` does"


class UploadBodies:
    """Stores the bodies of requests. Belongs to one event loop.

    All methods raise UploadRefused, CorpusUnwritable, Overloaded and HTTPException.
    """

    def __init__(self, uploads: Uploads) -> None:
        self._uploads = uploads
        self._turns = asyncio.Semaphore(_MAX_RUNNING)

    async def store(self, request: Request, name: str) -> StoredDocument:
        """Stores the body under this name; of a form, the one file that it contains."""
        if _is_form(request):
            [stored] = await self.store_form(request, lambda _: name, max_files=1)
            return stored
        async with self._turn():
            in_thread = anyio.to_thread.run_sync
            with closing(await in_thread(self._uploads.begin, name)) as upload:
                async for piece in _pieces(request):
                    await in_thread(upload.write, piece)
                await in_thread(upload.finish)
                return await in_thread(upload.commit)

    async def store_form(
        self, request: Request, name_of: Callable[[str], str], max_files: int = _MAX_FILES
    ) -> list[StoredDocument]:
        """Stores the files of a form, all if each of them is suitable, else none. `name_of` returns
        the name of a document for that of its file, and may raise."""
        if not _is_form(request):
            raise UploadRefused(f"the body is not a form: {_FORM_REMEDY}")
        async with self._turn():
            parser = _FormParser(
                request.headers,
                request.stream(),
                max_files=max_files,
                max_fields=_MAX_FIELDS,
                max_part_size=_MAX_FIELD_BYTES,
            )
            try:
                form = await parser.parse()
            except MultiPartException as error:
                detail = f"the form cannot be read ({error.message.rstrip('.')}): {_FORM_REMEDY}"
                raise HTTPException(400, detail) from error
            except ClientDisconnect as error:
                raise _disconnected() from error
            try:
                files = [each for _, each in form.multi_items() if isinstance(each, UploadFile)]
                if not files:
                    raise UploadRefused(f"the form contains no file: {_FORM_REMEDY}")
                names = [name_of(file.filename or "") for file in files]
                _check_no_conflict(names)
                return await anyio.to_thread.run_sync(self._store_files, files, names)
            finally:
                await form.close()

    def _store_files(
        self, files: Sequence[UploadFile], names: Sequence[str]
    ) -> list[StoredDocument]:
        with ExitStack() as stack:
            uploads = []
            for file, name in zip(files, names, strict=True):
                upload = stack.enter_context(closing(self._uploads.begin(name)))
                for piece in iter(partial(file.file.read, _PIECE), b""):
                    upload.write(piece)
                upload.finish()
                uploads.append(upload)
            return [upload.commit() for upload in uploads]

    @asynccontextmanager
    async def _turn(self) -> AsyncIterator[None]:
        """Waits until fewer than _MAX_RUNNING uploads run. Reads nothing of the body until then."""
        try:
            async with asyncio.timeout(_MAX_WAIT):
                await self._turns.acquire()
        except TimeoutError as error:
            raise Overloaded("there are too many uploads: try again later", _RETRY_AFTER) from error
        try:
            yield
        finally:
            self._turns.release()


class _FormParser(MultiPartParser):
    spool_max_size = 64 * 1024  # bytes of a file in memory; more is kept in a temporary file
    _has_ended = False

    def on_end(self) -> None:
        """Notes the last boundary."""
        self._has_ended = True

    async def parse(self) -> FormData:
        """Parses the form. Raises MultiPartException; then its files are closed."""
        self.stream = self._check_end(self.stream)
        return await super().parse()

    async def _check_end(self, stream: AsyncIterator[bytes]) -> AsyncGenerator[bytes, None]:
        async for piece in stream:
            yield piece
        if not self._has_ended:  # the last file would be left out
            raise MultiPartException("It ends before its last boundary.")


def _check_no_conflict(names: Sequence[str]) -> None:
    """Raises UploadRefused if two documents have one name, or one is also a folder of another."""
    folders = {str(folder) for name in names for folder in PurePosixPath(name).parents}
    if len(set(names)) < len(names):
        raise UploadRefused("two files of the form have the same name: rename one")
    if both := folders.intersection(names):
        raise UploadRefused(f"{min(both)!r} is both a file and a folder of the form: rename one")


def _is_form(request: Request) -> bool:
    content_type = request.headers.get("content-type", "").partition(";")[0]
    return content_type.strip().lower() == "multipart/form-data"


async def _pieces(request: Request) -> AsyncIterator[bytes]:
    """Yields the body in pieces that are worth a thread."""
    piece = bytearray()
    try:
        async for content in request.stream():
            piece += content
            if len(piece) >= _PIECE:
                yield bytes(piece)
                piece.clear()
    except ClientDisconnect as error:
        raise _disconnected() from error
    yield bytes(piece)


def _disconnected() -> HTTPException:
    return HTTPException(400, "the body is incomplete, the connection was closed: send it again")
