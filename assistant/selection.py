"""Selection: the evidence to answer with. Decides neither the wording nor whether to answer."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from assistant.blocks import block_of, is_cut_list, quoted_units, release_of
from assistant.disagreement import are_of_same_subject, disagree
from assistant.english.forms import AnswerType
from assistant.english.question import Question
from assistant.evidence import Evidence
from corpus.document import Passage, Unit
from index.terms import STOP_WORDS, stem, stems, words

# Evidence that is looked at for each side of a comparison, and how far its score may be below that
# of the best; set by hand on the shipped gold questions.
_MAX_SIDE_EVIDENCE, _MAX_SIDE_BEHIND = 40, 3.0
# Further blocks: how far their score may be below that of the best, the words of all blocks, the
# share of their words that may have been quoted already, and the number of all blocks. Set on five
# folders of documentation and on the gold questions: without further blocks 4 and 1 points fewer
# answers are right, and the median answer has 3 words less.
_MAX_BEHIND, _MAX_WORDS, _MAX_REPEATED, _MAX_BLOCKS = 0.5, 60, 0.6, 3
# Competing blocks: how far their score may be below that of the best, the words of each, and the
# share of the words of the shorter that both have. Set by hand on made documents about two hotels.
_MAX_RIVAL_BEHIND, _MAX_RIVAL_WORDS, _MIN_ALIKE = 1.0, 60, 0.5

_BRACKETS = str.maketrans("[]", "()")
_STOP_STEMS = frozenset(stem(word) for word in STOP_WORDS)


@dataclass(frozen=True)
class Selection:
    """The blocks to quote, in order. The confidence is that in `best`. A comparison has a block for
    each side; `is_same_question` is whether the documents ask the question, word for word.
    `labels` has what tells each of several competing blocks apart; it is empty if none compete.
    `disagrees` is whether the two blocks, of different documents, contradict each other."""

    best: Evidence
    blocks: tuple[Evidence, ...]
    is_comparison: bool = False
    is_same_question: bool = False
    labels: tuple[str, ...] = ()
    disagrees: bool = False

    @property
    def is_cut(self) -> bool:
        """Whether a block has several items of a list, but not all."""
        return any(is_cut_list(block.passage, block.places) for block in self.blocks)


def select(question: Question, evidence: Sequence[Evidence]) -> Selection | None:
    """The evidence to answer with; None if there is none. `evidence` is sorted, best first."""
    if not evidence:
        return None
    same = _same_question(question, evidence)
    best = same or evidence[0]
    if rival := _contradiction(best, evidence):
        is_same = same is not None
        return Selection(best, (best, rival), is_same_question=is_same, disagrees=True)
    if same is not None:
        return Selection(same, (same,), is_same_question=True)
    if question.answer_type is AnswerType.COMPARISON and (both := _both_sides(question, evidence)):
        return both
    return _competing(question, evidence) or Selection(
        evidence[0], _with_further(question, evidence)
    )


def units_to_quote(question: Question, selection: Selection) -> list[tuple[Passage, Unit]]:
    """The units of the blocks as they are quoted, each once."""
    quoted = (
        (block.passage, unit)
        for block in selection.blocks
        for unit in quoted_units(question, block.passage, _widened(question, block))
    )
    return list(dict.fromkeys(quoted))


def labels_of(selection: Selection, quoted: Sequence[tuple[Passage, Unit]]) -> dict[int, str]:
    """The label of each competing block, by the place of its first unit among the quoted ones."""
    labels = {}
    for block, label in zip(selection.blocks, selection.labels, strict=False):
        places = (n for n, (passage, _) in enumerate(quoted) if passage is block.passage)
        labels[next(places, -1)] = label
    return labels


def decisive_units(selection: Selection) -> list[tuple[Passage, Unit]]:
    """The unit of each block that answers best."""
    return [(block.passage, block.passage.units[block.decisive]) for block in selection.blocks]


def _widened(question: Question, block: Evidence) -> Sequence[int]:
    """The places of the block, or of the whole release if the question names nothing but that."""
    release = release_of(question, block.passage, block.places[0])
    return block_of(block.passage, release) if release != block.places[0] else block.places


def _same_question(question: Question, evidence: Sequence[Evidence]) -> Evidence | None:
    """The answer to an FAQ question with the same words: the whole, or the best block of it if
    that is too long to be one."""
    asked = words(question.text)
    answers = [each for each in evidence if words(each.passage.question or "") == asked]
    whole = (each for each in answers if each.features.whole_answer)
    return next(whole, answers[0] if answers else None)


def _contradiction(best: Evidence, evidence: Sequence[Evidence]) -> Evidence | None:
    """The best block of another document that contradicts the best of all, None if there is none
    that answers nearly as well."""
    for each in evidence:
        if each.score < best.score - _MAX_RIVAL_BEHIND:
            return None
        if (
            each.passage.document != best.passage.document
            and are_of_same_subject(_path(best), _path(each))
            and disagree(best.text, each.text)
        ):
            return each
    return None


def _both_sides(question: Question, evidence: Sequence[Evidence]) -> Selection | None:
    """The best block on each side of the comparison; None if a side has none, or the best block is
    about both."""
    sides = question.sides
    best = evidence[0]
    if not sides or all(_is_about(side, best.text) for side in sides):
        return None
    selected = []
    for side, other in (sides, sides[::-1]):
        candidates = (
            each
            for each in evidence[:_MAX_SIDE_EVIDENCE]
            if each.score >= best.score - _MAX_SIDE_BEHIND
            and not _is_about(other, each.text)
            and (_is_about(side, each.text) or _is_about(side, " ".join(each.passage.headings)))
        )
        each = next(candidates, None)
        if each is None:
            return None
        selected.append(each)
    blocks = sorted(selected, key=lambda each: (each.hit.ordinal, each.places))
    return Selection(max(selected, key=lambda each: each.score), tuple(blocks), is_comparison=True)


def _with_further(question: Question, evidence: Sequence[Evidence]) -> tuple[Evidence, ...]:
    """The best block, and those that answer nearly as well and add something."""
    blocks = [evidence[0]]
    size = len(evidence[0].text.split())
    quoted = stems(evidence[0].text)
    for each in evidence[1:]:
        if each.score < evidence[0].score - _MAX_BEHIND or len(blocks) == _MAX_BLOCKS:
            break
        own = stems(each.text) - set(question.terms)
        count = len(each.text.split())
        if (
            size + count <= _MAX_WORDS
            and len(own & quoted) <= _MAX_REPEATED * len(own)
            and not any(_overlap(each, block) for block in blocks)
        ):
            blocks.append(each)
            size += count
            quoted |= own
    return tuple(blocks)


def _competing(question: Question, evidence: Sequence[Evidence]) -> Selection | None:
    """The blocks that answer for different things, if the question does not say which is meant:
    what the pool of one hotel costs, and what that of the other. None if there is one only."""
    best = evidence[0]
    blocks, seen = [best], {best.hit.ordinal}
    for each in evidence[1:]:
        if each.score < best.score - _MAX_RIVAL_BEHIND or len(blocks) == _MAX_BLOCKS:
            break
        if each.hit.ordinal not in seen and _competes(question, best, each):
            blocks.append(each)
            seen.add(each.hit.ordinal)
    if len(blocks) == 1 or any(len(each.text.split()) > _MAX_RIVAL_WORDS for each in blocks):
        return None
    shared = set.intersection(*(set(_path(each)) for each in blocks))
    labels = [_label(name for name in _path(each) if name not in shared) for each in blocks]
    return Selection(best, tuple(blocks), labels=tuple(labels)) if len({*labels}) > 1 else None


def _competes(question: Question, best: Evidence, other: Evidence) -> bool:
    """Whether both are about the same thing, below other headings that the question does not
    name."""
    first, second = _path(best), _path(other)
    own = stems(" ".join({*first} - {*second})), stems(" ".join({*second} - {*first}))
    if not all(own) or any(each & {*question.terms} for each in own):
        return False
    one, two = (stems(each.text) - _STOP_STEMS for each in (best, other))
    is_alike = len(one & two) >= _MIN_ALIKE * min(len(one), len(two))
    return one != two and (is_alike or first[-1:] == second[-1:])


def _label(names: Iterable[str]) -> str:
    """The names in one line, without brackets: "[1]" in a heading would seem to be a citation."""
    return " ".join(" › ".join(names).translate(_BRACKETS).split())


def _path(evidence: Evidence) -> tuple[str, ...]:
    """The title and the headings above a block, and the FAQ question that it answers."""
    passage = evidence.passage
    return (passage.title, *passage.headings, *filter(None, [passage.question]))


def _overlap(one: Evidence, other: Evidence) -> bool:
    return one.hit is other.hit and not set(one.places).isdisjoint(other.places)


def _is_about(side: frozenset[str], text: str) -> bool:
    """Whether a text has most of the stems of a side."""
    return 2 * len(side & stems(text)) > len(side)
