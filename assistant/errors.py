"""What can go wrong between a question and its answer. Finding no evidence is not among it."""


class AnsweringError(Exception):
    """A question cannot be dealt with as it stands."""


class QuestionInvalid(AnsweringError):
    """The question is empty, too long, or not text."""


class RequirementInvalid(AnsweringError):
    """A requirement of an evaluation names no metric, or no number."""
