"""Asks the language model, and turns its reply into evidence to quote or into proved sentences.

The model is asked only if there is evidence. Its choice changes the probability that the evidence
answers, by as much as its exam allows, and the threshold decides as it does without a model.
"""

import math
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from assistant.answer import Turn
from assistant.blocks import block_of
from assistant.claims import ClaimProof, Support, Verdict
from assistant.english.question import Question
from assistant.evidence import Evidence
from assistant.language_model.client import GuardedModel, ModelFailed, Usage
from assistant.language_model.exhibits import Exhibit, exhibits_of
from assistant.language_model.prompt import VERSIONS, Mode, answer_prompt, follow_up_prompt
from assistant.language_model.reply import (
    Part,
    Written,
    as_lines,
    chosen_parts,
    plain,
    says_none,
    written_sentence,
)
from assistant.language_model.trust import Trust
from assistant.selection import Selection
from index.hits import Hit
from index.terms import content_words, stem

_MAX_FOLLOW_UP_CHARS = 500
_MIN_PROBABILITY = 1e-4


@dataclass(frozen=True, slots=True)
class ModelOutput:
    """A piece of a reply arrived. Says nothing of it: it was not proved yet."""


@dataclass(frozen=True, slots=True)
class ProvedClaim:
    """A sentence of the model that the proof accepted, and the units that support it."""

    text: str
    support: tuple[Support, ...]


@dataclass(frozen=True)
class Draft:
    """How to answer: with the units of `selection`, or, if `is_written`, with the claims that were
    yielded. `writer` and `prompt` name the model and the prompt, "" if what it said was not used.
    `notice` tells users why it was not."""

    confidence: float
    selection: Selection | None
    writer: str = ""
    prompt: str = ""
    is_written: bool = False
    notice: str = ""
    usage: Usage = field(default_factory=Usage)


@dataclass(frozen=True)
class Found:
    """What the pipeline knows of a question before the model is asked. `probability` is that of an
    evidence to answer it."""

    question: Question
    history: Sequence[Turn]
    hits: Sequence[Hit]
    evidence: Sequence[Evidence]
    selection: Selection
    probability: Callable[[Evidence], float]
    threshold: float


Reply: TypeAlias = Generator[ModelOutput | ProvedClaim, None, Draft]


class ModelWriter:
    """Writes answers with a language model. Safe to share between threads."""

    def __init__(
        self, model: GuardedModel, mode: Mode, proof: ClaimProof, trust: Callable[[Mode], Trust]
    ) -> None:
        """`mode` is the default; `trust` returns the result of the model's exam for a mode."""
        self.mode = mode
        self._model = model
        self._proof = proof
        self._trust = trust

    def write(self, found: Found, mode: Mode | None = None) -> Reply:
        """Yields a ModelOutput for each piece of the reply, and each claim as soon as it is proved;
        returns how to answer. Closing the generator cancels the request."""
        mode = mode or self.mode
        work = _Work(found, self._trust(mode), exhibits_of(found.hits, found.evidence))
        usage = Usage()
        prompt = answer_prompt(mode, found.question.standalone, found.history, work.exhibits)
        pieces = self._model.stream(prompt, usage)
        try:
            if mode is Mode.CHOOSE:
                draft = yield from self._choose(work, pieces)
            else:
                draft = yield from self._compose(work, pieces)
        except ModelFailed as error:
            notice = f"The language model {error}. This answer only quotes the documents."
            return Draft(work.own, found.selection, notice=notice, usage=usage)
        finally:
            pieces.close()
        if not draft.writer:
            return replace(draft, usage=usage)
        name = f"{mode}:{self._model.name}"
        return replace(draft, writer=name, prompt=VERSIONS[mode], usage=usage)

    def standalone(self, message: str, history: Sequence[Turn], usage: Usage) -> str | None:
        """A follow-up question that can be understood alone; None if the model gives none, or uses
        a word that the conversation does not have."""
        try:
            reply = plain(self._model.reply(follow_up_prompt(message, history), usage))
        except ModelFailed:
            return None
        known = {
            stem(w) for text in (message, *(t.text for t in history)) for w in content_words(text)
        }
        is_known = all(stem(word) in known for word in content_words(reply))
        return reply if 0 < len(reply) <= _MAX_FOLLOW_UP_CHARS and is_known else None

    def _choose(
        self, work: "_Work", pieces: Generator[str, None, None]
    ) -> Generator[ModelOutput, None, Draft]:
        reply = ""
        for piece in pieces:
            reply += piece
            yield ModelOutput()
        return work.decide(chosen_parts(reply, work.exhibits), is_none=says_none(reply))

    def _compose(self, work: "_Work", pieces: Generator[str, None, None]) -> Reply:
        """Proves each line when it is complete. Claims are held back until one of them states
        evidence that is likely enough to answer."""
        cited: list[Part] = []
        waiting: list[ProvedClaim] = []
        confidence = -1.0  # of what is shown; nothing is yet
        reply = ""
        for line in as_lines(pieces):
            if line is None:
                yield ModelOutput()
                continue
            reply += f"{line}\n"
            written = written_sentence(line, work.exhibits)
            if written is None:
                continue
            cited += written.parts
            claim, probability = self._proved(work, written)
            if claim is None:
                continue
            waiting.append(claim)
            if max(probability, confidence) >= work.found.threshold:
                confidence = max(probability, confidence)
                yield from waiting
                waiting.clear()
        if confidence >= 0:
            return Draft(confidence, None, writer="model", is_written=True)
        return work.decide(list(dict.fromkeys(cited)), is_none=says_none(reply))

    def _proved(self, work: "_Work", written: Written) -> tuple[ProvedClaim | None, float]:
        """The claim if it is proved, and the probability that what supports it answers."""
        verdict: Verdict = self._proof.check(written.text, work.supports(written.parts))
        if not verdict.is_supported:
            return None, 0.0
        probability = max(work.probability(s) for s in verdict.support)
        return ProvedClaim(written.text, verdict.support), probability


@dataclass(frozen=True)
class _Work:
    """One question with the exhibits that the model sees."""

    found: Found
    trust: Trust
    exhibits: Sequence[Exhibit]

    @property
    def own(self) -> float:
        """The probability that the pipeline's own selection answers."""
        return self.found.probability(self.found.selection.best)

    def decide(self, parts: Sequence[Part], *, is_none: bool) -> Draft:
        """What to quote, and how probable it is that this answers, after the model chose."""
        own = self.found.selection
        if not parts:
            shift = self.trust.declined_all() if is_none else 0.0
            return Draft(_shifted(self.own, shift), own, writer="model" if is_none else "")
        blocks = self._blocks(parts)
        chosen = max(self.probability(each) for each in self.supports(parts[:1]))
        if any(_overlap(own.best, each) for each in blocks):
            chosen = max(chosen, _shifted(self.own, self.trust.chosen(len(self.exhibits))))
        passed_over = _shifted(self.own, self.trust.passed_over(len(self.exhibits)))
        if chosen < passed_over:
            return Draft(passed_over, own)
        return Draft(chosen, Selection(blocks[0], tuple(blocks)), writer="model")

    def supports(self, parts: Sequence[Part]) -> list[Support]:
        """The units of the parts."""
        return [
            Support(passage, passage.units[exhibit.places[part]])
            for exhibit, part in ((self.exhibits[number], part) for number, part in parts)
            if (passage := exhibit.passage) is not None
        ]

    def probability(self, support: Support) -> float:
        """That the evidence with this unit answers, with what the model's choice of it says."""
        place = support.passage.units.index(support.unit)
        own = [e for e in self.found.evidence if e.passage is support.passage]
        near = [e for e in own if place in e.places] or own
        prior = max((self.found.probability(e) for e in near), default=0.0)
        return _shifted(prior, self.trust.chosen(len(self.exhibits)))

    def _blocks(self, parts: Sequence[Part]) -> list[Evidence]:
        """The chosen parts of each passage as one block, with what is needed to understand them."""
        blocks: dict[int, set[int]] = {}
        decisive: dict[int, int] = {}
        for number, part in parts:
            exhibit = self.exhibits[number]
            assert exhibit.passage is not None
            place = exhibit.places[part]
            blocks.setdefault(number, set()).update(block_of(exhibit.passage, place))
            decisive.setdefault(number, place)
        return [
            replace(self._evidence(number), places=tuple(sorted(places)), decisive=decisive[number])
            for number, places in blocks.items()
        ]

    def _evidence(self, number: int) -> Evidence:
        passage = self.exhibits[number].passage
        return next(each for each in self.found.evidence if each.passage is passage)


def _overlap(one: Evidence, other: Evidence) -> bool:
    return one.passage is other.passage and not set(one.places).isdisjoint(other.places)


def _shifted(probability: float, shift: float) -> float:
    """The probability after `shift` was added to its logit. One of 1 stays."""
    if probability >= 1:
        return 1.0
    odds = max(probability, _MIN_PROBABILITY) / (1 - max(probability, _MIN_PROBABILITY))
    return round(1 / (1 + math.exp(-(math.log(odds) + shift))), 4)
