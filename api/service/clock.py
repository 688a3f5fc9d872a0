"""Detects that the clock of the machine was set."""

import time


class ClockWatch:
    """Compares the wall clock with the monotonic one, which runs on when the clock is set."""

    def __init__(self, tolerance: float) -> None:
        """`tolerance` is in seconds: synchronized clocks drift and are corrected."""
        self._tolerance = tolerance
        self.reset()

    def reset(self) -> None:
        """Forgets earlier jumps."""
        self._offset = time.time() - time.monotonic()

    def jumped(self) -> bool:
        """Returns whether the clock was set since the last reset, and not set back."""
        return abs(time.time() - time.monotonic() - self._offset) > self._tolerance
