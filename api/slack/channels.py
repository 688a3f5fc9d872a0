"""How each channel is answered: a file that is read, and checked, at the start."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from api.errors import SettingsInvalid

_CHANNEL = re.compile(r"[CG][A-Z0-9]{2,20}")
_SECTIONS = ("default", "direct", "channel")


def _folder(name: str) -> str:
    """The folder as documents' paths begin with it."""
    parts = [part for part in name.split("/") if part not in ("", ".")]
    if not parts or any(part.startswith(".") for part in parts):
        raise ValueError("name a folder below that of the documents, as handbook/travel")
    return "/".join(parts)


class Policy(BaseModel):
    """How a channel is answered. `answer` says what else is answered there than mentions and, with
    `threads`, replies in a thread that the bot is in; `only_sure` keeps refusals out of the
    channel; `ephemeral` shows an answer to the one who asked, who may show it to all; `folders`
    are the document folders that it is answered from, none meaning all."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    answer: Literal["mentioned", "questions"] = "mentioned"
    threads: bool = True
    only_sure: bool = False
    ephemeral: bool = False
    folders: Annotated[list[Annotated[str, AfterValidator(_folder)]], Field(max_length=50)] = []


@dataclass(frozen=True)
class Channels:
    """The policy of every channel; `direct` is that of direct messages and of the app's home. In
    the file, what these do not say is as in [default]: what is kept from a channel must not be had
    by writing to the app instead."""

    default: Policy = field(default_factory=Policy)
    direct: Policy = field(default_factory=Policy)
    named: Mapping[str, Policy] = field(default_factory=dict)

    def of(self, channel: str) -> Policy:
        """The policy of a channel, by its id."""
        # A user's id stands for the direct messages with them.
        direct = channel.startswith(("D", "U", "W"))
        return self.direct if direct else self.named.get(channel, self.default)


def load_channels(path: Path, corpus: Path) -> Channels:
    """The channels of a TOML file. Raises SettingsInvalid, which says where it is wrong."""
    try:
        # Some editors begin a file with a mark that says that it is UTF-8.
        text = path.read_text(encoding="utf-8-sig")
        told = tomllib.loads(text)
    except OSError as error:
        raise SettingsInvalid(f"{path} cannot be read ({error.strerror})") from error
    except UnicodeDecodeError as error:
        raise SettingsInvalid(f"{path} is not UTF-8 ({error.reason}): save it as that") from error
    except ValueError as error:
        raise SettingsInvalid(f"{path} is not TOML: {error}") from error
    unknown = sorted(set(told) - set(_SECTIONS))
    if unknown:
        raise SettingsInvalid(f"{path}: [{unknown[0]}] is none of {', '.join(_SECTIONS)}")
    default = _table(path, told, "default")
    every = _table(path, told, "channel")
    for name, table in every.items():
        if not _CHANNEL.fullmatch(name):
            raise SettingsInvalid(
                f"{path}: [channel.{name}]: name a channel by its id, as C0123456789; Slack shows "
                "it at the end of the channel's details"
            )
        if not isinstance(table, dict):
            raise SettingsInvalid(f"{path}: [channel.{name}] is no section")
    channels = Channels(
        _policy(path, "default", default),
        _policy(path, "direct", default | _table(path, told, "direct")),
        {name: _policy(path, f"channel.{name}", default | table) for name, table in every.items()},
    )
    sections = {"default": channels.default, "direct": channels.direct}
    sections |= {f"channel.{name}": policy for name, policy in channels.named.items()}
    for section, policy in sections.items():
        for folder in policy.folders:
            if not _is_folder(corpus / folder):
                raise SettingsInvalid(
                    f"{path}: [{section}] folders: there is no folder {folder!r} in {corpus}"
                )
    return channels


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:  # no file can have such a name
        return False


def _table(path: Path, told: Mapping[str, Any], name: str) -> dict[str, Any]:
    table = told.get(name, {})
    if not isinstance(table, dict):
        raise SettingsInvalid(f"{path}: {name} is no section: write [{name}]")
    return table


def _policy(path: Path, section: str, table: Mapping[str, Any]) -> Policy:
    try:
        return Policy.model_validate(table)
    except ValidationError as error:
        fault = error.errors()[0]
        place = ".".join(str(part) for part in fault["loc"])
        known = ", ".join(Policy.model_fields)
        told = f"is none of {known}" if fault["type"] == "extra_forbidden" else fault["msg"]
        raise SettingsInvalid(f"{path}: [{section}] {place}: {told}") from error
