"""Revises the blocks of a text without markup with what only a look at their neighbours reveals:
the title, lists below a colon, lines that repeat, and what answers a question."""

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from corpus.boilerplate import fingerprint
from corpus.document import Block, Kind
from corpus.questions import END_OF_ANSWER, starts_with_label

_ANNOUNCES = re.compile(r"\b(?:below|following|here are|as follows)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Draft:
    """A block that later passes may revise.

    `alone` if it is the only block of its group. `short_answer` if it is a question whose answer
    is one paragraph.
    """

    block: Block
    alone: bool = False
    short_answer: bool = False


def _mark_title(text: str, drafts: Sequence[Draft]) -> list[Draft]:
    """The first line that is not boilerplate becomes the title (level 1), unless it is long or
    ends like a sentence."""
    result = list(drafts)
    for number, draft in enumerate(drafts):
        block = draft.block
        if block.kind in (Kind.HEADING, Kind.PARAGRAPH):
            words = text[block.start : block.end]
            last = words.rstrip("*_\\ ")[-1:]
            if (
                len(words.split()) <= 14
                and "\n" not in words
                and last not in tuple(".:;,?…")
                and not starts_with_label(words)
            ):
                title = replace(block, kind=Kind.HEADING, level=1)
                result[number] = replace(draft, block=title)
        if block.kind is not Kind.BOILERPLATE:
            break
    return result


def _mark_colon_lists(text: str, drafts: Sequence[Draft]) -> list[Draft]:
    """Two or more lines below a line that ends with a colon become items."""
    result: list[Draft] = []
    in_list = False
    for number, draft in enumerate(drafts):
        block = draft.block
        if in_list and block.kind is Kind.PARAGRAPH and block.end - block.start <= 400:
            result.append(replace(draft, block=replace(block, kind=Kind.ITEM, level=1)))
            in_list = _next_is_adjacent(text, drafts, number)
            continue
        if block.kind is Kind.PARAGRAPH and text[block.end - 1] == ":":
            in_list = _opens_list(text, drafts, number)
        else:
            in_list = False
        result.append(draft)
    return result


def _opens_list(text: str, drafts: Sequence[Draft], number: int) -> bool:
    """Whether two or more paragraphs stand below a draft, up to a blank line, and none of them ends
    with a colon."""
    at = number + 1
    while at < len(drafts) and drafts[at].block.kind is Kind.PARAGRAPH:
        if text[drafts[at].block.end - 1] == ":":
            return False
        if not _next_is_adjacent(text, drafts, at):
            return at > number + 1
        at += 1
    return at > number + 2


def _next_is_adjacent(text: str, drafts: Sequence[Draft], number: int) -> bool:
    if number + 1 >= len(drafts):
        return False
    between = text[drafts[number].block.end : drafts[number + 1].block.start]
    return between.replace("\r\n", "\n").count("\n") == 1


def _nest_announced_headings(text: str, drafts: Sequence[Draft]) -> list[Draft]:
    """Headings of lists and tables move one level down if a paragraph of the section above
    announces them ("Below are …")."""
    result = list(drafts)
    announced = False
    level = 0
    for number, draft in enumerate(drafts):
        block = draft.block
        if block.kind is Kind.HEADING:
            below = drafts[number + 1].block.kind if number + 1 < len(drafts) else None
            if announced and below in (Kind.ITEM, Kind.HEADER) and block.level == level:
                result[number] = replace(draft, block=replace(block, level=level + 1))
            else:
                announced, level = False, block.level
        elif block.kind is Kind.PARAGRAPH:
            announced = bool(_ANNOUNCES.search(text, block.start, block.end))
    return result


def _mark_repeats(text: str, drafts: Sequence[Draft]) -> list[Draft]:
    """A heading alone in its group becomes boilerplate (a caption, the name of the site) if it
    repeats the title or the heading above, or if it is longer and occurs three times."""

    def words_of(block: Block) -> str:
        return re.sub(r"^\d+ ", "", fingerprint(text[block.start : block.end]))

    counts = Counter(words_of(draft.block) for draft in drafts if draft.alone)
    seen: set[str] = set()
    title = current = ""
    result: list[Draft] = []
    for draft in drafts:
        block = draft.block
        if block.kind in (Kind.HEADING, Kind.QUESTION):
            words = words_of(block)
            frequent = counts[words] > 2 and len(words.split()) > 2 and words in seen
            if draft.alone and words and (words in (title, current) or frequent):
                repeat = replace(block, kind=Kind.BOILERPLATE, level=0, reason="repeated line")
                result.append(Draft(repeat))
                continue
            seen.add(words)
            title = title or words
            current = words
        result.append(draft)
    return result


def _mark_answers(text: str, drafts: Sequence[Draft]) -> list[Draft]:
    """The paragraphs below a question become its answer, up to the next heading. In a run of
    groups that each consist of a question and its answer, an answer ends with its group."""
    result: list[Draft] = []
    question: Draft | None = None
    answered = False
    for number, draft in enumerate(drafts):
        kind = draft.block.kind
        if kind is Kind.QUESTION:
            question, answered = draft, False
        elif kind is Kind.HEADING:
            question = None
        elif (
            question
            and question.short_answer
            and answered
            and not _next_is_adjacent(text, drafts, number - 1)
        ):
            # Text after the last pair of a run answers no question.
            question = None
            at = draft.block.start
            result.append(Draft(Block(Kind.BOILERPLATE, at, at, reason=END_OF_ANSWER)))
        elif question and kind is not Kind.BOILERPLATE:
            kind = Kind.ANSWER if kind is Kind.PARAGRAPH else kind
            result.append(replace(draft, block=replace(draft.block, kind=kind, answers=True)))
            answered = True
            continue
        result.append(draft)
    return result


def _demote_unanswered_questions(_: str, drafts: Sequence[Draft]) -> list[Draft]:
    """A question directly followed by a heading, a question or the end becomes a heading."""
    result = list(drafts)
    following = [*(draft.block.kind for draft in drafts[1:]), Kind.HEADING]
    for number, draft in enumerate(drafts):
        unanswered = following[number] in (Kind.HEADING, Kind.QUESTION)
        if draft.block.kind is Kind.QUESTION and unanswered:
            result[number] = replace(draft, block=replace(draft.block, kind=Kind.HEADING))
    return result


REVISIONS: tuple[Callable[[str, Sequence[Draft]], list[Draft]], ...] = (
    _mark_title,
    _mark_colon_lists,
    _mark_repeats,
    _nest_announced_headings,
    _mark_answers,
    _demote_unanswered_questions,
)
