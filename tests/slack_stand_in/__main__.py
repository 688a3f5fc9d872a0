"""`assistant slack-simulator`: a stand-in for Slack on this machine, to try the bot with."""

import contextlib
from argparse import Namespace
from types import FrameType

import uvicorn

from api.errors import AddressUnavailable
from api.exit_codes import DONE
from api.listening import address_of, bound, is_loopback
from slack_stand_in.options import Options
from slack_stand_in.server import Simulator

_GRACE = 2  # seconds that a page's connection is given at the end


def run(arguments: Namespace) -> int:
    """Serves the stand-in until it is stopped."""
    options = Options(
        service=arguments.service, duplicates=arguments.duplicates, delay=arguments.delay
    )
    with bound(arguments.host, arguments.port) as listener:
        if not is_loopback(listener):
            raise AddressUnavailable(
                "the stand-in lets whoever reaches it act for anybody, and does not listen on "
                f"{arguments.host}: name an address of this machine alone, such as 127.0.0.1"
            )
        simulator = Simulator(options)
        simulator.address = address_of(listener)
        print(_told(simulator), flush=True)
        config = uvicorn.Config(
            simulator.app,
            log_config=None,
            access_log=False,
            timeout_graceful_shutdown=_GRACE,
            server_header=False,
        )
        # uvicorn passes Ctrl-C on once it has stopped.
        with contextlib.suppress(KeyboardInterrupt):
            _Server(config, simulator).run(sockets=[listener])
    return DONE


class _Server(uvicorn.Server):
    """Lets go of the pages that listen for changes as soon as it is told to stop."""

    def __init__(self, config: uvicorn.Config, simulator: Simulator) -> None:
        super().__init__(config)
        self._simulator = simulator

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        self._simulator.end()
        super().handle_exit(sig, frame)


def _told(simulator: Simulator) -> str:
    """What to do next, each line ready to be pasted."""
    options, address = simulator.options, simulator.address
    slack = f"SLACK_BOT_TOKEN={options.bot_token} ASSISTANT_SLACK_API_URL={address}api/"
    return (
        f"Slack's stand-in sends to {options.service}. Start the service with\n\n"
        f"  {slack} SLACK_SIGNING_SECRET={options.signing_secret} assistant serve\n\n"
        "or, for Socket Mode, with\n\n"
        f"  {slack} SLACK_APP_TOKEN={options.app_token} assistant slack\n\n"
        f"Open {address} in a browser; Ctrl-C stops."
    )
