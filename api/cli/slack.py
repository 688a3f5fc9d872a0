"""`assistant slack`: answers in Slack over Socket Mode, which needs no public address."""

import asyncio
import signal
from argparse import Namespace
from pathlib import Path

from api.assembly.service import Service, open_service
from api.background import prepare_index, run_maintenance
from api.errors import ApiError, DatabaseUnavailable, SettingsInvalid
from api.exit_codes import BAD_INPUT, DONE
from api.service import logs
from api.settings import Settings, load_settings
from api.text import count
from corpus.folder import check_folder

_INSTRUCTIONS = Path(__file__).parents[1] / "slack" / "app" / "README.md"


def run(arguments: Namespace) -> int:
    """Answers in Slack until the process is stopped."""
    settings = load_settings(arguments.corpus, arguments.data)
    logs.configure(settings.log)
    check_folder(settings.corpus)
    if not settings.slack_bot_token or not settings.slack_app_token:
        raise SettingsInvalid(
            "set SLACK_BOT_TOKEN (xoxb-...) and SLACK_APP_TOKEN (xapp-...): "
            f"{_INSTRUCTIONS} says where Slack shows them"
        )
    service = open_service(settings)
    try:
        if damage := service.database.find_damage():
            raise DatabaseUnavailable(damage)
        return asyncio.run(_serve(settings, service))
    except asyncio.CancelledError:
        return DONE
    finally:
        service.close()


async def _serve(settings: Settings, service: Service) -> int:
    task = asyncio.current_task()
    assert task
    assert service.slack
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    documents = await prepare_index(service)
    if not documents:
        return BAD_INPUT
    print(f"{count(documents, 'document')} of {settings.corpus} ready for questions.")
    print("Ask in Slack; Ctrl-C stops.", flush=True)
    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(run_maintenance(settings, service))
            group.create_task(service.slack.run(settings.slack_app_token.get_secret_value()))
    except ExceptionGroup as errors:
        known = errors.subgroup(ApiError)
        raise known.exceptions[0] if known else errors from None
    return DONE
