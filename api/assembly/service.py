"""What the HTTP application is made of, put together from the settings."""

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from api.assembly.assistant import open_service
from api.errors import DatabaseUnavailable, SettingsInvalid
from api.mattermost.integration import MattermostIntegration
from api.service.access import Access
from api.service.chat import Desk
from api.service.generations import Service
from api.service.index_updates import Upkeep
from api.service.metrics import Metrics
from api.service.rate_limits import Gate, Rates, parse_rates
from api.service.uploads import Uploads
from api.settings import Settings
from api.slack.channels import Channels, load_channels
from api.slack.inbox import Inbox
from api.store.database import Database
from api.store.keys import Keys
from api.store.records import Records

if TYPE_CHECKING:
    from api.slack.integration import SlackIntegration

# Questions that are worked on at the same time. More would only take the interpreter from each
# other: a question is half Python, half native code that uses the other cores.
_AT_ONCE = 3


@dataclass(frozen=True)
class Parts:
    """The open service. `slack` and `mattermost` are None where there is no token for them;
    `timeout` is the seconds that a question may take; `origins` are the web origins whose pages may
    ask."""

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
    slack: "SlackIntegration | None"
    mattermost: MattermostIntegration | None
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


def open_parts(settings: Settings, *, loopback: bool = True, page: str = "") -> Parts:
    """All that the HTTP application is made of. `loopback` says that only this machine can
    connect, `page` where the web page is, unless a setting says so.

    Raises SettingsInvalid and DatabaseUnavailable; no generation is opened yet.
    """
    channels = channels_of(settings)
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
    desk = Desk(service, records, metrics)
    slack = None
    if channels:
        # Slack's libraries take 0.3 s to import, for which only who uses them should wait.
        from api.slack.integration import SlackIntegration  # noqa: PLC0415

        slack = SlackIntegration(settings, channels, database, records, desk, gate, metrics, page)
        _watch_slack(metrics, slack.inbox)
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
        desk=desk,
        uploads=Uploads(settings.corpus),
        upkeep=upkeep,
        metrics=metrics,
        gate=gate,
        slack=slack,
        mattermost=MattermostIntegration.of(
            settings.mattermost_tokens.get_secret_value(),
            Rates(parse_rates(settings.rate_with_keys)),
            settings.page_url or page,
        ),
        timeout=settings.timeout,
        origins=settings.origins,
    )


def channels_of(settings: Settings) -> Channels | None:
    """How Slack's channels are answered; None where Slack is not. Raises SettingsInvalid where
    something is missing to answer it, or the file about channels is wrong."""
    if not settings.slack_bot_token:
        if settings.slack_signing_secret or settings.slack_app_token:
            raise SettingsInvalid("SLACK_BOT_TOKEN is missing: without it Slack is not answered")
        return None
    if not settings.slack_signing_secret and not settings.slack_app_token:
        raise SettingsInvalid(
            "SLACK_BOT_TOKEN is set, and nothing comes in: set SLACK_SIGNING_SECRET too, or "
            "SLACK_APP_TOKEN for `assistant slack`"
        )
    path = settings.slack_channels
    return load_channels(path, settings.corpus) if path else Channels()


def _watch_slack(metrics: Metrics, inbox: Inbox) -> None:
    def waiting() -> float:
        try:
            return inbox.backlog()[0]
        except DatabaseUnavailable:
            return math.nan

    told = "What came from Slack and is not done; NaN where that cannot be known"
    metrics.watch("assistant_slack_waiting", told, waiting)


def _watch(metrics: Metrics, service: Service, gate: Gate, upkeep: Upkeep) -> None:
    metrics.watch("assistant_questions_inside", "Questions at work or waiting", lambda: gate.inside)
    metrics.watch("assistant_questions_waiting", "Questions that wait", lambda: gate.waiting)
    metrics.watch("assistant_index_building", "Whether a build runs", lambda: upkeep.state.building)
    metrics.watch(
        "assistant_generation_age_seconds",
        "Time since the open generation was built; NaN where none is open",
        lambda: service.age,
    )
