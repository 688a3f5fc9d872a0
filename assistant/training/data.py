"""Training examples for the reader: rows as they are, and unanswerable questions made from them.

It knows text only: no tokens, no tensors. Everything random comes from the `random.Random` given.

Unanswerable questions are rare in the row files, so most are made: the answer is left out, the
passage is another one (Clark and Gardner, "Simple and Effective Multi-Paragraph Reading
Comprehension", 2018), or the question is altered in one word that matters (`nearmiss`).
"""

import math
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from random import Random

from assistant.training.near_misses import Pool, near_miss, pool_of
from assistant.training.rows import Example, Row
from assistant.training.tables import made_table

# What a context may hold, in words; about 1.35 tokens to the word.
WINDOW_WORDS = 130

# How answerable rows are used, as shares; the rest stay answerable.
LEFT_OUT, ELSEWHERE, NEAR_MISS = 0.12, 0.12, 0.26
# How contexts are cut and changed, as shares; the rest is one window up to WINDOW_WORDS wide.
NARROW, SINGLE, MIXED, SHUFFLED = 0.22, 0.07, 0.10, 0.03
TITLED = 0.4
TABLES = 0.03

_WORD = re.compile(r"\w+")


class Neighbours:
    """Finds contexts like a given question: other contexts of its set, by shared rare words.

    Similarity is the sum of inverse document frequencies of shared words, over words that no more
    than `common` contexts of the set hold.
    """

    def __init__(self, rows: Iterable[Row], common: int = 60) -> None:
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
                word: where for word, where in holders.items() if len(where) <= common
            }

    def like(self, row: Row, random: Random) -> tuple[str, ...]:
        """One of the three most similar contexts; any context where none shares a word.

        None of the similar ones shares a sentence with the row; the caller checks the other case.
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
class Corpus:
    """The rows to train on and what making unanswerable questions from them needs."""

    rows: tuple[Row, ...]
    neighbours: Neighbours
    pool: Pool


def corpus_of(rows: Iterable[Row], caps: Mapping[str, int], random: Random) -> Corpus:
    """The rows, at most `caps[source]` of a source, with their neighbours and names."""
    by_source: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        by_source[row.source].append(row)
    kept: list[Row] = []
    for source, found in by_source.items():
        cap = caps.get(source, len(found))
        kept += found if len(found) <= cap else random.sample(found, cap)
    return Corpus(tuple(kept), Neighbours(kept), pool_of(row.question for row in kept))


def examples(corpus: Corpus, repeats: Mapping[str, int], random: Random) -> Iterator[Example]:
    """Examples without end: pass after pass over the rows, shuffled.

    A row comes `repeats[source]` times in a pass, once where its source is not named. Each pass
    makes its unanswerable questions anew.
    """
    while True:
        order = [row for row in corpus.rows for _ in range(repeats.get(row.source, 1))]
        random.shuffle(order)
        for row in order:
            yield (
                made_table(random) if random.random() < TABLES else example_of(row, corpus, random)
            )


def example_of(row: Row, corpus: Corpus, random: Random) -> Example:
    """One example from a row: itself, or an unanswerable question made from it."""
    if not row.answerable:
        return assembled(row, corpus, random)
    draw = random.random()
    if draw < LEFT_OUT:
        rest = [text for number, text in enumerate(row.sentences) if number not in row.answering]
        if rest:
            return assembled(
                replace(row, sentences=tuple(rest), answering=frozenset()), corpus, random
            )
    elif draw < LEFT_OUT + ELSEWHERE:
        other = corpus.neighbours.like(row, random)
        answers = {row.sentences[number] for number in row.answering}
        if not answers.intersection(other):
            return assembled(replace(row, sentences=other, answering=frozenset()), corpus, random)
    elif draw < LEFT_OUT + ELSEWHERE + NEAR_MISS:
        question = near_miss(row.question, " ".join(row.sentences), corpus.pool, random)
        if question is not None:
            # cut around what answered the question as it was
            made = assembled(replace(row, question=question), corpus, random)
            return replace(made, labels=(False,) * len(made.labels))
    return assembled(row, corpus, random)


def assembled(row: Row, corpus: Corpus, random: Random) -> Example:
    """The row with its context cut to a window or mixed with another, its question as typed."""
    draw = random.random()
    if draw < SINGLE:
        chosen = [_anchor(row, random)]
    elif draw < SINGLE + NARROW:
        chosen = _window(row, random.randint(15, 70), random)
    else:
        chosen = _window(
            row, WINDOW_WORDS if draw > 0.5 else random.randint(50, WINDOW_WORDS), random
        )
    parts = [(row.sentences[number], number in row.answering) for number in chosen]
    if draw > 1 - MIXED:
        other = corpus.neighbours.like(row, random)
        start = random.randrange(len(other))
        extra = [(text, False) for text in other[start : start + random.randint(1, 4)]]
        extra = [part for part in extra if part[0] not in row.sentences]
        parts = [*parts, *extra] if random.random() < 0.5 else [*extra, *parts]
    elif draw > 1 - MIXED - SHUFFLED:
        random.shuffle(parts)
    return Example(
        question=as_typed(row.question, random),
        title=row.title if row.title and random.random() < TITLED else None,
        sentences=tuple(text for text, _ in parts),
        labels=tuple(label for _, label in parts),
    )


def _anchor(row: Row, random: Random) -> int:
    return random.choice(sorted(row.answering) or range(len(row.sentences)))


def _window(row: Row, words: int, random: Random) -> list[int]:
    """Neighbouring sentences around the anchor, grown to either side at random up to `words`."""
    first = last = _anchor(row, random)
    held = row.sentences[first].count(" ") + 1
    while True:
        sides = [side for side in (first - 1, last + 1) if 0 <= side < len(row.sentences)]
        if not sides:
            break
        side = random.choice(sides)
        held += row.sentences[side].count(" ") + 1
        if held > words:
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


def as_typed(question: str, random: Random) -> str:
    """The question mostly as it is, sometimes without its mark or question word, or mistyped."""
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
            question = mistyped(question, random)
    return question


def mistyped(text: str, random: Random) -> str:
    """`text` with one slip: two letters swapped, or one dropped, doubled or its neighbour hit."""
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
