"""The verdict on each sentence of an answer, and on each pair."""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from assistant.audit.overlaps import Overlap, find_overlaps
from assistant.audit.pairs import FaqPair, keys_of
from assistant.audit.sources import Source, find_sources, names_in
from assistant.claims import ClaimProof, Support
from assistant.claims import Verdict as ProofVerdict
from assistant.english.contradiction import (
    Contradiction,
    Statement,
    contradiction,
    has_value,
    shared_words,
)
from assistant.english.values import Names
from corpus.document import Passage
from index.encoder import Encoder
from index.manifest import Manifest
from index.search import Searcher
from index.terms import words

_MAX_HITS = 10
_MAX_PASSAGES, _MAX_CITED = 3, 5  # passages that the proof reads, and units of each
# Share of the words of a sentence that a source must have to support a part of it; set by hand.
_MIN_PART = 0.6
# Share of the words below which a passage is not read, and from which no other one is.
_MIN_PROOF, _SAME = 0.4, 0.95
# How much better the words of a contradicting source must agree with the sentence than those of
# one that says the same value.
_MARGIN = 0.15
# Flaws of the proof that are no single word: with one, a sentence is not even partly supported.
_SOFT = ("word ", "apart: ")


class Verdict(StrEnum):
    """What the documents say about a sentence or a pair."""

    SUPPORTED = "supported"
    PARTLY = "partly supported"
    CONTRADICTED = "contradicted"
    NO_SOURCE = "no source"


@dataclass(frozen=True, slots=True)
class SentenceVerdict:
    """The verdict on a sentence, with the unit that supports or contradicts it, and the values that
    differ if it contradicts it."""

    text: str
    verdict: Verdict
    source: Support | None = None
    difference: Contradiction | None = None


@dataclass(frozen=True, slots=True)
class PairVerdict:
    """The verdicts on the sentences of a pair."""

    pair: FaqPair
    sentences: tuple[SentenceVerdict, ...]

    @property
    def verdict(self) -> Verdict:
        """Contradicted if a sentence is, supported if all are, partly supported if one is at least
        partly."""
        found = {each.verdict for each in self.sentences}
        if Verdict.CONTRADICTED in found:
            return Verdict.CONTRADICTED
        if found == {Verdict.SUPPORTED}:
            return Verdict.SUPPORTED
        return Verdict.PARTLY if found - {Verdict.NO_SOURCE} else Verdict.NO_SOURCE


@dataclass(frozen=True, slots=True)
class Audit:
    """The verdicts on all pairs, and the pairs that ask the same."""

    pairs: tuple[PairVerdict, ...]
    overlaps: tuple[Overlap, ...]


class Auditor:
    """Compares question-answer pairs with the documents of one generation."""

    def __init__(self, searcher: Searcher, encoder: Encoder, proof: ClaimProof) -> None:
        self._searcher = searcher
        self._encoder = encoder
        self._proof = proof

    @property
    def manifest(self) -> Manifest:
        """What the generation was made of."""
        return self._searcher.generation.manifest

    def audit(
        self,
        pairs: Sequence[FaqPair],
        own_documents: Collection[str] = (),
        watch: Callable[[], None] = lambda: None,
    ) -> Audit:
        """Judges every pair. No pair is its own source: passages of `own_documents`, and those with
        the question and the answer of one of the pairs, are left out. `watch` is called after each
        pair."""
        passages = self._searcher.generation.passages
        keys = {pair.key for pair in pairs}
        copies = {
            part.id
            for key, parts in keys_of(entry.passage for entry in passages.faq_passages())
            if key in keys
            for part in parts
        }
        names = names_in(passages, [pair.answer for pair in pairs])

        def is_own(passage: Passage) -> bool:
            return passage.document in own_documents or passage.id in copies

        judged = []
        for pair in pairs:
            judged.append(self._judge(pair, names, is_own))
            watch()
        return Audit(tuple(judged), tuple(find_overlaps(pairs, self._encoder, names)))

    def _judge(self, pair: FaqPair, names: Names, is_own: Callable[[Passage], bool]) -> PairVerdict:
        asked = self._searcher.search(pair.question, _MAX_HITS).hits
        verdicts = []
        for text in pair.sentences:
            statement = Statement(text, pair.question)
            if words(statement.body):  # else it is a mere "Yes."
                sources = find_sources(self._searcher, pair.question, text, asked, is_own)
                verdicts.append(self._verdict(statement, sources, names))
        return PairVerdict(pair, tuple(verdicts))

    def _verdict(
        self, statement: Statement, sources: Sequence[Source], names: Names
    ) -> SentenceVerdict:
        text = statement.text
        if not sources:
            return SentenceVerdict(text, Verdict.NO_SOURCE)
        proved = self._proved(statement, sources)
        supported = [each.support for each in proved if each.is_supported]
        support = max(supported, key=lambda each: _agreement(statement, each), default=None)
        if found := _contradicting(statement, sources, names):
            source, difference = found
            if support is None or _agreement(statement, support) < difference.shared - _MARGIN:
                return SentenceVerdict(text, Verdict.CONTRADICTED, source.support, difference)
        if support:
            return SentenceVerdict(text, Verdict.SUPPORTED, support[0])
        for each in proved:
            if not each.support:  # too long for a sentence
                continue
            source = Source.of(each.support[0])
            is_soft = all(flaw.startswith(_SOFT) for flaw in each.flaws)
            if is_soft and shared_words(statement, source.support.text, source.above) >= _MIN_PART:
                return SentenceVerdict(text, Verdict.PARTLY, source.support)
        return SentenceVerdict(text, Verdict.NO_SOURCE)

    def _proved(self, statement: Statement, sources: Sequence[Source]) -> list[ProofVerdict]:
        """The proofs by the nearest passages that have enough words of the statement, up to one
        that supports it in nearly the same words. A proof takes some 50 ms."""
        proved = []
        for cited in _by_passage(sources):
            agreement = _agreement(statement, cited)
            if agreement >= _MIN_PROOF:
                proved.append(self._proof.check(statement.body, cited))
                if proved[-1].is_supported and agreement >= _SAME:
                    break
        return proved


def _agreement(statement: Statement, support: Sequence[Support]) -> float:
    """The share of the words of a statement that the units of a passage have."""
    text = " ".join(each.text for each in support)
    return shared_words(statement, text, Source.of(support[0]).above)


def _by_passage(sources: Sequence[Source]) -> list[list[Support]]:
    """The nearest units of each of the nearest passages. A sentence must be supported by one: a
    name of one passage and a number of another say nothing together."""
    cited: dict[str, list[Support]] = {}
    for source in sources:
        cited.setdefault(source.support.passage.id, []).append(source.support)
    return [units[:_MAX_CITED] for units in [*cited.values()][:_MAX_PASSAGES]]


def _is_repeated(statement: Statement, difference: Contradiction, text: str) -> bool:
    """Whether a text has nearly all words of a statement, and the value that is said to differ."""
    is_said = difference.kind != "negation" and difference.said.lower() in text.lower()
    return is_said and shared_words(statement, text, "") >= _SAME


def _contradicting(
    statement: Statement, sources: Iterable[Source], names: Names
) -> tuple[Source, Contradiction] | None:
    """The source that contradicts the statement most clearly; None if none does, or if another says
    the same as the statement about the same thing."""
    sources = list(sources)
    found = [
        (source, difference)
        for source in sources
        if (difference := contradiction(statement, source.parts, source.above, names))
    ]
    if not found:
        return None
    source, difference = max(found, key=lambda each: each[1].shared)
    if any(_is_repeated(statement, difference, each.support.text) for each in sources):
        return None
    agreeing = max(
        (
            has_value(statement, difference, part, each.above, names)
            for each in sources
            for part in each.parts
        ),
        default=0.0,
    )
    return None if agreeing >= difference.shared - _MARGIN else (source, difference)
