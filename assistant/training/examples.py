"""Training examples for the reader: rows as they are, and unanswerable questions made from them.

Knows text, no tokens or tensors. All randomness comes from the `Random` argument.

Few rows are unanswerable, so most unanswerable examples are made: the answer is removed, the
context is replaced (Clark and Gardner, "Simple and Effective Multi-Paragraph Reading
Comprehension", 2018), or the question is altered (`near_misses`).
"""

import math
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from random import Random

from assistant.training.facts import make_fact
from assistant.training.near_misses import (
    IDENTIFIER,
    WordPool,
    collect_words,
    find_names,
    near_miss,
)
from assistant.training.rows import Example, Row
from assistant.training.sections import SOURCE as SECTIONS
from assistant.training.sections import as_question
from assistant.training.swaps import add_condition, collect_conditions, swap
from assistant.training.tables import make_table

# Words in a context; one word is about 1.35 tokens.
MAX_CONTEXT_WORDS = 130

# Shares of the answerable rows that are altered; the rest stays as it is.
ANSWER_REMOVED, OTHER_CONTEXT, NEAR_MISS = 0.10, 0.12, 0.18
ANSWER_ALTERED, BOTH_ALTERED, CONDITION_HOLDS, FACT = 0.10, 0.09, 0.02, 0.06
# The share of the near misses that get a condition that the context does not hold.
CONDITION_ADDED = 0.12
# The share of the unanswerable questions that people wrote whose nearest sentence stays.
NEAREST_KEPT = 0.75
# The share of the rows of a set written to mislead that are altered at all.
MISLEADING = {"squad2": 0.34}
# The share of the contexts from the same document among the other contexts, if it has others.
SAME_DOCUMENT = 0.6
# Shares of the contexts that are changed; the rest is one window up to MAX_CONTEXT_WORDS wide.
NARROW, SINGLE, MIXED, SHUFFLED = 0.22, 0.07, 0.10, 0.03
WITH_TITLE = 0.5
TABLES = 0.05
# The share of the contexts that may be this wide: a whole long paragraph.
WIDE, WIDE_CONTEXT_WORDS = 0.25, 175
# The share of the headings that do not ask which are put as questions.
HEADING_ASKED = 0.75
BETWEEN = " › "  # title and heading, as in Passage.context

_WORD = re.compile(r"\w+")
# One to three words, or a name: what a heading might be.
_TOPIC = re.compile(r"[A-Z][\w-]+(?: [A-Z][\w-]+){0,2}|\b[a-z]{4,}(?: [a-z]{4,}){0,2}")
_DEED = re.compile(
    r"(?i)(?:how|what|when|where|why|who|which|can|do|does|is|are|if|to)\b|\w+ing\b|\d+\.?\s"
)
# Contexts of a document that are compared with a question at most.
_MAX_COMPARED = 200


class Neighbours:
    """Finds contexts similar to a question in the same data set, as rows.

    Similarity is the sum of the inverse document frequencies of shared words, over words that at
    most `max_contexts` contexts of the set contain.
    """

    def __init__(self, rows: Iterable[Row], max_contexts: int = 60) -> None:
        contexts: dict[str, dict[tuple[str, ...], Row]] = defaultdict(dict)
        for row in rows:
            contexts[row.source][row.sentences] = row
        self._contexts = {source: list(found.values()) for source, found in contexts.items()}
        self._holders: dict[str, dict[str, list[int]]] = {}
        self._documents: dict[tuple[str, str], list[tuple[Row, set[str]]]] = defaultdict(list)
        for source, found in self._contexts.items():
            holders: dict[str, list[int]] = defaultdict(list)
            for number, row in enumerate(found):
                words = _words(" ".join(row.sentences))
                for word in words:
                    holders[word].append(number)
                if name := row.document or row.title:
                    self._documents[source, name].append((row, words))
            self._holders[source] = {
                word: where for word, where in holders.items() if len(where) <= max_contexts
            }

    def similar(self, row: Row, random: Random) -> Row:
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
        near = [number for number in ranked if not own.intersection(contexts[number].sentences)][:3]
        if near:
            return contexts[random.choice(near)]
        return contexts[random.randrange(len(contexts))]

    def same_document(self, row: Row, random: Random) -> Row | None:
        """Returns one of the three contexts of the row's document that share most words with the
        question and no sentence with the row; None if there is none."""
        words = _words(row.question)
        own = set(row.sentences)
        found = self._documents.get((row.source, row.document or row.title), ())
        if len(found) > _MAX_COMPARED:
            found = random.sample(found, _MAX_COMPARED)
        others = [each for each in found if not own.intersection(each[0].sentences)]
        others.sort(key=lambda each: -len(words & each[1]))
        return random.choice(others[:3])[0] if others else None


def _words(text: str) -> set[str]:
    return {word for word in _WORD.findall(text.lower()) if len(word) > 2}


@dataclass(frozen=True, slots=True)
class TrainingSet:
    """The rows to train on, and what is needed to make unanswerable questions from them."""

    rows: tuple[Row, ...]
    neighbours: Neighbours
    pool: WordPool
    conditions: tuple[str, ...]
    headings: tuple[str, ...]


def build_training_set(
    rows: Iterable[Row],
    max_rows: Mapping[str, int],
    random: Random,
    alike: Mapping[str, Sequence[str]] | None = None,
) -> TrainingSet:
    """Builds a training set with at most `max_rows[source]` random rows of a source.

    `alike` maps words to others near in meaning.
    """
    by_source: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        by_source[row.source].append(row)
    kept: list[Row] = []
    for source, found in by_source.items():
        cap = max_rows.get(source, len(found))
        kept += found if len(found) <= cap else random.sample(found, cap)
    questions = [row.question for row in kept]
    return TrainingSet(
        rows=tuple(kept),
        neighbours=Neighbours(kept),
        pool=collect_words(questions, alike),
        conditions=collect_conditions(questions),
        headings=tuple(row.heading for row in kept if row.heading and _is_thing(row.heading)),
    )


def generate_examples(
    training: TrainingSet, repeats: Callable[[Row], int], random: Random
) -> Iterator[Example]:
    """Yields examples endlessly: pass after pass over the shuffled rows.

    A row occurs `repeats(row)` times in a pass. Each pass makes other unanswerable questions.
    """
    while True:
        order = [row for row in training.rows for _ in range(repeats(row))]
        random.shuffle(order)
        for row in order:
            if random.random() < TABLES:
                yield make_table(random)
            else:
                yield make_example(row, training, random)


def make_example(row: Row, training: TrainingSet, random: Random) -> Example:
    """Makes one example from a row: the row itself, an unanswerable question, or an altered row
    that still answers."""
    if row.is_heading and random.random() < HEADING_ASKED:
        row = replace(row, question=as_question(row.question, random))
    if random.random() < FACT and (made := _with_fact(row, training, random)):
        return made
    if not row.answerable:
        return _unanswered(row, training, random)
    if random.random() >= MISLEADING.get(row.source, 1.0):
        return assemble(row, training, random)
    ways: tuple[tuple[float, Callable[[], Example | None]], ...] = (
        (ANSWER_REMOVED, lambda: _answer_removed(row, training, random)),
        (OTHER_CONTEXT, lambda: _other_context(row, training, random)),
        (NEAR_MISS, lambda: _near_miss(row, training, random)),
        (ANSWER_ALTERED, lambda: _answer_altered(row, training, random)),
        (BOTH_ALTERED, lambda: _both_altered(row, training, random)),
        (CONDITION_HOLDS, lambda: _condition_holds(row, training, random)),
    )
    draw = random.random()
    for share, way in ways:
        if draw < share:
            return way() or assemble(row, training, random)
        draw -= share
    return assemble(row, training, random)


def _unanswered(row: Row, training: TrainingSet, random: Random) -> Example:
    """A question that the row does not answer, mostly with the sentence that comes nearest."""
    if random.random() >= NEAREST_KEPT:
        return assemble(row, training, random)
    words = _words(row.question)
    shared = [len(words & _words(text)) for text in row.sentences]
    near = replace(row, answering=frozenset({shared.index(max(shared))}))
    return _without_answer(assemble(near, training, random))


def _answer_removed(row: Row, training: TrainingSet, random: Random) -> Example | None:
    rest = tuple(text for n, text in enumerate(row.sentences) if n not in row.answering)
    if not rest:
        return None
    left = replace(row, sentences=rest, answering=frozenset(), is_own_heading=False, heading="")
    return assemble(left, training, random)


def _other_context(row: Row, training: TrainingSet, random: Random) -> Example | None:
    other = None
    if random.random() < SAME_DOCUMENT:
        other = training.neighbours.same_document(row, random)
    other = other or training.neighbours.similar(row, random)
    if {row.sentences[number] for number in row.answering}.intersection(other.sentences):
        return None
    if _key(other.heading) == _key(row.heading) != "" or _key(other.question) == _key(row.question):
        return None
    return assemble(
        replace(other, question=row.question, answering=frozenset(), is_own_heading=False),
        training,
        random,
    )


def _near_miss(row: Row, training: TrainingSet, random: Random) -> Example | None:
    question = None
    if random.random() < CONDITION_ADDED:
        question = add_condition(row, training.conditions, random, holds=False)
    if question is None:
        question = near_miss(row.question, " ".join(row.sentences), training.pool, random)
    if question is None:
        return None
    # The window is around the sentence that answered the original question.
    return _without_answer(assemble(replace(row, question=question), training, random))


def _answer_altered(row: Row, training: TrainingSet, random: Random) -> Example | None:
    altered = swap(row, training.pool, random, both=False)
    if altered is None:
        return None
    altered = replace(altered, heading="", is_own_heading=False)
    return _without_answer(assemble(altered, training, random))


def _both_altered(row: Row, training: TrainingSet, random: Random) -> Example | None:
    altered = swap(row, training.pool, random, both=True)
    return assemble(altered, training, random) if altered else None


def _condition_holds(row: Row, training: TrainingSet, random: Random) -> Example | None:
    question = add_condition(row, training.conditions, random, holds=True)
    return assemble(replace(row, question=question), training, random) if question else None


def _with_fact(row: Row, training: TrainingSet, random: Random) -> Example | None:
    """Another question about something in the row, with or without a made-up fact."""
    things = find_names(row.question) + IDENTIFIER.findall(row.question)
    things = [each for each in things if any(each in text for text in row.sentences)]
    if row.heading and not row.is_own_heading and _is_thing(row.heading):
        things.append(row.heading)
    others = training.headings or training.pool.names
    if not things or not others:
        return None
    thing, other = random.choice(things), random.choice(others)
    context = assemble(replace(row, is_own_heading=False, heading=""), training, random)
    title = context.title
    if row.heading and not row.is_own_heading and random.random() < 0.5:
        title = f"{row.title}{BETWEEN}{row.heading}"
    return make_fact(context.sentences, thing, other, title, random) if thing != other else None


def _without_answer(example: Example) -> Example:
    return replace(example, labels=(False,) * len(example.labels))


def assemble(row: Row, training: TrainingSet, random: Random) -> Example:
    """Returns the row with its context cut to a window or mixed with another context, and its
    question as a user might type it."""
    draw = random.random()
    most = WIDE_CONTEXT_WORDS if random.random() < WIDE else MAX_CONTEXT_WORDS
    if draw < SINGLE:
        chosen = [_anchor(row, random)]
    elif draw < SINGLE + NARROW:
        chosen = _window(row, random.randint(15, 70), random)
    else:
        chosen = _window(row, most if draw > 0.5 else random.randint(50, most), random)
    parts = [(row.sentences[number], number in row.answering) for number in chosen]
    if draw > 1 - MIXED and row.source != SECTIONS:  # a section is never mixed with another
        other = training.neighbours.similar(row, random).sentences
        start = random.randrange(len(other))
        extra = [(text, False) for text in other[start : start + random.randint(1, 4)]]
        extra = [part for part in extra if part[0] not in row.sentences]
        parts = [*parts, *extra] if random.random() < 0.5 else [*extra, *parts]
    elif draw > 1 - MIXED - SHUFFLED:
        random.shuffle(parts)
    return Example(
        question=vary_typing(row.question, random),
        title=_title(row, random),
        sentences=tuple(text for text, _ in parts),
        labels=tuple(label for _, label in parts),
    )


def _title(row: Row, random: Random) -> str | None:
    """Returns the title, which serving gives, now and then with a heading.

    The heading is the row's own, or a word or name of the context: so that a heading alone, or one
    that is not the question, tells nothing.
    """
    if not row.title or random.random() < (0.06 if row.source == SECTIONS else 1 - WITH_TITLE):
        return None
    draw = random.random()
    if draw < 0.4 and row.heading:
        return f"{row.title}{BETWEEN}{row.heading}"
    if draw < 0.65 and (topics := _TOPIC.findall(random.choice(row.sentences))):
        topic = random.choice(topics)
        return f"{row.title}{BETWEEN}{topic[:1].upper()}{topic[1:]}"
    return row.title


def _is_thing(heading: str) -> bool:
    """Whether a heading may stand for a thing in a sentence: short, and no question or deed."""
    words = heading.split()
    return len(words) <= 5 and not heading.endswith("?") and not _DEED.match(heading)


def _key(text: str) -> str:
    return " ".join(_WORD.findall(text.lower()))


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
