"""How the stand-in behaves: what it is named by, what the app may do, and what goes wrong."""

from dataclasses import dataclass

# What the app was granted when it was installed.
SCOPES = (
    "app_mentions:read",
    "assistant:write",
    "channels:history",
    "channels:read",
    "chat:write",
    "commands",
    "groups:history",
    "groups:read",
    "im:history",
    "im:read",
    "im:write",
    "users:read",
)
# What the app has subscribed to; message.channels and its like are named as Slack's settings do.
EVENTS = (
    "app_home_opened",
    "app_mention",
    "assistant_thread_context_changed",
    "assistant_thread_started",
    "message.channels",
    "message.groups",
    "message.im",
)


@dataclass
class Options:
    """May be changed while the stand-in runs: each is read where it counts."""

    service: str = "http://127.0.0.1:8000"  # the bot's, without /slack/events
    path: str = "/slack/events"
    bot_token: str = "xoxb-stand-in"
    app_token: str = "xapp-stand-in"
    signing_secret: str = "stand-in-signing-secret"
    verification_token: str = "stand-in-verification-token"
    scopes: tuple[str, ...] = SCOPES
    events: tuple[str, ...] = EVENTS
    # Sending: false keeps what would be sent, to be taken and sent by whoever asks for it.
    deliver: bool = True
    duplicates: int = 1  # how often each event is sent
    delay: float = 0.0  # seconds before it is sent
    jitter: float = 0.0  # up to so many more, which puts events out of order
    patience: float = 3.0  # seconds that Slack waits for an answer
    minute: float = 60.0  # seconds; Slack tries again after 0, 1 and 5 of them
    echoes: bool = True  # whether the bot is told of its own messages, as Slack does
    # Answering.
    paced: bool = False  # whether a channel takes one message of the bot a second, and no more
    longest_stream: float = 300.0  # seconds; observed: Slack ends a stream after five minutes
    response_uses: int = 5
    response_seconds: float = 1800.0
