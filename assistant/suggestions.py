"""Questions that the documents answer, to suggest under a refusal."""

import numpy as np

from assistant.english.question import Question
from assistant.replies import examples
from corpus.markup import strip_markup
from index.encoder import Vectors
from index.generation import Generation

_MAX_SUGGESTIONS = 3
# Cosine from which an FAQ question is suggested; set by hand on the shipped gold questions.
_MIN_SIMILARITY = 0.25


class Suggestions:
    """The FAQ questions of one generation."""

    def __init__(self, generation: Generation) -> None:
        entries = generation.passages.faq_passages()
        self._questions = [entry.passage.question or "" for entry in entries]
        asked = [(entry.passage.document, entry.passage.question or "") for entry in entries]
        self.examples = examples(asked, _MAX_SUGGESTIONS)
        rows = [entry.heading_row for entry in entries]
        self._vectors: Vectors = np.asarray(generation.vectors[rows])

    def near(self, question: Question, vector: Vectors) -> tuple[str, ...]:
        """The questions nearest to one that was not answered; `vector` is its embedding."""
        if not self._questions:
            return ()
        cosines = self._vectors @ vector
        asked = strip_markup(question.text).lower()
        near = [
            self._questions[i]
            for i in np.argsort(-cosines, kind="stable")
            if (cosines[i] >= _MIN_SIMILARITY or question.lacks_topic)
            and self._questions[i].lower() != asked
        ]
        return tuple(dict.fromkeys(near))[:_MAX_SUGGESTIONS]
