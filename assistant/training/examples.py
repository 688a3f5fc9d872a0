"""Training examples for the reader: rows as they are, and unanswerable questions made from them.

Knows text, no tokens or tensors. All randomness comes from the `Random` argument.

Few rows are unanswerable, so most unanswerable examples are made: the answer is removed, the
context is replaced (Clark and Gardner, "Simple and Effective Multi-Paragraph Reading
Comprehension", 2018), or the question is altered (`near_misses`).
"""

import math
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from random import Random

from assistant.training.near_misses import WordPool, collect_words, near_miss
from assistant.training.rows import Example, Row
from assistant.training.tables import make_table

# Words in a context; one word is about 1.35 tokens.
MAX_CONTEXT_WORDS = 130

# Shares of the answerable rows that become unanswerable; the rest stays answerable.
ANSWER_REMOVED, OTHER_CONTEXT, NEAR_MISS = 0.12, 0.12, 0.26
# Shares of the contexts that are changed; the rest is one window up to MAX_CONTEXT_WORDS wide.
NARROW, SINGLE, MIXED, SHUFFLED = 0.22, 0.07, 0.10, 0.03
WITH_TITLE = 0.4
TABLES = 0.03

_WORD = re.compile(r"\w+")


class Neighbours:
    """Finds contexts similar to a question in the same data set.

    Similarity is the sum of the inverse document frequencies of shared words, over words that at
    most `max_contexts` contexts of the set contain.
    """

    def __init__(self, rows: Iterable[Row], max_contexts: int = 60) -> None:
        contexts: dict[str, dict[tuple[str, ...], None]] = defaultdict(dict)
        for row in rows:
            contexts[row.source][row.sentences] = None
        self._contexts = {source: list(found) for source, found in contexts.items()}
        self._holders: dict[str, dict[str, list[int]]] = {}
        for source, found in self._contexts.items():
            holders: dict[str, list[int]] = defaultdict(list)
            for number, sentences in enumerate(found):
                for word in _words(" ".join(sentences)):
                    holders[word].append(number)
            self._holders[source] = {
                word: where for word, where in holders.items() if len(where) <= max_contexts
            }

    def similar(self, row: Row, random: Random) -> tuple[str, ...]:
        """Returns one of the three most similar contexts that share no sentence with the row.

        If no context shares a word, returns any context, which may share sentences.
        """
        contexts, holders = self._contexts[row.source], self._holders[row.source]
        scores: dict[int, float] = defaultdict(float)
        for word in _words(f"{row.question} {row.title}"):
            where = holders.get(word, ())
            for number in where:
                scores[number] += math.log(len(contexts) / len(where) + 1)
        own = set(row.sentences)
        ranked = sorted(scores, key=scores.__getitem__, reverse=True)[:12]
        near = [number for number in ranked if not own.intersection(contexts[number])][:3]
        if near:
            return contexts[random.choice(near)]
        return contexts[random.randrange(len(contexts))]


def _words(text: str) -> set[str]:
    return {word for word in _WORD.findall(text.lower()) if len(word) > 2}


@dataclass(frozen=True, slots=True)
class TrainingSet:
    """The rows to train on, and what is needed to make unanswerable questions from them."""

    rows: tuple[Row, ...]
    neighbours: Neighbours
    pool: WordPool


def build_training_set(
    rows: Iterable[Row], max_rows: Mapping[str, int], random: Random
) -> TrainingSet:
    """Builds a training set with at most `max_rows[source]` random rows of a source."""
    by_source: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        by_source[row.source].append(row)
    kept: list[Row] = []
    for source, found in by_source.items():
        cap = max_rows.get(source, len(found))
        kept += found if len(found) <= cap else random.sample(found, cap)
    return TrainingSet(tuple(kept), Neighbours(kept), collect_words(row.question for row in kept))


def generate_examples(
    training: TrainingSet, repeats: Mapping[str, int], random: Random
) -> Iterator[Example]:
    """Yields examples endlessly: pass after pass over the shuffled rows.

    A row occurs `repeats[source]` times in a pass, by default once. Each pass makes other
    unanswerable questions.
    """
    while True:
        order = [row for row in training.rows for _ in range(repeats.get(row.source, 1))]
        random.shuffle(order)
        for row in order:
            if random.random() < TABLES:
                yield make_table(random)
            else:
                yield make_example(row, training, random)


def make_example(row: Row, training: TrainingSet, random: Random) -> Example:
    """Makes one example from a row: the row itself, or an unanswerable question."""
    if not row.answerable:
        return assemble(row, training, random)
    draw = random.random()
    if draw < ANSWER_REMOVED:
        rest = [text for number, text in enumerate(row.sentences) if number not in row.answering]
        if rest:
            return assemble(
                replace(row, sentences=tuple(rest), answering=frozenset()), training, random
            )
    elif draw < ANSWER_REMOVED + OTHER_CONTEXT:
        other = training.neighbours.similar(row, random)
        answers = {row.sentences[number] for number in row.answering}
        if not answers.intersection(other):
            return assemble(replace(row, sentences=other, answering=frozenset()), training, random)
    elif draw < ANSWER_REMOVED + OTHER_CONTEXT + NEAR_MISS:
        question = near_miss(row.question, " ".join(row.sentences), training.pool, random)
        if question is not None:
            # The window is around the sentence that answered the original question.
            made = assemble(replace(row, question=question), training, random)
            return replace(made, labels=(False,) * len(made.labels))
    return assemble(row, training, random)


def assemble(row: Row, training: TrainingSet, random: Random) -> Example:
    """Returns the row with its context cut to a window or mixed with another context, and its
    question as a user might type it."""
    draw = random.random()
    if draw < SINGLE:
        chosen = [_anchor(row, random)]
    elif draw < SINGLE + NARROW:
        chosen = _window(row, random.randint(15, 70), random)
    else:
        chosen = _window(
            row, MAX_CONTEXT_WORDS if draw > 0.5 else random.randint(50, MAX_CONTEXT_WORDS), random
        )
    parts = [(row.sentences[number], number in row.answering) for number in chosen]
    if draw > 1 - MIXED:
        other = training.neighbours.similar(row, random)
        start = random.randrange(len(other))
        extra = [(text, False) for text in other[start : start + random.randint(1, 4)]]
        extra = [part for part in extra if part[0] not in row.sentences]
        parts = [*parts, *extra] if random.random() < 0.5 else [*extra, *parts]
    elif draw > 1 - MIXED - SHUFFLED:
        random.shuffle(parts)
    return Example(
        question=vary_typing(row.question, random),
        title=row.title if row.title and random.random() < WITH_TITLE else None,
        sentences=tuple(text for text, _ in parts),
        labels=tuple(label for _, label in parts),
    )


def _anchor(row: Row, random: Random) -> int:
    return random.choice(sorted(row.answering) or range(len(row.sentences)))


def _window(row: Row, max_words: int, random: Random) -> list[int]:
    """Returns adjacent sentences around the anchor, extended at random to either side."""
    first = last = _anchor(row, random)
    held = row.sentences[first].count(" ") + 1
    while True:
        sides = [side for side in (first - 1, last + 1) if 0 <= side < len(row.sentences)]
        if not sides:
            break
        side = random.choice(sides)
        held += row.sentences[side].count(" ") + 1
        if held > max_words:
            break
        first, last = min(first, side), max(last, side)
    return list(range(first, last + 1))


_LEADS = (
    "can you tell me {}",
    "please tell me {}",
    "I want to know {}",
    "hi, {}",
    "do you know {}",
    "quick question: {}",
    "could you look up {}",
)
_QUESTION_WORDS = re.compile(
    r"^(?:in |at |on |to )?(?:what|which|who|when|where|how)(?:'s)?\s+"
    r"(?:is|was|are|were|did|does|do)?\s*",
    re.IGNORECASE,
)
_NEAR_KEYS = {
    "a": "sq", "b": "vn", "c": "xv", "d": "sf", "e": "wr", "f": "dg", "g": "fh", "h": "gj",
    "i": "uo", "k": "jl", "l": "k", "m": "n", "n": "bm", "o": "ip", "p": "o", "r": "et", "s": "ad",
    "t": "ry", "u": "yi", "v": "cb", "w": "qe", "y": "tu",
}  # fmt: skip


def vary_typing(question: str, random: Random) -> str:
    """Returns the question, sometimes without question mark or question word, or with typos."""
    if random.random() < 0.3:
        question = question.rstrip("? ")
    draw = random.random()
    if draw < 0.04:
        bare = _QUESTION_WORDS.sub("", question)
        question = bare if bare.count(" ") >= 1 else question
    elif draw < 0.07:
        question = random.choice(_LEADS).format(question)
    if random.random() < 0.07:
        for _ in range(random.randint(1, 2)):
            question = add_typo(question, random)
    return question


def add_typo(text: str, random: Random) -> str:
    """Returns the text with two letters swapped, or one dropped, doubled or replaced by its
    neighbour on the keyboard."""
    at = random.randrange(1, max(len(text) - 1, 2))
    if len(text) < 4 or not text[at].isalpha():
        return text
    slip = random.randrange(4)
    if slip == 0:
        return text[: at - 1] + text[at] + text[at - 1] + text[at + 1 :]
    if slip == 1:
        return text[:at] + text[at + 1 :]
    if slip == 2:
        return text[:at] + text[at] + text[at:]
    return text[:at] + random.choice(_NEAR_KEYS.get(text[at].lower(), text[at])) + text[at + 1 :]
