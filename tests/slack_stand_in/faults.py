"""What goes wrong with the methods on request, and Slack's own pace for messages."""

import math
from dataclasses import dataclass, fields
from typing import Any

from slack_stand_in.limits import Refused
from slack_stand_in.workspace import Json

KINDS = ("rate", "status", "silent", "lost", "error", "slow")
ANY = "*"


@dataclass
class Fault:
    """One thing that goes wrong with the next calls of a method.

    rate: 429, to come back after `seconds`. status: this HTTP status, nothing done. silent: never
    answered, `done` or not. lost: done, and then answered with `status`, or broken off where that
    is 0. error: refused with the code `error`. slow: answered after `seconds`.
    """

    method: str
    kind: str
    times: int = 1  # 0 is until it is cleared
    skip: int = 0  # calls that go well before
    seconds: float = 1.0
    status: int = 500
    error: str = "internal_error"
    done: bool = False

    def told(self) -> Json:
        return dict(vars(self))


def fault_of(described: Any) -> Fault:
    """The fault that somebody described; refuses what is none."""
    if not isinstance(described, dict) or described.get("kind") not in KINDS:
        raise Refused("invalid_arguments", [f"kind must be one of: {', '.join(KINDS)}"])
    kinds = {field.name: field.type for field in fields(Fault)}
    for name, value in described.items():
        if kinds.get(name) not in (type(value), float if type(value) is int else None):
            raise Refused("invalid_arguments", [f"{name} cannot be {value!r}"])
    return Fault(**{"method": ANY, **described})


class Faults:
    """The faults that are to come, the oldest first."""

    def __init__(self) -> None:
        self._coming: list[Fault] = []

    def add(self, fault: Fault) -> None:
        self._coming.append(fault)

    def clear(self) -> None:
        self._coming.clear()

    def told(self) -> list[Json]:
        return [fault.told() for fault in self._coming]

    def take(self, method: str) -> Fault | None:
        """What goes wrong with this call, if anything."""
        for fault in self._coming:
            if fault.method not in (method, ANY):
                continue
            if fault.skip:
                fault.skip -= 1
                continue
            if fault.times == 1:
                self._coming.remove(fault)
            elif fault.times:
                fault.times -= 1
            return fault
        return None


class Pace:
    """Documented: chat.postMessage takes about one message a second and channel."""

    def __init__(self) -> None:
        self._last: dict[str, float] = {}

    def wait(self, channel: str, now: float) -> int:
        """Seconds to wait before the next message; 0 where it may come now, and then it counts."""
        free = self._last.get(channel, -math.inf) + 1.0
        if now < free:
            return max(1, math.ceil(free - now))
        self._last[channel] = now
        return 0
