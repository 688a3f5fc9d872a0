"""What the HTTP application is made of, put together from the settings."""

from dataclasses import dataclass

from api.access import Access
from api.assembly import open_service
from api.database import Database
from api.desk import Desk
from api.keys import Keys
from api.metrics import Metrics
from api.records import Records
from api.service import Service
from api.settings import Settings
from api.throttle import Gate, Rates, parse_rates
from api.upkeep import Upkeep
from api.uploads import Uploads

# Questions that are worked on at the same time. More would only take the interpreter from each
# other: a question is half Python, half native code that uses the other cores.
_AT_ONCE = 3


@dataclass(frozen=True)
class Parts:
    """The open service. `timeout` is the seconds that a question may take; `origins` are the web
    origins whose pages may ask."""

    service: Service
    database: Database
    records: Records
    keys: Keys
    access: Access
    desk: Desk
    uploads: Uploads
    upkeep: Upkeep
    metrics: Metrics
    gate: Gate
    timeout: float
    origins: tuple[str, ...]

    def close(self) -> None:
        """Lets go of the generation and the database."""
        self.service.close()
        self.database.close()


def open_database(settings: Settings) -> Database:
    """The database of conversations, feedback and keys; made where there is none yet. Raises
    DatabaseUnavailable."""
    return Database.open(settings.database_url)


def open_parts(settings: Settings, *, loopback: bool = True) -> Parts:
    """All that the HTTP application is made of. `loopback` says that only this machine can
    connect. Raises DatabaseUnavailable; no generation is opened yet."""
    database = open_database(settings)
    records = Records(database)
    keys = Keys(database)
    metrics = Metrics()
    service = open_service(settings)
    gate = Gate(settings.concurrency, at_once=_AT_ONCE)
    folders = ["--corpus", str(settings.corpus)]
    folders += ["--data", str(settings.data)] if settings.data else []
    watched = [settings.corpus, settings.gold_folder]
    upkeep = Upkeep(folders, watched, service.refresh, metrics, settings.watch)
    _watch(metrics, service, gate, upkeep)
    return Parts(
        service=service,
        database=database,
        records=records,
        keys=keys,
        access=Access(
            keys,
            Rates(parse_rates(settings.rate_with_keys)),
            Rates(parse_rates(settings.rate_limit)),
            loopback=loopback,
        ),
        desk=Desk(service, records, metrics),
        uploads=Uploads(settings.corpus),
        upkeep=upkeep,
        metrics=metrics,
        gate=gate,
        timeout=settings.timeout,
        origins=settings.origins,
    )


def _watch(metrics: Metrics, service: Service, gate: Gate, upkeep: Upkeep) -> None:
    metrics.watch("assistant_questions_inside", "Questions at work or waiting", lambda: gate.inside)
    metrics.watch("assistant_questions_waiting", "Questions that wait", lambda: gate.waiting)
    metrics.watch("assistant_index_building", "Whether a build runs", lambda: upkeep.state.building)
    metrics.watch(
        "assistant_generation_age_seconds",
        "Time since the open generation was built; NaN where none is open",
        lambda: service.age,
    )
