"""The routes for those who run the service: whether it is up, ready, current, and how it does."""

from typing import Annotated

from fastapi import APIRouter, Depends, Response

from api.assembly.service import Service
from api.http.auth import requires
from api.http.problems import problem_responses
from api.service.access import Caller
from api.service.metrics import MEDIA_TYPE
from api.store.keys import Scope
from api.wire import HealthBody, IndexBody, ProgressBody, ReadyBody
from index.errors import IndexMissing


def operation_routes(service: Service) -> APIRouter:
    """Health, readiness, the state of the index, metrics."""
    routes = APIRouter()
    asking = Annotated[Caller, Depends(requires(service.access, Scope.ASK))]
    running = Depends(requires(service.access, Scope.ADMIN))

    @routes.get("/healthz")
    async def healthz() -> HealthBody:
        """Says that the process is up."""
        return HealthBody()

    @routes.get("/readyz", responses=problem_responses(503))
    def readyz() -> ReadyBody:
        """Says whether questions can be answered and kept, and from which generation."""
        if service.index_updater.state.building and not service.generations.is_open:
            raise IndexMissing("the first index is being built: wait a little")
        with service.generations.borrow() as assistant:
            generation = assistant.generation.id
        service.database.check()
        return ReadyBody(generation=generation)

    @routes.get("/v1/index", responses=problem_responses(401, 403, 421, 429, 503))
    def index(caller: asking) -> IndexBody:
        """Says which generation is answered from, and how the next one stands."""
        state = service.index_updater.state
        generation, created, documents = "", "", 0
        unreadable: tuple[str, ...] = ()
        if service.generations.is_open or not state.building:
            with service.generations.borrow(caller.folders) as assistant:
                manifest = assistant.generation.manifest
                generation, created = assistant.generation.id, manifest.created
                documents, unreadable = len(manifest.documents), manifest.unreadable
        # Errors may name documents that the caller may not read.
        sees_all = caller.folders is None
        return IndexBody(
            generation=generation,
            created=created,
            documents=documents,
            building=state.building,
            pending=state.pending,
            failed=state.failed if sees_all else "",
            progress=ProgressBody.model_validate(state.progress) if state.progress else None,
            unreadable=unreadable if sees_all else (),
        )

    @routes.get(
        "/metrics",
        dependencies=[running],
        response_class=Response,
        responses={
            200: {"content": {"text/plain": {"schema": {"type": "string"}}}},
            **problem_responses(401, 403, 421, 429),
        },
    )
    def metrics() -> Response:
        """Tells what is counted, for Prometheus."""
        return Response(service.metrics.render(), media_type=MEDIA_TYPE)

    return routes
