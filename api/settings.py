"""The settings: what the environment and the command line say. The one place that reads the
environment."""

import hashlib
import os
import re
from pathlib import Path

from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from api.errors import SettingsInvalid
from index.encoders import DEFAULT_ENCODER

PREFIX = "ASSISTANT_"
DEFAULT_CORPUS = Path("corpus/documents")
DEFAULT_DATA = Path(".assistant")


class Settings(BaseSettings):
    """What is answered from, and where the index lies.

    `data` is None where nobody named a folder; `data_folder` says which one it is then.
    """

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True)

    corpus: Path = Field(DEFAULT_CORPUS, description="the folder of documents")
    data: Path | None = Field(None, description="the folder that the index is kept in")
    encoder: str = Field(
        DEFAULT_ENCODER, min_length=1, description="the sentence-transformers model"
    )
    reader: bool = Field(True, description="whether the trained reader judges the evidence")

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
    def gold_files(self) -> list[Path]:
        """The gold questions of this corpus: every .jsonl file in a folder `gold` beside it."""
        return sorted((self.corpus.resolve().parent / "gold").glob("*.jsonl"))

    @property
    def encoders_folder(self) -> Path:
        """The folder with the exported encoders; all corpora of one place share it."""
        return self.data or DEFAULT_DATA


def read_settings(corpus: Path | None = None, data: Path | None = None) -> Settings:
    """The settings of the environment, and above them what the command line gave.

    Raises SettingsInvalid for a name that is not a setting, or a value that cannot be one.
    """
    known = {f"{PREFIX}{name}".upper() for name in Settings.model_fields}
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
            f"{PREFIX}{str(each['loc'][0]).upper()}: {each['msg']}" for each in error.errors()
        )
        raise SettingsInvalid(faults) from error
    given = {"corpus": corpus, "data": data}
    return settings.model_copy(
        update={name: value for name, value in given.items() if value is not None}
    )
