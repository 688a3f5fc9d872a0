"""What the HTTP application is made of, put together from the settings."""

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from api.assembly.assistant import open_generations
from api.errors import DatabaseUnavailable, SettingsInvalid
from api.mattermost.integration import MattermostIntegration
from api.service.access import Access
from api.service.chat import ChatService
from api.service.generations import GenerationPool
from api.service.index_updates import IndexUpdater
from api.service.metrics import Metrics
from api.service.rate_limits import ConcurrencyLimit, RateLimiter, parse_rate_limits
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
class Service:
    """The open service. `slack` and `mattermost` are None where there is no token for them;
    `timeout` is the seconds that a question may take; `origins` are the web origins whose pages may
    ask."""

    generations: GenerationPool
    database: Database
    records: Records
    keys: Keys
    access: Access
    chat: ChatService
    uploads: Uploads
    index_updater: IndexUpdater
    metrics: Metrics
    concurrency: ConcurrencyLimit
    slack: "SlackIntegration | None"
    mattermost: MattermostIntegration | None
    timeout: float
    origins: tuple[str, ...]

    def close(self) -> None:
        """Lets go of the generation and the database."""
        self.generations.close()
        self.database.close()


def open_database(settings: Settings, *, create: bool = True) -> Database:
    """Opens the database of conversations, feedback and keys. Raises DatabaseUnavailable, and
    DatabaseMissing if there is none and `create` is False."""
    return Database.open(settings.database_url, create=create)


def open_service(settings: Settings, *, loopback: bool = True, page: str = "") -> Service:
    """All that the HTTP application is made of. `loopback` says that only this machine can
    connect, `page` where the web page is, unless a setting says so.

    Raises SettingsInvalid and DatabaseUnavailable; no generation is opened yet.
    """
    channels = channels_of(settings)
    database = open_database(settings)
    records = Records(database)
    keys = Keys(database)
    metrics = Metrics()
    generations = open_generations(settings, lambda: index_updater.state.building)
    concurrency = ConcurrencyLimit(settings.concurrency, at_once=_AT_ONCE)
    folders = ["--corpus", str(settings.corpus)]
    folders += ["--data", str(settings.data)] if settings.data else []
    watched = [settings.corpus, settings.gold_folder]
    index_updater = IndexUpdater(folders, watched, generations.refresh, metrics, settings.watch)
    _watch(metrics, generations, concurrency, index_updater)
    chat = ChatService(generations, records, metrics)
    slack = None
    if channels:
        # Slack's libraries take 0.3 s to import, for which only who uses them should wait.
        from api.slack.integration import SlackIntegration  # noqa: PLC0415

        slack = SlackIntegration(
            settings, channels, database, records, chat, concurrency, metrics, page
        )
        _watch_slack(metrics, slack.inbox)
    return Service(
        generations=generations,
        database=database,
        records=records,
        keys=keys,
        access=Access(
            keys,
            RateLimiter(parse_rate_limits(settings.rate_with_keys)),
            RateLimiter(parse_rate_limits(settings.rate_limit)),
            loopback=loopback,
        ),
        chat=chat,
        uploads=Uploads(settings.corpus),
        index_updater=index_updater,
        metrics=metrics,
        concurrency=concurrency,
        slack=slack,
        mattermost=MattermostIntegration.from_setting(
            settings.mattermost_tokens.get_secret_value(),
            RateLimiter(parse_rate_limits(settings.rate_with_keys)),
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
    metrics.add_gauge("assistant_slack_waiting", told, waiting)


def _watch(
    metrics: Metrics,
    generations: GenerationPool,
    concurrency: ConcurrencyLimit,
    index_updater: IndexUpdater,
) -> None:
    metrics.add_gauge(
        "assistant_questions_inside", "Questions at work or waiting", lambda: concurrency.admitted
    )
    metrics.add_gauge(
        "assistant_questions_waiting", "Questions that wait", lambda: concurrency.waiting
    )
    metrics.add_gauge(
        "assistant_index_building", "Whether a build runs", lambda: index_updater.state.building
    )
    metrics.add_gauge(
        "assistant_generation_age_seconds",
        "Time since the open generation was built; NaN where none is open",
        lambda: generations.age,
    )
