"""Credentials and behaviour of the stand-in."""

from dataclasses import dataclass

# The scopes that the app was granted when it was installed.
SCOPES = (
    "app_mentions:read",
    "assistant:write",
    "channels:history",
    "chat:write",
    "commands",
    "groups:history",
    "im:history",
    "im:write",
)
# The events that the app has subscribed to, named as in Slack's settings.
EVENTS = (
    "app_home_opened",
    "app_mention",
    "message.channels",
    "message.groups",
    "message.im",
)


@dataclass
class Options:
    """Every option may change while the stand-in runs. Times are in seconds."""

    service: str = "http://127.0.0.1:8000"  # base URL of the service that receives events
    bot_token: str = "xoxb-stand-in"
    app_token: str = "xapp-stand-in"
    signing_secret: str = "stand-in-signing-secret"
    verification_token: str = "stand-in-verification-token"
    scopes: tuple[str, ...] = SCOPES
    # False: requests are prepared but not sent, so that a test can send them itself.
    deliver: bool = True
    duplicates: int = 1  # how often each event is sent
    delay: float = 0.0  # before an event is sent
    jitter: float = 0.0  # up to this much more delay; puts events out of order
    timeout: float = 3.0  # how long Slack waits for an HTTP response or an acknowledgement
    minute: float = 60.0  # Slack retries after 0, 1 and 5 minutes; tests shorten the minute
    response_url_lifetime: float = 1800.0
