"""Finds questions with answers among the blocks of a document: headings that ask, `Q:` and `A:`,
questions in bold or italics, items that ask, and turns of a conversation.

A question becomes a QUESTION block. Everything up to the next question or heading belongs to its
answer, whatever its kind.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from corpus.document import Block, Kind
from corpus.lines import trim_span
from corpus.sentences import sentence_spans

# The reason of an empty block that ends the answer before it.
END_OF_ANSWER = "end of answer"
# The level of a question that is no heading: below every heading.
QUESTION_LEVEL = 7
# The level of a label in bold that is no heading of its own: inside an answer it is a part of it.
LABEL_LEVEL = 8

_TAGS = r"(?:</?(?:b|strong|em|i|u|span|font)\b[^<>]*>\s*)"
_EMPHASIS = r"(?:\*\*\*|\*\*|\*|__|_)?"
_Q = re.compile(
    rf"{_EMPHASIS}(?:Q|Question)\s?\d{{0,3}}\s?[.:)]{_EMPHASIS}\s*(?={_EMPHASIS}\S)", re.IGNORECASE
)
_A = re.compile(
    rf"{_EMPHASIS}(?:A|Ans|Answer)\s?\d{{0,3}}\s?[.:)]{_EMPHASIS}\s+(?=\S)|{_EMPHASIS}Answer\s?[.:]{_EMPHASIS}\s*",
    re.IGNORECASE,
)
# "A. Purpose" is rather a heading.
_LABEL = re.compile(
    rf"{_EMPHASIS}(?:Q\d{{0,3}}\s?[.:)]|A\d{{0,3}}\s?:|A\d{{1,3}}[.)]|(?:Question|Answer)\s?\d{{0,3}}\s?[.:])"
    rf"{_EMPHASIS}\s*\S"
)
_EMPHASIZED = re.compile(
    r"(?<!\\)(\*\*\*|\*\*|\*|__|_)(?=[^\s*_])([^*_\n]{3,300}\?)\W{0,2}?\1[ \t]*\\?"
)
_OPENING_TAGS = re.compile(rf"{_TAGS}+", re.IGNORECASE)
_CLOSING_TAGS = re.compile(rf"{_TAGS}+$", re.IGNORECASE)
_EMOJI = r"(?:[^\w\s\"'“‘(\[<`*_-]+\s*)*"
_DECORATION = re.compile(rf"{_EMOJI}(?:\d{{1,3}}[.)]\s+)?{_EMOJI}")
_TURN = re.compile(rf"{_EMPHASIS}([A-Z][\w.'-]*(?: [A-Z][\w.'-]*){{0,3}}):{_EMPHASIS}\s+(?=\S)")
_MIN_TURNS = 2
_MIN_LABELLED = 2  # answers with labels that show what an answer of the document is
# Characters. The headings below a heading that asks belong to its answer if the whole is no longer:
# a longer section is about more than the question.
_MAX_PARTED_ANSWER = 1_200


@dataclass(frozen=True)
class _Opening:
    """A question at the start of a block: its span, and where its answer starts in the block."""

    start: int
    end: int
    answer: int


def mark_questions(text: str, blocks: Sequence[Block], *, headings: bool = True) -> list[Block]:
    """Returns the blocks with questions marked and with `answers` set on what answers them.

    Headings that ask count as questions unless `headings` is False.
    """
    speakers = _speakers(text, blocks)
    asker = ""  # whose turn the question was
    result: list[Block] = []
    answering = ""  # what opened the pair: a heading, a label, or an item
    end_of_parts = 0  # of an answer that has headings itself
    for number, block in enumerate(blocks):
        following = blocks[number + 1] if number + 1 < len(blocks) else None
        if block.kind is Kind.BOILERPLATE:
            if block.reason == END_OF_ANSWER:
                answering = ""
            result.append(block)
        elif block.kind is Kind.QUESTION or block.answers:  # known from the format
            answering = "label" if block.kind is Kind.QUESTION else answering
            result.append(block)
        elif block.kind is Kind.HEADING:
            is_label = block.level == LABEL_LEVEL and answering in ("heading", "label")
            if number < end_of_parts or is_label:
                result.append(replace(block, answers=True))
                continue
            asked = _heading(text, block) if headings else None
            answering = "heading" if asked else ""
            end_of_parts = _end_of_parts(text, blocks, number) if asked else 0
            result.append(asked or block)
        elif opening := _opening(text, block, following, speakers):
            asker = _speaker(text, block, speakers)
            answering = "item" if block.kind is Kind.ITEM else "label"
            result.append(Block(Kind.QUESTION, opening.start, opening.end, QUESTION_LEVEL))
            result.extend(_answer(text, replace(block, start=opening.answer, number=0), speakers))
        elif answering and not _ends_answer(text, block, answering, asker, speakers):
            result.extend(_answer(text, block, speakers))
        else:
            answering = ""
            result.append(block)
    return _without_closing(text, _without_unanswered(result))


def _ends_answer(
    text: str, block: Block, answering: str, asker: str, speakers: frozenset[str]
) -> bool:
    """Whether a block is no part of the answer above it: a paragraph behind a list that asks, or
    the next turn of the one who asked."""
    is_behind_list = answering == "item" and block.kind is Kind.PARAGRAPH
    return is_behind_list or bool(asker and _speaker(text, block, speakers) == asker)


def starts_with_label(line: str) -> bool:
    """Whether a line starts with "Q:", "A1.", "Question:" or "Answer:"."""
    return bool(_LABEL.match(line.lstrip()))


def without_label(line: str) -> str:
    """Returns the line without an emoji, a number and a label in front."""
    start = _skip(_DECORATION, line, len(line) - len(line.lstrip()), len(line))
    return line[_skip(_Q, line, start, len(line)) :]


def _heading(text: str, block: Block) -> Block | None:
    """The heading as a question, without its label, number and emoji; None if it asks nothing."""
    start = _skip(_OPENING_TAGS, text, block.start, block.end)
    closing = _CLOSING_TAGS.search(text[start : block.end][-200:])
    end = block.end - len(closing.group()) if closing else block.end
    start = _skip(_DECORATION, text, start, end)
    labelled = _skip(_Q, text, start, end)
    if labelled == end or (labelled == start and not _asks(text, start, end)):
        return None
    return replace(block, kind=Kind.QUESTION, start=labelled, end=end)


def _end_of_parts(text: str, blocks: Sequence[Block], number: int) -> int:
    """The number of the block behind the section of a heading that asks; 0 if the section is too
    long for one answer, or if a heading in it asks too."""
    opening = blocks[number]
    at = number + 1
    while at < len(blocks) and not (_is_heading(blocks[at]) and blocks[at].level <= opening.level):
        if blocks[at].end - opening.start > _MAX_PARTED_ANSWER:
            return 0
        if _is_heading(blocks[at]) and _heading(text, blocks[at]):
            return 0
        at += 1
    return at


def _is_heading(block: Block) -> bool:
    return block.kind in (Kind.HEADING, Kind.QUESTION)


def _asks(text: str, start: int, end: int) -> bool:
    return text[start:end].rstrip('*_ \t\\)"”’').endswith("?")


def _skip(pattern: re.Pattern[str], text: str, start: int, end: int) -> int:
    found = pattern.match(text, start, end)
    return found.end() if found else start


def _opening(
    text: str, block: Block, following: Block | None, speakers: frozenset[str]
) -> _Opening | None:
    """The question that a paragraph or item starts with, if it starts with one."""
    if block.kind not in (Kind.PARAGRAPH, Kind.ITEM):
        return None
    start = _skip(_DECORATION, text, block.start, block.end)
    end = block.end
    line_end = text.find("\n", start, end)
    line_end = end if line_end < 0 else line_end
    if (labelled := _skip(_Q, text, start, end)) > start:
        line_end = _question_end(text, labelled, line_end, end)
        return _Opening(*_trimmed(text, labelled, line_end), line_end)
    if emphasized := _EMPHASIZED.match(text, start, end):
        begin = _skip(_Q, text, emphasized.start(2), end)
        if begin > emphasized.start(2) or _is_answered(text, block, emphasized.end(), following):
            return _Opening(begin, emphasized.end(2), emphasized.end())
    if _speaker(text, block, speakers) and _asks(text, start, end):
        begin = _skip(_TURN, text, block.start, end)
        *_, last = sentence_spans(text, begin, end)
        return _Opening(*_trimmed(text, *last), end)
    is_longer = line_end < end or (following is not None and _continues(text, block, following))
    is_question = block.kind is Kind.ITEM and _asks(text, start, line_end)
    if is_question and is_longer and sum(1 for _ in sentence_spans(text, start, line_end)) == 1:
        return _Opening(*_trimmed(text, start, line_end), line_end)
    return None


def _question_end(text: str, start: int, line_end: int, end: int) -> int:
    """Where a question with a label ends: with its line, or with the next one if that asks and has
    no label."""
    begin = line_end + 1
    following = text.find("\n", begin, end)
    following = end if following < 0 else following
    goes_on = not _asks(text, start, line_end) and _asks(text, begin, following)
    return following if goes_on and not starts_with_label(text[begin:following]) else line_end


def _is_answered(text: str, block: Block, end: int, following: Block | None) -> bool:
    """Whether something other than a heading or a further question stands behind a question that
    ends at `end`."""
    if text[end : block.end].strip():
        return True
    if following is None or following.kind is Kind.HEADING:
        return False
    return not _EMPHASIZED.match(text, following.start, following.end)


def _trimmed(text: str, start: int, end: int) -> tuple[int, int]:
    """The span without white space and emphasis at its ends."""
    while start < end and text[start] in "*_ \t":
        start += 1
    while end > start and text[end - 1] in "*_ \t\r\\":
        end -= 1
    return start, end


def _continues(text: str, block: Block, following: Block) -> bool:
    """Whether the next block is a further paragraph of the same item: it has no mark."""
    if following.kind is not Kind.ITEM or following.level < block.level:
        return False
    return not text[block.end : following.start].strip("\r\n\t >")


def _answer(text: str, block: Block, speakers: frozenset[str]) -> Iterator[Block]:
    """The block as part of an answer, without the label or the name in front."""
    start, end = trim_span(text, block.start, block.end)
    if block.kind in (Kind.PARAGRAPH, Kind.ITEM):
        labelled = _skip(_A, text, start, end)
        is_turn = labelled == start and _speaker(text, block, speakers)
        start = _skip(_TURN, text, start, end) if is_turn else labelled
    kind = Kind.ANSWER if block.kind is Kind.PARAGRAPH else block.kind
    if start < end:
        yield replace(block, kind=kind, start=start, end=end, answers=True)


def _speakers(text: str, blocks: Sequence[Block]) -> frozenset[str]:
    """The names in front of the turns of a conversation, if two or more take turns."""
    turns = Counter(
        found.group(1)
        for block in blocks
        if block.kind in (Kind.PARAGRAPH, Kind.ITEM)
        and (found := _TURN.match(text, block.start, block.end))
        and not _LABEL.match(text, block.start, block.end)  # an answer may end with a question
    )
    often = frozenset(name for name, count in turns.items() if count >= _MIN_TURNS)
    return often if len(often) > 1 else frozenset()


def _speaker(text: str, block: Block, speakers: frozenset[str]) -> str:
    """Whose turn the block is; "" if it is none."""
    found = _TURN.match(text, block.start, block.end) if speakers else None
    return found.group(1) if found and found.group(1) in speakers else ""


def _without_closing(text: str, blocks: list[Block]) -> list[Block]:
    """If each of several questions has one answer with a label, a paragraph behind the last one is
    no part of that answer but closes the document."""
    labelled = [
        number
        for number, (above, block) in enumerate(pairwise(blocks), start=1)
        if above.kind is Kind.QUESTION
        and block.kind is Kind.ANSWER
        and _A.match(text[above.end : block.start].lstrip("*_ \t\r\n") + " x")
    ]
    if len(labelled) < _MIN_LABELLED or labelled[-1] + 2 != len(blocks):
        return blocks
    closing = blocks[-1]
    if _A.match(text[blocks[-2].end : closing.start].lstrip("*_ \t\r\n") + " x"):
        return blocks
    others = sum(block.answers for block in blocks) - 1
    if others != len(labelled) or closing.kind is not Kind.ANSWER:
        return blocks
    return [*blocks[:-1], replace(closing, kind=Kind.PARAGRAPH, answers=False)]


def _without_unanswered(blocks: list[Block]) -> list[Block]:
    """Turns questions that nothing answers back into what they were: headings or paragraphs."""
    followers: list[Block | None] = [*blocks[1:], None]
    return [
        _unmarked(block, following) if block.kind is Kind.QUESTION else block
        for block, following in zip(blocks, followers, strict=False)
    ]


def _unmarked(block: Block, following: Block | None) -> Block:
    if following and (following.answers or following.kind is Kind.BOILERPLATE):
        return block
    if block.level < QUESTION_LEVEL:
        return replace(block, kind=Kind.HEADING)
    return replace(block, kind=Kind.PARAGRAPH, level=0)
