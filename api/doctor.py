"""What the service stands on, checked part by part, each with what mends it.

Looks and tries, and repairs nothing: what is found may be needed to find out what happened.
"""

import asyncio
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path

from api.assembly.assistant import calibration_in, is_current
from api.assembly.service import channels_of, open_database
from api.errors import ApiError, describe
from api.settings import Settings
from api.slack.inbox import Inbox
from api.slack.web_api import Identity, RequestRejected, RetryLater, WebApi, missing_scopes
from api.store.keys import Keys
from api.store.records import Records
from corpus.errors import CorpusError
from corpus.gold import read_gold
from corpus.loader import load_corpus
from index.encoder import EncoderCard
from index.encoders import encoder_folder, load_encoder
from index.errors import IndexingError, IndexUnwritable
from index.generation import DataFolder
from index.health import check_generation, check_search, check_texts
from index.manifest import Manifest

_ROOM = 200 * 2**20  # bytes that should be free: a generation and its copy have room in that
_AHEAD = 60.0  # seconds that a time may lie in the future before the clock is doubted
_LONG = 60.0  # seconds that something from Slack may wait
_MOST = 10  # findings of one kind that are told one by one


class State(StrEnum):
    """How a check went. A warning stops nothing yet."""

    WELL = "ok"
    WARNING = "warning"
    FAILED = "FAILED"


@dataclass(frozen=True, slots=True)
class Finding:
    """One check: of what, how it went, and what was seen or what mends it."""

    what: str
    state: State
    told: str


def examine(
    settings: Settings, explain: Callable[[Exception], str] = describe
) -> Iterator[Finding]:
    """All checks, one after the other; none depends on another's going well. `explain` words an
    error and its remedy."""
    for what, check in _CHECKS.items():
        try:
            yield from (Finding(what, state, told) for state, told in check(settings))
        except (CorpusError, IndexingError, ApiError) as error:
            yield Finding(what, State.FAILED, explain(error))
        except OSError as error:
            told = f"{error}: see whether this user may read it, and whether its disk works"
            yield Finding(what, State.FAILED, told)
        except Exception as error:  # noqa: BLE001 - what nobody foresaw keeps no other check back
            told = f"the check broke off ({type(error).__name__}: {error}): report this as a defect"
            yield Finding(what, State.FAILED, told)


_Told = Iterator[tuple[State, str]]


def _corpus(settings: Settings) -> _Told:
    corpus = load_corpus(settings.corpus)
    yield State.WELL, f"{len(corpus.documents)} documents in {settings.corpus}"
    for error in corpus.unreadable:
        yield State.WARNING, f"left out: {error}"
    for path in settings.gold_files:
        yield State.WELL, f"{len(read_gold(path))} gold questions in {path}"


def _folder(settings: Settings) -> _Told:
    folder = settings.data_folder
    try:
        folder.mkdir(parents=True, exist_ok=True)
        yield _room(folder)
    except OSError as error:
        raise IndexUnwritable.at(folder, error) from error


def _temporary(_: Settings) -> _Told:
    """Where the copies lie that an open generation is read from."""
    try:
        yield _room(Path(tempfile.gettempdir()))
    except OSError as error:
        yield (
            State.FAILED,
            f"no temporary file can be written ({error}): free some space, or name another folder "
            "with TMPDIR",
        )


def _room(folder: Path) -> tuple[State, str]:
    """Tries to write there. Raises OSError where that fails."""
    with tempfile.TemporaryFile(dir=folder) as file:
        file.write(bytes(4096))
        file.flush()
    free = shutil.disk_usage(folder).free
    told = f"{folder} can be written, {free // 2**20:,} MB are free"
    if free < _ROOM:
        return State.WARNING, f"{told}: free some space before it is full"
    return State.WELL, told


def _encoder(settings: Settings) -> _Told:
    encoder = load_encoder(settings.encoders_folder, settings.encoder)
    encoder.encode_query("Does it encode?")
    yield State.WELL, f"{settings.encoder}, {encoder.dimensions} dimensions, encodes"


def _generation(settings: Settings) -> _Told:
    folder = DataFolder(settings.data_folder).current()
    fingerprint = None
    with suppress(OSError, ValueError, TypeError):  # the encoder has a check of its own
        card = EncoderCard.read(encoder_folder(settings.encoders_folder, settings.encoder))
        fingerprint = card.fingerprint
    manifest = check_generation(folder, fingerprint)
    calibration_in(folder.name, manifest, "reader" if settings.reader else "plain")
    told = f"{folder.name}: {len(manifest.documents)} documents, {manifest.passages} passages"
    try:
        current = is_current(settings, load_corpus(settings.corpus))
    except CorpusError:  # so have the documents
        yield State.WELL, f"{told}; the documents are not there to compare it with"
        return
    if current:
        yield State.WELL, f"{told}, as the documents are now"
    else:
        changed = "the documents, the gold questions or the program have changed since"
        yield State.WARNING, f"{told}; {changed}: run `assistant index`"


def _texts(settings: Settings) -> _Told:
    report = check_texts(DataFolder(settings.data_folder))
    faults = [f"{path}: {describe(error)}" for path, error in report.damaged]
    for fault in faults[:_MOST]:
        yield State.FAILED, fault
    if faults[_MOST:]:
        yield State.FAILED, f"{len(faults) - _MOST} more texts: as above"
    if not faults:
        yield State.WELL, f"all {report.count} texts ever indexed are as they were"


def _chroma(settings: Settings) -> _Told:
    check_search(DataFolder(settings.data_folder).current())
    yield State.WELL, "opens and finds, in a process of its own"


def _database(settings: Settings) -> _Told:
    database = open_database(settings)
    try:
        damage = database.find_damage()
        if damage:
            yield State.FAILED, damage
            return
        database.check()
        keys = Keys(database).all()
        yield State.WELL, f"{database.name} is whole and can be written"
        used = sum(key.revoked is None for key in keys)
        if keys:
            yield State.WELL, f"{used} of {len(keys)} keys are in use: who shows none is refused"
        else:
            yield State.WELL, "no keys: the service answers its own machine only, without one"
    finally:
        database.close()


def _slack(settings: Settings) -> _Told:
    channels = channels_of(settings)
    if channels is None:
        yield State.WELL, "off: SLACK_BOT_TOKEN is not set"
        return
    web = WebApi(settings.slack_bot_token.get_secret_value(), settings.slack_api_url)
    app_token = settings.slack_app_token.get_secret_value()
    try:
        me = asyncio.run(_ask_slack(web, app_token))
    except (RetryLater, RequestRejected) as error:
        yield State.FAILED, str(error)
    else:
        ways = ["/slack/events of `assistant serve`"] if settings.slack_signing_secret else []
        ways += ["Socket Mode of `assistant slack`"] if app_token else []
        yield State.WELL, f"{me.name} is answered as {me.user}, through {' and '.join(ways)}"
        for lacking in missing_scopes(me.scopes) if me.scopes else []:
            yield State.FAILED, f"the scope {lacking} is missing: add it, and install the app again"
    database = open_database(settings)
    try:
        count, trouble = Inbox(database).backlog(older=_LONG)
    finally:
        database.close()
    if count:
        told = f"{count} things from Slack wait for more than {_LONG:.0f} s"
        yield State.WARNING, f"{told}; the last trouble was: {trouble or 'the service is not up'}"


async def _ask_slack(web: WebApi, app_token: str) -> Identity:
    async with web.opened():
        me = await web.identity()
        if app_token:
            await web.expect_socket(app_token)
        return me


def _clock(settings: Settings) -> _Told:
    """Times that lie ahead of the clock say that it went back, or was ahead once."""
    set_it = "set the clock of this machine"
    kept = built = 0.0
    # What cannot be read has no time to compare; that it cannot is told above.
    with suppress(ApiError):
        database = open_database(settings)
        try:
            kept = Records(database).latest_time() or 0.0
        finally:
            database.close()
    with suppress(IndexingError):
        manifest = Manifest.read(DataFolder(settings.data_folder).current())
        built = datetime.fromisoformat(manifest.created).timestamp()
    now = time.time()
    if kept > now + _AHEAD:
        yield (
            State.FAILED,
            f"what was kept last is dated {(kept - now) / 3600:,.1f} hours ahead of now: {set_it}; "
            "if it is right, it was ahead then, and this passes with the time",
        )
    if built > now + _AHEAD:
        yield (
            State.FAILED,
            f"the index is dated {(built - now) / 3600:,.1f} hours ahead of now: {set_it}; if it "
            "is right, rebuild the index",
        )
    if max(kept, built) <= now + _AHEAD:
        yield State.WELL, "nothing is dated ahead of now"


_CHECKS: dict[str, Callable[[Settings], _Told]] = {
    "documents": _corpus,
    "data": _folder,
    "temporary": _temporary,
    "encoder": _encoder,
    "index": _generation,
    "texts": _texts,
    "chroma": _chroma,
    "database": _database,
    "slack": _slack,
    "clock": _clock,
}
