"""How each channel is answered, as a TOML file says."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from api.errors import SettingsInvalid
from index.folders import normalize_folder

_CHANNEL = re.compile(r"[CG][A-Z0-9]{2,20}")
_SECTIONS = ("default", "direct", "channel")
_Folder = Annotated[str, AfterValidator(normalize_folder)]


class Policy(BaseModel):
    """How a channel is answered.

    `answer` says what is answered besides mentions and, with `threads`, replies in threads that the
    bot takes part in. `only_sure` keeps refusals out of the channel. `ephemeral` shows an answer to
    its user only, who may share it. `folders` limits the documents; an empty list means all.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    answer: Literal["mentioned", "questions"] = "mentioned"
    threads: bool = True
    only_sure: bool = False
    ephemeral: bool = False
    folders: Annotated[list[_Folder], Field(max_length=50)] = []


@dataclass(frozen=True)
class Channels:
    """The policy of every channel. `direct` is for direct messages and the app's home; it inherits
    from the default like a channel, so that folders are not reached by writing to the app."""

    default: Policy = field(default_factory=Policy)
    direct: Policy = field(default_factory=Policy)
    by_id: Mapping[str, Policy] = field(default_factory=dict)

    def policy_for(self, channel: str) -> Policy:
        """Returns the policy of a channel; a user's id stands for their direct messages."""
        is_direct = channel.startswith(("D", "U", "W"))
        return self.direct if is_direct else self.by_id.get(channel, self.default)


def load_channels(path: Path, corpus: Path) -> Channels:
    """Loads a channels file. Raises SettingsInvalid, with the place of the mistake."""
    try:
        # Some editors begin a UTF-8 file with a byte order mark.
        content = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise SettingsInvalid(f"{path} cannot be read ({error.strerror})") from error
    except UnicodeDecodeError as error:
        raise SettingsInvalid(f"{path} is not UTF-8 ({error.reason}): save it as UTF-8") from error
    except ValueError as error:
        raise SettingsInvalid(f"{path} is not TOML: {error}") from error
    unknown = sorted(set(content) - set(_SECTIONS))
    if unknown:
        raise SettingsInvalid(
            f"{path}: unknown section [{unknown[0]}]; known are {', '.join(_SECTIONS)}"
        )
    default = _table(path, content, "default")
    tables = _table(path, content, "channel")
    for name, table in tables.items():
        if not _CHANNEL.fullmatch(name):
            raise SettingsInvalid(
                f"{path}: [channel.{name}]: use the channel's id, such as C0123456789; Slack shows "
                "it at the end of the channel's details"
            )
        if not isinstance(table, dict):
            raise SettingsInvalid(f"{path}: channel.{name} must be a section: [channel.{name}]")
    policies = {
        section: _policy(path, corpus, section, default | table)
        for section, table in {
            "default": default,
            "direct": _table(path, content, "direct"),
            **{f"channel.{name}": table for name, table in tables.items()},
        }.items()
    }
    return Channels(
        default=policies["default"],
        # Nobody else reads direct messages.
        direct=policies["direct"].model_copy(update={"ephemeral": False, "only_sure": False}),
        by_id={name: policies[f"channel.{name}"] for name in tables},
    )


def _table(path: Path, content: Mapping[str, Any], name: str) -> dict[str, Any]:
    table = content.get(name, {})
    if not isinstance(table, dict):
        raise SettingsInvalid(f"{path}: {name} must be a section: [{name}]")
    return table


def _policy(path: Path, corpus: Path, section: str, table: Mapping[str, Any]) -> Policy:
    try:
        policy = Policy.model_validate(table)
    except ValidationError as error:
        fault = error.errors()[0]
        place = ".".join(str(part) for part in fault["loc"])
        known = ", ".join(Policy.model_fields)
        why = fault["msg"]
        if fault["type"] == "extra_forbidden":
            why = f"unknown key; known are {known}"
        raise SettingsInvalid(f"{path}: [{section}] {place}: {why}") from error
    for folder in policy.folders:
        if not _is_folder(corpus / folder):
            raise SettingsInvalid(
                f"{path}: [{section}] folders: there is no folder {folder!r} in {corpus}"
            )
    return policy


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except (OSError, ValueError):  # no file can have such a name
        return False
