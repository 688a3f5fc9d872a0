"""Recognises tables of contents and lists of further reading, which say nothing themselves."""

import re

from corpus.document import Block, Kind

_ONLY_LINK = re.compile(
    r"[^\w\[<]*(?:\[[^\[\]]*\](?:\(([^()\s]*)\)|\[[^\[\]]*\])"
    r"|<a\b[^<>]*\bhref=[\"']?([^<>\"'\s]*)[^<>]*>[^<>]*</a>)\W*"
)
# What stands above a list of further reading.
_FURTHER = re.compile(
    r"\b(?:see also|related|contents|further reading|more information|learn more|read more"
    r"|next steps|other pages|links|navigation|in this (?:article|section))\b",
    re.IGNORECASE,
)
# Characters before a list that are looked at for these words.
_MAX_FURTHER_CHARS = 60
# Items that are nothing but links, from this many on, are a list of contents.
_MIN_CONTENTS = 3


def without_contents(text: str, blocks: list[Block]) -> list[Block]:
    """Turns tables of contents and lists of further reading into boilerplate."""
    result: list[Block] = []
    run: list[int] = []
    for block in blocks:
        if block.kind is Kind.ITEM and _ONLY_LINK.fullmatch(text, block.start, block.end):
            run.append(len(result))
        else:
            _mark(text, result, run)
            run = []
        result.append(block)
    _mark(text, result, run)
    return result


def _mark(text: str, blocks: list[Block], run: list[int]) -> None:
    """Marks the items `run`, which are nothing but links, unless they say something: a list that
    a sentence announces, or that leads out of the folder."""
    before = blocks[run[0] - 1] if run and run[0] else None
    is_further = before is not None and bool(
        _FURTHER.search(text, max(before.start, before.end - _MAX_FURTHER_CHARS), before.end)
    )
    if len(run) < (1 if is_further else _MIN_CONTENTS):
        return
    found = (_ONLY_LINK.fullmatch(text, blocks[at].start, blocks[at].end) for at in run)
    targets = [each.group(1) or each.group(2) or "://" for each in found if each]
    if not all(target.startswith("#") for target in targets):
        is_announced = before is not None and before.kind is not Kind.HEADING
        leads_out = before is not None and any("://" in target for target in targets)
        if (is_announced or leads_out) and not is_further:
            return
    if is_further and before is not None and before.kind is Kind.HEADING:
        run = [run[0] - 1, *run]  # a heading of links alone says nothing
    for at in run:
        old = blocks[at]
        blocks[at] = Block(Kind.BOILERPLATE, old.start, old.end, reason="contents")
