"""Errors of asking and evaluating. A question without evidence is refused, which is no error."""

from index.errors import ModelDamaged


class AnsweringError(Exception):
    """A question or a requirement cannot be processed."""


class QuestionInvalid(AnsweringError):
    """The question is empty, too long, or not text."""


class ModelMissing(AnsweringError):
    """A question asks for a language model, and none is configured."""

    remedy = "set ASSISTANT_MODEL, or leave out the mode"


class FaqInvalid(AnsweringError):
    """A file has no pair of a question and an answer."""

    remedy = (
        'name the columns or keys "question" and "answer", or write each question as a heading '
        "above its answer"
    )


class RequirementInvalid(AnsweringError):
    """A requirement of an evaluation has an unknown metric, or no number."""


class EarlierRunInvalid(AnsweringError):
    """The outcomes of an earlier evaluation cannot be read."""


class ReaderDamaged(ModelDamaged):
    """A file of the reader is missing, or was changed since it was shipped."""

    remedy = "install the program again, or turn the reader off until then"
