"""Iterating over a generator and keeping the value it returns."""

from collections.abc import Generator, Iterator
from typing import Generic, TypeVar

StepT = TypeVar("StepT")
ResultT = TypeVar("ResultT")


class Steps(Iterator[StepT], Generic[StepT, ResultT]):
    """The steps of a generator; `result()` is what the generator returned.

    Closing it cancels the work at the step that was reached.
    """

    _result: ResultT

    def __init__(self, generator: Generator[StepT, None, ResultT]) -> None:
        self._steps = self._recorded(generator)

    def __next__(self) -> StepT:
        return next(self._steps)

    def result(self) -> ResultT:
        """Runs the remaining steps and returns the generator's return value."""
        for _ in self._steps:
            pass
        return self._result

    def close(self) -> None:
        """Closes the generator."""
        self._steps.close()

    def _recorded(self, generator: Generator[StepT, None, ResultT]) -> Generator[StepT, None, None]:
        self._result = yield from generator
