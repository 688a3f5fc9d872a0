"""The routes for operators: health, readiness, the state of the index, metrics."""

import time
from contextlib import suppress
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response

from api.assembly.service import Service
from api.errors import IndexBuilding
from api.http.auth import requires
from api.http.problems import problem_responses
from api.service.access import Caller
from api.service.gaps import group_gaps, load_gaps, visible_gaps
from api.service.metrics import MEDIA_TYPE
from api.store.keys import Scope
from api.wire.gaps import GapBody, GapsBody
from api.wire.index import FileBody, IndexBody, ProgressBody
from api.wire.problems import HealthBody, ReadyBody
from index.reports import file_reports


def operation_routes(service: Service) -> APIRouter:
    """Returns the routes for health, readiness, the index and metrics."""
    routes = APIRouter()
    asking = Annotated[Caller, Depends(requires(service.access, Scope.ASK))]
    operating = Annotated[Caller, Depends(requires(service.access, Scope.ADMIN))]

    @routes.get("/healthz")
    async def healthz() -> HealthBody:
        """Returns 200 while the process is up."""
        return HealthBody()

    @routes.get("/readyz", responses=problem_responses(503))
    def readyz() -> ReadyBody:
        """Returns 200 if questions can be answered and stored."""
        with service.generations.borrow():
            pass
        service.database.check_ready()
        return ReadyBody()

    @routes.get("/v1/index", responses=problem_responses(401, 403, 421, 422, 429, 503))
    def index(
        caller: asking,
        files: Annotated[bool, Query(description="report on each file of the folder")] = False,
    ) -> IndexBody:
        """Returns the open generation and the state of the next build. During the first build
        `generation` is empty. For a key that is limited to folders, it is about these only."""
        generation, created, documents = "", "", 0
        unreadable: tuple[str, ...] = ()
        reports: tuple[FileBody, ...] = ()
        with (
            suppress(IndexBuilding),
            service.generations.borrow(caller.folders) as assistant,
        ):
            manifest = assistant.generation.manifest
            generation, created = assistant.generation.id, manifest.created
            documents, unreadable = len(manifest.documents), manifest.unreadable
            if files:
                reports = tuple(map(FileBody.of, file_reports(manifest)))
        state = service.index_updater.state_for(caller.folders if generation else None)
        # These may name or count documents that the caller must not know of.
        sees_all = caller.folders is None
        return IndexBody(
            generation=generation,
            created=created,
            documents=documents,
            building=state.building,
            pending=state.pending,
            failed=state.failed if sees_all else "",
            pinned=sees_all and bool(service.generations.pinned()),
            progress=ProgressBody.of(state.progress) if state.progress and sees_all else None,
            unreadable=unreadable,
            files=reports,
        )

    @routes.get("/v1/gaps", responses=problem_responses(401, 403, 421, 422, 429, 503))
    def gaps(
        caller: operating,
        since_days: Annotated[
            float, Query(gt=0, le=36_500, description="only questions of the last so many days")
        ] = 36_500,
        limit: Annotated[int, Query(ge=1, le=1000, description="number of groups")] = 100,
    ) -> GapsBody:
        """Returns the questions that were refused or whose answer was voted down, grouped by
        meaning, largest group first. For a key that is limited to folders: those that were asked
        with keys for these folders."""
        since = time.time() - since_days * 24 * 3600
        with service.generations.borrow() as assistant:
            found = visible_gaps(load_gaps(service.gaps, assistant.encoder, since), caller)
        groups = group_gaps(found, service.generations.texts.read, limit)
        return GapsBody(gaps=tuple(map(GapBody.of, groups)))

    @routes.get(
        "/metrics",
        response_class=Response,
        responses={
            200: {"content": {"text/plain": {"schema": {"type": "string"}}}},
            **problem_responses(401, 403, 421, 429),
        },
    )
    def metrics(_: operating) -> Response:
        """Returns the metrics for Prometheus."""
        return Response(service.metrics.render(), media_type=MEDIA_TYPE)

    return routes
