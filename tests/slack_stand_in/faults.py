"""Faults that a test injects into calls of the Web API.

Faults of events are options instead: `duplicates` repeats them, `delay` and `jitter` delay and
reorder them.
"""

from dataclasses import dataclass

KINDS = ("rate", "status", "silent", "lost", "error", "slow", "forget", "lie")
ANY = "*"


@dataclass
class Fault:
    """A fault in the next calls of a method; the method "response_url" is a response URL.

    rate: 429 with Retry-After `seconds`. status: HTTP `status`, nothing is done. silent: never
    answered; the work is done if `done`. lost: the work is done, then the answer is HTTP `status`,
    or breaks off if that is 0. error: refused with the code `error`. slow: answered after
    `seconds`. forget: a successful answer without any messages. lie: a successful answer although
    nothing was done, or, if `done`, the code `error` although the work was done.
    """

    method: str = ANY
    kind: str = "error"
    times: int = 1  # 0: every call until the faults are cleared
    seconds: float = 1.0
    status: int = 500
    error: str = "internal_error"
    done: bool = False

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"kind must be one of: {', '.join(KINDS)}")


class Faults:
    """The pending faults, the oldest first."""

    def __init__(self) -> None:
        self._pending: list[Fault] = []

    def add(self, fault: Fault) -> None:
        """Queues a fault."""
        self._pending.append(fault)

    def clear(self) -> None:
        """Removes all faults."""
        self._pending.clear()

    def take(self, method: str) -> Fault | None:
        """Returns the fault for this call, and counts it."""
        for fault in self._pending:
            if fault.method not in (method, ANY):
                continue
            if fault.times == 1:
                self._pending.remove(fault)
            elif fault.times:
                fault.times -= 1
            return fault
        return None
