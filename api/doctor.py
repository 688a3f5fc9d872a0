"""Checks everything that the service depends on, part by part, and names a remedy for each fault.

Nothing is repaired: the damage may be needed to find its cause.
"""

import asyncio
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path

from api.assembly.assistant import is_current, load_known, pinned_generation, scorer_in
from api.assembly.model import describe_trust, open_model
from api.assembly.service import channels_of
from api.errors import ApiError, describe
from api.settings import Settings
from api.slack.inbox import Inbox
from api.slack.web_api import Identity, RequestRejected, RetryLater, WebApi, missing_scopes
from api.store.database import Database
from api.store.keys import Keys
from api.store.records import Records
from api.text import count
from assistant.language_model.client import ModelFailed
from assistant.reader.runtime import OnnxReader, reader_files
from corpus.errors import CorpusError
from corpus.gold import read_gold_rows
from index.encoder import EncoderCard
from index.encoders import check_encoder, encoder_folder, load_encoder
from index.errors import (
    EncoderDamaged,
    EncoderNotExported,
    IndexDamaged,
    IndexingError,
    IndexOutdated,
    IndexPinned,
    IndexUnwritable,
    NoTemporarySpace,
)
from index.generation import DataFolder
from index.health import check_generation, check_search, check_texts
from index.manifest import Manifest

_MIN_FREE_BYTES = 200 * 2**20  # enough for a generation and a copy of it
_CLOCK_SKEW = 60.0  # seconds
_MAX_SLACK_DELAY = 60.0  # seconds
_MIN_RIGHT = 0.6  # of the questions of the exam with an answer, for a model worth asking
_MAX_FINDINGS = 10  # damaged texts, or gold rows, that are named


class State(StrEnum):
    """The result of a check. A warning does not stop the service."""

    OK = "ok"
    WARNING = "warning"
    FAILED = "FAILED"


@dataclass(frozen=True, slots=True)
class Finding:
    """One result of a check; `message` includes the remedy."""

    check: str
    state: State
    message: str


# What a check yields: an error stands for its message and the remedy of its class.
_Results = Iterator[tuple[State, str | Exception]]
_Explain = Callable[[Exception], str]


def run_checks(settings: Settings, explain: _Explain = describe) -> Iterator[Finding]:
    """Runs all checks; none depends on the success of another. `explain` returns the message of an
    error with a remedy."""
    for name in CHECKS:
        yield from run_check(name, settings, explain)


def run_check(name: str, settings: Settings, explain: _Explain = describe) -> Iterator[Finding]:
    """Runs one check. Its errors become findings."""
    try:
        for state, result in CHECKS[name](settings):
            message = explain(result) if isinstance(result, Exception) else result
            yield Finding(name, state, message)
    except (CorpusError, IndexingError, ApiError) as error:
        yield Finding(name, State.FAILED, explain(error))
    except OSError as error:
        remedy = "check whether this user may read it, and whether its disk works"
        yield Finding(name, State.FAILED, f"{error}: {remedy}")
    except Exception as error:  # noqa: BLE001 - an unexpected error must not stop the other checks
        message = f"unexpected {type(error).__name__}: {error}; please report this as a bug"
        yield Finding(name, State.FAILED, message)


def _check_documents(settings: Settings) -> _Results:
    corpus = load_known(settings)
    yield State.OK, f"{count(len(corpus.documents), 'document')} in {settings.corpus}"
    for error in corpus.unreadable:
        yield State.WARNING, f"skipped: {describe(error)}"
    for path in settings.gold_files:
        questions, problems = read_gold_rows(path)
        yield State.OK, f"{count(len(questions), 'gold question')} in {path}"
        for problem in problems[:_MAX_FINDINGS]:
            yield State.WARNING, f"{path}, {problem}"


def _check_data(settings: Settings) -> _Results:
    folder = settings.data_folder
    try:
        folder.mkdir(parents=True, exist_ok=True)
        yield _check_space(folder)
    except OSError as error:
        yield State.FAILED, IndexUnwritable.at(folder, error)


def _check_temporary(_: Settings) -> _Results:
    """An open generation is read from copies in the folder for temporary files."""
    try:
        yield _check_space(Path(tempfile.gettempdir()))
    except OSError as error:
        yield State.FAILED, NoTemporarySpace(f"cannot write a temporary file ({error})")


def _check_space(folder: Path) -> tuple[State, str]:
    """Writes a temporary file and looks how much space is left. Raises OSError."""
    with tempfile.TemporaryFile(dir=folder) as file:
        file.write(bytes(4096))
        file.flush()
    free = shutil.disk_usage(folder).free
    message = f"{folder} is writable, {free // 2**20:,} MB free"
    if free < _MIN_FREE_BYTES:
        return State.WARNING, f"{message}: free some space before it is full"
    return State.OK, message


def _check_encoder(settings: Settings) -> _Results:
    # Not loaded if it was changed: over such a file, native code may crash.
    check_encoder(settings.encoders_folder, settings.encoder)
    encoder = load_encoder(settings.encoders_folder, settings.encoder)
    encoder.encode_query("Does it encode?")
    yield State.OK, f"{settings.encoder} works, {encoder.dimensions} dimensions"


def _check_reader(settings: Settings) -> _Results:
    if not settings.reader:
        yield State.OK, "off: ASSISTANT_READER is false"
        return
    reader_files().check_digests()
    OnnxReader()
    yield State.OK, "loads, and its files are unchanged"


def _check_model(settings: Settings) -> _Results:
    model = open_model(settings)
    if model is None:
        yield State.OK, "off: ASSISTANT_MODEL is not set"
        return
    try:
        trust = model.examine(model.mode)
    except ModelFailed as error:
        remedy = "check ASSISTANT_MODEL, ASSISTANT_MODEL_URL and ASSISTANT_MODEL_KEY"
        yield State.FAILED, f"{settings.model} {error}: {remedy}"
        return
    result = f"{settings.model} answers in its exam for {model.mode}: {describe_trust(trust)}"
    if trust.right < _MIN_RIGHT * (trust.right + trust.wrong + trust.missed):
        yield State.WARNING, f"{result}; its choice hardly counts: use a larger model"
    else:
        yield State.OK, result


def _check_index(settings: Settings) -> _Results:
    folder = DataFolder(settings.data_folder).current()
    fingerprint = None
    with suppress(EncoderNotExported, EncoderDamaged):  # reported by the check of the encoder
        card = EncoderCard.read(encoder_folder(settings.encoders_folder, settings.encoder))
        fingerprint = card.fingerprint
    manifest = check_generation(folder, fingerprint)
    scorer_in(folder.name, manifest, "reader" if settings.reader else "plain")
    documents, passages = len(manifest.documents), manifest.passages
    index = f"{folder.name}: {count(documents, 'document')}, {count(passages, 'passage')}"
    try:
        current = is_current(settings, load_known(settings))
    except CorpusError:  # reported by the check of the documents
        yield State.OK, f"{index}; the documents cannot be read to compare"
        return
    if pinned_generation(settings):
        pinned = "it is pinned, so changes of the documents are not indexed"
        yield State.WARNING, IndexPinned(f"{index}; {pinned}")
    elif current:
        yield State.OK, f"{index}, up to date"
    else:
        changed = "the documents, the gold questions or the program have changed since"
        yield State.WARNING, IndexOutdated(f"{index}; {changed}")


def _check_texts(settings: Settings) -> _Results:
    report = check_texts(DataFolder(settings.data_folder))
    for path, error in report.damaged[:_MAX_FINDINGS]:
        yield State.FAILED, type(error)(f"{path}: {error}")
    if more := len(report.damaged[_MAX_FINDINGS:]):
        yield State.FAILED, f"and {more} more"
    if not report.damaged:
        yield State.OK, f"all {count(report.count, 'text')} ever indexed are unchanged"


def _check_chroma(settings: Settings) -> _Results:
    check_search(DataFolder(settings.data_folder).current())
    yield State.OK, "searches, in a separate process"


def _check_database(settings: Settings) -> _Results:
    with closing(Database.open(settings.database_url)) as database:
        if damage := database.find_damage():
            yield State.FAILED, damage
            return
        database.check()
        keys = Keys(database).all()
        yield State.OK, f"{database.name} is intact and writable"
        active = sum(key.revoked is None for key in keys)
        if keys:
            yield State.OK, f"{active} of {count(len(keys), 'API key')} active; requests need one"
        else:
            yield State.OK, "no API keys: only this machine is answered, without a key"


def _check_slack(settings: Settings) -> _Results:
    if channels_of(settings) is None:
        yield State.OK, "off: SLACK_BOT_TOKEN is not set"
        return
    try:
        identity = asyncio.run(_ask_slack(settings))
    except (RetryLater, RequestRejected) as error:
        yield State.FAILED, str(error)
    else:
        receivers = ["/slack/events"] if settings.slack_signing_secret else []
        receivers += ["Socket Mode"] if settings.slack_app_token else []
        where = " and ".join(receivers)
        yield State.OK, f"answers in {identity.name} as {identity.user}, through {where}"
        for scope in missing_scopes(identity.scopes) if identity.scopes else []:
            remedy = "add it to the app and install the app again"
            yield State.FAILED, f"the scope {scope} is missing: {remedy}"
    with closing(Database.open(settings.database_url)) as database:
        waiting, reason = Inbox(database).backlog(older_than=_MAX_SLACK_DELAY)
    if waiting:
        yield (
            State.WARNING,
            f"{count(waiting, 'event')} waiting for more than {_MAX_SLACK_DELAY:.0f} s; last "
            f"error: {reason or 'none, the service is not running'}",
        )


async def _ask_slack(settings: Settings) -> Identity:
    web = WebApi(settings.slack_bot_token.get_secret_value(), settings.slack_api_url)
    async with web.session():
        identity = await web.identity()
        if app_token := settings.slack_app_token.get_secret_value():
            await web.check_app_token(app_token)
        return identity


def _check_clock(settings: Settings) -> _Results:
    """Records or an index from the future mean that the clock is wrong, or was."""
    stored = built = 0.0
    with suppress(ApiError), closing(Database.open(settings.database_url)) as database:
        stored = Records(database).latest_time() or 0.0
    with suppress(IndexingError):
        manifest = Manifest.read(DataFolder(settings.data_folder).current())
        built = datetime.fromisoformat(manifest.created).timestamp()
    now = time.time()
    if stored > now + _CLOCK_SKEW:
        yield (
            State.FAILED,
            f"the latest record is from {_hours(stored - now)} in the future: set the clock of "
            "this machine if it is wrong, else wait",
        )
    if built > now + _CLOCK_SKEW:
        ahead = f"the index is from {_hours(built - now)} in the future"
        remedy = "set the clock of this machine if it is wrong, else"
        yield State.FAILED, IndexDamaged(f"{ahead}; {remedy}")
    if max(stored, built) <= now + _CLOCK_SKEW:
        yield State.OK, "nothing is from the future"


def _hours(seconds: float) -> str:
    return f"{seconds / 3600:,.1f} hours"


CHECKS: dict[str, Callable[[Settings], _Results]] = {
    "documents": _check_documents,
    "data": _check_data,
    "temporary": _check_temporary,
    "encoder": _check_encoder,
    "reader": _check_reader,
    "model": _check_model,
    "index": _check_index,
    "texts": _check_texts,
    "chroma": _check_chroma,
    "database": _check_database,
    "slack": _check_slack,
    "clock": _check_clock,
}
