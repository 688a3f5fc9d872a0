"""Assembles the service from the settings."""

import logging
import math
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path

from api.assembly.assistant import open_generations
from api.assembly.model import ConfiguredModel, open_model
from api.errors import DatabaseUnavailable, SettingsInvalid
from api.mattermost.integration import MattermostIntegration
from api.service.access import Access
from api.service.chat import ChatService
from api.service.gaps import GapRecorder
from api.service.generations import GenerationPool
from api.service.index_updates import IndexUpdater
from api.service.metrics import Metrics
from api.service.rate_limits import ConcurrencyLimit, RateLimiter, parse_rate_limits
from api.service.uploads import Uploads
from api.settings import Settings
from api.slack.channels import Channels, load_channels
from api.slack.inbox import Inbox
from api.slack.integration import SlackIntegration
from api.store.database import Database
from api.store.gaps import Gaps
from api.store.keys import Keys
from api.store.records import Records
from corpus.files import TEMPORARY_PREFIX, remove_unfinished
from corpus.synonyms import synonyms_path

_log = logging.getLogger(__name__)
# Questions that run at the same time. More would only compete for the interpreter: a question is
# half Python, half native code that uses the other cores.
_MAX_RUNNING = 3
# With a language model a question mostly waits for the network.
_MAX_RUNNING_WITH_MODEL = 16


@dataclass(frozen=True)
class Service:
    """The running service. `corpus` is the folder of documents; `slack` and `mattermost` are None
    without their tokens; `timeout` is the time limit of a question in seconds; `origins` are the
    web origins that CORS permits; `trusted_proxies` are the proxies whose X-Forwarded-For counts;
    `root_path` is the path below which a proxy shows the service, or ""; `model` is the language
    model, if there is one."""

    generations: GenerationPool
    database: Database
    records: Records
    gaps: Gaps
    keys: Keys
    access: Access
    chat: ChatService
    corpus: Path
    uploads: Uploads
    index_updater: IndexUpdater
    metrics: Metrics
    concurrency: ConcurrencyLimit
    slack: SlackIntegration | None
    mattermost: MattermostIntegration | None
    timeout: float
    origins: tuple[str, ...]
    trusted_proxies: tuple[IPv4Network | IPv6Network, ...]
    root_path: str
    model: ConfiguredModel | None = None

    def close(self) -> None:
        """Closes the generation and the database."""
        self.generations.close()
        self.database.close()


def open_service(settings: Settings, *, loopback: bool = True, page: str = "") -> Service:
    """Opens the database and assembles the service; no generation is opened yet. `loopback` means
    that only this machine can connect; `page` is the address of the web page, unless a setting
    names it.

    Raises SettingsInvalid and DatabaseUnavailable.
    """
    channels = channels_of(settings)
    if count := remove_unfinished(settings.corpus.rglob(f"{TEMPORARY_PREFIX}*")):
        _log.info("Removed %s unfinished uploads of a process that was killed.", count)
    database = Database.open(settings.database_url)
    records = Records(database)
    keys = Keys(database)
    metrics = Metrics(settings.token_prices)
    model = open_model(settings)
    generations = open_generations(settings, lambda: index_updater.state.building, model)
    running = _MAX_RUNNING_WITH_MODEL if model else _MAX_RUNNING
    concurrency = ConcurrencyLimit(settings.concurrency, max_running=running)
    index_updater = _index_updater(settings, generations, metrics)
    _add_gauges(metrics, generations, concurrency, index_updater)
    gaps = Gaps(database)
    chat = ChatService(generations, records, GapRecorder(gaps, generations), metrics)
    slack = None
    if channels:
        slack = SlackIntegration(
            settings, channels, database, records, chat, concurrency, metrics, page
        )
        _add_slack_gauge(metrics, slack.inbox)
    return Service(
        generations=generations,
        database=database,
        records=records,
        gaps=gaps,
        keys=keys,
        access=Access(
            keys,
            RateLimiter(parse_rate_limits(settings.rate_with_keys)),
            RateLimiter(parse_rate_limits(settings.rate_limit)),
            loopback=loopback,
        ),
        chat=chat,
        corpus=settings.corpus,
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
        trusted_proxies=settings.proxy_networks,
        root_path=settings.root_path,
        model=model,
    )


def _index_updater(
    settings: Settings, generations: GenerationPool, metrics: Metrics
) -> IndexUpdater:
    folders = ["--corpus", str(settings.corpus)]
    folders += ["--data", str(settings.data)] if settings.data else []
    return IndexUpdater(
        folders,
        [settings.corpus, settings.gold_folder],
        generations.refresh,
        metrics,
        settings.watch,
        [synonyms_path(settings.corpus)],
        settings.build_hours * 3600,
        generations.is_published,
        generations.pinned,
    )


def channels_of(settings: Settings) -> Channels | None:
    """Returns the policies of Slack's channels; None if Slack is not set up. Raises SettingsInvalid
    if a token is missing, or the channels file is invalid."""
    if not settings.slack_bot_token:
        if settings.slack_signing_secret or settings.slack_app_token:
            raise SettingsInvalid("Slack is set up without SLACK_BOT_TOKEN: set it too")
        return None
    if not settings.slack_signing_secret and not settings.slack_app_token:
        raise SettingsInvalid(
            "SLACK_BOT_TOKEN is set, but nothing can be received: set SLACK_SIGNING_SECRET for "
            "`assistant serve`, or SLACK_APP_TOKEN for `assistant slack`"
        )
    path = settings.slack_channels
    return load_channels(path, settings.corpus) if path else Channels()


def _add_slack_gauge(metrics: Metrics, inbox: Inbox) -> None:
    def waiting() -> float:
        try:
            return inbox.backlog()[0]
        except DatabaseUnavailable:
            return math.nan

    metrics.add_gauge(
        "assistant_slack_waiting", "Unfinished items from Slack; NaN if unknown", waiting
    )


def _add_gauges(
    metrics: Metrics,
    generations: GenerationPool,
    concurrency: ConcurrencyLimit,
    index_updater: IndexUpdater,
) -> None:
    metrics.add_gauge(
        "assistant_questions_inside", "Questions that run or wait", lambda: concurrency.admitted
    )
    metrics.add_gauge(
        "assistant_questions_waiting", "Questions that wait", lambda: concurrency.waiting
    )
    metrics.add_gauge(
        "assistant_index_building",
        "1 while the index is built",
        lambda: index_updater.state.building,
    )
    metrics.add_gauge(
        "assistant_generation_age_seconds",
        "Age of the open generation; NaN if none is open",
        lambda: generations.age,
    )
