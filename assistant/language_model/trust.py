"""How much a language model's choice says, measured by its exam.

A choice is evidence like any other: it multiplies the odds that a part answers by how much more
often the model chooses a part that answers than one that does not (Bayes' rule). A model that
chooses at random changes nothing; one that passed its exam decides nearly alone.
"""

import math
from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True)
class Trust:
    """The results of an exam. Of the questions with an answer, the model chose a `right` part, a
    `wrong` one, or said that there is none (`missed`). Of those without, it said so (`declined`) or
    chose one (`invented`)."""

    right: int = 0
    wrong: int = 0
    missed: int = 0
    declined: int = 0
    invented: int = 0

    @property
    def questions(self) -> int:
        """The number of questions of the exam; 0 if it was not taken."""
        return self.right + self.wrong + self.missed + self.declined + self.invented

    def chosen(self, exhibits: int) -> float:
        """What a choice adds to the logit that it answers. A wrong choice is taken to fall on each
        of the exhibits alike."""
        if not self.questions:
            return 0.0
        wrongly = _share(self.wrong + self.invented, self.questions)
        return math.log(self._right * max(1, exhibits) / wrongly) if self._right else 0.0

    def passed_over(self, exhibits: int) -> float:
        """What the choice of another exhibit adds to the logit that this one answers."""
        if not self.questions:
            return 0.0
        others = _share(self.wrong, self.right + self.wrong + self.missed) / max(1, exhibits - 1)
        rightly = _share(self.right + self.wrong, self.right + self.wrong + self.missed)
        return math.log(others * max(1, exhibits) / rightly) if rightly else 0.0

    def declined_all(self) -> float:
        """What "none" adds to the logit that the best evidence answers."""
        if not self.questions:
            return 0.0
        missed = _share(self.missed, self.right + self.wrong + self.missed)
        return math.log(missed / _share(self.declined, self.declined + self.invented))

    @property
    def _right(self) -> float:
        return _share(self.right, self.right + self.wrong + self.missed)

    def as_dict(self) -> dict[str, int]:
        """The counts by name."""
        return asdict(self)


def _share(count: int, total: int) -> float:
    """The share with half a case added on both sides (Krichevsky and Trofimov), so it is never 0 or
    1."""
    return (count + 0.5) / (total + 1)
