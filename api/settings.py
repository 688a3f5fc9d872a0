"""The settings, from environment and command line. Only this module reads the environment."""

import hashlib
import os
import re
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from api.errors import SettingsInvalid
from corpus.bounded import Limits
from index.layout import DEFAULT_ENCODER, DEFAULT_KEEP

PREFIX = "ASSISTANT_"
DEFAULT_CORPUS = Path("corpus/documents")
DEFAULT_DATA = Path(".assistant")
DEFAULT_RATE = "600/minute"
_RATE = r"[1-9]\d*/(second|minute|hour|day)"


class Settings(BaseSettings):
    """The settings of all commands. `data` is None if it is not set; see `data_folder`."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True)

    corpus: Path = Field(DEFAULT_CORPUS, description="the folder of documents")
    data: Path | None = Field(None, description="the folder of the index")
    encoder: str = Field(
        DEFAULT_ENCODER, min_length=1, description="name of the sentence-transformers model"
    )
    reader: bool = Field(True, description="use the trained reader")
    model: str = Field(
        "",
        pattern=r"^([a-z][a-z0-9_-]*:\S+)?$",
        description="language model, as provider:name, such as ollama:qwen3",
    )
    model_url: str = Field(
        "", pattern=r"^(https?://\S+)?$", description="base URL of the model's server"
    )
    model_key: SecretStr = Field(SecretStr(""), description="API key of the language model")
    model_mode: Literal["choose", "compose"] = Field(
        "choose", description="the model chooses what is quoted, or writes what is then proved"
    )
    # Less than the time limit of a question: an answer without the model must still be possible.
    model_timeout: float = Field(20.0, gt=0, lt=60, description="time limit of a call in seconds")
    model_prices: str = Field(
        "",
        pattern=r"^(\d+(\.\d+)?/\d+(\.\d+)?)?$",
        description="price of a million tokens read and written, such as 0.25/2",
    )
    keep_generations: int = Field(
        DEFAULT_KEEP, ge=1, description="earlier states of the index that are kept"
    )
    database: str = Field("", description="URL of the database: SQLite or PostgreSQL")
    retention_days: int = Field(
        0, ge=0, description="days until conversations are deleted; 0: never"
    )
    gap_retention_days: int = Field(
        90, ge=0, description="days until questions without a good answer are deleted; 0: never"
    )
    watch: Literal["auto", "poll", "off"] = Field(
        "auto", description="how changes of the documents are noticed"
    )
    rate_limit: str = Field(
        "",
        pattern=rf"^({_RATE}(, ?{_RATE})*)?$",
        description="requests per API key or address, such as 100/minute, 1000/hour",
    )
    concurrency: int = Field(64, ge=1, description="maximum concurrent questions")
    file_seconds: float = Field(10.0, gt=0, description="processor time for loading a file")
    file_megabytes: int = Field(2048, ge=128, description="memory for loading a file")
    build_hours: float = Field(6.0, gt=0, description="time limit of a build by the service")
    # Less than the lease of an idempotency key, which is a minute.
    timeout: float = Field(30.0, gt=0, lt=60, description="time limit of a question in seconds")
    cors_origins: str = Field("", description="web origins that CORS permits, separated by commas")
    trusted_proxies: str = Field(
        "", description="addresses or networks of proxies, separated by commas"
    )
    log: Literal["text", "json"] = Field("text", description="format of the log")
    root_path: str = Field(
        "",
        pattern=r"^(/[A-Za-z0-9._~-]+)*$",
        description="path below which a proxy shows the service, such as /assistant",
    )
    page_url: str = Field(
        "",
        pattern=r"^(https?://[^\s<>|]+)?$",
        description="address of the web page for users",
    )
    slack_bot_token: SecretStr = Field(SecretStr(""), validation_alias="SLACK_BOT_TOKEN")
    slack_signing_secret: SecretStr = Field(SecretStr(""), validation_alias="SLACK_SIGNING_SECRET")
    slack_app_token: SecretStr = Field(SecretStr(""), validation_alias="SLACK_APP_TOKEN")
    slack_api_url: str = Field(
        "https://slack.com/api/", pattern=r"^https?://\S+$", description="base URL of the Web API"
    )
    slack_channels: Path | None = Field(None, description="the file with the policies of channels")
    mattermost_tokens: SecretStr = Field(
        SecretStr(""), description="tokens of slash commands and webhooks, separated by commas"
    )

    @property
    def database_url(self) -> str:
        """The database; by default an SQLite file in the data folder."""
        return self.database or f"sqlite:///{self.data_folder.absolute() / 'records.sqlite'}"

    @property
    def rate_with_keys(self) -> str:
        """The rate limit of a service with keys, which has a default. A service without keys serves
        only its own machine, and has no limit by default."""
        return self.rate_limit or DEFAULT_RATE

    @field_validator("trusted_proxies")
    @classmethod
    def _check_proxies(cls, value: str) -> str:
        _networks(value)
        return value

    @property
    def gap_days(self) -> int:
        """Days until gaps are deleted, 0: never. They do not outlive the conversations."""
        return min(filter(None, (self.gap_retention_days, self.retention_days)), default=0)

    @property
    def token_prices(self) -> tuple[float, float]:
        """The price of one token read and of one written; 0 if it is not set."""
        read, _, written = self.model_prices.partition("/")
        return float(read or 0) / 1e6, float(written or 0) / 1e6

    @property
    def proxy_networks(self) -> tuple[IPv4Network | IPv6Network, ...]:
        """The proxies whose X-Forwarded-For counts."""
        return _networks(self.trusted_proxies)

    @property
    def origins(self) -> tuple[str, ...]:
        """The web origins that CORS permits."""
        return _split(self.cors_origins)

    @property
    def file_limits(self) -> Limits:
        """What loading one file may take."""
        return Limits(self.file_seconds, self.file_megabytes)

    @property
    def data_folder(self) -> Path:
        """The folder of the index: by default `.assistant`, and for another corpus than the default
        a folder in it, so that two corpora do not replace each other's index."""
        if self.data is not None:
            return self.data
        corpus = self.corpus.resolve()
        if corpus == DEFAULT_CORPUS.resolve():
            return DEFAULT_DATA
        slug = re.sub(r"[^A-Za-z0-9.-]+", "-", corpus.name).strip("-.")[-40:] or "corpus"
        digest = hashlib.sha256(os.fsencode(corpus)).hexdigest()[:8]
        return DEFAULT_DATA / f"{slug}-{digest}"

    @property
    def gold_folder(self) -> Path:
        """The folder of the gold questions: `gold` in the parent folder of the corpus."""
        return self.corpus.resolve().parent / "gold"

    @property
    def gold_files(self) -> list[Path]:
        """The files of gold questions: every .jsonl file of that folder."""
        return sorted(self.gold_folder.glob("*.jsonl"))

    @property
    def encoders_folder(self) -> Path:
        """The folder of the exported encoders, which all corpora in the current folder share."""
        return self.data or DEFAULT_DATA


def load_settings(corpus: Path | None = None, data: Path | None = None) -> Settings:
    """Loads the settings from the environment; the arguments replace theirs.

    Raises SettingsInvalid for an unknown name or an invalid value.
    """
    known = {
        f"{PREFIX}{name}".upper()
        for name, field in Settings.model_fields.items()
        if field.validation_alias is None  # the names of Slack
    }
    unknown = sorted(
        name for name in os.environ if name.upper().startswith(PREFIX) and name.upper() not in known
    )
    if unknown:
        raise SettingsInvalid(
            f"{', '.join(unknown)}: unknown setting; known are {', '.join(sorted(known))}"
        )
    try:
        settings = Settings()
    except ValidationError as error:
        faults = "; ".join(
            f"{_variable(str(each['loc'][0]))}: {each['msg']}" for each in error.errors()
        )
        raise SettingsInvalid(faults) from error
    arguments = {"corpus": corpus, "data": data}
    return settings.model_copy(
        update={name: value for name, value in arguments.items() if value is not None}
    )


def _split(text: str) -> tuple[str, ...]:
    """The parts between the commas, without the empty ones."""
    return tuple(part.strip() for part in text.split(",") if part.strip())


def _networks(text: str) -> tuple[IPv4Network | IPv6Network, ...]:
    return tuple(ip_network(part, strict=False) for part in _split(text))


def _variable(location: str) -> str:
    return location if location.isupper() else f"{PREFIX}{location}".upper()
