"""The settings: what the environment and the command line say. The one place that reads the
environment."""

import hashlib
import os
import re
from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from api.errors import SettingsInvalid
from index.layout import DEFAULT_ENCODER

PREFIX = "ASSISTANT_"
DEFAULT_CORPUS = Path("corpus/documents")
DEFAULT_DATA = Path(".assistant")
DEFAULT_RATE = "600/minute"
_RATE = r"[1-9]\d*/(second|minute|hour|day)"


class Settings(BaseSettings):
    """What is answered from, where the index lies, and how the service behaves.

    `data` is None where nobody named a folder; `data_folder` says which one it is then.
    """

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True)

    corpus: Path = Field(DEFAULT_CORPUS, description="the folder of documents")
    data: Path | None = Field(None, description="the folder that the index is kept in")
    encoder: str = Field(
        DEFAULT_ENCODER, min_length=1, description="the sentence-transformers model"
    )
    reader: bool = Field(True, description="whether the trained reader judges the evidence")
    database: str = Field("", description="where conversations are kept: an SQL URL")
    retention_days: int = Field(0, ge=0, description="how long a conversation is kept; 0: for ever")
    watch: Literal["auto", "poll", "off"] = Field(
        "auto", description="whether the folder of documents is watched"
    )
    rate_limit: str = Field(
        "",
        pattern=rf"^({_RATE}(, ?{_RATE})*)?$",
        description="requests of one key, or of one address without one, as 100/minute",
    )
    concurrency: int = Field(64, ge=1, description="questions in the house at a time")
    # Less than a minute: that is how long the claim of an idempotency key holds.
    timeout: float = Field(30.0, gt=0, lt=60, description="seconds a question may take")
    cors_origins: str = Field("", description="web origins whose pages may ask, by commas")
    log: Literal["text", "json"] = Field("text", description="the form of the log's lines")
    page_url: str = Field(
        "",
        pattern=r"^(https?://[^\s<>|]+)?$",
        description="where people's browsers reach the web page",
    )
    slack_bot_token: SecretStr = Field(SecretStr(""), validation_alias="SLACK_BOT_TOKEN")
    slack_signing_secret: SecretStr = Field(SecretStr(""), validation_alias="SLACK_SIGNING_SECRET")
    slack_app_token: SecretStr = Field(SecretStr(""), validation_alias="SLACK_APP_TOKEN")
    slack_api_url: str = Field(
        "https://slack.com/api/", pattern=r"^https?://\S+$", description="base of the Web API"
    )
    slack_channels: Path | None = Field(
        None, description="the file that says how channels are answered"
    )
    mattermost_tokens: SecretStr = Field(
        SecretStr(""), description="tokens of slash commands and outgoing webhooks, by commas"
    )

    @property
    def database_url(self) -> str:
        """The database as named, else an SQLite file in the data folder."""
        return self.database or f"sqlite:///{self.data_folder.absolute() / 'records.sqlite'}"

    @property
    def rate_with_keys(self) -> str:
        """The rate of a service that has keys: as named, else a default. One without is reached
        by its own machine only, and has a rate where one is named."""
        return self.rate_limit or DEFAULT_RATE

    @property
    def origins(self) -> tuple[str, ...]:
        """The web origins whose pages may ask."""
        named = (origin.strip() for origin in self.cors_origins.split(","))
        return tuple(origin for origin in named if origin)

    @property
    def data_folder(self) -> Path:
        """Where the index lies: as named, else `.assistant`, and below it for another corpus, so
        that two corpora do not build each other's index anew."""
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
        """Where this corpus's gold questions are looked for: a folder `gold` beside it."""
        return self.corpus.resolve().parent / "gold"

    @property
    def gold_files(self) -> list[Path]:
        """The gold questions of this corpus: every .jsonl file of that folder."""
        return sorted(self.gold_folder.glob("*.jsonl"))

    @property
    def encoders_folder(self) -> Path:
        """The folder with the exported encoders; all corpora of one place share it."""
        return self.data or DEFAULT_DATA


def load_settings(corpus: Path | None = None, data: Path | None = None) -> Settings:
    """The settings of the environment, and above them what the command line gave.

    Raises SettingsInvalid for a name that is not a setting, or a value that cannot be one.
    """
    known = {
        f"{PREFIX}{name}".upper()
        for name, field in Settings.model_fields.items()
        if field.validation_alias is None  # these have the names that others gave them
    }
    unknown = sorted(
        name for name in os.environ if name.upper().startswith(PREFIX) and name.upper() not in known
    )
    if unknown:
        raise SettingsInvalid(
            f"{', '.join(unknown)}: no such setting; known are {', '.join(sorted(known))}"
        )
    try:
        settings = Settings()
    except ValidationError as error:
        faults = "; ".join(
            f"{_name(str(each['loc'][0]))}: {each['msg']}" for each in error.errors()
        )
        raise SettingsInvalid(faults) from error
    given = {"corpus": corpus, "data": data}
    return settings.model_copy(
        update={name: value for name, value in given.items() if value is not None}
    )


def _name(location: str) -> str:
    """The variable that a fault is about."""
    return location if location.isupper() else f"{PREFIX}{location}".upper()
