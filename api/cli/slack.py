"""`assistant slack`: Slack over Socket Mode, for a service without a public address."""

import asyncio
import signal
from argparse import Namespace

from api.assembly.service import Parts, open_parts
from api.background import keep_in_order, make_ready
from api.errors import DatabaseUnavailable, DoorError, SettingsInvalid
from api.exit_codes import BAD_INPUT, DONE
from api.service import logs
from api.settings import Settings, read_settings
from corpus.loader import expect_folder


def run(arguments: Namespace) -> int:
    """Answers in Slack until it is stopped."""
    settings = read_settings(arguments.corpus, arguments.data)
    logs.set_up(settings.log)
    expect_folder(settings.corpus)
    if not settings.slack_bot_token or not settings.slack_app_token:
        raise SettingsInvalid(
            "set SLACK_BOT_TOKEN (xoxb-...) and SLACK_APP_TOKEN (xapp-...): "
            "api/slack/app/README.md says where Slack shows them"
        )
    parts = open_parts(settings)
    try:
        damage = parts.database.damage()
        if damage:
            raise DatabaseUnavailable(damage)
        return asyncio.run(_serve(settings, parts))
    except asyncio.CancelledError:
        return DONE
    finally:
        parts.close()


async def _serve(settings: Settings, parts: Parts) -> int:
    task = asyncio.current_task()
    assert task
    assert parts.slack
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    documents = await make_ready(parts)
    if not documents:
        return BAD_INPUT
    print(f"{documents} documents of {settings.corpus} are ready for questions.")
    print("Ask in Slack; Ctrl-C stops.", flush=True)
    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(keep_in_order(settings, parts))
            group.create_task(parts.slack.run(settings.slack_app_token.get_secret_value()))
    except ExceptionGroup as errors:
        known = errors.subgroup(DoorError)
        raise known.exceptions[0] if known else errors from None
    return DONE
