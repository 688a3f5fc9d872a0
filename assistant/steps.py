"""Iterating over a generator and keeping the value it returns."""

from collections.abc import Generator, Iterator
from typing import Generic, TypeVar

StepT = TypeVar("StepT")
ResultT = TypeVar("ResultT")


class Steps(Iterator[StepT], Generic[StepT, ResultT]):
    """The steps of a generator; `result()` is what the generator returned.

    Closing it cancels the work at the step that was reached.
    """

    def __init__(self, generator: Generator[StepT, None, ResultT]) -> None:
        self._result: list[ResultT] = []  # empty until the generator returns
        self._steps = _recorded(generator, self._result)

    def __next__(self) -> StepT:
        return next(self._steps)

    def result(self) -> ResultT:
        """Runs the remaining steps and returns the generator's return value."""
        for _ in self._steps:
            pass
        return self._result[0]

    def close(self) -> None:
        """Closes the generator."""
        self._steps.close()


# Not a method: a reference to the Steps would be a cycle, and an abandoned generator must release
# what it borrowed at once, not when the garbage collector runs.
def _recorded(
    generator: Generator[StepT, None, ResultT], result: list[ResultT]
) -> Generator[StepT, None, None]:
    result.append((yield from generator))
